"""Runs git: in an environment made from nothing, with limits, in a process group that ends with the call and with us."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import NamedTuple

from bot.outside.commits.terms import Access, GitFailed

_PASSED = "PATH HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy".split()
_CERTIFICATES = {"SSL_CERT_FILE": "GIT_SSL_CAINFO", "SSL_CERT_DIR": "GIT_SSL_CAPATH"}
_SETTINGS = {
    "core.attributesFile": os.devnull,
    "core.bigFileThreshold": "16m",  # larger ones are passed through piece by piece, not held in memory
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.symlinks": "false",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",  # always a pack: it is there as a whole or not at all
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",  # seconds without a byte; a server that packs says so every five
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "pack.threads": "2",
    "protocol.allow": "never",
    "push.gpgSign": "false",
    "push.negotiate": "true",  # says what the server has, so that nothing of the base is needed here
    "submodule.recurse": "false",
    "transfer.fsckObjects": "true",
    # slips of old tools in real projects, which harm nobody
    "fetch.fsck.badTimezone": "ignore",
    "fetch.fsck.missingSpaceBeforeDate": "ignore",
    "fetch.fsck.zeroPaddedFilemode": "ignore",
}
_MEMORY = 3 * 1024 * 1024 * 1024  # of address space for each git process: a pack of the largest size is mapped twice
_BROKEN = frozenset({132, 134, 135, 136, 137, 139, 153})  # what a shell makes of SIGILL, ABRT, BUS, FPE, KILL, SEGV, XFSZ
# Started in the group's own shell, which hears of our death and hands it on: a helper of git's that waits for the network
# would not. The shell's stdin is kept, since what runs beside a shell would get none.
_GROUP = """\
ulimit -c 0; ulimit -v "$1"; ulimit -f "$2"; shift 2
trap 'trap "" TERM; kill -TERM 0' TERM
exec 3<&0
git "$@" <&3 3<&- &
wait $!
"""
_BLOCK = 512  # bytes; what `ulimit -f` counts in
_SCRATCH = "scratch-"
_ERRORS = 64 * 1024
_PATIENCE = 2.0  # seconds in which a git that was told to end may tidy up


class Done(NamedTuple):
    """What a git that ended by itself came to."""

    code: int
    output: bytes
    errors: str

    @property
    def broke_off(self) -> bool:
        """Say whether a signal ended it: a limit, or a tree so deep that git itself breaks."""
        return self.code < 0 or self.code in _BROKEN


def environment(store: str, access: Access | None = None, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all that git gets to see: nothing of our environment but the way to programs, and no network without `access`.

    The token stands here alone, in a header for that one server. `settings` go on top.
    """
    variables = {name: os.environ[name] for name in _PASSED if name in os.environ}
    variables |= {name: os.environ[known] for known, name in _CERTIFICATES.items() if known in os.environ}
    variables |= {
        "GIT_ALLOW_PROTOCOL": access.scheme if access else "none",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DIR": store,
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "0" if access else "1",  # and without `remote.origin.promisor` there is nobody to ask
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
    }
    known = _SETTINGS | dict(settings or {})
    if access:
        known |= {f"protocol.{access.scheme}.allow": "always", "remote.origin.url": access.url}
        if access.header:
            known[f"http.{access.base}/.extraHeader"] = access.header
    variables["GIT_CONFIG_COUNT"] = str(len(known))
    for number, (name, value) in enumerate(known.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


@cache
def _prefix() -> tuple[str, ...]:
    """Return the words before a command that make the kernel end it when we die; none where the system has no such thing.

    setpriv (util-linux) does it in the new process, where code of ours between fork and exec would not be safe with threads.
    """
    found = shutil.which("setpriv")
    words = (found, "--pdeathsig", "TERM") if found else ()
    if not found or subprocess.run((*words, "true"), capture_output=True, check=False).returncode:
        return ()
    return words


def limit(pid: int) -> None:
    """Set the limit of memory of a git that was started without `run`; on Linux alone."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError, PermissionError, ValueError):  # it may have ended already, or be limited more
            resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))


async def run(
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    seconds: float,
    data: bytes = b"",
    output: int = 1024 * 1024,
    largest: int | None = None,
    lock: int | None = None,
) -> Done:
    """Run git with `data` as its input, and return what it came to; it writes no file larger than `largest`.

    Raises `GitFailed` when it takes too long, says more than `output` bytes, or is not installed. When the call ends in any
    way, cancelled too, nothing of git is left. `lock` is a file that git keeps open as long as it lives.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *_prefix(),
            "sh",
            "-c",
            _GROUP,
            "sh",
            str(_MEMORY // 1024),
            str(largest // _BLOCK + 1) if largest else "unlimited",
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=variables["GIT_DIR"],
            env=variables,
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
        )
    except FileNotFoundError:
        raise GitFailed(
            "missing", "git is not installed on the machine of the service, or the store's folder is gone."
        ) from None
    kept, last = asyncio.create_task(_kept(process, output)), asyncio.create_task(_last(process))
    feeding = asyncio.create_task(_feed(process, data))
    tasks: tuple[asyncio.Task[object], ...] = (kept, last, feeding)
    try:
        async with asyncio.timeout(seconds):
            said, errors, _ = await asyncio.gather(kept, last, feeding)
            code = await process.wait()
    except TimeoutError:
        raise GitFailed("timeout", f"git {arguments[0]} took longer than {seconds:.0f} seconds.") from None
    finally:
        try:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            if process.returncode is None:
                await _end(process)
    if code == 127:
        raise GitFailed("missing", "git is not installed on the machine of the service.")
    return Done(code, said, errors)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):  # git may have given up before it read all
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _kept(process: asyncio.subprocess.Process, most: int) -> bytes:
    assert process.stdout is not None
    kept = bytearray()
    while piece := await process.stdout.read(65536):
        kept += piece
        if len(kept) > most:
            raise GitFailed("too-large", f"git said more than the {most // 1024} KB that are read.")
    return bytes(kept)


async def _last(process: asyncio.subprocess.Process) -> str:
    """Return the end of what git says of errors, where the reason stands."""
    assert process.stderr is not None
    kept = b""
    while piece := await process.stderr.read(65536):
        kept = (kept + piece)[-_ERRORS:]
    return kept.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git and all that it started: politely first, so that it takes its locks away."""
    if process.stdin is not None:
        process.stdin.close()
    _signal(process.pid, signal.SIGTERM)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await process.communicate()
    finally:
        _signal(process.pid, signal.SIGKILL)
    await process.communicate()


def _signal(group: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, which)


@asynccontextmanager
async def alone(store: str, seconds: float) -> AsyncIterator[int]:
    """Hold a store for writing; yields a file that each git gets as `lock`.

    It is released when we and every git that we started are gone, so that what a killed one left can be taken away.
    """
    handle = os.open(os.path.join(store, "busy"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(max(1, int(seconds / 0.05))):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        else:
            raise GitFailed("timeout", f"Another job held the repository's store for longer than {seconds:.0f} seconds.")
        _tidy(store)
        try:
            yield handle
        finally:
            _tidy(store)
    finally:
        os.close(handle)


def _tidy(store: str) -> None:
    """Take away the locks, half-written objects and scratch folders that a killed process left."""
    for name in os.listdir(store):
        if name.startswith(_SCRATCH):
            shutil.rmtree(os.path.join(store, name), ignore_errors=True)
    for folder, _, files in os.walk(store):
        for file in files:
            if file.endswith(".lock") or file.startswith(("tmp_", ".tmp-", "fast_import_crash_")):
                os.unlink(os.path.join(folder, file))


def size(store: str) -> int:
    """Return the bytes that a store takes."""
    total = 0
    for folder, _, files in os.walk(store):
        for file in files:
            with suppress(FileNotFoundError):  # git may be at work in it
                total += os.lstat(os.path.join(folder, file)).st_size
    return total


@asynccontextmanager
async def scratch(store: str) -> AsyncIterator[str]:
    """Yield an empty folder inside a store's, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=store) as folder:
        yield folder
