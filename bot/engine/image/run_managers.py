"""Package managers in a RUN: what their commands leave in the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.engine.image import compiled, managers, packages
from bot.engine.image.access import Access
from bot.engine.image.filesystem import Made
from bot.engine.image.managers.call import Call, Outcome
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Image, Install, Stage
from bot.engine.model.findings import Denied, Place
from bot.engine.model.tree import Tree

if TYPE_CHECKING:
    from bot.engine.image.managers.uv_rights import Refused


def take(stage: Stage, call: Call, program: str, target: str | None, surely: bool, user: str) -> Outcome:
    """Follow a command of a package manager that a user runs, and put what it does into the stage.

    `target` is the file that its output goes to; `surely`: the command runs, and the build stops where it fails.
    """
    outcome = managers.follow(program, call)
    outcome.problems += [*_refused(call, program, outcome, user), *_lacks(stage, outcome)] if surely else []
    for install in _resolved(stage, outcome):
        if outcome.exact and surely:
            stage.installs[:] = [each for each in stage.installs if each.prefix != install.prefix]
        stage.installs.append(_known(stage, call, install))
    owner = stage.users.owner(user)
    for path in outcome.environments:
        stage.add_environment(path, owner)
    stage.settings.update((f"{program} {name}", value) for name, value in outcome.settings.items())
    written = outcome.written + ([(target, outcome.printed)] if target and outcome.printed is not None else [])
    for path, listed in written:
        stage.files.add(Made(path, "file", owner, listed))
    return outcome


def _known(stage: Stage, call: Call, install: Install) -> Install:
    """Return an install with what its projects give, where that is known; they are editable unless the command denies it."""
    if not install.projects:
        return install
    from bot.engine.image import projects  # for builds that install a project alone

    editable, site = "--no-editable" not in call.words, projects.site(install.prefix, install.python or stage.base.python)
    found = {folder: projects.given(call.tree, stage.files, folder, editable) for folder in install.projects}
    given = [projects.laid(stage.files, each, site, editable) for each in found.values() if isinstance(each, projects.Contents)]
    left = tuple(folder for folder, each in found.items() if not isinstance(each, projects.Contents))
    return install._replace(projects=left, given=(*install.given, *given))


def started(
    tree: Tree, image: Image, words: tuple[str, ...], folder: str, env: dict[str, str | None], user: str
) -> tuple[Outcome, Refused | None] | None:
    """Return what `uv run` installs when an image starts, and what its user may not write; None for another command of uv."""
    from bot.engine.image.managers import uv_rights

    if "run" not in words:
        return None
    stage = Stage("", image.base)
    stage.files, stage.env, stage.installs = image.files, env, list(image.installs)
    stage.environments = list(image.environments)
    place, home = Place(image.dockerfile, 1), env.get("HOME", "") or image.users.home(user)
    call = Call(stage, tree, words, folder, place, None, lambda name: home if name == "HOME" else env.get(name, ""))
    outcome = managers.follow("uv", call)
    return outcome, uv_rights.refused(call, Access(image.files, image.users, user), outcome)


def _refused(call: Call, program: str, outcome: Outcome, user: str) -> list[Problem]:
    """Return what the user of a command may not write."""
    stage = call.stage
    if program != "uv" or stage.users.owner(user) == "root":
        return []
    from bot.engine.image.managers import uv_rights

    refused = uv_rights.refused(call, Access(stage.files, stage.users, user), outcome)
    if refused is None:
        return []
    name = stage.users.named(stage.users.owner(user))
    detail = Denied(program, refused.path, name, None)
    reason = f"{refused.reason} {program} runs as {name}."
    return [Problem("permission-denied", refused.message, reason, detail, stage.followed)]


def _resolved(stage: Stage, outcome: Outcome) -> list[Install]:
    """Return the installs with what the package index makes of them, where there is one to ask; a lock is all that counts."""
    if stage.index is None:
        return outcome.installs
    from bot.engine.image import resolving  # a plain check asks no index

    return [resolving.resolved(stage, each, "uv", False, each.lock is not None).install for each in outcome.installs]


def _lacks(stage: Stage, outcome: Outcome) -> list[Problem]:
    """Return which of the requirements can't be built, or fetched, in this image."""
    before = packages.installed(tuple(stage.installs), stage.base.python)
    found = []
    for install in outcome.installs:
        new = tuple(each for each in install.requirements if not before.has(each.line.value))
        lacking = compiled.lacks(stage, new)
        lacking += [each._replace(message=outcome.git) for each in compiled.lacks_git(stage, new, None)] if outcome.git else []
        sure = stage.followed and not before.opaque
        found += [Problem("system-package-missing", lack.message, lack.reason, lack.missing, sure) for lack in lacking]
    return found
