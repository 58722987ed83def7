"""The frame of the pages and the parts that they are made of."""

from __future__ import annotations

from webhooks.setup import style
from webhooks.setup.html import Child, Markup, document, tag
from webhooks.setup.html import style as style_tag

STEPS = ("Key", "Settings", "Create", "Install")


def page(title: str, *content: Child, step: int | None = None) -> str:
    """Return a whole page; `step` (from 1) is the one of the way that it belongs to."""
    head: list[Child] = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{title} · Deploymend"),
        style_tag(style.CSS),
    ]
    marks = [tag("li", f"{at}. {name}", aria_current="step" if at == step else None) for at, name in enumerate(STEPS, 1)]
    way = tag("nav", tag("ol", marks, class_="steps"), aria_label="Steps") if step else None
    top = tag("header", tag("span", "Deploymend", class_="mark"), way)
    return document(head, tag("div", top, tag("main", tag("h1", title), *content), class_="wrap"))


def text_field(name: str, label: str, value: str, wrong: str | None, hint: Child, **more: str | bool) -> Markup:
    """Return a labelled text field with its hint, and with what is wrong with its value."""
    described = f"{name}-hint {name}-wrong" if wrong else f"{name}-hint"
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("div", hint, class_="hint", id=f"{name}-hint"),
        tag("p", wrong, class_="wrong", id=f"{name}-wrong") if wrong else None,
        tag(
            "input",
            type="text",
            id=name,
            name=name,
            value=value,
            aria_describedby=described,
            autocomplete="off",
            aria_invalid="true" if wrong else None,
            **more,
        ),
        class_="field",
    )


def pick(kind: str, name: str, value: str, label: str, checked: bool, hint: Child = None) -> Markup:
    """Return a radio button or a checkbox with its label; the hint is for people who are unsure."""
    own = f"{name}-{value}"
    return tag(
        "div",
        tag(
            "input",
            type=kind,
            id=own,
            name=name,
            value=value,
            checked=checked,
            aria_describedby=f"{own}-hint" if hint else None,
        ),
        tag("label", label, for_=own),
        tag("div", hint, class_="hint", id=f"{own}-hint") if hint else None,
        class_="pick",
    )


def group(legend: str, *content: Child) -> Markup:
    """Return fields that belong together."""
    return tag("fieldset", tag("legend", legend), *content)


def copied(name: str, label: str, text: str, hint: str) -> Markup:
    """Return text that is meant to be copied whole."""
    rows = str(min(text.count("\n") + 2, 12))
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("div", hint, class_="hint", id=f"{name}-hint"),
        tag(
            "textarea",
            text,
            id=name,
            readonly=True,
            rows=rows,
            spellcheck="false",
            autocomplete="off",
            aria_describedby=f"{name}-hint",
        ),
        class_="field",
    )


def facts(*pairs: tuple[str, str]) -> Markup:
    """Return pairs of a name and a value."""
    return tag("dl", [(tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts")


def button(text: str) -> Markup:
    """Return the button that sends a form."""
    return tag("button", text, type="submit", class_="button")


def actions(*content: Child) -> Markup:
    """Return what can be done on a page, side by side."""
    return tag("div", *content, class_="actions")


def code(text: str) -> Markup:
    """Return text that is typed or read as it stands."""
    return tag("code", text)
