"""The launchers of Python apps: how each finds its app, what it puts on sys.path, and where it listens.

Tried with uvicorn 0.54, gunicorn 27, hypercorn 0.18, granian 2.8, daphne 4.2, waitress 3.0, fastapi-cli 0.0.34, Flask 3.1,
streamlit 1.40, celery 5.7 and alembic 1.20 on CPython 3.11; Fly sets no PORT, and an empty option is an error of the launcher
itself.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.boot import binds as addresses
from bot.engine.boot.arguments import Arguments, take_apart
from bot.engine.boot.binds import Bind
from bot.engine.boot.program import LOOPBACK, Listen, Module, Script
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
    settings: str | None = None  # a file that it reads more from
    missing: str | None = None  # the path in the image whose absence is the problem
    variable: str | None = None  # says where to listen, as nothing else in the command does
    shared: tuple[Bind, ...] = ()  # addresses that can't be had together


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
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _reachable(listens: list[Listen]) -> Listen:
    """Return where a server with several addresses can be reached: the port is told where all open ones share it."""
    outer = [listen for listen in listens if listen.host not in LOOPBACK] or listens
    return outer[0] if len({listen.port for listen in outer}) == 1 else Listen(outer[0].host, None)


def _module_path(path: str, files: FileSystem) -> tuple[str, str]:
    """Return the dotted name of a file without its suffix, and the folder to look from: the first without `__init__.py`."""
    parts = [posixpath.basename(path)]
    top = posixpath.dirname(path)
    while top != "/" and files.find(posixpath.join(top, "__init__.py")):
        parts.insert(0, posixpath.basename(top))
        top = posixpath.dirname(top)
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts), top


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
    if argv[-1:] == ("--port",) or argv[-1:] == ("--host",):
        return Start(None, front, listen, f"Error: Option '{argv[-1]}' requires an argument.")
    if port is not None and port != UNTOLD and not port.isdecimal():
        return Start(None, front, listen, f"Error: Invalid value for '--port': '{port}' is not a valid integer.")
    if len(arguments.words) > 1:
        extra = " ".join(arguments.words[1:])
        plural = "s" if len(arguments.words) > 2 else ""
        return Start(None, front, listen, f"Error: Got unexpected extra argument{plural} ({extra})")
    if not target and "UVICORN_APP" in env:
        return Start(None, front, listen, None, "the app that UVICORN_APP names is not known")
    if not target:
        return Start(None, front, listen, "Error: Missing argument 'APP'.")
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        words = f'Import string "{target}" must be in format "<module>:<attribute>".'
        return Start(None, front, listen, f"ERROR:    Error loading ASGI app. {words}")
    return Start(_module(target, None, "--factory" in arguments.options), front, listen)


def gunicorn(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`gunicorn module:callable`; binds 127.0.0.1:8000, or 0.0.0.0:$PORT where PORT is set."""
    extra = take_apart(tuple((env.get("GUNICORN_CMD_ARGS") or "").split()), _GUNICORN_FLAGS).options
    arguments = take_apart(argv, _GUNICORN_FLAGS)
    if arguments.get("-b", "--bind"):
        extra = {option: values for option, values in extra.items() if option not in ("-b", "--bind")}
    arguments = Arguments({**extra, **arguments.options}, arguments.words)
    chdir = arguments.get("--chdir")
    here = posixpath.normpath(posixpath.join(folder, chdir)) if chdir else folder
    if chdir and not files.find(here) and not files.tainted(here):
        return Start(None, (here,), None, f"Error: can't chdir to '{chdir}'", missing=here)
    added = (arguments.get("--pythonpath") or "").split(",")
    front = (here, *(posixpath.normpath(posixpath.join(here, path)) for path in added if path))
    binds = arguments.options.get("-b", []) + arguments.options.get("--bind", [])
    listen, problem = _gunicorn_bind(binds, env)
    config = arguments.get("-c", "--config")
    found = config or ("gunicorn.conf.py" if files.find(posixpath.join(folder, "gunicorn.conf.py")) else None)
    if found and not binds:
        listen = Listen(None, None)
    if config and config.endswith(".py") and ":" not in config:
        path = posixpath.join(folder, config)
        if not files.find(path) and not files.tainted(path):
            return Start(None, front, listen, f"Error: '{config}' doesn't exist", missing=path)
    settings = found.removeprefix("file:") if found else None
    if problem:
        return Start(None, front, listen, problem, settings=settings)
    if not arguments.words:
        problem = None if found else "Error: No application module specified."
        return Start(None, front, listen, problem, settings=settings)
    target = arguments.words[0]
    name, _, attribute = target.partition(":")
    bare = attribute.partition("(")[0]
    entry = Module(name, bare or "application", "(" in attribute, False, target)
    shared = () if "--reuse-port" in arguments.options else addresses.shared(binds)
    return Start(entry, front, listen, settings=settings, variable=None if binds else "PORT", shared=shared)


def _gunicorn_bind(binds: list[str], env: Env) -> tuple[Listen, str | None]:
    if not binds:
        port = env.get("PORT", "")
        if port is None:
            return Listen("0.0.0.0", None), None
        return (Listen("0.0.0.0", _number(port)) if port else Listen("127.0.0.1", 8000)), None
    found = []
    for bind in binds:
        host, colon, port = bind.rpartition(":")
        if bind.startswith(("unix:", "fd:")):
            found.append(Listen(None, None))
        elif not colon:
            found.append(Listen(bind, 8000))
        elif not port.isdecimal() and UNTOLD not in port:
            return Listen(host, None), f"Error: '{port}' is not a valid port number."
        else:
            found.append(Listen(_host(host), _number(port)))
    return _reachable(found), None


def _host(host: str) -> str:
    bare = host.strip("[]")
    return "0.0.0.0" if bare in ("", "*", "::") else bare


def hypercorn(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`hypercorn [asgi:]module[:app]`, where the module may be a path; binds 127.0.0.1:8000."""
    flags = frozenset(["--reload", "--debug", "-h", "--help", "--access-log", "--no-access-log"])
    arguments = take_apart(argv, flags)
    binds = arguments.options.get("-b", []) + arguments.options.get("--bind", []) or ["127.0.0.1:8000"]
    parted = [bind.rpartition(":") for bind in binds]
    listen = _reachable([Listen(_host(host), _number(port)) for host, _, port in parted])
    if arguments.get("-c", "--config") or any(bind.startswith(("unix:", "fd:")) for bind in binds):
        listen = Listen(None, None)
    if not arguments.words:
        return Start(None, (folder,), listen, "hypercorn: error: the following arguments are required: application")
    target = arguments.words[0]
    written = target.split(":", 1)[1] if target.count(":") == 2 else target
    path, _, attribute = written.partition(":")
    front = posixpath.normpath(posixpath.join(folder, posixpath.dirname(path)))
    name = posixpath.basename(path)
    if files.find(posixpath.join(front, name)) and "." in name:  # a file: its name without the suffix
        name = posixpath.splitext(name)[0]
    alone = arguments.get("-w", "--workers") in (None, "1") and not arguments.get("-c", "--config")
    shared = addresses.shared(binds) if alone else ()
    return Start(Module(name, attribute or "app", False, False, target), (front,), listen, shared=shared)


def granian(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`granian module:app`; binds 127.0.0.1:8000, GRANIAN_HOST and GRANIAN_PORT are honoured."""
    arguments = take_apart(argv, frozenset("--reload --access-log --no-access-log --factory --no-factory --ws --no-ws".split()))
    host = arguments.get("--host") or env.get("GRANIAN_HOST", "127.0.0.1")
    port = arguments.get("--port") or env.get("GRANIAN_PORT", "8000")
    listen = Listen(_host(host) if host else None, _number(port))
    if not arguments.words:
        return Start(None, (folder,), listen, "Error: Missing argument 'APP'.")
    return Start(_module(arguments.words[0], "app", "--factory" in arguments.options), (folder,), listen)


def daphne(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`daphne module:application`; binds 127.0.0.1:8000."""
    arguments = take_apart(argv, frozenset({"--no-server-name", "--help"}), short="bpuevst")
    listen = Listen(arguments.get("-b", "--bind") or "127.0.0.1", _number(arguments.get("-p", "--port") or "8000"))
    listen = Listen(None, None) if arguments.get("-e", "--endpoint", "-u") else listen
    if not arguments.words:
        return Start(None, (folder,), listen, "daphne: error: the following arguments are required: application")
    if ":" not in arguments.words[0]:
        return Start(None, (folder,), listen, "ValueError: not enough values to unpack (expected 2, got 1)")
    return Start(_module(arguments.words[0], None, False), (folder,), listen)


def waitress(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`waitress-serve module:app`; binds 0.0.0.0:8080."""
    arguments = take_apart(argv, frozenset({"--call", "--help", "--expose-tracebacks", "--no-expose-tracebacks"}))
    host, port = arguments.get("--host") or "0.0.0.0", arguments.get("--port") or "8080"
    binds = [bind.rpartition(":") for bind in " ".join(arguments.options.get("--listen", [])).split()] or [(host, "", port)]
    listen = _reachable([Listen(_host(host), _number(port)) for host, _, port in binds])
    if "--unix-socket" in arguments.options:
        listen = Listen(None, None)
    if len(arguments.words) != 1:
        return Start(None, (folder,), listen, "Error: Specify one application only")
    return Start(_module(arguments.words[0], None, "--call" in arguments.options), (folder,), listen)


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
    port = arguments.get("--port") or env.get("PORT", "8000")
    port = UNTOLD if port is None else port or "8000"
    host = arguments.get("--host") or ("0.0.0.0" if verb == "run" else "127.0.0.1")
    listen = Listen("0.0.0.0" if host == "::" else host, _number(port))
    variable = None if arguments.get("--port") else "PORT"
    if not port.isdecimal() and port != UNTOLD:
        return Start(None, (folder,), listen, f"Invalid value for '--port': '{port}' is not a valid integer.")
    given = words[0] if words else next((path for path in _FASTAPI_DEFAULTS if files.find(posixpath.join(folder, path))), None)
    if arguments.get("--entrypoint", "-e"):
        return Start(_module(arguments.get("--entrypoint", "-e") or "", "app", False), (folder,), listen, variable=variable)
    if given is None and files.find(posixpath.join(folder, "pyproject.toml")):
        return Start(None, (folder,), listen, None, "the entry point that pyproject.toml may name for fastapi is not followed")
    if given is None:
        problem = "Could not find a default file to run, please provide an explicit path"
        return Start(None, (folder,), listen, problem, missing=posixpath.join(folder, "main.py"))
    path = posixpath.normpath(posixpath.join(folder, given))
    found = files.find(path)
    if found is None and not files.tainted(path):
        return Start(None, (folder,), listen, f"Path does not exist {given}", missing=path)
    name, top = _module_path(path.removesuffix(".py"), files)
    return Start(Module(name, arguments.get("--app") or "", False, False, given), (top,), listen, variable=variable)


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
    if not target and env.get("FLASK_APP", "") is None:
        return Start(None, (folder,), listen, None, "the app that FLASK_APP names is not known")
    if not target:
        target = next((name for name in ("wsgi.py", "app.py") if files.find(posixpath.join(folder, name))), None)
    dotenv = any(files.find(posixpath.join(folder, name)) for name in (".flaskenv", ".env"))
    if listen and dotenv:  # they may hold FLASK_RUN_HOST and FLASK_RUN_PORT
        told_host = arguments.get("--host", "-h") or "FLASK_RUN_HOST" in env
        told_port = arguments.get("--port", "-p") or "FLASK_RUN_PORT" in env
        listen = Listen(listen.host if told_host else None, listen.port if told_port else None)
    if not target and dotenv:
        return Start(None, (folder,), listen, None, "the app that .flaskenv or .env may name for flask is not followed")
    if not target:
        words = "Could not locate a Flask application. Use the 'flask --app' option, 'FLASK_APP' environment variable, or a"
        problem = f"Error: {words} 'wsgi.py' or 'app.py' file in the current directory."
        return Start(None, (folder,), listen, problem, missing=posixpath.join(folder, "app.py"))
    path, _, attribute = target.partition(":")
    bare = attribute.partition("(")[0]
    name, front = _module_path(posixpath.normpath(posixpath.join(folder, path)).removesuffix(".py"), files)
    return Start(Module(name, bare, "(" in attribute, False, target), (front,), listen)


def streamlit(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`streamlit run file`; binds all interfaces on 8501 or STREAMLIT_SERVER_PORT."""
    arguments = take_apart(argv, frozenset())
    words = arguments.words[1:] if arguments.words[:1] == ["run"] else []
    port = arguments.get("--server.port") or env.get("STREAMLIT_SERVER_PORT", "8501")
    listen = Listen(arguments.get("--server.address") or "0.0.0.0", _number(port))
    settings = [posixpath.join(where, ".streamlit/config.toml") for where in (folder, "/root")]
    if "--server.port" not in arguments.options and any(files.find(path) or files.tainted(path) for path in settings):
        listen = Listen(None, None)
    if not words:
        return Start(None, (folder,), listen, None, "streamlit without a file is not followed")
    path = posixpath.normpath(posixpath.join(folder, words[0]))
    if not files.find(path) and not files.tainted(path):
        return Start(None, (folder,), listen, f"Error: Invalid value: File does not exist: {words[0]}", missing=path)
    return Start(Script(path, words[0]), (posixpath.dirname(path),), listen)


def celery(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`celery -A module worker`; opens no port."""
    arguments = take_apart(argv, frozenset(), short="AblcQPnE")
    target = arguments.get("-A", "--app")
    if not target:
        return Start(None, (folder,), None, None, "celery without -A is not followed")
    name = target.partition(":")[0]
    front = posixpath.normpath(posixpath.join(folder, arguments.get("--workdir") or "."))
    return Start(Module(name, None, False, False, target), (front,), None)


def alembic(argv: tuple[str, ...], folder: str, env: Env, files: FileSystem) -> Start:
    """`alembic [-c alembic.ini] verb`; opens no port. Where its environment lies stands in that file: see `alembic.py`."""
    flags = frozenset("--raiseerr --quiet -q --version --help -h --sql --verbose -v --check-heads --purge --splice".split())
    arguments = take_apart(argv, flags, short="cnxm")
    config = arguments.get("-c", "--config") or env.get("ALEMBIC_CONFIG", "alembic.ini")
    verb = arguments.words[0] if arguments.words else ""
    if verb not in ("upgrade", "downgrade", "current", "stamp", "check") or "-n" in argv or "--name" in argv:
        return Start(None, (), None)
    if config is None:
        return Start(None, (), None, None, "the config that ALEMBIC_CONFIG names is not known")
    return Start(None, (), None, settings=posixpath.normpath(posixpath.join(folder, config)))


_IN_CODE = {  # a call that serves: where it listens unless it is told, and the places of host and port among its arguments
    "uvicorn.run": ("127.0.0.1", 8000, None),
    "Flask.run": ("127.0.0.1", 5000, 0),
    "waitress.serve": ("0.0.0.0", 8080, None),
}


def in_code(kind: str, call: ast.Call, value: Callable[[ast.expr], object]) -> Listen:
    """Return where a call like `uvicorn.run(app, host=…, port=…)` listens; `value` evaluates an argument."""
    host, port, position = _IN_CODE[kind]
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given or given.keys() & {"uds", "fd", "listen", "unix_socket"}:
        return Listen(None, None)
    if position is not None:
        given = {**dict(zip(("host", "port"), call.args[position:], strict=False)), **given}
    told_host = value(given["host"]) if "host" in given else host
    told_port = value(given["port"]) if "port" in given else port
    told_host, told_port = (host if told_host is None else told_host), (port if told_port is None else told_port)
    number = _number(str(told_port)) if isinstance(told_port, int | str) else None
    return Listen(_host(str(told_host)) if isinstance(told_host, str) else None, number)


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
    "alembic": alembic,
}
MODULES = {"waitress": "waitress-serve", "fastapi_cli": "fastapi"}  # what `python -m` calls them, where it differs
BROUGHT_BY = {"waitress-serve": "waitress", "fastapi": "fastapi-cli"}  # the distribution that brings the script
BEGINS = {  # the module that each launcher's script imports
    "uvicorn": "uvicorn.main",
    "gunicorn": "gunicorn.app.wsgiapp",
    "hypercorn": "hypercorn.__main__",
    "granian": "granian.cli",
    "daphne": "daphne.cli",
    "waitress-serve": "waitress.runner",
    "fastapi": "fastapi_cli.cli",
    "flask": "flask.cli",
    "streamlit": "streamlit.web.cli",
    "celery": "celery.bin.celery",
    "alembic": "alembic.config",
}
WORKERS = {  # gunicorn's own workers: the package that each needs, and what it says without (gunicorn 27, tried)
    "gevent": ("gevent", "RuntimeError: gevent worker requires gevent 24.10.1 or higher"),
    "eventlet": ("eventlet", "RuntimeError: eventlet worker requires eventlet 0.40.3 or higher"),
    "tornado": ("tornado", "RuntimeError: You need tornado installed to use this worker."),
}
