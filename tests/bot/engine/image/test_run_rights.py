"""The words are those of Debian bookworm's tools, tried below a USER."""

import pytest

from bot.engine.image.filesystem import Given, Made
from bot.engine.image.stage import Image
from bot.engine.model.findings import Denied, MissingUser
from tests.bot.engine.image.building import image, messages

WEB = "FROM python:3.11-slim-bookworm\nRUN useradd -m web\nWORKDIR /app\nCOPY . .\n"


def as_web(script: str, before: str = "", **more) -> Image:
    return image(f"{WEB}{before}USER web\nRUN {script}\n", **more)


def owner(built: Image, path: str) -> str:
    return built.users.named(built.files.rights(path).owner)


def mode(built: Image, path: str) -> str:
    return f"{built.files.rights(path).mode:o}"


# --- what is denied


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("mkdir logs", "mkdir: cannot create directory ‘logs’: Permission denied"),
        ("mkdir -p logs/a/b", "mkdir: cannot create directory ‘logs’: Permission denied"),
        ("mkdir -p /data", "mkdir: cannot create directory ‘/data’: Permission denied"),
        ("touch x", "touch: cannot touch 'x': Permission denied"),
        ("touch main.py", "touch: cannot touch 'main.py': Permission denied"),
        ("echo hi > x", "/bin/sh: 1: cannot create x: Permission denied"),
        ("echo hi >> main.py", "/bin/sh: 1: cannot create main.py: Permission denied"),
        ("echo hi | tee x", "tee: x: Permission denied"),
        ("cp main.py other.py", "cp: cannot create regular file 'other.py': Permission denied"),
        ("cp main.py app", "cp: cannot create regular file 'app/main.py': Permission denied"),
        ("mv main.py other.py", "mv: cannot move 'main.py' to 'other.py': Permission denied"),
        ("rm main.py", "rm: cannot remove 'main.py': Permission denied"),
        ("ln -s main.py y", "ln: failed to create symbolic link 'y': Permission denied"),
        ("chown web main.py", "chown: changing ownership of 'main.py': Operation not permitted"),
        ("chgrp web main.py", "chgrp: changing group of 'main.py': Operation not permitted"),
        ("chmod +x start.sh", "chmod: changing permissions of 'start.sh': Operation not permitted"),
        ("chmod -R 755 /app", "chmod: changing permissions of '/app': Operation not permitted"),
        ("useradd foo", "useradd: Permission denied."),
        ("adduser foo", "adduser: Only root may add a user or group to the system."),
        ("python -m venv venv", "Error: [Errno 13] Permission denied: '/app/venv'"),
        ("python -m venv /opt/venv", "Error: [Errno 13] Permission denied: '/opt/venv'"),
        ("sh -c 'mkdir logs'", "mkdir: cannot create directory ‘logs’: Permission denied"),
    ],
)
def test_a_user_may_not_write_where_root_made_the_folder(script, message):
    built = as_web(script)
    assert messages(built)[:1] == [message]
    assert built.faults[0].code == "permission-denied"
    assert built.faults[0].confidence == "certain"
    assert isinstance(built.faults[0].detail, Denied)
    assert built.faults[0].detail.user == "web"


def test_bash_has_words_of_its_own():
    built = image(f'{WEB}USER web\nSHELL ["/bin/bash", "-c"]\nRUN echo hi > x\n')
    assert messages(built) == ["/bin/bash: line 1: x: Permission denied"]


@pytest.mark.parametrize(
    ("script", "before"),
    [
        ("mkdir logs || true", ""),
        ("mkdir logs; true", ""),
        ("if true; then mkdir logs; fi", ""),
        ("mkdir -p /app", ""),
        ("mkdir -p app/core", ""),
        ("touch /tmp/x && echo hi > /tmp/y", ""),
        ("mkdir ~/cache && touch $HOME/x", ""),
        ("echo hi > /dev/null", ""),
        ("rm -f nofile", ""),
        ("rm -rf /var/lib/apt/lists/*", ""),
        ("sed s/a/b/ main.py", ""),
        ("sudo mkdir /data", "RUN apt-get update && apt-get install -y sudo\n"),
        ("mkdir logs", "RUN chown web /app\n"),
        ("mkdir logs", "RUN chown -R web:web /app\n"),
        ("mkdir logs", "RUN chown 1000 .\n"),
        ("mkdir logs", "RUN chmod 777 /app\n"),
        ("mkdir logs", "RUN usermod -aG staff web && chgrp staff /app && chmod g+w /app\n"),
        ("mkdir logs", "RUN install -d -o web -m 755 /app\n"),
        ("mkdir logs", "RUN find /app -exec chown web {} +\n"),
        ("mkdir logs", "RUN if true; then chown web /app; fi\n"),
        ("mkdir logs", "RUN chown $(cat owner) /app\n"),
        ("mkdir /data/x", "RUN mkdir -m 777 /data\n"),
        ("mkdir /data/x", "RUN install -d -o web /data\n"),
        ("chmod +x /home/web/x", "RUN touch /home/web/x && chown web /home/web/x\n"),
        ("chown web mine", "RUN touch mine && chown web mine\n"),
    ],
)
def test_what_is_allowed_or_not_known_is_no_fault(script, before):
    assert messages(as_web(script, before)) == []


def test_after_a_command_that_was_not_followed_it_is_not_certain():
    assert messages(as_web("mkdir logs", "RUN frobnicate\n")) == []
    built = as_web("mkdir /data", "RUN frobnicate\n")
    assert [fault.confidence for fault in built.faults] == ["likely"]


def test_in_an_image_that_is_not_known_nothing_is_denied():
    assert messages(image("FROM example.org/own:1\nWORKDIR /app\nCOPY . .\nUSER web\nRUN mkdir logs && useradd other\n")) == []


def test_root_may_do_all():
    assert messages(image(f"{WEB}USER root\nRUN mkdir logs && apt-get update && useradd other && chown web main.py\n")) == []


@pytest.mark.parametrize("user", ["1001", "web", "web:staff", "$NAME"])
def test_a_folder_that_workdir_makes_below_user_is_the_users(user):
    built = image(f"FROM python:3.11-slim\nARG NAME=web\nRUN useradd -m web\nUSER {user}\nWORKDIR /srv/app\nRUN mkdir logs\n")
    assert messages(built) == []


def test_a_user_that_is_made_at_build_time_is_nobody_in_particular():
    assert messages(image(f"{WEB}ARG NAME\nUSER $NAME$(x)\nRUN mkdir logs\n")) == []


# --- owners and modes


def test_copies_are_roots_unless_they_are_given_away():
    built = image(
        f"{WEB}RUN mkdir -p /srv/own && chown web /srv/own\nUSER web\nCOPY . /srv/own/\nCOPY --chown=web . /srv/web/\n"
        "COPY --chown=web:staff --chmod=750 main.py /srv/x/main.py\nCOPY --chown=1000 main.py /srv/n/\n"
        "COPY --chown=nobodyelse main.py /srv/none/\n"
    )
    assert owner(built, "/srv/own") == "web"
    assert owner(built, "/srv/own/main.py") == owner(built, "/srv/own/app") == "root"
    assert [owner(built, path) for path in ("/srv/web", "/srv/web/main.py", "/srv/web/app")] == ["web"] * 3
    assert built.files.rights("/srv/x/main.py").owner == "1000:50"
    assert mode(built, "/srv/x/main.py") == "750"
    assert built.files.rights("/srv/n/main.py").owner == "1000:1000"
    assert owner(built, "/srv/none/main.py") == "root"  # as BuildKit does


def test_a_copy_from_a_stage_keeps_its_owners_by_number():
    built = image(
        "FROM python:3.11-slim AS one\nRUN useradd -m -u 1500 a\nWORKDIR /x\nRUN touch y && chown -R a /x\n"
        "FROM python:3.11-slim\nRUN useradd -u 1500 b\nCOPY --from=one /x /x\nCOPY --from=one --chown=b /x /z\n"
    )
    assert [owner(built, path) for path in ("/x", "/x/y", "/z", "/z/y")] == ["root", "b", "b", "b"]


def test_accounts_come_along_with_their_file():
    built = image(
        "FROM python:3.11-slim AS one\nRUN useradd web\nFROM scratch\nCOPY --from=one /etc/passwd /etc/passwd\nUSER web\n"
    )
    assert built.stranger is None


def test_commands_of_other_users():
    built = image(
        f"{WEB}RUN su web -c 'touch /tmp/a' && gosu web touch /tmp/b\n"
        "RUN sudo -u web touch /tmp/c && runuser -u web -- touch /tmp/d\n"
    )
    assert [owner(built, f"/tmp/{name}") for name in "abcd"] == ["web"] * 4


def test_cp_takes_over_and_mv_keeps():
    built = image(f"{WEB}RUN touch a && chown web a && cp a b && cp -a a c && mv a d && install b e\n")
    assert [owner(built, f"/app/{name}") for name in "bcde"] == ["root", "web", "web", "root"]
    assert mode(built, "/app/e") == "755"


@pytest.mark.parametrize(
    ("script", "given"),
    [
        ("chown web /app", Given("/app", "1000")),
        ("chown web: /app", Given("/app", "1000:1000")),
        ("chown -R web:staff .", Given("/app", "1000:50", None, True)),
        ("chown web.staff /app", Given("/app", "1000:50")),
        ("chgrp staff /app", Given("/app", ":50")),
        ("chown -R web /app/*", Given("/app", "1000", None, True, True)),
        ("chmod -R g+w,o-w /app", Given("/app", None, "g+w,o-w", True)),
        ("chmod -x start.sh", Given("/app/start.sh", None, "-x")),
    ],
)
def test_chown_and_chmod_are_followed(script, given):
    assert image(f"{WEB}RUN {script}\n").files.layers[-1] == given


def test_homes_are_made_with_their_owner():
    built = image("RUN useradd -m -d /app2/home web\n")
    assert (owner(built, "/app2"), owner(built, "/app2/home")) == ("root", "web")
    assert Made("/home/none", "folder", "root") not in image("RUN useradd none\n").files.layers


# --- users that are not there


@pytest.mark.parametrize(
    ("script", "message", "name"),
    [
        ("chown -R app:app /app", "chown: invalid user: ‘app:app’", "app"),
        ("chown web:crew /app", "chown: invalid group: ‘web:crew’", "crew"),
        ("chgrp crew /app", "chgrp: invalid group: ‘crew’", "crew"),
        ("useradd -g crew app", "useradd: group 'crew' does not exist", "crew"),
        ("adduser --system app && chown app:app /app", "chown: invalid group: ‘app:app’", "app"),
    ],
)
def test_who_is_named_and_not_there(script, message, name):
    built = image(f"{WEB}RUN {script}\n")
    assert messages(built) == [message]
    assert built.faults[0].code == "user-unknown"
    assert built.faults[0].confidence == "certain"
    assert isinstance(built.faults[0].detail, MissingUser)
    assert built.faults[0].detail.name == name


def test_a_run_as_somebody_unknown_fails_once():
    built = image(f"{WEB}USER app\nRUN ls\nRUN ls\n")
    assert messages(built) == [
        'Error: building: failed to solve: process "/bin/sh -c ls" did not complete successfully:'
        " unable to find user app: no matching entries in passwd file"
    ]
    built = image(f'{WEB}USER web:crew\nRUN ["ls", "-l"]\n')
    assert messages(built) == [
        'Error: building: failed to solve: process "ls -l" did not complete successfully:'
        " unable to find group crew: no matching entries in group file"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "RUN id app || useradd app\nUSER app\nRUN ls",
        "RUN echo 'app:x:1:1::/:/bin/sh' >> /etc/passwd\nUSER app\nRUN ls",
        "RUN echo 'app:x:1:1::/:/bin/sh' | tee -a /etc/passwd\nUSER app\nRUN ls",
        "COPY passwd /etc/passwd\nUSER app\nRUN ls",
        "RUN ./make-users\nUSER app\nRUN ls",
        "ARG NAME\nRUN useradd ${NAME}x$(y)\nUSER app\nRUN ls",
        "RUN apt-get update && apt-get install -y postgresql\nUSER postgres\nRUN ls",
    ],
)
def test_a_user_that_may_be_there_is_no_certain_fault(lines):
    built = image(f"{WEB}{lines}\n", files={"passwd": "", "main.py": "", "start.sh": ""})
    assert not [fault for fault in built.faults if fault.code == "user-unknown" and fault.confidence == "certain"]


def test_busybox_options_stop_debians_adduser():
    built = image(f"{WEB}RUN adduser -D app\n")
    assert messages(built) == ["Option d is ambiguous (debug, disabled-login, disabled-password)"]
    assert messages(image("FROM python:3.11-alpine\nRUN adduser -D app\nUSER app\nRUN ls\n")) == []
