"""What an attribute of a class stands for, or of its objects: fields of pydantic's settings, properties, plain values.

pydantic-settings 2 and pydantic 1: a field is filled from the variable of its name in any case, with the prefix of the
configuration before it, or from the one that `alias`, `validation_alias` or (1) `env` names; its validators run on that, and
on the default as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bot.engine.boot import modules
from bot.engine.boot.values import UNKNOWN, Evaluated, Object, Scope, dotted, evaluate

if TYPE_CHECKING:
    from bot.engine.boot.finder import Loaded
    from bot.engine.boot.importer import Importer

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_FARTHEST = 4  # classes above a class
_PROPERTIES = frozenset("property computed_field cached_property".split())
_VALIDATORS = frozenset(("field_validator", "validator"))
_WHOLE = frozenset("model_validator root_validator __init__ model_post_init __new__ __getattr__ __getattribute__".split())
_WRAPPERS = ("BeforeValidator", "AfterValidator", "WrapValidator", "PlainValidator")


class Field(NamedTuple):
    """A field of a settings class whose value comes from the environment, as it was read last."""

    path: str
    owner: str  # the class
    name: str
    value: Evaluated


class Following(Protocol):
    """What follows calls and attributes for one value: see `reader.py`."""

    walk: Importer
    depth: int

    def enters(self) -> bool:
        """Say whether one more call is followed."""
        ...

    def note(self, owner: Own, name: str, value: Evaluated) -> None:
        """Note a field that comes from the environment."""
        ...

    def returned(
        self, loaded: Loaded, function: _Function, given: list[Evaluated], more: dict[str, Evaluated], plain: bool
    ) -> Evaluated:
        """Return what a function returns for its arguments."""
        ...


class Own(Object):
    """A class of a module, and any object of it: they differ in nothing that is asked for."""

    def __init__(self, reader: Following, loaded: Loaded, node: ast.ClassDef) -> None:
        self.reader = reader
        self.loaded = loaded
        self.node = node

    def get(self, name: str) -> Evaluated:
        """Return what an attribute stands for."""
        if not self.reader.enters():
            return UNKNOWN
        found = attribute(self.reader, self, self, name)
        self.reader.depth -= 1
        return found

    def call(self, name: str, arguments: list[Evaluated]) -> Evaluated:
        """Return what a method returns."""
        function = method(self.reader, self, name)
        if function is None:
            return UNKNOWN
        owner, node = function
        kinds = {dotted(each) for each in node.decorator_list}
        given = arguments if "staticmethod" in kinds else [self, *arguments]
        return self.reader.returned(owner.loaded, node, given, {}, kinds <= {"staticmethod", "classmethod"})


def made_plainly(node: ast.Call) -> bool:
    """Say whether an object is made with nothing that fills its fields."""
    return not node.args and all((each.arg or "").startswith("_") for each in node.keywords)


def attribute(reader: Following, owner: Own, whole: Own, name: str) -> Evaluated:
    """Return what an attribute of `whole` stands for; `owner` is the class, or one above it, that is looked through."""
    for each in lineage(reader, owner):
        function = next((one for one in _functions(each) if one.name == name), None)
        if function is not None:
            kinds = {
                dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2] for one in function.decorator_list
            }
            made = bool(kinds) and kinds <= _PROPERTIES
            return reader.returned(each.loaded, function, [whole], {}, made)
        statement = declared(each.node, name)
        if statement is not None:
            return _field(reader, each, whole, name, statement)
    return _set_in_init(reader, whole, name)


def method(reader: Following, owner: Own, name: str) -> tuple[Own, _Function] | None:
    """Return a method, and the class that defines it."""
    for each in lineage(reader, owner):
        for function in _functions(each):
            if function.name == name:
                return each, function
    return None


def lineage(reader: Following, owner: Own) -> Iterator[Own]:
    """Yield a class and those above it that are the repository's own, the nearest first."""
    queue = [owner]
    for _ in range(_FARTHEST):
        if not queue:
            return
        first = queue.pop(0)
        yield first
        scope = reader.walk.scope(reader.walk.frame(first.loaded))
        queue += [found for base in first.node.bases if isinstance(found := evaluate(base, scope), type(owner))]


def declared(node: ast.ClassDef, name: str) -> ast.Assign | ast.AnnAssign | None:
    """Return the one statement that gives a class an attribute."""
    found = [each for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign) and name in _targets(each)]
    return found[0] if len(found) == 1 else None


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    return [dotted(each) for each in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])]


def _functions(owner: Own) -> Iterator[_Function]:
    for each in owner.node.body:
        if isinstance(each, _Function):
            yield each


def _is_settings(reader: Following, owner: Own) -> bool:
    bases = [dotted(base).rpartition(".")[2] for each in lineage(reader, owner) for base in each.node.bases]
    return "BaseSettings" in bases


def _field(reader: Following, owner: Own, whole: Own, name: str, statement: ast.Assign | ast.AnnAssign) -> Evaluated:
    """Return a field's value: what the environment says, else its default, with its validators."""
    scope = _scope(reader, owner)
    call = described(statement.value)
    value = _default(call, statement.value, scope)
    if not _is_settings(reader, whole):
        return value
    if _changed(reader, whole, name) or _wrapped(statement):
        return UNKNOWN
    value = _from_environment(variables(reader, whole, owner, name, call), value, scope)
    for function in validators(reader, whole, name):
        value = reader.returned(owner.loaded, function, [whole, value], {}, True)
    reader.note(owner, name, value)
    return value


def described(value: ast.expr | None) -> ast.Call | None:
    """Return the `Field(…)` that a field is declared with."""
    named = isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in ("Field", "field")
    return value if isinstance(value, ast.Call) and named else None


def _scope(reader: Following, owner: Own) -> Scope:
    """Return what the expressions in a class's body may refer to."""
    scope = reader.walk.scope(reader.walk.frame(owner.loaded))
    own = {
        target: each.value
        for each in owner.node.body
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None
        for target in _targets(each)
        if not (isinstance(each.value, ast.Name) and each.value.id == target)
    }
    return scope._replace(constants={**scope.constants, **own})


def _default(call: ast.Call | None, value: ast.expr | None, scope: Scope) -> Evaluated:
    """Return the default of a field; UNKNOWN for none."""
    if call is None:
        return evaluate(value, scope) if value is not None else UNKNOWN
    given = {each.arg: each.value for each in call.keywords}
    node = call.args[0] if call.args else given.get("default")
    factory = given.get("default_factory")
    if isinstance(factory, ast.Lambda):
        node = factory.body
    return evaluate(node, scope) if node is not None else UNKNOWN


def variables(reader: Following, whole: Own, owner: Own, name: str, call: ast.Call | None) -> list[str]:
    """Return the variables that a field of a class is filled from, the first one that is set; `call` is its `Field(…)`."""
    scope = _scope(reader, owner)
    given = {each.arg: each.value for each in call.keywords} if call else {}
    for option in ("validation_alias", "alias", "env"):
        if option not in given:
            continue
        node = given[option]
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "AliasChoices":
            listed: Evaluated = tuple(evaluate(each, scope) for each in node.args)
        else:
            listed = evaluate(node, scope)
        return [each for each in (listed if isinstance(listed, tuple) else (listed,)) if isinstance(each, str)]
    prefix = _prefix(reader, whole)
    return [] if prefix is None else [f"{prefix}{name}"]


def _prefix(reader: Following, whole: Own) -> str | None:
    """Return what stands before the names of variables; None where that is not told."""
    told = options(reader, whole)
    prefix = told.get("env_prefix", "") if told is not None else None
    return prefix if isinstance(prefix, str) else None


def options(reader: Following, whole: Own) -> dict[str, Evaluated] | None:
    """Return the configuration of a settings class, that of the classes above it included; None where it is not all told."""
    found: dict[str, Evaluated] = {}
    for each in lineage(reader, whole):
        scope = _scope(reader, each)
        told = configured(each.node)
        if told is None:
            return None
        for name, node in told.items():
            found.setdefault(name, evaluate(node, scope))
    return found


def configured(node: ast.ClassDef) -> dict[str, ast.expr] | None:
    """Return the options in a class's own configuration: `model_config`, `class Config`, or words behind its bases."""
    found = {each.arg: each.value for each in node.keywords if each.arg and each.arg != "metaclass"}
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name("model_config")], value=value)
                | ast.AnnAssign(target=ast.Name("model_config"), value=ast.expr() as value)
            ):
                told = _options_of(value)
                if told is None:
                    return None
                found |= told
            case ast.ClassDef(name="Config", bases=[], body=body):
                for each in body:
                    if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None:
                        found |= dict.fromkeys(_targets(each), each.value)
                    elif isinstance(each, _Function):
                        found[each.name] = ast.Constant(...)  # what it does is not told
            case ast.ClassDef(name="Config"):
                return None
    return found


def _options_of(value: ast.expr) -> dict[str, ast.expr] | None:
    """Return the options that `SettingsConfigDict(…)`, `dict(…)` or `{…}` holds; None for what is not written out."""
    match value:
        case ast.Call(args=[], keywords=keywords) if all(each.arg for each in keywords):
            return {each.arg or "": each.value for each in keywords}
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return {str(key.value): each for key, each in zip(keys, values, strict=True) if isinstance(key, ast.Constant)}
    return None


def _from_environment(names: list[str], default: Evaluated, scope: Scope) -> Evaluated:
    """Return what the first of some variables says that is set, else the default."""
    for name in names:
        for written in dict.fromkeys((name.upper(), name, name.lower())):
            if written in scope.env:
                value = scope.env[written]
                return UNKNOWN if value is None else value
    return default if scope.complete and names else UNKNOWN


def validators(reader: Following, whole: Own, name: str, early: bool = False) -> list[_Function]:
    """Return the validators of a field in the order in which they run: of pydantic 2's that come before, the last one first.

    `early`: only those that see what the environment has.
    """
    before: list[_Function] = []
    after: list[_Function] = []
    for each in lineage(reader, whole):
        for function in _functions(each):
            for call in function.decorator_list:
                if not isinstance(call, ast.Call) or dotted(call.func).rpartition(".")[2] not in _VALIDATORS:
                    continue
                listed = [one.value for one in call.args if isinstance(one, ast.Constant)]
                first = any(
                    isinstance(one.value, ast.Constant) and one.value.value in ("before", "plain", "wrap", True)
                    for one in call.keywords
                    if one.arg in ("mode", "pre")
                )
                newest = dotted(call.func).rpartition(".")[2] == "field_validator"
                if (name in listed or "*" in listed) and first:
                    before.insert(0 if newest else len(before), function)
                elif name in listed or "*" in listed:
                    after.append(function)
    return before if early else [*before, *after]


def _changed(reader: Following, whole: Own, name: str) -> bool:
    """Say whether something else than a validator of the field may change it."""
    for each in lineage(reader, whole):
        for function in _functions(each):
            kinds = {
                dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2] for one in function.decorator_list
            }
            if not _WHOLE.isdisjoint({*kinds, function.name}) and any(_names(node, name) for node in ast.walk(function)):
                return True
    return False


def _names(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Constant) and node.value == name)


def _wrapped(statement: ast.Assign | ast.AnnAssign) -> bool:
    """Say whether a field's annotation holds a validator."""
    hint = statement.annotation if isinstance(statement, ast.AnnAssign) else None
    nodes = ast.walk(hint) if hint is not None else iter(())
    return any(isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _WRAPPERS for node in nodes)


def _set_in_init(reader: Following, whole: Own, name: str) -> Evaluated:
    """Return what `__init__` gives an attribute, where it does so once and at its top level."""
    found = method(reader, whole, "__init__")
    if found is None:
        return UNKNOWN
    owner, function = found
    stores = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    for statement in function.body:
        targets = _targets(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else []
        if targets == [f"self.{name}"] and [node.attr for node in stores].count(name) == 1:
            value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            local = modules.function_constants(function)[1]
            if value is None or any(isinstance(node, ast.Name) and node.id in local for node in ast.walk(value)):
                return UNKNOWN
            return evaluate(value, reader.walk.scope(reader.walk.frame(owner.loaded)))
    return UNKNOWN
