"""Git over smart HTTP behind a token, as GitHub serves it: an ASGI application around `git http-backend`.

It stands alone (`with serve(git) as url`) or beside another application on the same host (`git.beside(app)`). Who may do
what is asked of a callback for each request; what was asked is kept in `git.asked`; `git.before` can answer in its place.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

Level = Literal["write", "read", "none", "unknown"]  # unknown: the token is nobody's
Allows = Callable[[str, str | None], Level]  # "owner/name" and the token, None where none was sent

_PATH = re.compile(r"/(?P<repository>[\w-]+/(?!\.\.?/)[\w.-]+?)(?:\.git)?/(?P<tail>info/refs|git-upload-pack|git-receive-pack)")
_SETTINGS = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "receive.advertisePushOptions": "true",
}


class Asked(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    query: str
    repository: str
    service: str  # git-upload-pack (fetch) or git-receive-pack (push)
    token: str | None
    level: Level
    headers: dict[str, str]


class Reply(NamedTuple):
    """An answer without git, as a server in trouble gives it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/plain"),)


class GitHttp:
    """The bare repositories below a folder, `owner/name.git`, over HTTP."""

    def __init__(self, root: Path, allows: Allows) -> None:
        self.root = root
        self.allows = allows
        self.asked: list[Asked] = []
        # may answer instead (a Reply), wait, or raise ConnectionError to hang up; None: git answers
        self.before: Callable[[Asked], Awaitable[Reply | None]] | None = None

    def create(self, repository: str) -> Path:
        """Make an empty bare repository, unless it is there, and return its folder."""
        folder = self.root / f"{repository}.git"
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            command = ("git", "init", "-q", "--bare", "--initial-branch=main", "--template=", str(folder))
            subprocess.run(command, check=True, env=_environment())
        return folder

    def matches(self, path: str) -> bool:
        """Say whether a path is one of git's."""
        return _PATH.fullmatch(path) is not None

    def beside(self, app: App) -> App:
        """Return an application that answers git's paths here and all others there."""

        async def either(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
            git = scope["type"] == "http" and self.matches(scope["path"])
            await (self(scope, receive, send) if git else app(scope, receive, send))

        return either

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        found = _PATH.fullmatch(path)
        if found is None:
            await _reply(send, Reply(404, b"Not Found\n"))
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        service = query.removeprefix("service=") if found["tail"] == "info/refs" else found["tail"]
        token = _token(headers.get("authorization"))
        level = self.allows(found["repository"], token)
        asked = Asked(scope["method"], path, query, found["repository"], service, token, level, headers)
        self.asked.append(asked)
        try:
            reply = await self.before(asked) if self.before else None
        except ConnectionError:  # an answer that says more than it holds: the server has to close the connection
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
            await send({"type": "http.response.body", "body": b"0", "more_body": True})
            return
        reply = reply or self._refusal(asked)
        if reply is not None:
            await _reply(send, reply)
            return
        await self._backend(asked, found["tail"], receive, send)

    def _refusal(self, asked: Asked) -> Reply | None:
        """Return GitHub's own words for what is not allowed."""
        if asked.service not in ("git-upload-pack", "git-receive-pack"):
            return Reply(403, b"Please upgrade your git client.\n")
        if asked.level == "unknown" or (asked.level == "none" and asked.token is None):
            challenge = (("www-authenticate", 'Basic realm="GitHub"'), ("content-type", "text/plain"))
            return Reply(401, b"Invalid username or token. Password authentication is not supported.\n", challenge)
        if asked.level == "none" or not (self.root / f"{asked.repository}.git").is_dir():
            return Reply(404, b"Repository not found.\n")
        if asked.service == "git-receive-pack" and asked.level != "write":
            return Reply(403, f"Write access to repository not granted: {asked.repository}.git denied.\n".encode())
        return None

    async def _backend(self, asked: Asked, tail: str, receive: Receive, send: Send) -> None:
        """Let git answer: the body goes in and the answer comes out piece by piece, as CGI has it."""
        variables = {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{asked.repository}.git/{tail}",
            "REQUEST_METHOD": asked.method,
            "QUERY_STRING": asked.query,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": asked.headers.get("content-type", ""),
            "CONTENT_LENGTH": asked.headers.get("content-length", ""),  # empty for a body in chunks: it is read to its end
            "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),  # git unpacks gzip itself
            "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
            **({"REMOTE_USER": "x-access-token"} if asked.level == "write" else {}),
        }
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(**variables),
            start_new_session=True,
        )
        feeding = asyncio.create_task(_feed(process, receive))
        try:
            await _answer(process, send)
        except BaseException:
            _end(process)
            raise
        finally:
            feeding.cancel()
            await process.wait()


async def _feed(process: asyncio.subprocess.Process, receive: Receive) -> None:
    """Hand the request's body to git, and end git when the other side hangs up."""
    assert process.stdin is not None
    with suppress(ConnectionError):  # git may know enough before the end
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                _end(process)
                return
            process.stdin.write(message.get("body", b""))
            await process.stdin.drain()
            if not message.get("more_body"):
                break
    process.stdin.close()
    while (await receive())["type"] != "http.disconnect":
        pass
    _end(process)


def _end(process: asyncio.subprocess.Process) -> None:
    """End git and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _answer(process: asyncio.subprocess.Process, send: Send) -> None:
    assert process.stdout is not None
    status, headers = 200, []
    while line := (await process.stdout.readline()).rstrip(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((key.lower(), value.strip()))
    await send({"type": "http.response.start", "status": status if headers else 500, "headers": headers})
    while piece := await process.stdout.read(65536):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _reply(send: Send, reply: Reply) -> None:
    headers = [(key.encode(), value.encode()) for key, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _token(authorization: str | None) -> str | None:
    """Return the password of basic authentication, whose user GitHub does not look at."""
    scheme, _, coded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except ValueError:
        return None


def _environment(**more: str) -> dict[str, str]:
    """Return what git gets to see: nothing of the developer's own settings."""
    settings: dict[str, str] = {}
    for number, (key, value) in enumerate(_SETTINGS.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
        **settings,
        **more,
    }


@contextmanager
def serve(app: App) -> Iterator[str]:
    """Serve an application on a free port of this machine, in a thread; yields its address without a slash at the end."""
    import uvicorn

    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server did not start")
                thread.join(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
