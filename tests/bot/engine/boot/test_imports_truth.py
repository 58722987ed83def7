"""Layouts that are booted on paper and run by real Python: both must end with the same line."""

from __future__ import annotations

import pytest

from tests.bot.engine.boot.tools import boot, run

SCRIPT = ("python", "main.py")
SERVER = ("uvicorn", "main:app")
MISSING = "ModuleNotFoundError: No module named "
NAME = "ImportError: cannot import name "
TOO_EARLY = "(most likely due to a circular import)"
NO_PARENT = "ImportError: attempted relative import with no known parent package"
BEYOND = "ImportError: attempted relative import beyond top-level package"

# what it shows: (files, command, the last line that Python prints, "" where it boots)
TABLE: dict[str, tuple[dict[str, str], tuple[str, ...], str]] = {
    "a script sees its own folder": ({"main.py": "import other", "other.py": ""}, SCRIPT, ""),
    "a script sees nothing above its folder": (
        {"src/main.py": "import other", "other.py": ""},
        ("python", "src/main.py"),
        f"{MISSING}'other'",
    ),
    "a script does not see the package that it lies in": (
        {"pkg/__init__.py": "", "pkg/main.py": "from pkg import other", "pkg/other.py": ""},
        ("python", "pkg/main.py"),
        f"{MISSING}'pkg'",
    ),
    "a module that is run sees the current folder": (
        {"pkg/__init__.py": "", "pkg/main.py": "from pkg import other", "pkg/other.py": ""},
        ("python", "-m", "pkg.main"),
        "",
    ),
    "a module that is run does not see its own folder": (
        {"pkg/main.py": "import other", "pkg/other.py": ""},
        ("python", "-m", "pkg.main"),
        f"{MISSING}'other'",
    ),
    "a server sees the current folder": (
        {"pkg/main.py": "import other\napp = 1", "other.py": ""},
        ("uvicorn", "pkg.main:app"),
        "",
    ),
    "a server does not see the folder of the module": (
        {"pkg/main.py": "import other\napp = 1", "pkg/other.py": ""},
        ("uvicorn", "pkg.main:app"),
        f"{MISSING}'other'",
    ),
    "a server names the module that it can't import": (
        {"app/main.py": "app = 1"},
        SERVER,
        'ERROR:    Error loading ASGI app. Could not import module "main".',
    ),
    "a server names the missing parent of its module": ({}, ("uvicorn", "src.main:app"), f"{MISSING}'src'"),
    "a server names the missing attribute": (
        {"main.py": "application = 1"},
        SERVER,
        'ERROR:    Error loading ASGI app. Attribute "app" not found in module "main".',
    ),
    "an imported name is an attribute": ({"main.py": "from web import app", "web.py": "app = 1"}, SERVER, ""),
    "a file name is no module": (
        {"main.py": "app = 1"},
        ("uvicorn", "main.py:app"),
        'ERROR:    Error loading ASGI app. Could not import module "main.py".',
    ),
    "a script that is not there": (
        {},
        ("python", "main.py"),
        "python: can't open file '/app/main.py': [Errno 2] No such file or directory",
    ),
    "a module that is not there": ({}, ("python", "-m", "nowhere"), "python: No module named nowhere"),
    "a module whose parent is not there": (
        {},
        ("python", "-m", "nowhere.main"),
        "python: Error while finding module specification for 'nowhere.main' (ModuleNotFoundError: No module named 'nowhere')",
    ),
    "a submodule that is not there": (
        {"pkg/__init__.py": ""},
        ("python", "-m", "pkg.main"),
        "python: No module named pkg.main",
    ),
    "a package without __main__ can't be run": (
        {"pkg/__init__.py": ""},
        ("python", "-m", "pkg"),
        "python: No module named pkg.__main__; 'pkg' is a package and cannot be directly executed",
    ),
    "a folder without __main__ can't be run": (
        {"pkg/other.py": ""},
        ("python", "-m", "pkg"),
        "python: No module named pkg.__main__; 'pkg' is a package and cannot be directly executed",
    ),
    "a package is run by its __main__": (
        {"pkg/__init__.py": "", "pkg/__main__.py": "from . import other", "pkg/other.py": ""},
        ("python", "-m", "pkg"),
        "",
    ),
    "a package that misses its own name can't be searched": (
        {"pkg/__init__.py": "from . import nothing", "pkg/main.py": ""},
        ("python", "-m", "pkg.main"),
        "python: Error while finding module specification for 'pkg.main' (ImportError: cannot import name 'nothing' from"
        f" partially initialized module 'pkg' {TOO_EARLY} (/app/pkg/__init__.py))",
    ),
    "what a package's parents miss comes before the module": (
        {"pkg/__init__.py": "import pkg.nothing"},
        ("python", "-m", "pkg.main"),
        f"{MISSING}'pkg.nothing'",
    ),
    "a server names its module where the package misses it": (
        {"pkg/__init__.py": "import pkg.main"},
        ("uvicorn", "pkg.main:app"),
        'ERROR:    Error loading ASGI app. Could not import module "pkg.main".',
    ),
    "a file's name can't be run as a module": (
        {"pkg/__init__.py": "", "pkg/main.py": ""},
        ("python", "-m", "pkg.main.py"),
        "python: Error while finding module specification for 'pkg.main.py' (ModuleNotFoundError: __path__ attribute not"
        " found on 'pkg.main' while trying to find 'pkg.main.py'). Try using 'pkg.main' instead of 'pkg.main.py' as the"
        " module name.",
    ),
    "a folder with __main__ can be run as a script": (
        {"tool/__main__.py": "import other", "tool/other.py": ""},
        ("python", "tool"),
        "",
    ),
    "a script has no package for its dots": ({"main.py": "from . import other", "other.py": ""}, SCRIPT, NO_PARENT),
    "a top-level module has no package either": (
        {"main.py": "from .other import x\napp = 1", "other.py": "x = 1"},
        SERVER,
        NO_PARENT,
    ),
    "a top-level module that is run has no package either": (
        {"main.py": "from .other import x", "other.py": "x = 1"},
        ("python", "-m", "main"),
        NO_PARENT,
    ),
    "dots count from the package": (
        {"a/b/main.py": "from ..other import x", "a/other.py": "x = 1"},
        ("python", "-m", "a.b.main"),
        "",
    ),
    "dots may not leave the top-level package": (
        {"a/main.py": "from ..other import x", "other.py": "x = 1"},
        ("python", "-m", "a.main"),
        BEYOND,
    ),
    "dots leave a package that is started inside": (
        {"a/b/main.py": "from ..other import x\napp = 1", "a/other.py": "x = 1"},
        ("uvicorn", "b.main:app", "--app-dir", "a"),
        BEYOND,
    ),
    "a dot finds a submodule": (
        {"pkg/main.py": "from . import other\napp = 1", "pkg/other.py": ""},
        ("uvicorn", "pkg.main:app"),
        "",
    ),
    "a dot finds a name of __init__": (
        {"pkg/__init__.py": "x = 1", "pkg/main.py": "from . import x\napp = 1"},
        ("uvicorn", "pkg.main:app"),
        "",
    ),
    "a dot finds neither": (
        {"pkg/__init__.py": "", "pkg/main.py": "from . import x"},
        ("uvicorn", "pkg.main:app"),
        f"{NAME}'x' from 'pkg' (/app/pkg/__init__.py)",
    ),
    "a folder without __init__ is a namespace": ({"main.py": "import a.b.c", "a/b/c.py": ""}, SCRIPT, ""),
    "all submodules come before the names that are missing": (
        {"main.py": "import p", "p/__init__.py": "from p import a, b", "p/b.py": "from c import d", "c.py": ""},
        SCRIPT,
        f"{NAME}'d' from 'c' (/app/c.py)",
    ),
    "a function of the module that also runs as main runs again": (
        {"main.py": "def g():\n    from main import a\ng()"},
        SCRIPT,
        f"{NAME}'a' from partially initialized module 'main' (most likely due to a circular import) (/app/main.py)",
    ),
    "a namespace has no names": (
        {"main.py": "from a import x", "a/b.py": "x = 1"},
        SCRIPT,
        f"{NAME}'x' from 'a' (unknown location)",
    ),
    "the first level that is missing is named": ({"main.py": "import a.b.c", "a/__init__.py": ""}, SCRIPT, f"{MISSING}'a.b'"),
    "a file has no submodules": (
        {"main.py": "import a.b", "a.py": ""},
        SCRIPT,
        f"{MISSING}'a.b'; 'a' is not a package",
    ),
    "a package goes before a file of its name": (
        {"main.py": "from a import x", "a/__init__.py": "x = 1", "a.py": ""},
        SCRIPT,
        "",
    ),
    "a file goes before a folder of its name": (
        {"main.py": "from a import b", "a/b.py": "", "a.py": ""},
        SCRIPT,
        f"{NAME}'b' from 'a' (/app/a.py)",
    ),
    "a file stands for the standard library's module": (
        {"main.py": "from secrets import token_hex", "secrets.py": ""},
        SCRIPT,
        f"{NAME}'token_hex' from 'secrets' (/app/secrets.py)",
    ),
    "a folder does not stand for it": ({"main.py": "from secrets import token_hex", "secrets/a.py": ""}, SCRIPT, ""),
    "nothing stands for a built-in module": (
        {"main.py": "from sys import path\nfrom time import time", "sys.py": "", "time.py": ""},
        SCRIPT,
        "",
    ),
    "a name that a module does not define": (
        {"main.py": "from a import x", "a.py": "y = 1"},
        SCRIPT,
        f"{NAME}'x' from 'a' (/app/a.py)",
    ),
    "a name that a star brings": ({"main.py": "from a import x", "a.py": "from b import *", "b.py": "x = 1"}, SCRIPT, ""),
    "a name that a star does not bring": (
        {"main.py": "from a import x", "a.py": "from b import *", "b.py": "y = 1"},
        SCRIPT,
        f"{NAME}'x' from 'a' (/app/a.py)",
    ),
    "a star brings no private name": (
        {"main.py": "from a import _x", "a.py": "from b import *", "b.py": "_x = 1"},
        SCRIPT,
        f"{NAME}'_x' from 'a' (/app/a.py)",
    ),
    "a star brings what __all__ lists": (
        {"main.py": "from a import _x", "a.py": "from b import *", "b.py": "__all__ = ['_x']\n_x = y = 1"},
        SCRIPT,
        "",
    ),
    "names that are bound in blocks": (
        {
            "main.py": "from a import f, g, h, i, j, k",
            "a.py": "for f in [1]: pass\nwith open(__file__) as g: pass\n(h := 1)\nclass i: pass\n"
            "try: j = 1\nexcept OSError: pass\ndef k(): pass\n",
        },
        SCRIPT,
        "",
    ),
    "a circle that comes too early": (
        {"main.py": "import a", "a.py": "from b import y\nx = 1", "b.py": "from a import x\ny = 1"},
        SCRIPT,
        f"{NAME}'x' from partially initialized module 'a' {TOO_EARLY} (/app/a.py)",
    ),
    "a circle that comes in time": (
        {"main.py": "import a", "a.py": "x = 1\nfrom b import y", "b.py": "from a import x\ny = 1"},
        SCRIPT,
        "",
    ),
    "a circle out of a class's body": (
        {"main.py": "import a", "a.py": "class X:\n    import b", "b.py": "from a import X"},
        SCRIPT,
        f"{NAME}'X' from partially initialized module 'a' {TOO_EARLY} (/app/a.py)",
    ),
    "a circle out of the function that makes the name": (
        {"main.py": "import a", "a.py": "def made():\n    import b\nx = made()", "b.py": "from a import x"},
        SCRIPT,
        f"{NAME}'x' from partially initialized module 'a' {TOO_EARLY} (/app/a.py)",
    ),
    "a circle in which nobody binds the name": (
        {"main.py": "import a", "a.py": "import b", "b.py": "from a import x"},
        SCRIPT,
        f"{NAME}'x' from partially initialized module 'a' {TOO_EARLY} (/app/a.py)",
    ),
    "a circle of modules alone": ({"main.py": "import a", "a.py": "import b", "b.py": "import a"}, SCRIPT, ""),
    "a script that is imported once more, under its name": (
        {"main.py": "import a\nx = 1", "a.py": "from main import x"},
        SCRIPT,
        "",
    ),
    "a package's own import of a submodule": (
        {"main.py": "import a", "a/__init__.py": "from a.b import x\nfrom . import b", "a/b.py": "x = 1"},
        SCRIPT,
        "",
    ),
    "a package that a submodule comes back to too early": (
        {"main.py": "import a", "a/__init__.py": "from .b import y\nx = 1", "a/b.py": "from a import x\ny = 1"},
        SCRIPT,
        f"{NAME}'x' from partially initialized module 'a' {TOO_EARLY} (/app/a/__init__.py)",
    ),
    "an import that fails inside a package's __init__": (
        {"main.py": "import a.b", "a/__init__.py": "import nowhere_to_be_found.x", "a/b.py": "", "nowhere_to_be_found.py": ""},
        SCRIPT,
        f"{MISSING}'nowhere_to_be_found.x'; 'nowhere_to_be_found' is not a package",
    ),
    "a miss that is caught": (
        {"main.py": "try:\n    import pkg.other\nexcept ImportError:\n    pass", "pkg/__init__.py": ""},
        SCRIPT,
        "",
    ),
    "a miss that is caught, and then another": (
        {"main.py": "try:\n    from pkg import a\nexcept ImportError:\n    from pkg import b", "pkg/__init__.py": ""},
        SCRIPT,
        f"{NAME}'b' from 'pkg' (/app/pkg/__init__.py)",
    ),
    "a miss that only another error's handler stands around": (
        {"main.py": "try:\n    import pkg.other\nexcept ValueError:\n    pass", "pkg/__init__.py": ""},
        SCRIPT,
        f"{MISSING}'pkg.other'",
    ),
    "a missing name is no missing module": (
        {"main.py": "try:\n    from pkg import x\nexcept ModuleNotFoundError:\n    pass", "pkg/__init__.py": ""},
        SCRIPT,
        f"{NAME}'x' from 'pkg' (/app/pkg/__init__.py)",
    ),
    "a miss that is raised again": (
        {"main.py": "try:\n    import pkg.x\nexcept ImportError:\n    raise", "pkg/__init__.py": ""},
        SCRIPT,
        f"{MISSING}'pkg.x'",
    ),
    "a miss that is suppressed": (
        {"main.py": "import contextlib\nwith contextlib.suppress(ImportError):\n    import pkg.x", "pkg/__init__.py": ""},
        SCRIPT,
        "",
    ),
    "a miss that is suppressed by whoever hands the manager out": (
        {"main.py": "with __import__('contextlib').suppress(ImportError):\n    import pkg.x", "pkg/__init__.py": ""},
        SCRIPT,
        "",
    ),
    "what only types need": (
        {"main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pkg.x", "pkg/__init__.py": ""},
        SCRIPT,
        "",
    ),
    "what only the other case needs": (
        {
            "main.py": "import sys\nif sys.platform == 'win32':\n    import pkg.x\nelse:\n    import pkg.y",
            "pkg/__init__.py": "",
        },
        SCRIPT,
        f"{MISSING}'pkg.y'",
    ),
    "a function that is not called": ({"main.py": "def f():\n    import pkg.x", "pkg/__init__.py": ""}, SCRIPT, ""),
    "a function that is called": (
        {"main.py": "def f():\n    import pkg.x\nf()", "pkg/__init__.py": ""},
        SCRIPT,
        f"{MISSING}'pkg.x'",
    ),
    "what runs as __main__ alone": (
        {"main.py": "if __name__ == '__main__':\n    import pkg.x\napp = 1", "pkg/__init__.py": ""},
        SERVER,
        "",
    ),
    "a file that does not parse": ({"main.py": "import a", "a.py": "def"}, SCRIPT, "SyntaxError: invalid syntax"),
    "a file whose blocks are not indented": (
        {"main.py": "import a", "a.py": "if 1:\nx = 1"},
        SCRIPT,
        "IndentationError: expected an indented block after 'if' statement on line 1",
    ),
    "a submodule in another case": (
        {"main.py": "from app import Models", "app/__init__.py": "", "app/models.py": ""},
        SCRIPT,
        f"{NAME}'Models' from 'app' (/app/app/__init__.py)",
    ),
    "a module by its name": (
        {"main.py": "import importlib\nimportlib.import_module('pkg.x')", "pkg/__init__.py": ""},
        SCRIPT,
        f"{MISSING}'pkg.x'",
    ),
    "a module beside this one by its name": (
        {
            "main.py": "import pkg",
            "pkg/__init__.py": "__import__('x', globals(), locals(), ['y'], level=1)",
            "pkg/x.py": "import b",
        },
        SCRIPT,
        f"{MISSING}'b'",
    ),
    "the same, by the place of the argument": (
        {"main.py": "import pkg", "pkg/__init__.py": "__import__('x', globals(), locals(), [], 1)", "pkg/x.py": ""},
        SCRIPT,
        "",
    ),
    "one that is not there": (
        {"main.py": "import pkg", "pkg/__init__.py": "__import__('x', {'__package__': 'pkg', '__name__': 'pkg'}, level=1)"},
        SCRIPT,
        f"{MISSING}'pkg.x'",
    ),
    "an absolute name": (
        {"main.py": "import pkg", "pkg/__init__.py": "__import__('x', level=0)", "pkg/x.py": ""},
        SCRIPT,
        f"{MISSING}'x'",
    ),
    "code behind the end is not run": ({"main.py": "import sys\nsys.exit()\nimport pkg.x", "pkg/__init__.py": ""}, SCRIPT, ""),
}


@pytest.mark.parametrize(("files", "argv", "wanted"), TABLE.values(), ids=TABLE)
def test_paper_and_python_agree(files, argv, wanted, tmp_path):
    assert run(tmp_path / "app", files, argv) == wanted
    assert boot(files, argv).verdict == wanted
