"""An analysis is held to its limits, sees no secret, ends with its parent, and answers in one sentence whatever happens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from webhooks.analysis import Analysis, Limits, Request, analyse

ROOT = Path(__file__).parents[3]
CANARY = "ghs_canary0canary0canary0canary0canary0"
# a child like ours, in which the reading of the commit is replaced by something that misbehaves
CHILD = f"""\
import os, resource, signal, subprocess, sys, time
sys.path.insert(0, {str(ROOT)!r})
from webhooks.analysis import child, sources
from webhooks.analysis.sources import Lenient

def commit(request):
    {{}}

sources.commit = commit
sys.exit(child.main(sys.argv[1:]))
"""
REQUEST = Request("/nowhere", "a" * 40)
SMALL = Limits(memory_mb=400, cpu_seconds=60, seconds=60, files=64, answer=100_000)


def child(folder: Path, does: str) -> str:
    path = folder / "child.py"
    path.write_text(CHILD.format(does))
    return str(path)


def run(folder: Path, does: str, limits: Limits = SMALL) -> Analysis:
    return asyncio.run(analyse(REQUEST, limits, child(folder, does)))


def running(mark: str) -> list[int]:
    """Return the processes with a mark in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in words:
                found.append(int(entry.name))
    return found


def gone(mark: str, seconds: float = 10) -> bool:
    """Wait until no process has a mark in its command line."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not running(mark):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("does", "limits", "sentence"),
    [
        ("held = bytearray(1 << 30)", SMALL, "The analysis needs more than 400 MB of memory."),
        ("held = []\n    while True: held.append(bytes(1 << 20))", SMALL, "The analysis needs more than 400 MB of memory."),
        (
            "while True: pass",
            SMALL._replace(cpu_seconds=3),
            "The analysis used more than 3 seconds of the processor.",
        ),
        ("time.sleep(600)", SMALL._replace(seconds=3), "The analysis took longer than 3 seconds."),
        ("commit(commit(request))", SMALL, "The analysis gave up: something in the repository is nested too deeply."),
        (
            "os.kill(os.getpid(), signal.SIGSEGV)",
            SMALL,
            "The analysis was ended by the system (SIGSEGV); it may have used more than 400 MB.",
        ),
        ("os._exit(0)", SMALL, "The analysis ended without an answer that makes sense."),
    ],
)
def test_what_goes_wrong_is_one_sentence(tmp_path: Path, does: str, limits: Limits, sentence: str):
    assert run(tmp_path, does, limits) == Analysis(trouble=sentence)


def test_an_error_of_ours_is_named_without_a_traceback(tmp_path: Path):
    trouble = run(tmp_path, "raise ValueError('one\\ntwo')").trouble
    assert trouble == "The analysis failed with an internal error at child.py:7: ValueError: one two."


def test_files_are_limited_and_nothing_is_written(tmp_path: Path):
    opened = run(tmp_path, "held = [open('/dev/null') for _ in range(100)]").trouble
    assert opened is not None
    assert "Too many open files" in opened
    target = tmp_path / "written"
    written = run(tmp_path, f"with open({str(target)!r}, 'w') as file: file.write('x')").trouble
    assert written is not None
    assert "File too large" in written
    assert target.read_text() == ""


def test_no_core_is_left(tmp_path: Path):
    trouble = run(tmp_path, "raise ValueError(resource.getrlimit(resource.RLIMIT_CORE))").trouble
    assert trouble is not None
    assert trouble.endswith("ValueError: (0, 0).")


def test_what_is_printed_is_no_answer(tmp_path: Path):
    trouble = run(tmp_path, "print('x' * 1000000); raise KeyError('end')").trouble
    assert trouble is not None
    assert trouble.endswith("KeyError: 'end'.")


def test_an_answer_without_end_is_cut_off(tmp_path: Path):
    program = tmp_path / "child.py"
    program.write_text("import sys\nwhile True: sys.stdout.write('x' * 100000)\n")
    made = asyncio.run(analyse(REQUEST, SMALL, str(program)))
    assert made == Analysis(trouble="The analysis has more to say than 100,000 bytes.")


@pytest.mark.parametrize("answer", ["{}", "[]", '{"repairs": 1}', "nonsense", '{"repairs": [], "findings": [], "unknown": 1}'])
def test_an_answer_that_makes_no_sense_is_none(tmp_path: Path, answer: str):
    program = tmp_path / "child.py"
    program.write_text(f"print({answer!r})\n")
    made = asyncio.run(analyse(REQUEST, SMALL, str(program)))
    assert made == Analysis(trouble="The analysis ended without an answer that makes sense.")


def test_no_secret_of_ours_is_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("GITHUB_TOKEN", "DEPLOYMEND_DATABASE_URL", "DEPLOYMEND_PRIVATE_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, CANARY)
    trouble = run(tmp_path, "raise ValueError(' '.join(sorted(os.environ)))").trouble
    assert trouble is not None
    assert trouble.endswith("ValueError: HOME LANG PATH PYTHONDONTWRITEBYTECODE PYTHONHASHSEED.")


def test_what_a_child_starts_ends_with_it(tmp_path: Path):
    mark = f"60{os.getpid()}.25"
    does = f"[subprocess.Popen(['sleep', '{mark}']) for _ in range(20)]; os._exit(0)"
    assert run(tmp_path, does).trouble
    assert gone(mark)
    does = f"[subprocess.Popen(['sleep', '{mark}']) for _ in range(20)]; time.sleep(600)"
    assert run(tmp_path, does, SMALL._replace(seconds=4)).trouble
    assert gone(mark)


def test_a_cancelled_analysis_leaves_nothing_behind(tmp_path: Path):
    mark = f"61{os.getpid()}.25"
    program = child(tmp_path, f"subprocess.Popen(['sleep', '{mark}']); time.sleep(600)")

    async def cancelled() -> None:
        task = asyncio.create_task(analyse(REQUEST, SMALL, program))
        while not running(mark):
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert gone(mark)
    assert not running(program)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path):
    program = child(tmp_path, "time.sleep(600)")
    parent = (
        "import asyncio\n"
        "from webhooks.analysis import Limits, Request, analyse\n"
        f"asyncio.run(analyse(Request('/nowhere', 'a' * 40), Limits(), {program!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT)
    try:
        while len(running(f"{program}\0")) < 1:
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert gone(f"{program}\0")
