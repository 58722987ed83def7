"""The words on GitHub: a pull request, its commit, the check run and the answers to commands. Pure: data in, text out.

Everything that comes from outside (paths, lines of a log, names) is code in it and without secrets; see `bot.report.markdown`.
"""

from bot.report.pull_request.body import body, local_command
from bot.report.pull_request.case import Case, Edited, Told, counted, is_workflow
from bot.report.pull_request.checks import (
    CheckRun,
    Opened,
    annotation,
    in_trouble,
    left_alone,
    nothing_to_repair,
    unpushed,
    unusable,
    with_repairs,
    without_repair,
)
from bot.report.pull_request.proofs import with_proof
from bot.report.pull_request.titles import commit_message, title
from bot.report.pull_request.workflows import without_workflows

__all__ = [
    "Case",
    "CheckRun",
    "Edited",
    "Opened",
    "Told",
    "annotation",
    "body",
    "commit_message",
    "counted",
    "in_trouble",
    "is_workflow",
    "left_alone",
    "local_command",
    "nothing_to_repair",
    "title",
    "unpushed",
    "unusable",
    "with_proof",
    "with_repairs",
    "without_repair",
    "without_workflows",
]
