"""From a simulated target to what is built, started and asked."""

import pytest

from bot.engine.model.proof import Attempt
from bot.engine.simulate import Options
from bot.outside.containers.recipe import Recipe, chosen, recipe
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, Files, only, text, tree

CHECKED = FLY + text("""
    [[http_service.checks]]
      path = "/health"
      timeout = "3s"
      [http_service.checks.headers]
        X-Check = "yes"
""")
RENDER = text("""
    services:
      - type: web
        name: shop
        runtime: python
        buildCommand: pip install -r requirements.txt
        startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
        healthCheckPath: /health
        preDeployCommand: python migrate.py
        disk:
          name: data
          mountPath: /data
        envVars:
          - key: PYTHON_VERSION
            value: 3.12.8
          - key: MODE
            value: live
          - key: API_KEY
            sync: false
          - key: SECRET_KEY
            generateValue: true
""")
NATIVE = {"render.yaml": RENDER, "requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "migrate.py": ""}


def made(files: Files, process: str | None = None, secrets: tuple[str, ...] = ()) -> Recipe | Attempt:
    report = only(files)
    return recipe(report, tree(files), chosen(report, process), secrets)


def planned(files: Files, process: str | None = None, secrets: tuple[str, ...] = ()) -> Recipe:
    found = made(files, process, secrets)
    assert isinstance(found, Recipe), found
    return found


def test_fly_asks_with_the_machine_s_address_and_what_the_check_says():
    found = planned({**HEALTHY, "fly.toml": CHECKED})
    [question] = found.questions
    assert (question.port, question.path, question.method, question.seconds) == (8080, "/health", "GET", 3)
    assert question.headers["Host"].startswith("172.19.")
    assert question.headers["Host"].endswith(":8080")
    assert question.headers["User-Agent"] == "Consul Health Check"
    assert question.headers["X-Check"] == "yes"
    assert [found.takes(status) for status in (200, 204, 301, 404, 500)] == [True, True, False, False, False]


def test_a_blueprint_that_render_does_not_see_is_no_deploy_unless_a_person_says_so():
    files = {"api/render.yaml": RENDER, **{path: text for path, text in NATIVE.items() if path != "render.yaml"}}
    assert made(files) == Attempt("config", "No render.yaml found on main branch.")
    report = only(files)
    assert isinstance(recipe(report, tree(files), chosen(report, None), (), named=True), Recipe)


def test_without_a_check_any_answer_is_a_sign_of_life():
    found = planned(HEALTHY)
    assert [(question.port, question.path) for question in found.questions] == [(8080, "/")]
    assert [found.takes(status) for status in (200, 307, 404, 500)] == [True, True, True, False]


def test_render_asks_with_the_service_s_name_within_five_seconds_and_takes_redirects():
    found = planned(NATIVE)
    [question] = found.questions
    assert (question.port, question.path, question.seconds) == (10000, "/health", 5)
    assert question.headers["Host"] == "shop.onrender.com"
    assert [found.takes(status) for status in (200, 302, 404)] == [True, True, False]
    assert found.roams


def test_the_variables_are_the_platform_s_and_the_config_s():
    found = planned({**HEALTHY, "fly.toml": FLY + "\n[env]\n  MODE = 'live'\n  EMPTY = ''\n"})
    assert found.variables["MODE"] == "live"
    assert found.variables["EMPTY"] == ""
    assert found.variables["FLY_APP_NAME"] == "demo"
    assert found.variables["FLY_PROCESS_GROUP"] == "app"
    assert "RENDER" not in found.variables
    render = planned(NATIVE)
    assert (render.variables["PORT"], render.variables["MODE"]) == ("10000", "live")
    assert render.variables["RENDER_EXTERNAL_HOSTNAME"] == "shop.onrender.com"
    assert not {name for name in render.variables if name.startswith("FLY_")}


def test_what_only_the_platform_holds_is_wanted_by_name():
    needing = {**HEALTHY, "main.py": MAIN + "import os\n\nos.environ['API_TOKEN']\n"}
    assert [each.name for each in planned(needing).wanted] == ["API_TOKEN"]
    assert [each.name for each in planned(HEALTHY, secrets=("MINE",)).wanted] == ["MINE"]
    wanted = {each.name: each.given for each in planned(NATIVE).wanted}
    assert wanted == {"API_KEY": False, "SECRET_KEY": True}  # Render makes the one, a person sets the other


def test_the_command_of_the_process_that_the_service_names_is_started():
    groups = "\n[processes]\n  work = 'python -m work'\n  web = 'uvicorn main:app --host 0.0.0.0 --port 8080'\n"
    files = {**HEALTHY, "work.py": "", "fly.toml": FLY + "  processes = ['web']\n" + groups}
    found = planned(files)
    assert (found.process, found.command) == ("web", tuple("uvicorn main:app --host 0.0.0.0 --port 8080".split()))
    other = planned(files, "work")
    assert (other.process, other.command, other.questions) == ("work", ("python", "-m", "work"), ())


def test_the_release_command_has_variables_of_its_own():
    found = planned({**HEALTHY, "fly.toml": FLY + "\n[deploy]\n  release_command = 'python main.py --migrate'\n"})
    assert found.release == ("python", "main.py", "--migrate")
    assert found.of_release["RELEASE_COMMAND"] == "1"
    assert "RELEASE_COMMAND" not in found.variables


def test_a_volume_is_mounted_into_its_process_alone():
    groups = "\n[processes]\n  web = 'uvicorn main:app --host 0.0.0.0 --port 8080'\n  work = 'python -m work'\n"
    mounts = "\n[mounts]\n  source = 'data'\n  destination = '/data'\n  processes = ['work']\n"
    files = {**HEALTHY, "work.py": "", "fly.toml": FLY + "  processes = ['web']\n" + groups + mounts}
    assert (planned(files).volumes, planned(files, "work").volumes) == ((), ("/data",))
    assert planned(NATIVE).volumes == ("/data",)


def test_the_dockerfile_its_stage_and_its_arguments_are_the_config_s():
    build = '[build]\n  dockerfile = "docker/api"\n  build-target = "run"\n[build.args]\n  A = "1"\n'
    config = FLY.replace('[build]\n  dockerfile = "Dockerfile"\n', build)
    files = {**HEALTHY, "docker/api": DOCKERFILE.replace("-slim", "-slim AS run"), "fly.toml": config}
    found = planned(files)
    assert (found.dockerfile, found.context, found.stage, found.arguments) == ("docker/api", "", "run", {"A": "1"})


def test_the_context_is_the_folder_in_which_the_deploy_starts():
    files = {f"api/{path}": data for path, data in HEALTHY.items()}
    assert (planned(files).dockerfile, planned(files).context) == ("api/Dockerfile", "api")
    report = only({**files, "api/fly.toml": FLY}, Options(start="api"))
    assert report.start.directory == "api"


@pytest.mark.parametrize(
    ("files", "reached"),
    [
        ({**HEALTHY, "fly.toml": FLY + FLY}, "config"),
        ({"fly.toml": FLY, "main.py": MAIN}, "build"),
        ({**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  image = 'registry/app'")}, "unsupported"),
        (
            {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  builder = 'paketobuildpacks/builder:base'")},
            "unsupported",
        ),
        ({**NATIVE, "render.yaml": RENDER.replace("3.12.8", "3.12")}, "build"),
    ],
    ids=["config", "no-dockerfile", "image", "buildpack", "python"],
)
def test_what_stops_before_a_build_ends_here(files: Files, reached: str):
    found = made(files)
    assert isinstance(found, Attempt)
    assert found.reached == reached
    assert found.says
