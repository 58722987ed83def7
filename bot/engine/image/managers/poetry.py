"""poetry: `install` and `sync`, `export`, `config`, `run`.

Tried with Poetry 2.5 and 1.8: groups and extras, where its environment lies, what 2.x does not take any more, and the words
with which it gives up. https://python-poetry.org/docs/cli/, https://python-poetry.org/docs/configuration/
"""

from __future__ import annotations

import posixpath
import re

from bot.engine.image import manifests
from bot.engine.image.locks import fresh, markers
from bot.engine.image.locks.lock import Need, Unusable
from bot.engine.image.locks.poetry import PoetryLock
from bot.engine.image.managers import pythons, sources
from bot.engine.image.managers.call import Call, Looked, Options, Outcome, options, pinned
from bot.engine.image.manifests import Project, table
from bot.engine.image.stage import Install
from bot.engine.model import toml
from bot.engine.model.requirements import Requirement, normal
from bot.engine.model.tree import Unreadable

_VALUED = frozenset(
    "-C --directory -P --project --with --without --only -E --extras -f --format -o --output --python --group -G".split()
)
_NO_PROJECT = "Poetry could not find a pyproject.toml file in {} or its parents"
_STALE = "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock{}` to fix the lock file."
_NO_PYTHON = (
    'Poetry was unable to find a compatible version. If you have one, you can explicitly use it via the "env use" command.'
)
_NOT_INSTALLED = "The current project could not be installed: {}"
_REMOVED = ("--no-dev", "--dev-only", "--remove-untracked", "--default")  # options of 1.x that 2.x does not know
_NEWEST = (((3, 9), (2,)), ((3, 8), (1, 8)), ((3, 7), (1, 5)))  # the Poetry that pip finds for a Python
_TRUE = ("true", "1", "yes", "on")


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    outcome = Outcome()
    chosen = options(call.words, _VALUED, stop_at_rest=True)
    match chosen.verb:
        case "install" | "sync":
            _Install(call, chosen, outcome).run()
        case "export":
            _Install(call, chosen, outcome).export()
        case "config" if len(chosen.rest) > 1 and chosen.rest[0] and chosen.rest[1]:
            outcome.settings[chosen.rest[0]] = chosen.rest[1]
        case "run":
            outcome.started = list(chosen.rest)
        case "lock":
            outcome.written.append((call.path("poetry.lock"), None))
        case "add" | "update":
            prefix = environment(call, call.folder, "")
            outcome.installs.append(Install(prefix, (), (), f"what poetry {chosen.verb} chooses is not followed", call.place))
            outcome.unknown = f"poetry {chosen.verb}"
    return outcome


def release(call: Call) -> tuple[int, ...] | None:
    """Return the release of Poetry that the build installed: its pin, else the newest for its Python; None: not known."""
    asked = [each.line for install in call.stage.installs for each in install.requirements if each.line.value == "poetry"]
    if not asked:
        return markers.numbers(call.variable("POETRY_VERSION") or "") or None
    exact = re.match(r"(?:===?|~=)\s*(\d[\w.]*)", asked[-1].rest)
    if exact:
        return markers.numbers(exact[1])
    rest = asked[-1].rest
    newest = next((release for python, release in _NEWEST if call.stage.base.python and call.stage.base.python >= python), None)
    return newest if not rest or (rest.startswith(">") and "," not in rest) else None


def environment(call: Call, top: str, name: str) -> str:
    """Return where poetry installs to: the active environment, that of its own Python, `.venv`, or one in its cache."""
    active = call.environment or call.variable("VIRTUAL_ENV")
    if active:
        return active
    if setting(call, top, "virtualenvs.create") == "false":
        return "/usr/local"
    near = posixpath.join(top, ".venv")
    inside = setting(call, top, "virtualenvs.in-project")
    if inside in _TRUE or (inside != "false" and (near in call.stage.environments or call.stage.files.find(near))):
        return near
    cache = call.variable("POETRY_CACHE_DIR") or "/root/.cache/pypoetry"
    folder = setting(call, top, "virtualenvs.path") or f"{cache}/virtualenvs"
    return posixpath.join(folder, f"{name or 'non-package-mode'}-…")


def setting(call: Call, top: str, name: str) -> str | None:
    """Return a setting: from its variable, the project's poetry.toml, or `poetry config`; None where it is left alone."""
    variable = call.variable("POETRY_" + re.sub(r"[.-]", "_", name).upper())
    if variable:
        return variable.lower() if variable.lower() in (*_TRUE, "false", "0") else variable
    looked = call.look(posixpath.join(top, "poetry.toml"))
    text = call.text(looked)
    if text is not None:
        section, _, key = name.partition(".")
        value = table(toml.read(text).data.get(section)).get(key)
        if value is not None:
            return str(value).lower() if isinstance(value, bool) else str(value)
    return call.stage.settings.get(f"poetry {name}")


class _Install:
    """One `poetry install`, `sync` or `export`: what of the lock it takes, and what stops it."""

    def __init__(self, call: Call, chosen: Options, outcome: Outcome) -> None:
        self.call = call
        self.chosen = chosen
        self.outcome = outcome
        self.release = release(call)
        self.two = self.release is not None and self.release[0] >= 2
        self.folder = call.path(chosen.get("-P", "--project", "-C", "--directory") or ".")
        self.top = self.folder

    def run(self) -> None:
        call, outcome, chosen = self.call, self.outcome, self.chosen
        project = self.project()
        if project is None:
            return
        prefix = environment(call, self.top, project.name)
        outcome.exact = chosen.verb == "sync" or chosen.has("--sync", "--remove-untracked")
        self.refuse_option()
        self.refuse_python(project)
        found, lock, reason = self.locked(project)
        projects = self.itself(project)
        outcome.installs.append(Install(prefix, found, projects, reason, call.place, lock=lock, manifest=project.path))
        outcome.environments += [prefix] if prefix not in ("/usr/local", call.environment) else []

    def export(self) -> None:
        """Write what is locked as a requirements file."""
        project = self.project()
        if project is None:
            return
        alone = not any(each.line.value == "poetry-plugin-export" for i in self.call.stage.installs for each in i.requirements)
        if self.two and alone:
            reason = "Poetry 2 has no `export` of its own: it comes with poetry-plugin-export, and nothing installs that."
            message = "The requested command export does not exist."
            self.outcome.stop("tool-usage", message, reason, "/usr/local/bin/poetry", self.sure)
        found, _, unsaid = self.locked(project)
        listed = None if unsaid else found
        target = self.chosen.get("-o", "--output")
        if target is not None:
            self.outcome.written.append((self.call.path(target), listed))
        self.outcome.printed = listed

    @property
    def sure(self) -> bool:
        return self.call.stage.base.known and self.call.stage.followed

    # --- what stops it

    def project(self) -> Project | None:
        """Return the project at hand; None where there is none, or nobody can read it."""
        call, outcome = self.call, self.outcome
        looked = next(call.up("pyproject.toml", self.folder), None)
        reason: str | None = looked.doubt if looked else None
        if looked is None:
            path = posixpath.join(self.folder, "pyproject.toml")
            certain, why = call.stage.files.judged(
                path, f"poetry runs in {self.folder}, where the image has none at this point."
            )
            outcome.stop("project-metadata-missing", _NO_PROJECT.format(self.folder), why, path, certain)
            reason = f"{path} is taken to be there"
        elif looked.tree:
            self.top = posixpath.dirname(looked.path)
            try:
                project = manifests.read(call.tree, looked.tree)
            except Unreadable as error:
                reason = str(error)
            else:
                if not project.damaged and self.chosen.told:
                    return project
                reason = f"{looked.tree} is damaged" if project.damaged else "poetry with an option that is made at run time"
        outcome.installs.append(Install(environment(call, self.top, ""), (), (), reason, call.place))
        return None

    def refuse_option(self) -> None:
        option = next((name for name in _REMOVED if self.chosen.has(name)), None)
        if option is None or not self.two:
            return
        reason = f"Poetry 2 dropped `{option}`, and the build installs that without a bound below it."
        self.outcome.stop("tool-usage", f'The option "{option}" does not exist', reason, "/usr/local/bin/poetry", self.sure)

    def refuse_python(self, project: Project) -> None:
        version = pythons.refused(self.call, project)
        if version is None:
            return
        allowed = pythons.written(project)
        reason = f"{self.call.stage.base.name} has Python {version[:-2]}, and {project.path} allows {allowed}."
        message = f"Current Python version ({version}) is not allowed by the project ({allowed})."
        if setting(self.call, self.top, "virtualenvs.create") != "false":
            message = _NO_PYTHON
        alone = setting(self.call, self.top, "virtualenvs.create") == "false" or pythons.only(self.call)
        self.outcome.stop("python-not-allowed", message, reason, "/usr/local/bin/python", self.sure and alone)

    # --- what it takes

    @property
    def old(self) -> bool:
        return self.chosen.has("--no-dev")

    def groups(self, project: Project) -> frozenset[str]:
        """Return the groups that are chosen: all that are not optional, unless options say otherwise."""
        chosen = self.chosen
        only = {normal(each) for each in chosen.all("--only")}
        if only or self.old:
            return frozenset(only or {"main"})
        export = chosen.verb == "export"
        groups = {"main"} if export else {"main", *project.groups} - project.optional
        if chosen.has("--all-groups") or (export and chosen.has("--dev")):
            groups |= set(project.groups)
        groups |= {normal(each) for each in chosen.all("--with")}
        return frozenset(groups - {normal(each) for each in chosen.all("--without")})

    def extras(self, project: Project) -> frozenset[str]:
        if self.chosen.has("--all-extras"):
            return frozenset(project.extras)
        return frozenset(normal(each) for each in self.chosen.all("-E", "--extras"))

    def declared(self, project: Project) -> tuple[Requirement, ...]:
        """Return what pyproject.toml asks for in the chosen groups, with the chosen extras."""
        groups = self.groups(project)
        found = list(project.main) if "main" in groups else []
        found += [each for extra in self.extras(project) for each in project.extras.get(extra, ())]
        found += [each for group in sorted(groups) for each in project.groups.get(group, ())]
        return tuple(found)

    def locked(self, project: Project) -> tuple[tuple[Requirement, ...], str | None, str | None]:
        """Return the requirements, the lock that they are from, and why they may not be all."""
        looked = self.call.look(posixpath.join(self.top, "poetry.lock"))
        if looked.tree is None:
            return self.declared(project), None, looked.doubt or ("what a plugin computes" if project.dynamic else None)
        text = self.call.text(looked)
        try:
            lock = PoetryLock(text or "")
        except Unusable as error:
            return (), None, str(error)
        if not fresh.poetry(project, lock.content_hash):
            self.stale(lock, looked)
        extras = self.extras(project)
        needs = [
            Need(each.line.value, each.line.extras, each.line.rest.partition(";")[2].strip()) for each in self.declared(project)
        ]
        found = []
        for package in lock.chosen(self.groups(project), needs, self.call.surroundings(extras)):
            if package.sort != "folder":
                found.append(pinned(package, (), looked.tree))
        return tuple(found), looked.tree, self.beside(lock)

    def beside(self, lock: PoetryLock) -> str | None:
        """Return why a lock may not say all: a project that lies beside is installed from its own folder."""
        folders = lock.of_sort("folder")
        return f"{folders[0].name} is a project of its own, in {folders[0].source}" if folders else None

    def stale(self, lock: PoetryLock, looked: Looked) -> None:
        """Note that the lock does not belong to pyproject.toml; before 1.5 that was only a warning."""
        hint = "" if self.release is None or self.two else " [--no-update]"
        reason = f"{looked.tree} has content-hash {lock.content_hash[:12]}…, which is not that of pyproject.toml."
        certain = self.two or (self.release is not None and self.release >= (1, 5))
        self.outcome.stop("lock-stale", _STALE.format(hint), reason, looked.path, certain)

    # --- the project itself

    def itself(self, project: Project) -> tuple[str, ...]:
        """Return the project's own folder where it is installed, too; 2.x stops where that fails, 1.x warns."""
        settings = project.tool("poetry")
        if self.chosen.has("--no-root") or settings.get("package-mode") is False or not project.name:
            return ()
        module = project.name.replace("-", "_")
        readme = next(
            (name for name in project.readme if not sources.there(self.call.stage, self.call.path(name, self.top))), None
        )
        lack = None
        if not sources.package(self.call.stage, project, self.top, module):
            lack = sources.Lack(self.call.path(module, self.top), f"No file/folder found for package {project.name}")
        elif readme:
            path = self.call.path(readme, self.top)
            recent = self.release is None or len(self.release) == 1
            words = f"Readme path `{path}` does not exist." if recent else f"[Errno 2] No such file or directory: '{path}'"
            lack = sources.Lack(path, words)
        if lack is None:
            return (self.top,)
        if self.release is None or self.two:
            named = posixpath.relpath(lack.path, self.top)
            reason = f"poetry installs the project itself, and the image has no {named} in {self.top} at this point."
            certain, reason = self.call.stage.files.judged(lack.path, reason)
            message = _NOT_INSTALLED.format(lack.message)
            self.outcome.stop("project-files-missing", message, reason, lack.path, certain and self.two and self.sure)
        return ()
