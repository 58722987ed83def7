"""What the steps of a job work with. One for each process: jobs are functions that the queue calls by name."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from bot.outside.commits import Access, Store
from webhooks.analysis import Analyst
from webhooks.github import FETCH, GitHub, Installation
from webhooks.github.permissions import Permissions
from webhooks.metrics import Metrics
from webhooks.settings import Settings
from webhooks.work import store as stores

_LEFT_BEHIND = 3 * 86_400.0  # seconds after which nobody works in a folder any more


class Context(NamedTuple):
    """The settings, what is remembered, the way to GitHub, and the limits of one job."""

    settings: Settings
    store: stores.Store
    github: GitHub
    metrics: Metrics
    analyst: Analyst

    def installation(self, identity: int) -> Installation:
        """Return what acts for an installation."""
        return self.github.installation(identity)

    async def access(self, installation: int, full_name: str, permissions: Permissions = FETCH) -> Access:
        """Return the address of a repository for git, with a token for it alone."""
        token = await asyncio.to_thread(self.github.token, installation, permissions, repositories=[full_name])
        return Access(f"{self.github.web_url}/{full_name}.git", token)

    def workspace(self, job: str) -> Path:
        """Return the folder of a job; its name tells nothing of the repository."""
        return self.settings.data / "work" / hashlib.sha256(job.encode()).hexdigest()[:24]

    def objects(self, job: str) -> Store:
        """Return a job's object store, made where it is missing: another process may have begun the job."""
        return Store.create(str(self.workspace(job) / "objects"))

    def tidy(self, job: str) -> None:
        """Remove what a job left on the disk."""
        shutil.rmtree(self.workspace(job), ignore_errors=True)

    def tidy_old(self) -> None:
        """Remove folders that jobs left behind which never came to their end here; one that goes on elsewhere fetches anew."""
        with contextlib.suppress(FileNotFoundError):
            for folder in list((self.settings.data / "work").iterdir()):
                if folder.stat().st_mtime < time.time() - _LEFT_BEHIND:
                    shutil.rmtree(folder, ignore_errors=True)


_current: list[Context] = []


def use(context: Context | None) -> None:
    """Set the context of this process's jobs, or take it away."""
    _current[:] = [] if context is None else [context]


def current() -> Context:
    """Return the context of this process's jobs."""
    if not _current:
        raise RuntimeError("The workshop was not started.")
    return _current[0]
