import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, text

NAME = "defer-setting-check"
GUARD = text(
    """
    import os

    API_KEY = os.getenv("API_KEY")
    if not API_KEY:
        raise ValueError("API_KEY not set")  # the platform holds it
    URL = "https://example.com"


    def headers(kind: str) -> dict[str, str]:
        return {"Authorization": f"{kind} {API_KEY}"}
    """
)
DEFERRED = text(
    """
    import os

    API_KEY = os.getenv("API_KEY")


    def require_api_key() -> str:
        if not API_KEY:
            raise ValueError("API_KEY not set")  # the platform holds it
        return API_KEY


    URL = "https://example.com"


    def headers(kind: str) -> dict[str, str]:
        return {"Authorization": f"{kind} {require_api_key()}"}
    """
)
LOOK_UP = text(
    """
    import os

    API_KEY = os.environ["API_KEY"]


    def key():
        return API_KEY
    """
)
BARE = GUARD.replace("  # the platform holds it", "")
FILES = {**HEALTHY, "main.py": "import keys\n" + MAIN, "keys.py": GUARD}


def code(files: dict[str, str]) -> dict[str, str]:
    """Return the healthy app with other files of its own."""
    return {**FILES, **files}


def test_a_check_becomes_a_function_that_its_uses_call():
    made = check_transformed(NAME, FILES, {"keys.py": DEFERRED}, unsafe=True)
    assert made.steps[0].manual == ("`fly secrets set API_KEY=… -a demo`: what needs API_KEY fails until then.",)


def test_so_does_an_assertion():
    check = '{}if not API_KEY:\n{}    raise ValueError("API_KEY not set")'
    assertion = 'assert API_KEY, "API_KEY not set"'
    before = GUARD.replace(check.format("", ""), assertion)
    after = DEFERRED.replace(check.format("    ", "    "), f"    {assertion}")
    check_transformed(NAME, code({"keys.py": before}), {"keys.py": after}, unsafe=True)


def test_a_look_up_is_made_when_the_value_is_needed():
    after = text(
        """
        import os
        from functools import cache


        @cache
        def get_api_key():
            return os.environ["API_KEY"]


        def key():
            return get_api_key()
        """
    )
    check_transformed(NAME, code({"keys.py": LOOK_UP}), {"keys.py": after}, unsafe=True)


def test_other_modules_follow_and_what_only_prints_it_does_not():
    before = {
        "keys.py": GUARD.partition("URL")[0],
        "main.py": "from keys import API_KEY\n" + MAIN + "\nprint('key', API_KEY)\n\n\ndef key():\n    return API_KEY\n",
    }
    after = {
        "keys.py": DEFERRED.partition("\n\n\nURL")[0].replace(" -> str", "") + "\n",
        "main.py": "from keys import API_KEY, require_api_key\n"
        + MAIN
        + "\nprint('key', API_KEY)\n\n\ndef key():\n    return require_api_key()\n",
    }
    check_transformed(NAME, code(before), after, unsafe=True)


def test_a_client_that_is_made_of_the_value_follows():
    before = GUARD.replace('URL = "https://example.com"', "client = Client(API_KEY)").replace("API_KEY}", "client}")
    after = DEFERRED.replace(
        'URL = "https://example.com"\n', "@cache\ndef get_client():\n    return Client(require_api_key())\n"
    )
    after = after.replace("import os\n", "import os\nfrom functools import cache\n").replace(
        "{require_api_key()}", "{get_client()}"
    )
    head = "from clients import Client\n"
    files = code(
        {"keys.py": head + before, "clients.py": "class Client:\n    def __init__(self, key):\n        self.key = key\n"}
    )
    made = planned(files, NAME, unsafe=True)
    assert made.tree.text("keys.py") == after.replace(
        "import os\nfrom functools import cache\n", f"{head}import os\nfrom functools import cache\n"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (GUARD + "\n\nSETTINGS = dict(key=API_KEY)\nSETTINGS['x'] = API_KEY\n", "uses `API_KEY` as the module"),
        (
            GUARD.replace("if not API_KEY:", "if not API_KEY or not os.getenv('OTHER'):").replace(
                "API_KEY =", "OTHER = API_KEY ="
            ),
            "",
        ),
        (GUARD.partition("URL")[0], "no function uses it"),
        ("import os\nif not os.getenv('API_KEY'):\n    raise SystemExit('API_KEY')\n", "something else than one name"),
        (
            "import os, sys\nKEY = os.getenv('API_KEY')\nif not KEY:\n    sys.exit(1)\n\n\ndef key():\n    return KEY\n",
            "something else",
        ),
        ("import os\n\n\nclass Keys:\n    key = os.environ['API_KEY']\n", "no plain assignment"),
        (GUARD + "\n\ndef reset():\n    global API_KEY\n    API_KEY = ''\n", "something else than one name"),
    ],
)
def test_what_is_not_followed_stays(source, reason):
    found = reasons(NAME, code({"keys.py": source}))
    assert any(reason in each for each in found), found


def test_a_variable_that_is_set_is_asked_for_where_it_was():
    check_noop(NAME, code({"fly.toml": FLY + '\n[env]\n  API_KEY = "x"\n'}))
    check_noop(NAME, code({"main.py": "try:\n    import keys\nexcept ValueError:\n    keys = None\n" + MAIN}))
    assert not planned(FILES, unsafe=True).tree.changes()


def test_it_goes_along_with_the_repair_of_a_broken_deploy():
    broken = code({"fly.toml": FLY.replace("8080", "9000")})
    assert [step.codemod for step in planned(broken, unsafe=True).steps] == ["align-port", NAME]


def test_what_a_function_asks_for_becomes_an_accessor_each():
    require = text(
        """
        import os


        def require(name):
            value = os.getenv(name)
            if not value:
                raise RuntimeError(f"{name} is not set")
            return value


        """
    )
    before = 'A = require("A")\nB = require("B")\n\n\ndef both():\n    return A, B\n'
    after = text(
        """
        @cache
        def get_a():
            return require("A")


        @cache
        def get_b():
            return require("B")


        def both():
            return get_a(), get_b()
        """
    )
    wanted = require.replace("import os\n", "import os\nfrom functools import cache\n") + after
    check_transformed(NAME, code({"keys.py": require + before}), {"keys.py": wanted}, unsafe=True)


def test_decouple_looks_up_too():
    files = code({"requirements.txt": "fastapi\nuvicorn\npython-decouple\n"})
    source = "from decouple import config\n\nKEY = config('API_KEY')\n\n\ndef key():\n    return KEY\n"
    after = (
        "from functools import cache\nfrom decouple import config\n\n\n@cache\ndef get_key():\n    return config('API_KEY')\n"
    )
    check_transformed(
        NAME, {**files, "keys.py": source}, {"keys.py": f"{after}\n\ndef key():\n    return get_key()\n"}, unsafe=True
    )
    check_noop(NAME, {**files, "keys.py": source.replace("'API_KEY'", "'API_KEY', default=''")})
