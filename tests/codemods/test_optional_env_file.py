import pytest

from tests.codemods import reasons
from tests.tools import HEALTHY, MAIN, check_noop, check_transformed, planned, text

NAME = "optional-env-file"
FILES = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\npython-dotenv\npython-decouple\n"}
CHECK = text(
    """
    from pathlib import Path

    from dotenv import load_dotenv

    env_file = Path(__file__).parent / ".env"
    # the keys of the shop
    if not env_file.exists():
        raise FileNotFoundError("no .env file")
    load_dotenv(env_file)
    """
)
LOADED = 'from dotenv import load_dotenv\n\nif not load_dotenv():\n    raise RuntimeError("no .env")\n'
FOUND = "from dotenv import find_dotenv, load_dotenv\n\nload_dotenv(find_dotenv(raise_error_if_not_found=True))\n"
DECOUPLED = 'from decouple import Config, RepositoryEnv\n\nconfig = Config(RepositoryEnv(".env"))\n'
READ = text(
    """
    import os

    with open(".env") as lines:
        for line in lines:
            name, _, value = line.partition("=")
            os.environ.setdefault(name, value)  # as the shell does
    """
)


def files(head: str) -> dict[str, str]:
    return {**FILES, "main.py": head + MAIN}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CHECK, CHECK.replace(CHECK[CHECK.index("# the") : CHECK.index("load_dotenv(env")], "")),
        (LOADED, "from dotenv import load_dotenv\n\nload_dotenv()\n"),
        (
            'from dotenv import load_dotenv\nassert load_dotenv(".env"), "no env"\n',
            'from dotenv import load_dotenv\nload_dotenv(".env")\n',
        ),
        (
            'import os\nimport sys\n\nfrom dotenv import load_dotenv\n\nif os.path.exists(".env"):\n    load_dotenv()\n'
            'else:\n    sys.exit("no .env")\n',
            'import os\nimport sys\n\nfrom dotenv import load_dotenv\n\nif os.path.exists(".env"):\n    load_dotenv()\n',
        ),
        (
            'from dotenv import load_dotenv\n\ntry:\n    with open(".env"):\n        load_dotenv()\n'
            'except FileNotFoundError:\n    print("no .env")\n    raise SystemExit(1)\n',
            'from dotenv import load_dotenv\n\ntry:\n    with open(".env"):\n        load_dotenv()\n'
            "except FileNotFoundError:\n    pass\n",
        ),
        (READ, READ[:11] + 'if os.path.exists(".env"):\n' + "".join(f"    {line}\n" for line in READ[11:].splitlines())),
        (
            'from pathlib import Path\n\nwith Path(".env").open() as lines:\n    print(lines.read())\n',
            'from pathlib import Path\n\nif Path(".env").exists():\n    with Path(".env").open() as lines:\n'
            "        print(lines.read())\n",
        ),
        (
            DECOUPLED,
            "import os\nfrom decouple import Config, RepositoryEnv, RepositoryEmpty\n\n"
            'config = Config(RepositoryEnv(".env") if os.path.exists(".env") else RepositoryEmpty())\n',
        ),
        (FOUND, FOUND.replace("raise_error_if_not_found=True", "")),
        (
            'import os\n\n\ndef load():\n    if not os.path.isfile(".env"):\n        raise SystemExit("no .env")\n\n'
            '    print("reads it")\n\n\nload()\n',
            'import os\n\n\ndef load():\n    print("reads it")\n\n\nload()\n',
        ),
    ],
)
def test_the_service_starts_without_the_file(before: str, after: str) -> None:
    check_transformed(NAME, files(before), {"main.py": after + MAIN}, unsafe=True)


def test_what_the_file_should_hold_is_said() -> None:
    made = planned({**files(CHECK), ".env.example": "STRIPE_KEY=\nMODE=live\n"}, NAME, unsafe=True)
    assert made.steps[0].manual == ("The platform needs what .env holds (.env.example names STRIPE_KEY, MODE).",)


@pytest.mark.parametrize(
    "head",
    [
        CHECK.replace('".env"', '"model.bin"'),
        'rows = open(".env").read().splitlines()\n',
        'with open(".env") as lines:\n    found = lines.read()\nprint(found)\n',
        'import os\n\n\ndef load():\n    if not os.path.isfile(".env"):\n        raise SystemExit("no .env")\n\n\nload()\n',
        'try:\n    open(".env")\nexcept Exception:\n    raise SystemExit(1)\n',
    ],
)
def test_what_needs_more_than_a_small_edit_is_left(head: str) -> None:
    check_noop(NAME, files(head))


def test_and_why_is_said() -> None:
    assert reasons(NAME, files('rows = open(".env").read()\n')) == {"main.py:1 needs .env in a way that is not edited"}


@pytest.mark.parametrize("head", [CHECK, LOADED, READ])
def test_a_file_that_the_image_has_stays_needed(head: str) -> None:
    check_noop(NAME, {**files(head), ".env": "MODE=live\n"})


def test_a_check_that_goes_on_stays() -> None:
    check_noop(NAME, files('import os\n\nif not os.path.exists(".env"):\n    print("no .env")\n'))
