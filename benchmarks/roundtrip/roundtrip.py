"""Applies `absolute-imports` to repositories, and really imports every module before and after, in a container.

usage: python benchmarks/roundtrip/roundtrip.py LIST --mirrors DIR [--work DIR] [--image NAME] [--only NAME]…
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1] / "replay"))

import box
import checkout
import rewriting
import rows

_LARGEST = 3_000_000  # bytes of a file that is kept: importing needs none of the others
_COLD = frozenset("grpc google torch tensorflow transformers setuptools pip".split())  # do not bear a fork, or take long


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("roundtrips"))
    parser.add_argument("--image", default="localhost/base/uv-python:3.11")
    parser.add_argument("--box", default="shared")
    parser.add_argument("--only", action="append")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    work = options.work.resolve()
    (work / "cache").mkdir(parents=True, exist_ok=True)
    listed = rows.read(options.list)
    wanted = [each for row in listed for each in row.also]
    for row in listed:
        git = checkout.mirror(options.mirrors, row.repo)
        for path in row.requirements:
            shown = subprocess.run(["git", f"--git-dir={git}", "show", f"{row.sha}:{path}"], capture_output=True, check=False)
            file = work / "requirements" / row.repo / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(shown.stdout)
    for row in listed:
        for path in row.requirements:
            wanted += box.requirements(work / "requirements" / row.repo / path)
    container = box.Box(options.box, options.image, work / "cache")
    if container.fresh:
        print(len(set(wanted)), "requirements; left out:", container.install(wanted), flush=True)
    for row in listed:
        if not options.only or any(each in f"{row.repo}-{row.way}" for each in options.only):
            began = time.monotonic()
            result = run(row, options, work, container)
            result["seconds"] = round(time.monotonic() - began)
            (work / f"{_name(row)}.json").write_text(json.dumps(result, indent=1))
            print({key: value for key, value in result.items() if key not in ("raw",)}, flush=True)
    return 0


def _name(row: rows.Row) -> str:
    return f"{row.repo.replace('/', '+')}-{row.way}"


def run(row: rows.Row, options: argparse.Namespace, work: Path, container: box.Box) -> dict[str, Any]:
    git = checkout.mirror(options.mirrors, row.repo)
    sha = subprocess.run(["git", f"--git-dir={git}", "rev-parse", row.sha], capture_output=True, text=True, check=True).stdout.strip()
    place = work / _name(row)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    before, after = place / "before", place / "after"
    checkout.lay_out(git, sha, before)
    for path in before.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > _LARGEST:
            path.unlink()
    if row.way != "base":
        rewriting.start(before, row)
    shutil.copytree(before, after, symlinks=True)
    made = rewriting.rewrite(before, row)
    for change in made.changes:
        (after / change.path).write_bytes(change.after)
    (place / "patch").write_text(made.patch)
    warm = _imported(before)
    old, new = rewriting.names(before, row, False), rewriting.names(after, row, True)
    scratch = place / "scratch"
    results = {}
    for label, tree, names in (("before", before, old), ("after", after, new), ("unrepaired", before, new)):
        if label == "unrepaired" and row.way == "base":
            continue
        shutil.copytree(tree, scratch, symlinks=True)
        results[label] = container.probe(scratch, names, "" if row.way == "base" else row.folder, row.env, warm, options.seconds)
        shutil.rmtree(scratch)
    (place / "raw.json").write_text(json.dumps(results, indent=1))
    return {
        "repo": row.repo, "sha": sha, "way": row.way, "by": made.by, "files": len(made.changes), "lines": made.imports,
        **compare(results["before"], results["after"], results.get("unrepaired")),
    }


def compare(before: dict[str, Any], after: dict[str, Any], unrepaired: dict[str, Any] | None) -> dict[str, Any]:
    """Return how many imports succeed, and every difference."""
    differences = []
    for file in sorted({*before, *after}):
        old, new = before.get(file), after.get(file)
        if not old or not new or old["ok"] != new["ok"]:
            differences.append([file, old and (old["ok"] or old["error"]), new and (new["ok"] or new["error"])])
        elif old["ok"]:
            files = [sorted({path for path, _ in each["loaded"]}) for each in (old, new)]
            if files[0] != files[1]:
                differences.append([file, "loads", sorted({*files[0]} ^ {*files[1]})])
            elif len(old["loaded"]) != len(new["loaded"]):
                differences.append([file, "loads twice", len(old["loaded"]), len(new["loaded"])])
    if unrepaired:
        differences += [[file, "was fine", after[file]["error"]] for file, each in unrepaired.items() if each["ok"] and not after[file]["ok"]]
    count = {"modules": len(before)}
    for label, results in (("before", before), ("after", after), ("unrepaired", unrepaired or {})):
        count[label] = sum(each["ok"] for each in results.values())
    return {**count, "differences": differences}


def _imported(folder: Path) -> list[str]:
    """Return the packages from elsewhere that a repository imports: nothing that it has itself by that name."""
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
            found |= {each.partition(".")[0] for each in listed}
    return sorted(found - own - _COLD - sys.stdlib_module_names)


if __name__ == "__main__":
    sys.exit(main())
