"""`bot diagnose`, and `--log` of check and fix, as people run them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.bot.cli import bot, environment, on_terminal, put
from tests.tools import HEALTHY, MAIN

ROOT = Path(__file__).parents[3]
STORIES = ROOT / "fixtures" / "repos"
SCHEMA = json.loads((ROOT / "docs/diagnose.schema.json").read_text())
TRACE = """\
Traceback (most recent call last):
  File "/app/main.py", line 4, in <module>
    import nowhere
ModuleNotFoundError: No module named 'nowhere'
"""
BROKEN = {**HEALTHY, "main.py": MAIN + "import nowhere\n"}


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    outcome = bot(folder, "diagnose", "--format", "json", *arguments)
    found: dict[str, Any] = json.loads(outcome.out)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_first_cause_is_named_with_what_to_do(tmp_path: Path):
    put(tmp_path, {"deploy.log": f"ok\n{TRACE}INFO Main child exited normally with code: 1\n"})
    outcome = bot(tmp_path, "diagnose", "deploy.log", "--app", "demo")
    assert outcome.code == 1
    assert outcome.out.startswith("first cause  deploy.log:5\n  ModuleNotFoundError: No module named 'nowhere'\n")
    assert "fly ssh console -a demo -C 'pip list'" in outcome.out
    assert "git ls-files | grep -i 'nowhere'" in outcome.out


def test_a_repository_beside_it_confirms_the_fault(tmp_path: Path):
    put(tmp_path, {**BROKEN, "deploy.log": TRACE})
    for arguments in (("deploy.log",), ("deploy.log", "--repo", "."), ("deploy.log", "--config", "fly.toml")):
        out = bot(tmp_path, "diagnose", *arguments).out
        assert "confirmed: module-not-found at main.py:4  fly · demo" in out
        assert "foreseen, and in the log at line 4" in out
        assert "main.py:4 (/app/main.py)" in out


def test_a_line_that_the_files_do_not_explain_is_said(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "deploy.log": TRACE})
    out = " ".join(bot(tmp_path, "diagnose", "deploy.log").out.split())
    assert "which the files don't explain" in out
    assert "most likely python does not find a module; do: A module of your own" in out


def test_a_weakness_that_a_log_speaks_of_is_named_with_its_repair():
    state = STORIES / "docflow/g"
    out = bot(state, "diagnose", "deploy.log", "--repo", "before").out
    assert "may be: duplicate-group" in out
    assert "repair: merge-process-groups (safe): `bot fix --select merge-process-groups`" in out


def test_what_no_file_decides_is_said(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "deploy.log": "Error: Validation failed: Name has already been taken\n"})
    out = bot(tmp_path, "diagnose", "deploy.log").out
    assert "No file of the repository decides this." in out
    assert "fly apps create demo-2" in out


def test_standard_input_is_read(tmp_path: Path):
    run = subprocess.run(
        (sys.executable, "-m", "deploymend", "diagnose", "-"), cwd=tmp_path, env=environment(), input=TRACE.encode(),
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stdout.decode().startswith("first cause  log:4\n")


def test_a_log_that_is_not_known_ends_with_its_lines_and_exits_with_0(tmp_path: Path):
    put(tmp_path, {"deploy.log": "all is fine\nthe frobnicator failed\n"})
    outcome = bot(tmp_path, "diagnose", "deploy.log")
    assert outcome.code == 0
    assert outcome.out.startswith("No line of this log is known to name a cause")
    assert "  2 | the frobnicator failed" in outcome.out


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("gone.log", "gone.log: No such file or directory"),
        (".", ". is a folder; name the file of the log"),
        ("empty.log", "empty.log holds no log: it is empty"),
    ],
)
def test_a_log_that_can_not_be_read_is_one_sentence(tmp_path: Path, log: str, says: str):
    put(tmp_path, {**HEALTHY, "empty.log": "\n \n"})
    for command in (("diagnose", log), ("check", "--log", log), ("fix", "--diff", "--log", log)):
        outcome = bot(tmp_path, *command)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == f"bot: {says}\n"


def test_a_repository_that_is_named_has_to_be_one(tmp_path: Path):
    put(tmp_path, {"deploy.log": TRACE, "empty/readme": ""})
    assert bot(tmp_path, "diagnose", "deploy.log", "--repo", "nowhere").code == 2
    assert "no Fly.io config" in bot(tmp_path, "diagnose", "deploy.log", "--repo", "empty").err
    assert bot(tmp_path, "diagnose", "deploy.log").code == 1


def test_a_repository_that_can_not_be_used_is_passed_over_where_nobody_named_it(tmp_path: Path):
    put(tmp_path, {**BROKEN, "fly.toml": b"\xff\xfe\x00", "deploy.log": TRACE})
    assert bot(tmp_path, "diagnose", "deploy.log").code == 1


def test_control_characters_of_a_log_reach_no_terminal(tmp_path: Path):
    put(tmp_path, {"deploy.log": "\x1b]0;evil\x07\x1b[2JERROR \x9b31m\x00failed\x08 \u202ehere\nKeyError: 'A_\x1b[5mKEY'\n"})
    shown = on_terminal(tmp_path, "diagnose", "deploy.log", NO_COLOR="1")
    assert not {"\x1b", "\x07", "\x9b", "\x00", "\x08", "\u202e"} & set(shown)
    assert "KeyError: 'A_KEY'" in shown


def test_a_document_holds_what_is_known(tmp_path: Path):
    put(tmp_path, {**BROKEN, "deploy.log": f"{TRACE}INFO Main child exited normally with code: 1\n"})
    found = document(tmp_path, "deploy.log")
    assert found["cause"]["signature"] == "module-not-found"
    assert found["cause"]["evidence"] == {"line": 4, "text": "ModuleNotFoundError: No module named 'nowhere'"}
    assert found["cause"]["frames"] == [{"written": "/app/main.py", "path": "main.py", "line": 4, "function": "<module>"}]
    assert "add-missing-requirement" in found["cause"]["codemods"]
    [explained] = found["explained"]
    assert (explained["code"], explained["confirmed"], explained["path"]) == ("module-not-found", True, "main.py")
    assert (found["app"], found["repository"], found["telling"]) == ("demo", ".", [])


@pytest.mark.parametrize("log", ["nothing\n", "exited with status 3\n", "KeyError: 'A_KEY'\n", TRACE, "it failed\n" * 30])
def test_every_document_is_what_the_schema_says(tmp_path: Path, log: str):
    put(tmp_path, {"deploy.log": log})
    document(tmp_path, "deploy.log")
    put(tmp_path, {**BROKEN, "main.py": MAIN + "import os\nimport nowhere\nos.environ['A_KEY']\n"})
    document(tmp_path, "deploy.log", "--repo", ".")


# --- --log of check and fix


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Return a repository whose first fault is only likely, with the log that shows it."""
    shutil.copytree(STORIES / "phraseweaver/c/before", tmp_path / "repo")
    shutil.copy(STORIES / "phraseweaver/c/deploy.log", tmp_path / "deploy.log")
    return tmp_path


def test_a_likely_fault_becomes_certain_when_its_line_is_in_the_log(story: Path):
    plain = bot(story, "check", "repo")
    shown = bot(story, "check", "repo", "--log", "deploy.log")
    assert (plain.code, shown.code) == (0, 1)
    assert "database-url (likely," in plain.out
    assert "database-url (certain," in shown.out
    assert "    confirmed by the log, line 15\n" in shown.out


def test_the_document_of_a_check_holds_the_line_without_secrets(story: Path):
    log = story / "deploy.log"
    log.write_text(log.read_text().replace("postgres.asyncpg", "postgres.asyncpg (postgres://u:hunter2@db/x)"))
    out = bot(story, "check", "repo", "--log", "deploy.log", "--format", "json").out
    [fault] = json.loads(out)["targets"][0]["faults"]
    assert fault["confidence"] == "certain"
    assert fault["evidence"]["line"] == 15
    assert "NoSuchModuleError" in fault["evidence"]["text"]
    assert "hunter2" not in out


def test_a_fault_whose_line_is_not_in_the_log_stays_likely(story: Path):
    put(story, {"other.log": "KeyError: 'X'\n"})
    out = bot(story, "check", "repo", "--log", "other.log").out
    assert "database-url (likely," in out
    assert "confirmed" not in out


def test_an_assumption_that_the_log_refutes_is_said(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "main.py": MAIN + "import os\n\nKEY = os.environ['API_KEY']\n", "a.log": "KeyError: 'API_KEY'\n"})
    out = bot(tmp_path, "check", "--log", "a.log").out
    assert "not so: the log shows it in line 1" in out
    [target] = json.loads(bot(tmp_path, "check", "--log", "a.log", "--format", "json").out)["targets"]
    [assumed] = [each for each in target["assumptions"] if each["name"] == "API_KEY"]
    assert assumed["evidence"] == {"line": 1, "text": "KeyError: 'API_KEY'"}


def test_fix_repairs_what_a_log_confirms(tmp_path: Path):
    """A safe repair of a fault that is only likely is made without --unsafe once a log shows it."""
    files = {
        **HEALTHY,
        "Dockerfile": HEALTHY["Dockerfile"].replace("COPY . .", "RUN curl -sSL https://x.example | sh\nCOPY . ."),
    }
    put(tmp_path / "repo", files)
    put(tmp_path, {"deploy.log": "#8 [5/6] RUN curl -sSL https://x.example | sh\n#8 0.201 /bin/sh: 1: curl: not found\n"})
    assert bot(tmp_path, "fix", "repo").out.startswith("Nothing was changed.")
    shown = bot(tmp_path, "fix", "repo", "--log", "deploy.log").out
    assert shown.startswith("1. install-system-package repairs program-missing at Dockerfile:5 (the log shows it in line 2)\n")
    assert "install -y --no-install-recommends curl" in (tmp_path / "repo/Dockerfile").read_text()
