"""What the schema of fly.toml says about a config, for its tests."""

from bot.engine.model import toml
from bot.engine.platforms.fly_schema import UnknownKey, WrongType, check
from tests.tools import text


def found(source: str) -> list[WrongType | UnknownKey]:
    document = toml.read(text(source))
    assert not document.problems
    return check(document.data)


def wrong(source: str) -> list[str]:
    return [each.message for each in found(source) if isinstance(each, WrongType)]


def unknown(source: str) -> list[str]:
    return [".".join(map(str, each.path)) for each in found(source) if isinstance(each, UnknownKey)]


def decoding(kind: str, field: str, expected: str) -> str:
    return f"json: cannot unmarshal {kind} into Go struct field {field} of type {expected}"
