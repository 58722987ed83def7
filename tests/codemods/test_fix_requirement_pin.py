from __future__ import annotations

import pytest

from bot.engine.simulate import Options
from tests.bot.engine.index import WEB, Dist, Index
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed, planned, result

NAME = "fix-requirement-pin"
CP = "cp{0}-cp{0}-manylinux_2_17_x86_64"
LIB = {
    version: Dist(files={"lib/__init__.py": "", "lib/error.py": "Failed = 1\n"})
    for version in ("10.0", "11.5", "12.0", "12.5.1")
}
LIB |= {version: Dist(files={"lib/__init__.py": "Failed = 1\n"}) for version in ("13.0.0", "13.2", "16.1")}
KNOWN = {
    **WEB,
    "pymupdf": {version: Dist() for version in ("1.23.0", "1.24.9", "1.24.11", "1.25.0", "2.0")},
    "lib": LIB,
    "pandas": {
        "2.0.3": Dist(wheels=(CP.format(310),), source=True),
        "2.2.3": Dist(wheels=(CP.format(311), CP.format(312)), source=True),
        "3.0.0": Dist(wheels=(CP.format(312),), source=True),
    },
    "django": {
        "4.1.13": Dist(("asgiref>=3.5,<4",), {"django/__init__.py": ""}),
        "5.2": Dist(("asgiref>=3.8",), {"django/__init__.py": "from asgiref.sync import new\n"}),
    },
    "asgiref": {
        "3.5.2": Dist(files={"asgiref/__init__.py": "", "asgiref/sync.py": ""}),
        "3.8.1": Dist(files={"asgiref/__init__.py": "", "asgiref/sync.py": "new = 1\n"}),
    },
    "openai": {"1.30.1": Dist(("httpx<1",), {"openai/__init__.py": "class OpenAI: ...\n"})},
    "httpx": {"0.27.2": Dist(files={"httpx.py": ""}), "0.28.1": Dist(files={"httpx.py": ""})},
}


def options(known: dict[str, dict[str, Dist]] = KNOWN) -> Options:
    return Options(package_index=Index(known))


def listing(requirements: str, code: str = "", **more: str) -> dict[str, str]:
    return {**HEALTHY, "requirements.txt": requirements, "main.py": code + MAIN, **more}


def check(before: dict[str, str], requirements: str) -> None:
    check_transformed(NAME, before, {"requirements.txt": requirements}, True, options())


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("pymupdf==1.24.10", "pymupdf==1.24.11"),  # the next of the same line
        ("pymupdf==1.24.12", "pymupdf==1.24.11"),  # or the one before
        ("PyMuPDF == 1.24.10  # reads", "PyMuPDF ==1.24.11  # reads"),
        ("pymupdf==1.26.0", "pymupdf==1.25.0"),  # the same major version
        ("pymupdf==0.9", "pymupdf==1.23.0"),  # whatever is next
        ("pymupdf==1.24.10; python_version > '3'", "pymupdf==1.24.11; python_version > '3'"),
    ],
)
def test_the_nearest_version_that_there_is(written: str, after: str):
    check(listing(f"fastapi\n{written}\nuvicorn\n"), f"fastapi\n{after}\nuvicorn\n")


def test_the_nearest_version_with_a_wheel_for_this_python():
    check(listing("fastapi\npandas==2.0.3\nuvicorn\n"), "fastapi\npandas==2.2.3\nuvicorn\n")


@pytest.mark.parametrize("code", ["from lib.error import Failed\n", "import lib.error\n", "from lib import error\n"])
def test_a_library_that_lost_a_module_is_kept_below(code: str):
    check(listing("fastapi\nlib\nuvicorn\n", code), "fastapi\nlib<13\nuvicorn\n")


def test_a_version_is_fixed_where_all_are():
    pins = "fastapi==0.115.0\nlib==16.1\nuvicorn==0.30.0\n"
    check(listing(pins, "import lib.error\n"), pins.replace("16.1", "12.5.1"))


def test_a_bound_is_replaced():
    check(listing("fastapi\nlib>=13  # pays\nuvicorn\n", "import lib.error\n"), "fastapi\nlib<13  # pays\nuvicorn\n")


def test_a_library_that_another_one_brings_gets_a_line():
    known = {**KNOWN, "shop": {"1.0": Dist(("lib",), {"shop.py": ""})}}
    before = listing("fastapi\nshop\nuvicorn\n", "import lib.error\n")
    after = {"requirements.txt": "fastapi\nlib<13\nshop\nuvicorn\n"}
    check_transformed(NAME, before, after, True, options(known))


def test_two_installs_that_do_not_fit_each_other():
    before = listing("asgiref==3.5.2\nfastapi==0.115.0\nuvicorn==0.30.0\n", "import django\n")
    before["Dockerfile"] = DOCKERFILE.replace("RUN pip", "RUN pip install Django\nRUN pip")
    after = before["Dockerfile"].replace("install Django\n", "install Django==4.1.13\n")
    check_transformed(NAME, before, {"Dockerfile": after}, True, options())


@pytest.mark.parametrize("pinned", ["openai==1.30.1", "openai<1.40"])
def test_versions_that_clash_are_kept_apart(pinned: str):
    before = listing(f"fastapi\n{pinned}\nuvicorn\n", "from openai import OpenAI\n\nclient = OpenAI(api_key='x')\n")
    check(before, f"fastapi\nhttpx<0.28\n{pinned}\nuvicorn\n")
    check(
        listing(f"fastapi\nhttpx==0.28.1\n{pinned}\nuvicorn\n", "import openai\n\nclient = openai.OpenAI()\n"),
        f"fastapi\nhttpx<0.28\n{pinned}\nuvicorn\n",
    )


def test_it_is_a_suggestion():
    before = listing("fastapi\npymupdf==1.24.10\nuvicorn\n")
    made = planned(before, NAME, options=options())
    assert not made.tree.changes()
    assert [(dropped.codemod, dropped.suggestion) for dropped in made.dropped] == [(NAME, True)]


# --- no repair


def reasons(before: dict[str, str], known: dict[str, dict[str, Dist]] = KNOWN) -> set[str]:
    return {dropped.reason for dropped in check_noop(NAME, before, options=options(known)).dropped if dropped.codemod == NAME}


def test_what_is_there_stays():
    assert reasons(listing("fastapi\npymupdf==1.24.11\nlib<13\nuvicorn\n", "import lib.error\n")) == set()


def test_nothing_without_the_index():
    code = "from openai import OpenAI\n\nOpenAI()\n"
    assert not check_noop(NAME, listing("fastapi\npymupdf==1.24.10\nuvicorn\n")).steps
    files = listing("fastapi\nopenai==1.30.1\nhttpx==0.27.2\nuvicorn\n", code)
    assert not check_noop(NAME, files).steps


def test_a_name_that_nobody_has_is_not_guessed():
    assert reasons(listing("fastapi\nnothing-like-it==1\nuvicorn\n")) == {"the package index has nothing of that name"}


def test_a_name_that_no_version_ever_had():
    found = reasons(listing("fastapi\nlib\nuvicorn\n", "from lib import never\n"))
    assert found == {"no older version of `lib` that was looked into has `lib.never`"}


def test_hashes_are_left_to_their_tool():
    pins = "fastapi==0.115.0 --hash=sha256:00\npymupdf==1.24.10 --hash=sha256:00\nuvicorn==0.30.0 --hash=sha256:00\n"
    assert reasons(listing(pins)) == {"requirements.txt pins hashes: `pip-compile` has to write them"}


def test_a_call_that_never_runs_does_not_clash():
    code = "from openai import OpenAI\n\ndef client():\n    return OpenAI()\n\n"
    assert reasons(listing("fastapi\nopenai==1.30.1\nuvicorn\n", code)) == set()


def test_in_a_list_of_words_the_word_is_edited():
    before = listing("fastapi\nuvicorn\n")
    before["Dockerfile"] = DOCKERFILE.replace("install -r", "install 'pymupdf==1.24.10' -r")
    made = planned(before, NAME, True, options())
    assert "'pymupdf==1.24.11'" in result(made, before)["Dockerfile"]
