import hashlib
import json

import pytest

from tests.bot.engine.image.running import Ran, folders, ran

PROJECT = """\
[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["flask"]

[project.optional-dependencies]
cache = ["redis"]

[dependency-groups]
dev = ["pytest"]
"""
CONTENT = {
    "sources": [],
    "dependencies": ["flask"],
    "dev-dependencies": {"dev": ["pytest"]},
    "optional-dependencies": {"cache": ["redis"]},
    "requires-python": ">=3.10",
    "resolution": {},
}
HASH = hashlib.sha256(json.dumps(CONTENT, sort_keys=True).encode()).hexdigest()


def package(name: str, groups: str = '"default"', more: str = "") -> str:
    files = 'files = [\n    {file = "x"},\n]\n'
    return f'[[package]]\nname = "{name}"\nversion = "1.0"\nsummary = "x"\ngroups = [{groups}]\n{more}{files}\n'


LOCK = (
    f'[metadata]\ngroups = ["default", "cache", "dev"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:{HASH}"\n\n'
    + package("click", '"default"', 'dependencies = [\n    "colorama; platform_system == \\"Windows\\"",\n]\n')
    + package("colorama", '"default"', 'marker = "platform_system == \\"Windows\\""\n')
    + package("flask")
    + package("pytest", '"dev"')
    + package("redis", '"cache"')
)
FILES = {"pyproject.toml": PROJECT, "pdm.lock": LOCK}


def pdm(command: str, files=FILES, **more) -> Ran:
    return ran(command, files=files, programs=("pdm",), **more)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("install", ["pytest"]),
        ("install --prod --no-editable --no-self", []),
        ("sync --prod", []),
        ("install --prod -G cache", ["redis"]),
        ("install --prod --with dev,cache", ["pytest", "redis"]),
        ("install --without dev", []),
        ("install -G :all", ["pytest", "redis"]),
        ("install --check --prod", []),
    ],
)
def test_what_the_lock_says_for_the_groups(command: str, more: list[str]):
    found = pdm(f"pdm {command}")
    assert (found.names, found.codes) == (["click", "flask", *more], [])
    assert (found.installs[0].lock, found.installs[0].requirements[0].line.rest) == ("pdm.lock", "==1.0")


@pytest.mark.parametrize(
    ("command", "env", "prefix"),
    [
        ("pdm install", {}, "/app/.venv"),
        ("pdm config python.use_venv false && pdm install", {}, "/app/__pypackages__/3.11"),
        ("mkdir __pypackages__ && pdm sync", {}, "/app/__pypackages__/3.11"),
        ("pdm install", {"PDM_USE_VENV": "0"}, "/app/__pypackages__/3.11"),
        ("pdm install", {"VIRTUAL_ENV": "/opt/v"}, "/opt/v"),
        ("pdm install", {"VIRTUAL_ENV": "/opt/v", "PDM_IGNORE_ACTIVE_VENV": "1"}, "/app/.venv"),
        ("pdm venv create && pdm install -p .", {}, "/app/.venv"),
    ],
)
def test_where_it_goes(command: str, env: dict[str, str], prefix: str):
    assert pdm(command, env=env).installs[0].prefix == prefix


def test_a_project_that_says_how_it_is_built_is_installed():
    built = {**FILES, "pyproject.toml": PROJECT + "\n[build-system]\nrequires = []\nbuild-backend = 'pdm.backend'\n"}
    assert folders(pdm("pdm install", built).installs[0]) == ("/app",)
    assert folders(pdm("pdm install --no-self", built).installs[0]) == ()


def test_no_lock():
    found = pdm("pdm sync --prod", {"pyproject.toml": PROJECT})
    assert (found.codes, found.sure) == (["lock-missing"], [True])
    assert found.messages == ["[ProjectError]: Lockfile does not exist, nothing to install"]
    found = pdm("pdm install --prod", {"pyproject.toml": PROJECT})
    assert (found.names, found.codes) == (["flask"], [])


def test_a_lock_that_does_not_belong_to_the_manifest():
    files = {**FILES, "pyproject.toml": PROJECT.replace('["flask"]', '["flask", "httpx"]')}
    assert pdm("pdm install --check", files).codes == ["lock-stale"]
    assert "httpx" in pdm("pdm install", files).names
    assert "httpx" not in pdm("pdm install --frozen-lockfile", files).names
    assert "httpx" not in pdm("pdm sync", files).names


def test_an_export_is_what_pip_reads_of_it():
    found = pdm("pdm export --prod -o r.txt --without-hashes && pip install -r r.txt")
    assert (found.names, found.installs[0].prefix) == (["click", "flask"], "/usr/local")
    assert pdm("pdm export --prod > r.txt && pip install -r r.txt").names == ["click", "flask"]


def test_what_cant_be_read_is_opaque():
    for files in ({}, {"pyproject.toml": "[", "pdm.lock": LOCK}, {**FILES, "pdm.lock": "<<<<<<< a\n"}):
        found = pdm("pdm install", files)
        assert (found.codes, bool(found.installs[0].opaque)) == ([], True)
