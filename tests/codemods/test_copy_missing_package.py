import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "copy-missing-package"
MAIN = "from fastapi import FastAPI\nfrom shared.models import User\n\napp = FastAPI()\n"
ONE_BY_ONE = DOCKERFILE.replace("COPY . .", "COPY main.py .")
FILES = {
    **HEALTHY,
    "Dockerfile": ONE_BY_ONE,
    "main.py": MAIN,
    "shared/__init__.py": "",
    "shared/models.py": "class User:\n    pass\n",
}


def after(line: str, added: str, dockerfile: str = ONE_BY_ONE) -> dict[str, str]:
    assert dockerfile.count(line) == 1
    return {"Dockerfile": dockerfile.replace(line, line + added)}


def test_a_folder_beside_a_relative_destination():
    check_transformed(NAME, FILES, after("COPY main.py .\n", "COPY shared ./shared\n"))


def test_a_folder_beside_absolute_destinations():
    dockerfile = ONE_BY_ONE.replace("COPY main.py .", "COPY main.py /app/main.py").replace(
        "COPY requirements.txt .", "COPY r* /app/"
    )
    files = {**FILES, "Dockerfile": dockerfile}
    check_transformed(NAME, files, after("COPY main.py /app/main.py\n", "COPY shared /app/shared\n", dockerfile))


def test_a_bare_relative_destination_is_imitated():
    dockerfile = ONE_BY_ONE.replace("COPY main.py .", "COPY main.py main.py")
    check_transformed(
        NAME, {**FILES, "Dockerfile": dockerfile}, after("COPY main.py main.py\n", "COPY shared shared\n", dockerfile)
    )


def test_a_single_module_is_copied_as_a_file():
    files = {path: text for path, text in FILES.items() if not path.startswith("shared/")}
    files |= {
        "shared.py": "class models:\n    User = None\n",
        "main.py": MAIN.replace("shared.models", "shared").replace("User", "models"),
    }
    check_transformed(NAME, files, after("COPY main.py .\n", "COPY shared.py ./shared.py\n"))


def test_a_module_goes_into_the_folder_that_the_other_files_go_into():
    files = {path: text for path, text in FILES.items() if not path.startswith("shared/")}
    dockerfile = ONE_BY_ONE.replace("COPY main.py .", "COPY main.py /app/")
    files |= {"Dockerfile": dockerfile, "shared.py": "User = None\n", "main.py": MAIN.replace("shared.models", "shared")}
    check_transformed(NAME, files, after("COPY main.py /app/\n", "COPY shared.py /app/\n", dockerfile))


def test_a_relative_destination_is_not_written_where_workdir_changes_behind_it():
    dockerfile = DOCKERFILE.replace("COPY . .\n", "COPY backend /app/backend\nWORKDIR /app/backend\n")
    files = {path: text for path, text in FILES.items() if path != "main.py"}
    files |= {"Dockerfile": dockerfile, "backend/main.py": MAIN}
    added = "COPY shared /app/backend/shared\n"
    check_transformed(NAME, files, after("COPY backend /app/backend\n", added, dockerfile))


def test_the_line_goes_into_the_final_stage():
    dockerfile = """\
FROM python:3.11-slim AS build
WORKDIR /build
COPY . .
RUN pip install --prefix=/install fastapi uvicorn

FROM python:3.11-slim
COPY --from=build /install /usr/local
WORKDIR /app  # no comment, for BuildKit
"""
    dockerfile = dockerfile.replace("  # no comment, for BuildKit", "")
    dockerfile += 'COPY --from=build /build/main.py .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
    check_transformed(
        NAME, {**FILES, "Dockerfile": dockerfile}, after("WORKDIR /app\n", "COPY shared /app/shared\n", dockerfile)
    )


def test_a_dockerfile_without_a_final_newline_gets_none():
    cmd = ONE_BY_ONE[ONE_BY_ONE.index("CMD") :]
    dockerfile = ONE_BY_ONE.replace("COPY main.py .\n", "").replace(cmd, cmd + "COPY main.py .")
    files = {**FILES, "Dockerfile": dockerfile}
    check_transformed(NAME, files, {"Dockerfile": dockerfile + "\nCOPY shared ./shared"})


def test_comments_and_continuations_stay():
    dockerfile = ONE_BY_ONE.replace("COPY main.py .", "# ours\nCOPY main.py \\\n    # and nothing else\n    ./")
    files = {**FILES, "Dockerfile": dockerfile}
    check_transformed(NAME, files, after("    ./\n", "COPY shared ./shared\n", dockerfile))


def test_two_packages_take_two_lines():
    files = {**FILES, "main.py": MAIN.replace("app =", "import extra\n\napp ="), "extra/__init__.py": ""}
    made = planned(files, NAME)
    assert [step.codemod for step in made.steps] == [NAME, NAME]
    assert made.tree.text("Dockerfile") == ONE_BY_ONE.replace(
        "COPY main.py .\n", "COPY main.py .\nCOPY shared ./shared\nCOPY extra ./extra\n"
    )
    assert made.after[0].reached == "ok"


def test_what_is_copied_is_left_alone():
    check_noop(NAME, {**FILES, "Dockerfile": DOCKERFILE})


def test_a_package_that_is_installed_is_left_alone():
    check_noop(NAME, HEALTHY)


@pytest.mark.parametrize("path", ["shared/notes.txt", "lib/shared/models.py"])
def test_a_folder_without_modules_or_elsewhere_is_not_copied(path: str):
    files = {name: text for name, text in FILES.items() if not name.startswith("shared/")}
    assert "the root of the build context has no `shared`" in reasons(NAME, {**files, path: "User = None\n"})


def test_a_package_that_an_ignore_rule_keeps_out_is_not_copied():
    files = {**FILES, ".dockerignore": "shared\n"}
    assert "the root of the build context has no `shared`" in reasons(NAME, files)


def test_a_dockerfile_without_a_line_to_stand_beside_is_not_edited():
    dockerfile = (
        "FROM python:3.11-slim\nADD main.py /\nRUN pip install fastapi uvicorn\n" + DOCKERFILE[DOCKERFILE.index("CMD") :]
    )
    files = {**FILES, "Dockerfile": dockerfile}
    assert "the Dockerfile copies nothing that the line could stand beside" in reasons(NAME, files)


def test_a_dockerfile_of_two_targets_serves_both_afterwards():
    other = HEALTHY["fly.toml"].replace("demo", "other")
    check_transformed(NAME, {**FILES, "fly.other.toml": other}, after("COPY main.py .\n", "COPY shared ./shared\n"))
