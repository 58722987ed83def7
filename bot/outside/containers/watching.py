"""Watches a process that was started: does it stay, does it listen where the platform looks, does it answer as it should."""

from __future__ import annotations

import time

from bot.engine.model.proof import Attempt, Reached
from bot.outside.containers import asking, lines
from bot.outside.containers.engines import Answer, Container, Engine, Job, Question, Seen
from bot.outside.containers.recipe import Recipe

_PAUSE = 0.5  # seconds between two looks
_SURE = 10.0  # seconds after which a wrong port, or an answer that is turned down, stays so
_SETTLED = 15.0  # seconds after which a process that serves nobody has started
_ROAMING = 3.0  # seconds that Render's port scan is given to meet the usual port first
_KILLED = 137


def watch(engine: Engine, job: Job, recipe: Recipe, seconds: float) -> Attempt:
    """Start a process and look at it until it answers, ends, or `seconds` are over; raises `Unasked`."""
    taken = _taken(recipe) if engine.shares_network(job.host) else None
    if taken is not None:
        says = f"port {taken} of this machine is taken: end what listens there, or use an engine with a network of its own"
        return Attempt("unsupported", says)
    with engine.container(job) as container:
        watched = _Watch(container, recipe, job, seconds)
        found = watched.run()
        return found if found.reached == "ok" else found._replace(log=lines.tail(container.output()))


def _taken(recipe: Recipe) -> int | None:
    ports = {question.port for question in recipe.questions}
    return next((port for _, port, _ in asking.listening() if port in ports), None)


class _Watch:
    def __init__(self, container: Container, recipe: Recipe, job: Job, seconds: float) -> None:
        self.container = container
        self.recipe = recipe
        self.job = job
        self.seconds = seconds
        self.began = time.monotonic()
        self.left = list(recipe.questions)
        self.first: Attempt | None = None  # the answer to the first question
        self.trouble: Attempt | None = None  # what was wrong when it was last looked at
        self.since = self.began  # when that began

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def run(self) -> Attempt:
        while True:
            code = self.container.code()
            if code is not None:
                return self.ended(code)
            seen = self.container.look(self.left[0] if self.left else None)
            found = self.asked(seen) if self.left else self.unserved(seen)
            if found:
                return found
            if self.age > self.seconds:
                return self.trouble or Attempt("boot", self.nothing())
            time.sleep(_PAUSE)

    def ended(self, code: int) -> Attempt:
        self.container.wait(2)  # for the rest of its output
        says = lines.telling(self.container.output())
        ending = f"the process ended with code {code}"
        if code == _KILLED:
            says = f"{ending}: killed, perhaps for more memory than {self.job.memory} MB (--memory)"
        return Attempt("boot", says or ending)

    def nothing(self) -> str:
        where = f" on port {self.left[0].port}" if self.left else ""
        return f"nothing listened{where} in {self.seconds:.0f} s"

    def unserved(self, seen: Seen) -> Attempt | None:
        """Judge a process to which no service leads: it has to stay."""
        if self.age < min(_SETTLED, self.seconds):
            return None
        ports = sorted({port for loopback, port in seen.listening if not loopback})
        if ports and self.recipe.target.platform == "fly" and not self.recipe.target.services:
            return Attempt("port", f"it listens on port {ports[0]}, and no service of the config leads there")
        return Attempt("ok", f"it still runs after {self.age:.0f} s", left_out=("port", "health"))

    def asked(self, seen: Seen) -> Attempt | None:
        """Judge what is seen of a process that is to serve; None: go on looking."""
        question = self.left[0]
        if seen.answer is None:
            return self.unheard(question, seen)
        asked = f"{question.method} {question.path}"
        status = seen.answer.status
        if status is not None and self.recipe.takes(status):
            self.first = self.first or Attempt("ok", "", asked, status, round(self.age, 1))
            self.left.pop(0)
            self.trouble = None
            return None if self.left else self.first
        settled = status is not None and 300 <= status < 500
        return self.note("health", _turned_down(asked, seen.answer), settled, asked, status)

    def unheard(self, question: Question, seen: Seen) -> Attempt | None:
        """Judge a process that does not listen where it is looked for."""
        elsewhere = sorted({port for loopback, port in seen.listening if not loopback})
        if (True, question.port) in seen.listening:
            return self.note("port", f"port {question.port} is bound to the loopback address alone", True)
        if elsewhere and self.recipe.roams:
            if self.age > _ROAMING:
                self.left = [each._replace(port=elsewhere[0]) for each in self.left]
            return None
        if seen.listening:
            found = f"{elsewhere[0]}" if elsewhere else "the loopback address alone"
            return self.note("port", f"nothing listens on port {question.port}: the process listens on {found}", True)
        return None

    def note(self, reached: Reached, says: str, settled: bool, asked: str = "", status: int | None = None) -> Attempt | None:
        """Keep what is wrong; return it once it has been so for long enough to stay so."""
        if self.trouble is None or self.trouble.says != says:
            self.since = time.monotonic()
        self.trouble = Attempt(reached, says, asked, status)
        return self.trouble if settled and time.monotonic() - self.since > _SURE else None


def _turned_down(asked: str, answer: Answer) -> str:
    if answer.status is None:
        return f"{asked}: {answer.error}"
    return f"{asked} → {answer.status}" + (f" to {answer.location}" if answer.location else "")
