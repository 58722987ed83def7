"""Which view Django asks for a path, and whether LoginRequiredMiddleware leaves it alone.

From Django 5.2: `contrib/auth/middleware.py` (a view whose `login_required` is False is not asked for a user),
`contrib/auth/decorators.py` (`login_not_required` sets that), `urls/resolvers.py` (the first pattern that matches). Only paths
that are written plainly are followed; behind one that is not, nothing is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.modules import parsed
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place
from bot.engine.model.tree import Tree, Unreadable, join

_PLAIN = re.compile(r"(\^?)([\w/.-]*)(\??)(\$?)")
_EXEMPT = "login_not_required"
_DEEPEST = 5


class View(NamedTuple):
    """A view: where the URLs name it, its `def` or class, if that is in the repository, and whether it is open to all."""

    place: Place
    defined: Place | None
    open: bool


class Urls:
    """The URLs of a project whose modules lie below a folder."""

    def __init__(self, tree: Tree, root: str) -> None:
        self.tree = tree
        self.root = root

    def view(self, module: str, path: str) -> View | None:
        """Return the view that a path, without its first slash, is answered by; None where that is not followed."""
        return next(self.matching(module, path, 0), None)

    def lacks(self, module: str, path: str) -> bool:
        """Say whether surely no pattern matches a path."""
        return next(self.matching(module, path, 0), False) is False

    def matching(self, module: str, rest: str, depth: int) -> Iterator[View | None]:
        """Yield the first view that matches, or None where a pattern may match that is not followed."""
        file, body = self.read(module)
        if file is None or depth > _DEEPEST:
            yield None
            return
        for entry in _entries(body):
            left = _left(entry, rest) if isinstance(entry, ast.Call) and len(entry.args) > 1 else None
            if left is None:
                yield None
                return
            if not isinstance(entry, ast.Call) or left == "no":
                continue
            wanted, tail = entry.args[1], left.removeprefix("yes:")
            if isinstance(wanted, ast.Call) and dotted(wanted.func).rpartition(".")[2] == "include":
                named = wanted.args[0] if wanted.args else None
                inner = named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else ""
                yield from self.matching(inner, tail, depth + 1)
            elif not tail:
                yield self.named(wanted, module, file, body)
                return

    def read(self, module: str) -> tuple[str | None, list[ast.stmt]]:
        """Return the file of a module, and its statements."""
        stem = join(self.root, module.replace(".", "/")) or ""
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            try:
                if module and self.tree.is_file(path):
                    return path, parsed(self.tree.read(path)).body
            except (SyntaxError, Unreadable):
                break
        return None, []

    def named(self, node: ast.expr, module: str, file: str, body: list[ast.stmt]) -> View | None:
        """Return the view that an expression is."""
        place = Place(file, node.lineno, node.col_offset + 1)
        if isinstance(node, ast.Lambda):
            return View(place, None, False)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == _EXEMPT:
            return View(place, None, True)
        name = dotted(node.func).removesuffix(".as_view") if isinstance(node, ast.Call) else dotted(node)
        found = self.defined(name, module, file, body, 0)
        if found is None or isinstance(node, ast.Call) is not isinstance(found[1], ast.ClassDef):
            return None
        where, definition = found
        if isinstance(definition, ast.ClassDef) and any("View" not in dotted(base) for base in definition.bases):
            return None  # a class that its base may open
        is_open = any(_EXEMPT in ast.unparse(each) for each in definition.decorator_list)
        return View(place, Place(where, definition.lineno, definition.col_offset + 1), is_open)

    def defined(
        self, name: str, module: str, file: str, body: list[ast.stmt], depth: int
    ) -> tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] | None:
        """Return where a function or a class is defined that a module names."""
        first, _, rest = name.partition(".")
        for each in body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and each.name == name:
                return file, each
            if not isinstance(each, ast.ImportFrom) or depth > _DEEPEST:
                continue
            package = module.split(".")[: -each.level] if each.level and not file.endswith("__init__.py") else []
            base = ".".join([*package, *([each.module] if each.module else [])])
            for alias in each.names:
                if (alias.asname or alias.name) == first:
                    inner = f"{base}.{alias.name}" if rest else base
                    path, statements = self.read(inner)
                    return self.defined(rest or alias.name, inner, path, statements, depth + 1) if path else None
        return None


def _entries(body: list[ast.stmt]) -> Iterator[ast.expr | None]:
    """Yield what `urlpatterns` lists, None for what is put there in another way."""
    for each in body:
        target = each.targets[0] if isinstance(each, ast.Assign) else getattr(each, "target", None)
        if isinstance(each, ast.Assign | ast.AugAssign | ast.AnnAssign) and dotted(target or each) == "urlpatterns":
            yield from each.value.elts if isinstance(each.value, ast.List | ast.Tuple) else (None,)


def _left(entry: ast.Call, rest: str) -> str | None:
    """Return "no" where a pattern does not match, "yes:" and what it leaves of a path; None where it is not followed."""
    verb, given = dotted(entry.func).rpartition(".")[2], entry.args[0]
    text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None
    if text is None or verb not in ("path", "re_path", "url"):
        return None
    if verb == "path":
        fixed = text.partition("<")[0]
        if "<" in text:
            return None if rest.startswith(fixed) else "no"
        return f"yes:{rest[len(text) :]}" if rest.startswith(text) else "no"
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    options = [plain[2], *([plain[2][:-1]] if plain[3] else [])]
    matched = next((each for each in options if rest == each or (not plain[4] and rest.startswith(each))), None)
    return f"yes:{rest[len(matched) :]}" if matched is not None else "no"
