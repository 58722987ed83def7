import asyncio
import io
import json
import logging

import pytest

from webhooks import journal


@pytest.fixture
def lines():
    """What is logged inside a test, line by line; the loggers are as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    journal.install("info", stream)
    yield lambda: stream.getvalue().splitlines()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_json_with_its_delivery(lines):
    with journal.concerning(delivery="72d3162e"):
        journal.log("webhooks.app", "delivery", event="push", milliseconds=1.5, stored=True, nothing=None)
    journal.log("webhooks.app", "afterwards")
    first, second = map(json.loads, lines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "webhooks.app",
        "message": "delivery",
        "delivery": "72d3162e",
        "event": "push",
        "milliseconds": 1.5,
        "stored": True,
        "nothing": None,
    }
    assert "delivery" not in second


def test_tasks_and_threads_know_the_delivery(lines):
    async def work():
        with journal.concerning(delivery="72d3162e"):
            task = asyncio.create_task(inner())
            await asyncio.to_thread(journal.log, "x", "thread")
        await task

    async def inner():
        with journal.concerning(job="octo/docflow@0123"):
            journal.log("x", "task")

    asyncio.run(work())
    said = {line["message"]: line for line in map(json.loads, lines())}
    assert said["thread"]["delivery"] == said["task"]["delivery"] == "72d3162e"
    assert said["task"]["job"] == "octo/docflow@0123"
    assert "job" not in said["thread"]


def test_nothing_that_somebody_wrote_forges_a_line(lines, monkeypatch):
    root = logging.getLogger()  # pytest keeps what is logged, and no process can hand a lone surrogate on to another
    monkeypatch.setattr(root, "handlers", [each for each in root.handlers if isinstance(each.formatter, journal.JsonLines)])
    nasty = 'x"}\n{"level": "error", "message": "forged"}\r\u2028\x1b[31m\x00\ud800 ünï'
    journal.log("x", "delivery", name=nasty, **{nasty: nasty})
    logging.getLogger("y").info(nasty)
    wrong = logging.LogRecord("z", logging.INFO, __file__, 1, "%d", (nasty,), None)
    written = [*lines(), journal.JsonLines().format(wrong)]
    assert len(written) == 3
    for line in written:
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["level"] == "info"
    assert json.loads(written[0])["name"] == nasty


def test_fields_do_not_overwrite_what_we_say_ourselves(lines):
    with journal.concerning(delivery="72d3162e"):
        journal.log("x", "delivery", time="never", logger="y", delivery="forged")
    (line,) = lines()
    assert json.loads(line)["delivery"] == "72d3162e"
    assert json.loads(line)["logger"] == "x"


def test_secrets_are_not_written(lines):
    token = "ghs_" + "0123456789abcdefghij"
    journal.log("x", "fetch", url=f"https://x-access-token:{token}@github.com/o/r.git", header=f"Authorization: Bearer {token}")
    logging.getLogger("y").warning("first line\npassword=%s\nlast line", "hunter2hunter2")
    try:
        raise ValueError(f"refused with {token}")
    except ValueError:
        logging.getLogger("z").exception("step failed")
    text = "\n".join(lines())
    assert token not in text
    assert "hunter2" not in text
    assert "last line" in text


def test_an_error_says_where_it_is_without_lines_of_source(lines):
    try:
        raise KeyError("missing")
    except KeyError:
        logging.getLogger("z").exception("step failed")
    (line,) = map(json.loads, lines())
    assert (line["error"], line["reason"]) == ("KeyError", "'missing'")
    assert line["where"][-1].startswith("test_journal.py:")
    assert "Traceback" not in json.dumps(line)


def test_a_huge_text_is_cut(lines):
    journal.log("x", "log", text="a1 " * 10**6)
    (line,) = lines()
    assert len(line) < 10_000


def test_a_librarys_own_handlers_are_taken_away(lines, capsys):
    logger = logging.getLogger("dbos")
    logger.addHandler(logging.StreamHandler())
    logger.propagate = False
    journal.adopt("dbos")
    logger.warning("said once")
    assert len(lines()) == 1
    assert capsys.readouterr().err == ""


def test_addresses_of_requests_are_not_logged(lines):
    logging.getLogger("httpx").info("HTTP Request: GET https://example.com/?token=x")
    logging.getLogger("uvicorn.access").info("GET /setup?code=x")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=ValueError("x"))
    assert lines() == []
