"""Files of Python whose names are looked up with LibCST's scopes, and that are edited by splices."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import libcst as cst
from libcst.metadata import Access, GlobalScope, MetadataWrapper, ParentNodeProvider, PositionProvider, Scope, ScopeProvider
from libcst.metadata import Assignment as Bound

from bot.engine.model import stdlib
from bot.engine.model.tree import Splice, Tree, Unreadable, newline, parent, splice
from codemods import _python

_LINES = re.compile(r"\r\n|\n|\r")
_BLANK = re.compile(r"[ \t\f]*(?:\r\n|\n|\r)")
_COMMENT = re.compile(r"[ \t\f]*#")
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


class Source:
    """One file, parsed, with the splices that are made so far."""

    def __init__(self, path: str, text: str, module: cst.Module) -> None:
        self.path, self.text = path, text
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = module
        self.positions = wrapper.resolve(PositionProvider)
        self.scopes = wrapper.resolve(ScopeProvider)
        self.parents = wrapper.resolve(ParentNodeProvider)
        self.plain = text.removeprefix("\ufeff")
        self.starts = [0, *(match.end() for match in _LINES.finditer(self.plain))]
        self.splices: list[Splice] = []
        self.boundaries: dict[int, Splice] = {}
        self.wraps: list[cst.CSTNode] = []
        self.taken: set[str] = set()
        self.newline, self.indent = newline(text), module.default_indent
        self.hinted = ") -> " in text
        every = {scope for scope in self.scopes.values() if scope is not None}
        self.all_scopes = every
        self.globals = next((scope for scope in every if isinstance(scope, GlobalScope)), None)

    def edited(self) -> str:
        """Return the text with all splices."""
        mark = "\ufeff" * self.text.startswith("\ufeff")
        return mark + splice(self.plain, [*self.boundaries.values(), *self.splices])

    # --- what is there

    def offset(self, node: cst.CSTNode, end: bool = False) -> int:
        """Return where a node starts, or ends, in the text."""
        place = self.positions[node].end if end else self.positions[node].start
        return self.starts[place.line - 1] + place.column

    def line(self, node: cst.CSTNode) -> int:
        """Return the line in which a node starts."""
        return self.positions[node].start.line

    def spans(self, node: cst.CSTNode, line: int) -> bool:
        """Say whether a node stands in a line."""
        return self.positions[node].start.line <= line <= self.positions[node].end.line

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
        for scope in self.all_scopes:
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

    # --- edits

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Put text in the place of a node."""
        self.splices.append(Splice(self.offset(node), self.offset(node, True), text))

    def function(self, found: Assignment, head: list[str]) -> None:
        """Turn an assignment into a function that returns its value; `head` are the lines before it."""
        start, value = self.offset(found.statement), self.offset(found.value)
        inner = self.plain[value : self.offset(found.value, True)]
        left = self.plain[start:value]
        opening = left[left.index("=") + 1 :].lstrip(" \t") if "(" in left.rpartition("=")[2] else ""
        self.splices.append(Splice(start, value, self.newline.join(head) + opening))
        if '"""' not in inner and "'''" not in inner:
            self._indent(value, self.offset(found.statement, True))
        self._apart(found.statement)

    def wrapped(self, statement: cst.CSTNode, head: str, last: str) -> None:
        """Put a statement into a function that starts with `head` and ends with `last`."""
        start, end = self.offset(statement), self.offset(statement, True)
        text = self.plain[start:end].rstrip()
        line_end = _LINES.search(self.plain, start + len(text))  # behind its comment
        end = line_end.start() if line_end else len(self.plain)
        self.splices.append(Splice(start, start, f"{head}{self.newline}{self.indent}"))
        self._indent(start, end)
        self.splices.append(Splice(end, end, f"{self.newline}{self.indent}{last}"))
        self.wraps.append(statement)
        self._apart(statement)

    def _indent(self, start: int, end: int) -> None:
        """Move the lines behind the first one of a passage to the right."""
        for at in self.starts:
            if start < at < end and not _BLANK.match(self.plain, at) and self.plain[at] != "#":  # which stands apart
                self.splices.append(Splice(at, at, self.indent))

    def _apart(self, statement: cst.CSTNode) -> None:
        """Put two blank lines before a statement and its comments, and behind it."""
        first = self.line(statement) - 1
        while first and _COMMENT.match(self.plain, self.starts[first - 1]):
            first -= 1
        self._boundary(first)
        self._boundary(self.positions[statement].end.line if self.offset(statement, True) else first)

    def _boundary(self, number: int) -> None:
        """See that two blank lines stand before the first line, counted from 0, from here on that is not blank."""
        at = number
        while at < len(self.starts) and _BLANK.match(self.plain, self.starts[at]):
            at += 1
        if at >= len(self.starts) or self.starts[at] >= len(self.plain.rstrip()):
            return
        blank = at
        while blank and _BLANK.match(self.plain, self.starts[blank - 1]):
            blank -= 1
        if blank:
            here = self.starts[at]
            self.boundaries[here] = Splice(here, here, self.newline * max(0, 2 - (at - blank)))

    def importing(self, package: str, name: str) -> str:
        """See that something of the standard library is imported; return what it is called here."""
        word = name.partition("(")[0]
        if re.search(rf"^import {package}\b", self.plain, re.M):
            return f"{package}.{name}"
        if re.search(rf"^from {package} import [^\n]*\b{word}\b", self.plain, re.M) or f"import {word}" in self.taken:
            return name
        self.taken.add(f"import {word}")
        listed = re.search(rf"^from {package} import (?!\()([^\n#]*[^\s#,])", self.plain, re.M)
        if listed:
            names = listed[1].split(",")
            at = listed.start(1) if word < names[0].strip() else listed.end(1)
            self.splices.append(Splice(at, at, f"{word}, " if at == listed.start(1) else f", {word}"))
        else:
            at = self._import_at()
            self.splices.append(Splice(at, at, f"from {package} import {word}{self.newline}"))
        return name

    def _import_at(self) -> int:
        """Return where a new import of the standard library stands: behind the last one of the first block, or before all."""
        first: int | None = None
        last: int | None = None
        for statement in self.module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            if isinstance(small, cst.Expr) and first is None:
                continue
            if not isinstance(small, cst.Import | cst.ImportFrom):
                break
            code = self.module.code_for_node(small).split()
            line = self.positions[statement].end.line
            if code[1] == "__future__":
                continue
            first = self.starts[self.line(statement) - 1] if first is None else first
            if isinstance(small, cst.ImportFrom) and small.relative:
                continue
            if stdlib.has(code[1].partition(".")[0].rstrip(","), (3, 12)) and line < len(self.starts):
                last = self.starts[line]
        return last if last is not None else first if first is not None else 0

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

    def tried(self, statement: cst.CSTNode, errors: str, handler: str) -> None:
        """Put a statement into `try`, with a handler of one line."""
        start, end = self.offset(statement), self.offset(statement, True)
        end = start + len(self.plain[start:end].rstrip())
        line_end = _LINES.search(self.plain, end)
        end = line_end.start() if line_end else len(self.plain)
        outer = self.plain[self.starts[self.line(statement) - 1] : start]
        self.splices.append(Splice(start, start, f"try:{self.newline}{outer}{self.indent}"))
        self._indent(start, end)
        words = _python.styled(handler, self.plain)
        tail = f"{outer}except {errors}:{self.newline}{outer}{self.indent}{words}"
        self.splices.append(Splice(end, end, f"{self.newline}{tail}"))

    def importing_module(self, package: str) -> str:
        """See that a module of the standard library is imported; return its name."""
        if not re.search(rf"^import {package}\b", self.plain, re.M):
            at = self._import_at()
            self.splices.append(Splice(at, at, f"import {package}{self.newline}"))
        return package

    def importing_from(self, package: str, name: str) -> str:
        """See that a name of an installed package is imported, behind the last import of its distribution; return the name."""
        if re.search(rf"^from {re.escape(package)} import [^\n]*\b{name}\b", self.plain, re.M):
            return name
        top = package.partition(".")[0]
        places = [
            self.positions[each].end.line
            for each in self.module.body
            if re.match(rf"(?:from|import) {top}\b", self.module.code_for_node(each).lstrip())
        ]
        at = self.starts[places[-1]] if places and places[-1] < len(self.starts) else self._import_end()
        self.splices.append(Splice(at, at, f"from {package} import {name}{self.newline}"))
        return name

    def _import_end(self) -> int:
        """Return where the first group of imports from installed packages ends; behind the standard library's without one."""
        end: int | None = None
        for statement in self.module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            if not isinstance(small, cst.Import | cst.ImportFrom):
                continue
            top = self.module.code_for_node(small).split()[1].partition(".")[0].rstrip(",")
            if stdlib.has(top, (3, 12)) or top == "__future__":
                continue
            if not top or (end is not None and self.line(statement) != end + 1):
                break
            end = self.positions[statement].end.line
        return self.starts[end] if end is not None and end < len(self.starts) else self._import_at()

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
