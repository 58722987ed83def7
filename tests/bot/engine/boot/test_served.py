"""What a process serves, where its own code starts the server, and where nothing does."""

import pytest

from tests.tools import FLY, HEALTHY, only

RUN = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "main.py"]\n'
FILES = {**HEALTHY, "Dockerfile": RUN, "requirements.txt": "flask\nrequests\n", "fly.toml": FLY}


@pytest.mark.parametrize(
    "files",
    [
        {
            "main.py": "from factory import create_app\n\napp = create_app()\napp.run(host='0.0.0.0', port=5000)\n",
            "factory.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
        },
        {
            "main.py": "from web import app\n\napp.run(host='0.0.0.0', port=5000)\n",
            "web.py": "import flask\n\napp = flask.Flask('x')\n",
        },
    ],
)
def test_an_app_that_is_made_elsewhere_is_run_here(files: dict[str, str]) -> None:
    assert [fault.code for fault in only({**FILES, **files}).faults] == ["port-mismatch"]


def test_what_is_no_app_of_flask_is_not_taken_for_one() -> None:
    code = "import flask\n\nfrom jobs import Job\n\napp = Job()\napp.run(port=5000)\n"
    files = {"main.py": code, "jobs.py": "class Job:\n    def run(self, port):\n        pass\n"}
    assert only({**FILES, **files}).faults == ()


def test_a_program_that_imports_nothing_that_listens_is_not_said_to_reach_the_end() -> None:
    report = only({**FILES, "main.py": "import requests\n\nwhile True:\n    requests.get('https://example.org')\n"})
    assert report.reached == "unknown"
    assert [unknown.reason for unknown in report.unknowns] == [
        "no code that was followed serves anything, and a service of the config leads to this process"
    ]


@pytest.mark.parametrize(
    "code", ["import socket\n", "from http.server import HTTPServer\n", "import flask\n", "import aiohttp.web\n"]
)
def test_what_may_listen_may_do_so_in_a_way_that_is_not_followed(code: str) -> None:
    files = {**FILES, "main.py": code, "requirements.txt": "flask\naiohttp\n"}
    assert only(files).reached == "ok"


def test_a_process_without_a_service_needs_no_server() -> None:
    groups = "[processes]\n  web = 'flask --app web run -h 0.0.0.0 -p 8080'\n  job = 'python main.py'\n\n"
    config = FLY.replace("[http_service]", f"{groups}[http_service]\n  processes = ['web']")
    files = {**FILES, "main.py": "print('works')\n", "web.py": "import flask\n\napp = flask.Flask('x')\n", "fly.toml": config}
    assert only(files).reached == "ok"


def test_what_runs_before_a_server_is_not_asked_to_serve() -> None:
    start = {
        "start.sh": "mkdir -p logs\npython seed.py\nexec flask --app web run -h 0.0.0.0 -p 8080\n",
        "seed.py": "print('sown')\n",
    }
    dockerfile = RUN.replace('["python", "main.py"]', '["sh", "start.sh"]')
    files = {**FILES, **start, "Dockerfile": dockerfile, "web.py": "import flask\n\napp = flask.Flask('x')\n"}
    assert only(files).reached == "ok"
