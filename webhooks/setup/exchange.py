"""What is said to GitHub here: the conversion of a code into credentials, and two questions about the App that came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
from github import Auth

from webhooks.credentials import Credentials
from webhooks.setup.credentials import Unexpected, from_answer
from webhooks.setup.places import GitHub

CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")  # the code becomes a part of the path that is asked for
_HEADERS = {"Accept": "application/vnd.github+json", "User-Agent": "deploymend", "X-GitHub-Api-Version": "2022-11-28"}
Client = Callable[[], httpx.AsyncClient]


class Failed(Exception):
    """GitHub could not be asked, or said no; one sentence."""


class Registered(NamedTuple):
    """What GitHub says of the App itself."""

    name: str
    html_url: str  # its public page
    settings_url: str  # the page where its owner changes it
    permissions: dict[str, str]
    events: tuple[str, ...]
    installations: int | None
    hook_url: str | None


def client() -> httpx.AsyncClient:
    """Return a client for a few questions: short limits of time, no redirects, TLS checked."""
    return httpx.AsyncClient(timeout=httpx.Timeout(20, connect=10), follow_redirects=False)


async def convert(github: GitHub, code: str, open_client: Client = client) -> Credentials:
    """Turn the code that GitHub's redirect brought into the App's credentials; a code is good for one hour and one time.

    Raises Failed.
    """
    if not CODE.fullmatch(code):
        raise Failed("The code in the address is none that GitHub makes.")
    answer = await _ask(github, "POST", f"/app-manifests/{code}/conversions", open_client)
    if answer.status_code in (404, 422):
        raise Failed("GitHub does not know the code any more: it is good for one hour and for one use.")
    if answer.status_code != 201:
        raise Failed(f"{github.host} answered {answer.status_code} instead of the credentials.")
    try:
        return from_answer(_json(answer))
    except Unexpected as error:
        raise Failed(str(error)) from None


async def describe(github: GitHub, kept: Credentials, open_client: Client = client) -> Registered:
    """Ask GitHub what it knows of the App, as the App; raises Failed."""
    try:
        token = Auth.AppAuth(kept.app_id, kept.private_key).create_jwt()
    except (ValueError, TypeError):  # whatever reads the key names nothing more exact
        raise Failed("The private key can't be read.") from None
    answer = await _ask(github, "GET", "/app", open_client, token)
    if answer.status_code == 401:
        raise Failed(
            "GitHub refuses the private key: it belongs to another App, or was deleted, or this machine's clock is wrong."
        )
    if answer.status_code == 404:
        raise Failed(f"There is no App with the id {kept.app_id} any more.")
    if answer.status_code != 200:
        raise Failed(f"{github.host} answered {answer.status_code} to the question about the App.")
    told = _json(answer)
    if not isinstance(told, dict):
        raise Failed("GitHub's answer is not what its documentation says.")
    hook = await _ask(github, "GET", "/app/hook/config", open_client, token)
    return _registered(github, kept, told, _json(hook) if hook.status_code == 200 else None)


def _registered(github: GitHub, kept: Credentials, told: dict[str, Any], hook: Any) -> Registered:
    owner, permissions, count = told.get("owner"), told.get("permissions"), told.get("installations_count")
    slug = str(told.get("slug") or kept.slug or "")
    organisation = str(owner.get("login") or "") if isinstance(owner, dict) and owner.get("type") == "Organization" else ""
    return Registered(
        str(told.get("name") or slug),
        github.app_url(slug),
        f"{github.apps_url(organisation)}/{slug}",
        {str(name): str(access) for name, access in permissions.items()} if isinstance(permissions, dict) else {},
        tuple(str(event) for event in told.get("events") or ()),
        count if isinstance(count, int) else None,
        str(hook["url"]) if isinstance(hook, dict) and hook.get("url") else None,
    )


async def _ask(github: GitHub, method: str, path: str, open_client: Client, token: str | None = None) -> httpx.Response:
    headers = _HEADERS | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with open_client() as session:
            return await session.request(method, github.base_url + path, headers=headers)
    except httpx.TimeoutException:
        raise Failed(f"{github.base_url} did not answer in time.") from None
    except httpx.HTTPError as error:  # its own words name no secret: neither code nor token is in them
        raise Failed(f"{github.base_url} can't be reached ({type(error).__name__}).") from None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Failed("GitHub's answer is no JSON: is this the address of its API?") from None
