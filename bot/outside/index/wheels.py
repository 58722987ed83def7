"""Looks into wheels, and keeps what it learns of each by the wheel's hash: nothing of them is unpacked, built or run."""

from __future__ import annotations

import re
import zipfile
import zlib

from bot.engine.boot import outlines
from bot.engine.model import outline
from bot.engine.model.index import Pin, Python
from bot.engine.model.outline import Outline
from bot.outside.index import libraries, remote
from bot.outside.index.store import Store

_SMALL = 1 << 20  # bytes: a wheel up to here is fetched at once
_MIDDLE = 24 << 20  # up to here, when its modules are looked at
_PIECES = 25  # modules of a larger one that are fetched, each by itself
_LARGEST_MODULE = 4 << 20
_BINARIES, _DEPTH = 6, 2  # how many are looked at, and how many folders deep
_SCRIPT = re.compile(r"^\s*([\w.-]+)\s*=", re.M)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError, RuntimeError, ValueError)


class Wheel:
    """One wheel of an index: see `bot.engine.model.index.Wheel`."""

    def __init__(self, pin: Pin, store: Store) -> None:
        self.pin = pin
        self.store = store
        self.archive: zipfile.ZipFile | None = None
        self.whole = False
        self.pieces = _PIECES
        self.learned = False  # since it was kept last
        kept = store.get("wheels", pin.sha256)
        self.facts: dict[str, object] = kept if isinstance(kept, dict) else {}

    @property
    def files(self) -> frozenset[str]:
        """Return the paths that it puts into site-packages; raises `remote.NotFetched`."""
        return frozenset(self._listed("files"))

    @property
    def scripts(self) -> frozenset[str]:
        """Return the console scripts that it brings; raises `remote.NotFetched`."""
        return frozenset(self._listed("scripts"))

    def outline(self, path: str, python: Python) -> Outline | None:
        """Return what a module does when it is imported; None for one that can't be read."""
        table = self._table("outlines", f"{python[0]}.{python[1]}")
        if path not in table:
            source = self._read(path)
            if source is None:
                return None
            table[path] = outline.dump(outlines.read(source, path, python))
            self.learned = True
        try:
            return outline.load(table[path])
        except (ValueError, TypeError, IndexError):
            return None

    def libraries(self) -> tuple[str, ...]:
        """Return the shared libraries that its binaries ask of the system; those deep inside of it are not looked at."""
        if "libraries" not in self.facts:
            binaries = sorted(path for path in self.files if path.endswith(".so") or ".so." in path)
            outer = [path for path in binaries if path.count("/") <= _DEPTH and ".libs/" not in path][:_BINARIES]
            found = dict.fromkeys(name for path in outer for name in libraries.needed(self._read(path) or b""))
            own = {path.rpartition("/")[2] for path in binaries}
            self.facts["libraries"] = [name for name in found if name not in own]
            self.learned = True
        return tuple(self._listed("libraries"))

    def keep(self) -> None:
        """Keep what was learned."""
        if self.learned:
            self.store.put("wheels", self.pin.sha256, self.facts)
            self.learned = False

    # --- inside

    def _listed(self, kind: str) -> list[str]:
        if kind not in self.facts:
            self._list()
        found = self.facts.get(kind)
        return [str(each) for each in found] if isinstance(found, list) else []

    def _table(self, kind: str, key: str) -> dict[str, object]:
        tables = self.facts.setdefault(kind, {})
        table = tables.setdefault(key, {}) if isinstance(tables, dict) else {}
        return table if isinstance(table, dict) else {}

    def _list(self) -> None:
        try:
            archive = self._opened(self.pin.size <= _SMALL)
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            points = next((name for name in names if re.fullmatch(r"[^/]+\.dist-info/entry_points\.txt", name)), None)
            text = archive.read(points).decode("utf-8", "replace") if points else ""
        except _BROKEN as error:
            raise remote.NotFetched(f"{self.pin.url} can't be read: {error}") from None
        section = re.search(r"^\[console_scripts\]\s*$(.*?)(?=^\[|\Z)", text, re.M | re.S)
        scripts = set(_SCRIPT.findall(section[1])) if section else set()
        scripts |= {name.rpartition("/")[2] for name in names if re.match(r"[^/]+\.data/scripts/", name)}
        placed = (re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", name) for name in names)
        files = [name for name in placed if not re.match(r"[^/]+\.(?:dist-info|data)/", name)]
        self.facts |= {"files": sorted(files), "scripts": sorted(scripts)}
        self.learned = True

    def _opened(self, whole: bool) -> zipfile.ZipFile:
        if self.archive is None or (whole and not self.whole):
            self.whole = whole
            self.archive = zipfile.ZipFile(remote.Archive(self.pin.url, self.pin.size, whole))
        return self.archive

    def _read(self, path: str) -> bytes | None:
        """Return a file; None where it can't be had, is too large, or lies in a wheel of which enough was fetched."""
        whole = self.pin.size <= _MIDDLE
        if not whole:
            self.pieces -= 1
        if self.pieces < 0:
            return None
        try:
            archive = self._opened(whole)
            names = {info.filename: info for info in archive.infolist()}
            info = names.get(path) or next((each for name, each in names.items() if name.endswith(f"lib/{path}")), None)
            large = info is None or (info.file_size > _LARGEST_MODULE and path.endswith(".py"))
            return None if large or info is None else archive.read(info)
        except (*_BROKEN, remote.NotFetched):
            return None
