import pytest

from tests.bot.engine.boot.tools import run
from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned, result, text

NAME = "break-import-cycle"
SERVER = ("uvicorn", "app.main:app")
DB = text(
    '''
    """The database."""

    import os
    from abc import ABC, abstractmethod

    # models
    from app.models import Deck, Phrase  # create_all has to know them

    URL = os.getenv("DATABASE_URL", "sqlite://")


    # what all tables come from
    class Base(ABC):
        pass


    TABLES = [Deck, Phrase]


    class Session:
        @abstractmethod
        def close(self) -> None: ...
    '''
)
FILES = {
    **HEALTHY,
    "Dockerfile": DOCKERFILE.replace("main:app", "app.main:app"),
    "main.py": "",
    "app/__init__.py": "",
    "app/main.py": "from app.db import Base, Session\n\napp = Session\n",
    "app/db.py": DB,
    "app/models/__init__.py": "from app.models.deck import Deck\nfrom app.models.phrase import Phrase\n",
    "app/models/deck.py": "from app.db import Base\n\n\nclass Deck(Base):\n    pass\n",
    "app/models/phrase.py": "from ..db import Base\n\n\nclass Phrase(Base):\n    pass\n",
}
SHARED = {
    "app/base.py": "from abc import ABC\n\n\n# what all tables come from\nclass Base(ABC):\n    pass\n",
    "app/db.py": DB.replace("import ABC, abstractmethod", "import abstractmethod")
    .replace("from app.models", "from app.base import Base  # noqa: F401\nfrom app.models")
    .replace("\n\n# what all tables come from\nclass Base(ABC):\n    pass\n", ""),
    "app/models/deck.py": FILES["app/models/deck.py"].replace("app.db", "app.base"),
    "app/models/phrase.py": FILES["app/models/phrase.py"].replace("..db", "..base"),
}


def ring(files: dict[str, str]) -> dict[str, str]:
    return {**FILES, **files}


def broken_and_whole(files: dict[str, str], tmp_path) -> dict[str, str]:
    """Assert that real Python stops at the ring before the repair and not behind it; return the repaired files."""
    made = planned(files, NAME, unsafe=True)
    assert made.steps, [dropped.reason for dropped in made.dropped]
    after = result(made, files)
    assert "circular import" in run(tmp_path / "before", files, SERVER)
    assert run(tmp_path / "after", after, SERVER) == ""
    assert not planned(after, NAME, unsafe=True).tree.changes()
    return {path: content for path, content in after.items() if content != files.get(path)}


def test_a_module_of_its_own_for_the_shared_name(tmp_path):
    made = check_transformed(NAME, FILES, SHARED, unsafe=True)
    assert [step.safety for step in made.steps] == ["unsafe"]
    assert made.steps[0].rationale.endswith("app/base.py holds it, and the ring is open.")
    broken_and_whole(FILES, tmp_path)


def test_what_the_name_hangs_on_goes_along(tmp_path):
    db = "import os\nimport json\nfrom app.models import Deck\n\nURL = os.getenv('URL', '')\nengine = json.dumps(URL)\n"
    db += "Base = (URL, engine)\nTABLES = [Deck]\nprint(URL, file=None)\n"
    files = ring(
        {
            "app/db.py": db,
            "app/models/__init__.py": "from app.db import Base\n\nDeck = Base\n",
            "app/main.py": "import app.db\napp = 1\n",
        }
    )
    changed = broken_and_whole(files, tmp_path)
    assert changed["app/base.py"] == (
        "import os\nimport json\n\nURL = os.getenv('URL', '')\nengine = json.dumps(URL)\nBase = (URL, engine)\n"
    )
    head = "from app.base import Base, URL, engine  # noqa: F401\nfrom app.models import Deck\n\n"
    assert changed["app/db.py"] == f"{head}TABLES = [Deck]\nprint(URL, file=None)\n"


def test_the_extensions_of_a_package(tmp_path):
    files = ring(
        {
            "app/__init__.py": "from .routes import bp\n\ndb = dict()\n\n\ndef register():\n    return bp, db\n",
            "app/routes.py": "from os import (\n    path,\n)\nfrom . import db, routes\n\nbp = db or path or routes\n",
            "app/main.py": "from app import register\n\napp = register()\n",
        }
    )
    files = {path: content for path, content in files.items() if path != "app/db.py" and "models" not in path}
    changed = broken_and_whole(files, tmp_path)
    assert changed["app/extensions.py"] == "db = dict()\n"
    assert changed["app/__init__.py"].startswith("from .extensions import db\nfrom .routes import bp\n\n\ndef register")
    assert "from .extensions import db\nfrom . import routes\n" in changed["app/routes.py"]


def test_an_import_that_only_a_function_needs(tmp_path):
    files = ring(
        {
            "app/db.py": "from app.models import Deck\n\nBase = object\n\n\ndef decks():\n    '''All.'''\n    return [Deck]\n",
            "app/main.py": "import app.models.deck\nfrom app import db\n\napp = db\n",
            "app/models/__init__.py": "from app.models.deck import Deck\n",
        }
    )
    changed = broken_and_whole({**files, "app/main.py": "from app import db\nimport app.models.deck\n\napp = db\n"}, tmp_path)
    assert changed == {
        "app/db.py": "Base = object\n\n\ndef decks():\n    '''All.'''\n    from app.models import Deck\n\n    return [Deck]\n"
    }


def test_an_import_that_does_something_besides_stays_where_it_is(tmp_path):
    db = "from app.models import Deck\n\nBase = object\n\n\ndef decks():\n    return [Deck]\n"
    files = ring({"app/db.py": db, "app/models/__init__.py": "from app.models.deck import Deck\n"})
    files["app/main.py"] = "from app.db import Base\n\napp = Base\n"
    assert "app/base.py" in broken_and_whole(files, tmp_path)


DECK = "class Deck:\n    @property\n    def all(self):\n        "


def test_an_import_that_the_one_who_asks_only_needs_in_a_function(tmp_path):
    files = ring(
        {
            "app/db.py": "from app.models import Deck\n\nengine = object()\nTABLES = [Deck]\n",
            "app/models/__init__.py": f"from app.db import engine  # lazily\n\n\n{DECK}return engine\n",
            "app/main.py": "from app.db import engine\n\napp = engine\n",
        }
    )
    changed = broken_and_whole(files, tmp_path)
    assert changed == {"app/models/__init__.py": f"{DECK}from app.db import engine  # lazily\n\n        return engine\n"}


ANNOTATED = (
    "from __future__ import annotations\n\nfrom app.db import Session\n\n\nclass Deck:\n    session: Session | None = None\n"
)


def test_an_import_that_only_annotations_need(tmp_path):
    files = ring(
        {
            "app/db.py": "from app.models import Deck\n\n\nclass Session: ...\n\n\nTABLES = [Deck]\n",
            "app/models/__init__.py": ANNOTATED,
            "app/main.py": "from app.db import Session\n\napp = Session\n",
        }
    )
    head = "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
    head += "if TYPE_CHECKING:\n    from app.db import Session\n"
    changed = broken_and_whole(files, tmp_path)
    assert changed == {"app/models/__init__.py": ANNOTATED.replace(ANNOTATED[: ANNOTATED.index("\n\n\nclass") + 1], head)}
    files["app/models/__init__.py"] = ANNOTATED.replace("\nfrom app", "\nfrom dataclasses import dataclass\nfrom app")
    assert set(broken_and_whole(files, tmp_path / "evaluated")) == {"app/session.py", "app/db.py", "app/models/__init__.py"}


def test_a_block_for_types_that_is_there(tmp_path):
    block = "from typing import TYPE_CHECKING\nfrom app.db import Session\n\nif TYPE_CHECKING:\n    from app.db import Base\n"
    source = ANNOTATED.replace("from app.db import Session\n", block)
    files = ring(
        {
            "app/db.py": "from app.models import Deck\n\nBase = 1\nSession = TABLES = [Deck]\n",
            "app/models/__init__.py": source,
            "app/main.py": "from app.db import Session\n\napp = Session\n",
        }
    )
    changed = broken_and_whole(files, tmp_path)
    assert "TYPE_CHECKING:\n    from app.db import Base\n    from app.db import Session\n" in changed["app/models/__init__.py"]


# --- what is left alone


def test_rings_that_work():
    check_noop(
        NAME, ring({"app/db.py": DB.replace("from app.models import Deck, Phrase  # create_all has to know them\n", "")})
    )
    early = DB.replace("# models\nfrom app.models import Deck, Phrase  # create_all has to know them\n\n", "")
    check_noop(NAME, ring({"app/db.py": early.replace("\n\nTABLES", "\n\nfrom app.models import Deck, Phrase\n\nTABLES")}))


def test_a_file_that_runs_twice():
    files = {
        **HEALTHY,
        "Dockerfile": DOCKERFILE.replace('"uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"', '"python", "main.py"'),
        "main.py": "from routes import router\n\napp = [router]\n",
        "routes.py": "from main import app\n\nrouter = app\n",
    }
    assert "main.py runs twice, as the program and under its own name" in reasons(NAME, files)


@pytest.mark.parametrize(
    "db",
    [
        "from app.models import Deck\n\nBase = object\nBase = type(Base)\nTABLES = [Deck]\n",
        "from app.models import Deck\n\nBase = Deck or object\n",
        "from app.models import Deck\n\nif Deck:\n    Base = object\n",
        "from app.models import Deck\n\nBase = object; TABLES = [Deck]\n",
    ],
)
def test_a_name_that_can_not_be_taken_out(db: str):
    found = reasons(NAME, ring({"app/db.py": db, "app/models/__init__.py": "from app.db import Base\n\nDeck = Base\n"}))
    assert any("hangs on more of app/db.py than can be taken out" in reason for reason in found)


def test_an_attribute_that_is_asked_for():
    models = "import app.db as db\n\n\nclass Deck(db.Base): ...\n"
    found = reasons(
        NAME,
        ring({"app/models/__init__.py": models, "app/db.py": "from app.models import Deck\n\nBase = object\nprint(Deck)\n"}),
    )
    assert "`Base` is not imported by its name" in found


def test_a_module_that_the_image_would_not_have():
    files = ring(
        {
            "Dockerfile": FILES["Dockerfile"].replace(
                "COPY . .", "COPY app/models app/models\nCOPY app/db.py app/main.py app/__init__.py app/"
            )
        }
    )
    assert any("app.base" in reason for reason in reasons(NAME, files))
