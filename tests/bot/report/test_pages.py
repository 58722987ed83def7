"""Everything that `bot check` can name has a page, and no page is about nothing."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.model.findings import STAGES
from bot.report import pages
from codemods import Page, Shelf
from codemods.index import ANSWERS, NAMES
from tests.bot.cli import bot

ROOT = Path(__file__).parents[3]
ENTRIES = pages.entries()
CODEMODS = [path for path in (ROOT / "codemods").glob("*.py") if not path.name.startswith("_") and path.stem != "index"]


def of_codemods() -> list[Page]:
    return [Shelf().page(name) for name in NAMES]


def parsed() -> Iterator[ast.AST]:
    """Yield every node of the sources that find something."""
    for path in [*(ROOT / "bot/engine").rglob("*.py"), *(ROOT / "codemods").glob("*.py")]:
        yield from ast.walk(ast.parse(path.read_text()))


# --- each has one


def test_every_codemod_has_a_page_and_is_listed():
    assert sorted(NAMES) == sorted(path.stem.replace("_", "-") for path in CODEMODS)
    assert [page.name for page in of_codemods()] == list(NAMES)


def test_every_code_that_is_answered_has_a_page():
    assert set(ANSWERS) <= set(ENTRIES)
    assert {code for page in of_codemods() for code in page.codemod.answers} <= set(ENTRIES)


def test_every_page_is_about_something_that_the_sources_name():
    assert set(ENTRIES) <= {node.value for node in parsed() if isinstance(node, ast.Constant)}


def test_every_code_that_a_finding_is_made_with_has_a_page():
    made: set[object] = set()
    for node in parsed():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Fault", "Weakness"):
            first = node.args[0] if node.args else next(word.value for word in node.keywords if word.arg == "code")
            made |= {part.value for part in ast.walk(first) if isinstance(part, ast.Constant)}
    assert made
    assert made <= set(ENTRIES)


def test_a_code_is_no_name_of_a_codemod():
    assert not set(ENTRIES) & set(NAMES)
    assert pages.codes() == tuple(ENTRIES)


@pytest.mark.parametrize("name", [*NAMES, *ENTRIES])
def test_explain_prints_each_page(name: str):
    page = pages.codemod(Shelf().page(name)) if name in NAMES else pages.finding(name, Shelf().answering(name))
    assert page
    assert page.startswith(f"{name}: ")
    assert all(character == "\n" or not unicodedata.category(character).startswith("C") for character in page)


def test_explain_prints_what_the_page_is(tmp_path: Path):
    for name in (NAMES[0], next(iter(ENTRIES))):
        page = pages.codemod(Shelf().page(name)) if name in NAMES else pages.finding(name, Shelf().answering(name))
        assert bot(tmp_path, "explain", name) == (0, f"{page}\n", "")


# --- and it says what it has to


@pytest.mark.parametrize("code", ENTRIES)
def test_a_finding_has_a_title_a_text_and_a_stage(code: str):
    entry = ENTRIES[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert entry.title[-1] not in ".!?:"
    assert entry.text.endswith(".")
    assert entry.stage in STAGES
    assert len(entry.title) < 80


@pytest.mark.parametrize("code", ENTRIES)
def test_a_page_says_which_codemods_answer_it(code: str):
    answers = Shelf().answering(code)
    page = pages.finding(code, answers) or ""
    assert page.splitlines()[-1] == f"Answered by: {', '.join(answers) if answers else 'no codemod yet'}"
    assert f"\nStage: {ENTRIES[code].stage}\nSort: {ENTRIES[code].sort}\n" in page


@pytest.mark.parametrize("code", ENTRIES)
def test_a_page_fits_in_100_columns(code: str):
    assert max(len(line) for line in (pages.finding(code, ()) or "").splitlines()) <= 100


@pytest.mark.parametrize("page", of_codemods(), ids=lambda page: page.name)
def test_a_codemod_says_what_breaks_what_changes_and_where_that_is_documented(page: Page):
    assert page.title[0].isupper()
    assert page.title.endswith(".")
    assert "\n\n" in page.text
    assert re.search(r"^Before.*After", page.text, re.M)
    assert re.search(r"^References: https://", page.text, re.M)
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", page.codemod.since)
    assert page.codemod.answers
    assert max(len(line) for line in page.text.splitlines()) <= 128


def test_a_name_that_does_not_exist_has_no_page():
    assert pages.finding("nope", ()) is None
    assert pages.finding("repair-toml", ()) is None


def test_titles_are_those_of_one_sort():
    faults, weaknesses = pages.titles("fault"), pages.titles("weakness")
    assert [code for code, _ in (*faults, *weaknesses)] == list(ENTRIES)
    assert dict(faults)["no-dockerfile"] == "There is no Dockerfile where the deploy is started (build)"
    assert "unknown-key" in dict(weaknesses)
