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


def by_name(paths: Iterable[str]) -> list[str]:
    """Return those paths whose files an analysis usually reads, in their order; tests of the app are not among them."""
    return [path for path in paths if _is_wanted(path)]


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
