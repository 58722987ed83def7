"""Files and folders that the code needs as it starts, held against real Python where that has them."""

import ast
from pathlib import Path

import pytest

from bot.engine.boot.files import made, needs
from tests.bot.engine.boot.tools import Booted, boot, run
from tests.tools import faults, text

SERVER = ("uvicorn", "main:app")


def script(source: str, files: dict[str, str] | None = None, dockerfile: str = "COPY . .\n", **more: object) -> Booted:
    return boot({"main.py": text(source), **(files or {})}, ("python", "main.py"), None, dockerfile, **more)


def missing(source: str, files: dict[str, str] | None = None, dockerfile: str = "COPY . .\n", **more: object) -> list[str]:
    return script(source, files, dockerfile, **more).messages


def errno(path: str) -> str:
    return f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'"


# --- as Python does

TRUTH = {
    "read": "open('a.txt')\n",
    "read in a with": "with open('data/a.txt', encoding='utf-8') as file:\n    file.read()\n",
    "read by keyword": "open(mode='rb', file='a.bin')\n",
    "io": "import io\nio.open('a.txt')\n",
    "imported": "from io import open\nopen('a.txt')\n",
    "gzip": "import gzip\ngzip.open('a.gz')\n",
    "a module by another name": "import zipfile as z\nz.ZipFile('a.zip')\n",
    "tarfile": "import tarfile\ntarfile.open('a.tar.gz')\n",
    "json": "import json\njson.load(open('a.json'))\n",
    "Path.read_text": "from pathlib import Path\nPath('a.txt').read_text()\n",
    "Path.open": "from pathlib import Path\nHERE = Path('data')\nwith (HERE / 'a.txt').open() as file:\n    pass\n",
    "Path of a name": "from pathlib import Path\nHERE = Path('a//b')\nHERE.read_bytes()\n",
    "beside the file": "import os\nopen(os.path.join(os.path.dirname(__file__), 'a.txt'))\n",
    "beside the file with a Path": "from pathlib import Path\nopen(Path(__file__).resolve().parent / 'a.txt')\n",
    "an f-string": "NAME = 'a'\nopen(f'data/{NAME}.txt')\n",
    "a folder": "import os\nos.listdir('data')\n",
    "iterdir": "from pathlib import Path\nfor each in Path('data').iterdir():\n    pass\n",
    "chdir": "import os\nos.chdir('data')\n",
    "written into a folder": "open('logs/app.log', 'a')\n",
    "write_text": "from pathlib import Path\nPath('out/a.txt').write_text('')\n",
    "FileHandler": "import logging\nlogging.FileHandler('logs/app.log')\n",
    "basicConfig": "import logging\nlogging.basicConfig(filename='logs/app.log')\n",
    "RotatingFileHandler": "from logging.handlers import RotatingFileHandler\nRotatingFileHandler('logs/app.log')\n",
    "sqlite": "import sqlite3\nsqlite3.connect('data/app.db')\n",
    "a function": "def load():\n    return open('a.txt')\n\nload()\n",
    "a path that is handed on": "def load(path):\n    return open(path, 'rb')\n\nload('a.txt')\n",
    "a default": "from pathlib import Path\n\ndef load(path=Path('a.txt')):\n    return path.read_text()\n\nload()\n",
    "by keyword": "def load(path, deep=False):\n    return open(path)\n\nload(deep=True, path='a.txt')\n",
    "a class body": "class Settings:\n    text = open('a.txt').read()\n",
    "another error is caught": "try:\n    open('a.txt')\nexcept KeyError:\n    pass\n",
    "the else of a guard": "import os\nif os.path.exists('b.txt'):\n    pass\nelse:\n    open('a.txt')\n",
    "not there": "from pathlib import Path\nif not Path('b').is_dir():\n    open('a.txt')\n",
    "an error raised anew": "try:\n    open('a.txt')\nexcept FileNotFoundError:\n    raise\n",
}
HEALTHY = {
    "a file that is there": "open('there.txt')\n",
    "a folder that is there": "import os\nos.listdir('folder')\nopen('folder/new.log', 'w')\n",
    "written here": "open('a.txt', 'w').close()\nopen('a.txt')\n",
    "written by a function": "def make():\n    open('a.txt', 'w').close()\n\nmake()\nopen('a.txt')\n",
    "written by a method": """
        class Store:
            def __init__(self, path='a.txt'):
                self.path = path

            def make(self):
                with open(self.path, 'w') as file:
                    file.write('x')

        Store().make()
        open('a.txt')
    """,
    "a folder made by a method": """
        import os

        class Log:
            path: str = 'logs/a.log'

            def make(self):
                os.makedirs(os.path.dirname(self.path), exist_ok=True)

        Log().make()
        open('logs/a.log', 'w')
    """,
    "a folder made": "import os\nos.makedirs('logs', exist_ok=True)\nopen('logs/a.log', 'w')\n",
    "a folder made with a Path": "from pathlib import Path\nLOGS = Path('logs')\nLOGS.mkdir()\n(LOGS / 'a').write_text('')\n",
    "a guard": "import os\nif os.path.exists('a.txt'):\n    open('a.txt')\n",
    "a guard with a Path": "from pathlib import Path\nA = Path('a.txt')\nTEXT = A.read_text() if A.exists() else ''\n",
    "a guard behind and": "import os\nA = 'a.txt'\nos.path.isfile(A) and open(A)\n",
    "a caught error": "try:\n    open('a.txt')\nexcept FileNotFoundError:\n    pass\n",
    "a caught OSError": "try:\n    import json\n    json.load(open('a.txt'))\nexcept (OSError, ValueError):\n    pass\n",
    "any error caught": "try:\n    open('a.txt')\nexcept Exception:\n    pass\n",
    "suppress": "from contextlib import suppress\nwith suppress(FileNotFoundError):\n    open('a.txt')\n",
    "a parameter that is bound anew": "def load(path='a.txt'):\n    path = 'there.txt'\n    return open(path)\n\nload()\n",
    "another path is handed on": "def load(path='a.txt'):\n    return open(path)\n\nload('there.txt')\n",
    "a function that nobody calls": "def load():\n    return open('a.txt')\n",
    "no module of its own": "if __name__ != '__main__':\n    open('a.txt')\n",
    "a delayed handler": "import logging\nlogging.FileHandler('logs/a.log', delay=True)\n",
    "in memory": "import sqlite3\nsqlite3.connect(':memory:')\n",
    "a name of its own": "def open(path):\n    return path\n\nopen('a.txt')\n",
    "another folder": "import os\nos.chdir('folder')\nopen('inside.txt')\n",
}
FILES = {"there.txt": "x\n", "folder/inside.txt": "x\n"}


@pytest.mark.parametrize("case", TRUTH)
def test_what_is_missing_is_said_in_pythons_words(case: str, tmp_path: Path):
    files = {"main.py": text(TRUTH[case]), **FILES}
    told = run(tmp_path / "app", files, ("python", "main.py"))
    assert told
    assert boot(files, ("python", "main.py")).verdict == told


@pytest.mark.parametrize("case", HEALTHY)
def test_what_runs_misses_nothing(case: str, tmp_path: Path):
    files = {"main.py": text(HEALTHY[case]), **FILES}
    assert run(tmp_path / "app", files, ("python", "main.py")) == ""
    assert boot(files, ("python", "main.py")).messages == []


# --- words of others, tried with the versions that files.py names


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import joblib\njoblib.load('m.joblib')\n", errno("m.joblib")),
        ("from joblib import load\nload('m.joblib')\n", errno("m.joblib")),
        ("import pandas as pd\npd.read_csv('a.csv', sep=';')\n", errno("a.csv")),
        ("import pandas\npandas.read_parquet(path='a.parquet')\n", "FileNotFoundError: a.parquet"),
        ("import numpy as np\nnp.loadtxt('a.txt')\n", "FileNotFoundError: a.txt not found."),
        ("import torch\ntorch.load('m.pt', map_location='cpu')\n", errno("m.pt")),
        ("from PIL import Image\nImage.open('a.png')\n", errno("a.png")),
        (
            "from tensorflow.keras.models import load_model\nload_model('m.keras')\n",
            "ValueError: File not found: filepath=m.keras. Please ensure the file is an accessible `.keras` zip file.",
        ),
        ("from firebase_admin import credentials\ncredentials.Certificate('key.json')\n", errno("key.json")),
    ],
)
def test_what_packages_say(source: str, words: str):
    needed = "RUN pip install joblib pandas numpy torch pillow tensorflow firebase-admin\n"
    assert missing(source, dockerfile=f"{needed}COPY . .\n")[-1] == words


# --- what the image has


def test_what_the_dockerfile_does_not_copy_is_missing_for_certain():
    booted = script("open('data/a.txt')\n", {"data/a.txt": ""}, "COPY main.py .\n")
    assert booted.certain == [errno("data/a.txt")]


def test_a_rule_that_keeps_it_out_is_named():
    booted = script("open('a.csv')\n", {"a.csv": "", ".dockerignore": "*.csv\n"})
    assert booted.certain == [errno("a.csv")]
    assert booted.faults[0].reason == ".dockerignore:1 keeps it out of the build context."


def test_what_lies_behind_a_link_that_leaves_the_repository_is_not_known():
    assert missing("open('data/a.txt')\n", links={"data": "../../elsewhere"}) == []


def test_a_module_that_can_not_be_read_may_make_anything():
    assert missing("import other\nopen('a.txt')\n", {"other.py": "a = 1\n" * 2_000_000}) == []


def test_what_git_ignores_may_lie_on_the_disk_of_whoever_deploys():
    booted = script("open('m.joblib')\n", hidden=("m.joblib",))
    assert (booted.certain, booted.messages) == ([], [errno("m.joblib")])


@pytest.mark.parametrize(
    "path", ["/tmp/a", "/data/a.txt", "/etc/app.conf", "/root/.cache/a", "/var/lib/app/a", "https://example.com/a", "{{}}"]
)
def test_paths_that_the_build_does_not_fill_are_not_known(path: str):
    assert missing(f"import pandas as pd\npd.read_json('{path}')\n", dockerfile="RUN pip install pandas\nCOPY . .\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "RUN python fetch.py",
        "RUN python -c 'import main'",
        "RUN curl -o a.txt https://example.com",
        "RUN sh get.sh",
        "ADD https://example.com/a.txt ./",
        "COPY <<EOF a.txt\nx\nEOF",
    ],
)
def test_what_the_build_may_have_made_is_not_missed(line: str):
    assert missing("open('a.txt')\n", {"fetch.py": "", "get.sh": "do something\n"}, f"COPY . .\n{line}\n") == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nopen(os.environ['FILE'])\n",
        "import os\nopen(os.getenv('FILE', 'a.txt'))\n",
        "import sys\n\ndef load(path):\n    return open(path)\n\nload(sys.argv[0])\n",
        "def load(*paths):\n    return open(paths[0])\n\nload('x')\n",
        "import somewhere\nopen(somewhere.PATH)\n",
        "import subprocess\nsubprocess.run(['make', 'a.txt'])\nopen('a.txt')\n",
        "from hub import fetch\nfetch('https://example.com', 'a.txt')\nopen('a.txt')\n",
        "import os\nos.chdir(os.environ['HOME'])\nopen('a.txt')\n",
        "import keras\nkeras.models.load_model('saved')\n",
        "import random\nif random.random():\n    open('a.txt')\n",
    ],
)
def test_what_can_not_be_told_is_not_missed(source: str):
    found = missing(source, dockerfile="RUN pip install -r unknown.txt || true\nCOPY . .\n")
    assert [words for words in found if "FileNotFound" in words] == []


def test_a_path_of_another_module():
    files = {"config.py": "from pathlib import Path\nDATA = Path('data')\n", "conf/__init__.py": "A = 'b.txt'\n"}
    assert missing("from config import DATA\nopen(DATA / 'a.txt')\n", files) == [errno("data/a.txt")]
    assert missing("import config as c\nopen(c.DATA / 'a.txt')\n", files) == [errno("data/a.txt")]
    assert missing("import conf\nopen(conf.A)\n", files) == [errno("b.txt")]


def test_what_the_start_script_makes_is_there():
    files = {"main.py": "open('logs/a.log', 'a')\n", "start.sh": "mkdir -p logs\nexec python main.py\n"}
    assert boot(files, ("sh", "start.sh")).messages == []


def test_code_that_runs_before_may_make_it():
    files = {"main.py": "open('a.txt')\n", "seed.py": "import writer\n", "writer.py": ""}
    assert boot(files, ("sh", "-c", "python seed.py && python main.py")).messages == []


def test_a_folder_that_a_volume_may_hold():
    files = {
        "fly.toml": 'app = "demo"\n\n[mounts]\n  source = "data"\n  destination = "/app/data"\n',
        "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n",
        "main.py": "open('data/a.txt')\n",
    }
    assert faults(files) == []
    plain = {**files, "fly.toml": 'app = "demo"\n'}
    assert [fault.message for fault in faults(plain)] == [errno("data/a.txt")]


def test_a_folder_that_a_disk_of_render_may_hold():
    service = "services:\n  - type: web\n    name: demo\n    runtime: docker\n"
    files = {
        "render.yaml": f"{service}    disk:\n      name: data\n      mountPath: /app/data\n",
        "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n",
        "main.py": "open('data/a.txt')\n",
    }
    assert faults(files) == []
    assert [fault.message for fault in faults({**files, "render.yaml": service})] == [errno("data/a.txt")]


# --- what an ASGI app runs before it serves

APP = """
    from contextlib import asynccontextmanager

    from fastapi import FastAPI

    {before}

    @asynccontextmanager
    async def lifespan(app):
        {inside}
        yield
        open('behind.txt')

    app = FastAPI(lifespan=lifespan)
"""
FASTAPI = "RUN pip install fastapi uvicorn\nCOPY . .\n"


def served(source: str, files: dict[str, str] | None = None, argv: tuple[str, ...] = SERVER) -> list[str]:
    return boot({"main.py": text(source), **(files or {})}, argv, None, FASTAPI).messages


def test_a_lifespan_is_followed_up_to_its_yield():
    assert served(APP.format(before="", inside="open('a.txt')")) == [errno("a.txt")]


def test_a_lifespan_of_another_module_and_an_app_that_is_handed_on():
    life = text(APP.format(before="", inside="await load()")) + "\nasync def load():\n    open('a.txt')\n"
    files = {
        "life.py": life,
        "core.py": "from fastapi import FastAPI\nfrom life import lifespan\napp = FastAPI(lifespan=lifespan)\n",
    }
    assert served("from core import app\n", files) == [errno("a.txt")]


def test_what_a_lifespan_catches_is_no_fault():
    caught = "try:\n            open('a.txt')\n        except Exception as error:\n            print(error)"
    assert served(APP.format(before="", inside=caught)) == []


def test_the_yield_may_stand_in_a_try():
    source = """
        from fastapi import FastAPI

        async def lifespan(app):
            try:
                open('a.txt')
                yield
            finally:
                open('b.txt')

        app = FastAPI(lifespan=lifespan)
    """
    assert served(source) == [errno("a.txt")]


@pytest.mark.parametrize("how", ["on_startup=[load]", ""])
def test_startup_handlers(how: str):
    decorator = "" if how else "@app.on_event('startup')\n"
    source = f"from fastapi import FastAPI\n\nLATER\napp = FastAPI({how})\n\n{decorator}async def load():\n    open('a.txt')\n"
    source = source.replace("LATER", "async def load():\n    open('a.txt')\n" if how else "")
    source = source if not how else source.rpartition("\nasync def")[0]
    assert served(source) == [errno("a.txt")]


@pytest.mark.parametrize(
    "argv", [("daphne", "main:app"), ("uvicorn", "main:app", "--lifespan", "off"), ("gunicorn", "main:app")]
)
def test_a_server_that_runs_no_startup(argv: tuple[str, ...]):
    dockerfile = "RUN pip install fastapi uvicorn gunicorn daphne\nCOPY . .\n"
    files = {"main.py": text(APP.format(before="", inside="open('a.txt')"))}
    assert boot(files, argv, None, dockerfile).messages == []


def test_a_server_that_the_code_starts_runs_it():
    source = text(APP.format(before="", inside="open('a.txt')")) + "\nimport uvicorn\nuvicorn.run(app)\n"
    assert boot({"main.py": source}, ("python", "main.py"), None, FASTAPI).messages == [errno("a.txt")]


def test_a_served_folder():
    source = """
        from fastapi import FastAPI
        from fastapi.staticfiles import StaticFiles

        app = FastAPI()
        app.mount("/static", StaticFiles(directory="static"), name="static")
    """
    assert served(source) == ["RuntimeError: Directory 'static' does not exist"]
    assert served(source, {"static/.gitkeep": ""}) == []
    assert served(source.replace('"static")', '"static", check_dir=False)', 1)) == []


# --- the calls


def call(source: str) -> ast.Call:
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.Call)
    return node


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("open", "open(*names)"),
        ("open", "open('a', mode)"),
        ("open", "open()"),
        ("fastapi.staticfiles.StaticFiles", "StaticFiles(packages=['x'])"),
        ("zipfile.ZipFile", "ZipFile('a.zip', 'w')"),
        ("mine.load", "load('a')"),
        ("logging.basicConfig", "basicConfig(level=1)"),
    ],
)
def test_calls_that_need_nothing_known(name: str, source: str):
    assert needs(name, call(source)) is None


@pytest.mark.parametrize(
    ("name", "source", "path"),
    [
        ("open", "open('a', 'wb')", "'a'"),
        ("os.makedirs", "os.makedirs(a, exist_ok=True)", "a"),
        (".mkdir", "(a / 'b').mkdir(parents=True)", "a / 'b'"),
        ("frame.to_csv", "frame.to_csv('a.csv')", "'a.csv'"),
        ("shutil.copy", "shutil.copy('a', 'b')", "'b'"),
    ],
)
def test_paths_that_calls_make(name: str, source: str, path: str):
    found = made(name, call(source))
    assert found
    assert ast.unparse(found) == path


@pytest.mark.parametrize(("name", "source"), [("open", "open('a')"), ("shutil.copy", "shutil.copy('a')"), ("x.run", "x.run()")])
def test_calls_that_make_nothing_known(name: str, source: str):
    assert made(name, call(source)) is None
