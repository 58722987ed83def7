"""What is said of changes under `.github/workflows` that an App without the permission `workflows` can't push."""

from __future__ import annotations

from collections.abc import Sequence

from bot.report.markdown import LIMIT, code, fence, length

_HEADING = "## Not in this pull request"
_PATCH = 200  # lines of one


def without_workflows(body: str, left_out: Sequence[tuple[str, str]]) -> str:
    """Return a body that opens with what is not in its pull request: the paths with their patches.

    The permission is `workflows: write` of the App; without it GitHub refuses the whole push.
    """
    if not left_out:
        return body
    front = [
        _HEADING,
        "",
        "This App may not write workflows, so these changes belong to the repair and are not in it. Make them by hand before"
        " this is merged (`git apply` takes them):",
        "",
    ]
    for path, patch in left_out:
        lines = patch.rstrip("\n").split("\n")
        shown = fence(lines[:_PATCH], "diff", 500) if len(lines) <= _PATCH else [f"(a patch of {len(lines)} lines)"]
        front += [f"- {code(path)}", "", *shown, ""]
    made = "\n".join([*front, body])
    if length(made) <= LIMIT - 500:
        return made
    return "\n".join([*front[:4], *(f"- {code(path)}" for path, _ in left_out), "", body])
