"""Drop a key that flyctl does not know and silently ignores.

`docker_build_context`, `context` or `build_context` in `[build]` look as if they set the build context; flyctl has no such
key, reads on without a word, and builds with another folder. The line says something that is not so, and it goes when the
config is repaired (or with `--select drop-unknown-key`).

Before:                                   After:

    [build]                                   [build]
      dockerfile = "Dockerfile"                 dockerfile = "Dockerfile"
      docker_build_context = ".."

References: https://fly.io/docs/reference/configuration/#the-build-section; `fly config validate --strict` lists such keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _toml

CODEMOD = Codemod(answers=("unknown-key",), since="0.1", along="file", platform="fly")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the keys that flyctl ignores; what Render does not know it refuses."""
    for key in report.target.ignored if report.target.platform == "fly" else ():
        dotted = ".".join(str(part) for part in key.path if isinstance(part, str))
        reason = "flyctl does not know this key and ignores it." + (f" Is `{key.near}` meant?" if key.near else "")
        yield Weakness("unknown-key", "config", f"`{dotted}` has no effect", reason, key.place, subject=dotted)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the config without the line; a whole table, or a name that is misspelt, is left to a person."""
    config = report.target.config
    key = next((key for key in report.target.ignored if key.place == finding.place), None)
    if key is None:
        return
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    if key.near:
        yield Skip(f"`{key.near}` may be meant")
        return
    document = toml.read(tree.text(config))
    statement = _toml.statement(document, key.path)
    if statement is None:
        headers = {found.path for found in document.statements if found.kind != "key"}
        yield Skip("a whole table is not dropped" if _is_table(key.path, headers) else "the key has no line of its own")
        return
    rationale = f"flyctl has no `{key.path[-1]}` and ignores it."
    yield Proposal(tree.write(config, _toml.delete(document.text, [statement])), rationale)


def _is_table(path: toml.Path, headers: set[toml.Path]) -> bool:
    return any(header[: len(path)] == path for header in headers)
