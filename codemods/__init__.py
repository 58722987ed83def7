"""The codemods: one file each, loaded by name when a finding asks for it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import NamedTuple, cast

from bot.engine.codemod import Codemod, Find, Propose
from codemods.index import ANSWERS, FINDERS, NAMES, OPT_IN


class Page(NamedTuple):
    """What a codemod says of itself: its title and the page that `bot explain` prints."""

    name: str
    title: str
    text: str
    codemod: Codemod


@cache
def _module(name: str) -> ModuleType:
    return import_module(f"codemods.{name.replace('-', '_')}")


class Shelf:
    """The registry of all codemods; nothing is imported before it is asked for."""

    def answering(self, code: str) -> tuple[str, ...]:
        """Return the names of the codemods that answer a finding, in the order of convention."""
        return ANSWERS.get(code, ())

    def finders(self) -> tuple[str, ...]:
        """Return the names of those that find weaknesses."""
        return FINDERS

    def opt_in(self) -> tuple[str, ...]:
        """Return the names of those that find one only when they are selected."""
        return OPT_IN

    def data(self, name: str) -> Codemod:
        """Return a codemod's data."""
        return cast("Codemod", _module(name).CODEMOD)

    def propose(self, name: str) -> Propose:
        """Return a codemod's `propose`."""
        return cast("Propose", _module(name).propose)

    def find(self, name: str) -> Find:
        """Return a codemod's `find`."""
        return cast("Find", _module(name).find)

    def names(self) -> tuple[str, ...]:
        """Return the names of all codemods."""
        return NAMES

    def page(self, name: str) -> Page:
        """Return a codemod's title and page, from its docstring."""
        title, _, text = (_module(name).__doc__ or "").strip().partition("\n")
        return Page(name, title.strip(), text.strip(), self.data(name))
