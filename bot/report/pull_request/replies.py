"""Commands in comments, `/deploymend fix`, and what is answered to them."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from bot.report import pages
from bot.report.markdown import code, cut, fence, link, prose
from codemods import Shelf

CALL = "/deploymend"
_PAGE = 20_000


class Command(NamedTuple):
    """A command: its name, the argument that it takes (none where it is empty), and what it does."""

    name: str
    argument: str
    does: str


COMMANDS = (
    Command("fix", "", "analyses the failed commit and opens a pull request, or brings the open one up to date"),
    Command("retry", "", "does all of the last analysis again, with the log as it is now"),
    Command("verify", "", "builds and boots the repair for real, where this service is set up for it"),
    Command("ignore", "", "closes the pull request and leaves this cause alone until it changes"),
    Command("explain", "NAME", "shows the page of a codemod, a fault or a weakness"),
)


class Asked(NamedTuple):
    """What a comment asks for; `command` is None where there is no such command, and `word` what stood there."""

    command: Command | None
    argument: str
    word: str


def parse(text: str) -> Asked | None:
    """Return what a comment asks for: its first line counts, and has to begin with the call; None for any other comment."""
    words = text.lstrip().split("\n", 1)[0].split()
    if not words or words[0].lower() != CALL:
        return None
    word = words[1].lower() if len(words) > 1 else "help"
    command = next((each for each in COMMANDS if each.name == word), None)
    return Asked(command, words[2] if len(words) > 2 else "", word)


def usage() -> str:
    """Return the list of all commands."""
    lines = [f"- {code(' '.join(filter(None, (CALL, each.name, each.argument))))} {each.does}" for each in COMMANDS]
    return "\n".join(["These are the commands, for people who may write to this repository:", "", *lines]) + "\n"


def unknown(word: str) -> str:
    """Return the answer to a command that is not there."""
    if word == "help":
        return usage()
    near = difflib.get_close_matches(word, [each.name for each in COMMANDS], 1, 0.6)
    hint = f" Did you mean {code(f'{CALL} {near[0]}')}?" if near else ""
    return f"There is no command {code(word, 60)}.{hint}\n\n{usage()}"


def explain(name: str) -> str:
    """Return the page of a codemod, a fault or a weakness, or which name may be meant."""
    shelf = Shelf()
    if name in shelf.names():
        page: str | None = pages.codemod(shelf.page(name))
    else:
        page = pages.finding(name, shelf.answering(name))
    if page is not None:
        return "\n".join(fence(cut(page, _PAGE).split("\n"))) + "\n"
    if not name:
        return f"{code(f'{CALL} explain')} takes a name: that of a codemod, a fault or a weakness.\n"
    near = difflib.get_close_matches(name, (*shelf.names(), *pages.codes()), 1, 0.5)
    hint = f" Did you mean {code(near[0])}?" if near else ""
    return f"There is no {code(name, 60)}.{hint}\n"


def opened(title: str, url: str) -> str:
    """Return the answer to `fix` and `retry` where a pull request stands."""
    return f"{link(prose(title, 80), url)}\n"


def nothing(summary: str) -> str:
    """Return the answer to `fix` and `retry` where there is nothing to repair; `summary` is the check run's."""
    return f"There is no repair.\n\n{summary}"


def ignored() -> str:
    """Return the answer to `ignore`."""
    return "This cause is left alone from now on, until it changes.\n"


def refused(command: str, reason: str) -> str:
    """Return the answer to a command that can't be carried out now."""
    return f"{code(f'{CALL} {command}', 80)} can't be done: {prose(reason)}\n"


def foreign_commits() -> str:
    """Return what is said once on a pull request to whose branch somebody else has pushed."""
    return "There are commits of somebody else on this branch: it is not touched any more.\n"


def closed(reason: str) -> str:
    """Return what is said when a pull request is closed because its cause is gone."""
    return f"The cause is gone: {prose(reason)} This pull request is not needed any more.\n"
