"""pip 23 to 26 was tried in each of these places, as root and as other users."""

import pytest

from bot.engine.image.stage import Image
from tests.bot.engine.image.building import image, messages

BASE = "FROM python:3.11-slim-bookworm\nRUN useradd -m web && useradd bare\nWORKDIR /app\nCOPY . .\n"
FILES = {"requirements.txt": "flask\n", "main.py": ""}


def built(lines: str, **more) -> Image:
    return image(f"{BASE}{lines}\n", files={**FILES, **more})


def place(lines: str, **more) -> tuple[str, str]:
    install = built(lines, **more).installs[-1]
    return install.prefix, install.kind


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("RUN pip install flask", ("/usr/local", "environment")),
        ("RUN pip install --user flask", ("/root/.local", "user")),
        ("USER web\nRUN pip install flask", ("/home/web/.local", "user")),
        ("USER web\nRUN pip install --user flask", ("/home/web/.local", "user")),
        ("USER 1000\nRUN pip install flask", ("/home/web/.local", "user")),
        ("ENV HOME=/tmp/h\nUSER web\nRUN pip install flask", ("/tmp/h/.local", "user")),
        ("ENV PYTHONUSERBASE=/opt/u\nRUN pip install --user flask", ("/opt/u", "user")),
        ("ENV PIP_USER=1\nRUN pip install flask", ("/root/.local", "user")),
        ("RUN PIP_USER=yes pip install flask", ("/root/.local", "user")),
        ("RUN su web -c 'pip install flask'", ("/home/web/.local", "user")),
        ("RUN chown -R web /usr/local\nUSER web\nRUN pip install flask", ("/usr/local", "environment")),
        ("RUN pip install -t deps flask", ("/app/deps", "target")),
        ("RUN pip install --target=/deps flask", ("/deps", "target")),
        ("ENV PIP_TARGET=/deps\nRUN pip install flask", ("/deps", "target")),
        ("RUN pip install --prefix /install flask", ("/install", "prefix")),
        ("ENV PIP_PREFIX=/install\nRUN pip install flask", ("/install", "prefix")),
        ("RUN pip install --root /r flask", ("/r/usr/local", "prefix")),
        ("RUN python -m venv /v && /v/bin/pip install flask", ("/v", "environment")),
        ("RUN python -m venv --system-site-packages /v && /v/bin/pip install --user flask", ("/root/.local", "user")),
        ("ARG WHO\nUSER $WHO$(id)\nRUN pip install flask", ("/usr/local", "environment")),
    ],
)
def test_where_pip_installs_to(lines, expected):
    assert place(lines) == expected


def test_a_home_that_can_t_be_told():
    assert place("RUN useradd -d $(pwd) late\nUSER late\nRUN pip install flask") == ("~/.local", "user")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("USER bare\nRUN pip install flask", "'/home/bare'"),
        ("USER bare\nRUN pip install --user -r requirements.txt", "'/home/bare'"),
        ("RUN mkdir /home/bare\nUSER bare\nRUN pip install flask", "'/home/bare/.local'"),
        ("USER 4242\nRUN pip install flask", "'/.local'"),
        ("USER nobody\nRUN pip install flask", "'/nonexistent'"),
        ("RUN adduser --system svc\nUSER svc\nRUN pip install *.whl", "'/nonexistent'"),
        ("USER web\nRUN pip install --target /deps flask", "'/deps'"),
        ("USER web\nRUN pip install --prefix /opt/p flask", "'/opt/p'"),
        ("RUN python -m venv /v\nUSER web\nRUN /v/bin/pip install flask", "'/v/lib/python3.11/site-packages/…'"),
    ],
)
def test_who_may_not_write_there_gets_no_packages(lines, message):
    words = f"ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: {message}"
    assert messages(built(lines)) == [words]


def test_there_is_no_user_site_in_an_environment():
    words = "ERROR: Can not perform a '--user' install. User site-packages are not visible in this virtualenv."
    assert messages(built("RUN python -m venv /v && /v/bin/pip install --user flask")) == [words]


@pytest.mark.parametrize(
    "lines",
    [
        "USER web\nRUN pip install flask",
        "USER bare\nRUN pip install pip",
        "RUN pip install flask\nUSER bare\nRUN pip install flask",
        "USER bare\nRUN pip install flask || true",
        "USER bare\nRUN pip list && pip --version",
        "USER bare\nRUN pip download flask -d /tmp/w",
        "ENV HOME=/tmp/h\nUSER bare\nRUN pip install flask",
        "RUN mkdir /home/bare && chown bare /home/bare\nUSER bare\nRUN pip install flask",
        "RUN python -m venv /v && chown -R web /v\nUSER web\nRUN /v/bin/pip install flask",
        "USER web\nRUN python -m venv ~/v && ~/v/bin/pip install flask",
        "USER web\nRUN pip install --target /tmp/deps flask",
    ],
)
def test_installs_that_go_through(lines):
    assert messages(built(lines)) == []


# --- what the build of a project writes beside it

PROJECT = '[project]\nname = "my-cool.app"\nversion = "1"\n'
BACKEND = '[build-system]\nrequires = ["{0}"]\nbuild-backend = "{1}"\n'
SRC = PROJECT + '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
SETUP = "from setuptools import setup, find_packages\nsetup({})\n"


@pytest.mark.parametrize(
    ("files", "command", "message"),
    [
        ({"pyproject.toml": PROJECT}, ".", "error: could not create 'my_cool.app.egg-info': Permission denied"),
        ({"pyproject.toml": PROJECT}, "-e .", "error: could not create 'my_cool.app.egg-info': Permission denied"),
        ({"pyproject.toml": PROJECT}, "--user -e .", "error: could not create 'my_cool.app.egg-info': Permission denied"),
        ({"pyproject.toml": PROJECT}, ".[web]", "error: could not create 'my_cool.app.egg-info': Permission denied"),
        ({"pyproject.toml": PROJECT}, "-r r.txt", "error: could not create 'my_cool.app.egg-info': Permission denied"),
        (
            {"pyproject.toml": PROJECT + BACKEND.format("setuptools>=61", "setuptools.build_meta")},
            ".",
            "error: could not create 'my_cool.app.egg-info': Permission denied",
        ),
        (
            {"pyproject.toml": PROJECT, "my_cool.app.egg-info/PKG-INFO": ""},
            ".",
            "error: Cannot update time stamp of directory 'my_cool.app.egg-info'",
        ),
        ({"pyproject.toml": SRC, "src/x.py": ""}, ".", "error: could not create 'src/my_cool.app.egg-info': Permission denied"),
        (
            {"pyproject.toml": PROJECT, "src/a/b.py": ""},
            ".",
            "error: could not create 'src/my_cool.app.egg-info': Permission denied",
        ),
        ({"setup.py": SETUP.format('name="My-App"')}, "-e .", "error: could not create 'My_App.egg-info': Permission denied"),
        ({"setup.py": SETUP.format('name="My-App"')}, ".", "error: could not create 'build': Permission denied"),
        (
            {"setup.py": SETUP.format('name="a", package_dir={"": "lib"}'), "lib/x.py": ""},
            "-e .",
            "error: could not create 'lib/a.egg-info': Permission denied",
        ),
        ({"setup.py": SETUP.format("name=NAME")}, "-e .", "error: could not create '….egg-info': Permission denied"),
        (
            {
                "setup.py": SETUP.format(""),
                "setup.cfg": "[metadata]\nname = cfg-name\n[options]\npackage_dir =\n    =src\n",
                "src/x.py": "",
            },
            "-e .",
            "error: could not create 'src/cfg_name.egg-info': Permission denied",
        ),
        (
            {"setup.py": "this is no Python", "setup.cfg": "nor a config"},
            "-e .",
            "error: could not create '….egg-info': Permission denied",
        ),
        (
            {"pyproject.toml": PROJECT + BACKEND.format("pdm-backend", "pdm.backend")},
            "-e .",
            "PermissionError: [Errno 13] Permission denied: '/app/.pdm-build'",
        ),
    ],
)
def test_a_build_beside_the_sources_needs_their_folder(files, command, message):
    found = built(f"USER web\nRUN pip install {command}", **files, **{"r.txt": "-e .\n"})
    assert messages(found) == [message]
    assert found.faults[0].confidence == "certain"


@pytest.mark.parametrize("image_tag", ["python:3.12-slim", "python:3.11-slim"])
def test_a_newer_pip_builds_a_setup_py_as_any_other_project(image_tag):
    upgrade = "RUN pip install -U pip\n" if "3.11" in image_tag else ""
    lines = f"FROM {image_tag}\nRUN useradd -m web\n{upgrade}WORKDIR /app\nCOPY . .\nUSER web\nRUN pip install .\n"
    assert messages(image(lines, files={"setup.py": SETUP.format('name="My-App"')})) == [
        "error: could not create 'My_App.egg-info': Permission denied"
    ]


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"pyproject.toml": PROJECT}, "RUN chown web /app\nUSER web\nRUN pip install -e ."),
        ({"pyproject.toml": PROJECT}, "RUN pip install -e .\nUSER web"),
        ({"pyproject.toml": PROJECT}, "USER web\nWORKDIR /own\nCOPY --chown=web . .\nRUN pip install -e ."),
        ({"pyproject.toml": PROJECT + BACKEND.format("pdm-backend", "pdm.backend")}, "USER web\nRUN pip install ."),
        (
            {"pyproject.toml": PROJECT + BACKEND.format("hatchling", "hatchling.build"), "my_cool_app/__init__.py": ""},
            "USER web\nRUN pip install -e .",
        ),
        (
            {"pyproject.toml": PROJECT + BACKEND.format("poetry-core", "poetry.core.masonry.api"), "my_cool_app.py": ""},
            "USER web\nRUN pip install -e .",
        ),
        ({"pyproject.toml": PROJECT + BACKEND.format("flit_core", "flit_core.buildapi")}, "USER web\nRUN pip install -e ."),
        ({"pyproject.toml": PROJECT + BACKEND.format("uv_build", "uv_build")}, "USER web\nRUN pip install -e ."),
        ({"pyproject.toml": SRC, "src/x.py": ""}, "COPY --chown=web . .\nUSER web\nRUN pip install ."),
    ],
)
def test_builds_that_write_nothing_there_or_may(files, lines):
    assert messages(built(lines, **files)) == []
