"""Runs other programs: arguments as a tuple, output captured, a limit of time, an environment of our choice."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

# what a program may see of our environment: how to find programs and certificates, the language, a proxy
_PASSED = frozenset(
    "PATH HOME LANG LC_ALL TMPDIR SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy"
    " no_proxy all_proxy XDG_CACHE_HOME XDG_DATA_HOME".split()
)


class NotRun(Exception):
    """A program that is not there, or that took too long; the text says which."""


class Outcome(NamedTuple):
    """What a program came to."""

    code: int
    output: str
    errors: str


def run(command: tuple[str, ...], folder: str, seconds: float, more: Mapping[str, str] | None = None) -> Outcome:
    """Run a command in `folder` for at most `seconds`; `more` goes on top of the environment that is passed on.

    Raises `NotRun`. Output is read as UTF-8, with a mark for what is not.
    """
    import subprocess  # costly, and needed for few commands

    environment = {name: value for name, value in os.environ.items() if name in _PASSED} | dict(more or {})
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise NotRun(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise NotRun(f"{os.path.basename(command[0])} took longer than {seconds:.0f} seconds") from None
    return Outcome(done.returncode, done.stdout, done.stderr)
