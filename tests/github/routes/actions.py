"""Runs, jobs and logs of GitHub Actions. A log is a redirect to another host, which wants no token."""

from __future__ import annotations

import io
import zipfile

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.state import Job, WorkflowRun
from tests.github.world import Refused


@answers(f"GET {REPO}/actions/runs", needs="actions:read")
def runs(call: Call) -> Answer:
    wanted = {name: call.query.get(name) for name in ("head_sha", "branch", "event", "status", "check_suite_id")}

    def fits(run: WorkflowRun) -> bool:
        held = {"head_sha": run.sha, "branch": run.branch, "event": run.event, "check_suite_id": str(run.suite.id)}
        status = ("completed", run.conclusion) if run.conclusion else ("in_progress",)
        same = all(value in (None, held.get(name, value)) for name, value in wanted.items())
        return same and (wanted["status"] is None or wanted["status"] in status)

    found = [run for run in call.repo.runs.values() if fits(run)][::-1]
    return call.page(found, lambda run: call.shapes.run(call.repo, run), key="workflow_runs")


def _run(call: Call) -> WorkflowRun:
    return call.one(call.repo.runs, "run_id")


@answers(f"GET {REPO}/actions/runs/{{run_id}}", needs="actions:read")
def run(call: Call) -> Json:
    return call.shapes.run(call.repo, _run(call))


@answers(f"GET {REPO}/actions/runs/{{run_id}}/jobs", needs="actions:read")
def jobs(call: Call) -> Answer:
    found = _run(call)
    return call.page(found.jobs, lambda job: call.shapes.job(call.repo, found, job), key="jobs")


def _job(call: Call) -> tuple[WorkflowRun, Job]:
    found = call.repo.job(call.number("job_id"))
    if found is None:
        raise Refused(404, "Not Found")
    return found


@answers(f"GET {REPO}/actions/jobs/{{job_id}}", needs="actions:read")
def job(call: Call) -> Json:
    return call.shapes.job(call.repo, *_job(call))


@answers(f"GET {REPO}/actions/jobs/{{job_id}}/logs", needs="actions:read")
def job_log(call: Call) -> Answer:
    _, found = _job(call)
    if found.expired:
        raise Refused(410, "Server Error: logs have expired")
    if found.log is None:
        raise Refused(404, "Not Found")
    return Answer(None, 302, {"Location": call.standin.shelf.put(found.log)})


@answers(f"GET {REPO}/actions/runs/{{run_id}}/logs", needs="actions:read")
def run_log(call: Call) -> Answer:
    found = _run(call)
    if any(job.expired for job in found.jobs):
        raise Refused(410, "Server Error: logs have expired")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, job in enumerate(found.jobs):
            if job.log is not None:
                archive.writestr(f"{number}_{job.name.replace('/', '')}.txt", job.log)
                archive.writestr(f"{job.name.replace('/', '')}/1_Deploy.txt", job.log)
    return Answer(None, 302, {"Location": call.standin.shelf.put(packed.getvalue(), "application/zip")})
