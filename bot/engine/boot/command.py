"""From a command line to the programs it runs: wrappers, shells, entry scripts, and the launchers behind them.

Fly executes argv directly: no shell reads it (superfly/init-snapshot `src/bin/init/main.rs`), so `cd … &&`, `NAME=value`
and `$PORT` are only understood where a shell is started. A missing program is `failed to spawn command`.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import Literal

from bot.engine.boot.absent import absent
from bot.engine.boot.launchers import LAUNCHERS, MODULES, UNTOLD, Start
from bot.engine.boot.program import Listen, Module, Program, Resolution, Script
from bot.engine.boot.shells import ShellText
from bot.engine.boot.surroundings import Course, Where
from bot.engine.boot.wrappers import unwrapped
from bot.engine.image.complaints import Shell
from bot.engine.image.run import SHELLS
from bot.engine.image.stage import Command, Image
from bot.engine.model.findings import Denied, MissingFile, Place, SharedPort, Stage
from bot.engine.model.target import Origin, Process
from bot.engine.model.tree import Tree

_BUILTINS = frozenset("cd export source . set ulimit eval alias unset trap umask exec".split())
_SERVERS = frozenset("nginx caddy haproxy traefik envoy apachectl apache2ctl httpd service supervisord systemctl".split())
_PLAIN = frozenset("django-admin true sleep echo mkdir chown chmod rm ls cat".split())  # known, and without an app
_INSTALLING = frozenset("uv uvx hatch rye pipx".split())  # they install what a project asks for before they run it
_ENTRY_OPTIONS = frozenset("--app-dir --chdir --pythonpath --app -A --workdir".split())  # what the entry point hangs on
_SYSTEMS = ("/", "/usr", "/usr/local")  # prefixes of the base image
_SETTINGS = re.compile(r"^\s*(?:chdir|pythonpath|wsgi_app|raw_env|import sys|from sys)\b", re.M)


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
    course = Course(tree, image, process, stage)
    _Resolver(course).command(argv, Where(image.workdir, dict(env), origin, True, False, ()))
    return course.resolution()


class _Resolver:
    def __init__(self, course: Course) -> None:
        self.course = course
        self.shell = ShellText(course, self.command)
        self.depth = 0

    # --- commands

    def command(self, argv: tuple[str, ...], where: Where) -> None:
        """Follow one command: strip wrappers, open shells and scripts, end at a launcher."""
        self.depth += 1
        if self.depth > 20:
            self.course.not_followed("a command that starts itself", where)
            return
        if posixpath.basename(argv[0] if argv else "") in _INSTALLING:
            self.installing(argv, where)
        whole = argv
        argv, where = unwrapped(argv, where)
        if not argv:
            return
        program = posixpath.basename(argv[0])
        if not where.in_shell and self.needs_shell(argv, where):
            return
        self.look_for(whole, argv, where)
        if (prefix := self.unmade(argv[0], where)) is not None:
            message = where.shell.no_program(argv[0]) if where.shell else _not_spawned(argv, where)
            self.course.no_environment(prefix, argv[0], message, where)
            argv = (program, *argv[1:])
        if program in SHELLS:
            self.in_shell(argv, where)
        elif program in ("python", "python3") or re.fullmatch(r"python3\.\d+", program):
            self.python(argv, where)
        elif program in LAUNCHERS:
            self.launch(program, argv[1:], argv, where)
        elif program in _PLAIN:
            self.course.plain(program, argv, (), where)
        elif argv[0].startswith(("/", "./", "../")) or "/" in argv[0] or argv[0].endswith((".sh", ".py")):
            self.file(argv, where)
        else:
            self.course.not_followed(f"{program} is not followed", where._replace(beside=where.beside or program in _SERVERS))

    def installing(self, argv: tuple[str, ...], where: Where) -> None:
        """Note what a command installs before it runs another: `uv run` what its project asks for."""
        started = None
        image, user = self.course.image, where.user or self.course.image.user
        if argv[0].endswith("uv") and not any(UNTOLD in word for word in argv):
            from bot.engine.image import run_managers  # for commands that begin like this alone

            started = run_managers.started(self.course.tree, image, argv[1:], where.folder, where.env, user)
        if started is None:
            self.course.later = f"{' '.join(argv[:2])} installs what is missing"
            return
        outcome, refused = started
        if refused:
            name = image.users.named(image.users.owner(user))
            reason = f"{refused.reason} The process runs as {name}."
            self.course.fault("write-denied", refused.message, reason, where, Denied("uv", refused.path, name, None))
        self.course.installs += outcome.installs
        for problem in outcome.problems:
            if problem.code in ("lock-missing", "lock-stale"):
                self.course.fault(problem.code, problem.message, problem.reason, where, problem.missing, problem.certain)

    def look_for(self, whole: tuple[str, ...], argv: tuple[str, ...], where: Where) -> None:
        """Report the first program of a command line that the image does not have: a wrapper's, or its own."""
        for word in (*whole[: len(whole) - len(argv)], argv[0]):
            found = absent(self.course, whole, where, word)
            if found:
                self.course.fault("command-not-found", found.message, found.reason, where, found.missing, found.certain)
                return

    def unmade(self, word: str, where: Where) -> str | None:
        """Return the virtual environment of which a command names a program by its path, where nothing made that."""
        path = posixpath.normpath(posixpath.join(where.folder, word))
        prefix, name = posixpath.dirname(posixpath.dirname(path)), posixpath.basename(path)
        ours = name in LAUNCHERS or re.fullmatch(r"python[\d.]*|pip[\d.]*", name) is not None
        elsewhere = word.startswith("~") or UNTOLD in word or prefix.endswith("/.local") or "/virtualenvs/" in prefix
        if "/bin/" not in word or not ours or elsewhere or prefix in _SYSTEMS or where.loose or where.unset:
            return None
        return prefix if self.course.unmade(prefix, path) else None

    def needs_shell(self, argv: tuple[str, ...], where: Where) -> bool:
        """Report a line that only a shell understands and that nobody hands to one."""
        first = argv[0]
        assignment = re.match(r"[A-Za-z_]\w*=", first)
        if first in _BUILTINS or assignment:
            what = "sets a variable" if assignment else f"is the shell's own `{first}`"
            reason = f"No shell reads this command: its first word {what}, and there is no such program."
            self.course.fault("needs-shell", _not_spawned(argv, where), reason, where)
            return True
        operators = [word for word in argv if word in ("&&", "||", "|", ";", ">", ">>", "2>&1", "&")]
        if operators:
            program = posixpath.basename(first)
            extra = " ".join(argv[argv.index(operators[0]) :])
            reason = f"No shell reads this command: `{operators[0]}` and what follows are plain arguments of {program}."
            self.course.fault("needs-shell", f"unexpected extra arguments ({extra})", reason, where, certain=False)
            return True
        return False

    def launch(self, name: str, arguments: tuple[str, ...], argv: tuple[str, ...], where: Where) -> None:
        start = LAUNCHERS[name](arguments, where.folder, where.env, self.course.image.files)
        if name == "alembic" and start.settings:
            from bot.engine.boot import alembic  # few apps migrate with it

            start = alembic.environment(start, where.folder, self.course)
        told = not any(UNTOLD in word for word in arguments)
        if start.problem and told:
            self.gives_up(name, start, argv, where)
        if start.shared:
            self.in_use(name, start, where)
        if start.unknown:
            self.course.not_followed(start.unknown, where)
        if start.settings:
            self.course.not_followed(f"{name}'s settings in {start.settings} are not followed", where)
            found = self.course.image.files.find(posixpath.join(where.folder, start.settings))
            text = self.course.text(found.tree) if found else None
            if text is None or _SETTINGS.search(text):
                where = where._replace(loose=f"{start.settings} may change where {name} looks")
        if not told and start.entry and UNTOLD in start.entry.written:
            start = start._replace(entry=None)
        self.add(name, start, argv, where)

    def in_use(self, name: str, start: Start, where: Where) -> None:
        """Report addresses of which the second finds its port in use; a settings file may say that they share it."""
        last = start.shared[-1]
        message = f"[ERROR] Connection in use: ('{last.host}', {last.port})"
        if name == "hypercorn":
            message = "OSError: [Errno 98] Address already in use"
        told = " and ".join(f"`{bind.written}`" for bind in start.shared)
        reason = f"{name} is told {told}, which take the same port of the machine"
        wide = next((bind for bind in start.shared if bind.everywhere and bind.six), None)
        reason += ": a socket on [::] serves IPv4 as well." if wide else "."
        detail = SharedPort(tuple(bind.written for bind in start.shared), name)
        if all(any(word.endswith(bind.written) for word in where.unset) for bind in start.shared):
            where = where._replace(unset=frozenset())  # whatever the variable says, it says it twice
        self.course.fault("double-bind", message, reason, where, detail, start.settings is None)

    def gives_up(self, name: str, start: Start, argv: tuple[str, ...], where: Where) -> None:
        """Report a launcher that refuses its arguments: a literal `$PORT` needs a shell, else it is the launcher's usage."""
        problem = start.problem or ""
        if "$" in problem and not where.in_shell:
            reason = f"No shell reads this command, so {name} gets the text `$…` itself."
            self.course.fault("needs-shell", problem, reason, where)
        elif where.unset and ("''" in problem or "not a valid" in problem or "requires an argument" in problem):
            reason = "A variable in the command is empty: it is set neither in the image nor in the config."
            self.course.fault("launcher-usage", problem, reason, where, certain=False)
        else:
            reason = f"{name} refuses the arguments `{' '.join(argv[1:])}`."
            if start.missing is None:
                self.course.fault("launcher-usage", problem, reason, where)
            else:
                reason = f"{reason[:-1]}: the image has no {start.missing}."
                self.course.missing_file(start.missing, problem, where, "launcher-usage", reason)

    def add(self, name: str, start: Start, argv: tuple[str, ...], where: Where) -> None:
        hangs_on = {start.entry.written} if start.entry else set()
        hangs_on |= {value for option, value in itertools.pairwise(argv) if option in _ENTRY_OPTIONS}
        loose = where.loose
        dropped = "" in where.unset and any(word in _ENTRY_OPTIONS for word in argv)  # an option without its value
        if hangs_on & where.unset or dropped or any(UNTOLD in word for word in hangs_on):
            loose = "a variable in the command is set neither in the image nor in the config"
        variable = start.variable if start.variable not in where.env else None
        program = Program(
            name, argv, where.folder, where.env, start.front, start.entry, start.listen, where.origin, where.fatal
        )
        before = next((f"{each.launcher} runs before it" for each in self.course.programs if each.entry), None)
        program = program._replace(made=frozenset(self.course.made), after=before)
        program = program._replace(user=where.user, runner=where.runner)
        self.course.programs.append(program._replace(loose=loose, variable=variable, later=self.course.later))

    # --- python

    def python(self, argv: tuple[str, ...], where: Where) -> None:
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
            self.course.not_followed("python code on the command line", where)
        elif rest[0] == "-m":
            self.module(tuple(rest[1:]), argv, where, safe)
        else:
            self.script(rest[0], tuple(rest[1:]), argv, where, safe)

    def module(self, rest: tuple[str, ...], argv: tuple[str, ...], where: Where, safe: bool) -> None:
        if not rest:
            return
        name = MODULES.get(rest[0], rest[0])
        front = () if safe else (where.folder,)
        if name in LAUNCHERS:
            self.launch(name, rest[1:], argv, where)
            last = self.course.programs[-1]
            self.course.programs[-1] = last._replace(front=tuple(dict.fromkeys((*last.front, *front))))
        elif name in ("http.server", "django", "pip"):
            self.course.plain(name, argv, front, where)
        elif UNTOLD in name:
            self.course.not_followed("the name of a module is made at run time", where)
        else:
            self.add("python", Start(Module(name, None, False, True, rest[0]), front, None), argv, where)

    def script(self, written: str, rest: tuple[str, ...], argv: tuple[str, ...], where: Where, safe: bool) -> None:
        path = posixpath.normpath(posixpath.join(where.folder, written))
        found = self.course.image.files.find(path)
        name = posixpath.basename(path)
        if not found and (UNTOLD in written or _is_program(path)):
            if name in LAUNCHERS:
                self.launch(name, rest, argv, where)
            else:
                self.course.not_followed(f"{written} is not followed", where)
            return
        message = f"{argv[0]}: can't open file '{path}': [Errno 2] No such file or directory"
        if found and found.kind == "folder":
            message = f"{argv[0]}: can't find '__main__' module in '{path}'"
            path = posixpath.join(path, "__main__.py")
            found = self.course.image.files.find(path)
        if not found:
            self.course.missing_file(path, message, where)
        front = () if safe else (posixpath.dirname(path),)
        listen = _runserver(rest) if name == "manage.py" else None
        self.add("python", Start(Script(path, written) if found else None, front, listen), argv, where)

    # --- shells

    def in_shell(self, argv: tuple[str, ...], where: Where) -> None:
        """Follow `sh script` or `sh -c text`; `-o` and its like take a value, also in `-euo pipefail`."""
        rest = list(argv[1:])
        text = errexit = False
        while rest and rest[0].startswith(("-", "+")):
            option = rest.pop(0)
            if option == "--":
                break
            letters = "" if option.startswith("--") else option[1:]
            value = rest.pop(0) if rest and ("o" in letters or option in ("--rcfile", "--init-file")) else ""
            text = text or "c" in letters
            errexit = errexit or (option[0] == "-" and ("e" in letters or value == "errexit"))
        where = where._replace(shell=Shell(argv[0], self.kind(argv[0]), False))
        if rest and text:
            self.shell.run(rest[0], where._replace(arguments=tuple(rest[2:]), in_shell=True), errexit)
        elif rest:
            self.file(tuple(rest), where, posixpath.basename(argv[0]), errexit)

    def file(self, argv: tuple[str, ...], where: Where, run_by: str | None = None, errexit: bool = False) -> None:
        """Follow a script of the image; a program of the base image is not followed."""
        path = posixpath.normpath(posixpath.join(where.folder, argv[0]))
        found = self.course.image.files.find(path)
        if found is None or found.kind == "folder":
            self.missing_script(path, argv, where, run_by)
            return
        text = self.course.text(found.tree)
        if text is None:
            self.course.not_followed(f"{argv[0]} is not followed", where)
            return
        first = text.split("\n", 1)[0]
        if run_by is None and first.startswith("#!") and first.endswith("\r"):
            reason = "The script's first line ends with a carriage return, which becomes part of the interpreter's name."
            message = _not_spawned(argv[:1], where)
            self.course.fault(
                "script-line-endings",
                message,
                reason,
                where,
                MissingFile(path, None),
                not self.course.image.files.tainted(path),
            )
        origin = Origin("script", Place(found.tree or "", 1))
        shebang = first if first.startswith("#!") else ""
        shell = Shell(argv[0], self.kind(run_by or shebang), True)
        inner = where._replace(origin=origin, arguments=argv[1:], in_shell=True, shell=shell)
        if run_by is None and shebang:
            self.interpreter(shebang, argv, where)
        if (run_by is None and "python" in shebang) or (not shebang and path.endswith(".py")):
            self.add("python", Start(Script(path, argv[0]), (posixpath.dirname(path),), None), argv, where)
        elif run_by or "sh" in shebang:
            self.shell.run(text, inner, errexit or (run_by is None and re.search(r"\s-\w*e", first) is not None))
        else:
            self.course.not_followed(f"{argv[0]} is not followed", where)

    def kind(self, program: str) -> Literal["dash", "bash", "ash"]:
        """Return which shell a program or a first line starts in this image."""
        system = self.course.image.base.system
        return "bash" if re.search("bash|zsh", program) else "ash" if system and system.family == "alpine" else "dash"

    def interpreter(self, shebang: str, argv: tuple[str, ...], where: Where) -> None:
        """Report the interpreter that a script's first line names and the image does not have: bash, on Alpine."""
        words = shebang[2:].split()
        by_env = bool(words) and posixpath.basename(words[0]) == "env"
        named = next((word for word in words[1:] if not word.startswith("-")), None) if by_env else words[0] if words else None
        found = absent(self.course, (named,), where, named) if named else None
        if found:
            message = f"env: can't execute '{named}': No such file or directory" if by_env else _not_spawned(argv[:1], where)
            reason = f"{argv[0]} is a script for {named}. {found.reason}"
            self.course.fault("command-not-found", message, reason, where, found.missing, found.certain)

    def missing_script(self, path: str, argv: tuple[str, ...], where: Where, run_by: str | None) -> None:
        name = posixpath.basename(path)
        if run_by is None and argv[0].startswith("/") and not self.course.image.files.find(posixpath.dirname(path)):
            if name in LAUNCHERS or name.startswith("python"):  # a virtual environment's own copy
                self.command((name, *argv[1:]), where._replace(in_shell=True))
            else:
                self.course.not_followed(f"{argv[0]} belongs to the base image", where)
        elif run_by is None and _is_program(path):
            self.command((name, *argv[1:]), where._replace(in_shell=True))
        elif run_by:
            self.course.missing_file(path, f"{run_by}: 0: cannot open {argv[0]}: No such file", where)
        else:
            self.course.missing_file(path, _not_spawned(argv, where), where)


def _not_spawned(argv: tuple[str, ...], where: Where) -> str:
    """Return the words of Fly, or of the shell where one is started, for a program that can't be started."""
    if where.in_shell:
        return f"{argv[0]}: not found"
    return f"ERROR Error: failed to spawn command: {' '.join(argv)}: No such file or directory (os error 2)"


def _is_program(path: str) -> bool:
    return re.search(r"/s?bin/[\w.-]+$", path) is not None


def _runserver(arguments: tuple[str, ...]) -> Listen | None:
    """Return where `manage.py runserver [host:]port` listens: 127.0.0.1:8000 unless it is told."""
    if arguments[:1] != ("runserver",):
        return None
    address = next((word for word in arguments[1:] if not word.startswith("-")), "8000")
    host, colon, port = address.rpartition(":")
    if not port.isdecimal() or len(port) > 9:
        return Listen(None, None)
    return Listen("0.0.0.0" if host in ("0", "[::]") else host if colon else "127.0.0.1", int(port))
