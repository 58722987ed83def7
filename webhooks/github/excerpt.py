"""What is kept of a log: whole lines, in a bounded amount, without colours and redacted."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator

from bot.evidence.redaction import redact

LINE = 4000  # characters that are kept of a line
_LOOKED_AT = 20_000  # characters of a line that are redacted; what is kept is less, so no secret is cut in two
_COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_PIECE = 64 * 1024
_FILES = 200  # of an archive
_ZIP = b"PK\x03\x04"


class Unreadable(Exception):
    """An archive or a compressed answer that is damaged, or that is no archive at all."""


def clean(text: str) -> str:
    """Return a text without colours, each line redacted and not longer than `LINE`; a second time changes nothing."""
    return "\n".join(redact(_COLOURS.sub("", line[:_LOOKED_AT]).rstrip("\r"))[:LINE] for line in text.split("\n"))


class Kept:
    """Takes a stream of bytes and keeps a quarter of the limit from its start and the rest from its end, in whole lines.

    The cause of a failed deploy stands at the end as a rule, what was built at the start; `bot.evidence.reading` shares
    longer logs in the same way.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0

    def add(self, data: bytes) -> None:
        """Take more bytes."""
        self.total += len(data)
        room = self.limit // 4 - len(self._head)
        if room > 0 and not self._tail:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._held += len(data)
        while self._held - len(self._tail[0]) > self.limit - self.limit // 4:
            self._held -= len(self._tail.popleft())

    def text(self) -> str:
        """Return what was kept, with a line that says how much is missing in the middle."""
        head, tail = bytes(self._head), b"".join(self._tail)
        if self.total <= self.limit and len(head) + len(tail) == self.total:
            return _decoded(head + tail)
        tail = tail[-(self.limit - self.limit // 4) :]
        head = head[: head.rfind(b"\n") + 1]  # a line that is cut could end or begin within a secret
        tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail else b""
        left_out = self.total - len(head) - len(tail)
        return f"{_decoded(head)}[{left_out:,} bytes of this log are left out here]\n{_decoded(tail)}"


class Inflated:
    """Undoes gzip or deflate piece by piece, so that a small answer can't become a huge one in memory at once."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=47)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes stand for; raises `Unreadable`."""
        try:
            while data:
                yield self._stream.decompress(data, _PIECE)
                data = self._stream.unconsumed_tail
        except zlib.error:
            raise Unreadable("it is damaged") from None


def archived(data: bytes) -> bool:
    """Return whether these first bytes are those of a zip archive."""
    return data.startswith(_ZIP)


def unpacked(data: bytes, limit: int) -> str:
    """Return the texts of an archive of logs in the order of their names, bounded as by `Kept`; raises `Unreadable`.

    Workflow runs hand out their logs as an archive with a folder for each job. Nothing is written to a disk.
    """
    kept = Kept(limit)
    most = limit * 20  # what is unpacked at all
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = sorted((one for one in archive.infolist() if not one.is_dir()), key=lambda one: _natural(one.filename))
            for one in files[:_FILES]:
                with archive.open(one) as file:
                    while kept.total < most and (piece := file.read(_PIECE)):
                        kept.add(piece)
                kept.add(b"\n")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise Unreadable("it is a damaged archive") from None
    return kept.text()


def _natural(name: str) -> list[tuple[int, str]]:
    """Order as people do: 2_build before 10_deploy."""
    return [(int(number or 0), word) for number, word in re.findall(r"(\d{0,9})(\D*)", name)]


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")
