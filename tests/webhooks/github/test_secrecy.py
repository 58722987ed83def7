"""The logs of the libraries that we talk through hold no secrets, at no level."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from github import Auth
from github.Requester import Requester

from tests.webhooks.github.answers import Answer, Asked, serving, told
from webhooks.github.secrecy import keep_quiet

CANARY = "c4n4ry" * 6


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    keep_quiet()
    keep_quiet()
    caplog.set_level(logging.DEBUG)
    for name in ("github.Requester", "httpx", "httpcore", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)


def requester(url: str) -> Requester:
    return Requester(Auth.Token(CANARY), url, 5, "Deploymend", 100, True, 0, None)


def test_answers_with_tokens_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda _: told({"token": CANARY, "expires_at": "x"}, x_secret=CANARY)) as server:
        asks = requester(server.url)
        asks.requestJsonAndCheck("POST", f"/app/installations/7/access_tokens?secret={CANARY}", input={"key": CANARY})
        asks.close()
    assert f"POST {server.url.replace(f':{server.port}', '')}/app/installations/7/access_tokens?••• 200" in caplog.messages
    assert CANARY not in caplog.text


def test_signed_addresses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(url: str) -> None:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {CANARY}"}) as client:
            await client.get(url)

    def answer(_: Asked) -> Answer:
        return Answer(302, b"", {"location": f"https://store.example/log?sig={CANARY}", "set-cookie": CANARY})

    with serving(answer) as server:
        asyncio.run(ask(f"{server.url}/log?sig={CANARY}"))
    assert any(one.startswith("HTTP Request: GET") for one in caplog.messages)
    assert CANARY not in caplog.text


def test_connections_that_fail_are_logged_without_their_address(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("urllib3.connectionpool")
    try:
        raise ValueError(f"https://store.example/log?sig={CANARY}")
    except ValueError as error:
        log.warning("Retrying (%r) after connection broken by '%r': %s", 3, error, f"/log?sig={CANARY}", exc_info=True)
    assert "Retrying (3)" in caplog.text
    assert CANARY not in caplog.text
