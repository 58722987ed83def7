"""Write a list so that pydantic's settings can read it.

A field that takes a list, or a set, is read as JSON as soon as its variable is found: `https://a.example,https://b.example`
ends in `SettingsError: error parsing value for field "…" from source "EnvSettingsSource"`, before any validator of the field
could split it. Where such a validator stands, the commas are what the code is meant to take: from pydantic-settings 2.7 on
`NoDecode` leaves the text to it. Else the value is written as JSON where it stands: in the platform's config, or in the env
file.

Before (fly.toml):                                    After:

    [env]                                                 [env]
      ALLOWED_ORIGINS = "https://a.example"                 ALLOWED_ORIGINS = '["https://a.example"]'

References: https://docs.pydantic.dev/latest/concepts/pydantic_settings/#parsing-environment-variable-values
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dotenv, toml
from bot.engine.model.findings import Fault, UnreadValue, Weakness
from bot.engine.model.tree import Splice, Tree, Unreadable, splice
from bot.engine.report import Report
from codemods import _code, _settings, _toml, _yaml

CODEMOD = Codemod(answers=("settings-value-invalid",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to leave the text to the field's own validator, or to write it as JSON."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, UnreadValue):
        return
    if detail.kind != "list":
        yield Skip(f"what `{detail.variable}` should be is not known")
        return
    try:
        yield _to_validator(detail, tree) if detail.early and detail.bare else _as_json(detail, report, tree)
    except Unreadable as error:
        yield Skip(str(error))


def _to_validator(detail: UnreadValue, tree: Tree) -> Proposal | Skip:
    path, owner, field = detail.field
    changed = _settings.undecoded(tree.text(path), owner, field)
    if changed is None:
        return Skip(f"`{owner}.{field}` ({path}) is written in a way that is not edited")
    why = f"`{owner}.{field}` has a validator that takes a text, and `NoDecode` lets it see one."
    return Proposal(tree.write(path, changed), why, "unsafe")


def _as_json(detail: UnreadValue, report: Report, tree: Tree) -> Proposal | Skip:
    written = _listed(detail.value)
    if written is None:
        return Skip(f"which list `{detail.variable}` stands for is not clear")
    path = detail.env_file or report.target.config
    text = tree.text(path)
    if detail.env_file:
        changed = _in_env_file(text, detail.variable, written)
    elif path.endswith(".toml"):
        span = toml.read(text).spans.get(("env", detail.variable))
        changed = _toml.set_raw(text, ("env", detail.variable), toml.quoted(written, "'")) if span else None
    else:
        changed = _in_blueprint(text, report.target.key, detail, written)
    if changed is None:
        return Skip(f"`{detail.variable}` does not stand on a line of {path}")
    other = _other_reader(tree, detail)
    why = f"`{'.'.join(detail.field[1:])}` is read as JSON." + (f" {other} reads `{detail.variable}`, too." if other else "")
    return Proposal(tree.write(path, changed), why, "unsafe" if other else "safe")


def _listed(value: str) -> str | None:
    """Return the JSON of a list that is written with commas, or as Python does; None for anything else."""
    if value.lstrip().startswith("["):
        try:
            known = ast.literal_eval(value.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return json.dumps(known, ensure_ascii=False) if all(isinstance(each, str | int) for each in known) else None
    words = [word.strip() for word in value.split(",") if word.strip()]
    if any(re.search(r"[\[\]{}'\"\s]", word) for word in words):
        return None
    return json.dumps(words, ensure_ascii=False)


def _in_env_file(text: str, variable: str, written: str) -> str | None:
    found = [entry for entry in dotenv.read(text) if entry.key == variable]
    if len(found) != 1:
        return None
    raw = f"'{written}'" if found[0].raw[:1] in ("'", '"') or "#" in written else written
    return splice(text, [Splice(found[0].start, found[0].end, raw)])


def _in_blueprint(text: str, service: toml.Path, detail: UnreadValue, written: str) -> str | None:
    listed = _yaml.find(text, (*service, "envVars"))
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(each, dict) and each.get("key") == detail.variable and str(each.get("value")) == detail.value:
            return _yaml.set_value(text, (*service, "envVars", index, "value"), written)
    return None


def _other_reader(tree: Tree, detail: UnreadValue) -> str | None:
    """Return a file that asks the environment for the variable itself, by a search for the words."""
    return _code.holding(tree, re.compile(rf"(?:environ|getenv|config\()[^\n]{{0,40}}[\"']{re.escape(detail.variable)}[\"']"))
