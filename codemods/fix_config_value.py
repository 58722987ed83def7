"""Write a value of fly.toml as flyctl takes it.

flyctl reads the config into Go structs: `internal_port = "8080"` is text where a number is wanted, `force_https = "true"` no
bool, `processes = "app"` no list, and all end in `json: cannot unmarshal …`. Some values are words of a fixed vocabulary
(`auto_stop_machines = "pause"`: `invalid autostop string value`), and a duration needs a unit that Go knows (`10sec`:
`unknown unit`). Where only the type or the spelling is wrong, the value is written as it is meant; where a meaning has to be
chosen (`"pause"` is taken for `"suspend"`, `"10"` for ten seconds, and so is a bare 10 that would be ten milliseconds), it is
a suggestion.

Before:                                   After:

    [http_service]                            [http_service]
      internal_port = "8080"                    internal_port = 8080
      auto_stop_machines = "pause"              auto_stop_machines = "suspend"

References: https://fly.io/docs/reference/configuration/, https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import shell, toml
from bot.engine.model.findings import Fault, Safety, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _toml

CODEMOD = Codemod(answers=("config-type", "config-invalid"), since="0.1", platform="fly")
_OF_TYPE = re.compile(r"json: cannot unmarshal .* into Go struct field \S+ of type (\S+)\Z")
_AUTOSTOP = {  # words for what `off`, `stop` and `suspend` mean
    **dict.fromkeys(("pause", "paused", "suspended", "hibernate", "sleep"), "suspend"),
    **dict.fromkeys(("stopped", "on", "yes", "enabled", "always"), "stop"),
    **dict.fromkeys(("no", "none", "never", "disabled"), "off"),
}
_WORDS = {
    "auto_stop_machines": ("off", "stop", "suspend"),
    "strategy": ("canary", "rolling", "immediate", "bluegreen"),
    "policy": ("always", "never", "on-failure"),
    "type": ("http", "tcp"),
}
_MEANT = {
    "auto_stop_machines": _AUTOSTOP,
    "policy": {"no": "never", "off": "never", "unless-stopped": "always", "on-fail": "on-failure", "failure": "on-failure"},
    "type": {"https": "http"},
}
_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+", re.A)
_SIZE = re.compile(r"(\d+)\s*(m|g)i?b?", re.A)
_TRUE, _FALSE = ("yes", "on", "1", "enabled"), ("no", "off", "0", "disabled")


class _Value(NamedTuple):
    """How a value is to be written; unsafe where that chooses a meaning."""

    raw: str
    safety: Safety = "safe"


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the value in the type, or in the word, that flyctl takes there; none where more than one is possible."""
    config = report.target.config
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    text = tree.text(config)
    document = toml.read(text)
    path = _toml.path_at(document, finding.place) if finding.place else None
    span = document.spans.get(path) if path else None
    if path is None or span is None:
        yield Skip("the value has no place of its own")
        return
    edits = _edits(document, path, finding.message.removeprefix("✘"))
    if not edits or any(value is None for _, value in edits):
        yield Skip("what the value should be is not clear")
        return
    found = [(document.spans[at], value) for at, value in edits if value]
    changed = splice(text, [Splice(span.start, span.end, value.raw) for span, value in found])
    written = ", ".join(value.raw for _, value in found)
    safety: Safety = "unsafe" if any(value.safety == "unsafe" for _, value in found) else "safe"
    yield Proposal(tree.write(config, changed), f"flyctl takes `{written}` for `{path[-1]}`.", safety)


def _edits(document: toml.Document, path: toml.Path, message: str) -> list[tuple[toml.Path, _Value | None]]:
    """Return what is to be written at which places; None for what is not clear."""
    value, raw = _at(document, path), _raw(document, path)
    wanted = _OF_TYPE.match(message)
    if " to string on " in message or (wanted and wanted[1] == "string"):
        whole = isinstance(value, list) and all(isinstance(element, str) for element in value)
        inside = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
        places = [(*path, key) for key, element in inside if not isinstance(element, str)]
        return [(at, _string(document, at)) for at in ([path] if whole or not isinstance(value, dict | list) else places)]
    if wanted and isinstance(value, str | int | float):
        known = {"int": _integer, "bool": _boolean, "[]string": _listed}
        return [(path, known[wanted[1]](value, raw) if wanted[1] in known else None)]
    if isinstance(value, bool | int | str) and not wanted:
        return [(path, _other(value, raw, str(path[-1]), message))]
    return []


def _other(value: bool | int | str, raw: str, key: str, message: str) -> _Value | None:
    """Return a value of which flyctl says something of its own."""
    if "autostop" in message:
        return _boolean(value, raw, ()) or _word(str(value), raw, key)
    if " is too short: " in message or " is too long: " in message:
        seconds = "60" if " is too long: " in message else str(value) if isinstance(value, int) and value > 1 else "2"
        return _Value(toml.quoted(f"{seconds}s", raw), "unsafe")
    if not isinstance(value, str):
        return None
    if message.startswith("time: "):
        return _duration(value, raw)
    if key == "concurrency":
        bare = re.sub(r"\s", "", value)
        return _Value(toml.quoted(bare, raw)) if re.fullmatch(r"\d+,\d+", bare, re.A) else None
    if message.startswith("Can not convert "):
        return _port(value)
    return _word(value, raw, key)


def _at(document: toml.Document, path: toml.Path) -> toml.Value:
    value: toml.Value = document.data
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _raw(document: toml.Document, path: toml.Path) -> str:
    span = document.spans.get(path)
    return document.text[span.start : span.end] if span else ""


def _string(document: toml.Document, path: toml.Path) -> _Value | None:
    """Return a number or a bool as text, as it is written (3.10 stays 3.10); a list as a command, where one is meant."""
    value, raw, quote = _at(document, path), _raw(document, path), _toml.quote_style(document)
    if isinstance(value, list) and value and (path[0] == "processes" or str(path[-1]).endswith("_command")):
        return _Value(toml.quoted(" ".join(shell.quote(str(word)) for word in value), quote))
    return None if not raw or isinstance(value, dict | list) else _Value(toml.quoted(raw, quote))


def _integer(value: str | float, raw: str) -> _Value | None:
    """Return a number that stands in quotes; one of megabytes may have its unit."""
    text = str(value).strip().lower()
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", text, re.A):
        return _Value(str(int(text)))
    size = _SIZE.fullmatch(text) if isinstance(value, str) else None
    return _Value(str(int(size[1]) * (1024 if size[2] == "g" else 1)), "unsafe") if size else None


def _boolean(value: str | float, raw: str, others: tuple[str, ...] = (*_TRUE, *_FALSE)) -> _Value | None:
    text = str(value).strip().lower()
    if text in ("true", "false"):
        return _Value(text)
    known = (*others, "0", "1") if isinstance(value, int) else others
    return _Value("true" if text in _TRUE else "false", "unsafe") if text in known else None


def _listed(value: str | float, raw: str) -> _Value | None:
    """Return a word as a list of one; of several, which commas separate, as a list of them."""
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    if not all(words) or not words:
        return None
    return _Value(f"[{', '.join(toml.quoted(word, raw) for word in words)}]", "unsafe" if len(words) > 1 else "safe")


def _duration(value: str, raw: str) -> _Value | None:
    """Return a duration with units that Go knows; seconds where there is none."""
    text = value.strip().lower()
    if re.fullmatch(r"\d+", text, re.A):
        return _Value(toml.quoted(f"{text}s", raw), "unsafe")
    if not _DURATION.fullmatch(text):
        return None
    pieces = re.findall(r"([\d.]+)\s*([a-z]+)", text, re.A)
    if any(unit not in _UNITS for _, unit in pieces):
        return None
    return _Value(toml.quoted("".join(number + _UNITS[unit] for number, unit in pieces), raw))


def _port(value: str) -> _Value | None:
    """Return a port with what people write around it."""
    found = re.fullmatch(r"(\s*)(?::|[\w.]+:)?(\d+)(?:/tcp)?\s*", value, re.A)
    if not found or int(found[2]) > 65535:
        return None
    return _Value(str(int(found[2])), "safe" if value.strip() == found[2] else "unsafe")


def _word(value: str, raw: str, key: str) -> _Value | None:
    """Return the word of a vocabulary that is spelled otherwise, or meant."""
    known = _WORDS.get(key, ())
    bare = re.sub(r"[\s_-]", "", value.lower())
    if same := next((word for word in known if word.replace("-", "") == bare), None):
        return _Value(toml.quoted(same, raw))
    meant = _MEANT.get(key, {}).get(value.strip().lower()) or next(iter(difflib.get_close_matches(bare, known, 1, 0.75)), None)
    return _Value(toml.quoted(meant, raw), "unsafe") if meant else None
