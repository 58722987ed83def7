"""RUN: what its shell commands do to the image, as far as that can be followed.

Commands that make, copy or remove paths change the file system; installers are read; commands known to leave modules and
paths alone are passed over; everything else is named as not followed, and taints what it may have touched. What stands in a
branch, a loop or a subshell may not run: it adds paths, and never takes one away for certain.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.engine.image import compiled, installers, managers, packages
from bot.engine.image.complaints import Shell
from bot.engine.image.filesystem import Made
from bot.engine.image.problem import Problem
from bot.engine.image.run_files import FETCHERS, has_letter
from bot.engine.image.run_rights import switched
from bot.engine.image.run_shell import ShellCommands
from bot.engine.image.stage import Install, Stage
from bot.engine.image.system import VERBS
from bot.engine.model import requirements, shell
from bot.engine.model.findings import MissingFile, Place, Unknown
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree, Unreadable

_HARMLESS = frozenset(
    "true false : test [ [[ set export umask ulimit ls cat pwd env printenv which command type sleep date whoami id"
    " uname update-ca-certificates ldconfig locale-gen dpkg-reconfigure fc-cache echo printf exit wait trap"
    " unset dpkg-architecture grep awk head"
    " tail sort wc playwright nltk corepack rmdir hash return shift local readonly alias unalias break continue"
    " eatmydata apt-key gpg passwd chpasswd getent stat du df strip setcap sysctl truncate md5sum"
    " sha256sum basename dirname readlink realpath tr cut uniq sync nproc".split()
)
_PIP_OTHER = frozenset("list check show cache config freeze uninstall debug inspect index --version -V".split())
_QUIET_MANAGE = frozenset("collectstatic compilemessages compress check migrate tailwind createcachetable".split())
SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_WRAPPERS = {  # program: its options that take a value
    "sudo": ("-u", "-g", "-h", "-p"),
    "env": ("-u", "-C"),
    "timeout": ("-k", "-s"),
    "nice": ("-n",),
    **dict.fromkeys(("exec", "time", "command", "eatmydata", "nohup"), ()),
}
_DEEPEST = 5
_MOST_SCRIPTS = 50  # that one RUN is followed into
_ELSEWHERE = re.compile(r"^\s*(?:-f|-i|--find-links|--no-index|--index|--index-url|--extra-index-url)(?![\w-])", re.M)
_PIP_ELSEWHERE = ("PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS")
SHEBANG = re.compile(r"#!\s*(?:/\S*/)?(?:env\s+(?:-S\s+)?)?(?P<program>\S+)")
_LOOPED = re.compile(r"\b(?:for|select)\s+(\w+)\s+in\b|\bread\s+(?:-\w+\s+)*(\w+)")


class Outcome(NamedTuple):
    """What a RUN came to: what makes it fail, and what was not followed."""

    problems: tuple[Problem, ...]
    unknowns: tuple[Unknown, ...]


def run(stage: Stage, tree: Tree, script: str, place: Place) -> Outcome:
    """Run a shell script in a stage, on paper."""
    runner = _Runner(stage, tree, place)
    runner.errexit = any(has_letter(word, "e") for word in stage.shell[1:])
    runner.script(script)
    return Outcome(tuple(runner.problems), tuple(runner.unknowns))


class _Runner(ShellCommands):
    def __init__(self, stage: Stage, tree: Tree, place: Place) -> None:
        super().__init__(stage, place)
        self.tree = tree
        self.within_optional = False  # whether none of the script may
        self.errexit = False  # whether the script was started with -e
        self.pipefail = "pipefail" in stage.shell  # whether a pipe fails with any of its commands
        self.depth = 0  # of scripts that start scripts
        self.passed: dict[str, str | None] = {}  # what a command gets in its environment alone: `NAME=value command`
        self.started: list[str] = []  # the scripts that were followed so far
        self.fetched_from = ""  # what the commands of the pipeline name, an address among it
        self.output: str | None = None  # the file that the command at hand writes its output to

    def script(self, text: str) -> None:
        text = text.replace("\r\n", "\n")
        script = shell.parse(text)
        self.functions.update(shell.defined(text))
        self.variables.update(dict.fromkeys(name for names in _LOOPED.findall(text) for name in names if name))
        errexit = self.errexit
        outside, before = self.folder, None
        for index, command in enumerate(script.commands):
            if before and before.then == ")":  # a subshell ends
                self.folder = outside
            elif before and before.optional and not command.optional and self.folder != outside:
                self.lose("a folder that depends on a branch")
            counts = index if not self.pipefail else _end_of_pipe(script.commands, index)
            rest = [following.then for following in script.commands[counts:-1]]
            to_the_end = all(then == "&&" for then in rest) and script.commands[-1].then in ("", "\n", ";", ")")
            stops = errexit and script.commands[counts].then in (";", "\n", "")  # it minds the last of a list alone
            self.optional = self.within_optional or command.optional or command.joined == "||"
            negated = re.search(r"(?:^|[\s;&|(])![ \t]+\Z", text[max(0, command.start - 40) : command.start]) is not None
            self.fatal = not (self.optional or self.lost or negated) and (to_the_end or stops)
            if self.reader.script:
                self.reader = self.reader._replace(line=text.count("\n", 0, command.start) + 1)
            words = [self.expanded(word) for word in command.words]
            self.assigned(command, words)
            self.redirected(command, text)
            self.passed = {name: shell.expand(value, self.variable) for name, value in command.assignments} if words else {}
            if words and words[0] == "exit" and not self.optional and command.joined in ("", ";", "\n"):
                break
            traps = bool(words) and words[0] == "trap" and any("exit" in (word or "exit") for word in words[1:2])
            if traps or (words and words[0] == "exit" and not _fails(words)):  # what follows may not run, or not count
                self.within_optional = True
            if words:
                before_it = self.fetched_from if command.joined == "|" else ""
                self.fetched_from = " ".join((before_it, *(word for word in words if word and "://" in word)))
                if words[0] == "set":
                    errexit = _errexit(words, errexit)
                    self.pipefail = self.pipefail or "pipefail" in words
                self.command(words, piped=command.joined == "|")
            before, outside = command, outside if command.optional else self.folder
        if script.unknown:
            self.not_followed([script.unknown])

    def expanded(self, word: shell.Word) -> str | None:
        """Return the text of a word; `~` at its start is the home folder."""
        text = shell.expand(word, self.variable)
        if not text or text[0] != "~" or text[1:2] not in ("", "/") or word.quoted:
            return text
        home = self.variable("HOME")
        return None if home is None else home + text[1:]

    def assigned(self, command: shell.Command, words: list[str | None]) -> None:
        """Note what a command assigns for the rest of the script: `NAME=value` alone, or behind `export` and its like."""
        found = [] if words else list(command.assignments)
        for word in command.words[1:] if words and words[0] in ("export", "declare", "readonly", "local", "typeset") else ():
            name, equals, _ = (word.pieces[0].text if word.pieces and word.pieces[0].kind == "text" else "").partition("=")
            if equals:
                found.append((name, shell.without(word, name + equals)))
        for name, value in found:
            self.variables[name] = None if command.optional else shell.expand(value, self.variable)

    def redirected(self, command: shell.Command, text: str) -> None:
        self.output = None
        for word in command.redirects:
            target = shell.expand(word, self.variable)
            if text[: word.start].rstrip().endswith("<"):  # it is read
                continue
            if target and not target.startswith("/dev/") and not target.isdigit():
                self.output = None if text[: word.start].rstrip().endswith("2>") else self.path(target)
                says = "{} {}: Permission denied" if "bash" in self.spoken else "{} cannot create {}: Permission denied"
                self.denied("redirect", target, None, says.format(self.spoken, target))
                self.touches_accounts(self.path(target))
                self.stage.files.add(Made(self.path(target), "file", self.owner))

    # --- one command

    def command(self, words: list[str | None], piped: bool = False) -> None:
        if words and (other := switched(words)):
            if self.fatal and words[0] and (missing := self.lacking(words[0])):
                self.note_lacking(missing)
            before, self.user = self.user, other[0] or "…"
            if other[1]:
                self.command(other[1], piped)
            self.user = before
            return
        self.passed |= {name: value for name, _, value in map(_partitioned, words[1:]) if words[0] == "env" and name}
        first, words = words[0], _unwrapped(words)
        if not words:
            return
        words = self.by_path(words)
        program = posixpath.basename(words[0] or "")
        arguments = words[1:]
        self.piped = piped
        self.look_for([first, words[0]], program)
        self.needs_root(program)
        if words[0] is None:
            self.not_followed(words)
        elif piped and (brought := managers.brought_by_script(self.fetched_from)) and program in (*SHELLS, "python3", "python"):
            self.stage.programs.add(brought)
        elif program in SHELLS and piped:
            self.not_followed([f"… | {program}"])
            self.stage.installs.append(
                Install("/usr/local", (), (), f"a script piped into {program} is not followed", self.place)
            )
        elif (
            self.missing_program(words[0], program)
            or program in _HARMLESS
            or self.system_packages(program, arguments)
            or self.moves_files(program, arguments)
            or self.changes_rights(program, arguments)
            or self.changes_accounts(program, arguments)
        ):
            return
        elif program in ("cd", "pushd", "popd"):
            self.change_folder(program, arguments)
        elif program in (".", "source"):
            self.sourced(words)
        elif program in ("pip", "pip3") or program.startswith("pip3."):
            self.pip(arguments, self.prefix(words[0]))
        elif program == "xargs":
            self.piped_arguments(arguments)
        elif program == "virtualenv":
            self.module(["venv", *arguments], words)
        elif program == "find":
            self.removed_by_find(arguments)
        elif program in FETCHERS:
            self.fetched(program, arguments, words)
        elif program in ("python", "python3") or program.startswith("python3."):
            self.python(arguments, words)
        elif program in SHELLS:
            self.shell(program, arguments)
        elif program in managers.PROGRAMS:
            self.managed(program, arguments)
        elif program in installers.OPAQUE:
            self.opaque(program, arguments)
        elif words[0].startswith(("./", "/", "../")):
            self.own_script(words[0], f"{self.spoken} {words[0]}: not found")
            self.not_executable(words[0])
            self.script_of_repository(words)
        else:
            self.not_followed(words)

    def prefix(self, program: str | None) -> str | None:
        """Return the environment that a program of its `bin` installs to: by its path, else the activated one."""
        folder = posixpath.dirname(self.path(program)) if program and "/" in program else ""
        return posixpath.dirname(folder) if posixpath.basename(folder) == "bin" else self.environment

    def pip(self, arguments: list[str | None], prefix: str | None, tool: str = "pip") -> None:
        verb = next((word for word in arguments if word and not word.startswith("-")), None)
        if verb in ("install", "wheel", "download"):
            at = arguments.index(verb)
            self.refused_by_system(verb, arguments, prefix, tool)
            words, runs_as = arguments[at + 1 :], (self.user, self.seen)
            wanted = installers.pip(self.stage, self.tree, words, self.folder, self.place, prefix, tool, *runs_as)
            before = packages.installed(tuple(self.stage.installs), self.stage.base.python)
            install, refused = self.resolved(wanted.install, arguments, tool)
            if verb == "install":
                self.stage.installs.append(install)
            if self.fatal:
                other = self.other_index(arguments, install.requirements)
                self.problems += [each for each in wanted.problems if not (other and each.code == "requirement-not-found")]
                self.problems += refused
                self.problems.extend([wanted.refused] if wanted.refused and verb == "install" else ())
                built = tuple(each for each in wanted.install.requirements if not before.has(each.line.value))
                built = () if other else built
                lacking = compiled.lacks(self.stage, built)
                lacking += compiled.lacks_git(self.stage, wanted.install.requirements, wanted.git)
                sure = self.stage.followed and not before.opaque
                self.problems += [
                    Problem("system-package-missing", lack.message, lack.reason, lack.missing, sure) for lack in lacking
                ]
        elif verb is not None and verb not in _PIP_OTHER:
            self.not_followed(["pip", verb])
        if verb in ("wheel", "download"):
            self.taint_named(arguments, f"pip {verb} writes there")

    def refused_by_system(self, verb: str, arguments: list[str | None], prefix: str | None, tool: str) -> None:
        """Note that the Python of Debian and its like leaves packages to the system's own manager."""
        own = prefix in (None, "/usr") and not self.stage.environments and tool == "pip" and verb == "install"
        by_system = {"python3-pip", "py3-pip"} & self.stage.programs
        told = "--break-system-packages" in arguments or any(has_letter(word, "t") for word in arguments)
        told = told or any(self.seen(name) != "" for name in ("PIP_BREAK_SYSTEM_PACKAGES", "PIP_TARGET", "PIP_PREFIX"))
        if not (own and by_system and self.fatal and self.stage.base.managed) or told:
            return
        reason = f"The Python of {self.stage.base.name} leaves its packages to the system: pip wants a virtual environment."
        missing = MissingFile("/usr/bin/pip3", None)
        message = "error: externally-managed-environment"
        self.problems.append(Problem("environment-missing", message, reason, missing, self.stage.followed))

    def makes_environment(self, arguments: list[str | None]) -> None:
        """Follow `python -m venv` and virtualenv: each folder that they name becomes an environment."""
        for word in arguments:
            if word and not word.startswith("-"):
                self.denied("venv", self.path(word))
                self.stage.add_environment(self.path(word), self.owner, "--system-site-packages" in arguments)

    def resolved(self, install: Install, arguments: list[str | None], tool: str) -> tuple[Install, tuple[Problem, ...]]:
        """Return an install with what the package index makes of it, where there is one to ask."""
        if self.stage.index is None:
            return install, ()
        from bot.engine.image import resolving  # a plain check asks no index

        sure = install.opaque is None and not self.other_index(arguments, install.requirements)
        return resolving.resolved(self.stage, install, tool, sure, "--no-deps" in arguments)

    def other_index(self, arguments: list[str | None], asked: tuple[Requirement, ...]) -> bool:
        """Say whether pip looks elsewhere than in the package index, where a wheel may lie."""
        told = any(name in self.passed or self.variable(name) != "" for name in _PIP_ELSEWHERE)
        if told or any(_ELSEWHERE.match(word or "") for word in arguments):
            return True
        return any(
            self.tree.is_file(path) and _ELSEWHERE.search(requirements.decode(self.tree.read(path)))
            for path in {each.place.path for each in asked if each.place.path != self.place.path}
        )

    def piped_arguments(self, arguments: list[str | None]) -> None:
        """What `xargs` runs is known, what it runs it on is not."""
        programs = {posixpath.basename(word) for word in arguments if word}
        if programs & {"pip", "pip3", *installers.OPAQUE}:
            reason = "what xargs passes to an installer is not followed"
            self.stage.installs.append(Install(self.environment or "/usr/local", (), (), reason, self.place))
        elif manager := next((word for word in arguments if word and posixpath.basename(word) in VERBS), None):
            self.system_packages(posixpath.basename(manager), [*arguments[arguments.index(manager) + 1 :], None])
        elif "chmod" in programs:
            self.stage.executable.append("/")
        elif programs & {"rm", "mv", "cp", "sed"}:
            self.not_followed(["xargs", *arguments])

    def python(self, arguments: list[str | None], words: list[str | None]) -> None:
        rest = list(arguments)
        while rest and rest[0] and rest[0].startswith("-"):
            cluster = re.match(r"-(?!-)[A-Za-z]*?([cmWX])(.*)", rest.pop(0) or "")
            if cluster and cluster[1] == "c":
                return
            if cluster and not cluster[2]:
                value, rest = rest[:1], rest[1:]
            else:
                value = [cluster[2]] if cluster else []
            if cluster and cluster[1] == "m":
                self.module([*value, *rest], words)
                return
        if rest and rest[0] is not None:
            self.own_script(rest[0], f"python: can't open file '{self.path(rest[0])}': [Errno 2] No such file or directory")
            script, verb = posixpath.basename(rest[0]), rest[1] if len(rest) > 1 else None
            if script == "setup.py" and verb in ("install", "develop"):
                prefix = self.prefix(words[0]) or "/usr/local"
                reason = f"python setup.py {verb} is not followed"
                self.stage.installs.append(Install(prefix, (), (posixpath.dirname(self.path(rest[0])),), reason, self.place))
            if not (script == "manage.py" and verb in _QUIET_MANAGE):
                self.not_followed(words)
        elif rest:
            self.not_followed(words)

    def module(self, rest: list[str | None], words: list[str | None]) -> None:
        module, arguments = (rest[0] or "", rest[1:]) if rest else ("", [])
        if module in ("venv", "virtualenv"):
            self.makes_environment(arguments)
        elif module == "pip":
            self.pip(arguments, self.prefix(words[0]))
        elif module == "spacy":
            self.stage.installs.append(Install("/usr/local", (), (), "python -m spacy download installs a model", self.place))
        elif module in managers.PROGRAMS:
            self.managed(module, arguments, self.prefix(words[0]) or "/usr/local")
        elif module == "piptools" and arguments:
            self.managed(f"pip-{arguments[0]}", arguments[1:])
        elif module in installers.OPAQUE:
            self.opaque(module, arguments)
        elif module == "playwright":
            self.system_packages(module, arguments)
        elif module not in ("compileall", "ensurepip", "site", "nltk.downloader"):
            self.not_followed(words)

    def shell(self, program: str, arguments: list[str | None]) -> None:
        rest, inline = list(arguments), False
        while rest and rest[0] and rest[0][0] in "-+":
            option = rest.pop(0)
            inline = inline or has_letter(option, "c")
            if has_letter(option, "o") or option == "+o":
                rest = rest[1:]
        if inline and rest and rest[0] is not None and self.depth <= _DEEPEST:
            inner = _Runner(self.stage, self.tree, self.place)
            inner.folder, inner.variables, inner.lost = self.folder, dict(self.variables), self.lost
            inner.environment, inner.within_optional = self.environment, self.optional
            inner.depth, inner.started, inner.user = self.depth + 1, self.started, self.user
            inner.errexit = self.inherits_errexit(arguments[: len(arguments) - len(rest)])
            inner.reader = Shell(program, self.kind(program), False)
            inner.script(rest[0])
            self.problems.extend(inner.problems if self.fatal else ())
            self.unknowns.extend(inner.unknowns)
            return
        named = rest[0] if rest and not inline else None
        if named:
            missing = f"sh: 0: cannot open {named}: No such file"
            self.own_script(named, missing if program != "bash" else f"bash: {named}: No such file or directory")
        if named:
            self.script_of_repository([program, *arguments], named, arguments[: len(arguments) - len(rest)])
        else:
            self.not_followed([program, *arguments])

    def not_executable(self, word: str) -> None:
        """Note a script that is there and may not be executed."""
        path = self.path(word)
        found = self.stage.files.find(path)
        if not self.fatal or found is None or found.tree is None or found.kind != "file":
            return
        if self.tree.executable(found.tree) or self.stage.may_execute(path):
            return
        if any(f"{path}/".startswith(f"{top.rstrip('/')}/") for top in self.stage.files.copied()):
            return  # it may have got the bit where it was copied from
        reason = f"{found.tree} has no executable bit in git, and the build starts it as a program."
        message = f"{self.spoken} {word}: Permission denied"
        missing = MissingFile(path, None)
        self.problems.append(Problem("script-not-executable", message, reason, missing, self.stage.followed))

    def script_of_repository(
        self, words: list[str | None], named: str | None = None, options: list[str | None] | None = None
    ) -> None:
        """Follow a shell script that was copied from the repository; `options` are those of the shell that is given it."""
        found = self.stage.files.find(self.path(named or words[0] or ""))
        text = self.script_text(found.tree) if found and found.kind == "file" and found.tree is not None else None
        if text is None or self.depth > _DEEPEST or len(self.started) > _MOST_SCRIPTS:
            self.not_followed(words)
            return
        self.started.append(words[0] or "")
        inner = _Runner(self.stage, self.tree, self.place)
        inner.folder, inner.variables, inner.lost, inner.depth = self.folder, dict(self.variables), self.lost, self.depth + 1
        inner.environment, inner.within_optional = self.environment, self.optional
        inner.variables.update(self.passed)
        inner.started, inner.user = self.started, self.user
        first = text.partition("\n")[0]
        shebang = first.split()[1:] if first.startswith("#!") else []
        inner.errexit = self.inherits_errexit(shebang if options is None else options)
        inner.reader = Shell(named or words[0] or "", self.kind(first if options is None else words[0] or ""), True)
        inner.script(text)
        self.problems.extend(inner.problems if self.fatal else ())
        self.unknowns.extend(inner.unknowns)

    def inherits_errexit(self, options: Sequence[str | None]) -> bool:
        """Say whether a shell that is started with these options stops at the first command that fails."""
        return any(has_letter(option, "e") for option in options) or "errexit" in options

    def script_text(self, path: str) -> str | None:
        """Return a shell script's text; None for what another program reads."""
        try:
            text = self.tree.text(path)
        except Unreadable:
            return None
        shebang = SHEBANG.match(text)
        return text if shebang is None or posixpath.basename(shebang["program"]) in SHELLS else None

    def managed(self, program: str, arguments: list[str | None], within: str | None = None) -> None:
        """Follow a package manager; `within` is the environment whose Python runs it as a module."""
        from bot.engine.image import run_managers  # not every image has such a command
        from bot.engine.image.managers.call import Call

        place, active = self.place, self.environment or (within if program == "uv" and arguments[:1] == ["pip"] else None)
        call = Call(self.stage, self.tree, tuple(arguments), self.folder, place, active, self.seen)
        outcome = run_managers.take(self.stage, call, program, self.output, self.fatal, self.user)
        self.problems.extend(outcome.problems if self.fatal else ())
        if outcome.pip:
            words, prefix = outcome.pip
            self.pip(["install", *words], prefix, "uv" if program == "uv" else "pip")
        if outcome.unknown:
            self.unknowns.append(Unknown(f"RUN {outcome.unknown}", place))
        for install in outcome.installs:
            if install.opaque and not install.requirements and "taken to be" not in install.opaque:
                self.unknowns.append(Unknown(f"RUN {program}: {install.opaque}", place))
        if program == "pipx" and outcome.started and outcome.started[0] in managers.PROGRAMS:
            self.managed(outcome.started[0] or "", outcome.started[1:])

    def seen(self, name: str) -> str | None:
        """Return a variable as a command sees it: its own assignments go before the script's."""
        return self.passed[name] if name in self.passed else self.variable(name)

    def opaque(self, program: str, arguments: list[str | None]) -> None:
        install = installers.opaque(self.stage, program, arguments, self.folder, self.place)
        if install:
            self.stage.installs.append(install)
            self.unknowns.append(Unknown(f"RUN {install.opaque}", self.place))


def _end_of_pipe(commands: tuple[shell.Command, ...], index: int) -> int:
    """Return the last command of the pipe that a command stands in."""
    while commands[index].then in ("|", "|&") and index + 1 < len(commands):
        index += 1
    return index


def _errexit(words: list[str | None], before: bool) -> bool:
    """Return whether a failing command ends the script after a `set`."""
    if "errexit" in words:
        return "-o" in words
    return (before and "+e" not in words) or any(has_letter(word, "e") for word in words[1:])


def _fails(words: list[str | None]) -> bool:
    """Say whether an `exit` makes what it ends fail."""
    return len(words) > 1 and (words[1] or "").isdecimal() and words[1] not in ("0", "00")


def _partitioned(word: str | None) -> tuple[str, str, str]:
    """Split `NAME=value`; without a name where a word is nothing of the kind."""
    return (word or "").partition("=") if re.match(r"[A-Za-z_]\w*=", word or "") else ("", "", "")


def _unwrapped(words: list[str | None]) -> list[str | None]:
    """Return a command without the programs that only start it."""
    while words and words[0] in _WRAPPERS:
        program, words = words[0] or "", words[1:]
        if program == "command" and words and words[0] in ("-v", "-V"):  # it only asks
            return []
        while words and words[0] and words[0].startswith("-"):
            words = words[2:] if words[0] in _WRAPPERS[program] else words[1:]
        if program == "env":
            while words and words[0] and re.match(r"[A-Za-z_]\w*=", words[0]):
                words = words[1:]
        elif program == "timeout":
            words = words[1:]
    return words
