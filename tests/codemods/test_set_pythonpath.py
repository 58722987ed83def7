from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

BELOW = DOCKERFILE.replace("COPY . .\n", "COPY . .\nWORKDIR /app/backend\n")
FILES = {
    **HEALTHY,
    "Dockerfile": BELOW,
    "backend/__init__.py": "",
    "backend/main.py": "from fastapi import FastAPI\nfrom backend.db import connect\n\napp = FastAPI()\n",
    "backend/db.py": "def connect():\n    return None\n",
}


def test_a_line_of_its_own_behind_the_last_workdir():
    changed = BELOW.replace("WORKDIR /app/backend\n", "WORKDIR /app/backend\nENV PYTHONPATH=/app\n")
    check_transformed("set-pythonpath", FILES, {"Dockerfile": changed})


def test_stands_with_the_other_variables():
    dockerfile = BELOW.replace("COPY . .\n", "ENV PYTHONUNBUFFERED=1\nCOPY . .\n")
    changed = dockerfile.replace("ENV PYTHONUNBUFFERED=1\n", "ENV PYTHONUNBUFFERED=1\nENV PYTHONPATH=/app\n")
    check_transformed("set-pythonpath", {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": changed})


def test_another_entry_where_it_is_set_already():
    dockerfile = BELOW.replace("COPY . .\n", 'COPY . .\nENV PYTHONPATH="/opt/lib" LANG=C.UTF-8\n')
    changed = dockerfile.replace('"/opt/lib"', '"/opt/lib:/app"')
    check_transformed("set-pythonpath", {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": changed})


def test_imports_that_resolve_are_left_alone():
    check_noop("set-pythonpath", HEALTHY)


def test_a_module_that_the_image_does_not_have_is_not_its_matter():
    files = {**HEALTHY, "main.py": "import nowhere_to_be_found\n\napp = None\n"}
    made = check_noop("set-pythonpath", files)
    assert "no folder of the image has a module `nowhere_to_be_found`" in {dropped.reason for dropped in made.dropped}


def test_the_plan_takes_it_for_imports_that_begin_above_the_start_folder():
    assert [step.codemod for step in planned(FILES).steps] == ["set-pythonpath"]
