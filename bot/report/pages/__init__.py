"""The pages that `bot explain` prints and that docs/reference.md is made of.

A codemod's page is its own docstring; those of faults and weaknesses stand in the files beside this one, one entry each:
the stage, the title, and what breaks, why, and what a person can do.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.model.findings import Stage
from bot.report.pages import boot, build, config, owners, serving, weaknesses
from codemods import Page

Sort = Literal["fault", "weakness"]
_FAULTS = (config.PAGES, build.PAGES, boot.PAGES, owners.PAGES, serving.PAGES)


class Entry(NamedTuple):
    """The page of a fault or a weakness."""

    sort: Sort
    stage: Stage
    title: str
    text: str


def entries() -> dict[str, Entry]:
    """Return the pages of all faults and weaknesses by code."""
    faults = {code: Entry("fault", *page) for pages in _FAULTS for code, page in pages.items()}
    return {**faults, **{code: Entry("weakness", *page) for code, page in weaknesses.PAGES.items()}}


def codes() -> tuple[str, ...]:
    """Return the codes of all faults and weaknesses."""
    return tuple(entries())


def titles(sort: Sort) -> list[tuple[str, str]]:
    """Return code and title of all faults, or of all weaknesses."""
    return [(code, f"{entry.title} ({entry.stage})") for code, entry in entries().items() if entry.sort == sort]


def finding(code: str, answers: tuple[str, ...]) -> str | None:
    """Return the page of a fault or weakness; None when there is none of that code."""
    entry = entries().get(code)
    if entry is None:
        return None
    answered = ", ".join(answers) if answers else "no codemod yet"
    return (
        f"{code}: {entry.title}\n\n{_filled(entry.text)}\n\nStage: {entry.stage}\nSort: {entry.sort}\nAnswered by: {answered}"
    )


def codemod(page: Page) -> str:
    """Return the page of a codemod."""
    answers = ", ".join(page.codemod.answers)
    return f"{page.name}: {page.title}\n\n{page.text}\n\nAnswers: {answers}\nSince: {page.codemod.since}"


def _filled(text: str) -> str:
    import textwrap  # for pages alone

    return textwrap.fill(text, 100)
