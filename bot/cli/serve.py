"""`bot serve`: listens to GitHub's deliveries, and works on their jobs unless that is left to `bot worker`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from bot.cli import serving
from bot.cli.errors import CLEAN, TROUBLE, Refused

if TYPE_CHECKING:
    from webhooks.settings import Settings

_AT_ONCE = 512  # connections; more are answered 503
_GRACE = 10  # seconds for requests that are being answered when the service ends


def run(options: argparse.Namespace) -> int:
    """Run until a signal; once /setup has stored an App's credentials, start again with them."""
    more = {"DEPLOYMEND_HOST": options.host, "DEPLOYMEND_PORT": None if options.port is None else str(options.port)}
    from webhooks.settings import BadSettings

    try:
        settings = serving.settings("serve", more)
        chosen = settings.setup_key is not None
        if not chosen and not settings.configured:
            from webhooks.setup import new_key

            settings = replace(settings, setup_key=new_key())
            more["DEPLOYMEND_SETUP_KEY"] = settings.setup_key  # as long as this process runs
        with listening(settings.host, settings.port) as listener:
            while asyncio.run(_serve(settings, listener, None if chosen else settings.setup_key)):
                settings = serving.settings("serve", more)
    except BadSettings as error:
        return serving.say(error)
    return CLEAN


def listening(host: str, port: int) -> socket.socket:
    """Return the socket to serve at; raises `Refused` where nothing can listen."""
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_AT_ONCE
        )
    except OSError as error:
        why = (error.strerror or "no such host").partition(" (")[0]  # the address stands here already
        raise Refused(f"nothing can listen at {host}:{port} ({why}); see --host and --port") from None
    # asyncio does it for sockets that it opens itself; without it each answer waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(settings: Settings, listener: socket.socket, made_up: str | None) -> bool:
    """Serve until a signal (False), or until there are new credentials (True); a setup key that was `made_up` is printed."""
    import uvicorn

    from webhooks import journal, service
    from webhooks.setup.session import announcement

    again = False

    def stored() -> None:
        nonlocal again
        again = server.should_exit = True

    def ended(number: int, frame: FrameType | None) -> None:
        nonlocal again
        again, server.should_exit = False, True

    built = service.build(settings, stored=stored)
    config = uvicorn.Config(
        built.app,
        lifespan="off",
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_AT_ONCE,
        timeout_graceful_shutdown=_GRACE,
    )
    server = uvicorn.Server(config)
    # uvicorn passes a signal on when it has shut down, and the workshop has yet to be stopped then.
    before = {number: signal.signal(number, ended) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if built.workshop is not None:
            await built.workshop.start(work=settings.workers > 0)
        address = _address(listener)
        invitation = "" if settings.configured else f"; {announcement(address, settings.public_url, made_up)}"
        print(f"Deploymend listens at {address}{invitation}", flush=True)
        journal.log("bot.serve", "listening", address=address, configured=settings.configured)
        try:
            await server.serve(sockets=[listener.dup()])
        finally:
            if built.workshop is not None:
                await built.workshop.stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return again


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def main() -> int:
    """Be `bot serve` with the environment alone: what the image starts, without a command line to take apart."""
    try:
        return run(argparse.Namespace(host=None, port=None))
    except Refused as error:
        print(f"bot: {error}", file=sys.stderr)
        return TROUBLE


if __name__ == "__main__":
    sys.exit(main())
