"""site-packages as the wheels of a resolved set fill it: which modules there are, and what importing one comes to.

Distributions are taken to work by themselves; what is judged is where one leans on another, or on the standard library:
a module that nobody brings, a name that the other one (any more) does not define. Messages are CPython's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from bot.engine.model import stdlib
from bot.engine.model.findings import Failure
from bot.engine.model.index import Index, Pin, Python, Wheel
from bot.engine.model.outline import UNSEEN, Guarded, Maybe, Needs, Outline, Step

_DEEPEST = 150  # imports inside of imports that are followed
_MISPLACED = frozenset(("tests", "test", "docs", "examples", "scripts", "tools", "benchmarks"))


class Broken(NamedTuple):
    """An import that fails: in Python's words, with the modules that led there, and the distribution that lacks something."""

    message: str
    failure: Failure
    chain: tuple[str, ...]  # `path:line` in site-packages
    module: str  # that is not there, or lacks the name
    name: str | None
    lacking: str | None  # the distribution that should have it and does not
    importer: str | None = None  # the distribution that imports it


class Module(NamedTuple):
    """Where a module lies: its path in site-packages, and the wheel that brings it."""

    path: str
    pin: Pin


class Site:
    """What the wheels of `pins` put into site-packages, for a version of Python.

    `partial` says why there may be more than that.
    """

    def __init__(self, pins: Iterable[Pin], index: Index, python: Python, partial: str | None) -> None:
        self.pins = tuple(pins)
        self.index = index
        self.python = python
        self.partial = partial
        self.broken: dict[str, Broken | None] = {}
        self.depth = 0

    @cached_property
    def wheels(self) -> dict[str, Wheel]:
        """The wheels that could be looked into, by distribution."""
        found = ((pin.name, self.index.wheel(pin)) for pin in self.pins)
        return {name: wheel for name, wheel in found if wheel is not None}

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The distributions whose wheels could not be looked into."""
        return tuple(pin.name for pin in self.pins if pin.name not in self.wheels)

    @cached_property
    def _modules(self) -> tuple[dict[str, Module], frozenset[str]]:
        """Every module by its dotted name, and every folder that holds one."""
        modules: dict[str, Module] = {}
        for pin in self.pins:
            for path in self.wheels[pin.name].files if pin.name in self.wheels else ():
                name = _dotted(path)
                if name is not None and (name not in modules or path.endswith("/__init__.py")):
                    modules[name] = Module(path, pin)
        folders = {name.rsplit(".", count)[0] for name in modules for count in range(1, name.count(".") + 1)}
        return modules, frozenset(folders)

    @cached_property
    def scripts(self) -> frozenset[str]:
        """All console scripts."""
        return frozenset(script for wheel in self.wheels.values() for script in wheel.scripts)

    def has(self, name: str) -> bool:
        """Say whether there is a module of a dotted name, or a folder that may be a namespace package."""
        modules, folders = self._modules
        return name in modules or name in folders

    def offers(self, module: str, name: str | None) -> bool:
        """Say whether there is a module for sure, and a name in it that can be seen."""
        if name is None:
            return self.has(module)
        seen = module in self._modules[0] and self._defines(module, name, set()) and not self._outline(module).dynamic
        return self.has(f"{module}.{name}") or seen

    def may_have(self, name: str) -> bool:
        """Say whether a module may be there that no file stands for: a package above it makes some itself."""
        parts = name.split(".")
        above = [".".join(parts[:length]) for length in range(1, len(parts))]
        return any(self._outline(each).makes for each in above if each in self._modules[0])

    def giver(self, name: str) -> str | None:
        """Return the distribution that brings a module, or what lies above it."""
        parts = name.split(".")
        modules = self._modules[0]
        found = (modules.get(".".join(parts[:length])) for length in range(len(parts), 0, -1))
        return next((module.pin.name for module in found if module), None)

    def _outline(self, name: str) -> Outline:
        module = self._modules[0].get(name)
        if module is None or not module.path.endswith(".py"):
            return UNSEEN
        return self.wheels[module.pin.name].outline(module.path, self.python) or UNSEEN

    # --- importing

    def imported(self, name: str, names: tuple[str, ...] | None) -> Broken | None:
        """Import a module that is here, and names from it; None where that works, as far as can be told."""
        try:
            return self._import(name, names, None, ())
        except RecursionError:
            return None

    def _import(self, name: str, names: tuple[str, ...] | None, owner: Pin | None, chain: tuple[str, ...]) -> Broken | None:
        """Import a dotted name from the left, then what is wanted of it; `owner` is the distribution that imports it."""
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            here = ".".join(parts[:length])
            if stdlib.has(parts[0], self.python):
                return self._dropped(name, names, owner, chain)
            if not self.has(here):
                return self._missing(here, owner, chain)
            if broken := self._run(here, chain):
                return broken
        return self._names(name, names, owner, chain) if names else None

    def _dropped(self, name: str, names: tuple[str, ...] | None, owner: Pin | None, chain: tuple[str, ...]) -> Broken | None:
        """Import names of the standard library, which loses some with its versions."""
        for each in names or ():
            if stdlib.dropped(name, each, self.python):
                message = stdlib.cannot_import(each, name, stdlib.folder(self.python))
                return Broken(message, "import", chain, name, each, None, owner.name if owner else None)
        return None

    def _missing(self, name: str, owner: Pin | None, chain: tuple[str, ...]) -> Broken | None:
        parent = name.rpartition(".")[0]
        module = self._modules[0].get(parent)
        told = module is not None or not (self.partial or self.unseen)  # a package that is here has no parts elsewhere
        if not told or self.may_have(name) or name.startswith("_") or name in _MISPLACED:
            return None
        if owner is not None and self.giver(name) == owner.name:  # of its own it knows best what there is
            return None
        message = f"ModuleNotFoundError: No module named '{name}'"
        if module is not None and not module.path.endswith("/__init__.py"):
            message += f"; '{parent}' is not a package"
        return Broken(message, "module", chain, name, None, self.giver(name), owner.name if owner else None)

    def _run(self, name: str, chain: tuple[str, ...]) -> Broken | None:
        """Execute a module, once."""
        module = self._modules[0].get(name)
        if module is None or name in self.broken or self.depth > _DEEPEST:
            return self.broken.get(name)
        self.broken[name] = None
        package = name if module.path.endswith("/__init__.py") else name.rpartition(".")[0]
        self.depth += 1
        try:
            self.broken[name] = self._steps(self._outline(name).steps, package, module, chain)
        finally:
            self.depth -= 1
        return self.broken[name]

    def _steps(self, steps: tuple[Step, ...], package: str, module: Module, chain: tuple[str, ...]) -> Broken | None:
        for step in steps:
            broken = None
            match step:
                case Needs():
                    broken = self._needed(step, package, module, chain)
                case Guarded():
                    broken = self._guarded(step, package, module, chain)
                case Maybe():
                    pass
            if broken:
                return broken
        return None

    def _needed(self, step: Needs, package: str, module: Module, chain: tuple[str, ...]) -> Broken | None:
        name = _absolute(step, package)
        if name is None:
            return None
        return self._import(name, step.names, module.pin, (*chain, f"{module.path}:{step.line}"))

    def _guarded(self, step: Guarded, package: str, module: Module, chain: tuple[str, ...]) -> Broken | None:
        broken = self._steps(step.steps, package, module, chain)
        if broken is None:
            return self._steps(step.orelse, package, module, chain)
        handler = next((each for each in step.handlers if broken.failure in each.catches), None)
        if handler is None or handler.raises:
            return broken
        return self._steps(handler.steps, package, module, chain)

    def _names(self, name: str, names: tuple[str, ...], owner: Pin | None, chain: tuple[str, ...]) -> Broken | None:
        for each in names:
            full = f"{name}.{each}"
            if full in self._modules[0] and not self._defines(name, each, set()):
                if broken := self._run(full, chain):
                    return broken
            elif each != "*" and not self.has(full) and not self._defines(name, each, set()):
                giver, module = self.giver(name), self._modules[0].get(name)
                if (module is None and self.partial) or (owner is not None and giver == owner.name):
                    continue
                importer = owner.name if owner else None
                if module is None:  # a namespace, to which any distribution may add
                    message = stdlib.cannot_import(each, name)
                    return Broken(message, "import", chain, full, None, None, importer)
                message = stdlib.cannot_import(each, name, f"{self.folder}/{module.path}")
                return Broken(message, "import", chain, name, each, giver, importer)
        return None

    @property
    def folder(self) -> str:
        """The folder of site-packages, in an image of Python."""
        return f"/usr/local/lib/python{self.python[0]}.{self.python[1]}/site-packages"

    def _defines(self, name: str, each: str, seen: set[str]) -> bool:
        """Say whether a module may define a name; what it takes from others with a star is looked up there."""
        outline = self._outline(name)
        if name not in self._modules[0]:  # a namespace has submodules alone
            return False
        if outline.dynamic or each in outline.names or each.startswith("__") or name in seen:
            return True
        seen.add(name)
        module = self._modules[0][name]
        package = name if module.path.endswith("/__init__.py") else name.rpartition(".")[0]
        for star, level in outline.stars:
            other = _absolute(Needs(star, None, level, 0), package)
            if other is None or not self.has(other) or self._defines(other, each, seen):
                return True
        return False


def _absolute(step: Needs, package: str) -> str | None:
    if step.level == 0:
        return step.module
    parts = package.split(".")
    if step.level > len(parts):
        return None
    base = ".".join(parts[: len(parts) - step.level + 1])
    return f"{base}.{step.module}" if step.module else base


def _dotted(path: str) -> str | None:
    """Return the name under which Python imports a file of site-packages; None for what it does not import."""
    folder, _, file = path.rpartition("/")
    stem, dot, suffix = file.partition(".")
    if not dot or not (suffix in ("py", "pyc") or suffix == "so" or suffix.endswith(".so")) or not stem.isidentifier():
        return None
    parts = [*(folder.split("/") if folder else ()), *(() if stem == "__init__" and folder else (stem,))]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None
