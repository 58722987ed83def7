import pytest

from tests.codemods import check_noop, reasons
from tests.tools import DOCKERFILE, MAIN, check_transformed

NAME = "fix-render-services"
HEAD = "services:\n  - type: web # the API\n    name: api\n"
NATIVE = f"""\
{HEAD}    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""
DOCKER = f"{HEAD}    runtime: docker\n    healthCheckPath: /docs\n"
FILES = {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "Dockerfile": DOCKERFILE}


def check(before: str, after: str) -> None:
    made = check_transformed(NAME, {**FILES, "render.yaml": before}, {"render.yaml": after}, unsafe=True)
    assert made.after[0].reached == "ok", made.after[0].faults


@pytest.mark.parametrize("kind", ["web_service", "Web", "api"])
def test_a_type_of_ours(kind: str):
    check(NATIVE.replace("type: web", f"type: {kind}"), NATIVE)


def test_a_static_site_is_a_web_service():
    site = "  - type: static_site\n    name: frontend\n    staticPublishPath: ./dist\n"
    wanted = "  - type: web\n    name: frontend\n    runtime: static\n    staticPublishPath: ./dist\n"
    check(NATIVE + site, NATIVE + wanted)
    check(NATIVE + site.replace("    static", "    env: node\n    static"), NATIVE + wanted.replace("runtime", "env"))


def test_a_store_says_who_may_reach_it():
    store = "  - type: redis\n    name: cache\n    plan: free # enough\n"
    check(NATIVE + store, f"{NATIVE}{store}    ipAllowList: []\n")


def test_a_native_service_builds_without_docker():
    check(f"{NATIVE}    dockerfilePath: ./Dockerfile\n    dockerContext: .\n", NATIVE)


def test_a_service_that_its_dockerfile_builds():
    native = DOCKER.replace(
        "runtime: docker", "runtime: python\n    buildCommand: pip install x\n    dockerfilePath: ./Dockerfile"
    )
    check(native, DOCKER.replace("runtime: docker", "runtime: docker\n    dockerfilePath: ./Dockerfile"))


def test_the_start_command_of_a_docker_service():
    command = "uvicorn main:app --host 0.0.0.0 --port 10000"
    check(f"{DOCKER}    startCommand: {command}\n", f"{DOCKER}    dockerCommand: {command}\n")
    shell = "uvicorn main:app --host 0.0.0.0 --port $PORT"
    check(f"{DOCKER}    startCommand: {shell}\n", f"{DOCKER}    dockerCommand: /bin/sh -c '{shell}'\n")
    check(f"{DOCKER}    buildCommand: pip install .\n", DOCKER)


def test_a_free_instance_prepares_itself_before_it_serves():
    before = NATIVE.replace("    startCommand", "    plan: free\n    preDeployCommand: python main.py\n    startCommand")
    after = NATIVE.replace("    startCommand: ", "    plan: free\n    startCommand: python main.py && ")
    check(before, after)


def test_a_type_that_means_nothing():
    said = "the service is not written on lines of its own, or what it should be is not known"
    assert reasons(NAME, {**FILES, "render.yaml": NATIVE.replace("type: web", "type: xyz")}) == {said}


@pytest.mark.parametrize(
    "blueprint",
    [NATIVE, DOCKER, f"{NATIVE}    preDeployCommand: python main.py\n    plan: starter\n", NATIVE.replace("runtime", "env")],
)
def test_what_the_sync_takes_is_left_alone(blueprint: str):
    check_noop(NAME, {**FILES, "render.yaml": blueprint})
