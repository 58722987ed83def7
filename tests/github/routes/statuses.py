"""Commit statuses."""

from __future__ import annotations

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.state import Status
from tests.github.world import Refused, invalid


def _of(call: Call) -> tuple[str, list[Status]]:
    sha = call.commit("ref")
    return sha, [status for status in call.repo.statuses[::-1] if status.sha == sha]


@answers(f"POST {REPO}/statuses/{{sha}}", needs="statuses:write")
def create(call: Call) -> Answer:
    sha = call.text("sha")
    if call.repo.git.kind(sha) != "commit":
        raise Refused(422, f"No commit found for SHA: {sha}")
    description = call.body.get("description")
    if description is not None and len(description) > 140:
        raise invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
    made = call.standin.commit_status(
        call.repo.full_name,
        sha,
        call.body.get("context", "default"),
        call.body["state"],
        description,
        call.body.get("target_url"),
        call.user.login,
    )
    return Answer(call.shapes.status(call.repo, made), 201)


@answers(f"GET {REPO}/commits/{{ref}}/statuses", needs="statuses:read")
def statuses(call: Call) -> Answer:
    return call.page(_of(call)[1], lambda status: call.shapes.status(call.repo, status))


@answers(f"GET {REPO}/commits/{{ref}}/status", needs="statuses:read")
def combined(call: Call) -> Json:
    sha, found = _of(call)
    latest = list({status.context: status for status in found[::-1]}.values())
    states = {status.state for status in latest}
    state = "failure" if states & {"failure", "error"} else "pending" if not states or "pending" in states else "success"
    url = call.shapes.repo_url(call.repo, f"/commits/{sha}")
    return {
        **call.shapes.like(f"GET {REPO}/commits/{{ref}}/status", call.repo),
        "state": state,
        "statuses": [call.shapes.status(call.repo, status) for status in latest],
        "sha": sha,
        "total_count": len(latest),
        "repository": call.shapes.repository(call.repo),
        "commit_url": url,
        "url": f"{url}/status",
    }
