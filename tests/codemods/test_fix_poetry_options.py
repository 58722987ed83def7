import pytest

from tests.codemods import reasons
from tests.codemods.test_leave_project_out import DOCKERFILE, building
from tests.tools import check_noop, check_transformed

NAME = "fix-poetry-options"
PIP = "RUN pip install poetry uv\n"


def exporting(pip: str, run: str = "RUN poetry export -o r.txt && pip install -r r.txt") -> dict[str, str]:
    files = building(run)
    return {**files, "Dockerfile": files["Dockerfile"].replace(PIP, pip)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN poetry install --no-root --no-dev", "RUN poetry install --no-root --only main"),
        ("RUN poetry install --no-dev --no-root && pip check", "RUN poetry install --only main --no-root && pip check"),
        ("RUN poetry install \\\n  --no-dev \\\n  --no-root", "RUN poetry install \\\n  --only main \\\n  --no-root"),
    ],
)
def test_no_dev(before: str, after: str):
    made = check_transformed(NAME, building(before), {"Dockerfile": DOCKERFILE.format(after)})
    assert not made.after[0].faults


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN pip install poetry\n", "RUN pip install poetry poetry-plugin-export\n"),
        (
            "RUN pip install 'poetry==2.1.3' && poetry --version\n",
            "RUN pip install 'poetry==2.1.3' poetry-plugin-export && poetry --version\n",
        ),
        ("RUN pip install -U pip && pip3 install --no-cache-dir \\\n  poetry\n", None),
    ],
)
def test_the_plugin_that_exports(before: str, after: str | None):
    after = after or before.removesuffix("\n") + " poetry-plugin-export\n"
    check_transformed(NAME, exporting(before), {"Dockerfile": exporting(after)["Dockerfile"]})


def test_both_in_one_run():
    files = exporting("", "RUN pip install poetry && poetry export > r.txt && pip install -r r.txt")
    wanted = files["Dockerfile"].replace("install poetry &&", "install poetry poetry-plugin-export &&")
    check_transformed(NAME, files, {"Dockerfile": wanted})


def test_a_poetry_from_elsewhere_is_left_alone():
    files = exporting(
        "RUN curl -sSL https://install.python-poetry.org | POETRY_VERSION=2.1.3 python3 -\nENV POETRY_VERSION=2.1.3\n"
    )
    assert reasons(NAME, files) == {"the command is not written where it is edited"}


@pytest.mark.parametrize(
    "pip", ["RUN pip install poetry==1.8.5\n", "RUN pip install 'poetry<2'\n", "RUN pip install poetry poetry-plugin-export\n"]
)
def test_a_poetry_that_exports(pip: str):
    assert not check_noop(NAME, exporting(pip)).dropped


@pytest.mark.parametrize("pip", ["RUN pip install poetry==1.8.5\n", "RUN pip install 'poetry~=1.7'\n"])
def test_a_poetry_that_knows_no_dev(pip: str):
    assert not check_noop(NAME, exporting(pip, "RUN poetry install --no-root --no-dev")).dropped
