"""What is known of base images: their Python, their variables, and what they start.

`python:*` from docker-library/python (its Dockerfiles set PATH, LANG, PYTHON_VERSION and CMD ["python3"]; setuptools and
wheel came along before 3.12); `uv` images from astral-sh/uv (a Debian or Alpine Python with uv in /usr/local/bin). Every
other image is unknown, which makes what rests on it `likely`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image import systems
from bot.engine.image.systems import System

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEWEST = (3, 14)  # what `python:3` and `python:latest` are taken for


class Base(NamedTuple):
    """A base image. `python` is the version of its interpreter, None where it has none or nobody knows."""

    name: str
    known: bool
    python: tuple[int, int] | None
    env: dict[str, str | None]  # None: set, to something that is not known
    command: tuple[str, ...]
    language: str | None  # another language's image: what runs in it is not followed
    brought: tuple[str, ...] = ()  # distributions that come with its Python
    plain: bool = False  # an operating system and nothing of an app
    settled: bool = True  # the version of Python is written down
    programs: tuple[str, ...] = ()  # paths of programs that it brings and that others are asked to copy
    system: System | None = None

    @property
    def bare(self) -> bool:
        """Whether it is one of Python's own images, which bring no package manager but pip."""
        return self.known and _PYTHON.match(self.name) is not None

    @property
    def managed(self) -> bool:
        """Whether the system's own Python refuses pip (PEP 668): Debian since 12, Ubuntu since 23.04, Alpine since 3.19."""
        return _MANAGED.match(self.name) is not None


_OTHER_LANGUAGES = {
    "node": "Node.js",
    "oven/bun": "Bun",
    "denoland/deno": "Deno",
    "golang": "Go",
    "rust": "Rust",
    "ruby": "Ruby",
    "elixir": "Elixir",
    "hexpm/elixir": "Elixir",
    "php": "PHP",
    "openjdk": "Java",
    "eclipse-temurin": "Java",
    "maven": "Java",
    "gradle": "Java",
    "nginx": "nginx",
    "caddy": "Caddy",
    "httpd": "httpd",
    "swift": "Swift",
    "dart": "Dart",
    "mcr.microsoft.com/dotnet": ".NET",
    "haskell": "Haskell",
    "gcr.io/distroless/static": "a static binary",
    "gcr.io/distroless/nodejs": "Node.js",
    "postgres": "PostgreSQL",
    "redis": "Redis",
    "mysql": "MySQL",
    "flyio/postgres": "PostgreSQL",
}
_SYSTEMS = frozenset(
    "debian ubuntu alpine fedora centos rockylinux almalinux amazonlinux archlinux busybox opensuse/leap buildpack-deps"
    " continuumio/miniconda3 condaforge/miniforge3 condaforge/mambaforge mambaorg/micromamba".split()
)
_PYTHON = re.compile(r"python(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_UV = re.compile(r"ghcr\.io/astral-sh/uv(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_MANAGED = re.compile(
    r"debian(?::(?:1[2-9]|bookworm|trixie|latest|stable|testing|sid)(?:[-.].*)?)?$"
    r"|ubuntu(?::(?:23|24|25|26|noble|latest)(?:[-.].*)?)?$|alpine(?::(?:3\.(?:19|[2-9]\d)(?:\.\d+)?|3|latest|edge))?$"
)
_UV_PROGRAMS = ("/uv", "/uvx", "/usr/local/bin/uv", "/usr/local/bin/uvx")
_VERSION = re.compile(r"(\d+)\.(\d+)")
_NEWEST_TAG = re.compile(r"(?:3|latest|slim|alpine|bullseye|bookworm|trixie)(?:[-.]|\d|$)")


def base(reference: str) -> Base:
    """Return what is known of an image by its reference, as FROM names it."""
    name = re.sub(r"^(?:(?:index\.|registry-1\.)?docker\.io/|mirror\.gcr\.io/|public\.ecr\.aws/docker/)?", "", reference)
    name = name.removeprefix("library/")
    if name == "scratch":
        return Base(name, True, None, {}, (), None)
    python = _PYTHON.match(name)
    if python:
        tag = python["tag"] or "latest"
        version = _VERSION.match(tag)
        minor = (int(version[1]), int(version[2])) if version else (NEWEST if _NEWEST_TAG.match(tag) else None)
        known = minor is not None and "onbuild" not in tag  # ONBUILD copies and installs what nobody wrote down here
        env = {"PATH": f"/usr/local/bin:{PATH}", "LANG": "C.UTF-8", "PYTHON_VERSION": None}
        brought = ("setuptools", "wheel") if minor and minor < (3, 12) else ()
        system = systems.of_python(tag, minor, "@" in name)
        return Base(name, known, minor, env, ("python3",), None, brought, system=system)
    uv = _UV.match(name)
    if uv and "python" in (uv["tag"] or ""):
        version = re.search(r"python(\d+)\.(\d+)", uv["tag"])
        minor = (int(version[1]), int(version[2])) if version else NEWEST
        system = systems.of_python(uv["tag"], None, True)  # they name it
        return Base(name, True, minor, {"PATH": f"/usr/local/bin:{PATH}"}, (), None, programs=_UV_PROGRAMS, system=system)
    if uv and not re.search(r"debian|bookworm|trixie|alpine", uv["tag"] or ""):  # the bare binaries, only copied from
        return Base(name, True, None, {}, (), None, programs=_UV_PROGRAMS)
    bare = name.partition("@")[0].rpartition(":")[0] if ":" in name.rpartition("/")[2] else name.partition("@")[0]
    language = next(
        (spoken for start, spoken in _OTHER_LANGUAGES.items() if bare == start or bare.startswith(start + "/")), None
    )
    for start in ("gcr.io/distroless/nodejs", "gcr.io/distroless/static"):  # the Debian release is a part of their names
        language = _OTHER_LANGUAGES[start] if bare.startswith(start) else language
    programs = _UV_PROGRAMS if uv else ()
    system = systems.of_system(bare, name.partition("@")[0][len(bare) + 1 :], "@" in name)
    return Base(name, False, None, {"PATH": PATH}, (), language, (), bare in _SYSTEMS, programs=programs, system=system)
