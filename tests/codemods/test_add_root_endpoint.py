from pathlib import Path

import pytest

from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.bot.engine.boot.answers import answers
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned, tree

NAME = "add-root-endpoint"
FASTAPI = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/items")\nasync def items():\n    return []\n'
ROOT = '\n\n@app.get("/")\nasync def root():\n    return {"service": "demo", "docs": "/docs"}\n'
FLASK = (
    "from flask import Flask, jsonify\n\napp = Flask(__name__)\n\n@app.route('/items')\ndef items():\n    return jsonify([])\n"
)
VIEW = "\n@app.route('/')\ndef root():\n    return jsonify({'service': 'demo'})\n"


def files(code: str) -> dict[str, str]:
    served = "uvicorn main:app --host 0.0.0.0 --port 8080" if "FastAPI" in code else "gunicorn main:app --bind 0.0.0.0:8080"
    dockerfile = f"{DOCKERFILE.partition('CMD')[0]}CMD {served}\n"
    return {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\nflask\ngunicorn\n", "Dockerfile": dockerfile, "main.py": code}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FASTAPI, FASTAPI + ROOT),
        (FLASK, FLASK + VIEW),
        (
            FASTAPI.replace("FastAPI()", "FastAPI(docs_url=None)"),
            FASTAPI.replace("FastAPI()", "FastAPI(docs_url=None)") + ROOT.replace(', "docs": "/docs"', ""),
        ),
    ],
)
def test_the_bare_address_is_answered(before: str, after: str, tmp_path: Path) -> None:
    check_transformed(NAME, files(before), {"main.py": after}, unsafe=True)
    assert answers(tmp_path, {"main.py": before}, "main:app", "/") == [404]
    assert answers(tmp_path, {"main.py": after}, "main:app", "/") == [200]


@pytest.mark.parametrize(
    "code",
    [
        FASTAPI + ROOT,
        FASTAPI + 'app.mount("/", other)\n',
        FASTAPI + "app.include_router(router)\n",
        FASTAPI.replace('"/items"', '"/{rest:path}"'),
        'from fastapi import FastAPI\n\napp = FastAPI()\n',
        FASTAPI.replace("FastAPI()", "made()"),
    ],
)  # fmt: skip
def test_an_app_that_answers_it_or_may(code: str) -> None:
    check_noop(NAME, files(code))


def test_nobody_is_asked_for_it_unless_it_is_selected() -> None:
    made = plan(tree(files(FASTAPI)), Shelf(), Options(), Allowed(unsafe=True))
    assert made.steps == ()
    assert [step.codemod for step in planned(files(FASTAPI), NAME, unsafe=True).steps] == [NAME]
