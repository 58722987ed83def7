import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "bind-all-interfaces"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVERS = {
    **HEALTHY,
    "requirements.txt": "fastapi\nflask\nuvicorn\ngunicorn\nhypercorn\ngranian\ndaphne\nwaitress\nstreamlit\n",
}
GROUP = FLY.replace("[http_service]", "[processes]\n  web = {}  # the server\n\n[http_service]\n  processes = ['web']")
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == '__main__':\n    app.run({})\n"
UVICORN = "import uvicorn\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\nif __name__ == '__main__':\n    {}\n"
SCRIPT = 'CMD ["python", "main.py"]'


def starting(command: str, **more: str) -> dict[str, str]:
    return {**SERVERS, "Dockerfile": f"{HEAD}{command}\n", **more}


def coded(code: str, **more: str) -> dict[str, str]:
    return {**starting(SCRIPT), "main.py": code, **more}


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ('CMD ["uvicorn", "main:app", "--host", "{}", "--port", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('CMD [ "uvicorn" , "main:app", \\\n  # inside\n  "--host",  "{}" ,"--port", "8080" ]', "localhost", "0.0.0.0"),
        ('CMD ["uvicorn", "main:app", "--port", "8080", "--host={}"]', "::1", "0.0.0.0"),
        ("CMD exec uvicorn main:app --host {} --port ${{PORT:-8080}}", "127.0.0.1", "0.0.0.0"),
        ('CMD ["sh", "-c", "exec uvicorn main:app --host {} --port 8080"]', "127.0.0.1", "0.0.0.0"),
        ('ENTRYPOINT ["uvicorn", "main:app", "--host", "{}", "--port", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('ENTRYPOINT ["uvicorn", "main:app", "--host", "{}"]\nCMD ["--port", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('CMD ["gunicorn", "main:app", "--bind", "{}"]', "127.0.0.1:8080", "0.0.0.0:8080"),
        ('CMD ["gunicorn", "-b{}", "main:app"]', "localhost:8080", "0.0.0.0:8080"),
        ("CMD gunicorn -b {}:${{PORT:-8080}} main:app", "127.0.0.1", "0.0.0.0"),
        ('ENV PORT=8080\nCMD gunicorn --bind "{}:$PORT" main:app', "127.0.0.1", "0.0.0.0"),
        ('CMD ["hypercorn", "main:app", "-b", "{}"]', "127.0.0.1:8080", "0.0.0.0:8080"),
        ('CMD ["granian", "main:app", "--host", "{}", "--port", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('CMD ["daphne", "-b", "{}", "-p", "8080", "main:app"]', "127.0.0.1", "0.0.0.0"),
        ('CMD ["waitress-serve", "--listen={}", "main:app"]', "127.0.0.1:8080", "0.0.0.0:8080"),
        ('CMD ["fastapi", "run", "--host", "{}", "--port", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('CMD ["flask", "--app", "main", "run", "-h", "{}", "-p", "8080"]', "127.0.0.1", "0.0.0.0"),
        ('CMD ["streamlit", "run", "main.py", "--server.address={}", "--server.port=8080"]', "localhost", "0.0.0.0"),
    ],
)
def test_the_host_is_changed_where_the_command_tells_it(command: str, old: str, new: str):
    before = starting(command.format(old))
    check_transformed(NAME, before, {"Dockerfile": starting(command.format(new))["Dockerfile"]})


@pytest.mark.parametrize(
    ("command", "added"),
    [
        ('CMD ["uvicorn", "main:app"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ('CMD ["python", "-m", "uvicorn", "main:app"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ('CMD [ "uvicorn", \\\n  "main:app"{}, \\\n  "--port", "8080" ]', ', "--host", "0.0.0.0"'),
        ("CMD uvicorn main:app{} --port 8080", " --host 0.0.0.0"),
        ('ENTRYPOINT ["uvicorn"]\nCMD ["main:app"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ('CMD ["hypercorn", "main:app"{}]', ', "--bind", "0.0.0.0:8080"'),
        ('CMD ["granian", "main:app"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ('CMD ["daphne", "main:app"{}, "-p", "8080"]', ', "--bind", "0.0.0.0"'),
        ('CMD ["fastapi", "dev"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ('CMD ["flask", "--app", "main", "run"{}, "--port", "8080"]', ', "--host", "0.0.0.0"'),
        ("CMD uv run flask --app main run{} --port 8080", " --host 0.0.0.0"),
    ],
)
def test_a_server_whose_default_is_loopback_is_told(command: str, added: str):
    before = starting(command.format(""))
    check_transformed(NAME, before, {"Dockerfile": starting(command.format(added))["Dockerfile"]})


@pytest.mark.parametrize(
    ("command", "added"),
    [
        ('CMD ["gunicorn", "-w", "2", "main:app"{}]', ', "--bind", "0.0.0.0:8080"'),
        ('CMD ["sh", "-c", "exec gunicorn main:app{}"]', " --bind 0.0.0.0:8080"),
        ("CMD gunicorn main:app{}", " --bind 0.0.0.0:8080"),
    ],
)
def test_gunicorn_is_told_only_on_demand_since_a_secret_named_port_would_do(command: str, added: str):
    before = starting(command.format(""))
    check_transformed(NAME, before, {"Dockerfile": starting(command.format(added))["Dockerfile"]}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


def test_a_port_that_the_service_takes_is_kept():
    fly = FLY.replace("8080", "8000")
    before = starting('CMD ["gunicorn", "main:app"]', **{"fly.toml": fly})
    after = before["Dockerfile"].replace('"main:app"', '"main:app", "--bind", "0.0.0.0:8000"')
    check_transformed(NAME, before, {"Dockerfile": after}, unsafe=True)


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize(
    "command", ["uvicorn main:app --host {} --port 8080", "sh -c 'cd /app && gunicorn -b {}:8080 main:app'"]
)
def test_a_command_of_the_config_keeps_its_quotes_and_comment(quote: str, command: str):
    if quote == "'":
        command = command.replace("'", '"')
    config = GROUP.format(quote + command + quote)
    check_transformed(NAME, {**SERVERS, "fly.toml": config.format("127.0.0.1")}, {"fly.toml": config.format("0.0.0.0")})


def test_a_default_is_told_in_the_config():
    config = GROUP.format('"uvicorn main:app{} --port 8080"')
    before = {**SERVERS, "fly.toml": config.format("")}
    check_transformed(NAME, before, {"fly.toml": config.format(" --host 0.0.0.0")})


def test_a_host_in_an_entry_script():
    script = "#!/bin/sh\nset -e\n# not 127.0.0.1\nexec uvicorn main:app --host {} \\\n  --port 8080\n"
    before = starting('CMD ["sh", "start.sh"]', **{"start.sh": script.format("127.0.0.1")})
    check_transformed(NAME, before, {"start.sh": script.format("0.0.0.0")})


def test_words_that_an_entry_script_is_given_are_edited_where_they_stand():
    script = '#!/bin/sh\nset -e\nexec "$@"\n'
    command = 'ENTRYPOINT ["sh", "entry.sh"]\nCMD ["uvicorn", "main:app", "--host", "{}", "--port", "8080"]'
    before = starting(command.format("127.0.0.1"), **{"entry.sh": script})
    check_transformed(NAME, before, {"Dockerfile": f"{HEAD}{command.format('0.0.0.0')}\n"})


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        (UVICORN, 'uvicorn.run(app, host="{}", port=8080)', None),
        (UVICORN, "uvicorn.run('main:app', port=8080, host='{}')  # not 127.0.0.1", None),
        (UVICORN, 'print("é🚂"); uvicorn.run(app, host="{}", port=8080)', None),
        (UVICORN, "uvicorn.run(app, port=8080)", "uvicorn.run(app, host='0.0.0.0', port=8080)"),
        (UVICORN, "uvicorn.run('main:app', port=8080)", "uvicorn.run('main:app', host='0.0.0.0', port=8080)"),
        (
            UVICORN,
            "uvicorn.run(\n        app,\n        port=8080,  # Fly takes it\n    )",
            "uvicorn.run(\n        app,\n        host='0.0.0.0',\n        port=8080,  # Fly takes it\n    )",
        ),
        (FLASK, 'host="{}", port=8080', None),
        (FLASK, '"{}", 8080', None),
        (FLASK, "port=8080, debug=False", "host='0.0.0.0', port=8080, debug=False"),
        (FLASK, 'host="{}", port=8080, debug=False', None),
    ],
)
def test_a_call_that_serves_is_told_in_the_code(code: str, old: str, new: str | None):
    before = coded(code.format(old.format("127.0.0.1")))
    check_transformed(NAME, before, {"main.py": code.format(new or old.format("0.0.0.0"))})


def test_a_call_that_only_tells_the_app_or_nothing():
    before = coded(UVICORN.format('uvicorn.run("main:app")'), **{"fly.toml": FLY.replace("8080", "8000")})
    check_transformed(NAME, before, {"main.py": UVICORN.format('uvicorn.run("main:app", host="0.0.0.0")')})
    before = coded(FLASK.format(""), **{"fly.toml": FLY.replace("8080", "5000")})
    check_transformed(NAME, before, {"main.py": FLASK.format("host='0.0.0.0'")})


def test_the_default_of_a_variable_is_a_suggestion():
    code = UVICORN.replace("import uvicorn", "import os\n\nimport uvicorn")
    call = 'uvicorn.run(app, host=os.getenv("HOST", "{}"), port=8080)'
    before = coded(code.format(call.format("127.0.0.1")))
    check_transformed(NAME, before, {"main.py": code.format(call.format("0.0.0.0"))}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


@pytest.mark.parametrize(
    "files",
    [
        HEALTHY,
        starting('CMD ["gunicorn", "main:app", "-b", "0.0.0.0:8080"]'),
        starting('CMD ["uvicorn", "main:app", "--host", "::", "--port", "8080"]'),
        starting('CMD ["gunicorn", "main:app", "-b", "unix:/run/app.sock"]'),
        coded(UVICORN.format('uvicorn.run(app, host="0.0.0.0", port=8080)')),
    ],
)
def test_a_server_that_can_be_reached_is_left_alone(files: dict[str, str]):
    assert not check_noop(NAME, files).dropped


def test_a_worker_that_no_service_reaches_keeps_its_host():
    config = GROUP.format("'uvicorn main:app --host 0.0.0.0 --port 8080'\n  inner = 'uvicorn main:app --port 9000'")
    assert not check_noop(NAME, {**SERVERS, "fly.toml": config}).dropped


def test_a_server_behind_another_one_keeps_its_host():
    script = "#!/bin/sh\nnginx &\nexec gunicorn main:app --bind 127.0.0.1:8000\n"
    check_noop(NAME, starting('CMD ["sh", "start.sh"]', **{"start.sh": script}))


@pytest.mark.parametrize("front", ["nginx &", "caddy start", "./proxy &", "uvicorn main:app --port 8080 &"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_default_beside_another_server_is_not_given_its_port(front: str, nested: bool):
    script = f"#!/bin/sh\n{front}\nexec {'sh inner.sh' if nested else 'gunicorn main:app'}\n"
    files = {"start.sh": script, "inner.sh": "#!/bin/sh\nexec gunicorn main:app\n"}
    check_noop(NAME, starting('CMD ["sh", "start.sh"]', **files))
    if not nested:
        check_noop(NAME, starting(f"CMD {front} {'' if '&' in front else '&& '}exec gunicorn main:app"))


def test_another_port_than_that_of_the_service_is_no_matter_of_the_host():
    found = reasons(NAME, starting('CMD ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", "9000"]'))
    assert any(reason.startswith("it would stop at: WARNING The app is not listening") for reason in found)


def test_a_default_with_several_ports_to_choose_from_is_left_alone():
    other = "\n[[services]]\n  internal_port = 9000\n"
    found = reasons(NAME, starting('CMD ["gunicorn", "main:app"]', **{"fly.toml": FLY + other}))
    assert "which port is meant is not clear" in found


@pytest.mark.parametrize(
    ("variable", "command"),
    [
        ("UVICORN_HOST=127.0.0.1", "uvicorn main:app --port 8080"),
        ("FLASK_RUN_HOST=localhost", "flask --app main run -p 8080"),
        ("GUNICORN_CMD_ARGS=--bind=127.0.0.1:8080", "gunicorn main:app"),
    ],
)
def test_a_host_that_a_variable_tells_is_left_alone(variable: str, command: str):
    assert f"the host is told by {variable.partition('=')[0]}" in reasons(NAME, starting(f"ENV {variable}\nCMD {command}"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port=8080, debug=True", "host='0.0.0.0', port=8080, debug=False"),
        ("debug=True, port=8080", "host='0.0.0.0', debug=False, port=8080"),
        ("'127.0.0.1', 8080, debug = True", "'0.0.0.0', 8080, debug = False"),
        (
            "\n        port=8080,\n        debug=True,  # é\n    ",
            "\n        host='0.0.0.0',\n        port=8080,\n        debug=False,  # é\n    ",
        ),
    ],
)
def test_the_debugger_of_the_call_is_switched_off_on_demand(old: str, new: str):
    before = coded(FLASK.format(old))
    made = check_transformed(NAME, before, {"main.py": FLASK.format(new)}, unsafe=True)
    assert "debugger is switched off" in made.steps[0].rationale
    assert [step.safety for step in made.steps] == ["unsafe"]
    cautious = planned(before, NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped] == [True]


@pytest.mark.parametrize("call", ["port=8080, debug=DEBUG", "'127.0.0.1', 8080, True", "port=8080", "port=8080, debug=True"])
def test_the_debugger_of_flask_is_not_opened_to_everybody(call: str):
    code = FLASK.format(call)
    if not call.endswith("DEBUG"):
        code = code.replace("\nif", "app.config['DEBUG'] = True\n\nif")
    assert "Flask's debugger would be open to everybody" in reasons(NAME, coded(code))


@pytest.mark.parametrize(
    "command",
    ["CMD flask --app main --debug run -p 8080", "ENV FLASK_DEBUG=1\nCMD flask --app main run -h 127.0.0.1 -p 8080"],
)
def test_the_debugger_of_the_command_is_not_opened_either(command: str):
    assert "Flask's debugger would be open to everybody" in reasons(NAME, starting(command))


@pytest.mark.parametrize("call", ["uvicorn.run(app, host=HOST, port=8080)", 'uvicorn.run(app, host="127." "0.0.1", port=8080)'])
def test_a_host_that_is_written_elsewhere_is_left_alone(call: str):
    code = UVICORN.replace("app = ", 'HOST = "127.0.0.1"\napp = ')
    assert "the host is not written in the call that serves" in reasons(NAME, coded(code.format(call)))


def test_a_host_that_the_script_names_twice_is_left_alone():
    script = "#!/bin/sh\n# exec uvicorn main:app --host 127.0.0.1\nexec uvicorn main:app --host 127.0.0.1 --port 8080\n"
    found = reasons(NAME, starting('CMD ["sh", "start.sh"]', **{"start.sh": script}))
    assert "`--host 127.0.0.1` does not stand in the command exactly once" in found


def test_a_server_of_django_without_an_address_is_left_alone():
    files = starting('CMD ["python", "manage.py", "runserver"]', **{"manage.py": "import django\n"})
    files["fly.toml"] = FLY.replace("8080", "8000")
    assert "the command tells python no host that is edited" in reasons(NAME, files)


def test_the_address_of_djangos_server_is_changed():
    command = 'CMD ["python", "manage.py", "runserver", "{}:8080"]'
    before = starting(command.format("localhost"), **{"manage.py": "import django\n", "requirements.txt": "django\n"})
    check_transformed(NAME, before, {"Dockerfile": f"{HEAD}{command.format('0.0.0.0')}\n"})


def test_a_config_in_json_is_not_edited():
    config = '{"app": "demo", "processes": {"web": "uvicorn main:app --port 8080"}, "http_service": {"internal_port": 8080}}'
    files = {**{path: text for path, text in SERVERS.items() if path != "fly.toml"}, "fly.json": config}
    found = reasons(NAME, files)
    assert "`uvicorn main:app` does not stand in the command exactly once" in found


def test_a_dockerfile_of_a_target_that_can_be_reached_stays():
    config = GROUP.replace("demo", "other").format("'uvicorn main:app --host 0.0.0.0 --port 8080'")
    files = starting('CMD ["uvicorn", "main:app", "--port", "8080"]', **{"fly.other.toml": config})
    assert any("also builds fly.other.toml" in reason for reason in reasons(NAME, files))
