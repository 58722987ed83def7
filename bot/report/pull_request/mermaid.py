"""The way of a deploy as a picture in Mermaid, which GitHub draws from a fenced block.

A label is in quotes, and every character in it that Mermaid's grammar, its directives (`%%{…}%%`), its own markdown or HTML
could take for anything but a letter is written by its number. Source: mermaid.js.org, "Flowcharts: Entity codes".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.report.markdown import safe

_UNUSUAL = re.compile(r"[^A-Za-z0-9 .,/=-]")
_WIDTH = 60


class Node(NamedTuple):
    """A stage of the picture: its `name`, what it is in this deploy, and whether the deploy stops there."""

    name: str
    says: str
    stops: bool = False


def picture(nodes: Sequence[Node]) -> list[str]:
    """Return the fenced block of a chain, the first node on the left."""
    lines = ["```mermaid", "flowchart LR"]
    for number, node in enumerate(nodes):
        lines.append(f'  n{number}["{_label(node)}"]')
    lines += [f"  n{number - 1} --> n{number}" for number in range(1, len(nodes))]
    stopping = [f"n{number}" for number, node in enumerate(nodes) if node.stops]
    if stopping:
        lines.append(f"  style {stopping[0]} stroke:#d1242f,stroke-width:3px")
    return [*lines, "```"]


def _label(node: Node) -> str:
    """Return the words of a node; they begin with ours, since a number or a dash in front would be a list to Mermaid."""
    return escaped(f"{node.name}: {node.says}" + (" ✗" if node.stops else ""))


def escaped(text: str) -> str:
    """Return text as Mermaid takes it between quotes, as nothing but text."""
    return _UNUSUAL.sub(lambda character: f"#{ord(character[0])};", safe(text, _WIDTH))
