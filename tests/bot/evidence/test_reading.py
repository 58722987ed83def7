"""A log is read whatever carried it, and whatever it holds."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence import catalogue, cause, reading
from bot.evidence.diagnosis import diagnose
from bot.outside import logs
from tests.bot.evidence.tools import named, read

LINE = "ModuleNotFoundError: No module named 'backend'"


@pytest.mark.parametrize(
    "front",
    [
        "",
        "2025-11-18T10:03:22Z app[2866d95c104e38] arn [info]",
        "2025-11-18T10:03:22.123 app[2866d95c104e38] arn [info] ",
        "2025-11-18T10:03:22.1234567Z ",
        "\ufeff2025-11-18T10:03:22.1234567Z ",
        "deploy\tRun flyctl deploy\t2025-11-18T10:03:22.1234567Z ",
        "deploy\tUNKNOWN STEP\t\ufeff2025-11-18T10:03:22.1234567Z ##[error]",
        "2025-11-18T10:03:22.1234567Z ##[error]",
        "::error file=a.py,line=1::",
        "#12 0.843 ",
        "2025-11-18T10:03:22.1234567Z #12 10.8 ",
        "web-1  | ",
        "api_1        | 2025-11-18 10:03:22 ",
        "\x1b[31m",
        "\x1b]0;title\x07\x1b[1;31m",
        "[31m",
        "2025-11-18 10:03:22,123 ",
        "[2025-11-18 10:03:22 +0000] ",
        "Nov 18 10:03:22 AM  ",
        "Nov 18 10:03:22 host python[812]: ",
        " => => # ",
    ],
)
def test_prefixes_are_taken_off(front: str):
    [line] = read(front + LINE).lines
    assert line.text == LINE


@pytest.mark.parametrize("key", ["message", "msg", "log"])
def test_a_line_of_json_is_what_it_says(key: str):
    [line] = read(json.dumps({"level": "error", key: LINE, "region": "arn"})).lines
    assert line.text == LINE


def test_a_traceback_in_one_entry_of_json_is_read():
    text = 'Traceback (most recent call last):\n  File "/app/main.py", line 5, in <module>\n    import backend\n' + LINE
    log = read(json.dumps({"message": "crashed", "exc_info": text}))
    shown = cause.find(log, catalogue.known())
    assert shown.cause is not None
    assert [frame.path for frame in shown.cause.frames] == ["/app/main.py"]


def test_a_log_that_is_one_document_of_json_is_read():
    document = {"stage": "boot", "ok": False, "why": "exited with status 1", "port": 8080, "tail": f"Traceback\n{LINE}\nbye"}
    assert named(json.dumps(document, indent=1)) == ("module-not-found", LINE)
    assert named(json.dumps(document)) == ("module-not-found", LINE)


def test_the_error_block_of_buildkit_has_seconds_in_front():
    text = f"------\n > [3/6] RUN python check.py:\n0.412 Collecting\n12.50 {LINE}\n------\nDockerfile:7\n"
    assert named(text) == ("module-not-found", LINE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings_of_windows_are_read(encoding: str):
    assert named(f"first\r\n{LINE}\r\n".encode(encoding)) == ("module-not-found", LINE)


def test_numbers_count_as_an_editor_does():
    log = read(f"a\r\n\r\nb\rc\n\n{LINE}\n")
    assert [(line.number, line.text) for line in log.lines] == [(1, "a"), (3, "b"), (3, "c"), (5, LINE)]


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("2025-11-18T10:03:22Z app[2866d95c104e38] arn [info]hello", "fly"),
        ("image: registry.fly.io/demo:deployment-01", "fly"),
        ("==> Cloning from https://github.com/a/b", "render"),
        ("hello", None),
    ],
)
def test_the_platform_is_told_by_its_words(text: str, platform: str | None):
    assert read(text).platform == platform


# --- whatever it holds

HOSTILE = {
    "nuls": b"\0" * 500_000 + LINE.encode() + b"\0" * 10,
    "invalid utf-8": b"\xff\xfe\xfd\x80" * 1000 + b"\n" + LINE.encode(),
    "one long line": b"a" * 1_000_000,
    "one long line of braces": b'{"' * 500_000,
    "a long line that ends in the cause": b"x" * 1_000_000 + b" " + LINE.encode(),
    "escapes": b"\x1b[" * 200_000 + b"\n" + b"\x1b]0;" * 100_000,
    "colons": b": " * 500_000,
    "slashes": b"https://" * 100_000,
    "frames": b'  File "/app/a.py", line 1, in f\n' * 50_000,
    "headers": b"Traceback (most recent call last):\n" * 50_000,
    "handled": b"During handling of the above exception, another exception occurred:\n" * 50_000,
    "errors": b"ERROR: failed: No module named 'a'\n" * 100_000,
    "steps": b"".join(b"#%d ERROR: process did not complete\n" % number for number in range(30_000)),
    "dashes": b"-" * 300_000 + b"\n" + b"BEGIN PRIVATE KEY" * 10_000,
    "ends": b"INFO Main child exited normally with code: 1\n" * 50_000,
    "folders": b'File "' + b"/a" * 100_000 + b'", line 1, in x\nKeyError: 1\n',
    "empty lines": b"\n" * 500_000 + LINE.encode(),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_log_takes_no_time_and_no_control_character_out(data: bytes):
    start = time.perf_counter()
    log = reading.read(data)
    shown = diagnose(log)
    assert time.perf_counter() - start < 20  # a second or two; a machine that does other things is slower
    for line in (*shown.telling, *((shown.first.line,) if shown.first else ())):
        assert line.text.isprintable()
        assert len(line.text) <= reading.LONGEST + 200


def test_ten_megabytes_are_read_in_seconds():
    noise = b'INFO:     172.19.0.1:4711 - "POST /api/items HTTP/1.1" 200 OK, all is well here\n'
    data = noise * (10_000_000 // len(noise)) + LINE.encode() + b"\nINFO Main child exited normally with code: 1\n"
    start = time.perf_counter()
    shown = diagnose(reading.read(data))
    assert time.perf_counter() - start < 30
    assert shown.first is not None
    assert shown.first.line.text == LINE
    assert shown.first.line.number == 10_000_000 // len(noise) + 1


def test_of_a_log_without_end_the_start_and_the_end_are_read(monkeypatch: pytest.MonkeyPatch):
    for name, size in (("_HEAD", 1000), ("_TAIL", 2000), ("_PIECE", 100)):
        monkeypatch.setattr(logs, name, size)
    text = "".join(f"line {number}\n" for number in range(1, 10_001)) + f"{LINE}\n"
    raw = logs._read(io.BytesIO(text.encode()))
    assert len(raw.data) <= 3200
    log = reading.read(raw.data, raw.left_out, raw.first_after, raw.split_at)
    assert log.left_out == len(text) - len(raw.data)
    assert (log.lines[0].number, log.lines[0].text) == (1, "line 1")
    assert (log.lines[-1].number, log.lines[-1].text) == (10_001, LINE)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(data: bytes):
    shown = diagnose(reading.read(data))
    assert all(line.text.isprintable() for line in shown.telling)


def test_a_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(logs.NoLog, match="No such file"):
        logs.read(str(tmp_path / "gone"))
    with pytest.raises(logs.NoLog, match="is a folder"):
        logs.read(str(tmp_path))


WRAPPED = """\
             │ File "/app/main.py"
               File "/app/backend/app/core/model.py", line 34, in get_model     
                 return joblib.load(_MODEL_FILE_PATH)                           
               File                                                             
             "/app/.venv/lib/python3.12/site-packages/joblib/numpy_pickle.py",  
             line 735, in load                                                  
                 with open(filename, "rb") as f:                                
             FileNotFoundError: [Errno 2] No such file or directory:            
             '/app/backend/data/model.joblib'
     ERROR   Application startup failed. Exiting.
"""  # noqa: W291


def test_what_rich_wrapped_is_put_together():
    log = reading.read(WRAPPED.encode())
    [line] = [line for line in log.lines if "FileNotFoundError" in line.text]
    assert line.text.strip() == "FileNotFoundError: [Errno 2] No such file or directory: '/app/backend/data/model.joblib'"
    assert line.number == 8


def test_an_exception_that_was_not_filled_up_stays_alone():
    log = reading.read(b"        ValueError: bad\n        more\n")
    assert [line.text.strip() for line in log.lines] == ["ValueError: bad", "more"]
