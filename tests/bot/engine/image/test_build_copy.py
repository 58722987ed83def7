import pytest

from bot.engine.image.filesystem import Found
from bot.engine.model.findings import MissingSource, Place
from tests.bot.engine.image.building import FILES, PREFIX, image, messages, places
from tests.tools import DOCKERFILE, HEALTHY, faults

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
    assert built.files.find("/srv/main.py") == Found("file", "main.py")
    assert built.files.find("/srv/app/main.py") == Found("file", "app/main.py")


def test_a_heredoc_becomes_a_file():
    built = image("COPY <<EOF /srv/conf.ini\nx = 1\nEOF\nCOPY <<one.txt <<two.txt /etc/\n1\none.txt\n2\ntwo.txt\n")
    for path in ("/srv/conf.ini", "/etc/one.txt", "/etc/two.txt"):
        assert built.files.find(path) == Found("file", None)
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
    assert (fault.code, fault.stage, fault.confidence) == ("copy-source-missing", "build", "certain")
    assert fault.step < 0  # before any RUN ends
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
        assert built.files.find(path) == Found("file", None)
    assert built.files.tainted("/bin/other") is None


def test_a_folder_from_another_image_is_never_a_certain_miss():
    built = image("COPY --from=registry.example/app:1 /srv/app /srv/app\n")
    assert built.faults == ()
    assert built.files.tainted("/srv/app/main.py") == "COPY --from=registry.example/app:1 is not followed"
    assert built.installs[-1].opaque == "COPY --from=registry.example/app:1 is not followed"


def test_sources_are_looked_for_before_a_run_has_ended():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "RUN git init\nCOPY nope.txt .\nCOPY . .")}
    assert [fault.code for fault in faults(files)] == ["copy-source-missing", "program-missing"]
