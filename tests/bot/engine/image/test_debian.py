import re
from datetime import date

import pytest

from bot.engine.image import debian, programs
from codemods import _debian

RELEASES = ("bullseye", "bookworm", "trixie")
# what `apt-get install` said in each release
SAID = {
    "openjdk-11-jre-headless": ("there", "refused", "refused"),
    "openjdk-17-jre-headless": ("there", "there", "refused"),
    "libgl1-mesa-glx": ("there", "there", "refused"),
    "netcat": ("there", "refused", "refused"),
    "software-properties-common": ("there", "there", "unknown"),
    "libssl1.1": ("there", "unknown", "unknown"),
    "libaio1": ("there", "there", "unknown"),
    "libglib2.0-0t64": ("unknown", "unknown", "there"),
    "mysql-client": ("refused", "refused", "refused"),
    "postgresql-client-14": ("unknown", "unknown", "unknown"),
    "postgresql-client-15": ("unknown", "there", "unknown"),
    "wkhtmltopdf": ("there", "there", "refused"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_package_stands_as_apt_said(name: str):
    assert tuple(debian.standing(name, release) for release in RELEASES) == SAID[name]


@pytest.mark.parametrize("name", ["curl", "libglib2.0-0", "libasound2", "telnet", "no-such-package", "libgl1-mesa", "1", "+++"])
def test_a_name_that_is_the_same_everywhere_or_that_nobody_knows_tells_nothing(name: str):
    assert [debian.standing(name, release) for release in RELEASES] == [None, None, None]


def test_a_release_that_the_table_does_not_have_tells_nothing():
    assert debian.standing("netcat", "buster") is None
    assert debian.standing("netcat", "noble") is None


def test_packages_that_differ_in_their_version_alone():
    assert debian.alike("libicu67", "bookworm") == ("libicu72",)
    assert debian.alike("libgl1", "trixie") == ()
    assert debian.alike("curl", "trixie") == ()
    assert debian.alike("libicu67", "sid") == ()


def test_what_the_images_have():
    assert "adduser" in debian.base("bookworm", False)
    assert "adduser" not in debian.base("trixie", False)
    assert {"curl", "git", "gcc", "wget"} <= debian.base("trixie", True)
    assert not {"curl", "git", "gcc", "wget"} & debian.base(None, False)
    assert debian.base(None, False) >= debian.base("bullseye", False)


def test_what_a_package_brings():
    assert debian.brings("curl") == ()
    assert {"gcc", "make"} <= set(debian.brings("build-essential") or ())
    assert debian.brings("no-such-package") is None
    assert (debian.asks("curl"), debian.asks("netcat-openbsd"), debian.asks("no-such-package")) == (True, False, False)


def test_the_table_has_a_date_and_a_modest_size():
    assert date.fromisoformat(debian.date())
    assert len(debian.text()) < 600_000


def test_a_line_of_marks_names_no_name_that_is_everywhere():
    first = debian.text()[: debian.text().index("\n@")].splitlines()[1:]
    assert all(re.fullmatch(r"[-+?]{3}(?: [a-z0-9][a-z0-9+.-]+)+", line) for line in first)
    assert not any(line.startswith("+++") for line in first)


def test_names_that_take_the_place_of_others_are_there():
    names = {each for line in _debian.renamed().values() for each in line}
    assert all(debian.brings(name) is not None for name in names), [n for n in names if debian.brings(n) is None]


def test_programs_come_from_packages_that_the_table_knows():
    found = {source.package for source in programs.sources("debian").values() if source.package}
    assert not [name for name in found if debian.brings(name) is None and name not in debian.base(None, False)]
