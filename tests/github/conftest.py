"""One stand-in a test, with a repository `acme/shop`, and clients for it as the service would make them."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github, GithubIntegration
from github.GithubRetry import GithubRetry
from github.Repository import Repository

from tests.github.standin import Standin, running

SHOP = {
    "app.py": "import flask\n",
    "src/main.py": "print('hello')\n",
    ".github/workflows/deploy.yml": "on: push\n",
    "run.sh": ("#!/bin/sh\n", "100755"),
}


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with running(tmp_path) as standin:
        standin.repository("acme/shop", SHOP)
        yield standin


def client(standin: Standin, token: str) -> Github:
    """Return a client that holds a token; reads alone are tried again."""
    retry = GithubRetry(total=2, allowed_methods={"GET", "HEAD"}, max_rate_limit_wait=0)
    auth = Auth.Token(token)
    return Github(auth=auth, base_url=standin.api, retry=retry, seconds_between_requests=0, seconds_between_writes=0)


def as_app(standin: Standin, key: str | None = None) -> GithubIntegration:
    """Return a client that speaks for the App itself."""
    auth = Auth.AppAuth(standin.app.id, key or standin.app.private_key)
    return GithubIntegration(auth=auth, base_url=standin.api, seconds_between_requests=0, seconds_between_writes=0)


@pytest.fixture
def shop(standin: Standin) -> Repository:
    """The repository as a client with all of the App's permissions has it."""
    return client(standin, standin.token("acme/shop")).get_repo("acme/shop")


def git(folder: Path, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder with a token, and return what became of it."""
    coded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ("git", *identity, "-c", f"http.extraHeader=Authorization: Basic {coded}", *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
