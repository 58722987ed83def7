"""What deploys leave on commits: checks of other Apps, statuses, workflow runs with logs, deployments."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.github.state import (
    CheckRun,
    Deployment,
    DeploymentStatus,
    Job,
    Repository,
    Status,
    Suite,
    WorkflowRun,
)
from tests.github.talk import Talk

Json = Any


class JobDone(NamedTuple):
    """A job of a workflow run as a test tells it; `log` is None where there is none (any more)."""

    name: str
    conclusion: str | None = "failure"
    log: str | bytes | None = ""
    steps: tuple[tuple[str, str | None], ...] = (("Set up job", "success"), ("Deploy", "failure"))
    expired: bool = False


class Deploys(Talk):
    """A world in which deploys happen."""

    def suite_for(self, repository: Repository, sha: str, slug: str, branch: str | None = None) -> Suite:
        """Return an App's suite at a commit, which is made with its first check."""
        for suite in repository.suites.values():
            if (suite.sha, suite.app.slug) == (sha, slug):
                return suite
        branch = branch or next((ref[11:] for ref, tip in repository.git.refs("refs/heads/").items() if tip == sha), None)
        made = Suite(self.identity(), self.other_app(slug), sha, branch, self.now(), self.now())
        repository.suites[made.id] = made
        return made

    def check(
        self,
        full_name: str,
        sha: str,
        name: str,
        *,
        app: str = "render",
        conclusion: str | None = "failure",
        title: str | None = None,
        summary: str | None = None,
        text: str | None = None,
        annotations: tuple[Json, ...] = (),
        external_id: str = "",
        details_url: str = "",
        branch: str | None = None,
    ) -> CheckRun:
        """Let an App report a check run; without a conclusion it runs still."""
        repository = self.find(full_name)
        suite = self.suite_for(repository, sha, app, branch)
        made = CheckRun(self.identity(), suite, name, external_id=external_id, details_url=details_url, started=self.now())
        made.status, made.conclusion = ("completed", conclusion) if conclusion else ("in_progress", None)
        made.completed = self.now() if conclusion else None
        made.title, made.summary, made.text = title, summary, text
        made.annotations = [dict(annotation) for annotation in annotations]
        repository.checks[made.id] = made
        return made

    def commit_status(
        self,
        full_name: str,
        sha: str,
        context: str,
        state: str = "failure",
        description: str | None = None,
        target_url: str | None = None,
        by: str = "alice",
    ) -> Status:
        """Let somebody report a commit status."""
        made = Status(self.identity(), sha, state, context, description, target_url, self.person(by), self.now())
        self.find(full_name).statuses.append(made)
        return made

    def workflow_run(
        self,
        full_name: str,
        sha: str,
        *jobs: JobDone,
        name: str = "Deploy",
        path: str = ".github/workflows/deploy.yml",
        branch: str | None = "main",
        event: str = "push",
        by: str = "alice",
        fork: str | None = None,
    ) -> WorkflowRun:
        """Let GitHub Actions run a workflow; each of its jobs is a check run too. `fork`: it is for a commit of that fork."""
        repository = self.find(full_name)
        origin = self.find(fork) if fork else None
        if origin:
            self.tip(repository, origin, branch or origin.default_branch)
        checks = [
            self.check(full_name, sha, job.name, app="github-actions", conclusion=job.conclusion, branch=branch) for job in jobs
        ]
        suite = self.suite_for(repository, sha, "github-actions", branch)
        made = WorkflowRun(self.identity(), name, path, sha, branch, event, suite, self.person(by), self.now(), fork=origin)
        for job, check in zip(jobs, checks, strict=True):
            log = job.log.encode() if isinstance(job.log, str) else job.log
            made.jobs.append(Job(check.id, job.name, job.conclusion, log, list(job.steps), check, job.expired))
        repository.runs[made.id] = made
        return made

    def deployment(
        self,
        full_name: str,
        sha: str,
        environment: str = "production",
        state: str | None = "failure",
        *,
        ref: str = "main",
        description: str = "",
        log_url: str = "",
        environment_url: str = "",
        by: str = "alice",
    ) -> Deployment:
        """Let somebody deploy a commit, with one status (None: without)."""
        creator = self.person(by)
        made = Deployment(self.identity(), sha, ref, "deploy", environment, None, creator, self.now())
        if state:
            status = DeploymentStatus(self.identity(), state, creator, self.now(), description, log_url, environment_url)
            made.statuses.append(status)
        self.find(full_name).deployments[made.id] = made
        return made
