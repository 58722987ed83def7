"""What `verify` and `fix --verify` have in common: the engine, the person's choices, and the attempts with each target."""

from __future__ import annotations

import argparse
import os
from typing import NamedTuple

from bot.cli import session as sessions
from bot.cli.errors import Refused
from bot.engine.model.proof import Attempt, Proof
from bot.engine.model.tree import Change, Tree
from bot.engine.plan import Plan, same_target
from bot.engine.report import Report
from bot.outside.containers import dockerfiles, engines, recipe, secrets
from bot.outside.containers.interrupts import interruptible
from bot.outside.containers.trial import Held, Limits, Trial, held


class Choices(NamedTuple):
    """What the person chose for real boots."""

    engine: engines.Engine
    limits: Limits
    given: dict[str, str]
    fake: bool
    release: bool
    stand_ins: tuple[dockerfiles.StandIn, ...]


def choices(options: argparse.Namespace) -> Choices:
    """Read the choices and find the engine; raises `Refused`."""
    try:
        given = secrets.read(options.env_file) if options.env_file else secrets.Hidden()
        stand_ins = tuple(dockerfiles.stand_in(rule) for rule in options.stand_in or ())
        engine = engines.find(options.engine)
    except (secrets.Unusable, engines.NoEngine) as error:
        raise Refused(str(error)) from None
    except ValueError as error:
        raise Refused(
            f"--stand-in {error}: it is IMAGE=LOCAL, such as 'python:{{version}}*=localhost/python:{{version}}'"
        ) from None
    limits = Limits(options.build_timeout, options.timeout, options.memory, options.network == "host")
    return Choices(engine, limits, given, options.fake_secrets, options.release, stand_ins)


def as_it_is(session: sessions.Session, chosen: Choices, reports: tuple[Report, ...]) -> list[Proof]:
    """Try every target as the repository is."""
    with interruptible():
        return [_Prover(session, chosen, report, session.tree).before() for report in reports]


def with_repair(session: sessions.Session, chosen: Choices, made: Plan) -> list[Proof]:
    """Try every target before and after a plan; one that the plan leaves alone only once."""
    with interruptible():
        return _with_repair(session, chosen, made)


def _with_repair(session: sessions.Session, chosen: Choices, made: Plan) -> list[Proof]:
    found = []
    changes = made.tree.changes()
    for report in made.before:
        repaired = same_target(report, session.tree, list(made.after), made.tree) if _touched(report, changes) else None
        proof = _Prover(session, chosen, report, session.tree).before()
        if repaired and proof.before.reached != "unsupported":
            names = tuple(dict.fromkeys(step.codemod for step in made.steps if step.target == report.target.config))
            proof = _Prover(session, chosen, repaired, made.tree).after(proof)._replace(repaired=names)
        found.append(proof)
    return found


def _touched(report: Report, changes: list[Change]) -> bool:
    """Say whether a target is built, or started, from one of the files that change."""
    paths = {path for change in changes for path in (change.path, change.old) if path}
    context = "" if report.target.build.native or report.image is None else report.start.directory
    own = {report.target.config, report.image.dockerfile if report.image else ""}
    return any(path in own or not context or path.startswith(f"{context}/") for path in paths)


class _Prover:
    def __init__(self, session: sessions.Session, chosen: Choices, report: Report, tree: Tree) -> None:
        self.session = session
        self.chosen = chosen
        self.report = report
        self.tree = tree  # with its edits
        self.process = recipe.chosen(report, session.options.process) if report.target.processes else None

    def before(self) -> Proof:
        attempt, have, notes = self.attempt()
        target, process = self.report.target, self.process.name if self.process else ""
        proof = Proof(target.platform, target.app, target.config, process, self.chosen.engine.name, attempt)
        return proof._replace(given=have.given, stood_in=have.stood_in, missing=have.missing, notes=notes)

    def after(self, proof: Proof) -> Proof:
        attempt, have, notes = self.attempt()
        return proof._replace(
            after=attempt,
            given=tuple(dict.fromkeys((*proof.given, *have.given))),
            stood_in=tuple(dict.fromkeys((*proof.stood_in, *have.stood_in))),
            missing=tuple(dict.fromkeys((*proof.missing, *have.missing))),
            notes=tuple(dict.fromkeys((*proof.notes, *notes))),
        )

    def attempt(self) -> tuple[Attempt, Held, tuple[str, ...]]:
        nothing = Held({}, (), (), ())
        if self.process is None:
            fault = next(iter(self.report.faults), None)
            found = Attempt(fault.stage, fault.message) if fault else Attempt("unsupported", "the config names no process")
            return found, nothing, ()
        options = self.session.options
        wanted = recipe.recipe(self.report, self.tree, self.process, options.secrets, options.config is not None)
        if isinstance(wanted, Attempt):
            return wanted, nothing, ()
        have = held(wanted, self.chosen.given, self.chosen.fake)
        trial = Trial(self.chosen.engine, self.chosen.limits, self.chosen.stand_ins, self.chosen.release)
        root, words = os.path.abspath(self.session.root), f"building and booting {self.report.target.config}"
        with sessions.Progress(words):
            attempt = trial.attempt(root, self.session.tree, self.tree.changes(), wanted, have)
        return attempt, have, (*self.chosen.engine.limits(self.chosen.limits.host), *trial.told)


def code(proofs: list[Proof]) -> int:
    """Return the exit code: 1 where a target does not boot, 2 where none does not and one could not be verified."""
    reached = {proof.last.reached for proof in proofs}
    if reached - {"ok", "unsupported"}:
        return 1
    return 2 if "unsupported" in reached else 0
