"""The pages of /setup until the App is there, each a function from plain values to HTML; they work without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from webhooks.app import PATH as HOOK
from webhooks.setup.html import Markup, tag
from webhooks.setup.manifest import NAME_LIMIT, Choice
from webhooks.setup.parts import actions, button, code, copied, facts, group, page, pick, text_field
from webhooks.setup.permissions import EVENTS, PERMISSIONS
from webhooks.setup.places import GitHub


def key(set_up: bool, wrong: str | None = None) -> str:
    """Ask for the setup key."""
    aim = (
        "This service is set up. With its key you see what is still missing."
        if set_up
        else ("This service has no GitHub App yet. Its setup key makes sure that only you can give it one.")
    )
    return page(
        "What is missing?" if set_up else "Set up Deploymend",
        tag("p", aim, class_="lead"),
        tag(
            "form",
            text_field(
                "key",
                "Setup key",
                "",
                wrong,
                [
                    "It stands in the service's log, in the line ",
                    code("… with the key …"),
                    ", printed at its start. At Fly: ",
                    code("fly logs"),
                    ".",
                ],
                autofocus=True,
                autocapitalize="none",
                spellcheck="false",
            ),
            actions(button("Continue")),
            method="post",
            action="/setup/key",
        ),
        step=None if set_up else 1,
    )


def form(
    github: GitHub,
    filled: Mapping[str, str],
    wrong: Mapping[str, str],
    own: str,
    local: bool,
    data: str,
    unwritable: str | None,
) -> str:
    """Ask for what the App needs to know; `filled` is what was typed before, `local` when this page is open under localhost."""
    here = github.host if github.own_server else "GitHub"
    complaint = (
        tag("div", tag("p", "Some of it will not do yet; it is marked below."), class_="note bad", role="alert")
        if wrong
        else None
    )
    return page(
        f"Make a GitHub App on {github.host}",
        complaint,
        tag(
            "p",
            "Each service has an App of its own: you own it, and only you hold its key. ",
            tag("strong", f"Sign in to {here}"),
            " in this browser first.",
            class_="lead",
        ),
        _tunnel(own) if local and not github.own_server else None,
        tag(
            "form",
            text_field(
                "address",
                "Public address of this service",
                filled.get("address", ""),
                wrong.get("address"),
                [f"{here} sends its events there, to ", code(HOOK), "."],
                inputmode="url",
                placeholder="https://…",
            ),
            text_field(
                "name",
                "Name of the App",
                filled.get("name", ""),
                wrong.get("name"),
                f"People see it beside each pull request. No two Apps have the same; at most {NAME_LIMIT} characters.",
                maxlength=str(NAME_LIMIT),
            ),
            text_field(
                "organisation",
                "Organisation",
                filled.get("organisation", ""),
                wrong.get("organisation"),
                "As in its address. Leave it empty when the App shall belong to your own account.",
                autocapitalize="none",
            ),
            group(
                "Who may install it?",
                pick("radio", "public", "no", "Only the account that owns it", filled.get("public") != "yes"),
                pick(
                    "radio",
                    "public",
                    "yes",
                    f"Any account of {github.host}",
                    filled.get("public") == "yes",
                    "Strangers' repositories are then analysed on your machine.",
                ),
            ),
            group(
                "Workflows",
                pick(
                    "checkbox",
                    "workflows",
                    "yes",
                    "Also repair files in .github/workflows",
                    filled.get("workflows") == "yes",
                    "One permission more. Without it such a change is described, for you to make.",
                ),
            ),
            _keeping(filled.get("keep", "file"), data, unwritable),
            actions(button("Continue")),
            method="post",
            action="/setup/check",
            novalidate=True,
        ),
        tag(
            "details",
            tag("summary", "There is an App already"),
            tag(
                "p",
                "Then set ",
                code("DEPLOYMEND_APP_ID"),
                ", ",
                code("DEPLOYMEND_PRIVATE_KEY"),
                " (or ",
                code("DEPLOYMEND_PRIVATE_KEY_FILE"),
                ") and ",
                code("DEPLOYMEND_WEBHOOK_SECRET"),
                " and start the service again; this page is closed then.",
            ),
        ),
        _elsewhere(github),
        step=2,
    )


def check(github: GitHub, choice: Choice, manifest: Mapping[str, object], state: str, data: str) -> str:
    """Show what GitHub will be asked for, with the button that asks it."""
    keep = f"in {data}/app.json, for the service alone" if choice.keep == "file" else "nowhere: they are shown to you once"
    owner = f"the organisation {choice.organisation}" if choice.organisation else "your own account"
    asked = [one for one in PERMISSIONS if choice.workflows or not one.optional]
    rights = [
        (tag("dt", f"{one.title} ", tag("span", f"({one.access_words})", class_="access")), tag("dd", one.reason))
        for one in asked
    ]
    events = [tag("li", code(one.name), f": {one.reason}") for one in EVENTS]
    posted = json.dumps(manifest)
    return page(
        f"Create it on {github.host}",
        tag(
            "p",
            f"The button takes you to {github.host}, which asks you to confirm the name. Then you come back here.",
            class_="lead",
        ),
        facts(
            ("Name", choice.name),
            ("Owner", owner),
            ("Installable by", "any account" if choice.public else "its owner alone"),
            ("Events go to", choice.address + HOOK),
            ("Credentials are kept", keep),
        ),
        tag(
            "form",
            tag("input", type="hidden", name="manifest", value=posted),
            actions(
                button(f"Create the App on {github.host}"),
                tag("button", "Change something", type="submit", form="change", class_="button quiet"),
            ),
            method="post",
            action=github.register_url(choice.organisation, state),
        ),
        tag("form", _filled(choice), id="change", method="post", action="/setup/check"),
        tag("h2", "What the App may do, and why"),
        tag("p", "In the repositories that you choose when you install it, and nowhere else.", class_="soft"),
        tag("dl", rights, class_="rights"),
        tag("details", tag("summary", f"The {len(EVENTS)} events that it is told of"), tag("ul", events)),
        tag("details", tag("summary", "The manifest, as it is sent"), tag("pre", tag("code", json.dumps(manifest, indent=2)))),
        step=3,
    )


def secrets(install_url: str, fly: str, env: str, on_fly: bool, trouble: str | None = None) -> str:
    """Show the credentials, which are kept nowhere else, as what a person has to set."""
    at_fly = copied(
        "fly",
        "On Fly: run this in a terminal",
        fly,
        "The values go through standard input, so no list of processes shows them.",
    )
    anywhere = copied(
        "env", "As environment variables", env, "One line for each; the line breaks of the key are written as \\n."
    )
    why = tag("div", tag("p", "They could not be stored: ", trouble), class_="note bad", role="alert") if trouble else None
    return page(
        "Set these secrets now",
        why,
        tag(
            "p",
            "The App is made. Its credentials are kept nowhere else: ",
            tag("strong", "this page shows them until you say that they are set"),
            ", or until the service starts again.",
            class_="lead",
        ),
        (at_fly, anywhere) if on_fly else (anywhere, at_fly),
        tag("p", "The service starts anew with them, and then the App can be ", tag("a", "installed", href=install_url), "."),
        tag("form", actions(button("They are set: forget them")), method="post", action="/setup/forget"),
        step=3,
    )


def set_elsewhere(install_url: str) -> str:
    """Say what comes after the secrets were set by hand."""
    return page(
        "Now install the App",
        tag(
            "p",
            "The service has forgotten the credentials. As soon as it has started with the secrets that you set, "
            "install the App in the repositories that it shall look after.",
            class_="lead",
        ),
        actions(tag("a", "Install the App", href=install_url, class_="button")),
        step=4,
    )


def _filled(choice: Choice) -> list[Markup]:
    """Return a choice as fields that nobody sees, so that the form can be shown with it again."""
    values = {"name": choice.name, "organisation": choice.organisation, "address": choice.address, "keep": choice.keep}
    values |= {"public": "yes" if choice.public else "no", "workflows": "yes" if choice.workflows else "no", "change": "yes"}
    return [tag("input", type="hidden", name=name, value=value) for name, value in values.items()]


def _tunnel(own: str) -> Markup:
    port = urlsplit(own).port or 80
    ways = (
        ("with ssh alone", f"ssh -R 80:localhost:{port} nokey@localhost.run"),
        ("with cloudflared, which needs no account", f"cloudflared tunnel --url http://localhost:{port}"),
        ("with ngrok", f"ngrok http {port}"),
        ("with Tailscale, whose address stays the same", f"tailscale funnel {port}"),
    )
    return tag(
        "section",
        tag(
            "p",
            tag("strong", "This page is open on your own machine, which GitHub can't reach. "),
            "A tunnel gives it a public address. Start one of these in a terminal of its own, and leave it running:",
        ),
        tag("ul", [tag("li", name, tag("pre", code(way))) for name, way in ways], class_="ways"),
        tag(
            "p",
            "Type the https:// address that it prints below. When a tunnel comes back with another address, change it on the "
            "App's page under “Webhook URL”.",
        ),
        class_="note",
        aria_label="A public address",
    )


def _keeping(keep: str, data: str, unwritable: str | None) -> Markup:
    if unwritable:
        return group(
            "Where shall the credentials be kept?",
            tag("p", f"{unwritable} They will be shown to you once, to be set as secrets."),
            tag("input", type="hidden", name="keep", value="show"),
        )
    return group(
        "Where shall the credentials be kept?",
        pick(
            "radio",
            "keep",
            "file",
            "In a file of this service",
            keep != "show",
            [code(f"{data}/app.json"), ", which only its user can read. In a container the folder has to be a volume."],
        ),
        pick("radio", "keep", "show", "Nowhere: show them once", keep == "show", "You set them as secrets of the platform."),
    )


def _elsewhere(github: GitHub) -> Markup:
    if github.own_server:
        return tag("p", f"The GitHub server is {github.host}, by the setting DEPLOYMEND_BASE_URL.", class_="hint")
    return tag(
        "p",
        "GitHub Enterprise Server? Set ",
        code("DEPLOYMEND_BASE_URL=https://HOST/api/v3"),
        " and start again.",
        class_="hint",
    )
