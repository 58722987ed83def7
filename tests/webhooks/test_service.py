import asyncio
from dataclasses import replace

import pytest
from fastapi import APIRouter

from tests.webhooks import deliveries as d
from tests.webhooks.asgi import Client
from tests.webhooks.receivers import Kept
from webhooks import service
from webhooks.app import PATH
from webhooks.settings import BadSettings, Settings

SETTINGS = Settings(app_id=d.APP, webhook_secrets=(d.SECRET,), private_key="x")


class Workshop(Kept):
    """A workshop that only keeps what it receives."""

    async def start(self, work):
        raise AssertionError("building must not start anything")

    async def stop(self):
        raise AssertionError("building must not start anything")

    async def ready(self):
        return {"database": "ok"}


def setup(settings, stored):
    routes = APIRouter()
    routes.add_api_route("/setup", lambda: settings.configured)
    return routes


def test_a_delivery_reaches_the_workshop():
    workshop = Workshop()
    built = service.build(SETTINGS, workshop=workshop)
    assert built.workshop is workshop
    assert Client(built.app).post(PATH, **d.signed(d.check_run(), "check_run")).status_code == 202
    assert list(workshop.events) == [d.DELIVERY]
    assert asyncio.run(workshop.ready()) == Client(built.app).get("/health/ready").json()["parts"]


def test_without_an_app_there_is_setup_alone(monkeypatch):
    monkeypatch.setattr(service, "_setup", setup)
    built = service.build(Settings())
    assert built.workshop is None
    client = Client(built.app)
    assert client.get("/setup").json() is False
    assert client.get("/health").status_code == 200
    assert client.get("/health/ready").json() == {
        "status": "not ready",
        "parts": {"app": "The App is not set up yet: open /setup."},
    }
    assert client.post(PATH, **d.signed(d.check_run(), "check_run")).status_code == 503


def test_without_an_app_and_without_setup_there_is_nothing(monkeypatch):
    monkeypatch.setattr(service, "_setup", lambda settings, stored: None)
    with pytest.raises(BadSettings):
        service.build(Settings())


@pytest.mark.parametrize("key", ["x", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"])
def test_a_key_that_can_not_sign_is_said_in_one_sentence(key):
    with pytest.raises(BadSettings) as raised:
        service.build(replace(SETTINGS, private_key=key))
    assert raised.value.sentences == (
        "The App's private key can't be read: it is damaged, or not the whole of the file that GitHub made.",
    )


def test_without_an_app_a_key_opens_setup():
    page = Client(service.build(Settings(setup_key="a key that somebody chose")).app).get("/setup")
    assert page.status_code == 200
    assert "Setup key" in page.text
