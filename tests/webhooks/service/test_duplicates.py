"""Ten thousand deliveries of one failure, in any order, over HTTP's own way in: one job, one pull request."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import time
import uuid
from typing import Any

from tests.github import deliveries
from tests.webhooks.service.shops import Shop, Shops
from webhooks import service
from webhooks.app import PATH

NUMBER = int(os.environ.get("DEPLOYMEND_DELIVERIES", "10000"))
AT_ONCE = 16


def letters(shop: Shop) -> list[tuple[str, bytes]]:
    """Return the signals of one failed deploy."""
    job = shop.failed_job()
    run = next(run for run in shop.repository.runs.values() if job in run.jobs)
    check = shop.standin.check(shop.name, shop.head, "fly deploy", app="fly-io", branch="main")
    made = [
        ("workflow_job", {"action": "completed", "thing": job}),
        ("workflow_run", {"action": "completed", "thing": run}),
        ("check_run", {"action": "completed", "thing": check}),
        ("check_suite", {"action": "completed", "thing": check.suite}),
        ("deployment_status", {"sha": shop.head, "log_url": "https://fly.io/apps/x"}),
        ("status", {"sha": shop.head, "context": "ci/deploy"}),
    ]
    return [(event, shop.standin.delivery(event, repository=shop.name, **told)[1]) for event, told in made]


async def sent(shops: Shops, post: list[tuple[dict[str, str], bytes]]) -> dict[str, int]:
    app = service.build(shops.settings, workshop=shops.workshop).app
    found: dict[str, int] = {}
    waiting = iter(post)

    async def carry() -> None:
        for headers, body in waiting:
            status, answered = await call(app, headers, body)
            said = f"{status} {answered.get('status')}"
            found[said] = found.get(said, 0) + 1

    await asyncio.gather(*(carry() for _ in range(AT_ONCE)))
    return found


async def call(app: Any, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    """Send one request as a server does; a client of HTTP would take more time than what it asks."""
    heads = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "root_path": ""}
    scope |= {"scheme": "http", "query_string": b"", "headers": heads, "server": ("service.example", 80), "client": None}
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    return told[0]["status"], json.loads(b"".join(message.get("body", b"") for message in told[1:]))


def test_ten_thousand_deliveries_are_one_pull_request(shops: Shops) -> None:
    shop = shops.shop()
    app, chance = shop.standin.app, random.Random(7)
    each = letters(shop)
    post = []
    for number, (event, body) in zip(range(NUMBER), itertools.cycle(each), strict=False):
        # half of them under ids that came before
        delivery = str(uuid.UUID(int=number if number % 2 else number % 97, version=4))
        post.append((deliveries.headers(event, body, app.webhook_secret, delivery, app.id), body))
    chance.shuffle(post)
    begun = time.monotonic()
    answered = shops.run(sent(shops, post), 600)
    took = time.monotonic() - begun
    shops.idle()
    shops.run(shops.workshop.receiver.sweep(0))  # what came while the job ran waits for its end
    shops.idle()
    assert shops.workshop.store.waiting() == []
    print(f"{NUMBER} deliveries in {took:.1f} s: {answered}")
    assert sum(answered.values()) == NUMBER
    assert set(answered) <= {"202 stored", "202 repeated", "202 dropped"}
    assert list(shops.jobs(shop.name)) == [f"{shop.name}@{shop.head}:1"]
    assert (len(shop.pulls), len(shop.branches), len(shop.checks)) == (1, 1, 1)
    assert len([one for one in shop.standin.sent("POST /repos/{owner}/{repo}/pulls") if shop.name in one.path]) == 1
