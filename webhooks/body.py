"""Takes a delivery's body off the wire: what can't be one of GitHub's is refused by its head alone, and no request can make
us hold more than GitHub itself would send.

Source of the figures: docs.github.com/en/webhooks: payloads are capped at 25 MB, and a delivery has 10 seconds.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from webhooks import signature

LARGEST = 25 * 1024 * 1024
HELD = 4 * LARGEST  # of all deliveries that are being read
SECONDS = 10.0
_JSON = re.compile(r"application/json\s*(?:;\s*charset\s*=\s*\"?utf-8\"?\s*)?", re.IGNORECASE)
_EVENT = re.compile(r"[a-z_]{1,64}")
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}")


class Refused(Exception):
    """A request that is answered with an error: the status, a word for the counters, and a sentence for its sender."""

    def __init__(self, status: int, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.reason, self.sentence = status, reason, sentence


class Head(NamedTuple):
    """What the head of a delivery says; nothing of it is signed."""

    event: str
    delivery: str
    signature: str


def head(headers: Headers) -> Head:
    """Return what a delivery's head says; raises `Refused` for one that GitHub does not send."""
    length = headers.getlist("content-length")
    if any(not value.isdecimal() or int(value[:20]) > LARGEST for value in length):
        raise too_large()
    kinds = headers.getlist("content-type")
    if len(kinds) != 1 or not _JSON.fullmatch(kinds[0].strip()):
        form = any(kind.lower().startswith("application/x-www-form-urlencoded") for kind in kinds)
        hint = ": set the webhook's content type to application/json" if form else ""
        raise Refused(415, "content type", f"Deliveries are read as application/json alone{hint}.")
    if headers.getlist("content-encoding"):
        raise Refused(415, "content type", "Deliveries are read without a content encoding.")
    signed = signature.well_formed(headers.getlist(signature.HEADER))
    if signed is None:
        raise unsigned()
    event = _single(headers, "X-GitHub-Event", _EVENT)
    return Head(event, _single(headers, "X-GitHub-Delivery", _DELIVERY), signed)


def _single(headers: Headers, name: str, form: re.Pattern[str]) -> str:
    found = headers.getlist(name)
    if len(found) != 1 or not form.fullmatch(found[0]):
        raise Refused(400, "headers", f"A delivery has one {name} header, as GitHub writes it.")
    return found[0]


def too_large() -> Refused:
    """Return the answer to a body that is larger than any of GitHub's."""
    return Refused(413, "size", f"Deliveries have at most {LARGEST // 1024 // 1024} MB.")


def unsigned() -> Refused:
    """Return the answer to a request that is not signed, or not by one of our secrets: it learns nothing more."""
    return Refused(401, "signature", "The delivery is not signed with this service's secret.")


class Bodies:
    """Reads the bodies of deliveries, and knows how much of them is held at the moment."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, stream: AsyncIterator[bytes]) -> bytes:
        """Return the whole body; raises `Refused` as soon as it, or all together, are too large or too slow."""
        body = bytearray()
        try:
            async with asyncio.timeout(SECONDS):
                async for chunk in stream:
                    if len(body) + len(chunk) > LARGEST:
                        raise too_large()
                    if self._held + len(chunk) > HELD:
                        raise Refused(503, "busy", "Too many deliveries are being read at once: send it again later.")
                    body += chunk
                    self._held += len(chunk)
        except TimeoutError:
            raise Refused(408, "slow", f"A delivery has {SECONDS:.0f} seconds to arrive.") from None
        except ClientDisconnect:
            raise Refused(400, "cut off", "The delivery ended before its body did.") from None
        finally:
            self._held -= len(body)
        return bytes(body)


def parse(body: bytes) -> Any:
    """Return the JSON value of a signed body; raises `Refused` for what is none, or nested so deeply that it is an attack."""
    try:
        return json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):  # of text, of a number with thousands of digits; of ten thousand brackets
        raise Refused(400, "no json", "The body is no JSON.") from None


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
