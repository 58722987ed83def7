"""Edits of code that ends where a file is missing: what it checks goes, and what it opens is opened where it is there."""

from __future__ import annotations

import re

import libcst as cst
from libcst import matchers

from bot.engine.model.tree import Splice
from codemods._sources import Source

_ENDS = ("sys.exit", "exit", "quit", "os._exit")
_MISSING = {"FileNotFoundError", "OSError", "IOError", "EnvironmentError"}


def without_file(source: Source, line: int) -> bool:
    """Edit what needs a file at a line, so that the program goes on without it; False where that is not a small edit."""
    here = [node for node in source.positions if source.spans(node, line)]
    return (
        any(_with_check_dropped(source, node, line) for node in here)
        or any(_with_handler_passed(source, node) for node in here if isinstance(node, cst.Try))
        or any(_with_call_changed(source, node) for node in here if isinstance(node, cst.Call))
        or any(_with_block_guarded(source, node) for node in here if isinstance(node, cst.With) and source.line(node) == line)
    )


# --- a check


def _with_check_dropped(source: Source, node: cst.CSTNode, line: int) -> bool:
    """Take out the `if` or the `assert` that looks for the file; a call of `load_dotenv` in it stays."""
    if isinstance(node, cst.If) and source.spans(node.test, line):
        if _ends(source, node.body):
            return node.orelse is None and _dropped(source, node, node.test)
        if isinstance(node.orelse, cst.Else) and _ends(source, node.orelse.body):
            return _dropped(source, node.orelse, None)
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and isinstance(node.body[0], cst.Assert):
        return _dropped(source, node, node.body[0].test)
    return False


def _ends(source: Source, body: cst.BaseSuite) -> bool:
    """Say whether a block ends the program."""
    last = body.body[-1] if body.body else None
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    if isinstance(small, cst.Raise):
        return True
    call = small.value if isinstance(small, cst.Expr) else None
    return isinstance(call, cst.Call) and source.module.code_for_node(call.func) in _ENDS


def _dropped(source: Source, node: cst.CSTNode, test: cst.BaseExpression | None) -> bool:
    """Take a statement out with the comments above it; False where nothing would be left of its block."""
    start = source.starts[source.line(node) - 1]
    end = source.offset(node, True)
    end = source.starts[source.positions[node].end.line] if end else end
    if source.plain[start : source.offset(node)].strip():
        return False
    if isinstance(node, cst.Else):
        source.splices.append(Splice(start, end, ""))
        return True
    loads = test.expression if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not) else test
    if isinstance(loads, cst.Call) and source.module.code_for_node(loads.func).rpartition(".")[2] == "load_dotenv":
        indent = source.plain[start : source.offset(node)]
        source.splices.append(Splice(start, end, f"{indent}{source.module.code_for_node(loads)}{source.newline}"))
        return True
    block = source.parents.get(node)
    if block is None or (isinstance(block, cst.IndentedBlock) and len(block.body) == 1):
        return False
    source.splices.append(Splice(source.starts[source.above(node)], _behind_blank_lines(source, start, end), ""))
    return True


def _behind_blank_lines(source: Source, start: int, end: int) -> int:
    """Return the end of the blank lines behind a passage where others stand before it, or the head of its block."""
    before = source.plain[:start].splitlines()
    if before and before[-1].strip() and not before[-1].rstrip().endswith(":"):
        return end
    while (at := source.plain.find("\n", end)) >= 0 and not source.plain[end:at].strip():
        end = at + 1
    return end


# --- what opens it


def _with_handler_passed(source: Source, node: cst.Try) -> bool:
    """Let the one handler of a missing file pass, where it ends the program."""
    if len(node.handlers) != 1 or node.handlers[0].type is None:
        return False
    handler = node.handlers[0]
    if source.module.code_for_node(handler.type) not in _MISSING or not _ends(source, handler.body):  # type: ignore[arg-type]
        return False
    statements = handler.body.body
    source.splices.append(Splice(source.offset(statements[0]), source.offset(statements[-1], True), "pass"))
    return True


def _with_call_changed(source: Source, node: cst.Call) -> bool:
    """Give python-decouple nothing to read where the file is missing; let `find_dotenv` find nothing."""
    name = source.module.code_for_node(node.func)
    if name == "RepositoryEnv" and len(node.args) == 1:
        path = source.module.code_for_node(node.args[0].value)
        empty = source.importing("decouple", "RepositoryEmpty")
        exists = f"{source.importing_module('os')}.path.exists({path})"
        source.replace(node, f"{source.module.code_for_node(node)} if {exists} else {empty}()")
        return True
    if name.rpartition(".")[2] == "find_dotenv":
        kept = [arg for arg in node.args if arg.keyword and arg.keyword.value != "raise_error_if_not_found"]
        if len(kept) == len(node.args) - 1 and all(arg.keyword for arg in node.args):
            listed = ", ".join(source.module.code_for_node(arg).rstrip(", ") for arg in kept)
            source.replace(node, f"{name}({listed})")
            return True
    return False


def _with_block_guarded(source: Source, node: cst.With) -> bool:
    """Read a file only where it is there: `if os.path.exists(".env"):` around `with open(".env") as file:`."""
    opened = node.items[0].item if len(node.items) == 1 else None
    if not isinstance(opened, cst.Call):
        return False
    code = source.module.code_for_node
    if isinstance(opened.func, cst.Name) and opened.func.value == "open" and opened.args and opened.args[0].keyword is None:
        test = f"{source.importing_module('os')}.path.exists({code(opened.args[0].value)})"
    elif isinstance(opened.func, cst.Attribute) and opened.func.attr.value == "open":
        test = f"{code(opened.func.value)}.exists()"
    else:
        return False
    if any(re.search(rf"\b{name}\b", source.plain[source.offset(node, True) :]) for name in _bound(node)):
        return False
    source.nested(node, f"if {test}:")
    return True


def _bound(block: cst.With) -> set[str]:
    """Return the names that a block binds; what uses them behind it needs the file."""
    targets = matchers.AssignTarget() | matchers.For() | matchers.AnnAssign() | matchers.AsName()
    names: set[str] = set()
    for node in matchers.findall(block, targets):
        target = node.name if isinstance(node, cst.AsName) else getattr(node, "target", node)
        names |= {name.value for name in matchers.findall(target, matchers.Name()) if isinstance(name, cst.Name)}
    return names
