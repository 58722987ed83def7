"""The rim of the service: deliveries in, health and counters out. It decides nothing; see `events` and `rules`.

A delivery that is not signed by one of our secrets is neither parsed nor stored; one that concerns nobody is answered before
anything is written; any other is stored before it is answered.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from webhooks import body, events, journal, signature
from webhooks.metrics import CONTENT_TYPE, Metrics
from webhooks.model import Dropped, Event
from webhooks.rules import Rules
from webhooks.settings import BadSettings, Settings

PATH = "/webhooks/github"
_READY_SECONDS = 5.0
_LOG = "webhooks.app"

Ready = Callable[[], Awaitable[dict[str, str]]]


class Unavailable(Exception):
    """What a delivery would be stored in does not answer; the sentence says what, and holds no secret."""


class Receiver(Protocol):
    """Where events go."""

    async def receive(self, delivery: str, event: Event) -> bool:
        """Store an event durably and see to its job, before this returns.

        The same delivery again changes nothing and is answered False. Raises `Unavailable` when it could not be stored.
        """


def create_app(
    settings: Settings,
    receiver: Receiver,
    ready: Ready,
    *,
    setup: APIRouter | None = None,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Return the application.

    `ready` says of each part (database, queue, disk) `ok` or what is wrong with it. `setup` has the pages of /setup; without
    an App's credentials only they can be of use, and without them nothing: then `BadSettings` is raised.
    """
    if not settings.webhook_secrets and (settings.configured or setup is None):
        raise BadSettings("DEPLOYMEND_WEBHOOK_SECRET is not set: without it nobody could tell GitHub's deliveries from others.")
    app = FastAPI(title="Deploymend", openapi_url=None, redirect_slashes=False)
    rim = _Rim(settings, receiver, ready, metrics or Metrics())
    app.add_api_route(PATH, rim.deliver, methods=["POST"])
    for path, answer in (("/health", rim.alive), ("/health/ready", rim.readiness), ("/metrics", rim.counted)):
        app.add_api_route(path, answer, methods=["GET", "HEAD"])
    app.add_exception_handler(Exception, rim.failed)
    if setup is not None:
        app.include_router(setup)
    return app


class _Rim:
    """The answers to requests."""

    def __init__(self, settings: Settings, receiver: Receiver, ready: Ready, metrics: Metrics) -> None:
        self._settings, self._receiver, self._ready, self._metrics = settings, receiver, ready, metrics
        self._me = None if settings.app_id is None else events.Me(settings.app_id, settings.slug)
        self._rules = Rules(settings.checks)
        self._bodies = body.Bodies()

    async def deliver(self, request: Request) -> Response:
        """Answer a delivery: 202 once it is stored or concerns nobody."""
        begun = perf_counter()
        event, outcome, reason = "other", "failed", "error"
        try:
            if self._me is None:
                raise body.Refused(503, "not set up", "The App is not set up yet: open /setup.")
            head = body.head(request.headers)
            event, request.state.delivery = head.event, head.delivery
            with journal.concerning(delivery=head.delivery):
                outcome, reason = await self._take(head, request, self._me)
                milliseconds = round((perf_counter() - begun) * 1000, 1)
                level = logging.DEBUG if outcome == "dropped" else logging.INFO
                said = {"event": event, "outcome": outcome, "reason": reason, "milliseconds": milliseconds}
                journal.log(_LOG, "delivery", level=level, **said)
            return JSONResponse({"status": outcome, "reason": reason} if reason else {"status": outcome}, 202)
        except body.Refused as error:
            outcome, reason = "refused", error.reason
            journal.log(_LOG, "refused", status=error.status, reason=reason, delivery=getattr(request.state, "delivery", None))
            return JSONResponse({"detail": error.sentence}, error.status, {"Connection": "close"})
        except Unavailable as error:
            outcome, reason = "failed", "unavailable"
            with journal.concerning(delivery=request.state.delivery):
                journal.log(_LOG, "not stored", level=logging.ERROR, event=event, error=str(error))
            return JSONResponse({"detail": "The delivery could not be stored: send it again later."}, 503)
        finally:
            self._metrics.delivery(event, outcome, reason, perf_counter() - begun)

    async def _take(self, head: body.Head, request: Request, me: events.Me) -> tuple[str, str]:
        """Return what became of a delivery, and why."""
        raw = await self._bodies.read(request.stream())
        if not signature.made_with(self._settings.webhook_secrets, raw, head.signature):
            raise body.unsigned()
        if head.event not in events.READ:
            return "dropped", "ping" if head.event == "ping" else "event"
        found = events.read(head.event, body.parse(raw), me, self._rules)
        if isinstance(found, Dropped):
            return "dropped", found.reason
        return ("stored" if await self._receiver.receive(head.delivery, found) else "repeated"), ""

    async def alive(self) -> Response:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    async def readiness(self) -> Response:
        """Say whether deliveries can be stored and jobs can run, part by part."""
        try:
            async with asyncio.timeout(_READY_SECONDS):
                parts = await self._ready()
        except TimeoutError:
            parts = {"service": f"no answer in {_READY_SECONDS:.0f} seconds"}
        good = all(state == "ok" for state in parts.values())
        shown = {part: journal.told(state) for part, state in parts.items()}
        return JSONResponse({"status": "ok" if good else "not ready", "parts": shown}, 200 if good else 503)

    async def counted(self, request: Request) -> Response:
        """Return the counters, to whom may see them."""
        token = self._settings.metrics_token
        given = request.headers.get("authorization", "").encode()
        if token is not None and not hmac.compare_digest(given, f"Bearer {token}".encode()):
            return JSONResponse({"detail": "The metrics are for the holder of a token."}, 401, {"WWW-Authenticate": "Bearer"})
        return Response(await asyncio.to_thread(self._metrics.text), media_type=CONTENT_TYPE)

    async def failed(self, request: Request, error: Exception) -> Response:
        """Answer a fault of ours: the journal has where it is, the sender one sentence."""
        with journal.concerning(delivery=getattr(request.state, "delivery", "")):
            logging.getLogger(_LOG).error("internal error", exc_info=error)
        return JSONResponse({"detail": "Something is wrong with this service; its log says what."}, 500)
