"""No secret of a log is shown; what explains a failure is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.redaction import HIDDEN, redact
from tests.bot.cli import bot

CANARY = "c4n4ry8f2b7d1e9a6c3"
SECRETS = [
    f"postgres://demo:{CANARY}@db.flycast:5432/demo?sslmode=disable",
    f"connecting to redis://default:{CANARY}@fly-demo.upstash.io:6379",
    f"postgresql+asyncpg://u:{CANARY}@x@db/demo",
    f"Authorization: Bearer {CANARY}",
    f"authorization: Basic {CANARY}",
    f"cookie: session={CANARY}; theme=dark",
    f"Set-Cookie: id={CANARY}",
    f"DATABASE_PASSWORD={CANARY}",
    f"export OPENAI_API_KEY='{CANARY}'",
    f'api_key = "{CANARY}"',
    f'{{"client_secret": "{CANARY}", "name": "demo"}}',
    f"{{'openai_api_key': '{CANARY}', 'debug': False}}",
    f"aws_secret_access_key: {CANARY}",
    f"GET /callback?access_token={CANARY}&state=1",
    f"fly secrets set STRIPE={CANARY} OTHER={CANARY}",
    f"  Extra inputs are not permitted [type=extra_forbidden, input_value='{CANARY}', input_type=str]",
    f"eyJhbGciOiJIUzI1NiJ9.{CANARY}eyJzdWIi.{CANARY}",
    f"ghp_{CANARY}{CANARY}",
    f"github_pat_{CANARY}{CANARY}",
    f"sk-proj-{CANARY}{CANARY}",
    f"sk_live_{CANARY}{CANARY}",
    f"xoxb-1234567890-{CANARY}",
    f"FlyV1 fm2_{CANARY}{CANARY},fm2_{CANARY}{CANARY}",
    f"hf_{CANARY}{CANARY}",
    f"AIza{CANARY}{CANARY}",
    f"SG.{CANARY}.{CANARY}",
    f"-----BEGIN RSA PRIVATE KEY-----\\n{CANARY}",
    f"1234567890:AA{CANARY}{CANARY}",
    f"X-Api-Key: {CANARY}",
    f"SECRET_KEY={CANARY}",
    f"DJANGO_SECRET_KEY: {CANARY}",
    f"db_pwd={CANARY}",
    f"SENTRY_DSN=https://{CANARY}@o1.ingest.sentry.io/1",
]
KEPT = [
    "ModuleNotFoundError: No module named 'secrets'",
    "KeyError: 'SECRET_KEY'",
    "The api_key client option must be set by passing api_key to the client or by setting OPENAI_API_KEY",
    "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
    'password authentication failed for user "demo"',
    'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
    "image: registry.fly.io/demo:deployment-01K9ZQ3T5M8V6J2C4X7N0B1R5H",
    "failed to calculate checksum of ref 4vx1hqhzn7v0xzq9r6zk3m2pq::wq0x7q5l8t9k1c2b3n4m5v6z7: \"/app\": not found",
    "Checking out commit 4f1c2ab0d9e8c7b6a5f4e3d2c1b0a9f8e7d6c5b4 in branch main",
    "File \"/app/app/core/tokens.py\", line 3, in make_token",
    "https://render.com/docs/web-services#port-binding",
    "Field required [type=missing, input_value={}, input_type=dict]",
    "  File \"/app/main.py\", line 5, in <module>",
    "no access token available. Please login with 'flyctl auth login'",
    "INFO:     172.19.0.1:4711 - \"GET /health HTTP/1.1\" 404 Not Found",
]  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_hidden(text: str):
    assert CANARY not in redact(text)
    assert HIDDEN in redact(text)


@pytest.mark.parametrize("text", KEPT)
def test_what_explains_a_failure_is_kept(text: str):
    assert redact(text) == text


@pytest.mark.parametrize("text", [*SECRETS, *KEPT])
def test_a_second_time_changes_nothing(text: str):
    assert redact(redact(text)) == redact(text)


@given(st.text(alphabet="ab1:/@='\" \n{}.-_KEYSECRETtoken", max_size=300))
def test_any_text_comes_back_and_stays(text: str):
    once = redact(text)
    assert redact(once) == once


def test_a_line_of_a_key_is_hidden():
    assert redact("MIIEpAIBAAKCAQEA0m3nVqk2Zt1y8b7c6d5e4f3g2h1i0jklmnopqrstuvwxyz01") == HIDDEN


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_command_prints_a_secret_of_a_log(tmp_path: Path, form: str):
    lines = [f"ERROR something failed: {text}" for text in SECRETS]
    log = tmp_path / "log"
    for text in ["\n".join(lines), f"OSError: {SECRETS[0]}", f"File \"/app/a.py\", line 1, in x\nKeyError: '{SECRETS[7]}'"]:
        log.write_text(text)
        outcome = bot(tmp_path, "diagnose", "log", "--format", form)
        assert CANARY not in outcome.out + outcome.err
        assert form == "text" or json.loads(outcome.out)
