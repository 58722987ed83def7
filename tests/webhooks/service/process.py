"""The service as a process of its own, for the tests: as `bot serve` or `bot worker`, only without their pauses.

usage: python -m tests.webhooks.service.process serve|worker

`READY` names a folder: a file named by our process id is made there once we work; it holds the address of one that serves.
GitHub's advice of a second between two writes, and the seconds after which a silent worker counts as dead, would make up most
of a test. Points at which it can be killed are those of `tests.webhooks.kills`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from tests.webhooks import kills
from webhooks.jobs import steps

steps.workflow.__defaults__ = (10_000,)  # chance kills one job's process more often than a poison job may kill its own

from webhooks import journal, service  # noqa: E402
from webhooks.github import GitHub  # noqa: E402
from webhooks.jobs.reaper import Pace  # noqa: E402
from webhooks.metrics import Metrics  # noqa: E402
from webhooks.settings import Settings, read  # noqa: E402
from webhooks.work.workshop import Workshop  # noqa: E402

PACE = Pace(beat=0.2, dead=2.0, poll=0.1)


def workshop(settings: Settings) -> Workshop:
    assert settings.app_id is not None
    assert settings.private_key is not None
    github = GitHub(settings.base_url, settings.app_id, settings.private_key, pauses=False, web_url=settings.web_url)
    return Workshop(settings, Metrics(), github, PACE)


async def _serve(settings: Settings, works: Workshop, ready: Path) -> None:
    server = uvicorn.Server(uvicorn.Config(service.build(settings, workshop=works).app, log_config=None, lifespan="off"))
    # uvicorn sends itself the signal again when it has shut down: the workshop has yet to be stopped then
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    with socket.create_server((settings.host, settings.port), backlog=512) as listener:
        await works.start(work=settings.workers > 0)
        _announce(ready, f"http://127.0.0.1:{listener.getsockname()[1]}")
        await server.serve(sockets=[listener])
    await works.stop()


async def _work(works: Workshop, ready: Path) -> None:
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await works.start(work=True)
    _announce(ready, "works")
    await end.wait()
    await works.stop()


def _announce(ready: Path, text: str) -> None:
    made = ready.with_suffix(".new")
    made.write_text(text)
    os.replace(made, ready)


def main() -> int:
    kills.arm()
    given = {name: value for name, value in os.environ.items() if name not in (kills.DIE_AT, kills.DIE_ONCE, kills.KILLS)}
    settings = read(given, Path.cwd())
    journal.install("info")
    ready = Path(os.environ["READY"]) / str(os.getpid())
    works = workshop(settings)
    asyncio.run(_serve(settings, works, ready) if sys.argv[1] == "serve" else _work(works, ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
