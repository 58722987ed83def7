"""How long it takes from a webhook to the pull request, as a ratio to a plain clone, commit and push of the same repository.

usage: python benchmarks/pull_request.py [--rounds N] [--files N] [--commits N] [--steps]

The stand-in for GitHub serves the API and git over HTTP on this machine; the service runs as `bot serve` does, with SQLite and
nothing waited for. The repository has 3,000 files (27 MB, 8 MB packed) and 300 commits; in each round both ways do their work
on a copy of its own, one after the other, so that a busy machine slows both. The plain way is `git clone`, the same edit, `git
commit` and `git push`; ours ends when the pull request is open, which the plain way does not have yet. `--steps` tells where
time goes.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.github.deploys import JobDone  # noqa: E402
from tests.github.standin import Standin, running  # noqa: E402
from tests.webhooks.service import bench as benches  # noqa: E402
from tests.webhooks.service.bench import Bench  # noqa: E402

STORY = "docflow/d"
SOURCE = "acme/monorepo"
LINE = "    {} = {}({}, {}) + {}.{}('{}')  # {} {} the {}\n"
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qi ro su ta ve wi xo zu".split()


def lay_out(standin: Standin, files: int, commits: int) -> None:
    """Make the repository: the story's app among other packages, and a history of small changes."""
    tree = dict(benches.files(STORY))
    chance = random.Random(files)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(300)]

    def word() -> str:
        return words[chance.randrange(chance.choice((4, 10, 30, 300)))]  # some more often than others: it packs as code does

    for number in range(files - len(tree)):
        name = f"packages/team{number % 40:02}/part{number % 25:02}/module{number:05}.py"
        body = "".join(LINE.format(*(word() for _ in range(10))) for _ in range(110))
        tree[name] = f"def run({word()}):\n{body}    return {word()}\n"
    standin.repository(SOURCE, tree)
    for number in range(commits - 1):
        standin.commit(SOURCE, "main", {f"packages/team{number % 40:02}/NOTES.md": f"note {number}\n"}, f"Note {number}")
    standin.find(SOURCE).git.run("repack", "-adq")


def copied(standin: Standin, number: int) -> str:
    """Return the name of a copy of the repository."""
    name = f"acme/copy-{number}"
    made = standin.repository(name)
    shutil.rmtree(made.git.folder)
    shutil.copytree(standin.find(SOURCE).git.folder, made.git.folder)
    return name


def plain(standin: Standin, name: str, folder: Path) -> float:
    """Clone, edit, commit and push; return the seconds."""
    token = base64.b64encode(f"x-access-token:{standin.token(name)}".encode()).decode()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_0": f"http.{standin.web}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        "GIT_CONFIG_KEY_1": "user.name",
        "GIT_CONFIG_VALUE_1": "somebody",
        "GIT_CONFIG_KEY_2": "user.email",
        "GIT_CONFIG_VALUE_2": "somebody@example.com",
    }

    def git(*arguments: str) -> None:
        subprocess.run(("git", *arguments), check=True, capture_output=True, env=environment)

    begun = time.perf_counter()
    git("clone", "--quiet", f"{standin.web}/{name}.git", str(folder))
    config = folder / "fly.toml"
    config.write_text(config.read_text().replace("uvicorn main:app", "uvicorn backend.main:app"))
    git("-C", str(folder), "commit", "--quiet", "--all", "--message", "Repair")
    git("-C", str(folder), "push", "--quiet", "origin", "HEAD:refs/heads/repair")
    return time.perf_counter() - begun


def ours(standin: Standin, bench: Bench, name: str) -> float:
    """Send the delivery and wait for the pull request; return the seconds."""
    repository = standin.find(name)
    sha = repository.git.head("main") or ""
    job = standin.workflow_run(name, sha, JobDone("deploy", log=benches.log(STORY))).jobs[0]
    headers, body = standin.delivery("workflow_job", repository=name, action="completed", thing=job)
    begun = time.perf_counter()
    if bench.deliver(headers, body).status_code != 202:
        raise SystemExit("The delivery was not taken.")
    while not repository.pulls:
        if time.perf_counter() - begun > 120:
            raise SystemExit(f"No pull request came.\n{bench.said()}")
        time.sleep(0.005)
    took = time.perf_counter() - begun
    bench.wait_done(name)
    return took


@contextmanager
def served(folder: Path) -> Iterator[tuple[Standin, Bench]]:
    with running(folder / "github") as standin:
        bench = Bench(standin, folder, "")
        try:
            yield standin, bench
        finally:
            bench.end()


def steps(database: Path) -> dict[str, float]:
    """Return the median milliseconds of each step, and of the wait for the queue."""
    query = (
        "SELECT o.function_name, o.started_at_epoch_ms, o.completed_at_epoch_ms, o.workflow_uuid, s.created_at "
        "FROM operation_outputs o JOIN workflow_status s ON s.workflow_uuid = o.workflow_uuid ORDER BY o.function_id"
    )
    found: dict[str, list[float]] = {}
    seen: set[str] = set()
    with sqlite3.connect(database) as connection:
        for name, begun, ended, job, made in connection.execute(query):
            if job not in seen:
                seen.add(job)
                found.setdefault("(queue)", []).append(begun - made)
            found.setdefault(name, []).append(ended - begun)
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--commits", type=int, default=300)
    parser.add_argument("--steps", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, served(Path(place)) as (standin, bench):
        lay_out(standin, options.files, options.commits)
        bench.start()
        times: dict[str, list[float]] = {"clone, commit, push": [], "webhook to pull request": []}
        for number in range(options.rounds + 1):
            one, other = copied(standin, 2 * number), copied(standin, 2 * number + 1)
            taken = (plain(standin, one, Path(place) / f"clone-{number}"), ours(standin, bench, other))
            if number:  # the first round warms both
                for values, took in zip(times.values(), taken, strict=True):
                    values.append(took)
        told = steps(Path(place) / "data" / "deploymend.db") if options.steps else {}
    base, found = times.values()
    ratios = [took / plainly for plainly, took in zip(base, found, strict=True)]
    print(f"{options.files:,} files, {options.commits} commits, {options.rounds} rounds")
    print(f"{'':<26}{'median s':>10}{'least s':>10}{'ratio':>8}")
    print(f"{'clone, commit, push':<26}{statistics.median(base):>10.2f}{min(base):>10.2f}{1:>8.2f}")
    print(
        f"{'webhook to pull request':<26}{statistics.median(found):>10.2f}{min(found):>10.2f}{statistics.median(ratios):>8.2f}"
    )
    for name, milliseconds in told.items():
        print(f"  {name:<24}{milliseconds:>8.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
