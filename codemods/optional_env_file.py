"""Let the service start without its `.env` file.

An env file is for the desk: git ignores it, so that a clone has none, and on the platform the same names are in the
environment. Code that ends where the file is missing (`if not Path(".env").exists(): raise …`, `assert load_dotenv()`, a bare
`open(".env")`) keeps the service from starting although every value is there. The check goes, or the file is read where it is
there; values that are really missing still end the start where the code asks for them.

Before (main.py):                                   After:

    env_file = Path(__file__).parent / ".env"           env_file = Path(__file__).parent / ".env"
    if not env_file.exists():
        raise FileNotFoundError("no .env file")
    load_dotenv(env_file)                               load_dotenv(env_file)

References: https://pypi.org/project/python-dotenv/ https://fly.io/docs/apps/secrets/
https://render.com/docs/configure-environment-variables
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dotenv
from bot.engine.model.findings import Fault, MissingData, Weakness
from bot.engine.model.tree import Tree, join, parent
from bot.engine.report import Report

CODEMOD = Codemod(answers=("app-file-missing",), since="0.1")
_ENV_FILE = re.compile(r"(?:\.env(?:\.[\w-]+)*|[\w-]+\.env)")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", "env.example", ".env.dist")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the code without the check, or with one around what reads the file."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, MissingData) or finding.place is None:
        return
    name = posixpath.basename(detail.path)
    if not _ENV_FILE.fullmatch(name):
        return
    from codemods import _optional, _sources  # LibCST costs more than a check

    source = _sources.read(tree, finding.place.path)
    if source is None or not _optional.without_file(source, finding.place.line):
        yield Skip(f"{finding.place.path}:{finding.place.line} needs {name} in a way that is not edited")
        return
    why = (
        f"{name} is not in the image, and the platform has the values in the environment: the service starts without the file."
    )
    manual = _manual(tree, finding.place.path, name)
    yield Proposal(tree.write(finding.place.path, source.edited()), why, "unsafe", manual)


def _manual(tree: Tree, path: str, name: str) -> tuple[str, ...]:
    """Return what a person checks: that the platform has what the example of the file names."""
    folder: str | None = parent(path)
    while folder is not None:
        for example in _EXAMPLES:
            at = join(folder, example)
            if at and tree.is_file(at):
                names = ", ".join(entry.key for entry in dotenv.read(tree.text_if_any(at)))
                return (f"The platform needs what {name} holds ({at} names {names}).",) if names else ()
        folder = parent(folder) if folder else None
    return ()
