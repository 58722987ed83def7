"""The routes of /setup: who may pass, what comes next; what they say is in `pages` and `endings`."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from webhooks import credentials as store
from webhooks.credentials import Credentials
from webhooks.settings import Settings
from webhooks.setup import endings, pages, style
from webhooks.setup.credentials import env_file, fleeting, fly_command, unwritable
from webhooks.setup.exchange import Client, Failed, client, convert
from webhooks.setup.manifest import manifest, read_choice
from webhooks.setup.missing import look
from webhooks.setup.places import GitHub, is_loopback, origin
from webhooks.setup.session import HOUR, Doorkeeper

LARGEST: Final = 16 * 1024  # bytes of a form
_CLOSED: Final = 409


def router(
    settings: Settings,
    *,
    key: str | None,
    stored: Callable[[], None] | None = None,
    open_client: Client = client,
    fly_app: str | None = None,
) -> APIRouter:
    """Return the routes below /setup.

    `key` opens them (`new_key()`); None where the service is set up, and then nobody may look. `stored` is called when
    credentials were stored, and has the service take them up; without it the person is told to start the service again.
    `fly_app` is the name of the Fly app that we run in, by default what Fly says. Raises ValueError without a key where one
    is needed.
    """
    if key is None and not settings.configured:
        raise ValueError("a service that is not set up needs a setup key")
    setup = _Setup(settings, key, stored, open_client, fly_app or os.environ.get("FLY_APP_NAME"))
    routes = APIRouter(include_in_schema=False)
    routes.get("/setup")(setup.start)
    routes.post("/setup/key")(setup.unlock)
    routes.post("/setup/check")(setup.check)
    routes.get("/setup/created")(setup.created)
    routes.get("/setup/secrets")(setup.secrets)
    routes.post("/setup/forget")(setup.forget)
    routes.get("/setup/done")(setup.done)
    routes.get("/setup/installed")(setup.installed)
    routes.get("/setup/about")(setup.about)
    return routes


class _Setup:
    """What the routes share: the door, and the credentials that are on their way."""

    def __init__(
        self,
        settings: Settings,
        key: str | None,
        stored: Callable[[], None] | None,
        open_client: Client,
        fly_app: str | None,
    ) -> None:
        self._settings = settings
        self._github = GitHub(settings.base_url, settings.web_url)
        self._door = Doorkeeper(key) if key else None
        self._stored = stored
        self._open_client = open_client
        self._fly_app = fly_app
        self._kept = _configured(settings)
        self._restart = False
        self._shown: Credentials | None = None  # made, stored nowhere, and shown until the person has set them
        self._trouble: str | None = None  # why they could not be stored
        self._slug: str | None = None  # of the App that was shown and forgotten
        self._converting = asyncio.Lock()

    async def start(self, request: Request) -> Response:
        """GET /setup: the page that comes next."""
        if self._kept:
            return _go("/setup/done") if self._admitted(request) else self._closed(200)
        if not self._admitted(request):
            return _show(pages.key(set_up=False)) if self._door else self._closed(200)
        if self._shown:
            return _go("/setup/secrets")
        return self._form(request, {}, {})

    async def unlock(self, request: Request) -> Response:
        """POST /setup/key: the key buys a cookie."""
        form = await _form(request)
        if self._door is None or form is None:
            return self._closed(_CLOSED) if self._door is None else _odd_form()
        if not self._door.admits(form.get("key", "")):
            wrong = "This is not the key. It changes each time the service starts: take it from the newest lines of the log."
            return _show(pages.key(bool(self._kept), wrong), 403)
        answer = _go("/setup/done" if self._kept else "/setup")
        secure = _own(request).startswith("https:")
        answer.set_cookie(
            _cookie_name(secure), self._door.session(), max_age=HOUR, path="/", secure=secure, httponly=True, samesite="lax"
        )
        return answer

    async def check(self, request: Request) -> Response:
        """POST /setup/check: what was chosen, with the button that leads to GitHub."""
        if (refused := self._refused(request)) or self._door is None:
            return refused or self._closed(_CLOSED)
        if self._shown:
            return _go("/setup/secrets")
        form = await _form(request)
        if form is None:
            return _odd_form()
        if form.get("change") == "yes":
            return self._form(request, form, {})
        choice, wrong = read_choice(form, self._github.own_server)
        if wrong:
            return self._form(request, form, wrong, 422)
        if choice.keep == "file" and unwritable(self._settings.data):
            return self._form(request, form, {}, 422)
        state = f"{self._door.state(self._cookie(request) or '')}.{choice.keep}"
        asked = manifest(choice, _own(request))
        text = pages.check(self._github, choice, asked, state, str(self._settings.data))
        return _show(text, posts_to=_origin_of(self._github.web_url))

    async def created(self, request: Request, code: str = "", state: str = "") -> Response:
        """GET /setup/created: GitHub sends the person back with a code, which is turned into credentials."""
        body, _, keep = state.rpartition(".")
        async with self._converting:  # a second click waits, and then finds the credentials
            if self._kept or self._shown:
                return await self.start(request)
            if self._door is None or not self._door.takes(body, self._cookie(request)):
                why = "This answer from GitHub does not belong to a set-up that this browser began here within the last hour."
                return _show(endings.refused("That was not asked for here", why, endings.stranger(self._github)), 403)
            try:
                made = await convert(self._github, code, self._open_client)
            except Failed as failure:
                retry = endings.again("Try once more", request.url.path + "?" + request.url.query)
                rest = endings.stranger(self._github)
                return _show(endings.refused("GitHub gave no credentials", str(failure), retry, rest), 502)
            self._door.spend(body)
            self._keep(made, keep)
        return await self.start(request)

    def _keep(self, made: Credentials, keep: str) -> None:
        """Store the credentials, or hold them to be shown: whatever happens, they are not lost."""
        if keep == "file":
            try:
                store.save(self._settings.data, made)
            except OSError as error:
                self._trouble = f"{self._settings.data} can't be written ({error.strerror})."
            else:
                self._kept = made
                self._restart = self._stored is None
                if self._stored:
                    self._stored()
                return
        self._shown = made

    async def secrets(self, request: Request) -> Response:
        """GET /setup/secrets: the credentials that are stored nowhere."""
        if not self._admitted(request):
            return await self.start(request)
        if self._shown:
            fly, env = fly_command(self._shown, self._fly_app), env_file(self._shown)
            url = self._github.install_url(self._shown.slug or "")
            return _show(pages.secrets(url, fly, env, bool(self._fly_app), self._trouble))
        if self._slug:
            return _show(pages.set_elsewhere(self._github.install_url(self._slug)))
        return await self.start(request)

    async def forget(self, request: Request) -> Response:
        """POST /setup/forget: the person has set the secrets."""
        if refused := self._refused(request):
            return refused
        if self._shown:
            self._slug, self._shown = self._shown.slug, None
        return _go("/setup/secrets")

    async def done(self, request: Request) -> Response:
        """GET /setup/done: what is there and what is missing."""
        if not self._kept:
            return _go("/setup")
        if not self._admitted(request):
            return _show(pages.key(set_up=True)) if self._door else self._closed(200)
        items = await look(self._github, self._kept, self._settings.public_url, self._open_client)
        return _show(endings.done(self._install_url(), items, self._restart))

    async def about(self) -> Response:
        """GET /setup/about: the App's home page."""
        return _show(endings.about(self._install_url()))

    async def installed(self) -> Response:
        """GET /setup/installed: GitHub sends whoever installed the App here."""
        return _show(endings.installed())

    def _form(self, request: Request, filled: dict[str, str], wrong: dict[str, str], status: int = 200) -> Response:
        own = _own(request)
        local = is_loopback(urlsplit(own).hostname or "")
        if not filled:
            fleet = "show" if fleeting(self._settings.data) else "file"
            public = self._settings.public_url or ("" if local else own)
            filled = {"address": public, "name": f"deploymend-{secrets.token_hex(3)}", "keep": fleet}
        data = self._settings.data
        text = pages.form(self._github, filled, wrong, own, local, str(data), unwritable(data))
        return _show(text, status)

    def _admitted(self, request: Request) -> bool:
        return self._door is not None and self._door.knows(self._cookie(request))

    def _refused(self, request: Request) -> Response | None:
        """Return why a form is not taken: the page is closed, nobody unlocked it, or it was sent from another site."""
        if self._kept:
            return self._closed(_CLOSED)
        sent_from = request.headers.get("origin")
        if sent_from is not None and sent_from.lower() != _own(request):
            return _show(endings.refused("Not from this page", "This form was sent from another site.", endings.again()), 403)
        return None if self._admitted(request) else _show(pages.key(set_up=False), 403)

    def _closed(self, status: int) -> Response:
        return _show(endings.closed(self._install_url(), self._door is not None), status)

    def _install_url(self) -> str | None:
        return self._github.install_url(self._kept.slug) if self._kept and self._kept.slug else None

    @staticmethod
    def _cookie(request: Request) -> str | None:
        return request.cookies.get(_cookie_name(_own(request).startswith("https:")))


def _configured(settings: Settings) -> Credentials | None:
    if settings.app_id is None or settings.private_key is None or not settings.webhook_secrets:
        return None
    return Credentials(settings.app_id, settings.private_key, settings.webhook_secrets[0], settings.slug)


def _own(request: Request) -> str:
    """Return the address under which the browser sees us; a proxy in front of us tells the scheme that it was asked with.

    Nothing is trusted with it: a browser can but lie to itself about the place to which it comes back.
    """
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme).partition(",")[0].strip().lower()
    return origin(scheme, request.headers.get("host", "")) or "http://localhost"


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _cookie_name(secure: bool) -> str:
    return "__Host-deploymend-setup" if secure else "deploymend-setup"


async def _form(request: Request) -> dict[str, str] | None:
    """Read a small form; None when it is none."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError:
        return None


def _odd_form() -> Response:
    return _show(endings.refused("That is no form of ours", "What was sent can't be read.", endings.again()), 400)


def _show(text: str, status: int = 200, posts_to: str | None = None) -> HTMLResponse:
    return HTMLResponse(text, status, style.headers(posts_to))


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, style.headers())
