"""The rim over HTTP: what is refused, what is dropped, what is stored, and what people and Prometheus are told."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import APIRouter

from tests.webhooks import deliveries as d
from tests.webhooks.asgi import Client
from tests.webhooks.receivers import Kept
from webhooks import body
from webhooks.app import PATH, Unavailable, create_app
from webhooks.model import Failure
from webhooks.settings import BadSettings, Settings

OLD = "the secret that was before it"
SETTINGS = Settings(app_id=d.APP, slug=d.SLUG, private_key="x", webhook_secrets=(d.SECRET, OLD))


async def ok():
    return {"database": "ok", "queue": "ok"}


class Rim:
    """The app with a receiver, and a client of it."""

    def __init__(self, settings=SETTINGS, ready=ok, **more):
        self.kept = Kept()
        self.app = create_app(settings, self.kept, ready, **more)
        self.client = Client(self.app)

    def send(self, payload, event="check_run", without=(), also=(), **more):
        request = d.signed(payload, event, **more)
        headers = [(name, value) for name, value in request["headers"].items() if name not in without] + list(also)
        return self.client.post(PATH, content=request["content"], headers=headers)

    def counted(self, name, **labels):
        text = self.client.get("/metrics").text
        rows = [line for line in text.splitlines() if line.startswith(name + "{")]
        return sum(
            float(row.rpartition(" ")[2]) for row in rows if all(f'{key}="{value}"' in row for key, value in labels.items())
        )


@pytest.fixture
def rim():
    return Rim()


def test_a_failed_deploy_is_stored_before_it_is_answered(rim):
    answer = rim.send(d.check_run())
    assert (answer.status_code, answer.json()) == (202, {"status": "stored"})
    (event,) = rim.kept.events.values()
    assert isinstance(event, Failure)
    assert rim.counted("deploymend_deliveries_total", event="check_run", outcome="stored") == 1


def test_the_same_delivery_again_is_answered_and_does_nothing(rim):
    rim.send(d.check_run())
    answer = rim.send(d.check_run())
    assert (answer.status_code, answer.json()) == (202, {"status": "repeated"})
    assert len(rim.kept.events) == 1


def test_what_concerns_nobody_is_answered_and_counted_and_not_stored(rim):
    answer = rim.send(d.check_run(conclusion="success"))
    assert (answer.status_code, answer.json()) == (202, {"status": "dropped", "reason": "passed"})
    assert rim.send({"zen": "x"}, "ping").json()["reason"] == "ping"
    assert rim.send({}, "star").status_code == 202
    assert rim.send({"action": "completed"}).json()["reason"] == "malformed check_run"
    assert rim.kept.events == {}
    assert rim.counted("deploymend_deliveries_total", outcome="dropped") == 4
    assert rim.counted("deploymend_deliveries_total", event="other", reason="event") == 1


@pytest.mark.parametrize("secret", [d.SECRET, OLD])
def test_two_secrets_at_once(rim, secret):
    assert rim.send(d.check_run(), secret=secret).status_code == 202


@pytest.mark.parametrize(
    ("without", "also"),
    [
        (("X-Hub-Signature-256",), ()),
        (("X-Hub-Signature-256",), [("X-Hub-Signature-256", "")]),
        (("X-Hub-Signature-256",), [("X-Hub-Signature-256", "sha256=")]),
        (("X-Hub-Signature-256",), [("X-Hub-Signature-256", "sha256=" + "0" * 64)]),
        (("X-Hub-Signature-256",), [("X-Hub-Signature-256", "sha1=" + "0" * 40)]),
        (("X-Hub-Signature-256",), [("X-Hub-Signature", "sha1=" + "0" * 40)]),
        ((), [("X-Hub-Signature-256", "sha256=" + "0" * 64)]),
    ],
)
def test_what_is_not_signed_is_not_parsed(rim, monkeypatch, without, also):
    monkeypatch.setattr(body, "parse", None)
    answer = rim.send(d.check_run(), without=without, also=also)
    assert answer.status_code == 401
    assert rim.kept.events == {}
    assert rim.counted("deploymend_deliveries_total", outcome="refused", reason="signature") == 1


def test_a_secret_of_others_and_a_changed_body_are_refused(rim):
    assert rim.send(d.check_run(), secret="the secret of another App").status_code == 401
    request = d.signed(d.check_run(), "check_run")
    answer = rim.client.post(PATH, content=request["content"] + b" ", headers=request["headers"])
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("application/x-www-form-urlencoded", "set the webhook's content type to application/json"),
        ("text/plain", "application/json alone."),
        ("application/json; charset=latin-1", "application/json alone."),
        ("application/jsonp", "application/json alone."),
    ],
)
def test_other_content_types(rim, kind, sentence):
    answer = rim.send(d.check_run(), without=("Content-Type",), also=[("Content-Type", kind)])
    assert answer.status_code == 415
    assert sentence in answer.json()["detail"]


def test_the_content_type_with_a_charset(rim):
    again = [("content-type", "application/json; charset=utf-8")]
    assert rim.send(d.check_run(), without=("Content-Type",), also=again).status_code == 202


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (("Content-Type", "application/json"), 415),
        (("Content-Encoding", "gzip"), 415),
        (("X-GitHub-Event", "push"), 400),
        (("X-GitHub-Delivery", "1"), 400),
    ],
)
def test_a_header_that_stands_twice_is_refused(rim, header, status):
    assert rim.send(d.check_run(), also=[header]).status_code == status
    assert rim.kept.events == {}


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "a b", "x" * 65, "../x", '"'])
def test_heads_that_github_does_not_write(rim, name, value):
    also = [] if value is None else [(name, value)]
    assert rim.send(d.check_run(), without=(name,), also=also).status_code == 400


def test_a_body_is_refused_by_its_announced_length(rim):
    request = d.signed(b"{}", "check_run")
    for length in (str(body.LARGEST + 1), "9" * 5000, "-1", "1e9"):
        answer = rim.client.post(PATH, content=b"{}", headers=request["headers"] | {"Content-Length": length})
        assert answer.status_code == 413
    assert rim.counted("deploymend_deliveries_total", reason="size") == 4


def test_the_largest_body_is_read(rim, monkeypatch):
    payload = d.check_run()
    payload["padding"] = ""
    payload["padding"] = "x" * (body.LARGEST - len(json.dumps(payload)))
    assert rim.send(payload).status_code == 202
    payload["padding"] += "x"
    assert rim.send(payload).status_code == 413


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 10**6, b'{"a":' * 10**5, b"\xff", b"NaN", b"9" * 10**4, b"payload=%7B%7D"]
)
def test_a_signed_body_that_is_no_json(rim, content):
    answer = rim.send(content)
    assert (answer.status_code, answer.json()) == (400, {"detail": "The body is no JSON."})


def test_a_store_that_does_not_answer(rim):
    rim.kept.error = Unavailable("the database is locked")
    answer = rim.send(d.check_run())
    assert answer.status_code == 503
    assert "locked" not in answer.text
    assert rim.counted("deploymend_deliveries_total", outcome="failed", reason="unavailable") == 1


def test_a_fault_of_ours_shows_nobody_a_traceback(rim, caplog):
    rim.kept.error = KeyError("something")
    answer = rim.send(d.check_run())
    assert (answer.status_code, answer.json()) == (500, {"detail": "Something is wrong with this service; its log says what."})
    assert "internal error" in caplog.text
    assert rim.counted("deploymend_deliveries_total", outcome="failed", reason="error") == 1


def test_only_post_is_a_delivery(rim):
    assert rim.client.get(PATH).status_code == 405
    assert rim.client.post(PATH + "/").status_code == 404


def test_no_pages_that_nobody_asked_for(rim):
    for path in ("/docs", "/redoc", "/openapi.json", "/", "/setup"):
        assert rim.client.get(path).status_code == 404


def test_health(rim):
    assert rim.client.get("/health").json() == {"status": "ok"}
    assert rim.client.head("/health").status_code == 200
    answer = rim.client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "parts": {"database": "ok", "queue": "ok"}})


def test_a_part_that_is_not_ready():
    async def ready():
        return {"database": "can't connect to postgresql://bot:hunter2@db/bot", "disk": "ok"}

    answer = Rim(ready=ready).client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "can't connect to postgresql://bot:•••@db/bot", "disk": "ok"}


def test_a_part_that_does_not_answer(monkeypatch):
    async def ready():
        await asyncio.sleep(60)

    monkeypatch.setattr("webhooks.app._READY_SECONDS", 0.05)
    assert Rim(ready=ready).client.get("/health/ready").status_code == 503


def test_metrics(rim):
    rim.send(d.check_run())
    answer = rim.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'deploymend_deliveries_total{event="check_run",outcome="stored",reason=""} 1.0' in answer.text
    assert 'deploymend_delivery_seconds_count{outcome="stored"} 1.0' in answer.text


def test_nobody_outside_makes_new_labels(rim):
    for number in range(10):
        rim.send({}, f"event_{'x' * number}")
        rim.send({"action": f"action {number}"}, "check_run")
        rim.client.post(PATH, headers={"X-GitHub-Event": f"y{number}", "Content-Type": "application/json"})
    rows = [line for line in rim.client.get("/metrics").text.splitlines() if line.startswith("deploymend_deliveries_total{")]
    assert len(rows) == 3


def test_metrics_behind_a_token():
    rim = Rim(Settings(app_id=d.APP, webhook_secrets=(d.SECRET,), metrics_token="0123456789abcdef"))
    assert rim.client.get("/metrics").status_code == 401
    assert rim.client.get("/metrics", headers={"Authorization": "Bearer 0123456789abcde"}).status_code == 401
    assert rim.client.get("/metrics", headers={"Authorization": "Bearer 0123456789abcdef"}).status_code == 200
    assert rim.client.get("/health").status_code == 200


def test_without_a_secret_there_is_no_app():
    with pytest.raises(BadSettings, match="WEBHOOK_SECRET is not set"):
        create_app(Settings(app_id=1), Kept(), ok)
    with pytest.raises(BadSettings, match="WEBHOOK_SECRET is not set"):
        create_app(Settings(app_id=1), Kept(), ok, setup=APIRouter())
    with pytest.raises(BadSettings, match="WEBHOOK_SECRET is not set"):
        create_app(Settings(), Kept(), ok)


def test_before_the_app_is_set_up_no_delivery_is_read(monkeypatch):
    monkeypatch.setattr(body, "head", None)
    router = APIRouter()
    router.add_api_route("/setup", lambda: "walk this way")
    rim = Rim(Settings(), setup=router)
    answer = rim.send(d.check_run(), secret="")
    assert (answer.status_code, answer.json()) == (503, {"detail": "The App is not set up yet: open /setup."})
    assert rim.client.get("/setup").json() == "walk this way"
    assert rim.client.get("/health").status_code == 200


@contextmanager
def served(app):
    """Serve an app on a free port; the server takes one address only, and ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", http="h11", log_config=None, access_log=False))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join(10)


def answer_of(connection):
    connection.settimeout(10)
    text = b""
    while b"\r\n\r\n" not in text and (chunk := connection.recv(4096)):
        text += chunk
    return text.split(b"\r\n")[0].decode()


def opening(*more):
    request = d.signed(b"", "check_run")["headers"] | {"Host": "x"}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in request.items()), *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_body_without_an_end_is_refused_before_it_is_held(rim, monkeypatch):
    monkeypatch.setattr(body, "LARGEST", 100_000)
    with served(rim.app) as address, socket.create_connection(address) as connection:
        connection.sendall(opening("Transfer-Encoding: chunked"))
        chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
        for _ in range(11):
            connection.sendall(chunk)
        assert answer_of(connection) == "HTTP/1.1 413 Request Entity Too Large"


def test_a_body_that_never_comes_is_given_up(rim, monkeypatch):
    monkeypatch.setattr(body, "SECONDS", 0.2)
    with served(rim.app) as address, socket.create_connection(address) as connection:
        connection.sendall(opening("Content-Length: 100") + b"{")
        begun = time.monotonic()
        assert answer_of(connection) == "HTTP/1.1 408 Request Timeout"
        assert time.monotonic() - begun < 5


def test_a_request_that_can_be_refused_by_its_head_is_not_waited_for(rim):
    with served(rim.app) as address, socket.create_connection(address) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n".encode()
        )
        assert answer_of(connection) == "HTTP/1.1 401 Unauthorized"


def test_bodies_that_come_together_are_not_held_without_a_limit(rim, monkeypatch):
    monkeypatch.setattr(body, "HELD", 100_000)
    with served(rim.app) as address:
        slow = socket.create_connection(address)
        slow.sendall(opening("Content-Length: 95000") + b"x" * 90_000)
        answer = ""
        for _ in range(50):  # until the first body has arrived
            with socket.create_connection(address) as other:
                other.sendall(opening("Content-Length: 20000") + b"x" * 20_000)
                answer = answer_of(other)
            if answer == "HTTP/1.1 503 Service Unavailable":
                break
            time.sleep(0.05)
        assert answer == "HTTP/1.1 503 Service Unavailable"
        slow.close()
        for _ in range(50):  # what was held for the one that went away is free again
            with socket.create_connection(address) as other:
                other.sendall(opening("Content-Length: 20000") + b"x" * 20_000)
                answer = answer_of(other)
            if answer == "HTTP/1.1 401 Unauthorized":
                break
            time.sleep(0.05)
        assert answer == "HTTP/1.1 401 Unauthorized"


def test_two_lengths_that_disagree_are_refused(rim):
    with served(rim.app) as address, socket.create_connection(address) as connection:
        connection.sendall(opening("Content-Length: 2", "Content-Length: 3") + b"{}")
        assert answer_of(connection).startswith("HTTP/1.1 400")
