"""`uv pip install` and `uv pip sync`: which environment they take. What they install is read as pip's arguments are.

Tried with uv 0.13; https://docs.astral.sh/uv/pip/environments/.
"""

from __future__ import annotations

import posixpath

from bot.engine.image.managers import pythons
from bot.engine.image.managers.call import Call, Options, Outcome

_NO_ENVIRONMENT = (
    "error: No virtual environment found; run `uv venv` to create an environment, or pass `--system` to install into a"
    " non-virtual environment"
)
_SYSTEM = "/usr/local"


def follow(call: Call, chosen: Options, verb: str, outcome: Outcome) -> Outcome:
    """Hand a `pip install` to the reader of pip's arguments, with the environment that uv takes."""
    words = list(call.words[call.words.index(verb) + 1 :])
    if verb == "sync":
        words = [word for name in chosen.rest[1:] for word in ("-r", name)] + [w for w in words if w and w.startswith("-")]
        outcome.exact = True
    prefix = _target(call, chosen)
    outcome.pip = (words, prefix or _SYSTEM)
    if prefix is None and not any(word in ("--dry-run", "--help") for word in words):
        files, base = call.stage.files, call.stage.base
        certain = base.known and base.python is not None and call.stage.followed and not files.tainted(call.path(".venv"))
        reason = "uv installs into a virtual environment, and there is none: neither VIRTUAL_ENV nor a .venv at hand."
        outcome.stop("environment-missing", _NO_ENVIRONMENT, reason, call.path(".venv"), certain)
    return outcome


def _target(call: Call, chosen: Options) -> str | None:
    """Return the environment that `uv pip` takes; None where there is none."""
    if chosen.has("--system") or call.switched("UV_SYSTEM_PYTHON") or chosen.get("--target", "-t", "--prefix") is not None:
        return _SYSTEM
    python = chosen.get("--python", "-p") or call.variable("UV_PYTHON")
    if python or python is None or not chosen.told:
        there = python if python and "/bin/" in python else f"{_SYSTEM}/bin/python"
        return pythons.folder_of(call.path(there))
    active = call.environment or call.variable("VIRTUAL_ENV") or call.variable("CONDA_PREFIX")
    if active or active is None:
        return active or _SYSTEM
    return _near(call) or _first_on_path(call)


def _near(call: Call) -> str | None:
    """Return the `.venv` of the folder, or of one above it."""
    folder = call.folder
    while True:
        near = posixpath.join(folder, ".venv")
        if near in call.stage.environments or call.stage.files.find(near):
            return near
        if folder == "/":
            return None
        folder = posixpath.dirname(folder)


def _first_on_path(call: Call) -> str | None:
    folders = (call.variable("PATH") or "").split(":")
    prefixes = [folder.rpartition("/")[0] for folder in folders if folder.endswith("/bin")]
    return next((prefix for prefix in prefixes if prefix in call.stage.environments), None)
