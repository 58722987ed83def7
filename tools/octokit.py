"""Write tests/github/data: GitHub's published description and samples, cut to what the stand-in for GitHub uses.

    python tools/octokit.py [--from FOLDER]

It takes three packages from npm (`npm pack`; or FOLDER, where their archives lie already), at the versions below, all under
the MIT licence. `tools/octokit/operations.txt` and `events.txt` say what is kept: the operations' parameters, bodies and
answers without prose, one example for each answer, the samples of the events, and the schema of these.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "github" / "data"
LISTS = ROOT / "tools" / "octokit"
OPENAPI = ("@octokit/openapi", "23.0.2", "package/generated/api.github.com.json")
EXAMPLES = ("@octokit/webhooks-examples", "7.6.1", "package/api.github.com/index.json")
SCHEMAS = ("@octokit/webhooks-schemas", "7.6.1", "package/schema.json")
Json = Any

_NAMED = ("properties", "patternProperties", "definitions", "$defs")  # their keys are names, their values schemas
_PROSE = ("description", "example", "examples", "externalDocs", "title", "deprecated", "summary", "tsAdditionalProperties")
_README = """# GitHub's description and samples, cut

Written by `tools/octokit.py`; not to be edited.

| file | from | version | licence |
|---|---|---|---|
| openapi.json, examples.json | npm `@octokit/openapi` | {openapi} | MIT, Copyright (c) 2020 Octokit contributors |
| samples.json | npm `@octokit/webhooks-examples` | {examples} | MIT, by Gregor Martynus and contributors |
| webhooks.json | npm `@octokit/webhooks-schemas` | {schemas} | MIT, by Gregor Martynus and contributors |

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice (including the next paragraph) shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main() -> int:
    """Take the packages, cut them, and write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="folder", metavar="FOLDER", type=Path, help="the packages' archives are here")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as temporary:
        described, examples, schemas = (
            _member(folder or Path(temporary), *package, fetch=folder is None) for package in (OPENAPI, EXAMPLES, SCHEMAS)
        )
    TARGET.mkdir(parents=True, exist_ok=True)
    wanted = _lines("operations.txt")
    _write("openapi.json", _description(described, wanted))
    _write("examples.json", dict(_examples(described, wanted)))
    events = {event: actions for event, *actions in map(str.split, _lines("events.txt"))}
    schema = _webhook_schema(schemas, list(events))
    _write("webhooks.json", schema)
    _write("samples.json", dict(_samples(examples, schema, events)))
    text = _README.format(openapi=OPENAPI[1], examples=EXAMPLES[1], schemas=SCHEMAS[1])
    (TARGET / "README.md").write_text(text, encoding="utf-8")
    return 0


def _member(folder: Path, package: str, version: str, member: str, fetch: bool) -> Json:
    """Return one JSON file of a package."""
    archive = folder / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if fetch:
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(archive) as packed:
        file = packed.extractfile(member)
        assert file is not None
        return json.load(file)


def _lines(name: str) -> list[str]:
    lines = (LISTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _write(name: str, value: dict[str, Json]) -> None:
    """Write an object with one line for each of its entries, and for each entry of those that are long."""
    (TARGET / name).write_text("{\n" + ",\n".join(_entries(value)) + "\n}\n", encoding="utf-8")


def _entries(value: dict[str, Json]) -> Iterator[str]:
    for key, inner in value.items():
        text = json.dumps(inner, ensure_ascii=False, separators=(",", ":"))
        if len(text) > 5000 and isinstance(inner, dict):
            text = "{\n" + ",\n".join(_entries(inner)) + "\n}"
        yield f"{json.dumps(key)}:{text}"


def _description(described: Json, wanted: list[str]) -> Json:
    """Cut the description to some operations and the schemas that they refer to, as a description again."""
    paths: dict[str, Json] = {}
    for operation in wanted:
        method, _, path = operation.partition(" ")
        found = described["paths"][path][method.lower()]
        cut: dict[str, Json] = {"operationId": found["operationId"]}
        if parameters := [_resolved(described, parameter) for parameter in found.get("parameters", [])]:
            cut["parameters"] = [
                {key: _plain(parameter[key]) for key in ("name", "in", "required", "schema") if key in parameter}
                for parameter in parameters
            ]
        if body := found.get("requestBody"):
            cut["requestBody"] = {"required": body.get("required", False), "content": _content(_resolved(described, body))}
        cut["responses"] = {
            status: {"description": "", "content": _content(answer)} if "content" in answer else {"description": ""}
            for status, reference in found["responses"].items()
            for answer in [_resolved(described, reference)]
        }
        paths.setdefault(path, {})[method.lower()] = cut
    schemas = described["components"]["schemas"]
    named = _reachable(paths, "#/components/schemas/", {name: _plain(schema) for name, schema in schemas.items()})
    return {
        "openapi": described["openapi"],
        "info": {"title": "GitHub's REST API, cut", "version": OPENAPI[1], "license": {"name": "MIT"}},
        "paths": paths,
        "components": {"schemas": named},
    }


def _content(answer: Json) -> Json:
    """Keep the JSON among the media types; the others are asked for by the Accept header."""
    return {"application/json": {"schema": _plain(answer["content"]["application/json"]["schema"])}}


def _resolved(described: Json, value: Json) -> Json:
    while "$ref" in value:
        *_, kind, name = value["$ref"].split("/")
        value = described["components"][kind][name]
    return value


def _plain(schema: Json) -> Json:
    """Take prose and examples out of a schema, not properties that happen to have such names."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {}
    for key, value in schema.items():
        if key in _NAMED:
            plain[key] = {name: _plain(inner) for name, inner in value.items()}
        elif key in ("enum", "default", "required", "const"):
            plain[key] = value
        elif key not in _PROSE and not key.startswith("x-"):
            plain[key] = _plain(value)
    return plain


def _reachable(start: Json, prefix: str, schemas: dict[str, Json]) -> dict[str, Json]:
    """Return the schemas that something refers to, also by way of others."""
    found: dict[str, Json] = {}
    waiting = [start]
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.removeprefix(prefix)
            if name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
    return dict(sorted(found.items()))


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _examples(described: Json, wanted: list[str]) -> Iterator[tuple[str, Json]]:
    """Yield an operation and its answers that have an example, each with the first one; of lists the first item is kept."""
    for operation in wanted:
        method, _, path = operation.partition(" ")
        answers = {}
        for status, reference in described["paths"][path][method.lower()]["responses"].items():
            media = _resolved(described, reference).get("content", {}).get("application/json", {})
            if status.startswith("2") and (examples := list(media.get("examples", {}).values())):
                answers[status] = _short(_resolved(described, examples[0])["value"])
        if answers:
            yield operation, answers


def _short(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value[:1]]
    secret = isinstance(value, str) and value.startswith(("-----BEGIN", "ghs_"))  # made up, but scanners of secrets can't know
    return "(a secret)" if secret else value


def _webhook_schema(schemas: Json, events: list[str]) -> Json:
    """Cut the schema of the deliveries to some events."""
    plain = {name: _plain(schema) for name, schema in schemas["definitions"].items()}
    names = {event: next(name for name in (f"{event}_event", f"{event}$event") if name in plain) for event in events}
    start = [{"$ref": f"#/definitions/{name}"} for name in names.values()]
    return {"$schema": schemas["$schema"], "events": names, "definitions": _reachable(start, "#/definitions/", plain)}


def _samples(examples: Json, schema: Json, events: dict[str, list[str]]) -> Iterator[tuple[str, Json]]:
    """Yield `event.action` and its best sample: one for an installation rather than none, and one that fits the schema."""
    for event, actions in events.items():
        reference = f"#/definitions/{schema['events'][event]}"
        checker = jsonschema_rs.validator_for({**schema, "$ref": reference})
        samples = next(found["examples"] for found in examples if found["name"] == event)
        for action in actions or (None,):
            fitting = [sample for sample in samples if sample.get("action") == action]
            best = max(fitting, key=lambda sample: ("installation" in sample, checker.is_valid(sample)))
            yield f"{event}.{action}" if action else event, best


if __name__ == "__main__":
    sys.exit(main())
