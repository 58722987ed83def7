"""Programs that only start the command behind them: `env`, `exec`, `tini`, `poetry run`, `uv run` and their like."""

from __future__ import annotations

import posixpath
import re

from bot.engine.boot.launchers import UNTOLD
from bot.engine.boot.surroundings import Where
from bot.engine.image.run_rights import switched

_CHDIR_OPTIONS = ("--directory", "-C", "--working-directory")
_WRAPPERS = {  # program: the options that take a value, and how many words come before the command
    "env": ("-u -C -S", 0),
    "exec": ("", 0),
    "nohup": ("", 0),
    "tini": ("-p -e", 0),
    "dumb-init": ("-r --rewrite", 0),
    "gosu": ("", 1),
    "su-exec": ("", 1),
    "setpriv": ("--reuid --regid --groups", 0),
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
_PROJECTS = ("uv", "poetry", "pipenv", "pdm", "rye", "hatch")  # those that start it in a project's environment
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


def unwrapped(argv: tuple[str, ...], where: Where) -> tuple[tuple[str, ...], Where]:
    """Strip what only starts the command behind it."""
    while argv:
        program = posixpath.basename(argv[0])
        if program == "exec" and not where.in_shell:
            break
        if program in ("su", "runuser", "sudo") and (other := switched(list(argv))) and other[1]:
            fresh = program == "sudo" or {"-", "-l", "--login"} & set(argv)  # these start with a PATH of their own
            env = {**where.env, "PATH": None} if fresh else where.env
            where = where._replace(user=other[0] or UNTOLD, env=env)
            argv = tuple(word if word is not None else UNTOLD for word in other[1])
        elif program in _WRAPPERS:
            values, skipped = _WRAPPERS[program]
            rest = _behind_options(argv[1:], values.split())[skipped:]
            where = _lowered(program, argv, rest, where)
            if program == "env":
                rest, where = _assigned(rest, where)
            argv = rest
        elif program in _RUNNERS and _RUNNERS[program][0] in argv[1:]:
            verb, values = _RUNNERS[program]
            options, command = argv[1 : argv.index(verb)], argv[argv.index(verb) + 1 :]
            argv = _behind_options(command, values.split())
            options += command[: len(command) - len(argv)]
            folder = _value(options, _CHDIR_OPTIONS)
            where = where._replace(runner=program if program in _PROJECTS else where.runner)
            if program == "uv" and argv and {"-m", "--module", "-s", "--script"} & set(options):
                argv = ("python", *(("-m",) if {"-m", "--module"} & set(options) else ()), *argv)
            if folder is not None and program == "uv":
                where = where._replace(folder=posixpath.normpath(posixpath.join(where.folder, folder)))
            elif folder is not None:
                where = where._replace(loose=f"{program} is told another folder")
        else:
            break
    return argv, where


def _lowered(program: str, argv: tuple[str, ...], rest: tuple[str, ...], where: Where) -> Where:
    """Return the surroundings of a command that runs as another user."""
    if program in ("gosu", "su-exec"):
        named = argv[1 : len(argv) - len(rest)]
        return where._replace(user=named[-1]) if named else where
    user = _value(argv, ("--reuid",)) if program == "setpriv" else None
    return where._replace(user=user) if user else where


def _value(words: tuple[str, ...], options: tuple[str, ...]) -> str | None:
    """Return the value of an option in front of a command."""
    for at, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in options:
            return value if equals else words[at + 1] if at + 1 < len(words) else None
    return None


def _behind_options(words: tuple[str, ...], with_value: list[str]) -> tuple[str, ...]:
    """Return what follows the options (and a `--`) at the front."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return words[at + 1 :]
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _assigned(words: tuple[str, ...], where: Where) -> tuple[tuple[str, ...], Where]:
    env = dict(where.env)
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        name, _, value = words[0].partition("=")
        env[name] = value
        words = words[1:]
    return words, where._replace(env=env)
