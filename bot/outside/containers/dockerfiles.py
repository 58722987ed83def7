"""Dockerfiles of our own: for builds that have none, and with what an engine or a machine without a registry needs changed."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import NamedTuple

from bot.engine.image.native import HOME
from bot.engine.model import dockerfile, shell
from bot.engine.model.target import Native
from bot.engine.model.tree import Splice, splice
from bot.outside.containers.engines import PREFIX

_TOOLS = ("uv", "poetry", "pipenv", "pdm")  # which Render's runtime has, and a python image has not
_MOUNT_TARGET = re.compile(r"(?<=[=,])((?:target|dst|destination)=)([^/$,\s][^,\s]*)")


class StandIn(NamedTuple):
    """A rule by which one base image stands for another: `python:{version}*` → `localhost/python:{version}`.

    The first that fits counts; by `-` an image stands for itself.
    """

    pattern: re.Pattern[str]
    image: str


def stand_in(text: str) -> StandIn:
    """Read `PATTERN=IMAGE`; raises `ValueError` where there is no such form. `*` is anything, `{version}` is `3.12` or so."""
    pattern, _, image = text.partition("=")
    if not pattern or not image:
        raise ValueError(text)
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\{version\}", r"(?P<version>\d+\.\d+)")
    return StandIn(re.compile(expression), image)


def native(build: Native, env: Mapping[str, str], private: frozenset[str]) -> str:
    """Return a Dockerfile that does what Render's native build does, as far as a python image can.

    The clone lies in /opt/render/project/src, an environment in its `.venv` is active, and the build command runs in bash, with
    the service's variables (https://render.com/docs/native-runtimes); the `private` ones come from a secret of the build.
    """
    version = f"{build.python[0]}.{build.python[1]}"
    folder, venv = posixpath.normpath(posixpath.join(HOME, build.folder)), f"{HOME}/.venv"
    lines = [f"FROM python:{version}", f"WORKDIR {HOME}", "COPY . ."]
    tools = [tool for tool in _TOOLS if re.search(rf"\b{tool}\b", build.command)]
    lines += [f"RUN pip install --quiet {' '.join(tools)}"] if tools else []
    lines += [f"RUN python -m venv {venv}", f"ENV VIRTUAL_ENV={venv} UV_PROJECT_ENVIRONMENT={venv} PATH={venv}/bin:$PATH"]
    lines += [f"ENV {name}={_quoted(value)}" for name, value in env.items() if name not in private and "\n" not in value]
    lines.append(f"WORKDIR {folder}")
    if private & set(env):
        script = f"set -a; . /run/secrets/{PREFIX}; set +a; {build.command}"
        lines.append(f"RUN --mount=type=secret,id={PREFIX},mode=0444 {json.dumps(['bash', '-c', script])}")
    else:
        lines.append(f"RUN {json.dumps(['bash', '-c', build.command])}")
    return "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def shell_file(values: Mapping[str, str]) -> str:
    """Return a file by which a shell sets variables."""
    quoted = {name: value.replace("'", "'\\''") for name, value in values.items()}
    return "".join(f"{name}='{value}'\n" for name, value in quoted.items())


def adapted(text: str, rules: tuple[StandIn, ...], arguments: Mapping[str, str], absolute: bool) -> tuple[str, list[str]]:
    """Return a Dockerfile with images that stand in for others, and a sentence on each of them.

    `arguments` are those of the build, by which a FROM may be written. `absolute`: the targets of mounts become absolute paths,
    as BuildKit reads them from WORKDIR.
    """
    file = dockerfile.read(text)
    known: dict[str, str | None] = {}
    stages: set[str] = {"scratch"}
    splices: list[Splice] = []
    told: dict[str, None] = {}
    folder, begun = "/", False

    def replaced(reference: str, start: int, end: int) -> None:
        name = dockerfile.expand(reference, known.get)
        image = _standing_in(name, rules) if name and name.lower() not in stages and not name.isdecimal() else None
        if image:
            splices.append(Splice(start, end, image))
            told[f"{image} stood in for {name}"] = None

    for item in file.instructions:
        if item.name == "ARG" and not begun:
            for name, word in dockerfile.pairs(item.value):
                known[name] = arguments.get(name, shell.expand(word, known.get) if word.pieces else None)
        elif item.name == "FROM" and item.words:
            begun, folder = True, "/"
            replaced(item.argv[0], item.words[0].start, item.words[0].end)
            if len(item.words) == 3:
                stages.add(item.argv[2].lower())
        elif item.name == "WORKDIR":
            folder = posixpath.join(folder, dockerfile.expand(item.value, {**arguments}.get) or item.value)
        for flag in item.flags:
            key, _, value = flag.value.partition("=")
            if key == "--from" and begun:
                replaced(value, flag.end - len(value), flag.end)
            elif key == "--mount" and absolute and posixpath.isabs(folder):
                written = text[flag.start : flag.end]
                moved = _MOUNT_TARGET.sub(rf"\1{posixpath.join(folder, '')}\2", written)
                splices += [Splice(flag.start, flag.end, moved)] if moved != written else []
    return splice(text, splices), list(told)


def _standing_in(name: str, rules: tuple[StandIn, ...]) -> str | None:
    short = name.removeprefix("docker.io/").removeprefix("library/")
    for rule in rules:
        found = rule.pattern.fullmatch(short)
        if found:
            image = rule.image.replace("{version}", found.groupdict().get("version") or "")
            return image if image != "-" else None
    return None
