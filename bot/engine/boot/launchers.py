"""The launchers of Python apps: how each finds its app, what it puts on sys.path, and where it listens.

Tried with uvicorn 0.54, gunicorn 27, hypercorn 0.18, granian 2.8, daphne 4.2, waitress 3.0, fastapi-cli 0.0.34, Flask 3.1,
streamlit 1.40 and celery 5.7 on CPython 3.11; Fly sets no PORT, and an empty option is an error of the launcher itself.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.boot.program import Listen, Module, Script
from bot.engine.image.filesystem import FileSystem

Env = dict[str, str | None]
UNTOLD = "…"  # a word that is made at run time


class Start(NamedTuple):
    """What a launcher makes of its arguments. `problem` is the line with which it gives up."""

    entry: Module | Script | None
    front: tuple[str, ...]
    listen: Listen | None
    problem: str | None = None
    unknown: str | None = None


class Arguments(NamedTuple):
    """A command line taken apart: options with their values (last one wins), and the other words."""

    options: dict[str, list[str]]
    words: list[str]

    def get(self, *names: str) -> str | None:
        """Return the value of an option by any of its names."""
        for name in names:
            if name in self.options:
                return self.options[name][-1]
        return None


def take_apart(argv: tuple[str, ...], flags: frozenset[str], short: str = "") -> Arguments:
    """Split arguments; `flags` take no value, every other option does; `short` are one-letter options with a value."""
    options: dict[str, list[str]] = {}
    words: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        if word == "--":
            words += queue
            break
        option, equals, value = word.partition("=")
        if word.startswith("--"):
            given = value if equals else "" if option in flags or not queue else queue.pop(0)
            options.setdefault(option, []).append(given)
        elif word.startswith("-") and len(word) > 1:
            option = word[:2]
            takes = option not in flags and (not short or word[1] in short)
            given = (word[2:].removeprefix("=") or (queue.pop(0) if queue else "")) if takes else ""
            options.setdefault(option, []).append(given)
        else:
            words.append(word)
    return Arguments(options, words)


_UVICORN_FLAGS = frozenset(
    "--reload --access-log --no-access-log --use-colors --no-use-colors --proxy-headers --no-proxy-headers"
    " --server-header --no-server-header --date-header --no-date-header --factory --version --reset-contextvars --help".split()
)
_GUNICORN_FLAGS = frozenset(
    "--reload --preload --daemon -D --capture-output --check-config --print-config --spew --no-sendfile --sendfile"
    " --reuse-port --proxy-protocol --strip-header-spaces --disable-redirect-access-to-syslog"
    " --enable-stdio-inheritance -R --log-syslog --initgroups --suppress-ragged-eofs --do-handshake-on-connect"
    " --permit-obsolete-folding --permit-unconventional-http-method --permit-unconventional-http-version"
    " --casefold-http-method --help -h --version -v --no-control-socket".split()
)


def _module(written: str, default: str | None, factory: bool) -> Module:
    name, _, attribute = written.partition(":")
    return Module(name, attribute or default, factory, False, written)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def uvicorn(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`uvicorn module:attribute`; the app's folder, by default the current one, comes first on sys.path."""
    arguments = take_apart(argv, _UVICORN_FLAGS)
    app_dir = arguments.get("--app-dir")
    front = (posixpath.normpath(posixpath.join(folder, app_dir)) if app_dir else folder,)
    host = arguments.get("--host") or env.get("UVICORN_HOST", "127.0.0.1")
    port = arguments.get("--port") if "--port" in arguments.options else env.get("UVICORN_PORT", "8000")
    listen = Listen("0.0.0.0" if host == "::" else host, _number(port))
    if arguments.get("--uds", "--fd"):
        listen = Listen(None, None)
    target = arguments.words[0] if arguments.words else env.get("UVICORN_APP")
    if port is not None and port != UNTOLD and not port.isdigit():
        return Start(None, front, listen, f"Error: Invalid value for '--port': '{port}' is not a valid integer.")
    if len(arguments.words) > 1:
        extra = " ".join(arguments.words[1:])
        plural = "s" if len(arguments.words) > 2 else ""
        return Start(None, front, listen, f"Error: Got unexpected extra argument{plural} ({extra})")
    if not target:
        return Start(None, front, listen, "Error: Missing argument 'APP'.")
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        words = f'Import string "{target}" must be in format "<module>:<attribute>".'
        return Start(None, front, listen, f"ERROR:    Error loading ASGI app. {words}")
    return Start(_module(target, None, "--factory" in arguments.options), front, listen)


def gunicorn(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`gunicorn module:callable`; binds 127.0.0.1:8000, or 0.0.0.0:$PORT where PORT is set."""
    extra = env.get("GUNICORN_CMD_ARGS")
    arguments = take_apart((*(extra.split() if extra else ()), *argv), _GUNICORN_FLAGS)
    chdir = arguments.get("--chdir")
    here = posixpath.normpath(posixpath.join(folder, chdir)) if chdir else folder
    if chdir and not files.find(here) and not files.tainted(here):
        return Start(None, (here,), None, f"Error: can't chdir to '{chdir}'")
    added = (arguments.get("--pythonpath") or "").split(",")
    front = (here, *(posixpath.normpath(posixpath.join(here, path)) for path in added if path))
    listen, problem = _gunicorn_bind(arguments.options.get("-b", []) + arguments.options.get("--bind", []), env)
    config = arguments.get("-c", "--config")
    found = config or ("gunicorn.conf.py" if files.find(posixpath.join(folder, "gunicorn.conf.py")) else None)
    unknown = f"gunicorn's settings in {found} are not followed" if found else None
    if found and not (arguments.get("-b") or arguments.get("--bind")):
        listen = Listen(None, None)
    if config and config.endswith(".py") and ":" not in config:
        path = posixpath.join(folder, config)
        if not files.find(path) and not files.tainted(path):
            return Start(None, front, listen, f"Error: '{config}' doesn't exist")
    if problem:
        return Start(None, front, listen, problem)
    if not arguments.words:
        return Start(None, front, listen, None if found else "Error: No application module specified.", unknown)
    target = arguments.words[0]
    name, _, attribute = target.partition(":")
    bare = attribute.partition("(")[0]
    return Start(Module(name, bare or "application", "(" in attribute, False, target), front, listen, None, unknown)


def _gunicorn_bind(binds: list[str], env: Env) -> tuple[Listen, str | None]:
    if not binds:
        port = env.get("PORT", "")
        if port is None:
            return Listen("0.0.0.0", None), None
        return (Listen("0.0.0.0", _number(port)) if port else Listen("127.0.0.1", 8000)), None
    host, colon, port = binds[-1].rpartition(":")
    if binds[-1].startswith(("unix:", "fd:")):
        return Listen(None, None), None
    if not colon:
        return Listen(binds[-1], 8000), None
    if not port.isdigit() and UNTOLD not in port:
        return Listen(host, None), f"Error: '{port}' is not a valid port number."
    return Listen(host if host not in ("", "[::]", "*") else "0.0.0.0", _number(port)), None


def hypercorn(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`hypercorn module[:app]`; binds 127.0.0.1:8000."""
    flags = frozenset(["--reload", "--debug", "-h", "--help", "--access-log", "--no-access-log"])
    arguments = take_apart(argv, flags)
    bind = arguments.get("-b", "--bind") or "127.0.0.1:8000"
    host, _, port = bind.rpartition(":")
    listen = Listen(host if host not in ("", "[::]") else "0.0.0.0", _number(port))
    if arguments.get("-c", "--config"):
        listen = Listen(None, None)
    entry = _module(arguments.words[0], "app", False) if arguments.words else None
    return Start(entry, (folder,), listen)


def granian(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`granian module:app`; binds 127.0.0.1:8000, GRANIAN_HOST and GRANIAN_PORT are honoured."""
    arguments = take_apart(argv, frozenset("--reload --access-log --no-access-log --factory --no-factory --ws --no-ws".split()))
    host = arguments.get("--host") or env.get("GRANIAN_HOST", "127.0.0.1")
    port = arguments.get("--port") or env.get("GRANIAN_PORT", "8000")
    entry = _module(arguments.words[0], "app", "--factory" in arguments.options) if arguments.words else None
    return Start(entry, (folder,), Listen(host, _number(port)))


def daphne(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`daphne module:application`; binds 127.0.0.1:8000."""
    arguments = take_apart(argv, frozenset({"--no-server-name", "--help"}), short="bpuevst")
    listen = Listen(arguments.get("-b", "--bind") or "127.0.0.1", _number(arguments.get("-p", "--port") or "8000"))
    listen = Listen(None, None) if arguments.get("-e", "--endpoint", "-u") else listen
    entry = _module(arguments.words[0], None, False) if arguments.words else None
    return Start(entry, (folder,), listen)


def waitress(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`waitress-serve module:app`; binds 0.0.0.0:8080."""
    arguments = take_apart(argv, frozenset({"--call", "--help", "--expose-tracebacks", "--no-expose-tracebacks"}))
    bind = (arguments.get("--listen") or "").rpartition(":")
    host = bind[0] or arguments.get("--host") or "0.0.0.0"
    port = bind[2] or arguments.get("--port") or "8080"
    entry = _module(arguments.words[-1], None, "--call" in arguments.options) if arguments.words else None
    return Start(entry, (folder,), Listen("0.0.0.0" if host == "*" else host, _number(port)))


_FASTAPI_DEFAULTS = (
    "main.py",
    "app.py",
    "api.py",
    "app/main.py",
    "app/app.py",
    "app/api.py",
)  # fastapi_cli/discover.py


def fastapi(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`fastapi run [path]`; binds 0.0.0.0:8000 or $PORT; sys.path starts where the last `__init__.py` upwards is."""
    flags = frozenset(["--reload", "--no-reload", "--proxy-headers", "--no-proxy-headers", "--help"])
    arguments = take_apart(argv, flags)
    verb, words = (arguments.words[0], arguments.words[1:]) if arguments.words else ("", [])
    if verb not in ("run", "dev"):
        return Start(None, (folder,), None, None, f"fastapi {verb} is not followed")
    port = arguments.get("--port") or env.get("PORT", "8000") or "8000"
    host = arguments.get("--host") or ("0.0.0.0" if verb == "run" else "127.0.0.1")
    listen = Listen("0.0.0.0" if host == "::" else host, _number(port))
    if not port.isdigit() and port != UNTOLD:
        return Start(None, (folder,), listen, f"Invalid value for '--port': '{port}' is not a valid integer.")
    given = words[0] if words else next((path for path in _FASTAPI_DEFAULTS if files.find(posixpath.join(folder, path))), None)
    if arguments.get("--entrypoint", "-e"):
        return Start(_module(arguments.get("--entrypoint", "-e") or "", "app", False), (folder,), listen)
    if given is None:
        return Start(None, (folder,), listen, "Could not find a default file to run, please provide an explicit path")
    path = posixpath.normpath(posixpath.join(folder, given))
    found = files.find(path)
    if found is None and not files.tainted(path):
        return Start(None, (folder,), listen, f"Path does not exist {given}")
    parts = [posixpath.basename(path).removesuffix(".py")]
    top = posixpath.dirname(path)
    while top != "/" and files.find(posixpath.join(top, "__init__.py")):
        parts.insert(0, posixpath.basename(top))
        top = posixpath.dirname(top)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return Start(Module(".".join(parts), arguments.get("--app") or "", False, False, given), (top,), listen)


def flask(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`flask [--app X] run`; binds 127.0.0.1:5000; FLASK_RUN_HOST and FLASK_RUN_PORT are honoured, PORT is not."""
    flags = frozenset(
        "--debug --no-debug --reload --no-reload --debugger --no-debugger --with-threads --without-threads".split()
    )
    arguments = take_apart(argv, flags, short="AehpE")
    target = arguments.get("--app", "-A") or env.get("FLASK_APP")
    verb = arguments.words[0] if arguments.words else ""
    host = arguments.get("--host", "-h") or env.get("FLASK_RUN_HOST", "127.0.0.1")
    port = arguments.get("--port", "-p") or env.get("FLASK_RUN_PORT", "5000")
    listen = Listen(host, _number(port)) if verb == "run" else None
    if not target:
        target = next((name for name in ("wsgi.py", "app.py") if files.find(posixpath.join(folder, name))), None)
    if not target:
        words = "Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a"
        return Start(None, (folder,), listen, f"Error: {words} 'wsgi.py' or 'app.py' file in the current directory.")
    path, _, attribute = target.partition(":")
    path = path.removesuffix(".py")
    bare = attribute.partition("(")[0]
    front = posixpath.normpath(posixpath.join(folder, posixpath.dirname(path)))
    name = posixpath.basename(path)
    return Start(Module(name, bare, "(" in attribute, False, target), (front,), listen)


def streamlit(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`streamlit run file`; binds all interfaces on 8501 or STREAMLIT_SERVER_PORT."""
    arguments = take_apart(argv, frozenset())
    words = arguments.words[1:] if arguments.words[:1] == ["run"] else []
    port = arguments.get("--server.port") or env.get("STREAMLIT_SERVER_PORT", "8501")
    listen = Listen(arguments.get("--server.address") or "0.0.0.0", _number(port))
    if not words:
        return Start(None, (folder,), listen, None, "streamlit without a file is not followed")
    path = posixpath.normpath(posixpath.join(folder, words[0]))
    if not files.find(path) and not files.tainted(path):
        return Start(None, (folder,), listen, f"Error: Invalid value: File does not exist: {words[0]}")
    return Start(Script(path, words[0]), (posixpath.dirname(path),), listen)


def celery(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`celery -A module worker`; opens no port."""
    arguments = take_apart(argv, frozenset(), short="AblcQPnE")
    target = arguments.get("-A", "--app")
    if not target:
        return Start(None, (folder,), None, None, "celery without -A is not followed")
    name = target.partition(":")[0]
    return Start(Module(name, None, False, False, target), (folder,), None)


Launcher = Callable[[tuple[str, ...], str, Env, FileSystem], Start]
LAUNCHERS: dict[str, Launcher] = {
    "uvicorn": uvicorn,
    "gunicorn": gunicorn,
    "hypercorn": hypercorn,
    "granian": granian,
    "daphne": daphne,
    "waitress-serve": waitress,
    "fastapi": fastapi,
    "flask": flask,
    "streamlit": streamlit,
    "celery": celery,
}
MODULES = {"waitress": "waitress-serve", "fastapi_cli": "fastapi"}  # what `python -m` calls them, where it differs
BROUGHT_BY = {"waitress-serve": "waitress", "fastapi": "fastapi-cli"}  # the distribution that brings the script
EXTRAS = {"uvicorn": ("fastapi", "standard"), "fastapi": ("fastapi", "standard")}  # or an extra that does
WORKERS = {
    "uvicorn.workers.": "uvicorn",
    "uvicorn_worker.": "uvicorn-worker",
    "gevent": "gevent",
    "eventlet": "eventlet",
}
