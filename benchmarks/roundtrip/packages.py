"""What a repository requires, by name: a shared container holds the newest release of everything."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

# too large for what it tells: nothing of the repository lies behind such an import
_HEAVY = frozenset(
    "torch torchvision torchaudio tensorflow keras transformers sentence-transformers spacy faiss-cpu easyocr ultralytics"
    " playwright opencv-python opencv-python-headless xgboost lightgbm catboost accelerate peft bitsandbytes vllm"
    " onnxruntime whisper shap openai-whisper chromadb pyarrow fastembed moviepy streamlit gradio pymupdf langchain-"
    " community langchain-huggingface rembg mediapipe unstructured llama-index sentencepiece magika deepface insightface"
    " open-clip-torch timm pytorch-lightning tokenizers camelot-py mishkal ekphrasis".split()
)


def required(path: Path) -> list[str]:
    """Return the distributions that a requirements file or a pyproject.toml asks for, without their versions."""
    found: list[str] = []
    if not path.is_file():
        return found
    if path.name == "pyproject.toml":
        lines = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("dependencies", [])
    else:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").replace("\0", "").splitlines()
    for line in lines:
        if line.startswith("-r "):
            found += required(path.parent / line[3:].strip())
        elif named := re.match(r"\s*([A-Za-z0-9][\w.-]*(?:\[[\w, -]*\])?)\s*(?:[=<>~!;@#]|$)", line):
            found.append(named[1])
    return [each for each in found if normal(each) not in _HEAVY]


def normal(requirement: str) -> str:
    """Return the normal name of what is required."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~! ]", requirement)[0]).lower()
