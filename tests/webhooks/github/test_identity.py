"""The App's tokens: named permissions, kept until they get old, one sentence when there is none."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME, client_of
from webhooks.github import FETCH, PUSH, PUSH_WORKFLOWS, READ, TALK, Denied, GitHub, Gone, Installation, Limited, Trouble
from webhooks.github.permissions import covers, lacking, shared

TOKENS = "POST /app/installations/{installation_id}/access_tokens"


def test_who_the_app_is(github: GitHub, ours: Installation, standin: Standin) -> None:
    bot = standin.app.bot
    assert github.slug == "deploymend"
    assert github.login == "deploymend[bot]"
    author = ours.author()
    assert (author.id, author.login) == (bot.id, "deploymend[bot]")
    assert author.email == f"{bot.id}+deploymend[bot]@users.noreply.127.0.0.1"
    assert len(standin.sent("GET /app")) == 1


@pytest.mark.parametrize(
    ("base_url", "web_url"),
    [("https://api.github.com", "https://github.com"), ("https://ghes.example/api/v3/", "https://ghes.example"),
     ("https://api.acme.ghe.com", "https://acme.ghe.com")],
)  # fmt: skip
def test_pages_stand_where_the_api_says(base_url: str, web_url: str, standin: Standin) -> None:
    assert GitHub(base_url, 1, standin.app.private_key).web_url == web_url


@pytest.mark.parametrize("permissions", [FETCH, PUSH, READ, TALK])
def test_token_has_the_permissions_that_were_named_and_no_others(
    permissions: dict[str, str], github: GitHub, ours: Installation, standin: Standin
) -> None:
    token = github.token(ours.identity, permissions)
    assert standin.tokens[token].permissions == dict(permissions)
    assert standin.sent(TOKENS)[0].body == {"permissions": dict(permissions)}


def test_token_is_narrowed_to_repositories(github: GitHub, ours: Installation, standin: Standin) -> None:
    standin.repository("acme/other", {"a": "b"})
    token = github.token(ours.identity, FETCH, repositories=[NAME])
    assert standin.tokens[token].repositories == {standin.find(NAME).id}
    assert github.token(ours.identity, FETCH) != token
    with pytest.raises(Gone, match="it does not have elsewhere"):
        github.token(ours.identity, FETCH, repositories=["acme/elsewhere"])


def test_token_is_used_again_until_five_minutes_before_its_end(
    github: GitHub, ours: Installation, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = github.token(ours.identity, FETCH)
    assert github.token(ours.identity, dict(reversed(FETCH.items()))) == first
    now = time.time()
    standin.advance(3600 - 320)
    monkeypatch.setattr(time, "time", lambda: now + 3600 - 320)
    assert github.token(ours.identity, FETCH) == first
    standin.advance(40)
    monkeypatch.setattr(time, "time", lambda: now + 3600 - 280)
    assert github.token(ours.identity, FETCH) != first


def test_permission_that_is_not_granted_is_named(github: GitHub, ours: Installation) -> None:
    with pytest.raises(Denied) as raised:
        github.token(ours.identity, PUSH_WORKFLOWS)
    assert str(raised.value) == (
        f"Can't get a token for installation {ours.identity}: acme has not granted the App workflows: write."
    )


def test_what_is_not_granted_is_left_out_where_that_is_enough(github: GitHub, ours: Installation, standin: Standin) -> None:
    standin.install("acme", {"metadata": "read", "contents": "read", "checks": "write", "pull_requests": "read"})
    token = github.token(ours.identity, TALK, partly=True)
    assert standin.tokens[token].permissions == {
        "metadata": "read", "contents": "read", "checks": "write", "pull_requests": "read",
    }  # fmt: skip


def test_work_goes_on_without_what_is_not_granted(ours: Installation, standin: Standin, head: str) -> None:
    standin.install("acme", {"metadata": "read", "contents": "read", "checks": "write"})
    assert ours.ensure_check(NAME, head, "Deploymend", "a", "Title", "Summary", conclusion="neutral")
    with pytest.raises(Denied) as raised:
        ours.open_pulls(NAME)
    assert "(Resource not accessible by integration); it needs pull_requests: read." in str(raised.value)


def test_granted_says_what_there_is(github: GitHub, ours: Installation, standin: Standin) -> None:
    granted = github.granted(ours.identity)
    assert granted.account == "acme"
    assert not granted.suspended
    assert not covers(granted.permissions, PUSH_WORKFLOWS)
    assert covers(granted.permissions, PUSH)
    assert lacking(granted.permissions, PUSH_WORKFLOWS) == {"workflows": "write"}
    assert shared({"a": "read", "b": "write"}, {"a": "write", "b": "read", "c": "read"}) == {"a": "read", "b": "read"}


def test_suspended_and_removed_installations_are_said(github: GitHub, ours: Installation, standin: Standin) -> None:
    installation = standin.installations[ours.identity]
    installation.suspended = standin.now()
    assert github.granted(ours.identity).suspended
    with pytest.raises(Denied, match="This installation has been suspended"):
        ours.repository(NAME)
    standin.uninstall(installation)
    with pytest.raises(Gone, match=f"get a token for installation {ours.identity}"):
        ours.repository(NAME)


def test_key_of_another_app_is_said(standin: Standin, ours: Installation) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    github = GitHub(standin.api, standin.app.id, pem, pauses=False)
    with pytest.raises(Denied, match="does not accept the App's id and private key"):
        github.token(ours.identity, FETCH)
    github.close()


@pytest.mark.parametrize(
    "key", ["", "secret words", "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n"]
)
def test_key_that_is_none_is_said_at_the_start_without_it(key: str) -> None:
    with pytest.raises(Denied) as raised:
        GitHub("https://api.github.com", 1, key)
    assert str(raised.value) == "The App's private key is not a private key in PEM form, as GitHub hands it out."
    assert raised.value.__context__ is None


def test_token_that_is_not_accepted_is_not_used_again(ours: Installation, standin: Standin) -> None:
    ours.repository(NAME)
    standin.tokens.clear()
    with pytest.raises(Denied, match="Bad credentials"):
        ours.repository(NAME)
    assert ours.repository(NAME).full_name == NAME


def test_limit_of_the_app_itself(github: GitHub, ours: Installation, standin: Standin) -> None:
    standin.limits.primary(standin.app, 0, 120)
    with pytest.raises(Limited) as raised:
        github.token(ours.identity, FETCH)
    assert raised.value.retry_at == pytest.approx(time.time() + 120, abs=4)


def test_nothing_shows_a_token(github: GitHub, ours: Installation, standin: Standin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="github.Requester")
    token = github.token(ours.identity, FETCH)
    ours.repository(NAME)
    standin.fail("GET /repos/{owner}/{repo}", 401, body={"message": f"Bad credentials {token}"})
    with pytest.raises(Denied) as raised:
        ours.repository(NAME)
    standin.fail(TOKENS, 500, body={"message": token, "token": token})
    with pytest.raises(Trouble) as troubled:
        github.token(ours.identity, PUSH)
    assert raised.value.__context__ is None  # what PyGithub raised carries the request
    assert troubled.value.__context__ is None
    shown = "".join([caplog.text, repr(github), repr(ours), repr(vars(github)), repr(raised.value), repr(troubled.value)])
    for secret in [*standin.tokens, standin.app.private_key, standin.app.private_key.splitlines()[3]]:
        assert secret not in shown
    assert "POST http://127.0.0.1/app/installations/" in caplog.text


def test_many_threads_share_tokens_and_one_line_of_requests(ours: Installation, standin: Standin) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: ours.repository(NAME).full_name, range(24)))
    assert names == [NAME] * 24
    assert len(standin.sent(TOKENS)) == 1


def test_enterprise_server_has_its_api_below_a_path(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.github.standin import running

    with running(tmp_path_factory.mktemp("ghes"), "/api/v3") as standin:
        standin.repository(NAME, {"a": "b"})
        github = client_of(standin)
        installation = standin.installation_of(standin.find(NAME))
        assert installation is not None
        ours = github.installation(installation.id)
        sha = standin.find(NAME).git.head("main") or ""
        for number in range(120):
            standin.check(NAME, sha, "Deploymend", external_id=str(number))
        assert ours.repository(NAME).clone_url == f"{standin.web}/{NAME}.git"
        assert ours.ensure_check(NAME, sha, "Deploymend", "e", "Title", "Summary", conclusion="success")
        assert ours.branch_head(NAME, "main") == sha
        github.close()
        assert json.dumps(standin.problems) == "[]"


def test_pauses_lie_between_writes_alone(standin: Standin, ours: Installation) -> None:
    github = GitHub(standin.api, standin.app.id, standin.app.private_key)
    number = standin.issue(NAME, "Deploy").number
    paused = github.installation(ours.identity)
    began = time.monotonic()
    for _ in range(4):
        paused.repository(NAME)
    reading = time.monotonic() - began
    began = time.monotonic()
    for kind in ("a", "b"):
        paused.ensure_comment(NAME, number, "Hello", f"<!-- deploymend:{kind}:1 -->")
    writing = time.monotonic() - began
    github.close()
    assert writing > 1.0
    assert reading < writing
