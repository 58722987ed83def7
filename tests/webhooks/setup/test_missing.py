"""What the list says is missing, for every way in which an App can be incomplete."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from webhooks.credentials import Credentials
from webhooks.setup.missing import look
from webhooks.setup.places import GitHub

HOOK = "https://bot.acme.dev/webhooks/github"


@pytest.fixture
def kept(standin):
    standin.app.webhook_url = HOOK
    return Credentials(standin.app.id, standin.app.private_key, standin.app.webhook_secret, standin.app.slug)


def looked(standin, kept, public_url=None, api=None):
    """Return the items by their title."""
    items = asyncio.run(look(GitHub(api or standin.api, standin.web), kept, public_url))
    return {item.title.partition(" (")[0]: item for item in items}


def states(items):
    return {title: item.state for title, item in items.items()}


def pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_nothing_is_missing(standin, kept):
    standin.install("acme")
    assert set(states(looked(standin, kept)).values()) == {"done"}


def test_an_app_that_is_installed_nowhere(standin, kept):
    items = looked(standin, kept)
    assert [title for title, item in items.items() if item.state != "done"] == ["Installation"]
    assert items["Installation"].link == f"{standin.web}/github-apps/deploymend/installations/new"


def test_permissions_and_events_that_are_not_there(standin, kept):
    standin.app.permissions = {"metadata": "read", "contents": "read", "checks": "write", "issues": "write"}
    standin.app.events = ("push", "check_run")
    items = looked(standin, kept)
    assert items["Permissions"].state == items["Events"].state == "missing"
    assert "Contents (read and write)" in items["Permissions"].text
    assert "Checks" not in items["Permissions"].text
    assert "Workflows" not in items["Permissions"].text  # nothing that it can't work without
    assert "workflow_run" in items["Events"].text
    assert "push" not in items["Events"].text
    assert items["Permissions"].link == f"{standin.web}/organizations/deploymend-makers/settings/apps/deploymend/permissions"


@pytest.mark.parametrize(
    ("hook", "public", "words"),
    [
        ("https://bot.acme.dev/hooks", None, "has to end with /webhooks/github"),
        ("http://localhost:8080/webhooks/github", None, "your own machine"),
        (HOOK, "https://other.acme.dev", "This service is at https://other.acme.dev"),
    ],
)
def test_a_webhook_that_goes_elsewhere(standin, kept, hook, public, words):
    standin.app.webhook_url = hook
    item = looked(standin, kept, public)["Webhook"]
    assert item.state == "missing"
    assert words in item.text


def test_a_webhook_that_nobody_told(standin, kept):
    standin.fail("GET /app/hook/config", status=404)
    assert looked(standin, kept)["Webhook"].state == "unknown"


def test_the_key_of_another_app(standin, kept):
    other = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    items = looked(standin, kept._replace(private_key=other))
    assert items["GitHub"].state == "missing"
    assert "refuses the private key" in items["GitHub"].text


@pytest.mark.parametrize("key", ["", "x", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"])
def test_a_damaged_key(standin, kept, key):
    items = looked(standin, kept._replace(private_key=key))
    assert states(items) == {"Credentials": "missing"}
    assert "can't be read" in items["Credentials"].text
    assert not standin.requests


def test_a_key_of_another_kind(standin, kept):
    items = looked(standin, kept._replace(private_key=pem(ec.generate_private_key(ec.SECP256R1()))))
    assert "no RSA key" in items["Credentials"].text


def test_an_app_that_was_deleted(standin, kept):
    standin.fail("GET /app", status=404)
    assert "no App with the id" in looked(standin, kept)["GitHub"].text


@pytest.mark.parametrize("status", [500, 503])
def test_github_in_trouble(standin, kept, status):
    standin.fail("GET /app", status=status)
    assert f"answered {status}" in looked(standin, kept)["GitHub"].text


def test_github_that_can_not_be_reached(standin, kept):
    items = looked(standin, kept, api="http://127.0.0.1:1")
    assert "can't be reached" in items["GitHub"].text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, text="<html>"), "is no JSON"),
        (httpx.Response(200, json=[]), "not what its documentation says"),
        (httpx.Response(302, headers={"location": "https://login.corp/"}), "answered 302"),
    ],
)
def test_an_address_that_is_not_the_api(standin, kept, answer, words):
    def elsewhere():
        return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))

    items = asyncio.run(look(GitHub("https://ghe.corp", "https://ghe.corp"), kept, None, elsewhere))
    assert items[-1].state == "missing"
    assert words in items[-1].text


def test_github_that_says_nothing_in_time(standin, kept):
    def slow(request):
        raise httpx.ReadTimeout("late", request=request)

    def elsewhere():
        return httpx.AsyncClient(transport=httpx.MockTransport(slow))

    items = asyncio.run(look(GitHub(), kept, None, elsewhere))
    assert "did not answer in time" in items[-1].text
