"""What is still missing until the service works, as a list that a person can go through."""

from __future__ import annotations

from typing import Literal, NamedTuple

from webhooks.credentials import Credentials
from webhooks.setup.credentials import key_trouble
from webhooks.setup.exchange import Client, Failed, Registered, client, describe
from webhooks.setup.permissions import EVENTS, lacking
from webhooks.setup.places import HOOK, GitHub, read_address

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
    page = registered.html_url or github.app_url(kept.slug or "")
    items.append(Item(f"GitHub ({github.host})", "done", f"It knows the App as “{registered.name}”."))
    return [
        *items,
        _rights(registered, page),
        _events(registered, page),
        _hook(registered, github, public_url),
        _installed(registered, page),
    ]


def _rights(registered: Registered, page: str) -> Item:
    absent = lacking(registered.permissions)
    if not absent:
        return Item("Permissions", "done", "The App has all that it needs.")
    names = ", ".join(f"{one.title} ({one.access_words})" for one in absent)
    text = f"Not granted: {names}. Add them on the App's page under “Permissions & events”; installations then have to accept."
    return Item("Permissions", "missing", text, page, "The App's page")


def _events(registered: Registered, page: str) -> Item:
    absent = [one.name for one in EVENTS if one.name not in registered.events]
    if not absent:
        return Item("Events", "done", "GitHub sends all that it should.")
    text = f"Not subscribed: {', '.join(absent)}. Tick them on the App's page under “Permissions & events”."
    return Item("Events", "missing", text, page, "The App's page")


def _hook(registered: Registered, github: GitHub, public_url: str | None) -> Item:
    title = "Webhook"
    if registered.hook_url is None:
        return Item(title, "unknown", "GitHub did not say where it sends the deliveries.")
    address, trouble = read_address(registered.hook_url.removesuffix(HOOK), github.own_server)
    if trouble or not registered.hook_url.endswith(HOOK):
        wrong = trouble or f"The address has to end with {HOOK}."
        return Item(title, "missing", f"GitHub sends to {registered.hook_url}. {wrong}")
    if public_url and address != public_url:
        text = f"GitHub sends to {registered.hook_url}, and this service is at {public_url}. Change the one that is wrong."
        return Item(title, "missing", text)
    return Item(
        title, "done", f"GitHub sends to {registered.hook_url}. The App's page lists what was delivered, under “Advanced”."
    )


def _installed(registered: Registered, page: str) -> Item:
    title, link = "Installation", f"{page}/installations/new"
    if registered.installations is None:
        return Item(title, "unknown", "GitHub did not say where the App is installed.", link, "Install it")
    if registered.installations == 0:
        return Item(title, "missing", "The App is installed nowhere yet: choose its repositories.", link, "Install it")
    accounts = "one account" if registered.installations == 1 else f"{registered.installations} accounts"
    return Item(title, "done", f"The App is installed in {accounts}.", link, "Install it in more")
