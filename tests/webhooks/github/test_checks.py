"""One check run per external id, with all annotations in it once."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME
from webhooks.github import Installation, Trouble

MAKE = "POST /repos/{owner}/{repo}/check-runs"
EDIT = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}"
TOKEN = "ghs_" + "c4n4ry" * 6


class Finding(NamedTuple):
    path: str
    line: int
    title: str
    message: str
    level: str


def findings(many: int) -> list[Finding]:
    return [Finding("app.py", 1 + number % 7, f"Fault {number // 3}", "No module", "failure") for number in range(many)]


def runs(standin: Standin) -> list[object]:
    return [one for one in standin.find(NAME).checks.values() if one.suite.app is standin.app]


def test_check_is_made(ours: Installation, standin: Standin, head: str) -> None:
    url = ours.ensure_check(
        NAME, head, "Deploymend", "1f00:1", "Title", "Summary", "Text", "neutral", findings(2), "https://example.com/details"
    )
    (check,) = standin.find(NAME).checks.values()
    assert url == f"{standin.web}/{NAME}/runs/{check.id}"
    assert (check.name, check.external_id, check.status, check.conclusion) == ("Deploymend", "1f00:1", "completed", "neutral")
    assert (check.title, check.summary, check.text) == ("Title", "Summary", "Text")
    assert check.details_url == "https://example.com/details"
    assert check.annotations[0] == {
        "path": "app.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "No module",
        "title": "Fault 0",
    }  # fmt: skip


@pytest.mark.parametrize("status", [502, 0])
@pytest.mark.parametrize("many", [0, 1, 50, 120])
def test_cut_after_its_effect_and_called_again_ends_with_one(
    many: int, status: int, ours: Installation, standin: Standin, head: str
) -> None:
    for cut in (MAKE, EDIT, EDIT):
        standin.fail(cut, status, after_effect=True)
    for _ in range(5):
        try:
            ours.ensure_check(NAME, head, "Deploymend", "a", "Title", "Summary", "", "failure", findings(many))
        except Trouble:
            continue
        break
    (check,) = standin.find(NAME).checks.values()
    assert len(check.annotations) == many
    assert sorted(str(one) for one in check.annotations) == sorted(
        str({"path": one.path, "start_line": one.line, "end_line": one.line, "annotation_level": one.level,
             "message": one.message, "title": one.title}) for one in findings(many)
    )  # fmt: skip
    assert len(standin.sent(MAKE)) == 1
    assert all(len(one.body["output"].get("annotations", ())) <= 50 for one in standin.sent(MAKE) + standin.sent(EDIT))


def test_called_again_with_the_same_words_writes_nothing(ours: Installation, standin: Standin, head: str) -> None:
    for _ in range(2):
        ours.ensure_check(
            NAME, head, "Deploymend", "a", "Title", "Summary", "Text", "failure", findings(60), "https://example.com/"
        )
    assert len(standin.sent(MAKE)) == 1
    assert len(standin.sent(EDIT)) == 1  # the second part of the annotations


def test_from_in_progress_to_its_conclusion(ours: Installation, standin: Standin, head: str) -> None:
    ours.ensure_check(NAME, head, "Deploymend", "a", "Looking", "Summary")
    (check,) = standin.find(NAME).checks.values()
    assert (check.status, check.conclusion) == ("in_progress", None)
    ours.ensure_check(NAME, head, "Deploymend", "a", "Looked", "Other", "More", "success", findings(3))
    (check,) = standin.find(NAME).checks.values()
    assert (check.status, check.conclusion, check.title, check.text) == ("completed", "success", "Looked", "More")
    assert len(check.annotations) == 3


def test_only_our_own_are_taken_for_ours(ours: Installation, standin: Standin, head: str) -> None:
    standin.check(NAME, head, "Deploymend", external_id="a", title="Not ours")
    ours.ensure_check(NAME, head, "Deploymend", "a", "Title", "Summary", conclusion="success")
    ours.ensure_check(NAME, head, "Deploymend", "b", "Title", "Summary", conclusion="success")
    assert [one.title for one in standin.find(NAME).checks.values()] == ["Not ours", "Title", "Title"]


def test_found_among_many(ours: Installation, standin: Standin, head: str) -> None:
    for number in range(130):
        standin.check(NAME, head, "Deploymend", app="deploymend", external_id=str(number), title="Title", summary="Summary")
    ours.ensure_check(NAME, head, "Deploymend", "3", "Title", "Summary", conclusion="success")
    assert not standin.sent(MAKE)
    assert len(runs(standin)) == 130


def test_long_words_are_cut_to_what_github_takes(ours: Installation, standin: Standin, head: str) -> None:
    long = [Finding("app.py", 0, "é" * 300, "é" * 70_000, "warning")]
    ours.ensure_check(NAME, head, "Deploymend", "a", "T" * 300, "line\n" * 20_000, "é\n" * 40_000, "failure", long)
    ours.ensure_check(NAME, head, "Deploymend", "a", "T" * 300, "line\n" * 20_000, "é\n" * 40_000, "failure", long)
    (check,) = standin.find(NAME).checks.values()
    assert (check.summary or "").endswith("GitHub takes no more than 65,535 here.*")
    assert len(check.text or "") <= 65_535
    assert len(check.annotations) == 1
    assert check.annotations[0]["start_line"] == 1
    assert not standin.sent(EDIT)


def test_check_of_others_is_read_as_evidence_and_redacted(ours: Installation, standin: Standin, head: str) -> None:
    check = standin.check(
        NAME,
        head,
        "Deploy",
        title="Deploy failed",
        summary=f"Exited with status 1\nAPI_TOKEN={TOKEN}",
        text="==> ModuleNotFoundError: No module named 'backend'",
        annotations=(
            {"path": ".github", "start_line": 12, "end_line": 12, "annotation_level": "failure",
             "message": f"exit code 1 {TOKEN}", "title": "deploy", "raw_details": "more"},
        ),
    )  # fmt: skip
    assert ours.check_text(NAME, check.id) == (
        "Deploy failed\nExited with status 1\nAPI_TOKEN=•••\n==> ModuleNotFoundError: No module named 'backend'\n"
        ".github:12: failure: deploy\nexit code 1 •••\nmore"
    )


def test_check_that_says_nothing_is_no_evidence(ours: Installation, standin: Standin, head: str) -> None:
    assert ours.check_text(NAME, standin.check(NAME, head, "Deploy").id) == ""


def test_failed_checks_of_a_suite(ours: Installation, standin: Standin, head: str) -> None:
    bad = standin.check(NAME, head, "Deploy", app="render", conclusion="failure")
    late = standin.check(NAME, head, "Late", app="render", conclusion="timed_out")
    standin.check(NAME, head, "Tests", app="render", conclusion="success")
    standin.check(NAME, head, "Running", app="render", conclusion=None)
    standin.check(NAME, head, "Elsewhere", app="other", conclusion="failure")
    found = ours.failed_checks(NAME, bad.suite.id)
    assert sorted((one.id, one.name, one.conclusion, one.app) for one in found) == [
        (bad.id, "Deploy", "failure", "render"),
        (late.id, "Late", "timed_out", "render"),
    ]
