"""What a setup.py tells setuptools, as far as that can be told without running it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

Search = Callable[[str, list[str], list[str], bool], list[str]]  # where, include, exclude, with namespaces
_SEARCHES = {
    "find_packages": False,
    "find_namespace_packages": True,
    "PackageFinder.find": False,
    "PEP420PackageFinder.find": True,
}


class Said(NamedTuple):
    """The arguments of `setup()` that say what there is to import; None for those that are not given."""

    packages: list[str] | None
    modules: list[str] | None
    folders: dict[str, str] | None
    scripts: tuple[str, ...]


class _Untold(Exception):
    """An expression that is not understood."""


def read(text: str, search: Search) -> Said | None:
    """Read a setup.py; None where what it says can't be told. `search` finds packages as setuptools does."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _named(node.func) == "setup"]
    if len(calls) != 1 or calls[0].args:
        return None
    values = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    if None in values or "ext_modules" in values or "cmdclass" in values:
        return None
    reader = _Reader(module, search)
    try:
        packages = reader.texts(values["packages"]) if "packages" in values else None
        modules = reader.texts(values["py_modules"]) if "py_modules" in values else None
        folders = reader.mapping(values["package_dir"]) if "package_dir" in values else None
    except _Untold:
        return None
    return Said(packages, modules, folders, tuple(reader.scripts(values.get("entry_points"))))


def _named(node: ast.expr) -> str:
    """Return the last name of a function that is called."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Reader:
    def __init__(self, module: ast.Module, search: Search) -> None:
        self.search = search
        self.constants: dict[str, ast.expr] = {}
        for statement in module.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.constants[statement.targets[0].id] = statement.value
        self.depth = 0

    def texts(self, node: ast.expr) -> list[str]:
        """Return a list of texts; raises `_Untold`."""
        value = self.value(node, {})
        if not isinstance(value, list):
            raise _Untold
        return value

    def mapping(self, node: ast.expr) -> dict[str, str]:
        """Return a mapping of texts; raises `_Untold`."""
        if isinstance(node, ast.Name) and node.id in self.constants:
            node = self.constants[node.id]
        if not isinstance(node, ast.Dict):
            raise _Untold
        found: dict[str, str] = {}
        for key, each in zip(node.keys, node.values, strict=True):
            name, folder = self.value(key, {}) if key else None, self.value(each, {})
            if not isinstance(name, str) or not isinstance(folder, str):
                raise _Untold
            found[name] = folder
        return found

    def value(self, node: ast.expr, bound: dict[str, str]) -> str | list[str]:
        self.depth += 1
        if self.depth > 500:
            raise _Untold
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if name in bound:
                return bound[name]
            case ast.Name(id=name) if name in self.constants:
                return self.value(self.constants[name], {})
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return [text for element in elements for text in self.element(element, bound)]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self.added(self.value(left, bound), self.value(right, bound))
            case ast.JoinedStr(values=pieces):
                return "".join(self.piece(piece, bound) for piece in pieces)
            case (
                ast.ListComp(elt=element, generators=[ast.comprehension(target=ast.Name(id=name), ifs=[]) as each])
                | ast.GeneratorExp(elt=element, generators=[ast.comprehension(target=ast.Name(id=name), ifs=[]) as each])
            ):
                return [self.text(element, {**bound, name: text}) for text in self.listed(each.iter, bound)]
            case ast.Call():
                return self.found(node)
        raise _Untold

    def added(self, one: str | list[str], other: str | list[str]) -> str | list[str]:
        if isinstance(one, str) and isinstance(other, str):
            return one + other
        if isinstance(one, list) and isinstance(other, list):
            return one + other
        raise _Untold

    def element(self, node: ast.expr, bound: dict[str, str]) -> list[str]:
        return self.listed(node.value, bound) if isinstance(node, ast.Starred) else [self.text(node, bound)]

    def piece(self, node: ast.expr, bound: dict[str, str]) -> str:
        plain = isinstance(node, ast.FormattedValue) and node.format_spec is None and node.conversion == -1
        return self.text(node.value if isinstance(node, ast.FormattedValue) and plain else node, bound)

    def text(self, node: ast.expr, bound: dict[str, str]) -> str:
        value = self.value(node, bound)
        if not isinstance(value, str):
            raise _Untold
        return value

    def listed(self, node: ast.expr, bound: dict[str, str]) -> list[str]:
        value = self.value(node, bound)
        if not isinstance(value, list):
            raise _Untold
        return value

    def found(self, node: ast.Call) -> list[str]:
        """Return what a search for packages finds."""
        name = _named(node.func)
        if name == "find" and isinstance(node.func, ast.Attribute):
            name = f"{_named(node.func.value)}.find"
        given = dict(zip(("where", "exclude", "include"), node.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if name not in _SEARCHES or any(keyword.arg is None for keyword in node.keywords):
            raise _Untold
        where = self.text(given["where"], {}) if "where" in given else "."
        include = self.listed(given["include"], {}) if "include" in given else ["*"]
        exclude = self.listed(given["exclude"], {}) if "exclude" in given else []
        return self.search(where, include, exclude, _SEARCHES[name])

    def scripts(self, node: ast.expr | None) -> list[str]:
        """Return the names of the console scripts, as far as they are told."""
        if not isinstance(node, ast.Dict):
            return []
        found: list[str] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "console_scripts" and isinstance(value, ast.List | ast.Tuple):
                texts = [each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
                found += [text.partition("=")[0].strip() for text in texts]
        return found
