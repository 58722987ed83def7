"""What was learned of the package index, kept on disk: one small JSON file for each answer.

The folder is `deploymend` in the user's cache (XDG_CACHE_HOME, else ~/.cache), or what DEPLOYMEND_CACHE names. A file that
can't be read or written only costs time.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time

VERSION = "2"  # of what the files hold; another one starts afresh


class Store:
    """Keeps answers by kind and key in a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(folder, VERSION)

    def get(self, kind: str, key: str, seconds: float | None = None) -> object:
        """Return an answer that was kept, no older than `seconds`; None without one."""
        path = self._path(kind, key)
        with contextlib.suppress(OSError, ValueError, RecursionError):
            if seconds is None or time.time() - os.path.getmtime(path) < seconds:
                with open(path, encoding="utf-8") as file:
                    return json.load(file)
        return None

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep an answer."""
        path = self._path(kind, key)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(value, file, separators=(",", ":"))
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise

    def _path(self, kind: str, key: str) -> str:
        return os.path.join(self.folder, kind, key[:2], f"{key}.json")


def folder() -> str:
    """Return where answers are kept."""
    told = os.environ.get("DEPLOYMEND_CACHE")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return told or os.path.join(cache, "deploymend")
