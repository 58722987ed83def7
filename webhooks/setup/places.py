"""Where the service is reached, and where GitHub is: addresses and their checks."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".example", ".invalid")
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::\d{{1,5}})?")


class GitHub(NamedTuple):
    """GitHub's addresses: github.com's, or those of an Enterprise Server."""

    base_url: str = "https://api.github.com"  # Enterprise Server: https://HOST/api/v3
    web_url: str = "https://github.com"

    @property
    def host(self) -> str:
        """The host of its pages, with a port that is not the usual one."""
        return urlsplit(self.web_url).netloc

    @property
    def own_server(self) -> bool:
        """Whether it is an Enterprise Server, which may stand in the same network as we do."""
        return self.host != "github.com" and not self.host.endswith(".ghe.com")

    def register_url(self, organisation: str, state: str) -> str:
        """Return where the manifest is posted: an App belongs to a person or to an organisation."""
        return f"{self.apps_url(organisation)}/new?state={state}"

    def apps_url(self, organisation: str = "") -> str:
        """Return the page of one's own Apps, or of an organisation's."""
        owner = f"/organizations/{organisation}" if organisation else ""
        return f"{self.web_url}{owner}/settings/apps"

    def app_url(self, slug: str) -> str:
        """Return the App's public page; an Enterprise Server has it at another path."""
        return f"{self.web_url}/{'github-apps' if self.own_server else 'apps'}/{slug}"

    def install_url(self, slug: str) -> str:
        """Return where the App is installed in repositories."""
        return f"{self.app_url(slug)}/installations/new"


def origin(scheme: str, host: str) -> str | None:
    """Return `scheme://host` as a browser wrote it, or None when that is no address."""
    host = host.lower()
    return f"{scheme}://{host}" if scheme in ("http", "https") and _HOST.fullmatch(host) else None


def is_local(host: str) -> bool:
    """Whether only this machine or its network knows the host, so that github.com can't reach it."""
    host = host.lower().rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDINGS)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine itself."""
    host = host.lower().rstrip(".")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_address(text: str, own_server: bool) -> tuple[str, str | None]:
    """Return a public address as typed, tidied, and in one sentence what is wrong with it (None: it will do)."""
    text = text.strip().rstrip("/").removesuffix("/setup").rstrip("/")
    if not text:
        return "", "Type the address under which GitHub can reach this service."
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        plain = parts.path == "" and not parts.query and not parts.fragment and parts.port != 0
        given = origin(parts.scheme, parts.netloc) if plain else None
    except ValueError:
        given = None
    if given is None:
        return text, "This is no address: type it like https://deploymend.your-domain.org, without a path."
    host = parts.hostname or ""
    if is_loopback(host):
        return given, f"{host} is your own machine, and GitHub can't reach it: use a tunnel's address."
    if own_server:
        return given, None
    if is_local(host):
        return given, f"{host} is known in your own network alone, and GitHub can't reach it: use a tunnel's address."
    if parts.scheme != "https":
        return given, "GitHub would send to it in the clear: the address must begin with https://."
    return given, None
