"""The manifest: what GitHub is asked to register, as plain data, and the form that leads to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from webhooks.app import PATH as HOOK
from webhooks.setup.permissions import EVENTS, wanted
from webhooks.setup.places import read_address

Keep = Literal["file", "show"]
ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")
NAME_LIMIT = 34  # characters, by GitHub's own form
DESCRIPTION = "Finds out why a deploy of a Python app failed, and opens one pull request that repairs it."


class Choice(NamedTuple):
    """What a person chose in the form."""

    name: str
    organisation: str = ""  # empty: the person's own account
    address: str = ""  # the public one
    public: bool = False  # other accounts may install the App
    workflows: bool = False
    keep: Keep = "file"


def read_choice(form: Mapping[str, str], own_server: bool) -> tuple[Choice, dict[str, str]]:
    """Return the choice of a filled form, and one sentence for each field that will not do.

    `own_server`: GitHub is an Enterprise Server, which may reach what github.com can't.
    """
    wrong: dict[str, str] = {}
    name = " ".join(form.get("name", "").split())
    if not name:
        wrong["name"] = "Give the App a name."
    elif len(name) > NAME_LIMIT:
        wrong["name"] = f"GitHub allows {NAME_LIMIT} characters; this name has {len(name)}."
    elif not name.isprintable():
        wrong["name"] = "The name has a character that can't be printed."
    organisation = form.get("organisation", "").strip().removeprefix("@")
    if organisation and not ACCOUNT.fullmatch(organisation):
        wrong["organisation"] = "This is no name of an organisation: letters, digits and hyphens, as in its address."
    address, trouble = read_address(form.get("address", ""), own_server)
    if trouble:
        wrong["address"] = trouble
    keep: Keep = "show" if form.get("keep") == "show" else "file"
    public, workflows = form.get("public") == "yes", form.get("workflows") == "yes"
    return Choice(name, organisation, address, public, workflows, keep), wrong


def manifest(choice: Choice, own: str) -> dict[str, object]:
    """Return what is sent to GitHub; `own` is the address under which the person's browser sees us, to which it comes back."""
    return {
        "name": choice.name,
        "url": f"{choice.address}/setup/about",
        "description": DESCRIPTION,
        "hook_attributes": {"url": choice.address + HOOK, "active": True},
        "redirect_url": f"{own}/setup/created",
        "setup_url": f"{choice.address}/setup/installed",
        "setup_on_update": False,
        "public": choice.public,
        "request_oauth_on_install": False,
        "default_permissions": wanted(choice.workflows),
        "default_events": [one.name for one in EVENTS],
    }
