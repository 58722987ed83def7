"""A server that a command starts, where nothing installed brings it or its script is not where PATH leads."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from bot.engine.boot.program import Program
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingDistribution, Place, Stage
from bot.engine.model.target import Process
from bot.engine.model.tree import Tree

if TYPE_CHECKING:
    from bot.engine.boot.walk import Walk

_SERVING = frozenset(  # modules that listen, or are made for something that does
    "aiogram aiohttp aiosmtpd asgiref blacksheep bokeh bottle celery chainlit cherrypy connexion dash django eventlet falcon"
    " fastapi fastmcp flask flask_socketio flet gevent gradio granian grpc gunicorn http hypercorn litestar mcp muffin nicegui"
    " panel pyramid quart ray reflex robyn sanic shiny socket socketio socketserver solara starlette streamlit telegram telebot"
    " tornado twisted uvicorn vibora waitress web websockets werkzeug wsgiref xmlrpc zmq".split()
)


def not_installed(
    tree: Tree, image: Image, installed: Installed, program: Program, process: Process, stage: Stage, script: bool | None = None
) -> list[Fault]:
    """Return the fault of a server that no requirement brings, or whose `script` is not there; none where it starts."""
    from bot.engine.boot.launchers import BROUGHT_BY, LAUNCHERS
    from bot.engine.boot.misses import Judge

    name = program.launcher
    wanted = BROUGHT_BY.get(name, name)
    there = installed.has(wanted) or (wanted == name and installed.runs(name)) or installed.opaque or installed.projects
    if name not in LAUNCHERS or (there and script is not False) or not image.base.python:
        return []
    message = _says(program, process)
    if name == "fastapi" and installed.has("fastapi"):
        message = 'RuntimeError: To use the fastapi command, please install "fastapi[standard]":'
    reason = f"No installed requirement is known to bring `{wanted}`."
    detail = MissingDistribution("fastapi[standard]" if name == "fastapi" else wanted, name)
    place = program.origin.place
    judge = Judge(tree, image, installed)
    judge.later = program.later
    doubt = judge.unfollowed() or judge.later if script is False else judge.packages_doubt(name, wanted)
    sure = not doubt and image.base.known and program.fatal and not program.loose
    reason = f"{reason} Not certain: {doubt}." if doubt else reason
    confidence: Literal["certain", "likely"] = "certain" if sure else "likely"
    return [Fault("launcher-not-installed", stage, 0, process.name, confidence, message, reason, place, (), detail)]


def elsewhere(image: Image, ports: set[int], serves: Callable[[set[int], int], bool]) -> tuple[str, Place] | None:
    """Return why a service's ports look wrong, and where, if nothing that was followed listens: EXPOSE names others.

    `serves` says whether the platform reaches one of the ports.
    """
    exposed = dockerfile.exposed(image.instructions) if not image.base.language else []
    if not exposed or any(serves(ports, port) for port in exposed):
        return None
    line = next(item.line for item in image.instructions if item.name == "EXPOSE")
    said, wanted = " and ".join(map(str, exposed)), " or ".join(map(str, sorted(ports)))
    says = f"The Dockerfile exposes {said}, nothing that was followed listens, and the service's internal_port is {wanted}."
    return says, Place(image.dockerfile, line)


def serves_nothing(walk: Walk) -> bool:
    """Say whether a program has imported nothing that could listen: no server, no framework, not even a socket."""
    return walk.serving is None and not any(name.partition(".")[0] in _SERVING for name in walk.loaded)


def _says(program: Program, process: Process) -> str:
    """Return the words of what looks for the server: Python, a shell, or the platform's own start."""
    first = program.argv[0]
    if posixpath.basename(first).startswith("python"):
        return f"python: No module named {program.launcher}"
    if program.origin.kind == "script" or first != (process.argv or program.argv)[0]:
        return f"{first}: not found"
    return f"ERROR Error: failed to spawn command: {' '.join(program.argv)}: No such file or directory (os error 2)"
