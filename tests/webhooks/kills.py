"""Kills processes that share work, at random moments and at named points, starts others, and looks at what is left.

The process under test is a command line. One that calls `arm` announces points by itself: `before:STEP`, `done:STEP` (the
effect is there, its record is not) and `recorded:STEP` for each step of each job; the one that the environment names is where
it dies.
What must hold is given as functions that return complaints. Nothing but processes that were started here is ever killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

DIE_AT = "DEPLOYMEND_DIE_AT"  # a point
DIE_ONCE = "DEPLOYMEND_DIE_ONCE"  # a file that is made by the one process that dies there; without it all do
KILLS = "DEPLOYMEND_KILLS"  # how many kills a trial has


def number(default: int = 20) -> int:
    """How many kills a trial shall have."""
    return int(os.environ.get(KILLS, default))


class Journal:
    """What was done, written by many processes into one file: a line an entry, which no kill tears apart."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    def write(self, **entry: Any) -> None:
        line = json.dumps({"at": time.time_ns(), "pid": os.getpid(), **entry}) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        entries = [json.loads(line) for line in self.path.read_text().splitlines()]
        return sorted(entries, key=lambda entry: int(entry["at"]))


def arm() -> None:
    """Called in the process under test: lets it die at the point that the environment names."""
    from dbos._sys_db import SystemDatabase

    point = os.environ.get(DIE_AT)
    check, record = SystemDatabase.check_operation_execution, SystemDatabase.record_operation_result

    def checked(self: Any, workflow_id: str, function_id: int, function_name: str, *rest: Any, **named: Any) -> Any:
        known = check(self, workflow_id, function_id, function_name, *rest, **named)
        if known is None:
            _reached(f"before:{function_name}", point)
        return known

    def recorded(self: Any, result: Any, *rest: Any, **named: Any) -> Any:
        _reached(f"done:{result['function_name']}", point)
        answer = record(self, result, *rest, **named)
        _reached(f"recorded:{result['function_name']}", point)
        return answer

    SystemDatabase.check_operation_execution = checked  # type: ignore[method-assign]
    SystemDatabase.record_operation_result = recorded  # type: ignore[method-assign,assignment]


def _reached(point: str, fatal: str | None) -> None:
    if point != fatal:
        return
    once = os.environ.get(DIE_ONCE)
    if once is not None:
        try:
            os.close(os.open(once, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)


class Process:
    """A process under test, with what it printed in a file; its children die with it at the end of the trial."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, point: str | None = None):
        self.point = point
        self.log = log
        dying = {} if point is None else {DIE_AT: point, DIE_ONCE: f"{log}.died"}
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **environment, **dying},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self.popen.pid

    def running(self) -> bool:
        return self.popen.poll() is None

    def send(self, sign: signal.Signals) -> None:
        if self.running():
            self.popen.send_signal(sign)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.popen.wait()

    def stop(self, seconds: float = 20.0) -> int:
        """End it as a supervisor does, and return what it exited with (-9 when it did not in time)."""
        self.send(signal.SIGTERM)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def clear(self) -> None:
        """End it, and whatever it left in its session."""
        self.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Kill(NamedTuple):
    """One kill: at a point, or at a moment after the process was ready, or before that."""

    point: str | None
    ready: bool


@dataclass
class Trial:
    """`kills` kills among `workers` processes of one command, while `feed` hands in work; then the rest is let finish.

    `ready` says of a process whether it works already. `feed` is called at each start with the number of kills so far. Each
    second process is to die at the next of `points`, the others at a random moment within `window` seconds after they were
    ready, one of five before that.
    """

    command: Sequence[str]
    folder: Path
    ready: Callable[[Process], bool]
    finished: Callable[[], bool]
    invariants: Mapping[str, Callable[[], Iterable[str]]]
    feed: Callable[[int], None] = lambda kills: None
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    kills: int = 20
    points: Sequence[str] = ()
    window: float = 0.6
    patience: float = 6.0  # for a process to come to its point
    finish: float = 60.0  # for the rest of the work, after the last kill
    seed: int = 0
    done: list[Kill] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Do all of it, and return the complaints."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._chance = random.Random(self.seed)
        self._all: list[Process] = []
        try:
            self._massacre()
            for process in self._living:
                if (code := process.stop()) != 0:
                    self.complaints.append(f"a process that was asked to stop exited with {code}: {process.said()[-600:]}")
        finally:
            for process in self._all:
                process.clear()
        for process in self._all:
            if "Traceback (most recent call last)" in process.said():
                self.complaints.append(f"a traceback was printed: {process.said()[-1500:]}")
        for name, holds in self.invariants.items():
            self.complaints += [f"{name}: {complaint}" for complaint in holds()]
        return self.complaints

    def _massacre(self) -> None:
        self._living = [self._start() for _ in range(self.workers)]
        until: float | None = None
        while until is None or time.monotonic() < until:
            for place, process in enumerate(self._living):
                kill = self._fate(process, spare=until is not None)
                if kill is not None:
                    self.done.append(kill)
                    self._living[place] = self._start(spare=len(self.done) >= self.kills)
            if until is None and len(self.done) >= self.kills:
                until = time.monotonic() + self.finish
            if until is not None and self.finished():
                return
            if self.complaints:
                return
            time.sleep(0.02)
        self.complaints.append(f"not finished {self.finish:g} seconds after the last of {len(self.done)} kills")

    def _start(self, spare: bool = False) -> Process:
        count = len(self._all)
        point = self.points[(count // 2) % len(self.points)] if self.points and count % 2 and not spare else None
        process = Process(self.command, self.environment, self.folder / f"process-{count}.log", point)
        self._all.append(process)
        process.started = time.monotonic()  # type: ignore[attr-defined]
        process.due = None  # type: ignore[attr-defined]
        process.early = point is None and self._chance.random() < 0.2  # type: ignore[attr-defined]
        if not spare:
            self.feed(len(self.done))
        return process

    def _fate(self, process: Any, spare: bool) -> Kill | None:
        """Let a process live (None), or say how it died."""
        if not process.running():
            if process.point is not None and process.popen.returncode == -signal.SIGKILL:
                return Kill(process.point, True)
            self.complaints.append(f"a process ended by itself, with {process.popen.returncode}: {process.said()[-1500:]}")
            return None
        if spare:
            return None
        if process.due is None:
            if process.early:
                process.due = process.started + self._chance.uniform(0, 1.0)
            elif self.ready(process):
                wait = self._chance.uniform(0, self.window) if process.point is None else self.patience
                process.due = time.monotonic() + wait
            elif time.monotonic() > process.started + 60:
                self.complaints.append(f"a process was not ready after 60 seconds: {process.said()[-1500:]}")
        if process.due is None or time.monotonic() < process.due:
            return None
        ready = self.ready(process)
        process.kill()
        return Kill(None, ready)


def overlaps(journal: Journal) -> Iterable[str]:
    """Lanes in which something was done for a job after another had begun; entries have `job` and `lane`."""
    order: dict[str, list[str]] = {}
    for entry in journal.read():
        if "job" in entry:
            jobs = order.setdefault(entry["lane"], [])
            if not jobs or jobs[-1] != entry["job"]:
                if entry["job"] in jobs:
                    yield f"{entry['job']} went on in the lane {entry['lane']} after {jobs[-1]} had begun"
                jobs.append(entry["job"])


def steps_back(journal: Journal, steps: Sequence[str]) -> Iterable[str]:
    """Jobs in which a step began again after a later one had; entries have `job`, `step` and `what`."""
    reached: dict[str, int] = {}
    for entry in journal.read():
        if entry.get("what") != "begin":
            continue
        now, before = steps.index(entry["step"]), reached.get(entry["job"], -1)
        if now < before or now > before + 1:
            yield f"{entry['job']}: {entry['step']} after {steps[before]}"
        reached[entry["job"]] = max(now, before)


def undone(journal: Journal, jobs: Iterable[str], steps: Sequence[str]) -> Iterable[str]:
    """Jobs of which a step never came to its end."""
    ended = {(entry["job"], entry["step"]) for entry in journal.read() if entry.get("what") == "end"}
    for job in jobs:
        if missing := [step for step in steps if (job, step) not in ended]:
            yield f"{job} has not done {', '.join(missing)}"
