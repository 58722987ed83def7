"""RUN: what its shell commands do to the image, as far as that can be followed.

Commands that make, copy or remove paths change the file system; installers are read; commands known to leave modules and
paths alone are passed over; everything else is named as not followed, and taints what it may have touched.
"""

from __future__ import annotations

import itertools
import posixpath
from typing import NamedTuple

from bot.engine.image import installers
from bot.engine.image.filesystem import Copied, Gone, Linked, Made
from bot.engine.image.stage import Install, Stage
from bot.engine.model import shell
from bot.engine.model.findings import MissingFile, Place, Unknown
from bot.engine.model.tree import Tree

_HARMLESS = frozenset(
    "true false : test [ [[ set export umask ulimit ls cat pwd env printenv which command type sleep date whoami id"
    " uname update-ca-certificates ldconfig locale-gen dpkg-reconfigure fc-cache useradd adduser groupadd addgroup"
    " usermod userdel deluser chown chgrp chmod echo printf exit wait trap unset dpkg dpkg-architecture grep awk head"
    " tail sort wc xargs playwright nltk corepack rmdir hash return shift local readonly alias unalias break continue"
    " eatmydata add-apt-repository apt-key gpg passwd chpasswd getent stat du df strip setcap sysctl truncate md5sum"
    " sha256sum basename dirname readlink realpath tr cut uniq tee sync nproc".split()
)
_SYSTEM_PACKAGES = {
    "apt-get": "install",
    "apt": "install",
    "apk": "add",
    "yum": "install",
    "dnf": "install",
    "microdnf": "install",
}
_PIP_OTHER = frozenset("list check show cache config freeze uninstall download wheel debug inspect index --version -V".split())
_QUIET_MANAGE = frozenset("collectstatic compilemessages compress check migrate tailwind createcachetable".split())
_SHELLS = ("sh", "bash", "dash", "ash", "zsh")


class Outcome(NamedTuple):
    """What a RUN came to: what makes it fail, and what was not followed."""

    problems: tuple[installers.Problem, ...]
    unknowns: tuple[Unknown, ...]


def run(stage: Stage, tree: Tree, script: str, place: Place) -> Outcome:
    """Run a shell script in a stage, on paper."""
    runner = _Runner(stage, tree, place)
    runner.script(shell.parse(script))
    return Outcome(tuple(runner.problems), tuple(runner.unknowns))


class _Runner:
    def __init__(self, stage: Stage, tree: Tree, place: Place) -> None:
        self.stage = stage
        self.tree = tree
        self.place = place
        self.folder = stage.workdir
        self.variables: dict[str, str | None] = {}
        self.problems: list[installers.Problem] = []
        self.unknowns: list[Unknown] = []
        self.fatal = True  # whether the command at hand can make the whole RUN fail

    def script(self, script: shell.Script) -> None:
        errexit = False
        for index, command in enumerate(script.commands):
            rest = [following.then for following in script.commands[index:-1]]
            to_the_end = all(then == "&&" for then in rest) and script.commands[-1].then in ("", "\n", ";", ")")
            before_failure = errexit and command.then in ("&&", ";", "\n", "")
            self.fatal = not command.optional and (to_the_end or before_failure)
            words = [shell.expand(word, self.variable) for word in command.words]
            for name, value in command.assignments:
                if not words:
                    self.variables[name] = shell.expand(value, self.variable)
            self.redirected(command)
            if words:
                if words[0] == "set" and any(word and word.startswith("-") and "e" in word for word in words[1:]):
                    errexit = True
                self.command(words, piped=command.joined == "|")
        if script.unknown:
            self.not_followed([script.unknown])

    def variable(self, name: str) -> str | None:
        return self.variables[name] if name in self.variables else self.stage.variable(name)

    def path(self, word: str) -> str:
        return posixpath.normpath(posixpath.join(self.folder, word))

    def redirected(self, command: shell.Command) -> None:
        for word in command.redirects:
            target = shell.expand(word, self.variable)
            if target and not target.startswith("/dev/") and not target.isdigit():
                self.stage.files.add(Made(self.path(target), "file", self.stage.user))

    # --- one command

    def command(self, words: list[str | None], piped: bool = False) -> None:
        while words and words[0] in ("sudo", "exec", "time", "nice", "command", "eatmydata"):
            words = words[1:]
        if not words:
            return
        program = posixpath.basename(words[0] or "")
        arguments = words[1:]
        if words[0] is None:
            self.not_followed(words)
        elif program in _SHELLS and piped:
            self.not_followed([f"… | {program}"])
            self.stage.installs.append(
                Install("/usr/local", (), (), f"a script piped into {program} is not followed", self.place)
            )
        elif program in _HARMLESS or self.system_packages(program, arguments) or self.moves_files(program, arguments):
            return
        elif program == "cd":
            self.folder = self.path(arguments[0] or ".") if arguments else "/root"
        elif program in ("pip", "pip3") or program.startswith("pip3."):
            self.pip(arguments)
        elif program in ("python", "python3") or program.startswith("python3."):
            self.python(arguments, words)
        elif program in _SHELLS:
            self.shell(arguments)
        elif program in installers.OPAQUE:
            self.opaque(program, arguments)
        elif words[0].startswith(("./", "/", "../")):
            self.own_script(words[0], f"/bin/sh: 1: {words[0]}: not found")
            self.not_followed(words)
        else:
            self.not_followed(words)

    def system_packages(self, program: str, arguments: list[str | None]) -> bool:
        verb = _SYSTEM_PACKAGES.get(program)
        if verb is None:
            return False
        if verb in arguments:
            wanted = arguments[arguments.index(verb) + 1 :]
            self.stage.programs.update(word.partition("=")[0] for word in wanted if word and not word.startswith("-"))
        return True

    def pip(self, arguments: list[str | None]) -> None:
        verb = next((word for word in arguments if word and not word.startswith("-")), None)
        if verb == "install":
            at = arguments.index("install")
            wanted = installers.pip(self.stage, self.tree, arguments[at + 1 :], self.folder, self.place)
            self.stage.installs.append(wanted.install)
            if self.fatal:
                self.problems.extend(wanted.problems)
        elif verb is not None and verb not in _PIP_OTHER:
            self.not_followed(["pip", verb])
        if verb == "wheel":
            self.taint_named(arguments, "pip wheel writes there")

    def python(self, arguments: list[str | None], words: list[str | None]) -> None:
        rest = list(arguments)
        while rest and rest[0] and rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
            rest.pop(0)
        if not rest or rest[0] == "-c":
            return
        if rest[0] == "-m":
            self.module(rest[1:], words)
        elif rest[0] is not None:
            self.own_script(rest[0], f"python: can't open file '{self.path(rest[0])}': [Errno 2] No such file or directory")
            quiet = posixpath.basename(rest[0]) == "manage.py" and len(rest) > 1 and rest[1] in _QUIET_MANAGE
            if not quiet:
                self.not_followed(words)

    def module(self, rest: list[str | None], words: list[str | None]) -> None:
        module, arguments = (rest[0] or "", rest[1:]) if rest else ("", [])
        if module in ("venv", "virtualenv"):
            self.stage.environments.extend(self.path(word) for word in arguments if word and not word.startswith("-"))
        elif module == "pip":
            self.pip(arguments)
        elif module == "spacy":
            self.stage.installs.append(Install("/usr/local", (), (), "python -m spacy download installs a model", self.place))
        elif module in installers.OPAQUE:
            self.opaque(module, arguments)
        elif module not in ("compileall", "ensurepip", "site", "nltk.downloader", "playwright"):
            self.not_followed(words)

    def shell(self, arguments: list[str | None]) -> None:
        if arguments and arguments[0] and arguments[0].startswith("-") and "c" in arguments[0] and len(arguments) > 1:
            if arguments[1] is not None:
                inner = _Runner(self.stage, self.tree, self.place)
                inner.folder, inner.variables = self.folder, self.variables
                inner.script(shell.parse(arguments[1]))
                self.problems.extend(inner.problems if self.fatal else ())
                self.unknowns.extend(inner.unknowns)
            return
        named = next((word for word in arguments if word and not word.startswith("-")), None)
        if named:
            self.own_script(named, f"sh: 0: cannot open {named}: No such file")
        self.not_followed(["sh", *arguments])

    def opaque(self, program: str, arguments: list[str | None]) -> None:
        if program == "uv" and arguments[:1] == ["venv"]:
            named = [word for word in arguments[1:] if word and not word.startswith("-")]
            self.stage.environments.append(self.path(named[0] if named else ".venv"))
        if program == "uv" and arguments[:2] == ["pip", "install"]:
            self.pip(arguments[1:])
            return
        install = installers.opaque(self.stage, program, arguments, self.folder, self.place)
        if install:
            self.stage.installs.append(install)
            self.unknowns.append(Unknown(f"RUN {install.opaque}", self.place))

    def own_script(self, word: str, message: str) -> None:
        """Note a script that a command names and the image does not have."""
        path = self.path(word)
        files = self.stage.files
        if not self.fatal or files.find(path) or not any(isinstance(layer, Copied) for layer in files.layers):
            return
        if word.startswith("/") and not any(path.startswith(layer.path) for layer in files.layers if isinstance(layer, Copied)):
            return  # a program of the base image
        reason = f"The command runs in {self.folder}, where the image has no such file at this point."
        certain = files.tainted(path) is None
        self.problems.append(installers.Problem("run-file-missing", message, reason, MissingFile(path, None), certain))

    # --- files

    def moves_files(self, program: str, arguments: list[str | None]) -> bool:
        """Follow mkdir, touch, rm, cp, mv and ln; say whether the program is one of them."""
        if program not in ("mkdir", "touch", "rm", "cp", "mv", "ln", "install", "sed", "curl", "wget"):
            return False
        named = [word for word in arguments if word and not word.startswith("-")]
        files, user = self.stage.files, self.stage.user
        if None in arguments or any("*" in word for word in named):
            self.taint_named(arguments, f"{program} with a name made at run time")
        elif program == "mkdir":
            for word in named:
                files.add(Made(self.path(word), "folder", user))
        elif program in ("touch", "sed"):
            changes = named if program == "touch" else named[1:] if self.has_flag(arguments, "i") else []
            for word in changes:
                files.add(Made(self.path(word), "file", user))
        elif program == "rm":
            for word in named:
                files.add(Gone(self.path(word)))
        elif program in ("curl", "wget"):
            self.download(arguments)
        elif len(named) == 2:
            self.copies(program, self.path(named[0]), self.path(named[1]))
        else:
            self.taint_named(arguments, f"{program} of several files")
        return True

    def has_flag(self, arguments: list[str | None], letter: str) -> bool:
        return any(word and word.startswith("-") and not word.startswith("--") and letter in word for word in arguments)

    def copies(self, program: str, source: str, target: str) -> None:
        files = self.stage.files
        there = files.find(target)
        if there and there.kind == "folder" and program != "ln":
            target = posixpath.join(target, posixpath.basename(source))
        if not files.find(source):
            files.taint(target, f"{program} of something that is not in the repository")
            return
        frozen = files.copy()
        files.add(Linked(target, source, frozen if program != "ln" else None))
        if program == "mv":
            files.add(Gone(source))

    def download(self, arguments: list[str | None]) -> None:
        for option, value in itertools.pairwise(arguments):
            if option in ("-o", "-O", "--output", "--output-document") and value and not value.startswith("-"):
                self.stage.files.add(Made(self.path(value), "file", self.stage.user))

    def taint_named(self, words: list[str | None], reason: str) -> None:
        for word in words:
            if word and not word.startswith("-") and "://" not in word:
                folder = word.partition("*")[0]
                self.stage.files.taint(
                    self.path(folder if folder.endswith("/") or "*" not in word else posixpath.dirname(folder) or "."),
                    reason,
                )

    def not_followed(self, words: list[str | None]) -> None:
        """Note a command that may do anything: it taints the paths that it names and the sources that lie in its folder."""
        said = " ".join(word or "…" for word in words[:4]) + (" …" if len(words) > 4 else "")
        reason = f"RUN {said} is not followed"
        self.unknowns.append(Unknown(f"RUN {said}", self.place))
        self.taint_named([word for word in words[1:] if word and "/" in word], reason)
        if any(isinstance(layer, Copied) and layer.folder for layer in self.stage.files.layers):
            self.stage.files.taint(self.folder, reason)
