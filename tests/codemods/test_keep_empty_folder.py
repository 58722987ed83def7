import pytest

from bot.engine.plan import Allowed, Plan, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, planned, result, tree

NAME = "keep-empty-folder"
SERVED = 'from fastapi.staticfiles import StaticFiles\napp.mount("/s", StaticFiles(directory="static"))\n'
SERVING = {**HEALTHY, "main.py": MAIN + SERVED}
LOGGING = {**HEALTHY, "main.py": f'import logging\nlogging.FileHandler("logs/app.log")\n{MAIN}'}


def made(files: dict[str, str], **more: object) -> Plan:
    return plan(tree(files, **more), Shelf(), Options(), Allowed(True, (NAME,)))


@pytest.mark.parametrize(("files", "folder"), [(SERVING, "static"), (LOGGING, "logs")])
def test_a_folder_that_no_clone_has_gets_a_file_that_keeps_it(files: dict[str, str], folder: str):
    after = result(made(files), files)
    assert after == {**files, f"{folder}/.gitkeep": ""}
    assert not made(after).tree.changes()


def test_it_lies_in_the_folder_that_is_the_context():
    files = {f"backend/{path}": content for path, content in SERVING.items()}
    assert result(made(files), files) == {**files, "backend/static/.gitkeep": ""}


def test_a_folder_that_git_ignores_is_made_by_the_dockerfile():
    changed = made(LOGGING, hidden=("logs",)).tree.changes()
    assert [change.path for change in changed] == ["Dockerfile"]
    assert changed[0].after.decode() == DOCKERFILE.replace("COPY . .\n", "COPY . .\nRUN mkdir -p logs\n")


def test_it_is_made_in_the_final_stage_where_an_earlier_one_copied_the_files():
    split = DOCKERFILE.replace("FROM python:3.11-slim\n", "FROM python:3.11-slim AS base\n")
    split = split.replace("COPY . .\n", "COPY . .\nFROM base\nENV A=1\n")
    changed = made({**LOGGING, "Dockerfile": split}, hidden=("logs",)).tree.changes()
    assert changed[0].after.decode() == split.replace("FROM base\n", "FROM base\nRUN mkdir -p logs\n")


def test_it_takes_a_judgement():
    assert not planned(SERVING, NAME, unsafe=False).tree.changes()


@pytest.mark.parametrize("files", [HEALTHY, {**SERVING, "static/a.css": ""}])
def test_a_folder_that_is_there_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_a_folder_that_the_dockerfile_would_not_copy_is_not_made():
    files = {**SERVING, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py ./")}
    assert "nothing that the Dockerfile copies would hold /app/static" in reasons(NAME, files)


def test_a_folder_that_an_ignore_rule_keeps_out_stays_out():
    assert ".dockerignore keeps static out" in reasons(NAME, {**SERVING, ".dockerignore": "static\n"})


def test_what_a_build_makes_is_left_to_a_person():
    files = {**SERVING, "main.py": SERVING["main.py"].replace('"static")', '"web/dist")')}
    assert "/app/web/dist looks like what a frontend's build makes: build it in the Dockerfile" in reasons(NAME, files)
