"""The start of `bot`: makes sure that our own code runs, whatever folder it is started in.

A repository often has a `bot/` package of its own, and people set `PYTHONPATH=.`; nothing of a repository may ever be
imported here. So what PYTHONPATH names, and the current folder, leave sys.path before anything else is loaded, and our own
folder is found first.
"""

from __future__ import annotations

import os
import sys


def _own_path() -> list[str]:
    """Return sys.path without the caller's entries, our own folder before any folder of installed packages."""
    try:
        here = os.getcwd()
    except OSError:  # the folder is gone
        here = ""
    own = _absolute(here, os.path.dirname(__file__))
    foreign = {_absolute(here, entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    kept = [entry for entry in sys.path if entry and _absolute(here, entry) not in foreign | {here, own}]
    at = next((index for index, entry in enumerate(kept) if entry.endswith(("site-packages", "dist-packages"))), len(kept))
    return [*kept[:at], own, *kept[at:]]


def _absolute(here: str, path: str) -> str:
    return os.path.normpath(os.path.join(here, path))


def main() -> int:
    """Run the command line and return its exit code."""
    sys.path[:] = _own_path()
    from bot.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
