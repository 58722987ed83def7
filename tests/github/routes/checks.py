"""Check runs and suites, with the rules that GitHub's description has in prose alone."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.state import CheckRun, Suite
from tests.github.world import Refused

_SIZES = {"title": 255, "message": 65_536, "raw_details": 65_536}  # of an annotation


def _request(words: str) -> Refused:
    return Refused(422, f"Invalid request.\n\n{words}")


@answers(f"POST {REPO}/check-runs", needs="checks:write")
def create(call: Call) -> Answer:
    body = call.body
    sha = body["head_sha"]
    if call.repo.git.kind(sha) != "commit":
        raise Refused(422, f"No commit found for SHA: {sha}")
    _rules(body, None)
    suite = call.standin.suite_for(call.repo, sha, call.app.slug)
    check = CheckRun(call.standin.identity(), suite, body["name"], started=call.standin.now())
    _lay(call, check)
    call.repo.checks[check.id] = check
    return Answer(call.shapes.check(call.repo, check), 201)


@answers(f"PATCH {REPO}/check-runs/{{check_run_id}}", needs="checks:write")
def update(call: Call) -> Json:
    check = _check(call)
    if check.suite.app is not call.app:
        words = f"Invalid app_id `{call.app.id}` - check run can only be modified by the GitHub App that created it."
        raise Refused(403, words)
    _rules(call.body, check)
    _lay(call, check)
    return call.shapes.check(call.repo, check)


def _rules(body: Json, known: CheckRun | None) -> None:
    """Refuse what GitHub refuses although the description, cut to its schemas, would take it."""
    conclusion = body.get("conclusion", known.conclusion if known else None)
    if body.get("status") == "completed" and conclusion is None:
        raise _request('"conclusion" wasn\'t supplied, but is required when "status" is "completed".')
    if "completed_at" in body and conclusion is None:
        raise _request('"conclusion" wasn\'t supplied, but is required with "completed_at".')
    if body.get("conclusion") == "stale":
        raise _request("A check run's conclusion can't be set to stale.")
    if (url := body.get("details_url")) and not url.startswith(("http://", "https://")):
        raise _request("details_url must use http or https scheme")
    output = body.get("output", {})
    if known is None and output and "title" not in output:
        raise _request('"title" wasn\'t supplied.')
    for annotation in output.get("annotations", []):
        _annotation(annotation)


def _annotation(annotation: Json) -> None:
    if annotation["path"].startswith("/") or not annotation["path"]:
        raise _request("An annotation's path has to be relative to the root of the repository.")
    if not 1 <= annotation["start_line"] <= annotation["end_line"]:
        raise _request("An annotation's lines have to begin at 1, and to end where they begin or below.")
    if annotation["start_line"] != annotation["end_line"] and annotation.keys() & {"start_column", "end_column"}:
        raise _request("An annotation has columns only where it begins and ends on one line.")
    for field, most in _SIZES.items():
        if len((annotation.get(field) or "").encode()) > most:
            raise _request(f"An annotation's {field} is too long.")


def _lay(call: Call, check: CheckRun) -> None:
    """Lay the body of a request over a check run: a conclusion completes it, annotations are added to those there are."""
    body = call.body
    check.name = body.get("name", check.name)
    check.external_id = body.get("external_id", check.external_id)
    check.details_url = body.get("details_url", check.details_url)
    check.status = body.get("status", check.status)
    check.started = _time(body.get("started_at")) or check.started
    if conclusion := body.get("conclusion"):
        check.status, check.conclusion = "completed", conclusion
        check.completed = _time(body.get("completed_at")) or call.standin.now()
    elif check.status != "completed":
        check.conclusion = check.completed = None
    output = body.get("output", {})
    check.title = output.get("title", check.title)
    check.summary = output.get("summary", check.summary)
    check.text = output.get("text", check.text)
    check.annotations += output.get("annotations", [])
    check.actions = body.get("actions", check.actions)
    check.suite.updated = call.standin.now()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _check(call: Call) -> CheckRun:
    return call.one(call.repo.checks, "check_run_id")


@answers(f"GET {REPO}/check-runs/{{check_run_id}}", needs="checks:read")
def check(call: Call) -> Json:
    return call.shapes.check(call.repo, _check(call))


@answers(f"GET {REPO}/check-runs/{{check_run_id}}/annotations", needs="checks:read")
def notes(call: Call) -> Answer:
    found = _check(call)
    return call.page(found.annotations, lambda annotation: call.shapes.annotation(call.repo, found, annotation))


@answers(f"GET {REPO}/commits/{{ref}}/check-runs", needs="checks:read")
def runs_of_commit(call: Call) -> Answer:
    sha = call.commit("ref")
    app = call.query.get("app_id")
    found = [run for run in call.repo.checks.values() if run.sha == sha and app in (None, str(run.suite.app.id))]
    return _runs(call, found)


@answers(f"GET {REPO}/check-suites/{{check_suite_id}}/check-runs", needs="checks:read")
def runs_of_suite(call: Call) -> Answer:
    suite = _suite(call)
    return _runs(call, [run for run in call.repo.checks.values() if run.suite is suite])


def _runs(call: Call, found: list[CheckRun]) -> Answer:
    name, status = call.query.get("check_name"), call.query.get("status")
    found = [run for run in found if name in (None, run.name) and status in (None, run.status)]
    if call.query.get("filter", "latest") == "latest":  # of those with one name in one suite
        by_name = sorted(found, key=lambda run: (run.suite.id, run.name, run.id))
        found = [list(same)[-1] for _, same in groupby(by_name, key=lambda run: (run.suite.id, run.name))]
    found.sort(key=lambda run: -run.id)
    return call.page(found, lambda run: call.shapes.check(call.repo, run), key="check_runs")


def _suite(call: Call) -> Suite:
    return call.one(call.repo.suites, "check_suite_id")


@answers(f"GET {REPO}/check-suites/{{check_suite_id}}", needs="checks:read")
def suite(call: Call) -> Json:
    return call.shapes.suite(call.repo, _suite(call))


@answers(f"GET {REPO}/commits/{{ref}}/check-suites", needs="checks:read")
def suites(call: Call) -> Answer:
    sha = call.commit("ref")
    app, name = call.query.get("app_id"), call.query.get("check_name")
    found = [
        suite
        for suite in call.repo.suites.values()
        if suite.sha == sha
        and app in (None, str(suite.app.id))
        and (name is None or any(run.suite is suite and run.name == name for run in call.repo.checks.values()))
    ]
    return call.page(found, lambda suite: call.shapes.suite(call.repo, suite), key="check_suites")
