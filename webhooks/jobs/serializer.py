"""How arguments and results of jobs are stored: as JSON of a closed set of types.

DBOS's own default is pickle, which runs whatever a row holds. Here nothing is stored whose type is not known when it is read
again, and what another program may have planted as a pickle is refused.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from dbos import Serializer
from dbos._serialization import DefaultSerializer

from bot.evidence.redaction import redact


class Failed(Exception):
    """A stored error whose class is not known here: the name of that class, and its message, redacted."""

    def __init__(self, kind: str, message: str):
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


class PickleRefused(Exception):
    """A row of the database is marked as a pickle; none of ours is."""


class JsonSerializer(Serializer):
    """Stores JSON, tuples, bytes, times, the given `records` (named tuples) and `errors`.

    A record is stored by its class's name and its fields' names. A field that the class has no more is left out when it is
    read, and a new one gets its default, so that a job outlives an upgrade. An error that a workflow catches by its class must
    be among `errors`; any other becomes `Failed` when it is read again. Messages of errors are redacted.
    """

    def __init__(self, records: Iterable[type[tuple[Any, ...]]] = (), errors: Iterable[type[Exception]] = ()):
        self.records = {record.__name__: record for record in records}
        self.errors = {error.__name__: error for error in (*errors, Failed)}

    def name(self) -> str:
        """Return what the rows are marked with."""
        return "deploymend_json"

    def serialize(self, data: Any) -> str:
        """Return data as text. Raises TypeError for a type that could not be read again, ValueError for NaN."""
        # Escaped, since PostgreSQL's text holds no NUL and UTF-8 no lone surrogate.
        return json.dumps(self._plain(data), separators=(",", ":"), allow_nan=False)

    def deserialize(self, serialized_data: str) -> Any:
        """Return the data that text stands for. Raises ValueError."""
        return self._data(json.loads(serialized_data))

    def _plain(self, data: Any) -> Any:
        kind = type(data)
        if data is None or kind in (bool, int, float, str):
            return data
        if kind is list:
            return [self._plain(item) for item in data]
        if kind is dict:
            if all(type(key) is str and not key.startswith("$") for key in data):
                return {key: self._plain(value) for key, value in data.items()}
            return {"$dict": [[self._plain(key), self._plain(value)] for key, value in data.items()]}
        if kind is tuple:
            return {"$tuple": [self._plain(item) for item in data]}
        if kind is bytes:
            return {"$bytes": base64.b64encode(data).decode()}
        if kind is datetime:
            return {"$time": data.isoformat()}
        if self.records.get(kind.__name__) is kind:
            return {
                "$record": kind.__name__,
                "fields": {name: self._plain(getattr(data, name)) for name in cast(Any, kind)._fields},
            }
        if isinstance(data, Exception):
            return self._plain_error(data)
        raise TypeError(f"A job can't store a value of the type {kind.__module__}.{kind.__qualname__}.")

    def _plain_error(self, error: Exception) -> dict[str, Any]:
        kind = type(error)
        if self.errors.get(kind.__name__) is not kind:
            error = Failed(kind.__name__, str(error))
        try:
            arguments, state = self._plain(list(error.args)), self._plain(dict(vars(error)))
        except TypeError:
            error = Failed(kind.__name__, str(error))
            arguments, state = list(error.args), dict(vars(error))
        return {"$error": type(error).__name__, "arguments": _redacted(arguments), "state": _redacted(state)}

    def _data(self, plain: Any) -> Any:
        match plain:
            case list():
                return [self._data(item) for item in plain]
            case {"$dict": items}:
                return {self._data(key): self._data(value) for key, value in items}
            case {"$tuple": items}:
                return tuple(self._data(item) for item in items)
            case {"$bytes": text}:
                return base64.b64decode(text)
            case {"$time": text}:
                return datetime.fromisoformat(text)
            case {"$record": name, "fields": fields}:
                record = self.records.get(name)
                if record is None:
                    raise ValueError(f"A job holds a {name!r}, which this version does not know.")
                known = cast(Any, record)._fields
                return record(**{field: self._data(value) for field, value in fields.items() if field in known})
            case {"$error": name, "arguments": arguments, "state": state}:
                return self._error(name, self._data(arguments), self._data(state))
            case dict():
                return {key: self._data(value) for key, value in plain.items()}
        return plain

    def _error(self, name: str, arguments: list[Any], state: dict[str, Any]) -> Exception:
        kind = self.errors.get(name)
        if kind is None:  # a version before this one knew it
            return Failed(name, ", ".join(map(str, arguments)))
        error: Exception = kind.__new__(kind, *arguments)
        error.args = tuple(arguments)
        vars(error).update(state)
        return error


def refuse_pickle() -> None:
    """From now on no row is unpickled in this process, whatever it is marked with."""
    refuse: Callable[[DefaultSerializer, str], Any] = _refuse
    DefaultSerializer.deserialize = refuse  # type: ignore[method-assign,assignment]


def _refuse(_: DefaultSerializer, serialized_data: str) -> Any:
    raise PickleRefused("A row of the database holds a pickle, which none of ours does; it was not read.")


def _redacted(plain: Any) -> Any:
    if isinstance(plain, str):
        return "\n".join(redact(line) for line in plain.split("\n"))
    if isinstance(plain, list):
        return [_redacted(item) for item in plain]
    if isinstance(plain, dict):
        return {key: _redacted(value) for key, value in plain.items()}
    return plain
