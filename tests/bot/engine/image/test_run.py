from typing import NamedTuple

import pytest

from bot.engine.image import bases, ignore
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, Found, Made
from bot.engine.image.run import run
from bot.engine.image.stage import Install, Stage
from bot.engine.model.findings import Place
from tests.tools import tree

FILES = {
    "requirements.txt": "flask\n",
    "main.py": "",
    "manage.py": "",
    "start.sh": "",
    "lib/requirements.txt": "redis\n",
    "lib/util.py": "",
    "docs/a.md": "",
}
PLACE = Place("Dockerfile", 4)


class Ran(NamedTuple):
    """A stage after one RUN, and what that came to."""

    stage: Stage
    codes: list[str]
    messages: list[str]
    sure: list[bool]
    unknowns: list[str]

    @property
    def installs(self) -> list[Install]:
        return self.stage.installs

    @property
    def names(self) -> list[str]:
        return [requirement.line.value for install in self.installs for requirement in install.requirements]

    def tree(self, path: str) -> str | None:
        found = self.stage.files.find(path)
        return found.tree if found else None

    def has(self, path: str) -> bool:
        return self.stage.files.find(path) is not None

    def doubt(self, path: str) -> str | None:
        return self.stage.files.tainted(path)


def ran(
    script: str, *, before: str = "", source: str | None = "", env=None, files=FILES, user="root", shell=None, **more
) -> Ran:
    """Run a script in /app, into which the folder `source` was copied (None: nothing was); `before` is an earlier RUN."""
    stage = Stage("", bases.base("python:3.11-slim"))
    stage.workdir, stage.user = "/app", user
    stage.env.update(env or {})
    stage.shell = shell or stage.shell
    stage.files.add(Made("/app", "folder", user))
    whole = tree(files, **more)
    if source is not None:
        folder = source not in files
        stage.files.add(
            Copied("/app" if folder else f"/app/{source}", Context(whole, "", ignore.NOTHING), source, folder, "root")
        )
    if before:
        run(stage, whole, before, PLACE)
    outcome = run(stage, whole, script, PLACE)
    problems = outcome.problems
    return Ran(
        stage,
        [problem.code for problem in problems],
        [problem.message for problem in problems],
        [problem.certain for problem in problems],
        [unknown.reason for unknown in outcome.unknowns],
    )


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
        f"sudo -u web -H {MISSING}",
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


# --- files


def test_mkdir_and_touch_make_what_is_not_there():
    found = ran("mkdir -p /data/a logs && touch logs/x.log", user="web")
    assert found.stage.files.find("/data/a") == Found("folder", None, "web")
    assert found.stage.files.find("/app/logs/x.log") == Found("file", None, "web")


def test_mkdir_and_touch_leave_alone_what_is_there():
    found = ran("mkdir -p lib && touch main.py && install -d docs")
    assert (found.tree("/app/lib"), found.tree("/app/main.py"), found.tree("/app/docs")) == ("lib", "main.py", "docs")


def test_rm_takes_away():
    found = ran("rm -rf lib /app/main.py")
    assert (found.has("/app/lib/util.py"), found.has("/app/main.py"), found.has("/app/docs/a.md")) == (False, False, True)


@pytest.mark.parametrize(
    "script",
    [
        "if [ -n x ]; then rm -rf lib; fi",
        "test -d x || rm -rf lib",
        "(rm -rf lib)",
        "bash -c 'if true; then rm -rf lib; fi'",
        "rm -rf l*",
    ],
)
def test_a_removal_that_may_not_happen_leaves_a_doubt_alone(script):
    found = ran(script)
    assert found.tree("/app/lib/util.py") == "lib/util.py"
    assert found.doubt("/app/lib/util.py")


def test_a_wildcard_below_a_folder_leaves_that_folder_in_doubt():
    found = ran("rm -rf /var/lib/apt/lists/* docs/*.md")
    assert (found.doubt("/app/docs/b.md") is None, found.doubt("/app/lib/x.py")) == (False, None)


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("cp main.py copy.py", "/app/copy.py"),
        ("cp main.py lib", "/app/lib/main.py"),
        ("cp main.py /tmp", "/tmp/main.py"),
        ("cp main.py /opt/x.py", "/opt/x.py"),
    ],
)
def test_cp_of_a_file(script, path):
    found = ran(script)
    assert (found.tree(path), found.tree("/app/main.py")) == ("main.py", "main.py")


def test_cp_of_a_folder():
    assert ran("cp -r lib /srv/new").tree("/srv/new/util.py") == "lib/util.py"
    assert ran("cp -r lib /srv").tree("/srv/lib/util.py") == "lib/util.py"
    assert ran("cp -r lib/. /srv").tree("/srv/util.py") == "lib/util.py"
    assert ran("cp -rT lib /srv").tree("/srv/util.py") == "lib/util.py"


def test_a_copy_keeps_what_is_removed_afterwards():
    assert ran("cp -r lib /opt/lib2 && rm -rf lib").tree("/opt/lib2/util.py") == "lib/util.py"


def test_mv_takes_along():
    found = ran("mv lib /opt/x")
    assert (found.tree("/opt/x/util.py"), found.has("/app/lib/util.py")) == ("lib/util.py", False)


def test_copying_what_is_not_known_leaves_a_doubt():
    found = ran("cp -r /usr/share/x /app/x")
    assert found.doubt("/app/x/y.py") == "cp of something that is not in the repository"


def test_copying_several_files_leaves_a_doubt():
    assert ran("cp main.py start.sh /opt/").doubt("/opt/main.py") == "cp of several files"


def test_links_show_what_they_lead_to():
    assert ran("ln -s /app/lib /code").tree("/code/util.py") == "lib/util.py"
    assert ran("ln -s ../lib docs/code").tree("/app/docs/code/util.py") == "lib/util.py"
    assert ran("ln -sf /app/lib docs").tree("/app/docs/lib/util.py") == "lib/util.py"
    assert ran("ln -sfn /app/lib docs").tree("/app/docs/util.py") == "lib/util.py"


def test_a_link_to_a_program_of_the_base_leaves_a_doubt_there_alone():
    found = ran("ln -s /usr/bin/python3 /usr/bin/python")
    assert (found.doubt("/usr/bin/python") is None, found.doubt("/app/x.py")) == (False, None)


def test_a_file_that_is_written_is_no_longer_the_repositorys():
    for script in (
        "sed -i s/a/b/ main.py",
        "sed --in-place s/a/b/ main.py",
        "echo x > main.py",
        "echo x >> main.py",
        "tee main.py",
    ):
        assert ran(script).stage.files.find("/app/main.py") == Found("file", None, "root")


@pytest.mark.parametrize("script", ["sed s/a/b/ main.py", "cat < main.py", "cat main.py 2>/dev/null", "cat main.py 2>&1"])
def test_a_file_that_is_read_stays_the_repositorys(script):
    found = ran(script)
    assert found.tree("/app/main.py") == "main.py"
    assert not found.has("/app/1")


@pytest.mark.parametrize(
    "script",
    [
        "curl -o x.sh https://example.org/y",
        "curl -fsSLo x.sh https://example.org/y",
        "curl --output=x.sh https://example.org/y",
        "curl -fsSLO https://example.org/x.sh?v=1",
        "curl https://example.org/y > x.sh",
        "wget https://example.org/x.sh",
        "wget -q -O x.sh https://example.org/y",
        "wget -qO x.sh https://example.org/y",
        "wget --output-document=x.sh https://example.org/y",
        "wget -P /app https://example.org/x.sh",
    ],
)
def test_a_download_is_a_file(script):
    found = ran(f"{script} && chmod +x x.sh && ./x.sh")
    assert found.has("/app/x.sh")
    assert found.codes == []


@pytest.mark.parametrize(
    "script", ["curl -fsS https://example.org/x.sh", "wget -qO- https://example.org/x.sh", "wget -O - https://example.org/x.sh"]
)
def test_a_download_to_the_screen_is_none(script):
    assert not ran(script).has("/app/x.sh")


# --- scripts of the repository


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("./build.sh", "/bin/sh: 1: ./build.sh: not found"),
        ("/app/build.sh --all", "/bin/sh: 1: /app/build.sh: not found"),
        ("sh build.sh", "sh: 0: cannot open build.sh: No such file"),
        ("bash -e build.sh", "bash: build.sh: No such file or directory"),
        ("python build.py", "python: can't open file '/app/build.py': [Errno 2] No such file or directory"),
        ("python -W ignore -X dev build.py", "python: can't open file '/app/build.py': [Errno 2] No such file or directory"),
        ("cd lib && python3 x/../b.py", "python: can't open file '/app/lib/b.py': [Errno 2] No such file or directory"),
        ("python mange.py migrate", "python: can't open file '/app/mange.py': [Errno 2] No such file or directory"),
    ],
)
def test_a_script_that_is_not_there(script, message):
    found = ran(script)
    assert (found.codes, found.messages, found.sure) == (["run-file-missing"], [message], [True])


def test_a_script_that_is_copied_later():
    assert ran("python manage.py collectstatic", source=None).codes == ["run-file-missing"]
    assert ran("python manage.py collectstatic", source="requirements.txt").codes == ["run-file-missing"]


@pytest.mark.parametrize(
    "script",
    [
        "./start.sh",
        "bash start.sh",
        "python manage.py migrate",
        "python -c 'import nowhere'",
        "python - < main.py",
        "python -V",
        "/usr/bin/crontab x",
        "/opt/tool/run.sh",
        "./nope.sh || true",
        "touch x.sh && ./x.sh",
        "echo 'echo' > x.sh && sh x.sh",
    ],
)
def test_a_script_that_is_there_or_is_not_ours_to_judge(script):
    assert ran(script).codes == []


def test_a_script_in_the_root_of_the_image_may_be_the_bases():
    assert ran("/install.sh", source=None).codes == []


def test_a_script_that_only_this_disk_has_is_likely_missing():
    found = ran("./start.sh", hidden=("start.sh",))
    assert (found.codes, found.sure) == (["run-file-missing"], [False])


def test_a_script_that_an_earlier_command_may_have_made_is_likely_missing():
    assert ran("make x && ./configure", source="requirements.txt").sure == [False]
    assert ran("./configure", before="make x", source="requirements.txt").sure == [False]


def test_sources_that_are_unpacked_and_built_are_no_fault():
    script = "wget https://example.org/ta-lib.tar.gz && tar -xzf ta-lib.tar.gz && cd ta-lib && ./configure && make install"
    assert ran(script, source="requirements.txt").codes == []


def test_sources_that_are_cloned_and_installed_are_no_fault():
    found = ran("git clone --depth 1 https://example.org/me/tool.git && cd tool && pip install .", source=None)
    assert found.codes == []
    assert found.installs[-1].opaque


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
        ("./start.sh", "RUN ./start.sh"),
        ("python main.py --all", "RUN python main.py --all"),
        ("python -m mytool", "RUN python -m mytool"),
        ("bash start.sh a b c d", "RUN bash start.sh a b …"),
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


# --- packages of the system, environments, installers


def test_system_packages_are_programs():
    found = ran(
        "apt-get install -y --no-install-recommends gcc=1.2 curl && apk add git && DEBIAN_FRONTEND=x apt install -y vim"
    )
    assert found.stage.programs == {"gcc", "curl", "git", "vim"}


def test_environments_are_noted():
    found = ran("python -m venv /opt/a && virtualenv b && uv venv && uv venv c")
    assert found.stage.environments == ["/opt/a", "/app/b", "/app/.venv", "/app/c"]


@pytest.mark.parametrize(
    "script",
    [
        "/opt/venv/bin/pip install flask",
        "/opt/venv/bin/python -m pip install flask",
        ". /opt/venv/bin/activate && pip install flask",
        "bash -c 'source /opt/venv/bin/activate && pip install flask'",
        "python -m venv /opt/venv && PATH=/opt/venv/bin:$PATH && /opt/venv/bin/pip3 install flask",
    ],
)
def test_an_install_goes_to_the_environment_of_its_pip(script):
    [install] = ran(script).installs
    assert (install.prefix, install.opaque) == ("/opt/venv", None)


def test_an_environment_that_is_first_on_path_takes_the_install():
    found = ran("python -m venv /opt/venv && pip install flask", env={"PATH": "/opt/venv/bin:/usr/local/bin:/bin"})
    assert found.installs[0].prefix == "/opt/venv"


def test_a_relative_environment():
    assert ran("python -m venv venv && ./venv/bin/pip install flask").installs[0].prefix == "/app/venv"


@pytest.mark.parametrize(
    "script",
    [
        "poetry install",
        "uv sync --frozen",
        "pipenv install --system",
        "pdm sync",
        "conda env create -f x.yml",
        "uv pip sync x.txt",
    ],
)
def test_other_installers_are_opaque(script):
    found = ran(script)
    assert found.codes == []
    assert found.installs[0].opaque == f"{' '.join(script.removeprefix('python -m ').split()[:3])} is not followed"
    assert found.unknowns == [f"RUN {found.installs[0].opaque}"]


@pytest.mark.parametrize("script", ["poetry config virtualenvs.create false", "uv lock", "poetry run pytest", "uv --version"])
def test_what_other_installers_do_besides_is_passed_over(script):
    assert (ran(script).installs, ran(script).unknowns) == ([], [])


@pytest.mark.parametrize(
    "script",
    [
        "poetry export -f requirements.txt --output all.txt",
        "poetry export -f requirements.txt -o all.txt",
        "uv export --output-file=all.txt",
        "uv pip compile pyproject.toml -o all.txt",
        "pip-compile --output-file=all.txt",
        "pipenv requirements > all.txt",
        "grep -v torch requirements.txt > all.txt",
        "sed -i /x/d requirements.txt && mv requirements.txt all.txt",
    ],
)
def test_a_requirements_file_that_is_made_in_the_build_is_there_and_not_known(script):
    found = ran(f"{script} && pip install -r all.txt")
    assert found.codes == []
    assert found.installs[-1].opaque == "all.txt is made during the build"


def test_pip_compile_writes_requirements_txt():
    assert ran("pip-compile && pip install -r requirements.txt", source=None).codes == []


def test_uv_pip_is_read_and_speaks_in_its_own_words():
    assert ran("uv pip install --system -r requirements.txt").names == ["flask"]
    assert ran("uv pip install --system -r nope.txt").messages == ["error: File not found: nope.txt"]


@pytest.mark.parametrize(
    "script",
    [
        "cat requirements.txt | xargs -n 1 pip install",
        "grep -v torch requirements.txt | xargs uv pip install",
        "while read p; do pip install $p; done < requirements.txt",
        "pip install $(cat requirements.txt)",
        "curl -sSL https://example.org/install | bash",
        "python setup.py install",
        "python setup.py develop",
        "python -m spacy download en_core_web_sm",
    ],
)
def test_installs_that_cant_be_read_are_opaque(script):
    found = ran(script, files={**FILES, "setup.py": ""})
    assert found.codes == []
    assert found.installs[-1].opaque


def test_xargs_of_something_harmless_is_passed_over():
    assert ran("ls | xargs echo").unknowns == []


def test_an_install_in_a_branch_counts_as_one():
    assert ran("if true; then pip install flask; fi").names == ["flask"]


def test_windows_line_endings_change_nothing():
    found = ran("cd lib && \\\r\n  pip install -r requirements.txt\r\nls < x\r\n")
    assert (found.codes, found.names, found.has("/app/lib/x")) == ([], ["redis"], False)
