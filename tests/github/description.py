"""GitHub's published description of its REST API, as a judge: which operation a request means, and whether it fits.

The files in `data/` are written by `tools/octokit.py`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

DATA = Path(__file__).parent / "data"
Json = Any

_WITH_SLASHES = {"ref", "path", "branch", "basehead"}  # parameters of a path that may hold more than one segment
# What GitHub takes although its description does not list it, by operation: the reason stands beside each.
TAKEN: dict[str, frozenset[str]] = {
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels": frozenset({"body"}),  # a bare list, as PyGithub sends it
}
# Where the description itself is wrong, by operation and the path into the answer: the reason stands beside each.
SLIPS: dict[str, tuple[str, ...]] = {
    "GET /app/installations": ("account",),  # here an account has to be a user and an enterprise at once
}
_BOOLEANS = {"true": True, "false": False}


class Operation(NamedTuple):
    """One operation of the description, with what the path says."""

    name: str  # "GET /repos/{owner}/{repo}"
    described: Json
    parameters: dict[str, str]

    @property
    def documentation(self) -> str:
        """The address that GitHub's errors carry."""
        area, _, action = self.described["operationId"].partition("/")
        return f"https://docs.github.com/rest/{area}#{action}"


@cache
def description() -> Json:
    """Return the description, cut to the operations in use."""
    return json.loads((DATA / "openapi.json").read_text(encoding="utf-8"))


@cache
def _examples() -> Json:
    return json.loads((DATA / "examples.json").read_text(encoding="utf-8"))


@cache
def _routes() -> list[tuple[re.Pattern[str], str, str, Json]]:
    routes = []
    for path, methods in description()["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", lambda found: _segment(found[1]), re.escape(path))
        routes += [(re.compile(pattern), method.upper(), path, described) for method, described in methods.items()]
    # the longer path first, since a ref may hold slashes: commits/{ref}/status is not commits/{ref}
    return sorted(routes, key=lambda route: (-route[2].count("/"), [part.startswith("{") for part in route[2].split("/")]))


def _segment(name: str) -> str:
    return f"(?P<{name}>.+)" if name in _WITH_SLASHES else f"(?P<{name}>[^/]+)"


def find(method: str, path: str) -> Operation | None:
    """Return the operation that a request means, or None when it is none of those in use."""
    for pattern, of, template, described in _routes():
        if of == method and (found := pattern.fullmatch(path)):
            return Operation(f"{method} {template}", described, found.groupdict())
    return None


def example(operation: str, status: int | str | None = None) -> Json:
    """Return a copy of GitHub's own example of an answer; without a status that of the first success."""
    answers = _examples()[operation]
    return copy.deepcopy(answers[str(status)] if status else next(iter(answers.values())))


def body_errors(operation: Operation, body: Json) -> list[str]:
    """Return what is wrong with the body of a request: in GitHub's way first, then names that the description does not have."""
    described = operation.described.get("requestBody")
    if described is None:
        return []
    if "body" in TAKEN.get(operation.name, ()) and isinstance(body, list):
        return []
    if body is None:
        return ["the body is missing"] if described["required"] else []
    return [_as_github(error) for error in _validator(operation.name, "body").iter_errors(body)]


def _as_github(error: jsonschema_rs.ValidationError) -> str:
    """Say what is wrong with a body in GitHub's words where we know them."""
    told: Json = error.kind.as_dict()
    value: Json = error.instance
    match error.kind.name:
        case "maxLength":
            return f"Only {told['limit']} characters are allowed; {len(value)} were supplied."
        case "maxItems":
            return f"No more than {told['limit']} items are allowed; {len(value)} were supplied."
        case "required":
            return f'"{told["property"]}" wasn\'t supplied.'
        case "enum":
            return f"{value} is not a member of {json.dumps(told['options'])}."
    return _sentence(error)


def unknown_names(operation: Operation, body: Json) -> list[str]:
    """Return the names in a body that the description does not have: GitHub would pass over them in silence."""
    described = operation.described.get("requestBody")
    if described is None:
        return ["(a body)"] if body else []
    schema = described["content"]["application/json"]["schema"]
    return sorted(_unknown(schema, body, ""))


def _unknown(schema: Json, value: Json, where: str) -> list[str]:
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "array" and isinstance(value, list):
        return [name for item in value for name in _unknown(schema.get("items", {}), item, where)]
    if not isinstance(value, dict) or "properties" not in schema or schema.get("additionalProperties"):
        return []
    known = schema["properties"]
    found = [f"{where}{name}" for name in value if name not in known]
    return found + [inner for name in value if name in known for inner in _unknown(known[name], value[name], f"{where}{name}.")]


def query_errors(operation: Operation, query: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what is wrong with the values of a query, and the names that the description does not have."""
    known = {found["name"]: found["schema"] for found in operation.described.get("parameters", []) if found["in"] == "query"}
    wrong = []
    for name in query.keys() & known.keys():
        value = _typed(query[name], known[name])
        wrong += [f"{name}: {error.message}" for error in _compiled(json.dumps(known[name])).iter_errors(value)]
    return wrong, sorted(query.keys() - known.keys())


def _typed(text: str, schema: Json) -> Json:
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return _BOOLEANS.get(text, text) if schema.get("type") == "boolean" else text


def answer_errors(operation: Operation, status: int, body: Json) -> list[str]:
    """Return what is wrong with an answer, errors included."""
    answers = operation.described["responses"]
    if str(status) not in answers:
        if status < 400 and status not in (301, 307):  # any operation may redirect to a new name
            return [f"{operation.name} never answers {status}"]
        return [_sentence(error) for error in _schema({"$ref": "#/components/schemas/basic-error"}).iter_errors(body)]
    if "content" not in answers[str(status)]:
        return [] if body is None or status >= 300 else [f"{operation.name} answers {status} without a body"]
    errors = _validator(operation.name, str(status)).iter_errors(body)
    return [_sentence(error) for error in errors if not _slip(operation.name, error)]


def _slip(operation: str, error: jsonschema_rs.ValidationError) -> bool:
    """Say whether the description is wrong, and not the answer."""
    if error.kind.name == "format" and error.instance == "":
        return True  # an address that nobody gave is "", which the description has as the default of an address
    return any(step in SLIPS.get(operation, ()) for step in error.instance_path)


def _sentence(error: jsonschema_rs.ValidationError) -> str:
    where = "/".join(map(str, error.instance_path))
    return f"{where}: {error.message}"[:400] if where else error.message[:400]


@cache
def _validator(operation: str, part: str) -> jsonschema_rs.Validator:
    method, _, path = operation.partition(" ")
    described = description()["paths"][path][method.lower()]
    holder = described["requestBody"] if part == "body" else described["responses"][part]
    return _schema(holder["content"]["application/json"]["schema"])


def _schema(schema: Json) -> jsonschema_rs.Validator:
    return _compiled(json.dumps(schema))


@cache
def _compiled(schema: str) -> jsonschema_rs.Validator:
    whole = {**_modern(json.loads(schema)), "components": _components()}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def _components() -> Json:
    return _modern(description()["components"])


def _modern(schema: Json) -> Json:
    """Turn OpenAPI 3.0's `nullable` into a type, as JSON Schema has it."""
    if isinstance(schema, list):
        return [_modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    modern = {key: _modern(value) for key, value in schema.items() if key not in ("nullable", "discriminator", "oneOf")}
    if "oneOf" in schema:
        modern["anyOf"] = _modern(schema["oneOf"])  # the alternatives of the description overlap
    if schema.get("nullable") is not True:
        return modern
    if "type" not in modern:
        return {"anyOf": [{"type": "null"}, modern]}
    modern["type"] = [modern["type"], "null"]
    return {**modern, "enum": [*modern["enum"], None]} if "enum" in modern else modern
