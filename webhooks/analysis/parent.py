"""Runs the analysis of a commit in a child process, and makes one sentence of whatever becomes of that."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

from webhooks.analysis.model import Analysis, Limits, Malformed, Request, dump_request, load

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
_PIECE = 1 << 16
_ENVIRONMENT = {  # all that a child sees of ours is where programs lie
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the same commit, the same words
}


async def analyse(request: Request, limits: Limits = Limits(), program: str = CHILD) -> Analysis:  # noqa: B008  (an immutable tuple)
    """Return the analysis of a commit; a crash, a limit or an answer that makes no sense ends in `trouble`, never in an error.

    The child runs in a session of its own, which is killed whole when it is done, has used its time, or this is cancelled.
    `program` is the child's file.
    """
    arguments = (os.getpid(), limits.memory_mb, limits.cpu_seconds, limits.files)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",  # neither the current folder nor PYTHONPATH
            program,
            *map(str, arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath)},
        )
    except OSError as error:
        return _trouble(f"The analysis could not be started: {error.strerror or error}.")
    try:
        async with asyncio.timeout(limits.seconds):
            answer = await _talk(process, dump_request(request), limits.answer)
            code = await process.wait()
    except TimeoutError:
        return _trouble(f"The analysis took longer than {limits.seconds:g} seconds.")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _reaped(process)
    if len(answer) > limits.answer:
        return _trouble(f"The analysis has more to say than {limits.answer:,} bytes.")
    return _read(answer, code, limits)


async def _talk(process: asyncio.subprocess.Process, request: bytes, most: int) -> bytes:
    """Give a child its request and return its answer; one byte more than `most` where it is longer."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):  # it ended before it read all
        process.stdin.write(request)
        await process.stdin.drain()
        process.stdin.close()
    answer = bytearray()
    while piece := await process.stdout.read(_PIECE):
        answer += piece
        if len(answer) > most:
            os.killpg(process.pid, signal.SIGKILL)
            break
    return bytes(answer)


async def _reaped(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a killed child, also while this task is being cancelled."""
    waiting = asyncio.ensure_future(process.wait())
    while not waiting.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(waiting)


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


def _trouble(sentence: str) -> Analysis:
    return Analysis(trouble=sentence)
