"""Edits that give an app one more route: a function in the framework's own style, behind those that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from bot.engine.model.findings import App, Route
from bot.engine.model.tree import Tree
from codemods import _python

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import libcst as cst

    Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

_RESPONSES = (("JSONResponse", '{"status": "ok"}'), ("PlainTextResponse", '"ok"'), ("Response", '"ok"'))  # of Starlette
_VERBS = "get|post|put|patch|delete|route|api_route"


class Wanted(NamedTuple):
    """A route to write: its path, names for its function, best first, and the lines of its body.

    `awaits` says whether it is a coroutine, None where that follows the file; `early`: another route would take its path.
    """

    path: str
    names: tuple[str, ...]
    body: tuple[str, ...]
    awaits: bool | None = None
    early: bool = False


class _Spot(NamedTuple):
    """Where an app is made: the statements, the number of the one that does it, its call; `function` None at the top level."""

    body: Sequence[Statement]
    at: int
    call: cst.Call
    function: cst.FunctionDef | None


def with_routes(tree: Tree, app: App, routes: Iterable[Route], wanted: list[Wanted]) -> str | None:
    """Return the text of the app's file with more routes; None where the app is not made plainly."""
    text = tree.text(app.place.path)
    files = {route.handler.path for route in routes if route.handler} | {app.place.path}
    taken = {word for path in files for word in re.findall(r"\w+", tree.text(path))}
    module = _python.parse(text)
    spot = _spot(module, app) if module is not None else None
    names = [next((name for name in each.names if name not in taken), "") for each in wanted]
    if module is None or spot is None or "" in names:
        return None
    writer = _Writer(module, spot, app, text)
    if app.framework in ("starlette", "litestar"):
        changed = writer.listed(wanted[0], names[0])
    else:
        changed = writer.decorated(list(zip(wanted, names, strict=True)))
    return _python.written(changed, text) if changed is not None else None


def response(text: str, app: App) -> str | None:
    """Return the expression of an answer that all is well, in what the file already uses; None where it has no class for it."""
    if app.framework == "starlette":
        found = next((each for each in _RESPONSES if re.search(rf"^(?:from|import)\b.*\b{each[0]}\b", text, re.M)), None)
        return f"{found[0]}({found[1]})" if found else None
    return jsonified('{"status": "ok"}', text, app)


def jsonified(value: str, text: str, app: App) -> str:
    """Return what a function answers a dictionary with."""
    uses = app.framework == "flask" and re.search(r"^from flask import [^#]*?\bjsonify\b", text, re.M | re.S)
    return f"jsonify({value})" if uses else value


def _spot(module: cst.Module, app: App) -> _Spot | None:
    """Return where an app is made: in a module's own code, or in that of a function at its top level."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    blocks = [each for each in module.body if isinstance(each, cst.FunctionDef) and isinstance(each.body, cst.IndentedBlock)]
    for function in (None, *blocks):
        inner = module.body if function is None else cst.ensure_type(function.body, cst.IndentedBlock).body
        body = cast("Sequence[Statement]", inner)
        for index, each in enumerate(body):
            small = each.body[0] if isinstance(each, cst.SimpleStatementLine) and len(each.body) == 1 else None
            where = positions[each]
            if isinstance(small, cst.Assign | cst.AnnAssign) and where.start.line <= app.place.line <= where.end.line:
                target = small.target if isinstance(small, cst.AnnAssign) else small.targets[0].target
                if isinstance(small.value, cst.Call) and module.code_for_node(target) == app.name:
                    return _Spot(body, index, small.value, function)
    return None


class _Writer:
    def __init__(self, module: cst.Module, spot: _Spot, app: App, text: str) -> None:
        self.module = module
        self.spot = spot
        self.app = app
        self.text = text
        self.codes = [module.code_for_node(each) for each in spot.body]

    # --- frameworks with decorators

    def decorated(self, wanted: list[tuple[Wanted, str]]) -> cst.Module | None:
        """Return the module with decorated functions behind the last one, or behind what else is put on the app."""
        verb = "get"
        if self.app.framework == "flask" and not re.search(rf"^\s*@{re.escape(self.app.name)}\.get\(", self.text, re.M):
            verb = "route"
        sources = []
        for each, name in wanted:
            head = f'@{self.app.name}.{verb}("{each.path}")'
            sources.append("\n".join([head, *self.function(each, name, "")]) + "\n")
        return self.inserted(self.behind(wanted[0][0].early), sources)

    def function(self, wanted: Wanted, name: str, given: str) -> list[str]:
        """Return the lines of a function."""
        awaits = self.awaits() if wanted.awaits is None else wanted.awaits
        head = f"{'async ' if awaits else ''}def {name}({given}){self.returns()}:"
        return [head, *(f"    {line}" for line in wanted.body)]

    def awaits(self) -> bool:
        """Say whether functions of routes are coroutines here: those of an ASGI framework, unless most are not."""
        import libcst as cst

        found = [each.asynchronous for each in self.spot.body if isinstance(each, cst.FunctionDef) and each.decorators]
        return self.app.framework != "flask" and found.count(None) * 2 <= len(found)

    def returns(self) -> str:
        """Return the annotation of what a function returns, where the file has them."""
        if self.app.framework == "litestar":
            return " -> dict[str, str]"
        heads = re.findall(r"^(?:async )?def .*", self.text, re.M)
        told = [head for head in heads if "->" in head]
        plain = self.app.framework == "fastapi" or ("jsonify" not in self.text and self.app.framework == "flask")
        return " -> dict[str, str]" if plain and told and len(told) * 2 > len(heads) else ""

    def behind(self, early: bool) -> int:
        """Return behind which statement a route stands: the last that puts something on the app, before it is served."""
        name, last = re.escape(self.app.name), self.spot.at
        decorated, called = re.compile(rf"^\s*@{name}\.\w+", re.M), re.compile(rf"{name}\.\w+\(|.*\(\s*{name}\s*[,)]")
        ends = re.compile(rf"return\b|if __name__\b|(?:\w+\.)*(?:run|serve)\(\s*{name}\b|{name}\.run\(")
        for index in range(self.spot.at + 1, len(self.codes)):
            code = _bare(self.codes[index])
            if ends.match(code) or (early and re.search(rf"^\s*@{name}\.(?:{_VERBS})\b|include_router", code, re.M)):
                break
            if decorated.search(code) or called.match(code):
                last = index
        return last

    # --- frameworks with lists

    def listed(self, wanted: Wanted, name: str) -> cst.Module | None:
        """Return the module with a function above the list of routes, and an entry for it there."""
        import libcst as cst

        entry = f'Route("{wanted.path}", {name})' if self.app.framework == "starlette" else name
        keyword = "routes" if self.app.framework == "starlette" else "route_handlers"
        given = "request" if self.app.framework == "starlette" else ""
        if self.app.framework == "litestar" and not re.search(r"^from litestar import [^#]*?\bget\b", self.text, re.M | re.S):
            return None
        head = [f'@get("{wanted.path}")'] if self.app.framework == "litestar" else []
        listed, at = self.list_of(keyword)
        if listed is None:
            return None
        more = _python.append(listed, entry, self.module)
        source = "\n".join([*head, *self.function(wanted._replace(awaits=True), name, given)]) + "\n"
        changed = self.inserted(at - 1, [source])
        return cst.ensure_type(changed.deep_replace(listed, more), cst.Module) if changed is not None else None

    def list_of(self, keyword: str) -> tuple[cst.List | None, int]:
        """Return the list that an app is given, and the number of the statement that it stands in."""
        import libcst as cst

        given = [each.value for each in self.spot.call.args if each.keyword and each.keyword.value == keyword]
        if len(given) == 1 and isinstance(given[0], cst.List):
            return given[0], self.spot.at
        name = self.module.code_for_node(given[0]) if len(given) == 1 and isinstance(given[0], cst.Name) else ""
        for index, each in enumerate(self.spot.body[: self.spot.at]):
            inner = each.body[0] if isinstance(each, cst.SimpleStatementLine) else None
            value = inner.value if isinstance(inner, cst.Assign) else None
            if isinstance(inner, cst.Assign) and self.module.code_for_node(inner.targets[0].target) == name:
                return (value if isinstance(value, cst.List) else None), index
        return None, 0

    # --- the edit

    def inserted(self, after: int, sources: list[str]) -> cst.Module | None:
        """Return the module with statements behind another one, as far apart as functions are here."""
        import libcst as cst

        gap = self.gap()
        blank = [cst.EmptyLine(indent=False)] * gap
        new = [_python.statement(self.module, source, self.text).with_changes(leading_lines=blank) for source in sources]
        if after < 0:
            new[0] = new[0].with_changes(leading_lines=[])
        body = [*self.spot.body[: after + 1], *new, *self.spot.body[after + 1 :]]
        following = after + 1 + len(new)
        if following < len(body):
            body[following] = _apart(body[following], gap)
        if self.spot.function is None:
            return self.module.with_changes(body=body)
        block = cst.ensure_type(self.spot.function.body, cst.IndentedBlock)
        function = self.spot.function.with_changes(body=block.with_changes(body=body))
        changed = self.module.deep_replace(self.spot.function, function)
        return changed if isinstance(changed, cst.Module) else None

    def gap(self) -> int:
        """Return how many blank lines stand before a function."""
        if self.spot.function is not None:
            return 1
        found = re.findall(rf"\n((?:[ \t]*\r?\n)*)@{re.escape(self.app.name)}\.", self.text)
        counts = [each.count("\n") for each in found[1:] or found]
        return 1 if counts and max(counts) <= 1 else 2


def _apart(statement: Statement, gap: int) -> Statement:
    """Return a statement with at least so many blank lines above it and its comments."""
    import libcst as cst

    lines = list(statement.leading_lines)
    there = next((index for index, line in enumerate(lines) if line.comment is not None), len(lines))
    return statement.with_changes(leading_lines=[*[cst.EmptyLine(indent=False)] * max(0, gap - there), *lines])


def _bare(code: str) -> str:
    """Return a statement without the blank lines and comments above it."""
    return re.sub(r"\A(?:[ \t]*(?:#.*)?\r?\n)+", "", code).lstrip(" \t")
