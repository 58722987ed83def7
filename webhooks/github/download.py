"""Fetches logs and answers from other hosts than GitHub's API: with limits, and without any of our tokens by itself."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from webhooks.github.addresses import Place, Resolve, Unallowed, place, resolve
from webhooks.github.errors import Denied, Failed, Refused, Trouble, answered
from webhooks.github.excerpt import Inflated, Kept, Unreadable, archived, clean, unpacked

_AGENT = "Deploymend"
_HOPS = 3  # redirects that are followed, each to an allowed place


class Limits(NamedTuple):
    """How much is fetched."""

    kept: int = 4_000_000  # bytes of a log that are returned: some of its start, most of its end
    read: int = 200_000_000  # bytes that are read of it at all, decompressed
    archive: int = 32_000_000  # bytes that an archive may have
    seconds: float = 60.0  # for all of it


LIMITS = Limits()


def log(url: str, doing: str, who: str, limits: Limits = LIMITS, *, plain_http: bool = False) -> str:
    """Return the log at a URL that GitHub itself gave us, redacted; raises one of `errors`.

    Only https is asked, http too where GitHub's own API is spoken to in http, and redirects are not followed.
    """
    if urlsplit(url).scheme not in (("https", "http") if plain_http else ("https",)):
        raise Refused(f"Can't {doing}: {who} names an address that is not https.")

    async def fetch() -> str:
        found = await _text(url, doing, who, limits)
        if isinstance(found, _Moved):
            raise Refused(f"Can't {doing}: {who} sends us elsewhere.")
        return found

    return clean(_run(fetch(), doing, who, limits))


def guarded_log(
    url: str,
    hosts: Collection[str],
    doing: str,
    limits: Limits = LIMITS,
    *,
    resolved: Resolve = resolve,
    context: ssl.SSLContext | None = None,
) -> str:
    """Return the log at a URL that anybody may have written, redacted; raises one of `errors`.

    It must be allowed by `addresses.place`; redirects are followed on the same host alone, and checked again. Proxies of the
    environment are not used: the connection goes to the address that was checked.
    """

    async def follow() -> str:
        here = url
        for _ in range(_HOPS):
            allowed = await asyncio.to_thread(place, here, hosts, resolved)
            if allowed.host != urlsplit(url).hostname:
                raise Unallowed("it leads to another host")
            found = await _text(here, doing, allowed.host, limits, allowed, context)
            if not isinstance(found, _Moved):
                return found
            here = urljoin(here, found.to)
        raise Unallowed("it leads from address to address")

    try:
        return clean(_run(follow(), doing, urlsplit(url).hostname or "the host", limits))
    except Unallowed as error:
        sentence = f"Can't {doing}: its address is not asked ({error})."
    raise Denied(sentence)


def answer(
    url: str, headers: Mapping[str, str], params: Mapping[str, str], doing: str, who: str, limits: Limits = LIMITS
) -> str:
    """Return the body of an answer of a platform's API as it is, not yet redacted; raises one of `errors`."""

    async def ask() -> str:
        client = httpx.AsyncClient(timeout=_timeout(limits), headers={"User-Agent": _AGENT})
        async with client, client.stream("GET", url, headers=dict(headers), params=dict(params)) as response:
            body = Kept(limits.kept)
            async for piece in _pieces(response, limits):
                body.add(piece)
            if response.status_code != 200:
                raise answered(response.status_code, response.headers, _json(body.text()), doing, who)
            if body.total > limits.kept:
                raise Refused(f"Can't {doing}: {who}'s answer is too large.")
            return body.text()

    return _run(ask(), doing, who, limits)


class _Moved(NamedTuple):
    to: str


async def _text(
    url: str, doing: str, who: str, limits: Limits, allowed: Place | None = None, context: ssl.SSLContext | None = None
) -> str | _Moved:
    """Return the text at a URL, or where else it sends us; with `allowed`, the connection goes to the address in it."""
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    extensions: dict[str, Any] = {}
    target = httpx.URL(url)
    if allowed is not None:
        headers["Host"] = allowed.host
        extensions["sni_hostname"] = allowed.host  # the certificate is the name's, not the address's
        target = target.copy_with(host=allowed.address)
    client = httpx.AsyncClient(timeout=_timeout(limits), trust_env=allowed is None, verify=context or True)
    async with client, client.stream("GET", target, headers=headers, extensions=extensions) as response:
        if response.has_redirect_location:
            return _Moved(response.headers.get("location", ""))
        if response.status_code != 200:
            raise answered(response.status_code, response.headers, None, doing, who)
        return await _body(response, limits)


async def _body(response: httpx.Response, limits: Limits) -> str:
    kept = Kept(limits.kept)
    archive = bytearray()
    async for piece in _pieces(response, limits):
        if archive or (kept.total == 0 and archived(piece)):
            archive += piece
            if len(archive) > limits.archive:
                raise Unreadable(f"it is an archive of more than {limits.archive:,} bytes")
        else:
            kept.add(piece)
    return await asyncio.to_thread(unpacked, bytes(archive), limits.kept) if archive else kept.text()


async def _pieces(response: httpx.Response, limits: Limits) -> AsyncIterator[bytes]:
    """Yield a body, decompressed and bounded; what comes after the bound is not read."""
    coded = response.headers.get("content-encoding", "identity").strip().lower()
    if coded not in ("", "identity", "gzip", "deflate"):
        raise Unreadable("it is compressed in a way that we did not ask for")
    inflated = Inflated()
    total = 0
    async for raw in response.aiter_raw():
        for piece in inflated.pieces(raw) if coded in ("gzip", "deflate") else (raw,):
            total += len(piece)
            if total > limits.read:
                yield b"\n[this log is longer than what is read of it]\n"
                return
            if piece:
                yield piece


def _run(work: Coroutine[object, object, str], doing: str, who: str, limits: Limits) -> str:
    """Run it with a limit of time for all of it; whatever goes wrong becomes one sentence that holds no URL."""

    async def bounded() -> str:
        async with asyncio.timeout(limits.seconds):
            return await work

    try:
        return asyncio.run(bounded())
    except TimeoutError:
        failed: Failed = Trouble(f"Can't {doing}: {who} took longer than {limits.seconds:g} seconds.")
    except httpx.TimeoutException:
        failed = Trouble(f"Can't {doing}: {who} did not answer in time.")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError):
        failed = Trouble(f"Can't {doing}: {who} could not be reached.")
    except Unreadable as error:
        failed = Refused(f"Can't {doing}: {error}.")
    raise failed


def _timeout(limits: Limits) -> httpx.Timeout:
    return httpx.Timeout(min(20.0, limits.seconds))


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
