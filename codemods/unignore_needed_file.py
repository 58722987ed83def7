"""Let a file into the build that the ignore file keeps out and the deploy needs.

A `.dockerignore` that was copied from a `.gitignore`, or grew with habit, hides too much: `*.txt` takes requirements.txt along,
`*.md` the README.md that a build backend reads, `lib/` or `data` a package of the app. COPY then does not find its source
(`"/requirements.txt": not found`), or the image lacks a module or a file that is opened at the start.

A line that names just what is needed goes; behind one with a wildcard, and behind one for a folder of which one file is
needed, a `!` line lets it in again. Where that would bring a `.env`, a key or another secret along, nothing is changed.

Before (.dockerignore):                   After:

    *.txt                                     *.txt
    lib/                                      !requirements.txt

References: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import ignore
from bot.engine.image.context import Context
from bot.engine.model.findings import Fault, MissingData, MissingFile, MissingModule, MissingName, MissingSource, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _ignorefile

CODEMOD = Codemod(
    answers=(
        "app-file-missing",
        "app-folder-missing",
        "copy-source-missing",
        "entry-not-found",
        "launcher-usage",
        "lock-missing",
        "module-not-found",
        "name-not-found",
        "project-files-missing",
        "project-metadata-missing",
        "requirements-missing",
        "run-file-missing",
        "script-missing",
    ),
    since="0.1",
    rank=8,
)
_WILD = re.compile(r"[*?\[\\]")
_SECRET = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)[^/]*)?|id_(?:rsa|ed25519)[^/]*|\.netrc|\.pypirc|\.npmrc"
    r"|[^/]*(?:secret|credential|service[-_]?account)[^/]*\.(?:json|ya?ml|toml|txt)|[^/]*\.(?:pem|key|p12|pfx|jks))$",
    re.I,
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the ignore file without the rule, or with one more line behind it."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not image.context.rules.rules:
        return
    context = image.context
    for needed in _needed(finding, report):
        rule = context.rules.deciding(needed)
        if rule is None or not context.tree.kind(context.tree_path(needed)):
            continue
        if _SECRET.search(needed):
            yield Skip(f"{needed} may hold secrets; {context.rules.path}:{rule.line} keeps it out with reason")
            return
        yield from _edits(tree, context, needed, rule)
        return


def _needed(fault: Fault, report: Report) -> Iterator[str]:
    """Yield the paths of the context that may be meant, where a rule keeps them out."""
    image = report.image
    assert image
    match fault.detail:
        case MissingSource(source=source):
            yield source
        case MissingFile(path=path) | MissingData(path=path):
            yield from _kept_out(report, path)
        case MissingModule(name=module):
            for folder in _folders(report):
                base = posixpath.join(folder, module.replace(".", "/"))
                for path in (f"{base}.py", base):
                    yield from _kept_out(report, path)
        case MissingName(module=module, name=name):
            for folder in _folders(report):
                yield from _kept_out(report, posixpath.join(folder, module.replace(".", "/"), f"{name}.py"))


def _folders(report: Report) -> list[str]:
    """Return the folders of the image in which the programs look for modules."""
    programs = [program for booted in report.started for program in booted.programs]
    return list(dict.fromkeys(folder for program in programs for folder in (*program.front, program.folder)))


def _kept_out(report: Report, path: str) -> Iterator[str]:
    """Yield where in the context a path of the image would come from: by what was copied, else from the same place."""
    image = report.image
    assert image
    source = image.files.kept_out(path)
    if source:
        yield source
    elif path.startswith(f"{image.workdir.rstrip('/')}/"):  # a COPY with a wildcard copied nothing
        yield path[len(image.workdir.rstrip("/")) + 1 :]


def _edits(tree: Tree, context: Context, needed: str, rule: ignore.Rule) -> Iterator[Proposal | Skip]:
    """Yield the edits of the ignore file, that of a maintainer first."""
    rules = context.rules
    text = tree.text(rules.path)
    top = _matched(needed, rule, rules)
    whole = needed == top or needed.endswith(".py") or context.tree.is_folder(context.tree_path(needed))
    options = [_ignorefile.without(text, rule.line)] if whole and not _WILD.search(rule.pattern) else []
    written = [top, needed] if whole else [needed]
    last = _last_include(rules, rule)
    options += [_ignorefile.behind(text, last, f"!{path}") for path in dict.fromkeys(written)]
    rationale = f"{rules.path}:{rule.line} keeps {needed} out of the build, which needs it."
    brought = [_brings_secret(context, needed, option) for option in options]
    for option, secret in zip(options, brought, strict=True):
        if not secret:
            yield Proposal(tree.write(rules.path, option), rationale)
    if all(brought):
        yield Skip(f"{brought[0]} would get into the image")


def _matched(needed: str, rule: ignore.Rule, rules: ignore.Rules) -> str:
    """Return the file or folder that a rule keeps out and that `needed` is or lies in."""
    parts = needed.split("/")
    prefixes = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
    return next((prefix for prefix in prefixes if rules.deciding(prefix) == rule), needed)


def _last_include(rules: ignore.Rules, rule: ignore.Rule) -> int:
    """Return the line behind which a `!` line belongs: the rule's own, or the last of those that follow it at once."""
    line = rule.line
    for other in rules.rules:
        if other.includes and other.line == line + 1:
            line = other.line
    return line


def _brings_secret(context: Context, needed: str, text: str) -> str | None:
    """Return a secret below the top folder of what is needed that an edit lets into the build."""
    edited = Context(context.tree, context.root, ignore.read(text, context.rules.path))
    top = needed.partition("/")[0] if "/" in needed else ""
    names = context.tree.walk(context.tree_path(top), frozenset({".git", "node_modules"}))
    skip = len(context.root) + 1 if context.root else 0
    paths = (path[skip:] for path in names)
    return next(
        (path for path in paths if _SECRET.search(path) and context.rules.excludes(path) and not edited.rules.excludes(path)),
        None,
    )
