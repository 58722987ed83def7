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


def test_a_folder_that_holds_packages_alone():
    files = {path: content for path, content in HEALTHY.items() if path != "main.py"}
    files["Dockerfile"] = DOCKERFILE.replace('"main:app"', '"backend.app.main:app"')
    files["backend/app/main.py"] = (
        "from fastapi import FastAPI\nfrom app.core import db\nfrom parts.one.two import x\n\napp = FastAPI()\n"
    )
    files |= {"backend/app/core/db.py": "", "backend/parts/one/two.py": "x = 1\n"}
    after = files["backend/app/main.py"].replace("from app", "from backend.app").replace("from parts", "from backend.parts")
    check_transformed(NAME, files, {"backend/app/main.py": after})


TRIED = "try:\n    import db\nexcept ImportError:\n    from backend import db"
OTHER = "try:\n    from db import x\nexcept ImportError:\n    from OTHER import x"
GUARDED = "def f():\n    try:\n        import db\n    except Exception:\n        pass"
IN_MODULES = 'if "db.x" in sys.modules:\n    del sys.modules["db.x"]'
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
    (TRIED.replace("backend", "."), TRIED.replace("backend", ".")),
    (OTHER.replace("OTHER", "backend.db"), OTHER.replace("OTHER", "backend.db")),
    (OTHER.replace("OTHER", "db.old"), OTHER.replace("db", "backend.db").replace("OTHER", "backend.db.old")),
    (OTHER.replace("from OTHER import x", "x = 0"), OTHER.replace("from OTHER import x", "x = 0").replace("db", "backend.db")),
    (GUARDED, GUARDED.replace("import db", "from backend import db")),
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
    ('app.config.from_object("db.dev")', 'app.config.from_object("backend.db.dev")'),
    ('app.config_from_object("db")', 'app.config_from_object("backend.db")'),
    ('path("", include(("db.urls", "db")))', 'path("", include(("backend.db.urls", "db")))'),
    (IN_MODULES, IN_MODULES.replace('"db', '"backend.db')),
    ('monkeypatch.setitem(sys.modules, "db.x", fake)', 'monkeypatch.setitem(sys.modules, "backend.db.x", fake)'),
    ('patch.dict("sys.modules", {"db.x": fake, "y": db})', 'patch.dict("sys.modules", {"backend.db.x": fake, "y": db})'),
    ('patch.dict("os.environ", {"db": "x"})', 'patch.dict("os.environ", {"db": "x"})'),
    ('patch(f"db.{name}.get")', 'patch(f"backend.db.{name}.get")'),
    ('patch(f"db{name}.get")', 'patch(f"db{name}.get")'),
    ('patch(f"{name}.db.get")', 'patch(f"{name}.db.get")'),
    ('patch(target="db.get")', 'patch(target="backend.db.get")'),
    ('import_module("db." + name)', 'import_module("backend.db." + name)'),
    ('find_spec("db.x")', 'find_spec("backend.db.x")'),
    ('app.conf.task_routes = {"db.tasks.send": "db"}', 'app.conf.task_routes = {"db.tasks.send": "db"}'),
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


def test_dots_that_are_only_tried():
    files = {**SCRIPT, "settings.py": "try:\n    from .db import session\nexcept ImportError:\n    session = None\n"}
    both = "try:\n    from .db import session\nexcept ImportError:\n    from db import session\n"
    made = planned({**files, "db.py": both}, NAME)
    after = {change.path: change.after.decode() for change in made.tree.changes()}
    assert after["settings.py"] == files["settings.py"].replace(".db", "db")
    assert "db.py" not in after


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


PATH = "import sys\nsys.path.insert(0, '.')\n"


def test_a_file_that_looks_for_its_modules_itself():
    files = {**BELOW, "backend/tool.py": PATH + "from models import User\n"}
    assert "backend/tool.py" not in {change.path for change in planned(files, NAME).tree.changes()}
    assert not planned(files, NAME).steps[0].manual


def test_such_a_file_does_not_load_modules_twice():
    files = {**BELOW, "backend/tool.py": PATH + "import db\nfrom models import User\n", "backend/other.py": PATH}
    assert after(files, "backend/tool.py") == PATH + "from backend import db\nfrom backend.models import User\n"
    [step] = planned(files, NAME, unsafe=True).steps
    assert [line.partition(": ")[2] for line in step.manual] == ["backend/tool.py"]


def test_tests_follow_on_request():
    files = {**BELOW, "tests/test_db.py": "from unittest.mock import patch\nfrom db import session\n\npatch('db.session')\n"}
    check_noop(NAME, files, unsafe=False)
    made = planned(files, NAME, unsafe=True)
    after = {change.path: change.after.decode() for change in made.tree.changes()}
    assert after["tests/test_db.py"].endswith("from backend.db import session\n\npatch('backend.db.session')\n")


def after(files: dict[str, str], path: str) -> str:
    """Return a file as it is after the repair."""
    changes = {change.path: change.after.decode() for change in planned(files, NAME, unsafe=True).tree.changes()}
    assert "backend/main.py" in changes
    return changes.get(path, files[path])


def test_an_import_of_what_is_not_there_is_in_nobodys_way():
    files = {**BELOW, "backend/jobs.py": "from db import x\nfrom models.gone import y\nfrom models import z\n"}
    assert after(files, "backend/jobs.py") == (
        "from backend.db import x\nfrom backend.models.gone import y\nfrom backend.models import z\n"
    )


def test_a_folder_of_files_does_not_hide_the_distribution_of_its_name():
    files = {**BELOW, "backend/alembic/env.py": "from alembic import context\nimport alembic\nimport db\n"}
    files["backend/alembic/versions/one.py"] = "from alembic import op\nimport alembic.op\nfrom alembic import env\n"
    assert after(files, "backend/alembic/env.py") == "from alembic import context\nimport alembic\nfrom backend import db\n"
    assert after(files, "backend/alembic/versions/one.py") == (
        "from alembic import op\nimport alembic.op\nfrom backend.alembic import env\n"
    )


def test_of_two_folders_the_one_that_holds_what_is_imported():
    files = {
        **BELOW,
        "backend/db/__init__.py": "",
        "backend/db/core.py": "",
        "backend/api/db/other.py": "",
        "backend/tools/db.py": "",
        "backend/tools/x.py": "import db\n",
    }
    del files["backend/db.py"]
    files["backend/api/x.py"] = "from db.core import a\nfrom db.other import b\n"
    assert after(files, "backend/tools/x.py") == "import db\n"
    assert after(files, "backend/api/x.py") == "from backend.db.core import a\nfrom db.other import b\n"
    files["backend/tools/__init__.py"] = ""
    assert after(files, "backend/tools/x.py") == "from backend import db\n"


WORKER = """
app.conf.task_routes = {"tasks.mail.*": {"queue": "tasks.mail"}, "tasks.own": {"queue": "own"}}
app.conf.beat_schedule = {"daily": {"task": "tasks.mail.send", "args": ("tasks.mail.send",)}}
app.send_task("tasks.mail.send")
app.send_task("tasks.own")
"""


def test_tasks_are_named_after_their_modules():
    files = {**BELOW, "backend/worker.py": WORKER, "backend/tasks/__init__.py": "@app.task(name='tasks.own')\ndef own(): ...\n"}
    files["backend/tasks/mail.py"] = "@app.task\ndef send(): ...\n"
    assert after(files, "backend/worker.py") == (
        WORKER.replace('"tasks.mail.*"', '"backend.tasks.mail.*"')
        .replace('"task": "tasks', '"task": "backend.tasks')
        .replace('send_task("tasks.mail', 'send_task("backend.tasks.mail')
    )


SETTINGS = """
REST_FRAMEWORK = {"DEFAULT_PAGINATION_CLASS": "db.pages.Pages", "TEST": "models"}
TEMPLATES = [{"OPTIONS": {"context_processors": ["db.pages.name", "django.x"]}, "DIRS": ["db"]}]
"""


def test_classes_that_settings_name():
    files = {**BELOW, "backend/settings.py": SETTINGS, "backend/db/__init__.py": "", "backend/db/pages.py": ""}
    del files["backend/db.py"]
    assert after(files, "backend/settings.py") == SETTINGS.replace('"db.', '"backend.db.')


def test_names_that_the_code_makes_up_are_a_guess():
    load = (
        "import importlib\nKNOWN = [('db', 'parts.one', 'parts.gone')]\n\ndef load(name):\n    importlib.import_module(name)\n"
    )
    files = {**BELOW, "backend/load.py": load, "backend/parts/one.py": ""}
    assert after(files, "backend/load.py") == load.replace("'parts.one'", "'backend.parts.one'")
    assert [step.safety for step in planned(files, NAME, unsafe=True).steps] == ["unsafe"]
    files["backend/load.py"] = load.replace("import_module(name)", "import_module('parts.one')")
    assert [step.safety for step in planned(files, NAME).steps] == ["safe"]


def test_migrations_that_run_inside_of_the_folder():
    config = FLY + "\n[deploy]\n  release_command = 'sh -c \"cd backend && alembic upgrade head\"'\n"
    files = {**BELOW, "fly.toml": config, "requirements.txt": "fastapi\nuvicorn\nalembic\n", "backend/alembic.ini": ""}
    assert any("alembic is started in /app/backend" in reason for reason in reasons(NAME, files))


def test_it_comes_behind_what_leaves_the_code_alone():
    assert [step.codemod for step in planned(BELOW, unsafe=True).steps] == ["set-pythonpath"]
    elsewhere = {**BELOW, "Dockerfile": ABOVE.replace("COPY . .\n", "ENV PYTHONPATH=/opt/lib:$PYTHONPATH\nCOPY . .\n")}
    assert [step.codemod for step in planned(elsewhere).steps] == [NAME]
