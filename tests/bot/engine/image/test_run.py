from functools import partial

import pytest

from tests.bot.engine.image import running

ran = partial(running.ran, base="python:3.11")  # with git, curl and make

# --- what makes a RUN fail

MISSING = "pip install -r nope.txt"


@pytest.mark.parametrize(
    "script",
    [
        MISSING,
        f"apt-get update && {MISSING}",
        f"{MISSING} && echo done",
        f"echo a; {MISSING}",
        f"echo a\n{MISSING}\n",
        f"set -e; {MISSING}; echo done",
        f"set -eux\n{MISSING}\necho done",
        f"set -o errexit; {MISSING}; echo done",
        f"set -e; echo a && {MISSING}; echo done",
        f"set +e; set -e; {MISSING}; echo done",
        f"apt-get update && apt-get install -y sudo && sudo -u web -H {MISSING}",
        f"PIP_NO_CACHE_DIR=1 {MISSING}",
        f"env A=1 B=2 {MISSING}",
        f"timeout -k 5 600 {MISSING}",
        f"python -m {MISSING}",
        f"python3.11 -u -m {MISSING}",
        f"python -m{MISSING}",
        f"/usr/local/bin/{MISSING}",
        f"bash -c '{MISSING}'",
        f"bash -euo pipefail -c '{MISSING}'",
        f"bash -o pipefail -c '{MISSING}'",
        f"sh -c 'cd /app && {MISSING}'",
        "pip wheel -w /wheels -r nope.txt",
        "pip download -d /wheels -r nope.txt",
    ],
)
def test_a_command_that_fails_fails_the_run(script):
    found = ran(script)
    assert found.messages == ["ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'nope.txt'"]
    assert found.sure == [True]


@pytest.mark.parametrize(
    "script",
    [
        f"{MISSING} || true",
        f"{MISSING} || echo none",
        f"{MISSING}; echo done",
        f"{MISSING}\necho done",
        f"{MISSING} | tee log.txt",
        f"{MISSING} &",
        f"{MISSING} && echo a; echo b",
        f"set -e; {MISSING} && echo a; echo b",
        f"set -e; {MISSING} || true; echo b",
        f"set -e; set +e; {MISSING}; echo b",
        f"set -o pipefail; {MISSING}; echo b",
        f"set -e -x; set +o errexit; {MISSING}; echo b",
        f"if [ -f nope.txt ]; then {MISSING}; fi",
        f"[ ! -f nope.txt ] || {MISSING}",
        f"for f in a b; do {MISSING}; done",
        f"case $X in a) {MISSING};; esac",
        f"install() {{ {MISSING}; }}",
        f"bash -c '{MISSING}' || true",
        f"bash -c '{MISSING}; true'",
        f"cd $WHERE && {MISSING}",
        f"cd $(mktemp -d) && {MISSING}",
        f"if true; then cd /opt; fi; {MISSING}",
        f"set -e; ! {MISSING}",
        f"trap 'exit 0' EXIT; {MISSING}",
        "pip uninstall -y -r nope.txt",
        "pip --version",
        "pip",
    ],
)
def test_a_failure_that_does_not_stop_the_run_is_no_fault(script):
    assert ran(script, env={"WHERE": None}).codes == []


def test_the_shell_of_the_image_may_stop_at_every_failure():
    assert ran(f"{MISSING}; echo", shell=("/bin/bash", "-euo", "pipefail", "-c")).codes == ["requirements-missing"]
    assert ran(f"{MISSING}; echo", shell=("/bin/bash", "-o", "pipefail", "-c")).codes == []


def test_a_shell_that_is_started_minds_its_own_options_alone():
    strict = ("/bin/bash", "-e", "-c")
    assert ran(f"bash -c '{MISSING}; true'", shell=strict).codes == []
    assert ran(f"bash -ec '{MISSING}; true'").codes == ["requirements-missing"]
    assert ran(f"bash -o errexit -c '{MISSING}; true'").codes == ["requirements-missing"]


@pytest.mark.parametrize(
    "script", [f"exit 0; {MISSING}", f"[ -f x ] && exit; {MISSING}", f"if [ -f x ]; then exit 0; fi; {MISSING}"]
)
def test_what_stands_behind_an_exit_may_not_run(script):
    assert ran(script).codes == []


@pytest.mark.parametrize("script", [f"cd lib || exit 1; {MISSING}", f"if [ -f x ]; then exit 2; fi; {MISSING}"])
def test_an_exit_that_fails_excuses_nothing(script):
    assert ran(script).codes == ["requirements-missing"]


# --- programs


@pytest.mark.parametrize(
    ("script", "sure"),
    [
        ("docker build -t app .", True),
        ("docker-compose up", True),
        ("alembic upgrade head", False),
        ("make x && podman ps", False),
    ],
)
def test_a_program_that_the_image_lacks(script, sure):
    found = ran(script)
    assert (found.codes, found.sure) == (["program-missing"], [sure])


def test_the_shell_says_which_program_is_missing():
    assert ran("docker ps").messages == ["/bin/sh: 1: docker: not found"]
    assert ran("docker ps", shell=("/bin/bash", "-c")).messages == ["/bin/bash: line 1: docker: command not found"]


@pytest.mark.parametrize(
    "script",
    [
        "apt-get update && apt-get install -y docker.io && docker ps",
        "apt-get update && apt-get install -y docker-ce-cli && docker ps",
        "curl -fsSLo /usr/local/bin/docker-compose https://example.org/x && docker-compose version",
        "pip install docker-compose && docker-compose version",
        "pip install alembic && alembic upgrade head",
        "conda install alembic && alembic upgrade head",
        "command -v docker && echo there",
        "docker ps || true",
        "docker() { echo; }; docker ps",
        "function podman { echo; }\npodman ps",
        "/opt/bin/docker ps",
    ],
)
def test_a_program_that_is_or_may_be_there(script):
    assert ran(script).codes == []


def test_a_project_may_bring_a_program():
    assert ran("pip install . && alembic upgrade head", files={"setup.py": ""}).codes == []


def test_an_empty_script_does_nothing():
    assert ran("").codes == []
    assert ran("sudo").unknowns == []


# --- the folder


@pytest.mark.parametrize(
    "script",
    [
        "cd lib && pip install -r requirements.txt",
        "cd /app/lib && pip install -r requirements.txt",
        "cd ./docs/../lib\npip install -r requirements.txt",
        'cd "$HERE" && pip install -r requirements.txt',
        "D=lib && cd $D && pip install -r requirements.txt",
        "export D=lib; cd ${D} && pip install -r requirements.txt",
        "cd $PWD/lib && pip install -r requirements.txt",
        "pushd lib && pip install -r requirements.txt && popd",
        "cd docs && pushd ../lib && pip install -r requirements.txt",
        "cd lib && bash -c 'pip install -r requirements.txt'",
        "bash -c 'cd docs' && cd lib && pip install -r requirements.txt",
        "(cd docs && ls) && cd lib && pip install -r requirements.txt",
        "(cd docs && ls); (cd docs && ls); cd lib && pip install -r requirements.txt",
        "pushd docs; popd; cd lib && pip install -r requirements.txt",
    ],
)
def test_the_folder_is_followed(script):
    found = ran(script, env={"HERE": "/app/lib"})
    assert found.codes == []
    assert found.names == ["redis"]


def test_a_subshell_does_not_change_the_folder():
    found = ran("(cd lib && ls) && pip install -r requirements.txt")
    assert (found.codes, found.names) == ([], ["flask"])


@pytest.mark.parametrize("script", ["cd", "cd ~", "cd $HOME"])
def test_the_home_of_root_is_known(script):
    found = ran(f"{script} && touch x")
    assert found.has("/root/x")


def test_the_home_of_another_user_is_not_known():
    found = ran("cd ~ && rm -r lib && pip install -r nope.txt", user="web")
    assert (found.codes, found.tree("/app/lib/util.py")) == ([], "lib/util.py")


def test_what_happens_in_a_folder_that_cant_be_told_leaves_a_doubt():
    found = ran("cd $(mktemp -d) && rm -rf lib && mkdir made")
    assert found.tree("/app/lib/util.py") == "lib/util.py"
    assert found.doubt("/app/lib/other.py") == "RUN goes to a folder that is made at run time"


# --- variables


def test_the_images_variables_are_known():
    assert ran("mkdir $DATA/cache", env={"DATA": "/data"}).has("/data/cache")


@pytest.mark.parametrize(
    "script",
    [
        "for d in lib docs; do rm -rf /app/$d; done",
        "cat list | while read d; do rm -rf /app/$d; done",
        "while read -r d; do rm -rf /app/$d; done < list.txt",
        "D=$(mktemp -d) && rm -rf /app/$D",
        "export D=$(mktemp -d); rm -rf /app/$D",
        "if true; then D=lib; fi; rm -rf /app/$D",
        "rm -rf /app/$?",
    ],
)
def test_a_variable_that_cant_be_told_takes_nothing_away(script):
    found = ran(script)
    assert found.tree("/app/lib/util.py") == "lib/util.py"
    assert found.codes == []


# --- what leaves a doubt, and what does not


@pytest.mark.parametrize(
    "script",
    [
        "apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*",
        "useradd -m web && chown -R web:web /app && chmod +x start.sh",
        "pip install flask",
        "python -m compileall .",
        "python manage.py collectstatic --noinput",
        "python -m venv /opt/venv",
        "find . -name '*.pyc' -delete",
        "find /app -type d -name __pycache__ -exec rm -rf {} +",
        "find . -name '*.py'",
        "git config --global user.name me",
        "git --version",
        "ls -la && echo done",
        "playwright install chromium",
        "uv python install 3.12",
    ],
)
def test_commands_that_leave_the_sources_alone(script):
    found = ran(script)
    assert found.doubt("/app/missing.py") is None
    assert found.unknowns == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("npm ci", "RUN npm ci"),
        ("make all", "RUN make all"),
        ("/opt/tool/start.sh", "RUN /opt/tool/start.sh"),
        ("python main.py --all", "RUN python main.py --all"),
        ("python -m mytool", "RUN python -m mytool"),
        ("bash /opt/start.sh a b c d", "RUN bash /opt/start.sh a b …"),
        ("curl -sSL https://example.org/x | sh", "RUN … | sh"),
        ("$TOOL build", "RUN … build"),
        ("python $TOOL", "RUN python …"),
        (". ./env.sh", "RUN . ./env.sh"),
        ("xargs rm < list", "RUN xargs rm"),
        ("git pull", "RUN git pull"),
        ("pip frobnicate", "RUN pip frobnicate"),
    ],
)
def test_what_is_not_followed_is_named_and_leaves_a_doubt(script, said):
    found = ran(script, env={"TOOL": None})
    assert found.unknowns == [said]
    assert found.doubt("/app/missing.py")


def test_before_anything_is_copied_only_what_a_command_names_is_in_doubt():
    found = ran("make /opt/tool out.txt --prefix=/opt/x", source=None)
    assert [found.doubt(path) is not None for path in ("/opt/tool/a", "/app/out.txt", "/opt/x", "/app/main.py")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_list_of_packages_is_nothing_that_sources_are_made_from():
    assert ran("make generate", source="requirements.txt").doubt("/app/util.py") is None
    assert ran("make generate", source="manage.py").doubt("/app/util.py") == "RUN make generate is not followed"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("git clone https://example.org/me/tool.git", "/app/tool"),
        ("git clone git@example.org:me/tool.git", "/app/tool"),
        ("git clone -b main --depth 1 https://example.org/me/tool /opt/t", "/opt/t"),
        ("git clone https://example.org/me/tool --depth 1", "/app/tool"),
        ("git clone https://example.org/me/tool .", "/app"),
        ("tar -xzf x.tar.gz", "/app"),
        ("tar -xzf x.tar.gz -C /opt/t", "/opt/t"),
        ("unzip x.zip -d web", "/app/web"),
        ("cd lib && unzip x.zip", "/app/lib"),
    ],
)
def test_what_brings_files_along_leaves_a_doubt_where_they_lie(script, folder):
    found = ran(script, source=None)
    assert found.doubt(f"{folder}/some.py")
    assert folder == "/app" or found.doubt("/app/main.py") is None


def test_a_find_that_may_remove_sources_leaves_a_doubt():
    found = ran("find lib -name '*.py' -delete")
    assert (found.doubt("/app/lib/x.py") is None, found.doubt("/app/x.py")) == (False, None)


def test_a_case_statement_is_named():
    assert "RUN a case statement" in ran("case $X in a) ls;; esac").unknowns
