"""Random packages with random imports: what is certain on paper is what real Python does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.bot.engine.boot.tools import boot, run

ALWAYS = "main.py a.py b.py p/__init__.py n/a.py".split()
PERHAPS = "p/a.py p/b.py p/c.py p/q/__init__.py p/q/a.py p/q/b.py n/p/b.py".split()
MODULES = "a b p p.a p.b p.q p.q.a p.c n n.a n.p n.p.b main".split()
NAMES = "a b c q p x y _x f".split()
COMMANDS = (
    ("python", "main.py"),
    ("python", "-m", "main"),
    ("python", "-m", "p.a"),
    ("python", "-m", "p"),
    ("uvicorn", "main:x"),
    ("uvicorn", "p.a:x"),
    ("python", "p/a.py"),
    ("uvicorn", "q.a:x", "--app-dir", "p"),
)

modules, names = st.sampled_from(MODULES), st.sampled_from(NAMES)
dots = st.sampled_from([".", "..", "..."])
imports = st.one_of(
    st.builds("import {}".format, modules),
    st.builds("import {} as y".format, modules),
    st.builds("from {} import {}".format, modules, names),
    st.builds("from {} import {}, {}".format, modules, names, names),
    st.builds("from {} import {}".format, dots, names),
    st.builds("from {}{} import {}".format, dots, modules, names),
    st.builds("import importlib; importlib.import_module('{}')".format, modules),
)
plain = st.sampled_from(["x = 1", "y = 1", "_x = 1", "def f(): pass", "class f: pass", "__all__ = ['x']", "pass"])
paths = st.sampled_from(
    [
        "import sys; sys.path.insert(0, 'p')",
        "import sys; sys.path.append('n')",
        "import os, sys; sys.path.append(os.path.join(os.path.dirname(__file__), 'p'))",
        "import sys; from pathlib import Path; sys.path.insert(0, str(Path(__file__).resolve().parent))",
    ]
)
errors = st.sampled_from(["ImportError", "ModuleNotFoundError", "Exception", "ValueError", "(KeyError, ImportError)"])
others = st.one_of(imports, plain)
blocks = st.one_of(
    st.builds("try:\n    {}\nexcept {}:\n    {}".format, imports, errors, others),
    st.builds("try:\n    {}\nexcept {}:\n    {}\nelse:\n    {}".format, imports, errors, others, others),
    st.builds("try:\n    {}\n    {}\nexcept ImportError:\n    raise".format, imports, others),
    st.builds("try:\n    {}\nfinally:\n    {}".format, imports, plain),
    st.builds("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}\nelse:\n    {}".format, imports, others),
    st.builds("if __name__ == '__main__':\n    {}".format, others),
    st.builds("if len(__name__) > 1:\n    {}\nelse:\n    {}".format, others, others),
    st.builds("def g():\n    {}\n    return\n    {}\ng()".format, others, imports),
    st.builds("def h():\n    {}".format, others),
    st.builds("class f:\n    {}".format, others),
    st.builds("for y in (1,):\n    {}".format, others),
    st.builds("with __import__('contextlib').suppress(ImportError):\n    {}".format, imports),
)
stars = st.builds("from {} import *".format, modules)  # not within a function
statements = st.one_of(imports, stars, plain, plain, blocks, paths)
sources = st.lists(statements, max_size=4, unique_by=lambda text: text[:5] if "def g" in text else text).map("\n".join)
layouts = st.fixed_dictionaries(dict.fromkeys(ALWAYS, sources), optional=dict.fromkeys(PERHAPS, sources))

AGAIN = "try:\n    import a\nexcept ImportError:\n    import a"
GUARDED = "if __name__ == '__main__':\n    import a\n"


def _doubtful(source: str, argv: tuple[str, ...], python: str) -> bool:
    """Say whether paper may be silent.

    What a star, an unknown branch or an attempt binds in a circle is not known, and what is tried for may be installed. A name
    that only `__main__` binds counts as one of the module in the same file, too.
    """
    if "if __name__" in source and "from main import" in source:
        return True
    tried = "try:" in source or "suppress(" in source
    circle = "partially initialized" in python
    return any(each in source for each in ("import *", "if len(", "for y in")) or (tried and (circle or argv in COMMANDS[-2:]))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layouts, st.sampled_from(COMMANDS))
@example({**dict.fromkeys(ALWAYS, ""), "p/__init__.py": "from b import a", "b.py": GUARDED}, ("python", "-m", "p.a"))
@example({**dict.fromkeys(ALWAYS, ""), "main.py": AGAIN, "a.py": "def g():\n    import p.a\ng()"}, ("python", "main.py"))
def test_paper_never_contradicts_python(files, argv):
    with tempfile.TemporaryDirectory() as folder:
        python = run(Path(folder) / "app", files, argv)
    booted = boot(files, argv)
    doubtful = _doubtful("\n".join(files.values()), argv, python) or booted.verdict.startswith("? python: Error while finding")
    if python == "":
        assert not booted.certain
    elif booted.verdict.startswith("?") or booted.unknowns:
        assert python in booted.messages or doubtful
    else:
        assert booted.verdict == python or doubtful
