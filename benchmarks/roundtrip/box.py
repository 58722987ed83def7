"""The container in which modules are imported, without a network. Needs root and buildah."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import packages

ROOT = "/trees"  # where the container sees the work
_ENVIRONMENT = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
_PROBE = Path(__file__).with_name("probe.py")
_INSTALL = ("nice", "-n", "15", "uv", "pip", "install", "--system", "-q", "--only-binary", ":all:")
_SITE = "python -c \"import sysconfig; print(sysconfig.get_path('purelib'))\""
# what code asks for at import; nothing here leads anywhere
_GIVEN = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "DATABASE_URL": "postgresql://user:secret@localhost:5432/app",
    "REDIS_URL": "redis://localhost:6379/0",
    **dict.fromkeys("SECRET_KEY JWT_SECRET JWT_SECRET_KEY OPENAI_API_KEY ANTHROPIC_API_KEY GROQ_API_KEY".split(), "x" * 40),
}


class NoBox(Exception):
    """The container could not be made."""


class Box:
    """A working container, which is kept under its name with all that it has installed."""

    def __init__(self, name: str, image: str, cache: Path) -> None:
        self.name = f"roundtrip-{name}"
        self.cache = cache
        self.fresh = self.name not in _run("buildah", "containers", "--format", "{{.ContainerName}}").stdout.split()
        if self.fresh:
            made = _run("buildah", "from", "--name", self.name, image)
            if made.returncode:
                raise NoBox(made.stderr.strip()[-500:])

    def install(self, wanted: list[str]) -> list[str]:
        """Install distributions, as far as there are wheels for all of them at once; return those that were left out."""
        left: list[str] = []
        wanted = sorted({*wanted})
        while wanted:
            mount = ("-v", f"{self.cache}:/root/.cache/uv")
            done = _run("buildah", "run", *mount, self.name, "--", *_INSTALL, *wanted)
            if not done.returncode:  # some distributions bring tests of their own, which hide those of a repository
                _run("buildah", "run", self.name, "--", "sh", "-c", f"cd $({_SITE}) && rm -rf test tests docs examples scripts")
                break
            known = {packages.normal(each): each for each in wanted}
            words = re.findall(r"[a-z0-9][a-z0-9-]*", done.stderr.lower().replace("_", "-"))
            named = next((known[word] for word in words if word in known), None)
            if named is None:
                raise NoBox(done.stderr.strip()[-500:])
            left.append(named)
            wanted.remove(named)
        return left

    def probe(self, work: Path, jobs: list[dict[str, Any]], warm: list[str], seconds: float) -> Iterator[dict[str, Any]]:
        """Import every module of every job; yield what became of each."""
        (work / "jobs.json").write_text(json.dumps({"jobs": jobs, "warm": warm, "seconds": seconds}), encoding="utf-8")
        (work / "probe.py").write_bytes(_PROBE.read_bytes())
        given = [f"{name}={value}" for name, value in _GIVEN.items()]
        command = ("env", *given, "python", f"{ROOT}/probe.py", f"{ROOT}/jobs.json")
        whole = ("unshare", "-n", "buildah", "run", "-v", f"{work}:{ROOT}", self.name, "--", *command)
        with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_ENVIRONMENT) as running:
            for line in running.stdout or ():
                if line.startswith("{"):
                    yield json.loads(line)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", env=_ENVIRONMENT, check=False)
