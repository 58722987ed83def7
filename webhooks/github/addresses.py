"""Which foreign addresses may be asked: the rule that stands between a URL that anybody can write and our own network."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection
from typing import NamedTuple
from urllib.parse import urlsplit

Resolve = Callable[[str, int], "list[str]"]
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# public by their numbers alone: the metadata services of Oracle (in the block for protocols) and of Azure
_INSIDE = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))


class Unallowed(Exception):
    """An address that is not asked; the text says why, and holds no more of the URL than its host."""


class Place(NamedTuple):
    """A URL that may be asked, and the address that its host was found to have when that was decided.

    The connection goes to that address, so that the name can't lead elsewhere by the time it is made.
    """

    url: str
    host: str
    address: str


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host; raises OSError."""
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def place(url: str, hosts: Collection[str], resolved: Resolve = resolve) -> Place:
    """Return where a URL leads when it may be asked; raises `Unallowed`.

    It may when it is https on the usual port without a password, its host is one of `hosts` ("logs.example.com", or
    "*.example.com" for those below), and every address of the host is a public one.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unallowed("it is no URL") from None
    host = (parts.hostname or "").lower().rstrip(".")
    if parts.scheme != "https":
        raise Unallowed("it is not https")
    if not _HOST.fullmatch(host):
        raise Unallowed("it names no host")
    if parts.username is not None or port not in (None, 443) or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise Unallowed(f"of its form, at {host}")
    if not known(host, hosts):
        raise Unallowed(f"{host} is not one of the allowed hosts")
    try:
        addresses = resolved(host, 443)
    except (OSError, UnicodeError):
        raise Unallowed(f"{host} was not found") from None
    if not addresses or not all(public(one) for one in addresses):
        raise Unallowed(f"{host} is in a private network")
    return Place(url, host, addresses[0])


def known(host: str, hosts: Collection[str]) -> bool:
    """Return whether a host is one of the allowed ones, which may begin with `*.`."""
    for one in hosts:
        pattern = one.lower().strip().rstrip(".")
        if host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]) and host != pattern[2:]):
            return True
    return False


def public(address: str) -> bool:
    """Return whether an address belongs to the public internet, also when it only carries another one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if carried is not None:
            return public(str(carried))
    if any(ip in network for network in _INSIDE):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local)
