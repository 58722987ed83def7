"""Volumes: what a machine shows of its image where a disk is mounted over it.

A volume is empty at first, and whatever the image has at its path is hidden. Fly gives the mount point to the image's USER
(superfly/init-snapshot `src/bin/init/main.rs`); a release command gets no volumes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.engine.image.filesystem import Copied, Given, Gone, Linked, Made, below
from bot.engine.image.sites import packages_folder
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, Place
from bot.engine.model.target import Volume

_MIGRATES = re.compile(r"\balembic\b.*\bupgrade\b|\bmigrate\b|\bdb\b.*\bupgrade\b")


def granted(image: Image, volumes: Sequence[Volume], owner: str | None) -> Image:
    """Return an image whose mount points are whose the platform makes them; None: nobody knows."""
    files = image.files.copy()
    for volume in volumes:
        if files.find(volume.path) is None:
            files.add(Made(volume.path, "folder", owner or "root"))
        elif owner:
            files.add(Given(volume.path, owner, "755"))
        if owner is None:
            files.taint(volume.path, f"a volume is mounted at {volume.path}", of="rights")
    return image._replace(files=files)


def mounted(image: Image, volumes: Sequence[Volume]) -> Image | None:
    """Return an image as it is with the volumes over it; None where they hide nothing that it is known to have."""
    hiding = [volume for volume in volumes if _hides(image, volume)]
    if not hiding:
        return None
    files, installs, environments = image.files.copy(), image.installs, image.environments
    for volume in hiding:
        files.add(Gone(volume.path))
        files.add(Made(volume.path, "folder", "root"))
        installs = tuple(each for each in installs if below(packages_folder(each, image.base.python), volume.path) is None)
        environments = tuple(each for each in environments if below(each, volume.path) is None)
    return image._replace(files=files, installs=installs, environments=environments)


def _hides(image: Image, volume: Volume) -> bool:
    """Say whether the image has something of its own at a volume's path, or below it."""
    found = image.files.find(volume.path)
    if found is None or found.tree is not None:
        return found is not None
    laid = (layer.path for layer in image.files.layers if isinstance(layer, Copied | Linked))
    packages = (packages_folder(each, image.base.python) for each in image.installs)
    return any(below(path, volume.path) is not None for path in (*laid, *packages))


def hidden(fault: Fault, volumes: Sequence[Volume]) -> Fault:
    """Return a fault that only comes of the volumes as one of theirs: not certain, as a person may have filled them."""
    volume = volumes[0]
    reason = f"A volume is mounted at {volume.path}, and hides what the image has there. It is empty unless somebody fills it."
    return fault._replace(
        code="volume-hides-files", confidence="likely", reason=reason, place=volume.place, detail=None, chain=()
    )


def no_release(volumes: Sequence[Volume], image: Image, argv: tuple[str, ...], env: dict[str, str | None]) -> Fault | None:
    """Report a release command that migrates a database file on a volume, which its machine does not have."""
    if not _MIGRATES.search(" ".join(argv)):
        return None
    for volume in volumes:
        for name, value in env.items():
            path = re.fullmatch(r"sqlite[\w+]*:///(/[^?]*)(?:\?.*)?", value or "")
            if path and below(path[1], volume.path) and image.files.find(volume.path) is None:
                reason = f"{name} is a file on the volume at {volume.path}, and the release command's machine has no volumes."
                message = "sqlite3.OperationalError: unable to open database file"
                place: Place = volume.place
                return Fault("release-without-volume", "release", 0, "release_command", "likely", message, reason, place)
    return None
