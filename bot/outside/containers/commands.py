"""Runs an engine's command lines: in a session of their own, within a limit of time, with a bounded memory of their output.

No value of a variable stands in a command line, where every user of the machine could read it: `environment` carries them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import NamedTuple

from bot.outside.containers import sockets
from bot.outside.containers.interrupts import held_back

_KEPT = 512 * 1024  # bytes of a program's output: its end
_PIECE = 65536


class Done(NamedTuple):
    """What a command came to: its exit code (None: it was ended after its time), and the end of its output."""

    code: int | None
    output: str


class Running:
    """A command that runs; its output is read all the time, and only the end of it is kept."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], feed: bytes | None = None) -> None:
        self._kept = bytearray()
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours: the engine is told what to do afterwards
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if feed is not None and self.process.stdin:
            with contextlib.suppress(OSError), self.process.stdin as stdin:
                stdin.write(feed)

    def _read(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as stream:  # closed at its end, which may be after ours
            while piece := os.read(stream.fileno(), _PIECE):
                with self._lock:
                    self._kept += piece
                    if len(self._kept) > 2 * _KEPT:
                        del self._kept[:-_KEPT]

    def output(self) -> str:
        """Return the end of what was printed so far."""
        with self._lock:
            return bytes(self._kept[-_KEPT:]).decode("utf-8", "replace")

    def code(self) -> int | None:
        """Return the exit code; None while the command runs."""
        return self.process.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end, for at most `seconds`; return the exit code, None where there is none yet."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
            self._reader.join(2)  # a process that was left behind may hold the pipe
        return self.process.poll()

    def end(self) -> None:
        """End the command with all of its session."""
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, number)
            if self.wait(patience) is not None:
                break
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)  # those who did not listen
        self._reader.join(2)


def run(
    command: tuple[str, ...], environment: Mapping[str, str], seconds: float, feed: bytes | None = None, gently: bool = False
) -> Done:
    """Run a command to its end; one that takes longer than `seconds` is ended.

    `gently`: what it started is ended before it, so that it fails by itself and cleans up, as builders do.
    """
    running = Running(command, environment, feed)
    try:
        code = running.wait(seconds)
    finally:
        with held_back():
            if gently and running.code() is None:
                sockets.end(running.process.pid, "")
            running.end()
    return Done(code, running.output())


class Started:
    """A container whose process is a command of its engine: what that printed, and how it ended."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def code(self) -> int | None:
        """Return its exit code; None while it runs."""
        return self.running.code()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; None where it runs on."""
        return self.running.wait(seconds)

    def output(self) -> str:
        """Return the end of what it printed."""
        return self.running.output()
