"""Check runs: ours, found by their external id and kept up to date, and those of others as evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple, Protocol

from github.CheckRun import CheckRun
from github.CheckRunAnnotation import CheckRunAnnotation
from github.GithubObject import NotSet

from webhooks.github.client import Client, maybe, told
from webhooks.github.excerpt import clean
from webhooks.github.marks import ANNOTATION, ANNOTATION_TITLE, OUTPUT, OUTPUT_TITLE, cut, cut_bytes, cut_line, same

Conclusion = Literal["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]

_A_CALL = 50  # annotations that GitHub takes in one call; it adds those of later calls to the same run
_MOST = 500  # annotations of a foreign check that are read
_FAILED = frozenset({"failure", "timed_out", "startup_failure", "action_required"})


class Annotated(Protocol):
    """What is said about a line of a file; `level` is notice, warning or failure."""

    @property
    def path(self) -> str:
        """Where, from the repository's root."""

    @property
    def line(self) -> int:
        """Which line, from 1."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def level(self) -> str:
        """How bad it is."""


class Check(NamedTuple):
    """Somebody's check run."""

    id: int
    name: str
    conclusion: str | None
    url: str
    app: str  # the slug of the App that made it


class Checks(Client):
    """The part of an installation that deals with check runs."""

    @told("write the check {name} of {sha} in {full_name}")
    def ensure_check(
        self,
        full_name: str,
        sha: str,
        name: str,
        external_id: str,
        title: str,
        summary: str,
        text: str = "",
        conclusion: Conclusion | None = None,
        annotations: Sequence[Annotated] = (),
        details_url: str | None = None,
    ) -> str:
        """Return the page of our one check run with this external id on a commit, made or edited so that it says this.

        Without a conclusion it is in progress. Annotations that it has already are not sent again; GitHub can't take one
        away, so another set of them wants another external id.
        """
        output = {"title": cut_line(title, OUTPUT_TITLE), "summary": cut(summary, OUTPUT), "text": cut(text, OUTPUT)}
        if not text:
            del output["text"]
        state: dict[str, Any] = {"status": "completed", "conclusion": conclusion} if conclusion else {"status": "in_progress"}
        details = details_url or NotSet
        wanted = [_annotation(one) for one in annotations]
        run = self._ours(full_name, sha, name, external_id)
        if run is None:
            first: dict[str, Any] = {**output, "annotations": wanted[:_A_CALL]} if wanted else {**output}
            run = self.write(full_name).create_check_run(
                name=name, head_sha=sha, external_id=external_id, details_url=details, output=first, **state
            )
            missing = wanted[_A_CALL:]
        else:
            missing = _missing(run, wanted)
            if not missing and not _says(run, output, conclusion, details_url):
                run.edit(details_url=details, output=output, **state)
        for start in range(0, len(missing), _A_CALL):
            run.edit(details_url=details, output={**output, "annotations": missing[start : start + _A_CALL]}, **state)
        return run.html_url or ""

    @told("read check {identity} of {full_name}")
    def check_text(self, full_name: str, identity: int) -> str:
        """Return what a check run says: title, summary, text and annotations; redacted."""
        run = self.read(full_name).get_check_run(identity)
        parts = [run.output.title, run.output.summary, run.output.text]
        if run.output.annotations_count:
            parts += [_told(one) for one in islice(run.get_annotations(), _MOST)]
        return clean("\n".join(part for part in parts if part))

    @told("read the checks of suite {suite} in {full_name}")
    def failed_checks(self, full_name: str, suite: int) -> tuple[Check, ...]:
        """Return the check runs of a suite that failed."""
        runs = self.read(full_name).get_check_suite(suite).get_check_runs(filter="latest")
        return tuple(
            Check(run.id, run.name, run.conclusion, run.html_url or "", app.slug if (app := maybe(run.app)) is not None else "")
            for run in islice(runs, _MOST)
            if run.conclusion in _FAILED
        )

    def _ours(self, full_name: str, sha: str, name: str, external_id: str) -> CheckRun | None:
        """Return the first check run that we made with this external id."""
        runs = self.write(full_name).get_commit(sha).get_check_runs(check_name=name, filter="all")
        found = [run for run in runs if run.external_id == external_id and self._made(run)]
        return min(found, key=lambda run: run.id, default=None)

    def _made(self, run: CheckRun) -> bool:
        app = maybe(run.app)
        return app is not None and app.id == self.app.app_id


def _annotation(one: Annotated) -> dict[str, str | int]:
    line = max(one.line, 1)  # what concerns a whole file stands at its first line
    return {
        "path": one.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": one.level,
        "message": cut_bytes(one.message, ANNOTATION),
        "title": cut_bytes(cut_line(one.title, ANNOTATION_TITLE), ANNOTATION_TITLE),
    }


def _missing(run: CheckRun, wanted: list[dict[str, str | int]]) -> list[dict[str, str | int]]:
    """Return the annotations that a check run does not have yet."""
    if not wanted or not run.output.annotations_count:
        return wanted
    there = Counter((one.path, one.start_line, one.annotation_level, one.title, one.message) for one in run.get_annotations())
    missing = []
    for one in wanted:
        key = (one["path"], one["start_line"], one["annotation_level"], one["title"], one["message"])
        if there[key]:  # type: ignore[index]
            there[key] -= 1  # type: ignore[index]
        else:
            missing.append(one)
    return missing


def _says(run: CheckRun, output: dict[str, str], conclusion: str | None, details_url: str | None) -> bool:
    """Return whether a check run says this already."""
    return (
        run.output.title == output["title"]
        and same(run.output.summary, output["summary"])
        and same(run.output.text, output.get("text"))
        and run.conclusion == conclusion
        and details_url in (None, run.details_url)
    )


def _told(one: CheckRunAnnotation) -> str:
    parts = [
        f"{one.path}:{one.start_line}: {one.annotation_level}: {one.title or ''}".rstrip(": "),
        one.message,
        one.raw_details,
    ]
    return "\n".join(part for part in parts if part)
