import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, MAIN, check_noop, check_transformed, planned, reports

NAME = "fix-render-keys"
BACKEND = {"backend/requirements.txt": "fastapi\nuvicorn\n", "backend/main.py": MAIN}
NATIVE = """\
# Render
services:
  - type: web  # the API
    name: "api"
    runtime: python
    plan: 'free'
    rootDir: backend  # where it lies
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT

    envVars:
      - key: PYTHON_VERSION
        value: 3.11.4
"""
DOCKER = """\
services:
  - type: web
    name: api
    runtime: docker
    dockerfilePath: ./backend/Dockerfile
    dockerContext: ./backend
"""
CONTAINER = {**BACKEND, "backend/Dockerfile": DOCKERFILE}


def files(blueprint: str) -> dict[str, str]:
    return {**BACKEND, "render.yaml": blueprint}


@pytest.mark.parametrize("key", ["rootDirectory", "root", "rootdir", "rootDri", "rootPath"])
def test_the_folder_of_a_service(key: str):
    made = check_transformed(NAME, files(NATIVE.replace("rootDir", key)), {"render.yaml": NATIVE})
    assert not [fault for report in made.after for fault in report.faults]


def test_the_build_command():
    before = {**files(NATIVE.replace("buildCommand", "buildComand").replace("requirements.txt", "needs.txt"))}
    before["backend/needs.txt"] = before.pop("backend/requirements.txt")
    check_transformed(NAME, before, {"render.yaml": NATIVE.replace("requirements.txt", "needs.txt")})


def test_several_keys_in_one_run():
    written = DOCKER.replace("dockerfilePath", "dockerFilePath").replace("dockerContext", "context")
    check_transformed(NAME, {**CONTAINER, "render.yaml": written}, {"render.yaml": DOCKER}, unsafe=True)


def test_flow_style_keeps_its_quotes():
    flow = (
        'services: [{"type": "web", "runtime": "python", "%s": "backend", "startCommand": "uvicorn main:app --host 0.0.0.0"}]\n'
    )
    check_transformed(NAME, files(flow % "rootDirectory"), {"render.yaml": flow % "rootDir"})


def test_a_file_without_a_last_newline():
    moved = NATIVE.replace("    rootDir: backend  # where it lies\n", "").rstrip() + "\n    rootDir: backend"
    check_transformed(NAME, files(moved.replace("rootDir", "rootDirectory")), {"render.yaml": moved})


def test_a_known_key_that_stands_there_too_is_left_alone():
    both = NATIVE.replace("rootDir: backend", "rootDir: nowhere").replace("    plan", "    rootDirectory: backend\n    plan")
    check_noop(NAME, files(both))


def test_an_unknown_key_without_a_meaning():
    unknown = NATIVE.replace("rootDir: backend", "whereabouts: backend")
    assert reasons(NAME, files(unknown)) == {"what `whereabouts` means is not known"}


def test_an_unknown_key_that_only_the_sync_minds():
    unknown = NATIVE.replace("plan:", "plann:")
    check_transformed(NAME, files(unknown), {"render.yaml": NATIVE}, unsafe=True)
    assert not planned(files(unknown)).tree.changes()


def test_a_key_that_means_nothing_goes():
    unknown = NATIVE.replace("    plan:", "    nodeVersion: 20  # for the build\n    plan:")
    check_transformed(NAME, files(unknown), {"render.yaml": NATIVE}, unsafe=True)


def test_a_version_of_python_is_a_variable():
    without = NATIVE[: NATIVE.index("    envVars:")].rstrip() + "\n"
    versioned = without.replace("    plan:", "    pythonVersion: 3.12\n    plan:")
    wanted = without.replace("$PORT\n", '$PORT\n    envVars:\n      - key: PYTHON_VERSION\n        value: "3.12.8"\n')
    check_transformed(NAME, files(versioned), {"render.yaml": wanted}, unsafe=True)
    listed = NATIVE.replace("key: PYTHON_VERSION\n        value: 3.11.4", "key: DEBUG\n        value: x")
    versioned = listed.replace("    plan:", "    pythonVersion: '3.12.1'\n    plan:")
    wanted = listed.rstrip() + '\n      - key: PYTHON_VERSION\n        value: "3.12.1"\n'
    check_transformed(NAME, files(versioned), {"render.yaml": wanted}, unsafe=True)


def test_a_key_of_a_reference():
    other = "  - type: worker\n    name: jobs\n    runtime: python\n    rootDir: backend\n    startCommand: python main.py\n"
    other += "    envVars:\n      - key: TOKEN\n        fromService:\n          name: api\n          type: web\n"
    other += "          {}: PYTHON_VERSION\n"
    written = NATIVE.rstrip() + "\n" + other
    check_transformed(NAME, files(written.format("envVar")), {"render.yaml": written.format("envVarKey")}, unsafe=True)


def test_a_healthy_blueprint_stays():
    check_noop(NAME, files(NATIVE))
    check_noop(NAME, {**CONTAINER, "render.yaml": DOCKER})


def test_a_key_of_a_merged_mapping_stays():
    merged = (
        "base: &base\n  rootDirectory: backend\n"
        "services:\n  - <<: *base\n    type: web\n    runtime: python\n    startCommand: uvicorn main:app --host 0.0.0.0\n"
    )
    assert reports(files(merged))[0].faults
    assert not planned(files(merged), NAME, unsafe=True).tree.changes()
