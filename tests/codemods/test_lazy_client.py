import subprocess
import sys

import pytest

from bot.engine.simulate import Options
from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, MAIN, check_noop, check_transformed, only, planned, result, text

NAME = "lazy-client"
LLM = text(
    """
    import os

    from openai import OpenAI

    # the one client
    client = OpenAI(api_key=os.getenv("OPENAI_API_KEY"))  # from the platform


    def ask(question):
        return client.responses.create(input=question)
    """
)
LAZY = text(
    """
    import os
    from functools import cache

    from openai import OpenAI


    # the one client
    @cache
    def get_client():
        return OpenAI(api_key=os.getenv("OPENAI_API_KEY"))  # from the platform


    def ask(question):
        return get_client().responses.create(input=question)
    """
)
BARE = LLM.replace("  # from the platform", "")
FILES = {
    **HEALTHY,
    "requirements.txt": "fastapi\nuvicorn\nopenai\nsqlalchemy\npsycopg2-binary\n",
    "main.py": "import llm\n" + MAIN,
    "llm.py": LLM,
}
CONNECTION = text(
    """
    import psycopg2
    import os
    from flask import Flask

    url = os.environ.get("DATABASE_URL")
    connection = psycopg2.connect(
        url,
        connect_timeout=3,
    )
    cursor = connection.cursor()
    app = Flask(__name__)


    def rooms(connection_id):
        with connection:
            cursor.execute("SELECT 1")
        names = lambda: [name for name in cursor]
        return f"{cursor.rowcount} of {connection_id}", names
    """
)


def code(files: dict[str, str]) -> dict[str, str]:
    """Return the healthy app with other files of its own."""
    return {**FILES, **files}


def test_a_client_is_made_when_it_is_first_used():
    made = check_transformed(NAME, FILES, {"llm.py": LAZY}, unsafe=True)
    assert made.steps[0].manual == ("`fly secrets set OPENAI_API_KEY=… -a demo`: what needs OPENAI_API_KEY fails until then.",)
    assert not [each for each in made.after[0].assumptions if each.name == "OPENAI_API_KEY"]


def test_what_is_made_of_a_connection_follows():
    after = text(
        """
        import psycopg2
        import os
        from functools import cache
        from flask import Flask

        url = os.environ.get("DATABASE_URL")


        @cache
        def get_connection():
            return psycopg2.connect(
                url,
                connect_timeout=3,
            )


        @cache
        def get_cursor():
            return get_connection().cursor()


        app = Flask(__name__)


        def rooms(connection_id):
            with get_connection():
                get_cursor().execute("SELECT 1")
            names = lambda: [name for name in get_cursor()]
            return f"{get_cursor().rowcount} of {connection_id}", names
        """
    )
    check_transformed(NAME, code({"llm.py": CONNECTION}), {"llm.py": after}, unsafe=True)


def test_other_modules_follow():
    files = code(
        {
            "llm.py": LLM.partition("\n\ndef")[0],
            "main.py": "import routes\n" + MAIN,
            "routes.py": "from llm import client, OpenAI as Kind\n\n\ndef ask():\n    return client.responses, Kind\n",
            "late.py": "def ask():\n    from llm import client as llm\n\n    return llm.responses\n",
        }
    )
    after = {
        "llm.py": LAZY.partition("\n\ndef ask")[0],
        "routes.py": "from llm import get_client, OpenAI as Kind\n\n\ndef ask():\n    return get_client().responses, Kind\n",
        "late.py": "def ask():\n    from llm import get_client as get_llm\n\n    return get_llm().responses\n",
    }
    check_transformed(NAME, files, after, unsafe=True)


def test_a_name_that_a_package_hands_on_keeps_being_handed_on():
    files = code(
        {
            "main.py": "import routes\n" + MAIN,
            "llm.py": "",
            "ai/__init__.py": "from .llm import client\n",
            "ai/llm.py": LLM.partition("\n\ndef")[0],
            "routes.py": "from ai import client\n\n\ndef ask():\n    return client.responses\n",
        }
    )
    after = {
        "ai/__init__.py": "from .llm import get_client\n",
        "ai/llm.py": LAZY.partition("\n\ndef ask")[0],
        "routes.py": "from ai import get_client\n\n\ndef ask():\n    return get_client().responses\n",
    }
    check_transformed(NAME, files, after, unsafe=True)


def test_an_annotation_becomes_that_of_the_function_and_imports_are_used_as_they_are():
    source = LLM.replace("import os\n", "import functools\nimport os\n").replace("client = ", "_client: OpenAI = ", 1)
    source = source.replace("return client", "return _client")
    after = source.replace("# the one", "\n# the one").replace("return _client", "return _get_client()")
    after = after.replace("_client: OpenAI = ", "@functools.cache\ndef _get_client() -> OpenAI:\n    return ")
    check_transformed(NAME, code({"llm.py": source}), {"llm.py": after}, unsafe=True)


def test_a_name_of_a_function_s_own_is_another_one():
    source = LLM + "\n\ndef other(client):\n    return client\n"
    check_transformed(
        NAME, code({"llm.py": source}), {"llm.py": LAZY + "\n\ndef other(client):\n    return client\n"}, unsafe=True
    )


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"llm.py": LLM + "\n\nMODELS = [each for each in client.models.list()]\nprint(client)\n"},
            "uses `client` as the module",
        ),
        ({"llm.py": LLM + "\n\ndef other(known=client):\n    return known\n"}, "uses `client` as the module"),
        ({"llm.py": LLM + "\n\nclass Bot:\n    client = client\n"}, "uses `client` as the module"),
        ({"llm.py": LLM + "\n\n@client.on\ndef other():\n    pass\n"}, "uses `client` as the module"),
        ({"llm.py": LLM + "\n\ndef reset():\n    global client\n    client = None\n"}, "binds `client` more than once"),
        ({"llm.py": LLM + '\n__all__ = ["client", "ask"]\n'}, "`__all__`"),
        ({"llm.py": "from openai import OpenAI\n\nclient = OpenAI()\n"}, "no function uses it"),
        ({"llm.py": "from openai import OpenAI\n\n\nclass Bot:\n    client = OpenAI()\n"}, "no plain assignment"),
        ({"test_llm.py": "from mock import patch\n\n\n@patch('llm.client')\ndef test():\n    pass\n"}, "is not followed"),
        ({"other.py": "import llm\n\n\ndef ask():\n    return llm.client\n"}, "is not followed"),
        ({"other.py": "from llm import *\n\n\ndef ask():\n    return client\n"}, "is not followed"),
        ({"other.py": "try:\n    from llm import client\nexcept Exception:\n    client = None\n"}, "more than once"),
    ],
)
def test_uses_that_are_not_followed_end_the_edit(files, reason):
    assert any(reason in each for each in reasons(NAME, code(files)))


def test_one_that_is_used_at_the_start_all_the_same_stays():
    source = LLM + "\n\nFIRST = ask('hello')\n"
    check_noop(NAME, code({"llm.py": source}))


def test_a_service_that_starts_keeps_its_client():
    check_noop(NAME, code({"fly.toml": FLY + '\n[env]\n  OPENAI_API_KEY = "x"\n'}))
    check_noop(NAME, FILES, options=Options(secrets=("OPENAI_API_KEY",)))
    made = planned(FILES, unsafe=True)
    assert not made.tree.changes()


def test_it_goes_along_with_the_repair_of_a_broken_deploy():
    broken = code({"fly.toml": FLY.replace("8080", "9000")})
    steps = [step.codemod for step in planned(broken, unsafe=True).steps]
    assert steps == ["align-port", NAME]
    assert [step.codemod for step in planned(broken).steps] == ["align-port"]


def test_what_comes_of_it_runs(tmp_path):
    """The module is imported without a key, and fails with the library's own message when it is used."""
    files = result(planned(FILES, NAME, unsafe=True), FILES)
    (tmp_path / "openai.py").write_text(
        "class OpenAI:\n    def __init__(self, api_key):\n        raise SystemExit(f'no key: {api_key}')\n"
    )
    (tmp_path / "llm.py").write_text(files["llm.py"])
    done = subprocess.run(
        (sys.executable, "-c", "import llm; print('started'); llm.ask('x')"),
        cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("started\n", "no key: None\n")


def test_the_weakness_names_what_is_missing():
    assert [each.kind for each in only(FILES).assumptions if each.by == "call"] == ["variable"]
