"""The child that waits for its commit: started ahead, asked again for the files that were missing, ended with its owner."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.webhooks.analysis.test_parent import REQUEST, SMALL, child, gone, running
from webhooks.analysis import parent
from webhooks.analysis.parent import Analyst

# Wants a file twice, then tells which process it is.
WANTS = """\
global asked
    asked = globals().get("asked", 0) + 1
    source = Lenient(None)
    source.wanted = {f"part{asked}.py": None} if asked < 3 else {}
    sources.looked_at = lambda request, source: sources.Analysis(
        wanted=tuple(source.wanted), summary="" if source.wanted else str(os.getpid())
    )
    return source
"""


@pytest.fixture
def analyst(tmp_path: Path) -> Analyst:
    return Analyst(SMALL, child(tmp_path, WANTS))


def test_one_child_is_asked_again_for_what_was_missing(analyst: Analyst) -> None:
    fetched: list[tuple[str, ...]] = []

    async def fetch(wanted: tuple[str, ...]) -> None:
        fetched.append(wanted)

    async def both() -> tuple[str, str]:
        one = await analyst.analyse(REQUEST, fetch)
        other = await analyst.analyse(REQUEST, fetch)
        analyst.close()
        return one.summary, other.summary

    one, other = asyncio.run(both())
    assert one.isdecimal()
    assert other.isdecimal()
    assert one != other  # each commit has a child of its own
    assert fetched == [("part1.py",), ("part2.py",)] * 2
    assert gone(analyst.program)


def test_the_next_child_is_there_before_it_is_needed(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "_LATER", 0.0)

    async def fetch(_: tuple[str, ...]) -> None:
        """Nothing is needed for it."""

    async def both() -> tuple[int, str]:
        await analyst.analyse(REQUEST, fetch)
        while not (waiting := running(f"{analyst.program}\0")):
            await asyncio.sleep(0.05)
        return waiting[0], (await analyst.analyse(REQUEST, fetch)).summary

    waiting, used = asyncio.run(both())
    assert used == str(waiting)
    analyst.close()
    assert gone(analyst.program)


def test_a_child_that_died_while_it_waited_is_replaced(analyst: Analyst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "_LATER", 0.0)

    async def fetch(_: tuple[str, ...]) -> None:
        """Nothing is needed for it."""

    async def both() -> str:
        analyst._start_next()
        assert analyst._next is not None
        analyst._next.kill()
        analyst._next.code()
        return (await analyst.analyse(REQUEST, fetch)).summary

    assert asyncio.run(both()).isdecimal()
    analyst.close()


def test_what_fetching_raises_comes_out_and_leaves_nothing(analyst: Analyst) -> None:
    async def fetch(_: tuple[str, ...]) -> None:
        raise LookupError("no network")

    with pytest.raises(LookupError):
        asyncio.run(analyst.analyse(REQUEST, fetch))
    analyst.close()
    assert gone(analyst.program)
