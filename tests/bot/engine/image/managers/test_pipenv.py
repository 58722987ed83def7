import hashlib
import json

import pytest

from tests.bot.engine.image.running import Ran, ran

PIPFILE = """\
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"

[packages]
flask = "*"
redis = { version = ">=5", extras = ["hiredis"] }

[dev-packages]
pytest = "~=8.0"

[requires]
python_version = "3.11"
"""
CONTENT = {
    "_meta": {
        "sources": [{"url": "https://pypi.org/simple", "verify_ssl": True, "name": "pypi"}],
        "requires": {"python_version": "3.11"},
    },
    "default": {"flask": "*", "redis": {"version": ">=5", "extras": ["hiredis"]}},
    "develop": {"pytest": "~=8.0"},
}
HASH = hashlib.sha256(json.dumps(CONTENT, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def lock(content_hash: str = HASH) -> str:
    data = {
        "_meta": {"hash": {"sha256": content_hash}, "requires": {"python_version": "3.11"}},
        "default": {
            "flask": {"version": "==3.0.0", "hashes": ["sha256:0"]},
            "redis": {"version": "==5.0.1", "extras": ["hiredis"]},
            "colorama": {"version": "==0.4.6", "markers": "sys_platform == 'win32'"},
        },
        "develop": {"pytest": {"version": "==8.0.0"}},
    }
    return json.dumps(data, indent=4)


FILES = {"Pipfile": PIPFILE, "Pipfile.lock": lock()}
ADDED = {**FILES, "Pipfile": PIPFILE.replace("flask", 'httpx = "*"\nflask')}
OUTSIDE = "/root/.local/share/virtualenvs/app-…"


def pipenv(command: str, files=FILES, **more) -> Ran:
    return ran(command, files=files, programs=("pipenv",), **more)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("install --system --deploy", []),
        ("install --deploy --ignore-pipfile", []),
        ("sync", []),
        ("sync --dev --system", ["pytest"]),
        ("install -d --system", ["pytest"]),
        ("install --dev-only --system", None),
        ("install --categories 'packages dev-packages' --system", ["pytest"]),
    ],
)
def test_what_the_lock_says_for_the_categories(command: str, more: list[str] | None):
    found = pipenv(f"pipenv {command}")
    assert (found.names, found.codes) == (["pytest"] if more is None else ["flask", "redis", *more], [])
    assert (found.installs[0].lock, found.installs[0].manifest) == ("Pipfile.lock", "Pipfile")


def test_a_locked_package_is_exact_and_has_its_line():
    [flask, *_] = pipenv("pipenv sync").installs[0].requirements
    assert (flask.line.rest, flask.place.path) == ("==3.0.0", "Pipfile.lock")
    assert '"flask": {' in lock().splitlines()[flask.place.line - 1]


@pytest.mark.parametrize(
    ("command", "env", "prefix"),
    [
        ("pipenv install --system --deploy", {}, "/usr/local"),
        ("pipenv install --deploy", {}, OUTSIDE),
        ("PIPENV_VENV_IN_PROJECT=1 pipenv sync", {}, "/app/.venv"),
        ("python -m venv .venv && pipenv sync", {}, "/app/.venv"),
        ("pipenv sync", {"WORKON_HOME": "/venvs"}, "/venvs/app-…"),
        ("pipenv sync", {"VIRTUAL_ENV": "/opt/v"}, "/opt/v"),
        ("pipenv install --system", {"VIRTUAL_ENV": "/opt/v"}, "/opt/v"),
        ("python -m pipenv install --system", {}, "/usr/local"),
    ],
)
def test_where_it_goes(command: str, env: dict[str, str], prefix: str):
    found = pipenv(command, env=env)
    assert (found.installs[0].prefix, found.codes) == (prefix, [])


def test_a_lock_of_another_pipfile():
    found = pipenv("pipenv install --system --deploy", ADDED)
    assert (found.codes, found.sure) == (["lock-stale"], [True])
    assert found.messages[0].startswith(f"Your Pipfile.lock ({HASH}) is out of date. Expected: (")
    assert (pipenv("pipenv sync", ADDED).codes, pipenv("pipenv sync", ADDED).names) == ([], ["flask", "redis"])
    assert pipenv("pipenv install --system", ADDED).names == ["flask", "redis"]  # it goes on with the lock that is there
    assert "httpx" in pipenv("pipenv install", ADDED).names  # and locks anew where it may


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("pipenv sync", "ERROR: Pipfile.lock not found! You need to run $ pipenv lock before you can continue"),
        ("pipenv install --ignore-pipfile", "ERROR: Pipfile.lock not found!"),
        ("pipenv install --system --deploy", "ERROR:: --system is intended to be used for Pipfile installation"),
        ("pipenv requirements > r.txt", "ERROR: Pipfile.lock not found!"),
    ],
)
def test_no_lock(command: str, message: str):
    found = pipenv(command, {"Pipfile": PIPFILE})
    assert (found.codes, found.sure) == (["lock-missing"], [True])
    assert found.messages[0].startswith(message)


def test_without_a_lock_the_pipfile_is_what_is_asked_for():
    for command in ("pipenv install", "pipenv install --system --skip-lock"):
        found = pipenv(command, {"Pipfile": PIPFILE})
        assert (found.names, found.codes, found.installs[0].lock) == (["flask", "redis"], [], None)
    assert found.installs[0].requirements[1].line.extras == ("hiredis",)


def test_no_pipfile():
    found = pipenv("pipenv install --system --deploy", {})
    assert (found.codes, found.sure) == (["project-metadata-missing"], [True])
    found = pipenv("pipenv install", {"requirements.txt": "flask\n"})
    assert (found.codes, found.installs[0].opaque) == ([], "pipenv takes requirements.txt for a Pipfile")


def test_another_python_than_the_pipfile_names():
    found = pipenv("pipenv install --system --deploy", base="python:3.12-slim")
    assert (found.codes, found.sure) == (["python-not-allowed"], [True])
    assert found.messages == ['Warning: Your Pipfile requires "python_version" 3.11, but you are using 3.12.…']
    assert pipenv("pipenv install --deploy", base="python:3.12-slim").sure == [False]  # it looks for that Python
    assert pipenv("pipenv install --system", base="python:3.12-slim").codes == []  # it only warns


def test_packages_that_are_named():
    assert pipenv("pipenv install --system flask 'redis>=5'", {}).names == ["flask", "redis"]


@pytest.mark.parametrize("text", ["{", "[]", '{"default": []}', "[" * 5000])
def test_a_lock_that_cant_be_read_stops_nothing(text: str):
    assert pipenv("pipenv sync", {**FILES, "Pipfile.lock": text}).codes == []


def test_printed_requirements_are_what_pip_reads():
    found = pipenv("pipenv requirements > r.txt && pip install -r r.txt")
    assert (found.names, found.installs[0].opaque, found.installs[0].prefix) == (["flask", "redis"], None, "/usr/local")
    assert "pytest" in pipenv("pipenv requirements --dev > r.txt && pip install -r r.txt").names
