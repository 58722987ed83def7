"""Which files of a commit an analysis will ask for, told by their names: these are fetched at once, all others on demand."""

from __future__ import annotations

from collections.abc import Iterable

from bot.engine.model.tree import name
from bot.engine.platforms.survey import SKIPPED, is_dockerfile

_EVERYWHERE = frozenset("py pyi toml cfg ini in lock".split())
_NOT_DEEP = frozenset("yml yaml md mdx rst txt sh bash zsh ps1 bat cmd mk just".split())  # as platforms/survey.py reads them
_AT_THE_TOP = frozenset("json json5 js mjs cjs ts rb tf env".split())
_NAMES = frozenset(
    ".gitignore .dockerignore .gitmodules .gitattributes .python-version .env .flaskenv .slugignore fly.json".split()
)
_BARE = 32  # characters of a name without a suffix, such as Procfile or entrypoint
_TESTS = frozenset("test tests testing".split())
_MANY = 400  # files of Python, from which on only those near a deploy's config are fetched at once
_NEAR = 2  # folders below that of the config
_CONFIGS = frozenset("fly.toml fly.json fly.yaml render.yaml".split())


def by_name(paths: Iterable[str]) -> list[str]:
    """Return those paths whose files an analysis usually reads, in their order; tests of the app are not among them.

    In a large repository the app is a small part, and so of its Python only what lies near a config is taken.
    """
    found = [path for path in paths if _is_wanted(path)]
    if sum(map(_is_python, found)) <= _MANY:
        return found
    fronts = {folder for path in found if _is_config(name(path)) for folder in [path.rpartition("/")[0]]}
    return [path for path in found if not _is_python(path) or _is_near(path, fronts)]


def beside(asked: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return what an analysis may ask for next, once it has asked for files: what lies in the same folders of the root.

    One import leads to the next, and each of them alone would cost another look.
    """
    tops = {path.partition("/")[0] for path in asked if "/" in path and _is_python(path)}
    return [path for path in paths if path.partition("/")[0] in tops and _is_wanted(path)] if tops else []


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def _is_config(last: str) -> bool:
    return last in _CONFIGS or is_dockerfile(last)


def _is_near(path: str, fronts: set[str]) -> bool:
    """Say whether a path lies in one of these folders, or not far below."""
    folder, far = path.rpartition("/")[0], 0
    while folder and folder not in fronts and far < _NEAR:
        folder, far = folder.rpartition("/")[0], far + 1
    return folder in fronts


def _is_wanted(path: str) -> bool:
    folders, last = path.split("/")[:-1], name(path)
    if not SKIPPED.isdisjoint(folders):
        return False
    if last in _NAMES or is_dockerfile(last) or last.endswith("ignore"):
        return True
    suffix = last.rpartition(".")[2].lower() if "." in last[1:] else ""
    if suffix == "py":
        return _TESTS.isdisjoint(folders) and not last.startswith("test_") and not last.endswith("_test.py")
    if not suffix:
        return len(folders) < 4 and len(last) <= _BARE
    deepest = 99 if suffix in _EVERYWHERE else 4 if suffix in _NOT_DEEP else 2 if suffix in _AT_THE_TOP else 0
    return len(folders) < deepest
