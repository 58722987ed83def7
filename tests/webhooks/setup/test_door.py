"""Who may set the service up: whoever has the key, in the browser that began, within the hour, and once."""

from __future__ import annotations

import pytest

from tests.webhooks.setup.conftest import KEY, PUBLIC, Service
from webhooks import credentials
from webhooks.settings import Settings
from webhooks.setup import announcement, new_key, router
from webhooks.setup.session import HOUR, Doorkeeper

FORM = {"address": PUBLIC, "name": "deploymend-acme", "keep": "file"}


def begun(service):
    """Return a browser that was admitted, and a state that was made for it."""
    browser, page = service.admitted()
    return browser, browser.fill(page, **FORM).form()[0].partition("?state=")[2]


def test_a_stranger_sees_the_question_for_the_key_and_nothing_else(service):
    stranger = service.browser()
    for path in ("/setup", "/setup/secrets", "/setup/done"):
        page = stranger.open(path)
        assert [field["name"] for field in page.all("input")] == ["key"]
        assert str(service.data) not in page.answer.text
    for path in ("/setup/check", "/setup/forget"):
        assert stranger.send(path, FORM).status == 403


def test_a_wrong_key_is_refused(service):
    browser = service.browser()
    page = browser.fill(browser.open("/setup"), key="abcde-fghjk-mnpqr-stuvx")
    assert page.status == 403
    assert "This is not the key" in page.text
    assert not browser.client.cookies


@pytest.mark.parametrize("typed", [KEY, KEY.upper(), f" {KEY} ", KEY.replace("-", ""), KEY.replace("-", " ")])
def test_the_key_may_be_typed_as_people_type(service, typed):
    browser = service.browser()
    assert "Public address" in browser.fill(browser.open("/setup"), key=typed).text


@pytest.mark.parametrize("typed", ["", "é", "-", KEY + "a"])
def test_no_other_key_opens(typed):
    assert not Doorkeeper(KEY).admits(typed)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(service):
    plain = service.browser().client.post("/setup/key", data={"key": KEY}).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    secure = service.browser(https=True).client.post("/setup/key", data={"key": KEY}).headers["set-cookie"]
    assert secure.startswith("__Host-")
    assert "Secure" in secure


def test_an_answer_of_github_counts_in_the_browser_that_asked(service, standin):
    _, state = begun(service)
    for browser in (service.browser(), service.admitted()[0]):
        page = browser.open(f"/setup/created?code=abc&state={state}")
        assert page.status == 403
        assert f"{standin.web}/settings/apps" in page.links()
    assert not standin.sent("POST /app-manifests/{code}/conversions")


@pytest.mark.parametrize("state", ["", "x", ".", "..", "a.b.c", "1.2.3.file", "é.é.é"])
def test_a_made_up_state_is_refused(service, standin, state):
    browser, _ = begun(service)
    assert browser.open(f"/setup/created?code=abc&state={state}").status == 403
    assert not standin.sent("POST /app-manifests/{code}/conversions")


@pytest.mark.parametrize("code", ["../app", "a/b", "a?b=c", "%2e%2e", ""])
def test_a_code_never_leads_to_another_address(service, standin, code):
    browser, state = begun(service)
    page = Page_of(browser, code, state)
    assert page.status == 502
    assert "is none that GitHub makes" in page.text
    assert not standin.requests


def Page_of(browser, code, state):  # noqa: N802
    answer = browser.client.get("/setup/created", params={"code": code, "state": state})
    return type("Answer", (), {"status": answer.status_code, "text": answer.text})


def test_cookie_and_state_end_after_an_hour():
    now = [1_000_000.0]
    door = Doorkeeper(KEY, lambda: now[0])
    cookie = door.session()
    state = door.state(cookie)
    now[0] += HOUR
    assert door.knows(cookie)
    assert door.takes(state, cookie)
    now[0] += 1
    assert not door.knows(cookie)
    assert not door.takes(state, cookie)


def test_a_state_is_no_cookie_and_a_cookie_no_state():
    door = Doorkeeper(KEY)
    cookie = door.session()
    assert not door.knows(door.state(cookie))
    assert not door.takes(cookie, cookie)


def test_a_state_that_was_spent_is_taken_no_more():
    door = Doorkeeper(KEY)
    cookie = door.session()
    state = door.state(cookie)
    door.spend(state)
    assert not door.takes(state, cookie)


def test_what_was_signed_with_another_key_is_worth_nothing():
    cookie = Doorkeeper(new_key()).session()
    assert not Doorkeeper(KEY).knows(cookie)


def test_the_same_key_after_a_restart_knows_its_cookies():
    assert Doorkeeper(KEY).knows(Doorkeeper(KEY.upper()).session())


def test_a_form_from_another_site_is_refused(service):
    browser, page = service.admitted()
    action, fields = page.form()
    refused = browser.send(action, fields | FORM, origin="https://evil.example")
    assert refused.status == 403
    assert "sent from another site" in refused.text
    assert browser.send(action, fields | FORM, origin=browser.here).status == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"key=" + b"a" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=b" for _ in range(100)), "application/x-www-form-urlencoded"),
        (b"key=%ff", "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b'{"key": 1}', "application/json"),
    ],
)
def test_what_is_no_small_form_is_refused(service, body, kind):
    answer = service.browser().client.post("/setup/key", content=body, headers={"content-type": kind})
    assert answer.status_code == 400


def test_the_page_is_closed_once_there_are_credentials(service, standin):
    browser, page = service.admitted()
    service.create(browser, page)
    before = credentials.load(service.data)
    for visitor in (browser, service.browser()):
        for path in ("/setup/check", "/setup/forget"):
            assert visitor.send(path, FORM).status == 409
        visitor.open("/setup/created?code=abc&state=x")
    assert "Deploymend is set up" in service.browser().open("/setup").text
    assert credentials.load(service.data) == before
    assert len(standin.sent("POST /app-manifests/{code}/conversions")) == 1


def test_without_a_key_a_service_that_is_set_up_shows_nothing(standin, tmp_path):
    given = {"app_id": 1, "slug": "mine", "private_key": "x", "webhook_secrets": ("s" * 16,)}
    stranger = Service(standin, tmp_path / "data", key=None, **given).browser()
    for path in ("/setup", "/setup/done", "/setup/secrets"):
        page = stranger.open(path)
        assert "Nothing can be changed here any more" in page.text
        assert not page.all("form")
    assert stranger.send("/setup/key", {"key": ""}).status == 409
    assert not standin.requests


def test_a_service_that_is_not_set_up_needs_a_key():
    with pytest.raises(ValueError, match="needs a setup key"):
        router(Settings(), key=None)


def test_keys_differ():
    one, other = new_key(), new_key()
    assert one != other
    assert len(one.replace("-", "")) == 20


@pytest.mark.parametrize(
    ("listening", "public", "variables", "seen"),
    [
        ("http://127.0.0.1:8080", None, {}, "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080", None, {}, "http://localhost:8080"),
        ("http://[::]:8080", None, {}, "http://localhost:8080"),
        ("http://0.0.0.0:8080", PUBLIC, {"FLY_APP_NAME": "mine"}, PUBLIC),
        ("http://0.0.0.0:8080", None, {"FLY_APP_NAME": "mine"}, "https://mine.fly.dev"),
        ("http://0.0.0.0:8080", None, {"RENDER_EXTERNAL_URL": "https://mine.onrender.com"}, "https://mine.onrender.com"),
    ],
)
def test_the_key_is_printed_with_the_address_that_people_can_open(monkeypatch, listening, public, variables, seen):
    for name in ("FLY_APP_NAME", "RENDER_EXTERNAL_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert announcement(listening, public, KEY) == f"set it up at {seen}/setup with the key {KEY}"


def test_a_key_that_somebody_chose_is_not_printed():
    assert announcement("http://localhost:1", None, None).endswith("with the key that DEPLOYMEND_SETUP_KEY holds")


def test_the_doorkeeper_hides_its_key():
    assert KEY not in repr(Doorkeeper(KEY))
