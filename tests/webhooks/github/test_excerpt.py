"""What is kept of a log: whole lines, bounded, without colours and secrets."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.github.excerpt import LINE, Inflated, Kept, Unreadable, archived, clean, unpacked

TOKEN = "ghs_" + "c4n4ry" * 6


def test_secrets_go_line_by_line_also_behind_colours() -> None:
    text = f"ok\r\nDATABASE_URL=postgres://app:hunter2@db/app\n\x1b[31mAPI_\x1b[0mTOKEN=abc123\n{TOKEN}"
    assert clean(text) == "ok\nDATABASE_URL=postgres://app:•••@db/app\nAPI_TOKEN=•••\n•••"


def test_clean_again_changes_nothing() -> None:
    once = clean(f"a\n{TOKEN} b\n" + "x" * 9000)
    assert clean(once) == once


@pytest.mark.parametrize("before", [LINE - 20, LINE - 5, 19_980, 19_995])
def test_no_part_of_a_secret_is_left_where_a_line_is_cut(before: int) -> None:
    line = clean("." * before + " " + TOKEN + " " + "." * 9000)
    assert len(line) == LINE
    assert "ghs_" not in line


@given(st.lists(st.binary(max_size=50), max_size=30), st.integers(40, 400))
def test_short_logs_are_kept_whole_and_long_ones_bounded(pieces: list[bytes], limit: int) -> None:
    kept = Kept(limit)
    for piece in pieces:
        kept.add(piece)
    whole = b"".join(pieces)
    if len(whole) <= limit:
        assert kept.text() == whole.decode("utf-8", "replace").removeprefix("\ufeff")
    else:
        assert "bytes of this log are left out here" in kept.text()
        assert len(kept.text()) <= limit + 60


def test_long_log_keeps_its_start_and_more_of_its_end_in_whole_lines() -> None:
    kept = Kept(4000)
    lines = [f"line {number:05}" for number in range(10_000)]
    for start in range(0, 10_000, 7):
        kept.add("".join(f"{line}\n" for line in lines[start : start + 7]).encode())
    head, _, tail = kept.text().partition("[")
    sentence, _, tail = tail.partition("]\n")
    assert head.split("\n")[:-1] == lines[: head.count("\n")]
    assert tail.split("\n")[:-1] == lines[-tail.count("\n") :]
    assert tail.count("\n") > 2 * head.count("\n") > 50
    assert sentence == f"{110_000 - len(head) - len(tail):,} bytes of this log are left out here"


def test_memory_stays_bounded() -> None:
    kept = Kept(1000)
    for _ in range(1000):
        kept.add(b"x" * 999 + b"\n")
    assert sum(map(len, kept._tail)) <= 2000


def archive(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return data.getvalue()


def test_archive_is_read_in_the_order_of_its_steps() -> None:
    data = archive({"deploy/10_Push.txt": b"c", "deploy/2_Build.txt": b"b", "deploy/1_Set up.txt": b"a", "deploy/": b""})
    assert archived(data)
    assert unpacked(data, 1000) == "a\nb\nc\n"


def test_bomb_is_not_unpacked() -> None:
    data = archive({f"{number}.txt": b"\0" * 2_000_000 for number in range(3)})
    text = unpacked(data, 10_000)
    assert len(text) < 10_100
    assert "bytes of this log are left out here" in text


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 100, archive({"a.txt": b"a" * 100})[:-30]],
    ids=["head", "zeros", "cut"],  # an archive has the time in it: every process would call its test by another name
)
def test_damaged_archive_is_said(data: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged archive"):
        unpacked(data, 1000)


def test_gzip_is_undone_in_small_pieces() -> None:
    data = gzip.compress(b"\0" * 3_000_000)
    pieces = list(Inflated().pieces(data))
    assert sum(map(len, pieces)) == 3_000_000
    assert max(map(len, pieces)) <= 64 * 1024


def test_damaged_gzip_is_said() -> None:
    with pytest.raises(Unreadable, match="damaged"):
        list(Inflated().pieces(b"no gzip at all"))
