"""Break a ring of imports that asks a module for a name too early.

`app/db.py` imports the models so that `create_all` knows them, and the models import `Base` from `app.db`, which is still at
that import: `cannot import name 'Base' from partially initialized module 'app.db' (most likely due to a circular import)`. What
both need gets a module of its own: the modules of the ring import it from there, and the old module still hands it out. Where
an import of the ring only feeds a function, or annotations that nobody evaluates, it moves there instead: that is the smaller
edit, and nothing that works can tell the difference. Moved lines would only hold until somebody sorts the imports.

Before (app/db.py):                       After:

    from app.models import User               from app.base import Base  # noqa: F401
                                              from app.models import User
    Base = declarative_base()

References: https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-import-in-a-module
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Ring, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _deferring, _modules, _sharing
from codemods._imports import Python

CODEMOD = Codemod(answers=("import-cycle",), since="0.1", rank=50)


class _Link(NamedTuple):
    """One import of the ring, and the file that it leads to."""

    path: str
    python: Python
    node: ast.Import | ast.ImportFrom
    target: str


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose an import that moves to where it is needed, and a module of its own for what is shared."""
    detail = finding.detail if isinstance(finding, Fault) else None
    program = _modules.started(finding, report)
    if not isinstance(detail, Ring) or not isinstance(finding, Fault) or report.image is None or program is None:
        return
    links = _links(detail, tree)
    if isinstance(links, Skip):
        yield links
        return
    ring = {link.path for link in links}
    twice = next((each for each in finding.chain[: -len(detail.links)] if each.rpartition(":")[0] in ring), None)
    if twice:
        yield Skip(f"{twice.rpartition(':')[0]} runs twice, as the program and under its own name")
        return
    modules = _modules.Modules(tree, report.image, program, report)
    for link in reversed(links):
        last = link is links[-1]
        moved = _deferring.moved(link.python, link.node) if last or _imported_otherwise(modules, link) else None
        if moved:
            text, where = moved
            why = f"{link.path} needs what it imports from {link.target} in {where} alone: the import moves there"
            yield Proposal(tree.write(link.path, text), f"{why}, and the ring is open.", "unsafe")
    shared = _sharing.shared(modules, detail, [(link.path, link.python, link.node) for link in links])
    if isinstance(shared, Skip):
        yield shared
        return
    why = f"{links[0].path} and what it imports both need {', '.join(f'`{name}`' for name in shared.names)}"
    yield Proposal(shared.tree, f"{why}: {shared.path} holds it, and the ring is open.", "unsafe")


def _links(ring: Ring, tree: Tree) -> list[_Link] | Skip:
    places = [link.rpartition(":") for link in ring.links]
    found = []
    for index, (path, _, line) in enumerate(places):
        try:
            python = Python(tree.read(path))
        except Unreadable as error:
            return Skip(str(error))
        nodes = [node for node in python.imports() if node.lineno == int(line)]
        if not nodes and index == len(places) - 1:  # an attribute is asked for
            continue
        if len(nodes) != 1:
            return Skip(f"{path}:{line} is not edited as it is written")
        found.append(_Link(path, python, nodes[0], places[(index + 1) % len(places)][0]))
    return found or Skip("the imports of the ring are not found")


def _imported_otherwise(modules: _modules.Modules, link: _Link) -> bool:
    """Say whether a module is imported elsewhere, too: what its import does besides must still be done."""
    own = modules.named(link.target)
    if own is None:
        return False
    word = own.rpartition(".")[2].encode()
    others = (path for path in modules.places if path not in (link.path, link.target) and word in modules.tree.read(path))
    return any(own in _sharing.imported(modules, path) for path in others)
