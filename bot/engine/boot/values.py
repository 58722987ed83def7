"""Expressions that can be evaluated without running anything: paths built from `__file__`, variables, version checks."""

from __future__ import annotations

import ast
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple


class PathValue(str):
    """A `pathlib.Path`, as its text."""

    __slots__ = ()


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


class Object(ABC):
    """A class of the repository's own, or an object of it, where somebody follows those."""

    @abstractmethod
    def get(self, name: str) -> Evaluated:
        """Return what an attribute stands for."""

    @abstractmethod
    def call(self, name: str, arguments: list[Evaluated]) -> Evaluated:
        """Return what a method returns."""


UNKNOWN = _Unknown()
_DEEPEST = 30  # how deep an expression is followed
_LARGEST = 2**63
_LONGEST = 10_000  # how long a text or a list may get: constants that hold each other twice over have no end
Known = str | int | bool | float | tuple[object, ...] | None
Evaluated = Known | _Unknown | Object


class Scope(NamedTuple):
    """What an expression may refer to."""

    file: str  # __file__, a path in the image
    folder: str  # the working directory
    env: Mapping[str, str | None]  # None: set to something that can't be told
    complete: bool  # whether env holds every variable that may be set
    constants: Mapping[str, ast.expr]
    version: tuple[int, int]
    name: str  # __name__
    package: str | None = None  # __package__
    path: tuple[str, ...] | None = None  # what is known of sys.path; None when that is not all of its own entries
    memo: dict[str, Evaluated] | None = None  # the constants evaluated so far: each is, once
    there: Callable[[str], str | None] | None = None  # "file" or "folder" at a path, "" for nothing; None: it can't be told
    imported: Callable[[str], Evaluated] | None = None  # what a name stands for that another module defines
    called: Callable[[ast.Call, Scope, int], Evaluated] | None = None  # what a call of the repository's own code returns


_JOINS = {"os.path.join", "path.join", "posixpath.join", "join"}
_FOLDERS = {"os.path.dirname", "path.dirname", "posixpath.dirname", "dirname"}
_ABSOLUTE = {f"{prefix}{name}" for prefix in ("os.path.", "path.", "") for name in ("abspath", "realpath")}
_NORMAL = {f"{prefix}{name}" for prefix in ("os.path.", "path.", "") for name in ("normpath", "expanduser")}
_GETENV = {"os.getenv", "os.environ.get", "environ.get", "getenv"}
_PATHS = {"Path", "pathlib.Path", "PurePath", "pathlib.PurePath", "PosixPath"}
_LOADS_ENV = ("load_dotenv", "dotenv.load_dotenv")
_EXISTS = {  # and what has to lie there
    **dict.fromkeys(("os.path.exists", "path.exists", "exists", "os.path.lexists"), ("file", "folder")),
    **dict.fromkeys(("os.path.isfile", "path.isfile", "isfile"), ("file",)),
    **dict.fromkeys(("os.path.isdir", "path.isdir", "isdir"), ("folder",)),
}
_EXISTS_METHODS = {"exists": ("file", "folder"), "is_file": ("file",), "is_dir": ("folder",)}
_OF_TEXTS = frozenset(
    "replace removeprefix removesuffix split rsplit partition rpartition strip lstrip rstrip casefold find count".split()
)
_FIXED: dict[str, Known] = {
    "sys.platform": "linux",
    "os.name": "posix",
    "os.sep": "/",
    "os.pardir": "..",
    "os.curdir": ".",
    "six.PY2": False,
    "six.PY3": True,
}


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a name or an attribute of one, else `""`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def truth(node: ast.expr, scope: Scope, depth: int = 0) -> bool | None:
    """Return whether an expression is true; None where that can't be told. It can be told more often than the value."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and depth <= _DEEPEST:
        inner = truth(node.operand, scope, depth + 1)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp) and depth <= _DEEPEST:
        stops = isinstance(node.op, ast.Or)  # the truth that ends the chain
        found = [truth(operand, scope, depth + 1) for operand in node.values]
        if stops in found:
            return stops
        return None if None in found else not stops
    value = evaluate(node, scope, depth)
    return None if isinstance(value, _Unknown) else bool(value)


def evaluate(node: ast.expr, scope: Scope, depth: int = 0) -> Evaluated:
    """Return an expression's value; UNKNOWN where it can't be told."""
    if depth > _DEEPEST:
        return UNKNOWN
    if scope.memo is None:
        scope = scope._replace(memo={})
    match node:
        case ast.Constant(value=int(value)) if abs(value) > _LARGEST:  # Python writes out no number of thousands of digits
            return UNKNOWN
        case ast.Constant(value=str() | int() | float() | bool() | None as value):
            return value
        case ast.Name(id="__file__"):
            return scope.file
        case ast.Name(id="__name__"):
            return scope.name
        case ast.Name(id="__package__"):
            return scope.package
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.Name(id=name) if "." not in name:
            return _constant(name, scope, depth)
        case ast.Name():
            return _told(node.id, scope)
        case ast.Attribute():
            return _attribute(node, scope, depth)
        case ast.Subscript():
            return _subscript(node, scope, depth)
        case ast.Call():
            return _call(node, scope, depth)
        case ast.BinOp(left=left, op=ast.Div() | ast.Add() as operator, right=right):
            return _joined(operator, evaluate(left, scope, depth + 1), evaluate(right, scope, depth + 1))
        case ast.JoinedStr(values=pieces):
            return _formatted(pieces, scope, depth)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            values = tuple(evaluate(element, scope, depth + 1) for element in elements)
            return UNKNOWN if UNKNOWN in values else values
        case ast.BoolOp(op=operator, values=operands):
            return _chained(isinstance(operator, ast.Or), operands, scope, depth)
        case ast.UnaryOp(op=ast.Not()):
            decided = truth(node, scope, depth + 1)
            return UNKNOWN if decided is None else decided
        case ast.Compare():
            return _comparison(node, scope, depth)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            decided = truth(test, scope, depth + 1)
            return UNKNOWN if decided is None else evaluate(body if decided else orelse, scope, depth + 1)
    return UNKNOWN


def _constant(name: str, scope: Scope, depth: int) -> Evaluated:
    memo = scope.memo if scope.memo is not None else {}
    if name in scope.constants and name not in memo:
        memo[name] = UNKNOWN  # while it is evaluated: it may name itself
        value = evaluate(scope.constants[name], scope, depth + 1)
        memo[name] = UNKNOWN if isinstance(value, str | tuple) and len(value) > _LONGEST else value
    if name not in memo and scope.imported is not None:
        memo[name] = scope.imported(name)
    return memo.get(name, UNKNOWN)


def _told(name: str, scope: Scope) -> Evaluated:
    """Return what a dotted name of the standard library stands for; of a version, major and minor are known."""
    if name == "sys.version_info":
        return (*scope.version, UNKNOWN, "final", 0)
    if name in ("sys.version_info.major", "sys.version_info.minor"):
        return scope.version[name.endswith("minor")]
    return _FIXED.get(name, UNKNOWN)


def _attribute(node: ast.Attribute, scope: Scope, depth: int) -> Evaluated:
    told = _told(dotted(node), scope)
    if told is not UNKNOWN:
        return told
    base = evaluate(node.value, scope, depth + 1)
    if isinstance(base, Object):
        return base.get(node.attr)
    if isinstance(base, PathValue):
        if node.attr == "parent":
            return _parent(base)
        if node.attr == "name":
            return posixpath.basename(base)
    if isinstance(base, _Unknown) and isinstance(node.value, ast.Name) and scope.imported is not None:
        return scope.imported(f"{node.value.id}.{node.attr}")
    return UNKNOWN


def _subscript(node: ast.Subscript, scope: Scope, depth: int) -> Evaluated:
    if dotted(node.value) in ("os.environ", "environ"):
        key = evaluate(node.slice, scope, depth + 1)
        return _variable(key, UNKNOWN, scope)
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
        base, index = evaluate(node.value.value, scope, depth + 1), evaluate(node.slice, scope, depth + 1)
        if isinstance(base, PathValue) and isinstance(index, int):
            for _ in range(index + 1):
                base = _parent(base)
            return base if index >= 0 else UNKNOWN
    if isinstance(node.slice, ast.Slice):
        if node.slice.step is not None:
            return UNKNOWN
        base = evaluate(node.value, scope, depth + 1)
        low = evaluate(node.slice.lower, scope, depth + 1) if node.slice.lower else None
        high = evaluate(node.slice.upper, scope, depth + 1) if node.slice.upper else None
        if isinstance(base, tuple | str) and isinstance(low, int | None) and isinstance(high, int | None):
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
        return _path(posixpath.join(*texts) if texts else "") if whole else UNKNOWN
    if name in ("os.getcwd", "Path.cwd", "pathlib.Path.cwd"):
        return PathValue(scope.folder) if "Path" in name else scope.folder
    if name in _EXISTS and whole and len(texts) == 1:
        return _lies(texts[0], _EXISTS[name], scope)
    if name in _LOADS_ENV:
        return _loaded(node, arguments, scope, depth)
    if name in _GETENV and node.args:
        return _variable(arguments[0], arguments[1] if len(arguments) > 1 else None, scope)
    if name in _JOINS and whole and texts:
        return str(posixpath.join(*texts))
    if name in _FOLDERS and whole and texts:
        return str(posixpath.dirname(texts[0]))
    if name in _ABSOLUTE and whole and texts:
        return _absolute(texts[0], scope)
    if name in _NORMAL and whole and texts and not texts[0].startswith("~"):
        return posixpath.normpath(texts[0])
    if name == "platform.system" and not node.args:
        return "Linux"
    if name in ("str", "os.fspath", "fspath") and len(arguments) == 1 and isinstance(arguments[0], str | int):
        return str(arguments[0])
    if name == "int" and len(arguments) == 1 and isinstance(arguments[0], str | int):
        text = str(arguments[0])
        return int(text) if text.isdecimal() and len(text) < 10 else UNKNOWN
    if name == "len" and len(arguments) == 1 and isinstance(arguments[0], str | tuple):
        return len(arguments[0])
    found = _method(node, arguments, scope, depth)
    return scope.called(node, scope, depth + 1) if found is UNKNOWN and scope.called is not None else found


def _method(node: ast.Call, arguments: list[Evaluated], scope: Scope, depth: int) -> Evaluated:
    if not isinstance(node.func, ast.Attribute):
        return UNKNOWN
    base = evaluate(node.func.value, scope, depth + 1)
    method = node.func.attr
    if isinstance(base, Object):
        return UNKNOWN if node.keywords else base.call(method, arguments)
    if isinstance(base, PathValue):
        if method == "resolve":
            return PathValue(_absolute(base, scope))
        if method == "absolute":
            return _path(posixpath.join(scope.folder, base))
        if method in _EXISTS_METHODS and not node.args:
            return _lies(base, _EXISTS_METHODS[method], scope)
        if method == "joinpath" and all(isinstance(argument, str) for argument in arguments):
            return _path(posixpath.join(base, *[str(argument) for argument in arguments]))
        return str(base) if method in ("as_posix", "__str__", "__fspath__") else UNKNOWN
    if isinstance(base, str) and method in ("lower", "upper", "strip") and not arguments:
        return str(getattr(base, method)())
    if isinstance(base, str) and method in ("unicode_string", "get_secret_value") and not node.args:
        return base  # of pydantic's types, which are followed as the texts that they hold
    if isinstance(base, str) and method in ("startswith", "endswith") and len(arguments) == 1 == len(node.args):
        wanted = arguments[0] if isinstance(arguments[0], tuple) else (arguments[0],)
        if all(isinstance(each, str) for each in wanted):
            return any(getattr(base, method)(each) for each in wanted)
    if isinstance(base, str) and method in _OF_TEXTS and not node.keywords:
        return _of_text(base, method, arguments)
    return UNKNOWN


def _of_text(base: str, method: str, arguments: list[Evaluated]) -> Evaluated:
    """Return what a method of a text returns that takes texts and numbers alone."""
    sizes = [_size(each) for each in (base, *arguments)]
    if not all(isinstance(argument, str | int) for argument in arguments) or max(sizes) ** 2 > _LONGEST * 100:
        return UNKNOWN
    try:
        found = getattr(base, method)(*arguments)
    except (TypeError, ValueError, OverflowError, MemoryError):
        return UNKNOWN
    found = tuple(found) if isinstance(found, list) else found
    return found if isinstance(found, str | tuple | int) and _size(found) <= _LONGEST else UNKNOWN


def _size(value: Evaluated) -> int:
    return len(value) if isinstance(value, str | tuple) else 0


def _lies(path: str, kinds: tuple[str, ...], scope: Scope) -> Evaluated:
    """Say whether something of these kinds lies at a path."""
    found = scope.there(path) if scope.there is not None else None
    return UNKNOWN if found is None else found in kinds


def _loaded(node: ast.Call, arguments: list[Evaluated], scope: Scope, depth: int) -> Evaluated:
    """Return False for a `load_dotenv` (python-dotenv) that finds no file: the one named, else `.env` from here upwards."""
    named = next((word.value for word in node.keywords if word.arg == "dotenv_path"), None)
    given = arguments[0] if arguments else evaluate(named, scope, depth + 1) if named is not None else None
    if any(word.arg in ("stream", None) for word in node.keywords) or scope.there is None:
        return UNKNOWN
    if isinstance(given, str) and given:
        return False if scope.there(given) == "" else UNKNOWN
    folder = posixpath.dirname(scope.file)
    if given is not None or scope.there(f"{folder}/.env") != "":
        return UNKNOWN
    while (folder := posixpath.dirname(folder)) != "/" and folder:
        if scope.there(f"{folder}/.env"):
            return UNKNOWN
    return False


def _path(text: str) -> PathValue:
    """Return a path as pathlib keeps it: without double slashes and single dots, with `..` as it is written."""
    parts = [part for part in text.split("/") if part not in ("", ".")]
    return PathValue(("/" if text.startswith("/") else "") + "/".join(parts) or ".")


def _parent(path: PathValue) -> PathValue:
    return PathValue(posixpath.dirname(path) or ".")


def _absolute(path: str, scope: Scope) -> str:
    return posixpath.normpath(posixpath.join(scope.folder, path))


def _joined(operator: ast.operator, left: Evaluated, right: Evaluated) -> Evaluated:
    if isinstance(operator, ast.Div):
        if PathValue in (type(left), type(right)) and isinstance(left, str) and isinstance(right, str):
            return _path(posixpath.join(left, right))
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str) and PathValue not in (type(left), type(right)):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    return UNKNOWN


def _formatted(pieces: list[ast.expr], scope: Scope, depth: int) -> Evaluated:
    text = ""
    for piece in pieces:
        plain = piece
        if isinstance(piece, ast.FormattedValue):
            if piece.conversion != -1 or piece.format_spec is not None:
                return UNKNOWN
            plain = piece.value
        value = evaluate(plain, scope, depth + 1)
        if not isinstance(value, str | int):
            return UNKNOWN
        text += str(value)
    return text


def _chained(stops: bool, operands: list[ast.expr], scope: Scope, depth: int) -> Evaluated:
    """Return the value of `a or b` (`stops`) or `a and b`: the operand that ends the chain."""
    result: Evaluated = UNKNOWN
    for operand in operands:
        result = evaluate(operand, scope, depth + 1)
        if isinstance(result, _Unknown) or bool(result) is stops:
            return result
    return result


def _comparison(node: ast.Compare, scope: Scope, depth: int) -> Evaluated:
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
        wanted, owner = isinstance(node.ops[0], ast.In), dotted(node.comparators[0])
        if owner == "sys.path":
            return _listed(evaluate(node.left, scope, depth + 1), wanted, scope)
        if owner in ("os.environ", "environ"):
            key = evaluate(node.left, scope, depth + 1)
            known = isinstance(key, str) and (scope.complete or key in scope.env)
            return (key in scope.env) is wanted if known else UNKNOWN
    values = [evaluate(operand, scope, depth + 1) for operand in (node.left, *node.comparators)]
    found = [_compared(left, operator, right) for left, operator, right in zip(values, node.ops, values[1:], strict=False)]
    if False in found:
        return False
    return UNKNOWN if UNKNOWN in found else True


def _listed(entry: Evaluated, wanted: bool, scope: Scope) -> Evaluated:
    """Say whether `entry in sys.path` (or `not in`) holds."""
    if scope.path is None or not isinstance(entry, str):
        return UNKNOWN
    return (not isinstance(entry, PathValue) and _absolute(entry, scope) in scope.path) is wanted


def _compared(left: Evaluated, operator: ast.cmpop, right: Evaluated) -> bool | _Unknown:
    if isinstance(left, _Unknown | Object) or isinstance(right, _Unknown | Object):
        return UNKNOWN
    if isinstance(left, PathValue) != isinstance(right, PathValue):
        return UNKNOWN
    if isinstance(left, tuple) and isinstance(right, tuple) and isinstance(operator, ast.Eq | ast.NotEq):
        pairs = list(zip(left, right, strict=False))
        known = next((index for index, pair in enumerate(pairs) if UNKNOWN in pair), len(pairs))
        if known < len(pairs) and left[:known] == right[:known]:
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
