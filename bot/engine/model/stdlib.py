"""The standard library's top-level modules, by the version of Python.

The interpreter at hand knows its own; what other versions have or lack follows from the "What's New" pages (PEP 594 for
3.13's removals, PEP 632 for distutils).
"""

from __future__ import annotations

import sys

_ADDED = {"zoneinfo": (3, 9), "graphlib": (3, 9), "tomllib": (3, 11), "annotationlib": (3, 14), "compression": (3, 14)}
_REMOVED = {
    **dict.fromkeys(["binhex", "formatter", "parser", "symbol", "macpath"], (3, 10)),
    **dict.fromkeys(["asynchat", "asyncore", "distutils", "imp", "smtpd"], (3, 12)),
    **dict.fromkeys(
        "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau"
        " telnetlib uu xdrlib".split(),
        (3, 13),
    ),
}
_ON_WINDOWS = frozenset("msilib msvcrt nt winreg winsound _winapi".split())
# what no file of ours can stand for: built into the interpreter (CPython's own build), frozen, or loaded before any of them
FIRST = frozenset(
    "_abc _ast _codecs _collections _functools _imp _io _locale _operator _signal _sre _stat _string _symtable _thread"
    " _tracemalloc _typing _warnings _weakref atexit builtins errno faulthandler gc itertools marshal posix pwd sys time"
    " _collections_abc _sitebuiltins abc codecs encodings genericpath io os posixpath runpy site stat zipimport".split()
)


def has(name: str, version: tuple[int, int]) -> bool:
    """Say whether the standard library of a Python version has a top-level module."""
    if name in _REMOVED:
        return version < _REMOVED[name]
    if name in _ADDED:
        return version >= _ADDED[name]
    return (name in sys.stdlib_module_names and name not in _ON_WINDOWS) or name in ("_distutils_hack", "__main__")


def only_on_windows(name: str) -> bool:
    """Say whether a module is part of Python on Windows alone."""
    return name in _ON_WINDOWS


def removed_in(name: str) -> tuple[int, int] | None:
    """Return the version that dropped a module."""
    return _REMOVED.get(name)


_ABSTRACT = (
    "AsyncGenerator AsyncIterable AsyncIterator Awaitable ByteString Callable Collection Container Coroutine Generator Hashable"
    " ItemsView Iterable Iterator KeysView Mapping MappingView MutableMapping MutableSequence MutableSet Reversible Sequence"
    " Set Sized ValuesView"
)
_DROPPED: dict[str, dict[str, tuple[int, int]]] = {  # names that modules lost ("What's New" of each version)
    "ast": dict.fromkeys("Num Str Bytes NameConstant Ellipsis".split(), (3, 14)),
    "asyncio": {"coroutine": (3, 11)},
    "base64": dict.fromkeys(("encodestring", "decodestring"), (3, 9)),
    "collections": dict.fromkeys(_ABSTRACT.split(), (3, 10)),
    "configparser": {"SafeConfigParser": (3, 12)},
    "fractions": {"gcd": (3, 9)},
    "importlib.abc": dict.fromkeys("ResourceReader Traversable TraversableResources".split(), (3, 14)),
    "inspect": dict.fromkeys(("getargspec", "formatargspec"), (3, 11)),
    "locale": {"format": (3, 12)},
    "pkgutil": dict.fromkeys(("ImpImporter", "ImpLoader"), (3, 12)),
    "unittest": dict.fromkeys("findTestCases getTestCaseNames makeSuite".split(), (3, 13)),
    "xml.etree": {"cElementTree": (3, 9)},
}


def dropped(module: str, name: str, version: tuple[int, int]) -> tuple[int, int] | None:
    """Return the version that dropped a name of a module, where that is not newer than `version`."""
    since = _DROPPED.get(module, {}).get(name)
    return since if since is not None and version >= since else None


def folder(version: tuple[int, int]) -> str:
    """Return where a module of the standard library lies in an image of Python; which file it is, only the image knows."""
    return f"/usr/local/lib/python{version[0]}.{version[1]}/…"


def cannot_import(name: str, module: str, path: str = "unknown location") -> str:
    """Return Python's words for a name that a module, or a namespace without a file, does not have."""
    return f"ImportError: cannot import name '{name}' from '{module}' ({path})"
