import pytest

from bot.engine.image.locks.lock import Need, Unusable, walk
from bot.engine.image.locks.markers import Environment
from bot.engine.image.locks.pdm import PdmLock
from bot.engine.image.locks.pipfile import PipfileLock
from bot.engine.image.locks.poetry import PoetryLock
from bot.engine.image.locks.uv import UvLock

CIRCLE = """\
version = 1

[[package]]
name = "a"
version = "1"
source = { registry = "x" }
dependencies = [
    { name = "b", extra = ["more"] },
]

[[package]]
name = "b"
version = "1"
source = { url = "https://example.org/b.whl" }
dependencies = [
    { name = "a" },
    { name = "gone" },
]

[package.optional-dependencies]
more = [
    { name = "c", marker = "extra == 'more'" },
    { name = "b", extra = ["most"] },
]

[[package]]
name = "c"
version = "2"
source = { directory = "lib/c" }
"""


def test_a_circle_comes_to_an_end():
    found = {
        package.name: (package.sort, package.source, extras)
        for package, extras in walk(UvLock(CIRCLE), [Need("A".lower())], Environment())
    }
    assert found == {
        "a": ("index", "x", frozenset()),
        "b": ("address", "https://example.org/b.whl", frozenset({"more", "most"})),
        "c": ("folder", "lib/c", frozenset()),
    }


@pytest.mark.parametrize("read", [UvLock, PoetryLock, PdmLock])
@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "=======\n>>>>>>> other\n"])
def test_merge_markers(read: type, text: str):
    with pytest.raises(Unusable, match="merge markers"):
        read(text)


def test_formats_that_are_not_known():
    with pytest.raises(Unusable, match="version 9"):
        UvLock("version = 9\n")
    with pytest.raises(Unusable):
        PoetryLock("[[package]]\n")
    for text in ("", "{", "[1]", "[" * 100_000):
        with pytest.raises(Unusable):
            PipfileLock(text)


@pytest.mark.parametrize("read", [UvLock, PdmLock])
def test_an_empty_lock_has_nothing(read: type):
    assert read("") is not None


def test_groups_of_a_root_that_is_no_project():
    lock = UvLock(
        'version = 1\n\n[manifest]\nmembers = ["a"]\n\n[manifest.dependency-groups]\ndev = [{ name = "x", extras = ["y"] }]\n'
    )
    assert (lock.members, lock.groups) == (("a",), {"dev": (Need("x", ("y",)),)})
