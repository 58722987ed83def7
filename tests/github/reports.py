"""What is reported about commits, in GitHub's JSON: pull requests, checks, statuses, runs, jobs and deployments."""

from __future__ import annotations

from typing import Any

from tests.github.shapes import REPO, Shapes, node, stamp
from tests.github.state import (
    CheckRun,
    Deployment,
    DeploymentStatus,
    Issue,
    Job,
    Pull,
    Repository,
    Status,
    Suite,
    WorkflowRun,
)

Json = Any


class Reports(Shapes):
    """Writes what hangs on commits as JSON."""

    def pull(self, repository: Repository, issue: Issue, whole: bool, comments: int = 0) -> Json:
        """Write a pull request: whole, or as lists have it."""
        pull = issue.pull
        assert pull is not None
        operation = f"GET {REPO}/pulls/{{pull_number}}" if whole else f"GET {REPO}/pulls"
        url = self.repo_url(repository, f"/pulls/{issue.number}")
        page = self.page(repository, f"/pull/{issue.number}")
        told = {
            **self.like(operation, repository, issue.number, *(() if whole else (0,))),
            **self.thread(repository, issue),
            "id": pull.id,
            "node_id": node("PullRequest", pull.id),
            "url": url,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": self.repo_url(repository, f"/issues/{issue.number}"),
            "statuses_url": self.repo_url(repository, f"/statuses/{pull.head_sha}"),
            "requested_reviewers": [],
            "requested_teams": [],
            "auto_merge": None,
            "draft": pull.draft,
            "merge_commit_sha": pull.merge_sha,
            "merged_at": stamp(pull.merged),
            "head": self._end(pull.fork or repository, pull.head, pull.head_sha),
            "base": self._end(repository, pull.base, pull.base_sha),
        }
        if not whole:
            return told
        return {**told, **self._merging(repository, issue, pull), "comments": comments, "review_comments": 0}

    def _end(self, repository: Repository, branch: str, sha: str) -> Json:
        told = self.repository(repository)
        return {"label": f"{repository.owner.login}:{branch}", "ref": branch, "sha": sha, "user": told["owner"], "repo": told}

    def _merging(self, repository: Repository, issue: Issue, pull: Pull) -> Json:
        base = repository.git.base(pull.base_sha, pull.head_sha)
        files = repository.git.files(base, pull.head_sha) if base else []
        mergeable = None
        if issue.state == "open":
            mergeable = repository.git.merged_tree(pull.base_sha, pull.head_sha) is not None
        return {
            "merged": pull.merged is not None,
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": "unknown" if mergeable is None else "draft" if pull.draft else "clean" if mergeable else "dirty",
            "maintainer_can_modify": False,
            "commits": repository.git.count(pull.base_sha, pull.head_sha),
            "changed_files": len(files),
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
        }

    def small_pulls(self, repository: Repository, sha: str) -> Json:
        """Write the open pull requests whose head a commit is, as checks carry them."""
        told = []
        for number, issue in repository.pulls.items():
            pull = issue.pull
            if pull and issue.state == "open" and pull.head_sha == sha and pull.fork is None:  # those of forks are left out
                repo = {"id": repository.id, "url": self.repo_url(repository), "name": repository.name}
                ends = (("head", pull.head, pull.head_sha), ("base", pull.base, pull.base_sha))
                both = {end: {"ref": ref, "sha": at, "repo": repo} for end, ref, at in ends}
                told.append({"id": pull.id, "number": number, "url": self.repo_url(repository, f"/pulls/{number}"), **both})
        return told

    def check(self, repository: Repository, check: CheckRun) -> Json:
        """Write a check run."""
        url = self.repo_url(repository, f"/check-runs/{check.id}")
        page = self.page(repository, f"/runs/{check.id}")
        return {
            **self.like(f"GET {REPO}/check-runs/{{check_run_id}}", repository),
            "id": check.id,
            "node_id": node("CheckRun", check.id),
            "head_sha": check.sha,
            "external_id": check.external_id,
            "url": url,
            "html_url": page,
            "details_url": check.details_url or page,
            "status": check.status,
            "conclusion": check.conclusion,
            "started_at": stamp(check.started),
            "completed_at": stamp(check.completed),
            "output": {
                "title": check.title,
                "summary": check.summary,
                "text": check.text,
                "annotations_count": len(check.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "name": check.name,
            "check_suite": {"id": check.suite.id},
            "app": self.app(check.suite.app),
            "pull_requests": self.small_pulls(repository, check.sha),
        }

    def annotation(self, repository: Repository, check: CheckRun, annotation: Json) -> Json:
        """Write an annotation."""
        told = {"start_column": None, "end_column": None, "title": None, "raw_details": None, **annotation}
        return {**told, "blob_href": self.page(repository, f"/blob/{check.sha}/{annotation['path']}")}

    def outcome(self, repository: Repository, suite: Suite) -> tuple[str, str | None]:
        """Return the status and the conclusion of a suite: the worst of its runs."""
        runs = [check for check in repository.checks.values() if check.suite is suite]
        if not runs or all(run.status == "queued" for run in runs):
            return "queued", None
        if any(run.status != "completed" for run in runs):
            return "in_progress", None
        worst = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")
        return "completed", min((run.conclusion or "success" for run in runs), key=worst.index)

    def suite(self, repository: Repository, suite: Suite) -> Json:
        """Write a check suite."""
        url = self.repo_url(repository, f"/check-suites/{suite.id}")
        status, conclusion = self.outcome(repository, suite)
        parents = repository.git.commit(suite.sha).parents
        return {
            **self.like(f"GET {REPO}/check-suites/{{check_suite_id}}", repository),
            "id": suite.id,
            "node_id": node("CheckSuite", suite.id),
            "head_branch": suite.branch,
            "head_sha": suite.sha,
            "status": status,
            "conclusion": conclusion,
            "url": url,
            "before": parents[0] if parents else "0" * 40,
            "after": suite.sha,
            "pull_requests": self.small_pulls(repository, suite.sha),
            "created_at": stamp(suite.created),
            "updated_at": stamp(suite.updated),
            "app": self.app(suite.app),
            "repository": self.repository(repository),
            "head_commit": self.simple_commit(repository, suite.sha),
            "latest_check_runs_count": sum(check.suite is suite for check in repository.checks.values()),
            "check_runs_url": f"{url}/check-runs",
        }

    def status(self, repository: Repository, status: Status) -> Json:
        """Write a commit status."""
        return {
            **self.like(f"POST {REPO}/statuses/{{sha}}", repository),
            "id": status.id,
            "node_id": node("Status", status.id),
            "url": self.repo_url(repository, f"/statuses/{status.sha}"),
            "avatar_url": self.user(status.creator)["avatar_url"],
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": stamp(status.created),
            "updated_at": stamp(status.created),
            "creator": self.user(status.creator),
        }

    def run(self, repository: Repository, run: WorkflowRun) -> Json:
        """Write a workflow run."""
        url = self.repo_url(repository, f"/actions/runs/{run.id}")
        user = self.user(run.actor)
        small = self.repository(repository)
        told = {
            **self.like(f"GET {REPO}/actions/runs/{{run_id}}", repository),
            "id": run.id,
            "node_id": node("WorkflowRun", run.id),
            "name": run.name,
            "display_title": repository.git.commit(run.sha).message.partition("\n")[0],
            "path": run.path,
            "head_branch": run.branch,
            "head_sha": run.sha,
            "run_number": 1,
            "run_attempt": 1,
            "event": run.event,
            "status": "completed" if run.conclusion else "in_progress",
            "conclusion": run.conclusion,
            "check_suite_id": run.suite.id,
            "check_suite_node_id": node("CheckSuite", run.suite.id),
            "check_suite_url": self.repo_url(repository, f"/check-suites/{run.suite.id}"),
            "url": url,
            "html_url": self.page(repository, f"/actions/runs/{run.id}"),
            "pull_requests": self.small_pulls(repository, run.sha),
            "created_at": stamp(run.created),
            "updated_at": stamp(run.created),
            "run_started_at": stamp(run.created),
            "actor": user,
            "triggering_actor": user,
            "jobs_url": f"{url}/jobs",
            "logs_url": f"{url}/logs",
            "artifacts_url": f"{url}/artifacts",
            "cancel_url": f"{url}/cancel",
            "rerun_url": f"{url}/rerun",
            "previous_attempt_url": None,
            "head_commit": self.simple_commit(repository, run.sha),
            "repository": small,
            "head_repository": self.repository(run.fork) if run.fork else small,
        }
        return {key: value for key, value in told.items() if key != "referenced_workflows"}

    def job(self, repository: Repository, run: WorkflowRun, job: Job) -> Json:
        """Write a job of a run."""
        done = "completed" if job.conclusion else "in_progress"
        times = {"started_at": stamp(run.created), "completed_at": stamp(run.created) if job.conclusion else None}
        steps = [
            {
                "name": name,
                "status": "completed" if conclusion else "queued",
                "conclusion": conclusion,
                "number": number,
                **times,
            }
            for number, (name, conclusion) in enumerate(job.steps, 1)
        ]
        return {
            **self.like(f"GET {REPO}/actions/jobs/{{job_id}}", repository),
            **times,
            "id": job.id,
            "run_id": run.id,
            "run_url": self.repo_url(repository, f"/actions/runs/{run.id}"),
            "run_attempt": 1,
            "node_id": node("CheckRun", job.id),
            "head_sha": run.sha,
            "head_branch": run.branch,
            "url": self.repo_url(repository, f"/actions/jobs/{job.id}"),
            "html_url": self.page(repository, f"/actions/runs/{run.id}/job/{job.id}"),
            "status": done,
            "conclusion": job.conclusion,
            "created_at": stamp(run.created),
            "name": job.name,
            "steps": steps,
            "check_run_url": self.repo_url(repository, f"/check-runs/{job.id}"),
            "labels": ["ubuntu-latest"],
            "workflow_name": run.name,
        }

    def deployment(self, repository: Repository, deployment: Deployment) -> Json:
        """Write a deployment."""
        url = self.repo_url(repository, f"/deployments/{deployment.id}")
        return {
            **self.like(f"GET {REPO}/deployments/{{deployment_id}}", repository),
            "id": deployment.id,
            "node_id": node("Deployment", deployment.id),
            "url": url,
            "sha": deployment.sha,
            "ref": deployment.ref,
            "task": deployment.task,
            "payload": deployment.payload,
            "original_environment": deployment.environment,
            "environment": deployment.environment,
            "description": deployment.description,
            "creator": self.user(deployment.creator),
            "created_at": stamp(deployment.created),
            "updated_at": stamp(deployment.statuses[-1].created if deployment.statuses else deployment.created),
            "statuses_url": f"{url}/statuses",
            "repository_url": self.repo_url(repository),
        }

    def deployment_status(self, repository: Repository, deployment: Deployment, status: DeploymentStatus) -> Json:
        """Write what became of a deployment."""
        url = self.repo_url(repository, f"/deployments/{deployment.id}")
        return {
            **self.like(f"GET {REPO}/deployments/{{deployment_id}}/statuses/{{status_id}}", repository),
            "id": status.id,
            "node_id": node("DeploymentStatus", status.id),
            "url": f"{url}/statuses/{status.id}",
            "state": status.state,
            "creator": self.user(status.creator),
            "description": status.description,
            "environment": deployment.environment,
            "target_url": status.log_url,
            "log_url": status.log_url,
            "environment_url": status.environment_url,
            "created_at": stamp(status.created),
            "updated_at": stamp(status.created),
            "deployment_url": url,
            "repository_url": self.repo_url(repository),
        }
