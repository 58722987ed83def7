import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed

NAME = "unignore-needed-file"
PACKAGE = {
    **HEALTHY,
    "main.py": MAIN + "from lib.data import load\n",
    "lib/__init__.py": "# ours\n",
    "lib/data.py": "load = 1\n",
}


def ignoring(rules: str, files: dict[str, str] = HEALTHY) -> dict[str, str]:
    return {**files, ".dockerignore": rules}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("*.txt\n", "*.txt\n!requirements.txt\n"),
        ("*.md\n*.txt\n.env\n", "*.md\n*.txt\n!requirements.txt\n.env\n"),
        ("*.txt\n!notes.txt\nvenv\n", "*.txt\n!notes.txt\n!requirements.txt\nvenv\n"),
        ("requirements.txt\nvenv\n", "venv\n"),
        ("/requirements.txt  \nvenv\n", "venv\n"),
        ("venv\n*.txt", "venv\n*.txt\n!requirements.txt"),
    ],
)
def test_a_requirements_file(before: str, after: str):
    check_transformed(NAME, ignoring(before), {".dockerignore": after})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("venv/\nlib/\n", "venv/\n"),
        ("**/lib\n.env\n", "**/lib\n!lib\n.env\n"),
        ("**/data*\n", "**/data*\n!lib/data.py\n"),
        ("*\n!main.py\n!requirements.txt\n", "*\n!main.py\n!requirements.txt\n!lib\n"),
    ],
)
def test_a_module_of_the_app(before: str, after: str):
    check_transformed(NAME, ignoring(before, PACKAGE), {".dockerignore": after})


def test_a_file_that_is_opened_at_the_start():
    files = {
        **HEALTHY,
        "main.py": MAIN + 'LABELS = open("data/labels.json").read()\n',
        "data/labels.json": "{}",
        "data/a.csv": "",
    }
    check_transformed(NAME, ignoring("data\n", files), {".dockerignore": "data\n!data/labels.json\n"})
    check_transformed(NAME, ignoring("**/*.json\n", files), {".dockerignore": "**/*.json\n!data/labels.json\n"})


def test_a_wildcard_that_copies_nothing():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY requirements.txt .", "COPY *.txt ./")}
    check_transformed(NAME, ignoring("*.txt\n", files), {".dockerignore": "*.txt\n!requirements.txt\n"})


def test_the_readme_that_a_project_names():
    project = '[project]\nname = "demo"\nversion = "1"\nreadme = "README.md"\ndependencies = ["fastapi", "uvicorn"]\n\n'
    backend = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    files = {path: content for path, content in HEALTHY.items() if path != "requirements.txt"}
    files |= {"pyproject.toml": project + backend, "README.md": "# demo\n", "demo/__init__.py": "# ours\n"}
    files["Dockerfile"] = DOCKERFILE.replace(
        "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
        "RUN pip install uv\nCOPY . .\nRUN uv pip install --system .",
    )
    check_transformed(NAME, ignoring("*.md\n", files), {".dockerignore": "*.md\n!README.md\n"})


def test_an_entry_script():
    files = {**HEALTHY, "start.sh": "exec uvicorn main:app --host 0.0.0.0 --port 8080\n"}
    files["Dockerfile"] = DOCKERFILE.replace(
        'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]', "CMD sh start.sh"
    )
    check_transformed(NAME, ignoring("*.sh\n", files), {".dockerignore": "*.sh\n!start.sh\n"})


def test_the_ignore_file_beside_the_dockerfile():
    files = {**HEALTHY, "Dockerfile.dockerignore": "requirements.txt\n*.md\n"}
    check_transformed(NAME, files, {"Dockerfile.dockerignore": "*.md\n"})


@pytest.mark.parametrize("secret", [".env", "service-account.json", "server.key"])
def test_no_secret_is_let_in(secret: str):
    files = {**HEALTHY, secret: "x", "Dockerfile": DOCKERFILE.replace("COPY . .", f"COPY . .\nCOPY {secret} /run/")}
    words = f"{secret} may hold secrets; .dockerignore:1 keeps it out with reason"
    assert words in reasons(NAME, ignoring(f"{secret}\n", files))


def test_a_secret_in_the_same_folder_stays_out():
    files = {**PACKAGE, "lib/.env": "KEY=1\n"}
    assert "lib/.env would get into the image" in reasons(NAME, ignoring("lib\n", {**files, "main.py": MAIN + "import lib\n"}))


@pytest.mark.parametrize("rules", ["*.md\n", "venv\n.env\n", ""])
def test_rules_that_hide_nothing_needed_stay(rules: str):
    check_noop(NAME, ignoring(rules, PACKAGE))


def test_what_git_ignores_too_is_not_in_a_clone():
    check_noop(NAME, ignoring("*.csv\n", {**HEALTHY, "main.py": MAIN + "open('a.csv')\n"}))
