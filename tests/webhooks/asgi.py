"""A client for an app in this process; requests are sent as they stand, also those that a decent client would not send."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class Client:
    """Sends one request after another, and keeps cookies.

    Errors of the app become its answer, as behind a server, unless it `raises`.
    """

    def __init__(self, app: Any, here: str = "http://service.example", raises: bool = False, **more: Any) -> None:
        self.app, self.here, self.raises, self.more = app, here, raises, more
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return the answer to a request."""
        return asyncio.run(self._request(method, path, **more))

    async def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=self.raises)
        async with httpx.AsyncClient(transport=transport, base_url=self.here, cookies=self.cookies, **self.more) as client:
            answer = await client.request(method, path, **more)
            self.cookies = client.cookies
            return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Return the answer to GET."""
        return self.request("GET", path, **more)

    def head(self, path: str, **more: Any) -> httpx.Response:
        """Return the answer to HEAD."""
        return self.request("HEAD", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Return the answer to POST."""
        return self.request("POST", path, **more)
