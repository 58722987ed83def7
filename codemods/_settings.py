"""Edits of pydantic's settings classes, by splicing: what stands in the class decides how its configuration is written."""

from __future__ import annotations

import ast
import warnings
from typing import NamedTuple

from bot.engine.boot.settings import configured, declared
from bot.engine.model.tree import Splice, newline, splice
from codemods import _python

Node = ast.expr | ast.stmt | ast.keyword | ast.alias


class Source(NamedTuple):
    """A file of Python that parses, and where its lines begin."""

    text: str
    module: ast.Module
    starts: tuple[int, ...]

    def at(self, line: int, column: int) -> int:
        """Return where a position lies in the text; Python's parser counts bytes."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="replace"))

    def span(self, node: Node) -> tuple[int, int]:
        """Return where a node begins and ends in the text."""
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)


def source(text: str) -> Source | None:
    """Return a parsed file; None where it does not parse here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return Source(text, module, tuple(starts))


def class_of(module: ast.Module, name: str) -> ast.ClassDef | None:
    """Return the one class of a name at the top of a module."""
    found = [each for each in module.body if isinstance(each, ast.ClassDef) and each.name == name]
    return found[0] if len(found) == 1 else None


def with_option(text: str, owner: str, name: str, value: str) -> str | None:
    """Return a file in which a settings class has an option, in the style of its configuration; None where that fails."""
    read = source(text)
    node = class_of(read.module, owner) if read else None
    told = configured(node) if node else None
    if read is None or node is None or told is None:
        return None
    quote = _python.quote(text)
    written = f"{quote}{value}{quote}"
    changes = _replaced(read, told[name], written) if name in told else _added(read, node, name, written, quote)
    changed = splice(text, changes) if changes else None
    again = source(changed) if changed else None
    after = class_of(again.module, owner) if again else None
    found = configured(after) if after else None
    if found is None or ast.dump(found.pop(name, ast.Constant(None))) != ast.dump(ast.Constant(value)):
        return None
    same = {key: ast.dump(each) for key, each in told.items() if key != name} == {k: ast.dump(v) for k, v in found.items()}
    return changed if same else None


def _replaced(read: Source, node: ast.expr, written: str) -> list[Splice]:
    return [Splice(*read.span(node), written)]


def _added(read: Source, node: ast.ClassDef, name: str, written: str, quote: str) -> list[Splice]:
    for statement in node.body:
        match statement:
            case ast.ClassDef(name="Config", body=[*_, last]):
                if last.lineno == statement.lineno:
                    return []
                indent = " " * last.col_offset
                at = _line_end(read, last)
                return [Splice(at, at, f"{newline(read.text)}{indent}{name} = {written}")]
            case (
                ast.Assign(targets=[ast.Name("model_config")], value=value)
                | ast.AnnAssign(target=ast.Name("model_config"), value=ast.expr() as value)
            ):
                pair = f"{name}={written}" if isinstance(value, ast.Call) else f"{quote}{name}{quote}: {written}"
                return _entry(read, value, pair)
    return _config(read, node, name, written, quote)


def _entry(read: Source, value: ast.expr, pair: str) -> list[Splice]:
    """Return the splices that add an entry behind the others of a call or a dictionary, laid out as they are."""
    close = read.span(value)[1] - 1
    heads: list[Node] = []
    if isinstance(value, ast.Call):
        heads = list(value.keywords)
    elif isinstance(value, ast.Dict):
        heads = [each for each in value.keys if each is not None]
    if not heads:
        return [Splice(close, close, pair)]
    last = (
        value.keywords[-1].value if isinstance(value, ast.Call) else value.values[-1] if isinstance(value, ast.Dict) else value
    )
    return behind(read, value.lineno, heads[-1], last, close, pair)


def behind(read: Source, first: int, head: Node, last: Node, close: int, pair: str) -> list[Splice]:
    """Return the splices that add an element behind the last one, which goes from `head` to `last`.

    `first` is the line of the opening bracket, `close` is where the closing one stands.
    """
    end = read.span(last)[1]
    lead = read.text[read.starts[head.lineno - 1] : read.at(head.lineno, head.col_offset)]
    if lead.strip() or head.lineno == first:  # it does not begin its line
        return [Splice(end, end, f", {pair}")]
    rest = read.text[end:close]
    comma = rest.lstrip().startswith(",")
    at = _line_end(read, last) if "\n" in rest else end
    line = Splice(at, at, f"{newline(read.text)}{lead}{pair}{',' * comma}")
    if not comma and at == end:  # two splices at one place have no order
        return [line._replace(text=f",{line.text}")]
    return [line] if comma else [Splice(end, end, ","), line]


def _line_end(read: Source, node: Node) -> int:
    """Return where the line ends on which a node does, its comment included."""
    end = read.text.find("\n", read.span(node)[1])
    end = len(read.text) if end < 0 else end
    return end - 1 if read.text[end - 1 : end] == "\r" else end


def _config(read: Source, node: ast.ClassDef, name: str, written: str, quote: str) -> list[Splice]:
    """Return the splice that gives a class a configuration, above its first field."""
    documented = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
    if first.lineno == node.lineno or (documented and first is node.body[0]):
        return []
    at = read.starts[min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", ()))]) - 1]
    known = "SettingsConfigDict" in _imported(read.module)
    value = f"SettingsConfigDict({name}={written})" if known else f"{{{quote}{name}{quote}: {written}}}"
    ending = newline(read.text)
    return [Splice(at, at, f"{' ' * first.col_offset}model_config = {value}{ending}{ending}")]


def _imported(module: ast.Module) -> set[str]:
    brought = [each for each in module.body if isinstance(each, ast.ImportFrom) and each.module == "pydantic_settings"]
    return {alias.name for each in brought for alias in each.names if alias.asname is None}


def undecoded(text: str, owner: str, field: str) -> str | None:
    """Return a file in which a field of a class is not read as JSON: `Annotated[…, NoDecode]`; None where that fails."""
    read = source(text)
    node = class_of(read.module, owner) if read else None
    found = declared(node, field) if node else None
    if read is None or not isinstance(found, ast.AnnAssign) or isinstance(found.annotation, ast.Constant):
        return None
    start, end = read.span(found.annotation)
    changes = [Splice(start, start, "Annotated["), Splice(end, end, ", NoDecode]")]
    for package, name in (("typing", "Annotated"), ("pydantic_settings", "NoDecode")):
        more = importing(read, package, name)
        if more is None:
            return None
        changes += more
    changed = splice(text, sorted(changes))
    return changed if source(changed) else None


def importing(read: Source, package: str, name: str) -> list[Splice] | None:
    """Return the splices that import a name from a package: behind the others of it, else in a line above an import.

    None where the name stands for something else.
    """
    imports = [each for each in read.module.body if isinstance(each, ast.Import | ast.ImportFrom)]
    own = [each for each in imports if isinstance(each, ast.ImportFrom) and each.module == package and not each.level]
    called = {alias.asname or alias.name for each in imports for alias in each.names}
    if any(alias.name == name and alias.asname is None for each in own for alias in each.names):
        return []
    if name in called or not imports:
        return None
    if own:
        end = read.span(own[0])[1]
        close = end - 1 if read.text[end - 1] == ")" else end
        last = own[0].names[-1]
        return behind(read, own[0].lineno, last, last, close, name)
    first = next((each for each in imports if not (isinstance(each, ast.ImportFrom) and each.module == "__future__")), None)
    siblings = [each for each in imports if isinstance(each, ast.ImportFrom) and not each.level]
    siblings = [each for each in siblings if (each.module or "").partition(".")[0] == package.partition(".")[0]]
    first = next((each for each in siblings if (each.module or "") > package), first)  # beside those of the same library
    if first is None:
        return None
    at = read.starts[first.lineno - 1]
    return [Splice(at, at, f"from {package} import {name}{newline(read.text)}")]
