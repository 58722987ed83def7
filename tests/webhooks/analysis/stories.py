"""The stories of fixtures/repos as commits to analyse. `python -m tests.webhooks.analysis.stories` writes the bodies anew."""

from __future__ import annotations

from pathlib import Path

from bot.engine.model.tree import Source
from bot.outside.folder import Folder
from webhooks.analysis import Analysis, Request, Told
from webhooks.analysis.analysing import analysed

REPOS = Path(__file__).parents[3] / "fixtures" / "repos"
BODIES = Path(__file__).parent / "bodies"
SHOWN = ("docflow/b", "docflow/c", "docflow/d", "email-assistant/c", "geneweb/a", "phraseweaver/b", "phraseweaver/e")
SHA = "0123456789abcdef0123456789abcdef01234567"
TOLD = Told("acme/docs", "Deploy", "https://github.com/acme/docs/actions/runs/1/job/2")


def analysis(story: str, log: bool = True, unsafe: bool = True) -> Analysis:
    state = REPOS / story
    text = (state / "deploy.log").read_text() if log else ""
    return of(Folder(str(state / "before"), in_git=False), text, unsafe)


def of(source: Source, log: str = "", unsafe: bool = False, platform: str | None = None) -> Analysis:
    return analysed(Request("", SHA, log, platform, unsafe, TOLD), source)


def body_of(story: str) -> Path:
    return BODIES / f"{story.replace('/', '-')}.md"


def document(story: str) -> str:
    """Return all that is said on GitHub of a story: title, body, commit message."""
    [repair] = analysis(story).repairs
    return f"{repair.title}\n\n{repair.body}\n{'-' * 72}\n\n{repair.commit_message}"


if __name__ == "__main__":
    for each in SHOWN:
        body_of(each).write_text(document(each))
