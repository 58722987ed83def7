import pytest

from bot.engine.model.toml_scalars import Moment
from bot.engine.platforms.fly_schema import check, go_duration, go_text, go_type, seconds
from tests.bot.engine.platforms.schema import wrong

# --- types that read themselves


@pytest.mark.parametrize("value", ["true", "false", '"off"', '"stop"', '"suspend"'])
def test_a_way_to_stop_machines(value):
    assert wrong(f"[http_service]\nauto_stop_machines = {value}\n[[services]]\nauto_stop_machines = {value}\n") == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"true"', 'invalid autostop string value "true"'),
        ('""', 'invalid autostop string value ""'),
        ("1", "autostop value is not a valid bool or string"),
    ],
)
def test_no_way_to_stop_machines(value, message):
    assert wrong(f"[http_service]\nauto_stop_machines = {value}\n") == [message]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"10"', 'time: missing unit in duration "10"'),
        ('"abc"', 'time: invalid duration "abc"'),
        ('""', 'time: invalid duration ""'),
        ('"1d"', 'time: unknown unit "d" in duration "1d"'),
        ('"10 s"', 'time: unknown unit " s" in duration "10 s"'),
        ("true", "unknown duration type: bool"),
        ("[1]", "unknown duration type: []interface {}"),
    ],
)
def test_what_is_no_duration(value, message):
    assert wrong(f"[[http_service.checks]]\ninterval = {value}\n") == [message]
    assert wrong(f"[deploy]\nwait_timeout = {value}\n") == [message]


@pytest.mark.parametrize("value", ['"10s"', '"1h2m3.5s"', '"0"', '"-5ms"', '"+1µs"', "10", "1.5"])
def test_what_is_a_duration(value):
    assert wrong(f"[[http_service.checks]]\ninterval = {value}\n") == []


@pytest.mark.parametrize("where", ["[[services.tcp_checks]]\ntimeout", "[checks.alive]\ntimeout", "kill_timeout"])
def test_an_old_duration_is_patched_and_a_text_is_still_read(where):
    assert wrong(f'{where} = "10"\n') == ['time: missing unit in duration "10"']
    assert wrong(f'{where} = ""\n') == []
    assert wrong(f"{where} = true\n") == []


# --- what the patches refuse


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('env = "A=1"', "Do not know how to process 'env' section of type: string"),
        ('env = ["A=1"]', "Do not know how to process 'env' section of type: string"),
        ("env = 1", "Do not know how to process 'env' section of type: int64"),
        ('processes = "web"', "Unknown processes type: string"),
        ("processes = true", "Unknown processes type: bool"),
        ('services = "web"', "Error processing services: Unknown type 'string'"),
        ("[[services]]\nports = [80]", "Error processing ports: []interface {}"),
        ("[[services]]\nports = 80", "Error processing ports: int64"),
        (
            '[[services.ports]]\nport = "http"',
            """Can not convert 'http' to integer: strconv.Atoi: parsing "http": invalid syntax""",
        ),
        (
            '[[services]]\ninternal_port = "x"',
            """Can not convert 'x' to integer: strconv.Atoi: parsing "x": invalid syntax""",
        ),
        ("[[services]]\ninternal_port = true", "Unknown type for cast: bool"),
        ('[[services]]\nconcurrency = "25"', "Unknown value '25' for concurrency limits"),
        (
            '[[services]]\nconcurrency = "20, 25"',
            """Can not convert '20, 25': strconv.Atoi: parsing " 25": invalid syntax""",
        ),
        ("[[services]]\nconcurrency = 25", "Unknown type for service concurrency: int64"),
        ('[[services]]\nhttp_checks = "x"', "Error processing http_checks: Unknown type 'string'"),
        ('checks = "x"', "'checks' section of unknown type: string"),
        ('checks = ["x"]', "check item of unknown type: string"),
        ('[[checks]]\ntype = "tcp"', "check item name not a string"),
        ('[checks]\nalive = "x"', "'checks' section of unknown type: string"),
        ('vm = "x"', "Error processing compute: Unknown type 'string'"),
        ('mounts = "x"', "Error processing mounts: Unknown type 'string'"),
        ("metrics = 9091", "Error processing mounts: Unknown type 'int64'"),
        ('build = "x"', "Build section of unknown type: string"),
        ("[[build]]\nimage = 'x'", "Build section of unknown type: []interface {}"),
        ("experimental = 1", "Experimental section of unknown type: int64"),
        ("[experimental]\ncmd = 1", "could not cast 1 of type int64 to []string on cmd"),
        ("[experimental]\nexec = ['a', 1.0]", "could not cast 1 of type float64 to string on exec"),
    ],
)
def test_what_a_patch_cant_make_sense_of(source, message):
    assert wrong(source) == [message]


def test_a_patch_complains_before_everything_else():
    messages = wrong('app = 1\nbuild = "x"\nenv = 1\n[http_service]\nauto_stop_machines = "x"\n')
    assert messages[:2] == [
        "Do not know how to process 'env' section of type: int64",
        "Build section of unknown type: string",
    ]


def test_whole_numbers_have_the_type_of_their_parser():
    assert check({"env": 1}, "float64")[0].message == "Do not know how to process 'env' section of type: float64"
    assert check({"env": None})[0].message == "Do not know how to process 'env' section of type: <nil>"


# --- Go's way to print


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a b", "a b"),
        (True, "true"),
        (8080, "8080"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.25, "-0.25"),
        (100000.0, "100000"),
        (1000000.0, "1e+06"),
        (2097152.0, "2.097152e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (float("inf"), "+Inf"),
        (None, "<nil>"),
        (["a", 1, True], "[a 1 true]"),
        ({"b": 1, "a": "x"}, "map[a:x b:1]"),
    ],
)
def test_a_value_as_go_prints_it(value, said):
    assert go_text(value) == said


def test_a_type_as_go_prints_it():
    values = ["x", True, 1, 1.0, [], {}, None, Moment("2024-01-01")]
    assert [go_type(value, "int64") for value in values] == [
        "string",
        "bool",
        "int64",
        "float64",
        "[]interface {}",
        "map[string]interface {}",
        "<nil>",
        "time.Time",
    ]


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("10s", 10),
        ("1m30s", 90),
        ("1.5h", 5400),
        ("-2s", -2),
        ("250ms", 0.25),
        (1500, 1.5),
        (True, None),
        ("x", None),
        ("", None),
    ],
)
def test_the_length_of_an_old_duration(value, length):
    assert seconds(value) == length


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "0s"), (1, "1s"), (1.5, "1.5s"), (0.25, "250ms"), (90, "1m30s"), (120, "2m0s"), (5400, "1h30m0s"), (-2, "-2s")],
)
def test_a_length_as_go_prints_it(length, said):
    assert go_duration(length) == said
