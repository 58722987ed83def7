"""A container with a repository's requirements, in which its modules are imported without a network. Needs root and buildah."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


_ENVIRONMENT = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
ROOT = "/trees"  # where the container sees the work
_HERE = Path(__file__).parent
_INSTALL = ("uv", "pip", "install", "--system", "-q")
# what code asks for at import; nothing here leads anywhere
_GIVEN = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "DATABASE_URL": "postgresql://user:secret@localhost:5432/app",
    "REDIS_URL": "redis://localhost:6379/0",
    **dict.fromkeys(
        "SECRET_KEY JWT_SECRET JWT_SECRET_KEY OPENAI_API_KEY ANTHROPIC_API_KEY GROQ_API_KEY GEMINI_API_KEY".split(), "x" * 40
    ),
}


_HEAVY = frozenset(
    "torch torchvision torchaudio tensorflow keras transformers sentence-transformers spacy faiss-cpu easyocr ultralytics playwright"
    " opencv-python opencv-python-headless xgboost lightgbm catboost accelerate peft bitsandbytes vllm onnxruntime whisper"
    " openai-whisper chromadb pyarrow fastembed moviepy streamlit gradio pymupdf langchain-community rembg mediapipe unstructured llama-index sentencepiece magika deepface insightface open-clip-torch timm pytorch-lightning tokenizers odfpy osint-geo-extractor slugify yookassa shap camelot-py langchain-huggingface mishkal ekphrasis google-oauth2-tool".split()
)


class Box:
    """A working container; it is kept, with what it has installed, under its name."""

    def __init__(self, name: str, image: str, cache: Path) -> None:
        self.name = re.sub(r"[^a-z0-9-]", "-", f"roundtrip-{name}".lower())
        self.cache = cache
        known = _run("buildah", "containers", "--format", "{{.ContainerName}}").stdout.split()
        self.fresh = self.name not in known
        if self.fresh:
            made = _run("buildah", "from", "--name", self.name, image)
            if made.returncode:
                raise RuntimeError(made.stderr[-500:])

    def install(self, wanted: list[str]) -> list[str]:
        """Install distributions, as far as there are wheels for all of them at once; return those that were left out."""
        left: list[str] = []
        wanted = sorted({*wanted})
        while wanted:
            done = self._in((*_INSTALL, "--only-binary", ":all:", *wanted), (), True, 1500)
            if not done.returncode:
                break
            known = {_name(each): each for each in wanted}
            named = [
                known[word]
                for word in re.findall(r"[a-z0-9][a-z0-9-]*", done.stderr.lower().replace("_", "-"))
                if word in known
            ]
            print("  not to be had:", named[:1] or done.stderr[-600:], flush=True)
            if not named:
                return wanted
            left.append(named[0])
            wanted.remove(named[0])
        return left

    def probe(self, work: Path, jobs: list[dict[str, Any]], warm: list[str], seconds: float) -> Iterator[dict[str, Any]]:
        """Import every module of every job; yield what became of each."""
        (work / "jobs.json").write_text(json.dumps({"jobs": jobs, "warm": warm, "seconds": seconds}))
        (work / "probe.py").write_bytes((_HERE / "probe.py").read_bytes())
        given = [f"{name}={value}" for name, value in _GIVEN.items()]
        command = ("env", *given, "python", f"{ROOT}/probe.py", f"{ROOT}/jobs.json")
        whole = ("unshare", "-n", "buildah", "run", "-v", f"{work}:{ROOT}", self.name, "--", *command)
        with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_ENVIRONMENT) as running:
            for line in running.stdout or ():
                if line.startswith("{"):
                    yield json.loads(line)

    def _in(
        self, command: tuple[str, ...], mounts: tuple[str, ...], network: bool, seconds: float
    ) -> "subprocess.CompletedProcess[str]":
        outer = () if network else ("unshare", "-n")
        volumes = [word for mount in (*mounts, f"{self.cache}:/root/.cache/uv") for word in ("-v", mount)]
        return _run(*outer, "buildah", "run", *volumes, self.name, "--", *command, seconds=seconds)


def requirements(path: Path) -> list[str]:
    """Return the names of the distributions that a file wants: the newest of each is as good as any."""
    found = []
    if path.name == "pyproject.toml":
        lines = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("dependencies", [])
    else:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").replace("\0", "").splitlines()
    for line in lines:
        if line.startswith("-r "):
            found += requirements(path.parent / line[3:].strip())
        elif named := re.match(r"\s*([A-Za-z0-9][\w.-]*(?:\[[\w, -]*\])?)\s*(?:[=<>~!;@#]|$)", line):
            found.append(named[1])
    return [each for each in found if _name(each) not in _HEAVY and "://" not in each]


def _name(requirement: str) -> str:
    return re.split(r"[\[=<>~! ]", requirement)[0].lower().replace("_", "-").replace(".", "-")


def _run(*command: str, seconds: float = 600) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, env=_ENVIRONMENT, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "out of time")
