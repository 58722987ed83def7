"""What is known of base images: their Python, their variables, and what they start.

`python:*` from docker-library/python (its Dockerfiles set PATH, LANG and CMD ["python3"]); `uv` images from
astral-sh/uv (a Debian or Alpine Python with uv in /usr/local/bin). Every other image is unknown, which makes what rests on
it `likely`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEWEST = (3, 14)  # what `python:3` and `python:latest` are taken for


class Base(NamedTuple):
    """A base image. `python` is the version of its interpreter, None where it has none or nobody knows."""

    name: str
    known: bool
    python: tuple[int, int] | None
    env: dict[str, str]
    command: tuple[str, ...]
    language: str | None  # another language's image: what runs in it is not followed


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
_PYTHON = re.compile(r"python(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_UV = re.compile(r"ghcr\.io/astral-sh/uv(?::(?P<tag>[\w.-]+))?(?:@.*)?$")
_VERSION = re.compile(r"(\d+)\.(\d+)")


def base(reference: str) -> Base:
    """Return what is known of an image by its reference, as FROM names it."""
    name = re.sub(r"^(?:docker\.io/)?(?:library/)?|^index\.docker\.io/", "", reference)
    name = re.sub(r"^public\.ecr\.aws/docker/library/", "", name)
    if name == "scratch":
        return Base(name, True, None, {}, (), None)
    python = _PYTHON.match(name)
    if python:
        tag = python["tag"] or "latest"
        version = _VERSION.match(tag)
        minor = (int(version[1]), int(version[2])) if version else (NEWEST if tag.startswith(("3", "latest", "slim")) else None)
        env = {"PATH": f"/usr/local/bin:{PATH}", "LANG": "C.UTF-8"}
        return Base(name, minor is not None, minor, env, ("python3",), None)
    uv = _UV.match(name)
    if uv and "python" in (uv["tag"] or ""):
        version = re.search(r"python(\d+)\.(\d+)", uv["tag"])
        minor = (int(version[1]), int(version[2])) if version else NEWEST
        return Base(name, True, minor, {"PATH": f"/usr/local/bin:{PATH}"}, (), None)
    if uv:  # the bare binaries, only copied from
        return Base(name, True, None, {}, (), None)
    bare = name.partition("@")[0].rpartition(":")[0] if ":" in name.rpartition("/")[2] else name.partition("@")[0]
    language = next(
        (spoken for start, spoken in _OTHER_LANGUAGES.items() if bare == start or bare.startswith(start + "/")), None
    )
    if language is None and bare.startswith("gcr.io/distroless/nodejs"):
        language = "Node.js"
    return Base(name, False, None, {"PATH": PATH}, (), language)
