import pytest

from bot.engine.image.bases import NEWEST, PATH, base

# --- Python


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("python:3.11", (3, 11)),
        ("python:3.9-slim-bullseye", (3, 9)),
        ("python:3.12.4-alpine3.20", (3, 12)),
        ("python:3.13-rc-slim", (3, 13)),
        ("python:3.11-slim@sha256:0123456789abcdef", (3, 11)),
        ("python", NEWEST),
        ("python:latest", NEWEST),
        ("python:3", NEWEST),
        ("python:3-slim", NEWEST),
        ("python:slim", NEWEST),
        ("python:slim-bookworm", NEWEST),
        ("python:bookworm", NEWEST),
        ("python:alpine", NEWEST),
        ("python:alpine3.20", NEWEST),
        ("docker.io/python:3.11", (3, 11)),
        ("library/python:3.11", (3, 11)),
        ("docker.io/library/python:3.11", (3, 11)),
        ("index.docker.io/library/python:3.11", (3, 11)),
        ("public.ecr.aws/docker/library/python:3.11", (3, 11)),
        ("mirror.gcr.io/library/python:3.11", (3, 11)),
    ],
)
def test_the_version_of_a_python_image(reference, version):
    found = base(reference)
    assert (found.known, found.python, found.language) == (True, version, None)
    assert found.command == ("python3",)


def test_a_python_image_sets_its_variables():
    env = base("python:3.11").env
    assert env == {"PATH": f"/usr/local/bin:{PATH}", "LANG": "C.UTF-8", "PYTHON_VERSION": None}


def test_setuptools_came_with_python_until_3_11():
    assert base("python:3.11").brought == ("setuptools", "wheel")
    assert base("python:3.12").brought == ()
    assert base("python").brought == ()


@pytest.mark.parametrize("reference", ["python:2", "python:windowsservercore", "python:3-onbuild", "python:3.6-onbuild"])
def test_a_python_image_that_is_not_known(reference):
    assert not base(reference).known


@pytest.mark.parametrize(
    "reference", ["me/python:3.11", "python-app:3.11", "registry.example:5000/python:3.11", "pypy:3.10", "circleci/python"]
)
def test_an_image_that_only_sounds_like_python(reference):
    found = base(reference)
    assert (found.known, found.python) == (False, None)


# --- uv


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", (3, 12)),
        ("ghcr.io/astral-sh/uv:0.5.4-python3.13-alpine", (3, 13)),
        ("ghcr.io/astral-sh/uv:latest", None),
        ("ghcr.io/astral-sh/uv:0.5.4", None),
        ("ghcr.io/astral-sh/uv", None),
    ],
)
def test_the_images_of_uv(reference, version):
    found = base(reference)
    assert (found.known, found.python) == (True, version)


def test_a_uv_image_without_a_python_of_its_own_is_not_known():
    assert not base("ghcr.io/astral-sh/uv:debian-slim").known


# --- others


def test_an_empty_image_is_known_to_have_nothing():
    found = base("scratch")
    assert (found.known, found.python, found.env, found.command) == (True, None, {}, ())


@pytest.mark.parametrize(
    ("reference", "language"),
    [
        ("node:20-alpine", "Node.js"),
        ("docker.io/library/node", "Node.js"),
        ("oven/bun:1", "Bun"),
        ("golang:1.22", "Go"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0", ".NET"),
        ("eclipse-temurin:21-jre@sha256:00ff", "Java"),
        ("gcr.io/distroless/nodejs20-debian12", "Node.js"),
        ("gcr.io/distroless/static-debian12:nonroot", "a static binary"),
    ],
)
def test_the_images_of_other_languages(reference, language):
    found = base(reference)
    assert (found.known, found.python, found.language, found.plain) == (False, None, language, False)


@pytest.mark.parametrize("reference", ["ubuntu:24.04", "debian:bookworm-slim", "alpine", "continuumio/miniconda3:latest"])
def test_an_operating_system_is_not_known_and_has_nothing_of_an_app(reference):
    found = base(reference)
    assert (found.known, found.plain, found.language) == (False, True, None)


@pytest.mark.parametrize("reference", ["registry.example/me/base:1", "tiangolo/uvicorn-gunicorn:python3.11", "nodes:20", ""])
def test_every_other_image_is_not_known(reference):
    found = base(reference)
    assert (found.known, found.plain, found.language, found.env) == (False, False, None, {"PATH": PATH})
