"""A worker for the trials: jobs whose every step is written down.

usage: python -m tests.webhooks.jobbing DATABASE JOURNAL

Beside the journal it makes a file `ready-PID` when it works.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
import threading
import time
from typing import Any

from dbos import DBOS

from tests.webhooks.kills import Journal, arm
from webhooks.jobs import JsonSerializer, Pace, Runtime, open_engine, pause_until, step, workflow

STEPS = ("fetch", "analyse", "push", "open", "report")
PACE = Pace(beat=0.3, dead=float(os.environ.get("JOBBING_DEAD", "4")), poll=0.1)
FLAVOUR = os.environ.get("JOBBING_FLAVOUR", "")
HARDY = int(os.environ.get("JOBBING_RECOVERIES", "3"))  # chance alone kills a job more often in a long trial
journal = Journal(sys.argv[2] if len(sys.argv) > 2 else os.devnull)


class Gone(Exception):
    """An error that the job below catches by its class."""


async def act(name: str, job: str, lane: str, seconds: float) -> str:
    journal.write(what="begin", step=name, job=job, lane=lane, flavour=FLAVOUR)
    await asyncio.sleep(seconds * random.uniform(0.7, 1.3))
    journal.write(what="end", step=name, job=job, lane=lane, flavour=FLAVOUR)
    return name


def made(name: str):  # type: ignore[no-untyped-def]
    @step(name, seconds=30, heavy=name == "analyse")
    async def one(job: str, lane: str, seconds: float) -> str:
        return await act(name, job, lane, seconds)

    return one


ACTS = {name: made(name) for name in (*STEPS, "extra")}


if FLAVOUR == "other":  # the same steps in other words, as any change of the code may bring it

    @workflow("work", HARDY)
    async def work(job: str, lane: str, seconds: float) -> str:
        """Everything in its order."""
        return " ".join([await ACTS[name](job, lane, seconds) for name in STEPS])

elif FLAVOUR == "longer":  # one step more, behind a patch

    @workflow("work", HARDY)
    async def work(job: str, lane: str, seconds: float) -> str:
        done = [await ACTS["fetch"](job, lane, seconds)]
        if await DBOS.patch_async("extra"):
            done.append(await ACTS["extra"](job, lane, seconds))
        for name in STEPS[1:]:
            done.append(await ACTS[name](job, lane, seconds))
        return " ".join(done)

else:

    @workflow("work", HARDY)
    async def work(job: str, lane: str, seconds: float) -> str:
        done = []
        for name in STEPS:
            done.append(await ACTS[name](job, lane, seconds))
        return " ".join(done)


@step("drink", seconds=30)
async def drink(job: str, lane: str) -> None:
    journal.write(what="begin", step="drink", job=job, lane=lane)
    os.kill(os.getpid(), signal.SIGKILL)


@workflow("poison")
async def poison(job: str, lane: str) -> None:
    await drink(job, lane)


@step("look", seconds=30)
async def look(job: str, lane: str) -> None:
    journal.write(what="begin", step="look", job=job, lane=lane)
    raise Gone("the branch", 404)


@workflow("catching")
async def catching(job: str, lane: str) -> str:
    try:
        await look(job, lane)
    except Gone as gone:
        await pause_until(time.time() + 1.0, spread=0.0)
        return f"{gone.args}"
    return "found"


@step("watch", seconds=60)
async def watch(job: str, lane: str) -> None:
    journal.write(what="begin", step="watch", job=job, lane=lane)
    try:
        while True:
            await asyncio.sleep(0.1)
            journal.write(what="tick", step="watch", job=job, lane=lane)
    finally:
        journal.write(what="ended", step="watch", job=job, lane=lane)


@workflow("watching")
async def watching(job: str, lane: str) -> None:
    await watch(job, lane)


@workflow("napping")
async def napping(job: str, lane: str, until: float) -> None:
    await ACTS["fetch"](job, lane, 0.01)
    await pause_until(until, spread=0.0)
    await ACTS["report"](job, lane, 0.01)


def hand_in(runtime: Runtime, workflow: Any, job: str, lane: str, *args: Any) -> bool:
    return asyncio.run(runtime.enqueue(workflow, job, lane, job, lane, *args))


def state(runtime: Runtime, job: str) -> str | None:
    return asyncio.run(runtime.state(job))


def runtime(database: str) -> Runtime:
    return Runtime(
        open_engine(database),
        workers=2,
        serializer=JsonSerializer(errors=[Gone]),
        pace=PACE,
        version=os.environ.get("JOBBING_VERSION", "1"),
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    arm()
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    worker = runtime(sys.argv[1])
    worker.start()
    journal.path.with_name(f"ready-{os.getpid()}").touch()
    stop.wait()
    worker.stop(seconds=int(os.environ.get("JOBBING_GRACE", "3")))
    worker.engine.dispose()
    journal.write(what="stopped")


if __name__ == "__main__":
    main()
