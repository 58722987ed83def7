"""What the tests of projects share: a project installed on paper, and what can be imported far away from its folder."""

from __future__ import annotations

from bot.engine.boot.finder import OUTSIDE, Finder
from bot.engine.image import packages
from bot.engine.image.stage import Image
from tests.bot.engine.image.building import image
from tests.tools import Files

SITE = "/usr/local/lib/python3.11/site-packages"


def installed(files: Files, arguments: str) -> Image:
    """Return the image of a project that `pip install` was asked for; what is run there starts elsewhere."""
    return image(f"WORKDIR /app\nCOPY . .\nRUN pip install {arguments}\nWORKDIR /elsewhere\n", files=files)


def where(built: Image, name: str) -> str | None:
    """Return where a module is found: its file or folder in the image; None where Python finds none."""
    finder = Finder(built, packages.installed(built.installs, built.base.python), ("/elsewhere",))
    found = None
    for length, part in enumerate(name.split("."), start=1):
        dotted = ".".join(name.split(".")[: length - 1])
        found = finder.child(found, dotted, part) if found else finder.top(part)
        if found is None:
            return None
    return "outside" if found == OUTSIDE or found is None else found.path


def imports(files: Files, arguments: str, *names: str) -> list[str | None]:
    """Return where modules are found after `pip install`; no problem may come up."""
    built = installed(files, arguments)
    assert not built.faults, built.faults
    return [where(built, name) for name in names]


def refusal(files: Files, arguments: str = ".") -> str:
    """Return what the one fault of an install says."""
    [fault] = installed(files, arguments).faults
    assert (fault.code, fault.confidence) == ("project-build-failed", "certain")
    return fault.message
