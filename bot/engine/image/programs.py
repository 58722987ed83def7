"""Programs that a slim image lacks: which packages bring them, and whether an image can be told to have one.

The packages are those whose files hold the program, or the link that update-alternatives makes, in Debian's bullseye, bookworm
and trixie (Contents indices of 2026-11) and Alpine's main and community. What the images themselves bring stands in
debian.txt. A program that is not named here is not judged.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import NamedTuple

from bot.engine.image import debian
from bot.engine.image.filesystem import FileSystem
from bot.engine.image.systems import System

# what to install, then a colon and the programs that it brings; behind a slash other packages that bring them
_DEBIAN = """
adduser: adduser addgroup deluser delgroup
bash: bash
bc: bc
bind9-dnsutils: dig nslookup
bind9-host: host / knot-host
bzip2: bzip2 bunzip2
chromium: chromium
chromium-driver: chromedriver
cmake: cmake
cron: cron crontab / bcron systemd-cron cronie
default-jre-headless: java / openjdk-*-jre-headless
default-jdk-headless: javac / openjdk-*-jdk-headless ecj
default-mysql-client: mysql mysqladmin mysqldump / mariadb-client-* mariadb-client mysql-client*
curl: curl
dos2unix: dos2unix unix2dos
dumb-init: dumb-init
expect: expect
ffmpeg: ffmpeg ffprobe
file: file
g++: g++ / clang
gcc: gcc cc / clang tcc
gettext: msgfmt xgettext msgmerge msguniq
gettext-base: envsubst
ghostscript: gs
git: git
gnupg: gpg / gpg gpg-from-sq
golang-go: go / gccgo-go
gosu: gosu
graphviz: dot
htop: htop
imagemagick: convert identify mogrify / graphicsmagick-imagemagick-compat imagemagick-7.q16 imagemagick-6.q16
inotify-tools: inotifywait
iproute2: ip ss
iputils-ping: ping / inetutils-ping
jq: jq
less: less
libreoffice: soffice libreoffice / libreoffice-common libreoffice-*
locales: locale-gen
lsb-release: lsb_release
lsof: lsof
make: make
nano: nano
net-tools: ifconfig netstat
netcat-openbsd: nc netcat / netcat-traditional ncat
nginx: nginx / nginx-core nginx-full nginx-light nginx-extras
nodejs: node
npm: npm npx
openssh-client: ssh scp ssh-keygen ssh-keyscan
openssl: openssl
pandoc: pandoc
patch: patch
pkg-config: pkg-config / pkgconf
poppler-utils: pdftotext pdftoppm pdfinfo
postgresql-client: psql pg_isready pg_dump pg_restore / postgresql-client-common postgresql-client-*
procps: ps top free pgrep pkill watch sysctl
redis-server: redis-server / redis
redis-tools: redis-cli
rsync: rsync
socat: socat
software-properties-common: add-apt-repository
psmisc: killall fuser pstree
sqlite3: sqlite3
sudo: sudo / sudo-ldap sudo-rs
supervisor: supervisord supervisorctl
tesseract-ocr: tesseract
telnet: telnet / inetutils-telnet telnet-ssl
tini: tini
unzip: unzip
vim-tiny: vi / vim vim-* neovim elvis* nvi
vim: vim / vim-*
wait-for-it: wait-for-it
wget: wget
wkhtmltopdf: wkhtmltopdf
tree: tree
xvfb: Xvfb xvfb-run
xz-utils: xz unxz
zip: zip
zstd: zstd
"""
# Alpine's packages; busybox brings the others, or nobody knows
_ALPINE = """
bash: bash
chromium: chromium chromium-browser
chromium-chromedriver: chromedriver
cmake: cmake
curl: curl
dumb-init: dumb-init
ffmpeg: ffmpeg ffprobe
g++: g++ / build-base alpine-sdk
gcc: gcc cc / clang* build-base alpine-sdk
gettext: msgfmt xgettext msgmerge
git: git / git-* alpine-sdk
gnupg: gpg
gosu: gosu
imagemagick: convert identify
jq: jq
make: make / build-base alpine-sdk
mysql-client: mysql mysqladmin mysqldump / mariadb-client
nginx: nginx
nodejs: node / nodejs-current
npm: npm npx / nodejs-current
openjdk17-jre-headless: java / openjdk*
openssh-client: ssh scp ssh-keygen / openssh-client-default openssh openssh-keygen
postgresql-client: psql pg_isready pg_dump pg_restore / postgresql*
redis: redis-server redis-cli / valkey
rsync: rsync
sqlite: sqlite3
su-exec: su-exec
sudo: sudo / doas-sudo-shim
supervisor: supervisord supervisorctl
tini: tini
zip: zip
"""

_ELSEWHERE = {  # programs of other systems, which no package brings
    "debian": ("apk", "yum", "dnf", "microdnf", "su-exec"),
    "ubuntu": ("apk", "yum", "dnf", "microdnf", "su-exec"),
    "alpine": ("apt-get", "apt", "apt-cache", "yum", "dnf", "microdnf"),
}
_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
FROM_PYTHON = frozenset("node npm npx tini dumb-init supervisord supervisorctl cmake chromedriver".split())


class Source(NamedTuple):
    """Where a program comes from: the package to install (None: none has it), and all that bring it, as patterns."""

    package: str | None
    givers: tuple[str, ...]

    def gives(self, package: str) -> bool:
        """Say whether a package is one of them."""
        return any(package == each or ("*" in each and _pattern(each).fullmatch(package)) for each in self.givers)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(re.escape(glob).replace(r"\*", r"[a-z0-9+.-]*"))


@cache
def sources(family: str) -> dict[str, Source]:
    """Return the programs that are known of a family of systems, with where each comes from."""
    found = {program: Source(None, ()) for program in _ELSEWHERE[family]}
    for line in (_ALPINE if family == "alpine" else _DEBIAN).split("\n"):
        package, _, rest = line.partition(":")
        programs, _, others = rest.partition("/")
        found |= {program: Source(package, (package, *others.split())) for program in programs.split()}
    return found


def lacking(program: str, system: System | None, asked: frozenset[str], files: FileSystem) -> Source | None:
    """Return where a program comes from, if an image has none for certain; `asked` are the packages that it installs.

    A package that is not known may bring anything, and so may what was copied or made where programs lie.
    """
    source = sources(system.family).get(program) if system else None
    if system is None or source is None or system.family == "ubuntu":
        return None
    if any(source.gives(name) for name in (*asked, *_base(system))):
        return None
    if source.givers and any(_may_bring(name, source, system) for name in asked):
        return None
    paths = [posixpath.join(folder, program) for folder in _FOLDERS]
    return None if any(files.find(path) or files.tainted(path) for path in paths) else source


def everywhere(program: str, system: System | None) -> bool:
    """Say whether an image lacks a program whatever release its tag lies on."""
    source = sources(system.family).get(program) if system else None
    return (
        system is not None
        and source is not None
        and (not system.moving or not any(map(source.gives, _base(system._replace(release=None)))))
    )


def _base(system: System) -> frozenset[str]:
    return debian.base(system.release, system.whole) if system.family == "debian" else frozenset()


def _may_bring(name: str, source: Source, system: System) -> bool:
    if system.family == "alpine":
        return name not in _PLAIN
    brought = debian.brings(name)
    return brought is None or any(map(source.gives, brought))


# packages of Alpine that bring nothing but libraries, headers and compilers
_PLAIN = frozenset(
    "gcc g++ musl-dev libc-dev make libffi-dev openssl-dev postgresql-dev libpq libpq-dev jpeg-dev zlib-dev libxml2-dev"
    " libxslt-dev build-base linux-headers python3-dev mariadb-dev mariadb-connector-c-dev ca-certificates tzdata libstdc++"
    " libgcc curl wget git bash jq cargo rust".split()
)
