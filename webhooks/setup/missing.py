"""What is still missing until the service works, as a list that a person can go through."""

from __future__ import annotations

from typing import Literal, NamedTuple

from webhooks.app import PATH as HOOK
from webhooks.credentials import Credentials
from webhooks.setup.credentials import key_trouble
from webhooks.setup.exchange import Client, Failed, Registered, client, describe
from webhooks.setup.permissions import EVENTS, lacking
from webhooks.setup.places import GitHub, read_address

State = Literal["done", "missing", "unknown"]


class Item(NamedTuple):
    """One thing that has to be so: how it is, what to do, and the page where it is done."""

    title: str
    state: State
    text: str
    link: str | None = None
    link_text: str = ""


async def look(github: GitHub, kept: Credentials, public_url: str | None = None, open_client: Client = client) -> list[Item]:
    """Return what is there and what is missing, in the order in which it is best mended."""
    if trouble := key_trouble(kept.private_key):
        return [Item("Credentials", "missing", trouble, github.apps_url(), "Your Apps")]
    items = [Item("Credentials", "done", f"The service is the App {kept.app_id}.")]
    try:
        registered = await describe(github, kept, open_client)
    except Failed as failure:
        return [*items, Item(f"GitHub ({github.host})", "missing", str(failure), github.apps_url(), "Your Apps")]
    items.append(Item(f"GitHub ({github.host})", "done", f"It knows the App as “{registered.name}”."))
    return [*items, _rights(registered), _events(registered), _hook(registered, github, public_url), _installed(registered)]


def _rights(registered: Registered) -> Item:
    absent = lacking(registered.permissions)
    if not absent:
        return Item("Permissions", "done", "The App has all that it needs.")
    names = ", ".join(f"{one.title} ({one.access_words})" for one in absent)
    text = f"Not granted: {names}. Whoever installed the App has to accept what you add."
    return Item("Permissions", "missing", text, f"{registered.settings_url}/permissions", "Add them")


def _events(registered: Registered) -> Item:
    absent = [one.name for one in EVENTS if one.name not in registered.events]
    if not absent:
        return Item("Events", "done", "GitHub sends all that it should.")
    text = f"Not subscribed: {', '.join(absent)}."
    return Item("Events", "missing", text, f"{registered.settings_url}/permissions", "Tick them")


def _hook(registered: Registered, github: GitHub, public_url: str | None) -> Item:
    sent_to = registered.hook_url
    if sent_to is None:
        return Item(
            "Webhook", "unknown", "GitHub did not say where it sends the events.", registered.settings_url, "Look there"
        )
    address, trouble = read_address(sent_to.removesuffix(HOOK), github.own_server)
    if not sent_to.endswith(HOOK):
        trouble = f"The address has to end with {HOOK}."
    elif public_url and address != public_url:
        trouble = trouble or f"This service is at {public_url}, by its settings."
    if trouble:
        return Item("Webhook", "missing", f"GitHub sends to {sent_to}. {trouble}", registered.settings_url, "Change it")
    return Item("Webhook", "done", f"GitHub sends to {sent_to}.", f"{registered.settings_url}/advanced", "What was delivered")


def _installed(registered: Registered) -> Item:
    link = f"{registered.html_url}/installations/new"
    if registered.installations is None:
        return Item("Installation", "unknown", "GitHub did not say where the App is installed.", link, "Install it")
    if registered.installations == 0:
        return Item("Installation", "missing", "The App is installed nowhere yet: choose its repositories.", link, "Install it")
    accounts = "one account" if registered.installations == 1 else f"{registered.installations} accounts"
    return Item("Installation", "done", f"The App is installed in {accounts}.", link, "Install it in more")
