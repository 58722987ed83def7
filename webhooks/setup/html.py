"""HTML out of nested calls: every text and every attribute is escaped, because nothing else can be written with it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

_VOID: Final = frozenset({"br", "hr", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already; only this file makes it."""

    __slots__ = ()


Child = str | None | Sequence["Child"]


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """Return an element. A child is escaped unless it is Markup; None is nothing, a list its items.

    In the names of attributes a last underscore is dropped (`class_`), others become hyphens; True has no value, False and
    None are left out.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{_inside(children)}</{name}>")


def style(css: str) -> Markup:
    """Return a style element; the text is our own and no part of it comes from outside."""
    return Markup(f"<style>{css}</style>")


def document(head: Child, body: Child) -> str:
    """Return a whole page."""
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', body), lang='en')}\n"


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(value)}"'


def _inside(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child
        case str():
            return html.escape(child)
        case _:
            return "".join(_inside(one) for one in child)
