"""Our own code runs, whatever lies in the folder that `bot` is started in and whatever PYTHONPATH says.

What Python itself loads before the first line of ours (sitecustomize, and what `site` and a console script import) is beyond
our reach, so the repositories here bring everything else along: every module of the standard library that is loaded later.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import deploymend
from tests.bot.cli import Outcome, committed, contents, environment, put
from tests.tools import FLY, HEALTHY, MAIN

START = Path(deploymend.__file__)
SCRIPT = Path(sys.executable).with_name("bot")
WAYS = {"file": (sys.executable, str(START)), "module": (sys.executable, "-m", "deploymend"), "script": (str(SCRIPT),)}
PACKAGES = ("bot", "bot/cli", "bot/engine", "codemods", "yaml")
OURS = (*(f"{name}/__init__" for name in PACKAGES), "bot/cli/check", "codemods/index", "codemods/repair_toml")


def run(cwd: Path, command: tuple[str, ...], *arguments: str, **more: str) -> Outcome:
    done = subprocess.run(
        (*command, *arguments), cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=60, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def loaded_before(folder: Path) -> set[str]:
    """Return the modules that are there before our first line, in whichever way we are started."""
    put(folder, {"first.py": "import sys\nprint(*sys.modules)\n"})
    import_of_scripts = (sys.executable, "-c", "import re, sys; print(*sys.modules)")
    outcomes = [run(folder, command) for command in ((sys.executable, "-m", "first"), import_of_scripts)]
    return {name.partition(".")[0] for outcome in outcomes for name in outcome.out.split()}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "script" and not SCRIPT.exists():
        pytest.skip("the package is not installed beside this interpreter")
    return WAYS[request.param]


@pytest.fixture(scope="module")
def shadows(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the names of everything that is loaded after our first line."""
    there = {name for name in sys.stdlib_module_names if find_spec(name)}  # the start also tries those of other systems
    later = there - loaded_before(tmp_path_factory.mktemp("first"))
    assert {"typing", "json", "argparse", "subprocess", "difflib", "ast"} <= later
    return [*sorted(later), *OURS]


@pytest.fixture
def repo(tmp_path: Path, shadows: list[str]) -> Path:
    """Return a repository in which every module leaves `marker` when it is imported."""
    mark = f"import os\nos.close(os.open({str(tmp_path / 'marker')!r}, os.O_CREAT))\n"
    files = {f"{name}.py": f"{mark}raise SystemExit('theirs')\n" for name in shadows}
    return committed(tmp_path / "repo", {**files, **HEALTHY, "main.py": mark + MAIN, "fly.toml": FLY + FLY})


def marked(repo: Path) -> bool:
    return (repo.parent / "marker").exists()


def test_the_modules_of_the_repository_would_be_imported(repo: Path):
    for name in ("json", "bot.cli", "codemods", "yaml"):
        (repo.parent / "marker").unlink(missing_ok=True)
        assert run(repo, (sys.executable, "-c", f"import {name}")).code == 1
        assert marked(repo)


@pytest.mark.parametrize(
    "path", [None, "", ".", "./", "{repo}", "{repo}/", "{repo}/../repo", ".:{repo}", "bot:.", "{ours}:.", ".:{ours}"]
)
def test_nothing_of_the_repository_is_imported(repo: Path, way: tuple[str, ...], path: str | None):
    more = {} if path is None else {"PYTHONPATH": path.format(repo=repo, ours=START.parent)}
    done = run(repo, way, "check", "--format", "json", **more)
    assert (done.code, done.err) == (1, "")
    assert '"codemod": "repair-toml"' in done.out
    assert not marked(repo)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "-v"), 1),
        (("check", "--strict", "--config", "fly.toml"), 1),
        (("fix", "--diff", "--unsafe"), 0),
        (("fix", "--format", "json"), 0),
        (("fix",), 0),
        (("list",), 0),
        (("explain", "repair-toml"), 0),
        (("explain", "module-not-fond"), 2),
        (("--help",), 0),
        (("check", "--nonsense"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_no_command_imports_anything_of_the_repository(repo: Path, arguments: tuple[str, ...], code: int):
    done = run(repo, WAYS["module"], *arguments, PYTHONPATH=".")
    assert done.code == code, done
    assert "theirs" not in done.err
    assert not marked(repo)


def test_a_folder_of_the_repository_is_no_better(repo: Path, way: tuple[str, ...]):
    put(repo, {"sub/json.py": "raise SystemExit('theirs')\n", "sub/bot/__init__.py": "raise SystemExit('theirs')\n"})
    done = run(repo / "sub", way, "check", "..", PYTHONPATH=f".{os.pathsep}..")
    assert (done.code, done.err) == (1, "")
    assert not marked(repo)


def test_nothing_is_left_in_the_repository(repo: Path, way: tuple[str, ...]):
    before = contents(repo)
    run(repo, way, "check", PYTHONPATH=".")
    assert contents(repo) == before


def test_a_repository_reached_through_a_link_is_the_same(repo: Path, way: tuple[str, ...]):
    link = repo.parent / "link"
    link.symlink_to(repo, target_is_directory=True)
    done = run(link, way, "check", PYTHONPATH=str(link), PWD=str(link))
    assert (done.code, done.err) == (1, "")
    assert not marked(repo)


def test_our_own_folder_goes_before_installed_packages_and_after_python_itself():
    path = deploymend._own_path()
    installed = [index for index, entry in enumerate(path) if entry.endswith(("site-packages", "dist-packages"))]
    own, library = path.index(str(START.parent)), path.index(os.path.dirname(os.__file__))
    assert library < own < min(installed)
    assert path.count(str(START.parent)) == 1


def test_the_exit_code_is_that_of_the_command(tmp_path: Path, way: tuple[str, ...]):
    assert run(put(tmp_path, HEALTHY), way, "check").code == 0
    assert run(put(tmp_path, {"fly.toml": FLY + FLY}), way, "check").code == 1
    assert run(tmp_path, way, "nonsense").code == 2


def test_a_folder_that_is_gone_is_no_trouble_where_none_is_needed(tmp_path: Path, way: tuple[str, ...]):
    quoted = " ".join((*way, "list"))
    (tmp_path / "gone").mkdir()
    done = run(tmp_path / "gone", ("sh", "-c", f"rmdir ../gone; {quoted}"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("codemods:\n")
