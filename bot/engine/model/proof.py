"""The proof: what became of really building and booting a target, before and after its repair."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.model.findings import STAGES, Stage

# "ok": it boots and answers; "unsupported": what became of it can't be told here, for reasons that are not the repository's
Reached = Literal[Stage, "ok", "unsupported"]


class Attempt(NamedTuple):
    """One real deploy of a target, as far as it got.

    `says` is the line that tells why it stopped, `asked` the request that decided, `status` its answer, `answered` the seconds
    from the start of the process to that answer, `log` the end of what was printed, secrets blotted out.
    """

    reached: Reached
    says: str = ""
    asked: str = ""
    status: int | None = None
    answered: float | None = None
    log: str = ""
    build_seconds: float | None = None
    left_out: tuple[Stage, ...] = ()  # stages that it did not go through: no release command was run, nothing serves


class Proof(NamedTuple):
    """The attempts with one target; `after` is None where nothing was repaired.

    `given`, `stood_in` and `missing` are names of secrets: taken from the person's file, replaced by a made-up value, and not
    set at all. `notes` say what was not as on the platform.
    """

    platform: str
    app: str | None
    config: str
    process: str
    engine: str
    before: Attempt
    after: Attempt | None = None
    repaired: tuple[str, ...] = ()  # codemods, in their order
    given: tuple[str, ...] = ()
    stood_in: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def last(self) -> Attempt:
        """The attempt that counts."""
        return self.after or self.before


def gets_further(proof: Proof) -> bool:
    """Say whether a repair is worth keeping: the real boot gets further with it, or got to the end before and does so still."""
    if proof.after is None:
        return True
    if proof.before.reached == "ok":
        return proof.after.reached == "ok"
    return _further(proof.before, proof.after, frozenset(proof.missing))


def _further(before: Attempt, after: Attempt, expected: frozenset[str]) -> bool:
    """Say whether a repaired deploy really gets further than it did.

    At the same stage it does when the first cause is gone, and what stops it now is one of the variables that only a person
    can set: their names are `expected`.
    """
    if "unsupported" in (before.reached, after.reached):
        return False
    if after.reached != before.reached:
        return _rank(after) > _rank(before)
    gone = bool(before.says) and before.says not in f"{after.says}\n{after.log}"
    return gone and any(name in after.says for name in expected)


def _rank(attempt: Attempt) -> int:
    order = (*STAGES, "ok")
    return order.index(attempt.reached) if attempt.reached != "unsupported" else -1
