"""The command line: parses the arguments, calls the engine, prints the report.

Exit codes: 0 nothing certain stops the deploy, 1 something does (for `fix`: is left), 2 usage or internal error.
For `verify`: 0 every target boots, 1 one does not, 2 also where one could not be verified.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn

from bot.cli.errors import TROUBLE, Refused
from bot.engine.model.tree import Unreadable

VERSION = "0.1.0"
_VERIFIED = "exit codes: 0 every target boots, 1 one does not, 2 one could not be verified, usage or internal error"
_EXITS = "exit codes: 0 nothing certain stops the deploy, 1 something does (fix: is left), 2 usage or internal error"

_EXITS_OF_DIAGNOSE = "exit codes: 0 no line of the log is known to name a cause, 1 a cause is named, 2 usage or internal error"

_EXITS_OF_SERVICE = "exit codes: 0 ended by SIGTERM or Ctrl-C, 2 it can't run as it is set up, or internal error"


def main(arguments: list[str]) -> int:
    """Run one command; every error ends in one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(_parser().parse_args(arguments))
    except Refused as error:
        return _say(str(error))
    except Unreadable as error:
        return _say(f"{error.path} can't be used: {error.reason}")
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except Exception as error:
        return _say(_bug(error))


def _run(options: argparse.Namespace) -> int:
    from importlib import import_module

    code = int(import_module(f"bot.cli.{options.command}").run(options))
    sys.stdout.flush()  # what can't be written is said here, not when the interpreter ends
    return code


def _say(sentence: str) -> int:
    from bot.report.text import clean

    print(f"bot: {clean(sentence)}", file=sys.stderr)
    return TROUBLE


def _bug(error: Exception) -> str:
    """Name an error of our own, and where it happened."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"
    return f"internal error at {where}: {type(error).__name__}: {error}; nothing was changed, please report this"


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names alone, and has one sentence for a wrong one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message}; `{self.prog} --help` says what there is")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="bot", description="Finds out why a deploy fails, and repairs the repository.", epilog=_EXITS)
    parser.add_argument("--version", action="version", version=f"deploymend {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="simulate the deploy and say where it stops", epilog=_EXITS)
    fix = commands.add_parser("fix", help="repair the repository until the simulated deploy reaches its end", epilog=_EXITS)
    for command in (check, fix):
        _shared(command)
    for command in (check, fix):
        command.add_argument("--strict", action="store_true", help="exit 1 for likely faults too")
    fix.add_argument("--diff", action="store_true", help="print the unified diff and write nothing")
    fix.add_argument("--unsafe", action="store_true", help="also repair likely faults, and make unsafe edits")
    fix.add_argument("--allow-dirty", action="store_true", help="write although files have uncommitted changes")
    fix.add_argument("--verify", action="store_true", help="keep the repair only if the real boot gets further with it")
    verify = commands.add_parser("verify", help="build and boot it for real, in a container", epilog=_VERIFIED)
    _shared(verify, ("text", "json", "markdown"))
    verify.set_defaults(strict=False)
    verify.add_argument("--fix", action="store_true", help="boot it before and after the repair, on a scratch copy")
    verify.add_argument("--unsafe", action="store_true", help="with --fix: also repair likely faults, and make unsafe edits")
    for command in (fix, verify):
        _real_boots(command)
    _diagnose(commands.add_parser("diagnose", help="name the first cause in a deploy's log", epilog=_EXITS_OF_DIAGNOSE))
    explain = commands.add_parser("explain", help="print the page of a codemod, a fault or a weakness")
    explain.add_argument("name", metavar="NAME")
    commands.add_parser("list", help="list the codemods, faults and weaknesses")
    _service(commands.add_parser("serve", help="run the GitHub App (needs the extra `serve`)", epilog=_EXITS_OF_SERVICE))
    commands.add_parser("worker", help="work on its jobs without listening (needs the extra `serve`)", epilog=_EXITS_OF_SERVICE)
    return parser


def _service(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", metavar="ADDRESS", help="the address to listen at (default: DEPLOYMEND_HOST, 127.0.0.1)")
    command.add_argument("--port", type=_port, metavar="PORT", help="the port; 0: any (default: DEPLOYMEND_PORT, PORT, 8080)")


def _diagnose(command: argparse.ArgumentParser) -> None:
    command.add_argument("log", metavar="LOG", help="the file of the log; - reads standard input")
    command.add_argument("--repo", metavar="PATH", help="the repository (default: the current folder, where it has a config)")
    command.add_argument("--config", metavar="FILE", help="look at this config alone")
    command.add_argument("--app", metavar="NAME", help="the app's name, for the commands")
    command.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def _shared(command: argparse.ArgumentParser, formats: tuple[str, ...] = ("text", "json")) -> None:
    command.add_argument("path", nargs="?", default=".", metavar="PATH", help="the repository (default: the current folder)")
    command.add_argument("--config", metavar="FILE", help="look at this config alone")
    command.add_argument("--app", metavar="NAME", help="look at the target of this app alone")
    command.add_argument("--process", metavar="GROUP", help="look at this process group alone")
    command.add_argument("--from", dest="start", metavar="DIR", help="the folder that the deploy is started from")
    command.add_argument("--select", action="append", metavar="NAME", help="use only this codemod (repeatable)")
    command.add_argument("--ignore", action="append", metavar="NAME", help="never use this codemod (repeatable)")
    command.add_argument("--log", metavar="FILE", help="the log of a real deploy, as evidence; - reads standard input")
    command.add_argument("--resolve", action="store_true", help="ask the package index for exact versions")
    command.add_argument("--deep", action="store_true", help="look into the wheels, too (implies --resolve)")
    command.add_argument(
        "--format", choices=formats, default="text", help=f"{', '.join(formats[:-1])} or {formats[-1]} (default: text)"
    )
    command.add_argument("-q", "--quiet", action="store_true", help="print faults alone")
    command.add_argument("-v", "--verbose", action="store_true", help="print everything that was not followed, and why")


def verify_options() -> list[tuple[str, str]]:
    """Return the options of real boots with their meaning, for the reference."""
    parser = _Parser(add_help=False)
    _real_boots(parser)
    listed = (action for action in parser._actions if action.help)
    return [(f"{action.option_strings[0]} {_values(action)}".rstrip(), str(action.help)) for action in listed]


def _values(action: argparse.Action) -> str:
    if action.choices is not None:
        return "\\|".join(map(str, action.choices))
    return str(action.metavar or "")


def _real_boots(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("real boots")
    group.add_argument(
        "--engine", choices=("docker", "podman", "buildah"), help="the container engine (default: the first that works)"
    )
    group.add_argument("--env-file", metavar="FILE", help="secrets as NAME=value lines; their values are never printed")
    group.add_argument("--fake-secrets", action="store_true", help="stand in for secrets that are missing, and say which")
    group.add_argument("--release", action="store_true", help="run the release command first")
    group.add_argument("--network", choices=("none", "host"), default="none", help="host: a database runs beside the app")
    group.add_argument("--memory", type=_count, default=1024, metavar="MB", help="what the app may use (default: 1024)")
    group.add_argument("--timeout", type=_count, default=60, metavar="SECONDS", help="until the app answers (default: 60)")
    group.add_argument("--build-timeout", type=_count, default=900, metavar="SECONDS", help="for the build (default: 900)")
    group.add_argument("--stand-in", action="append", metavar="IMAGE=LOCAL", help="a local image in the place of a base image")


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)
