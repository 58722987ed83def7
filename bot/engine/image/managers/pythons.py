"""Which Python a manager takes: the image's own, or another one that the project asks for."""

from __future__ import annotations

import posixpath
import re

from bot.engine.image.bases import NEWEST
from bot.engine.image.locks import markers
from bot.engine.image.managers.call import Call, Options, Outcome
from bot.engine.image.manifests import Project, table
from bot.engine.image.stage import Stage

_REQUEST = re.compile(r"(?:cpython|python)?[@-]?(\d+)\.(\d{1,2})(?:\.\d+)?$")
_OFF = ("never", "manual", "0", "false")


def of_uv(call: Call, chosen: Options, project: Project, folder: str, outcome: Outcome) -> tuple[int, int] | None:
    """Return the version of the Python that uv downloads; None where it takes the image's own, or nobody knows.

    Asked for by `--python`, UV_PYTHON, the nearest `.python-version`, or `requires-python`, in this order
    (https://docs.astral.sh/uv/concepts/python-versions/); where downloads are off, uv gives up.
    """
    asked = chosen.get("--python", "-p") or call.variable("UV_PYTHON")
    pinned = next(call.up(".python-version", folder), None)
    if asked == "":
        text = call.text(pinned) if pinned else None
        asked = next((line.strip() for line in (text or "").splitlines() if line.strip() and line.strip()[0] != "#"), "")
        if pinned and not text:
            return None
    base = call.stage.base.python
    request = _REQUEST.match(asked or "")
    wanted = (int(request[1]), int(request[2])) if request else None
    if asked is None or (asked and wanted is None):
        return None
    if base is None:
        return wanted
    if wanted is None and project.python and markers.allows(project.python, base) is False:
        wanted = NEWEST if markers.allows(project.python, NEWEST) else None
        asked = project.python
    elif wanted is None or wanted == base:
        return None
    _no_download(call, chosen, asked, outcome)
    return wanted


def _no_download(call: Call, chosen: Options, asked: str, outcome: Outcome) -> None:
    """Note that uv finds no fitting Python and must not download one."""
    system = chosen.has("--no-managed-python") or call.switched("UV_NO_MANAGED_PYTHON")
    system = system or "only-system" in (chosen.get("--python-preference"), call.variable("UV_PYTHON_PREFERENCE"))
    off = chosen.has("--no-python-downloads") or (call.variable("UV_PYTHON_DOWNLOADS") or "").lower() in _OFF
    if not (system or off):
        return
    where = "search path" if system else "managed installations or search path"
    base = call.stage.base
    reason = f"{base.name} has Python {'.'.join(map(str, base.python or ()))}, and uv is told not to download another one."
    message = f"error: No interpreter found for Python {asked} in {where}"
    outcome.stop("python-not-allowed", message, reason, "/usr/local/bin/python", only(call))


def only(call: Call) -> bool:
    """Say whether the image's Python is its only one: the images that are not slim bring Debian's as well."""
    bare = call.stage.base.bare and re.search(r"slim|alpine", call.stage.base.name) is not None
    return bare and call.stage.followed and not any(name.startswith("python3") for name in call.stage.programs)


def refused(call: Call, project: Project) -> str | None:
    """Return the version of the image's Python, the patch release left open, where a project does not allow it."""
    base = call.stage.base.python
    return f"{base[0]}.{base[1]}.…" if base and forbids(call.stage, project) else None


def forbids(stage: Stage, project: Project) -> bool:
    """Say whether a project does not allow the image's Python, whatever its patch release."""
    base = stage.base.python
    return base is not None and bool(project.python) and markers.allows(project.python, base) is False


def written(project: Project) -> str:
    """Return the versions of Python that a project allows, as its file says."""
    own = table(project.data.get("project")).get("requires-python")
    poetry = table(project.tool("poetry").get("dependencies")).get("python")
    return str(own or (poetry.get("version") if isinstance(poetry, dict) else poetry) or project.python)


def folder_of(path: str) -> str:
    """Return the environment that a Python belongs to, by the path of its program."""
    return posixpath.dirname(posixpath.dirname(path))
