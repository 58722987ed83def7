"""Dockerfiles that are made, or adapted, for a real build."""

import pytest

from bot.engine.model.findings import Place
from bot.engine.model.target import Native
from bot.outside.containers import dockerfiles
from bot.outside.containers.dockerfiles import adapted, stand_in
from tests.tools import text

RULES = (stand_in("python:{version}*=local/python:{version}"), stand_in("ghcr.io/astral-sh/uv*=local/uv"))


def adapt(source: str, absolute: bool = False, **arguments: str) -> str:
    return adapted(text(source), RULES, arguments, absolute)[0]


def test_a_base_image_is_replaced_wherever_it_is_named():
    source = """
        ARG VERSION=3.12
        FROM python:${VERSION}-slim AS build
        COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv
        FROM docker.io/library/python:3.11@sha256:0123
        COPY --from=build --chown=app /app /app
        COPY --from=0 /etc /etc
    """
    wanted = """
        ARG VERSION=3.12
        FROM local/python:3.12 AS build
        COPY --from=local/uv /uv /bin/uv
        FROM local/python:3.11
        COPY --from=build --chown=app /app /app
        COPY --from=0 /etc /etc
    """
    assert adapt(source) == text(wanted)
    assert adapt(source, VERSION="3.13").count("local/python:3.13 AS build") == 1


def test_what_stood_in_is_told_once():
    source = "FROM python:3.11-slim AS a\nFROM python:3.11-slim\n"
    assert adapted(source, RULES, {}, False)[1] == ["local/python:3.11 stood in for python:3.11-slim"]


@pytest.mark.parametrize(
    "source", ["FROM golang:1.22\n", "FROM python\n", "FROM scratch\n", "FROM python:3.11 AS python\r\nFROM python\r\n"]
)
def test_other_images_and_line_endings_stay(source: str):
    assert adapted(source, RULES, {}, False)[0] == source.replace("python:3.11", "local/python:3.11")


def test_an_image_may_be_kept_from_the_rules_that_follow():
    rules = (stand_in("python:*alpine*=-"), *RULES)
    source = "FROM python:3.11-alpine AS a\nFROM python:3.11\n"
    assert adapted(source, rules, {}, False)[0] == "FROM python:3.11-alpine AS a\nFROM local/python:3.11\n"


def test_mounts_count_from_the_working_directory():
    source = """
        FROM debian
        WORKDIR /app
        RUN --mount=type=bind,source=uv.lock,target=uv.lock --mount=type=cache,target=/root/.cache uv sync
        WORKDIR src
        RUN --mount=type=bind,source=a,dst=./a true
    """
    changed = adapt(source, absolute=True)
    assert "source=uv.lock,target=/app/uv.lock --mount=type=cache,target=/root/.cache uv sync" in changed
    assert "dst=/app/src/./a true" in changed
    assert adapt(source) == text(source)


@pytest.mark.parametrize("rule", ["python", "=image", "python="])
def test_a_rule_names_two_images(rule: str):
    with pytest.raises(ValueError, match=rule):
        stand_in(rule)


def native(command: str, folder: str = "", private: frozenset[str] = frozenset(), **env: str) -> list[str]:
    build = Native(folder, command, Place("render.yaml", 1), (3, 12), True)
    return dockerfiles.native(build, env, private).splitlines()


def test_a_native_build_is_that_of_a_clone_with_an_active_environment():
    lines = native("pip install -r requirements.txt && python build.py", "api", MODE='a "b" $c')
    assert lines[:3] == ["FROM python:3.12", "WORKDIR /opt/render/project/src", "COPY . ."]
    assert "RUN python -m venv /opt/render/project/src/.venv" in lines
    assert 'ENV MODE="a \\"b\\" \\$c"' in lines
    assert lines[-2:] == [
        "WORKDIR /opt/render/project/src/api",
        'RUN ["bash", "-c", "pip install -r requirements.txt && python build.py"]',
    ]


def test_a_tool_that_the_runtime_brings_is_there_where_the_command_uses_it():
    assert "RUN pip install --quiet poetry" in native("poetry install")
    assert not [line for line in native("pip install .") if "--quiet" in line]


def test_secrets_of_a_native_build_are_in_no_layer():
    lines = native("make", private=frozenset({"KEY"}), KEY="hunter2", MODE="live")
    assert not [line for line in lines if "hunter2" in line]
    assert 'ENV MODE="live"' in lines
    assert lines[-1].startswith("RUN --mount=type=secret,id=deploymend")
    assert dockerfiles.shell_file({"KEY": "it's\ntwo"}) == "KEY='it'\\''s\ntwo'\n"
