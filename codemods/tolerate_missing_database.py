"""Let the service start although the tables can't be created.

`Base.metadata.create_all(bind=engine)` as a module is imported, or `async with engine.begin()` in the lifespan, end the start
where the database does not answer, or is not attached yet: then not even the health check is answered, and the log of a failed
deploy shows a screen of SQLAlchemy instead of the service. The statement is tried, and what it says when it fails is logged;
requests that need the database fail by themselves until it answers. The lasting cure is a migration that runs before the start.
It is repaired along with a broken deploy alone.

Before (main.py):                             After:

    Base.metadata.create_all(bind=engine)         try:
                                                      Base.metadata.create_all(bind=engine)
                                                  except (OSError, SQLAlchemyError):
                                                      logging.getLogger(__name__).exception("…")

References: https://docs.sqlalchemy.org/en/20/core/exceptions.html
https://fly.io/docs/reference/configuration/#the-deploy-section
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _provided

CODEMOD = Codemod(answers=("eager-tables",), since="0.1", along="target")
_WORDS = "The database does not answer: its tables were not created"


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield what asks a database as the service starts."""
    says, because = "{path} asks the database at the start", "Where it does not answer, the whole service does not start"
    yield from _provided.found(report, "eager-tables", ("tables",), says, because)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to try the statement."""
    if finding.place is None:
        return
    from codemods import _sources  # LibCST costs more than a check

    source = _sources.read(tree, finding.place.path)
    statement = source.creating(finding.place.line) if source else None
    if source is None or statement is None:
        yield Skip(f"{finding.place.path}:{finding.place.line} does more than to create tables")
        return
    logger = source.logger()
    error = source.importing_from("sqlalchemy.exc", "SQLAlchemyError")
    source.tried(statement, f"(OSError, {error})", f'{logger}.exception("{_WORDS}")')
    why = "The service starts while its database does not answer, and says so in its log."
    yield Proposal(tree.write(finding.place.path, source.edited()), why, "unsafe", _provided.manual(report, finding))
