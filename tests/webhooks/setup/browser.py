"""A browser without JavaScript: it keeps cookies, follows redirects between us and the stand-in, and reads pages strictly."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
from fastapi import FastAPI

from tests.webhooks.asgi import Client

HERE = "http://localhost:8080"
_VOID = {"br", "hr", "input", "link", "meta"}


class Page(HTMLParser):
    """A page's elements, its forms and its words; a page that is not well formed raises."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = answer
        self.status = answer.status_code
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.style = ""
        self._texts: list[str] = []
        self._open: list[str] = []
        self.feed(answer.text)
        assert not self._open, f"not closed: {self._open}"
        self.text = " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self._texts.append(data)

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in names]

    def links(self) -> list[str]:
        return [link["href"] for link in self.all("a")]

    def form(self, at: int = 0) -> tuple[str, dict[str, str]]:
        """Return where a form goes, and what it sends as it stands."""
        forms: list[tuple[str, dict[str, str]]] = []
        for tag, attributes in self.elements:
            if tag == "form":
                assert attributes["method"] == "post"
                forms.append((attributes["action"], {}))
            elif tag == "input" and (attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes):
                forms[-1][1][attributes["name"]] = attributes["value"]
        return forms[at]


class Browser:
    """Somebody's browser."""

    def __init__(self, app: FastAPI, here: str = HERE, https: bool = False) -> None:
        headers = {"x-forwarded-proto": "https"} if https else {}
        self.client = Client(app, here, raises=True, headers=headers)
        self.here = here

    def open(self, address: str) -> Page:
        return self._follow(self.client.get(address))

    def send(self, action: str, values: dict[str, str], **headers: str) -> Page:
        if urlsplit(action).netloc in ("", urlsplit(self.here).netloc):
            return self._follow(self.client.post(action, data=values, headers=headers))
        return self._follow(httpx.post(action, data=values))

    def fill(self, page: Page, at: int = 0, **values: str) -> Page:
        """Send a form of a page, with some of its values changed."""
        action, fields = page.form(at)
        assert values.keys() <= fields.keys() | {"public", "workflows"}
        return self.send(action, fields | values)

    def _follow(self, answer: httpx.Response) -> Page:
        for _ in range(5):
            if not answer.is_redirect:
                break
            answer = self.client.get(urljoin(str(answer.url), answer.headers["location"]))
        return Page(answer)
