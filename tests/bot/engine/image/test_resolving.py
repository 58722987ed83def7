"""Installs as the package index resolves them, in images that are built on paper."""

from __future__ import annotations

import pytest

from bot.engine.image import packages
from bot.engine.image.build import build
from bot.engine.image.exact import Exact, pins_of
from bot.engine.image.stage import Image
from bot.engine.model.findings import BadRequirement
from bot.engine.model.target import Build
from tests.bot.engine.index import Dist, Index
from tests.tools import tree

KNOWN = {
    "fastapi": {"0.100.0": Dist(("starlette<0.28",)), "0.115.0": Dist(("starlette<1",))},
    "starlette": {"0.27.0": Dist(), "0.40.0": Dist()},
    "pymupdf": {"1.24.9": Dist(), "1.24.11": Dist()},
    "numpy": {"1.26.0": Dist(python="<3.13"), "2.3.0": Dist(python=">=3.11")},
    "pandas": {
        "2.0.3": Dist(wheels=("cp311-cp311-manylinux_2_17_x86_64",), source=True),
        "2.2.3": Dist(wheels=("cp313-cp313-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64"), source=True),
    },
    "chart": {"0.4": Dist(wheels=(), source=True), "0.6": Dist(wheels=("cp311-cp311-manylinux_2_17_x86_64",), source=True)},
    "plain": {"0.4": Dist(wheels=(), source=True), "0.6": Dist()},
    "uwsgi": {"2.0": Dist(wheels=(), source=True)},
    "uv": {"0.13": Dist()},
    "secret": {"1.0": Dist(wheels=("cp312-cp312-win_amd64",))},
}


def built(lines: str, python: str = "3.12", index: Index | None = None, run: str = "", **more: str) -> Image:
    run = run or "RUN pip install -r requirements.txt"
    head = f"FROM python:{python}-slim\nCOPY *.txt .\n{run}\n"
    files = {"Dockerfile": head, "requirements.txt": lines, **more}
    wanted = Build("dockerfile", "Dockerfile", None, None, {}, None, "")
    return build(tree(files), "Dockerfile", "", wanted, "", index or Index(KNOWN))


def faults(lines: str, python: str = "3.12", **more: str) -> list[tuple[str, str, str]]:
    return [(fault.code, fault.confidence, fault.message) for fault in built(lines, python, **more).faults]


def pins(image: Image) -> dict[str, str]:
    return {name: pin.version for name, pin in pins_of(image.installs).items()}


# --- what is installed


def test_an_install_has_the_versions_that_the_index_gives():
    assert pins(built("fastapi\n")) == {"fastapi": "0.115.0", "starlette": "0.40.0"}


def test_a_later_install_leaves_what_is_there_where_it_can():
    first = "RUN pip install starlette==0.27.0\nRUN pip install "
    assert pins(built("", run=first + "fastapi")) == {"starlette": "0.27.0", "fastapi": "0.115.0"}
    assert pins(built("", run=first + "starlette==0.40.0"))["starlette"] == "0.40.0"


def test_constraints_count():
    run = "RUN pip install -c limits.txt fastapi"
    assert pins(built("", run=run, **{"limits.txt": "starlette==0.27.0\nnumpy==9\n"}))["starlette"] == "0.27.0"


def test_markers_are_left_to_the_resolver():
    assert pins(built('starlette\nsecret; sys_platform == "win32"\n')) == {"starlette": "0.40.0"}


def test_without_an_index_nothing_is_resolved():
    image = build(
        tree({"Dockerfile": "FROM python:3.12-slim\nRUN pip install nothing==1\n"}),
        "Dockerfile",
        "",
        Build("dockerfile", "Dockerfile", None, None, {}, None, ""),
        "",
    )
    assert [install.pins for install in image.installs] == [None]
    assert not image.faults


@pytest.mark.parametrize(
    "line", ["lib @ https://host/lib.whl", "-e git+https://host/lib.git#egg=lib", "--index-url x", "lib $(id)"]
)
def test_only_names_versions_and_markers_go_out(line: str):
    index = Index(KNOWN)
    built(f"starlette\n{line}\n", index=index)
    assert {each for wish in index.wishes for each in wish.requirements} <= {"starlette"}


def test_the_python_and_the_system_of_the_image_are_asked_for():
    index = Index(KNOWN)
    for base in ("3.11-slim-bullseye", "3.12-alpine", "3.13-slim-trixie"):
        wanted = Build("dockerfile", "Dockerfile", None, None, {}, None, "")
        files = {"Dockerfile": f"FROM python:{base}\nRUN pip install starlette\n"}
        build(tree(files), "Dockerfile", "", wanted, "", index)
    assert [(wish.python, wish.platform) for wish in index.wishes] == [
        ((3, 11), "manylinux_2_31"),
        ((3, 12), "musllinux_1_2"),
        ((3, 13), "manylinux_2_41"),
    ]


# --- what is refused


def test_a_version_that_there_is_not():
    [found] = built("fastapi\npymupdf==1.24.10\n").faults
    assert (found.code, found.confidence) == ("requirement-not-found", "certain")
    assert found.message == "ERROR: No matching distribution found for pymupdf==1.24.10"
    assert found.detail == BadRequirement(("pymupdf",), "version")
    assert found.reason.startswith("requirements.txt:2: The package index has no version of `pymupdf`")


def test_the_rest_is_installed_as_if_that_were_repaired():
    assert pins(built("fastapi\npymupdf==1.24.10\nnothing-like-it\n")) == {
        "fastapi": "0.115.0",
        "starlette": "0.40.0",
        "pymupdf": "1.24.11",
    }


def test_a_name_that_there_is_not():
    [found] = built("nothing-like-it>=2\n").faults
    assert found.message == "ERROR: No matching distribution found for nothing-like-it>=2"
    assert found.detail == BadRequirement(("nothing-like-it",), "name")


def test_a_release_for_another_python():
    [found] = built("numpy==1.26.0\n", "3.13").faults
    assert (found.code, found.confidence) == ("requirement-not-found", "certain")
    assert found.detail == BadRequirement(("numpy",), "python")
    assert "wants Python <3.13" in found.reason


def test_a_release_for_another_system():
    [found] = built("secret==1.0\n").faults
    assert "it has no file for Linux" in found.reason


def test_a_pin_without_a_wheel_for_this_python_would_be_compiled():
    [found] = built("pandas==2.0.3\n", "3.13").faults
    assert (found.code, found.confidence) == ("wheel-missing", "likely")
    assert found.message == "ERROR: Failed building wheel for pandas"
    assert not built("pandas==2.0.3\n", "3.11").faults
    assert not built("pandas\n", "3.13").faults


def test_a_pin_without_any_wheel_is_compiled_where_the_next_release_with_some_is():
    [found] = built("chart==0.4\n", "3.11").faults
    assert (found.code, found.confidence) == ("wheel-missing", "likely")
    assert not built("plain==0.4\n", "3.11").faults


def test_what_is_always_compiled_is_judged_by_its_table():
    assert [code for code, _, _ in faults("uwsgi\nfastapi\n")] == ["system-package-missing"]


def test_requirements_that_exclude_each_other():
    [found] = built("fastapi==0.100.0\nstarlette==0.40.0\n").faults
    assert (found.code, found.confidence) == ("requirements-conflict", "certain")
    assert found.message.startswith("ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/")
    assert isinstance(found.detail, BadRequirement)
    assert "starlette" in found.detail.names


@pytest.mark.parametrize(
    ("lines", "run"),
    [
        ("--extra-index-url https://host/simple\npymupdf==1.24.10\n", ""),
        ("pymupdf==1.24.10\n", "RUN pip install --find-links wheels -r requirements.txt"),
        ("pymupdf==1.24.10\n", "ENV PIP_INDEX_URL=https://host/simple\nRUN pip install -r requirements.txt"),
        ("pymupdf==1.24.10\n", "RUN pip install -r requirements.txt || true"),
    ],
)
def test_where_another_index_may_have_it_nothing_is_missed(lines: str, run: str):
    assert faults(lines, run=run) == []


def test_an_index_that_does_not_answer_leaves_everything_as_it_was():
    index = Index(KNOWN, reachable=False)
    image = built("pymupdf==1.24.10\n", index=index)
    assert not image.faults
    assert [install.pins for install in image.installs] == [None]


def test_uv_has_words_of_its_own():
    [(code, _, message)] = faults("", run="RUN pip install uv && uv pip install --system pymupdf==1.24.10")
    assert code == "requirement-not-found"
    assert message.startswith("Because there is no version of pymupdf==1.24.10")


# --- what that comes to


def installed(lines: str, index: Index | None = None, **more: str) -> packages.Installed:
    index = index or Index(KNOWN)
    image = built(lines, index=index, **more)
    return packages.installed(image.installs, image.base.python, index)


LOOKED_INTO = {
    "web": {
        "1.5": Dist(("helper",), {"web/__init__.py": "", "web/core.py": ""}, ("web-run",)),
    },
    "helper": {"0.3.1": Dist((), {"help_me.py": ""})},
    "hidden": {"1": Dist(seen=False)},
}


def test_versions_are_known():
    found = installed("fastapi==0.100.0\n")
    assert isinstance(found, Exact)
    assert found.distributions >= {"fastapi", "starlette"}
    assert (found.version("fastapi"), found.version("flask")) == ((0, 100, 0), None)
    assert found.before("fastapi", (0, 101))
    assert not found.before("fastapi", (0, 100))
    assert (found.exact("fastapi"), found.held("fastapi")) == (True, False)


def test_the_wheels_tell_what_is_there():
    found = installed("web\n", Index(LOOKED_INTO))
    assert [found.gives(name) for name in ("web", "web.core", "help_me", "helper", "web.gone", "requests")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert (found.runs("web-run"), found.runs("helper")) == (True, False)
    assert found.doubt("requests") is None


def test_without_looking_into_them_the_snapshot_tells():
    found = installed("fastapi\nweb\n", Index({**KNOWN, **LOOKED_INTO}, deep=False))
    assert found.site is None
    assert (found.gives("starlette"), found.gives("requests")) == (True, False)
    assert "is not in the snapshot" in (found.doubt("requests") or "")
    assert "(--deep tells)" in (found.doubt("requests") or "")


def test_a_wheel_that_was_not_looked_into_leaves_a_doubt():
    found = installed("web\nhidden\n", Index(LOOKED_INTO))
    assert found.doubt("requests") == "hidden was not looked into"
    assert found.runs("gunicorn") is None


def test_what_has_no_wheel_leaves_a_doubt():
    found = installed(
        "web\nuwsgi\n", Index({**KNOWN, **LOOKED_INTO}), run="RUN apt-get install -y gcc && pip install web uwsgi"
    )
    assert found.has("uwsgi")
    assert found.gives("web.core")


def test_distutils_comes_with_setuptools():
    known = {"setuptools": {"80.0": Dist((), {"setuptools/__init__.py": ""})}}
    assert installed("setuptools\n", Index(known)).gives("distutils.core")
    assert not installed("web\n", Index(LOOKED_INTO)).gives("distutils.core")


def test_extras_that_are_asked_for():
    assert installed("fastapi[all]\n").asks("fastapi", "all")
    assert not installed("fastapi\n").asks("fastapi", "all")
