"""From a command line to the programs it runs: wrappers, shells, entry scripts, and the launchers behind them.

Fly executes argv directly: no shell reads it (superfly/init-snapshot `src/bin/init/main.rs`), so `cd … &&`, `NAME=value`
and `$PORT` are only understood where a shell is started. A missing program is `failed to spawn command`.
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal, NamedTuple

from bot.engine.boot.launchers import LAUNCHERS, MODULES, Start
from bot.engine.boot.program import Listen, Module, Program, Resolution, Script
from bot.engine.image.stage import Command, Image
from bot.engine.model import shell
from bot.engine.model.findings import Detail, Fault, MissingFile, Place, Stage, Unknown
from bot.engine.model.target import Origin, Process
from bot.engine.model.tree import Tree, Unreadable

_SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_BUILTINS = frozenset("cd export source . set ulimit eval alias unset trap umask exec".split())
_WRAPPERS = {  # program: the options that take a value, and how many words come before the command
    "env": ("-u -C -S", 0),
    "exec": ("", 0),
    "nohup": ("", 0),
    "tini": ("-p -e", 0),
    "dumb-init": ("-r --rewrite", 0),
    "gosu": ("", 1),
    "su-exec": ("", 1),
    "setpriv": ("--reuid --regid --groups", 0),
    "runuser": ("-u -g", 0),
    "nice": ("-n", 0),
    "time": ("", 0),
    "stdbuf": ("-o -e -i", 0),
    "catatonit": ("", 0),
    "ddtrace-run": ("", 0),
    "opentelemetry-instrument": ("--traces_exporter --metrics_exporter --service_name", 0),
    "sentry-run": ("", 0),
    "xvfb-run": ("-s -n -e -f -w", 0),
    "timeout": ("-k -s", 1),
}
_RUNNERS = {  # program: (its verb, options with a value)
    "poetry": ("run", "-C --directory -P --project"),
    "pipenv": ("run", ""),
    "pdm": ("run", "-p"),
    "uv": (
        "run",
        "--with --python -p --directory --project --package --extra --group --env-file --index-url --no-group",
    ),
    "rye": ("run", ""),
    "hatch": ("run", "-e"),
    "doppler": ("run", "-p -c --project --config --token"),
    "newrelic-admin": ("run-program", ""),
    "infisical": ("run", "--env --path --projectId --token"),
    "dotenv": ("run", "-f --file"),
    "op": ("run", "--env-file"),
}


class _Where(NamedTuple):
    """The surroundings of a command: they change with `cd`, assignments and `$@`."""

    folder: str
    env: dict[str, str | None]
    origin: Origin
    fatal: bool
    in_shell: bool
    arguments: tuple[str, ...]  # "$@" of a script


def command_line(image: Image, process: Process) -> tuple[tuple[str, ...], Origin | None]:
    """Return the argv that the platform executes: ENTRYPOINT, then the process's command or else CMD."""
    entry = image.entrypoint.argv if image.entrypoint else ()
    exec_beats_all = bool(process.origin and process.origin.key == ("experimental", "exec"))
    if process.argv is not None:
        return ((() if exec_beats_all else entry) + process.argv), process.origin
    if image.entrypoint and _is_shell_form(image.entrypoint):
        return entry, _origin("ENTRYPOINT", image.entrypoint)
    command = image.command
    if command is None or (command.instruction < 0 and entry):
        return entry, _origin("ENTRYPOINT", image.entrypoint) if image.entrypoint else None
    return entry + command.argv, _origin("CMD", command)


def _is_shell_form(command: Command) -> bool:
    return command.argv[:2] == ("/bin/sh", "-c") and len(command.argv) == 3


def _origin(kind: Literal["CMD", "ENTRYPOINT"], command: Command) -> Origin:
    return Origin(kind, command.place, (), command.instruction)


def resolve(
    tree: Tree,
    image: Image,
    argv: tuple[str, ...],
    env: dict[str, str | None],
    origin: Origin,
    process: str,
    stage: Stage,
) -> Resolution:
    """Follow a command line to its programs. `env` is the machine's environment: the image's, the platform's, secrets."""
    resolver = _Resolver(tree, image, process, stage)
    resolver.command(argv, _Where(image.workdir, dict(env), origin, True, False, ()))
    return Resolution(tuple(resolver.programs), tuple(resolver.faults), tuple(resolver.unknowns))


class _Resolver:
    def __init__(self, tree: Tree, image: Image, process: str, stage: Stage) -> None:
        self.tree = tree
        self.image = image
        self.process = process
        self.stage: Stage = stage
        self.programs: list[Program] = []
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.depth = 0

    # --- notes

    def fault(self, code: str, message: str, reason: str, where: _Where, detail: Detail = None, certain: bool = True) -> None:
        if not where.fatal:
            self.unknowns.append(Unknown(f"{message}: it may not matter", where.origin.place))
            return
        confidence: Literal["certain", "likely"] = "certain" if certain and self.image.base.known else "likely"
        place = where.origin.place
        self.faults.append(Fault(code, self.stage, 0, self.process, confidence, message, reason, place, (), detail))

    def not_followed(self, what: str, where: _Where) -> None:
        self.unknowns.append(Unknown(what, where.origin.place))

    # --- commands

    def command(self, argv: tuple[str, ...], where: _Where) -> None:
        """Follow one command: strip wrappers, open shells and scripts, end at a launcher."""
        self.depth += 1
        if self.depth > 20:
            self.not_followed("a command that starts itself", where)
            return
        argv, where = self.unwrapped(argv, where)
        if not argv:
            return
        program = posixpath.basename(argv[0])
        if not where.in_shell and self.needs_shell(argv, where):
            return
        if program in _SHELLS:
            self.in_shell(argv, where)
        elif program in ("python", "python3") or re.fullmatch(r"python3\.\d+", program):
            self.python(argv, where)
        elif program in LAUNCHERS:
            self.launch(program, argv[1:], argv, where)
        elif program in (
            "alembic",
            "django-admin",
            "true",
            "sleep",
            "echo",
            "mkdir",
            "chown",
            "chmod",
            "rm",
            "ls",
            "cat",
        ):
            self.programs.append(Program(program, argv, where.folder, where.env, (), None, None, where.origin, where.fatal))
        elif argv[0].startswith(("/", "./", "../")) or "/" in argv[0] or argv[0].endswith((".sh", ".py")):
            self.file(argv, where)
        else:
            self.not_followed(f"{program} is not followed", where)

    def unwrapped(self, argv: tuple[str, ...], where: _Where) -> tuple[tuple[str, ...], _Where]:
        """Strip what only starts the command behind it."""
        while argv:
            program = posixpath.basename(argv[0])
            if program in _WRAPPERS:
                values, skipped = _WRAPPERS[program]
                rest = _behind_options(argv[1:], values.split())[skipped:]
                if program == "env":
                    rest, where = _assigned(rest, where)
                argv = rest
            elif program in _RUNNERS and _RUNNERS[program][0] in argv[1:]:
                verb, values = _RUNNERS[program]
                argv = _behind_options(argv[argv.index(verb) + 1 :], values.split())
            else:
                break
        return argv, where

    def needs_shell(self, argv: tuple[str, ...], where: _Where) -> bool:
        """Report a line that only a shell understands and that nobody hands to one."""
        first = argv[0]
        assignment = re.match(r"[A-Za-z_]\w*=", first)
        if first in _BUILTINS or assignment:
            what = "sets a variable" if assignment else f"is the shell's own `{first}`"
            reason = f"No shell reads this command: its first word {what}, and there is no such program."
            line = " ".join(argv)
            self.fault(
                "needs-shell",
                f"ERROR Error: failed to spawn command: {line}: No such file or directory (os error 2)",
                reason,
                where,
            )
            return True
        operators = [word for word in argv if word in ("&&", "||", "|", ";", ">", ">>", "2>&1", "&")]
        if operators:
            program = posixpath.basename(first)
            extra = " ".join(argv[argv.index(operators[0]) :])
            reason = f"No shell reads this command: `{operators[0]}` and what follows are plain arguments of {program}."
            self.fault("needs-shell", f"unexpected extra arguments ({extra})", reason, where, certain=False)
            return True
        return False

    def launch(self, name: str, arguments: tuple[str, ...], argv: tuple[str, ...], where: _Where) -> None:
        start = LAUNCHERS[name](arguments, where.folder, where.env, self.image.files)
        if start.problem:
            self.gives_up(name, start.problem, argv, where)
        if start.unknown:
            self.not_followed(start.unknown, where)
        self.add(name, start, argv, where)

    def gives_up(self, name: str, problem: str, argv: tuple[str, ...], where: _Where) -> None:
        """Report a launcher that refuses its arguments: a literal `$PORT` needs a shell, else it is the launcher's usage."""
        if "$" in problem and not where.in_shell:
            reason = f"No shell reads this command, so {name} gets the text `$…` itself."
            self.fault("needs-shell", problem, reason, where)
        elif "''" in problem or "not a valid" in problem:
            reason = "A variable in the command is empty: it is set neither in the image nor in the config."
            self.fault("launcher-usage", problem, reason, where, certain=False)
        else:
            detail = None
            if "not exist" in problem or "Could not find" in problem:
                detail = MissingFile(where.folder, None)
            self.fault("launcher-usage", problem, f"{name} refuses the arguments `{' '.join(argv[1:])}`.", where, detail)

    def add(self, name: str, start: Start, argv: tuple[str, ...], where: _Where) -> None:
        program = Program(
            name, argv, where.folder, where.env, start.front, start.entry, start.listen, where.origin, where.fatal
        )
        self.programs.append(program)

    # --- python

    def python(self, argv: tuple[str, ...], where: _Where) -> None:
        rest = list(argv[1:])
        safe = bool(where.env.get("PYTHONSAFEPATH"))
        while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c", "-"):
            option = rest.pop(0)
            safe = safe or option in ("-P", "-I")
            if option in ("-W", "-X") and rest:
                rest.pop(0)
        if not rest or rest[0] in ("-c", "-"):
            self.not_followed("python code on the command line", where)
        elif rest[0] == "-m":
            self.module(tuple(rest[1:]), argv, where, safe)
        else:
            self.script(rest[0], argv, where, safe)

    def module(self, rest: tuple[str, ...], argv: tuple[str, ...], where: _Where, safe: bool) -> None:
        if not rest:
            return
        name = MODULES.get(rest[0], rest[0])
        front = () if safe else (where.folder,)
        if name in LAUNCHERS:
            self.launch(name, rest[1:], argv, where)
            last = self.programs[-1]
            self.programs[-1] = last._replace(front=tuple(dict.fromkeys((*last.front, *front))))
        elif name in ("alembic", "http.server", "django", "pip"):
            self.programs.append(Program(name, argv, where.folder, where.env, front, None, None, where.origin, where.fatal))
        else:
            self.add("python", Start(Module(name, None, False, True, rest[0]), front, None), argv, where)

    def script(self, written: str, argv: tuple[str, ...], where: _Where, safe: bool) -> None:
        path = posixpath.normpath(posixpath.join(where.folder, written))
        found = self.image.files.find(path)
        if found and found.kind == "folder":
            inner = posixpath.join(path, "__main__.py")
            found, path = self.image.files.find(inner), inner
        if not found:
            self.missing_file(path, f"python: can't open file '{path}': [Errno 2] No such file or directory", where)
        front = () if safe else (posixpath.dirname(path),)
        listen = _runserver(argv[argv.index(written) + 1 :]) if posixpath.basename(path) == "manage.py" else None
        self.add("python", Start(Script(path, written) if found else None, front, listen), argv, where)

    def missing_file(self, path: str, message: str, where: _Where) -> None:
        files = self.image.files
        if files.assumed(path):
            return
        hidden, ignored = files.hidden(path), files.ignored(path)
        reason = f"The image has no {path}."
        if ignored:
            reason = f"The image has no {path}: {ignored} keeps it out of the build context."
        elif hidden:
            reason = f"git ignores {hidden}: a deploy from a clone does not have it."
        self.fault("script-missing", message, reason, where, MissingFile(path, None), not files.tainted(path) and not hidden)

    # --- shells

    def in_shell(self, argv: tuple[str, ...], where: _Where) -> None:
        rest = list(argv[1:])
        while rest and rest[0].startswith(("-", "+")):
            option = rest.pop(0)
            if "c" in option and not option.startswith("--") and rest:
                self.run_script(shell.parse(rest[0]), where._replace(arguments=tuple(rest[2:]), in_shell=True), "e" in option)
                return
            if option in ("-o", "+o") and rest:
                rest.pop(0)
        if rest:
            self.file(tuple(rest), where, run_by=posixpath.basename(argv[0]))

    def file(self, argv: tuple[str, ...], where: _Where, run_by: str | None = None) -> None:
        """Follow a script of the image; a program of the base image is not followed."""
        path = posixpath.normpath(posixpath.join(where.folder, argv[0]))
        found = self.image.files.find(path)
        if found is None or found.kind == "folder":
            self.missing_script(path, argv, where, run_by)
            return
        text = self.text(found.tree)
        if text is None:
            self.not_followed(f"{argv[0]} is not followed", where)
            return
        first = text.split("\n", 1)[0]
        if run_by is None and first.startswith("#!") and first.endswith("\r"):
            reason = "The script's first line ends with a carriage return, which becomes part of the interpreter's name."
            message = f"ERROR Error: failed to spawn command: {argv[0]}: No such file or directory (os error 2)"
            self.fault("script-line-endings", message, reason, where, MissingFile(path, None))
        origin = Origin("script", Place(found.tree or "", 1))
        inner = where._replace(origin=origin, arguments=argv[1:], in_shell=True)
        if "python" in first or (not first.startswith("#!") and path.endswith(".py")):
            self.add("python", Start(Script(path, argv[0]), (posixpath.dirname(path),), None), argv, where)
        elif run_by or "sh" in first:
            self.run_script(shell.parse(text), inner, "-e" in first)
        else:
            self.not_followed(f"{argv[0]} is not followed", where)

    def missing_script(self, path: str, argv: tuple[str, ...], where: _Where, run_by: str | None) -> None:
        name = posixpath.basename(path)
        if run_by is None and argv[0].startswith("/") and not self.image.files.find(posixpath.dirname(path)):
            if name in LAUNCHERS or name.startswith("python"):  # a virtual environment's own copy
                self.command((name, *argv[1:]), where._replace(in_shell=True))
            else:
                self.not_followed(f"{argv[0]} belongs to the base image", where)
        elif run_by is None and re.search(r"/bin/[\w.-]+$", path):
            self.command((name, *argv[1:]), where._replace(in_shell=True))
        elif run_by:
            self.missing_file(path, f"{run_by}: 0: cannot open {argv[0]}: No such file", where)
        else:
            line = " ".join(argv)
            self.missing_file(
                path, f"ERROR Error: failed to spawn command: {line}: No such file or directory (os error 2)", where
            )

    def text(self, path: str | None) -> str | None:
        if path is None:
            return None
        try:
            return self.tree.text(path)
        except Unreadable:
            return None

    def run_script(self, script: shell.Script, where: _Where, errexit: bool) -> None:
        if script.unknown:
            self.not_followed(f"{script.unknown} in a script", where)
        last = max((index for index, command in enumerate(script.commands) if command.words), default=-1)
        for index, command in enumerate(script.commands):
            known = len(self.programs)
            where = self.shell_command(command, where, errexit, last=index == last)
            if any(program.listen for program in self.programs[known:]) and command.then != "&" and not command.optional:
                return  # a server in the foreground: nothing behind it is reached
            if command.words and command.words[0].literal == "set":
                flags = [word.literal or "" for word in command.words[1:]]
                errexit = errexit or any(flag.startswith("-") and "e" in flag for flag in flags)

    def shell_command(self, command: shell.Command, where: _Where, errexit: bool, last: bool) -> _Where:
        """Follow one simple command of a script; return the surroundings of the next."""

        def variable(name: str) -> str | None:
            return where.env.get(name, "")

        assigned = {name: shell.expand(word, variable) for name, word in command.assignments}
        if not command.words:
            return where._replace(env={**where.env, **assigned})
        words: list[str | None] = []
        for word in command.words:
            if word.pieces and word.pieces[0].kind == "variable" and word.pieces[0].text in ("@", "*"):
                words.extend(where.arguments)
            elif (text := shell.expand(word, variable)) != "" or word.quoted:
                words.append(text)
        fatal = where.fatal and not command.optional and command.then != "||" and (last or errexit or command.then == "&&")
        here = where._replace(env={**where.env, **assigned}, fatal=fatal, in_shell=True)
        if not words or words[0] is None:
            return where
        return self.builtin(command, words, where, here, assigned)

    def builtin(
        self,
        command: shell.Command,
        words: list[str | None],
        where: _Where,
        here: _Where,
        assigned: dict[str, str | None],
    ) -> _Where:
        first = words[0]
        if first == "cd":
            return where._replace(folder=self.changed(words[1] if len(words) > 1 else "/root", here))
        if first == "export":
            pairs = [word.partition("=") for word in words[1:] if word and "=" in word]
            return where._replace(env={**where.env, **{name: value for name, _, value in pairs}})
        if first in (".", "source"):
            self.not_followed(f"{first} {words[1] if len(words) > 1 else ''} is not followed", here)
            return where
        if first in ("exit", "return", "set", "trap", "wait", "shift", "ulimit", "umask", "[", "[[", "test", "read"):
            return where
        if None in words:
            self.not_followed(f"{' '.join(word or '…' for word in words)}: a part of it is made at run time", here)
            if posixpath.basename(first or "") not in LAUNCHERS:
                return where
        if command.optional and not any(posixpath.basename(word or "") in LAUNCHERS for word in words):
            return where
        self.command(tuple(word if word is not None else "…" for word in words), here)
        return where

    def changed(self, target: str | None, where: _Where) -> str:
        if target is None:
            return where.folder
        path = posixpath.normpath(posixpath.join(where.folder, target))
        files = self.image.files
        if not files.find(path) and not files.assumed(path) and path not in ("/root", "/tmp", "/"):
            reason = f"The image has no folder {path}."
            certain = files.tainted(path) is None
            self.fault(
                "folder-missing",
                f"/bin/sh: 1: cd: can't cd to {target}",
                reason,
                where,
                MissingFile(path, None),
                certain,
            )
        return path


def _runserver(arguments: tuple[str, ...]) -> Listen | None:
    """Return where `manage.py runserver [host:]port` listens: 127.0.0.1:8000 unless it is told."""
    if arguments[:1] != ("runserver",):
        return None
    address = next((word for word in arguments[1:] if not word.startswith("-")), "8000")
    host, colon, port = address.rpartition(":")
    return Listen(host if colon else "127.0.0.1", int(port) if port.isdigit() else None)


def _behind_options(words: tuple[str, ...], with_value: list[str]) -> tuple[str, ...]:
    """Return what follows the options (and a `--`) at the front."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return words[at + 1 :]
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _assigned(words: tuple[str, ...], where: _Where) -> tuple[tuple[str, ...], _Where]:
    env = dict(where.env)
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        name, _, value = words[0].partition("=")
        env[name] = value
        words = words[1:]
    return words, where._replace(env=env)
