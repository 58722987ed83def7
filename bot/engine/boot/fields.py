"""The fields of a settings class of pydantic's, as far as they are filled from the environment.

Tried with pydantic-settings 2.0.3, 2.3.4, 2.6.1, 2.7.1, 2.9.1 and 2.16.3, and with pydantic 1.10.27.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, NamedTuple

from bot.engine.boot import modules
from bot.engine.boot.settings import Following, Own, described, lineage, options, validators, variables
from bot.engine.boot.values import Evaluated, dotted, evaluate

Kind = Literal["list", "dict", "int", "float", "bool", ""]  # "": anything else, which is not judged
_KINDS: dict[str, Kind] = {
    **dict.fromkeys("list List set Set frozenset FrozenSet tuple Tuple Sequence Iterable".split(), "list"),
    **dict.fromkeys("dict Dict Mapping".split(), "dict"),
    "int": "int",
    "float": "float",
    "bool": "bool",
}
_OTHERWISE = frozenset("settings_customise_sources customise_sources __init__ __new__ model_post_init".split())
_UNTOLD = frozenset(
    "alias_generator fields dotenv_filtering env_prefix_target parse_env_var json_loads env_parse_none_str".split()
)


class Field(NamedTuple):
    """A field: what fills it (`variables`, as they are written), and what it takes.

    `optional`: None is taken, too; `early`: a validator of its own sees the text first; `maker` is the class of ours that makes
    its default.
    """

    name: str
    owner: Own
    line: int
    variables: tuple[str, ...]
    kind: Kind
    optional: bool
    required: bool
    early: bool
    annotation: str
    maker: Own | None


class Shape(NamedTuple):
    """A settings class. `old`: it is one of pydantic 1; `rewrites`: a validator of its own may change everything."""

    whole: Own
    old: bool
    fields: tuple[Field, ...]
    options: dict[str, Evaluated]
    rewrites: bool


def shape(reader: Following, whole: Own) -> Shape | None:
    """Return a settings class; None where a class is none, or where something fills it in a way that is not told."""
    classes = list(lineage(reader, whole))
    base = _base(classes, reader)
    told = options(reader, whole)
    if base is None or told is None or not _UNTOLD.isdisjoint(told):
        return None
    kinds = set[str]()
    for each in classes:
        for statement in each.node.body:
            if isinstance(statement, ast.If | ast.For | ast.While | ast.Try | ast.With):
                return None
            if isinstance(statement, ast.FunctionDef):
                kinds |= {statement.name, *(_last(one) for one in statement.decorator_list if not _comes_after(one))}
    if not _OTHERWISE.isdisjoint(kinds | set(told)) or any(each.node.decorator_list for each in classes):
        return None
    found: dict[str, Field] = {}
    for each in reversed(classes):
        for field in _fields(reader, each, whole, base == "pydantic"):
            found[field.name] = field
    rewrites = not kinds.isdisjoint(("model_validator", "root_validator"))
    return Shape(whole, base == "pydantic", tuple(found.values()), told, rewrites)


def _base(classes: list[Own], reader: Following) -> str | None:
    """Return the distribution whose `BaseSettings` classes come from; None where one has a base that is not known.

    Where both are tried in turn, the newer one was imported if it is there.
    """
    newer = reader.walk.is_outside("pydantic_settings")
    known = {each.node.name for each in classes}
    found = set[str]()
    for each in classes:
        brought = modules.imported_as(each.loaded.facts)
        for base in each.node.bases:
            name = dotted(base)
            first, dot, rest = name.partition(".")
            full = f"{brought.get(first, first)}{dot}{rest}"
            if full.endswith(".BaseSettings"):
                plain = full.startswith(("pydantic.BaseSettings", "pydantic_settings."))
                found.add("pydantic_settings" if newer and plain else full.partition(".")[0])
            elif name.rpartition(".")[2] not in known:
                return None
    return next(iter(found & {"pydantic", "pydantic_settings"})) if len(found) == 1 else None


def _last(node: ast.expr) -> str:
    return dotted(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]


def _comes_after(decorator: ast.expr) -> bool:
    """Say whether a validator sees what pydantic made of the texts, and nothing before."""
    told = [each.value for each in decorator.keywords if each.arg == "mode"] if isinstance(decorator, ast.Call) else []
    return any(isinstance(each, ast.Constant) and each.value == "after" for each in told)


def _fields(reader: Following, owner: Own, whole: Own, old: bool) -> Iterator[Field]:
    for statement in owner.node.body:
        hint: ast.expr | None = None
        match statement:
            case ast.AnnAssign(target=ast.Name(name), annotation=ast.expr() as hint) if not _is_class_variable(hint):
                pass
            case ast.Assign(targets=[ast.Name(name)]) if old:
                pass
            case _:
                continue
        if name.startswith("_") or name == "model_config":
            continue
        call = described(statement.value)
        given = variables(reader, whole, owner, name, call)
        kind, optional = _kind(hint)
        early = any(True for _ in validators(reader, whole, name, early=True))
        required = _is_required(statement.value, call) and not (old and (optional or hint is None))
        written = ast.unparse(hint) if hint is not None else ""
        maker = _maker(reader, owner, call)
        yield Field(name, owner, statement.lineno, tuple(given), kind, optional, required, early, written, maker)


def _maker(reader: Following, owner: Own, call: ast.Call | None) -> Own | None:
    """Return the class that `Field(default_factory=…)` names, if it is one of ours."""
    node = next((each.value for each in call.keywords if each.arg == "default_factory"), None) if call else None
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    found = evaluate(node, reader.walk.scope(reader.walk.frame(owner.loaded)))
    return found if isinstance(found, Own) else None


def _is_class_variable(hint: ast.expr) -> bool:
    return "ClassVar" in ast.unparse(hint)


def _is_required(value: ast.expr | None, call: ast.Call | None) -> bool:
    """Say whether a field has no default."""
    if call is not None:
        given = {each.arg: each.value for each in call.keywords}
        if None in given or "default_factory" in given:
            return False
        value = call.args[0] if call.args else given.get("default")
    return value is None or (isinstance(value, ast.Constant) and value.value is ...)


def _kind(hint: ast.expr | None) -> tuple[Kind, bool]:
    """Return what an annotation takes, and whether it takes None as well."""
    match hint:
        case ast.Constant(value=str(text)):
            try:
                return _kind(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return "", True
        case ast.Subscript(value=outer, slice=inner) if _last(outer) == "Optional":
            return _kind(inner)[0], True
        case ast.Subscript(value=outer, slice=ast.Tuple(elts=listed)) if _last(outer) == "Union":
            return _one_of(listed)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _one_of([left, right])
        case ast.Subscript(value=outer):
            found = _KINDS.get(_last(outer), "")
            return (found if found in ("list", "dict") else ""), False
        case ast.Name() | ast.Attribute():
            return _KINDS.get(_last(hint), ""), _last(hint) == "Any"
    return "", hint is None or isinstance(hint, ast.Constant)


def _one_of(listed: list[ast.expr]) -> tuple[Kind, bool]:
    """Return what a union takes: one kind, or that and None; a union of several is not judged."""
    empty = [isinstance(each, ast.Constant) and each.value is None for each in listed]
    rest = [each for each, none in zip(listed, empty, strict=True) if not none]
    return (_kind(rest[0])[0] if len(rest) == 1 else ""), any(empty)
