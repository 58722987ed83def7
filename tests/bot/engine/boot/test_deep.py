"""What starts an app is followed into the wheels that its image installs."""

from __future__ import annotations

import pytest

from bot.engine.model.findings import Fault, Lacking, MissingModule
from bot.engine.simulate import Options
from tests.bot.engine.index import WEB, Dist, Index
from tests.tools import DOCKERFILE, HEALTHY, MAIN, faults

KNOWN = {
    **WEB,
    "stripe": {"13.0": Dist(files={"stripe/__init__.py": "class Charge: ...\n"})},
    "shop": {"1.0": Dist(files={"shop.py": "import tills\n"})},
    "lazy": {"1.0": Dist(files={"lazy.py": "def __getattr__(name): ...\n"})},
}
SITE = "/usr/local/lib/python3.11/site-packages"


def found(code: str, requirements: str = "fastapi\nuvicorn\nstripe\nshop\nlazy\n", known=KNOWN, **more: str) -> list[Fault]:
    files = {**HEALTHY, "main.py": code + MAIN, "requirements.txt": requirements, **more}
    return faults(files, options=Options(package_index=Index(known)))


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import stripe\nfrom stripe import Charge\n",
        "from lazy import anything\n",
        "try:\n    import stripe.error\nexcept ImportError:\n    pass\n",
        "def pay():\n    from stripe.error import Failed\n\n",
    ],
)
def test_what_works_is_no_fault(code: str):
    assert found(code) == []


@pytest.mark.parametrize(
    ("code", "message", "detail"),
    [
        (
            "from stripe.error import Failed\n",
            "ModuleNotFoundError: No module named 'stripe.error'",
            Lacking("stripe", "13.0", "stripe.error", None, None),
        ),
        (
            "from stripe import Refund\n",
            f"ImportError: cannot import name 'Refund' from 'stripe' ({SITE}/stripe/__init__.py)",
            Lacking("stripe", "13.0", "stripe", "Refund", None),
        ),
    ],
)
def test_a_library_that_lost_something(code: str, message: str, detail: Lacking):
    [fault] = found(code)
    assert (fault.code, fault.confidence, fault.message) == ("library-incompatible", "certain", message)
    assert (fault.detail, fault.chain) == (detail, ("main.py:1",))
    assert fault.reason.startswith("stripe 13.0, which is installed, does not have")


def test_a_library_that_needs_what_nobody_brings():
    [fault] = found("import shop\n")
    assert (fault.code, fault.confidence) == ("module-not-found", "certain")
    assert fault.message == "ModuleNotFoundError: No module named 'tills'"
    assert fault.chain == ("main.py:1", "shop.py:1")
    assert fault.detail == MissingModule("tills", False, "main.py")


def test_a_module_that_no_wheel_has_is_missed_for_certain():
    [fault] = found("import requests\n")
    assert (fault.code, fault.confidence) == ("module-not-found", "certain")


def test_a_run_that_may_install_more_leaves_a_doubt():
    [fault] = found("import requests\n", Dockerfile=DOCKERFILE.replace("COPY . .", "COPY . .\nRUN poe setup"))
    assert fault.confidence == "likely"


def test_a_server_whose_wheel_is_there_is_there():
    known = {**KNOWN, "odd": {"1.0": Dist(scripts=("uvicorn",), files={"odd.py": "", "uvicorn.py": ""})}}
    assert found("", "fastapi\nodd\n", known) == []
    [fault] = found("", "fastapi\n")
    assert (fault.code, fault.confidence) == ("launcher-not-installed", "certain")


# --- versions that are known not to work together

CLIENT = "from openai import OpenAI\n\nclient = OpenAI(api_key='x')\n"
OPENAI = {
    "openai": {
        "1.30.1": Dist(("httpx<1",), {"openai.py": "class OpenAI: ...\n"}),
        "1.55.3": Dist(("httpx<1",), {"openai.py": "class OpenAI: ...\n"}),
    },
    "httpx": {"0.27.2": Dist(files={"httpx.py": ""}), "0.28.1": Dist(files={"httpx.py": ""})},
    "sqlalchemy": {"2.0.25": Dist(files={"sqlalchemy.py": ""}), "2.0.31": Dist(files={"sqlalchemy.py": ""})},
}
PROXIES = "TypeError: Client.__init__() got an unexpected keyword argument 'proxies'"


def clashes(code: str, requirements: str, **more: str) -> list[tuple[str, str, str]]:
    listed = found(code, f"fastapi\nuvicorn\n{requirements}\n", {**WEB, **OPENAI}, **more)
    return [(fault.code, fault.confidence, fault.message) for fault in listed]


def test_two_libraries_that_do_not_go_together():
    assert clashes(CLIENT, "openai==1.30.1") == [("versions-clash", "certain", PROXIES)]


@pytest.mark.parametrize("requirements", ["openai==1.55.3", "openai==1.30.1\nhttpx==0.27.2"])
def test_versions_that_go_together(requirements: str):
    assert clashes(CLIENT, requirements) == []


@pytest.mark.parametrize(
    "code",
    ["import openai\n", "from openai import OpenAI\n\ndef make():\n    return OpenAI()\n", "class OpenAI: ...\n\nOpenAI()\n"],
)
def test_only_the_call_itself_clashes(code: str):
    assert clashes(code, "openai==1.30.1") == []


def test_a_library_and_a_python():
    newer = DOCKERFILE.replace("3.11", "3.13")
    [(code, _, message)] = clashes("import sqlalchemy\n", "sqlalchemy==2.0.25", Dockerfile=newer)
    assert code == "versions-clash"
    assert message.startswith("AssertionError: Class <class 'sqlalchemy.sql.elements.SQLCoreOperations'>")
    assert clashes("import sqlalchemy\n", "sqlalchemy==2.0.25") == []
    assert clashes("import sqlalchemy\n", "sqlalchemy==2.0.31", Dockerfile=newer) == []


def test_without_the_index_a_clash_is_likely():
    files = {**HEALTHY, "main.py": CLIENT + MAIN, "requirements.txt": "fastapi\nuvicorn\nopenai==1.30.1\n"}
    [fault] = faults(files)
    assert (fault.code, fault.confidence, fault.message) == ("versions-clash", "likely", PROXIES)


# --- libraries of the system


def libraries(requirements: str, code: str, dockerfile: str = DOCKERFILE) -> list[tuple[str, str, str]]:
    files = {
        **HEALTHY,
        "main.py": code + MAIN,
        "requirements.txt": f"fastapi\nuvicorn\n{requirements}\n",
        "Dockerfile": dockerfile,
    }
    return [(fault.code, fault.confidence, fault.message) for fault in faults(files)]


GL = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    ("requirements", "code", "message"),
    [
        ("opencv-python", "import cv2\n", GL),
        ("psycopg", "import psycopg\n", "ImportError: no pq wrapper available."),
        ("python-magic", "import magic\n", "ImportError: failed to find libmagic.  Check your installation"),
        (
            "lightgbm",
            "import lightgbm as lgb\n",
            "OSError: libgomp.so.1: cannot open shared object file: No such file or directory",
        ),
    ],
)
def test_a_library_that_a_slim_image_lacks(requirements: str, code: str, message: str):
    assert libraries(requirements, code) == [("system-library-missing", "certain", message)]


@pytest.mark.parametrize(
    ("requirements", "code"),
    [
        ("opencv-python-headless", "import cv2\n"),
        ("opencv-python\nopencv-python-headless", "import cv2\n"),
        ("psycopg[binary]", "import psycopg\n"),
        ("psycopg\npsycopg-binary", "import psycopg\n"),
        ("opencv-python", ""),
        ("opencv-python", "try:\n    import cv2\nexcept ImportError:\n    cv2 = None\n"),
    ],
)
def test_who_needs_no_library(requirements: str, code: str):
    assert libraries(requirements, code) == []


@pytest.mark.parametrize("packages", ["libgl1 libglib2.0-0", "ffmpeg", "python3-opencv"])
def test_a_package_that_brings_the_library(packages: str):
    line = f"RUN apt-get update && apt-get install -y {packages}\nCOPY requirements"
    assert libraries("opencv-python", "import cv2\n", DOCKERFILE.replace("COPY requirements", line, 1)) == []


def test_a_package_that_may_bring_it_leaves_a_doubt():
    line = "RUN apt-get update && apt-get install -y nginx\nCOPY requirements"
    found = libraries("opencv-python", "import cv2\n", DOCKERFILE.replace("COPY requirements", line, 1))
    assert found == [("system-library-missing", "likely", GL)]


def test_a_full_image_may_have_it():
    assert libraries("opencv-python", "import cv2\n", DOCKERFILE.replace("-slim", "")) == []


def test_the_binaries_of_a_wheel_tell_what_they_need():
    known = {**WEB, "eyes": {"1.0": Dist(files={"eyes.py": ""}, libraries=("libc.so.6", "libxcb.so.1", "libGL.so.1"))}}
    [fault] = found("import eyes\n", "fastapi\nuvicorn\neyes\n", known)
    assert fault.code == "system-library-missing"
    assert fault.message == "ImportError: libxcb.so.1: cannot open shared object file: No such file or directory"
    assert fault.detail.packages == ("libxcb1", "libgl1")


# --- what the launcher itself imports


def test_a_server_that_imports_what_nobody_brings():
    old = {"gunicorn": {"19.0": Dist(scripts=("gunicorn",), files={"gunicorn/app/wsgiapp.py": "import pkg_resources\n"})}}
    dockerfile = (
        DOCKERFILE.replace("3.11", "3.13").rpartition("CMD")[0] + 'CMD ["gunicorn", "main:app", "-b", "0.0.0.0:8080"]\n'
    )
    [fault] = found("", "fastapi\ngunicorn\n", {**WEB, **old}, Dockerfile=dockerfile)
    assert (fault.message, fault.confidence) == ("ModuleNotFoundError: No module named 'pkg_resources'", "certain")


@pytest.mark.parametrize(
    ("worker", "message"),
    [
        ("uvicorn.workers.UvicornWorker", "ModuleNotFoundError: No module named 'uvicorn'"),
        ("uvicorn_worker.UvicornWorker", "ModuleNotFoundError: No module named 'uvicorn_worker'"),
        ("gevent", "RuntimeError: gevent worker requires gevent 24.10.1 or higher"),
        ("sync", None),
        ("gthread", None),
    ],
)
@pytest.mark.parametrize("option", ['"-k", "{}"', '"--worker-class={}"', '"-k{}"'])
def test_the_workers_of_gunicorn(worker: str, message: str | None, option: str):
    command = f'CMD ["gunicorn", "main:app", {option.format(worker)}, "-b", "0.0.0.0:8080"]\n'
    files = {**HEALTHY, "requirements.txt": "fastapi\ngunicorn\n", "Dockerfile": DOCKERFILE.rpartition("CMD")[0] + command}
    assert [fault.message for fault in faults(files)] == ([message] if message else [])


# --- the standard library


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("from collections import Mapping\n", 10),
        ("from inspect import getargspec\n", 11),
        ("from asyncio import coroutine\n", 11),
    ],
)
def test_names_that_python_lost(code: str, first: int):
    def messages(minor: int) -> list[str]:
        files = {**HEALTHY, "main.py": code + MAIN, "Dockerfile": DOCKERFILE.replace("3.11", f"3.{minor}")}
        return [fault.message for fault in faults(files) if fault.confidence == "certain"]

    words = code.split()
    path = f"/usr/local/lib/python3.{first}/…"
    assert messages(first) == [f"ImportError: cannot import name '{words[3]}' from '{words[1]}' ({path})"]
    assert messages(first - 1) == []


def test_names_that_a_library_still_takes_from_python():
    known = {**WEB, "old": {"1.0": Dist(files={"old.py": "from collections import Mapping\n"})}}
    [fault] = found("import old\n", "fastapi\nuvicorn\nold\n", known)
    assert fault.message.startswith("ImportError: cannot import name 'Mapping' from 'collections'")
    assert "old imports it" in fault.reason
    guarded = "try:\n    from collections import Mapping\nexcept ImportError:\n    from collections.abc import Mapping\n"
    known["old"] = {"1.0": Dist(files={"old.py": guarded})}
    assert found("import old\n", "fastapi\nuvicorn\nold\n", known) == []
