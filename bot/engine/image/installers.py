"""What pip and its kind are asked to install in a RUN line, and what stops them.

pip's options and messages: pip 26 (`cli/cmdoptions.py`, `req/req_file.py`), tried. uv, poetry, pipenv and pdm are seen and
not followed: what they install is opaque.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.image.stage import Install, Requirement, Stage
from bot.engine.model import requirements, toml
from bot.engine.model.findings import MissingFile, Place
from bot.engine.model.tree import Tree, Unreadable

_PIP_VALUES = frozenset(
    "-r --requirement -c --constraint -e --editable -t --target --prefix --root -i --index-url --extra-index-url -f"
    " --find-links --trusted-host --platform --python-version --implementation --abi --progress-bar --cache-dir"
    " --timeout --retries --proxy --cert --client-cert --global-option --config-settings -C --no-binary --only-binary"
    " --use-feature --report --src --upgrade-strategy --log --exists-action --python --keyring-provider"
    " --root-user-action --group --index-strategy --overrides -p --index".split()
)
OPAQUE = {  # program: what its install commands are called
    "uv": ("sync", "pip", "run"),
    "poetry": ("install", "add", "sync"),
    "pipenv": ("install", "sync"),
    "pdm": ("install", "sync"),
    "conda": ("install", "env", "create"),
    "mamba": ("install", "env", "create"),
    "micromamba": ("install", "env", "create"),
    "hatch": ("env", "run"),
    "rye": ("sync",),
}


class Problem(NamedTuple):
    """What makes an installer give up: a fault's code, the installer's words, the reason, and the file in question."""

    code: str
    message: str
    reason: str
    missing: MissingFile
    certain: bool


class Wanted(NamedTuple):
    """What one command asks for."""

    install: Install
    problems: tuple[Problem, ...]


def pip(stage: Stage, tree: Tree, arguments: list[str | None], folder: str, place: Place) -> Wanted:
    """Read the arguments of `pip install`, run in `folder` of the image."""
    reader = _Pip(stage, tree, folder, place)
    prefix = _prefix(stage)
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word is None:
            reader.opaque = "a requirement made at run time"
            continue
        option, equals, value = word.partition("=")
        if (
            word.startswith("-")
            and not equals
            and option[:2] in ("-r", "-c", "-e", "-t")
            and len(option) > 2
            and option[1] != "-"
        ):
            option, equals, value = option[:2], "=", option[2:]
        if option in _PIP_VALUES and not equals:
            given = queue.pop(0) if queue else None
        else:
            given = value
        if option in ("-r", "--requirement"):
            reader.file(given, folder)
        elif option in ("-e", "--editable") and given is not None:
            reader.line(requirements.read(f"-e {given}"), place, folder)
        elif option in ("-t", "--target", "--prefix", "--root") and given:
            prefix = posixpath.join(folder, given)
        elif option == "--user":
            prefix = "/root/.local" if stage.user in ("root", "0") else "~/.local"
        elif not word.startswith("-"):
            reader.line(requirements.read(word), place, folder)
    return Wanted(Install(prefix, tuple(reader.found), tuple(reader.projects), reader.opaque, place), tuple(reader.problems))


def opaque(stage: Stage, program: str, words: list[str | None], folder: str, place: Place) -> Install | None:
    """Return the install of a tool that is not followed; None when the command installs nothing."""
    verb = next((word for word in words if word and not word.startswith("-")), None)
    if verb not in OPAQUE.get(program, ()) or verb == "run":
        return None
    said = " ".join(word or "…" for word in [program, *words[:2]])
    prefix = posixpath.join(folder, ".venv") if verb != "pip" else _prefix(stage)
    return Install(prefix, (), (folder,), f"{said} is not followed", place)


def _prefix(stage: Stage) -> str:
    """Return where the `pip` first on PATH installs to."""
    path = stage.env.get("PATH") or ""
    first = [entry.rpartition("/")[0] for entry in path.split(":") if entry.endswith("/bin")]
    return next((prefix for prefix in first if prefix in stage.environments or prefix == "/usr/local"), "/usr/local")


class _Pip:
    def __init__(self, stage: Stage, tree: Tree, folder: str, place: Place) -> None:
        self.stage = stage
        self.tree = tree
        self.folder = folder
        self.place = place
        self.found: list[Requirement] = []
        self.projects: list[str] = []
        self.problems: list[Problem] = []
        self.opaque: str | None = None
        self.read: set[str] = set()

    def file(self, name: str | None, base: str) -> None:
        """Read a requirements file; `name` as it is written, relative to `base`."""
        if name is None or "://" in name:
            self.opaque = "a requirements file that is not in the repository"
            return
        path = posixpath.normpath(posixpath.join(base, name))
        if path in self.read:
            return
        self.read.add(path)
        found = self.stage.files.find(path)
        if found is None or found.kind == "folder":
            shown = name if base == self.folder else posixpath.join(posixpath.relpath(base, self.folder), name)
            self.missing(path, f"ERROR: Could not open requirements file: [Errno 2] No such file or directory: '{shown}'")
        elif found.tree is None:
            self.opaque = f"{name} is made during the build"
        else:
            try:
                text = requirements.decode(self.tree.read(found.tree))
            except Unreadable as error:
                self.opaque = str(error)
                return
            self.line(requirements.read(text), Place(found.tree, 1), posixpath.dirname(path))

    def missing(self, path: str, message: str) -> None:
        taint = self.stage.files.tainted(path)
        reason = f"pip runs in {self.folder}, where the image has no such file at this point."
        self.problems.append(Problem("requirements-missing", message, reason, MissingFile(path, None), taint is None))

    def line(self, lines: tuple[requirements.Line, ...], place: Place, base: str) -> None:
        for line in lines:
            where = place._replace(line=line.line) if place != self.place else place
            if line.kind == "name":
                self.found.append(Requirement(line, where))
            elif line.kind == "nested":
                self.file(line.value, base)
            elif line.kind == "path":
                self.project(line)
            elif line.kind == "url":
                self.opaque = self.opaque or f"{line.value} comes from an address"
                if "/" not in line.value:
                    self.found.append(Requirement(line, where))

    def project(self, line: requirements.Line) -> None:
        """Look at a local path; relative ones count from where pip runs, also inside a requirements file."""
        path = posixpath.normpath(posixpath.join(self.folder, line.value))
        if path.endswith((".whl", ".tar.gz", ".zip")):
            self.opaque = f"{line.value} is an archive"
            return
        files = self.stage.files
        manifests = {name: files.find(posixpath.join(path, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg")}
        if not manifests["pyproject.toml"] and not manifests["setup.py"]:
            taint = files.tainted(path)
            message = f"ERROR: Directory '{line.value}' is not installable. Neither 'setup.py' nor 'pyproject.toml' found."
            if line.rest == "editable":
                what = "does not appear to be a Python project"
                message = f"ERROR: file://{path} {what}: neither 'setup.py' nor 'pyproject.toml' found."
            reason = f"pip is asked to install {path} as a project, and the image has no metadata there at this point."
            self.problems.append(Problem("project-metadata-missing", message, reason, MissingFile(path, None), taint is None))
            return
        self.projects.append(path)
        manifest = manifests["pyproject.toml"]
        if manifest and manifest.tree:
            self.manifest(manifest.tree, line.extras)
        if not manifest or manifests["setup.py"] or manifests["setup.cfg"]:
            self.opaque = self.opaque or f"the requirements of {line.value} are in setup.py or setup.cfg"

    def manifest(self, path: str, extras: tuple[str, ...]) -> None:
        """Take the dependencies that a pyproject.toml declares."""
        try:
            document = toml.read(self.tree.text(path))
        except Unreadable as error:
            self.opaque = str(error)
            return
        project = document.data.get("project")
        if not isinstance(project, dict):
            self.opaque = f"{path} has no [project] table"
            return
        optional = project.get("optional-dependencies")
        optional = optional if isinstance(optional, dict) else {}
        groups = [("dependencies", project.get("dependencies"))]
        groups += [(extra, listed) for extra, listed in optional.items() if requirements.normal(extra) in extras]
        if "dependencies" in (project.get("dynamic") or ()):
            self.opaque = f"{path} computes its dependencies"
        for _, listed in groups:
            for text in listed if isinstance(listed, list) else ():
                found = requirements.requirement(str(text))
                if found:
                    self.found.append(Requirement(found, Place(path, 1)))
