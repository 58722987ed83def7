"""Engines of SQLAlchemy, as the walk comes to them: whether the URL that the platform gives suits them.

SQLAlchemy loads the dialect and the driver that a URL names as soon as the engine is made. Its words were tried with 1.4.54,
2.0.58 and 2.1.9, each with psycopg2, psycopg, asyncpg and none of them: `postgres://` was dropped in 1.4, `postgresql://` means
psycopg2 before 2.1 and psycopg from there on, psycopg is known from 2.0 on, and of these drivers asyncpg and psycopg are the
ones that an asynchronous engine takes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.boot import optional
from bot.engine.boot.facts import Call
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.reader import Reader
from bot.engine.boot.settings import Field
from bot.engine.boot.values import evaluate
from bot.engine.image.packages import Installed
from bot.engine.model.findings import Failure, Place, UrlMisfit
from bot.engine.model.target import Provided

_NAMED_DRIVER = re.compile(rb"\+(?:psycopg|asyncpg|pg8000)")
_SCHEME = re.compile(r"(\w+)(?:\+(\w+))?://")
_SPLIT = (2, 1)  # from here on `postgresql://` means psycopg
_PSYCOPG = (2, 0)  # from here on psycopg is known
_DROPPED = (1, 4)  # from here on `postgres://` is not
_SYNC = {"psycopg2": "psycopg2", "pg8000": "pg8000"}  # drivers that no asynchronous engine takes, and their modules
_ASYNC = ("asyncpg", "psycopg")


class Given(dict[str, str | None]):
    """An environment in which the platform's databases have URLs of their usual form; `asked` is what was come to."""

    def __init__(self, env: dict[str, str | None], provided: Callable[[str], Provided | None]) -> None:
        super().__init__(env)
        self.provided = provided
        self.asked: dict[str, Provided] = {}
        self.read: set[str] = set()
        self.known: dict[str, Provided | None] = {}

    def _of(self, name: object) -> Provided | None:
        if not isinstance(name, str) or self.get(name) is not None:
            return None
        if name not in self.known:
            self.known[name] = self.provided(name)
        return self.known[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._of(name) is not None

    def __getitem__(self, name: str) -> str | None:
        found = self._of(name)
        if found is not None:
            self.asked[name] = found
            return found.url
        self.read.add(name)
        return super().__getitem__(name)


class Reading(NamedTuple):
    """The URL of an engine; `provided` None: it is written somewhere here. `default` is what it is where nothing is set."""

    url: str
    variable: str
    provided: Provided | None
    default: str
    field: Field | None


def follow(walk: Importer, event: Call, frame: Frame) -> None:
    """Note an engine that can't be made: of a URL that does not suit it, or without the driver that it names."""
    tree, installed = frame.loaded.found.tree, walk.finder.installed
    name = event.name.rpartition(".")[2]
    if tree is None or event.name in frame.loaded.facts.functions:
        return
    given = next((keyword.value for keyword in event.node.keywords if keyword.arg == "url"), None)
    node = event.node.args[0] if event.node.args else given
    found = _read(walk, node, frame, name == "create_async_engine") if node is not None else None
    wanted: optional.Wanted | None = None
    if found is None:
        written = evaluate(node, walk.scope(frame)) if node is not None else ""
        if not isinstance(written, str) and not _names_driver(walk):
            wanted = optional.unnamed_engine(event.node, installed)
    elif (misfit := _misfit(found, name, installed)) is not None:
        _fail(walk, found, misfit, event.node, name, tree)
        return
    else:
        wanted = optional.engine(found.url, event.node, installed)
        if wanted and found.provided:
            wanted = optional.unnamed_engine(event.node, installed) or wanted._replace(certain=False)
    if wanted:
        walk.failures.optional(wanted, tree)


def _names_driver(walk: Importer) -> bool:
    """Say whether the code names a driver of PostgreSQL in a URL."""
    paths = {loaded.found.tree for loaded in walk.loaded.values() if loaded and loaded.found.tree}
    return any(_NAMED_DRIVER.search(walk.tree.read(path)) for path in paths)


def _read(walk: Importer, node: ast.expr, frame: Frame, is_async: bool) -> Reading | None:
    """Return the URL of an engine, where it can be told."""
    env = Given(walk.env, walk.provided)
    reader = Reader(walk)
    before, walk.env, walk.reader = walk.env, env, reader
    try:
        url = evaluate(node, walk.scope(frame))
        fields = [each for each in reader.fields if each.value == url]
        if not isinstance(url, str):
            return None
        variable, provided = next(iter(env.asked.items()), (next(iter(env.read), ""), None))
        if provided is None:
            return Reading(str(url), variable, None, "", fields[-1] if fields else None)
        walk.env, walk.whole = {key: value for key, value in before.items() if key not in env.asked}, True
        default = evaluate(node, walk.scope(frame))
    finally:
        walk.env, walk.reader, walk.whole = before, None, False
    found = Reading(str(url), variable, provided, default if isinstance(default, str) else "", fields[-1] if fields else None)
    return found if _meant(found, is_async, walk.finder.installed) else None


def _meant(found: Reading, is_async: bool, installed: Installed) -> bool:
    """Say whether PostgreSQL is what an engine is for, as surely as the variable is known to hold its URL."""
    if found.provided is None or found.provided.known == "told":
        return True
    if found.provided.known == "guessed" and not is_async:
        return False  # both forms are handed out, and one of them suits
    if found.default:
        return found.default.startswith("postgres")
    return any(installed.gives(module) for module in (_ASYNC if is_async else ("psycopg2", "psycopg", "pg8000")))


def _misfit(found: Reading, maker: str, installed: Installed) -> tuple[str, Failure] | None:
    """Return what SQLAlchemy says to a URL of PostgreSQL that does not suit an engine, and what kind of error that is."""
    match = _SCHEME.match(found.url)
    dialect, driver = match.groups() if match else ("", None)
    known = (found.provided or found.variable) and not installed.opaque
    if dialect == "postgres":
        if driver is None and installed.before("sqlalchemy", _DROPPED):
            return None
        plugin = f"postgres.{driver}" if driver else "postgres"
        return f"sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:{plugin}", "error"
    if dialect != "postgresql" or maker != "create_async_engine" or not known:
        return None
    taken = driver or ("psycopg2" if installed.before("sqlalchemy", _SPLIT) else "psycopg")
    if taken in _SYNC and installed.gives(_SYNC[taken]):
        words = f"The asyncio extension requires an async driver to be used. The loaded '{taken}' is not async."
        return f"sqlalchemy.exc.InvalidRequestError: {words}", "error"
    if driver is None and not installed.gives(taken):
        return f"ModuleNotFoundError: No module named '{taken}'", "module"
    return None


def _wanted(found: Reading, maker: str, installed: Installed) -> str:
    """Return the scheme that suits an engine, by what is installed; `""` where that is not clear."""
    newer, early = not installed.before("sqlalchemy", _SPLIT), installed.before("sqlalchemy", _PSYCOPG)
    named = _SCHEME.match(found.default)
    if maker == "create_async_engine":
        there = [each for each in _ASYNC if installed.gives(each) and not (each == "psycopg" and early)]
        own = named[2] if named and named[2] in _ASYNC else ""
        driver = own if own in there or not there else there[0]
        return f"postgresql+{driver}" if driver else ""
    old, new = installed.gives("psycopg2"), installed.gives("psycopg") and not early
    if old:
        return "postgresql" if new or not newer else "postgresql+psycopg2"
    return "postgresql+psycopg" if new else "postgresql+pg8000" if installed.gives("pg8000") else ""


def _fail(walk: Importer, found: Reading, misfit: tuple[str, Failure], node: ast.Call, maker: str, tree: str) -> None:
    installed = walk.finder.installed
    wanted = _wanted(found, maker, installed)
    scheme = found.url.partition("://")[0]
    origin = f"{found.provided.says} `{scheme}://…`" if found.provided else f"The URL is `{scheme}://…`"
    if found.provided and not found.provided.url.startswith(f"{scheme}://"):
        origin = f"What the platform gives becomes `{scheme}://…` here"
    reason = f"{origin[0].upper()}{origin[1:]}; `{maker}` " + (f"needs `{wanted}://…`." if wanted else "takes another driver.")
    place = Place(tree, node.lineno, node.col_offset + 1)
    field = (found.field.path, found.field.owner, found.field.name) if found.field and found.field.path else None
    named = _SCHEME.match(found.default)
    detail = UrlMisfit(scheme, wanted, maker, bool(found.variable), field, bool(named and named[2]), (place,))
    certain = found.provided is None and not installed.held("sqlalchemy") and not installed.projects
    walk.failures.engine(misfit[0], reason, place, detail, certain, misfit[1])
