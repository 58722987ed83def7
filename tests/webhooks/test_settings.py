import os
import re
from pathlib import Path

import pytest

from webhooks import credentials
from webhooks.credentials import Credentials
from webhooks.settings import PREFIX, SETTINGS, BadSettings, Settings, read, reference

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
SECRET = "a secret of sixteen or more"
APP = {"DEPLOYMEND_APP_ID": "4711", "DEPLOYMEND_PRIVATE_KEY": KEY, "DEPLOYMEND_WEBHOOK_SECRET": SECRET}


def mistakes(environ, folder=None):
    with pytest.raises(BadSettings) as caught:
        read(environ, folder)
    return caught.value.sentences


def test_three_variables_are_enough(tmp_path):
    found = read(APP, tmp_path)
    assert found == Settings(app_id=4711, private_key=KEY, webhook_secrets=(SECRET,), data=tmp_path / ".deploymend")
    assert found.configured


def test_every_setting_can_be_set_by_a_variable(tmp_path):
    given = {
        "SLUG": "My-App[bot]",
        "WEBHOOK_SECRET_OLD": "the secret that was before",
        "BASE_URL": "https://git.example.com/api/v3/",
        "PUBLIC_URL": "https://bot.example.com",
        "SETUP_KEY": "a key that somebody chose",
        "DATA": "/var/lib/deploymend",
        "DATABASE_URL": "postgresql://bot:pw@db/bot",
        "CHECKS": "deploy*, !*docs*\nship",
        "UNSAFE": "yes",
        "VERIFY": "1",
        "ENGINE": "podman",
        "WORKERS": "0",
        "RETENTION_DAYS": "14",
        "PUSHES_PER_DAY": "3",
        "SETTLE_SECONDS": "0",
        "RENDER_API_KEY": "rnd_0123456789abcdef",
        "FLY_API_TOKEN": "FlyV1 fm2_0123456789",
        "FLY_APPS": "shop=acme/shop",
        "LOG_HOSTS": "Logs.example.com",
        "METRICS_TOKEN": "0123456789abcdef",
        "LOG_LEVEL": "DEBUG",
        "HOST": "0.0.0.0",
        "PORT": "9000",
    }
    found = read(APP | {PREFIX + name: value for name, value in given.items()}, tmp_path)
    assert found == Settings(
        app_id=4711,
        slug="my-app",
        private_key=KEY,
        webhook_secrets=(SECRET, "the secret that was before"),
        base_url="https://git.example.com/api/v3",
        web_url="https://git.example.com",
        public_url="https://bot.example.com",
        setup_key="a key that somebody chose",
        data=Path("/var/lib/deploymend"),
        database_url="postgresql://bot:pw@db/bot",
        checks=("deploy*", "!*docs*", "ship"),
        unsafe=True,
        verify=True,
        engine="podman",
        workers=0,
        retention_days=14,
        pushes_per_day=3,
        settle_seconds=0,
        render_api_key="rnd_0123456789abcdef",
        fly_api_token="FlyV1 fm2_0123456789",
        fly_apps=("shop=acme/shop",),
        log_hosts=("logs.example.com",),
        metrics_token="0123456789abcdef",
        log_level="debug",
        host="0.0.0.0",
        port=9000,
    )
    named = {PREFIX + name for name in given} | set(APP) | {PREFIX + "PRIVATE_KEY_FILE", PREFIX + "WEB_URL"}
    assert named == {PREFIX + setting.name.upper() for setting in SETTINGS}  # so that this test has every one


def test_the_file_comes_after_the_environment(tmp_path):
    (tmp_path / "bot.toml").write_text('checks = ["deploy*", "!docs"]\nworkers = 5\nverify = true\n')
    found = read(APP | {"DEPLOYMEND_CONFIG": "bot.toml", "DEPLOYMEND_WORKERS": "3"}, tmp_path)
    assert (found.checks, found.workers, found.verify) == (("deploy*", "!docs"), 3, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("worker = 1", "'bot.toml': there is no setting 'worker' (did you mean workers?)."),
        ("workers = true", "'bot.toml': `workers` is a number from 0 to 64, not True."),
        ("checks = [1]", "'bot.toml': `checks` is a list of texts, not [1]."),
        (
            "webhook_secret = 'x'",
            "'bot.toml': `webhook_secret` is a secret, which stands in the environment alone (DEPLOYMEND_WEBHOOK_SECRET).",
        ),
        ("x =", "'bot.toml' is no TOML (Invalid value (at end of document))."),
    ],
)
def test_a_mistake_in_the_file(tmp_path, text, sentence):
    (tmp_path / "bot.toml").write_text(text)
    assert mistakes(APP | {"DEPLOYMEND_CONFIG": "bot.toml"}, tmp_path) == (sentence,)


def test_a_file_that_is_not_there(tmp_path):
    said = mistakes(APP | {"DEPLOYMEND_CONFIG": "no.toml"}, tmp_path)
    assert said == ("DEPLOYMEND_CONFIG: 'no.toml' can't be read (No such file or directory).",)


def test_all_mistakes_are_said_at_once_and_no_secret_with_them():
    said = mistakes(
        {
            "DEPLOYMEND_APP_ID": "four",
            "DEPLOYMEND_PRIVATE_KEY": "hunter2",
            "DEPLOYMEND_WEBHOOK_SECRET": "hunter2",
            "DEPLOYMEND_BASE_URL": "https://user:hunter2@git.example.com?x",
            "DEPLOYMEND_RETENTION_DAYS": "7",
            "DEPLOYMEND_UNSAVE": "1",
            "DEPLOYMEND_LOG_HOSTS": "https://logs.example.com/",
        }
    )
    assert len(said) == 7
    assert "DEPLOYMEND_APP_ID is a number from 1 to 9007199254740992, not 'four'." in said
    assert "DEPLOYMEND_RETENTION_DAYS is a number from 14 to 3650, not '7'." in said
    assert "There is no setting 'DEPLOYMEND_UNSAVE' (did you mean DEPLOYMEND_UNSAFE?)." in said
    assert not any("hunter2" in sentence for sentence in said)


@pytest.mark.parametrize("left_out", list(APP))
def test_half_of_the_credentials_is_a_mistake(tmp_path, left_out):
    said = mistakes({name: value for name, value in APP.items() if name != left_out}, tmp_path)
    assert len(said) == 1
    assert said[0].startswith(left_out)
    assert "is not set" in said[0]


def test_an_empty_variable_is_not_set(tmp_path):
    assert "DEPLOYMEND_WEBHOOK_SECRET is not set" in mistakes(APP | {"DEPLOYMEND_WEBHOOK_SECRET": ""}, tmp_path)[0]


def test_the_old_secret_alone_is_no_secret(tmp_path):
    assert len(mistakes({"DEPLOYMEND_WEBHOOK_SECRET_OLD": SECRET}, tmp_path)) == 3


def test_no_credentials_at_all_leave_it_to_setup(tmp_path):
    found = read({}, tmp_path)
    assert not found.configured
    assert found.webhook_secrets == ()


def test_a_key_whose_line_breaks_are_written_out(tmp_path):
    assert read(APP | {"DEPLOYMEND_PRIVATE_KEY": KEY.strip().replace("\n", "\\n")}, tmp_path).private_key == KEY


def test_a_key_in_a_file(tmp_path):
    (tmp_path / "key.pem").write_text(KEY)
    rest = {name: value for name, value in APP.items() if "KEY" not in name}
    assert read(rest | {"DEPLOYMEND_PRIVATE_KEY_FILE": "key.pem"}, tmp_path).private_key == KEY
    assert "both set" in mistakes(APP | {"DEPLOYMEND_PRIVATE_KEY_FILE": "key.pem"}, tmp_path)[0]
    assert "can't be read" in mistakes(rest | {"DEPLOYMEND_PRIVATE_KEY_FILE": "no.pem"}, tmp_path)[0]
    (tmp_path / "key.pem").write_bytes(b"\xff\xfe")
    assert "no private key" in mistakes(rest | {"DEPLOYMEND_PRIVATE_KEY_FILE": "key.pem"}, tmp_path)[0]


def test_the_platforms_port_counts_where_no_other_is_set(tmp_path):
    assert read(APP | {"PORT": "10000"}, tmp_path).port == 10000
    assert read(APP | {"PORT": "10000", "DEPLOYMEND_PORT": "9"}, tmp_path).port == 9


def test_what_kubernetes_sets_is_no_setting_of_ours(tmp_path):
    given = {
        "DEPLOYMEND_PORT": "tcp://10.0.0.1:80",
        "DEPLOYMEND_PORT_80_TCP_ADDR": "10.0.0.1",
        "DEPLOYMEND_SERVICE_HOST": "10.0.0.1",
        "DEPLOYMEND_SERVICE_PORT": "80",
        "DEPLOYMEND_SERVICE_PORT_HTTP": "80",
    }
    assert read(APP | given, tmp_path) == read(APP, tmp_path)


@pytest.mark.parametrize(
    ("base", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.example.com/api/v3", "https://git.example.com"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com"),
        ("http://127.0.0.1:8000/api/v3", "http://127.0.0.1:8000"),
    ],
)
def test_where_the_pages_of_a_server_are(tmp_path, base, web):
    assert read(APP | {"DEPLOYMEND_BASE_URL": base}, tmp_path).web_url == web


def test_secrets_do_not_show(tmp_path):
    environ = APP | {
        "DEPLOYMEND_DATABASE_URL": "postgresql://bot:hunter2@db/bot",
        "DEPLOYMEND_RENDER_API_KEY": "rnd_hunter2hunter2hunter2",
    }
    shown = repr(read(environ, tmp_path))
    assert "hunter2" not in shown
    assert SECRET not in shown
    assert "MIIE" not in shown


def test_what_setup_stored_counts_where_the_environment_has_none(tmp_path):
    kept = Credentials(12, KEY, "stored secret, long enough", "stored-app")
    path = credentials.save(tmp_path / "data", kept)
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials.load(tmp_path / "data") == kept
    found = read({"DEPLOYMEND_DATA": "data"}, tmp_path)
    assert (found.app_id, found.slug, found.private_key) == (12, "stored-app", KEY)
    assert found.webhook_secrets == ("stored secret, long enough",)
    other = read(APP | {"DEPLOYMEND_DATA": "data"}, tmp_path)
    assert (other.app_id, other.webhook_secrets, other.slug) == (4711, (SECRET,), None)  # never a mix of two Apps


def test_storing_again_replaces_it(tmp_path):
    credentials.save(tmp_path, Credentials(12, KEY, SECRET, None))
    credentials.save(tmp_path, Credentials(13, KEY, SECRET, None))
    assert credentials.load(tmp_path) == Credentials(13, KEY, SECRET, None)
    assert [path.name for path in tmp_path.iterdir()] == ["app.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"id": "x", "pem": 1, "webhook_secret": null}', "[" * 10**5])
def test_a_file_that_setup_did_not_write(tmp_path, content):
    path = tmp_path / "app.json"
    path.write_text(content)
    path.chmod(0o600)
    said = mistakes({"DEPLOYMEND_DATA": "."}, tmp_path)
    assert len(said) == 1
    assert "open /setup again" in said[0]


def test_a_file_that_others_can_read_is_refused(tmp_path):
    credentials.save(tmp_path, Credentials(12, KEY, SECRET)).chmod(0o644)
    assert "chmod 600" in mistakes({"DEPLOYMEND_DATA": "."}, tmp_path)[0]


def test_a_link_or_a_pipe_in_its_place_is_refused(tmp_path):
    (tmp_path / "app.json").symlink_to("/etc/passwd")
    assert len(mistakes({"DEPLOYMEND_DATA": "."}, tmp_path)) == 1
    (tmp_path / "app.json").unlink()
    os.mkfifo(tmp_path / "app.json", 0o600)
    assert "is no file" in mistakes({"DEPLOYMEND_DATA": "."}, tmp_path)[0]


def test_credentials_do_not_show_in_their_repr():
    assert repr(Credentials(12, KEY, SECRET, "x")) == "Credentials(app_id=12, slug='x')"


def test_the_reference_has_a_line_for_each_setting_and_its_default():
    table = reference()
    for setting in SETTINGS:
        (line,) = [line for line in table if f"`{PREFIX}{setting.name.upper()}`" in line]
        assert setting.meaning in line
        default = getattr(Settings(), setting.name, None)
        if isinstance(default, int | str | Path) and "`" not in setting.default:
            written = str(default).lower() if isinstance(default, bool) else str(default)
            assert f"| `{written}` |" in line
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in table)


@pytest.mark.parametrize("name", ["DEPLOYMEND_CACHE", "DEPLOYMEND_RUN"])
def test_variables_of_the_command_line_are_no_mistakes(tmp_path, name):
    assert read({name: "x"}, tmp_path) == read({}, tmp_path)
