"""Pull requests."""

from __future__ import annotations

from tests.github.calls import Answer, Call, Json, answers
from tests.github.routes.issues import too_long
from tests.github.shapes import REPO
from tests.github.state import Issue, Pull
from tests.github.world import Refused, invalid


def _whole(call: Call, issue: Issue) -> Json:
    comments = sum(comment.number == issue.number for comment in call.repo.comments.values())
    return call.shapes.pull(call.repo, issue, whole=True, comments=comments)


@answers(f"GET {REPO}/pulls", needs="pull_requests:read")
def pulls(call: Call) -> Answer:
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    found = []
    for number in call.repo.pulls:
        issue = call.standin.seen(call.repo, number)
        pull = issue.pull
        assert pull is not None
        if (
            state in ("all", issue.state)
            and (not head or ":" not in head or head.lower() == f"{pull.head_owner}:{pull.head}".lower())  # no owner: no filter
            and base in (None, pull.base)
        ):
            found.append(issue)
    keys = {"updated": lambda issue: (issue.updated, issue.number), "created": lambda issue: issue.number}
    sort = call.query.get("sort", "created")
    down = call.query.get("direction", "desc" if sort == "created" else "asc") == "desc"
    found.sort(key=keys.get(sort, keys["created"]), reverse=down)
    return call.page(found, lambda issue: call.shapes.pull(call.repo, issue, whole=False))


@answers(f"POST {REPO}/pulls", needs="pull_requests:write")
def create(call: Call) -> Answer:
    body = call.body
    if "title" not in body:
        raise invalid("PullRequest", "title", "missing_field")
    too_long(body.get("title"), body.get("body"))
    made = call.standin.open_pull(
        call.repo.full_name, body["head"], body["base"], body["title"], body.get("body"), call.user, body.get("draft", False)
    )
    made.app = call.app
    location = call.shapes.repo_url(call.repo, f"/pulls/{made.number}")
    return Answer(_whole(call, made), 201, {"Location": location})


def _pull(call: Call) -> tuple[Issue, Pull]:
    issue = call.issue("pull_number")
    if issue.pull is None:
        raise Refused(404, "Not Found")
    return issue, issue.pull


@answers(f"GET {REPO}/pulls/{{pull_number}}", needs="pull_requests:read")
def pull(call: Call) -> Json:
    return _whole(call, _pull(call)[0])


@answers(f"PATCH {REPO}/pulls/{{pull_number}}", needs="pull_requests:write")
def edit(call: Call) -> Json:
    issue, pull = _pull(call)
    body = call.body
    too_long(body.get("title"), body.get("body"))
    if (base := body.get("base")) is not None and base != pull.base:
        if (sha := call.repo.git.head(base)) is None:
            raise invalid("PullRequest", "base", "invalid")
        pull.base, pull.base_sha = base, sha
    if body.get("state") == "closed":
        call.standin.close(call.repo.full_name, issue.number, call.user)
    elif body.get("state") == "open":
        call.standin.reopen(call.repo.full_name, issue.number)
    issue.title, issue.body = body.get("title", issue.title), body.get("body", issue.body)
    issue.updated = call.standin.now()
    return _whole(call, issue)


@answers(f"GET {REPO}/pulls/{{pull_number}}/files", needs="pull_requests:read")
def files(call: Call) -> Answer:
    _, pull = _pull(call)
    base = call.repo.git.base(pull.base_sha, pull.head_sha)
    found = call.repo.git.files(base, pull.head_sha) if base else []
    return call.page(found, lambda file: call.shapes.file(call.repo, file, pull.head_sha))


@answers(f"GET {REPO}/pulls/{{pull_number}}/commits", needs="pull_requests:read")
def commits(call: Call) -> Answer:
    _, pull = _pull(call)
    found = call.repo.git.commits(f"{pull.base_sha}..{pull.head_sha}")[::-1]
    return call.page(found, lambda commit: call.shapes.commit(call.repo, commit))


@answers(f"PUT {REPO}/pulls/{{pull_number}}/merge", needs="contents:write")
def merge(call: Call) -> Json:
    issue, pull = _pull(call)
    if call.body.get("sha", pull.head_sha) != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    sha = call.standin.merge(call.repo.full_name, issue.number, call.user, call.body.get("merge_method", "merge"))
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}
