from __future__ import annotations

import pytest

from bot.engine.model.tree import Unreadable
from bot.outside import settings
from bot.outside.settings import KEYS, BadSettings, Settings
from tests.tools import tree

EVERY = """\
app = "demo"
config = "api/fly.toml"
exclude = ["examples", "docs/fly.toml/", "/old"]
from = "backend"
ignore = ["move-fly-toml"]
process = "web"
secrets = ["DATABASE_URL", "TOKEN"]
select = ["set-pythonpath"]
strict = true
unsafe = true
"""
PLACES = pytest.mark.parametrize("place", ["deploymend.toml", "pyproject.toml"])


def within(place: str, text: str) -> str:
    """Return settings as they stand in a file of ours, or in pyproject.toml from its fourth line on."""
    return text if place == "deploymend.toml" else f'[project]\nname = "demo"\n[tool.deploymend]\n{text}'


def read(place: str, text: str) -> Settings:
    return settings.read(tree({place: within(place, text)}))


def refused(files: dict[str, str]) -> str:
    with pytest.raises(BadSettings) as raised:
        settings.read(tree(files))
    return str(raised.value)


# --- what is set


def test_without_a_file_nothing_is_set():
    assert settings.read(tree({"main.py": ""})) == Settings()


@PLACES
def test_every_setting_is_read(place: str):
    assert read(place, EVERY) == Settings(
        app="demo",
        config="api/fly.toml",
        exclude=("examples", "docs/fly.toml", "old"),
        start="backend",
        ignore=("move-fly-toml",),
        process="web",
        secrets=("DATABASE_URL", "TOKEN"),
        select=("set-pythonpath",),
        strict=True,
        unsafe=True,
    )


def test_the_example_names_every_setting():
    assert [line.split(" ")[0] for line in EVERY.splitlines()] == list(KEYS)


@PLACES
@pytest.mark.parametrize("line", EVERY.splitlines())
def test_each_setting_may_stand_alone(place: str, line: str):
    made = read(place, line)
    assert made != Settings()
    assert sum(a != b for a, b in zip(made, Settings(), strict=True)) == 1


@PLACES
@pytest.mark.parametrize("text", ["", "# app = 'demo'\n", "strict = false\nunsafe = false\nexclude = []\n"])
def test_nothing_set_is_as_good_as_no_file(place: str, text: str):
    assert read(place, text) == Settings()


@PLACES
def test_windows_line_endings_are_no_matter(place: str):
    text = within(place, EVERY).replace("\n", "\r\n")
    assert settings.read(tree({place: text})) == read(place, EVERY)


@pytest.mark.parametrize(
    "text",
    [
        "[tool.deploymend]\nstrict = true\n",
        "[tool]\ndeploymend.strict = true\n",
        "tool.deploymend.strict = true\n",
        "tool = {deploymend = {strict = true}}\n",
        "[tool.other]\nstrict = 1\n\n[tool.deploymend] # ours\n'strict' = true\n[tool.more]\nstrict = 2\n",
    ],
)
def test_the_section_may_be_written_in_any_way(text: str):
    assert settings.read(tree({"pyproject.toml": text})) == Settings(strict=True)


# --- which file counts


def test_a_file_of_our_own_counts_alone():
    files = {"deploymend.toml": "strict = true\n", "pyproject.toml": within("pyproject.toml", "unsafe = true\n")}
    assert settings.read(tree(files)) == Settings(strict=True)
    assert settings.read(tree({**files, "deploymend.toml": ""})) == Settings()


def test_a_section_in_pyproject_is_not_even_read_beside_a_file_of_our_own():
    files = {"deploymend.toml": "strict = true\n", "pyproject.toml": "[tool.deploymend]\nnonsense =\n"}
    assert settings.read(tree(files)) == Settings(strict=True)


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\n",
        "[tool.other]\nname = 'deploymend'\n",
        "[tool]\n",
        "[deploymend]\nstrict = true\n",
        "tool = 'deploymend'\n",
        "broken =\n",
    ],
)
def test_a_pyproject_without_our_section_is_no_matter(text: str):
    assert settings.read(tree({"pyproject.toml": text})) == Settings()


@pytest.mark.parametrize("path", ["backend/deploymend.toml", "Deploymend.toml", ".deploymend.toml"])
def test_only_the_root_is_looked_at(path: str):
    assert settings.read(tree({path: "nonsense = 1\n"})) == Settings()


def test_what_git_ignores_is_not_looked_at():
    assert settings.read(tree({"deploymend.toml": "nonsense = 1\n"}, hidden=("deploymend.toml",))) == Settings()


def test_a_link_within_the_repository_is_followed():
    made = tree({"config/bot.toml": "strict = true\n"}, links={"deploymend.toml": "config/bot.toml"})
    assert settings.read(made) == Settings(strict=True)


# --- what is refused, and where


@PLACES
@pytest.mark.parametrize(
    ("key", "meant"), [("strickt", "strict"), ("excludes", "exclude"), ("secret", "secrets"), ("From", "from"), ("ap", "app")]
)
def test_an_unknown_key_names_its_line_and_its_neighbour(place: str, key: str, meant: str):
    line = 2 if place == "deploymend.toml" else 5
    sentence = refused({place: within(place, f"# ours\n{key} = 1\n")})
    assert sentence == f"{place}:{line}: there is no setting `{key}`; did you mean `{meant}`?"


def test_an_unknown_key_without_a_neighbour_lists_them_all():
    sentence = refused({"deploymend.toml": "zzz = 1\n"})
    assert sentence == f"deploymend.toml:1: there is no setting `zzz`; the settings are {', '.join(KEYS)}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n[zzz]\na = 1\n", 2),
        ("\n\n[[zzz]]\na = 1\n", 3),
        ("\nzzz.a.b = 1\n", 2),
        ("strict = true\n'zzz' = 1\n", 2),
        ("exclude = [\n  'a',\n]\nzzz = 1\n", 4),
    ],
)
def test_the_line_of_an_unknown_key_is_right_however_it_is_written(text: str, line: int):
    assert refused({"deploymend.toml": text}).startswith(f"deploymend.toml:{line}: there is no setting `zzz`; ")


@PLACES
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *(
            (f"{key} = {value}", f"`{key}` is a string")
            for key in ("app", "from")
            for value in ("1", "true", "['a']", "{a = 1}")
        ),
        *((f"{key} = {value}", f"`{key}` is true or false") for key in ("strict", "unsafe") for value in ("1", "'true'", "[]")),
        *((f"exclude = {value}", "`exclude` is a list of strings") for value in ("'a'", "[1]", "['a', ['b']]", "{}", "true")),
        ("app = 2026-11-21", "`app` is a string"),
    ],
)
def test_a_wrong_type_names_its_line_and_the_right_one(place: str, text: str, sentence: str):
    line = 2 if place == "deploymend.toml" else 5
    assert refused({place: within(place, f"\n{text}\n")}) == f"{place}:{line}: {sentence}"


@pytest.mark.parametrize(
    ("text", "line"),
    [("[tool]\ndeploymend = 'x'\n", 2), ("[[tool.deploymend]]\nstrict = true\n", 1), ("\ntool.deploymend = []\n", 2)],
)
def test_a_section_that_is_no_table_is_refused(text: str, line: int):
    assert refused({"pyproject.toml": text}) == f"pyproject.toml:{line}: `tool.deploymend` is a table"


def test_the_first_mistake_is_the_one_that_is_named():
    assert refused({"deploymend.toml": "strict = 1\nzzz = 1\n"}) == "deploymend.toml:1: `strict` is true or false"


@PLACES
def test_a_file_that_does_not_parse_names_row_and_column(place: str):
    row = 2 if place == "deploymend.toml" else 5
    assert refused({place: within(place, "strict = true\napp = \n")}).startswith(f"{place}:{row}:7: ")


@PLACES
def test_a_key_that_is_set_twice_is_refused(place: str):
    row = 2 if place == "deploymend.toml" else 5
    assert refused({place: within(place, "strict = true\nstrict = false\n")}).startswith(f"{place}:{row}:1: ")


@PLACES
def test_a_file_that_is_not_utf_8_is_named(place: str):
    with pytest.raises(Unreadable, match=f"^{place}: line 1 is not UTF-8 text"):
        settings.read(tree({place: b"\xff"}))
