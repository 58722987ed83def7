import pytest

from tests.bot.engine.image.managers.test_pipenv import FILES as PIPENV
from tests.bot.engine.image.managers.test_poetry import FILES as POETRY
from tests.bot.engine.image.managers.test_uv import FILES as UV
from tests.codemods import reasons
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "update-lock-file"
DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install {} && {}
"""


def locked(change: tuple[str, str], command: str = "uv sync --locked", **more: str) -> dict[str, str]:
    manifest = UV["pyproject.toml"].replace(*change)
    files = {**UV, "pyproject.toml": manifest, "fly.toml": HEALTHY["fly.toml"], **more}
    return {**files, "Dockerfile": DOCKERFILE.format("uv", command)}


def test_the_version_of_the_project_follows():
    files = locked(('version = "0.1.0"', 'version = "0.2.0"'))
    check_transformed(NAME, files, {"uv.lock": UV["uv.lock"].replace('version = "0.1.0"', 'version = "0.2.0"')}, unsafe=True)


def test_a_member_of_a_workspace_follows():
    files = locked(('version = "0.1.0"', 'version = "0.3.0rc1"'))
    files["uv.lock"] += (
        '\n[[package]]\nname = "lib"\nversion = "1"\nsource = { editable = "lib" }\n\n[package.metadata]\nrequires-dist = []\n'
    )
    files["lib/pyproject.toml"] = '[project]\nname = "lib"\nversion = "2"\n'
    wanted = files["uv.lock"].replace('version = "0.1.0"', 'version = "0.3.0rc1"')
    wanted = wanted.replace('name = "lib"\nversion = "1"', 'name = "lib"\nversion = "2"')
    check_transformed(NAME, files, {"uv.lock": wanted}, unsafe=True)


@pytest.mark.parametrize("change", [('"h11"', '"h11", "httpx"'), ('"h11"]', "]")])
def test_what_only_uv_can_choose_is_left_to_it(change: tuple[str, str]):
    found = reasons(NAME, locked((change[0], change[1])))
    assert found == {"`uv lock`, run in the root, makes the lock anew: only it can choose the versions"}


def test_other_tools_are_named_with_their_command():
    poetry = {**POETRY, "pyproject.toml": POETRY["pyproject.toml"].replace("h11", "httpx"), "fly.toml": HEALTHY["fly.toml"]}
    files = {**poetry, "Dockerfile": DOCKERFILE.format("poetry", "poetry install")}
    assert reasons(NAME, files) == {"`poetry lock`, run in the root, makes the lock anew: only it can choose the versions"}
    pipfile = PIPENV["Pipfile"].replace("flask", 'httpx = "*"\nflask')
    files = {**PIPENV, "Pipfile": pipfile, "fly.toml": HEALTHY["fly.toml"]}
    files["Dockerfile"] = DOCKERFILE.format("pipenv", "pipenv install --system --deploy")
    assert reasons(NAME, files) == {"`pipenv lock`, run in the root, makes the lock anew: only it can choose the versions"}


@pytest.mark.parametrize("command", ["uv sync --frozen", "uv sync"])
def test_a_lock_that_does_not_matter_stays(command: str):
    assert not check_noop(NAME, locked(('version = "0.1.0"', 'version = "0.2.0"'), command)).dropped
