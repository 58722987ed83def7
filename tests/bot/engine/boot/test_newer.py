import ast
import contextlib
import sysconfig
import time
from pathlib import Path

import pytest

from bot.engine.boot.newer import plain

LIBRARY = Path(sysconfig.get_path("stdlib"))
SAMPLE = [path for path in sorted(LIBRARY.glob("*.py"))[::2] if path.stat().st_size < 60_000]


def imports(source: str) -> list[tuple[int, str]]:
    tree = ast.parse(source)
    return [(node.lineno, ast.unparse(node)) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def check(source: str) -> ast.Module:
    """Assert that our Python parses the plain form, that lines stay, and that a second pass changes nothing."""
    text = plain(source)
    assert text.count("\n") == source.count("\n")
    assert plain(text) == text
    return ast.parse(text)


@pytest.mark.parametrize(
    "source",
    [
        "x = f'{a['b']}'\n",
        'x = f"{d["k"]}" + f"{d["k"]!r:>10}"\n',
        'x = f"{", ".join(names)}"\n',
        'x = f"{f"{f"{1 + 1}"}"}"\n',
        'x = f"{x:{"a" + "b"}}"\n',
        'x = f"{x:\'>10}" + "y"\n',
        'x = f"{n:#x} {n:#{width}x}"\n',
        'x = f"{{literal}} {a["b"]}"\n',
        'x = f"{ {"a": 1}["a"] }"\n',
        'x = f"{(lambda y: y["z"])(q)}"\n',
        'x = f"{a["b"]:%H:%M}"\n',
        'x = f"\\{a["b"]}\\"{c}"\n',
        'x = f"\\N{EM DASH}{a["b"]}"\n',
        'x = rf"\\d{a["b"]}\\""\n',
        'x = R"\\d" + fR"{a["b"]}"\n',
        'x = f"""{\n    a["b"]  # it\'s a comment\n}""" + "x"\n',
        'x = f"{\n    a["b"]\n}"\n',
        'x = t"{a["b"]}"\n',
        'x = f"{a != b} {a == "c"}"\n',
        'print(f"{x}" "y" f"{z["q"]}")\n',
        'x = f""\n',
        'x = "" f"{a["b"]}"\n',
    ],
)
def test_strings_inside_of_formatted_strings(source):
    tree = check(source + "import os\n")
    assert isinstance(tree.body[-1], ast.Import)
    assert len(tree.body) == 2


@pytest.mark.parametrize(
    "source",
    [
        "x = 'f\"{' + \"{a['b']}\"\n",
        "# f\"{a['b'\nx = 1\n",
        'x = "a # no comment"\n',
        "x = b'{' + rb'\\'{' + u'}'\n",
        'x = """\nf"{\n"""\n',
        "x = 'it\\'s' + 'f'\n",
        "def elif_(f): return f['x']\n",
        "buffer = conf['a'] or self['b']\n",
        "x = 'one \\\n two'\n",
    ],
)
def test_what_only_looks_like_a_formatted_string_stays(source):
    assert plain(source) == source


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("def first[T](items: list[T]) -> T: ...\n", "def first(items: list[T]) -> T: ...\n"),
        ("async def first[T]() -> T: ...\n", "async def first() -> T: ...\n"),
        ("class Box[T]: ...\n", "class Box: ...\n"),
        ("class Box[T: dict[str, list[int]], *Ts, **P](Base[T]): ...\n", "class Box(Base[T]): ...\n"),
        ("    def method[T: (int, str) = int](self): ...\n", "    def method(self): ...\n"),
        ("type Pair = tuple[int, int]\n", "Pair = tuple[int, int]\n"),
        ("type Pair[T: list[int]] = tuple[T, T]\n", "Pair = tuple[T, T]\n"),
        ("def first[\n    T,\n](x): ...\n", "def first \\\n \\\n(x): ...\n"),
        ("except A, B:\n", "except (A, B):\n"),
        ("except* a.A, b.B :\n", "except* (a.A, b.B):\n"),
    ],
)
def test_type_parameters_and_exceptions_without_brackets(source, wanted):
    assert plain(source) == wanted


@pytest.mark.parametrize(
    "source",
    [
        "type = 5\n",
        "type[0] = 5\n",
        "type(x) == y\n",
        "type == x\n",
        "values = d[T]\n",
        "except (A, B):\n",
        "except A as b:\n",
        "except:\n",
        "x = [f for f in y]\n",
        "class A(B): ...\n",
        "define[T](x)\n",
    ],
)
def test_ordinary_source_stays(source):
    assert plain(source) == source


def test_a_whole_file_of_todays_python_parses():
    source = """
from __future__ import annotations

import asyncio
from app.models import (
    User,  # the user's "own"
)

type Handler[T] = Callable[[T], None]


class Store[T: (int, str)](Base):
    def get[
        K,
    ](self, key: K) -> T:
        try:
            return self.data[key]
        except KeyError, IndexError:
            raise LookupError(f"no {key!r} in {", ".join(f"'{k}'" for k in self.data)}") from None


import late
"""
    tree = check(source)
    found = [(node.lineno, type(node).__name__) for node in tree.body]
    assert found == [
        (2, "ImportFrom"),
        (4, "Import"),
        (5, "ImportFrom"),
        (9, "Assign"),
        (12, "ClassDef"),
        (22, "Import"),
    ]


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_imports_of_the_standard_library_stay_what_they_are(path):
    source = path.read_text(encoding="utf-8", errors="replace")
    assert imports(plain(source)) == imports(source)


@pytest.mark.parametrize("source", ["f'{", 'f"""{a', "f'{a:{", "def a[", "'", "f'{\"", "x = f'{a['\nimport os\n", "f'{#\n"])
def test_what_does_not_end_raises_nothing(source):
    assert plain(source).count("\n") == source.count("\n")


@pytest.mark.parametrize("source", ["def a[\n", "class a[[[", "f'{", "except a,", '"'])
def test_hostile_source_takes_no_time(source):
    started = time.perf_counter()
    with contextlib.suppress(RecursionError):  # who reads a file is ready for it
        plain(source * 3000)
    assert time.perf_counter() - started < 2
