"""Repairs of the lists that packages are installed from."""

from __future__ import annotations

from tests.codemods.cases.parts import IMPORTING, INDEX, WITH_POETRY, Case, listing
from tests.tools import DOCKERFILE, HEALTHY, MAIN

PROJECT = """\
[project]
name = "demo"
version = "1"
dependencies = [
  "fastapi",
  "uvicorn>=0.30",
]
"""

CASES = [
    Case(
        "add-missing-extra",
        {
            **HEALTHY,
            "requirements.txt": "fastapi>=0.1\nuvicorn\n",
            "Dockerfile": DOCKERFILE.replace('"uvicorn", "main:app"', '"fastapi", "run"'),
        },
        "requirements.txt",
        "requirements",
        unsafe=True,
    ),
    Case("add-missing-requirement", {**WITH_POETRY, "main.py": f"import redis\n{MAIN}"}, "pyproject.toml"),
    Case("add-missing-requirement", IMPORTING, "requirements.txt", "requirements"),
    Case(
        "add-missing-requirement",
        {**IMPORTING, "requirements.txt": "aiofiles\nfastapi\nsqlalchemy>=2\nuvicorn\n"},
        "requirements.txt",
        "requirements",
    ),
    Case(
        "add-missing-requirement",
        {
            **IMPORTING,
            "pyproject.toml": PROJECT,
            "Dockerfile": DOCKERFILE.replace("requirements.txt .", ". .").replace("-r requirements.txt", "."),
        },
        "pyproject.toml",
        unsafe=True,
    ),
    Case("fix-foreign-requirement", listing("pywin32==306"), "requirements.txt", "requirements"),
    Case("fix-requirement-pin", listing("pymupdf==1.24.10"), "requirements.txt", "requirements", True, options=INDEX),
    Case("fix-requirement-syntax", listing("requests==-2.31.0"), "requirements.txt", "lines"),
    Case("relax-conflicting-pin", listing("first==1.0\nsecond==2.0"), "requirements.txt", "requirements", True, options=INDEX),
    Case(
        "name-packages",
        {
            **HEALTHY,
            "pyproject.toml": PROJECT.replace("-", ""),
            "Dockerfile": DOCKERFILE.replace("requirements.txt .", ". .").replace("-r requirements.txt", "."),
            "app/__init__.py": "",
            "core/__init__.py": "",
        },
        "pyproject.toml",
        unsafe=True,
    ),
    Case(
        "use-binary-driver",
        {**HEALTHY, "requirements.txt": "fastapi\npsycopg2==2.9.9\nuvicorn\n"},
        "requirements.txt",
        "requirements",
    ),
]
