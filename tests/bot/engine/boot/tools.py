"""What the tests of the boot share: a program booted on paper, and the same files run by the interpreter at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from bot.engine.boot import command
from bot.engine.boot.program import Program, Resolution
from bot.engine.boot.start import Started, start
from bot.engine.image import packages
from bot.engine.image.build import build
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, Place
from bot.engine.model.target import Build, Origin, Process, Provided
from tests.tools import Files, tree

HERE = f"python:{sys.version_info[0]}.{sys.version_info[1]}"
_HEAD = f"FROM {HERE}\nWORKDIR /app\n"
# what uvicorn 0.54 does with its argument (uvicorn/main.py, uvicorn/importer.py): the current folder first, then the import
_SERVER = """
import importlib, sys
sys.path[0] = sys.argv[3] if sys.argv[2:3] == ["--app-dir"] else ""
name, _, attribute = sys.argv[1].partition(":")
words = "ERROR:    Error loading ASGI app. "
try:
    found = importlib.import_module(name)
except ModuleNotFoundError as error:
    if error.name != name:
        raise
    sys.exit(f'{words}Could not import module "{name}".')
if not hasattr(found, attribute):
    sys.exit(f'{words}Attribute "{attribute}" not found in module "{name}".')
"""


class Booted(NamedTuple):
    """A command line that was booted on paper: its programs, and how the last one that the process hangs on started."""

    resolution: Resolution
    started: Started | None

    @property
    def faults(self) -> list[Fault]:
        found = [*self.resolution.faults, *(self.started.faults if self.started else ())]
        return sorted(found, key=lambda fault: fault.position)

    @property
    def messages(self) -> list[str]:
        return [fault.message for fault in self.faults]

    @property
    def certain(self) -> list[str]:
        return [fault.message for fault in self.faults if fault.confidence == "certain"]

    @property
    def verdict(self) -> str:
        """The line that stops it, `""` where it boots; with a `?` where that is not certain."""
        first = next(iter(self.faults), None)
        return (first.message if first.confidence == "certain" else f"? {first.message}") if first else ""

    @property
    def unknowns(self) -> list[str]:
        found = [*self.resolution.unknowns, *(self.started.unknowns if self.started else ())]
        return [unknown.reason for unknown in found]

    @property
    def program(self) -> Program:
        return self.resolution.programs[-1]


def image(files: Files, dockerfile: str = "COPY . .\n", **more: object) -> Image:
    """Build an image; a Dockerfile without a FROM gets the Python at hand, and /app to work in."""
    source = dockerfile if dockerfile.startswith("FROM") else _HEAD + dockerfile
    wanted = Build("dockerfile", "Dockerfile", None, None, {}, None, "")
    built = build(tree({**files, "Dockerfile": source}, **more), "Dockerfile", "", wanted, "")
    assert not built.faults, built.faults
    return built


def resolve(
    files: Files,
    argv: tuple[str, ...] | None,
    env: Mapping[str, str | None] | None = None,
    dockerfile: str = "COPY . .\n",
    **more: object,
) -> Resolution:
    """Resolve a command of `[processes]`, or with None the image's own."""
    built = image(files, dockerfile, **more)
    place = Origin("config", Place("fly.toml", 1))
    line, origin = command.command_line(built, Process("app", argv, place if argv is not None else None))
    assert origin
    return command.resolve(tree(files, **more), built, line, {**built.env, **(env or {})}, origin, "app", "boot")


def boot(
    files: Files,
    argv: tuple[str, ...] | None,
    env: Mapping[str, str | None] | None = None,
    dockerfile: str = "COPY . .\n",
    provided: Callable[[str], Provided | None] | None = None,
    **more: object,
) -> Booted:
    """Resolve a command and follow the imports of its last program; see `start.start` for `provided`."""
    resolved = resolve(files, argv, env, dockerfile, **more)
    if not resolved.programs:
        return Booted(resolved, None)
    built = image(files, dockerfile, **more)
    installed = packages.installed((*built.installs, *resolved.installs), built.base.python)
    started = start(tree(files, **more), built, installed, resolved.programs[-1], "app", "boot", None, provided)
    return Booted(resolved, started)


def run(folder: Path, files: Files, argv: tuple[str, ...], env: Mapping[str, str] | None = None) -> str:
    """Write the files and really run the command; return the last line of what it complains about, `""` for success.

    Paths are written as the image has them. `uvicorn` is stood in for by the few lines of it that import the app.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    words = ("-c", _SERVER, *argv[1:]) if argv[0] == "uvicorn" else argv[1:]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    given = {name: value.replace("/app", str(folder)) for name, value in (env or {}).items()}
    done = subprocess.run(
        (sys.executable, "-S", *words),
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 0:
        return ""
    return done.stderr.rstrip().rpartition("\n")[2].replace(str(folder), "/app").replace(sys.executable, "python")
