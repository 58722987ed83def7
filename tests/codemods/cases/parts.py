"""What the cases of several kinds are made of."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.simulate import Options
from tests.bot.engine.boot.test_django_checks import SETTINGS
from tests.bot.engine.index import WEB, Dist, Index
from tests.tools import HEALTHY, MAIN


class Case(NamedTuple):
    """A repository that a codemod repairs, and the file that is laid out anew."""

    codemod: str
    files: dict[str, str]
    edited: str
    kind: str = "toml"  # or "dockerfile", "ignore", "python", "requirements", "yaml"
    unsafe: bool = False
    after: str | None = None  # what the file is called afterwards
    sorted: bool = True  # the lines keep their order
    options: Options = Options()


BACKEND = {"backend/main.py": MAIN, "backend/requirements.txt": "fastapi\nuvicorn\n"}
HTTPS = SETTINGS.replace('["shop.fly.dev"]', '["*"]') + "SECURE_SSL_REDIRECT = True\n"


def listing(lines: str) -> dict[str, str]:
    return {**HEALTHY, "requirements.txt": f"fastapi\n{lines}\nuvicorn\n"}


IMPORTING = {**HEALTHY, "main.py": f"import requests\n{MAIN}"}
INDEX = Options(
    package_index=Index(
        {
            **WEB,
            "pymupdf": {"1.24.9": Dist(), "1.24.11": Dist()},
            "first": {"1.0": Dist(("second<2",))},
            "second": {"1.5": Dist(), "2.0": Dist()},
            "old": {"1.0": Dist(python="<3.11")},
        }
    )
)
MANAGED = """\
FROM python:3.11-slim
RUN pip install poetry
ENV POETRY_VIRTUALENVS_CREATE=false
WORKDIR /app
COPY pyproject.toml ./
RUN pip check && \\
    poetry install
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""
POETRY = """\
[tool.poetry]
name = "demo"
package-mode = false

[tool.poetry.dependencies]
python = "^3.10"
fastapi = "*"
uvicorn = "*"

[tool.other]
x = 1
"""
WITH_POETRY = {**HEALTHY, "pyproject.toml": POETRY, "Dockerfile": MANAGED}
