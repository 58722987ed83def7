import codecs

import pytest

from bot.engine.image import bases, ignore
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, Made
from bot.engine.image.installers import Wanted, opaque, pip
from bot.engine.image.stage import Stage
from bot.engine.model import shell
from bot.engine.model.findings import MissingFile, Place
from bot.engine.model.tree import LARGEST
from tests.tools import tree

PLACE = Place("Dockerfile", 3)
NOT_THERE = "ERROR: Could not open requirements file: [Errno 2] No such file or directory: '{}'"
NO_PROJECT = "Neither 'setup.py' nor 'pyproject.toml' found."
PYPROJECT = """\
[project]
name = "demo"
dependencies = ["fastapi>=0.100", "uvicorn[standard]"]

[project.optional-dependencies]
dev = ["pytest"]
Data_Base = ["asyncpg"]
"""


def stage(files, copied=("",), rules="", user="root", **more) -> tuple[Stage, object]:
    found = Stage("", bases.base("python:3.11-slim"))
    found.workdir, found.user = "/app", user
    found.files.add(Made("/app", "folder", "root"))
    whole = tree(files, **more)
    for source in copied:
        context = Context(whole, "", ignore.read(rules, ".dockerignore"))
        found.files.add(Copied(f"/app/{source}".rstrip("/"), context, source, source not in files, "root"))
    return found, whole


def wanted(arguments: str, files=None, *, folder="/app", tool="pip", prefix=None, **more) -> Wanted:
    """Read the arguments of one `pip install`."""
    place, whole = stage(files or {}, **more)
    words: list[str | None] = [word.literal for word in shell.parse(arguments).commands[0].words]
    return pip(place, whole, words, folder, PLACE, prefix, tool)


def names(found: Wanted) -> list[str]:
    return [requirement.line.value for requirement in found.install.requirements]


def messages(found: Wanted) -> list[str]:
    return [problem.message for problem in found.problems]


# --- what is asked for


def test_names_with_extras_and_versions():
    found = wanted('flask "Uvicorn[standard]>=0.30" Flask_Cors==4.0 --no-cache-dir')
    assert names(found) == ["flask", "uvicorn", "flask-cors"]
    assert found.install.requirements[1].line.extras == ("standard",)
    assert found.install.requirements[0].place == PLACE


def test_options_with_a_value_do_not_ask_for_it():
    arguments = "--index-url https://x --trusted-host y -i https://z --timeout 5 -f /wheels --python-version 3.11 flask"
    assert names(wanted(arguments)) == ["flask"]
    assert names(wanted("--timeout=5 --progress-bar=off -q -vv -U flask")) == ["flask"]


@pytest.mark.parametrize(
    "arguments",
    [
        "-r requirements.txt",
        "-rrequirements.txt",
        "--requirement requirements.txt",
        "--requirement=requirements.txt",
        "-Ur requirements.txt",
        "-qUrrequirements.txt",
        "--no-cache-dir --upgrade -r ./requirements.txt",
        "-r /app/requirements.txt",
    ],
)
def test_a_requirements_file_is_read(arguments):
    found = wanted(arguments, {"requirements.txt": "# app\nflask\nredis>=5  # cache\n"})
    assert names(found) == ["flask", "redis"]
    assert [requirement.place for requirement in found.install.requirements] == [
        Place("requirements.txt", 2),
        Place("requirements.txt", 3),
    ]
    assert (found.problems, found.install.opaque) == ((), None)


def test_nested_files_count_from_the_file_that_names_them():
    files = {
        "requirements/prod.txt": "-r base.txt\n-c limits.txt\ngunicorn\n",
        "requirements/base.txt": "-r ../common.txt\nflask\n",
        "requirements/limits.txt": "flask<3\n",
        "common.txt": "redis\n",
    }
    found = wanted("-r requirements/prod.txt", files)
    assert (names(found), found.problems) == (["redis", "flask", "gunicorn"], ())


def test_files_that_name_each_other_are_read_once():
    assert names(wanted("-r a.txt", {"a.txt": "-r b.txt\nflask\n", "b.txt": "-r a.txt\nredis\n"})) == ["redis", "flask"]


def test_the_folder_of_the_command_counts():
    assert names(wanted("-r requirements.txt", {"lib/requirements.txt": "redis\n"}, folder="/app/lib")) == ["redis"]


def test_a_file_with_a_byte_order_mark_is_read_as_pip_does():
    assert names(wanted("-r r.txt", {"r.txt": codecs.BOM_UTF16_LE + "flask\r\nredis\r\n".encode("utf-16-le")})) == [
        "flask",
        "redis",
    ]


# --- what is not there


def test_a_missing_requirements_file_in_pips_words():
    found = wanted("-r requirements.txt", {"main.py": ""})
    [problem] = found.problems
    assert (problem.code, problem.message) == ("requirements-missing", NOT_THERE.format("requirements.txt"))
    assert (problem.certain, problem.missing) == (True, MissingFile("/app/requirements.txt", None))
    assert problem.reason == "pip runs in /app, where the image has no such file at this point."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("-r ./lists/a.txt", "./lists/a.txt"),
        ("-r /opt/a.txt", "/opt/a.txt"),
        ("-c limits.txt flask", "limits.txt"),
        ("--constraint=limits.txt flask", "limits.txt"),
        ("-r lists/nested.txt", "lists/missing.txt"),
        ("-r ./lists/limited.txt", "./lists/limits.txt"),
        ("-r /app/lists/nested.txt", "/app/lists/missing.txt"),
        ("-r lists/up.txt", "lists/../missing.txt"),
    ],
)
def test_the_path_is_shown_as_pip_joins_it(arguments, said):
    files = {
        "lists/nested.txt": "-r missing.txt\n",
        "lists/limited.txt": "-c limits.txt\n",
        "lists/up.txt": "-r ../missing.txt\n",
    }
    assert messages(wanted(arguments, files)) == [NOT_THERE.format(said)]


def test_a_folder_is_no_requirements_file():
    said = "ERROR: Could not open requirements file: [Errno 21] Is a directory: 'lists'"
    assert messages(wanted("-r lists", {"lists/a.txt": ""})) == [said]


def test_a_constraints_file_asks_for_nothing():
    found = wanted("-c limits.txt flask", {"limits.txt": "redis<5\n"})
    assert (names(found), found.problems) == (["flask"], ())


def test_a_file_that_only_this_disk_has_is_likely_missing():
    [problem] = wanted("-r requirements.txt", {"requirements.txt": "flask\n"}, hidden=("requirements.txt",)).problems
    assert not problem.certain
    assert problem.reason.startswith("git ignores requirements.txt")


def test_a_file_that_git_would_ignore_may_be_made_before_the_deploy():
    [problem] = wanted("-r requirements.txt", {"main.py": ""}, hidden=("requirements.txt",)).problems
    assert not problem.certain
    assert problem.reason.startswith("git ignores requirements.txt: unless something makes it")


def test_a_file_that_the_ignore_file_keeps_out_is_certainly_missing():
    [problem] = wanted("-r requirements.txt", {"requirements.txt": "flask\n"}, rules="*.txt").problems
    assert (problem.certain, problem.reason) == (True, ".dockerignore:1 keeps it out of the build context.")


def test_a_file_in_a_folder_of_doubt_is_likely_missing():
    place, whole = stage({"main.py": ""})
    place.files.taint("/app", "RUN make is not followed")
    assert [problem.certain for problem in pip(place, whole, ["-r", "r.txt"], "/app", PLACE).problems] == [False]


def test_a_file_that_a_reported_fault_took_away_is_taken_to_be_there():
    place, whole = stage({"main.py": ""})
    place.files.taint("/app/lib", "lib is not in the build context", assumed=True)
    found = pip(place, whole, ["-r", "lib/r.txt", "-e", "./lib"], "/app", PLACE)
    assert (found.problems, found.install.opaque) == ((), "./lib is taken to be there")


def test_what_a_command_that_was_not_followed_brings_is_no_fault():
    place, whole = stage({"main.py": ""})
    place.files.taint("/app/tool", "git brings files that are not in the repository")
    found = pip(place, whole, ["-r", "requirements.txt", "."], "/app/tool", PLACE)
    assert found.problems == ()
    assert found.install.opaque


@pytest.mark.parametrize("name", ["https://example.org/r.txt", "-", "/dev/stdin", "lists/*.txt"])
def test_a_file_from_elsewhere_is_opaque(name):
    found = wanted(f"-r {name}")
    assert (found.problems, found.install.opaque) == ((), "a requirements file that is not in the repository")


def test_a_file_that_the_build_made_is_opaque():
    place, whole = stage({})
    place.files.add(Made("/app/r.txt", "file", "root"))
    found = pip(place, whole, ["-r", "r.txt"], "/app", PLACE)
    assert (found.problems, found.install.opaque) == ((), "r.txt is made during the build")


def test_a_file_that_cant_be_read_is_opaque():
    found = wanted("-r r.txt", {"r.txt": b"#" * (LARGEST + 1)})
    assert (found.problems, found.install.opaque) == ((), "r.txt: 8 MB is more than the 8 MB that are read")


def test_a_word_that_is_made_at_run_time_is_opaque():
    place, whole = stage({})
    for arguments in ([None], ["-r", None], ["-e", None]):
        found = pip(place, whole, arguments, "/app", PLACE)
        assert found.problems == ()
        assert found.install.opaque


def test_a_constraint_that_is_made_at_run_time_is_no_fault():
    place, whole = stage({})
    assert pip(place, whole, ["-c", None, "flask"], "/app", PLACE).problems == ()


def test_options_in_a_file_ask_for_nothing():
    found = wanted("-r r.txt", {"r.txt": "--index-url https://x\n--no-binary :all:\nflask\n"})
    assert (names(found), found.install.opaque) == (["flask"], None)


def test_an_address_without_a_name():
    found = wanted("https://example.org/tool.zip")
    assert (names(found), found.install.opaque) == ([], "https://example.org/tool.zip comes from an address")


def test_an_address_is_opaque_and_may_name_its_package():
    found = wanted("git+https://example.org/me/tool.git#egg=my_tool")
    assert (names(found), found.problems) == (["my-tool"], ())
    assert found.install.opaque == "my-tool comes from an address"


# --- projects


def folders(found) -> tuple[str, ...]:
    """Return the projects of an install, those of which it is known what they give included."""
    return (*found.install.projects, *(project.folder for project in found.install.given))


@pytest.mark.parametrize("arguments", [".", "-e .", "-e.", "--editable .", "--editable=.", "./", "/app"])
def test_a_project_brings_its_dependencies(arguments):
    found = wanted(arguments, {"pyproject.toml": PYPROJECT})
    assert (names(found), found.problems) == (["fastapi", "uvicorn"], ())
    assert (folders(found), found.install.opaque) == (("/app",), None)


def test_extras_of_a_project_bring_theirs():
    assert names(wanted('".[dev,data-base]"', {"pyproject.toml": PYPROJECT})) == ["fastapi", "uvicorn", "pytest", "asyncpg"]
    assert names(wanted("-e .[dev]", {"pyproject.toml": PYPROJECT})) == ["fastapi", "uvicorn", "pytest"]


def test_a_project_in_a_folder():
    found = wanted("./lib", {"lib/pyproject.toml": PYPROJECT})
    assert folders(found) == ("/app/lib",)
    assert names(found) == ["fastapi", "uvicorn"]


def test_a_project_in_a_requirements_file_counts_from_where_pip_runs():
    files = {"lists/r.txt": "-e .\n", "pyproject.toml": PYPROJECT}
    assert folders(wanted("-r lists/r.txt", files)) == ("/app",)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"setup.py": ""}, "the requirements of . are in setup.py or setup.cfg"),
        ({"setup.py": "", "pyproject.toml": PYPROJECT}, "the requirements of . are in setup.py or setup.cfg"),
        ({"pyproject.toml": "[tool.poetry]\n"}, "pyproject.toml has no [project] table"),
        ({"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'}, "pyproject.toml computes its dependencies"),
        ({"pyproject.toml": b"\xff\xfe"}, "pyproject.toml can't be read"),
    ],
)
def test_a_project_whose_dependencies_are_not_declared_is_opaque(files, said):
    found = wanted(".", files)
    assert (found.problems, found.install.opaque, folders(found)) == ((), said, ("/app",))


def test_dependencies_that_setuptools_reads_from_files():
    manifest = (
        '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {file = ["a.txt", "none.txt"]}\n'
    )
    found = wanted("-e .", {"pyproject.toml": manifest, "a.txt": "fastapi\n# more\nuvicorn>=0.30\n"})
    assert (names(found), found.problems, found.install.opaque) == (["fastapi", "uvicorn"], (), None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (".", f"ERROR: Directory '.' is not installable. {NO_PROJECT}"),
        ("./lib", f"ERROR: Directory './lib' is not installable. {NO_PROJECT}"),
        (".[dev]", f"ERROR: Directory '.[dev]' is not installable. {NO_PROJECT}"),
        (
            "-e .",
            "ERROR: file:///app does not appear to be a Python project: neither 'setup.py' nor 'pyproject.toml' found.",
        ),
        (
            "-e ./lib[dev]",
            "ERROR: file:///app/lib does not appear to be a Python project: neither 'setup.py' nor 'pyproject.toml' found.",
        ),
        ("./nowhere", "Hint: It looks like a path. File './nowhere' does not exist."),
        (
            "-e ./nowhere",
            "ERROR: ./nowhere is not a valid editable requirement. It should either be a path to a local project or a VCS URL",
        ),
    ],
)
def test_missing_metadata_in_pips_words(arguments, said):
    [problem] = wanted(arguments, {"main.py": "", "lib/x.py": "", "setup.cfg": ""}).problems
    assert (problem.code, problem.message, problem.certain) == ("project-metadata-missing", said, True)


def test_metadata_that_comes_later_is_missing_now():
    files = {"pyproject.toml": PYPROJECT, "requirements.txt": "-e .\n"}
    found = wanted("-r requirements.txt", files, copied=("requirements.txt",))
    assert [problem.missing for problem in found.problems] == [MissingFile("/app", None)]


def test_metadata_that_only_this_disk_has_is_likely_missing():
    [problem] = wanted(".", {"pyproject.toml": PYPROJECT, "main.py": ""}, hidden=("pyproject.toml",)).problems
    assert not problem.certain


def test_metadata_that_the_ignore_file_keeps_out_is_named():
    [problem] = wanted(".", {"pyproject.toml": PYPROJECT, "main.py": ""}, rules="*.toml").problems
    assert (problem.certain, problem.reason) == (True, ".dockerignore:1 keeps it out of the build context.")


@pytest.mark.parametrize("what", ["/wheels/*", "./dist/demo-1.0-py3-none-any.whl", "./demo.tar.gz", "dist/*.whl"])
def test_archives_are_opaque(what):
    found = wanted(what)
    assert found.problems == ()
    assert (found.install.opaque or "").endswith(" is an archive")


# --- where it goes


def test_an_install_goes_to_the_pythons_own_folder():
    assert wanted("flask").install.prefix == "/usr/local"


@pytest.mark.parametrize(
    ("arguments", "prefix"),
    [
        ("--target /opt/lib flask", "/opt/lib"),
        ("-t lib flask", "/app/lib"),
        ("--prefix=/install flask", "/install"),
        ("--user flask", "/root/.local"),
    ],
)
def test_an_option_says_where_it_goes(arguments, prefix):
    assert wanted(arguments).install.prefix == prefix


def test_another_users_own_folder():
    assert wanted("--user flask", user="web").install.prefix == "~/.local"


def test_the_environment_of_the_program_goes_before_path():
    assert wanted("flask", prefix="/opt/venv").install.prefix == "/opt/venv"


# --- uv, and the others


def test_uv_reads_the_same_and_speaks_otherwise():
    files = {"main.py": "", "r.txt": "flask\n"}
    assert names(wanted("--system -r r.txt", files, tool="uv")) == ["flask"]
    assert messages(wanted("-r x/r.txt", files, tool="uv")) == ["error: File not found: x/r.txt"]
    assert messages(wanted("-e .", files, tool="uv")) == [
        "error: `/app` does not appear to be a Python project, as neither `pyproject.toml` nor `setup.py` are present in the"
        " directory"
    ]
    assert messages(wanted("./nowhere", files, tool="uv")) == ["error: Distribution not found at: file:///app/nowhere"]


@pytest.mark.parametrize(
    ("command", "prefix"),
    [
        ("conda env create", "/app/.venv"),
        ("rye sync --no-lock", "/app/.venv"),
    ],
)
def test_the_installs_of_other_tools_are_opaque(command, prefix):
    program, *words = command.split()
    place, _ = stage({})
    install = opaque(place, program, list(words), "/app", PLACE)
    assert install
    assert (install.prefix, install.projects, install.opaque) == (
        prefix,
        ("/app",),
        f"{' '.join(command.split()[:3])} is not followed",
    )


@pytest.mark.parametrize("command", ["conda activate x", "hatch run web", "rye run web"])
def test_other_commands_of_these_tools_install_nothing(command):
    program, *words = command.split()
    place, _ = stage({})
    assert opaque(place, program, list(words), "/app", PLACE) is None


# --- what a project allows and names

ALLOWING = '[project]\nname = "demo"\nversion = "1"\nrequires-python = "{}"\ndependencies = ["flask"]\n'


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        ("pip", "ERROR: Package 'demo' requires a different Python: 3.11.… not in '>=3.12'"),
        ("uv", "Because the current Python version (3.11.…) does not satisfy Python>=3.12"),
    ],
)
def test_a_project_that_does_not_allow_the_python(tool: str, message: str):
    found = wanted(".", {"pyproject.toml": ALLOWING.format(">=3.12")}, tool=tool)
    assert [(problem.code, problem.message) for problem in found.problems] == [("python-not-allowed", message)]
    assert wanted(".", {"pyproject.toml": ALLOWING.format(">=3.11")}, tool=tool).problems == ()
    assert wanted(".", {"pyproject.toml": ALLOWING.format(">=3.11.4")}, tool=tool).problems == ()  # it depends


def test_the_readme_that_a_backend_stops_without():
    text = ALLOWING.format(">=3.9").replace("version", 'readme = "README.md"\nversion', 1)
    built = text + '\n[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\n'
    assert messages(wanted(".", {"pyproject.toml": built})) == ["OSError: Readme file does not exist: README.md"]
    assert messages(wanted(".", {"pyproject.toml": built, "README.md": "", "demo.py": ""})) == []
    assert messages(wanted(".", {"pyproject.toml": text})) == []  # setuptools only warns


def test_what_poetry_declares_is_what_pip_installs():
    text = '[tool.poetry]\nname = "demo"\n\n[tool.poetry.dependencies]\npython = "^3.9"\nflask = "^3"\n'
    assert names(wanted(".", {"pyproject.toml": text})) == ["flask"]


MANY = ALLOWING.format(">=3.9") + (
    '\n[project.optional-dependencies]\npg = ["psycopg"]\nweb = ["uvicorn"]\n\n[dependency-groups]\ndev = ["pytest"]\n'
)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("-r pyproject.toml", ["flask"]),
        ("-r pyproject.toml --extra pg", ["flask", "psycopg"]),
        ("--all-extras -r pyproject.toml", ["flask", "psycopg", "uvicorn"]),
        ("--group dev", ["pytest"]),
        ("-r pyproject.toml --group pyproject.toml:dev", ["flask", "pytest"]),
    ],
)
def test_uv_reads_a_manifest_for_a_requirements_file(arguments: str, found: list[str]):
    read = wanted(arguments, {"pyproject.toml": MANY}, tool="uv")
    assert (sorted(names(read)), read.problems, read.install.opaque) == (found, (), None)


def test_a_group_that_is_not_there_is_opaque():
    assert wanted("--group dev", {}).install.opaque == "the group dev is not known"
