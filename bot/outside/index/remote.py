"""Reads from a package index over HTTP: documents whole, archives piece by piece.

A wheel is a zip archive, whose list of files stands at its end: with range requests a few kilobytes of many megabytes are
enough to read it, or one of its files (RFC 9110, section 14; PyPI answers them). Where an index answers with the whole file,
that is taken up to a limit.
"""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from http.client import HTTPResponse

_SECONDS = 30
_BLOCK = 1 << 17  # bytes: what one request asks for at least
_WHOLE = 64 << 20  # bytes: the largest document or archive that is read whole
_AGENT = "deploymend"
_SIMPLE = "application/vnd.pypi.simple.v1+json"  # PEP 691


class NotFetched(Exception):
    """An address that did not answer as it should."""


def document(url: str) -> object:
    """Return the JSON document of a simple index at `url`; None where the index has none. Raises `NotFetched`."""
    try:
        with _open(url, {"Accept": _SIMPLE}) as answer:
            if "json" not in answer.headers.get("Content-Type", ""):
                raise NotFetched(f"{url} does not speak JSON (PEP 691)")
            found: object = json.loads(answer.read(_WHOLE))
            return found
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            return None
        raise NotFetched(f"{url} answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise NotFetched(f"{url}: {error}") from None


def _open(url: str, headers: dict[str, str]) -> HTTPResponse:
    if not url.startswith(("https://", "http://")):
        raise NotFetched(f"{url.partition(':')[0]}: is no address of the web")
    request = urllib.request.Request(url, headers={"User-Agent": _AGENT, **headers})
    opened: HTTPResponse = urllib.request.urlopen(request, timeout=_SECONDS)
    return opened


class Archive(io.RawIOBase):
    """A file at an address, read as it is asked for. Raises `NotFetched`, also in the middle of reading."""

    def __init__(self, url: str, size: int, whole: bool) -> None:
        """Open the file at `url`, of `size` bytes; `whole`: it will be read from end to end."""
        super().__init__()
        self.url = url
        self.size = size
        self.at = 0
        self.data: bytes | None = None
        self.blocks: dict[int, bytes] = {}
        if whole or not size:
            self.data = self._fetch(None)
            self.size = len(self.data)
        else:
            self._bytes(max(0, size - _BLOCK), size)  # the list of files, in one request

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a byte."""
        self.at = offset if whence == 0 else self.at + offset if whence == 1 else self.size + offset
        return self.at

    def readinto(self, buffer: object) -> int:
        """Read as many bytes as fit."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        end = min(self.at + len(view), self.size)
        found = self._bytes(self.at, end) if end > self.at else b""
        view[: len(found)] = found
        self.at += len(found)
        return len(found)

    def _bytes(self, start: int, end: int) -> bytes:
        if self.data is not None:
            return self.data[start:end]
        first, last = start // _BLOCK, (end - 1) // _BLOCK
        missing = [number for number in range(first, last + 1) if number not in self.blocks]
        if missing:
            low, high = missing[0], missing[-1]
            fetched = self._fetch((low * _BLOCK, min((high + 1) * _BLOCK, self.size)))
            if self.data is not None:
                return self.data[start:end]
            for number in range(low, high + 1):
                self.blocks[number] = fetched[(number - low) * _BLOCK : (number - low + 1) * _BLOCK]
        joined = b"".join(self.blocks[number] for number in range(first, last + 1))
        return joined[start - first * _BLOCK : end - first * _BLOCK]

    def _fetch(self, span: tuple[int, int] | None) -> bytes:
        headers = {"Range": f"bytes={span[0]}-{span[1] - 1}"} if span else {}
        try:
            with _open(self.url, headers) as answer:
                partial = answer.status == 206
                data = answer.read(_WHOLE + 1)
        except OSError as error:
            raise NotFetched(f"{self.url}: {error}") from None
        if len(data) > _WHOLE:
            raise NotFetched(f"{self.url} is too large, and the index gives no parts of it")
        if span and not partial:  # the index answers with all of it
            self.data = data
            self.size = len(data)
        return data
