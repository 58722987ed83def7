import json

import pytest

from bot.engine.model.findings import Fault, Place
from bot.engine.model.target import Origin, Process, Target
from bot.engine.platforms import fly, starts
from tests.tools import text, tree


def target(config: str, path: str = "fly.toml", files=None) -> Target:
    """Return what one config deploys."""
    whole = tree({**(files or {}), path: text(config)})
    found = list(fly.targets(whole, [path], [], None))
    assert len(found) == 1
    return found[0]


def faults(config: str, path: str = "fly.toml") -> list[Fault]:
    return list(target(config, path).faults)


def messages(config: str, path: str = "fly.toml") -> list[str]:
    return [fault.message for fault in faults(config, path)]


def commands(config: str) -> dict[str, tuple[str, ...] | None]:
    return {process.name: process.argv for process in target(config).processes}


def services(config: str, path: str = "fly.toml") -> list[tuple[int, tuple[str, ...]]]:
    return [(service.port, service.processes) for service in target(config, path).services]


def checks(config: str) -> list[list[str | None]]:
    return [[check.path for check in service.checks] for service in target(config).services]


# --- which files are configs


@pytest.mark.parametrize(
    "path",
    [
        "fly.toml",
        "backend/fly.toml",
        "fly.json",
        "fly.yaml",
        "fly.staging.toml",
        "fly-web.toml",
        "fly_web.toml",
        "web.fly.toml",
    ],
)
def test_a_name_that_people_give_a_config(path):
    assert fly.is_config(path)


@pytest.mark.parametrize(
    "path", ["fly.yml", "butterfly.toml", "fly.toml.bak", "fly", "config.toml", "fly.tomlx", "fly.staging.json"]
)
def test_a_name_that_is_none(path):
    assert not fly.is_config(path)


def test_the_shallowest_config_comes_first_and_fly_toml_before_its_siblings():
    whole = tree(dict.fromkeys(["b/fly.toml", "fly.staging.toml", "fly.toml", "a/fly.toml"], 'app = "x"\n'))
    paths = ["a/fly.toml", "b/fly.toml", "fly.staging.toml", "fly.toml"]
    found = [each.config for each in fly.targets(whole, paths, [], None)]
    assert found == ["fly.toml", "fly.staging.toml", "a/fly.toml", "b/fly.toml"]


def test_another_file_of_such_a_name_is_a_config_when_it_says_what_configs_say():
    whole = tree({"fly.x.toml": "[tool.fly]\nspeed = 1\n", "fly.y.toml": 'App = "y"\n', "fly.toml": ""})
    found = [each.config for each in fly.targets(whole, ["fly.x.toml", "fly.y.toml", "fly.toml"], [], None)]
    assert found == ["fly.toml", "fly.y.toml"]


def test_a_file_of_any_name_is_a_config_when_a_command_says_so():
    whole = tree({"deploy.sh": "fly deploy -c production.conf\n", "production.conf": 'app = "x"\n'})
    [found] = fly.targets(whole, [], starts.find(whole, ["deploy.sh"]), None)
    assert (found.config, found.app) == ("production.conf", "x")


def test_a_config_that_a_command_names_and_nobody_has_is_no_target():
    whole = tree({"deploy.sh": "fly deploy -c production.toml\n"})
    assert list(fly.targets(whole, [], starts.find(whole, ["deploy.sh"]), None)) == []


# --- from where it is deployed


def starting(files: dict[str, str], path: str, start: str | None = None) -> list[tuple[str, str | None]]:
    whole = tree({path: 'app = "x"\n', **files})
    evidence = [each for each in files if starts.is_evidence(each)]
    [found] = (each for each in fly.targets(whole, [path], starts.find(whole, evidence), start) if each.config == path)
    return [(each.directory, each.dockerfile) for each in found.starts]


def test_without_a_command_it_starts_in_the_configs_own_folder():
    assert starting({}, "backend/fly.toml") == [("backend", None)]
    assert starting({}, "fly.toml") == [("", None)]


def test_what_the_person_says_goes_before_everything():
    assert starting({"deploy.sh": "fly deploy -c backend/fly.toml\n"}, "backend/fly.toml", "services") == [("services", None)]


def test_a_command_that_names_the_config_says_from_where():
    assert starting({"deploy.sh": "fly deploy -c backend/fly.toml --dockerfile Dockerfile.web\n"}, "backend/fly.toml") == [
        ("", "Dockerfile.web")
    ]


def test_a_command_without_a_config_takes_the_one_of_its_folder():
    assert starting({"deploy.sh": "cd backend && fly deploy\n"}, "backend/fly.toml") == [("backend", None)]
    assert starting({"deploy.sh": "cd backend && fly deploy\n"}, "frontend/fly.toml") == [("frontend", None)]


def test_a_command_without_a_config_takes_toml_before_json_and_yaml():
    files = {"deploy.sh": "cd backend && fly deploy\n", "backend/fly.toml": 'app = "y"\n'}
    whole = tree({**files, "backend/fly.json": '{"app": "x"}'})
    found = {
        each.config: each.starts[0].place
        for each in fly.targets(whole, ["backend/fly.toml", "backend/fly.json"], starts.find(whole, ["deploy.sh"]), None)
    }
    assert found == {"backend/fly.toml": Place("deploy.sh", 1, 15), "backend/fly.json": None}


def test_two_commands_give_two_readings():
    files = {"deploy.sh": "fly deploy -c backend/fly.toml\ncd backend\nfly deploy\nfly deploy --ha=false\n"}
    assert starting(files, "backend/fly.toml") == [("", None), ("backend", None)]


def test_a_comment_in_the_config_says_from_where_beside_its_own_folder():
    config = {"backend/fly.toml": '# Deploy with: fly deploy -c backend/fly.toml\napp = "x"\n'}
    assert starting(config, "backend/fly.toml") == [("", None), ("backend", None)]


# --- how the image comes about


def build(config: str, files=None, path: str = "fly.toml"):
    return target(config, path, files).build


def test_a_dockerfile_counts_from_the_configs_folder():
    found = build('[build]\ndockerfile = "../docker/Dockerfile"\n', path="backend/fly.toml")
    assert (found.kind, found.dockerfile, found.outside) == ("dockerfile", "docker/Dockerfile", None)
    assert found.place == Place("backend/fly.toml", 2, 1)


def test_a_leading_slash_counts_from_the_configs_folder_too():
    assert build('[build]\ndockerfile = "/Dockerfile"\n', path="backend/fly.toml").dockerfile == "backend/Dockerfile"


def test_a_dockerfile_outside_of_the_repository():
    found = build('[build]\ndockerfile = "../../Dockerfile"\n', path="backend/fly.toml")
    assert (found.dockerfile, found.outside) == (None, "../../Dockerfile")


def test_without_a_build_section_the_folder_decides():
    found = build('app = "x"\n')
    assert (found.kind, found.dockerfile, found.place) == ("dockerfile", None, None)


def test_an_empty_name_is_none():
    assert build('[build]\ndockerfile = ""\n').dockerfile is None


@pytest.mark.parametrize(
    ("config", "kind", "says"),
    [
        ('image = "nginx:1"', "image", "image = nginx:1"),
        ('image = "nginx:1"\ndockerfile = "Dockerfile"', "image", "image = nginx:1"),
        ('builder = "paketobuildpacks/builder:base"', "buildpacks", "builder = paketobuildpacks/builder:base"),
        ('builder = "heroku/builder"\ndockerfile = "Dockerfile"', "buildpacks", "builder = heroku/builder"),
        ('builtin = "python"', "builtin", "builtin = python"),
        ('dockerfile = "https://example.org/Dockerfile"', "other", "a compose file or an address"),
        ("[build.compose]", "other", "a compose file or an address"),
    ],
)
def test_what_needs_no_dockerfile(config, kind, says):
    found = build(f"[build]\n{config}\n")
    assert (found.kind, found.dockerfile, found.says) == (kind, None, says)


def test_a_dockerfile_goes_before_what_is_built_in():
    assert build('[build]\nbuiltin = "python"\ndockerfile = "Dockerfile"\n').kind == "dockerfile"
    assert build('[build]\nbuiltin = "python"\n', {"Dockerfile": "FROM x\n"}).kind == "dockerfile"
    assert build('[build]\nbuiltin = "python"\n', {"backend/Dockerfile": "FROM x\n"}).kind == "builtin"


def test_buildpacks_without_a_builder_are_skipped():
    assert build('[build]\nbuildpacks = ["x"]\n').kind == "dockerfile"


@pytest.mark.parametrize("key", ["build-target", "build_target"])
def test_the_stage_and_its_arguments(key):
    found = build(f'[build]\n{key} = "web"\n[build.args]\nA = "1"\n')
    assert (found.stage, found.args) == ("web", {"A": "1"})


# --- variables


def test_variables_are_texts_as_go_prints_them():
    found = target('[env]\nA = "x"\nPORT = 8080\nDEBUG = false\nRATE = 1.0\nLIST = ["a", 1]\n')
    assert found.env == {"A": "x", "PORT": "8080", "DEBUG": "false", "RATE": "1", "LIST": "[a 1]"}


def test_variables_in_a_list_of_tables():
    assert target('[[env]]\nA = 1\n[[env]]\nB = "2"\n').env == {"A": "1", "B": "2"}


# --- processes


def test_without_groups_there_is_one_with_the_images_command():
    assert target('app = "x"\n').processes == (Process("app", None, None),)


def test_a_command_is_split_without_a_shell():
    source = """[processes]\nweb = "uvicorn main:app --port $PORT && echo 'a b' # note"\n"""
    assert commands(source) == {"web": ("uvicorn", "main:app", "--port", "$PORT", "&&", "echo", "a b")}
    [process] = target(source).processes
    assert process.origin == Origin("config", Place("fly.toml", 2, 1), ("processes", "web"))


def test_an_empty_command_is_the_images():
    assert commands('[processes]\nweb = ""\nworker = "work"\n') == {"web": None, "worker": ("work",)}


def test_groups_as_a_list_of_tables():
    found = target(
        '[[processes]]\nname = "web"\ncommand = "serve"\n[[processes]]\nname = "worker"\n[[processes]]\ncommand = "x"\n'
    )
    assert [(process.name, process.argv) for process in found.processes] == [("web", ("serve",)), ("worker", None)]
    assert found.processes[0].origin == Origin("config", Place("fly.toml", 3, 1), ("processes", 0, "command"))


@pytest.mark.parametrize("source", ["processes = []\n", "[processes]\n", "[[processes]]\ncommand = 'x'\n"])
def test_no_groups_at_all(source):
    assert commands(source) == {"app": None}
    assert messages(f"{source}[http_service]\ninternal_port = 80\n") == []


def test_a_command_of_experimental_stands_in_for_a_missing_one():
    source = '[experimental]\ncmd = ["serve", "-p", "80"]\n[processes]\nweb = ""\nworker = "work"\n'
    assert commands(source) == {"web": ("serve", "-p", "80"), "worker": ("work",)}
    assert target(source).processes[0].origin == Origin("config", Place("fly.toml", 2, 1), ("experimental", "cmd"))


def test_exec_goes_before_everything():
    assert commands('[experimental]\nexec = ["run"]\ncmd = "a"\nentrypoint = "e"\n[processes]\nweb = "serve"\n') == {
        "web": ("run",)
    }


def test_a_text_of_experimental_is_one_word():
    assert commands('[experimental]\ncmd = "uvicorn main:app"\n') == {"app": ("uvicorn main:app",)}


def test_an_entrypoint_of_experimental_goes_in_front():
    source = (
        '[experimental]\nentrypoint = ["/init"]\n[processes]\nweb = "serve"\nidle = ""\n[deploy]\nrelease_command = "migrate"\n'
    )
    assert commands(source) == {"web": ("/init", "serve"), "idle": None}
    release = target(source).release
    assert release
    assert release.argv == ("/init", "migrate")
    assert [unknown.reason for unknown in target(source).unknowns] == [
        "[experimental] entrypoint: an entrypoint before the image's own command is not followed"
    ]


def test_a_release_command():
    found = target('[deploy]\nrelease_command = "python manage.py migrate"\n').release
    assert found
    assert found.argv == ("python", "manage.py", "migrate")
    assert found.origin == Origin("config", Place("fly.toml", 2, 1), ("deploy", "release_command"))


@pytest.mark.parametrize("value", ['""', '"# nothing"', "1"])
def test_no_release_command(value):
    assert target(f"[deploy]\nrelease_command = {value}\n").release is None


def test_machine_configs_are_named_as_not_followed():
    assert [str(unknown) for unknown in target('container = "web"\nmachine_config = "x.json"\n').unknowns] == [
        "machine_config: containers of a machine config are not followed (fly.toml:2)",
        "container: containers of a machine config are not followed (fly.toml:1)",
    ]
    assert target('[experimental]\nmachine_config = "x.json"\n').unknowns


# --- services


def test_a_http_service():
    assert services("[http_service]\ninternal_port = 8000\n") == [(8000, ("app",))]
    assert target("[http_service]\ninternal_port = 8000\n").services[0].place == Place("fly.toml", 2, 1)


@pytest.mark.parametrize("port", ["", "internal_port = 0"])
def test_a_service_without_a_port_is_looked_for_at_8080(port):
    assert services(f"[http_service]\n{port}\n") == [(8080, ("app",))]


@pytest.mark.parametrize(
    "source",
    [
        "[[services]]\ninternal_port = 8000\n",
        "[services]\ninternal_port = 8000\n",
        '[[services]]\ninternal_port = "8000"\n',
        "[[services]]\ninternal_port = 8000.0\n",
        '[[services]]\ninternal_port = 8000\nprotocol = "tcp"\n[[services.ports]]\nport = "80"\n',
        "[http_service]\ninternal_port = 8000.0\n",
        "[HTTP_Service]\ninternal_port = 8000\n",
    ],
)
def test_the_forms_of_a_service(source):
    assert services(source) == [(8000, ("app",))]
    assert messages(source) == []


def test_all_services_count():
    source = (
        '[http_service]\ninternal_port = 80\n[[services]]\ninternal_port = 81\n[[services]]\n[[services]]\nprotocol = "udp"\n'
    )
    assert services(source) == [(80, ("app",)), (81, ("app",))]


def test_a_service_names_its_groups_or_has_the_first():
    groups = '[processes]\nzeta = "a"\nbeta = "b"\n'
    source = f'{groups}[[services]]\ninternal_port = 80\n[[services]]\ninternal_port = 81\nprocesses = ["zeta", "beta"]\n'
    assert services(source) == [(80, ("beta",)), (81, ("zeta", "beta"))]
    assert services('[processes]\nbeta = "a"\napp = "b"\n[http_service]\ninternal_port = 80\n') == [(80, ("app",))]


# --- checks


def test_checks_of_a_http_service():
    source = (
        '[http_service]\n[[http_service.checks]]\npath = "/health"\nmethod = "head"\n[http_service.checks.headers]\nA = "b"\n'
    )
    [service] = target(source).services
    [check] = service.checks
    assert (check.path, check.method, check.headers, check.place) == ("/health", "HEAD", {"A": "b"}, Place("fly.toml", 3, 1))


def test_a_check_without_a_path_asks_for_the_root():
    assert checks("[http_service]\n[[http_service.checks]]\ninterval = '10s'\n") == [["/"]]


@pytest.mark.parametrize("section", ["[[services.http_checks]]", "[services.http_checks]"])
def test_checks_of_a_service(section):
    source = f'[[services]]\ninternal_port = 80\n{section}\npath = "/up"\nheaders = [{{ name = "Host", value = "x.org" }}]\n'
    [service] = target(source).services
    assert (service.checks[0].path, service.checks[0].headers) == ("/up", {"Host": "x.org"})


def test_checks_that_flyctl_does_not_know_are_none():
    assert checks(
        '[[services]]\n[[services.checks]]\npath = "/a"\n[http_service]\n[[http_service.http_checks]]\npath = "/b"\n'
    ) == [[], []]


def test_tcp_checks_ask_for_no_path():
    assert checks("[[services]]\n[[services.tcp_checks]]\ninterval = 10000\n") == [[]]


@pytest.mark.parametrize(
    "section",
    ['[checks.alive]\ntype = "http"\npath = "/up"\nport = 80\n', '[[checks]]\nname = "alive"\ntype = "http"\npath = "/up"\n'],
)
def test_a_top_level_check_belongs_to_the_service_of_its_port(section):
    assert checks(f"[http_service]\ninternal_port = 80\n[[services]]\ninternal_port = 81\n{section}") == [["/up"], []]


def test_a_top_level_check_of_another_group_or_port_is_not_ours():
    source = """
        [processes]
          web = "a"
          worker = "b"
        [http_service]
          internal_port = 80
          processes = ["web"]
        [checks.worker]
          type = "http"
          port = 80
          processes = ["worker"]
        [checks.metrics]
          type = "http"
          port = 9091
        [checks.alive]
          type = "tcp"
          port = 80
        """
    assert checks(source) == [[]]


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


# --- advice


def test_keys_that_flyctl_ignores_are_named_with_what_may_be_meant():
    found = target('[build]\ncontext = ".."\ndockerfil = "x"\n[http_service]\nport = 8080\n')
    assert [(key.path[-1], key.near, key.place.line) for key in found.ignored] == [
        ("context", None, 2),
        ("dockerfil", "dockerfile", 3),
        ("port", None, 5),
    ]


@pytest.mark.parametrize(
    ("directory", "config", "command"),
    [
        ("", "fly.toml", "fly deploy"),
        ("", "backend/fly.toml", "fly deploy --config backend/fly.toml"),
        ("backend", "backend/fly.toml", "cd backend && fly deploy"),
        ("backend", "fly.toml", "cd backend && fly deploy --config ../fly.toml"),
        ("", "fly.staging.toml", "fly deploy --config fly.staging.toml"),
    ],
)
def test_the_command_that_deploys(directory, config, command):
    assert fly.deploy_command(directory, config) == command


def test_the_folder_that_paths_count_from():
    assert (fly.config_folder("fly.toml"), fly.config_folder("a/b/fly.toml")) == ("./", "a/b/")
