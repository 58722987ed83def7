"""The build of a Dockerfile from a few files, for the tests of what it comes to."""

from bot.engine.image.build import build
from bot.engine.image.stage import Image
from bot.engine.model.target import Build
from tests.tools import text, tree

PREFIX = "Error: building: "
FILES = {
    "requirements.txt": "fastapi\n",
    "main.py": "",
    "start.sh": "",
    "app/__init__.py": "",
    "app/main.py": "",
    "app/core/db.py": "",
    "docs/a.md": "",
    "docs/b.md": "",
}


def wanted(stage: str | None = None, args: dict[str, str] | None = None) -> Build:
    return Build("dockerfile", "Dockerfile", None, stage, args or {}, None, "")


def image(dockerfile: str, *, files=FILES, context="", path="Dockerfile", stage=None, args=None, **more) -> Image:
    """Build a Dockerfile; one without a FROM gets a known base and a folder to work in."""
    source = text(dockerfile)
    if "FROM" not in source:
        source = f"FROM python:3.11-slim\nWORKDIR /srv\n{source}"
    return build(tree({**files, path: source}, **more), path, context, wanted(stage, args), PREFIX)


def places(built: Image, *paths: str) -> list[str | None]:
    """Return where in the repository the files at these paths come from."""
    found = [built.files.find(path) for path in paths]
    return [each.tree if each else None for each in found]


def messages(built: Image) -> list[str]:
    return [fault.message for fault in built.faults]
