"""Pages of the faults of a process that starts, up to its last import."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
    "needs-shell": (
        "boot",
        "A command line needs a shell, and none reads it",
        "Fly executes commands directly: `cd`, `&&`, `NAME=value` and `$PORT` mean nothing outside of a shell.",
    ),
    "launcher-usage": (
        "boot",
        "The server refuses its arguments",
        "An option without a value (a variable that is empty), a file that does not exist, a word too many.",
    ),
    "launcher-not-installed": (
        "boot",
        "The server that the command starts is not installed",
        "No requirement that the image installs is known to bring it. Dependencies of dependencies are not known, so this is "
        "never certain.",
    ),
    "command-not-found": (
        "boot",
        "The command starts a program that the image does not have",
        "Slim images have no curl, nc, psql, tini or node, and Alpine has no bash. What copies, installs or fetches them is "
        "looked at; where something was not followed, nothing is said. A loop that waits with such a program never ends.",
    ),
    "script-missing": (
        "boot",
        "The script that the command starts is not in the image",
        "It is not copied, kept out by an ignore rule, left out of git, or lies in another folder than the command says.",
    ),
    "script-line-endings": (
        "boot",
        "An entry script has Windows line endings",
        "The kernel takes the carriage return for a part of the interpreter's name and finds no such program. Save the script "
        "with LF, and put `*.sh text eol=lf` into .gitattributes.",
    ),
    "needs-bash": (
        "boot",
        "A command of bash is given to a shell that is not bash",
        "`sh` of Debian's images is dash: it has no `source`, and says `source: not found`. `.` is the same command in every "
        "shell; RUN and CMD without brackets are read by `/bin/sh` unless SHELL names another.",
    ),
    "folder-missing": (
        "boot",
        "The command changes to a folder that the image does not have",
        "The Dockerfile copies the sources to another place than the command expects, or the command is in that folder "
        "already: with `rootDir: backend`, Render runs it in `backend`.",
    ),
    "entry-not-found": (
        "boot",
        "The start command names a module that Python does not find",
        "Each launcher puts one folder first on sys.path (uvicorn and gunicorn: the working directory); the module's name "
        "counts from there.",
    ),
    "attribute-not-found": (
        "boot",
        "The start command names an object that the module does not define",
        "`module:attribute` needs a name at the module's top level. A package's name means its `__init__.py`.",
    ),
    "module-not-found": (
        "boot",
        "An import finds no module",
        "Either the repository's own module is not where Python looks (sys.path begins in another folder, the Dockerfile does "
        "not copy it), or no requirement brings the package.",
    ),
    "optional-package-missing": (
        "boot",
        "A framework's feature needs a package that nothing installs",
        "FastAPI and Starlette leave forms (python-multipart), sessions (itsdangerous) and templates (jinja2) to packages that "
        "they do not bring; pydantic's `EmailStr` needs email-validator, SQLAlchemy's asyncio greenlet, and an engine the "
        "driver in its URL. Each is asked for at import, so the process ends before it serves.",
    ),
    "database-url": (
        "boot",
        "SQLAlchemy does not take the URL of the database as the platform gives it",
        "`fly postgres attach` sets `postgres://`, which SQLAlchemy dropped in 1.4 (`Can't load plugin: "
        "sqlalchemy.dialects:postgres`), and Render's databases are `postgresql://`, which means psycopg2 (from SQLAlchemy 2.1 "
        "on psycopg) and no engine with asyncpg. What the code makes of the variable on its way to the engine is followed. "
        "Likely where the platform's form is not written down: a secret may hold another one.",
    ),
    "settings-extra-key": (
        "boot",
        "A settings class forbids a key of its env file",
        "pydantic-settings 2 forbids extra inputs by default, and takes each key of a file that `env_file` names for one where "
        "no field has it. Variables of the environment are never held against a class, so this only bites in an image that "
        "has the file. Classes that change their sources or their input themselves are left alone.",
    ),
    "settings-value-invalid": (
        "boot",
        "A setting can't be made of the value that a variable has",
        "A list or a dictionary is read as JSON, before any validator of its own: `a,b` is none. Numbers and booleans have to "
        "be some, too. Looked at are the platform's config, the Dockerfile's ENV and env files in the image; likely alone, "
        "since a secret of the same name goes before all of them.",
    ),
    "name-not-found": (
        "boot",
        "An imported name does not exist",
        "The module is found and does not define the name, nor is there a submodule of that name.",
    ),
    "name-not-defined": (
        "boot",
        "Code that runs as the app starts reads a name that nothing has bound",
        "An import that was left out, a name that only `if TYPE_CHECKING:` imports and an annotation needs, or a handler that "
        "logs before there is a logger: `except ImportError: logger.warning(…)` turns an optional package into a crash where "
        "it is not installed. Only code that surely runs counts; stars, `globals()` and `exec` may bind anything.",
    ),
    "import-cycle": (
        "boot",
        "A ring of imports asks a module for a name that it has not bound yet",
        "`app/db.py` imports `app/models.py`, which asks `app.db` for `Base` while that still imports: Python runs "
        "a module once and hands out what it has so far. A ring in which every name is bound in time is no finding.",
    ),
    "relative-import": (
        "boot",
        "A relative import has no package to count from",
        "A file that is started as a script, or imported as a top-level module, has no parent package; dots then lead nowhere.",
    ),
    "app-file-missing": (
        "boot",
        "The app opens a file as it starts, and the image has none there",
        "A model, a list or a key file that is read at import, or in the function that runs at startup. The Dockerfile does "
        "not copy it, an ignore rule keeps it out of the build, or git ignores it, so that a clone has none. Paths "
        "count from the working directory unless they are built from `__file__`.",
    ),
    "client-not-generated": (
        "boot",
        "The code imports a client that the build does not generate",
        "Prisma's Python package holds no client: `prisma generate` writes it there, out of the schema. A build that "
        "only installs requirements leaves it out.",
    ),
    "app-folder-missing": (
        "boot",
        "The app needs a folder as it starts, and the image has none there",
        "`StaticFiles` wants its directory, and a log or a database a folder to lie in. git keeps no empty folders: one with "
        "ignored files alone is not in a clone.",
    ),
    "syntax-error": (
        "boot",
        "A file that is imported at start does not compile",
        "The message and the line are Python's. Committed merge conflicts are named as such.",
    ),
    "library-incompatible": (
        "boot",
        "An installed library does not have what is imported from it",
        "The version that gets installed has lost, or does not have yet, a module or a name that the app or another library "
        "imports: a requirement without a bound brings the newest release, and a pin keeps an old one. Seen with --deep, "
        "which looks into the wheels.",
    ),
    "versions-clash": (
        "boot",
        "Installed versions are known not to work together",
        "One library calls another in a way that the other's version does not know, or does not work on the image's Python, "
        "though the bounds of both allow it: openai before 1.55.3 beside httpx 0.28 (`unexpected keyword argument 'proxies'`), "
        "SQLAlchemy before 2.0.31 on Python 3.13. Certain where --resolve tells the versions.",
    ),
    "system-library-missing": (
        "boot",
        "A package needs a shared library that the image does not have",
        "Some wheels leave a library to the system: OpenCV asks for libGL, psycopg without its `binary` extra for libpq, "
        "LightGBM for libgomp. A slim image has none of them: `ImportError: libGL.so.1: cannot open shared object file`. The "
        "Debian package brings it, or a distribution that does without (`opencv-python-headless`).",
    ),
}
