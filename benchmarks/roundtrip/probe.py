"""Imports modules, each in a process of its own, and prints what became of each: run in the container, standard library alone.

usage: python probe.py JOBS. JOBS is JSON: `seconds` (for one import), `warm` (packages from elsewhere that are imported once,
before) and `jobs`: each with `label`, `root` (the repository), `path` (what stands first on sys.path), `folder` (where the
program is started), `modules` (name and file of each), `settings` (Django's, or null) and `env`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import select
import signal
import sys
import time
from typing import Any


def main() -> None:
    """Print one JSON object a line."""
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    sys.path.pop(0)  # this script's own folder
    silence = os.open(os.devnull, os.O_RDWR)
    for name in work["warm"]:
        _warm(name, silence)
    gc.disable()
    gc.freeze()  # a child touches less of what it shares
    for job in work["jobs"]:
        for name, path in job["modules"]:
            result = _apart(name, path, job, silence, work["seconds"])
            print(json.dumps({"label": job["label"], "file": path, "name": name, **result}), flush=True)


def _warm(name: str, silence: int) -> None:
    kept = [os.dup(1), os.dup(2)]
    for number in (1, 2):
        os.dup2(silence, number)
    try:
        importlib.import_module(name)
    except BaseException:
        pass
    finally:
        for number, old in enumerate(kept, start=1):
            os.dup2(old, number)
            os.close(old)


def _apart(name: str, path: str, job: dict[str, Any], silence: int, seconds: float) -> dict[str, Any]:
    """Return what became of one import; the child and what it started are gone afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.setsid()
        for number in (0, 1, 2):
            os.dup2(silence, number)
        answer = json.dumps(_imported(name, path, job)).encode()
        with open(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writing)
    answer, until = io.BytesIO(), time.monotonic() + seconds
    while select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
        data = os.read(reading, 1 << 16)
        if not data:
            break
        answer.write(data)
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        result: dict[str, Any] = json.loads(answer.getvalue())
    except ValueError:
        late = time.monotonic() >= until
        return {"ok": False, "error": "out of time" if late else "the process ended", "loaded": []}
    return result


def _modules(folder: str) -> set[str]:
    """Return what a folder of sys.path gives: a folder without `__init__.py` hides no package from elsewhere."""
    entries = set(os.listdir(folder))
    single = {each.removesuffix(".py") for each in entries if each.endswith(".py")}
    return single | {each for each in entries if os.path.isfile(os.path.join(folder, each, "__init__.py"))}


def _imported(name: str, path: str, job: dict[str, Any]) -> dict[str, Any]:
    os.chdir(os.path.join(job["root"], job["folder"]))
    sys.path[:0] = [os.path.join(job["root"], each).rstrip("/") for each in job["path"]]
    sys.argv = [name]
    sys.dont_write_bytecode = True
    os.environ.update(job["env"])
    own = {name for folder in sys.path[: len(job["path"])] for name in _modules(folder)}
    for each in [each for each in sys.modules if each.partition(".")[0] in own - sys.stdlib_module_names]:
        del sys.modules[each]  # the repository has one of that name
    importlib.invalidate_caches()
    error = ""
    try:
        if job["settings"]:
            os.environ["DJANGO_SETTINGS_MODULE"] = job["settings"]
            importlib.import_module("django").setup()
        found = importlib.import_module(name).__file__
        if not found or os.path.relpath(found, job["root"]) != path:
            error = f"another file: {found}"
    except BaseException as failure:
        error = f"{type(failure).__name__}: {failure}"[:300]
    loaded = []
    for each, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None)
        if isinstance(place, str) and place.startswith(job["root"] + "/") and each != "__main__":
            loaded.append((os.path.relpath(place, job["root"]), each))
    return {"ok": not error, "error": error, "loaded": sorted(loaded)}


if __name__ == "__main__":
    main()
