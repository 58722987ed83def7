"""Variables that must be set when the code runs, and what is known to set them."""

import pytest

from tests.bot.engine.boot.tools import boot, run
from tests.tools import Files

SERVE = ("uvicorn", "main:app")
APP = "import os\nKEY = os.environ['API_KEY']\napp = 1\n"


def assumed(files: Files, argv: tuple[str, ...] = SERVE, **more: object) -> list[tuple[str, str]]:
    """Return the names and the lines of what a start needs; none of it is a fault."""
    booted = boot(files, argv, **more)
    assert booted.started
    assert not booted.faults
    return [(each.name, each.message) for each in booted.started.assumed]


def test_a_variable_that_is_read_at_import_is_assumed(tmp_path):
    assert assumed({"main.py": APP}) == [("API_KEY", "KeyError: 'API_KEY'")]
    assert run(tmp_path, {"main.py": APP}, SERVE) == "KeyError: 'API_KEY'"


def test_the_imports_that_lead_to_it_are_told():
    booted = boot({"main.py": "import keys\napp = 1\n", "keys.py": "import os\nos.environ['API_KEY']\n"}, SERVE)
    assert booted.started
    assert [each.chain for each in booted.started.assumed] == [("main.py:1", "keys.py:2")]


def test_so_is_one_that_a_called_function_reads_and_one_of_a_startup_handler():
    called = "import os\ndef key():\n    return os.environ['API_KEY']\nKEY = key()\napp = 1\n"
    assert assumed({"main.py": called}) == [("API_KEY", "KeyError: 'API_KEY'")]
    handler = (
        "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "@app.on_event('startup')\nasync def start():\n    os.environ['API_KEY']\n"
    )
    dockerfile = "COPY . .\nRUN pip install fastapi\n"
    assert assumed({"main.py": handler}, dockerfile=dockerfile) == [("API_KEY", "KeyError: 'API_KEY'")]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            "import os\ndef key():\n    return os.environ['API_KEY']\napp = 1\n", id="in a function that nobody calls"
        ),
        pytest.param("import os\ntry:\n    os.environ['API_KEY']\nexcept KeyError:\n    pass\napp = 1\n", id="caught"),
        pytest.param("import os\ntry:\n    os.environ['API_KEY']\nexcept Exception:\n    pass\napp = 1\n", id="caught widely"),
        pytest.param(
            "import os\nif os.getenv('MODE'):\n    os.environ['API_KEY']\napp = 1\n", id="in a branch that may not run"
        ),
        pytest.param("import os\nos.environ['API_KEY'] = 'x'\nos.environ['API_KEY']\napp = 1\n", id="set by the code"),
        pytest.param(
            "import os\nos.environ.setdefault('API_KEY', '')\nos.environ['API_KEY']\napp = 1\n", id="set where it is not"
        ),
        pytest.param("environ = {'API_KEY': 'x'}\nenviron['API_KEY']\napp = 1\n", id="another environ"),
        pytest.param("import os\nos.environ['$(id)']\napp = 1\n", id="no name of a variable"),
    ],
)
def test_what_need_not_be_set_is_not_assumed(source):
    assert assumed({"main.py": source}) == []


def test_what_is_set_is_not_assumed():
    assert assumed({"main.py": APP}, env={"API_KEY": "x"}) == []
    assert assumed({"main.py": APP}, env={"API_KEY": None}) == []
    assert assumed({"main.py": APP}, dockerfile="COPY . .\nENV API_KEY=x\n") == []


def test_nor_what_a_file_in_the_image_holds():
    loads = "from dotenv import load_dotenv\nload_dotenv()\n" + APP
    dockerfile = "RUN pip install python-dotenv\nCOPY . .\n"
    assert assumed({"main.py": loads, ".env": "export API_KEY=x\n"}, dockerfile=dockerfile) == []
    assert assumed({"main.py": loads, ".env": "OTHER=x\n"}, dockerfile=dockerfile) == [("API_KEY", "KeyError: 'API_KEY'")]
    assert assumed({"main.py": APP, ".env": "API_KEY=x\n"}) == [("API_KEY", "KeyError: 'API_KEY'")]
