import pytest

from bot.engine.image import native, packages
from bot.engine.image.stage import Image
from bot.engine.model.findings import Place
from bot.engine.model.target import Native
from tests.tools import tree

FILES = {
    "requirements.txt": "fastapi\n",
    "main.py": "",
    "build.sh": "#!/usr/bin/env bash\nset -o errexit\npip install -r requirements.txt\n",
    "backend/requirements.txt": "flask\n",
    "backend/app.py": "",
}
PLACE = Place("render.yaml", 5)
PIP = "pip install -r requirements.txt"


def built(command: str = PIP, folder: str = "", env=None, python=(3, 11), files=FILES, **more) -> Image:
    return native.build(tree(files, **more), Native(folder, command, PLACE, python, True), env or {})


def codes(command: str, folder: str = "", **more) -> list[tuple[str, str]]:
    return [(fault.code, fault.confidence) for fault in built(command, folder, **more).faults]


def names(image: Image) -> list[str]:
    return [each.line.value for install in image.installs for each in install.requirements]


def test_the_clone_lies_where_render_puts_it():
    image = built()
    found = image.files.find("/opt/render/project/src/backend/app.py")
    assert found
    assert (found.tree, image.workdir, image.faults) == ("backend/app.py", "/opt/render/project/src", ())


def test_commands_run_in_the_folder_of_the_service():
    image = built(folder="backend")
    assert (image.workdir, names(image), image.faults) == ("/opt/render/project/src/backend", ["flask"], ())
    assert names(built("cd backend && " + PIP)) == ["flask"]
    assert names(built("pip install -r ../requirements.txt", "backend")) == ["fastapi"]


def test_what_is_installed_is_for_its_python():
    image = built(python=(3, 12))
    assert image.base.python == (3, 12)
    assert packages.installed(image.installs, image.base.python).has("starlette")


def test_the_build_sees_the_variables_of_the_service():
    assert names(built("pip install -r $LIST", env={"LIST": "backend/requirements.txt"})) == ["flask"]
    assert codes("pip install -r $LIST", env={"LIST": None}) == []
    assert built(env={"PATH": "/nowhere"}).env["PATH"].startswith("/opt/render/project/src/.venv/bin:/usr/local/bin")


def test_a_fault_stands_at_the_build_command():
    fault = built("pip install -r nope.txt").faults[0]
    assert (fault.code, fault.stage, fault.place) == ("requirements-missing", "build", PLACE)
    assert fault.message == "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'nope.txt'"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("./build.sh", [("script-not-executable", "certain")]),
        ("./nope.sh", [("run-file-missing", "certain")]),
        ("bash nope.sh", [("run-file-missing", "certain")]),
        ("docker build .", [("program-missing", "certain")]),
        (f"{PIP} && alembic upgrade head", [("program-missing", "likely")]),
        ("pip install .", [("project-metadata-missing", "certain")]),
    ],
)
def test_builds_that_fail(command: str, found: list[tuple[str, str]]):
    assert codes(command) == found


@pytest.mark.parametrize(
    "command",
    [
        "bash build.sh",
        "chmod +x build.sh && ./build.sh",
        "chmod a+x {build,other}.sh && ./build.sh",
        "pip install psycopg2",  # there is a compiler
        "pip install git+https://example.org/me/tool.git",
        "git submodule update --init && make --version",
        "pip install --upgrade pip && pip install -r requirements.txt && python manage.py migrate || true",
        "curl -sSL https://example.org/x | bash",
        "uv run web && poetry run web && pdm run web",
        "npm ci && npm run build",
        "./nope.sh || true",
        "docker ps; pip install fastapi",
        "",
        "'",
        "$(((",
    ],
)
def test_builds_that_may_pass(command: str):
    assert codes(command) == []


def test_a_script_with_its_bit_is_followed():
    image = built("./build.sh", executable=("build.sh",))
    assert (image.faults, names(image), image.unknowns) == ((), ["fastapi"], ())


def test_what_only_follows_from_a_folder_that_is_not_there_is_left_to_the_platform_that_names_it():
    assert codes(PIP, "nope") == []
    assert codes("true", "../../x") == []


def test_there_is_no_command_of_the_image():
    image = built()
    assert (image.command, image.entrypoint, image.instructions, image.base.known) == (None, None, (), True)


@pytest.mark.parametrize(
    "command", ["pip install flask", "uv pip install flask", "poetry install", "uv sync", "pipenv install"]
)
def test_all_of_it_goes_into_the_environment_that_is_active(command: str):
    project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["flask"]\n\n[tool.poetry]\npackage-mode = false\n'
    image = built(command, files={"pyproject.toml": project, "Pipfile": '[packages]\nflask = "*"\n'})
    assert ([install.prefix for install in image.installs], image.faults) == (["/opt/render/project/src/.venv"], ())
