import json

import pytest

from bot.engine.model.findings import Place
from bot.engine.platforms import fly
from tests.bot.engine.platforms.tools import faults, messages, target
from tests.tools import tree

# --- faults: the file


def test_a_syntax_error_in_todays_words():
    [fault] = faults('app = "x"\n\n[build]\ndockerfile = Dockerfile\n')
    assert fault.message == "Error: failed loading app config from /…/fly.toml: row 4 column 14"
    assert (fault.code, fault.stage, fault.step, fault.confidence) == ("config-syntax", "config", 0, "certain")
    assert fault.place == Place("fly.toml", 4, 14)
    assert fault.reason.startswith("The file does not parse, so every flyctl command stops here: ")


def test_what_stands_there_twice():
    [fault] = faults('app = "x"\n[env]\nA = "1"\n[env]\nB = "2"\n')
    assert fault.reason.endswith("table env already exists.")
    assert fault.message.endswith("row 4 column 2")


def test_a_file_that_does_not_parse_is_read_as_far_as_it_goes_and_gives_no_advice():
    found = target('app = "x"\napp = "x"\n[build]\ncontext = ".."\n')
    assert found.app == "x"
    assert found.ignored == ()


def test_a_config_in_json():
    found = target(json.dumps({"app": "x", "http_service": {"internal_port": "8080"}}, indent=1), "fly.json")
    [fault] = found.faults
    assert found.app == "x"
    assert fault.message.startswith(
        "✘json: cannot unmarshal string into Go struct field HTTPService.http_service.internal_port"
    )
    assert fault.place == Place("fly.json", 4, 3)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{"app": "x",}', "invalid character …"),
        ('{"app": "x" // note\n}', "invalid character …"),
        ("{'app': 'x'}", "invalid character …"),
        ('{"app": "x"', "unexpected end of JSON input"),
        ('{"app": [1', "unexpected end of JSON input"),
    ],
)
def test_json_that_is_none(source, said):
    [fault] = faults(source, "fly.json")
    assert (fault.code, fault.message) == ("config-syntax", f"Error: failed loading app config from /…/fly.json: {said}")


def test_another_file_that_does_not_parse_is_a_config_only_where_flyctl_would_take_it():
    whole = tree({"fly.json": "{", "a/fly.toml": "", "a/fly.json": "{", "fly.x.toml": "[", "b/fly.yaml": "a: b: c"})
    paths = ["fly.json", "a/fly.json", "fly.x.toml", "b/fly.yaml"]
    assert [each.config for each in fly.targets(whole, paths, [], None)] == ["fly.json", "b/fly.yaml"]


def test_a_config_in_yaml():
    source = """
        app: x
        env:
          DEBUG: on
          PORT: 8080
        http_service:
          internal_port: 8080
          processes: app
        """
    found = target(source, "fly.yaml")
    [fault] = found.faults
    assert (found.app, found.env) == ("x", {"DEBUG": "on", "PORT": "8080"})
    assert fault.message.endswith("field HTTPService.http_service.processes of type []string")
    assert fault.place == Place("fly.yaml", 7, 3)


def test_yaml_that_is_none():
    [fault] = faults("app: x\nenv: a: b\n", "fly.yaml")
    assert (
        fault.message
        == "Error: failed loading app config from /…/fly.yaml: yaml: … mapping values are not allowed in this context"
    )
    assert fault.code == "config-syntax"


def test_whole_numbers_are_named_as_each_parser_reads_them():
    said = [
        messages(source, path)[0]
        for source, path in (("env = 1", "fly.toml"), ('{"env": 1}', "fly.json"), ("env: 1", "fly.yaml"))
    ]
    assert [message.rpartition(" ")[2] for message in said] == ["int64", "float64", "int"]


def test_a_wrong_type_comes_with_its_place():
    [fault] = faults('app = "x"\n[http_service]\n  force_https = "true"\n')
    assert (
        fault.message == "✘json: cannot unmarshal string into Go struct field HTTPService.http_service.force_https of type bool"
    )
    assert (fault.code, fault.step, fault.confidence, fault.place) == ("config-type", 1, "certain", Place("fly.toml", 3, 3))


# --- faults: groups


def test_a_service_without_groups_beside_groups():
    [fault] = faults('[processes]\nweb = "a"\nworker = "b"\n[http_service]\ninternal_port = 80\n')
    assert fault.message == (
        "Service has no processes set but app has 2 processes defined; update fly.toml to set processes for each service"
    )
    assert (fault.code, fault.place) == ("service-without-group", Place("fly.toml", 4, 2))


def test_one_group_is_enough_for_that_and_an_empty_service_too():
    assert len(messages('[processes]\nweb = "a"\n[http_service]\n')) == 1
    assert len(messages('[[processes]]\nname = "web"\n[[services]]\nprotocol = "tcp"\n')) == 1


def test_an_empty_table_of_services_is_dropped():
    assert messages('[processes]\nweb = "a"\n[[services]]\n') == []


def test_a_group_that_is_not_there():
    [fault] = faults('[processes]\nweb = "a"\n[http_service]\nprocesses = ["web", "app"]\n')
    assert fault.message == (
        "Service specifies 'app' as one of its processes, but no processes are defined with that name; update fly.toml "
        "[processes] to add 'app' process or remove it from service's processes list"
    )
    assert (fault.code, fault.place) == ("unknown-group", Place("fly.toml", 4, 1))


def test_the_group_of_an_app_without_groups_is_app():
    assert messages('[http_service]\nprocesses = ["app"]\n') == []
    assert [fault.code for fault in faults('[http_service]\nprocesses = ["web"]\n')] == ["unknown-group"]


def test_mounts_and_machines_may_name_any_group():
    assert messages('[processes]\nweb = "a"\n[[mounts]]\nsource = "d"\nprocesses = ["x"]\n[[vm]]\nprocesses = ["y"]\n') == []


def test_a_restart_policy_names_groups_that_are_there():
    source = '[[restart]]\npolicy = "always"\nprocesses = ["app", "web"]\n'
    assert messages(source) == [
        "Restart policy specifies 'web' as one of its processes, but no processes are defined with that name; update fly.toml "
        "[processes] to add 'web' process or remove it from restart policy's processes list"
    ]


def test_a_restart_policy_that_is_none():
    [fault] = faults('[[restart]]\npolicy = "sometimes"\n')
    assert (fault.message, fault.place) == ("invalid restart policy: sometimes", Place("fly.toml", 2, 1))
    assert messages("[[restart]]\nretries = 3\n") == ["invalid restart policy: "]
    for policy in ("always", "never", "on-failure"):
        assert messages(f'[[restart]]\npolicy = "{policy}"\n') == []


# --- faults: commands, strategies, checks


@pytest.mark.parametrize("source", ['[processes]\nweb = "echo \'a"\n', "[[processes]]\nname = 'web'\ncommand = \"echo 'a\"\n"])
def test_a_quote_that_is_never_closed(source):
    assert messages(source) == [
        "Could not parse command for 'web' process group; check [processes] section: EOF found when expecting closing quote"
    ]


def test_a_quote_of_the_release_or_console_command_that_is_never_closed():
    source = """console_command = "a '"\n[deploy]\nrelease_command = "b '"\n"""
    assert messages(source) == ["Can't shell split release command: 'b ''", "Can't shell split console command: 'a ''"]


def test_a_strategy_that_is_none():
    [fault] = faults('[deploy]\nstrategy = "blue-green"\n')
    assert fault.message == (
        "unsupported deployment strategy 'blue-green'; Apps v2 supports the following strategies: "
        "canary, rolling, immediate, bluegreen"
    )
    assert fault.place == Place("fly.toml", 2, 1)


def test_canaries_have_no_volumes():
    said = "error canary deployment strategy is not supported when using mounted volumes"
    assert messages('[deploy]\nstrategy = "canary"\n[mounts]\nsource = "d"\n') == [said]
    assert messages('[deploy]\nstrategy = "canary"\n') == []
    assert messages('[deploy]\nstrategy = "rolling"\n[mounts]\nsource = "d"\n') == []


@pytest.mark.parametrize("section", ["[checks.alive]\n", '[[checks]]\nname = "alive"\n'])
def test_a_top_level_check_without_a_type(section):
    said = "Can't process top level check 'alive': Missing or invalid check type, must be 'http' or 'tcp'"
    assert messages(f"{section}port = 80\n") == [said]
    assert messages(f'{section}port = 80\ntype = "script"\n') == [said]


def test_the_times_of_a_top_level_check():
    source = '[checks.alive]\ntype = "tcp"\nport = 80\ninterval = {}\ntimeout = {}\n'
    assert messages(source.format('"1s"', '"1m30s"')) == [
        "Check 'alive' interval is too short: 1s, minimum is 2 seconds",
        "Check 'alive' timeout is too long: 1m30s, maximum is 60 seconds",
    ]
    assert messages(source.format("15", "10000")) == ["Check 'alive' interval is too short: 15ms, minimum is 2 seconds"]
    assert messages(source.format('"2s"', '"60s"')) == []


def test_complaints_come_in_the_order_of_flyctls_validators():
    source = """
        [processes]
          web = "echo 'a"
        [[restart]]
          policy = "x"
        [http_service]
          internal_port = "80"
        [checks.alive]
        [deploy]
          strategy = "x"
        """
    assert [(fault.step, fault.code) for fault in faults(source)] == [
        (1, "config-type"),
        (2, "config-invalid"),
        (2, "config-invalid"),
        (2, "service-without-group"),
        (2, "config-invalid"),
        (2, "config-invalid"),
    ]
    assert [message.split(" ")[0] for message in messages(source)[1:]] == [
        "unsupported",
        "Can't",
        "Service",
        "Could",
        "invalid",
    ]
