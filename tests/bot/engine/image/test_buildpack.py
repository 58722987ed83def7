from bot.engine.simulate import Options
from tests.tools import MAIN, only

FLY = """\
app = "demo"

[build]
  builder = "paketobuildpacks/builder:base"

[env]
  PORT = "8080"

[processes]
  web = "{}"

[http_service]
  internal_port = 8080
  processes = ["web"]
"""
SERVER = "uvicorn main:app --host 0.0.0.0 --port $PORT"
IMPORTING = f"from shared import version\n{MAIN}"


def files(main: str = IMPORTING, command: str = SERVER, **more: str) -> dict[str, str]:
    return {"backend/fly.toml": FLY.format(command), "backend/main.py": main, "shared/version.py": "", **more}


def messages(source: dict[str, str], options: Options = Options()) -> list[tuple[str, str]]:
    report = only(source, options)
    assert not report.followed
    return [(fault.message, fault.confidence) for fault in report.faults]


def test_a_folder_beside_the_one_that_is_built_is_not_seen():
    assert messages(files()) == [("ModuleNotFoundError: No module named 'shared'", "certain")]


def test_the_folder_itself_is_no_package():
    found = messages(files("from backend import db\n" + MAIN, **{"backend/db.py": ""}))
    assert found == [("ModuleNotFoundError: No module named 'backend'", "certain")]


def test_an_entry_point_that_lies_beside_it():
    message = 'ERROR:    Error loading ASGI app. Could not import module "shared".'
    assert messages(files(command="uvicorn shared:app")) == [(message, "certain")]


def test_started_in_the_root_it_sees_both():
    command = "uvicorn backend.main:app"
    config = {"fly.toml": FLY.format(command), "backend/main.py": IMPORTING, "shared/version.py": ""}
    assert messages(config) == []


def test_what_the_repository_does_not_have_is_left_to_the_builder():
    assert messages(files(f"import requests, nothing_known\nimport cgi\n{MAIN}")) == []


def test_a_copy_inside_is_what_is_meant():
    assert messages(files(**{"backend/shared/other.py": ""})) == []


def test_other_faults_are_not_told():
    assert messages(files(MAIN, command="uvicorn nothing:app --port 9000")) == []
    assert messages(files(MAIN, command="gunicorn main:app --bind 127.0.0.1:9000")) == []


def test_without_a_command_nothing_is_followed():
    config = FLY.format("").replace('[processes]\n  web = ""\n\n', "").replace('  processes = ["web"]\n', "")
    assert messages({"backend/fly.toml": config, "backend/main.py": IMPORTING, "shared/version.py": ""}) == []
