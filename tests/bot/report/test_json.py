"""The JSON is what docs/check.schema.json says, for what is found as for what is written."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from bot.cli import main
from bot.report import json as documents
from tests.bot.cli import put
from tests.test_fixtures import STATES, named
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs/check.schema.json").read_text())
PROOFS = json.loads((ROOT / "docs/verify.schema.json").read_text())
PROOFS = json.loads((ROOT / "docs" / "verify.schema.json").read_text())
Document = dict[str, Any]

SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"
GROUPS = f"  processes = ['web']\n\n[processes]\n  web = '{SERVER}'\n  work = 'python -m nowhere'\n"
CASES: dict[str, dict[str, str | bytes]] = {
    "healthy": HEALTHY,
    "no-app": {**HEALTHY, "fly.toml": FLY.replace('app = "demo"\n', "")},
    "empty-config": {**HEALTHY, "fly.toml": ""},
    "config-syntax": {**HEALTHY, "fly.toml": "app = [[["},
    "config-type": {**HEALTHY, "fly.toml": FLY.replace("8080", '"8080"')},
    "a-choice": {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = '1'\n  A = '2'\n"},
    "no-dockerfile": {"fly.toml": "app = 'demo'\n", "main.py": MAIN},
    "dockerfile-not-found": {"fly.toml": FLY, "main.py": MAIN},
    "dockerfile-invalid": {**HEALTHY, "Dockerfile": DOCKERFILE + "COPPY a b\n"},
    "copy-source-missing": {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY .", "COPY gone .\nCOPY .")},
    "needs-shell": {**HEALTHY, "fly.toml": FLY + "\n[processes]\n  app = 'cd /app && uvicorn main:app --port $PORT'\n"},
    "module-not-found": {**HEALTHY, "main.py": MAIN + "import helpers.gone\n", "helpers/__init__.py": ""},
    "syntax-error": {**HEALTHY, "main.py": "<<<<<<< HEAD\n"},
    "a-chain": {**HEALTHY, "main.py": MAIN + "import a\n", "a.py": "import b\n", "b.py": "from a import gone\n"},
    "port-mismatch": {**HEALTHY, "fly.toml": FLY.replace("8080", "3000")},
    "no-services": {**HEALTHY, "fly.toml": 'app = "demo"\n'},
    "two-servers": {**HEALTHY, "fly.toml": f"app = 'demo'\n[processes]\n  web = '{SERVER}'\n  api = '{SERVER}'\n"},
    "unknown": {**HEALTHY, "Dockerfile": "FROM golang:1.22\nCMD ['/srv']\n"},
    "secrets": {**HEALTHY, "main.py": MAIN + "import os\n\nos.environ['DATABASE_URL']\n"},
    "weakness": {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")},
    "processes": {**HEALTHY, "fly.toml": FLY + GROUPS},
    "a-move": {
        "backend/fly.toml": FLY,
        "backend/Dockerfile": DOCKERFILE.replace("COPY requ", "COPY shared ./shared\nCOPY backend/requ").replace(
            ". .", "backend ."
        ),
        "backend/requirements.txt": "fastapi\nuvicorn\n",
        "backend/main.py": MAIN,
        "shared/__init__.py": "",
        "README.md": "```\ncd backend\nfly deploy\n```\n",
    },
    "two-targets": {**HEALTHY, "fly.toml": FLY + FLY, "api/fly.toml": FLY.replace("demo", "other")},
    "odd-names": {**HEALTHY, "fly.toml": FLY.replace("demo", "dé\\u001b[2J\\u202e🚂"), 'a "b\n/fly.toml': "app = 1\n"},
}


def validator(kind: str | None = None) -> Draft202012Validator:
    schema = SCHEMA if kind is None else {"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}
    registry = Registry().with_resource("verify.schema.json", Resource.from_contents(PROOFS))
    return Draft202012Validator(schema, registry=registry)


def printed(folder: Path, command: str, *arguments: str) -> Document:
    """Return the document that a command prints, which has to be of its kind, and of no other."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert main([command, "--format", "json", *arguments]) in (0, 1)
    document: Document = json.loads(out.getvalue())
    validator(command).validate(document)
    validator().validate(document)
    assert not validator("fix" if command == "check" else "check").is_valid(document)
    return document


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """Return a document of each kind with something in each of its lists."""
    other = {**CASES["weakness"], "main.py": CASES["module-not-found"]["main.py"], "helpers/__init__.py": ""}
    repo = put(tmp_path_factory.mktemp("both"), {**CASES["a-move"], **{f"other/{path}": text for path, text in other.items()}})
    return {"check": printed(repo, "check"), "fix": printed(repo, "fix", "--diff")}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    return {name: printed(put(tmp_path_factory.mktemp("case"), files), "check") for name, files in CASES.items()}


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$defs"]["check"]["properties"]["version"]["const"] == documents.VERSION


def parts(schema: Any) -> Iterator[Document]:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(part)


def test_every_object_is_closed_whole_and_described():
    objects = [part for part in parts(SCHEMA) if part.get("type") in ("object", ["object", "null"])]
    assert len(objects) == 9
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        assert part["description"]


# --- what is printed is valid


@pytest.mark.parametrize("state", [each for each in STATES if not (each / "index.json").is_file()], ids=named)
def test_a_story_is_valid_before_and_after(state: Path, tmp_path: Path):
    repo = tmp_path / "repo"
    shutil.copytree(state / "before", repo)
    wanted = json.loads((state / "expected.json").read_text())
    select = [word for name in wanted["codemods"] for word in ("--select", name)] if wanted["weakness"] else []
    select += ["--unsafe"] if wanted.get("unsafe") else []
    [before] = printed(repo, "check")["targets"]
    planned = printed(repo, "fix", "--diff", *select)
    written = printed(repo, "fix", *select)
    [after] = printed(repo, "check")["targets"]
    assert before["weaknesses" if wanted["weakness"] else "faults"][0]["code"] == wanted["code"]
    assert (planned.pop("written"), written.pop("written")) == (False, True)
    assert planned == written
    assert [step["codemod"] for step in written["steps"]] == wanted["codemods"]
    assert written["diff"] == (state / "expected.diff").read_text()
    assert (after["reached"], after["faults"], after["weaknesses"]) == ("ok", [], [])
    assert written["targets"] == [after]


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_a_case_is_valid_in_every_form(files: dict[str, str | bytes], tmp_path: Path):
    put(tmp_path, files)
    printed(tmp_path, "check", "--verbose")
    printed(tmp_path, "fix", "--diff", "--verbose")
    printed(tmp_path, "fix", "--unsafe")
    printed(tmp_path, "check", "--strict", "--quiet")


def test_the_cases_show_every_part(checked: dict[str, Document], both: dict[str, Document]):
    found = {key for key, value in both["fix"].items() if value}
    for target in (target for document in checked.values() for target in document["targets"]):
        found |= {key for key, value in target.items() if value} | {f"reached {target['reached']}"}
        found |= {f"{fault['confidence']} {fault['safety']}" for fault in target["faults"]}
    assert found >= {"steps", "dropped", "changes", "diff", "faults", "weaknesses", "assumptions", "unknowns", "processes"}
    assert found >= {f"reached {stage}" for stage in ("config", "build", "boot", "port", "ok", "unknown")}
    assert found >= {"certain safe", "certain unsafe", "certain None", "likely None"}


# --- what is printed holds together


def test_a_place_is_whole_or_not_there(checked: dict[str, Document]):
    for target in (target for document in checked.values() for target in document["targets"]):
        for found in (*target["faults"], *target["weaknesses"], *target["assumptions"]):
            assert len({value is None for value in (found["path"], found["line"], found["column"])}) == 1
        assert target["reached"] in ("ok", "unknown") or target["reached"] == target["faults"][0]["stage"]


def test_a_fault_says_where_and_why(checked: dict[str, Document]):
    [target] = checked["copy-source-missing"]["targets"]
    fault = target["faults"][0]
    assert {key: fault[key] for key in ("code", "stage", "process", "confidence", "path", "line", "column")} == {
        "code": "copy-source-missing",
        "stage": "build",
        "process": None,
        "confidence": "certain",
        "path": "Dockerfile",
        "line": 5,
        "column": 6,
    }
    assert '"/gone": not found' in fault["message"]


def test_a_chain_leads_from_the_start_to_the_fault(checked: dict[str, Document]):
    [target] = checked["a-chain"]["targets"]
    assert target["faults"][0]["chain"] == ["main.py:4", "a.py:1", "b.py:1"]


def test_a_moved_file_names_where_it_was(tmp_path: Path):
    document = printed(put(tmp_path, CASES["a-move"]), "fix", "--diff")
    assert {"path": "fly.toml", "from": "backend/fly.toml"} in document["changes"]
    assert document["steps"][0]["command"] == "fly deploy"
    assert document["steps"][0]["manual"]


@pytest.mark.parametrize("path", [".", "./", "../repo"])
def test_the_root_is_what_was_typed(tmp_path: Path, path: str):
    assert printed(put(tmp_path / "repo", HEALTHY), "check", path)["root"] == path


# --- what is not of this form is not valid


def objects(value: Any) -> Iterator[Document]:
    yield from (part for part in parts(value))


@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_key_more_or_less_is_not_valid(both: dict[str, Document], command: str):
    document = both[command]
    count = len(list(objects(document)))
    assert count > 3
    for index in range(count):
        for key in list(list(objects(document))[index]):
            less = copy.deepcopy(document)
            del list(objects(less))[index][key]
            assert not validator().is_valid(less), key
        more = copy.deepcopy(document)
        list(objects(more))[index]["surplus"] = None
        assert not validator().is_valid(more)


@pytest.mark.parametrize("command", ["check", "fix"])
@pytest.mark.parametrize("wrong", [0.5, [[]], {"a": 1}])
def test_a_value_of_another_type_is_not_valid(both: dict[str, Document], command: str, wrong: object):
    document = both[command]
    for index, part in enumerate(objects(document)):
        for key in part:
            changed = copy.deepcopy(document)
            list(objects(changed))[index][key] = wrong
            assert not validator().is_valid(changed), key


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "1 was expected"),
        ({"root": ""}, "should be non-empty"),
        ({"targets": []}, "should be non-empty"),
    ],
)
def test_a_document_of_another_version_or_without_targets_is_not_valid(
    both: dict[str, Document], change: Document, reason: str
):
    with pytest.raises(ValidationError, match=reason):
        validator("check").validate({**both["check"], **change})


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "reboot"},
        {"confidence": "sure"},
        {"code": "Module Not Found"},
        {"code": ""},
        {"message": ""},
        {"process": ""},
        {"line": 0},
        {"line": None},
        {"column": None},
        {"path": None},
        {"path": "/etc/passwd"},
        {"codemod": "set-pythonpath", "safety": None},
        {"codemod": None, "safety": "safe"},
        {"codemod": "set-pythonpath", "safety": "harmless"},
    ],
    ids=str,
)
def test_a_fault_that_contradicts_itself_is_not_valid(both: dict[str, Document], change: Document):
    document = copy.deepcopy(both["check"])
    fault = next(fault for target in document["targets"] for fault in target["faults"] if fault["path"])
    fault.update(change)
    assert not validator().is_valid(document)


@pytest.mark.parametrize("reached", ["ok", "unknown", "reboot"])
def test_an_end_that_is_reached_with_faults_is_not_valid(both: dict[str, Document], reached: str):
    document = copy.deepcopy(both["check"])
    next(target for target in document["targets"] if target["faults"])["reached"] = reached
    assert not validator().is_valid(document)


@pytest.mark.parametrize("change", [{"changes": []}, {"diff": ""}, {"changes": [], "diff": "", "written": True}], ids=str)
def test_a_fix_that_contradicts_itself_is_not_valid(both: dict[str, Document], change: Document):
    assert not validator().is_valid({**both["fix"], **change})
