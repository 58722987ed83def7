import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "fix-double-bind"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVERS = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\ngunicorn\nhypercorn\n"}
GROUP = FLY.replace("[http_service]", "[processes]\n  web = {}  # the server\n\n[http_service]\n  processes = ['web']")
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: gunicorn main:app{}  # both
"""


def starting(command: str, **more: str) -> dict[str, str]:
    return {**SERVERS, "Dockerfile": f"{HEAD}{command}\n", **more}


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("CMD gunicorn{} -b [::]:8080 main:app", " -b 0.0.0.0:8080"),
        ("CMD gunicorn -b [::]:8080{} main:app", " -b 0.0.0.0:8080"),
        ("CMD gunicorn main:app --bind=[::]:8080{}", " --bind=:8080"),
        ("CMD gunicorn main:app -b '[::]:8080'{}", " -b '0.0.0.0:8080'"),
        ('CMD gunicorn main:app \\\n  --bind "[::]:$PORT"{}', ' \\\n  --bind "0.0.0.0:${{PORT:-8080}}"'),
        ('CMD ["gunicorn"{}, "-b", "[::]:8080", "main:app"]', ', "-b", "0.0.0.0:8080"'),
        ('CMD ["gunicorn", "main:app", "--bind=[::]:8080"{}]', ', "--bind=0.0.0.0:8080"'),
        ('CMD ["gunicorn", \\\n  "--bind", "[::]:8080"{}, \\\n  "main:app"]', ', \\\n  "--bind", "0.0.0.0:8080"'),
        ('ENTRYPOINT ["gunicorn", "main:app"]\nCMD [{}"-b", "[::]:8080"]', '"-b", "0.0.0.0:8080", '),
        ('CMD ["sh", "-c", "exec gunicorn main:app -b [::]:8080{}"]', " -b 0.0.0.0:8080"),
        ("CMD gunicorn{} -b [::]:8080{} main:app", " -b 127.0.0.1:8080"),
        ("CMD gunicorn -b 0.0.0.0:8080{} main:app", " -b 127.0.0.1:8080"),
        ("CMD gunicorn -b 0.0.0.0:8080{} main:app", " -b 0.0.0.0:8080"),
        ("CMD hypercorn -b [::]:8080{} main:app", " -b 0.0.0.0:8080"),
        ("CMD gunicorn -b 127.0.0.1:9090{} -b [::]:8080 main:app", " -b 0.0.0.0:8080"),
    ],
)
def test_one_address_is_kept(command: str, gone: str):
    command = "ENV PORT=8080\n" + command
    count = command.count("{}") - command.count("{{}}")
    before = starting(command.replace("{}", gone.replace("{{", "{").replace("}}", "}"), 1).replace("{}", ""))
    assert count
    check_transformed(NAME, before, {"Dockerfile": f"{HEAD}{command.replace('{}', '')}\n"})


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        (
            "exec gunicorn main:app \\\n  -k uvicorn.workers.UvicornWorker{} \\\n  -b [::]:${PORT:-8080}\n",
            " \\\n  -b 0.0.0.0:${PORT:-8080}",
        ),
        ("exec gunicorn main:app \\\n  -b [::]:${PORT:-8080}{}\n", " \\\n  -b 0.0.0.0:${PORT:-8080}"),
        ('PORT=${PORT:-8080}\nexec gunicorn{} --bind "[::]:${PORT}" main:app\n', ' --bind "0.0.0.0:${PORT}"'),
    ],
)
def test_an_entry_script_loses_the_line(lines: str, gone: str):
    script = "#!/bin/sh\nset -eu\n# 0.0.0.0:8080 and [::]:8080\n" + lines
    files = starting('CMD ["sh", "start.sh"]', **{"start.sh": script.replace("{}", gone)})
    files["requirements.txt"] += "uvicorn-worker\n"
    check_transformed(NAME, files, {"start.sh": script.replace("{}", "")})


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_command_of_the_config_keeps_its_quotes_and_comment(quote: str):
    config = GROUP.replace("{}", f"{quote}gunicorn{{}} -b [::]:8080 main:app{quote}")
    before = {**SERVERS, "fly.toml": config.format(" -b 0.0.0.0:8080")}
    check_transformed(NAME, before, {"fly.toml": config.format("")})


def test_render_asks_by_ipv4():
    files = {"main.py": HEALTHY["main.py"], "requirements.txt": "fastapi\nuvicorn\ngunicorn\n"}
    before = {**files, "render.yaml": BLUEPRINT.format(" -b 0.0.0.0:$PORT -b [::]:$PORT")}
    check_transformed(NAME, before, {"render.yaml": BLUEPRINT.format(" -b 0.0.0.0:$PORT")})


def test_the_others_are_all_taken_out():
    command = "CMD gunicorn -b [::]:8080{} main:app"
    before = starting(command.format(" -b 0.0.0.0:8080 -b 127.0.0.1:8080"))
    check_transformed(NAME, before, {"Dockerfile": f"{HEAD}{command.format('')}\n"})


def test_a_settings_file_makes_it_a_suggestion():
    command = "CMD gunicorn -b [::]:8080{} main:app"
    before = starting(command.format(" -b :8080"), **{"gunicorn.conf.py": "workers = 2\n"})
    check_transformed(NAME, before, {"Dockerfile": f"{HEAD}{command.format('')}\n"}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


@pytest.mark.parametrize(
    "command",
    [
        "CMD gunicorn -b [::]:8080 main:app",
        "CMD gunicorn -b 0.0.0.0:8080 -b 0.0.0.0:9090 main:app",
        "CMD gunicorn -b 0.0.0.0:8080 -b [::]:8080 --reuse-port main:app",
        "CMD gunicorn -b 0.0.0.0:8080 -b unix:/run/app.sock main:app",
        "CMD gunicorn -b 0.0.0.0:8080 -b [::1]:8080 main:app",
        "CMD hypercorn -w 4 -b 0.0.0.0:8080 -b [::]:8080 main:app",
    ],
)
def test_what_can_be_had_together_is_left_alone(command: str):
    assert not check_noop(NAME, starting(command)).dropped


def test_addresses_that_are_not_written_in_the_command_are_left_alone():
    script = "#!/bin/sh\nH=0.0.0.0\nexec gunicorn -b $H:8080 -b [::]:8080 main:app\n"
    files = starting('CMD ["sh", "start.sh"]', **{"start.sh": script})
    assert reasons(NAME, files) == {"the addresses do not stand in the command as they are told"}


def test_a_list_in_which_another_option_is_named_like_it_is_left_alone():
    files = starting('CMD ["gunicorn", "-b", "[::]:8080", "-b0.0.0.0:8080", "main:app", "-n", "-b 0.0.0.0:8080"]')
    assert reasons(NAME, files) == {"the addresses do not stand in the command as they are told"}


def test_a_variable_for_one_of_the_two_leaves_it_a_suggestion():
    script = "#!/bin/sh\nexec gunicorn -b [::]:8080{} main:app\n"
    before = starting('CMD ["sh", "start.sh"]', **{"start.sh": script.format(" -b 0.0.0.0:${WEB_PORT:-8080}")})
    check_transformed(NAME, before, {"start.sh": script.format("")}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


def test_addresses_of_a_variable_are_left_alone():
    files = starting('ENV GUNICORN_CMD_ARGS="-b 0.0.0.0:8080 -b [::]:8080"\nCMD gunicorn main:app')
    assert reasons(NAME, files) == {"the command does not tell gunicorn the addresses"}


def test_a_config_in_json_is_not_edited():
    files = {path: text for path, text in SERVERS.items() if path != "fly.toml"}
    files["fly.json"] = '{"app": "a", "processes": {"app": "gunicorn -b :8080 -b [::]:8080 main:app"}}'
    assert reasons(NAME, files) == {"the addresses do not stand in the command as they are told"}
