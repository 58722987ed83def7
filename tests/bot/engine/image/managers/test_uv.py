import pytest

from tests.bot.engine.image.running import Ran, folders, ran

PROJECT = """\
[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["fastapi>=0.100", "h11"]

[project.optional-dependencies]
pg = ["psycopg"]

[dependency-groups]
dev = ["pytest", { include-group = "lint" }]
lint = ["ruff"]
"""
BUILT = PROJECT + '\n[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'


def package(name: str, version: str = "1.0", *needs: str, source: str = 'registry = "https://pypi.org/simple"') -> str:
    listed = "".join(f"    {{ {need} }},\n" for need in needs)
    needing = f"dependencies = [\n{listed}]\n" if needs else ""
    return f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ {source} }}\n{needing}'


OWN = """
[package.optional-dependencies]
pg = [
    { name = "psycopg" },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
    { name = "ruff" },
]
lint = [
    { name = "ruff" },
]

[package.metadata]
requires-dist = [
    { name = "fastapi", specifier = ">=0.100" },
    { name = "h11" },
    { name = "psycopg", marker = "extra == 'pg'" },
]
provides-extras = ["pg"]

[package.metadata.requires-dev]
dev = [
    { name = "pytest" },
    { name = "ruff" },
]
lint = [{ name = "ruff" }]
"""


def lock(source: str = 'virtual = "."', *more: str) -> str:
    needs = ('name = "fastapi"', 'name = "h11"', 'name = "tzdata", marker = "sys_platform == \'win32\'"', *more)
    return (
        'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n'
        + package("demo", "0.1.0", *needs, source=source)
        + OWN
        + package(
            "fastapi", "0.110.0", 'name = "starlette"', 'name = "exceptiongroup", marker = "python_full_version < \'3.11\'"'
        )
        + "".join(map(package, ("exceptiongroup", "h11", "psycopg", "pytest", "ruff", "starlette", "tzdata")))
    )


FILES = {"pyproject.toml": PROJECT, "uv.lock": lock()}


def uv(command: str, files=FILES, **more) -> Ran:
    return ran(command, files=files, programs=("uv",), **more)


def names(found: Ran) -> list[str]:
    return sorted(found.names)


# --- what is installed, and where


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ("", ["pytest", "ruff"]),
        ("--frozen", ["pytest", "ruff"]),
        ("--no-dev", []),
        ("--frozen --no-dev --extra pg", ["psycopg"]),
        ("--all-extras --no-default-groups", ["psycopg"]),
        ("--no-dev --group lint", ["ruff"]),
        ("--no-group dev --all-groups", ["ruff"]),
        ("--no-dev --no-install-project --compile-bytecode", []),
        ("--package demo --no-dev", []),
        ("--no-dev --extra=pg --no-extra pg", []),
    ],
)
def test_the_lock_says_what_is_installed(options: str, more: list[str]):
    found = uv(f"uv sync {options}")
    assert (names(found), found.codes) == (sorted(["fastapi", "h11", "starlette", *more]), [])
    [install] = found.installs
    assert (install.prefix, install.opaque, install.lock, install.manifest) == ("/app/.venv", None, "uv.lock", "pyproject.toml")
    assert {each.line.value: each.line.rest for each in install.requirements}["fastapi"] == "==0.110.0"
    assert install.requirements[0].place.path == "uv.lock"


def test_a_group_alone_leaves_the_project_out():
    assert names(uv("uv sync --frozen --only-group lint")) == ["ruff"]
    assert names(uv("uv sync --frozen --only-dev")) == ["pytest", "ruff"]


def test_the_place_of_a_locked_package_is_its_line():
    [install] = uv("uv sync --frozen --no-dev").installs
    lines = FILES["uv.lock"].splitlines()
    for each in install.requirements:
        assert lines[each.place.line] == f'name = "{each.line.value}"'


@pytest.mark.parametrize(
    ("command", "env", "prefix"),
    [
        ("uv sync", {"UV_PROJECT_ENVIRONMENT": "/usr/local"}, "/usr/local"),
        ("UV_PROJECT_ENVIRONMENT=/venv uv sync", {}, "/venv"),
        ("uv sync --active", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv"),
        ("uv sync", {"VIRTUAL_ENV": "/opt/venv"}, "/app/.venv"),
        ("uv sync --directory sub", {}, "/app/.venv"),
        ("cd sub && uv sync --project ..", {}, "/app/.venv"),
    ],
)
def test_where_it_goes(command: str, env: dict[str, str], prefix: str):
    [install] = uv(command, {**FILES, "sub/x.py": ""}, env=env).installs
    assert install.prefix == prefix


def test_variables_turn_options_on():
    assert names(uv("uv sync", env={"UV_NO_DEV": "1", "UV_FROZEN": "true"})) == ["fastapi", "h11", "starlette"]


def test_the_second_sync_is_all_that_counts():
    found = uv("uv sync --frozen --no-install-project && uv sync --frozen --no-dev")
    assert (len(found.installs), names(found)) == (1, ["fastapi", "h11", "starlette"])
    assert len(uv("uv sync --frozen && uv pip install flask").installs) == 2


def test_without_a_lock_the_manifest_is_what_is_asked_for():
    found = uv("uv sync", {"pyproject.toml": PROJECT})
    assert (names(found), found.installs[0].lock) == (["fastapi", "h11", "pytest", "ruff"], None)
    assert found.installs[0].requirements[0].place == ("pyproject.toml", 5, 1)


def test_without_options_a_lock_follows_its_manifest():
    changed = {**FILES, "pyproject.toml": PROJECT.replace('"h11"', '"h11", "httpx"')}
    assert "httpx" in uv("uv sync --no-dev", changed).names
    assert "httpx" not in uv("uv sync --no-dev --frozen", changed).names


def test_a_project_that_says_how_it_is_built_is_installed():
    files = {"pyproject.toml": BUILT, "uv.lock": lock('editable = "."'), "src/demo/__init__.py": ""}
    assert folders(uv("uv sync --frozen", files).installs[0]) == ("/app",)
    assert folders(uv("uv sync --frozen --no-install-project", files).installs[0]) == ()
    assert folders(uv("uv sync", {path: text for path, text in files.items() if path != "uv.lock"}).installs[0]) == ("/app",)


def test_sources_that_are_no_index():
    git = package("tool", "1.0", source='git = "https://example.org/tool?rev=1#abc"')
    files = {**FILES, "uv.lock": lock('virtual = "."', 'name = "tool"') + git}
    found = uv("uv sync --frozen --no-dev", files)
    assert "tool" in found.names
    assert found.messages == ["error: Git executable not found. Ensure that Git is installed and available."]
    assert uv("apt-get update && apt-get install -y git && uv sync --frozen", files).codes == []


def test_conflicting_extras_are_told_apart():
    cpu = package("torch", "2.0+cpu")
    gpu = package("torch", "2.0+cu1")
    needs = (
        'name = "torch", version = "2.0+cpu", marker = "extra == \'extra-4-demo-cpu\'"',
        'name = "torch", version = "2.0+cu1", marker = "extra == \'extra-4-demo-gpu\'"',
    )
    files = {**FILES, "uv.lock": lock('virtual = "."', *needs) + cpu + gpu}
    assert "torch" not in uv("uv sync --frozen", files).names
    files["uv.lock"] = files["uv.lock"].replace("pg = [\n    {", 'cpu = [\n    { name = "h11" },\n]\npg = [\n    {')
    [torch] = [
        each for each in uv("uv sync --frozen --extra cpu", files).installs[0].requirements if each.line.value == "torch"
    ]
    assert torch.line.rest == "==2.0+cpu"


# --- workspaces

ROOT = """\
[project]
name = "root"
version = "0"
dependencies = ["core"]

[tool.uv.sources]
core = { workspace = true }

[tool.uv.workspace]
members = ["packages/*"]
"""
MEMBER = '[project]\nname = "{}"\nversion = "0"\ndependencies = ["h11"]\n\n[build-system]\nrequires = ["hatchling"]\n'
SPACE = {
    "pyproject.toml": ROOT,
    "uv.lock": (
        'version = 1\n\n[manifest]\nmembers = [\n    "core",\n    "jobs",\n    "root",\n]\n'
        + package("core", "0", 'name = "h11"', source='editable = "packages/core"')
        + package("h11")
        + package("jobs", "0", 'name = "h11"', source='editable = "packages/jobs"')
        + package("root", "0", 'name = "core"', source='virtual = "."')
        + '\n[package.metadata]\nrequires-dist = [{ name = "core", editable = "packages/core" }]\n'
    ),
    "packages/core/pyproject.toml": MEMBER.format("core"),
    "packages/jobs/pyproject.toml": MEMBER.format("jobs"),
}


def space(*left_out: str) -> dict[str, str]:
    return {path: text for path, text in SPACE.items() if not path.startswith(left_out or ("?",))}


def test_members_are_installed_as_projects():
    found = uv("uv sync --frozen", SPACE)
    assert (found.names, folders(found.installs[0])) == (["h11"], ("/app/packages/core",))
    assert folders(uv("uv sync --all-packages --frozen", SPACE).installs[0]) == ("/app/packages/core", "/app/packages/jobs")
    found = uv("cd packages/jobs && uv sync --frozen", SPACE)
    assert (found.installs[0].prefix, folders(found.installs[0])) == ("/app/.venv", ("/app/packages/jobs",))


def test_a_root_that_is_no_project_installs_all_members():
    files = {**SPACE, "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n'}
    files["uv.lock"] = files["uv.lock"].replace('    "root",\n', "")
    assert folders(uv("uv sync --frozen", files).installs[0]) == ("/app/packages/core", "/app/packages/jobs")


@pytest.mark.parametrize(
    ("command", "left_out", "message"),
    [
        ("uv sync --frozen", "packages/core", "Distribution not found at: file:///app/packages/core"),
        ("uv sync", "packages/core", "`core` references a workspace in `tool.uv.sources`"),
        ("uv sync --locked --no-install-workspace", "packages/core", "`core` references a workspace in `tool.uv.sources`"),
        (
            "uv sync --locked",
            "packages/jobs",
            "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
        ),
    ],
)
def test_a_member_that_is_not_copied(command: str, left_out: str, message: str):
    found = uv(command, space(left_out))
    assert (found.codes, found.sure) == (["workspace-member-missing"], [True])
    assert found.messages[0].startswith(message)


@pytest.mark.parametrize(
    ("command", "left_out"),
    [
        ("uv sync --frozen --no-install-workspace", "packages/core"),
        ("uv sync --frozen", "packages/jobs"),
        ("uv sync", "packages/jobs"),  # it locks anew
        ("uv sync --frozen --package jobs", "packages/core"),
    ],
)
def test_members_that_are_not_needed(command: str, left_out: str):
    assert uv(command, space(left_out)).codes == []


# --- what stops it


def test_no_project():
    found = uv("uv sync", {})
    assert (found.codes, found.sure) == (["project-metadata-missing"], [True])
    assert found.messages == ["error: No `pyproject.toml` found in current directory or any parent directory"]
    assert uv("uv sync", {"lib/pyproject.toml": PROJECT}, source="lib").codes == []


@pytest.mark.parametrize(
    ("command", "how"),
    [("uv sync --frozen", "--frozen"), ("uv sync --locked", "--locked"), ("UV_FROZEN=1 uv sync", "UV_FROZEN=1")],
)
def test_no_lock(command: str, how: str):
    found = uv(command, {"pyproject.toml": PROJECT})
    assert (found.codes, found.sure) == (["lock-missing"], [True])
    assert found.messages[0].startswith(f"error: Unable to find lockfile at `uv.lock`, but `{how}` was provided.")
    assert uv("uv sync", {"pyproject.toml": PROJECT}).codes == []


@pytest.mark.parametrize(
    "change",
    [
        ('"h11"', '"h11", "httpx"'),
        ('"h11"]', "]"),
        ('"fastapi>=0.100"', '"fastapi>=0.101"'),
        ('"fastapi>=', '"fastapi[standard]>='),
        ('lint = ["ruff"]', 'lint = ["ruff"]\nmore = ["mypy"]'),
        ('version = "0.1.0"', 'version = "0.2.0"'),
        ('name = "demo"', 'name = "other"'),
    ],
)
def test_a_lock_that_does_not_belong_to_the_manifest(change: tuple[str, str]):
    files = {**FILES, "pyproject.toml": PROJECT.replace(*change)}
    found = uv("uv sync --locked", files)
    assert found.codes == ["lock-stale"]
    assert found.messages == ["error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."]
    assert uv("uv sync --frozen", files).codes == uv("uv sync", files).codes == []


@pytest.mark.parametrize(
    "change", [("fastapi>=0.100", "FastAPI >= 0.100.0"), ("0.1.0", "v0.1.0"), ('"h11"', "'h11'  # kept"), ("\n", "\r\n")]
)
def test_another_spelling_is_the_same_to_a_lock(change: tuple[str, str]):
    assert uv("uv sync --locked", {**FILES, "pyproject.toml": PROJECT.replace(*change)}).codes == []


def test_the_project_without_its_files():
    files = {"pyproject.toml": BUILT, "uv.lock": lock('editable = "."')}
    found = uv("uv sync --frozen", files)
    assert (found.codes, found.messages) == (["project-files-missing"], ["Expected a Python module at: src/demo/__init__.py"])
    assert uv("uv sync --frozen --no-install-project", files).codes == []


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("hatchling.build", "OSError: Readme file does not exist: README.md"),
        ("poetry.core.masonry.api", "FileNotFoundError: Readme path `/app/README.md` does not exist."),
        ("uv_build", "failed to open file `/app/README.md`: No such file or directory (os error 2)"),
        ("flit_core.buildapi", "flit_core.config.ConfigError: Description file README.md does not exist"),
        ("setuptools.build_meta", None),  # it only warns
        ("pdm.backend", None),
    ],
)
def test_the_readme_that_is_named_and_not_there(backend: str, message: str | None):
    built = PROJECT.replace("version", 'readme = "README.md"\nversion', 1)
    built += f'\n[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    files = {"pyproject.toml": built, "uv.lock": lock('editable = "."'), "src/demo/__init__.py": ""}
    assert uv("uv sync --frozen", files).messages == ([message] if message else [])
    assert uv("uv sync --frozen", {**files, "README.md": ""}).messages == []


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\nversion = 1\n", "version = 2\n", b"\xff"])
def test_a_lock_that_cant_be_read_is_opaque(text: str | bytes):
    found = uv("uv sync", {**FILES, "uv.lock": text})
    assert found.codes == []
    assert found.installs[0].opaque


@pytest.mark.parametrize("script", ["uv lock && uv sync --frozen", "git clone https://example.org/x.git . && uv sync --frozen"])
def test_what_the_build_makes_is_not_known(script: str):
    found = uv(script, {"pyproject.toml": PROJECT} if "lock" in script else {}, source="" if "lock" in script else None)
    assert found.codes == []
    assert found.installs[-1].opaque


# --- Python

NEWER = PROJECT.replace(">=3.10", ">=3.13")


@pytest.mark.parametrize(
    ("files", "command", "python"),
    [
        ({**FILES, ".python-version": "3.12\n"}, "uv sync", (3, 12)),
        ({**FILES, ".python-version": "# ours\n3.11\n"}, "uv sync", None),
        (FILES, "uv sync --python 3.13", (3, 13)),
        (FILES, "UV_PYTHON=python3.10 uv sync", (3, 10)),
        ({**FILES, "pyproject.toml": NEWER}, "uv sync --frozen", (3, 14)),
        (FILES, "uv sync --python /usr/local/bin/python3", None),
    ],
)
def test_uv_downloads_the_python_that_is_asked_for(files: dict[str, str], command: str, python: tuple[int, int] | None):
    found = uv(command, files)
    assert (found.codes, found.installs[0].python) == ([], python)


def test_markers_are_those_of_the_python_that_is_taken():
    assert "exceptiongroup" in uv("uv sync --python 3.10").names
    assert "exceptiongroup" not in uv("uv sync").names


@pytest.mark.parametrize(
    ("command", "env", "where"),
    [
        ("uv sync --frozen", {"UV_PYTHON_DOWNLOADS": "never"}, "managed installations or search path"),
        ("uv sync --frozen --no-python-downloads", {}, "managed installations or search path"),
        ("uv sync --frozen --no-managed-python", {}, "search path"),
        ("uv sync --frozen", {"UV_PYTHON_PREFERENCE": "only-system"}, "search path"),
    ],
)
def test_no_other_python_may_be_downloaded(command: str, env: dict[str, str], where: str):
    files = {**FILES, "pyproject.toml": NEWER}
    found = uv(command, files, env=env)
    assert (found.codes, found.sure) == (["python-not-allowed"], [True])
    assert found.messages == [f"error: No interpreter found for Python >=3.13 in {where}"]
    assert uv(command, files, env=env, base="python:3.13-slim").codes == []
    assert uv(command, files, env=env, base="python:3.11").sure == [False]  # Debian's own may do


# --- run, export, pip, tool


def test_run_syncs_before_the_command():
    assert names(uv("uv run --no-dev python manage.py migrate")) == ["fastapi", "h11", "starlette"]
    assert uv("uv run --no-sync python -m x").installs == uv("UV_NO_SYNC=1 uv run x").installs == []
    assert uv("uv run main.py", {"main.py": ""}).codes == []
    assert uv("uv run --frozen x", {"pyproject.toml": PROJECT}).codes == ["lock-missing"]


@pytest.mark.parametrize(
    "script",
    [
        "uv export --frozen --no-dev -o r.txt && pip install -r r.txt",
        "uv export --frozen --no-dev --no-hashes > r.txt && uv pip install --system -r r.txt",
        "uv export --no-dev --output-file=r.txt 2>/dev/null && pip install -r r.txt",
    ],
)
def test_an_export_is_what_pip_reads_of_it(script: str):
    found = uv(script)
    assert (names(found), found.codes, found.installs[0].opaque) == (["fastapi", "h11", "starlette"], [], None)
    assert found.installs[0].prefix == "/usr/local"


def test_an_export_of_another_format_is_not_known():
    assert uv("uv export --format pylock.toml -o r.txt && pip install -r r.txt").installs[0].opaque


@pytest.mark.parametrize(
    ("script", "env", "prefix"),
    [
        ("uv pip install --system flask", {}, "/usr/local"),
        ("uv pip install flask", {"UV_SYSTEM_PYTHON": "1"}, "/usr/local"),
        ("uv pip install flask", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv"),
        ("uv venv && uv pip install flask", {}, "/app/.venv"),
        ("uv venv /opt/v && . /opt/v/bin/activate && uv pip install flask", {}, "/opt/v"),
        ("uv venv /opt/v && uv pip install --python /opt/v/bin/python flask", {}, "/opt/v"),
        ("uv venv /opt/v && uv pip install flask", {"PATH": "/opt/v/bin:/usr/bin"}, "/opt/v"),
        ("python -m uv pip install flask", {}, "/usr/local"),
        ("uv pip install --target /app/lib flask", {}, "/app/lib"),
        ("uv sync --frozen && uv pip install flask", {}, "/app/.venv"),
    ],
)
def test_the_environment_of_uv_pip(script: str, env: dict[str, str], prefix: str):
    found = uv(script, env=env)
    assert (found.codes, found.installs[-1].prefix, "flask" in found.names) == ([], prefix, True)


def test_uv_pip_without_an_environment():
    found = uv("uv pip install flask")
    assert (found.codes, found.sure) == (["environment-missing"], [True])
    assert found.messages[0].startswith("error: No virtual environment found; run `uv venv`")
    assert uv("uv pip install flask", base="registry.example/base:1").sure == [False]


def test_uv_pip_sync_takes_the_rest_away():
    found = uv("pip install flask && uv pip sync --system r.txt", {"r.txt": "h11==1\n"})
    assert found.names[-1] == "h11"


def test_a_tool_goes_into_an_environment_of_its_own():
    assert uv("uv tool install ruff").installs[0].prefix == "/root/.local/share/uv/tools/ruff"


# --- the program itself


def test_uv_that_nothing_brings():
    found = ran("uv sync --frozen", files=FILES)
    assert (found.codes, found.sure) == (["program-missing"], [True])
    assert found.messages == ["/bin/sh: 1: uv: not found"]
    assert len(found.installs) == 1  # and it is followed as if it were there


@pytest.mark.parametrize(
    "before",
    [
        "pip install uv",
        "curl -LsSf https://astral.sh/uv/install.sh | sh",
        "curl -sSL https://example.org/x | sh",
        "pipx install uv",
        "curl -fsSLo /usr/local/bin/uv https://example.org/uv",
    ],
)
def test_uv_that_something_may_bring(before: str):
    assert ran(f"{before} && uv sync --frozen", files=FILES, base="python:3.11").codes == []


def test_a_script_that_is_known_to_bring_uv_leaves_no_doubt():
    assert ran("curl -LsSf https://astral.sh/uv/install.sh | sh", files=FILES).stage.followed
    assert not ran("curl -LsSf https://example.org/install.sh | sh", files=FILES).stage.followed
