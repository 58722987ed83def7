"""Names that nothing has bound when code reads them: on paper as in real Python."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine.model.findings import MissingName
from tests.bot.engine.boot.tools import boot, run

SCRIPT = ("python", "main.py")
LACKS = "NameError: name 'zebra' is not defined"
MISSED = "NameError: name 'Thing' is not defined"
TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from things import Thing\n"

# what it shows: (main.py, the last line that Python prints, "" where it boots)
TABLE: dict[str, tuple[str, str]] = {
    "a name that nothing binds": ("print(zebra)", LACKS),
    "one that is bound further down": ("x = zebra\nzebra = 1", LACKS),
    "one that is bound in time": ("zebra = 1\nx = zebra", ""),
    "one of Python's own": ("x = len, __name__, __file__", ""),
    "one in the handler of an import that fails": (
        "try:\n    import nowhere\nexcept ImportError as error:\n    zebra.warning(error)",
        LACKS,
    ),
    "one in the handler of an import that works": ("try:\n    import json\nexcept ImportError:\n    zebra.warning()", ""),
    "one whose error is caught": ("try:\n    zebra\nexcept NameError:\n    zebra = 1\nprint(zebra)", ""),
    "one whose error is caught as any": ("try:\n    zebra\nexcept Exception:\n    pass", ""),
    "one that another error's handler stands around": ("try:\n    zebra\nexcept ImportError:\n    pass", LACKS),
    "one that only a function which nobody calls reads": ("def f():\n    return zebra", ""),
    "one that a function which is called reads": ("def f():\n    return zebra\nf()", LACKS),
    "one that a function binds for the module": ("def f():\n    global zebra\n    zebra = 1\nf()\nprint(zebra)", ""),
    "one that only another function has": ("def f():\n    zebra = 1\ndef g():\n    return zebra\nf()\ng()", LACKS),
    "one that is a function's own": ("def f(zebra=1):\n    return zebra\nf()", ""),
    "one that an inner function takes from the outer one": (
        "def f():\n    zebra = 1\n    def g(): return zebra\n    g()\nf()",
        "",
    ),
    "one that a default needs": ("def f(x=zebra): pass", LACKS),
    "one in a decorator": ("@zebra.route('/')\ndef f(): pass", LACKS),
    "one beside an escape that Python warns of": ("x = '\\d'\nprint(zebra)", LACKS),
    "one in a lambda": ("f = lambda: zebra", ""),
    "one in a comprehension over nothing": ("x = [zebra for _ in ()]", ""),
    "what a comprehension goes through": ("x = [_ for _ in zebra]", LACKS),
    "one that a comprehension binds": ("x = [zebra for zebra in (1,)]", ""),
    "one behind `or`": ("x = 1 or zebra", ""),
    "one in a comparison that is cut short": ("x = 2 < 1 < zebra", ""),
    "one of a branch that is not taken": ("if False:\n    zebra", ""),
    "one of a branch that is not known": ("import os\nif os.environ.get('DEBUG'):\n    zebra", ""),
    "one that a base class is": ("class A(zebra): pass", LACKS),
    "one in a class": ("class A:\n    x = zebra", LACKS),
    "one that a class binds for itself, and the module later": ("class A:\n    zebra = 1\n    x = zebra\nzebra = 2", ""),
    "one that a default binds": ("def f(x=(zebra := 1)): pass\nprint(zebra)", ""),
    "one in a walrus": ("if (zebra := 1) and zebra:\n    print(zebra)", ""),
    "one in an annotation": (f"{TYPED}def f(x: Thing): pass", MISSED),
    "one in an annotation of the module": (f"{TYPED}x: Thing = 1", MISSED),
    "one in an annotation inside a function": (f"{TYPED}def f():\n    x: Thing = 1\nf()", ""),
    "one in an annotation that is a text": (f"{TYPED}def f(x: 'Thing'): pass", ""),
    "one in an annotation that nobody evaluates": (f"from __future__ import annotations\n{TYPED}def f(x: Thing): pass", ""),
    "one that a star may bring": ("from os import *\nprint(path)", ""),
    "one that is put among the globals": ("globals()['zebra'] = 1\nprint(zebra)", ""),
    "one that is put among Python's own": ("import builtins\nbuiltins.zebra = 1\nprint(zebra)", ""),
    "one that an enum leaves behind": ("import enum\n@enum.global_enum\nclass A(enum.Enum):\n    zebra = 1\nprint(zebra)", ""),
    "one that another alternative bound": ("try:\n    zebra = 1\nexcept ImportError:\n    zebra = 2\nprint(zebra)", ""),
}


@pytest.mark.skipif(not ((3, 11) <= sys.version_info[:2] < (3, 12)), reason="Python's words are others")
@pytest.mark.parametrize(("source", "wanted"), TABLE.values(), ids=TABLE)
def test_paper_and_python_agree(source, wanted, tmp_path):
    files = {"main.py": source}
    assert run(tmp_path / "app", files, SCRIPT) == wanted
    found = boot(files, SCRIPT)
    assert (found.certain[:1] or [""]) == [wanted]


def test_what_is_told():
    fault = boot({"main.py": "import b", "b.py": "\nx = [\n  zebra]\nzebra = 1"}, SCRIPT).faults[0]
    assert (fault.code, fault.confidence, fault.chain) == ("name-not-defined", "certain", ("main.py:1", "b.py:3"))
    assert fault.detail == MissingName("b", "zebra")
    assert fault.reason == "b.py binds `zebra` only at line 4."
    assert (fault.place.line, fault.place.column) == (3, 3)


def test_a_name_that_another_file_may_set_is_not_certain():
    files = {"main.py": "import a\nimport builtins\nbuiltins.zebra = 1", "a.py": "print(zebra)"}
    found = boot(files, SCRIPT)
    assert (found.messages, found.certain) == ([LACKS], [])
    assert found.faults[0].reason.endswith("Not certain: main.py sets `zebra` of something.")


def test_from_3_14_on_annotations_wait():
    files = {"main.py": f"{TYPED}def f(x: Thing): pass"}
    for version, wanted in (("3.13", [MISSED]), ("3.14", [])):
        assert boot(files, SCRIPT, dockerfile=f"FROM python:{version}-slim\nWORKDIR /app\nCOPY . .\n").messages == wanted


names = st.sampled_from(["ant", "bee", "cow"])
simple = st.one_of(
    st.builds("{} = 1".format, names),
    st.builds("print({})".format, names),
    st.builds("{} = [{}]".format, names, names),
    st.builds("import json as {}".format, names),
    st.builds("f = lambda: {}".format, names),
    st.builds("f = [{} for {} in (1,)]".format, names, names),
    st.builds("f = 1 if f else {}".format, names),
    st.builds("{}: int = 1".format, names),
    st.builds("def g(f={}): return {}".format, names, names),
    st.just("g()"),
)
blocks = st.one_of(
    st.builds("try:\n    {}\n    {}\nexcept NameError:\n    {}\nelse:\n    {}".format, simple, simple, simple, simple),
    st.builds("try:\n    {}\nexcept KeyError:\n    {}\nfinally:\n    {}".format, simple, simple, simple),
    st.builds("class f:\n    {}\n    {}".format, simple, simple),
    st.builds("for f in (1,):\n    {}".format, simple),
    st.builds("if f:\n    {}\nelse:\n    {}".format, simple, simple),
    st.builds("def g():\n    {}\n    {}".format, simple, simple),
)
sources = st.lists(st.one_of(simple, blocks), min_size=1, max_size=6).map(lambda each: "\n".join(["f = g = print", *each]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sources)
def test_what_is_certain_fails(source):
    certain = boot({"main.py": source}, SCRIPT).certain
    with tempfile.TemporaryDirectory() as folder:
        really = run(Path(folder) / "app", {"main.py": source}, SCRIPT)
    if certain:  # with this name or one before it: what a comprehension reads may not run, and locals are not followed
        assert really, source
