import pytest

from bot.engine.model.findings import Place
from bot.engine.model.target import Origin, Process
from tests.bot.engine.platforms.tools import checks, commands, messages, services, target

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
