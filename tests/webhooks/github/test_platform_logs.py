"""Render's and Fly's log APIs, asked only for what belongs to the repository that asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.webhooks.github.answers import Answer, Asked, Server, serving, told
from webhooks.github import platform_logs
from webhooks.github.errors import Denied, Failed, Gone, Limited, Trouble
from webhooks.github.platform_logs import LogAccess, RenderDeploy, fly_app, fly_log, render_deploy, render_log

KEY = "rnd_" + "c4n4ry" * 5
REPOSITORY = "https://github.com/acme/shop"
SERVICE = {"id": "srv-abc123def", "ownerId": "tea-1", "repo": "https://github.com/Acme/shop.git"}
DEPLOY = {
    "id": "dep-abc123def",
    "commit": {"id": "f" * 40},
    "createdAt": "2026-11-29T11:00:00Z",
    "startedAt": "2026-11-29T11:00:10Z",
    "finishedAt": "2026-11-29T11:05:00.5Z",
}
LABELS = [{"name": "type", "value": "build"}]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (
            "https://dashboard.render.com/web/srv-abc123def/deploys/dep-abc123def?r=2026",
            RenderDeploy("srv-abc123def", "dep-abc123def"),
        ),
        ("https://dashboard.render.com/worker/srv-abc123def", RenderDeploy("srv-abc123def", None)),
        ("https://dashboard.render.com/cron/crn-abc123def/logs", RenderDeploy("crn-abc123def", None)),
        ("https://dashboard.render.com/web/srv-../deploys/dep-abc123def", None),
        ("https://dashboard.render.com.evil.example/web/srv-abc123def", None),
        ("https://shop.onrender.com/", None),
    ],
)
def test_dashboard_names_a_deploy(url: str, named: RenderDeploy | None) -> None:
    assert render_deploy(url) == named


@pytest.mark.parametrize(
    ("url", "app"),
    [("https://fly.io/apps/shop-api/monitoring", "shop-api"), ("https://fly.io/apps/shop", "shop"),
     ("https://fly.io/docs", None),
     ("https://fly.io.evil.example/apps/shop", None), ("https://fly.io/apps/..%2f..", None), ("https://shop.fly.dev/", None)],
)  # fmt: skip
def test_dashboard_names_an_app(url: str, app: str | None) -> None:
    assert fly_app(url) == app


def render(asked: Asked, pages: list[Any] | None = None) -> Answer:
    match asked.path:
        case "/services/srv-abc123def":
            return told(SERVICE)
        case "/services/srv-abc123def/deploys/dep-abc123def":
            return told(DEPLOY)
        case "/services/srv-abc123def/deploys":
            return told([{"cursor": "a", "deploy": {**DEPLOY, "commit": {"id": "0" * 40}}}, {"cursor": "b", "deploy": DEPLOY}])
        case "/logs" if asked.query.get("startTime", "").startswith("2026-11-29T11:00:05"):
            return told(
                {
                    "logs": [
                        {
                            "id": "3",
                            "timestamp": "2026-11-29T11:04:59Z",
                            "message": f"\x1b[31m==> Build failed {KEY}",
                            "labels": LABELS,
                        },
                        {
                            "id": "x",
                            "timestamp": "2026-11-29T11:03:59Z",
                            "message": "GET /",
                            "labels": [{"name": "type", "value": "request"}],
                        },
                    ],
                    "hasMore": True,
                    "nextStartTime": "2026-11-29T11:00:04Z",
                    "nextEndTime": "2026-11-29T11:03:00Z",
                }
            )
        case "/logs":
            return told(
                {"logs": [{"timestamp": "2026-11-29T11:01:00Z", "message": "==> Cloning", "labels": LABELS}], "hasMore": False}
            )
        case _:
            return told({"message": "no"}, 404)


ACCESS = LogAccess(render_key=KEY)


def ask_render(
    server: Server, named: RenderDeploy, sha: str = "", repository: str = REPOSITORY, access: LogAccess = ACCESS
) -> str:
    return render_log(access, repository, named, sha, api=server.url)


def test_log_of_a_deploy_is_read_in_its_order_without_requests_and_redacted() -> None:
    with serving(render) as server:
        text = ask_render(server, RenderDeploy("srv-abc123def", "dep-abc123def"))
    assert text == "2026-11-29T11:01:00Z ==> Cloning\n2026-11-29T11:04:59Z ==> Build failed •••"
    assert {one.headers["authorization"] for one in server.asked} == {f"Bearer {KEY}"}
    first, second = [one.query for one in server.asked if one.path == "/logs"]
    assert first == {
        "ownerId": "tea-1",
        "resource": "srv-abc123def",
        "direction": "backward",
        "limit": "100",
        "startTime": "2026-11-29T11:00:05+00:00",
        "endTime": "2026-11-29T11:07:00.500000+00:00",
    }
    assert (second["startTime"], second["endTime"]) == ("2026-11-29T11:00:04Z", "2026-11-29T11:03:00Z")


def test_deploy_is_found_by_its_commit() -> None:
    with serving(render) as server:
        assert "==> Build failed" in ask_render(server, RenderDeploy("srv-abc123def", None), "f" * 40)
        with pytest.raises(Gone, match="no deploy of eeeeeee"):
            ask_render(server, RenderDeploy("srv-abc123def", None), "e" * 40)


@pytest.mark.parametrize(
    "repository", ["https://github.com/mallory/shop", "https://ghe.example/acme/shop", "https://github.com/acme/shop2"]
)
def test_service_of_another_repository_is_denied_before_its_log_is_asked_for(repository: str) -> None:
    with serving(render) as server, pytest.raises(Denied, match="a service of another repository"):
        ask_render(server, RenderDeploy("srv-abc123def", "dep-abc123def"), repository=repository)
    assert [one.path for one in server.asked] == ["/services/srv-abc123def"]


def test_service_without_a_repository_belongs_to_nobody() -> None:
    with serving(lambda _: told({**SERVICE, "repo": None})) as server, pytest.raises(Denied, match="another repository"):
        ask_render(server, RenderDeploy("srv-abc123def", "dep-abc123def"), repository="")


def test_without_a_key_nothing_is_asked() -> None:
    with serving(render) as server, pytest.raises(Denied, match="no key for Render's API is set"):
        ask_render(server, RenderDeploy("srv-abc123def", None), access=LogAccess())
    assert not server.asked


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(told({"message": f"bad key {KEY}"}, 401), Denied), (told({}, 404), Gone), (told({}, 503), Trouble),
     (Answer(200, b"<html>"), Trouble), (told([]), Trouble), (told({"repo": REPOSITORY}), Trouble), (told(None), Trouble),
     (told({"message": "rate limit exceeded"}, 429, retry_after="30"), Limited)],
)  # fmt: skip
def test_answers_become_failures_without_the_key(answer: Answer, kind: type[Failed]) -> None:
    with serving(lambda _: answer) as server, pytest.raises(kind) as raised:
        ask_render(server, RenderDeploy("srv-abc123def", None))
    assert KEY not in str(raised.value)


def test_paging_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_logs, "_PAGES", 3)

    def endless(asked: Asked) -> Answer:
        page = {"logs": [], "hasMore": True, "nextStartTime": "2026-11-29T11:00:04Z", "nextEndTime": "2026-11-29T11:03:00Z"}
        return told(page) if asked.path == "/logs" else render(asked)

    with serving(endless) as server:
        assert ask_render(server, RenderDeploy("srv-abc123def", "dep-abc123def")) == ""
    assert len(server.asked) == 2 + 3


FLY = LogAccess(fly_token="fm2_" + "c4n4ry" * 5, fly_apps={"shop-api": "Acme/Shop"})
LINE = {"timestamp": "2026-11-29T11:00:00Z", "message": "boot\x1b[0m", "level": "info", "instance": "48e", "region": "cdg"}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"data": [{"id": "1", "attributes": LINE}], "meta": {"next_token": "x"}}),
        json.dumps(LINE),
        f"{json.dumps(LINE)}\n\n{json.dumps({'other': 1})}\n",
    ],
)
def test_lines_of_an_app_in_both_forms(body: str) -> None:
    with serving(lambda _: Answer(200, body.encode())) as server:
        assert fly_log(FLY, "acme/shop", "shop-api", api=server.url) == "2026-11-29T11:00:00Z 48e cdg [info] boot"
    assert server.asked[0].path == "/apps/shop-api/logs"
    assert server.asked[0].headers["authorization"] == f"FlyV1 {FLY.fly_token}"


@pytest.mark.parametrize(
    ("token", "header"),
    [
        ("fm1r_a,fm2_b", "FlyV1 fm1r_a,fm2_b"),
        ("FlyV1 fm2_b", "FlyV1 fm2_b"),
        ("fo1_abc", "Bearer fo1_abc"),
        ("plain", "Bearer plain"),
    ],
)
def test_token_is_introduced_as_flyctl_does(token: str, header: str) -> None:
    assert platform_logs._fly_authorization(token) == header


@pytest.mark.parametrize(("full_name", "app"), [("mallory/shop", "shop-api"), ("acme/shop", "shop-db"), ("", "other")])
def test_app_that_is_not_listed_for_the_repository_is_denied(full_name: str, app: str) -> None:
    with serving(lambda _: told({"data": []})) as server, pytest.raises(Denied, match="not listed as an app of"):
        fly_log(FLY, full_name, app, api=server.url)
    assert not server.asked


def test_unknown_form_is_trouble() -> None:
    with (
        serving(lambda _: Answer(200, b"<html>")) as server,
        pytest.raises(Trouble, match="Fly's answer was not what it should be"),
    ):
        fly_log(FLY, "acme/shop", "shop-api", api=server.url)


def test_tokens_don_t_show() -> None:
    assert KEY not in repr(ACCESS)
    assert "c4n4ry" not in repr(FLY)
