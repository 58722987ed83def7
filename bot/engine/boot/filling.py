"""Settings objects as the walk comes to them: what pydantic says to the variables and env files that it fills them from.

The words are those of the versions that `fields.py` names. Of a file that `env_file` names, pydantic-settings 2 takes the keys
that no field has for extra inputs, which are forbidden unless the class says otherwise; variables of the environment never
are, and those without a value aren't from 2.1 on. A list or a dictionary is read as JSON before any validator runs.
"""

from __future__ import annotations

import ast
import posixpath
import re
from typing import NamedTuple

from bot.engine.boot import fields, variables
from bot.engine.boot.facts import Call, Import
from bot.engine.boot.fields import Field, Shape
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.reader import Reader
from bot.engine.boot.settings import Own, configured, lineage
from bot.engine.boot.values import evaluate
from bot.engine.model import dotenv
from bot.engine.model.findings import ForbiddenKeys, MissingData, Place, UnreadValue
from bot.engine.model.tree import Unreadable

_NAME = re.compile(r"[A-Za-z_]\w*")  # what surely is a variable: python-dotenv takes nearly anything for one
_INTEGER = re.compile(r"\s*[+-]?\d[\d_]*(\.0*)?\s*")
_BOOLEANS = frozenset("0 off f false n no 1 on t true y yes".split())
_PREFIXED = (2, 3)  # from here on, keys without the prefix are known to be extra inputs
_UNDECODED = (2, 7)  # from here on, `NoDecode` keeps a field from being read as JSON
_MOVED = (2, 9)  # from here on, SettingsError has a module of its own
_OPTIONS = frozenset(("_env_file", "_env_file_encoding"))


class EnvFile(NamedTuple):
    """A file of variables that the image has: its path in the tree, what it holds, and why that may differ in a deploy."""

    path: str
    entries: tuple[dotenv.Entry, ...]
    doubt: str | None


class Misread(NamedTuple):
    """A text that a field can't be made of; `decoded`: it stops where JSON is read, before all validators."""

    field: Field
    variable: str
    value: str
    origin: EnvFile | None
    decoded: bool


def follow(walk: Importer, event: Call, frame: Frame) -> None:
    """Note what stops a settings object from being made."""
    if not _is_class(walk, event.name, frame):
        return
    reader = Reader(walk)
    before, walk.reader = walk.reader, reader
    try:
        whole = evaluate(event.node.func, walk.scope(frame))
        shape = fields.shape(reader, whole) if isinstance(whole, Own) else None
        files = _env_files(walk, event.node, frame, shape) if shape else None
        given = {each.arg for each in event.node.keywords}
        plain = not event.node.args and all(each and (not each.startswith("_") or each in _OPTIONS) for each in given)
        if shape is not None and files is not None and plain:
            place = Place(frame.loaded.found.tree or "", event.node.lineno, event.node.col_offset + 1)
            shape = shape._replace(fields=tuple(each for each in shape.fields if each.name not in given))
            _fill(walk, shape, files, place)
            for each in shape.fields:
                _make_default(walk, each, event.node, frame, place)
    finally:
        walk.reader = before


def _make_default(walk: Importer, field: Field, node: ast.Call, frame: Frame, place: Place) -> None:
    """Note what stops the settings object that is another one's default from being made."""
    shape = fields.shape(field.maker.reader, field.maker) if field.maker else None
    files = _env_files(walk, ast.Call(node.func, [], []), frame, shape) if shape else None
    if shape is not None and files is not None:
        _fill(walk, shape, files, place)


def _is_class(walk: Importer, name: str, frame: Frame) -> bool:
    """Say whether a name stands for a class of the repository's own: asked for each call, and cheaper than to follow it."""
    first, _, rest = name.partition(".")
    if frame.loaded.found.tree is None or (frame.local and first in frame.local):
        return False
    if not rest and first in frame.loaded.facts.classes:
        return True
    for event in frame.loaded.facts.events:
        if not isinstance(event, Import) or first not in (event.aliases or (event.module,)):
            continue
        owner = walk.absolute(event, frame.package) or ""
        if event.names is None:
            wanted = rest
        else:
            original = event.names[event.aliases.index(first)]
            owner, wanted = (f"{owner}.{original}", rest) if rest else (owner, original)
        loaded = walk.loaded.get(owner)
        return loaded is not None and (wanted in loaded.facts.classes or (bool(wanted) and wanted[0].isupper()))
    return False


# --- where values come from


def _env_files(walk: Importer, node: ast.Call, frame: Frame, shape: Shape) -> tuple[EnvFile, ...] | None:
    """Return the env files that are there; None where it can't be told which."""
    given = next((each.value for each in node.keywords if each.arg == "_env_file"), None)
    told = evaluate(given, walk.scope(frame)) if given is not None else shape.options.get("env_file")
    listed = told if isinstance(told, tuple) else () if told is None else (told,)
    if not all(isinstance(each, str) for each in listed) or (listed and walk.files.wandered):
        return None
    found = []
    for each in listed:
        path = posixpath.normpath(posixpath.join(walk.folder, str(each)))
        lies = walk.finder.image.files.find(path)
        if lies is None or lies.kind != "file":
            continue
        if lies.tree is None:
            return None
        try:
            entries = dotenv.read(walk.tree.text(lies.tree))
        except Unreadable:
            return None
        doubt = walk.finder.image.files.tainted(path)
        if walk.files.explained(MissingData(path, False)):
            doubt = doubt or "the deploy may bring another one"
        found.append(EnvFile(lies.tree, entries, doubt))
    return tuple(found)


def _value(walk: Importer, shape: Shape, field: Field, files: tuple[EnvFile, ...]) -> tuple[str, str, EnvFile | None] | None:
    """Return the variable that fills a field, its value and the file that has it; None for none, or one that is not told."""
    exact = shape.options.get("case_sensitive") is True
    wanted = {each if exact else each.lower() for each in field.variables}
    known = [(name, value) for name, value in walk.env.items() if (name if exact else name.lower()) in wanted]
    if known:
        name, value = known[0]
        return (name, value, None) if value is not None and len(known) == 1 else None
    for each in reversed(files):
        for entry in reversed(each.entries):
            if (entry.key if exact else entry.key.lower()) in wanted:
                return (entry.key, entry.value, each) if entry.value is not None else None
    return None


# --- what pydantic makes of them


def _fill(walk: Importer, shape: Shape, files: tuple[EnvFile, ...], place: Place) -> None:
    misread = []
    for field in shape.fields:
        found = _value(walk, shape, field, files)
        if found and (found[1] or shape.options.get("env_ignore_empty") is not True):
            wrong = _judge(field, found[1], shape)
            misread += [Misread(field, *found, decoded=wrong == "json")] if wrong else []
    extra = [] if shape.old or shape.rewrites else _extra(walk, shape, files)
    for each in misread:
        if each.decoded:
            _note_misread(walk, shape, each, _undecoded(walk, shape, each), place)
    late = [each for each in misread if not each.decoded]
    count = len(late) + sum(len(keys) for _, keys in extra)
    words = _refusal(shape, count)
    missing = _missing(walk, shape, files)
    for field, variable in missing:
        _assume(walk, shape, field, variable, _refusal(shape, count + len(missing)), place)
    for file, keys in extra:
        _note_extra(walk, shape, file, keys, words, place)
    for each in late:
        _note_misread(walk, shape, each, words, place)


def _refusal(shape: Shape, count: int) -> str:
    kind = "pydantic.error_wrappers" if shape.old else "pydantic_core._pydantic_core"
    return f"{kind}.ValidationError: {count} validation error{'s' * (count > 1)} for {shape.whole.node.name}"


def _missing(walk: Importer, shape: Shape, files: tuple[EnvFile, ...]) -> list[tuple[Field, str]]:
    """Return the fields without a default that nothing known here fills, each with its variable."""
    if shape.rewrites or "secrets_dir" in shape.options:
        return []
    exact = shape.options.get("case_sensitive") is True
    delimiter = shape.options.get("env_nested_delimiter")
    listed = {entry.key.lower() for file in files for entry in file.entries}
    there = listed | {name.lower() for name, value in walk.env.items() if value is not None or not walk.left(name)}
    found = []
    for field in shape.fields:
        parts = tuple(f"{each.lower()}{delimiter}" for each in field.variables) if isinstance(delimiter, str) else ()
        known = any(each.lower() in there for each in field.variables) or any(each.startswith(parts) for each in there if parts)
        if not field.required or not field.variables or known:
            continue
        name = field.variables[0] if exact else field.variables[0].upper()
        if not variables.is_set(walk, name, walk.frame(field.owner.loaded)):
            found.append((field, name))
    return found


def _extra(walk: Importer, shape: Shape, files: tuple[EnvFile, ...]) -> list[tuple[EnvFile, list[str]]]:
    """Return the keys of env files that no field has, where the class forbids them."""
    prefix, exact = shape.options.get("env_prefix", ""), shape.options.get("case_sensitive") is True
    if shape.options.get("extra", "forbid") != "forbid" or not isinstance(prefix, str):
        return []
    installed = walk.finder.installed
    if prefix and (installed.before("pydantic-settings", _PREFIXED) or installed.held("pydantic-settings")):
        return []
    names = {name.lower() for field in shape.fields for name in (field.name, *field.variables)}
    nested = tuple(
        name.lower() for field in shape.fields if not _is_plain(field) for name in (*field.variables, f"{prefix}{field.name}")
    )
    found = []
    seen = set[str]()
    for file in files:
        keys = [
            entry.key
            for entry in file.entries
            if entry.raw
            and _NAME.fullmatch(entry.key)
            and not (entry.key.lower() in names or entry.key.lower().startswith(nested))
        ]
        fresh = [key for key in dict.fromkeys(key if exact else key.lower() for key in keys) if key not in seen]
        seen.update(fresh)
        found += [(file, fresh)] if fresh else []
    return found


def _is_plain(field: Field) -> bool:
    """Say whether a field is filled from one variable, whose name is its own, alone."""
    return field.kind in ("int", "float", "bool") or field.annotation in ("str", "Optional[str]", "str | None", "SecretStr")


def _judge(field: Field, text: str, shape: Shape) -> str | None:
    """Return what goes wrong with a text: "json" where it is not read at all, "type" where a validator refuses it."""
    if field.kind in ("list", "dict"):
        if shape.options.get("enable_decoding") is False:
            return None
        import json

        try:
            fits = isinstance(json.loads(text), list if field.kind == "list" else dict)
        except ValueError:
            if shape.old or not field.optional:
                return "json"
            fits = False
        return "type" if not fits and not field.early and not shape.rewrites else None
    if field.early or shape.rewrites or not _refused(field.kind, text):
        return None
    return "type"


def _refused(kind: str, text: str) -> bool:
    match kind:
        case "int":
            return _INTEGER.fullmatch(text) is None
        case "bool":
            return text.strip().lower() not in _BOOLEANS
        case "float":
            try:
                float(text)
            except ValueError:
                return True
    return False


def _undecoded(walk: Importer, shape: Shape, misread: Misread) -> str:
    if shape.old:
        return f'pydantic.env_settings.SettingsError: error parsing env var "{misread.variable.lower()}"'
    module = "sources" if walk.finder.installed.before("pydantic-settings", _MOVED) else "exceptions"
    source = "DotEnvSettingsSource" if misread.origin else "EnvSettingsSource"
    words = f'error parsing value for field "{misread.field.name}" from source "{source}"'
    return f"pydantic_settings.{module}.SettingsError: {words}"


# --- what is said of it


def _assume(walk: Importer, shape: Shape, field: Field, variable: str, message: str, made: Place) -> None:
    path = field.owner.loaded.found.tree or ""
    reason = f"`{field.owner.node.name}.{field.name}` ({path}:{field.line}) has no default, and the start makes the settings"
    step = f"{made.path}:{made.line}"
    added = walk.failures.chain[-1:] != [step]
    walk.failures.chain += [step] if added else []
    walk.failures.assume(variable, message, reason, Place(path, field.line))
    del walk.failures.chain[len(walk.failures.chain) - added :]


def _note_misread(walk: Importer, shape: Shape, misread: Misread, message: str, made: Place) -> None:
    """Note a value; never certain, since a secret of the same name goes before it."""
    field, installed = misread.field, walk.finder.installed
    path = field.owner.loaded.found.tree or ""
    where = misread.origin.path if misread.origin else "the environment"
    says = "JSON" if field.kind in ("list", "dict") else f"`{field.kind}`"
    reason = f"`{field.owner.node.name}.{field.name}` is read as {says}, and `{misread.variable}` of {where} is none."
    reason += " Not certain: a secret of that name would go before it."
    detail = UnreadValue(
        misread.variable,
        misread.value,
        field.kind,
        (path, field.owner.node.name, field.name),
        misread.origin.path if misread.origin else None,
        field.early,
        not (shape.old or installed.before("pydantic-settings", _UNDECODED) or installed.held("pydantic-settings")),
    )
    _fail(walk, "settings-value-invalid", message, reason, Place(path, field.line), detail, False, made)


def _note_extra(walk: Importer, shape: Shape, file: EnvFile, keys: list[str], message: str, made: Place) -> None:
    owner = next((each for each in lineage(shape.whole.reader, shape.whole) if configured(each.node)), shape.whole)
    path = owner.loaded.found.tree or ""
    listed = ", ".join(f"`{key}`" for key in keys)
    reason = f"{file.path} has {listed}, which `{shape.whole.node.name}` has no field for: Extra inputs are not permitted."
    reason += f" Not certain: {file.doubt}." if file.doubt else ""
    detail = ForbiddenKeys(tuple(keys), file.path, path, owner.node.name)
    place = Place(path, owner.node.lineno, owner.node.col_offset + 1)
    _fail(walk, "settings-extra-key", message, reason, place, detail, file.doubt is None, made)


def _fail(
    walk: Importer,
    code: str,
    message: str,
    reason: str,
    place: Place,
    detail: ForbiddenKeys | UnreadValue,
    certain: bool,
    made: Place,
) -> None:
    step = f"{made.path}:{made.line}"
    added = walk.failures.chain[-1:] != [step]
    walk.failures.chain += [step] if added else []
    walk.failures.fail(code, message, reason, place, detail, certain, "other")
    del walk.failures.chain[len(walk.failures.chain) - added :]
