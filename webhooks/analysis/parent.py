"""Runs the analysis of a commit in a child process, and makes one sentence of whatever becomes of that."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from webhooks.analysis.model import Analysis, Limits, Malformed, Request, dump_request, load

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
_PIECE = 1 << 16
_ROUNDS = 12  # of an analysis that asks for files which were not fetched
_LATER = 1.0  # seconds after an analysis until the next child is started: what comes behind the analysis goes first
_ENVIRONMENT = {  # all that a child sees of ours is where programs lie
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same commit, the same words
}

Fetch = Callable[[tuple[str, ...]], Awaitable[None]]


class Analyst:
    """Has commits analysed, each in a child of its own; the next child is started ahead, so that no commit waits for its start.

    All of it but `close` belongs to one event loop.
    """

    def __init__(self, limits: Limits = Limits(), program: str = CHILD) -> None:  # noqa: B008  (an immutable tuple)
        self.limits = limits
        self.program = program
        self._next: _Child | None = None
        self._closed = False

    async def analyse(self, request: Request, fetch: Fetch) -> Analysis:
        """Return the analysis of a commit, as `analyse` does; `fetch` gets the files that are missing, and may raise."""
        try:
            child = self._child()
        except OSError as error:
            return _not_started(error)
        try:
            for _ in range(_ROUNDS):
                found = await _asked(child, request, self.limits, last=False)
                if not found.wanted:
                    return found
                await fetch(found.wanted)
            return _trouble("The analysis asked for more and more files and came to no end.")
        finally:
            child.end()
            if not self._closed:
                asyncio.get_running_loop().call_later(_LATER, self._start_next)

    def close(self) -> None:
        """End the child that waits; may be called from any thread."""
        self._closed = True
        if self._next is not None:
            self._next.end()

    def _child(self) -> _Child:
        child, self._next = self._next, None
        if child is not None and child.waits():
            return child
        if child is not None:
            child.end()
        return _Child(self.limits, self.program)

    def _start_next(self) -> None:
        if not self._closed and self._next is None:
            with suppress(OSError):  # the next analysis tells of it
                self._next = _Child(self.limits, self.program)


async def analyse(request: Request, limits: Limits = Limits(), program: str = CHILD) -> Analysis:  # noqa: B008  (an immutable tuple)
    """Return the analysis of a commit; a crash, a limit or an answer that makes no sense ends in `trouble`, never in an error.

    The child runs in a session of its own, which is killed whole when it is done, has used its time, or this is cancelled.
    `program` is the child's file.
    """
    try:
        child = _Child(limits, program)
    except OSError as error:
        return _not_started(error)
    try:
        return await _asked(child, request, limits, last=True)
    finally:
        child.end()


class _Child:
    """A child process. It is started on the thread of an event loop, since the kernel ends it together with that thread."""

    def __init__(self, limits: Limits, program: str) -> None:
        arguments = (os.getpid(), limits.memory_mb, limits.cpu_seconds, limits.files)
        self._process = subprocess.Popen(
            (sys.executable, "-I", program, *map(str, arguments)),  # -I: neither the current folder nor PYTHONPATH
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath)},
        )

    def waits(self) -> bool:
        """Say whether it lives."""
        return self._process.poll() is None

    def ask(self, request: bytes, most: int, last: bool) -> bytes:
        """Give it a request and return its answer, a line; one byte more than `most` where it is longer. Waits, in a thread."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):  # it ended before it read all
            self._process.stdin.write(request + b"\n")
            self._process.stdin.flush()
            if last:
                self._process.stdin.close()
        answer = bytearray()
        while piece := os.read(self._process.stdout.fileno(), _PIECE):
            answer += piece
            if len(answer) > most:
                self.kill()
                break
            if not last and piece.endswith(b"\n"):
                break
        return bytes(answer)

    def kill(self) -> None:
        """Kill it with all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> int:
        """Kill it and take its remains away; returns what it ended with."""
        self.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent yet
                if stream is not None:
                    stream.close()
        return code

    def code(self) -> int:
        """Return what it ends with by itself, once it has said all."""
        return self._process.wait()


async def _asked(child: _Child, request: Request, limits: Limits, last: bool) -> Analysis:
    asking = asyncio.ensure_future(asyncio.to_thread(child.ask, dump_request(request), limits.answer, last))
    try:
        async with asyncio.timeout(limits.seconds):
            answer = await asyncio.shield(asking)
            complete = bool(answer) and (answer.endswith(b"\n") or last)
            code = 0 if complete and not last else await asyncio.to_thread(child.code)
    except TimeoutError:
        return _trouble(f"The analysis took longer than {limits.seconds:g} seconds.")
    finally:
        if not asking.done():
            child.kill()
        await _over(asking)
    if len(answer) > limits.answer:
        return _trouble(f"The analysis has more to say than {limits.answer:,} bytes.")
    return _read(answer, code, limits)


async def _over(asking: asyncio.Future[bytes]) -> None:
    """Wait for the end of a thread whose child was killed, also while this task is being cancelled."""
    while not asking.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((asking,))


def _read(answer: bytes, code: int, limits: Limits) -> Analysis:
    if answer:
        with suppress(Malformed):
            return load(answer)
    if code == -signal.SIGXCPU:
        return _trouble(f"The analysis used more than {limits.cpu_seconds} seconds of the processor.")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return _trouble(f"The analysis was ended by the system ({name}); it may have used more than {limits.memory_mb} MB.")
    return _trouble("The analysis ended without an answer that makes sense.")


def _not_started(error: OSError) -> Analysis:
    return _trouble(f"The analysis could not be started: {error.strerror or error}.")


def _trouble(sentence: str) -> Analysis:
    return Analysis(trouble=sentence)
