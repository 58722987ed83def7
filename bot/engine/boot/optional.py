"""Packages that a framework asks for only when one of its features is used: at an import, a definition or a call.

Messages are those of FastAPI 0.165, Starlette 1.10, pydantic 2.14 and SQLAlchemy 2.1, tried; SQLAlchemy 2.0 brings greenlet
itself and takes psycopg2 for `postgresql://`, where 2.1 takes psycopg.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.engine.boot.modules import parsed
from bot.engine.boot.values import dotted
from bot.engine.image.packages import Installed
from bot.engine.model.findings import Failure


class Wanted(NamedTuple):
    """A feature in use: the module that it needs, who gives that, and what Python says where it is not there."""

    feature: str
    module: str
    distribution: str
    message: str
    failure: Failure
    line: int
    column: int
    certain: bool = True


_FORM = 'RuntimeError: Form data requires "python-multipart" to be installed.'
_EMAIL = "ImportError: email-validator is not installed, run `pip install {}`"
_GREENLET = "ImportError: The SQLAlchemy asyncio module requires that the Python 'greenlet' library is installed."
_JINJA = "ImportError: jinja2 must be installed to use Jinja2Templates"
# module that is imported: what it needs
_IMPORTS: dict[str, tuple[str, str, Failure]] = {
    "starlette.middleware.sessions": ("itsdangerous", "ModuleNotFoundError: No module named 'itsdangerous'", "module"),
    "fastapi.templating": ("jinja2", _JINJA, "import"),
    "starlette.templating": ("jinja2", _JINJA, "import"),
    "sqlalchemy.ext.asyncio": ("greenlet", _GREENLET, "import"),
}
_DRIVERS = {  # the part of an engine's URL: module, distribution
    "aiomysql": ("aiomysql", "aiomysql"),
    "aiosqlite": ("aiosqlite", "aiosqlite"),
    "asyncmy": ("asyncmy", "asyncmy"),
    "asyncpg": ("asyncpg", "asyncpg"),
    "mysqldb": ("MySQLdb", "mysqlclient"),
    "oracledb": ("oracledb", "oracledb"),
    "pg8000": ("pg8000", "pg8000"),
    "psycopg": ("psycopg", "psycopg"),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pymssql": ("pymssql", "pymssql"),
    "pymysql": ("pymysql", "pymysql"),
    "pyodbc": ("pyodbc", "pyodbc"),
}
_URL = re.compile(r"([a-z0-9]+)(?:\+([a-z0-9_]+))?://")
_SPLIT = (2, 1)  # SQLAlchemy before it brings greenlet, and means psycopg2
_VERBS = frozenset("get post put patch delete options head trace api_route".split())
_FORMS = frozenset("Form File UploadFile OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict".split())
_HINTS = re.compile(rb"EmailStr|UploadFile|OAuth2PasswordRequestForm|\b(?:Form|File)\b")
_MODELS = frozenset(("BaseModel", "SQLModel", "BaseSettings"))


def imported(names: tuple[str, ...], line: int, column: int, installed: Installed) -> Wanted | None:
    """Return what importing one of these modules needs and the image does not have."""
    for name in names:
        if name in _IMPORTS and not installed.gives(_IMPORTS[name][0]):
            module, message, failure = _IMPORTS[name]
            if module == "greenlet" and installed.before("sqlalchemy", _SPLIT):
                return None
            certain = not installed.held("sqlalchemy") if module == "greenlet" else True
            if module == "jinja2":  # older releases of Starlette say it when the class is used
                certain = not installed.held("starlette") and not installed.before("starlette", (1,))
            return Wanted(f"`{name}`", module, module, message, failure, line, column, certain)
    return None


def engine(url: str, node: ast.Call, installed: Installed) -> Wanted | None:
    """Return the driver that an engine's URL names, where the image does not have it."""
    match = _URL.match(url)
    if match is None:
        return None
    dialect, driver = match.groups()
    certain = driver is not None or dialect != "postgresql" or not installed.held("sqlalchemy")
    if driver is None:
        newer = not installed.before("sqlalchemy", _SPLIT)
        driver = {"postgresql": "psycopg" if newer else "psycopg2", "mysql": "mysqldb", "mariadb": "mysqldb"}.get(dialect)
    if driver not in _DRIVERS or installed.gives(_DRIVERS[driver][0]):
        return None
    module, distribution = _DRIVERS[driver]
    message = f"ModuleNotFoundError: No module named '{module}'"
    feature = f"an engine for `{match[0]}…`"
    return Wanted(feature, module, distribution, message, "module", node.lineno, node.col_offset + 1, certain)


def unnamed_engine(node: ast.Call, installed: Installed) -> Wanted | None:
    """Return the driver that an engine would need for a URL of PostgreSQL that only the platform knows.

    psycopg2 is what is installed, so PostgreSQL is meant; SQLAlchemy takes it for `postgresql://` up to 2.0 alone.
    """
    newer = installed.has("sqlalchemy") and not installed.before("sqlalchemy", _SPLIT) and not installed.held("sqlalchemy")
    if not newer or not installed.gives("psycopg2") or installed.gives("psycopg"):
        return None
    message = "ModuleNotFoundError: No module named 'psycopg'"
    feature = "SQLAlchemy 2.1, for a `postgresql://` from the platform,"
    return Wanted(feature, "psycopg", "psycopg", message, "module", node.lineno, node.col_offset + 1, certain=False)


def defined(source: bytes, installed: Installed) -> tuple[Wanted, ...]:
    """Return what the routes and models that a module defines need and the image does not have."""
    if not _HINTS.search(source):
        return ()
    forms, emails = not installed.has("python-multipart"), not installed.gives("email_validator")
    old = any(each.name == "pydantic" and re.search(r"[=<]\s*1\b|<\s*2", each.rest) for each in installed.asked)
    return _defined(source, forms, emails, old) if forms or emails else ()


@lru_cache(maxsize=1024)
def _defined(source: bytes, forms: bool, emails: bool, old: bool) -> tuple[Wanted, ...]:
    try:
        return tuple(_wanted(parsed(source).body, forms, emails, old))
    except SyntaxError:
        return ()


def _wanted(body: list[ast.stmt], forms: bool, emails: bool, old: bool) -> Iterator[Wanted]:
    """Yield what `forms` and `emails` need that are missing; `old`: pydantic 1 says it in its words."""
    names = _names(body)
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if forms and _is_route(statement):
                found = next((node for node in _parameters(statement) if _origin(node, names, "fastapi") in _FORMS), None)
                if found is not None:
                    at = (statement.lineno, statement.col_offset + 1)
                    feature = f"`{dotted(found)}` in a route"
                    yield Wanted(feature, "multipart", "python-multipart", _FORM, "import", *at)
            case ast.ClassDef(bases=[_, *_] as bases) if emails and not statement.decorator_list:
                hints = [each.annotation for each in statement.body if isinstance(each, ast.AnnAssign)]
                inner = (node for hint in hints for node in ast.walk(hint) if _origin(node, names, "pydantic") == "EmailStr")
                if next(inner, None) is not None:
                    at = (statement.lineno, statement.col_offset + 1)
                    message = _EMAIL.format("pydantic[email]" if old else "'pydantic[email]'")
                    sure = any(dotted(base).rpartition(".")[2] in _MODELS for base in bases)
                    yield Wanted("`EmailStr`", "email_validator", "email-validator", message, "import", *at, sure)


def _names(body: list[ast.stmt]) -> dict[str, str]:
    """Return what names stand for that a module imports: `{"Form": "fastapi.Form"}`."""
    return {
        alias.asname or alias.name: f"{statement.module}.{alias.name}"
        for statement in body
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level
        for alias in statement.names
    }


def _origin(node: ast.AST, names: dict[str, str], package: str) -> str:
    """Return the name of a package's own that a node stands for, `""` for anything else."""
    written = dotted(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    whole = names.get(written, written)
    top = whole.partition(".")[0]
    return whole.rpartition(".")[2] if top == package or (package == "fastapi" and top == "starlette") else ""


def _is_route(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    called = [each.func for each in function.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(each, ast.Attribute) and each.attr in _VERBS for each in called)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield the expressions that stand in the parameters of a function."""
    given = function.args
    for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs):
        if argument.annotation is not None:
            yield from ast.walk(argument.annotation)
    for default in (*given.defaults, *given.kw_defaults):
        if default is not None:
            yield from ast.walk(default)
