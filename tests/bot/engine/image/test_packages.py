import timeit

import pytest

from bot.engine.image import packages, snapshot
from bot.engine.image.packages import Installed, installed, known, provider
from bot.engine.image.stage import Install
from bot.engine.model.findings import Place
from bot.engine.model.requirements import Requirement, normal, requirement

PLACE = Place("requirements.txt", 1)


def install(*names: str, opaque: str | None = None, projects: tuple[str, ...] = ()) -> Install:
    found = tuple(Requirement(line, PLACE) for name in names if (line := requirement(name)))
    return Install("/usr/local", found, projects, opaque, PLACE)


def having(*names: str, python: tuple[int, int] | None = (3, 11)) -> Installed:
    return installed((install(*names),), python)


# --- which distributions


def test_what_is_asked_for_is_there_by_its_normal_name():
    found = having("Flask_Cors==4.0", "gunicorn>=20")
    assert found.has("flask-cors")
    assert found.has("gunicorn")
    assert not found.has("redis")


def test_what_every_installation_brings_along_is_there_too():
    found = having("fastapi")
    assert [found.has(name) for name in ("starlette", "pydantic", "pydantic-core", "anyio", "uvicorn")] == [True] * 4 + [False]


def test_extras_bring_theirs():
    assert not having("fastapi").has("fastapi-cli")
    found = having("fastapi[standard]")
    assert [found.has(name) for name in ("fastapi-cli", "uvicorn", "uvloop", "click", "jinja2", "markupsafe")] == [True] * 6


def test_extras_are_known_in_any_spelling():
    assert having("uvicorn[Standard]").has("websockets")


def test_an_extra_that_is_not_known_brings_nothing():
    assert having("flask[nonsense]").distributions == having("flask").distributions


def test_a_dependency_may_be_for_some_versions_of_python():
    found = [having("uvicorn", python=python).has("typing-extensions") for python in ((3, 10), (3, 11), None)]
    assert found == [True, False, True]


@pytest.mark.parametrize("marker", ['sys_platform == "win32"', "platform_system=='Windows'", "os_name == 'nt'"])
def test_what_is_for_windows_is_not_there(marker):
    assert not having(f"pywin32==306; {marker}").has("pywin32")
    assert having('colorama; sys_platform == "linux"').has("colorama")


def test_pip_is_always_there():
    assert installed(()).distributions == {"pip"}


def test_all_installs_count_together():
    found = installed((install("flask"), install("redis", projects=("/app",)), install(projects=("/lib",))))
    assert (found.has("flask"), found.has("redis"), found.projects) == (True, True, ("/app", "/lib"))


def test_the_first_reason_for_a_doubt_is_kept():
    assert installed((install("flask"), install(opaque="a"), install(opaque="b"))).opaque == "a"
    assert installed((install("flask"),)).opaque is None


# --- which modules


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("flask", "flask"),
        ("flask", "flask.views"),
        ("pyyaml", "yaml"),
        ("pillow", "PIL.Image"),
        ("python-dotenv", "dotenv"),
        ("beautifulsoup4", "bs4"),
        ("opencv-python-headless", "cv2"),
        ("psycopg2-binary", "psycopg2.extras"),
        ("psycopg2", "psycopg2.extras"),
        ("psycopg[binary]", "psycopg"),
        ("scikit-learn", "sklearn"),
        ("djangorestframework", "rest_framework"),
        ("python-jose[cryptography]", "jose"),
        ("python-jose[cryptography]", "cryptography"),
        ("pyjwt", "jwt"),
        ("google-genai", "google.genai"),
        ("google-genai", "google"),
        ("google-genai", "google.genai.types"),
        ("setuptools", "pkg_resources"),
        ("pymongo", "pymongo"),
        ("python-multipart", "multipart"),
        ("python-slugify", "slugify"),
        ("pyserial", "serial"),
        ("pytz", "pytz"),
        ("typing_extensions", "typing_extensions"),
        ("google-cloud-storage", "google.cloud.storage"),
        ("google-cloud-storage", "google.cloud"),
        ("django-environ", "environ"),
        ("discord.py", "discord"),
        ("requests", "urllib3"),
        ("pandas", "dateutil.parser"),
        ("torch", "torch.nn"),
        ("sentence-transformers", "torch"),
        ("mysqlclient", "MySQLdb"),
        ("our-thing", "our_thing"),  # not in the snapshot: by its name
        ("python-thing", "thing"),
    ],
)
def test_a_distribution_gives_its_modules(name, module):
    assert having(name).gives(module)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("flask", "redis"),
        ("pillow", "cv2"),
        ("fastapi", "multipart"),
        ("django", "rest_framework"),
        ("requests", "httpx"),
        ("google-genai", "google.generativeai"),
        ("django-redis-cache-thing", "flask"),
        ("langchain-openai", "langchain"),
        ("dnspython", "dnspython"),
    ],
)
def test_a_distribution_gives_no_others(name, module):
    assert not having(name).gives(module)


def test_console_scripts():
    found = having("fastapi", "uvicorn", "gunicorn")
    assert [found.runs(name) for name in ("uvicorn", "gunicorn", "pip", "celery")] == [True, True, True, False]
    assert having("our-thing").runs("celery") is None


# --- how sure that is


@pytest.mark.parametrize(
    ("names", "module", "doubt"),
    [
        (("flask",), "redis", None),
        (("flask==3.0.*",), "redis", None),
        (("flask~=3.0",), "six", None),
        (("flask>=1,<99",), "six", None),
        (("flask<3",), "six", "flask<3 may bring `six`"),
        (("our-thing",), "redis", "our-thing is not in the snapshot of"),
        (("flask[nonsense]",), "redis", "flask[nonsense] is not in the snapshot of"),
        (("sqlalchemy==2.0.30",), "greenlet", "sqlalchemy==2.0.30 may bring `greenlet`"),
        (("sqlalchemy==2.1.0",), "greenlet", None),
        (("uvicorn==0.11.0",), "uvloop", "uvicorn==0.11.0 may bring `uvloop`"),
        (("uvicorn==0.30.0",), "uvloop", None),
        (("fastapi==0.104.1",), "multipart", None),
        (("certifi==2023.7.22",), "six", None),
    ],
)
def test_what_may_be_there_all_the_same(names, module, doubt):
    found = having(*names).doubt(module)
    assert found is None if doubt is None else (found or "").startswith(doubt)


# --- which distribution


@pytest.mark.parametrize(
    ("module", "wanted"),
    [
        ("yaml", "pyyaml"),
        ("cv2", "opencv-python-headless"),
        ("psycopg2", "psycopg2-binary"),
        ("psycopg", "psycopg[binary]"),
        ("jwt", "pyjwt"),
        ("jose.jwt", "python-jose"),
        ("PIL.Image", "pillow"),
        ("bs4", "beautifulsoup4"),
        ("google.generativeai", "google-generativeai"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("rest_framework", "djangorestframework"),
        ("dotenv", "python-dotenv"),
        ("google", None),
        ("our_own_module", None),
    ],
)
def test_the_distribution_to_require(module, wanted):
    assert provider(module) == wanted


def test_what_is_known():
    assert known("fastapi")
    assert not known("our-thing")
    assert packages.version("our-thing") is None
    assert packages.version("fastapi") == snapshot.entry("fastapi").versions[0]
    assert "starlette" in packages.needs("fastapi")


# --- the snapshot


def lines() -> list[str]:
    return snapshot.text().splitlines()[1:]


def test_the_snapshot_says_its_date_and_how_much_it_holds():
    assert snapshot.text().startswith(f"# {snapshot.date()}: {len(lines())} distributions")
    assert len(snapshot.date().split("-")) == 3


def test_the_snapshot_is_sorted_and_every_line_is_found():
    names = [line.partition(" ")[0] for line in lines()]
    assert names == sorted(set(names))
    assert [name for name in names if normal(name) != name] == []
    assert [name for name in names if (entry := snapshot.entry(name)) is None or entry.name != name] == []
    assert [snapshot.entry(name) for name in ("0", "zzzz", "fast", "fastapi-", "")] == [None] * 5


def test_the_words_of_the_snapshot_have_their_form():
    odd = []
    for line in lines():
        entry = snapshot.entry(line.partition(" ")[0])
        assert entry
        needs = [*entry.needs, *(need for needs in entry.extras.values() for need in needs)]
        odd += [name for name in entry.imports if not all(part.isidentifier() for part in name.split("."))]
        odd += [need.name for need in needs if normal(need.name) != need.name]
        odd += [version for version in entry.versions if not version[0].isdigit()]
        assert line == line.strip()
        assert "  " not in line
    assert odd == []


def test_nearly_all_that_the_known_ones_need_is_known():
    wanted = {need.name for line in lines() if (entry := snapshot.entry(line.split()[0])) for need in entry.needs}
    assert len([name for name in wanted if not known(name)]) < len(wanted) / 40


def test_looking_up_costs_little_beside_parsing_it_all():
    def parse():
        return {line.split()[0]: line.split() for line in lines()}

    def look():
        snapshot.entry.cache_clear()
        snapshot.givers.cache_clear()
        return snapshot.entry("sqlalchemy"), snapshot.givers("yaml")

    assert min(timeit.repeat(look, number=5)) < min(timeit.repeat(parse, number=5)) / 5
