"""Markers are found again, and texts are cut to what GitHub takes without breaking what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.github.marks import BODY, OUTPUT, cut, cut_bytes, cut_line, marked, marker, markers, same


def test_marker_is_a_hidden_comment_that_is_found_again() -> None:
    mark = marker("cause", "1f00ba42cafe")
    assert mark == "<!-- deploymend:cause:1f00ba42cafe -->"
    assert markers(f"Hello\r\n\r\n{mark}\n{marker('note', 'a/b@c.d')}") == {"cause": "1f00ba42cafe", "note": "a/b@c.d"}


def test_last_marker_of_a_kind_counts() -> None:
    assert markers(f"> {marker('cause', 'quoted')}\n\n{marker('cause', 'own')}") == {"cause": "own"}


@pytest.mark.parametrize(
    ("kind", "value"), [("Cause", "a"), ("cause", ""), ("cause", "a b"), ("cause", "a-->"), ("cause", "a--b"), ("c:d", "x")]
)
def test_what_could_end_the_comment_is_no_marker(kind: str, value: str) -> None:
    with pytest.raises(ValueError, match="not fit for a marker"):
        marker(kind, value)


@pytest.mark.parametrize("body", [None, "", "deploymend:cause:x", "<!-- deploymend:cause: -->", "<!--deploymend:cause:x-->"])
def test_other_bodies_have_none(body: str | None) -> None:
    assert markers(body) == {}


def test_marker_survives_the_cut() -> None:
    mark = marker("cause", "1f00ba42cafe")
    body = marked("line\n" * 30_000, mark)
    assert len(body) <= BODY
    assert body.endswith(f"\n\n{mark}")
    assert "characters are left out: GitHub takes no more than" in body
    assert marked(body, mark) == body


def test_marked_twice_is_marked_once() -> None:
    mark = marker("cause", "x")
    once = marked("Hello\r\nthere", mark)
    assert once == f"Hello\nthere\n\n{mark}"
    assert marked(once, mark) == once


@given(st.text(max_size=400), st.integers(200, 300))
def test_cut_is_never_longer_and_leaves_what_fits(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else short.endswith(f"GitHub takes no more than {limit:,} here.*")


def test_cut_keeps_whole_lines_and_says_how_much_is_missing() -> None:
    text = "\n".join(f"line {number}" for number in range(20_000))
    short = cut(text, OUTPUT)
    kept, _, sentence = short.rpartition("\n\n")
    assert text.startswith(kept + "\n")
    assert f"{len(text) - len(kept) - 1:,} characters" in sentence


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_fence_that_the_cut_leaves_open_is_closed(fence: str) -> None:
    short = cut(f"Log:\n\n{fence}text\n" + "x = 1\n" * 500 + f"{fence}\n", 1000)
    assert short.count(fence) == 2
    assert f"x = 1\n{fence}\n" in short


def test_closed_fence_is_left_alone() -> None:
    short = cut("```\na\n```\n" + "words\n" * 500, 1000)
    assert short.count("```") == 2


def test_line_and_bytes_are_cut_with_an_ellipsis() -> None:
    assert cut_line("Fix  deploy:\nNo module", 99) == "Fix deploy: No module"
    assert cut_line("abcdef", 4) == "abc…"
    assert cut_bytes("é" * 10, 21) == "é" * 10
    assert cut_bytes("é" * 10, 10) == "é" * 3 + "…"
    assert len(cut_bytes("é" * 10, 10).encode()) <= 10


def test_line_ends_don_t_make_a_difference() -> None:
    assert same("a\r\nb\n", "a\nb")
    assert same(None, "")
    assert not same("a", "b")
