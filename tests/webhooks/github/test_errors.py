"""Each failure is one sentence of the right kind, and none holds a token or a URL."""

from __future__ import annotations

import pickle
import time

import pytest
import requests
from github import GithubException, UnknownObjectException

from webhooks.github.errors import Denied, Failed, Gone, Limited, Refused, Trouble, failure, words

TOKEN = "ghs_" + "c4n4ry" * 6


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, Trouble), (502, Trouble), (409, Trouble), (404, Gone), (410, Gone), (401, Denied), (403, Denied), (451, Denied),
     (422, Refused), (400, Refused), (307, Refused)],
)  # fmt: skip
def test_status_says_whether_another_try_helps(status: int, kind: type[Failed]) -> None:
    failed = failure(GithubException(status, {"message": "Because"}, {}), "read owner/name")
    assert type(failed) is kind
    assert str(failed).startswith("Can't read owner/name: ")
    assert str(failed).endswith(".")
    assert str(failed).count("\n") == 0


def test_words_of_github_are_repeated() -> None:
    data = {
        "message": "Validation Failed",
        "errors": [{"message": "No commits between main and fix"}],
        "documentation_url": "https://x",
    }
    failed = failure(GithubException(422, data, {}), "open it")
    assert str(failed) == "Can't open it: GitHub answered 422 (Validation Failed No commits between main and fix)."


def test_permission_that_is_missing_is_named() -> None:
    headers = {"X-Accepted-GitHub-Permissions": "pull_requests=write"}
    failed = failure(GithubException(403, {"message": "Resource not accessible by integration"}, headers), "open it")
    assert isinstance(failed, Denied)
    assert str(failed).endswith("(Resource not accessible by integration); it needs pull_requests: write.")


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("after", ["17", "17.0"])
def test_retry_after_is_when_to_ask_again(status: int, after: str) -> None:
    failed = failure(GithubException(status, {"message": "slow down"}, {"Retry-After": after}), "read it")
    assert isinstance(failed, Limited)
    assert failed.retry_at == pytest.approx(time.time() + 17, abs=2)


def test_used_up_limit_ends_when_it_is_reset() -> None:
    reset = int(time.time()) + 900
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    failed = failure(GithubException(403, {"message": "API rate limit exceeded for installation ID 1."}, headers), "read it")
    assert isinstance(failed, Limited)
    assert failed.retry_at == reset + 1


def test_secondary_limit_without_a_time_ends_in_a_minute() -> None:
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    failed = failure(
        GithubException(403, said, {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": "9999999999"}), "read it"
    )
    assert isinstance(failed, Limited)
    assert failed.retry_at == pytest.approx(time.time() + 60, abs=2)


@pytest.mark.parametrize("after", ["soon", "-5", "nan", "inf", ""])
def test_nonsense_in_headers_is_a_minute(after: str) -> None:
    failed = failure(GithubException(429, None, {"Retry-After": after}), "read it")
    assert isinstance(failed, Limited)
    assert failed.retry_at == pytest.approx(time.time() + 60, abs=2)


def test_plain_403_is_no_limit() -> None:
    failed = failure(GithubException(403, {"message": "Resource not accessible"}, {"x-ratelimit-remaining": "12"}), "read it")
    assert isinstance(failed, Denied)


def test_limit_survives_pickling_and_reads_as_a_sentence() -> None:
    first = Limited("Can't.", 12.5)
    second = pickle.loads(pickle.dumps(first))
    assert (str(second), second.retry_at) == ("Can't.", 12.5)


def test_network_errors_hold_no_request() -> None:
    request = requests.Request("GET", f"https://user:{TOKEN}@host/log?sig={TOKEN}", headers={"Authorization": TOKEN}).prepare()
    for error in (
        requests.ConnectionError(
            f"HTTPSConnectionPool(host='host'): Max retries exceeded with url: /log?sig={TOKEN}", request=request
        ),
        requests.ReadTimeout(TOKEN, request=request),
        requests.exceptions.SSLError(TOKEN, request=request),
        UnknownObjectException(404, {"message": f"no {TOKEN}"}, {"authorization": TOKEN}),
        RuntimeError(TOKEN),
        KeyError(TOKEN),
        AssertionError(TOKEN),
    ):
        failed = failure(error, "read it")
        assert TOKEN not in repr(failed) + str(failed.args)
        assert failed.__cause__ is None
        assert failed.__context__ is None


@pytest.mark.parametrize(
    "data", [None, "text", [1], {"message": None}, {"errors": ["a", {"code": "b"}, {}]}, {"errors": "x"}, b"\xff"]
)
def test_any_body_has_words_or_none(data: object) -> None:
    assert "\n" not in words(data)


def test_words_are_short_and_redacted() -> None:
    said = words({"message": f"a\n b {TOKEN} " + "x" * 9000})
    assert said.startswith("a b •••")
    assert len(said) <= 300
