import pytest

from codemods import _imports, _named
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned, text

NAME = "absolute-imports"
ABOVE = DOCKERFILE.replace('"main:app"', '"backend.main:app"')
BELOW = {
    **HEALTHY,
    "Dockerfile": ABOVE,
    "main.py": "",
    "backend/__init__.py": "",
    "backend/main.py": "from fastapi import FastAPI\nimport db\n\napp = FastAPI()\n",
    "backend/db.py": "from models import User\n",
    "backend/models.py": "class User: ...\n",
}
SCRIPT = {
    **HEALTHY,
    "main.py": text(
        """
        from fastapi import FastAPI

        from .db import session  # ours
        from . import models, settings as config

        app = FastAPI()
        """
    ),
    "db.py": "session = None\n",
    "models.py": "from .settings import NAME\n",
    "settings.py": "NAME = 'demo'\n",
}


def test_short_names_get_their_package():
    made = check_transformed(
        NAME,
        BELOW,
        {
            "backend/main.py": "from fastapi import FastAPI\nfrom backend import db\n\napp = FastAPI()\n",
            "backend/db.py": "from backend.models import User\n",
        },
    )
    assert [step.safety for step in made.steps] == ["safe"]
    assert "`backend.db`" in made.steps[0].rationale


def test_a_package_without_init():
    files = {path: content for path, content in BELOW.items() if path != "backend/__init__.py"}
    check_transformed(NAME, files, {"backend/main.py": BELOW["backend/main.py"].replace("import db", "from backend import db"),
                                    "backend/db.py": "from backend.models import User\n"})  # fmt: skip


TRIED = "try:\n    import db\nexcept ImportError:\n    from backend import db"
DJANGO = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}.settings")'
SPELLED = [
    ("import db as d", "import backend.db as d"),
    ("import os, db", "import os\nfrom backend import db"),
    ("import db.session, os", "import os\nimport backend.db.session\nfrom backend import db"),
    ("import db.session as s", "import backend.db.session as s"),
    ("from db import *", "from backend.db import *"),
    ("from  db.s  import (  # 2\n    a,\n    b as c,\n)", "from  backend.db.s  import (  # 2\n    a,\n    b as c,\n)"),
    ("from db \\\n    import session", "from backend.db \\\n    import session"),
    ("def f():\n    import db\n    return db", "def f():\n    from backend import db\n    return db"),
    ("def f():\n\tx = 1; import db, os; return db", "def f():\n\tx = 1; import os; from backend import db; return db"),
    ("if TYPE_CHECKING:\n    from db import Session", "if TYPE_CHECKING:\n    from backend.db import Session"),
    ("from os import path\nfrom dbm import db\n", "from os import path\nfrom dbm import db\n"),
    ("from .db import x", "from .db import x"),
    (TRIED, TRIED),
    ("uvicorn.run('db:app', reload=True)", "uvicorn.run('backend.db:app', reload=True)"),
    ('Celery("demo", include=["db.tasks", "other"])', 'Celery("demo", include=["backend.db.tasks", "other"])'),
    ("INSTALLED_APPS = [\n    'db',  # ours\n    'x',\n]", "INSTALLED_APPS = [\n    'backend.db',  # ours\n    'x',\n]"),
    ('ROOT_URLCONF = "db.urls"', 'ROOT_URLCONF = "backend.db.urls"'),
    ("MIDDLEWARE += ['db.x']", "MIDDLEWARE += ['backend.db.x']"),
    (DJANGO.format("db"), DJANGO.format("backend.db")),
    ('os.environ["DJANGO_SETTINGS_MODULE"] = "db.settings"', 'os.environ["DJANGO_SETTINGS_MODULE"] = "backend.db.settings"'),
    ("class Db(AppConfig):\n    name = 'db'", "class Db(AppConfig):\n    name = 'backend.db'"),
    ('@patch("db.session.get")\ndef test(): ...', '@patch("backend.db.session.get")\ndef test(): ...'),
    ('importlib.import_module("db")', 'importlib.import_module("backend.db")'),
    ('app.autodiscover_tasks(["db"])', 'app.autodiscover_tasks(["backend.db"])'),
    ('print("db.session")', 'print("db.session")'),
    ('patch("\\x64b.x")', 'patch("\\x64b.x")'),
]  # fmt: skip


def rewritten(source: bytes) -> str:
    python = _imports.Python(source)
    edits = []
    for node in python.imports(tried=True):
        edits += _imports.prefixed(python, node, "backend", lambda dotted: dotted.partition(".")[0] == "db")
    for string in _named.modules(python.tree):
        edits += _imports.named(python, string, "backend", lambda dotted: dotted.partition(".")[0] == "db")
    return python.edited(edits)


@pytest.mark.parametrize(("before", "after"), SPELLED)
def test_every_way_to_import(before: str, after: str):
    assert rewritten(before.encode()) == after
    assert rewritten(
        b"\xef\xbb\xbf# caf\xc3\xa9\r\n" + before.replace("\n", "\r\n").encode()
    ) == "\ufeff# café\r\n" + after.replace("\n", "\r\n")


DOTTED = [
    ("from .db import x", "from db import x"),
    ("from . db import x", "from db import x"),
    ("from.db import x", "from db import x"),
    ("from .db import(x)", "from db import(x)"),
    ("from . import x", "import x"),
    ("from . import (\n    x,\n    y as z,\n)", "import x, y as z"),
    ("from .db import (\n    x,  # why\n)", "from db import (\n    x,  # why\n)"),
]


@pytest.mark.parametrize(("before", "after"), DOTTED)
def test_every_way_to_write_dots(before: str, after: str):
    python = _imports.Python(before.encode())
    [node] = python.imports()
    edits = _imports.absolute(python, node, "")  # type: ignore[arg-type]
    assert edits is not None
    made = python.edited(edits)
    assert made == after


def test_a_base_for_the_dots():
    python = _imports.Python(b"from . import x\nfrom .. import y\nfrom..a import z\nfrom.import w\n")
    edits = [edit for node in python.imports() for edit in _imports.absolute(python, node, "p")]  # type: ignore[arg-type, union-attr]
    assert python.edited(edits) == "from p import x\nfrom p import y\nfrom p.a import z\nfrom p import w\n"


def test_what_can_not_be_written_without_dots():
    for source in (b"from . import *", b"from . import (  # why\n    x,\n)"):
        python = _imports.Python(source)
        [node] = python.imports()
        assert _imports.absolute(python, node, "") is None  # type: ignore[arg-type]


def test_files_that_are_not_edited():
    assert _imports.Python(b"import db\rimport x").tree is None
    assert _imports.Python(b"# -*- coding: latin-1 -*-\n# \xe9\nimport db").tree is None
    assert _imports.Python(b"import").tree is None


# --- dots in a script, and in a module that is imported from its own folder


def test_dots_without_a_package():
    made = check_transformed(
        NAME,
        SCRIPT,
        {
            "main.py": SCRIPT["main.py"].replace(".db", "db").replace("from . import", "import"),
            "models.py": "from settings import NAME\n",
        },
    )
    assert [step.safety for step in made.steps] == ["safe"]


def test_dots_inside_of_packages_stay():
    files = {
        **SCRIPT,
        "api/__init__.py": "from .routes import router\nfrom ..db import session\n",
        "api/routes.py": "router = 1\n",
    }
    files["main.py"] = "from fastapi import FastAPI\nimport api\n\napp = FastAPI()\n"
    changed = {
        "api/__init__.py": "from .routes import router\nfrom db import session\n",
        "models.py": "from settings import NAME\n",
    }
    check_transformed(NAME, files, changed)


def test_a_folder_that_others_know_as_a_package_is_only_changed_on_request():
    files = {f"app/{path}": content for path, content in SCRIPT.items() if path.endswith(".py")}
    files |= {"fly.toml": FLY, "requirements.txt": HEALTHY["requirements.txt"], ".dockerignore": ".git\n"}
    files["Dockerfile"] = DOCKERFILE.replace("COPY . .", "COPY app .")
    assert [step.safety for step in planned(files, NAME).steps] == ["safe"]
    files["tests/test_main.py"] = "from app.main import app\n"
    assert not planned(files, NAME).tree.changes()
    assert [step.safety for step in planned(files, NAME, unsafe=True).steps] == ["unsafe"]


# --- what is left alone


def test_modules_that_are_found_keep_their_names():
    check_noop(NAME, {**HEALTHY, "main.py": "import db\nfrom fastapi import FastAPI\n\napp = FastAPI()\n", "db.py": ""})
    files = {**BELOW, "models.py": "class User: ...\n"}
    made = planned(files, NAME)
    assert {change.path for change in made.tree.changes()} == {"backend/main.py"}


def test_a_module_that_the_repository_does_not_have():
    files = {**BELOW, "backend/main.py": "import nowhere\n\napp = 1\n"}
    assert any("has a module `nowhere`" in reason for reason in reasons(NAME, files))


def test_a_name_that_the_package_binds_itself():
    files = {**BELOW, "backend/__init__.py": "db = None\n"}
    assert "backend/__init__.py makes a name `db` of its own" in reasons(NAME, files)


def test_another_module_of_that_name():
    files = {**SCRIPT, "main.py": "from fastapi import FastAPI\nfrom .email import send\n\napp = FastAPI()\n", "email.py": ""}
    assert any("`email` would be another module" in reason for reason in reasons(NAME, files))


def test_a_file_that_looks_for_its_modules_itself():
    files = {**BELOW, "backend/tool.py": "import sys\nsys.path.insert(0, '.')\nimport db\n"}
    assert "backend/tool.py" not in {change.path for change in planned(files, NAME).tree.changes()}


def test_tests_follow_on_request():
    files = {**BELOW, "tests/test_db.py": "from unittest.mock import patch\nfrom db import session\n\npatch('db.session')\n"}
    check_noop(NAME, files, unsafe=False)
    made = planned(files, NAME, unsafe=True)
    after = {change.path: change.after.decode() for change in made.tree.changes()}
    assert after["tests/test_db.py"].endswith("from backend.db import session\n\npatch('backend.db.session')\n")


def test_migrations_that_run_inside_of_the_folder():
    config = FLY + "\n[deploy]\n  release_command = 'sh -c \"cd backend && alembic upgrade head\"'\n"
    files = {**BELOW, "fly.toml": config, "requirements.txt": "fastapi\nuvicorn\nalembic\n", "backend/alembic.ini": ""}
    assert any("alembic is started in /app/backend" in reason for reason in reasons(NAME, files))


def test_it_comes_behind_what_leaves_the_code_alone():
    assert [step.codemod for step in planned(BELOW, unsafe=True).steps] == ["set-pythonpath"]
    elsewhere = {**BELOW, "Dockerfile": ABOVE.replace("COPY . .\n", "ENV PYTHONPATH=/opt/lib:$PYTHONPATH\nCOPY . .\n")}
    assert [step.codemod for step in planned(elsewhere).steps] == [NAME]
