"""What a project comes to: its packages and modules before they are installed, and how they are found afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Contents(NamedTuple):
    """The packages and modules of a project by their dotted names, with the folder or the file (without `.py`) of each.

    `paths` are the folders that an editable install puts on sys.path as they are; without one it maps each name by itself.
    `scripts` are the programs that it brings.
    """

    folder: str
    packages: Mapping[str, str]
    modules: Mapping[str, str]
    paths: tuple[str, ...]
    scripts: tuple[str, ...]

    def top(self) -> Iterator[tuple[str, str]]:
        """Yield the packages that lie in no other one, and the modules."""
        for name, folder in self.packages.items():
            if not any(name.startswith(f"{other}.") for other in self.packages):
                yield name, folder
        yield from self.modules.items()


class Given(NamedTuple):
    """How the modules of an installed project are found.

    `paths` are folders on sys.path after all others, `names` are found wherever they lie. Without either, all of it was
    copied to where packages lie.
    """

    folder: str
    paths: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    scripts: tuple[str, ...]

    @property
    def copied(self) -> bool:
        """Whether the modules lie among the installed packages."""
        return not self.paths and not self.names


class Refused(NamedTuple):
    """What a backend says when it gives up, and why it does."""

    message: str
    reason: str
