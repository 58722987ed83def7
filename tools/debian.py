"""Write bot/engine/image/debian.txt: which names Debian's releases can install, and what the images of Python bring.

    python tools/debian.py [--mirror ADDRESS]

It needs apt, Debian's archive keyring and a mirror that serves the releases (by default the one that this machine's apt uses),
and takes a minute. Run it when the date in the file's first line has become old, or after a name was added to
`tools/debian/wanted.txt`, the packages that real Dockerfiles ask for. The table has two parts.

Lines of marks and names: how each name stands in bullseye, bookworm and trixie, for amd64, with main, updates and security.
`+` can be installed: a package, or a name that exactly one package provides. `-` has no candidate: other packages refer to it,
or several provide it. `?` was never heard of. Names that are the same everywhere are left out, and so are sections that no web
app's image asks for; what wanted.txt lists is kept in any case, unless all releases have it.

Lines of packages: `@bookworm` is what a slim image of Python on that release has, `@bookworm+` what a whole one has besides;
`=curl * …` is a package of wanted.txt that brings others into a slim image (`*`), and those with a program among them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from bot.engine.image.debian import RELEASES  # noqa: E402
from bot.engine.image.programs import sources  # noqa: E402

TARGET = ROOT / "bot" / "engine" / "image" / "debian.txt"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SECTIONS = frozenset(
    "admin database devel editors fonts graphics httpd interpreters java libdevel libs mail misc net oldlibs otherosfs python"
    " shells sound text utils vcs video web x11".split()
)
JUNK = re.compile(  # cross compilers, plugins and the like
    r".*-(?:aarch64|alpha|arc|arm\w*|hppa\w*|i686|ia64|loong\w+|m68k|mips\w*|or1k|powerpc\w*|ppc64\w*|riscv64|s390x|sh\d|sparc64|x32)"
    r"(?:-.*)?|.*-(?:dbg|dbgsym|doc|docs|data|l10n|locales|examples|tests|plugins?|mingw.*|cross.*)|(?:lib)?gcc-?\d.*-base.*"
    r"|python-[a-z0-9.+-]+-doc|lib(?:kf|plasma|kdepim|akonadi|mate|xfce|gnome|kpim|qt6?quick|ladspa).*|dh-.*|xserver-.*"
    r"|(?:linux|fonts)-(?:image|headers|perf|doc)-.*|courier-.*|gnustep-.*|xfonts-.*-transcoded|qt6-.*-dev|vdr-.*|puppet-.*"
)
PLAIN = "ca-certificates netbase tzdata libbz2-1.0 libffi-dev libgdbm6 liblzma5 libncursesw6 libreadline8 libsqlite3-0 zlib1g"
WHOLE = (  # docker-library/buildpack-deps, and what docker-library/python adds
    "curl gnupg wget sq git mercurial openssh-client subversion procps autoconf automake bzip2 default-libmysqlclient-dev"
    " dpkg-dev file g++ gcc imagemagick libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev"
    " libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev"
    " libncurses5-dev libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev"
    " libxml2-dev libxslt-dev libyaml-dev make patch unzip xz-utils zlib1g-dev libbluetooth-dev tk-dev uuid-dev"
)


class Package(NamedTuple):
    """A package of one release: what it depends on and recommends, as groups of alternatives."""

    section: str
    required: bool
    needs: tuple[tuple[str, ...], ...]
    recommends: tuple[tuple[str, ...], ...]


class Release(NamedTuple):
    """What apt knows of a release: packages, who provides a name, and every name that it has heard of."""

    packages: dict[str, Package]
    providers: dict[str, set[str]]
    heard: frozenset[str]

    def mark(self, name: str) -> str:
        """Return how a name stands."""
        if name in self.packages or len(self.providers.get(name, ())) == 1:
            return "+"
        return "-" if name in self.heard else "?"

    def chosen(self, group: tuple[str, ...]) -> tuple[str, ...]:
        """Return what a group of alternatives brings: the first that is there, or all that provide the first name."""
        for name in group:
            if name in self.packages:
                return (name,)
            if name in self.providers:
                return tuple(self.providers[name])
        return ()

    def closure(self, names: Iterable[str], recommended: bool) -> set[str]:
        """Return the packages that installing some brings, themselves included."""
        found: set[str] = set()
        queue = [each for name in names for each in self.chosen((name,))]
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                package = self.packages[name]
                groups = package.needs + (package.recommends if recommended else ())
                queue += [each for group in groups for each in self.chosen(group)]
        return found


# --- asking apt


def apt(folder: Path, program: str, *arguments: str) -> str:
    """Run one of apt's programs with the configuration of a folder, and return what it prints."""
    env = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C"}
    return subprocess.run((program, *arguments), env=env, check=True, capture_output=True, text=True).stdout


def mirror() -> str:
    """Return the mirror of Debian that this machine's apt uses."""
    listed = subprocess.run(
        ("apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(REPO_URI)"),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    found = [line.split()[2] for line in listed if line.startswith("Debian main ") and "security" not in line]
    if not found:
        sys.exit("this machine's apt has no lists of Debian: run apt-get update, or name a --mirror")
    return found[0].rstrip("/")


def fetch(folder: Path, release: str, address: str) -> None:
    """Let apt fetch the lists of a release into a folder of its own."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "archives" / "partial").mkdir(parents=True)
    (folder / "status").touch()
    source = f"deb [signed-by={KEYRING}]"
    (folder / "sources.list").write_text(
        f"{source} {address} {release} main\n{source} {address} {release}-updates main\n"
        f"{source} {address}-security {release}-security main\n"
    )
    (folder / "apt.conf").write_text(
        f'Dir::State "{folder}"; Dir::State::lists "lists"; Dir::State::status "{folder}/status"; Dir::Cache "{folder}";\n'
        f'Dir::Etc::sourcelist "{folder}/sources.list"; Dir::Etc::sourceparts "-"; APT::Architecture "amd64";\n'
        'APT::Architectures "amd64"; Acquire::Languages "none"; Acquire::Check-Valid-Until "false";\n'
        'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n'
    )
    apt(folder, "apt-get", "update")


def read(folder: Path) -> Release:
    """Read what apt knows of a release."""
    packages: dict[str, Package] = {}
    providers: dict[str, set[str]] = {}
    for record in apt(folder, "apt-cache", "dumpavail").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", record, re.M))
        name = fields.get("Package")
        if name is None:
            continue
        required = fields.get("Priority") == "required" or fields.get("Essential") == "yes"
        needs = (*_groups(fields.get("Pre-Depends", "")), *_groups(fields.get("Depends", "")))
        packages[name] = Package(fields.get("Section", ""), required, needs, tuple(_groups(fields.get("Recommends", ""))))
        for group in _groups(fields.get("Provides", "")):
            providers.setdefault(group[0], set()).add(name)
    return Release(packages, providers, frozenset(apt(folder, "apt-cache", "pkgnames", "--all-names").split()))


def _groups(text: str) -> Iterator[tuple[str, ...]]:
    for group in filter(str.strip, text.split(",")):
        yield tuple(re.split(r"[ :(]", each.strip(), maxsplit=1)[0] for each in group.split("|"))


# --- the table


def marks(releases: list[Release], wanted: frozenset[str]) -> dict[str, str]:
    """Return the names that differ between releases, with their marks."""
    names: set[str] = set(wanted)
    for release in releases:
        names |= {name for name, package in release.packages.items() if package.section in SECTIONS}
    found = {name: "".join(release.mark(name) for release in releases) for name in names}
    return {
        name: marked
        for name, marked in found.items()
        if marked.strip("+") and (name in wanted or ("+" in marked and not JUNK.fullmatch(name)))
    }


def lines_of_marks(found: dict[str, str]) -> Iterator[str]:
    """Yield the first part of the table, names of one letter together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in sorted(found):
        groups.setdefault((found[name], name[:4] if name.startswith("lib") else name[0]), []).append(name)
    for (marked, _), names in sorted(groups.items()):
        line = marked
        for name in names:
            if len(line) + len(name) > 126:
                yield line
                line = marked
            line += f" {name}"
        yield line


def lines_of_packages(releases: list[Release], wanted: frozenset[str]) -> Iterator[str]:
    """Yield the second part: what the images have, and what the packages that people ask for bring along."""
    slim: list[set[str]] = []
    for name, release in zip(RELEASES, releases, strict=True):
        required = {each for each, package in release.packages.items() if package.required}
        slim.append(release.closure((*required, "apt", *PLAIN.split()), recommended=False) - {"libffi-dev"})
        whole = release.closure(WHOLE.split(), recommended=False) - slim[-1]
        yield f"@{name} {' '.join(sorted(slim[-1]))}"
        yield f"@{name}+ {' '.join(sorted(whole))}"
    givers = list(sources("debian").values())
    for name in sorted(wanted):
        here = [(release, base) for release, base in zip(releases, slim, strict=True) if release.mark(name) == "+"]
        if not here:
            continue
        others = [
            release.closure((name,), recommended=False) - base - {name, *release.chosen((name,))} for release, base in here
        ]
        brought = set().union(*(release.closure((name,), recommended=True) - base for release, base in here))
        programs = sorted(each for each in brought if each != name and any(source.gives(each) for source in givers))
        yield " ".join((f"={name}", *(["*"] if all(others) else []), *programs))


def write(releases: list[Release], wanted: frozenset[str]) -> None:
    """Write the table."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = f"# {today}: how Debian's packages stand in {', '.join(RELEASES)}, and what the images of Python have"
    lines = [head, *lines_of_marks(marks(releases, wanted)), *lines_of_packages(releases, wanted)]
    TARGET.write_text(
        "".join(f"{line} \n" if line[0] == "=" and " " not in line else f"{line}\n" for line in lines), encoding="ascii"
    )


def main() -> None:
    """Make the table."""
    parser = argparse.ArgumentParser(description="Write bot/engine/image/debian.txt.")
    parser.add_argument("--mirror", help="the mirror to ask (default: the one that this machine's apt uses)")
    address = parser.parse_args().mirror or mirror()
    listed = (ROOT / "tools" / "debian" / "wanted.txt").read_text(encoding="ascii")
    wanted = frozenset(word for line in listed.splitlines() if not line.startswith("#") for word in line.split())
    releases = []
    with tempfile.TemporaryDirectory() as temporary:
        for release in RELEASES:
            folder = Path(temporary, release)
            fetch(folder, release, address)
            releases.append(read(folder))
            print(f"{release}: {len(releases[-1].packages)} packages", file=sys.stderr)
    write(releases, wanted)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
