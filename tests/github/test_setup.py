"""The way of an App's manifest: a form goes out, a code comes back, and is changed for the credentials once."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from github import Auth, GithubIntegration

from tests.github.conftest import as_app
from tests.github.standin import Standin

MANIFEST = {
    "name": "Our Deploymend",
    "url": "https://example.com",
    "redirect_url": "http://127.0.0.1:9/setup/done",
    "hook_attributes": {"url": "https://example.com/webhooks/github"},
    "default_permissions": {"checks": "write", "contents": "write", "pull_requests": "write"},
    "default_events": ["check_run", "pull_request", "issue_comment"],
}


def ask(standin: Standin, manifest: dict[str, object], query: str = "?state=abc") -> httpx.Response:
    return httpx.post(f"{standin.web}/settings/apps/new{query}", data={"manifest": json.dumps(manifest)})


def test_a_manifest_becomes_an_app(standin: Standin):
    answer = ask(standin, MANIFEST)
    where = urlsplit(answer.headers["location"])
    query = parse_qs(where.query)
    assert (answer.status_code, where.path, query["state"]) == (302, "/setup/done", ["abc"])
    told = httpx.post(f"{standin.api}/app-manifests/{query['code'][0]}/conversions")
    assert told.status_code == 201
    made = told.json()
    assert (made["slug"], made["name"], made["permissions"]) == (
        "our-deploymend",
        "Our Deploymend",
        MANIFEST["default_permissions"],
    )
    assert made["webhook_secret"] == standin.apps["our-deploymend"].webhook_secret
    assert (
        GithubIntegration(auth=Auth.AppAuth(made["id"], made["pem"]), base_url=standin.api).get_app().slug == "our-deploymend"
    )
    assert httpx.post(f"{standin.api}/app-manifests/{query['code'][0]}/conversions").status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"redirect_url": None}, "redirect_url is missing"),
        ({"default_events": ["workflow_run"]}, "not supported by permissions: workflow_run"),
        ({"hook_attributes": {}}, "Hook url"),
        ({"name": "x" * 35}, "too long"),
    ],
)
def test_what_github_would_not_take(standin: Standin, change: dict[str, object], says: str):
    answer = ask(standin, {**MANIFEST, **change})
    assert answer.status_code == 422
    assert says in answer.text


def test_the_address_of_the_hook_can_be_changed(standin: Standin):
    requester = as_app(standin).requester
    _, told = requester.requestJsonAndCheck("PATCH", "/app/hook/config", input={"url": "https://new.example.com"})
    assert told["url"] == standin.app.webhook_url == "https://new.example.com"
