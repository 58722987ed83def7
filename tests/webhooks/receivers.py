"""Receivers for tests of the rim."""

from __future__ import annotations

from webhooks.model import Event


class Kept:
    """Keeps events in memory, once a delivery."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.error: Exception | None = None

    async def receive(self, delivery: str, event: Event) -> bool:
        if self.error is not None:
            raise self.error
        new = delivery not in self.events
        self.events.setdefault(delivery, event)
        return new
