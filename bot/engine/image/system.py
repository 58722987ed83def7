"""System packages in a RUN: what apt-get, apt and apk are asked for, and what makes them give up.

The messages are those of apt 2.2, 2.6 and 3.0 (Debian's bullseye, bookworm and trixie) without a terminal, which were tried:
a lock that only root gets, a package that no list knows, and a question that nobody answers. `-qq` answers it like `-y`.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from bot.engine.image import debian
from bot.engine.image.problem import Problem
from bot.engine.image.run_files import FETCHERS, FileCommands
from bot.engine.image.systems import ARCHIVED, DEBIAN
from bot.engine.model.findings import MissingPackage, UnreadyInstall

_APT = ("apt-get", "apt", "aptitude")
VERBS = {**dict.fromkeys((*_APT, "yum", "dnf", "microdnf"), "install"), "apk": "add"}
_VALUED = {  # options that take a value
    "apk": frozenset("-t --virtual -X --repository -p --root --arch --repositories-file --keys-dir --cache-dir --wait".split()),
    "apt": frozenset(
        "-t -c -o -a -P --target-release --default-release --config-file --option --host-architecture --solver"
        " --with-source".split()
    ),
}
_ANSWERS = frozenset(
    "--yes --assume-yes --force-yes --assume-no --quiet=2 -q=2 --dry-run --simulate --just-print --no-act --recon --print-uris"
    " --version --help".split()
)
_PLAIN = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_RELEASED = re.compile(r"[+~]deb(\d+)u")
_REFERRED = frozenset(  # to which packages of the slim images refer, so that apt has heard of them
    "gnupg gnupg2 perl less nano locales cron apt-utils bzip2 xz-utils ca-certificates-java debconf-utils dialog whiptail"
    " manpages adduser".split()
)
_LISTS = "/var/lib/apt/lists"
_REMOVED = re.compile(r"/var/(?:\*|lib/\*|lib/apt(?:/\*|/lists(?:/\*)?)?)/?")
_ROOTS = frozenset("update install upgrade dist-upgrade full-upgrade remove purge autoremove build-dep reinstall".split())
_APART = FETCHERS | frozenset(  # what is not followed of these leaves the system's packages alone
    "pip pip3 xargs npm npx yarn pnpm node corepack bun uv poetry pipenv pdm alembic django-admin".split()
)


class Call(NamedTuple):
    """One call of a package manager. `untold`: some of its words are made at run time."""

    verb: str
    words: tuple[str, ...]  # behind the verb
    options: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    untold: bool

    def packages(self) -> dict[str, str]:
        """Return the packages that are asked for by a plain name, each as it is written: with a version, for instance."""
        found = {}
        for word in self.words:
            name = re.split(r"[=/]|:(?:amd64|any|all)\b", word, maxsplit=1)[0]
            if _PLAIN.fullmatch(name) and not name.endswith((".deb", "-")):
                found[name] = word
        return found

    def answered(self) -> bool:
        """Say whether apt's question, before it installs more than it was asked for, has its answer."""
        letters = "".join(option[1:] for option in self.options if not option.startswith("--"))
        told = any("yes" in value.lower() for _, value in self.values) or any(option == "-c" for option, _ in self.values)
        quiet = letters.count("q") + self.options.count("--quiet")
        return told or quiet > 1 or not _ANSWERS.isdisjoint(self.options) or not set("ysh").isdisjoint(letters)

    def elsewhere(self) -> bool:
        """Say whether another release than the image's is asked for packages as well."""
        named = ("-t", "--target-release", "--default-release", "--with-source")
        return any(option in named or "release" in value.lower() for option, value in self.values)


def call(program: str, arguments: list[str | None]) -> Call:
    """Read the arguments of a package manager."""
    valued = _VALUED["apk" if program == "apk" else "apt"]
    words, options, values, queue = list[str](), list[str](), list[tuple[str, str]](), list(arguments)
    while queue:
        word = queue.pop(0)
        if word is None or not word.startswith("-"):
            words += (word or "").split()  # a variable without quotes holds several
            continue
        option, equals, value = word.partition("=")
        short = re.fullmatch(r"-[A-Za-z]*([A-Za-z])", word)
        named = f"-{short[1]}" if short else option
        if named in valued:
            values.append((named, value if equals else (queue.pop(0) if queue else None) or ""))
        if not short or len(word) > 2 or named not in valued:
            options.append(word[:-1] if short and named in valued else word)
    untold = None in arguments
    return Call(words[0] if words else "", tuple(words[1:]), tuple(options), tuple(values), untold)


class SystemCommands(FileCommands):
    """Follows the package managers of a RUN; `piped` says that the command at hand is fed."""

    piped = False

    def system_packages(self, program: str, arguments: list[str | None]) -> bool:
        """Follow a package manager; say whether the program is one."""
        if program in ("add-apt-repository", "apt-add-repository", "extrepo"):
            self.stage.sources = self.stage.sources or f"{program} adds a source of packages"
            return True
        if program == "playwright":
            if not {"--with-deps", "install-deps"}.isdisjoint(arguments):  # it asks apt for what browsers need
                self.stage.programs.add("*")
                self.listed("fetched")
            return True
        if program == "dpkg":
            self.stage.programs.update(word or "*.deb" for word in arguments if not (word or "").startswith("-"))
            return True
        if program not in VERBS:
            return False
        made = call(program, arguments)
        if program == "apk":
            self.apk(made)
        elif program in _APT:
            self.apt(program, made)
        if made.verb == VERBS[program]:
            self.stage.programs.update(made.packages())
            self.stage.programs.update(word for word in made.words if word.endswith(".deb") or "*" in word)
            if made.untold:
                self.stage.followed = False
                self.stage.programs.add("*")
        return True

    def moves_files(self, program: str, arguments: list[str | None]) -> bool:
        """Follow what moves files; without the lists, apt knows no package any more."""
        if program == "rm" and any(_REMOVED.fullmatch(word or "") for word in arguments):
            self.listed("none")
            arguments = [word for word in arguments if not _REMOVED.fullmatch(word or "")]
        return super().moves_files(program, arguments)

    def not_followed(self, words: list[str | None]) -> None:
        """Note a command that may do anything, to the system's packages as well."""
        super().not_followed(words)
        program = posixpath.basename(words[0] or "") if words else ""
        if program in _APART or program.startswith("python"):
            return
        self.stage.sources = self.stage.sources or f"RUN {' '.join(word or '…' for word in words[:3])} is not followed"
        if self.stage.lists == "none":
            self.stage.lists = "unknown"

    def listed(self, standing: str) -> None:
        """Note that the lists of packages were fetched or removed; a mount in their place keeps that to itself."""
        if self.stage.files.tainted(_LISTS) is None:
            self.stage.lists = "unknown" if self.optional and self.stage.lists != standing else standing

    def problem(self, code: str, message: str, reason: str, missing: MissingPackage | UnreadyInstall, certain: bool) -> None:
        """Note what makes the command at hand fail, where the RUN fails with it."""
        if self.fatal:
            self.problems.append(Problem(code, message, reason, missing, certain))

    def is_root(self) -> bool:
        """Say whether the command at hand is root's, or may be."""
        return self.access.root or self.access.user is None or self.stage.base.system is None

    # --- apt

    def apt(self, program: str, made: Call) -> None:
        """Follow apt-get or apt: fetching lists, installing."""
        if made.verb in _ROOTS and not self.is_root():
            self.not_root(made.verb)
        if made.verb == "update":
            self.update()
        elif made.verb in ("distclean", "dist-clean"):
            self.listed("none")
        elif made.verb in ("install", "reinstall"):
            self.install(program, made)

    def not_root(self, verb: str) -> None:
        """Another user than root gets none of apt's locks; the RUN ends at the first of them."""
        if any(problem.code == "install-not-root" for problem in self.problems):
            return
        message = "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)"
        if verb == "update":
            message = f"E: List directory {_LISTS}/partial is missing. - Acquire (13: Permission denied)"
            if self.stage.lists == "fetched":
                message = f"E: Could not open lock file {_LISTS}/lock - open (13: Permission denied)"
        reason = f"The RUN is {self.user}'s, by the USER before it, and only root may install packages."
        self.problem("install-not-root", message, reason, UnreadyInstall("root", None), True)

    def update(self) -> None:
        """Fetch the lists; those of a release that went to the archive are not to be had any more."""
        system = self.stage.base.system
        if system and system.release in ARCHIVED and self.fatal and not self.other_sources():
            release = system.release
            message = f"E: The repository 'http://deb.debian.org/debian {release} Release' does not have a Release file."
            reason = f"{self.stage.base.name} is Debian {release}, which has gone from the mirrors to the archive."
            self.problem("release-archived", message, reason, UnreadyInstall("release", None), not system.moving)
        self.listed("fetched")

    def other_sources(self) -> str | None:
        """Return why apt may know other packages than the image's release has."""
        touched = "/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/preferences.d"
        if any(self.changed(folder) for folder in touched):
            return "the sources of apt are changed"
        return self.stage.sources

    def changed(self, folder: str) -> bool:
        """Say whether the build put something into a folder of the base image."""
        return self.stage.files.find(folder) is not None or self.stage.files.tainted(folder) is not None

    def install(self, program: str, made: Call) -> None:
        """Install packages: the lists must be there, the packages in them, and the question must have its answer."""
        system = self.stage.base.system
        if system is None or system.family == "alpine":
            return
        asked = made.packages()
        there = debian.base(system.release, system.whole) if asked else frozenset[str]()
        absent = {name: word for name, word in asked.items() if name not in there and name not in self.stage.programs}
        error = "Error:" if program == "apt" and system.release == "trixie" else "E:"
        fetched = self.stage.lists if self.stage.files.tainted(_LISTS) is None else "unknown"
        if absent and fetched == "none":
            self.without_lists(error, absent)
        elif system.release and not made.elsewhere() and not self.other_sources():
            for name, word in absent.items():
                self.gone(error, name, word)
        if absent and not made.answered() and not self.piped and not self.changed("/etc/apt"):
            self.unanswered(program, absent)

    def without_lists(self, error: str, absent: dict[str, str]) -> None:
        """Without lists apt knows what is installed, and nothing else."""
        first = next(iter(absent))
        message = f"{error} Unable to locate package {first}"
        if first in _REFERRED:
            message = f"{error} Package '{first}' has no installation candidate"
        reason = "Nothing has fetched the lists of packages before this: the images come without, or they were removed again."
        self.problem("package-lists-missing", message, reason, UnreadyInstall("lists", None), self.stage.sources is None)
        if self.fatal:
            self.stage.lists = "fetched"  # what follows is judged as if it had been repaired

    def gone(self, error: str, name: str, word: str) -> None:
        """Note a package that the image's release does not have, or not in the version that is asked for."""
        system = self.stage.base.system
        assert system is not None
        release = system.release or ""
        standing = debian.standing(name, release)
        version = word.partition("=")[2]
        message = f"{error} Unable to locate package {name}"
        reason = f"{self.stage.base.name} is Debian {release}, which has no such package"
        other = _RELEASED.search(version)
        if standing == "refused":
            message = f"{error} Package '{name}' has no installation candidate"
        if version and standing != "unknown":
            message = f"{error} Version '{version}' for '{name}' was not found"
        if standing in (None, "there"):
            if not other or DEBIAN.get(other[1]) in (None, release):
                return
            reason = f"{self.stage.base.name} is Debian {release}, and this version is one of {DEBIAN.get(other[1])}"
        if system.moving:
            reason += "; its tag follows Debian's newest release"
        detail = MissingPackage(name, release, None)
        self.problem("system-package-gone", message, f"{reason}.", detail, not system.moving)

    def unanswered(self, program: str, absent: dict[str, str]) -> None:
        """Without a terminal apt takes its question for answered with no; it asks only where others have to come along."""
        system = self.stage.base.system
        question = "Continue?" if program == "apt" and system and system.release == "trixie" else "Do you want to continue?"
        plain = not (self.stage.programs or (system and system.whole)) and self.stage.sources is None
        certain = plain and any(debian.asks(name) for name in absent)
        reason = "apt asks before it installs what its packages need, and in a build nobody answers: -y does."
        detail = UnreadyInstall("answer", None)
        self.problem("install-unanswered", f"{question} [Y/n] Abort.", reason, detail, certain)

    # --- apk

    def apk(self, made: Call) -> None:
        """Follow apk, which asks nothing and fetches its lists by itself."""
        if made.verb in ("add", "update", "upgrade", "del") and not self.is_root():
            reason = f"The RUN is {self.user}'s, by the USER before it, and only root may install packages."
            message = "ERROR: Unable to lock database: Permission denied"
            self.problem("install-not-root", message, reason, UnreadyInstall("root", None), True)
