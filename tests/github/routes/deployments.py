"""Deployments and what became of them."""

from __future__ import annotations

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.state import Deployment, DeploymentStatus
from tests.github.world import Refused


@answers(f"GET {REPO}/deployments", needs="deployments:read")
def deployments(call: Call) -> Answer:
    wanted = {name: call.query.get(name, "none") for name in ("sha", "ref", "task", "environment")}  # none: any

    def fits(deployment: Deployment) -> bool:
        return all(value in ("none", getattr(deployment, name)) for name, value in wanted.items())

    found = [deployment for deployment in call.repo.deployments.values() if fits(deployment)][::-1]
    return call.page(found, lambda deployment: call.shapes.deployment(call.repo, deployment))


@answers(f"POST {REPO}/deployments", needs="deployments:write")
def create(call: Call) -> Answer:
    ref = call.body["ref"]
    sha = call.repo.git.resolve(ref)
    if sha is None:
        raise Refused(422, f"No ref found for: {ref}")
    environment = call.body.get("environment", "production")
    made = call.standin.deployment(call.repo.full_name, sha, environment, None, ref=ref, by=call.user.login)
    made.task, made.payload = call.body.get("task", "deploy"), call.body.get("payload", {})
    made.description = call.body.get("description")
    return Answer(call.shapes.deployment(call.repo, made), 201)


def _deployment(call: Call) -> Deployment:
    return call.one(call.repo.deployments, "deployment_id")


@answers(f"GET {REPO}/deployments/{{deployment_id}}", needs="deployments:read")
def deployment(call: Call) -> Json:
    return call.shapes.deployment(call.repo, _deployment(call))


@answers(f"GET {REPO}/deployments/{{deployment_id}}/statuses", needs="deployments:read")
def statuses(call: Call) -> Answer:
    found = _deployment(call)
    return call.page(found.statuses[::-1], lambda status: call.shapes.deployment_status(call.repo, found, status))


@answers(f"POST {REPO}/deployments/{{deployment_id}}/statuses", needs="deployments:write")
def add_status(call: Call) -> Answer:
    found, body = _deployment(call), call.body
    made = DeploymentStatus(call.standin.identity(), body["state"], call.user, call.standin.now())
    made.description = body.get("description", "")
    made.log_url = body.get("log_url", body.get("target_url", ""))
    made.environment_url = body.get("environment_url", "")
    found.statuses.append(made)
    return Answer(call.shapes.deployment_status(call.repo, found, made), 201)


@answers(f"GET {REPO}/deployments/{{deployment_id}}/statuses/{{status_id}}", needs="deployments:read")
def status(call: Call) -> Json:
    found = _deployment(call)
    one = call.one({status.id: status for status in found.statuses}, "status_id")
    return call.shapes.deployment_status(call.repo, found, one)
