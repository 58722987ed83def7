"""The log APIs of Render and Fly, for those who gave us a token, and the addresses by which platforms name a deploy.

A token of the service's owner reads the logs of all its services, and a delivery can name any of them: so a log is only read
for the repository that it belongs to. Render says which that is; for Fly, whoever runs the service lists it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from webhooks.github import download
from webhooks.github.errors import Denied, Gone, Trouble
from webhooks.github.excerpt import clean

RENDER = "https://api.render.com/v1"
FLY = "https://api.fly.io/api/v1"

_PAGE = 100  # lines that Render hands out at most in one answer
_PAGES = 30
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(minutes=2)  # around a deploy: its last lines come late
_RENDER_URL = re.compile(
    r"/[a-z]{1,12}/(?P<service>(?:srv|crn)-[a-z0-9]{6,40})(?:/deploys/(?P<deploy>dep-[a-z0-9]{6,40}))?(?:/.*)?"
)
_UNEXPECTED = (ValueError, KeyError, TypeError, AttributeError)  # an answer of another form than the one that is documented
_FLY_URL = re.compile(r"/apps/(?P<app>[a-z0-9][a-z0-9-]{0,62})(?:/.*)?")


class LogAccess(NamedTuple):
    """From where logs may be read besides GitHub.

    `hosts` are those whose pages hold plain logs ("logs.example.com", "*.example.com"); `fly_apps` says to which repository a
    Fly app belongs, app → owner/name.
    """

    hosts: tuple[str, ...] = ()
    render_key: str | None = None
    fly_token: str | None = None
    fly_apps: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"LogAccess({self.hosts!r}, render_key={bool(self.render_key)}, fly_token={bool(self.fly_token)})"


class RenderDeploy(NamedTuple):
    """A service, and a deploy of it if the address names one."""

    service: str
    deploy: str | None


def render_deploy(url: str) -> RenderDeploy | None:
    """Return what an address of Render's dashboard names.

    Source: such addresses in public repositories, https://dashboard.render.com/web/srv-…/deploys/dep-….
    """
    parts = urlsplit(url)
    found = _RENDER_URL.fullmatch(parts.path) if parts.hostname == "dashboard.render.com" else None
    return RenderDeploy(found["service"], found["deploy"]) if found else None


def fly_app(url: str) -> str | None:
    """Return the app that an address of Fly's dashboard names: https://fly.io/apps/NAME/monitoring, as flyctl prints it."""
    parts = urlsplit(url)
    found = _FLY_URL.fullmatch(parts.path) if parts.hostname == "fly.io" else None
    return found["app"] if found else None


def render_log(
    access: LogAccess,
    repository_url: str,
    named: RenderDeploy,
    sha: str = "",
    *,
    api: str = RENDER,
    limits: download.Limits = download.LIMITS,
) -> str:
    """Return the lines that Render logged for a deploy, oldest first, redacted; raises one of `errors`.

    `repository_url` is the page of the repository that asks; a service of another one is `Denied`. Without a deploy's id, the
    newest deploy of the commit `sha` is taken.

    Source: Render's own client, made from its API's description (render-oss/cli, pkg/client, August 2026): services/{id} with
    `ownerId` and `repo`; services/{id}/deploys/{id} with `createdAt` and `finishedAt`; logs with `ownerId`, `resource`,
    `startTime`, `endTime`, `direction`, `limit`, answered with `logs`, `hasMore`, `nextStartTime`, `nextEndTime`.
    """
    doing = f"read the log of {named.service}"
    if not access.render_key:
        raise Denied(f"Can't {doing}: no key for Render's API is set.")
    headers = {"Authorization": f"Bearer {access.render_key}", "Accept": "application/json"}

    def ask(path: str, **params: str) -> Any:
        return json.loads(download.answer(f"{api}{path}", headers, params, doing, "Render", limits))

    try:
        service = ask(f"/services/{named.service}")
        if not _same_repository(str(service.get("repo") or ""), repository_url):
            raise Denied(f"Can't {doing}: it is a service of another repository.")
        deploy = (
            ask(f"/services/{named.service}/deploys/{named.deploy}") if named.deploy else _deploy_of(ask, named.service, sha)
        )
        if not deploy:
            raise Gone(f"Can't {doing}: it has no deploy of {sha[:7]}.")
        start = datetime.fromisoformat(str(deploy.get("startedAt") or deploy["createdAt"])) - _BEFORE
        params = {"ownerId": str(service["ownerId"]), "resource": named.service, "direction": "backward", "limit": str(_PAGE)}
        params["startTime"] = start.isoformat()
        if deploy.get("finishedAt"):
            params["endTime"] = (datetime.fromisoformat(str(deploy["finishedAt"])) + _AFTER).isoformat()
        return clean("\n".join(_render_lines(ask, params)))
    except _UNEXPECTED:
        failed = _unexpected(doing, "Render")
    raise failed


def fly_log(access: LogAccess, full_name: str, app: str, *, api: str = FLY, limits: download.Limits = download.LIMITS) -> str:
    """Return the newest lines that Fly has of an app, redacted; raises one of `errors`.

    Source: fly.io/docs/monitoring/logs-api-options ("HTTP API (same as fly logs)": /api/v1/apps/NAME/logs, JSON lines) and
    superfly/fly-go (resource_logs.go: `data` with `attributes`; auth.go: "FlyV1" before tokens that begin with fm1r_ or fm2_,
    "Bearer" before others). The page says that it is not officially documented, so any other form is `Trouble`.
    """
    doing = f"read the log of {app}"
    if not access.fly_token:
        raise Denied(f"Can't {doing}: no token for Fly is set.")
    owner = access.fly_apps.get(app)
    if not owner or owner.lower() != full_name.lower():
        raise Denied(f"Can't {doing}: it is not listed as an app of {full_name}.")
    headers = {"Authorization": _fly_authorization(access.fly_token)}
    body = download.answer(f"{api}/apps/{app}/logs", headers, {}, doing, "Fly", limits)
    try:
        return clean("\n".join(_fly_lines(body)))
    except _UNEXPECTED:
        failed = _unexpected(doing, "Fly")
    raise failed


def _deploy_of(ask: Callable[..., Any], service: str, sha: str) -> dict[str, Any] | None:
    """Return the newest deploy of a commit; the list has {cursor, deploy} pairs, newest first."""
    for one in ask(f"/services/{service}/deploys", limit="50"):
        deploy = one.get("deploy") or {}
        if sha and (deploy.get("commit") or {}).get("id") == sha:
            return dict(deploy)
    return None


def _render_lines(ask: Callable[..., Any], params: dict[str, str]) -> list[str]:
    entries: list[tuple[str, str]] = []
    for _ in range(_PAGES):
        page = ask("/logs", **params)
        for one in page["logs"]:
            if {"name": "type", "value": "request"} not in one.get("labels", ()):
                entries.append((str(one["timestamp"]), str(one["message"])))
        if not page.get("hasMore"):
            break
        params = {**params, "startTime": str(page["nextStartTime"]), "endTime": str(page["nextEndTime"])}
    return [f"{timestamp} {message}" for timestamp, message in reversed(entries)]


def _fly_lines(body: str) -> list[str]:
    """Return the lines of a document with `data`, or of JSON lines."""
    try:
        whole = [json.loads(body)]
    except ValueError:
        whole = [json.loads(line) for line in body.splitlines() if line.strip()]
    entries = whole[0].get("data") if len(whole) == 1 and isinstance(whole[0], dict) and "data" in whole[0] else whole
    lines = []
    for one in entries or ():
        told = one.get("attributes", one) if isinstance(one, dict) else {}
        if isinstance(told, dict) and "message" in told:
            place = f"{told.get('instance') or ''} {told.get('region') or ''} [{told.get('level') or 'info'}]".strip()
            lines.append(f"{told.get('timestamp') or ''} {place} {told['message']}".strip())
    return lines


def _fly_authorization(token: str) -> str:
    if token.startswith(("FlyV1 ", "Bearer ")):
        return token
    macaroon = any(one.split("_", 1)[0] in ("fm1r", "fm2") for one in token.split(","))
    return f"{'FlyV1' if macaroon else 'Bearer'} {token}"


def _same_repository(first: str, second: str) -> bool:
    def plain(url: str) -> str:
        return url.lower().rstrip("/").removesuffix(".git").partition("://")[2]

    return bool(plain(first)) and plain(first) == plain(second)


def _unexpected(doing: str, who: str) -> Trouble:
    return Trouble(f"Can't {doing}: {who}'s answer was not what it should be.")
