"""A service that nobody has set up, and the stand-in for GitHub with which that is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.github.standin import Standin, running
from tests.webhooks.setup.browser import HERE, Browser, Page
from webhooks.settings import Settings
from webhooks.setup import router

KEY = "abcde-fghjk-mnpqr-stuvw"
PUBLIC = "https://bot.acme.dev"


class Service:
    """The pages of a service, and how often it was told of stored credentials."""

    def __init__(self, standin: Standin, data: Path, key: str | None = KEY, fly_app: str | None = None, **settings) -> None:
        self.data, self.stored = data, 0
        self.settings = Settings(base_url=standin.api, web_url=standin.web, data=data, **settings)
        self.app = FastAPI(openapi_url=None)
        self.app.include_router(router(self.settings, key=key, stored=self._stored, fly_app=fly_app))

    def _stored(self) -> None:
        self.stored += 1

    def browser(self, here: str = HERE, **more) -> Browser:
        return Browser(self.app, here, **more)

    def admitted(self, **more) -> tuple[Browser, Page]:
        """Return a browser that has typed the key, and the page that it sees."""
        browser = self.browser(**more)
        return browser, browser.fill(browser.open("/setup"), key=KEY)

    def create(self, browser: Browser, page: Page, **values: str) -> Page:
        """Fill the form, and go to GitHub and back."""
        return browser.fill(browser.fill(page, **{"address": PUBLIC, "name": "deploymend-acme"} | values))


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with running(tmp_path / "github") as standin:
        yield standin


@pytest.fixture
def service(standin: Standin, tmp_path: Path) -> Service:
    return Service(standin, tmp_path / "data")
