import pytest

from tests.bot.engine.platforms.tools import WORKFLOW, deploys, steps
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, faults, text

LACKING = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY . .\nCOPY made ./made")}
CERTAIN = [("copy-source-missing", "certain")]
LIKELY = [("copy-source-missing", "likely")]


def said(path: str, source: str) -> list[str]:
    """Return what is said about the last deploy that a file shows."""
    return [doubt.says for doubt in deploys(path, source)[-1].doubts]


def sure(files: dict[str, str], script: str = "", workflow: str = "") -> list[tuple[str, str]]:
    """Return the faults of a repository with a script or a workflow that deploys it, and how sure they are."""
    found = faults({**files, **({"deploy.sh": script} if script else {}), **({WORKFLOW: workflow} if workflow else {})})
    return [(fault.code, fault.confidence) for fault in found]


# --- commands before it


@pytest.mark.parametrize(
    "command",
    [
        "make vendor",
        "cp -r ../shared ./made",
        "./prepare.sh",
        "python generate.py",
        "pip-compile -o made requirements.in",
        "git clone https://example.org/x made",
        "git submodule update --init",
        "curl -o made https://example.org",
        "echo x > made",
        ": > made",
        "npm run build",
        "docker cp a:/b made",
        "$TOOL made",
        "sudo make",
        "mkdir -p made",
        'mkdir "$HOME/.cache" made',
        "pip download -d made -r requirements.txt",
        "python -m pip wheel --wheel-dir=made .",
        "pip wheel .",
        "uv pip compile requirements.in -o made",
        "source ./prepare.sh",
        'eval "$(make -s plan)"',
        "gh release download v1",
        "gcloud storage cp gs://a/made made",
        "docker build --output made .",
    ],
)
def test_a_command_that_may_make_files(command):
    assert len(said("deploy.sh", f"{command}\nfly deploy\n")) == 1
    assert sure(LACKING, script=f"{command}\nfly deploy\n") == LIKELY


@pytest.mark.parametrize(
    "command",
    [
        "set -euo pipefail",
        "cd . && pwd",
        "command -v flyctl &> /dev/null",
        "VERSION=1",
        "export VERSION=$(git rev-parse HEAD)",
        "echo deploying 2>&1 >/dev/null",
        "git fetch --tags && git status",
        "pip install -r requirements.txt",
        "python -m pytest",
        "python -m pip list",
        "source .env",
        ". venv/bin/activate",
        'eval "$(ssh-agent -s)"',
        "gh auth status",
        "gcloud auth configure-docker",
        "git --version",
        "docker build -t made .",
        "cat .dockerignore",
        "sed -n 1p fly.toml",
        "curl -sSf https://example.org/health",
        "fly auth whoami",
        "if test -f x; then exit 1; fi",
    ],
)
def test_a_command_that_makes_nothing_for_the_build(command):
    assert said("deploy.sh", f"{command}\nfly deploy\n") == []
    assert sure(LACKING, script=f"{command}\nfly deploy\n") == CERTAIN


@pytest.mark.parametrize(
    "command",
    [
        "echo app > fly.toml",
        "cp .env.example .env",
        "mv a b",
        "cat a b > c",
        "tee notes.txt",
        "sed -i s/a/b/ Dockerfile",
        'mkdir -p "$HOME/.ssh"',
        "npm ci",
        "uv sync",
        "pip install -t libs x",
    ],
)
def test_a_command_that_names_what_it_makes_makes_nothing_else(command):
    assert len(said("deploy.sh", f"{command}\nfly deploy\n")) == 1
    assert sure(LACKING, script=f"{command}\nfly deploy\n") == CERTAIN


@pytest.mark.parametrize(
    ("command", "made"),
    [("uv lock", "uv.lock"), ("poetry install", "poetry.lock"), ("npm ci", "node_modules"), ("npm i", "package-lock.json")],
)
def test_an_installer_makes_its_lock_file_and_its_packages(command, made):
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", f"COPY . .\nCOPY {made} /x")}
    assert sure(files) == CERTAIN
    assert sure(files, script=f"{command}\nfly deploy\n") == LIKELY


@pytest.mark.parametrize(
    ("command", "expected"),
    [("rm .dockerignore", LIKELY), ("echo x > .dockerignore", LIKELY), ("cp a .dockerignore", LIKELY), ("rm notes", CERTAIN)],
)
def test_an_ignore_file_that_is_changed_before_the_deploy(command, expected):
    files = {**LACKING, "made/a.py": "", ".dockerignore": "made\n"}
    assert sure(files, script=f"{command}\nfly deploy\n") == expected


@pytest.mark.parametrize("command", ["cp -r ../x/* .", "cp -r ../x .", 'cp -r "$SOURCE" here', "mv x/* ."])
def test_a_command_that_copies_what_it_does_not_name_may_make_any_file(command):
    assert sure(LACKING, script=f"{command}\nfly deploy\n") == LIKELY


def test_what_powershell_says_around_a_deploy_makes_nothing():
    source = '$ErrorActionPreference = "Stop"\ntry {\nWrite-Host "x"\nif ($LASTEXITCODE -ne 0) { exit 1 }\nfly deploy\n'
    assert said("deploy.ps1", source) == []
    assert len(said("deploy.ps1", f"Copy-Item ../x made\n{source}")) == 1


def test_what_comes_behind_the_deploy_makes_no_difference():
    assert said("deploy.sh", "fly deploy\nmake vendor\n") == []


def test_a_readme_may_say_what_comes_before():
    assert said("README.md", "```\nmake vendor\nfly deploy\n```\n") == ["`make vendor` runs before the deploy"]


# --- workflows


def test_earlier_steps_of_the_job_count():
    source = text("""
        - uses: actions/checkout@v4
        - uses: actions/setup-python@v5
        - run: make vendor
        - run: flyctl deploy
        - run: make later
    """)
    assert said(WORKFLOW, steps(source)) == ["`make vendor` runs before the deploy"]
    assert sure(LACKING, workflow=steps(source)) == LIKELY


@pytest.mark.parametrize(
    ("step", "doubtful"),
    [
        ("- uses: actions/checkout@v4\n", False),
        ("- uses: actions/checkout@v4\n  with:\n    fetch-depth: 0\n", False),
        ("- uses: actions/checkout@v4\n  with:\n    submodules: true\n", True),
        ("- uses: actions/checkout@v4\n  with:\n    repository: a/b\n    path: made\n", True),
        ("- uses: superfly/flyctl-actions/setup-flyctl@master\n", False),
        ("- uses: docker/login-action@v3\n", False),
        ("- uses: actions/download-artifact@v4\n", True),
        ("- uses: ./.github/actions/setup\n", True),
        ("- name: nothing\n", False),
    ],
)
def test_an_action_before_the_deploy(step, doubtful):
    assert bool(said(WORKFLOW, steps(f"{step}- run: flyctl deploy\n"))) == doubtful


def test_the_old_action_comes_behind_other_steps_too():
    source = "- run: make vendor\n- uses: superfly/flyctl-actions@1.1\n  with:\n    args: deploy\n"
    assert said(WORKFLOW, steps(source)) == ["`make vendor` runs before the deploy"]


# --- Makefiles


def test_a_rule_depends_on_others():
    source = "deploy: test vendor\n\tfly deploy\n\ntest:\n\tpytest\n\nvendor: lock\n\tcp -r ../x made\n\nlock:\n\tpip-compile\n"
    assert said("Makefile", source) == ["`cp -r ../x made` runs before the deploy", "`pip-compile` runs before the deploy"]
    assert said("Makefile", source.replace("test vendor", "test")) == []


def test_a_rule_that_depends_on_itself_comes_to_an_end():
    assert said("Makefile", "a: b\n\tmake x\n\nb: a\n\tfly deploy\n") == ["`make x` runs before the deploy"]


def test_the_lines_above_count():
    assert said("Makefile", "deploy:\n\t@cp -r ../x made\n\tfly deploy\n") == ["`cp -r ../x made` runs before the deploy"]


# --- what it explains


def test_a_front_end_makes_no_python():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "src.main:app")}
    assert sure(files, "npm run build\nfly deploy\n") == [("entry-not-found", "certain")]
    assert sure(files, "make build\nfly deploy\n") == [("entry-not-found", "likely")]


def test_a_file_that_the_app_reads_is_not_missed_where_something_may_make_it():
    files = {**HEALTHY, "main.py": "open('dist/index.html')\n" + MAIN}
    assert sure(files, "fly deploy\n") == [("app-file-missing", "certain")]
    assert sure(files, "npm run build\nfly deploy\n") == []
    assert sure(files, "cp -r ../web/dist ./dist\nfly deploy\n") == []
    assert sure(files, "cp -r ../web/other ./other\nfly deploy\n") == [("app-file-missing", "certain")]


def test_flyctl_on_windows_takes_backslashes_for_slashes():
    files = {**HEALTHY, ".dockerignore": "**\\pip-log.txt\n"}
    assert sure(files) == [("ignore-pattern-invalid", "likely")]
    assert sure(files, workflow=steps("- run: flyctl deploy")) == [("ignore-pattern-invalid", "certain")]
    assert sure({**files, ".dockerignore": "venv\\\n"}) == [("ignore-pattern-invalid", "certain")]


def test_an_ignore_file_that_is_written_before_the_deploy_is_not_refused_for_certain():
    files = {**HEALTHY, ".dockerignore": "venv\\\n"}
    assert sure(files, "cp production.dockerignore .dockerignore\nfly deploy\n") == [("ignore-pattern-invalid", "likely")]


def test_a_path_from_the_root_is_nothing_that_is_made():
    files = {f"backend/{path}": body for path, body in HEALTHY.items()}
    files["backend/Dockerfile"] = DOCKERFILE.replace("COPY req", "COPY backend/req")
    assert sure(files, script="cd backend\nmake\nfly deploy\n") == CERTAIN


def test_a_config_is_only_changed_by_what_names_it():
    files = {**HEALTHY, "fly.toml": FLY.replace("8080", '"@PORT@"')}
    assert sure(files, script="make all\nfly deploy\n") == [("config-type", "certain")]
    assert sure(files, script="sed -i s/@PORT@/8080/ fly.toml\nfly deploy\n") == [("config-type", "likely")]


def test_a_port_is_not_made_by_a_command():
    files = {**HEALTHY, "fly.toml": FLY.replace("8080", "8000")}
    assert sure(files, "make\nfly deploy\n") == [("port-mismatch", "certain")]


# --- options


@pytest.mark.parametrize("option", ["--build-target web", "--build-target=web", "--build-arg DIR=made", '--build-arg "DIR=$X"'])
def test_an_option_that_changes_the_build(option):
    files = {**LACKING, "Dockerfile": DOCKERFILE.replace("COPY . .", "ARG DIR=nothing\nCOPY $DIR .")}
    assert sure(files) == CERTAIN
    assert sure(files, script=f"fly deploy {option}\n") == LIKELY


def test_an_argument_that_the_dockerfile_does_not_use_changes_nothing():
    assert sure(LACKING, script="fly deploy --build-arg COMMIT=$SHA --remote-only\n") == CERTAIN


def test_a_variable_may_change_what_the_machine_does():
    files = {**HEALTHY, "fly.toml": FLY.replace("8080", "8000")}
    assert sure(files, script="fly deploy -e PORT=8000\n") == [("port-mismatch", "likely")]
    assert sure(LACKING, script="fly deploy --env PORT=8000\n") == CERTAIN


@pytest.mark.parametrize("option", ["--file-local /app/start.sh=x", "--file-literal=/app/start.sh=x"])
def test_an_option_may_put_a_file_into_the_machine(option):
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.partition("CMD")[0] + 'CMD ["./start.sh"]\n'}
    assert sure(files, script="fly deploy\n") == [("script-missing", "certain")]
    assert sure(files, script=f"fly deploy {option}\n") == [("script-missing", "likely")]
    assert sure(files, script=f"fly deploy {option.replace('start', 'other')}\n") == [("script-missing", "certain")]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ('[[files]]\n  guest_path = "/app/lib/db.py"\n  secret_name = "X"\n', "likely"),
        ('[[files]]\n  guest_path = "/app/settings.py"\n  secret_name = "X"\n', "certain"),
        ('[mounts]\n  source = "data"\n  destination = "/app/lib"\n', "likely"),
        ('[[mounts]]\n  source = "data"\n  destination = "/app"\n', "likely"),
        ('[mounts]\n  source = "data"\n  destination = "/data"\n', "certain"),
    ],
)
def test_a_volume_or_a_file_of_the_config_may_hold_what_the_image_lacks(section, expected):
    files = {**HEALTHY, "fly.toml": f"{FLY}\n{section}", "main.py": "import lib.db\n" + MAIN, "lib/other.py": ""}
    assert [found for found in sure(files) if found[0] != "volume-hides-files"] == [("module-not-found", expected)]


@pytest.mark.parametrize("flag", [True, False])
def test_an_ignore_file_of_its_own_may_let_in_what_the_other_leaves_out(flag):
    files = {**HEALTHY, ".dockerignore": "requirements.txt\n"}
    if not flag:
        files["fly.toml"] = FLY.replace("[http", '  ignorefile = "fly.ignore"\n\n[http')
    assert sure(files, script=f"fly deploy {'--ignorefile fly.ignore' if flag else ''}\n") == LIKELY
    assert sure({**LACKING, "fly.toml": files["fly.toml"]}, script="fly deploy\n") == CERTAIN


def test_a_submodule_may_be_there():
    modules = '[submodule "made"]\n\tpath = made\n\turl = https://example.org/made.git\n'
    assert sure({**LACKING, ".gitmodules": modules}) == LIKELY
    assert sure({**LACKING, ".gitmodules": modules.replace("made", "other")}) == CERTAIN
    reads = {**HEALTHY, "main.py": "open('made/x.json')\n" + MAIN}
    assert sure({**reads, ".gitmodules": modules}) == []
    assert sure({**reads, ".gitmodules": modules.replace("made", "other")}) == [("app-file-missing", "certain")]
    imports = {**HEALTHY, "main.py": "import made.x\n" + MAIN}
    assert sure({**imports, ".gitmodules": modules}) == [("module-not-found", "likely")]
