import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "fix-config-value"
GROUP = "[processes]\n  app = {}\n\n[http_service]\n  processes = ['app']\n"
SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"


def config(text: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[http_service]\n  internal_port = "8080"  # in quotes\n', "[http_service]\n  internal_port = 8080  # in quotes\n"),
        ("[http_service]\n  internal_port = ' 8080 '\n", "[http_service]\n  internal_port = 8080\n"),
        ('[http_service]\n  force_https = "true"\n', "[http_service]\n  force_https = true\n"),
        ("[http_service]\n  auto_start_machines = 'False'\n", "[http_service]\n  auto_start_machines = false\n"),
        ('[http_service]\n  auto_stop_machines = "true"\n', "[http_service]\n  auto_stop_machines = true\n"),
        ('[http_service]\n  auto_stop_machines = "Stop"\n', '[http_service]\n  auto_stop_machines = "stop"\n'),
        ("[http_service]\n  auto_stop_machines = 'OFF'\n", "[http_service]\n  auto_stop_machines = 'off'\n"),
        ('[http_service]\n  min_machines_running = "0"\n', "[http_service]\n  min_machines_running = 0\n"),
        ('[http_service]\n  processes = "app"\n', '[http_service]\n  processes = ["app"]\n'),
        (
            '[http_service]\n[http_service.concurrency]\n  hard_limit = "25"\n  soft_limit = "20"\n',
            "[http_service]\n[http_service.concurrency]\n  hard_limit = 25\n  soft_limit = 20\n",
        ),
        (
            "[http_service]\n[[http_service.checks]]\n  path = '/docs'\n  interval = '10 sec'\n  timeout = '2SECONDS'\n",
            "[http_service]\n[[http_service.checks]]\n  path = '/docs'\n  interval = '10s'\n  timeout = '2s'\n",
        ),
        (
            '[http_service]\n[[http_service.checks]]\n  path = "/docs"\n  grace_period = "1min 30s"\n',
            '[http_service]\n[[http_service.checks]]\n  path = "/docs"\n  grace_period = "1m30s"\n',
        ),
        ("[[services]]\n  internal_port = ' 8080'\n", "[[services]]\n  internal_port = 8080\n"),
        ("[[services]]\n  concurrency = '25, 20'\n", "[[services]]\n  concurrency = '25,20'\n"),
        (
            "[[services]]\n  [[services.ports]]\n  port = 80\n  handlers = 'http'\n",
            "[[services]]\n  [[services.ports]]\n  port = 80\n  handlers = ['http']\n",
        ),
        (
            "[http_service]\n[build.args]\n  PYTHON = 3.10\n  DEBUG = true # now\n  A = 'x'\n",
            "[http_service]\n[build.args]\n  PYTHON = '3.10'\n  DEBUG = 'true' # now\n  A = 'x'\n",
        ),
        (
            '[http_service]\n[build]\n  args = { A = 1, B = "2" }\n',
            '[http_service]\n[build]\n  args = { A = "1", B = "2" }\n',
        ),
        (GROUP.format("['uvicorn', 'main:app', '--host', '0.0.0.0', '--port', '8080']"), GROUP.format(f"'{SERVER}'")),
        (
            "[http_service]\n[deploy]\n  release_command = ['python', '-m', 'json.tool', 'a b']\n",
            "[http_service]\n[deploy]\n  release_command = \"python -m json.tool 'a b'\"\n",
        ),
        (
            "[http_service]\n[experimental]\n  cmd = ['uvicorn', 1]\n",
            "[http_service]\n[experimental]\n  cmd = ['uvicorn', '1']\n",
        ),
        ("[http_service]\n[[vm]]\n  cpus = '1'\n", "[http_service]\n[[vm]]\n  cpus = 1\n"),
        ("[http_service]\n[deploy]\n  strategy = 'Blue-Green'\n", "[http_service]\n[deploy]\n  strategy = 'bluegreen'\n"),
        ("[http_service]\n[[restart]]\n  policy = 'on_failure'\n", "[http_service]\n[[restart]]\n  policy = 'on-failure'\n"),
        (
            "[http_service]\n[checks.a]\n  type = 'TCP'\n  port = 8080\n",
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n",
        ),
        ("app = 7\n[http_service]\n", 'app = "7"\n[http_service]\n'),
    ],
)
def test_a_wrong_type_or_spelling_is_written_as_it_is_meant(before: str, after: str):
    check_transformed(NAME, config(before), {"fly.toml": after})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[http_service]\n  auto_stop_machines = "pause"\n', '[http_service]\n  auto_stop_machines = "suspend"\n'),
        ("[http_service]\n  auto_stop_machines = 'suspnd'\n", "[http_service]\n  auto_stop_machines = 'suspend'\n"),
        ("[http_service]\n  auto_stop_machines = 'never'\n", "[http_service]\n  auto_stop_machines = 'off'\n"),
        ("[http_service]\n  auto_stop_machines = 1\n", "[http_service]\n  auto_stop_machines = true\n"),
        ("[http_service]\n  force_https = 'yes'\n", "[http_service]\n  force_https = true\n"),
        ("[http_service]\n  force_https = 0\n", "[http_service]\n  force_https = false\n"),
        ("[http_service]\n[[vm]]\n  memory_mb = '1GB'\n", "[http_service]\n[[vm]]\n  memory_mb = 1024\n"),
        ("swap_size_mb = '512 mb'\n[http_service]\n", "swap_size_mb = 512\n[http_service]\n"),
        (
            "[http_service]\n[[http_service.checks]]\n  path = '/docs'\n  interval = '10'\n",
            "[http_service]\n[[http_service.checks]]\n  path = '/docs'\n  interval = '10s'\n",
        ),
        ("[[services]]\n  internal_port = '0.0.0.0:8080'\n", "[[services]]\n  internal_port = 8080\n"),
        ("[[services]]\n  internal_port = '8080/tcp'\n", "[[services]]\n  internal_port = 8080\n"),
        ("[http_service]\n[[restart]]\n  policy = 'unless-stopped'\n", "[http_service]\n[[restart]]\n  policy = 'always'\n"),
        (
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  interval = 10\n",
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  interval = \"10s\"\n",
        ),
        (
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  interval = '1s'\n",
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  interval = '2s'\n",
        ),
        (
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  timeout = '2m'\n",
            "[http_service]\n[checks.a]\n  type = 'tcp'\n  port = 8080\n  timeout = '60s'\n",
        ),
        ("[http_service]\n[deploy]\n  strategy = 'roling'\n", "[http_service]\n[deploy]\n  strategy = 'rolling'\n"),
        (
            f"[processes]\n  a = '{SERVER}'\n  b = 'echo'\n[http_service]\n  processes = 'a, b'\n",
            f"[processes]\n  a = '{SERVER}'\n  b = 'echo'\n[http_service]\n  processes = ['a', 'b']\n",
        ),
    ],
)
def test_a_meaning_that_is_chosen_is_a_suggestion(before: str, after: str):
    check_transformed(NAME, config(before), {"fly.toml": after}, unsafe=True)
    cautious = planned(config(before), NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped] == [True]


@pytest.mark.parametrize(
    "text",
    [
        FLY,
        FLY + "  auto_stop_machines = 'suspend'\n  auto_start_machines = false\n",
        FLY + "  auto_stop_machines = true\n[deploy]\n  strategy = 'bluegreen'\n",
        "[[services]]\n  internal_port = '8080'\n  concurrency = '25,20'\n",
        "[[services]]\n  internal_port = 8080\n  [[services.http_checks]]\n    path = '/docs'\n    interval = 10000\n",
        FLY + "[[vm]]\n  memory = 512\n[env]\n  PORT = 8080\n  DEBUG = true\n",
        "kill_timeout = 5\n" + FLY,
        FLY + "[[restart]]\n  policy = 'never'\n",
    ],
)
def test_what_flyctl_takes_is_left_alone(text: str):
    assert not check_noop(NAME, config(text)).dropped


@pytest.mark.parametrize(
    "text",
    [
        "[http_service]\n  internal_port = 'http'\n",
        "[http_service]\n  internal_port = 80.5\n",
        "[http_service]\n  internal_port = true\n",
        "[http_service]\n  auto_stop_machines = 'perhaps'\n",
        "[http_service]\n  auto_stop_machines = 1.5\n",
        "[http_service]\n  force_https = 2\n",
        "[http_service]\n  processes = 1\n",
        "[http_service]\n  processes = ','\n",
        "[http_service]\n  concurrency = 'many'\n",
        "[http_service]\n[[http_service.checks]]\n  interval = 'soon'\n",
        "[http_service]\n[[http_service.checks]]\n  interval = '1 fortnight'\n",
        "[http_service]\n[[http_service.checks]]\n  interval = true\n",
        "[http_service]\n[[http_service.checks]]\n  path = ['/a']\n",
        "[[services]]\n  internal_port = '$PORT'\n",
        "[[services]]\n  internal_port = '99999/tcp'\n",
        "[[services]]\n  concurrency = '25'\n",
        "[http_service]\n[[restart]]\n  policy = 3\n",
        "[http_service]\n[[restart]]\n  policy = 'sometimes'\n",
        "[http_service]\n[checks.a]\n  port = 8080\n",
        "[http_service]\n[http_service.checks]\n  path = '/'\n",
        "env = 'A=1'\n[http_service]\n",
    ],
)
def test_what_is_not_clear_is_left_alone(text: str):
    assert reasons(NAME, config(text)) == {"what the value should be is not clear"}


def test_a_table_that_is_no_value_is_left_alone():
    assert reasons(NAME, config("[http_service]\n[processes.web]\n  cmd = 'x'\n")) == {"the value has no place of its own"}


def test_two_wrong_values_are_two_repairs():
    before = "[http_service]\n  internal_port = '8080'\n  force_https = 'true'\n"
    made = check_transformed(NAME, config(before), {"fly.toml": before.replace("'8080'", "8080").replace("'true'", "true")})
    assert len(made.steps) == 2


@pytest.mark.parametrize(("path", "text"), [("fly.json", '{"app": 1}'), ("fly.yaml", "app: 1\n")])
def test_a_config_in_another_language_is_not_edited(path: str, text: str):
    files = {name: source for name, source in HEALTHY.items() if name != "fly.toml"}
    assert reasons(NAME, {**files, path: text}) == {"only TOML is edited"}
