"""Whether a lock file still belongs to its manifest, computed as each tool does it.

poetry: `packages/locker.py` of 2.5 and 1.8 (before 2.3 without dependency groups, before 2.0 without `[project]`); pipenv:
plette's `Pipfile.get_hash`; PDM: `project/project_file.py` of 2.29; uv compares requirement by requirement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.engine.image.locks import uv
from bot.engine.image.locks.uv import UvLock
from bot.engine.image.manifests import Project, Values, table
from bot.engine.model.requirements import Requirement, normal

_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_OF_PROJECT = ("requires-python", "dependencies", "optional-dependencies")
_SECTIONS = ("source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop")
_PYPI = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]


def poetry(project: Project, content_hash: str) -> bool:
    """Say whether any Poetry would take a lock with this hash for one of the project."""
    own, groups, settings = (
        table(project.data.get("project")),
        table(project.data.get("dependency-groups")),
        project.tool("poetry"),
    )
    plain = {key: settings.get(key) for key in _LEGACY}
    if "group" in settings:
        plain["group"] = settings["group"]
    contents: list[Values] = [plain]
    wanted = {key: own[key] for key in _OF_PROJECT if own.get(key) is not None}
    for with_groups in ({}, groups):
        content: Values = {"project": wanted} if wanted else {}
        if with_groups:
            content["dependency-groups"] = with_groups
        if content:
            content["tool"] = {"poetry": {key: settings[key] for key in (*_LEGACY, "group") if settings.get(key) is not None}}
            contents.append(content)
    return any(_hash(content) in (content_hash, None) for content in contents)


def pipenv(project: Project) -> str | None:
    """Return the hash of a Pipfile; None where it holds what can't be hashed."""
    data = project.data
    content: Values = {
        "_meta": {"sources": data.get("source", _PYPI), "requires": data.get("requires", {})},
        "default": data.get("packages", {}),
        "develop": data.get("dev-packages", {}),
    }
    content.update((name, values) for name, values in data.items() if name not in _SECTIONS)
    return _hash(content, compact=True)


def pdm(project: Project) -> str | None:
    """Return the hash of what PDM reads of a pyproject.toml."""
    own, settings = table(project.data.get("project")), project.tool("pdm")
    groups = {**table(settings.get("dev-dependencies")), **table(project.data.get("dependency-groups"))}
    content: Values = {
        "sources": settings.get("source", []),
        "dependencies": own.get("dependencies", []),
        "dev-dependencies": groups,
        "optional-dependencies": own.get("optional-dependencies", {}),
        "requires-python": own.get("requires-python", ""),
        "resolution": settings.get("resolution", {}),
    }
    return _hash(content)


def _hash(content: Values, compact: bool = False) -> str | None:
    import hashlib  # only where there is a lock to compare
    import json

    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":") if compact else None)
    except (TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


# --- uv


def uv_differs(project: Project, lock: UvLock) -> str | None:
    """Return what a pyproject.toml asks for otherwise than the lock noted; None where nothing is seen.

    Markers and sources are not compared: uv writes them in forms of its own.
    """
    if not any(package.name == project.name for package in lock.packages(project.name)):
        return f"uv.lock has no project `{project.name}`" if project.name else None
    noted = lock.noted(project.name)
    main = (*project.main, *(each for extra in project.extras.values() for each in extra))
    found = [_difference(main, noted.get("requires-dist", ()))]
    found += [_difference(asked, noted.get(group, ())) for group, asked in project.groups.items()]
    return next((said for said in found if said), None) or _other_version(project, lock)


def _other_version(project: Project, lock: UvLock) -> str | None:
    version = table(project.data.get("project")).get("version")
    locked = {package.version for package in lock.packages(project.name)}
    if (
        isinstance(version, str)
        and "" not in locked
        and _plain_version(version) not in {_plain_version(each) for each in locked}
    ):
        return f"the project is of version {version}, and uv.lock has {', '.join(sorted(locked))}"
    return None


def _plain_version(version: str) -> str:
    """Return a version as far as the index tells versions apart without reading them: `1.0-beta1` is `1.0b1`."""
    lowered = version.lower().replace("-", "").replace("_", "").replace("alpha", "a").replace("beta", "b")
    return lowered.removeprefix("v").replace(".dev", "dev").replace(".post", "post").replace(".rc", "rc")


def _difference(asked: Iterable[Requirement], locked: Iterable[uv.Asked]) -> str | None:
    wanted, noted = list(_wanted(asked)), list(locked)
    names = {each.name for each in noted}
    for each in wanted:
        if each.name not in names:
            return f"`{each.name}` is asked for, and uv.lock does not know that"
        same = [other for other in noted if other.name == each.name]
        if not any(each.extras == other.extras and _same(each, other) for other in same):
            return f"`{each.name}` is asked for otherwise than uv.lock noted"
    gone = names - {each.name for each in wanted}
    return f"`{min(gone)}` is noted in uv.lock, and not asked for any more" if gone else None


def _wanted(asked: Iterable[Requirement]) -> Iterator[uv.Asked]:
    for each in asked:
        yield uv.Asked(each.line.value, frozenset(map(normal, each.line.extras)), uv.clauses(each.line.rest.partition(";")[0]))


def _same(wanted: uv.Asked, noted: uv.Asked) -> bool:
    """Compare two specifiers; an address, and what is written in another form of the same version, counts as the same."""
    if any("@" in clause for clause in wanted.clauses) or not noted.clauses:
        return any("@" in clause for clause in wanted.clauses) or not wanted.clauses
    return {_bare(clause) for clause in wanted.clauses} == {_bare(clause) for clause in noted.clauses}


def _bare(clause: str) -> str:
    """Return a clause without what makes no difference between versions: letters of a pre-release, zeros at the end."""
    return re.sub(r"(?:\.0)+$", "", _plain_version(clause))
