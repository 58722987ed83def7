"""What `check` and `fix` have in common: the tree, the settings, and the choices of the person."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bot.cli.errors import Refused
from bot.engine.model.tree import Tree
from bot.engine.plan import Allowed
from bot.engine.report import Report
from bot.engine.simulate import Options
from bot.outside import settings
from bot.outside.folder import Folder
from bot.outside.git import work_tree
from codemods import Shelf


class Session(NamedTuple):
    """One run over one repository."""

    root: str
    tree: Tree
    options: Options
    allowed: Allowed
    strict: bool


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Session]:
    """Open a session, with a package index where one is to be asked; what was learned of it is kept at the end."""
    session = open_session(options)
    if getattr(options, "log", None) is not None:
        from bot.cli import logs  # a check without a log reads none of this

        session = session._replace(options=session.options._replace(log=logs.opened(options.log)))
    if not (options.resolve or options.deep):
        yield session
        return
    from bot.outside.index import PackageIndex  # a plain check touches no network

    with PackageIndex(options.deep) as index:
        yield session._replace(options=session.options._replace(package_index=index))


def open_session(options: argparse.Namespace) -> Session:
    """Read the repository's settings, put the command line's on top, and check them; raises `Refused`."""
    root = options.path
    if not os.path.isabs(root):
        _current_folder()
    if not os.path.exists(root):
        raise Refused(f"{root}: no such folder")
    if not os.path.isdir(root):
        raise Refused(f"{root} is a file; name the folder of the repository")
    tree = Tree(Folder(os.path.abspath(root), in_git=work_tree(root) is not None))
    try:
        stored = settings.read(tree)
    except settings.BadSettings as error:
        raise Refused(str(error)) from None
    config = _inside(root, options.config) if options.config else stored.config
    if config and not tree.is_file(config) and not tree.hidden(config):
        raise Refused(f"{options.config or config}: no such config in {root}")
    start = _inside(root, options.start) if options.start else stored.start
    start = None if start is None else start.strip("/").removeprefix("./") if start != "." else ""
    if start and not tree.is_folder(start):
        raise Refused(f"{start}: no such folder in {root}")
    select, ignore = options.select or stored.select, tuple(options.ignore or ()) + stored.ignore
    _known((*(select or ()), *ignore))
    return Session(
        root,
        tree,
        Options(config, options.app or stored.app, options.process or stored.process, start, stored.exclude, stored.secrets),
        Allowed(getattr(options, "unsafe", False) or stored.unsafe, None if select is None else tuple(select), ignore),
        options.strict or stored.strict,
    )


def _current_folder() -> None:
    try:
        os.getcwd()
    except OSError:
        raise Refused("the current folder is gone; change to another one") from None


def _inside(root: str, path: str) -> str:
    """Return a path that a person typed as one in the tree: seen from the root, or from where they are."""
    if not os.path.isabs(path) and os.path.lexists(os.path.join(root, path)):
        found = os.path.normpath(path)
    else:
        found = os.path.relpath(os.path.abspath(path), os.path.abspath(root))
    if found.startswith(".."):
        raise Refused(f"{path} lies outside of {root}")
    return "" if found == "." else found.replace(os.sep, "/")


def _known(names: tuple[str, ...]) -> None:
    known = Shelf().names()
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else "`bot list` lists them"
            raise Refused(f"there is no codemod {name}; {hint}")


def no_target(session: Session) -> Refused:
    """Return the error for a repository in which nothing is deployed."""
    chosen = session.options.config or session.options.app
    wanted = f"no target for {chosen}" if chosen else "no Fly.io config (fly.toml, fly.json, fly.yaml) and no render.yaml"
    if not chosen and session.tree.is_file("render.yaml"):
        wanted = "no service of render.yaml runs Python, and there is no Fly.io config (fly.toml, fly.json, fly.yaml)"
    above = note_on_root(session)
    return Refused(f"{wanted} in {os.path.abspath(session.root)}" + (f"; {above}" if above else ""))


def check_process(session: Session, reports: tuple[Report, ...]) -> None:
    """Refuse a process group that no target has."""
    wanted = session.options.process
    names = sorted({process.name for report in reports for process in report.target.processes})
    if wanted is not None and wanted not in names:
        raise Refused(f"there is no process group {wanted}; there is {', '.join(names)}")


def note_on_root(session: Session) -> str | None:
    """Say which command looks at the whole repository, when the path is a folder of it."""
    top = work_tree(session.root)
    if top is None or os.path.realpath(session.root) == top:
        return None
    return f"this is a folder of a larger repository: `bot check {top}` looks at all of it"


def code(session: Session, reports: tuple[Report, ...]) -> int:
    """Return the exit code for what is (still) there."""
    return int(any(report.faults if session.strict else report.certain for report in reports))


def colour() -> bool:
    """Say whether standard output wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Progress:
    """Says on a terminal's standard error that work goes on, once it takes longer than a second."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.timer = None
        if sys.stderr.isatty():
            import threading

            self.timer = threading.Timer(1.0, self._show)
            self.timer.daemon = True

    def _show(self) -> None:
        print(f"{self.words} …", end="\r", file=sys.stderr, flush=True)

    def __enter__(self) -> None:
        if self.timer:
            self.timer.start()

    def __exit__(self, *_: object) -> None:
        if self.timer:
            self.timer.cancel()
            print("\x1b[2K", end="", file=sys.stderr, flush=True)
