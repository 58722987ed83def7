import shlex

import pytest

from tests.bot.engine.boot.tools import boot, resolve

FILES = {
    "main.py": "app = 1\nclass Other: pass\ndef make(): return 1\n",
    "wsgi.py": "application = 1\n",
    "src/web.py": "app = 1\n",
    "pkg/__init__.py": "",
    "pkg/web.py": "import main\napp = 1\n",
    "manage.py": "",
}


def listens(line: str, env=None, files=FILES) -> tuple[str | None, int | None] | None:
    [program] = resolve(files, tuple(shlex.split(line)), env).programs
    return tuple(program.listen) if program.listen else None


def ends(line: str, files=FILES, env=None) -> str:
    """Return the line that a command ends with, `""` where it boots."""
    return boot(files, tuple(shlex.split(line)), env).verdict


# --- host and port


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("uvicorn main:app", ("127.0.0.1", 8000)),
        ("uvicorn main:app --host 0.0.0.0 --port 8080", ("0.0.0.0", 8080)),
        ("uvicorn main:app --host=:: --port=8080", ("0.0.0.0", 8080)),
        ("uvicorn --workers 2 --reload main:app --port 1 --port 2", ("127.0.0.1", 2)),
        ("uvicorn main:app --uds /tmp/x", (None, None)),
        ("gunicorn main:app", ("127.0.0.1", 8000)),
        ("gunicorn main:app -b 0.0.0.0:8080", ("0.0.0.0", 8080)),
        ("gunicorn main:app -b0.0.0.0:8080", ("0.0.0.0", 8080)),
        ("gunicorn main:app --bind=:8080", ("0.0.0.0", 8080)),
        ("gunicorn main:app --bind [::]:8080", ("0.0.0.0", 8080)),
        ("gunicorn main:app --bind 0.0.0.0", ("0.0.0.0", 8000)),
        ("gunicorn -w 4 -k uvicorn.workers.UvicornWorker main:app -b :80", ("0.0.0.0", 80)),
        ("gunicorn main:app -b 127.0.0.1:1 -b 0.0.0.0:2", ("0.0.0.0", 2)),
        ("gunicorn main:app -b unix:/tmp/x", (None, None)),
        ("hypercorn main", ("127.0.0.1", 8000)),
        ("hypercorn main:app --bind 0.0.0.0:8080", ("0.0.0.0", 8080)),
        ("hypercorn main:app -b [::]:8080", ("0.0.0.0", 8080)),
        ("hypercorn main:app -c x.toml", (None, None)),
        ("granian --interface asgi main:app", ("127.0.0.1", 8000)),
        ("granian --interface asgi --host 0.0.0.0 --port 80 main:app", ("0.0.0.0", 80)),
        ("daphne main:app", ("127.0.0.1", 8000)),
        ("daphne -b 0.0.0.0 -p 80 main:app", ("0.0.0.0", 80)),
        ("daphne -e tcp:80 main:app", (None, None)),
        ("waitress-serve main:app", ("0.0.0.0", 8080)),
        ("waitress-serve --listen=*:80 main:app", ("0.0.0.0", 80)),
        ("waitress-serve --host 127.0.0.1 --port 80 main:app", ("127.0.0.1", 80)),
        ("fastapi run main.py", ("0.0.0.0", 8000)),
        ("fastapi run --port 80", ("0.0.0.0", 80)),
        ("fastapi dev main.py", ("127.0.0.1", 8000)),
        ("flask --app main run", ("127.0.0.1", 5000)),
        ("flask --app main run -h 0.0.0.0 -p 80", ("0.0.0.0", 80)),
        ("flask --app main run --host=0.0.0.0 --port=80", ("0.0.0.0", 80)),
        ("flask --app main db upgrade", None),
        ("streamlit run main.py", ("0.0.0.0", 8501)),
        ("streamlit run main.py --server.port=80 --server.address=127.0.0.1", ("127.0.0.1", 80)),
        ("celery -A main worker -l info", None),
        ("python manage.py runserver", ("127.0.0.1", 8000)),
        ("python manage.py runserver 0.0.0.0:80", ("0.0.0.0", 80)),
        ("python manage.py runserver 0:80 --noreload", ("0.0.0.0", 80)),
        ("python manage.py runserver 80", ("127.0.0.1", 80)),
        ("python manage.py migrate", None),
    ],
)
def test_where_a_server_listens(line, wanted):
    assert listens(line) == wanted


@pytest.mark.parametrize(
    ("line", "env", "wanted"),
    [
        ("uvicorn main:app", {"PORT": "80"}, ("127.0.0.1", 8000)),
        ("uvicorn main:app", {"UVICORN_HOST": "0.0.0.0", "UVICORN_PORT": "80"}, ("0.0.0.0", 80)),
        ("uvicorn main:app --port 81", {"UVICORN_PORT": "80"}, ("127.0.0.1", 81)),
        ("gunicorn main:app", {"PORT": "80"}, ("0.0.0.0", 80)),
        ("gunicorn main:app", {"PORT": None}, ("0.0.0.0", None)),
        ("gunicorn main:app -b :81", {"PORT": "80"}, ("0.0.0.0", 81)),
        ("gunicorn main:app", {"GUNICORN_CMD_ARGS": "--bind 0.0.0.0:80"}, ("0.0.0.0", 80)),
        ("gunicorn main:app -b :81", {"GUNICORN_CMD_ARGS": "--bind 0.0.0.0:80"}, ("0.0.0.0", 81)),
        ("granian main:app", {"GRANIAN_HOST": "0.0.0.0", "GRANIAN_PORT": "80"}, ("0.0.0.0", 80)),
        ("granian main:app", {"PORT": "80"}, ("127.0.0.1", 8000)),
        ("waitress-serve main:app", {"PORT": "80"}, ("0.0.0.0", 8080)),
        ("fastapi run", {"PORT": "80"}, ("0.0.0.0", 80)),
        ("fastapi run", {"PORT": None}, ("0.0.0.0", None)),
        ("uvicorn main:app --port 999999999999", {}, ("127.0.0.1", None)),
        ("flask run", {"FLASK_APP": "main", "FLASK_RUN_PORT": "80"}, ("127.0.0.1", 80)),
        ("flask run", {"FLASK_APP": "main", "PORT": "80"}, ("127.0.0.1", 5000)),
        ("streamlit run main.py", {"STREAMLIT_SERVER_PORT": "80"}, ("0.0.0.0", 80)),
        ("streamlit run main.py", {"PORT": "80"}, ("0.0.0.0", 8501)),
    ],
)
def test_which_variables_a_server_minds(line, env, wanted):
    assert listens(line, env) == wanted


def test_a_settings_file_of_gunicorn_may_bind_elsewhere():
    files = {**FILES, "gunicorn.conf.py": "bind = '0.0.0.0:80'\n"}
    booted = boot(files, ("gunicorn", "main:app"))
    assert booted.program.listen == (None, None)
    assert booted.unknowns == ["gunicorn's settings in gunicorn.conf.py are not followed"]
    assert booted.program.loose is None


def test_a_settings_file_of_gunicorn_may_change_the_path():
    files = {"src/main.py": "", "gunicorn.conf.py": "chdir = 'src'\n"}
    assert ends("gunicorn main:app", files) == "? ModuleNotFoundError: No module named 'main'"


# --- which app


@pytest.mark.parametrize(
    "line",
    [
        "uvicorn main:app",
        "uvicorn pkg.web:app",
        "uvicorn web:app --app-dir src",
        "uvicorn --factory main:make",
        "uvicorn main:Other.name",
        "gunicorn wsgi",
        "gunicorn main:app",
        "gunicorn 'main:make()'",
        "gunicorn web:app --chdir src",
        "gunicorn web:app --pythonpath src",
        "gunicorn pkg.web:app --pythonpath nowhere,src",
        "hypercorn main",
        "hypercorn main.py",
        "hypercorn src/web:app",
        "hypercorn asgi:main:app",
        "daphne main:app",
        "granian main",
        "waitress-serve --call main:make",
        "waitress-serve main:app",
        "fastapi run",
        "fastapi run src/web.py",
        "fastapi run pkg/web.py",
        "flask run",
        "flask --app main run",
        "flask --app src/web run",
        "flask --app 'main:make()' run",
        "celery -A main worker",
        "celery -A web --workdir src worker",
        "streamlit run src/web.py",
    ],
)
def test_an_app_that_is_found(line):
    assert ends(line) == ""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("uvicorn nope:app", 'ERROR:    Error loading ASGI app. Could not import module "nope".'),
        ("uvicorn nope.main:app", "ModuleNotFoundError: No module named 'nope'"),
        ("uvicorn web:app", 'ERROR:    Error loading ASGI app. Could not import module "web".'),
        ("uvicorn main:nope", 'ERROR:    Error loading ASGI app. Attribute "nope" not found in module "main".'),
        ("uvicorn main", 'ERROR:    Error loading ASGI app. Import string "main" must be in format "<module>:<attribute>".'),
        ("uvicorn :app", 'ERROR:    Error loading ASGI app. Import string ":app" must be in format "<module>:<attribute>".'),
        ("uvicorn main.py:app", 'ERROR:    Error loading ASGI app. Could not import module "main.py".'),
        ("uvicorn", "Error: Missing argument 'APP'."),
        ("uvicorn main:app two", "Error: Got unexpected extra argument (two)"),
        ("uvicorn main:app --port x", "Error: Invalid value for '--port': 'x' is not a valid integer."),
        ("gunicorn nope:app", "ModuleNotFoundError: No module named 'nope'"),
        ("gunicorn main:nope", "Failed to find attribute 'nope' in 'main'."),
        ("gunicorn main", "Failed to find attribute 'application' in 'main'."),
        ("gunicorn 'main:nope()'", "Failed to find attribute 'nope' in 'main'."),
        ("gunicorn main.py:app", "ImportError: Failed to find application, did you mean 'main:app'?"),
        ("gunicorn main:app --chdir nope", "Error: can't chdir to 'nope'"),
        ("gunicorn main:app -c nope.py", "Error: 'nope.py' doesn't exist"),
        ("gunicorn", "Error: No application module specified."),
        ("gunicorn main:app -b :x", "Error: 'x' is not a valid port number."),
        ("hypercorn nope:app", "hypercorn.utils.NoAppError: Cannot load application from 'nope:app', module not found."),
        ("hypercorn main:nope", "hypercorn.utils.NoAppError: Cannot load application from 'main:nope', application not found."),
        ("granian nope:app", "RuntimeError: Could not import 'nope'."),
        ("granian main:nope", "AttributeError: module 'main' has no attribute 'nope'"),
        ("daphne nope:app", "ModuleNotFoundError: No module named 'nope'"),
        ("daphne main", "ValueError: not enough values to unpack (expected 2, got 1)"),
        ("waitress-serve nope:app", "1. No module named 'nope'"),
        ("fastapi run nofile.py", "Path does not exist nofile.py"),
        ("flask --app nope run", "Error: Could not import 'nope'."),
        ("flask --app main:nope run", "Error: Failed to find attribute 'nope' in 'main'."),
        ("streamlit run nofile.py", "Error: Invalid value: File does not exist: nofile.py"),
        ("celery -A nope worker", "The module nope was not found."),
        ("python nofile.py", "python: can't open file '/app/nofile.py': [Errno 2] No such file or directory"),
        ("python -m nopkg", "python: No module named nopkg"),
    ],
)
def test_the_words_of_an_app_that_is_not_found(line, wanted):
    assert ends(line) == wanted


def test_flask_looks_for_an_app_itself():
    words = "Use the 'flask --app' option, 'FLASK_APP' environment variable, or a 'wsgi.py' or 'app.py' file in the current"
    assert ends("flask run", {"main.py": ""}) == f"Error: Could not locate a Flask application. {words} directory."
    assert ends("flask run", {"app.py": "app = 1"}) == ""
    named = boot({"main.py": "", ".flaskenv": "FLASK_APP=main"}, ("flask", "run"))
    assert (named.verdict, named.unknowns) == ("", ["the app that .flaskenv or .env may name for flask is not followed"])


def test_flask_reads_where_to_listen_from_a_file_too():
    files = {**FILES, ".flaskenv": "FLASK_RUN_HOST=0.0.0.0\n"}
    assert listens("flask --app main run", files=files) == (None, None)
    assert listens("flask --app main run -h 0.0.0.0", {"FLASK_RUN_PORT": "80"}, files) == ("0.0.0.0", 80)


def test_streamlit_reads_where_to_listen_from_a_file_too():
    files = {**FILES, ".streamlit/config.toml": "[server]\nport = 80\n"}
    assert listens("streamlit run main.py", files=files) == (None, None)
    assert listens("streamlit run main.py --server.port=80", files=files) == ("0.0.0.0", 80)


@pytest.mark.parametrize(("line", "variable"), [("flask run", "FLASK_APP"), ("uvicorn", "UVICORN_APP")])
def test_an_app_that_a_secret_names_is_not_known(line, variable):
    assert ends(line, {"main.py": ""}, {variable: None}) == ""
    assert ends(line, {"main.py": ""}).startswith("Error: ")


@pytest.mark.parametrize(
    "line", ["flask run", "fastapi run", "fastapi run app.py", "gunicorn -c app.py x", "streamlit run app.py"]
)
def test_what_a_launcher_misses_is_as_sure_as_the_image_is_known(line):
    assert ends(line, {"x.py": ""})[:1] not in ("?", "")
    argv = tuple(line.split())
    doubt = (
        "" if line.startswith("streamlit") else "?"
    )  # what streamlit is told is not looked for where something may have brought it
    assert boot({"x.py": ""}, argv, hidden=("app.py", "main.py")).verdict[:1] == "?"
    assert boot({"x.py": ""}, argv, dockerfile="COPY . .\nRUN git clone https://example.org/x .\n").verdict[:1] == doubt


def test_fastapi_looks_for_a_file_itself():
    assert ends("fastapi run", {"src/main.py": ""}) == ("Could not find a default file to run, please provide an explicit path")
    assert ends("fastapi run", {"app/api.py": "app = 1"}) == ""
    named = boot({"pyproject.toml": "", "src/main.py": ""}, ("fastapi", "run"))
    assert (named.verdict, len(named.unknowns)) == ("", 1)


def test_fastapi_looks_from_the_first_folder_without_init():
    files = {"src/pk/__init__.py": "", "src/pk/main.py": "from pk import x\napp = 1\n", "src/pk/x.py": ""}
    assert ends("fastapi run src/pk/main.py", files) == ""
    assert ends("fastapi run src/pk/main.py", {**files, "src/__init__.py": ""}) == "ModuleNotFoundError: No module named 'pk'"


def test_a_factory_runs_its_imports():
    files = {"main.py": "def make():\n    import pkg.x\n", "pkg/__init__.py": ""}
    wanted = "ModuleNotFoundError: No module named 'pkg.x'"
    assert ends("uvicorn --factory main:make", files) == wanted
    assert ends("uvicorn main:make", files) == wanted
    assert ends("gunicorn 'main:make()'", files) == wanted
    assert ends("gunicorn main:make", files) == ""


def test_streamlit_shows_the_errors_of_its_script_in_the_page():
    assert ends("streamlit run main.py", {"main.py": "import pkg.x", "pkg/__init__.py": ""}).startswith("? ")


def test_a_server_in_the_code_loads_its_app():
    code = "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run('web:app', host='0.0.0.0', port=80)\n"
    missing = 'ERROR:    Error loading ASGI app. Could not import module "web".'
    nameless = 'ERROR:    Error loading ASGI app. Attribute "app" not found in module "web".'
    for files, wanted in (({"web.py": "app = 1"}, ""), ({}, missing), ({"web.py": ""}, nameless)):
        booted = boot({"main.py": code, **files}, ("python", "main.py"), dockerfile="COPY . .\nRUN pip install uvicorn\n")
        assert booted.verdict == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("from flask import Flask\napp = Flask(__name__)\napp.run()", ("127.0.0.1", 5000)),
        ("from flask import Flask\napp = Flask(__name__)\napp.run('0.0.0.0', 80)", ("0.0.0.0", 80)),
        ("from flask import Flask\napp = Flask(__name__)\napp.run(host='0.0.0.0', debug=True)", ("0.0.0.0", 5000)),
        ("from waitress import serve\nserve(app, port=80)", ("0.0.0.0", 80)),
        ("import os, uvicorn\nuvicorn.run(app, port=int(os.environ.get('PORT', 80)))", ("127.0.0.1", 80)),
        ("import uvicorn\nuvicorn.run(app, port=settings.port)", ("127.0.0.1", None)),
        ("import uvicorn\nuvicorn.run(app, **options)", (None, None)),
        ("import uvicorn\nuvicorn.run(app, uds='/tmp/x')", (None, None)),
    ],
)
def test_where_the_code_serves(code, wanted):
    booted = boot({"main.py": code}, ("python", "main.py"))
    assert booted.started is not None
    assert booted.started.walk.serving is not None
    assert tuple(booted.started.walk.serving.listen) == wanted
