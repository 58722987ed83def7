"""Who may ask for what: the App's own token, tokens of installations, and their permissions."""

from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from github import BadCredentialsException, GithubException, UnknownObjectException

from tests.github.conftest import as_app, client
from tests.github.standin import Standin


def test_the_app_finds_itself_and_where_it_is_installed(standin: Standin):
    app = as_app(standin)
    assert app.get_app().slug == "deploymend"
    assert [found.id for found in app.get_installations()] == list(standin.installations)
    assert app.get_repo_installation("acme", "shop").id in standin.installations
    assert app.get_app_installation(next(iter(standin.installations))).app_id == standin.app.id


def test_a_key_that_is_not_the_apps_is_refused(standin: Standin):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    with pytest.raises(GithubException, match="could not be decoded"):
        as_app(standin, pem).get_app()


@pytest.mark.parametrize(
    ("issued", "expires", "says"),
    [(0, -10, "numeric value"), (0, 3600, "too far in the future"), (300, 600, "Issued at")],
)
def test_the_times_of_the_apps_token_count(standin: Standin, issued: int, expires: int, says: str):
    now = int(standin.now().timestamp())
    claims = {"iat": now + issued, "exp": now + expires, "iss": str(standin.app.id)}
    token = jwt.encode(claims, standin.app.private_key, algorithm="RS256")
    with pytest.raises(GithubException, match=says):
        client(standin, token).requester.requestJsonAndCheck("GET", "/app")


def test_a_token_has_the_permissions_that_were_asked_for(standin: Standin):
    number = as_app(standin).get_repo_installation("acme", "shop").id
    token = as_app(standin).get_access_token(number, permissions={"contents": "read"})
    assert token.permissions == {"contents": "read", "metadata": "read"}
    repository = client(standin, token.token).get_repo("acme/shop")
    assert repository.permissions.push is False
    sha = repository.get_branch("main").commit.sha
    with pytest.raises(GithubException, match="Resource not accessible by integration") as refused:
        repository.create_git_ref("refs/heads/x", sha)
    assert refused.value.status == 403
    assert refused.value.headers["x-accepted-github-permissions"] == "contents=write"
    with pytest.raises(GithubException, match="403"):
        repository.create_check_run("x", sha)


def test_no_permissions_named_means_all_of_the_installations(standin: Standin):
    number = as_app(standin).get_repo_installation("acme", "shop").id
    assert as_app(standin).get_access_token(number).permissions["checks"] == "write"


def test_more_than_was_granted_is_not_given(standin: Standin):
    number = as_app(standin).get_repo_installation("acme", "shop").id
    with pytest.raises(GithubException, match="permissions requested are not granted") as refused:
        as_app(standin).get_access_token(number, permissions={"workflows": "write"})
    assert refused.value.status == 422


def test_a_token_lasts_an_hour_and_no_longer_than_its_installation(standin: Standin):
    token = standin.token("acme/shop")
    github = client(standin, token)
    standin.advance(3500)
    assert github.get_repo("acme/shop").full_name == "acme/shop"
    standin.advance(101)
    with pytest.raises(BadCredentialsException, match="Bad credentials"):
        github.get_repo("acme/shop")
    fresh = client(standin, standin.token("acme/shop"))
    standin.uninstall(next(iter(standin.installations.values())))
    with pytest.raises(BadCredentialsException):
        fresh.get_repo("acme/shop")


def test_a_suspended_installation_gives_no_token(standin: Standin):
    installation = next(iter(standin.installations.values()))
    installation.suspended = standin.now()
    with pytest.raises(GithubException, match="suspended"):
        as_app(standin).get_access_token(installation.id)


def test_what_a_token_does_not_reach_is_not_there_when_it_is_private(standin: Standin):
    standin.repository("acme/secret", {"a": ""}, private=True)
    standin.repository("acme/open", {"a": ""})
    standin.install("acme", repositories=("acme/shop",))
    github = client(standin, standin.token("acme/shop"))
    with pytest.raises(UnknownObjectException):
        github.get_repo("acme/secret")
    public = github.get_repo("acme/open")
    with pytest.raises(GithubException, match="403"):
        public.create_git_ref("refs/heads/x", public.get_branch("main").commit.sha)
    with pytest.raises(UnknownObjectException):
        as_app(standin).get_repo_installation("acme", "open")


def test_a_token_can_be_for_some_repositories(standin: Standin):
    standin.repository("acme/secret", {"a": ""}, private=True)
    number = as_app(standin).get_repo_installation("acme", "shop").id
    token = standin.app_token()
    ask = client(standin, token).requester.requestJsonAndCheck
    _, told = ask("POST", f"/app/installations/{number}/access_tokens", input={"repositories": ["shop"]})
    assert told["repository_selection"] == "selected"
    with pytest.raises(UnknownObjectException):
        client(standin, told["token"]).get_repo("acme/secret")
    with pytest.raises(GithubException, match="does not exist or is not accessible"):
        ask("POST", f"/app/installations/{number}/access_tokens", input={"repositories": ["nothing"]})


def test_the_repositories_of_an_installation_are_listed(standin: Standin):
    standin.repository("acme/two", {"a": ""})
    standin.repository("other/three", {"a": ""})
    requester = client(standin, standin.token("acme/shop")).requester
    _, told = requester.requestJsonAndCheck("GET", "/installation/repositories")
    assert [found["full_name"] for found in told["repositories"]] == ["acme/shop", "acme/two"]


def test_without_a_token_nothing_is_told(standin: Standin):
    from github import Github

    with pytest.raises(GithubException, match="Requires authentication"):
        Github(base_url=standin.api, retry=None).get_repo("acme/shop")


def test_the_apps_token_is_not_one_of_an_installation(standin: Standin):
    with pytest.raises(GithubException, match="not accessible"):
        client(standin, standin.app_token()).get_repo("acme/shop")
