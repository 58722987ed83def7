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


def guarded(test: str, end: str = "raise ValueError('no key')") -> list[tuple[str, str]]:
    """Return what a check at import lets a start need."""
    return assumed({"main.py": f"import os, sys\nKEY = os.getenv('KEY')\nB = os.getenv('B')\nif {test}:\n    {end}\napp = 1\n"})


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("not KEY", ["KEY"]),
        ("KEY is None", ["KEY"]),
        ("KEY == None or not KEY", ["KEY"]),
        ("not KEY or not B", ["KEY", "B"]),
        ("not (KEY and B)", ["KEY", "B"]),
        ("not KEY and not B", ["KEY"]),  # one of them does
        ("'KEY' not in os.environ", ["KEY"]),
        ("not os.environ.get('KEY')", ["KEY"]),
        ("KEY", []),
        ("not os.getenv('KEY', 'x')", []),
        ("unknown and not KEY", []),
        ("len(sys.argv) > 99", []),
    ],
)
@pytest.mark.usefixtures("names_given")
def test_a_check_that_ends_the_start_needs_its_variables(test, wanted):
    assert [name for name, _ in guarded(test)] == wanted


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ("raise ValueError('no key')", "ValueError: no key"),
        ("raise RuntimeError(f'no {KEY} of {sys.argv}')", "RuntimeError: no … of …"),
        ("raise KeyError('KEY')", "KeyError: 'KEY'"),
        ("raise ValueError", "ValueError"),
        ("sys.exit('no key')", "no key"),
        ("print('no key'); sys.exit(1)", "no key"),
        ("sys.exit(1)", ""),
    ],
)
def test_the_line_of_a_check_is_what_it_says(end, line):
    assert guarded("not KEY", end) == [("KEY", line)]


def test_a_class_of_errors_is_called_as_a_traceback_calls_it():
    files = {
        "main.py": "import keys\napp = 1\n",
        "keys.py": "import os\nclass Missing(Exception):\n    pass\nif not os.getenv('KEY'):\n    raise Missing('no key')\n",
    }
    assert assumed(files) == [("KEY", "keys.Missing: no key")]


def test_a_check_that_cannot_be_told_or_is_caught_needs_nothing():
    assert assumed({"main.py": "import os\ndef f():\n    if not os.getenv('KEY'):\n        raise ValueError\napp = 1\n"}) == []
    assert assumed({"main.py": "import os\ntry:\n    import keys\nexcept ValueError:\n    pass\napp = 1\n", **KEYS}) == []
    assert assumed({"main.py": "import keys\napp = 1\n", **KEYS}) == [("KEY", "ValueError: no key")]
    assert assumed({"main.py": "import keys\napp = 1\n", **KEYS}, env={"KEY": "x"}) == []


KEYS = {"keys.py": "import os\nif not os.getenv('KEY'):\n    raise ValueError('no key')\n"}
