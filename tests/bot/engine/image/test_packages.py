import pytest

from bot.engine.image.packages import BRINGS, EXTRAS, NAMES, Installed, installed
from bot.engine.image.stage import Install, Requirement
from bot.engine.model.findings import Place
from bot.engine.model.requirements import normal, requirement

PLACE = Place("requirements.txt", 1)


def install(*names: str, opaque: str | None = None, projects: tuple[str, ...] = ()) -> Install:
    found = tuple(Requirement(line, PLACE) for name in names if (line := requirement(name)))
    return Install("/usr/local", found, projects, opaque, PLACE)


def having(*names: str) -> Installed:
    return installed((install(*names),))


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
    assert [found.has(name) for name in ("fastapi-cli", "uvicorn", "click", "jinja2", "markupsafe")] == [True] * 5


def test_extras_are_known_in_any_spelling():
    assert having("uvicorn[Standard]").has("websockets")


def test_an_extra_that_is_not_known_brings_nothing():
    assert having("flask[nonsense]").distributions == having("flask").distributions


def test_pip_is_always_there():
    assert installed(()) == Installed(frozenset({"pip"}), None, ())


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
        ("psycopg[binary]", "psycopg"),
        ("scikit-learn", "sklearn"),
        ("djangorestframework", "rest_framework"),
        ("python-jose[cryptography]", "jose"),
        ("python-jose[cryptography]", "cryptography"),
        ("pyjwt", "jwt"),
        ("google-genai", "google.genai"),
        ("setuptools", "pkg_resources"),
        ("pymongo", "pymongo"),
        ("python-multipart", "multipart"),
        ("python-slugify", "slugify"),
        ("pyserial", "serial"),
        ("pytz", "pytz"),
        ("typing_extensions", "typing_extensions"),
        ("google-cloud-storage", "google.cloud.storage"),
        ("django-environ", "environ"),
        ("discord.py", "discord"),
        ("requests", "urllib3"),
        ("pandas", "dateutil.parser"),
    ],
)
def test_a_distribution_gives_its_modules(name, module):
    assert having(name).gives(module)


@pytest.mark.parametrize(
    ("name", "module"),
    [("flask", "redis"), ("pillow", "cv2"), ("fastapi", "multipart"), ("django", "rest_framework"), ("requests", "httpx")],
)
def test_a_distribution_gives_no_others(name, module):
    assert not having(name).gives(module)


def test_a_distribution_of_a_similar_name_may_give_a_module():
    assert having("dnspython").akin("dns") == "dnspython"
    assert having("flask").akin("redis") is None


# --- the tables


def test_the_tables_use_the_indexs_spelling():
    listed = [name for table in (NAMES, BRINGS, EXTRAS) for names in table.values() for name in names]
    keys = [*BRINGS, *(name for pair in EXTRAS for name in pair)]
    assert [name for name in (*listed, *keys) if normal(name) != name] == []


def test_no_table_lists_a_name_twice():
    for table in (NAMES, BRINGS, EXTRAS):
        assert [key for key, names in table.items() if len({*names}) != len(names)] == []


def test_nothing_brings_itself():
    assert [name for name, brought in BRINGS.items() if name in brought] == []
