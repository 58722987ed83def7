"""Logs as evidence: of a job, of the failed jobs of a workflow run, of a deployment; all of them redacted."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from webhooks.github import download, platform_logs
from webhooks.github.client import Client, told
from webhooks.github.download import LIMITS, Limits
from webhooks.github.errors import Gone

_FAILED = frozenset({"failure", "timed_out", "startup_failure"})
_MOST = 300  # jobs of a run that are looked at
_JOB = re.compile(r"/(?P<name>[^/]+/[^/]+)/actions/runs/(?P<run>\d{1,18})(?:/attempts/\d{1,6})?(?:/jobs?/(?P<job>\d{1,18}))?/?")


class Job(NamedTuple):
    """A job of a workflow run."""

    id: int
    name: str
    conclusion: str
    url: str
    failed_steps: tuple[str, ...]


class Logs(Client):
    """The part of an installation that reads logs."""

    def job_log(self, full_name: str, job: int, limits: Limits = LIMITS) -> str:
        """Return the log of a job; `Gone` when GitHub has thrown it away.

        GitHub answers with the address of the log on another host, which is signed, so that no token goes there.
        """
        address = self._job_log_address(full_name, job)
        doing = f"read the log of job {job} of {full_name}"
        return download.log(address, doing, "GitHub's log store", limits, plain_http=self.app.base_url.startswith("http:"))

    @told("find the log of job {job} of {full_name}")
    def _job_log_address(self, full_name: str, job: int) -> str:
        path = f"/repos/{full_name}/actions/jobs/{job}/logs"
        headers, _ = self.reads.requestBlobAndCheck("GET", path)
        return str(headers["location"])

    @told("read the jobs of run {run} of {full_name}")
    def run_jobs(self, full_name: str, run: int) -> tuple[Job, ...]:
        """Return the jobs of a workflow run's last attempt that failed."""
        jobs = self.read(full_name).get_workflow_run(run).jobs("latest")
        return tuple(
            Job(
                one.id,
                one.name,
                one.conclusion or "",
                one.html_url or "",
                tuple(step.name for step in one.steps or () if step.conclusion in _FAILED),
            )
            for one in islice(jobs, _MOST)
            if one.conclusion in _FAILED
        )

    def deployment_log(self, full_name: str, url: str, sha: str = "", limits: Limits = LIMITS) -> str:
        """Return the log that a deployment's or a status's URL leads to.

        The page of a job of this repository means its log; a page of Render's or Fly's dashboard means what their API has of
        it, when there is a token; anything else is fetched when its host is one of the allowed ones. `Denied` otherwise.
        """
        found = self.job_of(full_name, url)
        if found and found.job:
            return self.job_log(full_name, found.job, limits)
        if found:
            jobs = self.run_jobs(full_name, found.run)
            if not jobs:
                raise Gone(f"Can't read the log of run {found.run} of {full_name}: none of its jobs failed.")
            return self.job_log(full_name, jobs[0].id, limits)
        logs = self.app.logs
        named = platform_logs.render_deploy(url)
        if named and logs.render_key:
            return platform_logs.render_log(logs, f"{self.app.web_url}/{full_name}", named, sha, limits=limits)
        app = platform_logs.fly_app(url)
        if app and logs.fly_token:
            return platform_logs.fly_log(logs, full_name, app, limits=limits)
        return download.guarded_log(url, logs.hosts, f"read the deployment's log for {full_name}", limits)

    def job_of(self, full_name: str, url: str) -> JobPage | None:
        """Return which run and job of this repository a page of GitHub shows; None for any other page."""
        parts, web = urlsplit(url), urlsplit(self.app.web_url)
        found = _JOB.fullmatch(parts.path)
        if not found or parts.netloc.lower() != web.netloc.lower() or found["name"].lower() != full_name.lower():
            return None
        return JobPage(int(found["run"]), int(found["job"]) if found["job"] else None)


class JobPage(NamedTuple):
    """The page of a workflow run, or of one of its jobs."""

    run: int
    job: int | None
