"""The commands were tried in Debian bookworm (shadow 4.13, adduser 3.134)."""

import pytest

from bot.engine.image import accounts, bases, users
from bot.engine.image.accounts import Home, Outcome
from bot.engine.image.users import User, Users
from bot.engine.model import shell

DEBIAN, ALPINE = bases.base("python:3.11-slim-bookworm"), bases.base("python:3.11-alpine")


def after(*lines: str, base=DEBIAN) -> tuple[Users, Outcome]:
    """Follow command lines; return the accounts, and what the last line came to."""
    found, outcome = users.of(base), Outcome()
    for line in lines:
        words: list[str | None] = list(shell.split(line))
        outcome = accounts.follow(found, words[0] or "", [None if word == "?" else word for word in words[1:]], base)
    return found, outcome


@pytest.mark.parametrize(
    ("line", "user", "home"),
    [
        ("useradd web", User("web", 1000, "1000", "/home/web"), None),
        ("useradd -m web", User("web", 1000, "1000", "/home/web"), Home("/home/web", "1000:1000")),
        ("useradd --create-home --shell /bin/bash web", User("web", 1000, "1000", "/home/web"), Home("/home/web", "1000:1000")),
        ("useradd -ms /bin/bash web", User("web", 1000, "1000", "/home/web"), Home("/home/web", "1000:1000")),
        ("useradd -m -M web", User("web", 1000, "1000", "/home/web"), None),
        ("useradd -r web", User("web", 999, "999", "/home/web"), None),
        ("useradd -rm -d /srv/q -s /bin/bash web", User("web", 999, "999", "/srv/q"), Home("/srv/q", "999:999")),
        ("useradd web -u 1500 -g users -G staff,audio", User("web", 1500, "100", "/home/web", frozenset({"50", "29"})), None),
        ("useradd -N web", User("web", 1000, "100", "/home/web"), None),
        ("useradd --uid ? web", User("web", None, "web", "/home/web"), None),
        ("adduser --disabled-password --gecos '' web", User("web", 1000, "1000", "/home/web"), Home("/home/web", "1000:1000")),
        ("adduser -u 5678 --disabled-password web", User("web", 5678, "5678", "/home/web"), Home("/home/web", "5678:5678")),
        ("adduser --no-create-home --disabled-password web", User("web", 1000, "1000", "/home/web"), None),
        ("adduser --system web", User("web", 100, "65534", "/nonexistent"), None),
        ("adduser --system --group web", User("web", 100, "101", "/nonexistent"), None),
        ("adduser --system --home /srv/web web", User("web", 100, "65534", "/srv/web"), Home("/srv/web", "100:65534")),
        ("adduser --system --ingroup staff web", User("web", 100, "50", "/nonexistent"), None),
    ],
)
def test_what_a_command_makes(line, user, home):
    found, outcome = after(line)
    assert found.find("web") == user
    assert outcome == Outcome(None, home)


@pytest.mark.parametrize(
    ("line", "user", "home"),
    [
        ("adduser -D web", User("web", 1000, "1000", "/home/web"), Home("/home/web", "1000:1000")),
        ("adduser -D -H web", User("web", 1000, "1000", "/home/web"), None),
        ("adduser -S -G users web", User("web", 100, "100", "/home/web"), Home("/home/web", "100:100")),
        ("adduser -S -D -H -h /app web", User("web", 100, "65533", "/app"), None),
        ("adduser -D -h /app -u 10002 web users", User("web", 10002, "100", "/app"), Home("/app", "10002:100")),
    ],
)
def test_what_busyboxs_adduser_makes(line, user, home):
    found, outcome = after(line, base=ALPINE)
    assert found.find("web") == user
    assert outcome == Outcome(None, home)


@pytest.mark.parametrize("release", ["buster", "bullseye"])
def test_older_releases_make_homes_for_accounts_of_the_system(release):
    found, _ = after("adduser --system web", base=bases.base(f"python:3.9-slim-{release}"))
    assert found.home("web") is None  # it is not followed where


def test_numbers_are_given_one_after_the_other():
    found, _ = after(
        "useradd a", "useradd -u 1500 b", "useradd c", "adduser --disabled-password d", "useradd -r e", "useradd -r f"
    )
    assert [found.users[name].uid for name in "abcdef"] == [1000, 1500, 1501, 1001, 999, 998]


def test_after_a_number_that_is_not_known_none_is():
    found, _ = after("useradd -u ? a", "useradd b")
    assert found.users["b"].uid is None


def test_groups_are_made_and_joined():
    found, _ = after(
        "groupadd -g 1234 crew", "useradd -g crew web", "usermod -aG staff web", "addgroup --system late", "adduser web late"
    )
    assert found.users["web"] == User("web", 1000, "1234", "/home/web", frozenset({"50", "late"}))


def test_an_account_is_changed_and_removed():
    found, _ = after("useradd web", "usermod -d /srv -u 77 -l site web")
    assert found.users["site"] == User("site", 77, "1000", "/srv")
    assert after("useradd web", "userdel -r web")[0].find("web") is None
    assert after("groupadd crew", "groupdel crew")[0].group("crew") is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("useradd -g crew web",), "useradd: group 'crew' does not exist"),
        (("useradd -G crew web",), "useradd: group 'crew' does not exist"),
        (("useradd web", "useradd web"), "useradd: user 'web' already exists"),
        (("groupadd crew", "groupadd crew"), "groupadd: group 'crew' already exists"),
        (("groupadd crew", "groupadd -f crew"), None),
        (("usermod -aG crew root",), "usermod: group 'crew' does not exist"),
        (("usermod -aG staff web",), "usermod: user 'web' does not exist"),
        (("adduser -D web",), "Option d is ambiguous (debug, disabled-login, disabled-password)"),
        (("addgroup -S crew",), "Option s is ambiguous (shell, system)"),
        (("adduser -G crew web",), "Option g is ambiguous (gecos, gid, group)"),
        (("adduser --system web", "adduser --system web"), None),
        (("adduser --ingroup crew web",), "adduser: The group `crew' does not exist."),
    ],
)
def test_what_is_refused(lines, message):
    assert after(*lines)[1].message == message


def test_busybox_refuses_a_group_that_is_not_there():
    assert after("adduser -S -G crew web", base=ALPINE)[1].message == "adduser: unknown group crew"
    assert after("adduser -D root", base=ALPINE)[1].message == "adduser: user 'root' in use"


@pytest.mark.parametrize("line", ["useradd ?", "groupadd ?", "adduser --system ?", "addgroup ?"])
def test_a_name_that_is_made_at_run_time_leaves_a_doubt(line):
    found, _ = after(line)
    assert found.doubt
    assert "made at run time" in found.doubt
    assert found.missing("anybody") is None
