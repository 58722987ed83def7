"""Write the key that Render knows for the one that it does not.

Render's Blueprint sync refuses a key that it does not know (`field rootDirectory not found in type file.Service`), and a
service that is there goes on as if the line were not there. `rootDirectory` is called `rootDir`, `envVar` of a reference
`envVarKey`; `pythonVersion` is a variable, PYTHON_VERSION. A key that means nothing to Render goes with `--unsafe`.

Before:                                   After:

    services:                                 services:
      - type: web                               - type: web
        rootDirectory: backend                    rootDir: backend

References: https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import IgnoredKey
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _render, _yaml

CODEMOD = Codemod(
    answers=(
        "config-refused",
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "module-not-found",
        "no-dockerfile",
        "project-metadata-missing",
        "requirements-missing",
        "run-file-missing",
    ),
    since="0.1",
    along="file",
    rank=10,
    platform="render",
)
_PYTHON = ("pythonVersion", "python", "python_version")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the key that is meant, for each that is not known; where both stand, the unknown one says nothing."""
    if report.target.platform != "render":
        return
    config, refused = report.target.config, finding.code == "config-refused"
    for key in report.target.ignored:
        if refused and key.place != finding.place:
            continue
        text = tree.text(config)
        written = str(key.path[-1])
        if written in _PYTHON and len(key.path) == len(report.target.key) + 1:
            yield from _version(tree, report, key)
        elif key.near is None:
            alone = refused and isinstance(finding, Fault)  # what it should say is not missed
            changed = _yaml.delete(text, key.path) if alone else None
            if changed is None:
                yield Skip(f"what `{written}` means is not known")
            else:
                yield Proposal(tree.write(config, changed), f"Render has no key `{written}`.", "unsafe")
        else:
            renamed = _yaml.rename(text, key.path, key.near)
            if renamed is not None and not _has(text, (*key.path[:-1], key.near)):
                rationale = f"Render has no key `{written}`; `{key.near}` is what it reads."
                yield Proposal(tree.write(config, renamed), rationale)


def _version(tree: Tree, report: Report, key: IgnoredKey) -> Iterator[Proposal]:
    """Propose the variable that says which Python."""
    config, service = report.target.config, report.target.key
    version = _render.python_version(tree.text(config), key.path)
    changed = _yaml.delete(tree.text(config), key.path)
    if changed is not None and "PYTHON_VERSION" not in report.target.env and version:
        changed = _yaml.add_variable(changed, service, "PYTHON_VERSION", version)
    if changed is not None and (version or "PYTHON_VERSION" in report.target.env):
        rationale = f"Render has no key `{key.path[-1]}`: the variable PYTHON_VERSION says it."
        yield Proposal(tree.write(config, changed), rationale)


def _has(text: str, path: tuple[str | int, ...]) -> bool:
    from bot.engine.model import yaml

    return path in yaml.read(text).spans
