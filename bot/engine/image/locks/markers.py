"""Environment markers: whether `python_version < "3.11" and sys_platform == "win32"` holds in an image.

The grammar is that of the dependency specifiers (https://packaging.python.org/en/latest/specifications/dependency-specifiers/),
with the `==3.12.*` that uv and poetry write. Images are Linux on x86-64 with CPython, as Fly and Render build them; of the
Python the newest patch release is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<text>"[^"]*"|'[^']*')|(?P<operator>===?|~=|!=|<=?|>=?)|(?P<word>[A-Za-z_][\w.]*))"""
)
_LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_VERSIONS = ("python_version", "python_full_version", "implementation_version")
_NEWEST = 99  # the patch release that is taken for the newest
_DEEPEST = 50


class Environment(NamedTuple):
    """What markers are held against. `python` None: not known; `extras` are those that are asked for."""

    python: tuple[int, int] | None = None
    extras: frozenset[str] = frozenset()


class _Test(NamedTuple):
    left: str
    operator: str
    right: str
    name: str  # the variable that is tested
    reversed: bool  # it stands on the right


class _Joined(NamedTuple):
    word: str  # and, or
    parts: tuple[_Node, ...]


_Node = _Test | _Joined | None  # None: what is not understood


def holds(marker: str, environment: Environment) -> bool:
    """Say whether a marker may hold; one that can't be told, or that is not understood, does."""
    return not marker or _value(_parse(marker), environment) is not False


def _value(node: _Node, environment: Environment) -> bool | None:
    if node is None:
        return None
    if isinstance(node, _Test):
        return _tested(node, environment)
    values = [_value(part, environment) for part in node.parts]
    decisive = node.word == "or"
    return decisive if decisive in values else None if None in values else not decisive


def _tested(test: _Test, environment: Environment) -> bool | None:
    if test.name in ("extra", "extras", "dependency_groups"):
        wanted = test.left if test.reversed else test.right
        there = _plain(wanted) in environment.extras
        return not there if test.operator in ("!=", "not in") else there
    if test.name in _VERSIONS:
        return _of_version(test, environment.python) if environment.python else None
    value = _LINUX.get(test.name)
    if value is None:
        return None
    left, right = (test.left, value) if test.reversed else (value, test.right)
    match test.operator:
        case "==" | "===":
            return left == right
        case "!=":
            return left != right
        case "in":
            return left in right
        case "not in":
            return left not in right
    return None


def _of_version(test: _Test, python: tuple[int, int]) -> bool | None:
    version = python if test.name == "python_version" else (*python, _NEWEST)
    if test.operator in ("in", "not in"):
        listed = [numbers(each) for each in re.split(r"[,\s|]+", test.right) if each]
        return (version in listed) == (test.operator == "in")
    written = test.left if test.reversed else test.right
    operator = (
        {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(test.operator, test.operator) if test.reversed else test.operator
    )
    return satisfies(version, operator, written)


def satisfies(version: tuple[int, ...], operator: str, written: str) -> bool | None:
    """Say whether a release is what one clause of a specifier asks for; None for a clause that is not understood."""
    wild = written.rstrip().endswith(".*")
    bound = numbers(written)
    if not bound:
        return None
    length = max(len(version), len(bound))
    here, there = _padded(version, length), _padded(bound, length)
    if wild:
        here, there = here[: len(bound)], bound
    compared: dict[str, Callable[[], bool]] = {
        "==": lambda: here == there,
        "===": lambda: here == there,
        "!=": lambda: here != there,
        "<": lambda: here < there,
        "<=": lambda: here <= there,
        ">": lambda: here > there,
        ">=": lambda: here >= there,
        "~=": lambda: here >= there and here[: len(bound) - 1] == bound[:-1],
    }
    return compared[operator]() if operator in compared else None


def allows(specifier: str, python: tuple[int, int]) -> bool | None:
    """Say whether a `requires-python` allows a version of Python; None where its patch release, or the text, leaves it open."""
    found: list[bool | None] = []
    for clause in (clause.strip() for clause in specifier.split(",")):
        match = re.match(r"(===?|~=|!=|<=?|>=?)\s*(\d[\w.*]*)$", clause)
        if clause and match is None:
            return None
        if match:
            ends = {satisfies((*python, patch), match[1], match[2]) for patch in (0, _NEWEST)}
            found.append(ends.pop() if len(ends) == 1 else None)
    return False if False in found else None if None in found else True


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a release begins with."""
    found = re.match(r"\s*v?(\d{1,9}(?:\.\d{1,9})*)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _padded(version: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*version, *(0,) * (length - len(version)))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- parsing


@lru_cache(maxsize=512)
def _parse(marker: str) -> _Node:
    tokens = list(_tokens(marker))
    parser = _Parser(tokens)
    node = parser.alternatives(0)
    return node if parser.at == len(tokens) else None


def _tokens(marker: str) -> Iterator[tuple[str, str]]:
    at, marker = 0, marker.rstrip()
    while at < len(marker):
        match = _TOKEN.match(marker, at)
        if match is None:
            yield "bad", marker[at:]
            return
        yield match.lastgroup or "", match[match.lastgroup or 0]
        at = match.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def next(self, *wanted: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][1] in wanted and self.tokens[self.at][0] != "text":
            self.at += 1
            return True
        return False

    def alternatives(self, depth: int) -> _Node:
        parts = [self.conjunction(depth)]
        while self.next("or"):
            parts.append(self.conjunction(depth))
        return _Joined("or", tuple(parts)) if len(parts) > 1 else parts[0]

    def conjunction(self, depth: int) -> _Node:
        parts = [self.term(depth)]
        while self.next("and"):
            parts.append(self.term(depth))
        return _Joined("and", tuple(parts)) if len(parts) > 1 else parts[0]

    def term(self, depth: int) -> _Node:
        if self.next("("):
            node = self.alternatives(depth + 1) if depth < _DEEPEST else None
            return node if self.next(")") else None
        left = self.operand()
        operator = self.operator()
        right = self.operand()
        if left is None or operator is None or right is None or (left[0] == "word") == (right[0] == "word"):
            return None
        name = left[1] if left[0] == "word" else right[1]
        return _Test(left[1].strip("\"'"), operator, right[1].strip("\"'"), name.replace(".", "_"), right[0] == "word")

    def operand(self) -> tuple[str, str] | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] in ("text", "word"):
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def operator(self) -> str | None:
        if self.next("not"):
            return "not in" if self.next("in") else None
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "operator" or text == "in":
            self.at += 1
            return text
        return None


def both(first: str, second: str) -> str:
    """Return the marker that holds where both do."""
    return f"({first}) and ({second})" if first and second else first or second
