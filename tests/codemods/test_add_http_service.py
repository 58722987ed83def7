import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "add-http-service"
TABLE = """\
[http_service]
  internal_port = 8080
  force_https = true
  auto_stop_machines = "stop"
  auto_start_machines = true
  min_machines_running = 0
"""
WEB = "uvicorn main:app --host 0.0.0.0 --port 3000"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]


def config(text: str, **more: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text, **more}


def test_the_service_is_written_as_fly_launch_writes_it():
    made = check_transformed(NAME, config('app = "demo"\n'), {"fly.toml": f'app = "demo"\n\n{TABLE}'}, unsafe=True)
    [step] = made.steps
    assert step.manual[0].startswith("`fly ips allocate-v4 --shared -a demo` ")
    assert step.manual[1].startswith("`fly ips allocate-v6 -a demo` ")


def test_it_is_never_done_unasked():
    assert not planned(config('app = "demo"\n'), NAME).tree.changes()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("app = 'demo'\nprimary_region = 'ams'", "app = 'demo'\nprimary_region = 'ams'\n\n" + TABLE.replace('"', "'")),
        ("app = 'demo'\n\n", "app = 'demo'\n\n" + TABLE.replace('"', "'")),
        ("\n", f"\n{TABLE}"),
        ("# nothing yet\n", f"# nothing yet\n\n{TABLE}"),
        ('[env]\n\tA = "1"\n', '[env]\n\tA = "1"\n\n' + TABLE.replace("  ", "\t")),
        (
            'app = "demo"\n\n# small\n# machines\n[[vm]]\n  memory = "1gb"\n',
            f'app = "demo"\n\n{TABLE}\n# small\n# machines\n[[vm]]\n  memory = "1gb"\n',
        ),
        (
            "[checks]\n[[vm]]\n  size = 'shared-cpu-1x'\n",
            f"{TABLE}\n[checks]\n[[vm]]\n  size = 'shared-cpu-1x'\n".replace('"', "'"),
        ),
        (
            'app = "demo"\n[build]\n[[statics]]\n  guest_path = "/app"\n',
            f'app = "demo"\n[build]\n\n{TABLE}\n[[statics]]\n  guest_path = "/app"\n',
        ),
    ],
)
def test_its_place_and_its_style_are_those_of_the_file(before: str, after: str):
    check_transformed(NAME, config(before), {"fly.toml": after}, unsafe=True)


@pytest.mark.parametrize("group", ["app", "web"])
def test_with_groups_it_names_the_one_that_listens(group: str):
    before = f'app = "demo"\n\n[processes]\n  {group} = "{WEB}"\n  worker = "celery -A main worker"\n'
    table = TABLE.replace("8080", "3000") + f'  processes = ["{group}"]\n'
    files = config(before, **{"requirements.txt": "fastapi\nuvicorn\ncelery\n"})
    check_transformed(NAME, files, {"fly.toml": f"{before}\n{table}"}, unsafe=True)


def test_a_second_group_that_only_the_machine_reaches_is_no_other_server():
    script = "#!/bin/sh\nuvicorn main:app --port 9000 &\nexec uvicorn main:app --host 0.0.0.0 --port 8080\n"
    files = config('app = "demo"\n', **{"Dockerfile": f'{HEAD}CMD ["sh", "start.sh"]\n', "start.sh": script})
    check_transformed(NAME, files, {"fly.toml": f'app = "demo"\n\n{TABLE}'}, unsafe=True)


def test_a_server_that_only_the_machine_reaches_takes_both_repairs():
    files = config('app = "demo"\n', Dockerfile=DOCKERFILE.replace('"0.0.0.0"', '"127.0.0.1"'))
    made = planned(files, unsafe=True)
    assert [step.codemod for step in made.steps] == [NAME, "bind-all-interfaces"]
    assert not made.after[0].faults


@pytest.mark.parametrize(
    "files",
    [
        HEALTHY,
        config('app = "demo"\n[[services]]\n  internal_port = 8080\n'),
        config('app = "bot"\n', **{"Dockerfile": f'{HEAD}CMD ["python", "bot.py"]\n', "bot.py": "print('poll')\n"}),
        config('app = "bot"\n[processes]\n  worker = "celery -A main worker"\n', **{"requirements.txt": "fastapi\ncelery\n"}),
        {**HEALTHY, "fly.toml": 'app = "demo"\n', "Dockerfile": f'{HEAD}CMD ["gunicorn", "-b", "unix:/x", "main:app"]\n'},
    ],
)
def test_what_is_served_already_or_listens_on_nothing_gets_none(files: dict[str, str]):
    check_noop(NAME, files)


def test_which_of_two_servers_is_meant_is_not_guessed():
    two = f'app = "demo"\n[processes]\n  web = "{WEB}"\n  admin = "{WEB}"\n'
    assert reasons(NAME, config(two)) == {"admin and web all serve: which of them is meant for everybody is not known"}


def test_a_port_that_is_not_known_is_not_guessed():
    files = config('app = "demo"\n', Dockerfile=f'{HEAD}CMD ["gunicorn", "-c", "gunicorn.conf.py", "main:app"]\n')
    files |= {"gunicorn.conf.py": "bind = 'x'\n", "requirements.txt": "fastapi\nuvicorn\ngunicorn\n"}
    assert reasons(NAME, files) == {"which port the app listens on is not known"}


def test_a_service_of_another_protocol_under_the_same_name():
    files = config('app = "demo"\n[http_service]\n  protocol = "udp"\n')
    assert reasons(NAME, files) == {"there is an [http_service] already"}


def test_a_config_in_json_is_not_edited():
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    assert reasons(NAME, {**files, "fly.json": '{"app": "demo"}'}) == {"only TOML is edited"}
