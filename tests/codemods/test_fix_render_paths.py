import pytest

from tests.tools import DOCKERFILE, MAIN, check_noop, check_transformed, planned

NAME = "fix-render-paths"
BACKEND = {"backend/requirements.txt": "fastapi\nuvicorn\n", "backend/main.py": MAIN}
NATIVE = """\
# Render
services:
  - type: web  # the API
    name: "api"  # its name
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION
        value: '3.11.4'
"""
ROOTED = NATIVE.replace("its name\n", "its name\n    rootDir: backend\n")
DOCKER = """\
services:
  - type: web
    name: api
    runtime: docker
    plan: free  # small
"""
CONTAINER = {**BACKEND, "backend/Dockerfile": DOCKERFILE}


def test_a_native_service_gets_its_folder():
    made = check_transformed(NAME, {**BACKEND, "render.yaml": NATIVE}, {"render.yaml": ROOTED})
    assert not [fault for report in made.after for fault in report.faults]


@pytest.mark.parametrize("wrong", ["frontend", "'frontend'", '"backnd"', "./x"])
def test_a_folder_that_is_wrong_is_put_right_in_its_quotes(wrong: str):
    quote = wrong[0] if wrong[0] in "\"'" else ""
    written = ROOTED.replace("rootDir: backend", f"rootDir: {wrong}  # here")
    right = ROOTED.replace("rootDir: backend", f"rootDir: {quote}backend{quote}  # here")
    check_transformed(NAME, {**BACKEND, "frontend/a.js": "", "render.yaml": written}, {"render.yaml": right})


def test_without_a_name_it_stands_behind_another_key():
    nameless = NATIVE.replace('    name: "api"  # its name\n', "")
    rooted = nameless.replace("runtime: python\n", "runtime: python\n    rootDir: backend\n")
    check_transformed(NAME, {**BACKEND, "render.yaml": nameless}, {"render.yaml": rooted})


def test_each_service_for_itself():
    worker = "  - type: worker\n    name: jobs\n    runtime: python\n    buildCommand: 'true'\n    startCommand: echo done\n"
    check_transformed(NAME, {**BACKEND, "render.yaml": NATIVE + worker}, {"render.yaml": ROOTED + worker})


def test_a_container_gets_the_paths_of_its_dockerfile():
    made = check_transformed(
        NAME,
        {**CONTAINER, "render.yaml": DOCKER},
        {
            "render.yaml": DOCKER.replace(
                "name: api\n",
                "name: api\n    dockerContext: ./backend\n    dockerfilePath: ./backend/Dockerfile\n",
            )
        },
        unsafe=True,
    )
    assert not [fault for report in made.after for fault in report.faults]


def test_a_context_that_is_wrong():
    written = DOCKER + "    dockerfilePath: ./backend/Dockerfile\n    dockerContext: .  # all\n"
    right = written.replace("dockerContext: .", "dockerContext: ./backend")
    check_transformed(NAME, {**CONTAINER, "render.yaml": written}, {"render.yaml": right})


def test_a_root_dir_that_leaves_out_what_the_dockerfile_copies():
    dockerfile = DOCKERFILE.replace("COPY requirements.txt", "COPY backend/requirements.txt").replace(
        "COPY . .", "COPY backend ."
    )
    written = DOCKER + "    rootDir: backend  # the API\n    dockerfilePath: backend/Dockerfile\n"
    right = DOCKER + "    dockerfilePath: backend/Dockerfile\n"
    made = check_transformed(
        NAME, {**CONTAINER, "backend/Dockerfile": dockerfile, "render.yaml": written}, {"render.yaml": right}
    )
    assert not [fault for report in made.after for fault in report.faults]
    assert made.steps[0].rationale.endswith("what it copies in the root. `rootDir` leaves the rest of the root out.")


def test_a_context_above_the_dockerfile():
    written = DOCKER + "    dockerfilePath: ./backend/Dockerfile\n    dockerContext: ./backend\n"
    whole = {**CONTAINER, "backend/Dockerfile": DOCKERFILE.replace("COPY requirements.txt", "COPY backend/requirements.txt")}
    whole["backend/Dockerfile"] = whole["backend/Dockerfile"].replace("COPY . .", "COPY backend .")
    right = written.replace("dockerContext: ./backend", "dockerContext: .")
    check_transformed(NAME, {**whole, "render.yaml": written}, {"render.yaml": right})


def test_healthy_ones_stay():
    check_noop(NAME, {**BACKEND, "render.yaml": ROOTED})
    check_noop(NAME, {**CONTAINER, "render.yaml": DOCKER + "    rootDir: backend\n"})


def test_no_folder_has_what_is_missing():
    check_noop(NAME, {"frontend/index.js": "", "render.yaml": NATIVE})


def test_a_list_that_is_called_otherwise_is_not_found_by_a_folder():
    check_noop(NAME, {"requirements/base.txt": "fastapi\n", "main.py": MAIN, "render.yaml": NATIVE})


@pytest.mark.parametrize(
    "blueprint",
    [
        "services: [{type: web, runtime: python, startCommand: uvicorn main:app --host 0.0.0.0}]\n",
        "services:\n  - {\n      type: web,\n      runtime: python,\n      startCommand: uvicorn main:app\n    }\n",
    ],
)
def test_flow_style_has_no_line_to_put_it_on(blueprint: str):
    assert not planned({**BACKEND, "render.yaml": blueprint}, NAME, unsafe=True).tree.changes()


def test_an_alias_is_not_written_over():
    blueprint = "x: &where frontend\n" + ROOTED.replace("rootDir: backend", "rootDir: *where")
    assert not planned({**BACKEND, "render.yaml": blueprint}, NAME, unsafe=True).tree.changes()
