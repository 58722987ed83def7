import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "fix-entrypoint"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVERS = {**HEALTHY, "requirements.txt": "fastapi\nflask\nuvicorn\ngunicorn\nhypercorn\ncelery\n"}
FACTORY = "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"


def starting(command: str, files: dict[str, str] = SERVERS) -> dict[str, str]:
    return {**files, "Dockerfile": f"{HEAD}{command}\n"}


def moved(path: str, text: str = MAIN) -> dict[str, str]:
    return {**{known: text for known, text in SERVERS.items() if known != "main.py"}, path: text}


@pytest.mark.parametrize(
    "command",
    [
        'CMD ["uvicorn", "{}", "--host", "0.0.0.0", "--port", "8080"]',
        'CMD [ "uvicorn", \\\n  # the app\n  "{}", \\\n  "--host", "0.0.0.0", "--port", "8080" ]',
        "CMD uvicorn {} --host 0.0.0.0 --port 8080",
        'CMD ["sh", "-c", "exec uvicorn {} --host 0.0.0.0 --port 8080"]',
        'ENTRYPOINT ["uvicorn", "{}", "--host", "0.0.0.0", "--port", "8080"]',
        'CMD ["gunicorn", "{}", "--bind", "0.0.0.0:8080"]',
        'CMD ["hypercorn", "{}", "--bind", "0.0.0.0:8080"]',
        'CMD ["python", "-m", "uvicorn", "{}", "--host", "0.0.0.0", "--port", "8080"]',
    ],
)
def test_the_one_module_that_makes_the_app_is_named(command: str):
    before = starting(command.format("app.backend.main:app"))
    check_transformed(NAME, before, {"Dockerfile": starting(command.format("main:app"))["Dockerfile"]})


def test_the_module_may_lie_deeper():
    before = moved("server/app.py")
    after = before["Dockerfile"].replace("main:app", "server.app:app")
    check_transformed(NAME, before, {"Dockerfile": after})


def test_a_package_that_makes_the_app_is_named_by_its_folder():
    before = moved("server/__init__.py")
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("main:app", "server:app")})


def test_an_attribute_of_another_name_in_the_same_module():
    before = {**SERVERS, "main.py": MAIN.replace("app =", "api =")}
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("main:app", "main:api")})


def test_a_package_without_the_attribute_gives_way_to_its_module():
    before = {
        **moved("app/main.py"),
        "app/__init__.py": "",
        **starting('CMD ["uvicorn", "app:app", "--port", "8080", "--host", "::"]', {}),
    }
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace('"app:app"', '"app.main:app"')})


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_command_of_the_config_keeps_its_quotes_and_comment(quote: str):
    line = f"\n\tweb = {quote}uvicorn {{}} --host 0.0.0.0 --port 8080{quote} # web\n"
    config = FLY.replace("[http_service]", f"[processes]{line}\n[http_service]\n  processes = ['web']")
    check_transformed(NAME, {**SERVERS, "fly.toml": config.format("src.main:app")}, {"fly.toml": config.format("main:app")})


def test_a_command_in_a_script():
    script = "#!/bin/sh\nset -e\n# the server\nexec uvicorn {} --host 0.0.0.0 --port 8080\n"
    before = {**starting('CMD ["sh", "start.sh"]'), "start.sh": script.format("src.main:app")}
    check_transformed(NAME, before, {"start.sh": script.format("main:app")})


@pytest.mark.parametrize("factory", ["create_app()", "create_app('prod')"])
def test_a_factory_is_found_where_it_is_defined(factory: str):
    files = {
        **moved("server/web.py", FACTORY.replace("()", "(name=None)")),
        "debug.py": "from flask import Flask\n\napp = Flask('x')\n",
    }
    before = starting(f'CMD ["gunicorn", "web:{factory}", "--bind", "0.0.0.0:8080"]', files)
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("web:", "server.web:")})


def test_of_several_apps_that_of_the_wanted_module_name_is_taken():
    before = {**moved("server/main.py"), "server/admin.py": MAIN}
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("main:app", "server.main:app")})


def test_of_several_apps_the_one_above_the_others_is_taken():
    before = {**moved("server.py"), "server_parts/users.py": MAIN, "server_parts/items.py": MAIN}
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("main:app", "server:app")})


def test_a_script_elsewhere_in_the_image():
    code = "import http.server\n"
    before = {**starting('CMD ["python", "./run.py", "--port", "8080"]'), "server/run.py": code}
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("./run.py", "./server/run.py")})


def test_a_script_that_is_named_by_its_absolute_path():
    before = {**starting('CMD ["python", "/srv/run.py"]'), "server/run.py": "import http.server\n"}
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace("/srv/run.py", "/app/server/run.py")})


@pytest.mark.parametrize("files", [HEALTHY, starting('CMD ["gunicorn", "main:app", "--bind", "0.0.0.0:8080"]')])
def test_a_module_that_is_there_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_of_two_apps_side_by_side_none_is_taken():
    files = {**moved("users/web.py"), "items/web.py": MAIN}
    assert "several modules could be meant: /app/items/web.py (app), /app/users/web.py (app)" in reasons(NAME, files)


def test_an_image_without_an_app_is_left_alone():
    assert "no module of the image makes an app" in reasons(NAME, moved("server.py", "app = None\n"))


@pytest.mark.parametrize("folder", ["tests", "examples", ".venv/lib"])
def test_the_app_of_a_test_or_an_example_is_not_started(folder: str):
    assert "no module of the image makes an app" in reasons(NAME, moved(f"{folder}/main.py"))


def test_another_app_is_not_started_because_the_own_one_has_a_missing_import():
    files = {
        **starting('CMD ["uvicorn", "backend.main:app", "--port", "8080", "--host", "0.0.0.0"]'),
        "backend/__init__.py": "",
    }
    files["backend/main.py"] = "from fastapi import FastAPI\nfrom backend.gone import x\n\napp = FastAPI()\n"
    made = check_noop(NAME, files)
    assert [fault.code for fault in made.after[0].faults] == ["module-not-found"]


def test_an_app_of_the_wanted_name_elsewhere_is_as_likely_as_the_own_one():
    files = {**SERVERS, "main.py": MAIN.replace("app =", "api ="), "admin/main.py": MAIN}
    assert "several modules could be meant: /app/admin/main.py (app), /app/main.py (api)" in reasons(NAME, files)


def test_a_factory_is_not_replaced_by_some_app():
    files = {**moved("server.py"), **starting('CMD ["gunicorn", "web:create_app()", "--bind", "0.0.0.0:8080"]', {})}
    assert "no module of the image makes an app" in reasons(NAME, files)


@pytest.mark.parametrize(
    "command", ['CMD ["celery", "-A", "jobs:queue", "worker"]', 'CMD ["fastapi", "run", "main.py", "--app", "x"]']
)
def test_a_launcher_that_is_given_no_app_object_is_left_alone(command: str):
    assert {"celery names no app object", "fastapi names no app object"} & reasons(NAME, starting(command))


@pytest.mark.parametrize(("more", "words"), [({}, "no file"), ({"a/run.py": "", "b/run.py": ""}, "2 files")])
def test_a_script_that_is_nowhere_or_twice_is_left_alone(more: dict[str, str], words: str):
    found = reasons(NAME, {**starting('CMD ["python", "run.py"]'), **more})
    assert any(reason.startswith(f"{words} of the image") for reason in found)


def test_a_word_that_stands_twice_in_a_script_is_not_edited():
    script = "#!/bin/sh\n# starts src.main:app\nexec uvicorn src.main:app --host 0.0.0.0 --port 8080\n"
    files = {**starting('CMD ["sh", "start.sh"]'), "start.sh": script}
    assert "`src.main:app` does not stand in the command exactly once" in reasons(NAME, files)


def test_a_dockerfile_of_a_target_that_boots_with_it_stays():
    files = {**moved("server.py"), "fly.ok.toml": FLY.replace("demo", "ok") + "\n[processes]\n  app = 'sleep infinity'\n"}
    files["fly.ok.toml"] = files["fly.ok.toml"].replace("[http_service]", "[http_service]\n  processes = ['app']")
    made = planned(files, NAME, unsafe=True)
    assert any("also builds fly.ok.toml" in dropped.reason for dropped in made.dropped)
    assert not made.tree.changes()
