"""pipenv: `install` and `sync`, `requirements`, `run`. Tried with pipenv 2026.10."""

from __future__ import annotations

import posixpath
import re

from bot.engine.image import manifests
from bot.engine.image.locks import fresh
from bot.engine.image.locks.lock import Unusable
from bot.engine.image.locks.pipfile import PipfileLock
from bot.engine.image.managers.call import Call, Looked, Options, Outcome, options, pinned
from bot.engine.image.manifests import Project
from bot.engine.image.stage import Install
from bot.engine.model import requirements
from bot.engine.model.requirements import Requirement, normal
from bot.engine.model.tree import Unreadable

_VALUED = frozenset("--python --pypi-mirror -r --requirements -i --index --categories --extra-pip-args -e --editable".split())
_NO_PIPFILE = (
    "ERROR: Pipfile not found! Aborting! Please ensure that the file exists and is located in your project root directory."
)
_NO_LOCK = "ERROR: Pipfile.lock not found! You need to run $ pipenv lock before you can continue"
_SYSTEM = "ERROR:: --system is intended to be used for Pipfile installation, not installation of specific packages. Aborting."


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    outcome = Outcome()
    outcome.git = "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?"
    chosen = options(call.words, _VALUED, stop_at_rest=True)
    match chosen.verb:
        case "install" | "sync":
            _Install(call, chosen, outcome).run()
        case "requirements":
            _Install(call, chosen, outcome).printed()
        case "lock":
            outcome.written.append((call.path("Pipfile.lock"), None))
        case "run":
            outcome.started = list(chosen.rest)
        case "update" | "upgrade":
            prefix = environment(call, call.folder, chosen)
            outcome.installs.append(Install(prefix, (), (), f"what pipenv {chosen.verb} chooses is not followed", call.place))
    return outcome


def environment(call: Call, top: str, chosen: Options) -> str:
    """Return where pipenv installs to: the image's Python with `--system`, else an environment of the project's."""
    active = call.environment or call.variable("VIRTUAL_ENV")
    if chosen.has("--system"):
        return active or "/usr/local"
    if active and not call.switched("PIPENV_IGNORE_VIRTUALENVS"):
        return active
    near = posixpath.join(top, ".venv")
    if call.switched("PIPENV_VENV_IN_PROJECT") or near in call.stage.environments or call.stage.files.find(near):
        return near
    home = call.variable("WORKON_HOME") or "/root/.local/share/virtualenvs"
    return posixpath.join(home, f"{posixpath.basename(top)}-…")


class _Install:
    def __init__(self, call: Call, chosen: Options, outcome: Outcome) -> None:
        self.call = call
        self.chosen = chosen
        self.outcome = outcome
        self.file = next(call.up("Pipfile", call.folder), None)
        self.top = posixpath.dirname(self.file.path) if self.file else call.folder
        self.prefix = environment(call, self.top, chosen)

    def run(self) -> None:
        """Follow `pipenv install` or `pipenv sync`."""
        named = [line for word in self.chosen.rest if word and (line := requirements.requirement(word))]
        if named or self.chosen.get("-r", "--requirements", "-e", "--editable") is not None:
            found = tuple(Requirement(line, self.call.place) for line in named)
            said = None if named else "pipenv install -r is not followed"
            self.add(found, None, said)
            return
        lock = self.call.look(posixpath.join(self.top, "Pipfile.lock"))
        project = self.project()
        if project is None and not (self.chosen.verb == "sync" and lock.tree):
            return
        if self.chosen.has("--deploy") and project and self.other_python(project):
            self.refused(project)
        if lock.tree is None and lock.doubt is None and not self.chosen.has("--skip-lock"):
            self.no_lock(lock)
        if project and lock.tree is None:
            self.add(self.declared(project), None, lock.doubt)
        elif lock.tree:
            self.from_lock(lock, project)

    def add(self, found: tuple[Requirement, ...], lock: str | None, reason: str | None) -> None:
        manifest = self.file.tree if self.file else None
        kept = self.chosen.verb == "sync" or self.chosen.has("--system", "--deploy", "--ignore-pipfile")
        install = Install(self.prefix, found, (), reason, self.call.place, lock=lock, manifest=manifest, follows=not kept)
        self.outcome.installs.append(install)
        self.outcome.environments += [self.prefix] if self.prefix != "/usr/local" else []

    def project(self) -> Project | None:
        """Return what the Pipfile asks for; None where there is none, or nobody can read it."""
        call = self.call
        if self.file is None:
            path = posixpath.join(call.folder, "Pipfile")
            lists = call.look(posixpath.join(call.folder, "requirements.txt"))
            if self.chosen.has("--deploy", "--system") and self.chosen.verb == "install":
                certain, why = call.stage.files.judged(
                    path, f"pipenv runs in {call.folder}, where the image has none at this point."
                )
                self.outcome.stop("project-metadata-missing", _NO_PIPFILE, why, path, certain)
            said = "pipenv takes requirements.txt for a Pipfile" if lists.tree else f"{path} is taken to be there"
            self.add((), None, said)
            return None
        try:
            project = manifests.pipfile(call.tree, self.file.tree) if self.file.tree else None
        except Unreadable as error:
            self.add((), None, str(error))
            return None
        if project is None or project.damaged or not self.chosen.told:
            self.add((), None, self.file.doubt or f"{self.file.path} can't be read")
            return None
        return project

    def no_lock(self, lock: Looked) -> None:
        reason = f"pipenv looks for it in {self.top}, where the image has none at this point."
        certain, reason = self.call.stage.files.judged(lock.path, reason)
        if self.chosen.verb == "sync" or self.chosen.has("--ignore-pipfile"):
            self.outcome.stop("lock-missing", _NO_LOCK, reason, lock.path, certain)
        elif self.chosen.has("--system"):
            self.outcome.stop("lock-missing", _SYSTEM, reason, lock.path, certain)

    @property
    def categories(self) -> list[str]:
        """The categories that are chosen, by the lock's names."""
        named = self.chosen.all("--categories")
        if named:
            return [{"packages": "default", "dev-packages": "develop"}.get(each, each) for each in named]
        dev = self.chosen.has("--dev", "-d") or self.call.switched("PIPENV_DEV")
        return ["develop"] if self.chosen.has("--dev-only") else ["default", *(["develop"] if dev else [])]

    def declared(self, project: Project) -> tuple[Requirement, ...]:
        found = list(project.main) if "default" in self.categories else []
        for category in self.categories:
            found += project.groups.get({"develop": "dev-packages"}.get(category, normal(category)), ())
        return tuple(found)

    def from_lock(self, looked: Looked, project: Project | None) -> None:
        try:
            lock = PipfileLock(self.call.text(looked) or "")
        except Unusable as error:
            self.add((), None, str(error))
            return
        wanted = fresh.pipenv(project) if project else None
        stale = wanted is not None and wanted != lock.content_hash and self.chosen.verb == "install"
        if stale and self.chosen.has("--deploy"):
            message = f"Your Pipfile.lock ({lock.content_hash}) is out of date. Expected: ({wanted})."
            reason = f"{looked.tree} was made for another Pipfile, and --deploy takes only the one that it was made for."
            self.outcome.stop("lock-stale", message, reason, looked.path)
        found = self.packages(lock, looked)
        if stale and project and not self.chosen.has("--system", "--deploy", "--ignore-pipfile"):
            there = {each.line.value for each in found}
            found += [each for each in self.declared(project) if each.line.value not in there]
        self.add(tuple(found), looked.tree, None)

    def packages(self, lock: PipfileLock, looked: Looked) -> list[Requirement]:
        chosen = lock.chosen(self.categories, self.call.surroundings())
        return [pinned(each, (), looked.tree or "") for each in chosen if each.sort != "folder"]

    def other_python(self, project: Project) -> bool:
        """Say whether the Pipfile wants another Python than the image's."""
        base, wanted = self.call.stage.base.python, re.match(r"(\d+)\.(\d+)", project.python)
        return base is not None and wanted is not None and (int(wanted[1]), int(wanted[2])) != base

    def refused(self, project: Project) -> None:
        base = self.call.stage.base
        version = ".".join(map(str, base.python or ()))
        message = f'Warning: Your Pipfile requires "python_version" {project.python}, but you are using {version}.…'
        reason = f"{base.name} has Python {version}, and --deploy takes only the one that the Pipfile names."
        certain = base.known and self.call.stage.followed and self.chosen.has("--system")
        self.outcome.stop("python-not-allowed", message, reason, "/usr/local/bin/python", certain)

    def printed(self) -> None:
        """Follow `pipenv requirements`, which prints what is locked."""
        looked = self.call.look(posixpath.join(self.top, "Pipfile.lock"))
        if looked.tree is None:
            if looked.doubt is None:
                self.chosen = self.chosen._replace(verb="sync")
                self.no_lock(looked)
            return
        try:
            self.outcome.printed = tuple(self.packages(PipfileLock(self.call.text(looked) or ""), looked))
        except Unusable:
            self.outcome.printed = None
