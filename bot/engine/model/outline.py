"""What importing a module of an installed distribution comes to, kept as small as the judgement of it needs.

An outline knows no expressions: what a version of Python decides is decided, calls are left out, and a branch that hangs on
anything else may run or not. It is plain enough to be kept as JSON.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from bot.engine.model.findings import Failure


class Needs(NamedTuple):
    """`import module` (`names` None) or `from module import names`; `level` counts the leading dots."""

    module: str
    names: tuple[str, ...] | None
    level: int
    line: int


class Maybe(NamedTuple):
    """Steps that may run or not."""

    steps: tuple[Step, ...]


class Catch(NamedTuple):
    """`except …:`; `raises`: it ends the program, or raises again."""

    catches: frozenset[Failure]
    raises: bool
    steps: tuple[Step, ...]


class Guarded(NamedTuple):
    """`try:` with handlers that catch an import which fails inside; `orelse` runs when none does."""

    steps: tuple[Step, ...]
    handlers: tuple[Catch, ...]
    orelse: tuple[Step, ...]


Step = Needs | Maybe | Guarded


class Outline(NamedTuple):
    """A module: the names that it binds, where it takes all names of another (module, dots), and its imports in order.

    `dynamic`: it may have names that can't be seen. `makes`: it may make modules, or change how they are found.
    """

    names: frozenset[str]
    stars: tuple[tuple[str, int], ...]
    dynamic: bool
    makes: bool
    steps: tuple[Step, ...]


UNSEEN = Outline(frozenset(), (), True, True, ())  # a compiled module, or one that can't be read


def dump(outline: Outline) -> list[object]:
    """Return an outline as lists, strings and numbers."""
    flags = outline.dynamic + 2 * outline.makes
    return [sorted(outline.names), [list(star) for star in outline.stars], flags, [_dumped(step) for step in outline.steps]]


def _dumped(step: Step) -> list[object]:
    match step:
        case Needs(module=module, names=names, level=level, line=line):
            return [module, names, level, line]
        case Maybe(steps=steps):
            return [[_dumped(each) for each in steps]]
        case Guarded(steps=steps, handlers=handlers, orelse=orelse):
            caught = [[sorted(each.catches), each.raises, [_dumped(inner) for inner in each.steps]] for each in handlers]
            return [[_dumped(each) for each in steps], caught, [_dumped(each) for each in orelse]]


def load(data: object) -> Outline:
    """Return the outline that `dump` wrote; raises ValueError, TypeError or IndexError for anything else."""
    names, stars, flags, steps = cast("tuple[list[str], list[tuple[str, int]], int, list[list[object]]]", data)
    read = tuple(_loaded(step) for step in steps)
    return Outline(frozenset(names), tuple((module, level) for module, level in stars), bool(flags & 1), bool(flags & 2), read)


def _loaded(data: list[object]) -> Step:
    match data:
        case [str(module), names, int(level), int(line)]:
            listed = tuple(cast("list[str]", names)) if names is not None else None
            return Needs(module, listed, level, line)
        case [list(steps)]:
            return Maybe(tuple(map(_loaded, steps)))
        case [list(steps), list(handlers), list(orelse)]:
            caught = tuple(
                Catch(frozenset(catches), bool(raises), tuple(map(_loaded, inner))) for catches, raises, inner in handlers
            )
            return Guarded(tuple(map(_loaded, steps)), caught, tuple(map(_loaded, orelse)))
    raise ValueError("not an outline")
