"""Reads a deploy's log: takes off what flyctl, Render, GitHub Actions, BuildKit and others put in front of each line.

The prefixes are as the tools print them: `2025-11-18T09:12:41Z app[2866d95c104e38] arn [info]` (flyctl logs), JSON lines
(`flyctl logs --json`), `JOB<tab>STEP<tab>TIME` (`gh run view --log`), `##[group]` (GitHub's log files), `#12 0.345` and the
error block (BuildKit), `STEP 5/8:` (buildah), `web-1  |` (docker compose), a time (docker, Render's dashboard).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bot.engine.evidence import Line, Log

LONGEST = 4000  # characters of a line that are looked at
MOST = 200_000  # lines that are looked at; of a longer log, a quarter from the start and the rest from the end

_PARTS = 300  # lines that one entry of JSON is taken to be

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
_PLAIN_ANSI = re.compile(r"^\[(?:\d{1,3}(?:;\d{1,3})*)?m")  # what is left of one where the escape itself was lost
_GH = re.compile(r"^[^\t]{1,200}\t[^\t]{0,200}\t(?=\ufeff?\d{4}-\d\d-)")
_TIME = re.compile(r"^\ufeff?\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?(?: |\t|$)")
_DASHBOARD = re.compile(r"^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?: (?:AM|PM))?(?: {1,2}|\t|$)")
_FLY = re.compile(
    r"^(?:app|runner|proxy|machine|health)\[[0-9a-zA-Z-]*\] {1,2}[a-z]{3} {1,2}"
    r"\[(?:info|error|warn|warning|debug)\] ?"
)
_COMPOSE = re.compile(r"^[\w.-]{1,60}[-_]\d{1,3} {1,40}\| ?")
_SYSLOG = re.compile(r"^[\w.-]{1,80} [\w./-]{1,60}\[\d{1,7}\]: ")
_ACTIONS = re.compile(
    r"^(?:##\[(?:group|endgroup|error|warning|command|debug|section|notice)\]"
    r"|::(?:error|warning|notice|group)[^:]{0,300}::)"
)
_BUILDKIT = re.compile(r"^#(\d{1,4}) (?:\d{1,6}\.\d{1,3} )?")
_SECONDS = re.compile(r"^\d{1,6}\.\d{2,3} ")
_BLOCK = re.compile(r"^ ?> \[[^\]]{1,120}\].{0,500}:$")
_STEP = re.compile(r"^(?:\[\d/\d\] )?STEP (\d{1,4})(?:/\d{1,4})?: |^Step (\d{1,4})/\d{1,4} : ")
_WRAPPED = re.compile(r' {6,}(?:File(?: +"[^"]*",)?$|(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|NotFound|Exit|Interrupt)\b)')
_PROGRESS = re.compile(r"^ ?=> => # ")

_FLY_MARKS = ("registry.fly.io", "fly.io/apps/", ".fly.dev", "flyctl", "fly.toml", "fly-proxy", "machine restart policy",
              "Building image with Depot", "release_command")  # fmt: skip
_RENDER_MARKS = ("onrender.com", "/opt/render/", "==> Cloning from", "==> Deploying...", "render.com/docs", "==> Build failed",
                 "==> Exited with status", "==> Running '", "render.yaml", "==> No open ports detected")  # fmt: skip


def read(data: bytes, left_out: int = 0, first_after: int = 0, split_at: int = 0) -> Log:
    """Return the lines of a log.

    Of a log that was too long to be read whole, `left_out` bytes are missing at `split_at`, and the line behind them is
    the one with the number `first_after`.
    """
    if left_out:
        front, back = _decoded(data[:split_at]), _decoded(data[split_at:])
        numbered = [*enumerate(front.split("\n"), 1), *enumerate(back.split("\n"), first_after)]
    else:
        whole = _decoded(data)
        numbered = [*enumerate((_document(whole) or whole).split("\n"), 1)]
    if len(numbered) > MOST:
        numbered = numbered[: MOST // 4] + numbered[-(MOST - MOST // 4) :]
    lines = list(_unwrapped(_lines(numbered)))
    return Log(lines, _platform(numbered, lines), left_out)


def _decoded(data: bytes) -> str:
    """Return text; PowerShell's `>` writes UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").removeprefix("\ufeff")
    sample = data[:400]
    if len(sample) > 8 and sample[1::2].count(0) > len(sample) // 3 and not sample[::2].count(0):
        return data.decode("utf-16-le", "replace")
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _document(text: str) -> str | None:
    """Return the texts in a log that is one document of JSON, as APIs hand it out; None for any other."""
    if not text.lstrip().startswith("{") or "\n" not in text.strip():
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = found.values() if isinstance(found, dict) else ()
    return "\n".join(value for value in values if isinstance(value, str)) or None


def _unwrapped(lines: Iterator[tuple[Line, bool]]) -> Iterator[Line]:
    """Put together what a console wrapped: `fastapi run` prints tracebacks through rich, which fills 80 columns with blanks.

    A line that was filled up goes on in the next one of the same indent, where it begins a frame or names an exception.
    """
    open_line: Line | None = None
    for line, filled in lines:
        if open_line is not None:
            if _indent(line.text) == _indent(open_line.text) and line.step == open_line.step:
                line = Line(open_line.number, f"{open_line.text} {line.text.strip()}", line.step)
            else:
                yield open_line
        goes_on = filled and len(line.text) < LONGEST and _WRAPPED.match(line.text)
        open_line = line if goes_on else None
        if not goes_on:
            yield line
    if open_line is not None:
        yield open_line


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _lines(numbered: list[tuple[int, str]]) -> Iterator[tuple[Line, bool]]:
    """Yield the lines, and of each whether blanks stood behind it."""
    step = ""
    block = False
    for number, whole in numbered:
        for piece in whole.split("\r"):
            if not piece or piece.isspace():
                continue
            text, own = bare(_cut(piece))
            if own:
                step, block = "", False
            if _BLOCK.match(text):
                block = True
            elif block and text.startswith("----"):
                block = False
            elif block and (seconds := _SECONDS.match(text)):
                text = text[seconds.end() :]
            if stepped := _STEP.match(text):
                step = f"step {stepped[1] or stepped[2]}"
            for part in text.split("\n")[:_PARTS]:
                if part and not part.isspace():
                    shown = part.rstrip()
                    yield Line(number, shown, "block" if block else own or step), len(part) > len(shown)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 3 // 4]}…{text[-LONGEST // 4 :]}"


def bare(text: str) -> tuple[str, str]:
    """Return a line without colours, control characters and prefixes, and the step of BuildKit that it is of."""
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    if prefix := _GH.match(text):
        text = text[prefix.end() :]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "    " if c == "\t" else "" for c in text)
    step = ""
    for _ in range(4):  # a carrier's prefix may stand behind another's
        before = text
        for pattern in (_TIME, _DASHBOARD, _FLY, _SYSLOG, _COMPOSE, _ACTIONS, _PLAIN_ANSI, _PROGRESS):
            if prefix := pattern.match(text):
                text = text[prefix.end() :]
        if prefix := _BUILDKIT.match(text):
            step = f"#{prefix[1]}"
            text = text[prefix.end() :]
        if text.startswith('{"') and (told := _message(text)):
            text = told
        if text == before:
            break
    return text, step


def _message(text: str) -> str | None:
    """Return what an entry in JSON says, its traceback with it."""
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    told = [
        entry.get(key)
        for key in ("message", "msg", "log", "event", "why", "error", "exc_info", "exception", "stack_trace", "tail")
    ]
    lines = [line for each in told if isinstance(each, str) for line in each.split("\n")]
    return "\n".join("".join(c if c.isprintable() else " " for c in line).rstrip() for line in lines) or None


def _platform(numbered: list[tuple[int, str]], lines: list[Line]) -> str | None:
    """Return the platform that a log is of, by its own words."""
    fly = render = 0
    for (_, whole), line in zip(numbered[:2000] + numbered[-2000:], (*lines[:2000], *lines[-2000:]), strict=False):
        fly += "] " in whole[:100] and "app[" in whole[:60]
        fly += any(mark in line.text for mark in _FLY_MARKS)
        render += any(mark in line.text for mark in _RENDER_MARKS)
    return "fly" if fly > render else "render" if render else None
