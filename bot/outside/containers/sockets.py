"""Which processes belong to a run, and what they listen on, where an engine leaves both in the machine's own namespaces.

By Linux's /proc: a process belongs to a run when it descends from the one that we started, or carries the run's mark in its
environment; never by its name.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from bot.outside.containers import asking

MARK = "DEPLOYMEND_RUN"


def belonging(top: int, mark: str) -> set[int]:
    """Return the processes of a run: `top` with all that descend from it, and those that carry the mark."""
    parents = {pid: parent for pid in _pids() if (parent := _parent(pid)) is not None}
    wanted = f"{MARK}={mark}".encode()
    return {pid for pid in parents if _descends(pid, top, parents) or _carries(pid, wanted)} - {os.getpid()}


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:  # no Linux
        return []


def _parent(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read(4096).rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _descends(pid: int, top: int, parents: dict[int, int]) -> bool:
    seen: set[int] = set()
    while pid in parents and pid not in seen:
        if pid == top:
            return True
        seen.add(pid)
        pid = parents[pid]
    return False


def _carries(pid: int, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return wanted in file.read(1 << 20).split(b"\0")
    except OSError:
        return False


def of(pids: set[int]) -> set[tuple[bool, int]]:
    """Return what processes listen on: whether it is the loopback address alone, and the port."""
    inodes = {inode for pid in pids for inode in _sockets(pid)}
    return {(loopback, port) for loopback, port, inode in asking.listening() if inode in inodes}


def _sockets(pid: int) -> list[str]:
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                link = os.readlink(f"/proc/{pid}/fd/{name}")
                if link.startswith("socket:["):
                    found.append(link[8:-1])
    return found


def end(top: int, mark: str, patience: float = 10.0) -> None:
    """End every process of a run, however it hides from its parent.

    First the app's, which carry the mark or run another program than the engine's own (a server may write its title over its
    environment): the engine's then come to their end, and clean up behind them.
    """
    wanted, engine = f"{MARK}={mark}".encode(), _program(top)
    began = time.monotonic()
    while (age := time.monotonic() - began) < patience:
        left = {pid for pid in belonging(top, mark) if not _is_dead(pid)}
        if not left:
            return
        for pid in left:
            if age > patience / 2 or _carries(pid, wanted) or _program(pid) != engine:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def _program(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _is_dead(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read(4096).rpartition(b")")[2].split()[0] in (b"Z", b"X")
    except (OSError, IndexError):
        return True
