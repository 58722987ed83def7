import tomllib

import pytest

from bot.engine.image import packages
from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.bot.engine.index import WEB, Dist, Index
from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed, planned, result, tree

NAME = "add-missing-requirement"
CODE = "import {}\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
SERVER = "ERROR Error: failed to spawn command: uvicorn"
PROJECT = '[project]\nname = "demo"\nversion = "1"\ndependencies = {}\n'
BY_PROJECT = DOCKERFILE.replace(
    "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .", "COPY . .\nRUN pip install ."
)


def importing(module: str = "requests", **more: str) -> dict[str, str]:
    return {**HEALTHY, "main.py": CODE.format(module), **more}


def listing(requirements: str, module: str = "requests", **more: str) -> dict[str, str]:
    return {**importing(module, **more), "requirements.txt": requirements}


def running(line: str) -> dict[str, str]:
    head = DOCKERFILE.replace("COPY requirements.txt .\nRUN pip install -r requirements.txt\n", line)
    return {path: text for path, text in importing(Dockerfile=head).items() if path != "requirements.txt"}


def project(dependencies: str) -> dict[str, str]:
    files = importing(Dockerfile=BY_PROJECT, **{"pyproject.toml": PROJECT.format(dependencies)})
    return {path: text for path, text in files.items() if path != "requirements.txt"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("requests", "requests"),
        ("yaml", "pyyaml"),
        ("PIL.Image", "pillow"),
        ("dotenv", "python-dotenv"),
        ("multipart", "python-multipart"),
        ("psycopg2", "psycopg2-binary"),  # the one that needs no compiler
    ],
)
def test_what_gives_an_import_is_added_at_the_end(module: str, name: str):
    check_transformed(NAME, importing(module), {"requirements.txt": f"fastapi\nuvicorn\n{name}\n"})


def test_a_list_in_order_stays_in_order_and_comments_stay_with_their_line():
    before = "# all of it\nfastapi\n\n# the database\nsqlalchemy>=2  # new\nuvicorn\n"
    after = before.replace("fastapi\n", "fastapi\nrequests\n")
    check_transformed(NAME, listing(before), {"requirements.txt": after})
    check_transformed(NAME, listing(before, "aiofiles"), {"requirements.txt": before.replace("fastapi", "aiofiles\nfastapi")})


def test_two_in_order_are_no_order():
    check_transformed(NAME, listing("fastapi\nuvicorn\n"), {"requirements.txt": "fastapi\nuvicorn\nrequests\n"})


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  # last", " \\\n"])
def test_the_end_of_a_file_however_it_is_written(end: str):
    gap = "\n" if not end.endswith("\n") or "\\" in end else ""
    check_transformed(NAME, listing("fastapi\nuvicorn" + end), {"requirements.txt": f"fastapi\nuvicorn{end}{gap}requests\n"})


def test_a_list_that_is_still_empty_is_filled():
    made = check_transformed(NAME, listing("# to come\n"), {"requirements.txt": "# to come\nuvicorn\nrequests\nfastapi\n"})
    assert made.after[0].reached == "ok"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_list_stays_in_its_encoding(encoding: str):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    listed = {path: text.encode() for path, text in importing().items()}
    listed["requirements.txt"] = mark + "fastapi\r\nuvicorn\r\n".encode(encoding)
    made = plan(tree(listed), Shelf(), Options(), Allowed(True, (NAME,)))
    assert made.tree.read("requirements.txt") == mark + "fastapi\r\nuvicorn\r\nrequests\r\n".encode(encoding)


def test_a_version_is_written_where_all_have_one():
    pins = "fastapi==0.115.0\nuvicorn==0.30.0\n"
    after = f"{pins}requests=={packages.version('requests')}\n"
    check_transformed(NAME, listing(pins), {"requirements.txt": after})
    check_transformed(NAME, listing(pins + "pyyaml\n"), {"requirements.txt": f"{pins}pyyaml\nrequests\n"})


def test_no_version_is_written_beside_a_pin_of_what_it_needs():
    pins = "fastapi==0.115.0\nuvicorn==0.30.0\nidna==3.4\n"  # which the newest requests may not take
    check_transformed(NAME, listing(pins), {"requirements.txt": pins + "requests\n"})


def test_no_version_is_written_for_a_python_that_may_not_take_it():
    pins = "fastapi==0.95.0\nuvicorn==0.20.0\n"
    before = listing(pins, Dockerfile=DOCKERFILE.replace("3.11", "3.8"))
    check_transformed(NAME, before, {"requirements.txt": pins + "requests\n"}, unsafe=True)


def test_the_server_that_the_command_starts_is_added():
    made = check_transformed(NAME, {**HEALTHY, "requirements.txt": "fastapi\n"}, {"requirements.txt": "fastapi\nuvicorn\n"})
    assert made.steps[0].finding.message.startswith(SERVER)
    assert made.steps[0].rationale == (
        "uvicorn is started, and no requirement brings `uvicorn`: requirements.txt is what the image installs."
    )


def test_a_program_of_the_build_is_a_suggestion():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .\n", "COPY . .\nRUN alembic upgrade head\n")}
    check_transformed(NAME, files, {"requirements.txt": "fastapi\nuvicorn\nalembic\n"}, unsafe=True)
    assert not planned(files, NAME).tree.changes()


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("RUN pip install fastapi uvicorn\n", "RUN pip install fastapi uvicorn requests\n"),
        (
            "RUN pip install fastapi Uvicorn && pip check\n",
            "RUN pip install fastapi Uvicorn requests && pip check\n",
        ),
        (
            "RUN python -m pip install --no-cache-dir \\\n    fastapi \\\n    'uvicorn[standard]>=0.2'\n",
            "'uvicorn[standard]>=0.2' requests\n",
        ),
        ("RUN apt-get install -y uvicorn-dev; pip install fastapi uvicorn\n", "pip install fastapi uvicorn requests\n"),
    ],
)
def test_words_of_a_run_get_one_more(line: str, after: str):
    before = running(line)
    end = after.removesuffix("\n")
    wanted = line.replace(end.replace(" requests", ""), end)
    assert "requests" in wanted
    check_transformed(NAME, before, {"Dockerfile": before["Dockerfile"].replace(line, wanted)})


@pytest.mark.parametrize(
    ("listed", "after"),
    [
        ('["fastapi", "uvicorn"]', '["fastapi", "uvicorn", "requests"]'),
        ("[ 'fastapi' , 'uvicorn' ]  # all", "[ 'fastapi' , 'uvicorn', 'requests' ]  # all"),
        ('[\n  "fastapi",\n  "uvicorn",  # serves\n]', '[\n  "fastapi",\n  "uvicorn",  # serves\n  "requests",\n]'),
        ('[\n  "fastapi",\n  "uvicorn"  # serves\n]', '[\n  "fastapi",\n  "uvicorn",  # serves\n  "requests"\n]'),
        ('[\n  "fastapi",\n  "uvicorn"]', '[\n  "fastapi",\n  "uvicorn", "requests"]'),
    ],
)
def test_a_project_gets_one_dependency_more(listed: str, after: str):
    wanted = PROJECT.format(after)
    assert tomllib.loads(wanted)["project"]["dependencies"] == ["fastapi", "uvicorn", "requests"]
    check_transformed(NAME, project(listed), {"pyproject.toml": wanted}, unsafe=True)


def test_a_lock_that_the_build_does_not_look_at_has_to_follow():
    files = {**project('["fastapi", "uvicorn"]'), "uv.lock": "version = 1\n"}
    made = check_transformed(NAME, files, {"pyproject.toml": PROJECT.format('["fastapi", "uvicorn", "requests"]')}, unsafe=True)
    assert made.steps[0].manual == ("`uv lock` makes uv.lock follow pyproject.toml.",)


LOCK = (
    'version = 1\n\n[[package]]\nname = "demo"\nversion = "1"\nsource = { virtual = "." }\n'
    'dependencies = [\n    { name = "fastapi" },\n    { name = "uvicorn" },\n]\n\n[package.metadata]\n'
    'requires-dist = [\n    { name = "fastapi" },\n    { name = "uvicorn" },\n]\n'
    '\n[[package]]\nname = "fastapi"\nversion = "0.115.0"\n\n[[package]]\nname = "uvicorn"\nversion = "0.30.0"\n'
)


def managed(run: str, manifest: str, path: str = "pyproject.toml", module: str = "requests", **more: str) -> dict[str, str]:
    head = DOCKERFILE.replace(
        "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
        f"ENV UV_PROJECT_ENVIRONMENT=/usr/local POETRY_VIRTUALENVS_CREATE=false\nCOPY . .\nRUN {run}",
    )
    files = importing(module, Dockerfile=head, **{path: manifest}, **more)
    return {path: text for path, text in files.items() if path != "requirements.txt"}


def test_uv_locks_anew_what_is_added():
    before = PROJECT.format('["fastapi", "uvicorn"]')
    files = managed("pip install uv && uv sync", before, **{"uv.lock": LOCK})
    made = check_transformed(NAME, files, {"pyproject.toml": PROJECT.format('["fastapi", "uvicorn", "requests"]')})
    assert made.steps[0].manual == ("`uv lock` makes uv.lock follow pyproject.toml.",)


@pytest.mark.parametrize("option", ["--frozen", "--locked"])
def test_a_lock_that_the_build_insists_on_is_left_to_uv(option: str):
    files = managed(f"pip install uv && uv sync {option}", PROJECT.format('["fastapi", "uvicorn"]'), **{"uv.lock": LOCK})
    assert reasons(NAME, files) == {"uv.lock has to follow pyproject.toml: `uv add requests` does both"}


POETRY = '[tool.poetry]\nname = "demo"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.11"\n{}\n[tool.x]\n'
CARET = f'redis = "^{packages.version("redis")}"\n'


@pytest.mark.parametrize(
    ("listed", "after"),
    [
        ('uvicorn = "*"\nfastapi = "*"\n', 'uvicorn = "*"\nfastapi = "*"\nredis = "*"\n'),
        ('fastapi = "^0.115"\nuvicorn = "^0.30"  # serves\n', f'fastapi = "^0.115"\nuvicorn = "^0.30"  # serves\n{CARET}'),
        (
            'fastapi = "^0.115"\npydantic = "^2"\nuvicorn = {version = "^0.30"}\n',
            f'fastapi = "^0.115"\npydantic = "^2"\n{CARET}uvicorn = {{version = "^0.30"}}\n',
        ),
    ],
)
def test_a_table_of_poetry_gets_one_entry_more(listed: str, after: str):
    run = "pip install poetry && poetry install"
    check_transformed(NAME, managed(run, POETRY.format(listed), module="redis"), {"pyproject.toml": POETRY.format(after)})


def test_a_pipfile_gets_one_entry_more():
    pipfile = '[packages]\nfastapi = "*"\nuvicorn = "*"\n{}\n[requires]\npython_version = "3.11"\n'
    files = managed("pip install pipenv && pipenv install --system --skip-lock", pipfile.format(""), "Pipfile")
    check_transformed(NAME, files, {"Pipfile": pipfile.format('requests = "*"\n')})


COMPILED = """\
#
# This file is autogenerated by pip-compile with Python 3.11
# by the following command:
#
#    pip-compile requirements.in
#
fastapi==0.115.0
    # via -r requirements.in
{}uvicorn==0.30.0
    # via -r requirements.in
"""


def test_a_compiled_file_and_what_it_is_made_from_get_the_line():
    version = packages.version("itsdangerous")
    before = listing(COMPILED.format(""), "itsdangerous", **{"requirements.in": "fastapi\nuvicorn\n"})
    pin = f"itsdangerous=={version}\n    # via -r requirements.in\n"
    after = {"requirements.txt": COMPILED.format(pin), "requirements.in": "fastapi\nuvicorn\nitsdangerous\n"}
    check_transformed(NAME, before, after)


def test_what_brings_more_is_left_to_the_tool_that_compiles():
    before = listing(COMPILED.format(""), "requests", **{"requirements.in": "fastapi\nuvicorn\n"})
    assert reasons(NAME, before) == {
        "requirements.txt is made from requirements.in: name `requests` there, and run `pip-compile requirements.in`"
    }


def test_a_run_as_a_list_is_left_alone():
    assert reasons(NAME, running('RUN ["pip", "install", "fastapi", "uvicorn"]\n')) == {"Dockerfile:3 is not edited"}


def test_what_a_base_brings_is_no_manifest():
    files = {
        **importing(),
        "Dockerfile": DOCKERFILE.replace("COPY requirements.txt .\nRUN pip install -r requirements.txt\n", ""),
    }
    assert reasons(NAME, files) == {"the image installs no requirements that are read"}


def test_hashes_are_left_to_their_tool():
    pins = "fastapi==0.115.0 --hash=sha256:" + "0" * 64 + "\nuvicorn==0.30.0\n"
    assert "requirements.txt pins hashes: `pip-compile` has to write them" in reasons(NAME, listing(pins))


@pytest.mark.parametrize(
    "by", ["is autogenerated by pip-compile with Python 3.11", "was autogenerated by uv via the following"]
)
def test_a_file_that_a_tool_writes_is_left_to_it(by: str):
    found = reasons(NAME, listing(f"#\n# This file {by}\n#\nfastapi\nuvicorn\n"))
    assert found == {"requirements.txt is written by a tool: what it is made from has to name `requests`"}


@pytest.mark.parametrize(
    "module", ["nobody_knows_this", "tools", "winreg", "win32api", "imp", "config", "google.cloud.nothing"]
)
def test_a_name_that_nobody_knows_is_never_guessed(module: str):
    assert not check_noop(NAME, importing(module)).dropped


@pytest.mark.parametrize("own", ["lib/requests.py", "lib/requests/api.py", "requests/api.py"])
def test_a_module_of_the_repository_is_never_looked_up(own: str):
    files = {**importing(), "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py ."), own: ""}
    assert reasons(NAME, files) == {f"{own} may be meant"}
    assert not planned(files, NAME, unsafe=True).tree.changes()


def test_what_a_requirement_brings_along_is_there():
    assert not check_noop(NAME, importing("pydantic")).dropped


def test_an_import_that_may_fail_is_left_alone():
    code = "try:\n    import requests\nexcept ImportError:\n    requests = None\n" + HEALTHY["main.py"]
    assert not check_noop(NAME, {**HEALTHY, "main.py": code}).dropped


def test_a_distribution_that_needs_a_compiler_does_not_get_further():
    assert any(reason.startswith("it would stop at: Exception: Can not find") for reason in reasons(NAME, importing("MySQLdb")))


def test_of_two_files_that_are_installed_the_larger_one_is_added_to():
    files = importing(
        **{
            "requirements.txt": "-r base.txt\nhttpx\n",
            "base.txt": "fastapi\nuvicorn\n",
            "Dockerfile": DOCKERFILE.replace("requirements.txt .", "*.txt ./"),
        }
    )
    check_transformed(NAME, files, {"base.txt": "fastapi\nuvicorn\nrequests\n"})


def test_a_file_in_another_encoding_is_left_alone():
    files = {path: text.encode() for path, text in importing().items()}
    made = plan(
        tree({**files, "requirements.txt": "fastapi\r\nuvicorn  # für alle\r\n".encode("latin-1")}),
        Shelf(),
        Options(),
        Allowed(True, (NAME,)),
    )
    assert not made.tree.changes()
    assert any("is not UTF-8 text" in dropped.reason for dropped in made.dropped)


def test_a_marker_at_the_start_of_a_file_stays():
    check_transformed(NAME, listing("\ufefffastapi\nuvicorn\n"), {"requirements.txt": "\ufefffastapi\nuvicorn\nrequests\n"})


# --- with the package index


KNOWN = {
    **WEB,
    "requests": {"2.31.0": Dist(("idna<3.5",), {"requests.py": ""}), "2.32.0": Dist(("idna>=3.5",), {"requests.py": ""})},
    "idna": {"3.4": Dist(files={"idna.py": ""}), "3.7": Dist(files={"idna.py": ""})},
    "setuptools": {
        "80.1": Dist(files={"setuptools/__init__.py": "", "pkg_resources/__init__.py": ""}),
        "81.0.0": Dist(files={"setuptools/__init__.py": "", "pkg_resources/__init__.py": ""}),
        "82.0.0": Dist(files={"setuptools/__init__.py": ""}),
    },
}
INDEX = Options(package_index=Index(KNOWN))


def test_a_version_that_goes_with_the_pins_beside_it():
    pins = "fastapi==0.115.0\nidna==3.4\nuvicorn==0.30.0\n"
    after = {"requirements.txt": "fastapi==0.115.0\nidna==3.4\nrequests==2.31.0\nuvicorn==0.30.0\n"}
    check_transformed(NAME, listing(pins), after, options=INDEX)


def test_a_module_that_the_newest_release_lost():
    before = listing("fastapi\nuvicorn\n", "pkg_resources", Dockerfile=DOCKERFILE.replace("3.11", "3.12"))
    check_transformed(NAME, before, {"requirements.txt": "fastapi\nuvicorn\nsetuptools<82\n"}, options=INDEX)


def test_the_whole_name_tells_what_is_meant():
    code = "from google import genai\nfrom google.cloud import storage\n"
    before = {**HEALTHY, "main.py": code + MAIN}
    made = planned(before, NAME)
    assert result(made, before)["requirements.txt"] == "fastapi\nuvicorn\ngoogle-genai\ngoogle-cloud-storage\n"


def test_an_app_that_is_not_there_either_comes_after_all_imports():
    files = {**HEALTHY, "main.py": "import requests\n"}
    made = planned(files, NAME)
    assert result(made, files)["requirements.txt"] == "fastapi\nuvicorn\nrequests\n"
    assert [fault.code for fault in made.after[0].faults] == ["attribute-not-found"]
