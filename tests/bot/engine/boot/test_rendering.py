from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.tools import DOCKERFILE, FLY, HEALTHY, only

PAGE = (
    "from flask import Flask, render_template, request\n\napp = Flask(__name__)\n\n\n@app.route('/', methods=['GET', 'POST'])\n"
)
VIEW = PAGE + "def index():\n    return render_template('index.html')\n"
SERVED = DOCKERFILE[: DOCKERFILE.index("CMD")] + 'CMD ["gunicorn", "-b", "0.0.0.0:8080", "main:app"]\n'
TEMPLATES = """\
from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates

app = FastAPI()
templates = Jinja2Templates(directory="templates")


@app.get("/")
async def index(request: Request):
    return templates.TemplateResponse(request, "index.html")
"""
LINE = "jinja2.exceptions.TemplateNotFound: index.html"


def files(code: str, *pages: str, config: str = FLY) -> dict[str, str]:
    named = "flask\ngunicorn\n" if "flask" in code else "fastapi\nuvicorn\njinja2\n"
    found = {**HEALTHY, "main.py": code, "requirements.txt": named, "fly.toml": config, **dict.fromkeys(pages, "page")}
    return {**found, **({"Dockerfile": SERVED} if "flask" in code else {})}


def found(code: str, *pages: str, config: str = FLY) -> list[tuple[str, str]]:
    return [(fault.message, fault.confidence) for fault in only(files(code, *pages, config=config)).faults]


POSTS = "def index():\n    if request.method == 'POST':\n        return 'done'\n"


@pytest.mark.parametrize(
    "code",
    [
        VIEW,
        PAGE + POSTS + "    return render_template('index.html', items=[])\n",
        PAGE + "def index():\n    page = render_template('index.html')\n    return page\n",
        VIEW.replace("__name__)", "__name__, template_folder='pages')"),
    ],
)
def test_a_page_without_its_template_is_not_served(code: str, tmp_path: Path):
    assert found(code) == [(LINE, "likely")]
    assert answers(tmp_path, {"main.py": code}, "main:app", "/") == [500]


def test_templates_of_starlette():
    assert found(TEMPLATES) == [(LINE, "likely")]
    assert found(TEMPLATES, "pages/index.html") == [(LINE, "likely")]
    assert found(TEMPLATES, "templates/index.html") == []


@pytest.mark.parametrize(
    "code",
    [
        VIEW.replace("('index.html')", "(name)"),
        VIEW.replace("\ndef", "\n@cached\ndef").replace("app =", "from functools import cache as cached\n\napp ="),
        VIEW.replace("app =", "import jinja2\n\napp =") + "\n\napp.jinja_loader = jinja2.DictLoader({'index.html': ''})\n",
        VIEW + "\n\n@app.errorhandler(Exception)\ndef failed(error):\n    return 'sorry'\n",
        VIEW.replace("    return", "    if request.args:\n        return ''\n    return"),
        VIEW.replace("    return", "    try:\n        return ''\n    finally:\n        pass\n    return"),
        VIEW.replace("__name__", "'main'"),
        VIEW.replace("'/'", "'/page'"),
    ],
)
def test_what_may_be_served_is_no_fault(code: str):
    assert found(code) == []


def test_a_template_that_is_there_or_may_be():
    assert found(VIEW, "templates/index.html") == []
    made = files(VIEW)
    made["Dockerfile"] = SERVED.replace("CMD", "RUN mkdir templates && echo > templates/index.html\nCMD")
    assert only(made).faults == ()


def test_only_what_is_asked_for_counts():
    checked = FLY + "\n  [[http_service.checks]]\n    path = '{}'\n"
    code = VIEW + "\n\n@app.route('/health')\ndef health():\n    return 'ok'\n"
    assert found(code, config=checked.format("/health")) == []
    assert found(code, config=checked.format("/")) == [(LINE, "likely")]
