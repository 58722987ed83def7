"""Bind a port once.

`gunicorn -b 0.0.0.0:8080 -b [::]:8080` asks for IPv4 and IPv6, and on Linux the two exclude each other: a socket on `[::]`
serves IPv4 as well, so the other one finds its port taken. gunicorn says `Connection in use: ('::', 8080)`, tries five times
and exits; hypercorn ends at once. One address is kept. On Fly that is `[::]`: its proxy and its checks come by IPv4, the
private network by IPv6, and `[::]` takes both. On Render, which asks by IPv4, it is `0.0.0.0`. Of an address and one that is
part of it, the wider is kept. `gunicorn.conf.py` is not edited.

Before:                                                            After:

    exec gunicorn main:app \\                                          exec gunicorn main:app \\
      -b 0.0.0.0:8080 \\                                                 -b [::]:8080
      -b [::]:8080

References: https://docs.gunicorn.org/en/stable/settings.html#bind, https://fly.io/docs/networking/private-networking/,
https://man7.org/linux/man-pages/man7/ipv6.7.html (IPV6_V6ONLY)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.boot import binds
from bot.engine.boot.binds import Bind
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, SharedPort, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _command

CODEMOD = Codemod(answers=("double-bind",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the command with the one address that serves everybody."""
    detail = finding.detail if isinstance(finding, Fault) else None
    found = next((each for each in report.started if each.process.name == finding.process), None)
    program = next((each for each in found.programs if _tells(each.argv, detail)), None) if found else None
    if found is None or report.image is None or not isinstance(detail, SharedPort):
        return
    if program is None:
        yield Skip(f"the command does not tell {detail.by} the addresses")
        return
    asked = [bind for written in detail.binds if (bind := binds.read(written))]
    kept = max(asked, key=lambda bind: _worth(bind, report.target.platform))
    places = _command.origins(program, found, report.image)
    changed: Tree | None = tree
    left = list(detail.binds)
    for written in _others(detail.binds, kept.written):
        changed = _without(changed, places, written, left.count(written)) if changed else None
        left.remove(written)
    if changed is None:
        yield Skip("the addresses do not stand in the command as they are told")
    else:
        yield Proposal(changed, f"{detail.by} can't bind a port twice; `{kept.written}` serves everybody.")


def _tells(argv: tuple[str, ...], detail: object) -> bool:
    """Say whether a command names all the addresses."""
    line = " ".join(argv)
    return isinstance(detail, SharedPort) and all(written in line for written in detail.binds)


def _worth(bind: Bind, platform: str) -> tuple[bool, bool]:
    """Return how good an address is: every address before one, then the family that the platform needs."""
    return bind.everywhere, bind.six == (platform == "fly")


def _others(written: tuple[str, ...], kept: str) -> list[str]:
    """Return the addresses without one that is kept."""
    at = written.index(kept)
    return [*written[:at], *written[at + 1 :]]


def _without(tree: Tree, places: list[Origin], written: str, count: int) -> Tree | None:
    """Take an address out of the command, whose port may be a variable there."""
    host, _, port = written.rpartition(":")
    address = rf"{re.escape(host)}:(?:{port}|\$\w+|\$\{{\w+(?::?[-=]{port})?\}})"
    option = rf"(?:--bind(?:=|\s+)|-b(?:=|\s*))(?:{address}|\\?\"{address}\\?\"|'{address}')"
    found = (_command.remove_option(tree, place, option, count) for place in places)
    return next((changed for changed in found if changed), None)
