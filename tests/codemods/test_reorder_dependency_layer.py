"""reorder-dependency-layer: requirements that are installed behind the sources."""

import pytest

from bot.engine.plan import Allowed, weaknesses
from codemods import Shelf
from tests.tools import HEALTHY, MAIN, check_noop, check_transformed, only, text, tree

NAME = "reorder-dependency-layer"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
HEAD = "FROM python:3.11-slim\nWORKDIR /app\n"
PIP = "RUN pip install -r requirements.txt\n"


def built(body: str, **files: str) -> dict[str, str]:
    return HEALTHY | {"Dockerfile": body + CMD} | files


def check(before: str, after: str, **files: str) -> None:
    check_transformed(NAME, built(before, **files), {"Dockerfile": after + CMD})


def test_the_sources_come_last():
    check(f"{HEAD}COPY . .\n{PIP}", f"{HEAD}COPY requirements.txt .\n{PIP}COPY . .\n")


def test_comments_blank_lines_and_continuations_go_along():
    before = text(
        """
        FROM python:3.11-slim
        WORKDIR /app

        # the sources
        COPY --chown=1000 . /app

        # the packages
        RUN pip install --upgrade pip && \\
            pip install --no-cache-dir -r requirements.txt gunicorn

        """
    )
    after = text(
        """
        FROM python:3.11-slim
        WORKDIR /app

        COPY requirements.txt /app/

        # the packages
        RUN pip install --upgrade pip && \\
            pip install --no-cache-dir -r requirements.txt gunicorn

        # the sources
        COPY --chown=1000 . /app

        """
    )
    check(before, after)


def test_what_stands_between_and_does_not_matter_comes_first():
    before = f"FROM python:3.11-slim\nCOPY . /app\n\nWORKDIR /app\nENV A=1\n{PIP}"
    check(before, f"FROM python:3.11-slim\nWORKDIR /app\nENV A=1\nCOPY requirements.txt /app/\n{PIP}COPY . /app\n")


def test_lists_in_folders():
    files = {"src/requirements.txt": "fastapi\nuvicorn\n", "src/main.py": MAIN}
    check(f"{HEAD}COPY ./src ./\n{PIP}", f"{HEAD}COPY ./src/requirements.txt ./\n{PIP}COPY ./src ./\n", **files)
    run = "RUN uv pip install --system -r deps/web.txt\n"
    head = HEAD + "RUN pip install uv\n"
    check(
        f"{head}COPY . .\n{run}", f"{head}COPY deps/web.txt ./deps/\n{run}COPY . .\n", **{"deps/web.txt": "fastapi\nuvicorn\n"}
    )


@pytest.mark.parametrize(
    ("body", "files"),
    [
        (f"{HEAD}COPY requirements.txt .\n{PIP}COPY . .\n", {}),
        (f"{HEAD}COPY requirements.txt main.py ./\n{PIP}", {}),
        (f"{HEAD}COPY requirements*.txt ./\n{PIP}COPY . .\n", {}),
        (f"{HEAD}COPY requirements.txt .\nCOPY . .\n{PIP}", {}),
        (f"{HEAD}COPY . .\nRUN pip install -r requirements.txt && python main.py\n", {}),
        (f"{HEAD}COPY . .\nRUN --mount=type=cache,target=/root/.cache pip install -r requirements.txt\n", {}),
        (f"{HEAD}COPY . .\n{PIP}", {"requirements.txt": "-e .\nfastapi\nuvicorn\n", "setup.py": ""}),
        (f"{HEAD}COPY . .\n{PIP}", {"requirements.txt": "-r more.txt\nuvicorn\n", "more.txt": "fastapi\n"}),
        (f"{HEAD}COPY . .\n{PIP}", {"requirements.txt": "-c more.txt\nuvicorn\nfastapi\n", "more.txt": ""}),
        (f"{HEAD}COPY . .\nRUN pip install .\n", {"setup.py": ""}),
    ],
)
def test_a_build_in_the_right_order_or_with_more_in_it_is_no_weakness(body, files):
    files = built(body, **files)
    assert "requirements-late" not in [
        found.code for found in weaknesses([only(files)], tree(files), Shelf(), Allowed())[0].weaknesses
    ]
    check_noop(NAME, files)


@pytest.mark.parametrize("between", ["RUN python prepare.py\n", "USER nobody\n", "ARG A\n", 'SHELL ["/bin/sh", "-ec"]\n'])
def test_what_may_matter_between_the_two_keeps_them(between):
    check_noop(NAME, built(f"{HEAD}COPY . .\n{between}{PIP}", **{"prepare.py": ""}))
