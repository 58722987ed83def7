"""Shell text, followed command by command: folders, variables, branches, and which command the process hangs on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from bot.engine.boot.absent import absent
from bot.engine.boot.launchers import LAUNCHERS, UNTOLD
from bot.engine.boot.surroundings import Course, Where
from bot.engine.image import complaints
from bot.engine.image.access import Access
from bot.engine.image.installers import OPAQUE
from bot.engine.image.managers import PROGRAMS
from bot.engine.image.run_files import FETCHERS
from bot.engine.image.run_rights import MESSAGES
from bot.engine.model import shell
from bot.engine.model.findings import Denied, MissingFile, MissingProgram

_SPECIAL = ("#", "?", "$", "!", "-", "0", "HOSTNAME", "PWD", "RANDOM")  # variables that only the running shell knows
_TESTS = ("[", "[[", "test", "command", "which", "type", "grep", "hash")  # what follows such a one after && runs or not
_WAITING = re.compile(r"(?:^|[\s;])(?:until|while\s+!)\s+\Z")  # what stands before the command that a loop waits for
_BRINGING_GIT = frozenset("clone pull fetch checkout reset submodule lfs".split())
_BRINGING = (FETCHERS - {"git"}) | frozenset("cp mv ln install wget".split())


class ShellText:
    """Follows the text of a script; `follow` is given each program that it starts."""

    def __init__(self, course: Course, follow: Callable[[tuple[str, ...], Where], object]) -> None:
        self.course = course
        self.follow = follow
        self.text = ""  # of the script at hand

    def run(self, text: str, where: Where, errexit: bool) -> None:
        """Follow a script's commands in order, to the one that takes its place or that it waits for."""
        script = shell.parse(text)
        if script.unknown:
            self.course.not_followed(f"{script.unknown} in a script", where)
        commands = script.commands
        self.course.functions.update(shell.defined(text))
        inner: Where | None = None  # the surroundings in a branch, a loop or a subshell
        aside = doubtful = False  # whether that is a subshell; whether the list of commands may not come to this one
        for index, command in enumerate(commands):
            self.text = text
            previous = commands[index - 1] if index else None
            where = _at_line(where, text, command)
            tested = previous is not None and _first(previous) in _TESTS
            doubtful = command.joined == "||" or (command.joined == "&&" and (doubtful or tested))
            if command.optional or doubtful:
                if _WAITING.search(text, 0, command.start) and not (previous and previous.optional):
                    self._waits(command, where)
                inner = self._shell_command(command, inner or where, False)
                aside = aside or text[: command.start].rstrip().endswith("(")
                where = where._replace(env=_with_default(where.env, inner.env, previous))
                continue
            if inner:
                where = self._behind(where, inner._replace(folder=where.folder) if aside else inner)
            inner, aside = None, False
            known = len(self.course.programs)
            takes_over = _first(command) == "exec" and len(command.words) > 1
            ends = takes_over or (where.shell is not None and where.shell.ends_with(_first(command)))
            fatal = where.fatal and (ends or _is_fatal(commands, index, errexit))
            may_fail = where.fatal
            where = self._shell_command(command, where, fatal)
            served = command.then not in ("&", "|") and any(program.listen for program in self.course.programs[known:])
            if served and may_fail:  # a server in the foreground: nothing behind it is reached
                self.course.programs[-1] = self.course.programs[-1]._replace(fatal=True)
            if served or takes_over or _first(command) == "exit":
                return
            if _first(command) == "set":
                errexit = _errexit(command, errexit)

    def _waits(self, command: shell.Command, where: Where) -> None:
        """Note what a loop waits for with a program that is not there: it has no end."""
        words = tuple(word.literal or UNTOLD for word in command.words)
        found = absent(self.course, words, where._replace(in_shell=True)) if words else None
        if found:
            reason = f"{found.reason} The loop that waits for it never ends."
            self.course.fault("command-not-found", found.message, reason, where, found.missing, False)

    def _behind(self, where: Where, inner: Where) -> Where:
        """Return the surroundings behind a branch that may have run: what it changed is not known."""
        env = {**where.env, **{name: None for name, value in inner.env.items() if where.env.get(name, "") != value}}
        loose = where.loose
        if inner.folder != where.folder:
            loose = "a branch of the script may change the folder"
        elif inner.loose:
            loose = inner.loose
        return where._replace(env=env, loose=loose)

    def _shell_command(self, command: shell.Command, where: Where, fatal: bool) -> Where:
        """Follow one simple command of a script; return the surroundings of the next."""
        unset: list[str] = []

        def variable(name: str) -> str | None:
            if name.isdigit() and name != "0":
                at = int(name) - 1
                return where.arguments[at] if at < len(where.arguments) else ""
            if name in "@*":
                return " ".join(where.arguments)
            if name in _SPECIAL or (name == "HOME" and name not in where.env):
                return {"#": str(len(where.arguments)), "PWD": where.folder}.get(name)
            if name not in where.env:
                unset.append(name)
            return where.env.get(name, "")

        assigned = {name: shell.expand(word, variable) for name, word in command.assignments}
        if not command.words:
            return where._replace(env={**where.env, **assigned})
        words: list[str | None] = []
        hanging: set[str] = set()
        for word in command.words:
            unset.clear()
            if word.pieces and word.pieces[0].kind == "variable" and word.pieces[0].text in ("@", "*"):
                words.extend(where.arguments)
            elif (text := shell.expand(word, variable)) != "" or word.quoted:
                words.append(text)
            if unset:
                hanging.add(text or "")
        here = where._replace(env={**where.env, **assigned}, fatal=fatal, in_shell=True)
        here = here._replace(unset=frozenset(hanging), beside=where.beside or command.then == "&")
        if not words or words[0] is None:
            if words:
                self.course.not_followed("a command whose program is named at run time is not followed", here)
            return where
        return self._builtin(command, words, where, here)

    def _builtin(
        self,
        command: shell.Command,
        words: list[str | None],
        where: Where,
        here: Where,
    ) -> Where:
        first = words[0]
        if first == "cd":
            return self._changed(words[1] if len(words) > 1 else "/root", where, here)
        if first == "export":
            return self._exported(command, words, where)
        if first == "set" and "--" in words and None not in words:
            return where._replace(arguments=tuple(word or "" for word in words[words.index("--") + 1 :]))
        if first == "shift":
            return where._replace(arguments=where.arguments[1:])
        if first in (".", "source"):
            return self._sourced(first, words[1] if len(words) > 1 else None, where, here)
        if first == "read":
            return where._replace(
                env={**where.env, **dict.fromkeys(word for word in words[1:] if word and word.isidentifier())}
            )
        if first in ("exit", "return", "set", "trap", "wait", "ulimit", "umask", "[", "[[", "test"):
            return where
        self._denied(command, words, here)
        where = self._made(command, words, where)
        if None in words:
            self.course.not_followed(f"{' '.join(word or UNTOLD for word in words)}: a part of it is made at run time", here)
            if posixpath.basename(first or "") not in LAUNCHERS:
                return where
        if command.optional and not any(posixpath.basename(word or "") in LAUNCHERS for word in words):
            return where
        self.follow(tuple(word if word is not None else UNTOLD for word in words), here)
        return where

    def _sourced(self, command: str, script: str | None, where: Where, here: Where) -> Where:
        """Follow `.` and `source`: of scripts, what `activate` does is known."""
        unknown = command == "source" and self._is_dash(here) and command not in self.course.functions
        prefix = complaints.environment(where.folder, script) if script else None
        unmade = prefix is not None and script is not None and self._unmade(prefix, script, where)
        if unknown and here.shell:
            reason = "`source` is a command of bash, and sh is dash in images of Debian: that knows `.` alone."
            path = posixpath.normpath(posixpath.join(where.folder, script or ""))
            detail = MissingFile(path, None) if unmade else MissingProgram(command, None, None)
            self.course.fault("needs-bash", here.shell.says(command, execs=False), reason, here, detail)
            if not here.fatal:
                return where
        if script is None or posixpath.basename(script) != "activate":
            self.course.not_followed(f"{command} {script or ''} is not followed", here)
            return where._replace(loose=f"`{command} {script or UNTOLD}` may set variables")
        if unmade:
            if here.shell and prefix and not unknown:
                self.course.no_environment(prefix, script, here.shell.no_script(command, script), here)
            return where
        return self._activated(posixpath.dirname(posixpath.dirname(posixpath.join(where.folder, script))), where)

    def _is_dash(self, where: Where) -> bool:
        """Say whether dash reads the command for certain: `sh` of another system may be bash."""
        image = self.course.image
        return where.shell is not None and where.shell.kind == "dash" and bool(image.base.system or not image.dockerfile)

    def _unmade(self, prefix: str, script: str, where: Where) -> bool:
        """Say whether nothing made an environment, as far as the command line was followed."""
        path = posixpath.normpath(posixpath.join(where.folder, script))
        return where.loose is None and self.course.unmade(prefix, path)

    def _activated(self, prefix: str, where: Where) -> Where:
        """Follow a virtual environment's `activate`: it puts the environment that it was made in first on PATH."""
        image, prefix = self.course.image, posixpath.normpath(prefix)
        made = next((each.made for each in image.installs if each.prefix == prefix and each.made), prefix)
        path = where.env.get("PATH")
        known = path is not None and prefix in image.environments
        env = {**where.env, "PATH": f"{made}/bin:{path}" if known else None, "VIRTUAL_ENV": made if known else None}
        return where._replace(env=env)

    def _exported(self, command: shell.Command, words: list[str | None], where: Where) -> Where:
        """Follow `export`: a value that can't be told belongs to a name that can, or else to any."""
        env, loose = dict(where.env), where.loose
        for word in words[1:]:
            name, equals, value = (word or "").partition("=")
            if equals:
                env[name] = value
        if None in words:
            heads = [word.pieces[0].text if word.pieces[0].kind == "text" else "" for word in command.words[1:] if word.pieces]
            untold = [head.partition("=")[0] for head in heads if "=" in head]
            env |= {name: None for name in untold if name not in env or env[name] == where.env.get(name)}
            loose = loose if len(untold) >= words.count(None) else "the script exports variables that are made at run time"
        return where._replace(env=env, loose=loose)

    def _denied(self, command: shell.Command, words: list[str | None], here: Where) -> None:
        """Note a file or a folder that a command may not make as its user, where the process ends with that."""
        image = self.course.image
        access = Access(image.files, image.users, here.user or image.user)
        if not here.fatal or command.optional or access.root or access.user is None:
            return
        program = posixpath.basename(words[0] or "")
        self.course.given |= {word for word in words if word} if program in ("chown", "chmod") else set()
        written_to = (word for word in command.redirects if not self.text[: word.start].rstrip().endswith("<"))
        says = [("…: cannot create {}: Permission denied", word.literal) for word in written_to]
        if program in ("mkdir", "touch"):
            says += [(MESSAGES[program], word) for word in words[1:] if word and not word.startswith("-")]
        for message, written in says:
            if not written or written.startswith("~"):
                continue
            path = posixpath.normpath(posixpath.join(here.folder, written))
            there = image.files.find(path)
            if path.startswith("/dev/") or (program == "mkdir" and there) or self.course.makes(path):
                continue
            answer = access.write(path)
            if answer.yes is False:
                reason = f"{answer.reason} The process runs as {access.name}."
                self.course.fault(
                    "write-denied", message.format(written), reason, here, Denied(program, path, access.name, None)
                )

    def _made(self, command: shell.Command, words: list[str | None], where: Where) -> Where:
        """Note the folders and files that a command makes; what is known to bring some that it does not name is a doubt."""
        program, rest = posixpath.basename(words[0] or ""), [word or UNTOLD for word in words[1:]]
        written = [word.literal for word in command.redirects]
        written += [word for word in rest if program in ("mkdir", "touch", "tee") and not word.startswith("-")]
        written += complaints.made(program, rest)
        self.course.made |= {posixpath.normpath(posixpath.join(where.folder, path)) for path in written if path}
        if program == "eval":
            return where._replace(loose="`eval` may set variables")
        if _brings_files(program, rest) or any((path or "").endswith(".py") for path in written):
            return where._replace(loose=where.loose or f"`{program}` may make files before")
        return where

    def _changed(self, target: str | None, where: Where, here: Where) -> Where:
        """Follow `cd`: where it fails and the script goes on, the folder stays."""
        if target is None or here.unset:
            return where._replace(loose="the script changes to a folder that is made at run time")
        path = posixpath.normpath(posixpath.join(where.folder, target))
        files = self.course.image.files
        there = files.find(path) or files.assumed(path) or self.course.makes(path)
        if not there and not complaints.BASE_FOLDERS.match(path):
            message = here.shell.no_folder(target) if here.shell else f"cd: can't cd to {target}"
            certain, reason = files.judged(path, f"The image has no folder {path}.")
            detail = MissingFile(path, None)
            self.course.fault("folder-missing", message, reason, here, detail, certain and self.course.has_top(path))
            if not here.fatal:
                return where
            self.course.assume(path, f"{target} is taken to be there")
        return where._replace(folder=path)


def _brings_files(program: str, words: list[str]) -> bool:
    """Say whether a command of a start script may bring modules, scripts or folders."""
    if program == "git":
        return not _BRINGING_GIT.isdisjoint(words)
    if program == "curl":
        return any(re.match(r"--output|--remote-name|-[A-Za-z]*[oO]", word) for word in words)
    if program.startswith("python") and words[:1] == ["-m"]:
        program, words = (words[1] if len(words) > 1 else ""), words[2:]
    verb = next((word for word in words if not word.startswith("-")), "")
    if program in ("pip", "pip3"):
        return verb == "install"
    if program in PROGRAMS:
        return verb in ("install", "sync", "add", "pip")
    return program in _BRINGING or (verb != "run" and verb in OPAQUE.get(program, ()))


def _at_line(where: Where, text: str, command: shell.Command) -> Where:
    """Return the surroundings with the line of a script that a command stands in."""
    if where.shell is None or not where.shell.script:
        return where
    return where._replace(shell=where.shell._replace(line=text.count("\n", 0, command.start) + 1))


def _first(command: shell.Command) -> str:
    return (command.words[0].literal or "") if command.words else ""


def _with_default(
    env: dict[str, str | None], inner: dict[str, str | None], tested: shell.Command | None
) -> dict[str, str | None]:
    """Return the environment behind `if [ -z "$NAME" ]; then NAME=value`, where that is how NAME gets its value."""
    words = tested.words if tested and _first(tested) in ("[", "[[", "test") else ()
    names = [word.pieces[0].text for word in words if word.pieces and word.pieces[0].kind == "variable"]
    if [word.literal for word in words[1:2]] != ["-z"] or len(names) != 1 or env.get(names[0], "") or names[0] not in inner:
        return env
    return {**env, names[0]: inner[names[0]]}


def _is_fatal(commands: tuple[shell.Command, ...], index: int, errexit: bool) -> bool:
    """Say whether a script ends with an error when one of its commands fails."""
    last = max((at for at, command in enumerate(commands) if command.words), default=-1)
    then = commands[index].then
    if then == "||":
        following = commands[index + 1] if index + 1 < len(commands) else None
        status = following.words[1].literal if following and len(following.words) > 1 else None
        return following is not None and _first(following) in ("exit", "return") and status != "0"
    if then in ("&", "|"):
        return False
    if index == last:
        return True
    if then == "&&":  # the rest of the list is skipped, and `set -e` passes that over
        return all(command.then == "&&" for command in commands[index:last])
    return errexit


def _errexit(command: shell.Command, before: bool) -> bool:
    words = [word.literal or "" for word in command.words[1:]]
    for flag, following in zip(words, [*words[1:], ""], strict=True):
        named = flag[1:2] == "o" and following == "errexit"
        if flag[:1] in ("-", "+") and not flag.startswith("--") and (named or "e" in flag):
            before = flag[0] == "-"
    return before
