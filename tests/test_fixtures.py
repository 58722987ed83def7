"""The stories under fixtures/repos: predicted, repaired by one `bot fix`, clean afterwards, and the same when run again."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from bot.engine.model import diff
from bot.engine.model.tree import Tree
from bot.engine.plan import Allowed, Plan, plan, weaknesses
from bot.engine.simulate import Options, simulate
from bot.outside import folder
from codemods import Shelf
from tests.bot.engine.index import Dist, Index

STATES = sorted(path.parent for path in (Path(__file__).parent.parent / "fixtures" / "repos").glob("*/*/expected.json"))


def named(state: Path) -> str:
    return f"{state.parent.name}/{state.name}"


def expected(state: Path) -> dict[str, object]:
    return json.loads((state / "expected.json").read_text())


def tree(root: Path) -> Tree:
    return Tree(folder.Folder(str(root), in_git=False))


def options(state: Path) -> Options:
    """Return what a state is simulated with: its own package index, where it has one."""
    if not (state / "index.json").is_file():
        return Options()
    known = json.loads((state / "index.json").read_text())
    dists = {name: {version: Dist(**fields) for version, fields in found.items()} for name, found in known.items()}
    return Options(package_index=Index(dists))


def repair(root: Path, state: Path) -> Plan:
    wanted = expected(state)
    select = tuple(wanted["codemods"]) if wanted["weakness"] else None
    return plan(tree(root), Shelf(), options(state), Allowed(bool(wanted.get("unsafe")), select))


def says(log: str, message: str) -> bool:
    """Say whether a predicted message is (a part of) a line of a log; `…` stands for what only the deploy knows."""
    pattern = ".+".join(re.escape(piece) for piece in message.split("…"))
    return any(re.search(pattern, line) for line in log.splitlines())


@pytest.fixture
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(request.param / "before", tmp_path / "repo")
    return tmp_path / "repo"


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_message_of_the_log_is_predicted(state: Path) -> None:
    wanted = expected(state)
    [report] = weaknesses(simulate(tree(state / "before"), options(state)), tree(state / "before"), Shelf(), Allowed())
    if wanted["weakness"]:
        assert not report.faults
        assert {found.code for found in report.weaknesses} == {wanted["code"], *wanted.get("also", ())}
        return
    first = report.faults[0]
    assert (first.code, first.stage, first.confidence) == (
        wanted["code"],
        wanted["stage"],
        wanted.get("confidence", "certain"),
    )
    if first.code == "no-services":
        return  # the platform prints nothing about it
    assert says((state / "deploy.log").read_text(), first.message), first.message


@pytest.mark.parametrize("state", STATES, ids=named)
def test_one_fix_gives_the_expected_diff(state: Path) -> None:
    wanted = expected(state)
    made = repair(state / "before", state)
    assert [step.codemod for step in made.steps] == wanted["codemods"]
    assert diff.unified(made.tree) == (state / "expected.diff").read_text()


@pytest.mark.parametrize("copy", STATES, ids=named, indirect=True)
def test_afterwards_the_check_is_clean_and_a_second_fix_changes_nothing(copy: Path, request: pytest.FixtureRequest) -> None:
    state = request.node.callspec.params["copy"]
    folder.write(str(copy), repair(copy, state).tree.changes())
    [report] = weaknesses(simulate(tree(copy), options(state)), tree(copy), Shelf(), Allowed())
    assert (report.reached, report.faults, report.weaknesses) == ("ok", (), ())
    assert not repair(copy, state).tree.changes()
