"""What a repository tells of the database that Fly gives an app: how its URL comes into the machine's environment.

`fly postgres attach` sets `postgres://…?sslmode=disable` (flyctl `internal/command/postgres/attach.go`), `fly mpg attach`
`postgresql://…` (`internal/command/mpg/v1/run_attach.go`), both as DATABASE_URL unless `--variable-name` says otherwise.
"""

from __future__ import annotations

import re

from bot.engine.model.target import Provided
from bot.engine.model.tree import Tree, Unreadable, name
from bot.engine.platforms import survey

_ATTACH = re.compile(r"\b(?:fly|flyctl)[ \t]+(postgres|pg|mpg)[ \t]+attach\b((?:\\\r?\n|[^\n])*)")
_VARIABLE = re.compile(r"--variable-name[ \t=]+[\"']?(\w+)")
_SECRETS = re.compile(r"\bsecrets[ \t]+(?:set|import)\b((?:\\\r?\n|[^\n])*)")
_TELLING = (".md", ".mdx", ".txt", ".rst", ".sh", ".bash", ".ps1", ".yml", ".yaml", "Makefile", "makefile", "justfile")
_DEEPEST = 3
_URLS = re.compile(r"URL|URI|DSN|CONNECTION|DATABASE$", re.I)  # how variables are called that hold one
POSTGRES = "postgres://user:password@database.flycast:5432/app?sslmode=disable"
POSTGRESQL = "postgresql://user:password@host:5432/app"


def of_fly(tree: Tree, variable: str, secret: bool) -> Provided | None:
    """Return what a variable of a Fly app holds, if it is known for a database's URL."""
    attached: Provided | None = None
    for path in survey.files(tree):
        if path.count("/") > _DEEPEST or not name(path).endswith(_TELLING):
            continue
        try:
            text = tree.text(path)
        except Unreadable:
            continue
        if "secrets" in text and variable in text and _set_by_hand(text, variable):
            return None  # whoever sets it writes what the app wants
        attached = attached or _attached(path, text, variable)
    if attached:
        return attached
    if secret and holds_url(variable):
        return Provided(POSTGRES, f"{variable} is a secret, and `fly postgres attach` sets", "named")
    return usual(variable)


def holds_url(variable: str) -> bool:
    """Say whether a variable is called like one that holds a URL."""
    return _URLS.search(variable) is not None


def usual(variable: str) -> Provided | None:
    """Return what a variable holds that nothing in the repository sets, by its name alone."""
    if variable != "DATABASE_URL":
        return None
    return Provided(POSTGRESQL, f"nothing here sets {variable}, and databases are handed out as", "guessed")


def _set_by_hand(text: str, variable: str) -> bool:
    """Say whether a URL is set as a secret that names its driver, or another database."""
    urls = re.compile(rf"\b{re.escape(variable)}=[\"']?([a-z0-9+]+)://")
    found = [url for command in _SECRETS.findall(text) for url in urls.findall(command)]
    return any(url not in ("postgres", "postgresql") for url in found)


def _attached(path: str, text: str, variable: str) -> Provided | None:
    for match in _ATTACH.finditer(text):
        told = _VARIABLE.search(match[2])
        if (told[1] if told else "DATABASE_URL") != variable:
            continue
        url = POSTGRESQL if match[1] == "mpg" else POSTGRES
        line = text.count("\n", 0, match.start()) + 1
        return Provided(url, f"`fly {match[1]} attach` ({path}:{line}) sets {variable} to", "told")
    return None
