"""What a job is written with: a durable workflow of steps, each recorded when it ended.

A step that was cut between its effect and its record runs again: whatever it does outside, it must look before it writes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from dbos import DBOS
from dbos import error as dbos_error

_TRIAL = 30.0  # seconds for which the other suspected jobs wait for one

P = ParamSpec("P")
R = TypeVar("R")

RECOVERIES = 3  # how often a job whose process died is taken up again, before it is given up and its lane goes on


class StepTimedOut(Exception):
    """A step took longer than it may: its name, and the seconds."""

    def __init__(self, name: str, seconds: float):
        super().__init__(name, seconds)
        self.name = name
        self.seconds = seconds

    def __str__(self) -> str:
        return f"The step {self.name!r} took longer than {self.seconds:g} seconds."


class JobTaken(Exception):
    """This process was silent for so long that another one took the job over: nothing more is done for it here."""


class Suspicion(Protocol):
    """What is known of jobs whose process died; the reaper keeps it in the database."""

    def suspected(self, job: str) -> bool:
        """Whether a process died in which the job ran, before the job came any further."""

    def watch(self, job: str) -> None:
        """Note that this suspected job is the one that runs in this process now."""


class End(Enum):
    """Why the step of a job is ended."""

    TAKEN = 1
    CANCELLED = 2


class _Running:
    """The steps that run in this process, by their job, and how many of the heavy ones may run at once.

    When a process dies, any job in it may be the reason. So a suspected job does its next step while no other suspected one
    runs here: the one that kills again is found out, and those beside it are not given up with it.
    """

    def __init__(self) -> None:
        self.tasks: dict[asyncio.Task[Any], str] = {}
        self.jobs: set[str] = set()
        self.ended: dict[asyncio.Task[Any], End] = {}
        self.slots: asyncio.Semaphore | None = None
        self._suspicion: Suspicion | None = None
        self._trial = asyncio.Lock()
        self._tried: str | None = None
        self._begun: set[str] = set()

    def prepare(self, workers: int, suspicion: Suspicion) -> None:
        """Begin anew, for an event loop that is not there yet, with `workers` heavy steps at once."""
        self.__init__()  # type: ignore[misc]
        self.slots = asyncio.Semaphore(workers)
        self._suspicion = suspicion

    async def admit(self, job: str) -> None:
        """Let a job begin: at once, or when it is suspected after the suspected ones before it."""
        if self._suspicion is not None and await asyncio.to_thread(self._suspicion.suspected, job):
            await self._trial.acquire()
            self._tried = job
            asyncio.get_running_loop().call_later(_TRIAL, self.release, job)
            await asyncio.to_thread(self._suspicion.watch, job)

    def begin(self, task: asyncio.Task[Any], job: str) -> None:
        """A step of the job begins, and not only its record is read."""
        self.tasks[task] = job
        self._begun.add(job)

    def leave(self, task: asyncio.Task[Any]) -> End | None:
        """A step is over; returns why it was ended, if it was."""
        self.tasks.pop(task, None)
        return self.ended.pop(task, None)

    def came_further(self, job: str) -> None:
        """A step of the job is recorded."""
        if job in self._begun:
            self.release(job)

    def release(self, job: str) -> None:
        """The job kills nobody for now: the next suspected one is tried."""
        self._begun.discard(job)
        if self._tried == job:
            self._tried = None
            self._trial.release()

    def end(self, jobs: Iterable[str], why: End) -> set[str]:
        """End the steps of jobs; may be called from any thread. Returns those of which a step runs."""
        found = set()
        for task, job in list(self.tasks.items()):
            if job in jobs:
                found.add(job)
                if task not in self.ended:  # a second time would cut its cleaning up
                    self.ended[task] = why
                    with contextlib.suppress(RuntimeError):  # its loop was closed meanwhile, and the task with it
                        task.get_loop().call_soon_threadsafe(task.cancel)
        return found


RUNNING = _Running()


def workflow(
    name: str, recoveries: int = RECOVERIES
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make an async function a job that outlives its process.

    The name is stored: it stays when the function is renamed. What the function does between its steps must be the same each
    time: no clock, no chance, no look outside. A change of the order of its steps goes behind `DBOS.patch_async("word")`.
    """

    def decorate(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @wraps(function)
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            job = str(DBOS.workflow_id)
            RUNNING.jobs.add(job)
            try:
                await RUNNING.admit(job)
                return await function(*args, **kwargs)
            finally:
                RUNNING.jobs.discard(job)
                RUNNING.release(job)

        return DBOS.workflow(name=name, max_recovery_attempts=recoveries)(run)

    return decorate


def step(
    name: str,
    *,
    seconds: float,
    attempts: int = 1,
    again: tuple[type[Exception], ...] = (),
    pause: float = 1.0,
    heavy: bool = False,
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make an async function a step of a job: ended with its `finally` clauses when the job is cancelled or taken over.

    An attempt has `seconds`, then StepTimedOut is raised. Errors of the classes in `again` are tried again, `attempts` times in
    all, after a pause that doubles and is spread; the last one is what the step raises. Of the heavy steps a worker runs only
    as many at once as it was started with. A thread can't be ended: long work belongs into a child process.
    """

    def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        async def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
            for left in reversed(range(attempts)):
                try:
                    return await _limited(name, seconds, function, *args, **kwargs)
                except again:
                    if not left:
                        raise
                    await asyncio.sleep(pause * 2 ** (attempts - 1 - left) * random.uniform(0.75, 1.25))
            raise AssertionError("a step has at least one attempt")

        recorded = DBOS.step(name=name, preemptible=True)(_noted(attempt))

        @wraps(function)
        async def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                async with RUNNING.slots if heavy and RUNNING.slots is not None else contextlib.nullcontext():
                    return await recorded(*args, **kwargs)
            finally:
                RUNNING.came_further(str(DBOS.workflow_id))

        return call

    return decorate


async def pause_until(moment: float, spread: float = 5.0) -> None:
    """Let the job sleep until a time (seconds since 1970), and up to `spread` longer, so that not all wake at once.

    Durable: a job that is taken up again sleeps for the rest alone. Its lane waits with it; no thread does.
    """
    RUNNING.release(str(DBOS.workflow_id))
    # Never nothing: DBOS records no sleep of zero seconds, and the steps of a job that woke up late would not be found again.
    await DBOS.sleep_async(max(0.001, moment - time.time()) + random.uniform(0.0, spread))


def _noted(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        task = asyncio.current_task()
        assert task is not None
        job = str(DBOS.workflow_id)
        RUNNING.begin(task, job)
        why: End | None = None
        try:
            return await function(*args, **kwargs)
        except asyncio.CancelledError:
            why = RUNNING.leave(task)
            if why is None:
                raise
            task.uncancel()
        finally:
            RUNNING.leave(task)
        if why is End.TAKEN:
            raise JobTaken("Another process goes on with this job.")
        await DBOS.cancel_workflow_async(job)  # its lane is free from here on, and not while the step was still running
        raise dbos_error.DBOSWorkflowCancelledError(f"The job {job} was cancelled.")

    return run


async def _limited(name: str, seconds: float, function: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await function(*args, **kwargs)
    except TimeoutError:
        if limit.expired():
            raise StepTimedOut(name, seconds) from None
        raise  # the function's own
