"""Credentials on their way: what GitHub's answer must have, and what a person is given to set."""

from __future__ import annotations

import pytest

from webhooks.credentials import Credentials
from webhooks.setup.credentials import Unexpected, env_file, fleeting, fly_command, from_answer, unwritable

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\n"
ANSWER = {"id": 7, "slug": "mine", "pem": KEY, "webhook_secret": "s" * 40, "client_secret": "not ours"}


def imported(command: str) -> dict[str, str]:
    """Read the lines as `fly secrets import` does: NAME=value, several lines between triple quotes."""
    head, *lines, last = command.split("\n")
    assert head.startswith("fly secrets import")
    assert last == "END"
    found, name = {}, None
    for line in lines:
        if name is None:
            name, _, value = line.partition("=")
            if not value.startswith('"""'):
                found[name], name = value, None
            else:
                found[name] = value.removeprefix('"""') + "\n"
        elif line.endswith('"""'):
            found[name], name = found[name] + line.removesuffix('"""'), None
        else:
            found[name] += line + "\n"
    return found


def test_an_answer_is_read():
    kept = from_answer(ANSWER)
    assert kept == Credentials(7, KEY, "s" * 40, "mine")
    assert "not ours" not in repr(kept) + env_file(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("id", "slug", "pem", "webhook_secret") for value in (None, "", [], {}, "a b")],
)
def test_an_answer_without_what_is_needed_is_refused(name, value):
    with pytest.raises(Unexpected, match=f"no usable `{name}`"):
        from_answer(ANSWER | {name: value})


@pytest.mark.parametrize("answer", [None, [], "x", 3])
def test_an_answer_that_is_no_object_is_refused(answer):
    with pytest.raises(Unexpected):
        from_answer(answer)


def test_the_command_for_fly_brings_the_key_whole():
    found = imported(fly_command(from_answer(ANSWER), "my app"))
    assert found["DEPLOYMEND_PRIVATE_KEY"] == KEY.strip()
    assert found["DEPLOYMEND_APP_ID"] == "7"
    assert found["DEPLOYMEND_WEBHOOK_SECRET"] == "s" * 40
    assert "-a 'my app'" in fly_command(from_answer(ANSWER), "my app")


def test_the_env_file_has_a_line_for_each():
    lines = env_file(from_answer(ANSWER)).splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "DEPLOYMEND_APP_ID",
        "DEPLOYMEND_SLUG",
        "DEPLOYMEND_WEBHOOK_SECRET",
        "DEPLOYMEND_PRIVATE_KEY",
    ]


def test_trying_to_write_leaves_nothing(tmp_path):
    assert unwritable(tmp_path / "new" / "data") is None
    assert list((tmp_path / "new" / "data").iterdir()) == []
    (tmp_path / "file").touch()
    assert "can't be written" in (unwritable(tmp_path / "file") or "")


def test_a_folder_is_fleeting_only_on_a_platform_that_forgets_it(monkeypatch, tmp_path):
    for name in ("FLY_APP_NAME", "RENDER"):
        monkeypatch.delenv(name, raising=False)
    assert not fleeting(tmp_path)
    monkeypatch.setenv("FLY_APP_NAME", "mine")
    assert fleeting(tmp_path) == (tmp_path.stat().st_dev == tmp_path.__class__("/").stat().st_dev)
