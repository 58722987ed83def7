import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "align-cmd-processes"
GROUPS = FLY.replace(
    "[http_service]",
    '[processes]\n  web = "uvicorn main:app --host 0.0.0.0 --port 8080"  # the server\n\n[http_service]\n  processes = ["web"]',
)
CMD = DOCKERFILE.replace("main:app", "backend.main:app")
FILES = {
    **{path: text for path, text in HEALTHY.items() if path != "main.py"},
    "fly.toml": GROUPS,
    "Dockerfile": CMD,
    "backend/__init__.py": "",
    "backend/main.py": HEALTHY["main.py"],
}
BOTH = {**FILES, "main.py": HEALTHY["main.py"]}  # either one boots


def test_the_module_of_cmd_replaces_one_that_is_not_there():
    check_transformed(NAME, FILES, {"fly.toml": GROUPS.replace("main:app", "backend.main:app")})


def test_the_quotes_of_the_config_stay():
    config = GROUPS.replace('"uvicorn main:app --host 0.0.0.0 --port 8080"', "'uvicorn main:app --host 0.0.0.0 --port 8080'")
    check_transformed(NAME, {**FILES, "fly.toml": config}, {"fly.toml": config.replace("main:app", "backend.main:app")})


def test_a_command_behind_a_shell_is_edited_inside_of_it():
    config = GROUPS.replace("uvicorn main:app --host", "sh -c 'cd /app && exec uvicorn main:app --host").replace(
        '8080"  #', "8080'\"  #"
    )
    check_transformed(NAME, {**FILES, "fly.toml": config}, {"fly.toml": config.replace("main:app", "backend.main:app")})


def test_indentation_and_the_blanks_around_the_equals_sign_stay():
    config = GROUPS.replace("[processes]\n  web = ", "[processes]\n\tother = 'sleep infinity'\n\tweb   =   ")
    check_transformed(NAME, {**FILES, "fly.toml": config}, {"fly.toml": config.replace("main:app", "backend.main:app")})


def test_a_cmd_in_shell_form_names_the_module_too():
    dockerfile = CMD[: CMD.index("CMD")] + "CMD uvicorn backend.main:app --host 0.0.0.0 --port ${PORT:-8080}\n"
    files = {**FILES, "Dockerfile": dockerfile}
    check_transformed(NAME, files, {"fly.toml": GROUPS.replace("main:app", "backend.main:app")})


def test_an_attribute_that_the_module_lacks_is_answered_too():
    files = {**FILES, "main.py": "from fastapi import FastAPI\n\napplication = FastAPI()\n"}
    check_transformed(NAME, files, {"fly.toml": GROUPS.replace("main:app", "backend.main:app")})


@pytest.mark.parametrize(
    "command",
    [
        'CMD ["uvicorn", "{}", "--host", "0.0.0.0", "--port", "8080"]\n',
        'CMD [ "uvicorn" , \\\n     "{}", \\\n     "--port", "8080" ]\n# the end',
        "CMD exec uvicorn {} --host 0.0.0.0 --port 8080",
        'CMD ["sh", "-c", "exec uvicorn {} --port 8080"]',
    ],
)
def test_the_weakness_changes_cmd_alone_when_it_is_selected(command: str):
    head = CMD[: CMD.index("CMD")]
    files = {**BOTH, "Dockerfile": head + command.format("backend.main:app")}
    check_transformed(NAME, files, {"Dockerfile": head + command.format("main:app")})


def test_the_weakness_is_reported_and_left_alone_unless_selected():
    made = planned(BOTH)
    assert [found.code for found in made.before[0].weaknesses] == ["cmd-differs"]
    assert not made.tree.changes()


def test_what_agrees_is_left_alone():
    check_noop(NAME, {**FILES, "fly.toml": GROUPS.replace("main:app", "backend.main:app")})


def test_without_processes_cmd_runs_and_nothing_can_differ():
    check_noop(NAME, HEALTHY)


def test_a_cmd_that_names_no_module_is_no_answer():
    files = {
        **FILES,
        "Dockerfile": CMD.replace('"uvicorn", "backend.main:app", "--host"', '"python", "-m", "http.server", "-b"'),
    }
    assert "CMD names no other module" in reasons(NAME, files)


def test_a_module_of_cmd_that_fails_as_well_is_no_answer():
    files = {**FILES, "Dockerfile": CMD.replace("backend.main:app", "nowhere.main:app")}
    assert any(reason.startswith("it would stop at: ") for reason in reasons(NAME, files))


def test_a_queue_is_not_given_the_web_app_of_cmd():
    config = GROUPS.replace("  # the server\n", '\n  worker = "celery -A jobs:celery worker"\n')
    files = {**BOTH, "fly.toml": config, "Dockerfile": DOCKERFILE, "requirements.txt": "fastapi\nuvicorn\ncelery\n"}
    assert [fault.code for fault in planned(files, NAME).before[0].faults] == ["entry-not-found"]
    assert "CMD starts `main:app` with another kind of program" in reasons(NAME, files)


def test_a_second_web_app_is_not_given_the_module_that_another_group_starts():
    config = GROUPS.replace("  # the server\n", '\n  admin = "uvicorn admin:app --host 0.0.0.0 --port 8080"\n')
    files = {**BOTH, "fly.toml": config, "Dockerfile": DOCKERFILE}
    assert "`main:app` is what process group `web` starts" in reasons(NAME, files)


def test_a_cmd_that_one_of_two_served_groups_starts_is_no_weakness():
    config = GROUPS.replace("  # the server\n", '\n  other = "uvicorn backend.main:app --host 0.0.0.0 --port 8080"\n')
    config = config.replace('processes = ["web"]', 'processes = ["web", "other"]')
    made = check_noop(NAME, {**BOTH, "fly.toml": config})
    assert made.before[0].weaknesses == ()


def test_a_module_that_the_line_names_twice_is_not_edited():
    config = GROUPS.replace("--port 8080", "--port 8080 --header app:main:app --reload-include main:app")
    files = {**FILES, "fly.toml": config}
    assert "`main:app` does not stand in the command exactly once" in reasons(NAME, files)


def test_a_config_in_json_is_not_edited():
    config = '{"app": "demo", "processes": {"web": "uvicorn main:app --host 0.0.0.0 --port 8080"}}'
    files = {**{path: text for path, text in FILES.items() if path != "fly.toml"}, "fly.json": config}
    assert "`main:app` does not stand in the command exactly once" in reasons(NAME, files)


def test_the_other_target_of_the_same_dockerfile_keeps_its_command():
    other = GROUPS.replace("demo", "other").replace("main:app", "backend.main:app")
    files = {**FILES, "fly.other.toml": other}
    check_transformed(NAME, files, {"fly.toml": GROUPS.replace("main:app", "backend.main:app")})
