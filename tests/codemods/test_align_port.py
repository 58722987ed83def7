import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "align-port"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVERS = {**HEALTHY, "requirements.txt": "fastapi\nflask\nuvicorn\ngunicorn\nhypercorn\nwaitress\nstreamlit\n"}
GROUPS = """\
app = "demo"

[processes]
  api = "uvicorn main:app --host 0.0.0.0 --port 8000"  # the API
  web = 'uvicorn main:app --host 0.0.0.0 --port=8080'

[http_service]
  internal_port = 8080
  processes = ["api", "web"]
"""
CODE = "import os\n\nimport uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\nif __name__ == '__main__':\n    {}\n"


def starting(command: str, fly: str = FLY, **more: str) -> dict[str, str]:
    return {**SERVERS, "Dockerfile": f"{HEAD}{command}\n", "fly.toml": fly, **more}


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ('CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]', 8000),
        ('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]', 8000),
        ("CMD exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-3000}", 3000),
        ("ENV PORT=5000\nCMD gunicorn -b 0.0.0.0:$PORT main:app", 5000),
        ("ARG PORT=5000\nENV PORT=$PORT\nCMD gunicorn -b [::]:$PORT main:app", 5000),
        ('CMD ["gunicorn", "main:app", "-b", "0.0.0.0:8000", "--bind", "[::1]:9000"]', 8000),
        ('CMD ["waitress-serve", "--listen=*:6543", "main:app"]', 6543),
        ('CMD ["streamlit", "run", "main.py"]', 8501),
    ],
)
def test_the_config_follows_the_app(command: str, port: int):
    check_transformed(NAME, starting(command), {"fly.toml": FLY.replace("8080", str(port))})


@pytest.mark.parametrize(
    ("call", "port"), [("uvicorn.run(app, host='0.0.0.0', port=9000)", 9000), ("uvicorn.run(app, host='0.0.0.0')", 8000)]
)
def test_the_port_may_be_told_in_the_code(call: str, port: int):
    before = starting('CMD ["python", "main.py"]', **{"main.py": CODE.format(call)})
    check_transformed(NAME, before, {"fly.toml": FLY.replace("8080", str(port))})


@pytest.mark.parametrize(
    "call",
    [
        "uvicorn.run(app, host='0.0.0.0', port=int(os.getenv('PORT', '9000')))",
        "port = int(os.environ.get('PORT', 9000))\n    uvicorn.run(app, host='0.0.0.0', port=port)",
    ],
)
def test_an_app_that_reads_port_is_told_it_since_a_secret_may_do_so_already(call: str):
    before = starting('CMD ["python", "main.py"]', **{"main.py": CODE.format(call)})
    check_transformed(NAME, before, {"fly.toml": f'{FLY}\n[env]\n  PORT = "8080"\n'}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


def test_a_server_that_reads_port_is_told_it_too():
    fly = FLY + "\n[env]\n  A = '1'\n"
    before = starting('CMD ["fastapi", "run"]', fly, **{"requirements.txt": "fastapi[standard]\n"})
    check_transformed(NAME, before, {"fly.toml": fly + '  PORT = "8080"\n'}, unsafe=True)


def test_a_server_that_another_program_may_stand_before_is_a_suggestion():
    script = "#!/bin/sh\nnginx &\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n"
    before = starting('CMD ["sh", "start.sh"]', **{"start.sh": script})
    check_transformed(NAME, before, {"fly.toml": FLY.replace("8080", "8000")}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("env = { A = '1' }\n\n" + FLY, "[env] is not a table of its own"),
        ('{"app": "demo", "http_service": {"internal_port": 8080}}', "only TOML is edited"),
    ],
)
def test_an_env_that_is_no_table_of_its_own_is_left_alone(config: str, reason: str):
    files = starting('CMD ["fastapi", "run"]', **{"requirements.txt": "fastapi[standard]\n"})
    del files["fly.toml"]
    assert reasons(NAME, {**files, "fly.json" if config.startswith("{") else "fly.toml": config}) == {reason}


def test_the_port_of_env_goes_before_that_of_the_service():
    fly = f"{FLY}\n[env]\n  PORT = '3000'  # the app reads it\n"
    before = starting("CMD uvicorn main:app --host 0.0.0.0 --port $PORT", fly)
    check_transformed(NAME, before, {"fly.toml": fly.replace("8080", "3000")})


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("[[services]]\n  internal_port = '8080'\n", "[[services]]\n  internal_port = '8000'\n"),
        ("[[services]]\n\tprotocol = 'tcp'\n", "[[services]]\n\tinternal_port = 8000\n\tprotocol = 'tcp'\n"),
        ("[http_service]\n", "[http_service]\n  internal_port = 8000\n"),
        ("[http_service] # web\n\nforce_https = true\n", "[http_service] # web\ninternal_port = 8000\n\nforce_https = true\n"),
        ("http_service = { internal_port = 8080 }\n", "http_service = { internal_port = 8000 }\n"),
        ("[http_service]\n  internal_port = 8080.0\n", "[http_service]\n  internal_port = 8000\n"),
        (
            "[http_service]\n  internal_port = 8080\n[checks.alive]\n  port = 8080\n  type = 'http'\n",
            "[http_service]\n  internal_port = 8000\n[checks.alive]\n  port = 8000\n  type = 'http'\n",
        ),
        (
            "[[services]]\n  internal_port = 8080\n[[checks]]\n  port = 8080\n  name = 'a'\n  processes = ['app']\n",
            "[[services]]\n  internal_port = 8000\n[[checks]]\n  port = 8000\n  name = 'a'\n  processes = ['app']\n",
        ),
        (
            "[[services]]\n  protocol = 'tcp'\n[[services]]\n  internal_port = 8080\n",
            "[[services]]\n  internal_port = 8000\n  protocol = 'tcp'\n[[services]]\n  internal_port = 8000\n",
        ),
    ],
)
def test_every_form_of_a_service_and_its_checks(written: str, after: str):
    head = 'app = "demo"\n\n'
    before = starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]', head + written)
    check_transformed(NAME, before, {"fly.toml": head + after})


def test_a_check_of_another_port_or_group_stays():
    fly = (
        FLY
        + "  processes = ['app']\n[processes]\n  app = 'uvicorn main:app --host 0.0.0.0'\n  worker = 'python main.py'\n"
        + "[checks.one]\n  port = 8080\n  type = 'tcp'\n  processes = ['worker']\n[checks.two]\n  port = 9090\n  type = 'tcp'\n"
    )
    after = fly.replace("internal_port = 8080", "internal_port = 8000")
    check_transformed(NAME, {**SERVERS, "fly.toml": fly}, {"fly.toml": after})


@pytest.mark.parametrize(
    ("exposed", "after"),
    [("8080", "8000"), ("8080/tcp", "8000/tcp"), ("9000", "9000"), ("8080 8000", "8080 8000"), ("$PORT", "$PORT")],
)
def test_expose_follows_where_it_said_the_same(exposed: str, after: str):
    command = 'EXPOSE {}  \nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]'
    changed = {"fly.toml": FLY.replace("8080", "8000"), "Dockerfile": f"{HEAD}{command.format(after)}\n"}
    check_transformed(NAME, starting(command.format(exposed)), changed)


def test_expose_stays_where_another_config_may_build_the_same_dockerfile():
    command = 'EXPOSE 8080\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]'
    other = FLY.replace("demo", "other").replace("8080", "8000")
    before = starting(command, **{"fly.other.toml": other})
    check_transformed(NAME, before, {"fly.toml": FLY.replace("8080", "8000")})


def test_the_command_follows_where_another_group_answers_on_that_port():
    check_transformed(NAME, {**SERVERS, "fly.toml": GROUPS}, {"fly.toml": GROUPS.replace("8000", "8080")})


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("gunicorn -b 0.0.0.0:8000 main:app", "gunicorn -b 0.0.0.0:8080 main:app"),
        ("gunicorn --bind=[::]:8000 main:app", "gunicorn --bind=[::]:8080 main:app"),
        ("gunicorn -b:8000 main:app", "gunicorn -b:8080 main:app"),
        ("flask --app main run -h 0.0.0.0 -p 8000", "flask --app main run -h 0.0.0.0 -p 8080"),
        ("waitress-serve --port=8000 main:app", "waitress-serve --port=8080 main:app"),
    ],
)
def test_every_option_that_tells_a_port(command: str, after: str):
    config = GROUPS.replace("uvicorn main:app --host 0.0.0.0 --port 8000", "{}")
    check_transformed(NAME, {**SERVERS, "fly.toml": config.format(command)}, {"fly.toml": config.format(after)})


def test_a_service_of_its_own_is_kept_right():
    fly = GROUPS.replace('["api", "web"]', '["web"]') + "\n[[services]]\n  internal_port = 8081\n  processes = ['api']\n"
    check_transformed(NAME, {**SERVERS, "fly.toml": fly}, {"fly.toml": fly.replace("8081", "8000")})


@pytest.mark.parametrize(
    "files",
    [
        HEALTHY,
        starting("CMD uvicorn main:app --host 0.0.0.0 --port ${PORT:-8080}"),
        starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]', FLY.replace("8080", "8000")),
        starting('CMD ["gunicorn", "-b", "unix:/run/app.sock", "main:app"]'),
        starting('CMD ["uvicorn", "main:app", "--port", "8080"]'),
        starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9000"]', 'app = "demo"\n'),
    ],
)
def test_a_port_that_fits_is_left_alone(files: dict[str, str]):
    assert not check_noop(NAME, files).dropped


def test_two_services_are_not_guessed_between():
    fly = f"{FLY}\n[[services]]\n  internal_port = 9090\n"
    found = reasons(NAME, starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]', fly))
    assert found == {"the services of the process name several ports"}


def test_two_servers_are_not_guessed_between():
    script = "#!/bin/sh\nuvicorn main:app --host 0.0.0.0 --port 9000 &\nexec uvicorn main:app --host 0.0.0.0 --port 8000\n"
    found = reasons(NAME, starting('CMD ["sh", "start.sh"]', **{"start.sh": script}))
    assert found == {"the programs of the process name several ports"}


def test_a_default_port_beside_a_group_that_answers_is_left_alone():
    fly = GROUPS.replace(" --port 8000", "")
    assert reasons(NAME, {**SERVERS, "fly.toml": fly}) == {"the command tells uvicorn no port that is edited"}


def test_a_port_that_a_variable_tells_is_left_alone_in_the_command():
    fly = GROUPS.replace(
        'uvicorn main:app --host 0.0.0.0 --port 8000"', "sh -c 'uvicorn main:app --host :: --port ${P:-8000}'\""
    )
    found = reasons(NAME, {**SERVERS, "fly.toml": fly})
    assert found == {"`--port 8000` does not stand in the command exactly once"}


@pytest.mark.parametrize(
    "written",
    [
        "[http_service.concurrency]\n  hard_limit = 5\n",
        "http_service = { force_https = true }\n",
        "http_service.force_https = true\n",
    ],
)
def test_a_service_without_a_header_is_left_alone(written: str):
    found = reasons(NAME, starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]', f'app = "demo"\n{written}'))
    assert found == {"the service is not a table of its own"}


def test_a_config_in_json_is_not_edited():
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    files["fly.json"] = '{"app": "demo", "http_service": {"internal_port": 8000}}'
    assert reasons(NAME, files) == {"only TOML is edited"}


def test_a_loopback_server_on_another_port_takes_both_repairs():
    before = starting('CMD ["uvicorn", "main:app"]')
    made = planned(before)
    assert [step.codemod for step in made.steps] == ["bind-all-interfaces", NAME]
    assert not made.after[0].faults


def test_on_render_any_open_port_is_found():
    blueprint = "services:\n  - type: web\n    name: api\n    runtime: docker\n"
    files = starting('CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9000"]', **{"render.yaml": blueprint})
    del files["fly.toml"]
    assert not check_noop(NAME, files).dropped


# --- what is not followed


SUPERVISED = 'EXPOSE {}\nCMD ["supervisord", "-c", "/etc/supervisord.conf"]'


def test_expose_tells_the_port_of_what_is_not_followed():
    before = starting(SUPERVISED.format("80 9000"), FLY.replace("8080", "8000"))
    assert not planned(before, NAME).tree.changes()
    check_transformed(NAME, before, {"fly.toml": FLY.replace("8080", "80")}, unsafe=True)


@pytest.mark.parametrize("ports", ["8080", "80 8080/tcp", "53/udp", "$PORT", "80 $PORT"])
def test_expose_that_tells_nothing_else(ports: str):
    check_noop(NAME, starting(SUPERVISED.format(ports)))
