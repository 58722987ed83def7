"""Which files are fetched before anybody asks for them."""

from __future__ import annotations

from bot.outside.commits import wanted

APP = [
    "fly.toml",
    "Dockerfile",
    "backend/main.py",
    "backend/routes/documents.py",
    "backend/a/b/deep.py",
    "backend/tests/test_a.py",
]
OTHERS = [f"packages/team{number % 7}/part/module{number}.py" for number in range(1000)]


def test_of_a_small_repository_all_python_is_fetched_but_its_tests() -> None:
    assert wanted.by_name([*APP, *OTHERS[:50]]) == [*APP[:5], *OTHERS[:50]]


def test_of_a_large_one_only_what_lies_near_a_config() -> None:
    assert wanted.by_name([*APP, *OTHERS]) == APP[:4]
    nested = [f"services/shop/{path}" for path in APP]
    assert wanted.by_name([*nested, *OTHERS]) == nested[:4]


def test_one_missing_file_brings_those_of_its_folder_of_the_root() -> None:
    assert wanted.beside(["packages/team1/part/module1.py"], [*APP, *OTHERS]) == OTHERS
    assert wanted.beside(["README.md", "backend/data.csv"], [*APP, *OTHERS]) == []
