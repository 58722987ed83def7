"""Edits of how an app's middleware is put on: a class of Starlette's becomes one that hands some paths on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.engine.model.findings import TurnedAway
from codemods import _python

if TYPE_CHECKING:
    import libcst as cst
    from libcst import BaseExpression, CSTNode

    Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

_APPS = ("FastAPI", "Starlette")
_CLASS = '''\
class {name}({base}):
    """{says}"""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] {test}:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
'''


def test(paths: list[str]) -> str:
    """Return the comparison that holds for the paths."""
    return f'== "{paths[0]}"' if len(paths) == 1 else "in (" + ", ".join(f'"{each}"' for each in paths) + ")"


def exempted(text: str, turned: TurnedAway, base: str, name: str, says: str, paths: list[str]) -> str | None:
    """Return a file that puts on a class made from `base` in its place, which hands the paths on; None where it can't."""
    import libcst as cst

    module = _python.parse(text)
    used = _used(module, turned, base) if module is not None else None
    if module is None or used is None or name in text:
        return None
    written = module.code_for_node(used)
    at = _place(module, used, written)
    if at is None:
        return None
    source = _CLASS.format(name=name, base=written, says=says, test=test(paths))
    new = _python.statement(module, source, text)
    changed = module.deep_replace(used, cst.Name(name))
    blank = [cst.EmptyLine(indent=False)] * 2
    body = list(changed.body) if isinstance(changed, cst.Module) else []
    body[at : at + 1] = [new.with_changes(leading_lines=blank), _apart(body[at], blank)]
    return _python.written(module.with_changes(body=body), text)


def _apart(statement: Statement, blank: list[cst.EmptyLine]) -> Statement:
    """Return a statement two blank lines below the one before, its own comments kept."""
    lines = list(statement.leading_lines)
    while lines and lines[0].comment is None:
        lines.pop(0)
    return statement.with_changes(leading_lines=[*blank, *lines])


def _used(module: cst.Module, turned: TurnedAway, base: str) -> BaseExpression | None:
    """Return the class among the arguments of a call at a place."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = [
        node.args[0].value
        for node in positions
        if isinstance(node, cst.Call)
        and node.args
        and positions[node.args[0].value].start.line == turned.place.line
        and module.code_for_node(node.args[0].value).rpartition(".")[2] == base
    ]
    return found[0] if len(found) == 1 else None


def _place(module: cst.Module, used: CSTNode, written: str) -> int | None:
    """Return before which statement of a module a class can stand: behind the import of its base, before the app."""
    import libcst as cst

    first = written.partition(".")[0]
    imported = use = made = None
    for index, statement in enumerate(module.body):
        code = module.code_for_node(statement)
        small = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
        if any(isinstance(each, cst.Import | cst.ImportFrom) for each in small) and _word(first, code):
            imported = index
        if made is None and imported is not None and any(isinstance(each, cst.Assign | cst.AnnAssign) for each in small):
            made = index if any(f"{app}(" in code for app in _APPS) else None
        if use is None and _holds(statement, used):
            use = index
    if imported is None or use is None or imported >= use:
        return None
    return use if made is None else min(made, use)


def _word(name: str, code: str) -> bool:
    import re

    return re.search(rf"\b{re.escape(name)}\b", code) is not None


def _holds(statement: CSTNode, wanted: CSTNode) -> bool:
    return statement is wanted or any(_holds(child, wanted) for child in statement.children)
