"""How long it takes to get at a commit without a clone, and to push a repair of it, as ratios to `git clone` and what follows.

usage: python benchmarks/commit_fetch.py [--runs N] [--files N]

A repository of 3,000 files with 300 commits is served over HTTP by this process. Each round clones it, and fetches and reads
what a simulated deploy wants, one after the other, so that a busy machine slows both; then each commits one change and
pushes it. The median of the rounds is printed, with what lies on the disk afterwards. Needs the test tools (tests/).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cold_start import repaired_app  # noqa: E402  (found by the line above)
from bot.engine.model.tree import Tree  # noqa: E402
from bot.engine.simulate import simulate  # noqa: E402
from bot.outside.commits import Access, Author, Missing, Store  # noqa: E402
from tests.bot.cli import environment, git  # noqa: E402
from tests.servers.git_http import GitHttp, serve  # noqa: E402

WORDS = "def return import value request response session user order item total config client self data if else for".split()


def fill(server: GitHttp, folder: Path, files: int) -> None:
    """Push a repository with a long history and files of a usual size."""
    work, chance = folder / "work", random.Random(1)
    repaired_app(work)
    for number in range(files):
        kind = ("py", "py", "py", "ts", "md", "json")[number % 6]
        path = work / f"services/team{number % 40:02}/part{number % 25:02}/file{number:05}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (" ".join(chance.choices(WORDS, k=8)) for _ in range(200))
        path.write_text("".join(f"# {line}\n" for line in lines))
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "all")
    changed = sorted(path for path in work.rglob("*.py"))
    for number in range(300):
        path = chance.choice(changed)
        path.write_text(path.read_text() + f"# {number}\n")
        git(work, "commit", "-q", "-a", "-m", f"change {number}")
    git(work, "push", "-q", str(server.create("octo/app")), "HEAD:refs/heads/main")
    git(server.create("octo/app"), "gc", "-q")


def timed(calls: dict[str, float], name: str, start: float) -> None:
    calls[name] = time.perf_counter() - start


async def fetched(store: Store, access: Access, sha: str) -> int:
    """Fetch a commit and simulate it, with what it lacks fetched on demand; returns the rounds."""
    await store.fetch(access, sha)
    for rounds in range(1, 20):
        with store.commit(sha) as commit:
            try:
                simulate(Tree(commit))
                return rounds
            except Missing:
                wanted = commit.missing
        await store.want(access, wanted, sha)
    raise SystemExit("the simulation never had enough")


def round_of(folder: Path, access: Access, sha: str, number: int) -> tuple[dict[str, float], int]:
    """Return the seconds of each way in one round, and the rounds of fetching that the simulation needed."""
    taken: dict[str, float] = {}
    clone, bare = folder / "clone", folder / "store"
    variables = environment(GIT_TERMINAL_PROMPT="0")
    start = time.perf_counter()
    subprocess.run(("git", "clone", "-q", access.url, str(clone)), env=variables, check=True)
    timed(taken, "clone", start)
    start = time.perf_counter()
    (clone / "main.txt").write_text(f"{number}\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "fix")
    git(clone, "push", "-q", "origin", f"HEAD:refs/heads/by-clone-{number}")
    timed(taken, "clone push", start)
    start = time.perf_counter()
    store = Store.create(str(bare))
    asyncio.run(store.fetch(access, sha))
    timed(taken, "fetch", start)
    start = time.perf_counter()
    with store.commit(sha) as commit:
        rounds = 1
        try:
            simulate(Tree(commit))
        except Missing:
            rounds = asyncio.run(fetched(store, access, sha)) + 1
    timed(taken, "simulate", start)
    start = time.perf_counter()
    with store.commit(sha) as commit:
        changes = Tree(commit).write("main.txt", f"{number}\n").changes()
    made = asyncio.run(store.write(sha, changes, f"Fix {number}", Author("a", "a@example.org")))
    asyncio.run(store.push(access, f"by-store-{number}", made, None))
    timed(taken, "store push", start)
    return taken, rounds


def size(folder: Path) -> float:
    return sum(os.lstat(path).st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--files", type=int, default=3000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = GitHttp(folder / "served", lambda *_: "write")
        fill(server, folder, options.files)
        sha = git(folder / "work", "rev-parse", "HEAD").strip()
        with serve(server) as url:
            found = []
            for number in range(options.runs):
                taken, rounds = round_of(folder, Access(f"{url}/octo/app.git", None), sha, number)
                found.append(taken)
                sizes = size(folder / "clone"), size(folder / "store")
                shutil.rmtree(folder / "clone")
                shutil.rmtree(folder / "store")
    for name in found[0]:
        seconds = statistics.median(taken[name] for taken in found)
        ratio = statistics.median(taken[name] / taken["clone"] for taken in found)
        print(f"{name:12} {seconds:6.2f} s  {ratio:5.2f} × clone")
    whole = statistics.median(
        (taken["fetch"] + taken["store push"]) / (taken["clone"] + taken["clone push"]) for taken in found
    )
    print(f"fetch, commit and push against clone, commit and push: {whole:.2f}; rounds of fetching: {rounds}")
    print(f"on the disk: clone {sizes[0]:.1f} MB, store {sizes[1]:.1f} MB")


if __name__ == "__main__":
    main()
