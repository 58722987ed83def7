"""Puts the service together: settings → the app with its workshop.

The workshop is the job runtime with the workflow and the store of deliveries; everything else asks for no more of it than
stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fastapi import APIRouter, FastAPI

from webhooks.app import Unavailable, create_app
from webhooks.metrics import Metrics
from webhooks.model import Event
from webhooks.settings import BadSettings, Settings


class Workshop(Protocol):
    """Stores events and works on their jobs; a `Receiver` for the app."""

    async def start(self, work: bool) -> None:
        """Open the database and, with `work`, take jobs from the queue; `BadSettings` where the database can't be used."""

    async def stop(self) -> None:
        """Finish what can be finished in seconds and close everything; what is left goes on after the next start."""

    async def receive(self, delivery: str, event: Event) -> bool:
        """Store an event durably and enqueue its job; see `webhooks.app.Receiver`."""

    async def ready(self) -> dict[str, str]:
        """Say of each part (database, queue, disk) `ok` or what is wrong."""


class Service(NamedTuple):
    """What `bot serve` and `bot worker` run: they start the workshop, serve the app, and stop the workshop."""

    app: FastAPI
    workshop: Workshop | None  # None: nobody has set up an App, and only /setup can be used


def build(settings: Settings, *, stored: Callable[[], None] | None = None, workshop: Workshop | None = None) -> Service:
    """Return the service, nothing of it started.

    `stored` is called when /setup has stored credentials: the service has to be built again from them. Raises `BadSettings`.
    """
    metrics = Metrics()
    setup = _setup(settings, stored)
    if not settings.configured:
        return Service(create_app(settings, _Nowhere(), _not_set_up, setup=setup, metrics=metrics), None)
    workshop = workshop or _workshop(settings, metrics)
    return Service(create_app(settings, workshop, workshop.ready, setup=setup, metrics=metrics), workshop)


class _Nowhere:
    """The receiver of a service without an App: the app lets no delivery through to it."""

    async def receive(self, delivery: str, event: Event) -> bool:
        raise Unavailable("The App is not set up yet.")


async def _not_set_up() -> dict[str, str]:
    return {"app": "The App is not set up yet: open /setup."}


def _workshop(settings: Settings, metrics: Metrics) -> Workshop:
    """Return the workshop of these settings."""
    from webhooks.setup.credentials import key_trouble
    from webhooks.work.workshop import Workshop as Works

    if trouble := key_trouble(settings.private_key or ""):
        raise BadSettings(trouble)

    return Works(settings, metrics)


def _setup(settings: Settings, stored: Callable[[], None] | None) -> APIRouter | None:
    """Return the pages of /setup; none where there is neither an App nor a key with which one could be made."""
    if settings.setup_key is None and not settings.configured:
        return None
    from webhooks.setup import router

    return router(settings, key=settings.setup_key, stored=stored)
