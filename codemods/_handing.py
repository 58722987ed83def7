"""Edits of functions that stand before the routes: some paths are handed on before anything else is asked of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.tree import Splice, splice
from codemods import _middleware, _python, _settings

if TYPE_CHECKING:
    import libcst as cst

_EARLY = """\
if {asked} {test}:
    return{handed}
"""
_PATH = re.compile(r"[\w.]+\.(?:path|path_info)|\w+\[['\"]path['\"]\]|path|(?P<endpoint>request\.endpoint)")
_COPIED = ("frozenset", "set", "tuple", "list")


def handed_on(text: str, turned: TurnedAway, paths: list[str], endpoint: str | None = None) -> Iterator[str]:
    """Yield a file whose function lets the paths on: by the list that it has of open paths, else as the first that it does.

    `endpoint` is what Flask calls the view, where a list may name that.
    """
    read = _settings.source(text)
    if read is not None:
        listed, is_open = _listed(read, turned.place, paths, endpoint)
        if listed:
            yield splice(text, listed)
        if listed and is_open:
            return
    early = _early(text, turned, paths)
    if early is not None:
        yield early


def function(module: cst.Module, place: Place | None) -> cst.FunctionDef | None:
    """Return the function whose `def` stands on a line."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    found = [
        node
        for node in positions
        if isinstance(node, cst.FunctionDef) and place is not None and positions[node.name].start.line == place.line
    ]
    return found[0] if len(found) == 1 else None


# --- a list of open paths


def _listed(read: _settings.Source, place: Place, paths: list[str], endpoint: str | None) -> tuple[list[Splice], bool]:
    """Return the splices that add the paths to the one list that a function holds the path against, and whether it opens."""
    functions = (each for each in ast.walk(read.module) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    found = next((each for each in functions if each.lineno == place.line), None)
    tests = [
        (node, told)
        for node in (ast.walk(found) if found is not None else ())
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and (told := _PATH.fullmatch(ast.unparse(node.left)))
    ]
    if len(tests) != 1 or found is None:
        return [], False
    (test, told), values = tests[0], paths
    if told["endpoint"]:
        values = [endpoint] if endpoint else []
    listed = _literal(read.module, found, test.comparators[0])
    texts = [each for each in listed.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)] if listed else []
    if listed is None or not texts or len(texts) != len(listed.elts):
        return [], False
    start, close = read.span(listed)
    last = texts[-1]
    close = close - 1 if read.text[close - 1] in ")]}" else close
    opening = listed.lineno if read.text[start] in "([{" else last.lineno
    raw = read.text[slice(*read.span(last))]
    entry = ", ".join(f"{raw[-1]}{value}{raw[-1]}" for value in values)
    if not entry or raw[-3:] in ('"""', "'''"):
        return [], False
    opens = isinstance(test.ops[0], ast.NotIn) or _opens(found, test)
    end = read.span(last)[1]
    if len(texts) == 1 and read.text[end:close].strip() == "," and "\n" not in read.text[start:close]:
        return [Splice(end, close, f", {entry}")], opens  # the comma of a tuple of one
    return _settings.behind(read, opening, last, last, close, entry), opens


def _opens(function: ast.AST, test: ast.Compare) -> bool:
    """Say whether what a test lets through is handed on: `if request.url.path in OPEN: return await call_next(request)`."""
    branches = [each for each in ast.walk(function) if isinstance(each, ast.If) and each.test is test]
    text = ast.unparse(branches[0].body[-1]) if branches else ""
    return text.startswith("return") and re.search(r"Response|status|abort|\b40\d\b", text) is None


def _literal(module: ast.Module, function: ast.AST, node: ast.expr) -> ast.List | ast.Tuple | ast.Set | None:
    """Return the list that an expression is: written there, a constant of the module, an attribute of the class."""
    body: list[ast.stmt] = []
    name = node.id if isinstance(node, ast.Name) else ""
    if isinstance(node, ast.Name):
        body = module.body
    elif dotted(node).startswith(("self.", "cls.")):
        owners = [each for each in module.body if isinstance(each, ast.ClassDef) and function in each.body]
        body, name = (owners[0].body if owners else []), dotted(node).partition(".")[2]
    bound = [
        each.value
        for each in body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        and name in [dotted(target) for target in (each.targets if isinstance(each, ast.Assign) else [each.target])]
    ]
    value = bound[0] if len(bound) == 1 else None if body else node
    if isinstance(value, ast.Call) and dotted(value.func) in _COPIED and len(value.args) == 1:
        value = value.args[0]
    return value if isinstance(value, ast.List | ast.Tuple | ast.Set) else None


# --- a test of its own


def _early(text: str, turned: TurnedAway, paths: list[str]) -> str | None:
    """Return a file whose function lets the paths on before anything else."""
    import libcst as cst

    module = _python.parse(text)
    found = function(module, turned.place) if module is not None else None
    if module is None or found is None or not isinstance(found.body, cst.IndentedBlock):
        return None
    told = _asked(module, found, turned)
    if told is None:
        return None
    asked, handed = told
    source = _EARLY.format(asked=asked, test=_middleware.test(paths), handed=handed)
    changed = module.deep_replace(found, before_all(module, found, source, text))
    return _python.written(changed, text) if isinstance(changed, cst.Module) else None


def before_all(module: cst.Module, node: cst.FunctionDef, source: str, like: str) -> cst.FunctionDef:
    """Return a function with one more statement before all others; a docstring stays above it."""
    import libcst as cst

    block = cst.ensure_type(node.body, cst.IndentedBlock)
    body = list(block.body)
    at = 1 if node.get_docstring() is not None else 0
    new = _python.statement(module, source, like)
    return node.with_changes(body=block.with_changes(body=[*body[:at], new, *body[at:]]))


def _asked(module: cst.Module, node: cst.FunctionDef, turned: TurnedAway) -> tuple[str, str] | None:
    """Return how a function asks for the path, and what it returns to let a request on."""
    given = [each.name.value for each in node.params.params]
    code = module.code_for_node(node.body)
    if turned.by == "before":
        return "request.path", " None" if re.search(r"\breturn +\S", code) else ""
    if turned.by == "backend":
        return f"{given[-1]}.url.path", " None"
    if node.name.value == "__call__" and len(given) == 4:
        return f'{given[1]}["type"] == "http" and {given[1]}["path"]', f" await {given[0]}.app({', '.join(given[1:])})"
    if node.asynchronous is not None:
        return (f"{given[-2]}.url.path", f" await {given[-1]}({given[-2]})") if len(given) >= 2 else None
    if node.name.value == "process_request":
        return f"{given[-1]}.path", " None"
    following = re.search(rf"\b(?P<next>(?:self\.)?\w+)\({re.escape(given[-1])}\)", code) if given else None
    return (f"{given[-1]}.path", f" {following['next']}({given[-1]})") if following else None
