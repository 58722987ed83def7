from functools import partial

import pytest

from bot.engine.image.filesystem import Found
from tests.bot.engine.image import running
from tests.bot.engine.image.building import image
from tests.bot.engine.image.running import FILES

ran = partial(running.ran, base="python:3.11")  # with git, curl and make

# --- files


def test_mkdir_and_touch_make_what_is_not_there():
    found = ran("mkdir -p /data/a logs && touch logs/x.log", user="web")
    assert found.stage.files.find("/data/a") == Found("folder", None)
    assert found.stage.files.find("/app/logs/x.log") == Found("file", None)


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
        assert ran(script).stage.files.find("/app/main.py") == Found("file", None)


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
        "chmod +x start.sh && ./start.sh",
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


# --- the executable bit

BUILD = "FROM python:3.11 AS build\nCOPY start.sh /app/\nRUN chmod +x /app/start.sh\n"


def test_a_script_without_the_executable_bit():
    found = ran("./start.sh")
    assert (found.codes, found.sure) == (["script-not-executable"], [True])
    assert found.messages == ["/bin/sh: 1: ./start.sh: Permission denied"]
    assert ran("make x && ./start.sh").sure == [False]


def test_a_bit_that_git_knows():
    assert ran("./start.sh && lib/../start.sh", executable=("start.sh",)).codes == []


@pytest.mark.parametrize(
    "script",
    [
        "chmod +x start.sh && ./start.sh",
        "chmod 755 start.sh && ./start.sh",
        "chmod 0755 /app/start.sh && ./start.sh",
        "chmod 4755 start.sh && ./start.sh",
        "chmod a+rx start.sh; ./start.sh",
        "chmod u=rwx,go=rx start.sh && ./start.sh",
        "chmod -R 755 . && ./start.sh",
        "chmod +x *.sh && ./start.sh",
        "chmod +x {start,other}.sh && ./start.sh",
        "chmod +x $SCRIPTS && ./start.sh",
        "find . -name '*.sh' -exec chmod +x {} + && ./start.sh",
        "ls *.sh | xargs chmod +x && ./start.sh",
        "if [ -f start.sh ]; then chmod +x start.sh; fi; ./start.sh",
        "chmod +x start.sh && cp start.sh /opt/run.sh && /opt/run.sh",
        "chmod -R +x . && cp -r /app /srv/app && /srv/app/start.sh",
        "chmod +x start.sh && mv start.sh /opt/ && /opt/start.sh",
        "install start.sh /usr/local/bin/run && /usr/local/bin/run",
        "sh start.sh",
        "/bin/bash start.sh",
        "bash -e ./start.sh",
        "./start.sh || true",
        "if [ -x start.sh ]; then ./start.sh; fi",
    ],
)
def test_a_script_that_needs_no_bit_or_gets_it(script):
    assert ran(script, env={"SCRIPTS": None}).codes == []


@pytest.mark.parametrize(
    "dockerfile",
    [
        "COPY --chmod=755 start.sh /app/\nRUN /app/start.sh",
        "COPY --chmod=0755 . /app/\nRUN /app/start.sh",
        "COPY --chmod=+x start.sh /app/start.sh\nRUN /app/start.sh",
        "COPY start.sh /app/\nRUN chmod +x /app/start.sh\nRUN /app/start.sh",
        f"{BUILD}FROM build\nRUN /app/start.sh",
        f"{BUILD}FROM python:3.11-slim\nCOPY --from=build /app /srv\nRUN /srv/start.sh",
        "COPY start.sh /app/\nRUN bash /app/start.sh",
    ],
)
def test_instructions_that_give_the_bit(dockerfile: str):
    assert image(dockerfile).faults == ()


def test_a_copy_with_another_mode():
    found = image("COPY --chmod=644 start.sh /app/\nRUN /app/start.sh\n").faults
    assert [(fault.code, fault.confidence) for fault in found] == [("script-not-executable", "certain")]


def test_a_chmod_that_gives_no_right_to_execute():
    assert ran("chmod 644 start.sh && ./start.sh").codes == ["script-not-executable"]
    assert ran("chmod +r start.sh && ./start.sh").codes == ["script-not-executable"]


# --- what a script of the repository does

MISSING = "pip install -r nope.txt"


def started(text, script="bash start.sh", **more):
    return ran(script, files={**FILES, "start.sh": text}, executable=("start.sh",), **more)


@pytest.mark.parametrize("script", ["bash start.sh", "sh ./start.sh", "./start.sh", "/app/start.sh", "cd lib && ../start.sh"])
def test_a_script_is_followed(script):
    found = started("#!/usr/bin/env bash\nset -e\npip install redis\nmkdir -p /data\n", script)
    assert (found.codes, found.names, found.unknowns, found.has("/data")) == ([], ["redis"], [], True)


def test_a_script_with_windows_line_endings_is_followed():
    assert started("set -e\r\npip install redis\r\n").names == ["redis"]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (f"{MISSING}\n", "bash start.sh"),
        (f"set -e\n{MISSING}\necho done\n", "./start.sh"),
        (f"#!/bin/bash -e\n{MISSING}\necho done\n", "./start.sh"),
        (f"{MISSING}\necho done\n", "bash -e start.sh"),
        (f"cd lib && {MISSING}\n", "./start.sh && echo done"),
    ],
)
def test_a_script_that_fails_fails_the_run(text, script):
    found = started(text, script)
    assert (found.codes, found.sure) == (["requirements-missing"], [True])


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (f"{MISSING}\necho done\n", "bash start.sh"),
        (f"#!/bin/bash -e\n{MISSING}\necho done\n", "bash start.sh"),  # the option is a comment then
        (f"{MISSING}\n", "bash start.sh || true"),
        (f"set -e\nif [ ! -f nope.txt ]; then exit 0; fi\n{MISSING}\n", "bash start.sh"),
        (f"exit 0\n{MISSING}\n", "bash start.sh"),
        ('pip install -r "$1"\n', "bash start.sh requirements.txt"),
        ('pip install -r "$LIST"\n', "LIST=requirements.txt bash start.sh"),
        ('pip install -r "$LIST"\n', "env LIST=requirements.txt ./start.sh"),
        ('cd "$(dirname "$0")" && pip install -r nope.txt\n', "bash start.sh"),
        (f"main() {{\n  {MISSING}\n}}\nmain\n", "bash start.sh"),
    ],
)
def test_a_script_that_may_end_well_is_no_fault(text, script):
    assert started(text, script).codes == []


def test_an_image_whose_shell_is_strict_does_not_make_a_script_strict():
    assert started(f"{MISSING}\necho done\n", shell=("/bin/bash", "-e", "-c")).codes == []


def test_a_script_changes_no_folder_of_the_one_that_starts_it():
    assert started("cd lib\n", "bash start.sh && pip install -r requirements.txt").names == ["flask"]


def test_what_another_program_reads_is_not_followed():
    assert started("#!/usr/bin/env python3\nimport os\n", "./start.sh").unknowns == ["RUN ./start.sh"]
    assert started(b"\x7fELF\xff\xfe", "./start.sh").unknowns == ["RUN ./start.sh"]


@pytest.mark.parametrize(
    "line", ["./start.sh", "bash start.sh", "bash -c ./start.sh", "sh -c 'bash start.sh'", "bash -c 'bash -c ./start.sh'"]
)
def test_scripts_that_start_themselves_come_to_an_end(line):
    found = started(f"{line}\n" * 40)
    assert any("start.sh" in unknown or "-c" in unknown for unknown in found.unknowns)
    assert found.codes == []
