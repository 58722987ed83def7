"""The repository beside a log confirms its fault, or says that nothing in it explains the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.evidence import Wording
from bot.engine.plan import Allowed, weaknesses
from bot.engine.simulate import simulate
from bot.evidence import reading
from bot.evidence.diagnosis import Diagnosis, diagnose, filled
from codemods import Shelf
from tests.bot.evidence.tools import read
from tests.test_fixtures import STATES, expected, named, options, tree
from tests.tools import HEALTHY, MAIN, reports
from tests.tools import tree as of_files

TRACE = """\
Traceback (most recent call last):
  File "/usr/local/bin/uvicorn", line 8, in <module>
    sys.exit(main())
  File "/app/main.py", line 4, in <module>
    import nowhere
ModuleNotFoundError: No module named 'nowhere'
"""
BROKEN = {**HEALTHY, "main.py": MAIN + "import nowhere\n"}


def beside(log: str, files: dict[str, str]) -> Diagnosis:
    return diagnose(read(log), tuple(reports(files)), of_files(files))


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_log_of_a_state_confirms_its_fault(state: Path):
    wanted = expected(state)
    beside = tree(state / "before")
    found = tuple(weaknesses(simulate(beside, options(state)), beside, Shelf(), Allowed()))
    shown = diagnose(reading.read((state / "deploy.log").read_bytes()), found, beside)
    if wanted["weakness"]:
        assert not any(each.confirmed for each in shown.explained)
        return
    assert shown.first is not None
    [first, *_] = shown.explained
    assert first.fault.code == wanted["code"]
    assert first.confirmed


@pytest.mark.parametrize("state", STATES, ids=named)
def test_without_the_repository_its_code_is_among_those_that_the_cause_is_foreseen_by(state: Path):
    shown = diagnose(reading.read((state / "deploy.log").read_bytes()))
    if expected(state)["weakness"] and shown.first is None:
        assert shown.telling  # a deploy that works: its log names no cause
        return
    assert shown.first is not None
    assert shown.first.signature is not None
    assert expected(state)["code"] in shown.first.signature.faults


def test_a_foreseen_line_is_confirmed():
    shown = beside(TRACE, BROKEN)
    [one] = shown.explained
    assert (one.fault.code, one.how, one.line.number) == ("module-not-found", "line", 6)


def test_the_same_failure_in_other_words_is_confirmed():
    files = {**HEALTHY, "Dockerfile": HEALTHY["Dockerfile"].replace("COPY . .", "COPY gone .\nCOPY . .")}
    log = 'STEP 5/6: COPY gone .\nError: building at STEP "COPY gone .": checking on sources under "/x": copier: stat: "/gone": no such file or directory\n'  # noqa: E501
    [one] = beside(log, files).explained
    assert (one.fault.code, one.how) == ("copy-source-missing", "same")


def test_another_name_in_the_log_is_only_alike():
    [one] = beside(TRACE.replace("nowhere", "elsewhere"), BROKEN).explained
    assert (one.fault.code, one.confirmed) == ("module-not-found", False)


def test_a_line_that_names_nothing_is_about_the_fault_that_comes_first():
    files = {**HEALTHY, "fly.toml": 'app = "demo"\n'}
    [one] = beside("No services found\n", files).explained
    assert (one.fault.code, one.how) == ("no-services", "same")
    broken = {**files, "main.py": MAIN + "import nowhere\n"}
    [one] = beside("No services found\n", broken).explained
    assert (one.fault.code, one.how) == ("no-services", "alike")


def test_a_symptom_may_come_of_what_the_simulated_deploy_stops_at():
    [one] = beside("exited with status 1\n", BROKEN).explained
    assert (one.fault.code, one.how) == ("module-not-found", "alike")
    assert beside('Error: building at STEP "RUN make": exit status 2\n', BROKEN).explained == ()


def test_a_line_that_nothing_foresees_is_left_unexplained():
    assert beside(TRACE, HEALTHY).explained == ()


def test_an_assumption_that_does_not_hold_is_told():
    files = {**HEALTHY, "main.py": MAIN + "import os\n\nKEY = os.environ['API_KEY']\n"}
    shown = beside("KeyError: 'API_KEY'\n", files)
    [unmet] = shown.unmet
    assert unmet.assumption.name == "API_KEY"
    assert "fly secrets set API_KEY" in unmet.assumption.command


def test_of_several_apps_the_one_that_the_log_names_is_looked_at():
    files = {**BROKEN, "other/fly.toml": HEALTHY["fly.toml"].replace("demo", "other")}
    files |= {f"other/{path}": BROKEN[path] for path in ("Dockerfile", "requirements.txt", "main.py")}
    shown = beside("image: registry.fly.io/other:deployment-01\n" + TRACE, files)
    assert [each.report.target.app for each in shown.explained] == ["other"]
    assert len(beside(TRACE, files).explained) == 2


def test_container_paths_lead_to_files_of_the_repository():
    shown = beside(TRACE, BROKEN)
    assert shown.first is not None
    assert [(site.path, site.line) for site in shown.first.sites] == [(None, 8), ("main.py", 4)]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/app/main.py", "main.py"),
        ("/workspace/pkg/tool.py", "pkg/tool.py"),
        ("/opt/render/project/src/pkg/tool.py", "pkg/tool.py"),
        ("/somewhere/else/tool.py", None),
        ("/usr/local/lib/python3.11/site-packages/pkg/tool.py", None),
        ("<frozen importlib._bootstrap>", None),
        ("/app/../../etc/passwd", None),
        ("C:\\work\\pkg\\tool.py", "pkg/tool.py"),
    ],
)
def test_a_path_is_led_back_by_its_longest_end(written: str, path: str | None):
    files = {**HEALTHY, "pkg/tool.py": ""}
    shown = beside(f'  File "{written}", line 1, in <module>\nKeyError: 1\n', files)
    assert shown.first is not None
    assert [site.path for site in shown.first.sites] == [path]


def test_the_apps_name_is_taken_from_the_log():
    log = "image: registry.fly.io/demo-api:deployment-01\nKeyError: 'A_KEY'\n"
    shown = diagnose(read(log))
    assert shown.app == "demo-api"
    assert shown.first is not None
    assert shown.first.signature is not None
    assert [filled(each, shown.first, shown.app) for each in shown.first.signature.fly] == [
        "fly secrets list -a demo-api",
        "fly secrets set A_KEY=… -a demo-api",
    ]


@pytest.mark.parametrize("hostile", ['x"; rm -rf ~; "', "$(reboot)", "`id`", "a b", "-rf", "aéb"])
def test_nothing_of_a_log_that_a_shell_obeys_gets_into_a_command(hostile: str):
    shown = diagnose(read(f"ModuleNotFoundError: No module named '{hostile}'\n"))
    assert shown.first is not None
    assert shown.first.signature is not None
    for command in (*shown.first.signature.look, *shown.first.signature.fly):
        assert filled(command, shown.first, hostile) == filled(command, shown.first._replace(captured={}), None)


@pytest.mark.parametrize(
    ("wording", "line", "captured"),
    [
        ("No module named '{module}'", "x No module named 'a.b'; 'a' is no", {"module": "a.b"}),
        ("^no fly.toml$", "no fly.toml", {}),
        ("^no fly.toml$", "there is no fly.toml", None),
        ("^no fly.toml$", "no fly.toml here", None),
        ("{NAME} must be set", "ValueError: API_KEY must be set", {"NAME": "API_KEY"}),
        ("{NAME} must be set", "the table must be set", None),
        ("Set the {NAME} environment variable", "Set the A_B environment variable", {"NAME": "A_B"}),
        ("a…b", "xa--b", {}),
        ("a…b", "ba", None),
        ("exit: {code}", "exit: 3", {"code": "3"}),
        ("^{program}: not found$", "uvicorn: not found", {"program": "uvicorn"}),
        ("^{program}: not found$", "the page: not found", None),
        ("sh: …: {program}: not found$", "/bin/sh: 1: curl: not found", {"program": "curl"}),
    ],
)
def test_a_wording_fits_and_captures(wording: str, line: str, captured: dict[str, str] | None):
    assert Wording(wording, captures=True).match(line) == captured


def test_braces_of_a_foreseen_message_are_text():
    assert Wording("input_value={} is a{b}").match("x input_value={} is a{b} y") == {}
    assert Wording("input_value={x}").match("input_value=1") is None
