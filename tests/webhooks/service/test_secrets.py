"""Secrets of logs, and our own tokens, stand nowhere but where they have to: no body, no row, no file, no command line."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.webhooks.service import bench as benches
from tests.webhooks.service import shops as making
from tests.webhooks.service.shops import Shop, Shops
from webhooks import journal
from webhooks.work import context
from webhooks.work import store as stores

CANARIES = (
    "ghp_Canary0123456789abcdefABCDEF0123456789ab"[:40],
    "canary-password-7c1f",
    "FlyV1 fm2_canaryCANARYcanaryCANARYcanaryCANARY0123456789",
    "rnd_CanaryCanaryCanary0123456789ab",
)
TOLD = "\n".join(
    (
        f"GITHUB_TOKEN={CANARIES[0]}",
        f"DATABASE_URL=postgres://app:{CANARIES[1]}@db.internal:5432/app",
        f"FLY_API_TOKEN={CANARIES[2]}",
        f"RENDER_API_KEY={CANARIES[3]}",
        "",
    )
)


def secrets(shops: Shops) -> list[str]:
    own = [*shops.standin.tokens, shops.standin.app.webhook_secret, shops.standin.app.private_key.splitlines()[3]]
    return [*CANARIES, CANARIES[2].partition(" ")[2], *own]


def rows(engine: sa.Engine) -> Iterator[str]:
    meta = sa.MetaData()
    meta.reflect(engine)
    with engine.connect() as connection:
        for table in meta.sorted_tables:
            for row in connection.execute(sa.text(f'SELECT * FROM "{table.name}"')):
                yield f"{table.name}: {json.dumps([str(value) for value in row])}"


@contextmanager
def watched() -> Iterator[set[str]]:
    """Collect the command lines of all processes."""
    seen: set[str] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.002):
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:
                    continue

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join(10)


def failed_with_secrets(shop: Shop) -> None:
    """Let a deploy fail with secrets in all that GitHub tells of it, and do all that writes."""
    log = benches.log("docflow/d")
    job = shop.failed_job(log=f"{TOLD}{log}{TOLD}")
    shop.take("workflow_job", action="completed", thing=job)
    notes = {"path": "fly.toml", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": TOLD, "title": "x"}
    check = shop.standin.check(
        shop.name, shop.head, "fly deploy", app="fly-io", branch="main", summary=TOLD, text=TOLD, annotations=(notes,)
    )
    shop.take("check_run", action="completed", thing=check)
    shop.take("status", sha=shop.head, context="ci/deploy", description=f"GITHUB_TOKEN={CANARIES[0]}")
    page = shop.standin.log_page(TOLD)
    shop.take("deployment_status", sha=shop.head, log_url=page, description=f"postgres://app:{CANARIES[1]}@db/app")


def test_no_secret_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context.Context, "tidy", lambda *_: None)  # what a job leaves is looked at, too
    monkeypatch.setattr(stores.Store, "forget_job", lambda *_: None)
    stream = io.StringIO()
    with making.shops(tmp_path, settle_seconds=1) as shops:
        handler = journal.install("debug", stream)
        shop = shops.shop()
        with watched() as commands:
            failed_with_secrets(shop)
            shops.idle()
            before = list(rows(shops.workshop.engine))
            shop.push({"NOTES.md": "1\n"})
            shop.say("/deploymend fix", shop.pull.number)
        known = secrets(shops)
        assert len(shop.pulls) == 1
        assert len(shops.standin.tokens) > 2
        for asked in ("actions/jobs/{job_id}/logs", "check-runs/{check_run_id}"):
            assert [one for one in shops.standin.sent(f"GET /repos/{{owner}}/{{repo}}/{asked}") if shop.name in one.path], asked
        said = [f"{issue.title}\n{issue.body}" for issue in shop.pulls]
        said += [f"{check.title}\n{check.summary}\n{check.text}\n{check.annotations}" for check in shop.checks]
        said += shop.comments()
        said += [commit.message for commit in shop.repository.git.commits("--all")]
        places = {
            "what was said": said,
            "rows": [*before, *rows(shops.workshop.engine)],
            "command lines": sorted(commands),
            "the journal": stream.getvalue().splitlines(),
        }
        files = [path for path in shops.settings.data.rglob("*") if path.is_file()]
        assert any("objects" in path.parts for path in files)
        places["files"] = [path.read_bytes().decode("latin-1") for path in files]
        journal.logging.getLogger().removeHandler(handler)
    for place, texts in places.items():
        assert texts, place
        for text in texts:
            found = [secret[:12] for secret in known if secret in text]
            assert not found, f"{place}: {found} in {text[:300]}"


def test_the_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    with making.shops(tmp_path) as shops:
        paths = list(shops.settings.data.iterdir())
        assert paths
        for path in paths:
            assert path.stat().st_mode & 0o077 == 0, path


def test_an_enterprise_server_is_served_as_well(tmp_path: Path) -> None:
    with making.shops(tmp_path, prefix="/api/v3") as shops:
        shop = shops.shop()
        shop.fail()
        assert shops.settings.base_url.endswith("/api/v3")
        assert shop.pull.state == "open"
        assert shop.check().details_url.endswith(f"/pull/{shop.pull.number}")
