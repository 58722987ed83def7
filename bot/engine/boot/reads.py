"""Calls that need a file or a folder, as the import walk comes to them, and the names of other modules in their paths."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from bot.engine.boot import modules
from bot.engine.boot.facts import Call
from bot.engine.boot.values import PathValue, evaluate
from bot.engine.model.findings import Place

if TYPE_CHECKING:
    from bot.engine.boot.finder import Loaded
    from bot.engine.boot.importer import Frame, Importer

_USUAL = {"pd": "pandas", "np": "numpy"}  # what a function that imports them itself calls them too


def follow(walk: Importer, event: Call, frame: Frame) -> None:
    """Note a file or a folder that a call needs and the image does not have; only in code that surely runs."""
    missing = walk.files.call(_in_full(event.name, frame), event.node, walk.scope(frame))
    if event.name == "os.chdir":
        walk.files.wandered = True
    if missing is None or walk.failures.unsure:
        return
    tree = frame.loaded.found.tree or frame.loaded.found.path
    place = Place(tree, event.node.lineno, event.node.col_offset + 1)
    code = "app-folder-missing" if missing.detail.folder else "app-file-missing"
    walk.failures.chain.append(f"{tree}:{event.node.lineno}")
    walk.failures.fail(code, missing.message, missing.reason, place, missing.detail, missing.certain, missing.failure)
    walk.failures.chain.pop()


def _in_full(name: str, frame: Frame) -> str:
    """Return the name of something imported as its module calls it: `pd.read_csv` is `pandas.read_csv`."""
    first, dot, rest = name.partition(".")
    brought = {**_USUAL, **modules.imported_as(frame.loaded.facts)}.get(first) if first else None
    return f"{brought}{dot}{rest}" if brought else name


def given(
    walk: Importer,
    loaded: Loaded,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    call: ast.Call | None,
    caller: Frame | None,
) -> dict[str, ast.expr]:
    """Return the parameters of a call that are known texts or paths, their defaults included, as expressions."""
    names = modules.parameters(function)
    if not names or function.args.vararg or (call and any(isinstance(each, ast.Starred) for each in call.args)):
        return {}
    written = dict(zip(names, call.args, strict=False)) if call else {}
    written |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg} if call else {}
    found: dict[str, ast.expr] = {}
    for name, default in names.items():
        node = written.get(name, default)
        if node is None or name in modules.rebound(function) or (call and any(each.arg is None for each in call.keywords)):
            continue
        told = evaluate(node, walk.scope(caller if name in written and caller else walk.frame(loaded)))
        if isinstance(told, str):
            plain = ast.Constant(str(told))
            found[name] = ast.Call(ast.Name("Path"), [plain], []) if isinstance(told, PathValue) else plain
    return found
