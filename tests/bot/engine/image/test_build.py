import pytest

from bot.engine.image.build import build
from bot.engine.image.filesystem import Found
from bot.engine.image.stage import Image
from bot.engine.model.findings import MissingSource, Place
from bot.engine.model.target import Build
from tests.tools import text, tree

PREFIX = "Error: building: "
FILES = {
    "requirements.txt": "fastapi\n",
    "main.py": "",
    "start.sh": "",
    "app/__init__.py": "",
    "app/main.py": "",
    "app/core/db.py": "",
    "docs/a.md": "",
    "docs/b.md": "",
}


def wanted(stage: str | None = None, args: dict[str, str] | None = None) -> Build:
    return Build("dockerfile", "Dockerfile", None, stage, args or {}, None, "")


def image(dockerfile: str, *, files=FILES, context="", path="Dockerfile", stage=None, args=None, **more) -> Image:
    """Build a Dockerfile; one without a FROM gets a known base and a folder to work in."""
    source = text(dockerfile)
    if "FROM" not in source:
        source = f"FROM python:3.11-slim\nWORKDIR /srv\n{source}"
    return build(tree({**files, path: source}, **more), path, context, wanted(stage, args), PREFIX)


def places(built: Image, *paths: str) -> list[str | None]:
    """Return where in the repository the files at these paths come from."""
    found = [built.files.find(path) for path in paths]
    return [each.tree if each else None for each in found]


def messages(built: Image) -> list[str]:
    return [fault.message for fault in built.faults]


# --- COPY: sources and destinations


def test_a_file_goes_to_the_name_that_is_given():
    built = image("COPY main.py /srv/web.py\n")
    assert places(built, "/srv/web.py", "/srv/main.py") == ["main.py", None]


@pytest.mark.parametrize("target", [".", "./", "/srv", "/srv/", "../srv"])
def test_a_file_goes_into_a_folder_that_is_there_or_ends_with_a_slash(target):
    assert places(image(f"COPY main.py {target}\n"), "/srv/main.py") == ["main.py"]


def test_a_slash_makes_a_folder_of_a_destination_that_is_not_there():
    assert places(image("COPY main.py new/\n"), "/srv/new/main.py") == ["main.py"]


def test_the_usual_folders_of_a_base_image_are_there():
    built = image("COPY start.sh /usr/local/bin\nCOPY requirements.txt /tmp\n")
    assert places(built, "/usr/local/bin/start.sh", "/tmp/requirements.txt") == ["start.sh", "requirements.txt"]


def test_the_content_of_a_folder_is_copied_and_not_the_folder():
    built = image("COPY app .\nCOPY app/ ./pkg\n")
    assert places(built, "/srv/main.py", "/srv/core/db.py", "/srv/app/main.py") == ["app/main.py", "app/core/db.py", None]
    assert places(built, "/srv/pkg/main.py") == ["app/main.py"]


def test_several_sources_go_into_the_destination():
    built = image("COPY main.py app ./x/\n")
    assert places(built, "/srv/x/main.py", "/srv/x/core/db.py") == ["app/main.py", "app/core/db.py"]


def test_sources_in_json_form_may_hold_blanks():
    built = image('COPY ["my file.py", "main.py", "./"]\n', files={**FILES, "my file.py": ""})
    assert places(built, "/srv/my file.py", "/srv/main.py") == ["my file.py", "main.py"]
    assert built.faults == ()


@pytest.mark.parametrize("source", ["../main.py", "../../main.py", "/main.py", "./main.py", "//main.py", "app/../main.py"])
def test_a_source_counts_from_the_root_of_the_context_and_never_leaves_it(source):
    built = image(f"COPY {source} ./\n")
    assert places(built, "/srv/main.py") == ["main.py"]
    assert built.faults == ()


def test_the_context_may_be_a_folder():
    built = image("COPY main.py core ./\n", context="app")
    assert places(built, "/srv/main.py", "/srv/db.py") == ["app/main.py", "app/core/db.py"]


def test_the_whole_context_comes_with_a_dot():
    assert places(image("COPY . .\n"), "/srv/app/core/db.py") == ["app/core/db.py"]


def test_without_a_workdir_relative_destinations_count_from_the_root():
    assert places(image("FROM python:3.11\nCOPY main.py web/\n"), "/web/main.py") == ["main.py"]


def test_a_wildcard_copies_what_it_matches():
    built = image("COPY docs/*.md ./text/\n")
    assert places(built, "/srv/text/a.md", "/srv/text/b.md") == ["docs/a.md", "docs/b.md"]


def test_a_wildcard_that_matches_nothing_is_no_error():
    built = image("COPY requirements.txt poetry.lock* *.zip ./\n")
    assert built.faults == ()
    assert places(built, "/srv/requirements.txt", "/srv/poetry.lock") == ["requirements.txt", None]


def test_a_wildcard_that_matches_folders_copies_what_is_in_them():
    built = image("COPY a* ./x/\n")
    assert places(built, "/srv/x/core/db.py") == ["app/core/db.py"]


def test_variables_are_filled_in():
    built = image("ENV HOME_OF=/opt/x\nARG WHAT=main\nCOPY ${WHAT}.py $HOME_OF/\n")
    assert places(built, "/opt/x/main.py") == ["main.py"]


def test_what_a_variable_of_the_platform_names_is_known():
    built = image("ARG TARGETARCH\nCOPY app-$TARGETARCH ./\n", files={"app-amd64/x.py": ""})
    assert (places(built, "/srv/x.py"), built.faults) == (["app-amd64/x.py"], ())


def test_a_source_that_cant_be_told_is_no_fault_and_leaves_a_doubt():
    built = image("ARG BUILDARCH\nCOPY app-$BUILDARCH ./\n")
    assert built.faults == ()
    assert built.files.tainted("/srv/x.py") == "COPY of a path that is made at build time"


def test_a_destination_that_cant_be_told_leaves_a_doubt_everywhere():
    assert image("ARG BUILDARCH\nCOPY app /$BUILDARCH\n").files.tainted("/anywhere/x.py")


def test_owners_are_root_or_what_chown_says():
    built = image("USER web\nCOPY main.py ./\nCOPY --chown=web:web app ./app\n")
    assert built.files.find("/srv/main.py") == Found("file", "main.py", "root")
    assert built.files.find("/srv/app/main.py") == Found("file", "app/main.py", "web")


def test_a_heredoc_becomes_a_file():
    built = image("COPY <<EOF /srv/conf.ini\nx = 1\nEOF\nCOPY <<one.txt <<two.txt /etc/\n1\none.txt\n2\ntwo.txt\n")
    for path in ("/srv/conf.ini", "/etc/one.txt", "/etc/two.txt"):
        assert built.files.find(path) == Found("file", None, "root")
    assert built.faults == ()


def test_a_heredoc_goes_into_a_folder_that_is_there():
    assert image("COPY <<conf.ini .\nx = 1\nconf.ini\n").files.find("/srv/conf.ini")


def test_parents_keeps_the_folders_of_a_source():
    built = image("COPY --parents app/core/db.py docs ./x/\nCOPY --parents ./app/./core/*.py /y/\n")
    assert places(built, "/srv/x/app/core/db.py", "/srv/x/docs/a.md") == ["app/core/db.py", "docs/a.md"]
    assert places(built, "/y/core/db.py") == ["app/core/db.py"]


def test_parents_with_two_stars_is_not_followed():
    built = image("COPY --parents **/*.py ./\n")
    assert built.files.find("/srv/app/main.py") is None
    assert built.files.tainted("/srv/app/main.py") == "COPY --parents **/*.py is not followed"


def test_add_unpacks_archives_and_fetches_addresses():
    built = image("ADD site.tar.gz /a\nADD https://example.org/x.py /b/\nADD main.py ./\n", files={**FILES, "site.tar.gz": ""})
    assert built.files.tainted("/a/index.html") == "ADD unpacks site.tar.gz"
    assert built.files.tainted("/b/x.py") == "ADD https://example.org/x.py is not followed"
    assert places(built, "/srv/main.py") == ["main.py"]
    assert built.faults == ()


# --- COPY: what is missing


def test_a_missing_source_is_said_in_the_builders_words_at_its_place():
    built = image("COPY main.py \\\n  setup.cfg ./\n")
    [fault] = built.faults
    words = 'failed to compute cache key: failed to calculate checksum of ref …: "/setup.cfg": not found'
    assert fault.message == f"{PREFIX}failed to solve: {words}"
    assert (fault.code, fault.stage, fault.confidence, fault.step) == ("copy-source-missing", "build", "certain", 2)
    assert fault.place == Place("Dockerfile", 4, 3)
    assert fault.detail == MissingSource(2, 1, "setup.cfg")
    assert fault.reason == "The build context is the repository's root, and it has no /setup.cfg."


def test_the_place_of_a_source_in_json_form():
    [fault] = image('COPY ["main.py", "setup.cfg", "./"]\n').faults
    assert fault.place == Place("Dockerfile", 3, 18)


def test_the_path_of_a_missing_source_is_as_the_builder_sees_it():
    assert messages(image("COPY ../lib/ ./lib\n"))[0].endswith('"/lib": not found')


def test_a_source_that_lies_outside_of_the_context():
    [fault] = image("COPY main.py docs ./\n", context="app").faults
    assert fault.reason == "The build context is `app/`, and it has no /docs."
    assert fault.confidence == "certain"


def test_a_source_that_the_ignore_file_keeps_out():
    [fault] = image("COPY docs ./docs\n", files={**FILES, ".dockerignore": "# all texts\ndocs\n"}).faults
    assert fault.reason == ".dockerignore:2 keeps it out of the build context."
    assert fault.confidence == "certain"


def test_the_ignore_file_beside_the_dockerfile_goes_first():
    files = {**FILES, ".dockerignore": "docs\n", "docker/Dockerfile.dockerignore": "app\n"}
    built = image("FROM python:3.11\nCOPY docs app /srv/\n", files=files, path="docker/Dockerfile")
    [fault] = built.faults
    assert fault.reason == "docker/Dockerfile.dockerignore:1 keeps it out of the build context."


def test_a_file_that_only_this_disk_has_is_likely_missing():
    [fault] = image("COPY .env ./\n", files={**FILES, ".env": ""}, hidden=(".env",)).faults
    assert fault.confidence == "likely"
    assert fault.reason.startswith("git ignores this file: it lies on this disk")


def test_a_path_that_git_ignores_may_be_made_before_the_deploy():
    [fault] = image("COPY dist ./dist\n", hidden=("dist",)).faults
    assert fault.confidence == "likely"
    assert fault.reason.startswith("git ignores dist: unless something makes it before the deploy")


def test_the_build_goes_on_as_if_the_source_were_there():
    built = image("COPY shared ./shared\nCOPY conf.ini ./\n")
    assert len(built.faults) == 2
    assert built.files.assumed("/srv/shared/models.py")
    assert built.files.find("/srv/conf.ini")


@pytest.mark.parametrize("source", ["shared", "shared/models.py"])
def test_a_link_that_leaves_the_repository_is_never_a_fault(source):
    built = image(f"COPY {source} ./x/\n", links={"shared": "../../elsewhere"})
    assert built.faults == ()
    assert [unknown.reason for unknown in built.unknowns] == [f"COPY {source}: the link leaves the repository"]
    assert built.files.tainted("/srv/x/models.py") == f"{source} is a link that leaves the repository"


def test_the_folders_of_a_missing_source_are_case_sensitive():
    assert messages(image("COPY App ./app\n"))[0].endswith('"/App": not found')


# --- COPY --from


def test_a_stage_is_named_by_its_name_in_any_case_or_by_its_number():
    built = image(
        """
        FROM python:3.11 AS Builder
        WORKDIR /src
        COPY app ./app
        FROM python:3.11
        COPY --from=builder /src/app /one
        COPY --from=BUILDER /src/app/main.py /two/
        COPY --from=0 src/app/main.py /three.py
        """
    )
    assert places(built, "/one/core/db.py", "/two/main.py", "/three.py") == ["app/core/db.py", "app/main.py", "app/main.py"]
    assert built.faults == ()


def test_what_a_stage_may_have_made_is_no_fault_and_leaves_a_doubt():
    built = image("FROM node:20 AS web\nRUN npm run build\nFROM python:3.11\nCOPY --from=web /web/dist /srv/dist\n")
    assert built.faults == ()
    assert built.files.tainted("/srv/dist/index.html")
    assert built.files.tainted("/srv/main.py") is None


def test_wildcards_from_a_stage_are_not_followed():
    built = image("FROM python:3.11 AS b\nCOPY docs /d\nFROM python:3.11\nCOPY --from=b /d/*.md /srv/\n")
    assert built.files.tainted("/srv/a.md")
    assert built.faults == ()


def test_a_doubt_about_a_stage_comes_along_to_where_it_belongs():
    built = image(
        """
        FROM python:3.11 AS builder
        WORKDIR /src
        COPY . .
        RUN cd app && make
        FROM python:3.11
        COPY --from=builder /src /srv
        """
    )
    assert built.files.tainted("/srv/app/made.py") == "RUN make is not followed"
    assert built.files.tainted("/srv/other.py") is None


def test_a_fault_in_a_stage_explains_what_is_missing_later():
    built = image("FROM python:3.11 AS b\nCOPY shared /s\nFROM python:3.11\nCOPY --from=b /s /srv\n")
    assert len(built.faults) == 1
    assert built.files.assumed("/srv/models.py")


def test_installed_packages_come_along_with_their_folder():
    built = image(
        """
        FROM python:3.11 AS builder
        COPY requirements.txt .
        RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt
        FROM python:3.11 AS middle
        COPY --from=builder /opt/venv /env
        FROM python:3.12
        COPY --from=middle /env /venv
        """
    )
    assert [(install.prefix, [r.line.value for r in install.requirements]) for install in built.installs] == [
        ("/venv", ["fastapi"])
    ]


def test_packages_of_another_folder_stay_behind():
    built = image(
        """
        FROM python:3.12 AS builder
        RUN pip install --prefix=/install flask
        FROM python:3.12
        COPY --from=builder /src /src
        """
    )
    assert built.installs == ()


def test_packages_may_come_from_a_path_that_cant_be_told():
    built = image("FROM python:3.12 AS b\nFROM python:3.12\nCOPY --from=b /usr/lib/python$PYTHON_VERSION /x/\n")
    assert built.installs[-1].opaque == "COPY of a path that is made at build time"
    assert built.faults == ()


def test_a_program_from_another_image_is_a_file():
    built = image("COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/\nCOPY --from=busybox /bin/sh /opt/sh\n")
    for path in ("/bin/uv", "/bin/uvx", "/opt/sh"):
        assert built.files.find(path) == Found("file", None, "root")
    assert built.files.tainted("/bin/other") is None


def test_a_folder_from_another_image_is_never_a_certain_miss():
    built = image("COPY --from=registry.example/app:1 /srv/app /srv/app\n")
    assert built.faults == ()
    assert built.files.tainted("/srv/app/main.py") == "COPY --from=registry.example/app:1 is not followed"
    assert built.installs[-1].opaque == "COPY --from=registry.example/app:1 is not followed"


# --- stages


def test_only_the_stages_that_the_last_one_needs_are_built():
    built = image(
        """
        FROM python:3.11 AS tests
        COPY nowhere .
        FROM python:3.11 AS base
        COPY docs /docs
        FROM base AS middle
        FROM python:3.11
        COPY --from=middle /docs /docs
        """
    )
    assert built.faults == ()
    assert places(built, "/docs/a.md") == ["docs/a.md"]


def test_a_stage_that_only_a_mount_names_is_needed():
    built = image(
        """
        FROM python:3.11 AS lists
        COPY requirements.txt /lists/
        FROM python:3.11
        RUN --mount=type=bind,from=lists,source=/lists,target=/mnt/lists pip install -r /mnt/lists/requirements.txt
        """
    )
    assert built.faults == ()
    assert [r.line.value for r in built.installs[-1].requirements] == ["fastapi"]


def test_a_variable_may_name_the_stage_that_is_needed():
    built = image("ARG FLAVOUR=slim\nFROM python:3.11 AS slim\nCOPY docs /docs\nFROM $FLAVOUR\n")
    assert places(built, "/docs/a.md") == ["docs/a.md"]


@pytest.mark.parametrize("stage", ["web", "WEB", "1"])
def test_the_stage_that_the_config_asks_for_is_built(stage):
    source = "FROM python:3.11 AS base\nFROM base AS web\nCMD web\nFROM base AS worker\nCOPY nowhere .\nCMD worker\n"
    built = image(source, stage=stage)
    assert built.faults == ()
    assert built.command
    assert built.command.argv[-1] == "web"
    assert [item.name for item in built.instructions] == ["FROM", "CMD"]


def test_a_stage_that_is_not_there():
    [fault] = image("FROM python:3.11 AS web\n", stage="prod").faults
    assert fault.message == f'{PREFIX}failed to solve: target stage "prod" could not be found'
    assert (fault.code, fault.confidence) == ("dockerfile-invalid", "certain")


def test_a_stage_starts_with_what_its_parent_has():
    built = image(
        """
        FROM python:3.11 AS base
        ENV A=1
        ARG WHERE=/opt
        WORKDIR /srv
        USER web
        SHELL ["/bin/bash", "-c"]
        ENTRYPOINT ["/init"]
        CMD run
        FROM base
        COPY main.py $WHERE/
        """
    )
    assert (built.env["A"], built.workdir, built.user) == ("1", "/srv", "web")
    assert built.entrypoint
    assert built.entrypoint.argv == ("/init",)
    assert built.command
    assert built.command.argv == ("/bin/bash", "-c", "run")
    assert places(built, "/opt/main.py") == ["main.py"]


def test_a_base_that_no_argument_names_is_likely_a_fault():
    [fault] = image("ARG BASE\nFROM ${BASE}\n").faults
    assert fault.message == f"{PREFIX}failed to solve: base name (${{BASE}}) should not be blank"
    assert fault.confidence == "likely"
    assert image("ARG BASE\nFROM ${BASE}\n", args={"BASE": "python:3.11"}).faults == ()


# --- ARG and ENV


def test_arguments_before_from_are_for_from_until_a_stage_declares_them():
    source = "ARG VERSION=3.12\nFROM python:$VERSION\nENV BEFORE=x$VERSION\nARG VERSION\nENV AFTER=x$VERSION\n"
    built = image(source)
    assert built.base.python == (3, 12)
    assert (built.env["BEFORE"], built.env["AFTER"]) == ("x", "x3.12")


def test_build_arguments_go_before_defaults():
    source = "ARG VERSION=3.12\nFROM python:$VERSION\nARG MODE=dev\nARG NONE\nENV SAID=$MODE-$NONE\n"
    built = image(source, args={"VERSION": "3.10", "MODE": "prod", "UNKNOWN": "x"})
    assert built.base.python == (3, 10)
    assert built.env["SAID"] == "prod-"


def test_a_build_argument_that_nothing_declares_is_not_seen():
    assert image("ENV SAID=x$MODE\n", args={"MODE": "prod"}).env["SAID"] == "x"


def test_an_argument_ends_with_its_stage():
    built = image("FROM python:3.11 AS a\nARG X=1\nFROM python:3.11\nCOPY --from=a / /a\nENV SAID=x$X\n")
    assert built.env["SAID"] == "x"


def test_an_argument_sees_those_before_it():
    built = image('ARG A=1 B=$A-2\nARG C="$B 3"\nENV SAID=$C\n')
    assert built.env["SAID"] == "1-2 3"


def test_several_arguments_without_a_default_stand_on_one_line():
    built = image("ARG A=1\nFROM python:3.11\nARG B A\nENV SAID=$A$B\n", args={"B": "2"})
    assert built.env["SAID"] == "12"


def test_a_variable_uses_the_values_from_before_its_line():
    built = image('ENV A=old\nENV A=new B=$A C="${A:-x}/bin"\n')
    assert (built.env["A"], built.env["B"], built.env["C"]) == ("new", "old", "old/bin")


def test_the_old_form_of_env():
    assert image("ENV GREETING hello world\n").env["GREETING"] == "hello world"


def test_whichever_of_arg_and_env_was_set_last_counts_in_the_build():
    built = image("ENV A=env\nARG A=arg\nENV FIRST=$A\nARG B=arg\nENV B=env\nENV SECOND=$B\n")
    assert (built.env["FIRST"], built.env["SECOND"]) == ("arg", "env")
    assert (built.env["A"], built.env["B"]) == ("env", "env")


def test_the_variables_of_the_base_are_there():
    built = image("ENV PATH=/opt/venv/bin:$PATH\n")
    assert (built.env["PATH"] or "").startswith("/opt/venv/bin:/usr/local/bin:")
    assert built.env["PYTHON_VERSION"] is None


# --- WORKDIR, USER, CMD and ENTRYPOINT


def test_relative_folders_stack():
    built = image("WORKDIR app\nWORKDIR ./sub\nWORKDIR ..\nCOPY main.py .\n")
    assert built.workdir == "/srv/app"
    assert places(built, "/srv/app/main.py") == ["main.py"]


def test_a_folder_may_be_a_variable():
    assert image("ENV HOME_OF=/opt/x\nWORKDIR $HOME_OF/sub\n").workdir == "/opt/x/sub"


def test_an_empty_variable_stays_in_the_folder():
    assert image("WORKDIR $NOTHING\n").workdir == "/srv"


def test_a_folder_that_cant_be_told_makes_everything_doubtful():
    built = image("ARG BUILDARCH\nWORKDIR /opt/$BUILDARCH\n")
    assert built.files.tainted("/opt/x86/main.py") == "WORKDIR /opt/$BUILDARCH can't be told"


def test_a_new_folder_belongs_to_the_user_of_the_moment_and_an_old_one_to_whom_it_did():
    built = image("USER web\nWORKDIR /new\nWORKDIR /srv\n")
    assert built.files.find("/new") == Found("folder", None, "web")
    assert built.files.find("/srv") == Found("folder", None, "root")


def test_a_folder_that_was_copied_stays_one_of_the_repository():
    assert places(image("COPY app /opt/app\nWORKDIR /opt/app\n"), "/opt/app") == ["app"]


def test_the_shell_form_runs_in_the_shell_of_the_image():
    assert image("CMD python main.py\n").command.argv == ("/bin/sh", "-c", "python main.py")
    assert image('SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nCMD a b\n').command.argv[:2] == ("/bin/bash", "-eo")


def test_the_exec_form_is_taken_as_it_is():
    built = image('CMD ["uvicorn", "main:app", "--port", "$PORT"]\n')
    assert built.command.argv == ("uvicorn", "main:app", "--port", "$PORT")
    assert built.command.place == Place("Dockerfile", 3)


def test_a_list_that_is_no_json_is_shell_text():
    assert image("CMD ['uvicorn', 'main:app']\n").command.argv == ("/bin/sh", "-c", "['uvicorn', 'main:app']")


def test_the_last_command_counts():
    assert image("CMD one\nCMD two\n").command.argv[-1] == "two"


def test_an_entry_point_resets_the_command_of_the_base():
    assert image("FROM python:3.11\n").command.argv == ("python3",)
    assert image('FROM python:3.11\nENTRYPOINT ["/init"]\n').command is None
    assert image('FROM python:3.11 AS a\nCMD a\nFROM a\nENTRYPOINT ["/init"]\n').command is None


def test_an_entry_point_keeps_the_command_of_its_own_stage():
    built = image('FROM python:3.11\nCMD ["serve"]\nENTRYPOINT ["/init"]\n')
    assert built.command.argv == ("serve",)


# --- RUN


def test_a_mount_from_the_context_is_there_for_its_run_alone():
    built = image(
        """
        RUN --mount=type=bind,source=requirements.txt,target=requirements.txt pip install -r requirements.txt
        RUN pip install -r requirements.txt
        """
    )
    [fault] = built.faults
    assert (fault.code, fault.place) == ("requirements-missing", Place("Dockerfile", 4))
    assert built.files.find("/srv/requirements.txt") is None


def test_a_mount_of_the_whole_context():
    built = image("RUN --mount=target=/ctx pip install -r /ctx/requirements.txt\n")
    assert built.faults == ()


def test_what_was_copied_before_survives_a_mount_of_the_same():
    line = "RUN --mount=type=bind,source=app,target=/srv/app pip list\n"
    built = image(f"COPY app ./app\nRUN rm -r app\n{line}")
    assert built.files.find("/srv/app/main.py") is None


def test_a_mount_of_something_that_is_not_there():
    [fault] = image("RUN --mount=type=bind,source=uv.lock,target=uv.lock pip install -r uv.lock\n").faults
    assert fault.code == "copy-source-missing"
    assert fault.message.endswith('"/uv.lock": not found')
    assert fault.place == Place("Dockerfile", 3, 5)


@pytest.mark.parametrize(
    "mount",
    [
        "type=cache,target=/wheels",
        "type=bind,from=ghcr.io/me/lists,target=/wheels",
        "type=bind,source=wheels,target=/wheels",
    ],
)
def test_a_mount_that_is_not_followed_makes_no_fault(mount):
    built = image(f"RUN --mount={mount} pip install -r /wheels/all.txt\n", links={"wheels": "/elsewhere"})
    assert [fault.confidence for fault in built.faults] in ([], ["likely"])
    assert built.files.tainted("/wheels/all.txt") is None


def test_a_mount_without_a_place_is_passed_over():
    built = image("RUN --mount=type=ssh --mount=type=cache,id=x pip install -r requirements.txt\n")
    assert [fault.confidence for fault in built.faults] == ["certain"]


def test_a_secret_is_a_file_for_its_run():
    built = image("RUN --mount=type=secret,id=reqs,target=/tmp/reqs.txt pip install -r /tmp/reqs.txt\n")
    assert built.faults == ()
    assert built.files.find("/tmp/reqs.txt") is None


def test_a_heredoc_is_a_script():
    built = image("RUN <<EOF\nmkdir -p /data\npip install flask\nEOF\n")
    assert built.files.find("/data")
    assert [r.line.value for r in built.installs[-1].requirements] == ["flask"]


def test_a_heredoc_for_another_program_is_not_read_as_shell():
    built = image("RUN <<EOF\n#!/usr/bin/env python3\nimport os\nrm = 1\nEOF\n")
    assert built.faults == ()
    assert [unknown.reason for unknown in built.unknowns] == ["RUN of a script for python3"]


def test_the_list_form_is_one_command():
    built = image('RUN ["pip", "install", "a b", "-r", "nope.txt"]\n')
    assert [fault.code for fault in built.faults] == ["requirements-missing"]


def test_what_a_run_needs_and_the_image_does_not_have():
    [fault] = image("RUN pip install -r requirements.txt\n").faults
    assert fault.message == "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'"
    assert (fault.stage, fault.step, fault.place) == ("build", 2, Place("Dockerfile", 3))
    assert fault.detail.instruction == 2
    assert fault.detail.path == "/srv/requirements.txt"


# --- bases and files that are none


def test_nothing_is_certain_in_an_unknown_image():
    built = image("FROM registry.example/base:1\nWORKDIR /srv\nRUN pip install -r requirements.txt\n")
    assert [fault.confidence for fault in built.faults] == ["likely"]
    assert [unknown.reason for unknown in built.unknowns] == [
        "FROM registry.example/base:1: what this image brings is not known"
    ]
    assert built.installs[0].opaque == "the image registry.example/base:1 may bring packages"


def test_an_operating_system_brings_no_files_of_an_app():
    built = image("FROM ubuntu:24.04\nWORKDIR /srv\nRUN pip install -r requirements.txt\n")
    assert [fault.confidence for fault in built.faults] == ["certain"]


def test_a_missing_source_is_certain_whatever_the_base_is():
    built = image("FROM registry.example/base:1\nCOPY nowhere .\n")
    assert [fault.confidence for fault in built.faults] == ["certain"]


def test_a_dockerfile_that_the_builder_refuses():
    [fault] = image("FROM python:3.11\nCOPI . .\n").faults
    assert fault.message.startswith(f"{PREFIX}failed to solve: dockerfile parse error on line 2: unknown instruction: COPI")
    assert (fault.code, fault.place) == ("dockerfile-invalid", Place("Dockerfile", 2))


def test_a_copy_without_a_destination():
    built = image("COPY main.py\nCOPY app ./app\n")
    assert [fault.code for fault in built.faults] == ["dockerfile-invalid"]
    assert places(built, "/srv/app/main.py") == ["app/main.py"]


def test_an_instruction_before_the_first_stage():
    built = image("RUN pip install -r nope.txt\nFROM python:3.11\nCOPY main.py /\n")
    assert messages(built) == [f"{PREFIX}failed to solve: no build stage in current context"]
    assert places(built, "/main.py") == ["main.py"]


def test_a_dockerfile_without_a_stage():
    built = image("# no FROM\n")
    assert messages(built) == [f"{PREFIX}failed to solve: file with no instructions"]
    assert built.instructions == ()


def test_windows_line_endings_change_nothing():
    unix = image("COPY main.py \\\n  nope ./\nRUN pip install -r requirements.txt\n")
    windows = image(
        "FROM python:3.11-slim\r\nWORKDIR /srv\r\nCOPY main.py \\\r\n  nope ./\r\nRUN pip install -r requirements.txt\r\n"
    )
    assert [fault.message for fault in windows.faults] == [fault.message for fault in unix.faults]
    assert [fault.place for fault in windows.faults] == [fault.place for fault in unix.faults]
