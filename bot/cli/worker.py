"""`bot worker`: works on the jobs of a service, without its web side."""

from __future__ import annotations

import argparse
import asyncio
import signal
from typing import TYPE_CHECKING

from bot.cli import serving
from bot.cli.errors import CLEAN

if TYPE_CHECKING:
    from webhooks.settings import Settings


def run(options: argparse.Namespace) -> int:
    """Work until a signal."""
    from webhooks.settings import BadSettings

    try:
        asyncio.run(_work(serving.settings("worker", {})))
    except BadSettings as error:
        return serving.say(error)
    return CLEAN


async def _work(settings: Settings) -> None:
    from webhooks import journal, service
    from webhooks.settings import BadSettings

    if not settings.configured:
        raise BadSettings("No App is set up: set DEPLOYMEND_APP_ID and the other credentials, or open /setup of `bot serve`.")
    if settings.workers == 0:
        raise BadSettings("DEPLOYMEND_WORKERS is 0: this worker would do nothing.")
    workshop = service.build(settings).workshop
    assert workshop is not None  # it is configured
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await workshop.start(work=True)
    try:
        journal.log("bot.worker", "working", jobs=settings.workers)
        await end.wait()
    finally:
        await workshop.stop()
