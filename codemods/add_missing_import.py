"""Import a name that the code reads and nothing binds.

`NameError: name 'Optional' is not defined` ends the process as the file is imported. Where the name comes from, the
repository's other files say, if those that import it agree; else it is a module of the standard library, or a name that only
one of its modules can mean. A `logger` that nobody made gets made, as every module makes its own. A name that is imported for
type checkers alone is only annotated with: then annotations are no longer evaluated.

Before (main.py):                         After:

    import os                                 import os
                                              import logging

    try:                                      logger = logging.getLogger(__name__)
        import torch
    except ImportError:                       try:
        logger.warning("no torch")                import torch
                                              …

References: https://docs.python.org/3/library/exceptions.html#NameError
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.boot.modules import parsed
from bot.engine.boot.names import bindings
from bot.engine.boot.values import dotted
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingName, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _deferring

if TYPE_CHECKING:
    from codemods._edits import Edits

CODEMOD = Codemod(answers=("name-not-defined",), since="0.1")

_FROM = {  # names that mean one thing of the standard library, wherever they stand alone
    "typing": "Any Callable ClassVar Dict Generator Iterable Iterator List Literal Mapping Optional Protocol Sequence Set Tuple"
    " Type TypedDict TypeVar Union TYPE_CHECKING AsyncGenerator AsyncIterator Annotated",
    "pathlib": "Path PurePath",
    "dataclasses": "dataclass",
    "datetime": "timedelta timezone",
    "decimal": "Decimal",
    "enum": "Enum IntEnum StrEnum",
    "functools": "lru_cache partial wraps",
    "collections": "Counter OrderedDict defaultdict deque",
    "contextlib": "asynccontextmanager contextmanager suppress",
    "abc": "ABC abstractmethod",
    "uuid": "UUID uuid4",
}
_HOME = {name: module for module, names in _FROM.items() for name in names.split()}
_MODULES = frozenset(  # that are always used by their own name, with an attribute
    "argparse ast asyncio base64 binascii collections contextlib csv functools gc glob hashlib hmac html inspect io itertools"
    " json logging math mimetypes multiprocessing operator os pathlib pickle platform random re secrets shutil signal smtplib"
    " socket sqlite3 ssl string struct subprocess sys tempfile textwrap threading time traceback typing unicodedata urllib"
    " uuid warnings zipfile zlib".split()
)
_MOMENTS = frozenset("combine fromisoformat fromtimestamp now strptime today utcfromtimestamp utcnow".split())
_LOGS = frozenset("critical debug error exception info log warn warning setLevel".split())


class _Source(NamedTuple):
    """Where a name comes from: `from module import name`, or `import module` (`name` None)."""

    module: str
    name: str | None


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the import, or the logger, that is missing."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, MissingName) or finding.place is None:
        return
    name, path = detail.name, finding.place.path
    try:
        source = tree.read(path)
        body = parsed(source).body
    except (Unreadable, SyntaxError):
        return
    if any(name in names for _, names in bindings(body)):
        yield Skip(f"{path} binds `{name}` further down: which of the lines moves is for a person to say")
        return
    if _for_types(body, name):
        if _deferring.EVALUATED.search(source):
            yield Skip(f"`{name}` is imported for type checkers alone, and something in {path} may evaluate annotations")
            return
        why = f"{path} imports `{name}` for type checkers alone: its annotations are not evaluated any more."
        yield _edited(tree, path, lambda edits: edits.future("annotations"), why)
        return
    used = _attributes(body, name)
    sources = _elsewhere(tree, path, name)
    if len(sources) > 1:
        modules = " and ".join(sorted(f"`{source.module}`" for source in sources))
        yield Skip(f"the repository's files have `{name}` from {modules}")
        return
    if sources:
        why = f"{path} uses `{name}` and does not import it, as other files of the repository do."
        yield _edited(tree, path, _bringing(*sources), why)
    elif known := _known(name, used):
        yield _edited(tree, path, _bringing(known), f"{path} uses `{name}` and does not import it.")
    elif name.lower() in ("log", "logger") and used and used <= _LOGS:
        why = f"{path} logs as it is imported and has no `{name}`: it gets one."
        yield _edited(tree, path, lambda edits: edits.making_logger(name), why, safe=False)
    else:
        yield Skip(f"nothing tells where `{name}` comes from")


def _for_types(body: list[ast.stmt], name: str) -> bool:
    """Say whether `if TYPE_CHECKING:` imports a name."""
    guards = (each for each in body if isinstance(each, ast.If) and dotted(each.test).endswith("TYPE_CHECKING"))
    return any(name in names for guard in guards for _, names in bindings(guard.body))


def _attributes(body: list[ast.stmt], name: str) -> frozenset[str]:
    """Return the attributes that a file takes from a name; "" stands for the name alone."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    owners = {id(node.value): node.attr for node in nodes if isinstance(node, ast.Attribute)}
    read = (node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return frozenset(owners.get(id(node), "") for node in read if node.id == name)


def _elsewhere(tree: Tree, path: str, name: str) -> set[_Source]:
    """Return from where the repository's other files import a name; dots count where they lie in the same folder."""
    folder, found = posixpath.dirname(path), set()
    for other in survey.files(tree):
        if other == path or not other.endswith(".py"):
            continue
        try:
            source = tree.read(other)
            body = parsed(source).body if name.encode() in source else []
        except (Unreadable, SyntaxError):
            continue
        for node in body:
            if isinstance(node, ast.Import) and any(alias.name == name and not alias.asname for alias in node.names):
                found.add(_Source(name, None))
            if not isinstance(node, ast.ImportFrom) or (node.level and posixpath.dirname(other) != folder):
                continue
            if any(alias.name == name and alias.asname in (None, name) for alias in node.names):
                found.add(_Source("." * node.level + (node.module or ""), name))
    return found


def _known(name: str, used: frozenset[str]) -> _Source | None:
    """Return where a name can only come from, for Python's own ones, by how it is `used`."""
    if name in _HOME:
        return _Source(_HOME[name], name)
    if name == "datetime" and used <= _MOMENTS:
        return _Source(name, name)
    if name == "datetime" and used <= {"date", "datetime", "time", "timedelta", "timezone"}:
        return _Source(name, None)
    return _Source(name, None) if name in _MODULES and "" not in used else None


def _bringing(source: _Source) -> Callable[[Edits], None]:
    return lambda edits: edits.bring(source.module, source.name)


def _edited(tree: Tree, path: str, change: Callable[[Edits], None], why: str, safe: bool = True) -> Proposal | Skip:
    """Return the tree with a change of one file."""
    from codemods import _edits, _python  # LibCST costs more than a check

    text = tree.text(path)
    module = _python.parse(text)
    if module is None:
        return Skip(f"{path} is not edited as it is written")
    edits = _edits.Edits(path, text, module)
    change(edits)
    return Proposal(tree.write(path, edits.edited()), why, "safe" if safe else "unsafe")
