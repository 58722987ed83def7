"""A package index as the engine asks it (`bot.engine.model.index.Index`): uv for versions, HTTP for lists and wheels.

The index is uv's own default or what UV_DEFAULT_INDEX names; it has to be a simple index that speaks JSON (PEP 691). Answers
are kept (see `store.py`): sets of versions and lists of releases for some hours, what wheels hold for good.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import cast

from bot.engine.model import index
from bot.engine.model.index import Pin, Release, Solved, Unreachable, Unsolved, Wish
from bot.engine.model.requirements import normal
from bot.outside.index import releases, remote, resolver, store
from bot.outside.index.wheels import Wheel

DEFAULT = "https://pypi.org/simple"
_FRESH = 6 * 3600.0  # seconds for which an answer that may change is kept
_AT_ONCE = 8


class PackageIndex:
    """Use it as a context manager: at the end, what was learned is kept."""

    def __init__(self, deep: bool, folder: str | None = None, address: str | None = None) -> None:
        """`deep`: wheels may be looked into; `folder` is where answers are kept, `address` the index's."""
        self.deep = deep
        self.store = store.Store(folder or store.folder())
        self.address = (address or os.environ.get("UV_DEFAULT_INDEX") or DEFAULT).rstrip("/")
        self.answers: dict[Wish, Solved | Unsolved | Unreachable] = {}
        self.listed: dict[str, tuple[Release, ...] | None] = {}
        self.wheels: dict[str, Wheel] = {}

    def __enter__(self) -> PackageIndex:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for wheel in self.wheels.values():
            wheel.keep()

    def resolve(self, wish: Wish) -> Solved | Unsolved | Unreachable:
        """See `Index`; the answer to the same wish is kept."""
        if wish not in self.answers:
            self.answers[wish] = self._resolved(wish)
        return self.answers[wish]

    def _resolved(self, wish: Wish) -> Solved | Unsolved | Unreachable:
        key = hashlib.sha256(repr((self.address, *wish)).encode()).hexdigest()
        answer = _read(self.store.get("sets", key, _FRESH)) or self._asked(wish, key)
        if isinstance(answer, Solved) and self.deep:
            self._look_into(answer.pins)
        return answer

    def _asked(self, wish: Wish, key: str) -> Solved | Unsolved | Unreachable:
        answer = resolver.resolve(wish, None if self.address == DEFAULT else self.address, self.store.folder)
        match answer:
            case Solved(pins=pins):
                self.store.put("sets", key, ["solved", [list(pin) for pin in pins]])
            case Unsolved():
                self.store.put("sets", key, ["unsolved", list(answer)])
        return answer

    def _look_into(self, pins: tuple[Pin, ...]) -> None:
        """Read the lists of files of several wheels at a time."""
        found = [wheel for pin in pins if (wheel := self._wheel(pin)) and "files" not in wheel.facts]
        if found:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(_list, found))

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """See `Index`."""
        name = normal(name)
        if name not in self.listed:
            self.listed[name] = self._releases(name)
        return self.listed[name]

    def _releases(self, name: str) -> tuple[Release, ...] | None:
        key = hashlib.sha256(f"{self.address} {name}".encode()).hexdigest()
        kept = self.store.get("releases", key, _FRESH)
        if isinstance(kept, list):
            return releases.load(kept)
        try:
            found = releases.read(remote.document(f"{self.address}/{name}/"))
        except remote.NotFetched:
            return None
        self.store.put("releases", key, releases.dump(found))
        return found

    def wheel(self, pin: Pin) -> index.Wheel | None:
        """See `Index`."""
        found = self._wheel(pin)
        if found is not None and "files" not in found.facts and not _list(found):
            return None
        return found

    def _wheel(self, pin: Pin) -> Wheel | None:
        if not pin.url or not pin.sha256:
            return None
        return self.wheels.setdefault(pin.sha256, Wheel(pin, self.store))


def _list(wheel: Wheel) -> bool:
    """Read a wheel's list of files; say whether that could be had."""
    try:
        return bool(wheel.files) or True
    except remote.NotFetched:
        return False


def _read(kept: object) -> Solved | Unsolved | None:
    """Read an answer that was kept."""
    try:
        kind, data = cast("tuple[str, list[list[object]]]", kept)
        if kind == "solved":
            return Solved(tuple(Pin(*each) for each in data))  # type: ignore[arg-type]
        return Unsolved(*data) if kind == "unsolved" else None  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
