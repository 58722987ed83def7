"""Checks that end the start where a file is missing."""

import pytest

from tests.tools import HEALTHY, MAIN, faults, only

FILES = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\npython-dotenv\n"}


def found(head: str, **more: str) -> list[tuple[str, str, str]]:
    report = only({**FILES, "main.py": head + MAIN, **more})
    return [(fault.code, fault.confidence, fault.message) for fault in report.faults]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            'import os\nif not os.path.exists("model.bin"):\n    raise RuntimeError("train it first")\n',
            "RuntimeError: train it first",
        ),
        (
            'from pathlib import Path\nassert Path("model.bin").is_file(), "train it first"\n',
            "AssertionError: train it first",
        ),
        (
            'import os, sys\nif not os.path.isfile("model.bin"):\n    print("train it first")\n    sys.exit(1)\n',
            "train it first",
        ),
        (
            'import os\nif os.path.exists("model.bin"):\n    pass\nelse:\n    raise SystemExit("train it first")\n',
            "train it first",
        ),
        (
            'import os\ndef load(path):\n    if not os.path.exists(path):\n        raise ValueError(path)\nload("model.bin")\n',
            "ValueError: model.bin",
        ),
        (
            'import os\nif not os.path.exists("model.bin"):\n    raise SystemExit\n',
            "FileNotFoundError: [Errno 2] No such file or directory: 'model.bin'",
        ),
    ],
)
def test_a_check_ends_the_start_in_its_own_words(head: str, message: str) -> None:
    assert found(head) == [("app-file-missing", "certain", message)]


@pytest.mark.parametrize(
    "head",
    [
        'import os\nif not os.path.exists("main.py"):\n    raise RuntimeError("nothing here")\n',
        'import os\nif not os.path.exists("model.bin"):\n    print("trains later")\n',
        'import os\nif os.getenv("STRICT") and not os.path.exists("model.bin"):\n    raise RuntimeError\n',
        'import os\nif not os.path.exists("/data/model.bin"):\n    raise RuntimeError("no volume")\n',
        'import os\ntry:\n    if not os.path.exists("model.bin"):\n        raise OSError\nexcept Exception:\n    pass\n',
        'import os\ndef later():\n    if not os.path.exists("model.bin"):\n        raise RuntimeError\n',
        'import os, pathlib\npathlib.Path("model.bin").touch()\nif not os.path.exists("model.bin"):\n    raise RuntimeError\n',
        "import os\nif os.path.exists('main.py'):\n    raise SystemExit('twice')\n",
    ],
)
def test_what_does_not_hang_on_a_missing_file_is_none(head: str) -> None:
    assert [each for each in found(head) if each[0] == "app-file-missing"] == []


@pytest.mark.usefixtures("names_given")
def test_load_dotenv_says_whether_it_found_a_file() -> None:
    head = 'from dotenv import load_dotenv\nif not load_dotenv():\n    raise RuntimeError("no .env")\n'
    assert found(head) == [("app-file-missing", "certain", "RuntimeError: no .env")]
    assert found(head, **{".env": "A=1\n"}) == []
    below = head.replace("load_dotenv()", 'load_dotenv(dotenv_path="config/.env")')
    assert found(below) == [("app-file-missing", "certain", "RuntimeError: no .env")]
    assert found(head.replace("load_dotenv()", "load_dotenv(stream=text)")) == []


def test_a_file_that_git_ignores_may_be_made_before_the_deploy() -> None:
    code = 'import os\nif not os.path.exists(".env"):\n    raise RuntimeError("no .env")\n' + MAIN
    files = {**FILES, "main.py": code, ".env": "A=1\n"}
    [fault] = faults(files, hidden=(".env",))
    assert (fault.code, fault.confidence) == ("app-file-missing", "likely")
