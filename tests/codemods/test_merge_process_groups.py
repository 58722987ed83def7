import json

import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "merge-process-groups"
COMMAND = "uvicorn main:app --host 0.0.0.0 --port 8080"
WEB = f'  web = "{COMMAND}"\n'
GROUPS = FLY.replace("[http_service]\n", f'[processes]\n{WEB}  app = "{COMMAND}"\n\n[http_service]\n  processes = ["app"]\n')


def config(text: str) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": text}


def serving_web(text: str) -> str:
    return text.replace('processes = ["app"]', 'processes = ["web"]')


@pytest.mark.parametrize(
    "line",
    [
        WEB,
        f"\tweb   =   '{COMMAND}' # the same\n",
        f'  "web" = "{COMMAND}"\n',
        f'  web = """\\\n    {COMMAND}"""\n',
    ],
)
def test_the_line_of_the_group_without_a_service_goes(line: str):
    check_transformed(NAME, config(GROUPS.replace(WEB, line)), {"fly.toml": GROUPS.replace(WEB, "")})


def test_the_last_group_of_a_table_goes_and_a_comment_stays():
    text = GROUPS.replace(WEB, "").replace("\n\n[http_service]", f"\n  # the same again\n{WEB}\n[http_service]")
    check_transformed(NAME, config(text), {"fly.toml": text.replace(WEB, "")})


def test_the_last_line_of_a_file_without_a_final_newline():
    text = FLY + f'  processes = ["app"]\n\n[processes]\n  app = "{COMMAND}"\n  web = "{COMMAND}"'
    check_transformed(NAME, config(text), {"fly.toml": text.removesuffix(f'  web = "{COMMAND}"')})


def test_the_default_group_goes_when_nothing_belongs_to_it():
    text = serving_web(GROUPS) + "\n[[vm]]\n  memory = '1gb'\n"
    check_transformed(NAME, config(text), {"fly.toml": text.replace(f'  app = "{COMMAND}"\n', "")})


def test_two_idle_copies_go():
    text = GROUPS.replace(WEB, WEB + WEB.replace("web", "web2"))
    check_transformed(NAME, config(text), {"fly.toml": GROUPS.replace(WEB, "")})


def test_it_is_reported_and_left_alone_unless_selected():
    made = planned(config(GROUPS))
    assert [found.code for found in made.before[0].weaknesses] == ["duplicate-group"]
    assert not made.tree.changes()


def test_groups_with_commands_of_their_own_are_left_alone():
    check_noop(NAME, config(GROUPS.replace(WEB, WEB.replace("--port 8080", "--port 8081"))))


def test_two_groups_that_services_reach_are_left_alone():
    check_noop(NAME, config(GROUPS.replace('processes = ["app"]', 'processes = ["app", "web"]')))


def test_a_config_without_groups_is_left_alone():
    check_noop(NAME, HEALTHY)


def test_code_that_asks_for_its_group_does_two_things_with_one_command():
    code = MAIN + "import os\n\nif os.environ['FLY_PROCESS_GROUP'] == 'web':\n    print('work')\n"
    made = check_noop(NAME, {**config(GROUPS), "main.py": code})
    assert made.before[0].weaknesses == ()


@pytest.mark.parametrize(
    "section", ["[[vm]]\n  processes = ['web']\n", "[[mounts]]\n  processes = ['web']\n  source = 'd'\n  destination = '/d'\n"]
)
def test_a_group_that_another_section_names_stays(section: str):
    assert "another section of fly.toml names `web`" in reasons(NAME, config(f"{GROUPS}\n{section}"))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[mounts]\n  source = 'd'\n  destination = '/d'\n", "mounts"),
        ("[[mounts]]\n  source = 'd'\n  destination = '/d'\n", "mounts"),
        ("[checks.alive]\n  type = 'tcp'\n  port = 8080\n", "checks"),
        ("[[restart]]\n  policy = 'always'\n", "restart"),
    ],
)
def test_the_default_group_stays_when_a_section_belongs_to_it(section: str, words: str):
    text = f"{serving_web(GROUPS)}\n{section}"
    assert f"[{words}] belongs to `app`, the default group" in reasons(NAME, config(text))


def test_a_section_of_the_default_group_does_not_keep_another_one():
    text = f"{GROUPS}\n[mounts]\n  source = 'd'\n  destination = '/d'\n"
    check_transformed(NAME, config(text), {"fly.toml": text.replace(WEB, "")})


def test_a_group_in_an_inline_table_is_not_edited():
    inline = f"processes = {{ web = '{COMMAND}', app = '{COMMAND}' }}"
    text = f"app = 'demo'\n{inline}\n\n[http_service]\n  internal_port = 8080\n"
    assert "the group is not a line of its own" in reasons(NAME, config(text + "  processes = ['app']\n"))


def test_a_config_in_json_is_not_edited():
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    service = {"internal_port": 8080, "processes": ["app"]}
    files["fly.json"] = json.dumps({"app": "demo", "processes": {"web": COMMAND, "app": COMMAND}, "http_service": service})
    assert "only TOML is edited" in reasons(NAME, files)


def test_the_groups_of_another_target_stay():
    files = {**config(GROUPS), "fly.other.toml": FLY.replace("demo", "other")}
    check_transformed(NAME, files, {"fly.toml": GROUPS.replace(WEB, "")})
