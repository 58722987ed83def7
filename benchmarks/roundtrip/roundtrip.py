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
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--stage", default="all")
    options = parser.parse_args()
    work = options.work.resolve()
    (work / "cache").mkdir(parents=True, exist_ok=True)
    listed = [row for row in rows.read(options.list) if not options.only or any(each in _name(row) for each in options.only)]
    made = {}
    for row in listed:
        kept = work / _name(row) / "made.json"
        made[_name(row)] = (
            json.loads(kept.read_text()) if options.keep and kept.is_file() else prepare(row, options.mirrors, work)
        )
        print(_name(row), made[_name(row)]["by"], made[_name(row)]["lines"], flush=True)
    if options.stage == "prepare":
        return 0
    container = box.Box(options.box, options.image, work / "cache")
    if container.fresh:
        wanted = [each for row in listed for each in row.also]
        for row in listed:
            for path in row.requirements:
                wanted += box.requirements(work / _name(row) / "before" / path)
        print(len(set(wanted)), "requirements; left out:", container.install(wanted), flush=True)
    if options.stage == "install":
        return 0
    jobs = [job for row in listed for job in made[_name(row)]["jobs"]]
    warm = sorted({name for row in listed for name in made[_name(row)]["warm"]})
    results: dict[str, dict[str, Any]] = {}
    total = {job["label"]: len(job["modules"]) for job in jobs}
    for each in container.probe(work, jobs, warm, options.seconds):
        found = results.setdefault(each["label"], {})
        found[each["file"]] = each
        name, _, side = each["label"].rpartition("/")
        if side == "after" and len(found) == total[each["label"]]:
            before = results[f"{name}/before"]
            told = {key: value for key, value in made[name].items() if key not in ("jobs", "warm")}
            result = {**told, **compare(before, found)}
            (work / f"{name}.json").write_text(json.dumps(result, indent=1))
            (work / name / "raw.json").write_text(json.dumps({"before": before, "after": found}, indent=1))
            print(result, flush=True)
    return 0


def _name(row: rows.Row) -> str:
    return f"{row.repo.replace('/', '+')}-{row.way}"


def prepare(row: rows.Row, mirrors: Path, work: Path) -> dict[str, Any]:
    """Lay a repository out twice, as it is and rewritten."""
    git = checkout.mirror(mirrors, row.repo)
    sha = subprocess.run(
        ["git", f"--git-dir={git}", "rev-parse", row.sha], capture_output=True, text=True, check=True
    ).stdout.strip()
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
    jobs = []
    for label, tree in (("before", before), ("after", after)):
        names = rewriting.names(tree, row, tree is after)
        jobs.append({
            "label": f"{_name(row)}/{label}", "root": f"{box.ROOT}/{_name(row)}/{label}", "path": names.path,
            "folder": "" if row.way == "base" else row.folder, "settings": names.settings,
            "env": dict(each.split("=", 1) for each in row.env), "modules": [(name, file) for file, name in names.modules.items()],
        })  # fmt: skip
    result = {
        "repo": row.repo, "sha": sha, "way": row.way, "by": made.by, "files": len(made.changes), "lines": made.imports,
        "jobs": jobs, "warm": _imported(before),
    }  # fmt: skip
    (place / "made.json").write_text(json.dumps(result))
    return result


def compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
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
    count = {"modules": len(before)}
    for label, results in (("before", before), ("after", after)):
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
