"""What every page keeps to: nothing loaded from elsewhere, every value escaped, usable without sight, mouse or scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from tests.webhooks.setup.browser import Browser, Page
from tests.webhooks.setup.conftest import KEY, PUBLIC, Service
from webhooks.setup.html import document, tag

NASTY = "\"><script>alert(1)</script>'&"


def visible(service) -> dict[str, Page]:
    """Return the pages of the way, by name."""
    stranger = service.browser()
    pages = {"key": stranger.open("/setup"), "wrong key": stranger.fill(stranger.open("/setup"), key="x")}
    pages["not asked for"] = stranger.open("/setup/created?code=a&state=b")
    browser, pages["form"] = service.admitted()
    pages["wrong form"] = browser.fill(pages["form"], address="localhost", name="", organisation="?")
    pages["check"] = browser.fill(pages["form"], address=PUBLIC, name="deploymend-acme", organisation="acme", workflows="yes")
    pages["secrets"] = service.create(browser, pages["form"], keep="show")
    pages["forgotten"] = browser.fill(pages["secrets"])
    pages["done"] = service.create(browser, browser.open("/setup"), name="deploymend-acme-2")
    pages["closed"] = service.browser().open("/setup")
    pages["key to look"] = service.browser().open("/setup/done")
    pages |= {path: stranger.open(path) for path in ("/setup/installed", "/setup/about")}
    return pages


@pytest.fixture
def pages(service):
    return visible(service)


def test_every_page_is_told_to_load_nothing(pages):
    for name, page in pages.items():
        policy = dict(part.strip().partition(" ")[::2] for part in page.answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'", name
        digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert policy["style-src"] == f"'sha256-{digest}'", name
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", name
        assert not page.all("script", "img", "iframe", "object"), name
        assert all("style" not in attributes for _, attributes in page.elements), name
        assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")], name
        assert [link["href"] for link in page.all("link")] == ["data:,"], name
        assert page.answer.headers["cache-control"] == "no-store", name
        assert page.answer.headers["x-content-type-options"] == "nosniff", name


def test_only_the_page_with_the_manifest_may_post_to_github(pages, standin):
    for name, page in pages.items():
        policy = page.answer.headers["content-security-policy"]
        assert (standin.web in policy) == (name == "check"), name
        assert ("form-action 'self';" in policy) == (name != "check"), name


def test_every_page_can_be_read_aloud_and_used_by_keyboard(pages):
    for name, page in pages.items():
        assert page.all("html")[0]["lang"] == "en", name
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1, name
        assert page.all("meta")[1]["content"] == "width=device-width, initial-scale=1", name
        identities = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(identities) == len(set(identities)), name
        labelled = {label["for"] for label in page.all("label")}
        for field in page.all("input", "textarea"):
            assert field.get("type") == "hidden" or field["id"] in labelled, (name, field)
        for _, attributes in page.elements:
            named = attributes.get("aria-describedby", "").split()
            assert set(named) <= set(identities), (name, named)
            if "form" in attributes:
                assert attributes["form"] in identities, name


def test_a_field_that_is_wrong_says_so_to_everybody(pages):
    wrong = {field["id"]: field for field in pages["wrong form"].all("input") if field.get("aria-invalid") == "true"}
    assert wrong.keys() == {"address", "name", "organisation"}
    for name, field in wrong.items():
        assert f"{name}-wrong" in field["aria-describedby"]
    assert pages["wrong form"].status == 422
    assert [note for _, note in pages["wrong form"].elements if note.get("role") == "alert"]


def test_the_way_is_marked(pages):
    steps = {"key": "1. Key", "form": "2. Settings", "check": "3. Create", "secrets": "3. Create", "done": "4. Install"}
    for name, words in steps.items():
        assert re.search(rf'<li aria-current="step">{words}</li>', pages[name].answer.text), name


@pytest.mark.parametrize("field", ["address", "name", "organisation", "keep", "public", "workflows", "change", "surprise"])
def test_what_was_typed_comes_back_escaped(service, field):
    browser, page = service.admitted()
    action, fields = page.form()
    for more in ({}, {"change": "yes"}):
        answer = browser.send(action, fields | {"address": PUBLIC} | {field: NASTY} | more)
        assert not answer.all("script")
        assert "<script>alert" not in answer.answer.text


def test_a_manifest_with_strange_characters_is_sent_as_it_was_typed(service):
    browser, page = service.admitted()
    name = "Fix \"it\" <now> & 'then' é"
    check = browser.fill(page, address=PUBLIC, name=name)
    assert json.loads(check.form()[1]["manifest"])["name"] == name


def test_what_github_says_is_escaped(service, standin):
    browser, page = service.admitted()
    service.create(browser, page)
    standin.apps["deploymend-acme"].name = NASTY
    shown = browser.open("/setup/done")
    assert NASTY in shown.text
    assert not shown.all("script")


@pytest.mark.parametrize("header", ["evil.example/<b>", "a b", '"><b>', ""])
def test_a_strange_host_is_not_taken_for_our_address(service, header):
    browser, page = service.admitted()
    action, fields = page.form()
    values = fields | {"address": PUBLIC, "name": "deploymend-acme"}
    answer = browser.client.post(action, data=values, headers={"host": header})
    assert "<b>" not in answer.text
    assert "evil.example" not in answer.text


def github_com(tmp_path, here, **more) -> Page:
    class GitHub:
        api, web = "https://api.github.com", "https://github.com"

    _, page = Service(GitHub, tmp_path / "data", **more).admitted(here=here, https=here.startswith("https:"))
    return page


@pytest.mark.parametrize("here", ["http://localhost:8080", "http://127.0.0.1:9000", "http://[::1]:8080"])
def test_on_ones_own_machine_a_tunnel_is_explained(tmp_path, here):
    page = github_com(tmp_path, here)
    assert "GitHub can't reach" in page.text
    port = here.rpartition(":")[2]
    assert f"cloudflared tunnel --url http://localhost:{port}" in page.text
    assert page.form()[1]["address"] == ""


def test_at_a_public_address_it_is_proposed(tmp_path):
    page = github_com(tmp_path, "https://bot.acme.dev")
    assert page.form()[1]["address"] == "https://bot.acme.dev"
    assert "tunnel" not in page.text


def test_the_address_of_the_settings_comes_first(tmp_path):
    page = github_com(tmp_path, "http://localhost:8080", public_url=PUBLIC)
    assert page.form()[1]["address"] == PUBLIC


def test_the_browser_comes_back_to_where_it_was(service):
    browser = Browser(service.app, "https://bot.acme.dev", https=True)
    page = browser.fill(browser.open("/setup"), key=KEY)
    check = browser.fill(page, name="deploymend-acme")
    assert '"redirect_url": "https://bot.acme.dev/setup/created"' in check.form()[1]["manifest"]


def test_html_is_escaped_wherever_it_comes_from():
    page = document(tag("title", "<a>"), tag("p", ["<b>", ("&", None)], title='"<', hidden=True, id=False, lang=None))
    assert "<head><title>&lt;a&gt;</title></head>" in page
    assert '<p title="&quot;&lt;" hidden>&lt;b&gt;&amp;</p>' in page
