import pytest

from bot.engine.image.filesystem import Found
from bot.engine.model.findings import Place
from tests.bot.engine.image.building import PREFIX, image, messages, places

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


def test_without_a_wish_the_last_stage_is_built_also_among_stages_without_names():
    built = image("FROM python:3.11\nRUN touch /one\nFROM python:3.12\nRUN touch /two\n")
    assert (built.base.python, built.files.find("/one")) == ((3, 12), None)


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
    assert built.files.find("/new") == Found("folder", None)
    assert built.files.find("/srv") == Found("folder", None)


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
    assert built.faults == ()
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
    assert [fault.code for fault in built.faults] == ["requirement-invalid", "requirements-missing"]


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


# --- what is not known of it


@pytest.mark.parametrize(
    ("first", "sure"),
    [("", True), ("# syntax=docker/dockerfile:1\n", True), ("# a\n", True), ("# syntax = edrevo/dockerfile-plus\n", False)],
)
def test_another_frontend_may_know_other_instructions(first, sure):
    [fault, *_] = image(f"{first}FROM python:3.11\nINCLUDE+ Dockerfile.common\n").faults
    assert (fault.confidence == "certain") is sure


def test_a_stage_of_a_number_that_is_none_is_no_stage():
    built = image("FROM python:3.11 AS a\nFROM python:3.11\nCOPY --from=² /x /y\n", stage="²")
    assert len(built.faults) == 1
