"""What a walk reports: the chain of imports, the order of faults, and how sure they are."""

import pytest

from tests.bot.engine.boot.tools import boot, run

SCRIPT = ("python", "main.py")
PACKAGE = {"pkg/__init__.py": ""}
MISSING = "ModuleNotFoundError: No module named "


def test_a_fault_names_the_imports_that_lead_to_it():
    files = {**PACKAGE, "main.py": "\nimport a\n", "a.py": "from pkg import b\n", "pkg/b.py": "x = 1\n\nimport pkg.c\n"}
    [fault] = boot(files, SCRIPT).faults
    assert fault.chain == ("main.py:2", "a.py:1", "pkg/b.py:3")
    assert fault.place == ("pkg/b.py", 3, 1)


def test_behind_a_fault_the_walk_goes_on():
    files = {**PACKAGE, "main.py": "import pkg.a\nfrom pkg import b\nimport pkg.c\nimport pkg.a\n"}
    booted = boot(files, SCRIPT)
    name = "ImportError: cannot import name 'b' from 'pkg' (/app/pkg/__init__.py)"
    assert booted.certain == [f"{MISSING}'pkg.a'", name, f"{MISSING}'pkg.c'"]


def test_the_entry_point_comes_before_what_it_imports():
    found = boot({"main.py": "import pkg.x\n", **PACKAGE}, ("uvicorn", "main:app")).faults
    assert [fault.code for fault in found] == ["module-not-found"]
    assert [fault.code for fault in boot({"main.py": ""}, ("uvicorn", "main:app")).faults] == ["attribute-not-found"]
    assert [fault.code for fault in boot({}, ("uvicorn", "main:app")).faults] == ["entry-not-found"]


def test_a_file_that_git_merged_badly_is_said():
    files = {"main.py": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n"}
    [fault] = boot(files, SCRIPT).faults
    assert fault.code == "syntax-error"
    assert fault.reason.endswith("It holds the markers of a merge conflict.")


@pytest.mark.parametrize(
    "code",
    [
        "if unknown():\n    import pkg.x",
        "for each in unknown():\n    import pkg.x",
        "while unknown():\n    import pkg.x",
        "match unknown():\n    case 1:\n        import pkg.x",
        "def f():\n    if unknown():\n        return\n    import pkg.x\nf()",
        "@unknown\ndef f():\n    import pkg.x\nf()",
        "async def f():\n    import pkg.x\nf()",
        "def f():\n    yield 1\n    import pkg.x\nf()",
        "unknown() and __import__('pkg.x')",
        "try:\n    unknown()\n    import pkg.x\nexcept ValueError:\n    pass",
        "try:\n    pass\nexcept ImportError:\n    import pkg.x",
        "f = lambda: __import__('pkg.x')",
    ],
)
@pytest.mark.usefixtures("names_given")
def test_code_that_may_not_run_makes_no_certain_fault(code):
    assert boot({**PACKAGE, "main.py": code}, SCRIPT).certain == []


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nasync def f():\n    import pkg.x\nasyncio.run(f())",
        "from functools import cache\n@cache\ndef f():\n    import pkg.x\nf()",
        "def f():\n    g()\ndef g():\n    import pkg.x\nf()",
        "class A:\n    import pkg.x",
        "try:\n    x = 1\nfinally:\n    import pkg.x",
        "import os\nif os.name == 'posix':\n    import pkg.x",
        "x = [__import__('pkg.x')]",
    ],
)
def test_code_that_surely_runs_does(code, tmp_path):
    files = {**PACKAGE, "main.py": code}
    assert run(tmp_path, files, SCRIPT) == boot(files, SCRIPT).verdict == f"{MISSING}'pkg.x'"


def test_what_a_server_keeps_from_running_is_not_followed():
    code = "from flask import Flask\napp = Flask(__name__)\napp.run()\nimport pkg.x\n"
    dockerfile = "COPY . .\nRUN pip install flask\n"
    assert boot({**PACKAGE, "main.py": code}, SCRIPT, dockerfile=dockerfile).faults == []


def test_imports_that_are_nested_too_deeply_are_unknown():
    files = {f"m{index}.py": f"import m{index + 1}\n" for index in range(1000)} | {"main.py": "import m0\n"}
    booted = boot(files, SCRIPT)
    assert (booted.faults, booted.unknowns) == ([], ["the imports are nested too deeply to be followed"])


def test_a_python_path_that_is_made_at_build_time_leaves_a_doubt():
    files = {"src/main.py": "import helpers", "helpers.py": ""}
    assert boot(files, ("python", "src/main.py"), {"PYTHONPATH": None}).verdict == f"? {MISSING}'helpers'"


def test_an_app_is_handed_on_with_its_module():
    started = boot({"main.py": "app = 1"}, ("uvicorn", "main:app")).started
    assert started is not None
    assert started.app is not None
    assert (started.app[0].name, started.app[1]) == ("main", "app")
