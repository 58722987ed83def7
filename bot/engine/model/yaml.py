"""YAML with positions: values by the rules of YAML 1.2's core schema, and the span of every key and value.

PyYAML composes the nodes (its C parser where there is one); scalars are resolved here, since PyYAML follows YAML 1.1, where
the key `on` of a workflow is the value true. Aliases are shared, not copied; one that stands for itself, or for very much, is
refused as go-yaml does (its `decode.go`). JSON is read too: it is YAML.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import yaml

from bot.engine.model.toml import Path, Span, Value
from bot.engine.model.toml_scalars import Problem

_NUMBER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9A-Fa-f]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_HEAVIEST = 100_000  # nodes that a document may come to with its aliases written out
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


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
    body = text.removeprefix("\ufeff")  # the marks don't count it
    base = len(text) - len(body)
    spans: dict[Path, Span] = {}
    try:
        if len(text) > 10_000:
            _measure(body, loader)
        node = next(iter(yaml.compose_all(body, Loader=loader)), None)
        if node is not None and "*" in body and _weight(node, {}) > _HEAVIEST:
            raise ValueError("document contains excessive aliasing")
        data = _value(node, (), spans, {}) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = base + (mark.index if mark else 0)
        return Document(text, None, {}, Problem(at, at, error.problem or "not valid YAML"))
    except RecursionError:
        return Document(text, None, {}, Problem(0, 0, "nested too deeply"))
    except (yaml.YAMLError, ValueError) as error:
        return Document(text, None, {}, Problem(0, 0, str(error).partition("\n")[0]))
    if base:
        spans = {path: Span(*(at + base for at in span)) for path, span in spans.items()}
    return Document(text, data, spans, None)


def _measure(text: str, loader: type[yaml.SafeLoader]) -> None:
    """Raise `RecursionError` for a text nested so deeply that the C composer would run out of stack, and Python with it."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 1_000:
            raise RecursionError


def _weight(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many nodes a node stands for with its aliases written out; raises `ValueError` where it holds itself."""
    if id(node) not in known:
        known[id(node)] = 0
        inner = [each for pair in node.value for each in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_weight(each, known) for each in inner if isinstance(each, yaml.Node))
    if not known[id(node)]:
        raise ValueError("anchor value contains itself")
    return known[id(node)]


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
    if style:  # quoted, or a block
        return text
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if _NUMBER.fullmatch(text):
        return int(text)
    if _RADIX.fullmatch(text):
        return int(text, 0)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return float(text) if _FLOAT.fullmatch(text) else text
