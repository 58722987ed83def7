import pytest

from tests.codemods import reasons
from tests.tools import HEALTHY, MAIN, check_transformed, text

NAME = "add-missing-import"
TRIED = text(
    '''
    """The service."""
    # what it is made of
    import os

    try:
        import nowhere
    except ImportError as error:
        logger.warning("no %s: %s", "nowhere", error)


    def start():
        logger = print
    '''
)
LOGGED = text(
    '''
    """The service."""
    # what it is made of
    import os
    import logging

    logger = logging.getLogger(__name__)

    try:
        import nowhere
    except ImportError as error:
        logger.warning("no %s: %s", "nowhere", error)


    def start():
        logger = print
    '''
)


def files(source: str) -> dict[str, str]:
    return {**HEALTHY, "main.py": f"import part\n{MAIN}", "part.py": source}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import os\n\nURL = json.loads(os.getenv('URL', '{}'))\n",
            "import os\nimport json\n\nURL = json.loads(os.getenv('URL', '{}'))\n",
        ),
        ("from typing import List\n\nX: Dict[str, List] = {}\n", "from typing import Dict, List\n\nX: Dict[str, List] = {}\n"),
        ("import typing\n\nX: Optional[int] = 1\n", "import typing\nfrom typing import Optional\n\nX: Optional[int] = 1\n"),
        ("NOW = datetime.utcnow()\n", "from datetime import datetime\nNOW = datetime.utcnow()\n"),
        (
            "DAY = datetime.timedelta(1)\nNOW = datetime.date(1, 1, 1)\n",
            "import datetime\nDAY = datetime.timedelta(1)\nNOW = datetime.date(1, 1, 1)\n",
        ),
        (
            "import os\n\n\ndef home():\n    return Path(os.curdir)\n\n\nHOME = home()\n",
            "import os\nfrom pathlib import Path\n\n\ndef home():\n    return Path(os.curdir)\n\n\nHOME = home()\n",
        ),
    ],
    ids=["a module", "a name beside others", "a name of a module that is there", "a class", "its module", "in a function"],
)
def test_what_only_python_can_mean_is_imported(before, after):
    check_transformed(NAME, files(before), {"part.py": after})


def test_what_the_other_files_import_is_imported_from_there():
    models = {"store/models.py": "class Deck: pass\n", "store/cards.py": "from store.models import Deck\n"}
    before = "import os\n\nDECKS = [Deck()]\n"
    after = "import os\nfrom store.models import Deck\n\nDECKS = [Deck()]\n"
    given = {**files(before), **models}
    check_transformed(NAME, given, {"part.py": after})
    assert reasons(NAME, {**given, "store/other.py": "from cards import Deck\n"}) == {
        "the repository's files have `Deck` from `cards` and `store.models`"
    }


def test_dots_count_in_their_own_folder():
    app = {
        "app/main.py": f"from app import part\n{MAIN}",
        "app/part.py": "DECKS = [Deck()]\n",
        "app/models.py": "class Deck: pass\n",
        "app/cards.py": "from .models import Deck\n",
    }
    given = {**files(""), **app, "Dockerfile": HEALTHY["Dockerfile"].replace("main:app", "app.main:app")}
    check_transformed(NAME, given, {"app/part.py": "from .models import Deck\nDECKS = [Deck()]\n"})


def test_a_logger_that_nobody_made_gets_made():
    check_transformed(NAME, files(TRIED), {"part.py": LOGGED}, unsafe=True)


def test_a_name_for_type_checkers_alone_is_not_evaluated():
    before = '"""Parts."""\n\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from store import Deck\n\n\n'
    after = before.replace('"""\n\n', '"""\n\nfrom __future__ import annotations\n\n')
    function = "def cut(deck: Deck) -> None: ...\n"
    check_transformed(NAME, files(before + function), {"part.py": after + function})
    assert reasons(NAME, files(f"import fastapi\n{before}{function}")) == {
        "`Deck` is imported for type checkers alone, and something in part.py may evaluate annotations"
    }


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("print(deck)\ndeck = 1\n", "part.py binds `deck` further down: which of the lines moves is for a person to say"),
        ("print(deck)\n", "nothing tells where `deck` comes from"),
        ("print(logger)\n", "nothing tells where `logger` comes from"),
        ("x = json\n", "nothing tells where `json` comes from"),
        ("datetime.zone()\n", "nothing tells where `datetime` comes from"),
    ],
)
def test_what_is_a_persons_to_say(source, reason):
    assert reasons(NAME, files(source)) == {reason}
