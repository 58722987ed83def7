import pytest

from tests.bot.engine.boot.tools import Booted, boot

pytestmark = pytest.mark.usefixtures("names_given")

SCRIPT = ("python", "main.py")
MISSING = "ModuleNotFoundError: No module named "


def installing(install: str, code: str, files=None, **more) -> Booted:
    """Boot a script in an image that has installed something."""
    system = "RUN apt-get update && apt-get install -y git\n" if "git+" in install else ""
    dockerfile = f"{system}COPY . .\nRUN pip install {install}\n" if install else "COPY . .\n"
    return boot({**(files or {}), "main.py": code}, SCRIPT, dockerfile=dockerfile, **more)


# --- which requirement brings a module


@pytest.mark.parametrize(
    ("install", "code"),
    [
        ("requests", "import requests.adapters"),
        ("PyYAML", "import yaml"),
        ("beautifulsoup4", "from bs4 import BeautifulSoup"),
        ("pillow", "from PIL import Image"),
        ("python-dotenv", "from dotenv import load_dotenv"),
        ("psycopg2-binary", "import psycopg2"),
        ("fastapi", "import starlette, pydantic"),
        ("'fastapi[standard]'", "import uvicorn, multipart"),
        ("fastapi==0.111.0", "import uvicorn, multipart"),
        ("sqlalchemy==2.0.31", "import greenlet"),
        ("'uvicorn[standard]'", "import uvloop, websockets"),
        ("Flask==3.1", "import jinja2, werkzeug, markupsafe"),
        ("pandas", "import numpy, dateutil"),
        ("flask-cors", "from flask_cors import CORS"),
        ("Flask-Migrate", "import flask_migrate"),
        ("google-genai", "from google import genai"),
        ("django-environ", "import environ"),
        ("'git+https://github.com/x/thing.git#egg=thing'", "import thing"),
        ("", "import json, asyncio, zoneinfo, tomllib"),
    ],
)
def test_what_an_installed_requirement_gives(install, code):
    assert installing(install, code).faults == []


@pytest.mark.parametrize(
    ("install", "name"),
    [
        ("requests", "httpx"),
        ("", "flask"),
        ("fastapi", "sqlalchemy"),
        ("flask", "redis"),
        ("flask", "nothing_that_anybody_knows"),
        ("'celery>=5.2'", "redis"),
        ("flask==3.0.0", "flask_cors"),  # another minor release
        ("bcrypt==3.2.0", "jose"),  # another major one, of what never brought much
        ("openai google-genai", "jwt"),
    ],
)
def test_what_no_requirement_gives_is_missed(install, name):
    booted = installing(install, f"import {name}")
    assert booted.verdict == f"{MISSING}'{name}'"
    assert booted.faults[0].reason.startswith(f"No installed requirement is known to give `{name}`.")


@pytest.mark.parametrize(
    ("install", "name", "doubt"),
    [
        ("our-own-thing", "redis", "our-own-thing is not in the snapshot of"),
        ("'flask[our-extra]'", "redis", "flask[our-extra] is not in the snapshot of"),
        ("celery==4.4.0", "requests", "celery==4.4.0 may bring `requests`: only"),
        ("'sanic<1'", "nothing_that_anybody_knows", "sanic<1 may bring"),
        ("bcrypt==3.2.0", "six", "bcrypt==3.2.0 may bring `six`: only"),
        ("flask", "utils", "a wheel may bring a `utils` of its own"),
        ("flask", "_speedups", "a wheel may bring a `_speedups` of its own"),
    ],
)
def test_what_an_unknown_release_may_give_is_missed_with_a_doubt(install, name, doubt):
    booted = installing(install, f"import {name}")
    assert booted.verdict == f"? {MISSING}'{name}'"
    assert doubt in booted.faults[0].reason


def test_the_distribution_to_require_is_said():
    reason = installing("flask", "import yaml").faults[0].reason
    assert reason.startswith("No installed requirement is known to give `yaml`. It comes with pyyaml (package snapshot of 20")


def test_an_old_python_gets_other_releases():
    dockerfile = "FROM python:3.{}-slim\nWORKDIR /app\nCOPY . .\nRUN pip install flask\n"
    verdicts = [boot({"main.py": "import six"}, SCRIPT, dockerfile=dockerfile.format(minor)).verdict for minor in (8, 12)]
    assert verdicts == [f"? {MISSING}'six'", f"{MISSING}'six'"]


@pytest.mark.parametrize("line", ["make install", "./install.sh", "python scripts/setup.py"])
def test_a_command_of_the_build_that_was_not_followed_may_install(line):
    files = {"main.py": "import yaml", "scripts/setup.py": "", "install.sh": "#!/bin/unknown\n"}
    dockerfile = f"COPY . .\nRUN chmod +x install.sh\nRUN {line}\n"
    assert not boot(files, SCRIPT, dockerfile=dockerfile).certain


def test_a_command_that_installs_no_python_leaves_no_doubt():
    booted = boot(
        {"main.py": "import yaml"}, SCRIPT, dockerfile="RUN apt-get update && apt-get install -y npm && npm ci\nCOPY . .\n"
    )
    assert booted.verdict == f"{MISSING}'yaml'"


@pytest.mark.parametrize(
    "start", ["pip install pyyaml\npython main.py\n", "./more.sh\npython main.py\n", "rye run python main.py\n"]
)
def test_what_is_installed_when_the_process_starts_is_not_known(start):
    files = {"main.py": "import yaml", "start.sh": start, "more.sh": "#!/usr/bin/perl\n"}
    booted = boot(files, ("sh", "start.sh"))
    assert not booted.certain
    assert boot({**files, "start.sh": "python main.py\n"}, ("sh", "start.sh")).verdict == f"{MISSING}'yaml'"


UV = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["pyyaml"]\n'


@pytest.mark.parametrize(
    ("start", "files", "verdict"),
    [
        ("uv run main.py", {"pyproject.toml": UV}, ""),  # it installs what its project asks for
        ("uv run main.py", {"pyproject.toml": UV.replace("pyyaml", "redis")}, f"{MISSING}'yaml'"),
        ("uv run main.py", {}, f"{MISSING}'yaml'"),
        ("uv run --no-sync main.py", {"pyproject.toml": UV}, f"{MISSING}'yaml'"),
        ("uv run --no-project python main.py", {"pyproject.toml": UV}, f"{MISSING}'yaml'"),
        ("uv run --with pyyaml main.py", {}, ""),
        ("uv run main.py", {"main.py": "# /// script\n# dependencies = ['pyyaml']\n# ///\nimport yaml"}, ""),
    ],
)
def test_uv_run_installs_what_its_project_asks_for(start, files, verdict):
    assert boot({"main.py": "import yaml", **files}, tuple(start.split())).verdict == verdict


def test_uv_run_insists_on_a_lock_where_it_is_told_to():
    booted = boot({"main.py": "", "pyproject.toml": UV}, ("uv", "run", "--frozen", "main.py"))
    assert [fault.code for fault in booted.resolution.faults] == ["lock-missing"]


@pytest.mark.parametrize("install", ["-r requirements.txt", "dnspython", "'email-validator'"])
def test_what_a_dependency_gives_under_another_name(install):
    booted = installing(install, "import dns.resolver", {"requirements.txt": "dnspython\n"})
    assert booted.verdict == ""


def test_a_requirement_that_can_t_be_seen_may_give_anything():
    booted = installing("-r https://example.org/all.txt", "import anything")
    assert booted.verdict == ""
    assert booted.unknowns
    assert "`anything` may be installed or not" in booted.unknowns[-1]


def test_a_module_of_the_repository_is_certain_where_site_packages_are_not_known():
    files = {"lib/__init__.py": "", "lib/other.py": ""}
    booted = installing("-r https://example.org/all.txt", "from lib import nowhere", files)
    assert booted.verdict == "ImportError: cannot import name 'nowhere' from 'lib' (/app/lib/__init__.py)"


# --- the standard library


def test_what_a_version_has_dropped():
    files = {"main.py": "import distutils\n"}
    old = boot(files, SCRIPT, dockerfile="FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n")
    new = boot(files, SCRIPT, dockerfile="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n")
    assert (old.verdict, new.messages) == ("", [f"{MISSING}'distutils'"])
    assert new.faults[0].reason.startswith("Python 3.12 dropped `distutils` from the standard library.")


def test_what_only_windows_has():
    booted = installing("", "import winreg")
    assert booted.verdict == f"{MISSING}'winreg'"
    assert booted.faults[0].reason == "`winreg` is part of Python on Windows alone."
    assert installing("", "import sys\nif sys.platform == 'win32':\n    import winreg").verdict == ""


# --- the repository's own


def test_a_file_that_imports_its_own_name_means_another_module():
    booted = boot({"main.py": "import app.redis", "app/__init__.py": "", "app/redis.py": "import redis"}, SCRIPT)
    assert booted.verdict == f"{MISSING}'redis'"
    assert booted.faults[0].reason.startswith("No installed requirement is known to give `redis`.")


def test_a_module_at_the_root_is_the_repository_s_own():
    files = {"src/main.py": "import helpers", "helpers.py": ""}
    booted = boot(files, ("python", "src/main.py"))
    assert booted.verdict == f"{MISSING}'helpers'"
    assert booted.faults[0].reason == "Python looks for `helpers` in /app/src, and the image has no such module there."


@pytest.mark.parametrize(
    ("install", "verdict"),
    [
        ("celery flask", f"{MISSING}'redis'"),
        ("celery flask our-own-thing", f"? {MISSING}'redis'"),
        ("'celery[redis]' flask", ""),
    ],
)
def test_a_folder_that_a_well_known_package_shares_its_name_with(install, verdict):
    files = {"src/main.py": "import redis", "redis/conf.py": ""}
    dockerfile = f"COPY . .\nRUN pip install {install}\n"
    assert boot(files, ("python", "src/main.py"), dockerfile=dockerfile).verdict == verdict


def test_an_installed_project_gives_its_modules_and_may_give_others():
    files = {"pyproject.toml": "[project]\nname = 'thing'\n", "src/thing/__init__.py": ""}
    dockerfile = "COPY . .\nRUN pip install .\n"

    def verdict(code: str) -> str:
        return boot({**files, "run/main.py": code}, ("python", "run/main.py"), dockerfile=dockerfile).verdict

    assert verdict("import thing") == ""
    assert verdict("import thing.x") == f"{MISSING}'thing.x'"
    assert verdict("import extra") == f"{MISSING}'extra'"


def test_a_project_of_which_it_is_not_known_what_it_gives_may_give_more():
    files = {
        "pyproject.toml": "[build-system]\nbuild-backend = 'own'\n[project]\nname = 'thing'\n",
        "src/thing/__init__.py": "",
        "main.py": "import extra",
    }
    dockerfile = "COPY . .\nRUN pip install .\n"
    assert boot(files, ("python", "main.py"), dockerfile=dockerfile).verdict == f"? {MISSING}'extra'"


def test_a_name_in_another_case_is_said():
    booted = boot({"main.py": "from app import Models", "app/__init__.py": "", "app/models.py": ""}, SCRIPT)
    assert booted.faults[0].reason == "The file is called app/models.py: names are case-sensitive on Linux."


def test_a_module_that_is_ignored_is_said():
    files = {
        "main.py": "from app import models",
        "app/__init__.py": "",
        "app/models.py": "",
        ".dockerignore": "app/models.py\n",
    }
    booted = boot(files, SCRIPT)
    assert booted.verdict == "ImportError: cannot import name 'models' from 'app' (/app/app/__init__.py)"
    missing = boot({**files, "main.py": "import app.models"}, SCRIPT)
    assert missing.faults[0].reason == ".dockerignore:1 keeps `models` out of the build context."


def test_a_module_that_only_git_ignores_leaves_a_doubt():
    files = {"main.py": "import app.models", "app/__init__.py": "", "app/models.py": ""}
    booted = boot(files, SCRIPT, hidden=("app/models.py",))
    assert booted.verdict == f"? {MISSING}'app.models'"
    assert "app/models.py lies on this disk, but git ignores it" in booted.faults[0].reason


def test_a_module_that_git_keeps_out_of_clones_may_lie_on_another_disk():
    files = {"main.py": "from models.user import User\n", "models/quote.py": ""}
    assert boot(files, SCRIPT).certain
    booted = boot(files, SCRIPT, hidden=("models/user.py",))
    assert not booted.certain
    assert "git ignores models/user.py, so a clone lacks it" in booted.faults[0].reason


def test_a_module_that_the_build_may_have_made_leaves_a_doubt():
    files = {"main.py": "import app.schema_pb2", "app/__init__.py": ""}
    booted = boot(files, SCRIPT, dockerfile="COPY . .\nRUN protoc --python_out=app schema.proto\n")
    assert not booted.certain


def test_a_compiled_module_counts():
    files = {"main.py": "import app.fast", "app/__init__.py": "", "app/fast.so": b"\x7fELF"}
    assert not boot(files, SCRIPT).certain


def test_a_package_that_makes_modules_itself_leaves_a_doubt():
    files = {"main.py": "import app.made", "app/__init__.py": "import sys\nsys.modules['app.' + 'made'] = sys\n"}
    assert not boot(files, SCRIPT).certain


def test_an_unknown_base_leaves_a_doubt():
    files = {"main.py": "import app.x", "app/__init__.py": ""}
    booted = boot(files, SCRIPT, dockerfile="FROM example.org/our/base\nWORKDIR /app\nCOPY . .\n")
    assert booted.verdict == f"? {MISSING}'app.x'"


def test_a_path_that_is_changed_somehow_leaves_a_doubt():
    files = {"src/main.py": "import sys\nsys.path.insert(0, find())\nimport helpers", "helpers.py": ""}
    booted = boot(files, ("python", "src/main.py"))
    assert booted.verdict == f"? {MISSING}'helpers'"
    assert "src/main.py:2 changes sys.path in a way that was not followed" in booted.faults[0].reason


def test_a_namespace_may_hold_what_a_requirement_adds():
    files = {"main.py": "import google.genai, google.ours", "google/ours.py": ""}
    assert installing("google-genai", "import google.genai, google.ours", {"google/ours.py": ""}).verdict == ""
    assert boot(files, SCRIPT).certain


@pytest.mark.parametrize("manager", ["try_import()", "imports.optional('x')", "ExitStack()"])
def test_a_context_manager_that_is_not_known_may_catch_the_miss(manager):
    files = {"main.py": f"with {manager}:\n    import app.x\n", "app/__init__.py": ""}
    assert boot(files, SCRIPT).verdict == f"? {MISSING}'app.x'"


@pytest.mark.parametrize("manager", ["app.app_context()", "open(__file__)", "warnings.catch_warnings()", "_lock"])
def test_a_context_manager_that_is_known_lets_the_miss_pass(manager):
    files = {"main.py": f"with {manager}:\n    import app.x\n", "app/__init__.py": ""}
    assert boot(files, SCRIPT).verdict == f"{MISSING}'app.x'"


# --- what other code may do


@pytest.mark.parametrize("line", ["config.DB = 1", "setattr(config, 'DB', 1)", "config.DB: int = 1"])
def test_a_name_that_another_module_may_set_is_likely_missing(line):
    files = {"main.py": f"import config\n{line}\nimport other", "config.py": "", "other.py": "from config import DB"}
    missing = "ImportError: cannot import name 'DB' from 'config' (/app/config.py)"
    assert boot(files, SCRIPT).verdict == f"? {missing}"
    assert boot({**files, "main.py": "import config\nprint(config.DB == 1)\nimport other"}, SCRIPT).verdict == missing


@pytest.mark.parametrize(("version", "source"), [("2.7", "print 'x'"), ("3.6", "async = 1")])
def test_the_syntax_of_an_older_python_is_not_known(version, source):
    booted = boot({"main.py": source}, SCRIPT, dockerfile=f"FROM python:{version}\nWORKDIR /app\nCOPY . .\n")
    assert (booted.verdict, booted.unknowns) == ("", [f"main.py does not parse here; the image has Python {version}"])
