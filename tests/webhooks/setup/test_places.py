"""Which addresses GitHub can reach, and where its pages are."""

from __future__ import annotations

import pytest

from webhooks.setup.manifest import read_choice
from webhooks.setup.places import GitHub, is_local, origin, read_address


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://bot.acme.dev", "https://bot.acme.dev"),
        ("bot.acme.dev", "https://bot.acme.dev"),
        ("  https://Bot.Acme.dev/ ", "https://bot.acme.dev"),
        ("https://bot.acme.dev:8443", "https://bot.acme.dev:8443"),
        ("https://bot.acme.dev/setup", "https://bot.acme.dev"),
        ("https://8.8.8.8", "https://8.8.8.8"),
    ],
)
def test_addresses_are_read_as_people_type_them(typed, read):
    assert read_address(typed, own_server=False) == (read, None)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type the address"),
        ("http://localhost:8080", "your own machine"),
        ("https://127.0.0.1", "your own machine"),
        ("https://[::1]:8080", "your own machine"),
        ("https://app.localhost", "your own machine"),
        ("https://192.168.1.4", "your own network"),
        ("https://10.0.0.1:8080", "your own network"),
        ("https://laptop", "your own network"),
        ("https://laptop.local", "your own network"),
        ("http://bot.acme.dev", "in the clear"),
        ("ftp://bot.acme.dev", "no address"),
        ("https://bot.acme.dev/path", "no address"),
        ("https://me:pw@bot.acme.dev", "no address"),
        ("https://bot.acme.dev?x=1", "no address"),
        ("https://bot.acme.dev:99999999", "no address"),
        ("https://[::1", "no address"),
        ("https://", "no address"),
        ("bot acme", "no address"),
        ("javascript://x", "no address"),
    ],
)
def test_an_address_that_will_not_do_is_told_why(typed, words):
    assert words in (read_address(typed, own_server=False)[1] or "")


def test_an_enterprise_server_may_reach_what_github_com_can_not():
    for typed in ("http://10.0.0.1:8080", "https://bot.corp", "http://bot.internal"):
        assert read_address(typed, own_server=True) == (typed, None)
    assert "your own machine" in (read_address("http://localhost:8080", own_server=True)[1] or "")


def test_local_hosts():
    assert all(is_local(host) for host in ("localhost", "x.local", "10.1.2.3", "fd00::1", "100.64.0.1", "box", "a.internal."))
    assert not any(is_local(host) for host in ("acme.dev", "1.1.1.1", "2606:4700::1"))


def test_origins():
    assert origin("https", "Acme.dev") == "https://acme.dev"
    assert origin("http", "[::1]:80") == "http://[::1]:80"
    assert not any((origin("javascript", "x"), origin("https", "a/b"), origin("https", ""), origin("https", "a@b")))


def test_the_pages_of_github():
    github, server = GitHub(), GitHub("https://ghe.corp/api/v3", "https://ghe.corp")
    assert github.register_url("", "s") == "https://github.com/settings/apps/new?state=s"
    assert github.register_url("acme", "s") == "https://github.com/organizations/acme/settings/apps/new?state=s"
    assert github.install_url("mine") == "https://github.com/apps/mine/installations/new"
    assert server.install_url("mine") == "https://ghe.corp/github-apps/mine/installations/new"
    assert not GitHub("https://api.acme.ghe.com", "https://acme.ghe.com").own_server


@pytest.mark.parametrize("name", ["", " ", "x" * 35, "a\x07b"])
def test_names_that_github_refuses(name):
    assert "name" in read_choice({"name": name, "address": "https://a.dev"}, own_server=False)[1]


@pytest.mark.parametrize("organisation", ["a/b", "../x", "a b", "-a", "a?x=1", "é"])
def test_an_organisation_never_leads_to_another_page(organisation):
    assert "organisation" in read_choice({"organisation": organisation}, own_server=False)[1]
