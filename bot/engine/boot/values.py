"""Expressions that can be evaluated without running anything: paths built from `__file__`, variables, version checks."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping
from typing import NamedTuple


class PathValue(str):
    """A `pathlib.Path`, as its text."""

    __slots__ = ()


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
Known = str | int | bool | float | tuple[object, ...] | None
Evaluated = Known | _Unknown


class Scope(NamedTuple):
    """What an expression may refer to."""

    file: str  # __file__, a path in the image
    folder: str  # the working directory
    env: Mapping[str, str | None]  # None: set to something that can't be told
    complete: bool  # whether env holds every variable that may be set
    constants: Mapping[str, ast.expr]
    version: tuple[int, int]
    name: str  # __name__


_JOINS = {"os.path.join", "path.join", "posixpath.join", "join"}
_FOLDERS = {"os.path.dirname", "path.dirname", "posixpath.dirname", "dirname"}
_SAME = {
    f"{prefix}{name}" for prefix in ("os.path.", "path.", "") for name in ("abspath", "realpath", "normpath", "expanduser")
}
_GETENV = {"os.getenv", "os.environ.get", "environ.get", "getenv"}
_PATHS = {"Path", "pathlib.Path", "PurePath", "pathlib.PurePath", "PosixPath"}


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a name or an attribute of one, else `""`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def evaluate(node: ast.expr, scope: Scope, depth: int = 0) -> Evaluated:
    """Return an expression's value; UNKNOWN where it can't be told."""
    if depth > 30:
        return UNKNOWN
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None as value):
            return value
        case ast.Name(id="__file__"):
            return scope.file
        case ast.Name(id="__name__"):
            return scope.name
        case ast.Name(id=name):
            constant = scope.constants.get(name)
            return evaluate(constant, scope, depth + 1) if constant is not None else UNKNOWN
        case ast.Attribute():
            return _attribute(node, scope, depth)
        case ast.Subscript():
            return _subscript(node, scope, depth)
        case ast.Call():
            return _call(node, scope, depth)
        case ast.BinOp(left=left, op=ast.Div() | ast.Add() as operator, right=right):
            return _joined(operator, evaluate(left, scope, depth + 1), evaluate(right, scope, depth + 1), scope)
        case ast.JoinedStr(values=pieces):
            return _formatted(pieces, scope, depth)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            values = tuple(evaluate(element, scope, depth + 1) for element in elements)
            return UNKNOWN if UNKNOWN in values else values
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.Compare():
            return _logic(node, scope, depth)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            decided = evaluate(test, scope, depth + 1)
            return UNKNOWN if decided is UNKNOWN else evaluate(body if decided else orelse, scope, depth + 1)
    return UNKNOWN


def _attribute(node: ast.Attribute, scope: Scope, depth: int) -> Evaluated:
    name = dotted(node)
    known: dict[str, Known] = {
        "sys.platform": "linux",
        "os.name": "posix",
        "os.sep": "/",
        "os.pardir": "..",
        "os.curdir": ".",
        "sys.version_info": (*scope.version, 0, "final", 0),
        "sys.version_info.major": scope.version[0],
        "sys.version_info.minor": scope.version[1],
        "typing.TYPE_CHECKING": False,
    }
    if name in known:
        return known[name]
    base = evaluate(node.value, scope, depth + 1)
    if isinstance(base, PathValue):
        if node.attr == "parent":
            return PathValue(posixpath.dirname(_absolute(base, scope)))
        if node.attr == "name":
            return posixpath.basename(base)
    return UNKNOWN


def _subscript(node: ast.Subscript, scope: Scope, depth: int) -> Evaluated:
    if dotted(node.value) in ("os.environ", "environ"):
        key = evaluate(node.slice, scope, depth + 1)
        return _variable(key, UNKNOWN, scope)
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        base, index = evaluate(node.value.value, scope, depth + 1), evaluate(node.slice, scope, depth + 1)
        if isinstance(base, PathValue) and isinstance(index, int):
            path = _absolute(base, scope)
            for _ in range(index + 1):
                path = posixpath.dirname(path)
            return PathValue(path)
    if isinstance(node.slice, ast.Slice):
        base = evaluate(node.value, scope, depth + 1)
        low = evaluate(node.slice.lower, scope, depth + 1) if node.slice.lower else None
        high = evaluate(node.slice.upper, scope, depth + 1) if node.slice.upper else None
        if isinstance(base, tuple) and isinstance(low, int | None) and isinstance(high, int | None):
            return base[low:high]
        return UNKNOWN
    base, index = evaluate(node.value, scope, depth + 1), evaluate(node.slice, scope, depth + 1)
    if isinstance(base, tuple) and isinstance(index, int) and -len(base) <= index < len(base):
        element = base[index]
        return element if isinstance(element, str | int | float | None) else UNKNOWN
    return UNKNOWN


def _variable(key: Evaluated, default: Evaluated, scope: Scope) -> Evaluated:
    if not isinstance(key, str):
        return UNKNOWN
    if key in scope.env:
        value = scope.env[key]
        return UNKNOWN if value is None else value
    return default if scope.complete else UNKNOWN


def _call(node: ast.Call, scope: Scope, depth: int) -> Evaluated:
    name = dotted(node.func)
    arguments = [evaluate(argument, scope, depth + 1) for argument in node.args]
    texts = [argument for argument in arguments if isinstance(argument, str)]
    whole = len(texts) == len(node.args) and not node.keywords
    if name in _PATHS:
        return PathValue(posixpath.join(*texts) if texts else ".") if whole else UNKNOWN
    if name in ("os.getcwd", "Path.cwd", "pathlib.Path.cwd"):
        return PathValue(scope.folder) if "Path" in name else scope.folder
    if name in _GETENV and node.args:
        return _variable(arguments[0], arguments[1] if len(arguments) > 1 else None, scope)
    if name in _JOINS and whole and texts:
        return posixpath.join(*texts)
    if name in _FOLDERS and whole and texts:
        return posixpath.dirname(texts[0])
    if name in _SAME and whole and texts:
        return posixpath.normpath(posixpath.join(scope.folder, texts[0]))
    if name == "str" and len(arguments) == 1 and isinstance(arguments[0], str | int):
        return str(arguments[0])
    if name == "int" and len(arguments) == 1 and isinstance(arguments[0], str | int):
        return int(arguments[0]) if str(arguments[0]).isdigit() else UNKNOWN
    return _method(node, arguments, scope, depth)


def _method(node: ast.Call, arguments: list[Evaluated], scope: Scope, depth: int) -> Evaluated:
    if not isinstance(node.func, ast.Attribute):
        return UNKNOWN
    base = evaluate(node.func.value, scope, depth + 1)
    method = node.func.attr
    if isinstance(base, PathValue):
        if method in ("resolve", "absolute"):
            return PathValue(_absolute(base, scope))
        if method == "joinpath" and all(isinstance(argument, str) for argument in arguments):
            return PathValue(posixpath.join(base, *[str(argument) for argument in arguments]))
        return str(base) if method in ("as_posix", "__str__", "__fspath__") else UNKNOWN
    if isinstance(base, str) and method in ("lower", "upper", "strip") and not arguments:
        return str(getattr(base, method)())
    return UNKNOWN


def _absolute(path: str, scope: Scope) -> str:
    return posixpath.normpath(posixpath.join(scope.folder, path))


def _joined(operator: ast.operator, left: Evaluated, right: Evaluated, scope: Scope) -> Evaluated:
    if isinstance(operator, ast.Div):
        if isinstance(left, PathValue) and isinstance(right, str):
            return PathValue(posixpath.join(left, right))
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str) and not isinstance(left, PathValue):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    return UNKNOWN


def _formatted(pieces: list[ast.expr], scope: Scope, depth: int) -> Evaluated:
    text = ""
    for piece in pieces:
        value = (
            evaluate(piece.value, scope, depth + 1)
            if isinstance(piece, ast.FormattedValue)
            else evaluate(piece, scope, depth + 1)
        )
        if not isinstance(value, str | int):
            return UNKNOWN
        text += str(value)
    return text


def _logic(node: ast.expr, scope: Scope, depth: int) -> Evaluated:
    if isinstance(node, ast.UnaryOp):
        value = evaluate(node.operand, scope, depth + 1)
        return UNKNOWN if value is UNKNOWN else not value
    if isinstance(node, ast.BoolOp):
        stops = isinstance(node.op, ast.Or)  # the truth that ends the chain
        result: Evaluated = UNKNOWN
        unknown = False
        for operand in node.values:
            result = evaluate(operand, scope, depth + 1)
            if result is UNKNOWN:
                unknown = True
            elif bool(result) is stops:
                return result
        return UNKNOWN if unknown else result
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        if isinstance(node.ops[0], ast.NotIn) and dotted(node.comparators[0]) == "sys.path":
            return True  # adding what is there already changes nothing that matters
        return _compared(evaluate(node.left, scope, depth + 1), node.ops[0], evaluate(node.comparators[0], scope, depth + 1))
    return UNKNOWN


def _compared(left: Evaluated, operator: ast.cmpop, right: Evaluated) -> Evaluated:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    try:
        match operator:
            case ast.Eq() | ast.Is():
                return left == right
            case ast.NotEq() | ast.IsNot():
                return left != right
            case ast.Lt():
                return bool(left < right)  # type: ignore[operator]
            case ast.LtE():
                return bool(left <= right)  # type: ignore[operator]
            case ast.Gt():
                return bool(left > right)  # type: ignore[operator]
            case ast.GtE():
                return bool(left >= right)  # type: ignore[operator]
            case ast.In():
                return left in right  # type: ignore[operator]
            case ast.NotIn():
                return left not in right  # type: ignore[operator]
    except TypeError:
        pass
    return UNKNOWN
