"""Applies `absolute-imports` to repositories, and really imports every module before and after, in a container.

usage: python benchmarks/roundtrip/roundtrip.py LIST --mirrors DIR [--work DIR] [--image NAME] [--box NAME] [--only NAME]…
       [--seconds N] [--keep]

See README.md.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "replay"))

import box
import checkout
import listing
import packages
import rewriting

_LARGEST = 3_000_000  # bytes of a file that is kept: importing needs none of the others
_COLD = frozenset("grpc google torch tensorflow transformers setuptools pip".split())  # do not bear a fork, or take long
_HEAD = "| repository | commit | way | by | modules | imports rewritten | succeed before | after | differences |\n"
_RULE = "|---|---|---|---|---|---|---|---|---|\n"


def main() -> int:
    """Rewrite, import, compare, and write the table; 1 where something differs."""
    parser = argparse.ArgumentParser(description="Imports before and after a rewrite, in a container.")
    parser.add_argument("list", type=Path)
    parser.add_argument("--mirrors", type=Path, required=True, help="the folder of the git mirrors")
    parser.add_argument("--work", type=Path, default=Path("roundtrips"))
    parser.add_argument("--image", default="localhost/base/uv-python:3.11", help="has Python and uv")
    parser.add_argument("--box", default="shared", help="the name of the container")
    parser.add_argument("--only", action="append", help="this repository alone (repeatable)")
    parser.add_argument("--seconds", type=float, default=20, help="limit of one import")
    parser.add_argument("--keep", action="store_true", help="rewrite nothing anew that lies in WORK")
    options = parser.parse_args()
    work = options.work.resolve()
    (work / "cache").mkdir(parents=True, exist_ok=True)
    try:
        chosen = [row for row in listing.read(options.list) if not options.only or row.repo in options.only]
        made = {row.name: _made(row, options, work) for row in chosen}
        container = box.Box(options.box, options.image, work / "cache")
        if container.fresh:
            wanted = [
                each
                for row in chosen
                for path in row.requirements
                for each in packages.required(work / row.name / "before" / path)
            ]
            left = container.install([*wanted, *(each for row in chosen for each in row.also)])
            print(f"left out: {', '.join(left) or 'nothing'}", file=sys.stderr, flush=True)
    except (OSError, ValueError, checkout.NoCommit, rewriting.NotRewritten, box.NoBox) as error:
        parser.error(str(error))
    results = list(_results(container, made, work, options.seconds))
    table = _HEAD + _RULE + "".join(map(_row, results))
    (work / "roundtrips.md").write_text(table, encoding="utf-8")
    print(work / "roundtrips.md")
    return int(any(result["differences"] for result in results))


def _made(row: listing.Row, options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Lay a repository out twice, as it is and rewritten; return what is to be imported."""
    place = work / row.name
    if options.keep and (place / "made.json").is_file():
        kept: dict[str, Any] = json.loads((place / "made.json").read_text(encoding="utf-8"))
        return kept
    print(row.name, file=sys.stderr, flush=True)
    git = checkout.mirror(options.mirrors, row.repo)
    command = ("git", f"--git-dir={git}", "rev-parse", row.sha)
    sha = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    shutil.rmtree(place, ignore_errors=True)
    before, after = place / "before", place / "after"
    checkout.lay_out(git, sha, before)
    for path in before.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > _LARGEST:
            path.unlink()
    if row.way != "base":
        rewriting.start(before, row)
    shutil.copytree(before, after, symlinks=True)
    rewritten = rewriting.rewrite(before, row)
    for change in rewritten.changes:
        (after / change.path).write_bytes(change.after)
    (place / "patch").write_text(rewritten.patch, encoding="utf-8")
    made = {
        "repo": row.repo,
        "sha": sha,
        "way": row.way,
        "by": rewritten.by,
        "why": rewritten.why,
        "files": len(rewritten.changes),
        "lines": rewritten.lines,
        "jobs": [_job(row, before, False), _job(row, after, True)],
    }
    (place / "made.json").write_text(json.dumps(made), encoding="utf-8")
    return made


def _job(row: listing.Row, tree: Path, after: bool) -> dict[str, Any]:
    """Return what the probe is told of one tree."""
    names = rewriting.names(tree, row, after)
    return {
        "label": f"{row.name}/{tree.name}",
        "root": f"{box.ROOT}/{row.name}/{tree.name}",
        "path": names.path,
        "folder": "" if row.way == "base" else row.folder,
        "settings": names.settings,
        "env": dict(each.split("=", 1) for each in row.env),
        "modules": [(name, file) for file, name in names.modules.items()],
    }


def _results(container: box.Box, made: dict[str, dict[str, Any]], work: Path, seconds: float) -> Any:
    """Yield the result of each repository, when all of its modules were imported."""
    jobs = [job for each in made.values() for job in each["jobs"]]
    warm = sorted({name for each in made for name in _imported(work / each / "before")})
    total = {job["label"]: len(job["modules"]) for job in jobs}
    found: dict[str, dict[str, Any]] = {label: {} for label in total}
    for each in container.probe(work, jobs, warm, seconds):
        name, _, side = each["label"].rpartition("/")
        found[each["label"]][each["file"]] = each
        if side == "after" and len(found[each["label"]]) == total[each["label"]]:
            raw = {"before": found[f"{name}/before"], "after": found[f"{name}/after"]}
            result = {**made[name], **compare(raw["before"], raw["after"], made[name]["jobs"][0]["folder"])}
            (work / name / "raw.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
            print(_row(result), end="", file=sys.stderr, flush=True)
            for difference in result["differences"]:
                print("   ", *difference, file=sys.stderr, flush=True)
            yield result


def compare(before: dict[str, Any], after: dict[str, Any], folder: str = "") -> dict[str, Any]:
    """Return how many imports succeed, and every difference; the folder's own package is only loaded by its whole name."""
    parts = folder.split("/")
    around = {"/".join([*parts[:count], "__init__.py"]) for count in range(1, len(parts) + 1)}
    differences: list[tuple[str, ...]] = []
    for file in sorted({*before, *after}):
        old, new = before.get(file, {"ok": False, "error": "no module"}), after.get(file, {"ok": False, "error": "no module"})
        if old["ok"] != new["ok"]:
            differences.append((file, "before:", old["error"] or "fine", "after:", new["error"] or "fine"))
        elif old["ok"]:
            files = [[path for path, _ in each["loaded"] if path not in around] for each in (old, new)]
            if {*files[0]} != {*files[1]}:
                differences.append((file, "loads others:", *sorted({*files[0]} ^ {*files[1]})))
            elif len(files[0]) != len(files[1]):
                differences.append((file, "loads a file by two names"))
    return {
        "modules": len(before),
        "before": sum(each["ok"] for each in before.values()),
        "after": sum(each["ok"] for each in after.values()),
        "differences": differences,
    }


def _row(result: dict[str, Any]) -> str:
    keys = ("way", "by", "modules", "lines", "before", "after")
    return (
        f"| {result['repo']} | {result['sha'][:10]} | "
        + " | ".join(str(result[key]) for key in keys)
        + f" | {len(result['differences'])} |\n"
    )


def _imported(folder: Path) -> list[str]:
    """Return the modules from elsewhere that a repository imports: nothing that it has itself by that name."""
    own = {part.removesuffix(".py") for path in folder.rglob("*.py") for part in path.relative_to(folder).parts}
    found = set()
    for path in folder.rglob("*.py"):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
        for node in ast.walk(tree):
            listed = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            listed += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            found |= {each for each in listed if each.partition(".")[0] not in own | _COLD}
    return sorted(found)


if __name__ == "__main__":
    sys.exit(main())
