"""The child process of an analysis: takes its limits on itself, then answers requests, a line for a line, until there are none.

What it needs for an answer is loaded before it reads: so a child that waits for its request has its start behind it. It is
started as a file (`python -I child.py LIMITS`), in an environment that holds no token, and ends with its parent. What
goes wrong in here becomes one sentence in the answer; nothing else is printed.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping
from types import TracebackType

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """Run one analysis: `arguments` are the parent's id and the limits (megabytes, seconds of CPU, open files)."""
    parent, memory, cpu, files = map(int, arguments)
    if not _bound_to(parent):
        return 1
    _limited(memory, cpu, files)
    answer = os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_RDWR)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    _own_path()
    from webhooks.analysis import model

    wanted: Mapping[str, None] = {}

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        said = model.Analysis(trouble=_sentence(kind, error, trace, memory))
        answer.write(model.dump(model.Analysis(wanted=tuple(wanted)) if wanted else said))
        answer.close()

    sys.excepthook = crashed
    from webhooks.analysis import sources

    sources.ready()
    for line in sys.stdin.buffer:
        request = model.load_request(line)
        source = sources.commit(request)
        wanted = source.wanted
        answer.write(model.dump(sources.looked_at(request, source)) + b"\n")
        answer.flush()
    return 0


def _bound_to(parent: int) -> bool:
    """Make the kernel end this process when its parent ends; False where that has happened already."""
    if sys.platform != "linux":
        return True
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # no core, and nobody but root looks into its memory
    return os.getppid() == parent


def _limited(memory: int, cpu: int, files: int) -> None:
    for limit, soft, hard in (
        (resource.RLIMIT_AS, memory << 20, memory << 20),
        (resource.RLIMIT_CPU, cpu, cpu + 5),
        (resource.RLIMIT_NOFILE, files, files),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),  # nothing is written to any file
    ):
        highest = resource.getrlimit(limit)[1]
        ceiling = hard if highest == resource.RLIM_INFINITY else min(hard, highest)
        resource.setrlimit(limit, (min(soft, ceiling), ceiling))


def _own_path() -> None:
    """Put the folder that we lie in before those of installed packages, as the start of `bot` does."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    rest = [entry for entry in sys.path if entry != own]
    at = next((index for index, entry in enumerate(rest) if entry.endswith(("site-packages", "dist-packages"))), len(rest))
    sys.path[:] = [*rest[:at], own, *rest[at:]]


def _sentence(kind: type[BaseException], error: BaseException, trace: TracebackType | None, memory: int) -> str:
    """Return one sentence for an error of ours: what it is, and where it happened."""
    if issubclass(kind, MemoryError):
        return f"The analysis needs more than {memory} MB of memory."
    if issubclass(kind, RecursionError):
        return "The analysis gave up: something in the repository is nested too deeply."
    if kind.__name__ == "GitFailed":  # its text is a sentence for people
        return str(error)
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
    said = " ".join(str(error).split())[:200]
    return f"The analysis failed with an internal error at {where}: {kind.__name__}{f': {said}' if said else ''}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
