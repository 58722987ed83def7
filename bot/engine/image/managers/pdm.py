"""PDM: `install` and `sync`, `export`, `config`, `run`. Tried with PDM 2.29."""

from __future__ import annotations

import posixpath

from bot.engine.image import manifests
from bot.engine.image.locks import fresh
from bot.engine.image.locks.lock import Unusable
from bot.engine.image.locks.pdm import PdmLock
from bot.engine.image.managers import pythons
from bot.engine.image.managers.call import Call, Options, Outcome, options, pinned
from bot.engine.image.manifests import Project
from bot.engine.image.stage import Install
from bot.engine.model.requirements import Requirement, normal
from bot.engine.model.tree import Unreadable

_VALUED = frozenset(
    "-p --project -G --group --with --without -L --lockfile -o --output -f --format --venv --python -k --skip".split()
)


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    outcome = Outcome()
    outcome.git = "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?"
    chosen = options(call.words, _VALUED, stop_at_rest=True)
    match chosen.verb:
        case "install" | "sync" | "export":
            _Install(call, chosen, outcome).run()
        case "config" if len(chosen.rest) > 1 and chosen.rest[0] and chosen.rest[1]:
            outcome.settings[chosen.rest[0]] = chosen.rest[1]
        case "lock":
            outcome.written.append((call.path("pdm.lock"), None))
        case "run":
            outcome.started = list(chosen.rest)
        case "venv" if chosen.rest[:1] == ("create",):
            outcome.environments.append(call.path(".venv"))
        case "add" | "update":
            prefix = environment(call, call.folder)
            outcome.installs.append(Install(prefix, (), (), f"what pdm {chosen.verb} chooses is not followed", call.place))
            outcome.unknown = f"pdm {chosen.verb}"
    return outcome


def environment(call: Call, top: str) -> str:
    """Return where PDM installs to: the active environment, the project's `.venv`, or `__pypackages__` without one."""
    active = call.environment or call.variable("VIRTUAL_ENV")
    if active and not call.switched("PDM_IGNORE_ACTIVE_VENV"):
        return active
    use = call.variable("PDM_USE_VENV") or call.stage.settings.get("pdm python.use_venv") or "true"
    local = call.stage.files.find(posixpath.join(top, "__pypackages__"))
    if use.lower() in ("false", "0", "no", "off") or local:
        version = ".".join(map(str, call.stage.base.python or ())) or "3"
        return posixpath.join(top, "__pypackages__", version)
    return posixpath.join(top, ".venv")


class _Install:
    def __init__(self, call: Call, chosen: Options, outcome: Outcome) -> None:
        self.call = call
        self.chosen = chosen
        self.outcome = outcome
        self.folder = call.path(chosen.get("-p", "--project") or ".")

    def run(self) -> None:
        """Follow `pdm install`, `pdm sync` or `pdm export`."""
        call, outcome = self.call, self.outcome
        looked = next(call.up("pyproject.toml", self.folder), None)
        top = posixpath.dirname(looked.path) if looked else self.folder
        prefix = environment(call, top)
        project = self.project(looked.tree if looked else None)
        if looked is None or project is None or not self.chosen.told:
            said = (looked.doubt if looked else None) or f"pdm {self.chosen.verb} in {self.folder} is not followed"
            outcome.installs.append(Install(prefix, (), (), said, call.place))
            return
        found, lock, reason = self.locked(project, top)
        if self.chosen.verb == "export":
            outcome.printed = None if reason else found
            if target := self.chosen.get("-o", "--output"):
                outcome.written.append((call.path(target), outcome.printed))
            return
        itself = bool(project.name and project.backend) and not self.chosen.has("--no-self")
        itself = itself and project.tool("pdm").get("distribution") is not False
        projects = (top,) if itself else ()
        kept = self.chosen.verb != "install" or self.chosen.has("--check", "--frozen-lockfile", "--no-lock")
        install = Install(prefix, found, projects, reason, call.place, lock=lock, manifest=project.path, follows=not kept)
        outcome.installs.append(install)
        outcome.environments.append(prefix)
        outcome.exact = self.chosen.has("--clean")
        self.held_against_python(project)

    def project(self, path: str | None) -> Project | None:
        try:
            project = manifests.read(self.call.tree, path) if path else None
        except Unreadable:
            return None
        return None if project is None or project.damaged else project

    def held_against_python(self, project: Project) -> None:
        version = pythons.refused(self.call, project)
        if version:
            base = self.call.stage.base
            message = f"[NoPythonVersion]: No Python that satisfies {project.python} is found on the system."
            reason = f"{base.name} has Python {version[:-2]}, and {project.path} allows {project.python}."
            self.outcome.stop("python-not-allowed", message, reason, "/usr/local/bin/python", False)

    def groups(self, project: Project) -> frozenset[str]:
        """Return the groups that are chosen: `default` for the dependencies themselves, at first all for developing."""
        chosen = self.chosen
        named = {normal(each) for each in chosen.all("-G", "--group", "--with")}
        groups = {"default", *project.groups}
        if chosen.has("--prod", "--production", "--no-dev"):
            groups = {"default"}
        if chosen.has("--no-default"):
            groups.discard("default")
        if ":all" in named:
            named |= set(project.extras) | set(project.groups)
        return frozenset((groups | named) - {normal(each) for each in chosen.all("--without")})

    def locked(self, project: Project, top: str) -> tuple[tuple[Requirement, ...], str | None, str | None]:
        """Return the requirements, the lock that they are from, and why they may not be all."""
        call, chosen = self.call, self.chosen
        looked = call.look(posixpath.join(top, chosen.get("-L", "--lockfile") or "pdm.lock"))
        if looked.tree is None:
            if looked.doubt is None and (chosen.verb == "sync" or chosen.has("--check")):
                certain, why = call.stage.files.judged(
                    looked.path, f"pdm looks for it in {top}, where the image has none at this point."
                )
                words = "[ProjectError]: Lockfile does not exist, nothing to install"
                message = words if chosen.verb == "sync" else "Please run `pdm lock` to update the lock file"
                self.outcome.stop("lock-missing", message, why, looked.path, certain)
            return self.declared(project), None, looked.doubt
        try:
            lock = PdmLock(call.text(looked) or "")
        except Unusable as error:
            return (), None, str(error)
        stale = lock.content_hash != fresh.pdm(project)
        if stale and chosen.has("--check"):
            reason = f"{looked.tree} was made for another pyproject.toml."
            self.outcome.stop("lock-stale", "Please run `pdm lock` to update the lock file", reason, looked.path, False)
        found = [
            pinned(each, (), looked.tree)
            for each in lock.chosen(self.groups(project), call.surroundings())
            if each.sort != "folder"
        ]
        if stale and chosen.verb == "install" and not chosen.has("--frozen-lockfile", "--no-lock"):
            there = {each.line.value for each in found}
            found += [each for each in self.declared(project) if each.line.value not in there]
        return tuple(found), looked.tree, None

    def declared(self, project: Project) -> tuple[Requirement, ...]:
        groups = self.groups(project)
        found = list(project.main) if "default" in groups else []
        for group in sorted(groups):
            found += (*project.groups.get(group, ()), *project.extras.get(group, ()))
        return tuple(found)
