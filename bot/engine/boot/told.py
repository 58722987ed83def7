"""Values that configuration code makes: told by the code alone, resting on a variable that may be set otherwise, or unknown.

Beside what `values.py` evaluates, the readers of variables that settings are full of: `env.list("NAME", default=[…])` of
django-environ and environs, `config("NAME", default=…, cast=Csv())` of decouple and Starlette, `os.getenv(…).split(",")`. A
default counts as the value, and is not sure.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal, NamedTuple

from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.modules import imported_as
from bot.engine.boot.values import UNKNOWN, Evaluated, dotted, evaluate, truth
from bot.engine.model.findings import Place

_DEEPEST = 20
_READERS = frozenset({"decouple.config", "decouple.AutoConfig", "environ.Env", "environs.Env", "starlette.config.Config"})
_USUAL = ("env", "config")  # what such a reader is called where a module of the repository hands it on
_VARIABLES = ("os.environ", "environ", "os.getenv", "getenv")
_TRUE = frozenset({"1", "true", "yes", "y", "on", "t"})


class Told(NamedTuple):
    """A value; `sure` False where a variable may make it another one."""

    value: Evaluated
    sure: bool


class Item(NamedTuple):
    """One entry of a list. `text` None: by a variable that is not known (`why` "env"), or by what was not followed ("open")."""

    text: str | None
    why: Literal["told", "default", "env", "open"]
    place: Place


class Reader:
    """Reads the expressions of one module; `constants` are what its names stand for, those of a function included."""

    def __init__(self, walk: Importer, loaded: Loaded, constants: Mapping[str, ast.expr] | None = None) -> None:
        self.walk = walk
        self.loaded = loaded
        self.constants = dict(loaded.facts.constants if constants is None else constants)
        self.scope = walk.scope(Frame(loaded, package_of(loaded), False, self.constants))

    def place(self, node: ast.expr) -> Place:
        """Return where an expression stands."""
        return Place(self.loaded.found.tree or "", node.lineno, node.col_offset + 1)

    def decide(self, test: ast.expr) -> tuple[bool | None, bool]:
        """Return whether a test holds, None where that can't be told, and whether that is sure."""
        plain = truth(test, self.scope)
        if plain is not None:
            return plain, True
        found = self.told(test)
        return (None if found.value is UNKNOWN else bool(found.value)), found.sure

    def told(self, node: ast.expr, depth: int = 0) -> Told:
        """Return what an expression comes to."""
        plain = evaluate(node, self.scope)
        if plain is not UNKNOWN or depth > _DEEPEST:
            return Told(plain, True)
        usual = evaluate(node, self.scope._replace(complete=True, memo=None))
        if usual is not UNKNOWN:
            return Told(usual, False)
        match node:
            case ast.Name(id=name) if name in self.constants:
                return self.told(self.constants[name], depth + 1)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.told(operand, depth + 1)
                return inner if inner.value is UNKNOWN else Told(not inner.value, inner.sure)
            case ast.BoolOp():
                return self._chained(node, depth)
            case ast.Call():
                return self._called(node, depth)
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=ast.Name(id=name), iter=source)]):
                return self._each(element, name, source, depth)
        return Told(UNKNOWN, True)

    def _chained(self, node: ast.BoolOp, depth: int) -> Told:
        sure = True
        found = Told(UNKNOWN, True)
        for operand in node.values:
            found = self.told(operand, depth + 1)
            sure = sure and found.sure
            if found.value is UNKNOWN or bool(found.value) is isinstance(node.op, ast.Or):
                break
        return Told(found.value, sure)

    def _each(self, element: ast.expr, name: str, source: ast.expr, depth: int) -> Told:
        """`[each.strip() for each in … if …]`: what is left out is empty."""
        inner = self.told(source, depth + 1)
        plain = element.func.value if isinstance(element, ast.Call) and isinstance(element.func, ast.Attribute) else element
        if not isinstance(inner.value, tuple) or dotted(plain) != name:
            return Told(UNKNOWN, True)
        return Told(tuple(text for each in inner.value if (text := str(each).strip())), inner.sure)

    def _called(self, node: ast.Call, depth: int) -> Told:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if dotted(node.func) in ("bool", "list", "tuple", "set") and len(node.args) == 1:
            return self.told(node.args[0], depth + 1)
        if method in ("split", "lower", "strip") and isinstance(node.func, ast.Attribute):
            inner = self.told(node.func.value, depth + 1)
            if not isinstance(inner.value, str):
                return Told(UNKNOWN, True)
            separator = evaluate(node.args[0], self.scope) if node.args else None
            parts = tuple(inner.value.split(separator if isinstance(separator, str) and separator else None))
            return Told(parts if method == "split" else str(getattr(inner.value, method)()), inner.sure)
        return self._variable(node, depth) if self.reads(node.func) else Told(UNKNOWN, True)

    def _variable(self, node: ast.Call, depth: int) -> Told:
        """`env.list("NAME", default=…)`, `config("NAME", …)`: the variable, else the default."""
        key = evaluate(node.args[0], self.scope) if node.args else UNKNOWN
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        default = given.get("default") or (node.args[1] if len(node.args) > 1 else None)
        if not isinstance(key, str):
            return Told(UNKNOWN, True)
        value = self.scope.env.get(key)
        if value is None and key not in self.scope.env and default is not None:
            found = self.told(default, depth + 1)
            return Told(_cast(found.value, node), False)
        return Told(_cast(UNKNOWN if value is None else value, node), True)

    def reads(self, function: ast.expr) -> bool:
        """Say whether a function reads variables: a reader of a library, or one of its methods."""
        root = dotted(function).partition(".")[0]
        known = imported_as(self.loaded.facts)
        made = self.constants.get(root)
        if isinstance(made, ast.Call):
            head, _, rest = dotted(made.func).partition(".")
            full = f"{known.get(head, head)}.{rest}" if rest else known.get(head, head)
            return full in _READERS
        full = known.get(root, "")
        return full in _READERS or (root in _USUAL and bool(full or root in self.loaded.facts.names))

    # --- lists

    def items(self, node: ast.expr, own: tuple[Item, ...] = (), name: str = "", depth: int = 0) -> tuple[Item, ...]:
        """Return the entries that an expression comes to; `own` is what the name stood for before."""
        if depth > _DEEPEST:
            return (Item(None, "open", self.place(node)),)
        match node:
            case ast.Constant(value=str(text)) if depth:
                return (Item(text, "told", self.place(node)),)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return tuple(item for each in elements for item in self._entry(each, own, name, depth))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return (*self.items(left, own, name, depth + 1), *self.items(right, own, name, depth + 1))
            case ast.Name(id=here) if name and here == name:
                return own
            case ast.Name(id=here) if here in self.constants:
                return self.items(self.constants[here], own, name, depth + 1)
            case ast.Call(args=[inner]) if dotted(node.func) in ("list", "tuple", "set", "frozenset", "sorted"):
                return self.items(inner, own, name, depth + 1)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                ways = [self.items(each, own, name, depth + 1) for each in (body, orelse)]
                return self._either(test, ways[0], ways[1], node)
        return self._spread(node)

    def _entry(self, node: ast.expr, own: tuple[Item, ...], name: str, depth: int) -> tuple[Item, ...]:
        if isinstance(node, ast.Starred):
            return self.items(node.value, own, name, depth + 1)
        found = self.told(node)
        if isinstance(found.value, str):
            return (Item(found.value, "told" if found.sure else "default", self.place(node)),)
        return () if found.value is None else (Item(None, "env" if self._by_variable(node) else "open", self.place(node)),)

    def _either(self, test: ast.expr, body: tuple[Item, ...], orelse: tuple[Item, ...], node: ast.expr) -> tuple[Item, ...]:
        decided, sure = self.decide(test)
        if decided is None:
            return (Item(None, "open", self.place(node)),)
        found = body if decided else orelse
        return found if sure else tuple(item._replace(why="default") if item.why == "told" else item for item in found)

    def _spread(self, node: ast.expr) -> tuple[Item, ...]:
        """Return the entries of a list that is made at once: by a variable's text, or in a way that was not followed."""
        found = self.told(node)
        place = self.place(node)
        if isinstance(found.value, tuple):
            if found.sure:
                return tuple(Item(str(each), "told", place) for each in found.value)
            return tuple(Item(str(each), "default", place) for each in found.value if each) or (Item(None, "env", place),)
        return (Item(None, "open", place),)

    def _by_variable(self, node: ast.expr) -> bool:
        """Say whether an expression is a variable's value, and nothing else."""
        inner = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Subscript) else node
        if isinstance(inner, ast.Attribute) and inner.attr == "get":
            inner = inner.value
        if isinstance(node, ast.JoinedStr):
            return True
        return dotted(inner) in _VARIABLES or (isinstance(node, ast.Call) and self.reads(node.func))


def _cast(value: Evaluated, node: ast.Call) -> Evaluated:
    """Return a variable's text as its reader hands it on."""
    if not isinstance(value, str):
        return value
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    wanted = ast.unparse(next((keyword.value for keyword in node.keywords if keyword.arg == "cast"), ast.Constant(None)))
    if method == "bool" or wanted == "bool":
        return value.strip().lower() in _TRUE
    if method in ("list", "tuple") or wanted.startswith("Csv") or "split(" in wanted or wanted == "list":
        return tuple(text for each in value.split(",") if (text := each.strip()))
    return value
