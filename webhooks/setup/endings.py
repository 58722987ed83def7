"""The pages of /setup once the App is there, and those that say why it is not; functions from plain values to HTML."""

from __future__ import annotations

from collections.abc import Sequence

from webhooks.setup.html import Child, Markup, tag
from webhooks.setup.missing import Item
from webhooks.setup.parts import actions, code, page
from webhooks.setup.places import GitHub

_SIGNS = {"done": "✓", "missing": "✗", "unknown": "?"}


def closed(install_url: str | None, look: bool) -> str:
    """Tell a stranger that there is nothing to do here; `look` when the key still opens the list of what is missing."""
    return page(
        "Deploymend is set up",
        tag("p", "Nothing can be changed here any more.", class_="lead"),
        again("Install the App in repositories", install_url) if install_url else None,
        tag("p", tag("a", "See what is missing", href="/setup/done"), " (with the setup key).") if look else None,
        tag(
            "p",
            "To begin anew, remove the credentials (",
            code("app.json"),
            " in the data folder, or the ",
            code("DEPLOYMEND_…"),
            " secrets) and start the service again.",
            class_="hint",
        ),
    )


def done(install_url: str | None, items: Sequence[Item], restart: bool) -> str:
    """Say how the App stands: what is there, what is missing, and what comes next."""
    left = [item for item in items if item.state == "missing"]
    only_install = [item.title for item in left] == ["Installation"]
    title = "Now install the App" if only_install else "Something is missing" if left else "All is there"
    note = None
    if restart:
        note = tag(
            "div", tag("p", "Start the service again, so that it takes up its credentials."), class_="note", role="status"
        )
    return page(
        title,
        note,
        again("Install the App", install_url) if only_install and install_url else None,
        tag("ol", [_item(item) for item in items], class_="todo"),
        actions(tag("a", "Look again", href="/setup/done", class_="button quiet")),
        tag("h2", "What happens then"),
        _next(),
        step=4,
    )


def installed() -> str:
    """Greet somebody whom GitHub sends here after the App was installed."""
    return page("Deploymend is installed", tag("p", "There is nothing to set up in the repositories.", class_="lead"), _next())


def about(install_url: str | None) -> str:
    """Say what the App is: its home page."""
    return page(
        "Deploymend",
        tag("p", "Finds out why a deploy of a Python app failed, by booting it on paper, and repairs it.", class_="lead"),
        _next(),
        again("Install the App in repositories", install_url) if install_url else None,
    )


def refused(title: str, why: str, *then: Child) -> str:
    """Say what went wrong, and what to do."""
    return page(title, tag("div", tag("p", why), class_="note bad", role="alert"), *then)


def stranger(github: GitHub) -> Markup:
    """Return what to do when GitHub's answer came to a browser that did not ask, or came too late."""
    return tag(
        "div",
        tag("p", "If you have just made an App, the service has not got its key, and never will:"),
        tag(
            "ol",
            tag("li", "Delete it among ", tag("a", f"your Apps on {github.host}", href=github.apps_url()), "."),
            tag("li", tag("a", "Begin again", href="/setup"), " in one browser, and finish within the hour."),
        ),
    )


def again(text: str = "Begin again", href: str = "/setup") -> Markup:
    """Return the way on, or back."""
    return actions(tag("a", text, href=href, class_="button"))


def _item(item: Item) -> Markup:
    link = (" ", tag("a", item.link_text, href=item.link), ".") if item.link else None
    return tag(
        "li",
        tag("span", _SIGNS[item.state], class_="sign", role="img", aria_label=item.state),
        tag("div", tag("h3", item.title), tag("p", item.text, link)),
        class_=item.state,
    )


def _next() -> Markup:
    return tag(
        "ul",
        tag("li", "When a deploy to Fly.io or Render fails, the commit gets a check named Deploymend, with the cause."),
        tag("li", "If files of the repository are the cause, one pull request repairs them, and is kept up to date."),
        tag("li", "A comment that begins with ", code("/deploymend help"), " is answered with the commands."),
    )
