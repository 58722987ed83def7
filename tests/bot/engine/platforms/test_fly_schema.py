import pytest

from bot.engine.platforms.fly_schema import LEGACY, STRUCTS, UnknownKey, check
from tests.bot.engine.platforms.schema import decoding, found, unknown, wrong

# --- what fits

FULL = """
    app = "demo"
    primary_region = "fra"
    kill_signal = "SIGTERM"
    kill_timeout = 30
    swap_size_mb = 512
    console_command = "/bin/sh"

    [experimental]
      cmd = "serve"
      entrypoint = ["/init"]
      auto_rollback = true
      enable_consul = true

    [build]
      dockerfile = "Dockerfile"
      ignorefile = ".dockerignore"
      build_target = "web"
      buildpacks = ["a"]
      [build.args]
        A = "1"
      [build.settings]
        anything = { at = ["all", 1] }

    [deploy]
      strategy = "rolling"
      release_command = "migrate"
      release_command_timeout = "5m"
      wait_timeout = "1m30s"
      max_unavailable = 0.33

    [env]
      PORT = 8080
      DEBUG = false

    [processes]
      web = "serve"

    [[mounts]]
      source = "data"
      destination = "/data"
      initial_size = 3
      auto_extend_size_threshold = 80
      processes = ["web"]

    [http_service]
      internal_port = 8080.0
      force_https = true
      auto_stop_machines = "suspend"
      auto_start_machines = true
      min_machines_running = 0
      processes = ["web"]
      [http_service.concurrency]
        type = "requests"
        hard_limit = 25
      [[http_service.checks]]
        interval = "10s"
        timeout = 5000000000
        grace_period = "-1s"
        method = "get"
        path = "/"
        tls_skip_verify = false
        [http_service.checks.headers]
          X-Forwarded-Proto = "https"

    [[services]]
      protocol = "tcp"
      internal_port = "8081"
      auto_stop_machines = false
      [services.concurrency]
        hard_limit = 25
      [[services.ports]]
        port = "80"
        handlers = ["http"]
        force_https = true
      [[services.tcp_checks]]
        interval = 10000
      [[services.http_checks]]
        interval = 10000
        timeout = ""
        headers = [{ name = "A", value = 1 }]

    [checks.alive]
      type = "http"
      port = 8080
      interval = 15000
      headers = { A = 1 }

    [[vm]]
      size = "shared-cpu-1x"
      memory = 512
      cpus = 2

    [[files]]
      guest_path = "/a"
      local_path = "b"

    [[restart]]
      policy = "always"
      retries = 3

    [[statics]]
      guest_path = "/a"
      url_prefix = "/b"

    [metrics]
      port = 9091
      path = "/metrics"
    """


def test_a_config_with_everything_is_right():
    assert found(FULL) == []


def test_nothing_is_right_too():
    assert check({}) == []


def test_names_match_in_any_case():
    assert found('[HTTP_Service]\nInternal_Port = 8080\n[Build]\nDockerfile = "x"\n') == []


@pytest.mark.parametrize(
    "source",
    [
        "services = []",
        "[services]\ninternal_port = 8080\n[[services.ports]]\nport = 80",
        "[[services]]\n[services.ports]\nport = 80",
        "[[services]]\n[services.http_checks]\ninterval = 10000",
        "[[services]]\nhttp_checks = []\ntcp_checks = []",
        '[[services]]\nconcurrency = "20,25"',
        "processes = []",
        '[[processes]]\nname = "web"\ncommand = "serve"',
        '[mounts]\nsource = "data"\ndestination = "/data"',
        '[[mount]]\nsource = "data"',
        "[vm]\ncpus = 1",
        '[compute]\nsize = "x"',
        '[[computes]]\nmemory = "1gb"',
        '[[env]]\nA = 1\n[[env]]\nB = "2"',
        "checks = []",
        '[[checks]]\nname = "alive"\ntype = "tcp"',
        "[[metrics]]\nport = 9091",
        '[experimental]\nexec = "a b"',
    ],
)
def test_an_old_form_that_flyctl_patches_is_right(source):
    assert found(source) == []


def test_a_value_of_nothing_fits_everywhere():
    data = {"app": None, "http_service": {"internal_port": None, "checks": None, "force_https": None}, "files": None}
    assert check(data) == []


def test_a_date_is_a_text():
    assert found("primary_region = 2024-01-01") == []


# --- what the decoder refuses


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("app = 1", decoding("number", "Config.app", "string")),
        ('[http_service]\ninternal_port = "8080"', decoding("string", "HTTPService.http_service.internal_port", "int")),
        ("[http_service]\ninternal_port = 80.5", decoding("number 80.5", "HTTPService.http_service.internal_port", "int")),
        ('[http_service]\nforce_https = "true"', decoding("string", "HTTPService.http_service.force_https", "bool")),
        ("[http_service]\nforce_https = 1", decoding("number", "HTTPService.http_service.force_https", "bool")),
        (
            '[http_service]\nauto_start_machines = "on"',
            decoding("string", "HTTPService.http_service.auto_start_machines", "bool"),
        ),
        (
            "[http_service]\nmin_machines_running = true",
            decoding("bool", "HTTPService.http_service.min_machines_running", "int"),
        ),
        ('[http_service]\nprocesses = "app"', decoding("string", "HTTPService.http_service.processes", "[]string")),
        ("[http_service]\nprocesses = [1]", decoding("number", "HTTPService.http_service.processes", "string")),
        (
            '[http_service.checks]\npath = "/"',
            decoding("object", "HTTPService.http_service.checks", "[]*appconfig.ServiceHTTPCheck"),
        ),
        ("[[http_service]]\ninternal_port = 80", decoding("array", "Config.http_service", "appconfig.HTTPService")),
        ('http_service = "on"', decoding("string", "Config.http_service", "appconfig.HTTPService")),
        (
            '[http_service.concurrency]\nhard_limit = "25"',
            decoding("string", "MachineServiceConcurrency.http_service.concurrency.hard_limit", "int"),
        ),
        (
            '[http_service]\nconcurrency = "20,25"',
            decoding("string", "HTTPService.http_service.concurrency", "fly.MachineServiceConcurrency"),
        ),
        ("[[http_service.checks]]\npath = 1", decoding("number", "ServiceHTTPCheck.http_service.checks.path", "string")),
        (
            '[[http_service.checks]]\nheaders = [{ name = "A" }]',
            decoding("array", "ServiceHTTPCheck.http_service.checks.headers", "map[string]string"),
        ),
        (
            "[[http_service.checks]]\nheaders = { B = 1, A = true }",
            decoding("bool", "ServiceHTTPCheck.http_service.checks.headers", "string"),
        ),
        ('[[services]]\nprocesses = "app"', decoding("string", "Service.services.processes", "[]string")),
        ('[[services]]\nmin_machines_running = "1"', decoding("string", "Service.services.min_machines_running", "int")),
        ('[[services.ports]]\nhandlers = "http"', decoding("string", "MachinePort.services.ports.handlers", "[]string")),
        ('[[services.ports]]\nforce_https = "yes"', decoding("string", "MachinePort.services.ports.force_https", "bool")),
        ("[[services.http_checks]]\nmethod = 1", decoding("number", "ServiceHTTPCheck.services.http_checks.method", "string")),
        ("[build]\ndockerfile = true", decoding("bool", "Build.build.dockerfile", "string")),
        ("[build.args]\nA = 1", decoding("number", "Build.build.args", "string")),
        ('[build]\nargs = ["A=1"]', decoding("array", "Build.build.args", "map[string]string")),
        ('[build]\nbuildpacks = "x"', decoding("string", "Build.build.buildpacks", "[]string")),
        ('[processes]\nweb = ["serve"]', decoding("array", "Config.processes", "string")),
        ('[processes.web]\ncommand = "serve"', decoding("object", "Config.processes", "string")),
        ("[deploy]\nrelease_command = ['a']", decoding("array", "Deploy.deploy.release_command", "string")),
        ('[restart]\npolicy = "always"', decoding("object", "Config.restart", "[]appconfig.Restart")),
        ("[[restart]]\npolicy = true", decoding("bool", "Restart.restart.policy", "appconfig.RestartPolicy")),
        ('[files]\nguest_path = "/a"', decoding("object", "Config.files", "[]appconfig.File")),
        ('[statics]\nguest_path = "/a"', decoding("object", "Config.statics", "[]appconfig.Static")),
        ('files = ["a"]', decoding("string", "Config.files", "appconfig.File")),
        ('[[vm]]\ncpus = "2"', decoding("string", "Compute.vm.MachineGuest.cpus", "int")),
        ("[[vm]]\nsize = 1", decoding("number", "Compute.vm.size", "string")),
        ('[mounts]\nprocesses = "app"', decoding("string", "Mount.mounts.processes", "[]string")),
        ('swap_size_mb = "512"', decoding("string", "Config.swap_size_mb", "int")),
        ('[experimental]\nauto_rollback = "true"', decoding("string", "Experimental.experimental.auto_rollback", "bool")),
        ('[checks.alive]\nport = "8080"', decoding("string", "ToplevelCheck.checks.alive.port", "int")),
    ],
)
def test_a_wrong_type_in_gos_words(source, message):
    assert wrong(source) == [message]


def test_the_place_is_that_of_the_value():
    [each] = found('[[services]]\n[[services]]\nprocesses = "app"\n')
    assert each.path == ("services", 1, "processes")


def test_the_decoder_meets_keys_in_alphabetical_order():
    source = '[http_service]\nprocesses = "app"\nforce_https = "x"\n[[restart]]\nretries = "3"\n[build]\nimage = 1\n'
    assert [message.split("field ")[1].split(" ")[0] for message in wrong(source)] == [
        "Build.build.image",
        "HTTPService.http_service.force_https",
        "HTTPService.http_service.processes",
        "Restart.restart.retries",
    ]


def test_a_type_that_reads_itself_complains_before_the_decoder():
    messages = wrong('app = 1\n[http_service]\nauto_stop_machines = "true"\n')
    assert messages == ['invalid autostop string value "true"', decoding("number", "Config.app", "string")]


# --- what flyctl ignores


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ('[build]\ncontext = ".."', "build.context"),
        ('[build]\ntarget = "web"', "build.target"),
        ("[http_service]\nport = 8080", "http_service.port"),
        ('[[http_service.http_checks]]\npath = "/"', "http_service.http_checks"),
        ('[[services]]\n[[services.checks]]\npath = "/"', "services.0.checks"),
        ('[deploy]\nrelease_comand = "x"', "deploy.release_comand"),
        ('nonsense = "x"', "nonsense"),
        ('[[vm]]\nmemmory = "1gb"', "vm.0.memmory"),
    ],
)
def test_an_unknown_key(source, path):
    assert unknown(source) == [path]
    assert wrong(source) == []


def test_an_unknown_key_comes_with_what_may_stand_there():
    [each] = found("[http_service]\nport = 8080\n")
    assert isinstance(each, UnknownKey)
    assert each.known == tuple(STRUCTS["HTTPService"])


def test_what_old_versions_left_behind_is_passed_over():
    source = """
        attached = {}
        [experimental]
          allowed_public_ports = []
          private_network = true
        [[services]]
          name = "web"
          script_checks = []
          [[services.tcp_checks]]
            restart_limit = 0
        """
    assert found(source) == []
    assert all(name.partition(".")[0] in STRUCTS for name in LEGACY)
