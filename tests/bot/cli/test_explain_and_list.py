from pathlib import Path

import pytest

from bot.report import pages
from codemods.index import NAMES
from tests.bot.cli import bot


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = bot(tmp_path_factory.mktemp("list"), "list")
    assert (done.code, done.err) == (0, "")
    return done.out


def section(listed: str, heading: str) -> dict[str, str]:
    lines = listed.partition(f"{heading}:\n")[2].partition("\n\n")[0].splitlines()
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}


def test_list_names_every_codemod_with_its_title(listed: str):
    found = section(listed, "codemods")
    assert tuple(found) == NAMES
    assert found["repair-toml"].startswith("Make a config that does not parse say what it means")


def test_list_names_every_fault_and_weakness_with_its_stage(listed: str):
    assert tuple({**section(listed, "faults"), **section(listed, "weaknesses")}) == pages.codes()
    assert section(listed, "faults")["no-dockerfile"].endswith(" (build)")


def test_list_keeps_its_columns(listed: str):
    for heading in ("codemods", "faults", "weaknesses"):
        lines = listed.partition(f"{heading}:\n")[2].partition("\n\n")[0].splitlines()
        width = max(len(line.split()[0]) for line in lines)
        assert all(line[2 + width : 4 + width] == "  " and line[4 + width] != " " for line in lines)


def test_list_says_how_to_go_on(listed: str):
    assert listed.endswith("\n\n`bot explain NAME` prints the page of any of them.\n")


def test_explain_prints_the_page_of_a_codemod(tmp_path: Path):
    done = bot(tmp_path, "explain", "fix-path-case")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("fix-path-case: Give a file the upper and lower case that its name is used with.\n\n")
    assert "\nReferences: https://" in done.out
    assert "\nAnswers: copy-source-missing, " in done.out


def test_explain_prints_the_page_of_a_fault_with_what_answers_it(tmp_path: Path):
    done = bot(tmp_path, "explain", "copy-source-missing")
    assert done.out.startswith("copy-source-missing: COPY names something that the build context does not have\n\n")
    assert (
        "\nStage: build\nSort: fault\nAnswered by: fix-path-case, unignore-needed-file, fix-render-keys, fix-file-name, "
        in done.out
    )


def test_explain_prints_the_page_of_a_weakness(tmp_path: Path):
    done = bot(tmp_path, "explain", "stale-config")
    assert done.out.endswith("\nStage: config\nSort: weakness\nAnswered by: no codemod yet\n")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("fix-pathcase", "fix-path-case"), ("copy-source-mising", "copy-source-missing"), ("unknown-keys", "unknown-key")],
)
def test_explain_suggests_the_name_that_may_be_meant(tmp_path: Path, name: str, meant: str):
    assert bot(tmp_path, "explain", name) == (2, "", f"bot: there is no {name}; did you mean {meant}?\n")


def test_explain_says_where_the_names_are(tmp_path: Path):
    assert bot(tmp_path, "explain", "zzz") == (2, "", "bot: there is no zzz; `bot list` lists the names\n")


def test_neither_looks_at_the_folder_that_it_is_started_in(tmp_path: Path):
    (tmp_path / "deploymend.toml").write_text("nonsense = 1\n")
    assert bot(tmp_path, "list").code == bot(tmp_path, "explain", "repair-toml").code == 0
