"""What a class of the repository gives its objects, as far as it stays what it was made."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from bot.engine.boot.modules import parameters
from bot.engine.boot.values import dotted

_CHANGING = frozenset("append add extend insert update remove discard pop popleft appendleft clear setdefault".split())


def attributes(node: ast.ClassDef, options: Mapping[str, ast.expr] | None = None) -> dict[str, ast.expr]:
    """Return what a class, or its `__init__`, gives its objects; `options` are what that is called with."""
    found: dict[str, ast.expr] = {}
    for each in node.body:
        if isinstance(each, ast.Assign):
            found |= {target.id: each.value for target in each.targets if isinstance(target, ast.Name)}
        elif isinstance(each, ast.AnnAssign) and each.value is not None:
            found[dotted(each.target)] = each.value
        elif isinstance(each, ast.FunctionDef) and each.name == "__init__":
            found |= _given(each, options or {})
    changed = _changed(node)
    return {name: value for name, value in found.items() if name not in changed and not is_empty(value)}


def _changed(node: ast.ClassDef) -> set[str]:
    """Return the attributes that a class changes after it has set them in `__init__`."""
    found: set[str] = set()
    for method in node.body:
        for each in ast.walk(method):
            if isinstance(each, ast.Attribute | ast.Subscript) and not isinstance(each.ctx, ast.Load):
                inner = each.value if isinstance(each, ast.Subscript) else each
                if isinstance(each, ast.Subscript) or getattr(method, "name", "") != "__init__":
                    found.add(dotted(inner).removeprefix("self."))
            elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _CHANGING:
                found.add(dotted(each.func.value).removeprefix("self."))
    return found


def is_empty(node: ast.expr) -> bool:
    """Say whether a value is a list or the like that is filled later."""
    return isinstance(node, ast.List | ast.Set) and not node.elts


def _given(start: ast.FunctionDef, options: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    given = {**parameters(start), **options}
    found: dict[str, ast.expr] = {}
    for each in ast.walk(start):
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None:
            value = given[each.value.id] if isinstance(each.value, ast.Name) and each.value.id in given else each.value
            if value is None or (value is each.value and _names(value) & {*given}):
                continue
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names = [dotted(target) for target in targets]
            found |= {name.removeprefix("self."): value for name in names if name.startswith("self.")}
    return found


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
