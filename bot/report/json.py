"""The JSON that `bot check --format json` and `bot fix --format json` print: a contract, with a version.

Keys are only ever added within a version. Paths are relative to `root`; lines and columns count from 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.engine.model.findings import Evidence, Fault, Place, Weakness
from bot.engine.model.proof import Attempt, Proof
from bot.engine.model.tree import Change
from bot.engine.plan import Plan
from bot.engine.report import Report
from bot.report.repairs import Repairs

VERSION = 1


def check(root: str, reports: tuple[Report, ...], repairs: Repairs) -> str:
    """Return the document of `bot check`."""
    return _dump({"version": VERSION, "root": root, "targets": [_target(report, repairs) for report in reports]})


def fix(
    root: str,
    plan: Plan,
    repairs: Repairs,
    changes: list[Change],
    patch: str,
    written: bool,
    proofs: Sequence[Proof] = (),
) -> str:
    """Return the document of `bot fix`: the targets as they are afterwards, what was done, and the diff (`patch`).

    `proofs` are those of --verify.
    """
    document = {
        "version": VERSION,
        "root": root,
        "written": written,
        "targets": [_target(report, repairs) for report in plan.after],
        "steps": [
            {
                "codemod": step.codemod,
                "safety": step.safety,
                "target": step.target,
                "finding": step.finding.code,
                "message": step.finding.message,
                "rationale": step.rationale,
                "manual": list(step.manual),
                "command": step.command,
            }
            for step in plan.steps
        ],
        "dropped": [
            {
                "codemod": dropped.codemod,
                "finding": dropped.finding.code,
                "message": dropped.finding.message,
                "reason": dropped.reason,
                "suggestion": dropped.suggestion,
            }
            for dropped in plan.dropped
        ],
        "changes": [{"path": change.path, "from": change.old if change.old != change.path else None} for change in changes],
        "diff": patch,
        "proofs": [_proof(proof) for proof in proofs],
    }
    return _dump(document)


def verify(root: str, engine: str, proofs: Sequence[Proof]) -> str:
    """Return the document of `bot verify`."""
    return _dump({"version": VERSION, "root": root, "engine": engine, "proofs": [_proof(proof) for proof in proofs]})


def read_proofs(text: str | bytes) -> list[Proof]:
    """Return the proofs that a document of `bot verify` holds; raises ValueError, KeyError or TypeError for any other text."""
    document = json.loads(text)
    return [_read_proof(proof, document["engine"]) for proof in document["proofs"]]


def _read_proof(proof: dict[str, Any], engine: str) -> Proof:
    secrets = proof["secrets"]
    return Proof(
        platform=proof["platform"],
        app=proof["app"],
        config=proof["config"],
        process=proof["process"] or "",
        engine=engine,
        before=_read_attempt(proof["before"]),
        after=_read_attempt(proof["after"]) if proof["after"] else None,
        repaired=tuple(proof["repaired"]),
        given=tuple(secrets["given"]),
        stood_in=tuple(secrets["stood_in"]),
        missing=tuple(secrets["missing"]),
        notes=tuple(proof["notes"]),
    )


def _read_attempt(attempt: dict[str, Any]) -> Attempt:
    return Attempt(
        reached=attempt["reached"],
        says=attempt["message"] or "",
        asked=attempt["asked"] or "",
        status=attempt["status"],
        answered=attempt["answered"],
        build_seconds=attempt["build_seconds"],
        left_out=tuple(attempt["left_out"]),
        log="\n".join(attempt["log"]),
    )


def _proof(proof: Proof) -> dict[str, Any]:
    secrets = {"given": list(proof.given), "stood_in": list(proof.stood_in), "missing": list(proof.missing)}
    return {
        "platform": proof.platform,
        "app": proof.app,
        "config": proof.config,
        "process": proof.process or None,
        "before": _attempt(proof.before),
        "after": _attempt(proof.after) if proof.after else None,
        "repaired": list(proof.repaired),
        "secrets": secrets,
        "notes": list(proof.notes),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "reached": attempt.reached,
        "message": attempt.says or None,
        "asked": attempt.asked or None,
        "status": attempt.status,
        "answered": attempt.answered,
        "build_seconds": attempt.build_seconds,
        "left_out": list(attempt.left_out),
        "log": attempt.log.splitlines(),
    }


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2)  # ASCII alone: no terminal obeys it, and every encoding has it


def _target(report: Report, repairs: Repairs) -> dict[str, Any]:
    target = report.target
    return {
        "platform": target.platform,
        "app": target.app,
        "config": target.config,
        "directory": report.start.directory,
        "started_from": report.start.why,
        "dockerfile": (report.image.dockerfile or None) if report.image else None,
        "processes": [process.name for process in target.processes],
        "reached": report.reached,
        "faults": [_finding(fault, repairs) for fault in report.faults],
        "weaknesses": [_finding(weakness, repairs) for weakness in report.weaknesses],
        "assumptions": [
            {
                "name": assumption.name,
                "command": assumption.command,
                "reason": assumption.reason,
                "message": assumption.message or None,
                "evidence": _evidence(assumption.evidence),
                **_place(assumption.place),
            }
            for assumption in report.assumptions
        ],
        "unknowns": [str(unknown) for unknown in report.unknowns],
    }


def _finding(finding: Fault | Weakness, repairs: Repairs) -> dict[str, Any]:
    """Return a fault, or a weakness in the same shape: that is never in doubt, and nothing leads to it."""
    repair = repairs.of(finding)
    return {
        "code": finding.code,
        "stage": finding.stage,
        "process": finding.process or None,
        "confidence": finding.confidence if isinstance(finding, Fault) else "certain",
        "evidence": _evidence(finding.evidence) if isinstance(finding, Fault) else None,
        "message": finding.message,
        **_place(finding.place),
        "chain": list(finding.chain) if isinstance(finding, Fault) else [],
        "reason": finding.reason,
        "codemod": repair.codemod if repair else None,
        "safety": repair.safety if repair else None,
    }


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    from bot.evidence.redaction import redact  # where a log was given

    return {"line": evidence.line, "text": redact(evidence.text)}


def _place(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"path": None, "line": None, "column": None}
    return {"path": place.path, "line": place.line, "column": place.column}
