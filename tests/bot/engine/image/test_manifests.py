import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from bot.engine.image import manifests
from tests.tools import tree

POETRY = """\
[tool.poetry]
name = "Demo_App"
readme = ["README.md", "CHANGES.md"]

[tool.poetry.dependencies]
python = ">=3.9,<4"
Flask = "^3.0"
redis = { version = "~5.0", extras = ["hiredis"], optional = true }
tool = { git = "https://example.org/tool.git", rev = "x" }
numpy = [
    { version = "1.26", markers = "python_version < '3.12'" },
    { version = "2.*", markers = "python_version >= '3.12'" },
]

[tool.poetry.extras]
cache = ["redis"]

[tool.poetry.dev-dependencies]
pytest = "*"

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
sphinx = "*"

[build-system]
build-backend = "poetry.core.masonry.api"
"""


def written(asked: tuple) -> list[str]:
    return [f"{each.line.value}{each.line.rest}" for each in asked]


def test_poetry():
    found = manifests.read(tree({"pyproject.toml": POETRY}), "pyproject.toml")
    assert (found.name, found.python, found.backend) == ("demo-app", ">=3.9,<4", "poetry.core.masonry.api")
    assert (found.readme, found.optional, found.poetry, found.damaged) == (("README.md", "CHANGES.md"), {"docs"}, True, False)
    assert written(found.main) == [
        "flask>=3.0,<4",
        "tool@ git+https://example.org/tool.git",
        "numpy==1.26; python_version < '3.12'",
        "numpy==2.*; python_version >= '3.12'",
    ]
    assert written(found.extras["cache"]) == ["redis>=5.0,<5.1"]
    assert {name: written(asked) for name, asked in found.groups.items()} == {"dev": ["pytest"], "docs": ["sphinx"]}
    assert [each.place.line for each in found.main[:2]] == [7, 9]


def test_a_project_with_groups_that_include_each_other():
    text = (
        '[project]\nname = "x"\ndependencies = [\n  "flask",\n  "redis>=5",\n]\n\n'
        '[project.optional-dependencies]\nA_b = ["httpx"]\n\n'
        '[dependency-groups]\ndev = ["pytest", { include-group = "Lint" }]\nlint = ["ruff", { include-group = "dev" }]\n\n'
        '[tool.uv]\ndev-dependencies = ["mypy"]\n'
    )
    found = manifests.read(tree({"pyproject.toml": text}), "pyproject.toml")
    assert [each.place for each in found.main] == [("pyproject.toml", 4, 1), ("pyproject.toml", 5, 1)]
    assert written(found.extras["a-b"]) == ["httpx"]
    assert set(written(found.groups["dev"])) == {"pytest", "ruff", "mypy"}
    assert (found.backend, found.dynamic, found.poetry) == ("", False, False)


def test_a_pipfile():
    text = '[packages]\nflask = "*"\nredis = {version = ">=5", markers = "os_name == \'nt\'"}\n\n'
    text += '[dev-packages]\npytest = "*"\n\n[extra]\nx = "1.0"\n'
    found = manifests.pipfile(tree({"Pipfile": text}), "Pipfile")
    assert written(found.main) == ["flask", "redis>=5; os_name == 'nt'"]
    assert {name: written(asked) for name, asked in found.groups.items()} == {"dev-packages": ["pytest"], "extra": ["x==1.0"]}


@pytest.mark.parametrize(
    "text", ["", "project = 1\n", "[project]\ndependencies = 'x'\n", "[tool]\npoetry = []\n", "[dependency-groups]\na = 1\n"]
)
def test_other_shapes_ask_for_nothing(text: str):
    found = manifests.read(tree({"pyproject.toml": text}), "pyproject.toml")
    assert (found.main, found.extras) == ((), {})


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("*", ""),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2", "==1.2"),
        (">= 1.2, < 2", ">=1.2,<2"),
        (">=1.2 <2", ">=1.2,<2"),
        ("~=1.4", "~=1.4"),
        ("^1.0 || ^2.0", ""),
        ("nonsense", ""),
    ],
)
def test_constraints_of_poetry(constraint: str, specifier: str):
    assert manifests.specifier(constraint) == specifier


@given(st.sampled_from(["^", "~"]), st.lists(st.integers(0, 30), min_size=1, max_size=3))
def test_a_caret_takes_its_own_version_and_not_the_next_major(operator: str, numbers: list[int]):
    version = ".".join(map(str, numbers))
    allowed = SpecifierSet(manifests.specifier(operator + version))
    assert allowed.contains(version)
    assert not allowed.contains(str(numbers[0] + 1))
