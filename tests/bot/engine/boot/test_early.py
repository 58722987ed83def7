"""Attributes that code asks a module for before that has them: on paper as in real Python."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine.boot.early import uses
from bot.engine.model.findings import Ring
from tests.bot.engine.boot.test_imports_drawn import ALWAYS, COMMANDS, MODULES, PERHAPS, imports, plain
from tests.bot.engine.boot.tools import boot, run

SCRIPT = ("python", "main.py")
CIRCULAR = "(most likely due to a circular import)"
PARTIAL = "AttributeError: partially initialized module "
SUBMODULE = {
    "main.py": "import p.a",
    "p/__init__.py": "",
    "p/a.py": "from p import b\nx = 1",
    "p/b.py": "import p.a\ny = p.a.x",
}
RING = {"main.py": "import a", "a.py": "import b\nx = 1", "b.py": "import a\ny = a.x"}

LACKS = f"{PARTIAL}'a' has no attribute 'x' {CIRCULAR}"

# what it shows: (files, the last line that Python prints, "" where it boots)
TABLE: dict[str, tuple[dict[str, str], str]] = {
    "an attribute that is bound further down": (RING, LACKS),
    "one that nobody binds": ({**RING, "b.py": "import a\na.z"}, f"{PARTIAL}'a' has no attribute 'z' {CIRCULAR}"),
    "one that is there": ({**RING, "a.py": "x = 1\nimport b"}, ""),
    "one that only a function asks for": ({**RING, "b.py": "import a\ndef f(): return a.x"}, ""),
    "one that a default asks for": ({**RING, "b.py": "import a\ndef f(y=a.x): pass"}, LACKS),
    "one that a base class is": (
        {**RING, "b.py": "import a\nclass B(a.x): pass"},
        LACKS,
    ),
    "one that a class asks for inside": (
        {**RING, "b.py": "import a\nclass B:\n    y = [a.x]"},
        LACKS,
    ),
    "one that a decorator asks for": (
        {**RING, "b.py": "import a\n@a.x.route('/')\ndef f(): pass"},
        LACKS,
    ),
    "one in an annotation": ({**RING, "b.py": "import a\ndef f(y: a.x): pass"}, LACKS),
    "one in an annotation that nobody evaluates": (
        {**RING, "b.py": "from __future__ import annotations\nimport a\ndef f(y: a.x): pass"},
        "",
    ),
    "one in a lambda": ({**RING, "b.py": "import a\nf = lambda: a.x"}, ""),
    "one whose name stands for something else by then": ({**RING, "b.py": "import a\na = print\na.__call__"}, ""),
    "one that is asked for after another import fails": (
        {**RING, "b.py": "import a\nimport a.c\ny = a.x"},
        "ModuleNotFoundError: No module named 'a.c'; 'a' is not a package",
    ),
    "one that is caught": ({**RING, "a.py": "try:\n    import b\nexcept AttributeError:\n    pass\nx = 1"}, ""),
    "one that another error's handler stands around": (
        {**RING, "a.py": "try:\n    import b\nexcept ImportError:\n    pass\nx = 1"},
        LACKS,
    ),
    "a submodule by the name of its package": (
        SUBMODULE,
        f"AttributeError: cannot access submodule 'a' of module 'p' {CIRCULAR}",
    ),
    "a submodule under another name": (
        {**SUBMODULE, "p/b.py": "import p.a as a\ny = a.x"},
        f"{PARTIAL}'p.a' has no attribute 'x' {CIRCULAR}",
    ),
    "a submodule from its package": (
        {**SUBMODULE, "p/b.py": "from . import a\ny = a.x"},
        f"{PARTIAL}'p.a' has no attribute 'x' {CIRCULAR}",
    ),
    "a submodule that a package is still importing": (
        {"main.py": "import p", "p/__init__.py": "from p import a", "p/a.py": "from p import b", "p/b.py": "import p.a\np.a.x"},
        f"{PARTIAL}'p' has no attribute 'a' {CIRCULAR}",
    ),
    "a submodule whose name the package binds itself": (
        {"main.py": "import p", "p/__init__.py": "a = 1\nfrom p import c", "p/c.py": "import p\np.a.real"},
        "",
    ),
    "a script that imports itself by its name": (
        {"main.py": "import main\nmain.x\nx = 1"},
        f"{PARTIAL}'main' has no attribute 'x' {CIRCULAR}",
    ),
    "a module that means another one of its name": (
        {"main.py": "import secrets", "secrets.py": "import secrets\nsecrets.token_hex()"},
        f"{PARTIAL}'secrets' has no attribute 'token_hex' {CIRCULAR}",
    ),
}


@pytest.mark.skipif(not ((3, 11) <= sys.version_info[:2] < (3, 13)), reason="Python's words are others")
@pytest.mark.parametrize(("files", "wanted"), TABLE.values(), ids=TABLE)
def test_paper_and_python_agree(files, wanted, tmp_path):
    assert run(tmp_path / "app", files, SCRIPT) == wanted
    assert boot(files, SCRIPT).verdict == wanted


def on(version: str, files: dict[str, str], argv: tuple[str, ...] = SCRIPT) -> str:
    return boot(files, argv, dockerfile=f"FROM python:{version}-slim\nWORKDIR /app\nCOPY . .\n").messages[0]


def test_the_words_of_each_version():
    """Tried in images of each version."""
    assert on("3.10", RING) == LACKS
    assert on("3.10", SUBMODULE) == "AttributeError: module 'p' has no attribute 'a'"
    assert on("3.13", SUBMODULE) == f"AttributeError: cannot access submodule 'a' of module 'p' {CIRCULAR}"
    named = on("3.13", {**SUBMODULE, "p/b.py": "import p.a as a\ny = a.x"})
    assert named == f"{PARTIAL}'p.a' from '/app/p/a.py' has no attribute 'x' {CIRCULAR}"


def test_advice_to_rename_since_3_13():
    advice = "(consider renaming '/app/a.py' if it has the same name as a third-party module you intended to import)"
    assert on("3.13", RING) == f"AttributeError: module 'a' has no attribute 'x' {advice}"
    library = on("3.13", {"main.py": "import secrets", "secrets.py": "import secrets\nsecrets.token_hex()"})
    assert library.endswith(
        "since it has the same name as the standard library module named 'secrets' and the import system gives it precedence)"
    )
    served = on("3.13", RING, ("uvicorn", "main:app"))  # the server lies elsewhere, so nothing hides anything
    assert served == f"{PARTIAL}'a' from '/app/a.py' has no attribute 'x' {CIRCULAR}"


def test_the_ring_is_told():
    files = {"main.py": "import a", "a.py": "# app\nfrom c import y\nx = 1", "c.py": "import b", "b.py": "import a\ny = a.x"}
    fault = boot(files, SCRIPT).faults[0]
    assert fault.chain == ("main.py:1", "a.py:2", "c.py:1", "b.py:2")
    assert fault.detail == Ring("a", "x", ("a.py:2", "c.py:1", "b.py:2"))
    assert "a.py is still at line 2 when this runs, and has not bound `x` yet" in fault.reason
    assert fault.reason.endswith("a.py:2 imports c.py:1 imports b.py:2 imports a.py.")


def test_the_ring_of_a_name_that_is_imported():
    files = {"main.py": "import a", "a.py": "from b import y\nx = 1", "b.py": "\nfrom a import x\ny = 1"}
    fault = boot(files, SCRIPT).faults[0]
    assert (fault.code, fault.detail) == ("import-cycle", Ring("a", "x", ("a.py:1", "b.py:2")))


def test_what_may_be_set_from_outside_is_not_certain():
    files = {**RING, "b.py": "import a, c\na.z", "c.py": "import a\ndef f(): a.z = 1\nf()"}
    assert boot(files, SCRIPT).verdict.startswith("? AttributeError")


def test_code_that_may_not_run_asks_for_nothing():
    source = b"import a\nif x:\n    a.b\nfor y in z: a.c\ntry: a.d\nexcept E: pass"
    source += b"\na.e if x else a.f\nx and a.g\n[a.h for _ in z]"
    assert not uses(source, "a", (1, 0), (3, 11))
    assert not uses(b"import a\nif", "a", (1, 0), (3, 11))


# --- drawn

taken = st.builds("import {0}\ny = {1}.{2}".format, st.sampled_from(MODULES), st.sampled_from(MODULES), st.sampled_from("xyab"))
made = st.lists(st.one_of(imports, plain, taken, taken), max_size=4).map("\n".join)
layouts = st.fixed_dictionaries(dict.fromkeys(ALWAYS, made), optional=dict.fromkeys(PERHAPS, made))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layouts, st.sampled_from(COMMANDS))
def test_what_is_certain_is_what_python_says(files, argv):
    with tempfile.TemporaryDirectory() as folder:
        python = run(Path(folder) / "app", files, argv)
    booted = boot(files, argv)
    others = (
        "NameError",
        "AttributeError: module",
        "AttributeError: 'int' object",
        "AttributeError: type",
        "AttributeError: 'f",
    )
    if any(f" {each}" in f" {python}" or f"({each}" in python for each in others):
        return  # what only a complete module lacks is not looked for
    if "'module' object" in python or "'function' object" in python or "Error while finding" in python:
        return
    if not python:
        assert not booted.certain
    elif booted.certain:
        assert booted.verdict.partition(". Did you")[0] == python.partition(". Did you")[0]
