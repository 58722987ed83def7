"""Requirements that no installer on Linux can take, whatever else is installed: what can't be read, and what is not there.

The names were looked up in the package index on 2026-11-28; pip's words are those of pip 26.3, tried.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.model.findings import BadRequirement
from bot.engine.model.requirements import Requirement

_PYTHONS_OWN = frozenset(  # modules of the standard library, and Python itself, that the index has nothing of
    "abc base64 collections contextlib copy csv glob io itertools json math os pickle pkg-resources python queue random re"
    " shutil smtplib socket sqlite3 string subprocess sys tempfile threading time tkinter urllib zipfile zoneinfo".split()
)
ELSEWHERE = {  # distributions for another system alone, by the `sys_platform` that they are for
    **dict.fromkeys(
        "onnxruntime-directml pyaudiowpatch pypiwin32 pywin32 pywinpty windows-curses winrt-runtime".split(), "win32"
    ),
    **dict.fromkeys("pyobjc-core pyobjc-framework-cocoa tensorflow-macos tensorflow-metal".split(), "darwin"),
}
_BUILT = frozenset("pyobjc-core pyobjc-framework-cocoa pypiwin32 pywinpty winrt-runtime".split())  # pip tries, and fails


class Unfit(NamedTuple):
    """Why a requirement can't be installed: a fault's code, pip's words, the reason."""

    code: Literal["requirement-invalid", "requirement-not-found"]
    message: str
    reason: str
    missing: BadRequirement


def unfit(asked: Requirement) -> Unfit | None:
    """Return why a requirement can't be installed on Linux; None where it can, as far as the line itself tells."""
    line, where = asked.line, f"{asked.place.path}:{asked.place.line}"
    if not line.valid:
        message = f"ERROR: Invalid requirement: '{line.text}'"
        reason = f"pip can't read {where}, and installs nothing of the file."
        return Unfit("requirement-invalid", message, reason, BadRequirement((line.value,), "syntax"))
    if ";" in line.rest or "@" in line.rest:  # it may not count here, or come from elsewhere
        return None
    name = line.value
    if name in _PYTHONS_OWN:
        reason = (
            f"{where} asks for `{name}`, of which the package index has nothing: it comes with Python, or is no distribution."
        )
        return _not_found(asked, reason, "name")
    if name in ELSEWHERE:
        system = {"win32": "Windows", "darwin": "macOS"}[ELSEWHERE[name]]
        return _not_found(asked, f"{where} asks for `{name}`, which is for {system} alone.", "platform")
    return None


def _not_found(asked: Requirement, reason: str, why: Literal["name", "platform"]) -> Unfit:
    written = f"{asked.line.value}{asked.line.rest.replace(' ', '')}"
    message = f"ERROR: No matching distribution found for {written}"
    if asked.line.value in _BUILT:
        message = f"ERROR: Failed to build '{asked.line.value}'"
    return Unfit("requirement-not-found", message, reason, BadRequirement((asked.line.value,), why))
