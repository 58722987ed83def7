"""Who else reads a setting, and what becomes of the URL in it."""

from __future__ import annotations

import ast
import re
import warnings

from bot.engine.boot.values import dotted
from bot.engine.model.tree import Tree, Unreadable, name
from bot.engine.platforms import survey

_TESTS = re.compile(r"(?:^|/)(?:tests?/|conftest\.py$|test_[^/]*\.py$)")
_ASKS = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.If, ast.IfExp, ast.Assert, ast.While)
_ASKING = ("startswith", "endswith")


def other_reader(tree: Tree, field: str, maker: str, driver: str, driven: bool) -> str | None:
    """Return where a setting is read by something that may not take a URL which names `driver`; engines of `maker` do.

    `driven`: the default names one, so what a developer runs takes such a URL; Alembic may run in production alone.
    """
    for path in survey.files(tree):
        if not path.endswith(".py") or _TESTS.search(path) or (driven and name(path) != "env.py"):
            continue
        try:
            data, text = tree.read(path), tree.text(path)
        except Unreadable:
            continue
        if not re.search(rf"\b{re.escape(field)}\b", text) or _copes(path, text, maker, driver):
            continue
        line = _reads(data, field, maker, driver)
        if line is not None:
            return f"{path}:{line}"
    return None


def _copes(path: str, text: str, maker: str, driver: str) -> bool:
    """Say whether Alembic's environment makes the engine in the same way, or takes the driver out of the URL itself."""
    own = "async_engine_from_config" if maker == "create_async_engine" else "engine_from_config"
    return name(path) == "env.py" and (f"+{driver}" in text or re.search(rf"\b(?:{own}|{maker})\b", text) is not None)


def _reads(data: bytes, field: str, maker: str, driver: str) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(data)
    except (SyntaxError, ValueError):
        return None
    above = {inner: outer for outer in ast.walk(module) for inner in ast.iter_child_nodes(outer)}
    for node in ast.walk(module):
        named = isinstance(node, ast.Attribute) and node.attr == field and isinstance(node.ctx, ast.Load)
        called = above.get(node)
        asked = isinstance(node, ast.Constant) and node.value == field and isinstance(called, ast.Call)
        if asked and isinstance(called, ast.Call) and dotted(called.func) == "getattr":
            return called.lineno
        if isinstance(node, ast.Attribute) and named and not _harmless(node, above, maker, driver):
            return node.lineno
    return None


def _harmless(node: ast.expr, above: dict[ast.AST, ast.AST], maker: str, driver: str) -> bool:
    """Say whether what is done with a URL goes as well with one that names a driver."""
    outer: ast.AST | None = above.get(node)
    if isinstance(outer, ast.keyword):
        outer = above.get(outer)
    match outer:
        case ast.Call(func=ast.Name(id="str")):
            return _harmless(outer, above, maker, driver)
        case ast.Call(func=called):
            return dotted(called).rpartition(".")[2] == maker
        case ast.Attribute(attr="replace"):
            call = above.get(outer)
            first = call.args[0] if isinstance(call, ast.Call) and call.args else None
            return isinstance(first, ast.Constant) and f"+{driver}" in str(first.value)
        case ast.Attribute(attr=method):
            return method in _ASKING
    return isinstance(outer, _ASKS)
