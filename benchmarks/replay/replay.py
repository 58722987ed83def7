"""Runs check, fix and verify over commits of local git mirrors, and writes a table of what was predicted and what happened.

usage: python benchmarks/replay/replay.py LIST --mirrors DIR [--results FILE] [--table FILE] [--only NAME]… [--deep]
       [-- VERIFY OPTIONS]

Results are kept row by row: a second run with the same `--results` goes on where the first one stopped. See README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import checkout
import rows
import table

_CHECK, _VERIFY = 600, 3600  # seconds
_LOG = 4000  # characters of a log that are kept


def main() -> int:
    """Run the rows that have no result yet, and write the table."""
    parser = argparse.ArgumentParser(description="Predictions and repairs, held against real deploys.")
    parser.add_argument("list", type=Path)
    parser.add_argument("--mirrors", type=Path, required=True, help="the folder of the git mirrors")
    parser.add_argument("--results", type=Path, default=Path("replay.jsonl"))
    parser.add_argument("--table", type=Path, default=Path("replay.md"))
    parser.add_argument("--only", action="append", help="run this row alone (repeatable)")
    parser.add_argument("--deep", action="store_true", help="let every command ask the package index")
    own, verifying = _split(sys.argv[1:])
    options = parser.parse_args(own)
    try:
        wanted = [row for row in rows.read(options.list) if not options.only or row.name in options.only]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    done = {result["name"]: result for result in _results(options.results)}
    for number, row in enumerate(wanted, start=1):
        if row.name not in done:
            print(f"{number}/{len(wanted)} {row.name}", file=sys.stderr, flush=True)
            done[row.name] = _run(row, options.mirrors, options.deep, tuple(verifying))
            with open(options.results, "a", encoding="utf-8") as file:
                file.write(json.dumps(done[row.name]) + "\n")
    version = subprocess.run((_bot(), "--version"), capture_output=True, text=True, check=True).stdout.strip()
    about = f"{time.strftime('%Y-%m-%d')}, {version}: `{' '.join(['bot verify --fix --unsafe', *verifying])}`"
    options.table.write_text(table.markdown([done[row.name] for row in wanted], about), encoding="utf-8")
    print(options.table)
    return 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1 :]


def _results(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _run(row: rows.Row, mirrors: Path, deep: bool, verifying: tuple[str, ...]) -> dict[str, Any]:
    """Return a row's result: what each command said of its target."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="replay-") as work:
        repository = Path(work) / "repository"
        try:
            checkout.lay_out(checkout.mirror(mirrors, row.repo), row.sha, repository)
        except checkout.NoCommit as error:
            return {"name": row.name, "skipped": str(error)}
        secrets = Path(work) / "secrets"
        secrets.touch(0o600)
        secrets.write_text("".join(f"{name}='{_quoted(value)}'\n" for name, value in row.secrets.items()))
        common = (*row.chosen, *(("--deep",) if deep else ()), "--format", "json")
        checked, trouble = _json(repository, _CHECK, "check", *common)
        if not checked:
            return {"name": row.name, "skipped": trouble}
        fixed, _ = _json(repository, _CHECK, "fix", "--unsafe", "--diff", *common)
        own = ("--env-file", str(secrets)) if row.secrets else ()
        verified, trouble = _json(repository, _VERIFY, "verify", "--fix", "--unsafe", *common, *own, *row.verifying, *verifying)
    target, proof = _about(checked["targets"], row), _about((verified or {}).get("proofs", []), row)
    fault = target["faults"][0] if target["faults"] else None
    before, after = proof.get("before"), proof.get("after")
    return {
        "name": row.name,
        "predicted": target["reached"],
        "predicted_message": fault["message"] if fault else None,
        "certain": sum(found["confidence"] == "certain" for found in target["faults"]),
        "real": before["reached"] if before else "unsupported",
        "real_message": before["message"] if before else trouble,
        "log": "\n".join(before["log"])[-_LOG:] if before else "",
        "repaired": proof.get("repaired", []),
        "after": after["reached"] if after else None,
        "after_message": after["message"] if after else None,
        "diff": _lines(fixed["diff"]) if fixed else 0,
        "seconds": round(time.monotonic() - began, 1),
    }


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _about(found: list[dict[str, Any]], row: rows.Row) -> dict[str, Any]:
    """Return the target that a row is about: by its config and platform, else the first."""
    ours = [each for each in found if row.platform in (None, each["platform"])] or found
    named = [each for each in ours if row.config in (None, each["config"])] or ours
    return named[0] if named else {}


def _lines(diff: str) -> int:
    """Return how many lines a diff adds and removes."""
    return sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in diff.splitlines() if line)


def _bot() -> str:
    """Return the program of this interpreter; a repository may have one of its own name."""
    own = Path(sys.executable).with_name("bot")
    return str(own) if own.is_file() else shutil.which("bot") or "bot"


def _json(folder: Path, seconds: float, *arguments: str) -> tuple[dict[str, Any] | None, str]:
    """Return the document that a command of ours prints, or its one sentence of trouble."""
    try:
        done = subprocess.run(
            (_bot(), *arguments), cwd=folder, capture_output=True, timeout=seconds, env=os.environ, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"bot {arguments[0]} took longer than {seconds} s"
    try:
        return json.loads(done.stdout), ""
    except ValueError:
        return None, done.stderr.decode(errors="replace").strip()[-300:]


if __name__ == "__main__":
    sys.exit(main())
