"""What pip and its kind are asked to install in a RUN line, and what stops them.

pip's options and messages: pip 26 (`cli/cmdoptions.py`, `req/req_file.py`), tried. What conda and others install is
seen and not followed; uv, poetry, pipenv and PDM stand in `managers/`.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.image import packages, sites, unfit
from bot.engine.image.access import Access
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Install, Stage
from bot.engine.model import requirements
from bot.engine.model.findings import (
    Denied,
    MissingFile,
    Place,
)
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree, Unreadable

if TYPE_CHECKING:
    from bot.engine.image.manifests import Project
    from bot.engine.image.projects import Contents, Given

_PIP_VALUES = frozenset(
    "-r --requirement -c --constraint -e --editable -t --target --prefix --root -i --index-url --extra-index-url -f"
    " --find-links --trusted-host --platform --python-version --implementation --abi --progress-bar --cache-dir"
    " --timeout --retries --proxy --cert --client-cert --global-option --config-settings -C --no-binary --only-binary"
    " --use-feature --report --src --upgrade-strategy --log --exists-action --python --keyring-provider"
    " --root-user-action --group --index-strategy --overrides -p --index -w --wheel-dir -d --dest --extra".split()
)
_LETTERS_WITH_VALUE = "rceifptwdC"
OPAQUE = {  # program: what its install commands are called
    "conda": ("install", "env", "create"),
    "mamba": ("install", "env", "create"),
    "micromamba": ("install", "env", "create"),
    "hatch": ("env", "run"),
    "rye": ("sync",),
}


class Wanted(NamedTuple):
    """What one command asks for."""

    install: Install
    problems: tuple[Problem, ...]
    git: str | None = None  # an address that git is needed for
    refused: Problem | None = None  # its user may not write where the packages go


def pip(
    stage: Stage,
    tree: Tree,
    arguments: list[str | None],
    folder: str,
    place: Place,
    prefix: str | None = None,
    tool: str = "pip",
    user: str | None = None,
    variable: Callable[[str], str | None] | None = None,
) -> Wanted:
    """Read the arguments of `pip install`, run in `folder` of the image.

    `prefix` is the environment that this pip belongs to, where that does not follow from PATH; `tool` is whose words a
    failure takes, pip's or uv's. `user` runs it (None: the stage's), `variable` looks up the environment of the command.
    """
    reader = _Pip(stage, tree, folder, place, tool)
    reader.user = stage.user if user is None else user
    told: dict[str, str] = {}
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word is None:
            reader.opaque = "a requirement made at run time"
            continue
        option, value = _option(word)
        given = value if value is not None or option not in _PIP_VALUES else queue.pop(0) if queue else None
        if option in ("-r", "--requirement"):
            reader.file(given, "")
        elif option in ("-c", "--constraint"):
            reader.constraint(given, "")
        elif option in ("-e", "--editable"):
            reader.line(requirements.read(f"-e {given}") if given else (), place, "")
            reader.opaque = reader.opaque or (None if given else "a requirement made at run time")
        elif option in ("-t", "--target", "--prefix", "--root") and given:
            told["--target" if option == "-t" else option] = given
        elif option == "--extra" or option == "--all-extras":
            reader.extras.add(requirements.normal(given or "*"))
        elif option == "--group" and given:
            reader.group(given)
        elif option == "--user":
            told[option] = ""
        elif not word.startswith("-"):
            reader.line(requirements.read(word), place, "")
    reader.manifests()
    where = sites.site(stage, reader.user, folder, prefix or _prefix(stage), told, variable or stage.variable, tool)
    refused = reader.refused(where)
    install = Install(where.prefix, tuple(reader.found), tuple(reader.projects), reader.opaque, place)
    install = install._replace(constraints=tuple(reader.bounds), kind=where.kind, given=reader.laid(where.prefix))
    install = install._replace(files=tuple(reader.files))
    return Wanted(install, tuple(reader.problems), reader.git, refused)


def _option(word: str) -> tuple[str, str | None]:
    """Split an option from the value that is written with it: `--requirement=x`, `-rx`, and the last of `-Ur`."""
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return option, value if equals else None
    cluster = re.match(rf"-[^-{_LETTERS_WITH_VALUE}]*?([{_LETTERS_WITH_VALUE}])(.*)", word, re.S)
    return (f"-{cluster[1]}", cluster[2] or None) if cluster else (word, None)


def opaque(stage: Stage, program: str, words: list[str | None], folder: str, place: Place) -> Install | None:
    """Return the install of a tool that is not followed; None when the command installs nothing."""
    verb = next((word for word in words if word and not word.startswith("-")), None)
    if verb not in OPAQUE.get(program, ()) or verb == "run":
        return None
    said = " ".join(word or "…" for word in [program, *words[:2]])
    return Install(posixpath.join(folder, ".venv"), (), (folder,), f"{said} is not followed", place)


def _prefix(stage: Stage) -> str:
    """Return where the `pip` first on PATH installs to."""
    path = stage.env.get("PATH") or ""
    first = [entry.rpartition("/")[0] for entry in path.split(":") if entry.endswith("/bin")]
    return next((prefix for prefix in first if prefix in stage.environments or prefix == "/usr/local"), "/usr/local")


class _Pip:
    def __init__(self, stage: Stage, tree: Tree, folder: str, place: Place, tool: str) -> None:
        self.tool = tool
        self.stage = stage
        self.tree = tree
        self.folder = folder
        self.place = place
        self.found: list[Requirement] = []
        self.projects: list[str] = []
        self.contents: list[tuple[Contents, bool]] = []  # of the projects of which that is known; whether each is editable
        self.problems: list[Problem] = []
        self.opaque: str | None = None
        self.read: set[str] = set()
        self.files: list[str] = []  # of the tree, that were read
        self.user = stage.user
        self.archives = False
        self.git: str | None = None
        self.bounds: list[requirements.Line] = []
        self.extras: set[str] = set()  # of the manifests that uv is given for requirements files; "*" for all
        self.given: list[str] = []  # these manifests

    def file(self, name: str | None, base: str) -> None:
        """Read a requirements file; `name` and the folder of the file that names it (`base`) as they are written."""
        if not name or "://" in name or "*" in name or name in ("-", "/dev/stdin"):
            self.opaque = "a requirements file that is not in the repository"
            return
        shown = posixpath.join(base, name)
        path = posixpath.normpath(posixpath.join(self.folder, shown))
        if path in self.read:
            return
        self.read.add(path)
        found = self.stage.files.find(path)
        if found is None and self.brought(posixpath.dirname(path)):
            self.opaque = f"{shown} comes from something that is not followed"
        elif found is None or found.kind == "folder":
            self.missing(path, shown)
        elif self.tool == "uv" and posixpath.basename(path) == "pyproject.toml" and found.tree:
            self.given.append(found.tree)
        elif found.listed is not None:
            for asked in found.listed:
                self.line((asked.line,), asked.place, posixpath.dirname(shown))
        elif found.tree is None:
            self.opaque = f"{name} is made during the build"
        else:
            try:
                text = requirements.decode(self.tree.read(found.tree))
            except Unreadable as error:
                self.opaque = str(error)
                return
            self.files.append(found.tree)
            self.line(requirements.read(text), Place(found.tree, 1), posixpath.dirname(shown))

    def group(self, written: str) -> None:
        """Take a dependency group: `name`, of the pyproject.toml at hand, or `path:name`."""
        path, _, name = written.rpartition(":")
        found = self.stage.files.find(posixpath.normpath(posixpath.join(self.folder, path or "pyproject.toml")))
        project = self.read_manifest(found.tree) if found else None
        if project is None:
            self.opaque = self.opaque or f"the group {written} is not known"
        else:
            self.found += project.groups.get(requirements.normal(name), ())

    def manifests(self) -> None:
        """Take what the manifests ask for that uv was given for requirements files, with the extras that are chosen."""
        for path in self.given:
            project = self.read_manifest(path)
            if project is None or project.dynamic:
                self.opaque = self.opaque or f"{path} computes its dependencies"
                continue
            chosen = project.extras if "*" in self.extras else self.extras & project.extras.keys()
            self.found += (*project.main, *(each for extra in chosen for each in project.extras[extra]))

    def read_manifest(self, path: str | None) -> Project | None:
        """Return what a pyproject.toml declares; None where it can't be read."""
        from bot.engine.image import manifests  # where one is named alone

        try:
            project = manifests.read(self.tree, path) if path else None
        except Unreadable:
            return None
        return None if project is None or project.damaged else project

    def brought(self, folder: str) -> bool:
        """Say whether a folder that the image does not have may come from a command that was not followed (`git clone`)."""
        return self.stage.files.find(folder) is None and self.stage.files.tainted(folder) is not None

    def constraint(self, name: str | None, base: str) -> None:
        """A constraints file must be there, and asks for nothing."""
        if name and "://" not in name and "*" not in name:
            shown = posixpath.join(base, name)
            path = posixpath.normpath(posixpath.join(self.folder, shown))
            found = self.stage.files.find(path)
            if found is None or found.kind == "folder":
                self.missing(path, shown)
            elif found.tree is not None:
                with contextlib.suppress(Unreadable):
                    lines = requirements.read(requirements.decode(self.tree.read(found.tree)))
                    self.bounds += [line for line in lines if line.kind == "name"]

    def missing(self, path: str, shown: str) -> None:
        if self.stage.files.assumed(path):  # it only follows from a fault that was reported
            self.opaque = f"{shown} is taken to be there"
            return
        error = "[Errno 21] Is a directory" if self.stage.files.find(path) else "[Errno 2] No such file or directory"
        message = f"ERROR: Could not open requirements file: {error}: '{shown}'"
        if self.tool == "uv":
            message = f"error: File not found: {shown}"
        reason = f"{self.tool} runs in {self.folder}, where the image has no such file at this point."
        certain, reason = self.stage.files.judged(path, reason)
        self.opaque = self.opaque or f"{shown} is taken to be there"  # what follows is judged as if it had been repaired
        self.problems.append(Problem("requirements-missing", message, reason, MissingFile(path, None), certain))

    def line(self, lines: tuple[requirements.Line, ...], place: Place, base: str) -> None:
        for line in lines:
            where = place._replace(line=line.line) if place != self.place else place
            if line.kind in ("name", "invalid"):
                self.found += [Requirement(line, where)] if line.kind == "name" else []
                self.unfit(Requirement(line, where))
            elif line.kind == "nested":
                self.file(line.value, base)
            elif line.kind == "constraint":
                self.constraint(line.value, base)
            elif line.kind == "path":
                self.project(line)
            elif line.kind == "url":
                self.opaque = self.opaque or f"{line.value} comes from an address"
                self.git = line.value if "git+" in line.rest else self.git
                if "/" not in line.value:
                    self.found.append(Requirement(line, where))

    def unfit(self, asked: Requirement) -> None:
        """Note a requirement that no Linux can install."""
        found = unfit.unfit(asked)
        if found:
            self.problems.append(Problem(found.code, found.message, found.reason, found.missing, True))

    def project(self, line: requirements.Line) -> None:
        """Look at a local path; relative ones count from where pip runs, also inside a requirements file."""
        path = posixpath.normpath(posixpath.join(self.folder, line.value))
        if path.endswith((".whl", ".tar.gz", ".zip")) or "*" in path:
            self.opaque = f"{line.value} is an archive"
            self.archives = True
            return
        files = self.stage.files
        manifests = {name: files.find(posixpath.join(path, name)) for name in ("pyproject.toml", "setup.py", "setup.cfg")}
        if not manifests["pyproject.toml"] and not manifests["setup.py"]:
            if any(files.assumed(posixpath.join(path, name)) for name in manifests) or self.brought(path):
                self.opaque = f"{line.value} is taken to be there"
                return
            reason = f"{self.tool} is asked to install {path} as a project, and the image has no metadata there at this point."
            for name in ("setup.py", "pyproject.toml"):
                certain, reason = files.judged(posixpath.join(path, name), reason)
                if not certain:
                    break
            message, missing = self.no_project(path, line), MissingFile(path, None)
            self.problems.append(Problem("project-metadata-missing", message, reason, missing, certain))
            return
        self.writes(path, line.rest == "editable")
        manifest = manifests["pyproject.toml"]
        if manifest and manifest.tree:
            self.manifest(manifest.tree, path, line.extras)
            self.allowed(manifest.tree, path)
        if not manifest or manifests["setup.py"] or manifests["setup.cfg"]:
            self.opaque = self.opaque or f"the requirements of {line.value} are in setup.py or setup.cfg"
        self.built(path, line.rest == "editable")

    def built(self, path: str, editable: bool) -> None:
        """Note what a project gives, or why its backend gives up."""
        from bot.engine.image import projects  # for builds that install a project alone

        found = projects.given(self.tree, self.stage.files, path, editable)
        if isinstance(found, projects.Contents):
            self.contents.append((found, editable))
            return
        self.projects.append(path)
        if found is not None and not self.problems:  # metadata that is incomplete is told first
            missing = MissingFile(posixpath.join(path, "pyproject.toml"), None)
            self.problems.append(Problem("project-build-failed", found.message, found.reason, missing, True))

    def laid(self, prefix: str) -> tuple[Given, ...]:
        """Lay the projects into the image, and return how they are found."""
        if not self.contents:
            return ()
        from bot.engine.image import projects

        site = projects.site(prefix, self.stage.base.python)
        return tuple(projects.laid(self.stage.files, found, site, editable) for found, editable in self.contents)

    def writes(self, path: str, editable: bool) -> None:
        """Note a project whose build makes a folder beside its sources, where pip's user may not."""
        access = Access(self.stage.files, self.stage.users, self.user)
        if access.root or self.tool != "pip":
            return
        from bot.engine.image import eggs  # where another user than root builds a project alone

        egg = eggs.written(self.tree, self.stage.files, path, editable, self.legacy)
        answer = access.write(posixpath.join(path, egg.path)) if egg else None
        if egg and answer and answer.yes is False:
            self.problems.append(self.denial(posixpath.dirname(posixpath.join(path, egg.path)), egg.message, answer.reason))

    @property
    def legacy(self) -> bool:
        """Whether pip is the image's own, which runs setup.py itself up to Python 3.11, since wheel is there."""
        python = self.stage.base.python
        newer = any(each.line.value == "pip" for install in self.stage.installs for each in install.requirements)
        return python is not None and python < (3, 12) and not newer

    def refused(self, where: sites.Site) -> Problem | None:
        """Return what stops an install that has something to install, where its user may not write."""
        if where.refused is None:
            return None
        path, message, reason = where.refused
        there = packages.installed(tuple(self.stage.installs), self.stage.base.python)
        new = [each.line.value for each in self.found if not there.has(each.line.value)]
        if there.opaque or there.projects or not (self.projects or self.contents or self.archives or new):
            return None
        words = message if self.tool == "pip" else f"error: Failed to install: {(*new, *self.projects, '…')[0]}"
        return self.denial(path, words, reason)

    def denial(self, path: str, message: str, reason: str) -> Problem:
        """Return the problem of a user who may not write at a path."""
        name = self.stage.users.named(self.stage.users.owner(self.user))
        reason = f"{reason} {self.tool} runs as {name}."
        return Problem("permission-denied", message, reason, Denied(self.tool, path, name, None), self.stage.followed)

    def no_project(self, path: str, line: requirements.Line) -> str:
        """Return the installer's words for a folder without metadata, or one that is not there."""
        written = f"{line.value}[{','.join(line.extras)}]" if line.extras else line.value
        there = self.stage.files.find(path)
        what = "does not appear to be a Python project"
        if self.tool == "uv" and there:
            return f"error: `{path}` {what}, as neither `pyproject.toml` nor `setup.py` are present in the directory"
        if self.tool == "uv":
            return f"error: Distribution not found at: file://{path}"
        if line.rest == "editable" and there:
            return f"ERROR: file://{path} {what}: neither 'setup.py' nor 'pyproject.toml' found."
        if line.rest == "editable":
            what = "is not a valid editable requirement. It should either be a path to a local project or a VCS URL"
            return f"ERROR: {written} {what}"
        if not there:
            return f"Hint: It looks like a path. File '{written}' does not exist."
        return f"ERROR: Directory '{written}' is not installable. Neither 'setup.py' nor 'pyproject.toml' found."

    def allowed(self, manifest: str, folder: str) -> None:
        """Note a project that does not allow the image's Python, or that is not built without the README that it names."""
        from bot.engine.image.managers import pythons, sources

        project = self.read_manifest(manifest)
        lack = sources.readme(self.stage, project, folder) if project else None
        if project and pythons.forbids(self.stage, project):
            base = self.stage.base
            version = ".".join(map(str, base.python or ()))
            message = f"ERROR: Package '{project.name}' requires a different Python: {version}.… not in '{project.python}'"
            if self.tool == "uv":
                message = f"Because the current Python version ({version}.…) does not satisfy Python{project.python}"
            reason = f"{base.name} has Python {version}, and {manifest} allows {project.python}."
            missing = MissingFile("/usr/local/bin/python", None)
            self.problems.append(Problem("python-not-allowed", message, reason, missing, base.known and base.settled))
        elif lack:
            reason = f"{self.tool} builds the project in {folder}, and the image lacks the README that it names."
            certain, reason = self.stage.files.judged(lack.path, reason)
            missing = MissingFile(lack.path, None)
            self.problems.append(Problem("project-files-missing", lack.message, reason, missing, certain))

    def manifest(self, path: str, folder: str, extras: tuple[str, ...]) -> None:
        """Take the dependencies that the pyproject.toml of a project declares."""
        project = self.read_manifest(path)
        if project is None:
            self.opaque = f"{path} can't be read"
            return
        if not isinstance(project.data.get("project"), dict) and not project.poetry:
            self.opaque = f"{path} has no [project] table"
            return
        if project.dynamic and not self.from_files(project.data, folder):
            self.opaque = f"{path} computes its dependencies"
        self.found += (*project.main, *(each for extra in extras for each in project.extras.get(extra, ())))

    def from_files(self, data: object, folder: str) -> bool:
        """Take the dependencies that setuptools reads from files; say whether that is where they are."""
        node: object = data
        for key in ("tool", "setuptools", "dynamic", "dependencies", "file"):
            node = node.get(key) if isinstance(node, dict) else None
        names = [node] if isinstance(node, str) else node if isinstance(node, list) else []
        for name in names:
            found = self.stage.files.find(posixpath.normpath(posixpath.join(folder, str(name))))
            if found and found.tree and found.kind == "file":  # setuptools only warns of one that is not there
                lines = requirements.read(requirements.decode(self.tree.read(found.tree)))
                self.line(tuple(line for line in lines if line.kind == "name"), Place(found.tree, 1), "")
        return bool(names)
