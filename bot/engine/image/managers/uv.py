"""uv: `sync` and `run`, `pip install` and `pip sync`, `export`, `venv` and `tool install`.

Tried with uv 0.13: what goes where, and the words with which it gives up. Its variables: https://docs.astral.sh/uv/reference/environment/.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from bot.engine.image.locks import fresh, markers
from bot.engine.image.locks.lock import Need, Package, Unusable, walk
from bot.engine.image.locks.markers import Environment
from bot.engine.image.locks.uv import UvLock, activated
from bot.engine.image.managers import pythons, sources, uv_pip, uv_workspace
from bot.engine.image.managers.call import Call, Looked, Options, Outcome, options, pinned
from bot.engine.image.manifests import listed, table
from bot.engine.image.stage import Install
from bot.engine.model import requirements
from bot.engine.model.findings import Place
from bot.engine.model.requirements import Requirement, normal

_VALUED = frozenset(
    "--directory --project --python -p --package --extra --no-extra --group --no-group --only-group --no-install-package"
    " --index --default-index --index-url -i --extra-index-url --find-links -f --cache-dir --config-file --env-file --with"
    " --with-editable --with-requirements --link-mode --color --output-file -o --format --no-emit-package --prune --resolution"
    " --prerelease --exclude-newer --index-strategy --keyring-provider --python-preference --prompt --target --prefix -t"
    " --upgrade-package -P --reinstall-package --refresh-package --allow-insecure-host --config-setting -C --script -r"
    " --requirements --requirement -c --constraints --constraint --overrides --override -e --editable --from --torch-backend"
    " --no-build-package --no-binary-package --fork-strategy --only-install-package".split()
)
_NO_PROJECT = "error: No `pyproject.toml` found in current directory or any parent directory"
_NO_LOCK = (
    "error: Unable to find lockfile at `uv.lock`, but `{}` was provided. To create a lockfile, run `uv lock` or `uv sync`"
    " without the flag."
)
_STALE = "error: The lockfile at `uv.lock` needs to be updated, but `{}` was provided."
_NO_MEMBER = (
    "`{name}` references a workspace in `tool.uv.sources` (e.g., `{name} = {{ workspace = true }}`), but is not a"
    " workspace member"
)


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    chosen = options(call.words, _VALUED, stop_at_rest=True)
    outcome = Outcome()
    outcome.git = "error: Git executable not found. Ensure that Git is installed and available."
    second = chosen.rest[0] if chosen.rest else None
    match chosen.verb:
        case "sync":
            return sync(call, chosen, outcome)
        case "run":
            return run(call, chosen, outcome)
        case "export":
            return _export(call, chosen, outcome)
        case "venv":
            outcome.environments.append(call.path(second or ".venv"))
        case "pip" if second in ("install", "sync"):
            return uv_pip.follow(call, chosen, second, outcome)
        case "pip" if second == "compile":
            if (target := chosen.get("-o", "--output-file")) is not None:
                outcome.written.append((call.path(target), None))
        case "tool" if second == "install":
            _tool(call, chosen, outcome)
        case "add":
            outcome.unknown = "uv add"
            outcome.installs.append(Install(call.path(".venv"), (), (), "what uv add chooses is not followed", call.place))
        case "lock":
            outcome.written.append((call.path("uv.lock"), None))
    return outcome


def sync(call: Call, chosen: Options, outcome: Outcome, exact: bool = True) -> Outcome:
    """Install the locked packages of a project into its environment."""
    here = call.path(chosen.get("--project") or ".", call.path(chosen.get("--directory") or "."))
    nearest = next(call.up("pyproject.toml", here), None)
    prefix = environment(call, here if nearest is None else posixpath.dirname(nearest.path), chosen)
    outcome.environments.append(prefix)
    if nearest is None:
        path = posixpath.join(here, "pyproject.toml")
        certain, reason = call.stage.files.judged(path, f"uv looks for it in {here}, where the image has none at this point.")
        outcome.installs.append(_opaque(call, prefix, f"{path} is taken to be there"))
        return outcome.stop("project-metadata-missing", _NO_PROJECT, reason, path, certain)
    space = uv_workspace.find(call, nearest, here)
    if isinstance(space, str) or not chosen.told:
        said = space if isinstance(space, str) else "uv sync with an option that is made at run time"
        outcome.installs.append(_opaque(call, prefix, said))
        return outcome
    outcome.exact = exact and not chosen.has("--inexact")
    prefix = environment(call, space.top, chosen)
    outcome.environments.append(prefix)
    _Sync(call, chosen, space, outcome).install(prefix)
    return outcome


def environment(call: Call, top: str, chosen: Options) -> str:
    """Return the environment of a project: UV_PROJECT_ENVIRONMENT, the active one with `--active`, else `.venv` at its root."""
    active = call.environment or call.variable("VIRTUAL_ENV")
    if chosen.has("--active") and active:
        return active
    return call.path(call.variable("UV_PROJECT_ENVIRONMENT") or ".venv", top)


def _opaque(call: Call, prefix: str, reason: str) -> Install:
    return Install(prefix, (), (), reason, call.place)


class _Sync:
    """One `uv sync`: which packages of the lock, and what stops it."""

    def __init__(self, call: Call, chosen: Options, space: uv_workspace.Workspace, outcome: Outcome) -> None:
        self.call = call
        self.chosen = chosen
        self.space = space
        self.outcome = outcome
        self.lock_path = posixpath.join(space.top, "uv.lock")

    def switch(self, option: str, variable: str) -> str | None:
        """Return how an option is turned on: by itself or by its variable; None where it is not."""
        if self.chosen.has(option):
            return option
        return f"{variable}=1" if self.call.switched(variable) else None

    def install(self, prefix: str) -> None:
        call, outcome = self.call, self.outcome
        python = pythons.of_uv(call, self.chosen, self.space.project, self.space.folder, outcome)
        looked = call.look(self.lock_path)
        frozen, locked = self.switch("--frozen", "UV_FROZEN"), self.switch("--locked", "UV_LOCKED")
        if looked.tree is None and looked.doubt is None and (frozen or locked):
            self.no_lock(frozen or locked or "", prefix)
            return
        lock = self.lock(looked)
        if isinstance(lock, str):
            outcome.installs.append(self.add(Install(prefix, (), self.unlocked_projects(), lock, call.place, python=python)))
            return
        if lock is None:
            found, projects = tuple(self.declared()), self.unlocked_projects()
            outcome.installs.append(self.add(Install(prefix, found, projects, None, call.place, python=python)))
            return
        if locked or not frozen:
            self.compared(lock, locked)
        self.from_lock(lock, looked.tree or "", prefix, python, (bool(frozen), bool(locked)))

    def add(self, install: Install) -> Install:
        """Return an install with the file in which its requirements are declared."""
        return install._replace(manifest=self.space.project.path)

    def no_lock(self, how: str, prefix: str) -> None:
        reason = f"uv looks for it in {self.space.top}, where the image has none at this point."
        certain, reason = self.call.stage.files.judged(self.lock_path, reason)
        self.outcome.stop("lock-missing", _NO_LOCK.format(how), reason, self.lock_path, certain)
        found = tuple(self.declared())
        self.outcome.installs.append(self.add(Install(prefix, found, self.unlocked_projects(), None, self.call.place)))

    def lock(self, looked: Looked) -> UvLock | str | None:
        """Return the lock; None where there is none, a reason where it can't be told."""
        if looked.tree is None:
            return looked.doubt
        text = self.call.text(looked)
        if text is None:
            return f"{looked.tree} can't be read"
        try:
            return UvLock(text)
        except Unusable as error:
            return str(error)

    # --- which packages

    @property
    def groups(self) -> frozenset[str]:
        """The dependency groups that are chosen."""
        chosen, call, project = self.chosen, self.call, self.space.project
        default = self.space.project.tool("uv").get("default-groups", ["dev"])
        groups = set(project.groups) if default == "all" else {normal(str(each)) for each in listed(default)}
        if chosen.has("--no-default-groups") or call.switched("UV_NO_DEFAULT_GROUPS"):
            groups = set()
        groups |= set(project.groups) if chosen.has("--all-groups") else set()
        groups |= {normal(each) for each in chosen.all("--group")} | ({"dev"} if chosen.has("--dev") else set())
        if self.only:
            groups = set(self.only)
        without = {normal(each) for each in chosen.all("--no-group")}
        if chosen.has("--no-dev") or call.switched("UV_NO_DEV"):
            without.add("dev")
        return frozenset(groups - without)

    @property
    def only(self) -> frozenset[str]:
        only = {normal(each) for each in self.chosen.all("--only-group")}
        return frozenset(only | ({"dev"} if self.chosen.has("--only-dev") else set()))

    def extras(self, package: Package | None) -> frozenset[str]:
        """Return the extras that are chosen of a project."""
        known = package.extras if package else self.space.project.extras
        wanted = {normal(each) for each in self.chosen.all("--extra")}
        wanted |= set(known) if self.chosen.has("--all-extras") else set()
        return frozenset(wanted - {normal(each) for each in self.chosen.all("--no-extra")})

    def roots(self, lock: UvLock) -> list[Package]:
        """Return the projects of the lock that are to be installed."""
        own = {package.name: package for package in lock.own()}
        named = [normal(each) for each in self.chosen.all("--package")]
        if named:
            return [own[name] for name in named if name in own]
        if self.chosen.has("--all-packages") or not self.space.project.name:
            return [own[name] for name in lock.members or own if name in own]
        return [own[self.space.project.name]] if self.space.project.name in own else []

    def needs(self, lock: UvLock, roots: list[Package]) -> Iterator[Need]:
        groups, only = self.groups, self.only
        for root in roots:
            if not only:
                yield Need(root.name, tuple(self.extras(root)))
            yield from (need for group in groups for need in root.groups.get(group, ()))
        if not self.space.project.name:
            yield from (need for group in groups for need in lock.groups.get(group, ()))

    def from_lock(self, lock: UvLock, path: str, prefix: str, python: tuple[int, int] | None, kept: tuple[bool, bool]) -> None:
        roots = self.roots(lock)
        names = {name for root in roots for name in activated(root.name, self.extras(root), self.groups)}
        surroundings = Environment(python or self.call.stage.base.python, frozenset(names))
        found, projects, editable = [], [], []
        kept_out = {normal(each) for each in self.chosen.all("--no-install-package")}
        chosen = walk(lock, self.needs(lock, roots), surroundings)
        for package, extras in sorted(chosen, key=lambda each: each[0].line):
            if package.name in kept_out or (package.sort == "virtual"):
                continue
            if package.sort in ("editable", "folder"):
                folder = self.own(package)
                if folder and package.sort == "folder" and folder.endswith((".whl", ".gz", ".zip")):
                    found.append(pinned(package, extras, path))
                elif folder:
                    projects.append(folder)
                    editable += [folder] if package.sort == "editable" and not self.chosen.has("--no-editable") else []
            else:
                found.append(pinned(package, extras, path))
        frozen, locked = kept
        found += [] if frozen else self.fresh(found, lock)
        install = Install(prefix, tuple(found), tuple(projects), None, self.call.place, lock=path, python=python)
        install = install._replace(follows=not (frozen or locked))
        self.outcome.installs.append(self.add(install))

    def fresh(self, found: list[Requirement], lock: UvLock) -> list[Requirement]:
        """Return what pyproject.toml asks for and the lock does not have: uv locks it anew before it installs."""
        there = {each.line.value for each in found}
        return [
            each
            for each in self.declared()
            if each.line.value not in there
            and not lock.packages(each.line.value)
            and markers.holds(each.line.rest.partition(";")[2], self.call.surroundings())
        ]

    def declared(self) -> Iterator[Requirement]:
        """Yield what pyproject.toml asks for with the chosen extras and groups."""
        project = self.space.project
        if not self.only:
            yield from project.main
            yield from (each for extra in self.extras(None) for each in project.extras.get(extra, ()))
        yield from (each for group in self.groups for each in project.groups.get(group, ()))

    # --- the projects themselves

    def own(self, package: Package) -> str | None:
        """Return the folder of a project of the workspace that is installed itself; None where it is left out."""
        chosen, folder = self.chosen, self.call.path(package.source, self.space.top)
        itself = package.name == self.space.project.name
        if chosen.has("--no-install-workspace", "--no-install-local") or (
            itself and (chosen.has("--no-install-project") or self.call.switched("UV_NO_INSTALL_PROJECT"))
        ):
            return None
        if not folder.startswith("/") or package.source.endswith((".whl", ".gz", ".zip")):
            return folder
        if self.call.stage.files.find(folder) is None and not self.call.stage.files.assumed(folder):
            reason = f"uv.lock has `{package.name}` in {folder}, where the image has nothing at this point."
            certain, reason = self.call.stage.files.judged(folder, reason)
            message = f"Distribution not found at: file://{folder}"
            if not any(each.code == "workspace-member-missing" for each in self.outcome.problems):
                self.outcome.stop("workspace-member-missing", message, reason, folder, certain)
            return None
        sources.check(self.call, self.outcome, folder, "uv")
        return folder

    def unlocked_projects(self) -> tuple[str, ...]:
        """Return the project as it is installed without a lock: only one that says how it is built."""
        project = self.space.project
        packaged = project.tool("uv").get("package", bool(project.backend))
        left_out = self.chosen.has("--no-install-project", "--no-install-workspace") or self.only
        if not packaged or left_out or not project.name:
            return ()
        sources.check(self.call, self.outcome, self.space.folder, "uv")
        return (self.space.folder,)

    def compared(self, lock: UvLock, how: str | None) -> None:
        """Hold the lock against the projects of the workspace; without `--locked` uv writes it anew."""
        missing = self.missing_member(lock)
        if missing:
            folder, name = missing
            message = _NO_MEMBER.format(name=name)
            reason = f"uv.lock has `{name}` in {folder}, where the image has no pyproject.toml at this point."
            certain, reason = self.call.stage.files.judged(posixpath.join(folder, "pyproject.toml"), reason)
            if name not in {normal(str(each)) for each in table(self.space.root.tool("uv").get("sources"))}:
                if how is None:
                    return
                message = _STALE.format(how)
            self.outcome.stop("workspace-member-missing", message, reason, folder, certain)
        elif how is not None and (said := fresh.uv_differs(self.space.project, lock)):
            reason = f"{said[0].upper()}{said[1:]}."
            self.outcome.stop("lock-stale", _STALE.format(how), reason, self.lock_path, "does not know" in said)

    def missing_member(self, lock: UvLock) -> tuple[str, str] | None:
        """Return the folder and name of a member that the lock has and the image lacks."""
        for package in lock.own():
            folder = self.call.path(package.source, self.space.top)
            looked = self.call.look(posixpath.join(folder, "pyproject.toml"))
            if package.name in lock.members and looked.tree is None and looked.doubt is None:
                return folder, package.name
        return None


# --- other verbs


def run(call: Call, chosen: Options, outcome: Outcome) -> Outcome:
    """Sync before a command, unless that is turned off; then the command is another program's."""
    outcome.started = list(chosen.rest)
    first = outcome.started[0] if outcome.started else None
    script = call.look(call.path(first)) if first and first.endswith(".py") else None
    if script and (script.doubt or "# /// script" in (call.text(script) or "")):
        outcome.installs.append(_opaque(call, "/root/.cache/uv", "the script says itself what it needs"))
        return outcome
    outside = chosen.has("--no-sync", "--no-project", "--isolated", "--script", "-s") or call.switched("UV_NO_SYNC")
    here = call.path(chosen.get("--project") or ".", call.path(chosen.get("--directory") or "."))
    if not outside and next(call.up("pyproject.toml", here), None) is not None:
        sync(call, chosen, outcome, exact=chosen.has("--exact"))
    for name in chosen.all("--with"):
        line = requirements.requirement(name)
        if line:
            outcome.installs.append(Install("/root/.cache/uv", (Requirement(line, call.place),), (), None, call.place))
    return outcome


def _export(call: Call, chosen: Options, outcome: Outcome) -> Outcome:
    """Write the locked packages as a requirements file, to the output or to a file."""
    told = chosen.get("--format") in (None, "requirements-txt", "requirements.txt")
    inner = sync(call, chosen._replace(flags=chosen.flags | {"--no-install-workspace"}), Outcome())
    outcome.problems = [
        each for each in inner.problems if each.code in ("lock-missing", "lock-stale", "project-metadata-missing")
    ]
    install = inner.installs[-1] if inner.installs else None
    found = install.requirements if install and install.opaque is None and told else None
    if chosen.get("-o", "--output-file") is not None:
        outcome.written.append((call.path(chosen.get("-o", "--output-file") or ""), found))
    outcome.printed = found
    return outcome


def _tool(call: Call, chosen: Options, outcome: Outcome) -> None:
    """Install a program into an environment of its own."""
    named: Iterable[str | None] = chosen.rest[1:2]
    for name in named:
        line = requirements.requirement(name) if name else None
        if line:
            folder = f"/root/.local/share/uv/tools/{line.value}"
            found = Requirement(line, Place(call.place.path, call.place.line))
            outcome.installs.append(Install(folder, (found,), (), None, call.place))
