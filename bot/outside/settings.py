"""Settings of a repository: `deploymend.toml`, or `[tool.deploymend]` in pyproject.toml."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.model import toml
from bot.engine.model.tree import Tree, position

KEYS: dict[str, tuple[type, str]] = {
    "app": (str, "the app to look at, as its config names it"),
    "config": (str, "the config to look at"),
    "exclude": (list, "folders and files that are not looked at"),
    "from": (str, "the folder that deploys are started from"),
    "ignore": (list, "codemods that are never used"),
    "process": (str, "the process group to look at"),
    "secrets": (list, "names of variables that the platform holds as secrets"),
    "select": (list, "the only codemods that are used"),
    "strict": (bool, "likely faults fail too"),
    "unsafe": (bool, "unsafe repairs are made too"),
}


class BadSettings(Exception):
    """A setting that can't be used; says which, where, and what to do."""


class Settings(NamedTuple):
    """The settings of a repository; what is not set is empty."""

    app: str | None = None
    config: str | None = None
    exclude: tuple[str, ...] = ()
    start: str | None = None
    ignore: tuple[str, ...] = ()
    process: str | None = None
    secrets: tuple[str, ...] = ()
    select: tuple[str, ...] | None = None
    strict: bool = False
    unsafe: bool = False


def read(tree: Tree) -> Settings:
    """Read the settings of the repository; raises `BadSettings` for an unknown key or a wrong type."""
    places: tuple[tuple[str, tuple[str, ...]], ...] = (("deploymend.toml", ()), ("pyproject.toml", ("tool", "deploymend")))
    for path, section in places:
        if not tree.is_file(path):
            continue
        text = tree.text(path)
        if section and "deploymend" not in text:
            continue
        document = toml.read(text)
        if document.problems:
            row, column = document.row_and_column(document.problems[0].start)
            raise BadSettings(f"{path}:{row}:{column}: {document.problems[0].message}")
        table: toml.Value = document.data
        for part in section:
            table = table.get(part) if isinstance(table, dict) else None
        if isinstance(table, dict):
            return _settings(path, document, section, table)
        if table is not None:
            raise BadSettings(f"{path}:{_line(document, section)}: `{'.'.join(section)}` is a table")
    return Settings()


def _line(document: toml.Document, path: tuple[str, ...]) -> int:
    """Return the line on which a key stands, or the first one below it."""
    spans = (span for known, span in document.spans.items() if known[: len(path)] == path)
    return position(document.text, min((span.key_start for span in spans), default=0))[0]


def _settings(path: str, document: toml.Document, section: tuple[str, ...], table: dict[str, toml.Value]) -> Settings:
    for key, value in table.items():
        line = _line(document, (*section, key))
        if key not in KEYS:
            import difflib  # needed for a misspelt key alone

            near = difflib.get_close_matches(key, KEYS, 1, 0.6)
            hint = f"did you mean `{near[0]}`?" if near else f"the settings are {', '.join(KEYS)}"
            raise BadSettings(f"{path}:{line}: there is no setting `{key}`; {hint}")
        wanted = KEYS[key][0]
        items = value if isinstance(value, list) else []
        if type(value) is not wanted or not all(type(item) is str for item in items):  # a date is text of a kind of its own
            words = {list: "a list of strings", str: "a string", bool: "true or false"}[wanted]
            raise BadSettings(f"{path}:{line}: `{key}` is {words}")

    def names(key: str) -> tuple[str, ...]:
        listed = table.get(key)
        return tuple(str(item) for item in listed) if isinstance(listed, list) else ()

    def text(key: str) -> str | None:
        value = table.get(key)
        return value if isinstance(value, str) else None

    return Settings(
        app=text("app"),
        config=text("config"),
        exclude=tuple(name.strip("/") for name in names("exclude")),
        start=text("from"),
        ignore=names("ignore"),
        process=text("process"),
        secrets=names("secrets"),
        select=names("select") if "select" in table else None,
        strict=bool(table.get("strict")),
        unsafe=bool(table.get("unsafe")),
    )
