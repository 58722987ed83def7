"""The whole way from the key to the installed App, with the stand-in's pages and its API."""

from __future__ import annotations

import stat

import pytest

from tests.github.standin import running
from tests.webhooks.setup.conftest import KEY, PUBLIC, Service
from webhooks import credentials, settings


def test_an_app_is_made_and_its_credentials_are_stored(service, standin):
    browser, page = service.admitted()
    done = service.create(browser, page)
    kept = credentials.load(service.data)
    made = standin.apps["deploymend-acme"]
    assert (kept.app_id, kept.slug, kept.webhook_secret) == (made.id, "deploymend-acme", made.webhook_secret)
    assert kept.private_key.strip() == made.private_key.strip()
    assert stat.S_IMODE((service.data / "app.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(service.data.stat().st_mode) == 0o700
    assert service.stored == 1
    assert "Now install the App" in done.text
    assert f"{standin.web}/github-apps/deploymend-acme/installations/new" in done.links()
    assert made.private_key.splitlines()[1] not in done.answer.text


def test_github_is_asked_for_what_the_pages_say(service, standin):
    browser, page = service.admitted()
    check = browser.fill(page, address=PUBLIC, name="deploymend-acme")
    for words in (
        "Contents (read and write)",
        "To read the commit that failed",
        f"{PUBLIC}/webhooks/github",
        "its owner alone",
    ):
        assert words in check.text
    assert "Workflows (read and write)" not in check.text
    browser.fill(check)
    made = standin.apps["deploymend-acme"]
    assert made.permissions == standin.app.permissions
    assert sorted(made.events) == sorted(standin.app.events)
    assert made.webhook_url == f"{PUBLIC}/webhooks/github"


def test_the_permission_for_workflows_is_asked_for_when_it_is_ticked(service, standin):
    browser, page = service.admitted()
    service.create(browser, page, workflows="yes")
    assert standin.apps["deploymend-acme"].permissions["workflows"] == "write"


def test_an_app_of_an_organisation(service, standin):
    browser, page = service.admitted()
    check = browser.fill(page, address=PUBLIC, name="deploymend-acme", organisation="@acme-inc")
    assert check.form()[0].startswith(f"{standin.web}/organizations/acme-inc/settings/apps/new?state=")
    browser.fill(check)
    assert standin.apps["deploymend-acme"].owner.login == "acme-inc"


def test_what_was_chosen_can_be_changed(service):
    browser, page = service.admitted()
    chosen = {"address": PUBLIC, "name": "mine", "organisation": "acme", "public": "yes", "workflows": "yes", "keep": "show"}
    again = browser.fill(browser.fill(page, **chosen), at=1)
    assert again.form()[1] == chosen


def test_credentials_that_are_shown_are_stored_nowhere(service, standin):
    browser, page = service.admitted()
    shown = service.create(browser, page, keep="show")
    made = standin.apps["deploymend-acme"]
    for text in (
        f"DEPLOYMEND_APP_ID={made.id}",
        made.webhook_secret,
        made.private_key.splitlines()[1],
        "fly secrets import <<",
    ):
        assert text in shown.text
    assert shown.answer.headers["cache-control"] == "no-store"
    assert list(service.data.iterdir()) == []
    assert service.stored == 0
    for stranger in (service.browser().open("/setup/secrets"), service.browser().open("/setup")):
        assert "Setup key" in stranger.text
        assert made.webhook_secret not in stranger.text
    assert made.webhook_secret in browser.open("/setup").text  # a page that was left by mistake is found again
    after = browser.fill(shown)
    assert "has forgotten the credentials" in after.text
    assert made.webhook_secret not in browser.open("/setup/secrets").text


def test_the_shown_variables_are_the_settings_of_the_service(service, standin, tmp_path):
    browser, page = service.admitted()
    shown = service.create(browser, page, keep="show")
    text = shown.text
    lines = text[text.index("DEPLOYMEND_APP_ID") : text.index("On Fly:")].split(" DEPLOYMEND_")
    environment = dict(line.strip().removeprefix("DEPLOYMEND_").split("=", 1) for line in lines)
    read = settings.read({f"DEPLOYMEND_{name}": value for name, value in environment.items()}, tmp_path)
    made = standin.apps["deploymend-acme"]
    assert (read.app_id, read.webhook_secrets) == (made.id, (made.webhook_secret,))
    assert read.private_key.strip() == made.private_key.strip()


def test_in_a_fly_app_its_command_comes_first_and_names_it(standin, tmp_path):
    service = Service(standin, tmp_path / "data", fly_app="mend-it")
    browser, page = service.admitted()
    shown = service.create(browser, page, keep="show")
    assert "fly secrets import -a mend-it <<" in shown.text
    assert shown.text.index("On Fly:") < shown.text.index("As environment variables")


def test_credentials_that_can_not_be_stored_are_not_lost(service, standin, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(credentials, "save", full)
    browser, page = service.admitted()
    shown = service.create(browser, page)
    assert "They could not be stored: " in shown.text
    assert "No space left on device" in shown.text
    assert standin.apps["deploymend-acme"].webhook_secret in shown.text


def test_a_data_folder_that_can_not_be_written_is_said_before_anything_is_made(service):
    service.data.write_text("in the way")
    _, page = service.admitted()
    assert "can't be written" in page.text
    assert page.form()[1]["keep"] == "show"


def test_github_that_does_not_answer_can_be_asked_once_more(service, standin):
    browser, page = service.admitted()
    standin.fail("POST /app-manifests/{code}/conversions", status=502, times=1)
    failed = service.create(browser, page)
    assert failed.status == 502
    assert "answered 502" in failed.text
    again = browser.open(next(link for link in failed.links() if "code=" in link))
    assert "Now install the App" in again.text
    assert credentials.load(service.data) is not None


def test_a_code_that_github_does_not_know_is_said(service, standin):
    browser, page = service.admitted()
    check = browser.fill(page, address=PUBLIC, name="deploymend-acme")
    state = check.form()[0].partition("?state=")[2]
    answer = browser.open(f"/setup/created?code=0123456789abcdef&state={state}")
    assert "does not know the code any more" in answer.text
    assert f"{standin.web}/settings/apps" in answer.links()


def test_coming_back_twice_makes_one_app(service, standin):
    browser, page = service.admitted()
    check = browser.fill(page, address=PUBLIC, name="deploymend-acme")
    action, fields = check.form()
    browser.send(action, fields)
    code = next(sent.path.split("/")[2] for sent in standin.sent("POST /app-manifests/{code}/conversions"))
    again = browser.open(f"/setup/created?code={code}&state={action.partition('?state=')[2]}")
    assert "Now install the App" in again.text
    assert len(standin.sent("POST /app-manifests/{code}/conversions")) == 1


def test_an_enterprise_server(tmp_path):
    with running(tmp_path / "github", prefix="/api/v3") as standin:
        service = Service(standin, tmp_path / "data")
        browser, page = service.admitted()
        assert "DEPLOYMEND_BASE_URL" in page.text
        done = service.create(browser, page, address="http://10.1.2.3:8080")  # it may stand in the same network
        assert "Now install the App" in done.text
        assert standin.apps["deploymend-acme"].webhook_url == "http://10.1.2.3:8080/webhooks/github"


@pytest.mark.parametrize("path", ["/setup/installed", "/setup/about"])
def test_the_pages_that_github_links_to_are_open_to_everybody(service, path):
    page = service.browser().open(path)
    assert page.status == 200
    assert "/deploymend help" in page.text


def test_a_service_that_is_set_up_shows_what_is_missing_to_whoever_has_the_key(standin, tmp_path):
    app = standin.app
    given = {"app_id": app.id, "slug": app.slug, "private_key": app.private_key, "webhook_secrets": (app.webhook_secret,)}
    service = Service(standin, tmp_path / "data", **given)
    browser = service.browser()
    closed = browser.open("/setup")
    assert "Deploymend is set up" in closed.text
    shown = browser.fill(browser.open("/setup/done"), key=KEY)
    assert "Installation" in shown.text
