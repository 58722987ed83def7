"""What Debian's packages are called today: renamed, replaced and dropped ones, and those that carry a version in their name.

The names are those of Debian's own transitions, as the packages that replaced one another declare them, and of the Ubuntu
packages that Dockerfiles ask for on Debian.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image import debian

# the same thing under another name; the first that the release has is taken
_RENAMED = """
chromium-browser chromium
chromium-chromedriver chromium-driver
libatlas-base-dev libopenblas-dev
libatlas-dev libopenblas-dev
libav-tools ffmpeg
libdc1394-22-dev libdc1394-dev
libegl1-mesa libegl1
libenchant-dev libenchant-2-dev
libenchant1c2a libenchant-2-2
libgdk-pixbuf2.0-0 libgdk-pixbuf-2.0-0
libgdk-pixbuf2.0-dev libgdk-pixbuf-2.0-dev
libgl1-mesa-glx libgl1
libgles2-mesa libgles2
libjpeg-turbo8 libjpeg62-turbo
libjpeg-turbo8-dev libjpeg62-turbo-dev
libjpeg8 libjpeg62-turbo
libjpeg8-dev libjpeg-dev
libmariadbclient-dev libmariadb-dev
libmysqlclient-dev default-libmysqlclient-dev
libncurses5 libncurses6
libncursesw5 libncursesw6
libopenblas-base libopenblas0
libpango1.0-0 libpango-1.0-0+libpangocairo-1.0-0+libpangoft2-1.0-0
libpng12-dev libpng-dev
libssl1.0-dev libssl-dev
libtbb2-dev libtbb-dev
libtiff4-dev libtiff-dev
libtinfo5 libtinfo6
mime-support media-types
mysql-client default-mysql-client
mysql-server default-mysql-server
netcat netcat-openbsd
nodejs-legacy nodejs
ntp ntpsec
ntpdate ntpsec-ntpdate
python-dev python3-dev
python-pip python3-pip
python-setuptools python3-setuptools
python-virtualenv python3-virtualenv
qt5-default qtbase5-dev
ttf-dejavu fonts-dejavu
ttf-freefont fonts-freefont-ttf
ttf-liberation fonts-liberation
ttf-unifont fonts-unifont
youtube-dl yt-dlp
"""
# another version of it: what is built against the old one may mind
_SUCCEEDED = (
    (r"openjdk-\d+-(jre-headless|jre|jdk-headless|jdk)", r"default-\1"),
    (r"postgresql-client-[\d.]+", "postgresql-client"),
    (r"postgresql-server-dev-[\d.]+", "postgresql-server-dev-all"),
    (r"postgresql-[\d.]+", "postgresql"),
    (r"mariadb-(client|server)-[\d.]+", r"mariadb-\1"),
    (r"(gcc|g\+\+|gfortran|clang|llvm)-[\d.]+(-dev)?", r"\1\2"),
    (r"python[23]\.\d+(-dev|-venv|-minimal)?", r"python3\1"),
    (r"libpython[23]\.\d+-dev", "libpython3-dev"),
    (r"libmysqlclient\d+", "libmariadb3"),
    (r"libilmbase-dev", "libimath-dev"),
    (r"libavresample-dev", "libswresample-dev"),
    (r"libcurl3", "libcurl4"),
    (r"libldap-2\.[45]-[02]", "libldap-2.5-0|libldap2"),
)
# nothing that an app needs
_DROPPED = frozenset(
    "python3-distutils python3.9-distutils python3.10-distutils python3.11-distutils python3-testresources multiarch-support"
    " gconf-service gconf2 libgconf-2-4 libappindicator1 libindicator7".split()
)
_ADDING = ("software-properties-common", "python-software-properties", "python3-software-properties")


class Answer(NamedTuple):
    """What to write instead of a package: names (none: drop it), and whether that is the same thing."""

    names: tuple[str, ...]
    same: bool


def answer(name: str, release: str, text: str) -> Answer | None:
    """Return what takes the place of a package in a release; `text` is the Dockerfile's. None: nothing is known to."""
    if name in _DROPPED or (name in _ADDING and not re.search(r"\b(?:add|apt-add)-(?:apt-)?repository\b", text)):
        return Answer((), True)
    names = renamed().get(name)
    if names:
        return Answer(names, True) if all(_there(each, release) for each in names) else None
    for pattern, wanted in _SUCCEEDED:
        if re.fullmatch(pattern, name):
            written = [each for each in re.sub(pattern, wanted, name).split("|") if _there(each, release)]
            return Answer((written[0],), False) if written else None
    alike = debian.alike(name, release)
    real = [each for each in alike if each.endswith("t64") or f"{each}t64" not in alike]
    return Answer((real[0],), False) if len(real) == 1 else None


def renamed() -> dict[str, tuple[str, ...]]:
    """Return the packages that have another name today, each with it."""
    pairs = (line.split(" ", 1) for line in _RENAMED.strip().split("\n"))
    return {old: tuple(new.split("+")) for old, new in pairs}


def _there(name: str, release: str) -> bool:
    return debian.standing(name, release) in (None, "there")


def gone(name: str, release: str) -> bool:
    """Say whether a release has no such package at all, in any version."""
    return not _there(name, release)
