"""What the App asks for is what the service uses, and what docs/service.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from webhooks import events
from webhooks.github import permissions
from webhooks.setup.permissions import EVENTS, PERMISSIONS, lacking, wanted

DOCS = Path(__file__).parents[3] / "docs" / "service.md"
_ALWAYS = {"installation", "installation_repositories", "ping"}  # they come to every App


def test_the_events_are_those_that_the_service_reads():
    assert {one.name for one in EVENTS} == set(events.READ) - _ALWAYS


def test_an_optional_permission_is_asked_for_alone_when_it_is_wanted():
    assert set(wanted(workflows=True)) - set(wanted(workflows=False)) == {"workflows"}


@pytest.mark.parametrize("used", [permissions.FETCH, permissions.PUSH, permissions.READ, permissions.TALK])
def test_what_the_tokens_of_the_service_ask_for_is_asked_for(used):
    assert permissions.covers(wanted(workflows=False), used)
    assert permissions.covers(wanted(workflows=True), permissions.PUSH_WORKFLOWS)


def test_more_than_is_needed_is_enough():
    assert lacking({one.name: "write" for one in PERMISSIONS}) == []
    assert lacking({one.name: "admin" for one in PERMISSIONS}) == []
    assert [one.name for one in lacking(wanted(False) | {"contents": "read"})] == ["contents"]


def test_the_page_for_people_has_each_permission_with_its_reason():
    text = DOCS.read_text(encoding="utf-8")
    for one in PERMISSIONS:
        optional = ", if you tick it" if one.optional else ""
        assert f"| {one.title} | {one.access_words}{optional} | {one.reason} |" in text
    for event in EVENTS:
        assert f"`{event.name}`" in text
