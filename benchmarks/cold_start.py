"""How long a cold `bot check` takes, as a ratio to starting the interpreter; exits 1 when a limit is broken.

usage: python benchmarks/cold_start.py [--runs N] [--files N]

Measures the installed `bot` on a small app, and on a monorepo of 10,000 files that has the same app in it. Each round runs
`python -c pass`, the small app and the monorepo one after the other, so that a busy machine slows all three; the ratio of a
round is what counts, and the median of the rounds is printed. Bytecode is written before: what is measured is the check.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "fixtures" / "repos" / "docflow" / "d" / "before"
LIMIT, MEGABYTES = 10.0, 30.0
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def repaired_app(target: Path) -> None:
    """Write the app of a story in its repaired state."""
    shutil.copytree(APP, target)
    config = target / "fly.toml"
    config.write_text(config.read_text().replace("uvicorn main:app", "uvicorn backend.main:app"))


def monorepo(target: Path, files: int) -> None:
    """Write the same app among `files` others: Python packages, front-end sources, documents."""
    repaired_app(target)
    for number in range(files):
        kind = ("py", "ts", "md", "json")[number % 4]
        folder = target / f"services/team{number % 40:02}/part{number % 25:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number:05}.{kind}").write_text(f"# {number}\nimport os\n" * 40)
    subprocess.run(["git", "init", "-q", str(target)], check=True)
    subprocess.run(["git", "-C", str(target), "add", "-A"], check=True)


def run(command: list[str]) -> float:
    """Run a command; return its wall time in seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr}")
    return seconds


def megabytes(command: list[str]) -> float:
    """Return a command's peak memory, as the process itself reads it when it ends (a parent's figure includes the parent)."""
    if command[0] == sys.executable:
        source, arguments = command[2], []
    else:
        source, arguments = "import sys; from deploymend import main; sys.argv[0] = 'bot'; main()", command[1:]
    source += "; print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    done = subprocess.run([sys.executable, "-c", source, *arguments], capture_output=True, text=True, env=ENVIRONMENT)
    return int(done.stdout.split()[-2]) / 1024


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    bot = os.path.join(sysconfig.get_path("scripts"), "bot")
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        repaired_app(small)
        monorepo(large, options.files)
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "bot check, small app": [bot, "check", str(small)],
            f"bot check, {options.files:,}-file monorepo": [bot, "check", str(large)],
        }
        peaks = {name: megabytes(command) for name, command in rows.items()}  # this also writes the bytecode
        for command in rows.values():
            run(command)
        rounds = [{name: run(command) for name, command in rows.items()} for _ in range(options.runs)]
    base = "python -c pass"
    broken = False
    print(f"{'':<34} {'ms':>7} {'ratio':>7} {'MB':>6}   (medians of {options.runs} interleaved rounds)")
    for name in rows:
        milliseconds = 1000 * statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each[name] / each[base] for each in rounds)
        broken = broken or ratio > LIMIT or peaks[name] > MEGABYTES
        print(f"{name:<34} {milliseconds:>7.1f} {ratio:>6.1f}x {peaks[name]:>6.1f}")
    print(f"limits: {LIMIT:.0f}x and {MEGABYTES:.0f} MB: {'broken' if broken else 'kept'}")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
