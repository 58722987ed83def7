"""Make a config that does not parse say what it means: drop what stands there twice, or empty before its table.

flyctl loads the config before it does anything else, so a file that is not valid TOML stops every command
(`Error: failed loading app config from …`). Three mistakes are common and have one plain meaning:

- the whole content, or the end of it, is there twice (a paste, or a script that appends): the second copy goes;
- an empty list stands before its table, as old launch templates wrote it (`http_checks = []`, then
  `[[services.http_checks]]`; `processes = []`, then `[processes]`): the empty line goes;
- a table is opened twice: the lines of the second one join the first, unless they say something else.

A key with two different values is a choice only a person can make: the later one is kept with `--unsafe`, since it was
written last.

Before:                             After:

    [[services]]                        [[services]]
      http_checks = []                    internal_port = 8080
      internal_port = 8080
                                          [[services.http_checks]]
      [[services.http_checks]]              path = "/health"
        path = "/health"

References: https://toml.io/en/v1.0.0#table, https://fly.io/docs/reference/configuration/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Safety, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _toml

CODEMOD = Codemod(answers=("config-syntax",), since="0.1", platform="fly")
_EMPTY = re.compile(r"=[ \t]*(?:\[\s*\]|\{\s*\})[ \t]*(?:#[^\n]*)?\r?\n?\Z")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Mend one problem after the other until the file parses."""
    path = report.target.config
    if path.endswith((".json", ".yaml")):
        yield Skip("only TOML is repaired")
        return
    text = original = tree.text(path)
    said: list[str] = []
    safety: Safety = "safe"
    for _ in range(20):
        document = toml.read(text)
        if not document.problems:
            break
        mended = _mended(document)
        if mended is None:
            yield Skip(f"`{document.problems[0].message}` has no plain meaning")
            return
        text, words, sure = mended
        said.append(words)
        safety = safety if sure else "unsafe"
    if text != original and not toml.read(text).problems:
        yield Proposal(tree.write(path, text), f"{path} does not parse. {' '.join(dict.fromkeys(said))}", safety)


def _mended(document: toml.Document) -> tuple[str, str, bool] | None:
    """Return the text with its first problem mended, what was done, and whether the meaning is plain."""
    text = document.text
    if text.startswith("\ufeff"):
        return text[1:], "The byte-order mark at its start is gone.", True
    single = _without_second_copy(text, document.problems[0].start)
    if single is not None:
        return single, "Its content stood there twice; the second copy is gone.", True
    statement = next((found for found in document.statements if found.problem), None)
    if statement is None:
        return None
    if statement.kind == "key":
        return _key_twice(document, statement)
    empty = _empty_before(document, statement)
    if empty:
        name = ".".join(str(part) for part in empty.path if isinstance(part, str))
        return _toml.delete(text, [empty]), f"The empty `{name} = []` before the table of the same name is gone.", True
    return _table_twice(document, statement) if statement.kind == "table" else None


def _without_second_copy(text: str, problem: int) -> str | None:
    """Return the text without the copy of its own lines that runs to the end of the file, if the problem lies in one."""
    lines = text.splitlines(keepends=True)
    bare = [line.strip() for line in lines]
    for middle in range(1, len(bare)):
        head = [line for line in bare[:middle] if line]
        tail = [line for line in bare[middle:] if line]
        start = len("".join(lines[:middle]))
        if start > problem or len(tail) < 3:
            return None
        if head[-len(tail) :] == tail and any(line.startswith("[") for line in tail):
            return text[:start].rstrip() + newline(text)
    return None


def _empty_before(document: toml.Document, statement: toml.Statement) -> toml.Statement | None:
    """Return the `name = []` (or `{}`) that a table's header collides with."""
    names = _toml.names(statement.path)
    for found in reversed(document.statements[: document.statements.index(statement)]):
        own = _toml.names(found.path)
        if found.kind == "key" and names[: len(own)] == own and _EMPTY.search(document.text[found.start : found.end]):
            return found
    return None


def _key_twice(document: toml.Document, statement: toml.Statement) -> tuple[str, str, bool] | None:
    """Drop one of two assignments of the same key: the second when they agree, else the first."""
    first = next((s for s in document.statements if s.kind == "key" and s.path == statement.path), None)
    if first is None or first is statement:
        return None
    name = _toml.names(statement.path)[-1]
    agree = _meaning(document.text, first) == _meaning(document.text, statement)
    gone = statement if agree else first
    words = f"`{name}` was set twice" + (" to the same value." if agree else "; the later value is kept.")
    return _toml.delete(document.text, [gone]), words, agree


def _meaning(text: str, statement: toml.Statement) -> object:
    """Return what an assignment says: its key and value, or its text where that is no TOML."""
    line = text[statement.start : statement.end]
    alone = toml.read(line)
    return line.strip() if alone.problems else alone.data


def _table_twice(document: toml.Document, statement: toml.Statement) -> tuple[str, str, bool] | None:
    """Join the lines of a table's second opening, comments between them included, to its first one."""
    text = document.text
    opened = [s for s in document.statements if s.kind == "table" and s.path == statement.path]
    if len(opened) < 2 or opened[0] is statement:
        return None
    first, second = opened[0], statement
    before, after = _body(document, first), _body(document, second)
    known = {s.path: s for s in before}
    same = [s for s in after if s.path in known and _meaning(text, known[s.path]) == _meaning(text, s)]
    replaced = [known[s.path] for s in after if s.path in known and s not in same]
    end = after[-1].end if after else second.end
    moved = splice(text[second.end : end], [Splice(s.start - second.end, s.end - second.end, "") for s in same])
    moved = moved if moved.endswith("\n") else moved + newline(text)
    at = (before[-1] if before else first).end
    splices = [Splice(at, at, moved)] if moved.strip() else []
    splices += [Splice(s.start, s.end, "") for s in replaced]
    merged = splice(text, [*splices, _toml.cut(text, second.start, end)])
    name = ".".join(_toml.names(statement.path))
    words = f"[{name}] was opened twice; its lines now stand together"
    return merged, words + (", and the later values are kept." if replaced else "."), not replaced


def _body(document: toml.Document, header: toml.Statement) -> list[toml.Statement]:
    """Return the key lines that follow a header directly."""
    at = document.statements.index(header)
    found = []
    for statement in document.statements[at + 1 :]:
        if statement.kind != "key":
            break
        found.append(statement)
    return found
