import pytest

from bot.engine.image import systems
from bot.engine.image.bases import base


def system(name: str) -> tuple[str, str | None, bool] | None:
    found = base(name).system
    return (found.family, found.release, found.moving) if found else None


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("python:3.11-slim-bookworm", "bookworm"),
        ("python:3.12-trixie", "trixie"),
        ("python:3.9.7-slim-buster", "buster"),
        ("docker.io/library/python:3.10.4-slim-bullseye", "bullseye"),
        ("python:3.11-slim-bookworm@sha256:abc", "bookworm"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "bookworm"),
        ("ghcr.io/astral-sh/uv:0.9-python3.13-trixie-slim", "trixie"),
        ("debian:bookworm-slim", "bookworm"),
        ("debian:bookworm-20240101", "bookworm"),
    ],
)
def test_a_tag_that_names_its_release(name: str, release: str):
    found = base(name).system
    assert found
    assert (found.family, found.release) == ("debian", release)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("python:3.8-slim", "bookworm"),
        ("python:3.7", "bookworm"),
        ("python:3.6-slim", "bullseye"),
        ("python:2.7", "buster"),
        ("python:3.9-slim", "trixie"),
        ("python:3.11.3-slim", "bullseye"),
        ("python:3.11.4-slim", "bookworm"),
        ("python:3.11.12", "bookworm"),
        ("python:3.11.13", "trixie"),
        ("python:3.9.5-slim", "buster"),
        ("python:3.13.5-slim", "bookworm"),
    ],
)
def test_a_tag_that_is_not_built_any_more_keeps_its_release(name: str, release: str):
    assert system(name) == ("debian", release, False)


@pytest.mark.parametrize("name", ["python:3.11-slim", "python:3.14", "python", "python:slim", "python:3", "debian:stable-slim"])
def test_a_tag_without_a_release_follows_the_newest(name: str):
    assert system(name) == ("debian", "trixie", True)


@pytest.mark.parametrize("name", ["python:3.11-slim@sha256:abc", "python@sha256:abc", "python:3.13.6-slim", "debian:sid"])
def test_a_day_that_nobody_knows_tells_no_release(name: str):
    found = base(name).system
    assert found
    assert found.release is None


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("python:3.12-alpine", "alpine"),
        ("python:3.12-alpine3.20", "alpine"),
        ("ghcr.io/astral-sh/uv:python3.12-alpine", "alpine"),
        ("alpine:3.20", "alpine"),
        ("ubuntu:24.04", "ubuntu"),
    ],
)
def test_other_systems_have_no_release_of_debian(name: str, family: str):
    found = base(name).system
    assert found
    assert (found.family, found.release) == (family, None)


@pytest.mark.parametrize("name", ["example.org/ours:bookworm", "node:20-bookworm", "python:3.11-windowsservercore", "scratch"])
def test_an_image_that_is_not_known_has_no_system(name: str):
    assert base(name).system is None


def test_whole_images_and_slim_ones():
    wholes = [found.whole for name in ("python:3.11", "python:3.11-bookworm") if (found := base(name).system)]
    slims = [found.whole for name in ("python:3.11-slim", "debian:12", "alpine") if (found := base(name).system)]
    assert (wholes, slims) == ([True, True], [False, False, False])


@pytest.mark.parametrize(
    ("tag", "version", "found"),
    [
        ("3.9-slim-buster", (3, 9), ("trixie", "bookworm", "bullseye", "buster")),
        ("3.9.7-slim", (3, 9), ("bullseye", "buster")),
        ("3.9.1-slim", (3, 9), ("buster",)),
        ("3.4", (3, 4), ()),
    ],
)
def test_the_releases_that_a_tag_was_built_on(tag: str, version: tuple[int, int], found: tuple[str, ...]):
    assert systems.siblings(tag, version) == found
