"""The optional step: build and boot a repair for real, before anybody is shown it.

The one place where a commit's files are laid out on the disk, in the job's own folder; `bot verify` makes its copy of them and
runs nothing of theirs outside of a container. It gets neither our token nor anything else of our environment but the way to
the container engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import deploymend
from bot.engine.model.proof import Proof, gets_further
from bot.outside.commits import GitFailed, Store
from bot.report import pull_request as words
from bot.report.json import read_proofs
from webhooks.analysis import model
from webhooks.github import FETCH
from webhooks.jobs.steps import step
from webhooks.work import preparing
from webhooks.work.context import Context, current
from webhooks.work.records import About, Place, Verdict

_SECONDS = 3000.0  # for two builds and two boots
_BUILD = 1200
_GRACE = 30.0  # seconds in which a verification that is ended removes its containers
_PASSED = ("PATH", "HOME", "TMPDIR", "DOCKER_HOST", "DOCKER_CONFIG", "CONTAINER_HOST", "XDG_RUNTIME_DIR")
_PASSED_ON = ("STORAGE_DRIVER", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "BUILDAH_ISOLATION")


@step("prove", seconds=_SECONDS + 300, heavy=True)
async def prove(about: About, place: Place, at: int) -> Verdict:
    """Build and boot a target before and after its repair; what came of it stands in the body of the pull request then."""
    context = current()
    analysis = await preparing.kept(context, about)
    repair = analysis.repairs[at]
    try:
        folder = await _laid_out(context, about, place)
    except GitFailed as error:
        if error.passing:
            raise
        return Verdict("not proven", str(error))
    found, trouble = await _verified(context, folder, repair.target)
    if found is None:
        return Verdict("not proven", trouble)
    proofs = [each for each in found if each.config == repair.target] or found
    unsure = next((proof for proof in proofs if proof.last.reached == "unsupported"), None)
    if unsure or not proofs:
        return Verdict("not proven", unsure.last.says if unsure else "Nothing was built.")
    worse = next((proof for proof in proofs if not gets_further(proof)), None)
    if worse:
        return Verdict("refuted", f"The real boot gets no further with the repair: {worse.last.says}")
    proven = repair._replace(body=words.with_proof(repair.body, proofs))
    repairs = (*analysis.repairs[:at], proven, *analysis.repairs[at + 1 :])
    kept = model.dump(analysis._replace(repairs=repairs)).decode("ascii")
    await asyncio.to_thread(lambda: context.store.keep(about.job, analysis=kept))
    return Verdict("proven", "")


async def _laid_out(context: Context, about: About, place: Place) -> Path:
    """Fetch all of a commit's files and write them into the job's folder."""
    objects = await preparing.base(context, about, place)
    folder = context.workspace(about.job) / "files"
    folder.mkdir(mode=0o700, exist_ok=True)
    access = await context.access(about.installation, about.full_name, FETCH)
    await objects.want(access, await asyncio.to_thread(_paths, objects, place.head), place.head)
    arguments = (f"--work-tree={folder}", "checkout", "--quiet", "--force", place.head, "--", ".")
    done = await objects.git(arguments, None, settings={"core.symlinks": "true"})
    if done.code:
        raise GitFailed("refused", f"The files of {place.head[:7]} could not be laid out.")
    return folder


def _paths(objects: Store, sha: str) -> list[str]:
    with objects.commit(sha) as commit:
        return list(commit.paths())


async def _verified(context: Context, folder: Path, config: str) -> tuple[list[Proof] | None, str]:
    """Return what `bot verify` found, or why it found nothing."""
    options = ["--fix", "--config", config, "--format", "json", "--fake-secrets", "--build-timeout", str(_BUILD)]
    options += ["--unsafe"] if context.settings.unsafe else []
    options += ["--engine", context.settings.engine] if context.settings.engine else []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(Path(deploymend.__file__)),
        "verify",
        str(folder),
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd="/",
        env={name: value for name, value in os.environ.items() if name in (*_PASSED, *_PASSED_ON)},
    )
    try:
        async with asyncio.timeout(_SECONDS):
            printed, said = await process.communicate()
    except TimeoutError:
        return None, f"Building and booting took longer than {_SECONDS / 60:.0f} minutes."
    finally:
        await asyncio.shield(_ended(process))
    try:
        return read_proofs(printed), ""
    except (ValueError, KeyError, TypeError):
        return None, (said.decode("utf-8", "replace").strip().splitlines() or ["It ended without a word."])[-1][:300]


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a verification that still runs; it removes its containers when it is asked to end."""
    if process.returncode is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
            return
