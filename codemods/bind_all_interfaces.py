"""Listen on all interfaces, so that Fly's proxy reaches the app.

The proxy comes from outside of the machine, and 127.0.0.1 (`localhost`, `::1`) answers only what runs inside of it: flyctl
warns that the app `is not listening on the expected address`, the deploy succeeds, and requests find nobody. The host is
changed where it is told: in the command, in an entry script, or in the call that serves. Where nothing tells it and the
server's own default is 127.0.0.1, it is told. Flask's debugger runs code for everybody who reaches it: `debug=True` in the
call that serves is switched off with the same edit, and a server whose debugger is told elsewhere is left alone.

Before:                                                            After:

    CMD ["uvicorn", "main:app", "--host", "127.0.0.1", …]             CMD ["uvicorn", "main:app", "--host", "0.0.0.0", …]

References: https://fly.io/docs/js/the-basics/listening-ports, https://www.uvicorn.org/settings/#socket-binding
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from bot.engine.boot.modules import parsed
from bot.engine.boot.program import Program
from bot.engine.boot.values import dotted
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Splice, Tree, Unreadable, newline, splice
from bot.engine.report import Booted, Report
from codemods import _command

CODEMOD = Codemod(answers=("loopback-only",), since="0.1")
_ALL = "0.0.0.0"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TOLD = re.compile(
    r"(?P<option>(?:--host|--bind|--listen|--server\.address|-[bh]|runserver)[ =]?)"
    r"(?P<host>127\.0\.0\.1|localhost|::1|\[::1\])(?P<port>:.*)?"
)
_ADDED = {  # what tells a server whose default is 127.0.0.1 to listen everywhere
    "uvicorn": ("--host", _ALL),
    "gunicorn": ("--bind", f"{_ALL}:{{}}"),
    "hypercorn": ("--bind", f"{_ALL}:{{}}"),
    "granian": ("--host", _ALL),
    "daphne": ("--bind", _ALL),
    "flask": ("--host", _ALL),
    "fastapi": ("--host", _ALL),
}
_VERBS = {"flask": "run", "fastapi": "dev"}  # the option stands behind it, else behind the app
_VARIABLES = {"uvicorn": "UVICORN_HOST", "gunicorn": "GUNICORN_CMD_ARGS", "granian": "GRANIAN_HOST", "flask": "FLASK_RUN_HOST"}
_DEBUG = re.compile(r"(?i)\bdebug\b['\"\]]*\s*=(?!=|\s*False\b)")

_Words = tuple[str, ...]


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to tell 0.0.0.0 where the host is told, or where it is to be told."""
    booted = next((booted for booted in report.processes if booted.process.name == finding.process), None)
    servers = [program for program in booted.programs if program.listen] if booted else []
    if booted is None or report.image is None or not isinstance(finding, Fault) or not servers:
        return
    program = servers[-1]
    debugger = False
    if program.serving:
        changed, debugger = _in_code(tree, program, program.serving.place)
    elif _debugged(program.env) or (program.launcher == "flask" and "--debug" in program.argv):
        changed = Skip("Flask's debugger would be open to everybody")
    else:
        edits = _told(program.argv) or _untold(program, _port(report, booted, program))
        changed = (
            _command.replace_any(tree, _command.origins(program, booted, report.image), edits)
            if not isinstance(edits, Skip)
            else edits
        )
    if isinstance(changed, Skip):
        yield changed
        return
    told = f"{program.launcher} listens on {program.listen.host}" if program.listen else program.launcher
    rationale = f"{told}, where the platform's proxy can't reach it; {_ALL} is every address of the machine."
    if debugger:
        rationale += " Flask's debugger is switched off: it runs code for everybody who reaches it."
    yield Proposal(changed, rationale, "unsafe" if debugger else "safe")


def _debugged(env: dict[str, str | None]) -> bool:
    """Say whether Flask's debugger is, or may be, switched on by the environment."""
    return env.get("FLASK_DEBUG", "") not in ("", "0", "false", "False") or env.get("FLASK_ENV") == "development"


# --- commands


def _told(argv: _Words) -> list[tuple[_Words, _Words]]:
    """Return the edits of the option that tells the host, as it may be written: its port may be a variable there."""
    for before, word in itertools.pairwise(("", *argv)):
        found = _TOLD.fullmatch(word) or _TOLD.fullmatch(f"{before} {word}")
        if found:
            ports = (found["port"], ":") if found["port"] else ("",)
            old = [f"{found['option']}{quote}{found['host']}{port}" for port in ports for quote in ("", '"', "'")]
            return [(_words(text), _words(text.replace(found["host"], _ALL))) for text in old]
    return []


def _words(text: str) -> _Words:
    return tuple(text.split(" "))


def _untold(program: Program, port: int | None) -> list[tuple[_Words, _Words]] | Skip:
    """Return the edits that tell the host of a server whose default is taken."""
    name = program.launcher
    anchor = _VERBS.get(name) or (program.entry.written if program.entry else "")
    variable = _VARIABLES.get(name, "")
    if variable in program.env:
        return Skip(f"the host is told by {variable}")
    if name not in _ADDED or anchor not in program.argv:
        return Skip(f"the command tells {name} no host that is edited")
    if port is None:
        return Skip("which port is meant is not clear")
    more = tuple(word.format(port) for word in _ADDED[name])
    front = program.argv[: program.argv.index(anchor) + 1]
    return [(old, old + more) for old in dict.fromkeys((front, (anchor,)))]


def _port(report: Report, booted: Booted, program: Program) -> int | None:
    """Return the port that a new address names: the server's own, or that of the only service where nothing else serves."""
    ports = {service.port for service in report.target.services if booted.process.name in service.processes}
    own = program.listen.port if program.listen else None
    if own in ports:
        return own
    return ports.pop() if len(ports) == 1 and _alone(report, booted, program) else None


def _alone(report: Report, booted: Booted, program: Program) -> bool:
    """Say whether a process is one server: no other, and nothing beside it that was not followed and may serve."""
    if not program.fatal or program.loose or report.image is None:
        return False
    own = [origin.place for origin in (program.origin, booted.origin) if origin]
    files = (report.image.dockerfile, report.target.config)
    places = [unknown.place for unknown in report.unknowns if unknown.place]
    scripts = [place for place in places if place.path not in files and not place.path.endswith(".py")]
    return not scripts and not any(place in own for place in places) and sum(bool(each.listen) for each in booted.programs) == 1


# --- code


def _in_code(tree: Tree, program: Program, place: Place) -> tuple[Tree | Skip, bool]:
    """Edit the call that serves, which begins at `place`; the second says whether that switches Flask's debugger off."""
    try:
        data, text = tree.read(place.path), tree.text(place.path)
    except Unreadable as error:
        return Skip(str(error)), False
    nodes = [node for node in ast.walk(parsed(data)) if isinstance(node, ast.Call)]
    call = next((node for node in nodes if (node.lineno, node.col_offset + 1) == (place.line, place.column)), None)
    if call is None:
        return Skip("the call that serves is not found"), False
    uvicorn = dotted(call.func) in ("uvicorn.run", "run")
    debug = next((keyword.value for keyword in call.keywords if keyword.arg == "debug"), None)
    edits: list[Splice] = []
    if not uvicorn and isinstance(debug, ast.Constant) and debug.value is True and len(_DEBUG.findall(text)) == 1:
        edits.append(Splice(*_span(data, debug), "False"))  # the debugger would run code for everybody
    elif not uvicorn and (_debugged(program.env) or _DEBUG.search(text) or len(call.args) > 2):
        return Skip("Flask's debugger would be open to everybody"), False
    told = next((keyword.value for keyword in call.keywords if keyword.arg == "host"), None)
    told = call.args[0] if told is None and call.args and not uvicorn else told
    edit = _added(text, data, call) if told is None else _replaced(text, data, told)
    if edit is None:
        return Skip("the host is not written in the call that serves"), False
    return tree.write(place.path, splice(text, [*edits, edit])), bool(edits)


def _replaced(text: str, data: bytes, told: ast.expr) -> Splice | None:
    """Return the edit of a host, or of the default of the variable that tells it."""
    if isinstance(told, ast.Call) and len(told.args) == 2:
        told = told.args[1]
    start, end = _span(data, told)
    if isinstance(told, ast.Constant) and told.value in _LOOPBACK and text[start:end].count(told.value) == 1:
        return Splice(start, end, text[start:end].replace(told.value, _ALL))
    return None


def _added(text: str, data: bytes, call: ast.Call) -> Splice:
    """Return the edit that tells a call the host: before its first keyword, laid out like that, or behind the rest."""
    quote = "'" if text.count("'") > text.count('"') else '"'
    host = f"host={quote}{_ALL}{quote}"
    if call.keywords:
        start, _ = _span(data, call.keywords[0])
        before = text[text.rfind("\n", 0, start) + 1 : start]
        gap = " " if before.strip() else newline(text) + before
        return Splice(start, start, f"{host},{gap}")
    if call.args:
        _, end = _span(data, call.args[-1])
        return Splice(end, end, f", {host}")
    _, end = _span(data, call)
    return Splice(end - 1, end - 1, host)


def _span(data: bytes, node: ast.expr | ast.keyword) -> tuple[int, int]:
    """Return where a node stands in the text; Python's parser counts lines, and bytes in them."""
    lines = data.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return len((b"".join(lines[: line - 1]) + lines[line - 1][:column]).decode())

    return offset(node.lineno, node.col_offset), offset(node.end_lineno or 0, node.end_col_offset or 0)
