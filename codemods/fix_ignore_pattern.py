r"""Write the patterns of an ignore file so that the builder takes them.

In a `.dockerignore` folders are divided by `/`, also on Windows; a backslash escapes what follows it. `venv\` ends within an
escape and `**\pip-log.txt` holds one that does not exist: the build stops with `syntax error in pattern` before its first
instruction. Where the escape happens to mean something (`docs\build`), nothing is refused and nothing is kept out.

A lone `!` re-includes nothing and is refused as well: it goes. Brackets that are not closed are escaped where a file is called
so; what else they may mean is left to a person. A rule that hides what the deploy needs is unignore-needed-file's.

Before (.dockerignore):                   After:

    venv\                                     venv/
    **\pip-log.txt                            **/pip-log.txt

References: https://docs.docker.com/build/concepts/context/#syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import ignore
from bot.engine.model.findings import Fault, Place, RefusedPattern, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _ignorefile

CODEMOD = Codemod(answers=("ignore-pattern-backslash", "ignore-pattern-invalid"), since="0.1", along="file")
_DIVIDES = re.compile(r"\\(?=[\w.*]|$)")  # a backslash that was meant as a slash; others escape what is special
_MOST = 40  # lines that are refused in one file


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the rules with backslashes between folders that the builder takes, and that keep nothing out."""
    rules = report.image.context.rules if report.image else ignore.NOTHING
    for rule in rules.rules:
        if "\\" in rule.pattern and _DIVIDES.search(rule.pattern):
            message = f"`{rule.pattern}` keeps out none of what it names"
            reason = f"{rules.path} divides folders by `/`; a backslash escapes the character behind it."
            place = Place(rules.path, rule.line)
            yield Weakness("ignore-pattern-backslash", "build", message, reason, place, subject=rule.pattern)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the ignore file with the lines that are refused, or the one that means nothing, written anew."""
    if report.image is None:
        return
    path = report.image.context.rules.path
    text = tree.text(path)
    if isinstance(finding, Weakness):
        if finding.place is not None:
            edited = _slashed(text, finding.place.line, finding.subject)
            yield Proposal(tree.write(path, edited), f"{path} divides folders by `/`, also on Windows.")
        return
    if not isinstance(finding.detail, RefusedPattern):
        return
    problem = ignore.read(text, path).problem
    for _ in range(_MOST):
        if problem is None:
            break
        written = _written(problem, report, tree)
        if written is None:
            yield Skip(f"what {path}:{problem.line} means by `{problem.written}` is not clear")
            return
        old = problem.written
        text = _ignorefile.replaced(text, problem.line, old, written) if written else _ignorefile.without(text, problem.line)
        problem = ignore.read(text, path).problem
    if problem is None:
        yield Proposal(tree.write(path, text), f"moby's matcher refuses patterns of {path} as they are written.")


def _slashed(text: str, line: int, pattern: str) -> str:
    return _ignorefile.replaced(text, line, pattern, _DIVIDES.sub("/", pattern))


def _written(problem: ignore.Problem, report: Report, tree: Tree) -> str | None:
    """Return how a refused pattern is meant, `""` where it means nothing; None where that is not clear."""
    if problem.written.lstrip("!").strip("/ ") == "":
        return ""
    slashed = _DIVIDES.sub("/", problem.written)
    if _taken(slashed):
        return slashed
    escaped = slashed.replace("[", "\\[")
    name = slashed.lstrip("!/").partition("/")[0]
    context = report.image.context if report.image else None
    is_called_so = context is not None and name in tree.entries(context.root)
    return escaped if is_called_so and _taken(escaped) else None


def _taken(pattern: str) -> bool:
    return ignore.read(pattern).problem is None
