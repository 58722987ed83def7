import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "fix-path-case"
IMPORTING = "from fastapi import FastAPI\nfrom models.user import User\n\napp = FastAPI()\n"
USER = "class User:\n    pass\n"
PACKAGE = {**HEALTHY, "main.py": IMPORTING, "models/__init__.py": "# ours\n", "models/User.py": USER}


def without(path: str, **more: str) -> dict[str, str]:
    return {**{known: text for known, text in HEALTHY.items() if known != path}, **more}


REQUIREMENTS = without("requirements.txt", **{"Requirements.txt": "fastapi\nuvicorn\n"})


def test_a_requirements_file_is_renamed():
    check_transformed(NAME, REQUIREMENTS, {"Requirements.txt": "", "requirements.txt": "fastapi\nuvicorn\n"})


def test_a_file_that_another_requirements_file_names():
    dockerfile = DOCKERFILE.replace("COPY requirements.txt .", "COPY *.txt ./")
    files = {**HEALTHY, "Dockerfile": dockerfile, "requirements.txt": "-r base.txt\n", "Base.txt": "fastapi\nuvicorn\n"}
    check_transformed(NAME, files, {"Base.txt": "", "base.txt": "fastapi\nuvicorn\n"})


def test_a_dockerfile_is_renamed():
    check_transformed(NAME, without("Dockerfile", dockerFile=DOCKERFILE), {"dockerFile": "", "Dockerfile": DOCKERFILE})


def test_the_module_of_the_start_command_is_renamed():
    check_transformed(NAME, without("main.py", **{"Main.py": MAIN}), {"Main.py": "", "main.py": MAIN})


def test_a_script_is_renamed():
    files = {
        **HEALTHY,
        "Dockerfile": DOCKERFILE[: DOCKERFILE.index("CMD")] + 'CMD ["python", "run.py"]\n',
        "Run.py": "import json\n",
    }
    check_transformed(NAME, files, {"Run.py": "", "run.py": "import json\n"})


def test_a_module_is_renamed_although_a_class_is_called_like_it():
    check_transformed(NAME, PACKAGE, {"models/User.py": "", "models/user.py": USER})


def test_a_submodule_that_is_imported_from_its_package():
    files = {**PACKAGE, "main.py": IMPORTING.replace("from models.user import User", "from models import user")}
    check_transformed(NAME, files, {"models/User.py": "", "models/user.py": USER})


def test_the_line_of_the_dockerfile_changes_where_the_name_is_used_elsewhere():
    files = {
        **REQUIREMENTS,
        ".github/workflows/test.yml": "on: push\njobs: {a: {steps: [{run: pip install -r Requirements.txt}]}}\n",
    }
    after = DOCKERFILE.replace("COPY requirements.txt .", "COPY Requirements.txt ./requirements.txt")
    check_transformed(NAME, files, {"Dockerfile": after})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY requirements.txt ./", "COPY Requirements.txt ./requirements.txt"),
        ("COPY requirements.txt /app/", "COPY Requirements.txt /app/requirements.txt"),
        ("COPY ./requirements.txt /app/requirements.txt", "COPY ./Requirements.txt /app/requirements.txt"),
        ('COPY [ "requirements.txt", "./" ]', 'COPY [ "Requirements.txt", "./requirements.txt" ]'),
        ("COPY requirements.txt \\\n  # here\n  ./", "COPY Requirements.txt \\\n  # here\n  ./requirements.txt"),
    ],
)
def test_the_image_keeps_the_wanted_name(before: str, after: str):
    files = {**REQUIREMENTS, "tox.ini": "[testenv]\ndeps = -rRequirements.txt\n    -r Requirements.txt\n"}
    files["Dockerfile"] = DOCKERFILE.replace("COPY requirements.txt .", before)
    check_transformed(NAME, files, {"Dockerfile": DOCKERFILE.replace("COPY requirements.txt .", after)})


def test_the_image_gets_the_files_own_name_where_that_is_the_one_that_is_used():
    files = without("main.py", **{"Main.py": MAIN, "Procfile": "web: uvicorn Main:app\n"})
    files["Dockerfile"] = DOCKERFILE.replace("COPY . .", "COPY main.py .").replace("main:app", "Main:app")
    check_transformed(NAME, files, {"Dockerfile": files["Dockerfile"].replace("COPY main.py", "COPY Main.py")})


@pytest.mark.parametrize("files", [HEALTHY, {**PACKAGE, "models/user.py": USER}])
def test_names_that_agree_are_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


@pytest.mark.parametrize(
    "code",
    [
        "from models.User import User\n",
        "import models.User\n",
        "from models import (\n    User,\n)\n",
        "def later():\n    from models import User\n",
        "from .models import User\n",
        "this is no code, and names User\n",
    ],
)
def test_a_module_that_other_code_imports_as_it_is_called_stays(code: str):
    assert "far/away.py uses the name `User.py`" in reasons(NAME, {**PACKAGE, "far/away.py": code})


@pytest.mark.parametrize(
    "text", ["python models/User.py\n", 'exclude = ["models/User.py"]\n', "celery -A models.User worker\n"]
)
def test_a_module_that_a_text_names_as_it_is_called_stays(text: str):
    assert "notes.toml uses the name `User.py`" in reasons(NAME, {**PACKAGE, "notes.toml": text})


def test_a_word_that_only_looks_like_the_name_keeps_nothing_back():
    files = {**PACKAGE, "notes.toml": "author = 'User'\nfile = 'SuperUser.py'\n", "far/away.py": "User = 1\nprint(User)\n"}
    check_transformed(NAME, files, {"models/User.py": "", "models/user.py": USER})


def test_a_folder_is_not_renamed():
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY backend ./backend\nCOPY . .")
    files = {**HEALTHY, "Dockerfile": dockerfile, "Backend/notes.txt": "x\n"}
    assert "Backend and backend differ in the case of a folder, which is not renamed" in reasons(NAME, files)


def test_a_package_is_not_renamed():
    files = {**HEALTHY, "main.py": IMPORTING, "Models/__init__.py": "", "Models/user.py": USER}
    assert "Models and models differ in the case of a folder, which is not renamed" in reasons(NAME, files)


def test_a_copy_of_several_files_is_not_edited():
    files = {**REQUIREMENTS, "Dockerfile": DOCKERFILE.replace("COPY requirements.txt .", "COPY requirements.txt main.py ./")}
    files["Makefile"] = "install:\n\tpip install -r Requirements.txt\n"
    assert "Makefile uses the name `Requirements.txt`" in reasons(NAME, files)


def test_of_two_spellings_none_is_renamed():
    files = {**REQUIREMENTS, "REQUIREMENTS.txt": "flask\n"}
    check_noop(NAME, files)


def test_a_name_that_another_target_uses_stays():
    other = FLY.replace("demo", "other").replace('"Dockerfile"', '"Dockerfile.other"')
    files = {**REQUIREMENTS, "fly.other.toml": other}
    files["Dockerfile.other"] = DOCKERFILE.replace("COPY requirements.txt .", "COPY Requirements.txt ./requirements.txt")
    made = planned(files, NAME)
    assert [report.reached for report in made.after] == ["ok", "ok"]
    assert [change.path for change in made.tree.changes()] == ["Dockerfile"]
