"""What is known of one Python file: what happens when it is imported, as events, and which names it defines."""

from __future__ import annotations

import ast
from typing import NamedTuple

from bot.engine.model.findings import Failure


class Import(NamedTuple):
    """`import module` (`names` None) or `from module import names`; `level` counts the leading dots.

    `aliases` are what the names are called here; of `import module as name`, that name alone.
    """

    module: str
    names: tuple[str, ...] | None
    level: int
    line: int
    column: int
    aliases: tuple[str, ...] = ()


class PathChange(NamedTuple):
    """`sys.path.insert(0, …)` and its like: `values` go in at the index `at`, or to the end where that is None.

    `values` None: the search for modules changes in a way that is not followed.
    """

    at: ast.expr | None
    values: tuple[ast.expr, ...] | None
    line: int


class Registration(NamedTuple):
    """`sys.modules[name] = …`: from here on, that module is there."""

    name: ast.expr
    line: int


class Call(NamedTuple):
    """A call of something by its dotted name; `.read_text` is a method of what is no name.

    `driven`: what it returns is awaited, or run by an event loop.
    """

    name: str
    node: ast.Call
    driven: bool = False


class Unbound(ast.Expr):
    """Stands before a statement that reads a name which nothing has bound by then: the name."""


class Unnamed(NamedTuple):
    """A name is read that nothing has bound."""

    name: str
    line: int
    column: int


class Variable(NamedTuple):
    """`os.environ["NAME"]`, which raises where nothing sets it."""

    node: ast.Subscript


class Stop(NamedTuple):
    """Nothing behind it runs: `return` (`returns`), or the end of the program (`raise`, `sys.exit()`), with what that says."""

    returns: bool
    says: ast.expr | None = None


class Branch(NamedTuple):
    """`if test:`; with `test` None both sides may run."""

    test: ast.expr | None
    body: tuple[Event, ...]
    orelse: tuple[Event, ...]


class Handler(NamedTuple):
    """`except …:`. `raises`: it ends the program, or raises again."""

    catches: frozenset[Failure]
    raises: bool
    body: tuple[Event, ...]


class Attempt(NamedTuple):
    """`try:` (or `with suppress(ImportError):`) with handlers that catch what fails inside."""

    body: tuple[Event, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Event, ...]

    def handler(self, failure: Failure) -> Handler | None:
        """Return the handler that Python takes for a failure; None where nothing catches it in the end."""
        first = next((handler for handler in self.handlers if failure in handler.catches), None)
        return None if first is None or first.raises else first


Event = Import | PathChange | Registration | Call | Unnamed | Variable | Stop | Branch | Attempt


class Syntax(NamedTuple):
    """Why a file does not parse."""

    line: int
    column: int
    message: str  # as Python prints it: `SyntaxError: invalid syntax`
    merge: bool = False  # a conflict that was committed, which no version accepts


class Facts(NamedTuple):
    """What is known of one file."""

    events: tuple[Event, ...]
    names: frozenset[str]
    bound: dict[str, tuple[int, int]]  # line and column from which on each name is there for the first time
    stars: tuple[Import, ...]
    dynamic: bool  # names may appear that can't be seen: __getattr__, globals(), exec
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    constants: dict[str, ast.expr]
    error: Syntax | None
    classes: dict[str, ast.ClassDef] = {}  # noqa: RUF012  (a tuple's default, which nobody changes)
    guarded: frozenset[str] = frozenset()  # names that are bound only where the file runs as `__main__`


EMPTY = Facts((), frozenset(), {}, (), True, {}, {}, None)
