"""The other host: where logs lie behind signed addresses for a minute, and pages that people's tools write.

It wants no token, as GitHub's storage does, and who sends one has given it away: that is kept in `leaked`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from fastapi import FastAPI, Request, Response


class Kept(NamedTuple):
    """Something that can be fetched."""

    content: bytes
    kind: str
    until: datetime | None


class Shelf:
    """Contents by address."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.address = "http://127.0.0.1:0"
        self.kept: dict[str, Kept] = {}
        self.fetched: list[str] = []
        self.leaked: list[str] = []
        self.app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.app.add_api_route("/{path:path}", self._fetch, methods=["GET"])

    def put(self, content: bytes, kind: str = "text/plain; charset=utf-8", seconds: float | None = 60) -> str:
        """Keep something for so long (None: for good), and return its address."""
        path = f"/logs/{secrets.token_hex(8)}"
        until = self._now() + timedelta(seconds=seconds) if seconds is not None else None
        self.kept[path] = Kept(content, kind, until)
        return f"{self.address}{path}?sig={secrets.token_hex(8)}"

    def _fetch(self, path: str, request: Request) -> Response:
        self.fetched.append(f"/{path}")
        if "authorization" in request.headers:
            self.leaked.append(f"/{path}")
            return Response("<Error><Code>InvalidAuthenticationInfo</Code></Error>", 400, media_type="application/xml")
        kept = self.kept.get(f"/{path}")
        if kept is None:
            return Response("<Error><Code>BlobNotFound</Code></Error>", 404, media_type="application/xml")
        if kept.until and kept.until < self._now():
            return Response("<Error><Code>AuthenticationFailed</Code></Error>", 403, media_type="application/xml")
        return Response(kept.content, media_type=kept.kind)
