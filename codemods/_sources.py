"""Files of Python whose names are looked up with LibCST's scopes, to be edited."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import libcst as cst
from libcst.metadata import Access, GlobalScope, ParentNodeProvider, Scope, ScopeProvider
from libcst.metadata import Assignment as Bound

from bot.engine.model.tree import Splice, Tree, Unreadable, parent
from codemods import _python
from codemods._edits import Edits

_CREATES = r"(?:await )?(?:\w+\.run_sync\()?[\w.]*metadata\.create_all\b[^\n]*$"
_SAYING = re.compile(r"(?:print|log(?:ger|ging)?\.\w+)$")


class Assignment(NamedTuple):
    """`name = value` (or `name: hint = value`) at the top level of a module."""

    name: str
    statement: cst.SimpleStatementLine
    value: cst.BaseExpression
    hint: str


class Use(NamedTuple):
    """Where a name is used: in a function (or lambda) that is called later, in an assignment of the module, under
    `if __name__ == "__main__":`, or as the module starts; `own` is the check itself. `harmless` only prints or logs it."""

    node: cst.Name
    kind: Literal["function", "assignment", "main", "start", "own"]
    line: int
    assignment: Assignment | None = None
    harmless: bool = False


class Brought(NamedTuple):
    """A name that a file imports: as what, and where it is bound (`shared`: in the module itself)."""

    alias: cst.ImportAlias
    local: str
    renamed: bool
    scope: Scope
    shared: bool


class Guard(NamedTuple):
    """A statement that ends the program where a value is missing, and the one name of the module that it looks at."""

    statement: cst.If | cst.SimpleStatementLine
    name: str | None


def read(tree: Tree, path: str) -> Source | None:
    """Return a file to edit; None where it is not parsed."""
    try:
        text = tree.text(path)
    except Unreadable:
        return None
    module = _python.parse(text)
    return Source(path, text, module) if module else None


class Source(Edits):
    """One file to edit, with the names of its scopes."""

    def __init__(self, path: str, text: str, module: cst.Module) -> None:
        super().__init__(path, text, module)
        self.scopes = {scope for scope in self.wrapper.resolve(ScopeProvider).values() if scope is not None}
        self.parents = self.wrapper.resolve(ParentNodeProvider)
        self.globals = next((scope for scope in self.scopes if isinstance(scope, GlobalScope)), None)
        self.hinted = ") -> " in text

    def bound(self, name: str, scope: Scope | None = None) -> int:
        """Return how often a scope binds a name; the module's own if none is given."""
        where = scope or self.globals
        return len(list(where.assignments[name])) if where else 0

    def free(self, name: str) -> str | None:
        """Return a name that the file does not use yet, close to what is wanted."""
        for each in (name, f"{name}_value"):
            if each not in self.taken and not re.search(rf"\b{re.escape(each)}\b", self.plain):
                self.taken.add(each)
                return each
        return None

    def assignment(self, line: int) -> Assignment | None:
        """Return the plain assignment of the module in which a line stands."""
        return next((found for each in self.module.body if self.spans(each, line) and (found := self._plain(each))), None)

    def _plain(self, statement: cst.CSTNode) -> Assignment | None:
        """Return a statement of the module as a plain assignment, if it is one."""
        if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
            return None
        small, code = statement.body[0], self.module.code_for_node
        if isinstance(small, cst.Assign) and len(small.targets) == 1 and isinstance(small.targets[0].target, cst.Name):
            return Assignment(small.targets[0].target.value, statement, small.value, "")
        if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name) and small.value is not None:
            return Assignment(small.target.value, statement, small.value, code(small.annotation.annotation))
        return None

    def guard(self, line: int) -> Guard | None:
        """Return the check at a line: an `if` without `else` that raises, or an `assert`."""
        for each in self.module.body:
            test: cst.BaseExpression | None = None
            if isinstance(each, cst.If) and each.orelse is None and self.spans(each.test, line) and self._raises(each.body):
                test = each.test
            elif isinstance(each, cst.SimpleStatementLine) and len(each.body) == 1 and self.spans(each, line):
                test = each.body[0].test if isinstance(each.body[0], cst.Assert) else None
            if test is not None and isinstance(each, cst.If | cst.SimpleStatementLine):
                names = {use.value for use in _names(test) if self._assigned(use.value)}
                return Guard(each, names.pop() if len(names) == 1 else None)
        return None

    def _raises(self, body: cst.BaseSuite) -> bool:
        last = body.body[-1] if body.body else None
        return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Raise)

    def _assigned(self, name: str) -> bool:
        return any((found := self._plain(each)) is not None and found.name == name for each in self.module.body)

    def uses(self, name: str, scope: Scope | None = None) -> list[Use]:
        """Return where a name of a scope is used (the module's own if none is given), in the order of the text."""
        where = scope or self.globals
        accesses: set[Access] = set()
        for bound in where.assignments[name] if where else ():
            accesses |= set(bound.references)
        found = [self._use(_first(access.node)) for access in accesses]
        return sorted(found, key=lambda use: self.offset(use.node))

    def _use(self, node: cst.Name) -> Use:
        line, above = self.line(node), self.parents.get(node)
        child: cst.CSTNode = node
        small: cst.CSTNode | None = None
        top: cst.CSTNode = node
        while above is not None:
            if isinstance(above, cst.FunctionDef | cst.Lambda) and child is above.body:
                return Use(node, "function", line)
            small = above if small is None and isinstance(above, cst.Expr) else small
            if isinstance(above, cst.Module):
                top = child
            child, above = above, self.parents.get(above)
        call = small.value if isinstance(small, cst.Expr) else None
        harmless = isinstance(call, cst.Call) and _SAYING.match(self.module.code_for_node(call.func)) is not None
        if any(top is each for each in self.wraps):
            return Use(node, "own", line)
        plain = self._plain(top)
        if plain is not None:
            return Use(node, "assignment", line, plain)
        main = isinstance(top, cst.If) and "__main__" in self.module.code_for_node(top.test)
        return Use(node, "main" if main else "start", line, None, harmless)

    def imported(self, path: str, name: str) -> list[Brought]:
        """Return where the file imports a name from the module at `path`."""
        found = []
        for scope in self.scopes:
            for bound in scope.assignments:
                statement = bound.node if isinstance(bound, Bound) else None
                if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
                    continue
                module = self.module.code_for_node(statement.module) if statement.module else ""
                if not resolves(self.path, len(statement.relative), module, path):
                    continue
                for alias in statement.names:
                    local = alias.evaluated_alias or alias.evaluated_name
                    if alias.evaluated_name == name and local == bound.name:
                        found.append(Brought(alias, local, alias.asname is not None, scope, scope is self.globals))
        return found

    def creating(self, line: int) -> cst.With | cst.SimpleStatementLine | None:
        """Return the statement in a line that creates tables and does nothing else: a call, or a `with` around such calls."""
        found = [node for node in self.positions if isinstance(node, cst.With | cst.SimpleStatementLine)]
        within = [node for node in found if self.line(node) <= line <= self.positions[node].end.line]
        for node in sorted(within, key=self.line):
            inner = list(node.body.body) if isinstance(node, cst.With) else [node]
            if all(map(self._creates, inner)):
                return node
        return None

    def _creates(self, statement: cst.CSTNode) -> bool:
        """Say whether a statement is one call that creates tables."""
        small = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
        return len(small) == 1 and re.match(_CREATES, self.module.code_for_node(small[0])) is not None

    def logger(self) -> str:
        """Return what the file calls its logger; one by the module's name where it has none, with its import."""
        for name in ("logger", "log", "LOGGER"):
            if self._assigned(name):
                return name
        return f"{self.importing_module('logging')}.getLogger(__name__)"

    def renames(self, found: Brought, accessor: str, local: str, beside: bool) -> None:
        """Let an import bring an accessor instead of a name, or `beside` it."""
        words = f"{accessor} as {local}" if found.renamed else accessor
        start, end = self.offset(found.alias.name), self.offset(found.alias.asname or found.alias.name, True)
        if found.alias.asname:
            end = self.offset(found.alias.asname.name, True)
        self.splices.append(Splice(end, end, f", {words}") if beside else Splice(start, end, words))


def _names(node: cst.CSTNode) -> list[cst.Name]:
    found: list[cst.Name] = []

    class Visitor(cst.CSTVisitor):
        def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802  (LibCST's name)
            node.value.visit(self)
            return False

        def visit_Name(self, node: cst.Name) -> None:  # noqa: N802
            found.append(node)

    node.visit(Visitor())
    return found


def _first(node: cst.CSTNode) -> cst.Name:
    """Return the name that an access begins with."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return cst.ensure_type(node, cst.Name)


def resolves(importer: str, level: int, module: str, path: str) -> bool:
    """Say whether an import in one file means the module of another one."""
    wanted = path.removesuffix(".py").removesuffix("/__init__")
    inner = module.replace(".", "/")
    if level == 0:
        return bool(inner) and (wanted == inner or wanted.endswith(f"/{inner}"))
    folder = importer
    for _ in range(level):
        folder = parent(folder)
    return f"{folder}/{inner}".strip("/") == wanted


def names_module(text: str, path: str) -> bool:
    """Say whether a file may import a module, by a search for the word."""
    return re.search(rf"\b{re.escape(_stem(path))}\b", text) is not None or "from . import" in text


def _stem(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]


def others(text: str, path: str, name: str) -> list[int]:
    """Return the lines in which a file takes a name from a module otherwise than by `from module import name`."""
    stem, word = re.escape(_stem(path)), re.escape(name)
    aliases = re.findall(rf"\bimport[^\n#]*\b{stem} as (\w+)", text)
    owners = "|".join([stem, *map(re.escape, aliases)])
    found = [
        *re.finditer(rf"\b(?:{owners})\.{word}\b", text),
        *re.finditer(rf"\bfrom [\w.]*\b{stem} import \*", text),
        *re.finditer(rf"\b(?:setattr|getattr|delattr|patch\.object)\([^\n]*[\"']{word}[\"']", text),
    ]
    return sorted(text.count("\n", 0, match.start()) + 1 for match in found)
