"""codemods/index.py is what tools/index.py writes, and every codemod has a page."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bot.report import pages
from codemods import Page, Shelf
from codemods.index import ANSWERS, FINDERS, NAMES, OPT_IN

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(path for path in (ROOT / "codemods").glob("[!_]*.py") if path.stem != "index")


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    known = list(sys.path)
    spec = importlib.util.spec_from_file_location("index_tool", ROOT / "tools" / "index.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = known


def test_the_index_is_what_the_tool_writes(tool: ModuleType):
    assert (ROOT / "codemods" / "index.py").read_text() == tool.text()


def test_every_file_is_a_codemod_with_a_test_of_its_own():
    assert [path.stem.replace("_", "-") for path in FILES] == list(NAMES)
    for path in FILES:
        assert (ROOT / "tests" / "codemods" / f"test_{path.name}").is_file()


def test_answers_name_codemods_in_the_order_of_their_rank():
    shelf = Shelf()
    for code, names in ANSWERS.items():
        assert [(shelf.data(name).rank, name) for name in names] == sorted((shelf.data(name).rank, name) for name in names)
        assert all(code in shelf.data(name).answers for name in names)


def test_what_is_answered_has_a_page():
    assert set(ANSWERS) <= set(pages.codes())


def test_only_those_that_answer_a_weakness_look_for_it():
    shelf = Shelf()
    weaknesses = {code for code, _ in pages.titles("weakness")}
    assert {name for name in NAMES if weaknesses & set(shelf.data(name).answers)} == set(FINDERS) | set(OPT_IN)
    assert all(callable(shelf.find(name)) and callable(shelf.propose(name)) for name in (*FINDERS, *OPT_IN))


@pytest.mark.parametrize("page", [Shelf().page(name) for name in NAMES], ids=NAMES)
def test_every_codemod_has_a_page(page: Page):
    assert re.fullmatch(r"[A-Z`][^\n]*\.", page.title)
    assert re.search(r"^Before\b.*:[ ]+After\b.*:$", page.text, re.M)
    assert re.search(r"^References: https://\S+", page.text, re.M)
    assert page.codemod.since
    assert page.codemod.answers


def test_nothing_is_loaded_before_it_is_asked_for():
    code = (
        "import sys; from codemods import Shelf; shelf = Shelf(); shelf.answering('needs-shell'); shelf.names();"
        "print([name for name in sys.modules if name.startswith('codemods.') and name != 'codemods.index'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "[]\n"
