"""Versions of distributions that are known not to work together, or on a Python, though no bound of theirs says so.

Each was tried (on 2026-11-28, CPython 3.12 and 3.13): the message is the last line of the traceback. What is found by looking
into wheels, a name that moved, needs no entry here.
"""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.image.packages import Installed
from bot.engine.model.findings import Clash

_PROXIES = "TypeError: Client.__init__() got an unexpected keyword argument 'proxies'"
_Version = tuple[int, ...]


class Known(NamedTuple):
    """`distribution`, from a version up to (without it) another, fails at `at` beside another one, or on a Python.

    `at` are dotted names that are imported or called; `other` is a distribution with the versions that it clashes with, None
    for a clash with Python itself from `python` on. `cure` is what to ask for instead.
    """

    distribution: str
    since: _Version
    before: _Version
    at: frozenset[str]
    message: str
    cure: Clash
    other: tuple[str, _Version, _Version] | None = None
    python: tuple[int, int] | None = None


_NEW = (10**6,)
_IMPORTED = (
    Known(
        "sqlalchemy",
        (2,),
        (2, 0, 30),
        frozenset({"sqlalchemy"}),
        "AssertionError: Class <class 'sqlalchemy.sql.elements.SQLCoreOperations'> directly inherits TypingOnly but has …",
        Clash("sqlalchemy", "==2.0.36"),
        python=(3, 13),
    ),
    Known(
        "sqlalchemy",
        (2, 0, 30),
        (2, 0, 31),
        frozenset({"sqlalchemy"}),
        "TypeError: Can't replace canonical symbol for '__firstlineno__' with new int value …",
        Clash("sqlalchemy", "==2.0.36"),
        python=(3, 13),
    ),
    Known(
        "pydantic",
        (1,),
        (1, 10, 17),
        frozenset({"fastapi"}),
        "TypeError: ForwardRef._evaluate() missing 1 required keyword-only argument: 'recursive_guard'",
        Clash("pydantic", "==1.10.19"),
        python=(3, 13),
    ),
    *(
        Known(
            distribution,
            (0,),
            (4, 10),
            frozenset({"cv2"}),
            "ImportError: numpy.core.multiarray failed to import",
            Clash("numpy", "<2"),
            ("numpy", (2,), _NEW),
        )
        for distribution in ("opencv-python", "opencv-python-headless", "opencv-contrib-python")
    ),
)
_CALLED = (
    *(
        Known(
            distribution,
            (0,),
            before,
            frozenset(f"{distribution}.{name}" for name in names.split()),
            _PROXIES,
            Clash("httpx", "<0.28"),
            ("httpx", (0, 28), _NEW),
        )
        for distribution, before, names in (
            ("openai", (1, 55, 3), "OpenAI AsyncOpenAI AzureOpenAI AsyncAzureOpenAI"),
            ("anthropic", (0, 40), "Anthropic AsyncAnthropic"),
            ("groq", (0, 13), "Groq AsyncGroq"),
        )
    ),
    Known(
        "gotrue",
        (2, 9),
        (3,),
        frozenset({"supabase.create_client", "supabase.Client"}),
        "TypeError: Client.__init__() got an unexpected keyword argument 'proxy'",
        Clash("gotrue", "<2.9"),
        ("httpx", (0,), (0, 26)),
    ),
)


def imported(name: str, installed: Installed, python: tuple[int, int]) -> Known | None:
    """Return why importing a module fails with the versions that are installed."""
    return _clashing(_IMPORTED, name, installed, python)


def called(name: str, installed: Installed, python: tuple[int, int]) -> Known | None:
    """Return why calling something by its full name fails with the versions that are installed."""
    return _clashing(_CALLED, name, installed, python)


def _clashing(table: tuple[Known, ...], name: str, installed: Installed, python: tuple[int, int]) -> Known | None:
    for known in table:
        if name not in known.at or not _within(installed, known.distribution, known.since, known.before):
            continue
        if known.python is not None and python < known.python:
            continue
        if known.other is None or _within(installed, *known.other):
            return known
    return None


def _within(installed: Installed, name: str, since: _Version, before: _Version) -> bool:
    """Say whether a distribution is there, in a version from `since` up to `before`."""
    if not installed.has(name):
        return False
    return (since == (0,) or not installed.before(name, since)) and (before == _NEW or installed.before(name, before))
