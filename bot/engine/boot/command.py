"""From a command line to the programs it runs: wrappers, shells, entry scripts, and the launchers behind them.

Fly executes argv directly: no shell reads it (superfly/init-snapshot `src/bin/init/main.rs`), so `cd … &&`, `NAME=value`
and `$PORT` are only understood where a shell is started. A missing program is `failed to spawn command`.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import Literal, NamedTuple

from bot.engine.boot.launchers import LAUNCHERS, MODULES, UNTOLD, Start
from bot.engine.boot.program import Listen, Module, Program, Resolution, Script
from bot.engine.image.stage import Command, Image
from bot.engine.model import shell
from bot.engine.model.findings import Detail, Fault, MissingFile, Place, Stage, Unknown
from bot.engine.model.target import Origin, Process
from bot.engine.model.tree import Tree, Unreadable

_SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_SPECIAL = ("#", "?", "$", "!", "-", "0", "HOSTNAME", "PWD", "RANDOM")  # variables that only the running shell knows
_BUILTINS = frozenset("cd export source . set ulimit eval alias unset trap umask exec".split())
_SERVERS = frozenset("nginx caddy haproxy traefik envoy apachectl apache2ctl httpd service supervisord systemctl".split())
_TESTS = ("[", "[[", "test", "command", "which", "type", "grep", "hash")  # what follows such a one after && runs or not
_BASE_FOLDERS = re.compile(
    r"/(?:bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|tmp|usr|var)(?:/|$)|/(?:home|media|mnt|opt|root|srv)?$"
)
_ENTRY_OPTIONS = frozenset("--app-dir --chdir --pythonpath --app -A --workdir".split())  # what the entry point hangs on
_CHDIR_OPTIONS = ("--directory", "-C", "--working-directory")
_SETTINGS = re.compile(r"^\s*(?:chdir|pythonpath|wsgi_app|raw_env|import sys|from sys)\b", re.M)
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
    unset: frozenset[str] = frozenset()  # words of the command that hang on variables which nothing here sets
    loose: str | None = None  # why the folder may be another one
    beside: bool = False  # it goes on while the next command runs


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
    return Resolution(tuple(resolver.programs), tuple(resolver.faults), tuple(resolver.unknowns), resolver.others)


class _Resolver:
    def __init__(self, tree: Tree, image: Image, process: str, stage: Stage) -> None:
        self.tree = tree
        self.image = image
        self.process = process
        self.stage: Stage = stage
        self.programs: list[Program] = []
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.others = False
        self.depth = 0

    # --- notes

    def fault(self, code: str, message: str, reason: str, where: _Where, detail: Detail = None, certain: bool = True) -> None:
        if not where.fatal:
            self.unknowns.append(Unknown(f"{message}: it may not matter", where.origin.place))
            return
        sure = certain and self.image.base.known and not where.unset and where.loose is None
        confidence: Literal["certain", "likely"] = "certain" if sure else "likely"
        place = where.origin.place
        self.faults.append(Fault(code, self.stage, 0, self.process, confidence, message, reason, place, (), detail))

    def not_followed(self, what: str, where: _Where) -> None:
        self.others = self.others or where.beside
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
            self.not_followed(f"{program} is not followed", where._replace(beside=where.beside or program in _SERVERS))

    def unwrapped(self, argv: tuple[str, ...], where: _Where) -> tuple[tuple[str, ...], _Where]:
        """Strip what only starts the command behind it."""
        while argv:
            program = posixpath.basename(argv[0])
            if program == "exec" and not where.in_shell:
                break
            if program in _WRAPPERS:
                values, skipped = _WRAPPERS[program]
                rest = _behind_options(argv[1:], values.split())[skipped:]
                if program == "env":
                    rest, where = _assigned(rest, where)
                argv = rest
            elif program in _RUNNERS and _RUNNERS[program][0] in argv[1:]:
                verb, values = _RUNNERS[program]
                options, command = argv[1 : argv.index(verb)], argv[argv.index(verb) + 1 :]
                argv = _behind_options(command, values.split())
                options += command[: len(command) - len(argv)]
                folder = _value(options, _CHDIR_OPTIONS)
                if folder is not None and program == "uv":
                    where = where._replace(folder=posixpath.normpath(posixpath.join(where.folder, folder)))
                elif folder is not None:
                    where = where._replace(loose=f"{program} is told another folder")
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
        told = not any(UNTOLD in word for word in arguments)
        if start.problem and told:
            self.gives_up(name, start.problem, argv, where)
        if start.unknown:
            self.not_followed(start.unknown, where)
        if start.settings:
            self.not_followed(f"{name}'s settings in {start.settings} are not followed", where)
            found = self.image.files.find(posixpath.join(where.folder, start.settings))
            text = self.text(found.tree) if found else None
            if text is None or _SETTINGS.search(text):
                where = where._replace(loose=f"{start.settings} may change where {name} looks")
        if not told and start.entry and UNTOLD in start.entry.written:
            start = start._replace(entry=None)
        self.add(name, start, argv, where)

    def gives_up(self, name: str, problem: str, argv: tuple[str, ...], where: _Where) -> None:
        """Report a launcher that refuses its arguments: a literal `$PORT` needs a shell, else it is the launcher's usage."""
        if "$" in problem and not where.in_shell:
            reason = f"No shell reads this command, so {name} gets the text `$…` itself."
            self.fault("needs-shell", problem, reason, where)
        elif "''" in problem or "not a valid" in problem or "requires an argument" in problem:
            reason = "A variable in the command is empty: it is set neither in the image nor in the config."
            self.fault("launcher-usage", problem, reason, where, certain=False)
        else:
            detail = None
            if "not exist" in problem or "Could not find" in problem:
                detail = MissingFile(where.folder, None)
            self.fault("launcher-usage", problem, f"{name} refuses the arguments `{' '.join(argv[1:])}`.", where, detail)

    def add(self, name: str, start: Start, argv: tuple[str, ...], where: _Where) -> None:
        hangs_on = {start.entry.written} if start.entry else set()
        hangs_on |= {value for option, value in itertools.pairwise(argv) if option in _ENTRY_OPTIONS}
        loose = where.loose
        if hangs_on & where.unset or any(UNTOLD in word for word in hangs_on):
            loose = "a variable in the command is set neither in the image nor in the config"
        origin, fatal = where.origin, where.fatal
        self.programs.append(
            Program(name, argv, where.folder, where.env, start.front, start.entry, start.listen, origin, fatal, loose)
        )

    # --- python

    def python(self, argv: tuple[str, ...], where: _Where) -> None:
        rest = list(argv[1:])
        safe = bool(where.env.get("PYTHONSAFEPATH"))
        while rest and rest[0].startswith("-") and rest[0] != "-":
            option = rest.pop(0)
            letters = "" if option.startswith("--") else option[1:]
            taking = next((index for index, letter in enumerate(letters) if letter in "mcWX"), len(letters))
            flags, last, value = letters[:taking], letters[taking : taking + 1], letters[taking + 1 :]
            safe = safe or "P" in flags or "I" in flags
            if "E" in flags or "I" in flags:
                where = where._replace(env={name: text for name, text in where.env.items() if not name.startswith("PYTHON")})
            if last in ("m", "c"):
                rest = [f"-{last}", *([value] if value else []), *rest]
                break
            if last and not value and rest:
                rest.pop(0)
        if not rest or rest[0] in ("-c", "-"):
            self.not_followed("python code on the command line", where)
        elif rest[0] == "-m":
            self.module(tuple(rest[1:]), argv, where, safe)
        else:
            self.script(rest[0], tuple(rest[1:]), argv, where, safe)

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
        elif UNTOLD in name:
            self.not_followed("the name of a module is made at run time", where)
        else:
            self.add("python", Start(Module(name, None, False, True, rest[0]), front, None), argv, where)

    def script(self, written: str, rest: tuple[str, ...], argv: tuple[str, ...], where: _Where, safe: bool) -> None:
        path = posixpath.normpath(posixpath.join(where.folder, written))
        found = self.image.files.find(path)
        name = posixpath.basename(path)
        if not found and (UNTOLD in written or _is_program(path)):
            if name in LAUNCHERS:
                self.launch(name, rest, argv, where)
            else:
                self.not_followed(f"{written} is not followed", where)
            return
        if found and found.kind == "folder":
            inner = posixpath.join(path, "__main__.py")
            found, path = self.image.files.find(inner), inner
        if not found:
            self.missing_file(path, f"{argv[0]}: can't open file '{path}': [Errno 2] No such file or directory", where)
        front = () if safe else (posixpath.dirname(path),)
        listen = _runserver(rest) if name == "manage.py" else None
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
        sure = not files.tainted(path) and not hidden and self.has_top(path)
        self.fault("script-missing", message, reason, where, MissingFile(path, None), sure)

    def has_top(self, path: str) -> bool:
        """Say whether the image has the first folder of a path; a volume may be mounted where it has none."""
        first, _, rest = path[1:].partition("/")
        return not rest or self.image.files.find("/" + first) is not None

    # --- shells

    def in_shell(self, argv: tuple[str, ...], where: _Where) -> None:
        rest = list(argv[1:])
        while rest and rest[0].startswith(("-", "+")):
            option = rest.pop(0)
            if "c" in option and not option.startswith("--") and rest:
                self.run_script(rest[0], where._replace(arguments=tuple(rest[2:]), in_shell=True), "e" in option)
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
            self.fault(
                "script-line-endings", message, reason, where, MissingFile(path, None), not self.image.files.tainted(path)
            )
        origin = Origin("script", Place(found.tree or "", 1))
        inner = where._replace(origin=origin, arguments=argv[1:], in_shell=True)
        if "python" in first or (not first.startswith("#!") and path.endswith(".py")):
            self.add("python", Start(Script(path, argv[0]), (posixpath.dirname(path),), None), argv, where)
        elif run_by or "sh" in first:
            self.run_script(text, inner, re.search(r"\s-\w*e", first) is not None)
        else:
            self.not_followed(f"{argv[0]} is not followed", where)

    def missing_script(self, path: str, argv: tuple[str, ...], where: _Where, run_by: str | None) -> None:
        name = posixpath.basename(path)
        if run_by is None and argv[0].startswith("/") and not self.image.files.find(posixpath.dirname(path)):
            if name in LAUNCHERS or name.startswith("python"):  # a virtual environment's own copy
                self.command((name, *argv[1:]), where._replace(in_shell=True))
            else:
                self.not_followed(f"{argv[0]} belongs to the base image", where)
        elif run_by is None and _is_program(path):
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

    def run_script(self, text: str, where: _Where, errexit: bool) -> None:
        """Follow a script's commands in order, to the one that takes its place or that it waits for."""
        script = shell.parse(text)
        if script.unknown:
            self.not_followed(f"{script.unknown} in a script", where)
        commands = script.commands
        inner: _Where | None = None  # the surroundings in a branch, a loop or a subshell
        aside = doubtful = False  # whether that is a subshell; whether the list of commands may not come to this one
        for index, command in enumerate(commands):
            previous = commands[index - 1] if index else None
            tested = previous is not None and _first(previous) in _TESTS
            doubtful = command.joined == "||" or (command.joined == "&&" and (doubtful or tested))
            if command.optional or doubtful:
                inner = self.shell_command(command, inner or where, False)
                aside = aside or text[: command.start].rstrip().endswith("(")
                where = where._replace(env=_with_default(where.env, inner.env, previous))
                continue
            if inner:
                where = self.behind(where, inner._replace(folder=where.folder) if aside else inner)
            inner, aside = None, False
            known = len(self.programs)
            takes_over = _first(command) == "exec" and len(command.words) > 1
            fatal = where.fatal and (takes_over or _is_fatal(commands, index, errexit))
            may_fail = where.fatal
            where = self.shell_command(command, where, fatal)
            served = command.then not in ("&", "|") and any(program.listen for program in self.programs[known:])
            if served and may_fail:  # a server in the foreground: nothing behind it is reached
                self.programs[-1] = self.programs[-1]._replace(fatal=True)
            if served or takes_over or _first(command) == "exit":
                return
            if _first(command) == "set":
                errexit = _errexit(command, errexit)

    def behind(self, where: _Where, inner: _Where) -> _Where:
        """Return the surroundings behind a branch that may have run: what it changed is not known."""
        env = {**where.env, **{name: None for name, value in inner.env.items() if where.env.get(name, "") != value}}
        loose = where.loose
        if inner.folder != where.folder or inner.loose != where.loose:
            loose = "a branch of the script may change the folder"
        return where._replace(env=env, loose=loose)

    def shell_command(self, command: shell.Command, where: _Where, fatal: bool) -> _Where:
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
            return self.changed(words[1] if len(words) > 1 else "/root", where, here)
        if first == "export":
            pairs = [word.partition("=") for word in words[1:] if word and "=" in word]
            return where._replace(env={**where.env, **{name: value for name, _, value in pairs}})
        if first == "set" and "--" in words and None not in words:
            return where._replace(arguments=tuple(word or "" for word in words[words.index("--") + 1 :]))
        if first == "shift":
            return where._replace(arguments=where.arguments[1:])
        if first in (".", "source"):
            self.not_followed(f"{first} {words[1] if len(words) > 1 else ''} is not followed", here)
            return where
        if first in ("exit", "return", "set", "trap", "wait", "ulimit", "umask", "[", "[[", "test", "read"):
            return where
        if None in words:
            self.not_followed(f"{' '.join(word or UNTOLD for word in words)}: a part of it is made at run time", here)
            if posixpath.basename(first or "") not in LAUNCHERS:
                return where
        if command.optional and not any(posixpath.basename(word or "") in LAUNCHERS for word in words):
            return where
        self.command(tuple(word if word is not None else UNTOLD for word in words), here)
        return where

    def changed(self, target: str | None, where: _Where, here: _Where) -> _Where:
        """Follow `cd`: where it fails and the script goes on, the folder stays."""
        if target is None or here.unset:
            return where._replace(loose="the script changes to a folder that is made at run time")
        path = posixpath.normpath(posixpath.join(where.folder, target))
        files = self.image.files
        if not files.find(path) and not files.assumed(path) and not _BASE_FOLDERS.match(path):
            message, reason = f"/bin/sh: 1: cd: can't cd to {target}", f"The image has no folder {path}."
            certain = files.tainted(path) is None and self.has_top(path)
            self.fault("folder-missing", message, reason, here, MissingFile(path, None), certain)
            if not here.fatal:
                return where
        return where._replace(folder=path)


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


def _is_program(path: str) -> bool:
    return re.search(r"/s?bin/[\w.-]+$", path) is not None


def _value(words: tuple[str, ...], options: tuple[str, ...]) -> str | None:
    """Return the value of an option in front of a command."""
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            return value if equals else words[at + 1] if at + 1 < len(words) else None
    return None


def _runserver(arguments: tuple[str, ...]) -> Listen | None:
    """Return where `manage.py runserver [host:]port` listens: 127.0.0.1:8000 unless it is told."""
    if arguments[:1] != ("runserver",):
        return None
    address = next((word for word in arguments[1:] if not word.startswith("-")), "8000")
    host, colon, port = address.rpartition(":")
    if not port.isdigit():
        return Listen(None, None)
    return Listen("0.0.0.0" if host in ("0", "[::]") else host if colon else "127.0.0.1", int(port))


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
