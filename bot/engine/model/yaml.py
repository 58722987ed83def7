"""YAML with positions: values by the rules of YAML 1.2's core schema, and the span of every key and value.

PyYAML composes the nodes (its C parser where there is one); scalars are resolved here, since PyYAML follows YAML 1.1, where
the key `on` of a workflow is the value true. Aliases are shared, not copied. JSON is read too: it is YAML.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import yaml

from bot.engine.model.toml import Path, Problem, Span, Value

_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)$")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$")


class Document(NamedTuple):
    """A YAML file as it was read."""

    text: str
    data: Value
    spans: dict[Path, Span]
    problem: Problem | None


@lru_cache(maxsize=64)
def read(text: str) -> Document:
    """Read the first document of a YAML file; never raises: what is wrong stands in `problem`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.index if mark else 0
        return Document(text, None, {}, Problem(at, at, error.problem or "not valid YAML"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return Document(text, None, {}, Problem(0, 0, str(error).partition("\n")[0]))
    spans: dict[Path, Span] = {}
    data = _value(node, (), spans, {}) if node is not None else None
    return Document(text, data, spans, None)


def _value(node: yaml.Node, path: Path, spans: dict[Path, Span], seen: dict[int, Value]) -> Value:
    if id(node) in seen:
        return seen[id(node)]
    if isinstance(node, yaml.MappingNode):
        table: dict[str, Value] = {}
        seen[id(node)] = table
        for key, value in node.value:
            here = (*path, str(getattr(key, "value", "")))
            spans[here] = Span(key.start_mark.index, key.end_mark.index, value.start_mark.index, value.end_mark.index)
            table[str(here[-1])] = _value(value, here, spans, seen)
        return table
    if isinstance(node, yaml.SequenceNode):
        elements: list[Value] = []
        seen[id(node)] = elements
        for index, value in enumerate(node.value):
            start = value.start_mark.index
            spans[(*path, index)] = Span(start, start, start, value.end_mark.index)
            elements.append(_value(value, (*path, index), spans, seen))
        return elements
    seen[id(node)] = _scalar(node.value, getattr(node, "style", None))
    return seen[id(node)]


def _scalar(text: str, style: str | None) -> Value:
    if style is not None:  # quoted, or a block
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text in ("", "~") or text.lower() == "null":
        return None
    if _NUMBER.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text
