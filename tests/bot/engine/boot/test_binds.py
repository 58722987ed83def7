import pytest

from bot.engine.boot import binds
from tests.tools import DOCKERFILE, HEALTHY, faults

HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVERS = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\ngunicorn\nhypercorn\nwaitress\n"}
BOTH = "-b 0.0.0.0:8080 -b [::]:8080"


@pytest.mark.parametrize(
    ("told", "clash"),
    [
        ("0.0.0.0:8080 [::]:8080", "0.0.0.0:8080 [::]:8080"),
        ("[::]:8080 0.0.0.0:8080", "[::]:8080 0.0.0.0:8080"),
        (":8080 [::]:8080", ":8080 [::]:8080"),
        ("0.0.0.0:8080 127.0.0.1:8080", "0.0.0.0:8080 127.0.0.1:8080"),
        ("127.0.0.1:8080 [::]:8080", "127.0.0.1:8080 [::]:8080"),
        ("[::]:8080 [::1]:8080", "[::]:8080 [::1]:8080"),
        ("localhost:8080 127.0.0.1:8080", "localhost:8080 127.0.0.1:8080"),
        ("0.0.0.0:8080 0.0.0.0:8080", "0.0.0.0:8080 0.0.0.0:8080"),
        ("0.0.0.0:9090 0.0.0.0:8080 [::]:8080 unix:/x", "0.0.0.0:8080 [::]:8080"),
        ("0.0.0.0:8080", ""),
        ("0.0.0.0:8080 [::]:8081", ""),
        ("0.0.0.0:8080 [::1]:8080", ""),
        ("127.0.0.1:8080 [::1]:8080", ""),
        ("10.0.0.1:8080 127.0.0.1:8080", ""),
        ("0.0.0.0:… [::]:…", ""),
        ("unix:/run/app:80 fd://3 0.0.0.0", ""),
    ],
)
def test_which_addresses_linux_lets_a_server_have_together(told: str, clash: str):
    assert " ".join(bind.written for bind in binds.shared(told.split())) == clash


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (f"gunicorn {BOTH} main:app", "[ERROR] Connection in use: ('::', 8080)"),
        ("gunicorn main:app --bind=[::]:8080 --bind=:8080", "[ERROR] Connection in use: ('0.0.0.0', 8080)"),
        (f"hypercorn {BOTH} main:app", "OSError: [Errno 98] Address already in use"),
        (f"hypercorn -w 1 {BOTH} main:app", "OSError: [Errno 98] Address already in use"),
    ],
)
def test_the_server_ends_in_its_own_words(command: str, message: str):
    [fault] = faults({**SERVERS, "Dockerfile": f"{HEAD}CMD {command}\n"})
    assert (fault.code, fault.stage, fault.confidence) == ("double-bind", "boot", "certain")
    assert fault.message == message


@pytest.mark.parametrize(
    "command",
    [
        f"gunicorn --reuse-port {BOTH} main:app",
        f"hypercorn --workers 2 {BOTH} main:app",
        f"hypercorn -c hypercorn.toml {BOTH} main:app",
        "waitress-serve --listen=0.0.0.0:8080 --listen=[::]:8080 main:app",
        "gunicorn -b 0.0.0.0:8080 -b [::]:8081 main:app",
    ],
)
def test_where_both_are_had_there_is_no_fault(command: str):
    assert faults({**SERVERS, "Dockerfile": f"{HEAD}CMD {command}\n"}) == []


def test_a_settings_file_may_let_them_share_the_port():
    files = {**SERVERS, "gunicorn.conf.py": "reuse_port = True\n", "Dockerfile": f"{HEAD}CMD gunicorn {BOTH} main:app\n"}
    assert [(fault.code, fault.confidence) for fault in faults(files)] == [("double-bind", "likely")]
