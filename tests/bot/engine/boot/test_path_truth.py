"""Where Python looks for modules: what the code, the environment and the options of `python` do to sys.path, on paper too."""

from __future__ import annotations

import pytest

from tests.bot.engine.boot.tools import boot, run

SCRIPT = ("python", "main.py")
MISSING = "ModuleNotFoundError: No module named "
NAME = "ImportError: cannot import name "

# what it shows: (files, command, the last line that Python prints, "" where it boots)
CODE: dict[str, tuple[dict[str, str], tuple[str, ...], str]] = {
    "a folder that is appended": (
        {
            "main.py": "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), 'lib'))\nimport other",
            "lib/other.py": "",
        },
        SCRIPT,
        "",
    ),
    "the folder above that is put first": (
        {
            "src/main.py": "import sys\nfrom pathlib import Path\nROOT = Path(__file__).resolve().parent.parent\n"
            "sys.path.insert(0, str(ROOT))\nimport other",
            "other.py": "",
        },
        ("python", "src/main.py"),
        "",
    ),
    "a folder that counts from the current one": (
        {"src/main.py": "import sys\nsys.path.append('lib')\nimport other", "lib/other.py": ""},
        ("python", "src/main.py"),
        "",
    ),
    "the first folder wins": (
        {"main.py": "import sys\nsys.path.insert(0, 'lib')\nfrom a import x", "a.py": "", "lib/a.py": "x = 1"},
        SCRIPT,
        "",
    ),
    "the last folder does not": (
        {"main.py": "import sys\nsys.path.append('lib')\nfrom a import x", "a.py": "", "lib/a.py": "x = 1"},
        SCRIPT,
        f"{NAME}'x' from 'a' (/app/a.py)",
    ),
}
# (files, environment, command, line)
ENVIRONMENTS: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, ...], str]] = {
    "PYTHONPATH comes behind the script's folder": (
        {"src/main.py": "from a import x", "src/a.py": "", "a.py": "x = 1"},
        {"PYTHONPATH": "/app"},
        ("python", "src/main.py"),
        f"{NAME}'x' from 'a' (/app/src/a.py)",
    ),
    "PYTHONPATH counts from the current folder": (
        {"src/main.py": "import other", "lib/other.py": ""},
        {"PYTHONPATH": "lib"},
        ("python", "src/main.py"),
        "",
    ),
    "PYTHONPATH may name several folders": (
        {"src/main.py": "import a, b", "x/a.py": "", "y/b.py": ""},
        {"PYTHONPATH": "/app/x:/app/y"},
        ("python", "src/main.py"),
        "",
    ),
    "an empty entry is the current folder": (
        {"src/main.py": "import other", "other.py": ""},
        {"PYTHONPATH": "/nowhere:"},
        ("python", "src/main.py"),
        "",
    ),
    "PYTHONPATH goes before the standard library": (
        {"src/main.py": "from secrets import x", "lib/secrets.py": "x = 1"},
        {"PYTHONPATH": "lib"},
        ("python", "src/main.py"),
        "",
    ),
    "a safe path holds no folder of the script": (
        {"main.py": "import other", "other.py": ""},
        {"PYTHONSAFEPATH": "1"},
        SCRIPT,
        f"{MISSING}'other'",
    ),
    "-P does the same": ({"main.py": "import other", "other.py": ""}, {}, ("python", "-P", "main.py"), f"{MISSING}'other'"),
    "-I passes over PYTHONPATH": (
        {"main.py": "import other", "other.py": ""},
        {"PYTHONPATH": "/app"},
        ("python", "-I", "main.py"),
        f"{MISSING}'other'",
    ),
    "-E passes over PYTHONPATH alone": (
        {"src/main.py": "import a\nimport other", "src/a.py": "", "other.py": ""},
        {"PYTHONPATH": "/app"},
        ("python", "-E", "src/main.py"),
        f"{MISSING}'other'",
    ),
    "a variable decides": (
        {"main.py": "import os\nif os.getenv('MODE') == 'web':\n    import pkg.x", "pkg/__init__.py": ""},
        {"MODE": "web"},
        SCRIPT,
        f"{MISSING}'pkg.x'",
    ),
}

# where only an installed package could give the name, and none is: in the same form
NOT_INSTALLED = {
    "a folder that is put first too late": (
        {"main.py": "import other\nimport sys\nsys.path.insert(0, 'lib')", "lib/other.py": ""},
        {},
        SCRIPT,
        f"{MISSING}'other'",
    ),
    "a name in another case": ({"main.py": "from App import x", "app/__init__.py": "x = 1"}, {}, SCRIPT, f"{MISSING}'App'"),
    "no name of the repository at all": ({"main.py": "import nowhere.to_be_found"}, {}, SCRIPT, f"{MISSING}'nowhere'"),
}


@pytest.mark.parametrize(("files", "argv", "wanted"), CODE.values(), ids=CODE)
def test_code_that_changes_the_path(files, argv, wanted, tmp_path):
    assert run(tmp_path / "app", files, argv) == wanted
    assert boot(files, argv).verdict == wanted


@pytest.mark.parametrize(("files", "env", "argv", "wanted"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environments_and_options(files, env, argv, wanted, tmp_path):
    assert run(tmp_path / "app", files, argv, env) == wanted
    assert boot(files, argv, env).verdict == wanted


@pytest.mark.parametrize(("files", "env", "argv", "wanted"), NOT_INSTALLED.values(), ids=NOT_INSTALLED)
def test_a_module_that_nothing_installs_is_missed(files, env, argv, wanted, tmp_path):
    assert run(tmp_path / "app", files, argv, env) == wanted
    assert boot(files, argv, env).verdict == wanted
