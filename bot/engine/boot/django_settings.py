"""The settings of a Django project, followed through the statements of their modules.

Where a branch may run or not, both outcomes are kept: `lists` returns every list that a setting may come to.
"""

from __future__ import annotations

import ast

from bot.engine.boot.facts import Import
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.importer import Importer
from bot.engine.boot.modules import parsed
from bot.engine.boot.told import Item, Reader
from bot.engine.boot.values import UNKNOWN, Evaluated, dotted
from bot.engine.model.findings import Place
from bot.engine.model.tree import Unreadable

_MOST = 8  # outcomes that are kept
List = tuple[Item, ...]
States = list[List | None]  # None: not set so far


class Settings:
    """What a settings module, with those that it takes in by `import *`, makes of its names."""

    def __init__(self, walk: Importer, loaded: Loaded) -> None:
        self.walk = walk
        self.loaded = loaded

    def lists(self, name: str) -> list[List] | None:
        """Return the lists that a setting may come to; None where it is not set without doubt."""
        found = _Follow(self.walk, self.loaded, name, frozenset()).run([None])
        return None if not found or None in found else [each for each in found if each is not None]

    def values(self, name: str) -> list[tuple[Evaluated, bool]]:
        """Return the plain values that a setting may come to, and whether each is sure; nothing where it is not set."""
        found = _Follow(self.walk, self.loaded, name, frozenset(), plain=True).run([None])
        told = [each[0] for each in found if each]
        return [({"True": True, "False": False}.get(str(item.text), item.text), item.why == "told") for item in told]

    def place(self, name: str) -> Place | None:
        """Return where a plain value was set last."""
        found = _Follow(self.walk, self.loaded, name, frozenset(), plain=True).run([None])
        return next((each[0].place for each in found if each), None)

    def flag(self, name: str) -> tuple[bool, bool]:
        """Return whether a switch is on without doubt, and whether that is sure."""
        found = self.values(name)
        return bool(found) and all(value is True for value, _ in found), all(sure for _, sure in found)


class _Follow:
    """Follows one name through a module."""

    def __init__(self, walk: Importer, loaded: Loaded, name: str, seen: frozenset[str], plain: bool = False) -> None:
        self.walk = walk
        self.loaded = loaded
        self.name = name
        self.seen = seen | {loaded.name}
        self.plain = plain  # the setting is no list
        self.reader = Reader(walk, loaded)

    def run(self, states: States) -> States:
        tree = self.loaded.found.tree
        if tree is None:
            return [(Item(None, "open", Place("", 1)),)]
        try:
            body = parsed(self.walk.tree.read(tree)).body
        except (SyntaxError, Unreadable):
            return [(Item(None, "open", Place(tree, 1)),)]
        return self.block(body, states)

    def block(self, body: list[ast.stmt], states: States) -> States:
        for statement in body:
            states = self.statement(statement, states)
            if len(states) > _MOST:
                return [(Item(None, "open", Place(self.loaded.found.tree or "", statement.lineno)),)]
        return states

    def statement(self, statement: ast.stmt, states: States) -> States:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=self.name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=self.name), value=ast.expr() as value)
            ):
                return [self.made(value, state) for state in states]
            case ast.AugAssign(target=ast.Name(id=self.name), value=value):
                return [(*(state or ()), *self.made(value, state)) for state in states]
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=self.name), attr=verb), args=args)):
                return [self.changed(verb, args, state, statement) for state in states]
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module, level=level):
                return self.taken_in(module or "", level, states)
            case ast.If(test=test, body=body, orelse=orelse):
                return self.branch(test, body, orelse, states)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):
                fine = self.block(orelse, self.block(body, states))
                caught = [each for handler in handlers for each in self.block(handler.body, states)]
                return self.block(last, _distinct([*fine, *caught]))
            case ast.With(body=body):
                return self.block(body, states)
        return [(Item(None, "open", self.place(statement)),)] if self.hidden(statement) else states

    def place(self, node: ast.stmt) -> Place:
        return Place(self.loaded.found.tree or "", node.lineno, node.col_offset + 1)

    def made(self, value: ast.expr, state: List | None) -> List:
        if not self.plain:
            return self.reader.items(value, state or (), self.name)
        found = self.reader.told(value)
        text = None if found.value is UNKNOWN else str(found.value)
        if isinstance(found.value, tuple):
            text = ":".join(map(str, found.value))
        why = "open" if text is None else "told" if found.sure else "default"
        return (Item(text, why, self.reader.place(value)),)  # type: ignore[arg-type]

    def changed(self, verb: str, args: list[ast.expr], state: List | None, statement: ast.stmt) -> List | None:
        """Return a list after one of its methods was called."""
        before = state or ()
        last = args[-1] if args else ast.Constant(None)
        one = self.reader.items(ast.copy_location(ast.List([last], ast.Load()), statement)) if args else ()
        match verb:
            case "append":
                return (*before, *one)
            case "extend":
                return (*before, *self.reader.items(last, before, self.name))
            case "insert" if isinstance(args[0], ast.Constant) and isinstance(args[0].value, int):
                at = args[0].value
                return (*before[:at], *one, *before[at:])
            case "copy" | "count" | "index":
                return state
        return (Item(None, "open", self.place(statement)),)

    def taken_in(self, module: str, level: int, states: States) -> States:
        base = self.walk.absolute(Import(module, ("*",), level, 0, 0), package_of(self.loaded))
        other = self.walk.loaded.get(base or "")
        if other is None or other.name in self.seen:
            return states
        return _Follow(self.walk, other, self.name, self.seen, self.plain).run(states) if other.found.tree else states

    def branch(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], states: States) -> States:
        decided, sure = self.reader.decide(test)
        if decided is None:
            return _distinct([*self.block(body, states), *self.block(orelse, states)])
        after = self.block(body if decided else orelse, states)
        if sure or self.block(orelse if decided else body, states) == after:
            return after
        return [state and tuple(i._replace(why="default") if i.why == "told" else i for i in state) for state in after]

    def hidden(self, statement: ast.stmt) -> bool:
        """Say whether a statement may set the name in a way that is not followed."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == self.name and not isinstance(node.ctx, ast.Load):
                return True
            if isinstance(node, ast.Call) and dotted(node.func) in ("locals", "globals", "exec", "vars"):
                return True
        return False


def _distinct(states: States) -> States:
    return list(dict.fromkeys(states))
