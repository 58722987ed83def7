from tests.codemods import reasons
from tests.tools import MAIN, check_noop, check_transformed, planned, reports

NAME = "move-render-yaml"
BLUEPRINT = """\
# Render
services:
  - type: web
    name: api  # ours
    runtime: python
    rootDir: backend
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION
        value: '3.11.4'
"""
BACKEND = {"backend/requirements.txt": "fastapi\nuvicorn\n", "backend/main.py": MAIN}


def test_a_blueprint_in_a_folder_moves_to_the_root():
    before = {**BACKEND, "backend/render.yaml": BLUEPRINT}
    made = check_transformed(NAME, before, {"backend/render.yaml": "", "render.yaml": BLUEPRINT}, unsafe=True)
    assert not [fault for report in made.after for fault in report.faults]
    assert [step.codemod for step in made.steps] == [NAME]


def test_one_that_lies_deep_moves_too():
    before = {**BACKEND, "deploy/prod/render.yaml": BLUEPRINT}
    check_transformed(NAME, before, {"deploy/prod/render.yaml": "", "render.yaml": BLUEPRINT}, unsafe=True)


def test_one_with_several_services_moves_once():
    both = (
        BLUEPRINT
        + "  - type: worker\n    name: jobs\n    runtime: python\n    rootDir: backend\n    startCommand: python main.py\n"
    )
    check_transformed(
        NAME, {**BACKEND, "backend/render.yaml": both}, {"backend/render.yaml": "", "render.yaml": both}, unsafe=True
    )


def test_the_dashboard_may_name_the_path_so_it_is_not_safe():
    files = {**BACKEND, "backend/render.yaml": BLUEPRINT}
    assert [fault.confidence for fault in reports(files)[0].faults] == ["likely"]
    assert not planned(files, NAME).tree.changes()


def test_of_several_none_moves():
    files = {**BACKEND, "a/render.yaml": BLUEPRINT, "b/render.yaml": BLUEPRINT}
    assert reasons(NAME, files) == {"there are several, and the root holds one"}


def test_one_in_the_root_stays():
    check_noop(NAME, {**BACKEND, "render.yaml": BLUEPRINT})
    check_noop(NAME, {**BACKEND, "render.yaml": BLUEPRINT, "demo/render.yaml": BLUEPRINT})


def test_another_name_is_no_blueprint():
    assert not planned({**BACKEND, "backend/render.yml": BLUEPRINT}, NAME, unsafe=True).tree.changes()
