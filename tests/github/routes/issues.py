"""Issues, comments, labels and reactions; a pull request is an issue too."""

from __future__ import annotations

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.state import Account, Comment, Issue, Reaction
from tests.github.world import Refused, invalid

EITHER_READ = "issues:read|pull_requests:read"
EITHER_WRITE = "issues:write|pull_requests:write"
LONGEST = 65_536  # of a body; a title has 256


def too_long(title: str | None, body: str | None, resource: str = "Issue") -> None:
    """Refuse a title or a body that is longer than GitHub takes."""
    for field, text, most in (("title", title, 256), ("body", body, LONGEST)):
        if text is not None and len(text) > most:
            raise invalid(resource, field, "custom", f"{field} is too long (maximum is {most} characters)")


def _issue(call: Call, writes: bool = False) -> Issue:
    """Return the issue; the permission has to be that of what it is."""
    issue = call.issue()
    if not issue.pull and not call.repo.has_issues:
        raise Refused(410, "Issues are disabled for this repo")
    needed = "pull_requests" if issue.pull else "issues"
    # on a pull request either will do for what is said to it as an issue
    if not issue.pull and not call.token.allows(needed, "write" if writes else "read"):
        raise Refused(403, "Resource not accessible by integration")
    return issue


def _whole(call: Call, issue: Issue) -> Json:
    comments = sum(comment.number == issue.number for comment in call.repo.comments.values())
    return call.shapes.issue(call.repo, issue, comments)


@answers(f"POST {REPO}/issues", needs="issues:write")
def create(call: Call) -> Answer:
    if not call.repo.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")
    title = str(call.body["title"])
    too_long(title, call.body.get("body"))
    made = call.standin.issue(call.repo.full_name, title, call.body.get("body"), call.user)
    made.app = call.app
    return Answer(_whole(call, made), 201)


@answers(f"GET {REPO}/issues", needs=EITHER_READ)
def issues(call: Call) -> Answer:
    state = call.query.get("state", "open")
    found = [issue for issue in call.repo.issues.values() if state in ("all", issue.state)][::-1]
    return call.page(found, lambda issue: _whole(call, issue))


@answers(f"GET {REPO}/issues/{{issue_number}}", needs=EITHER_READ)
def issue(call: Call) -> Json:
    return _whole(call, _issue(call))


@answers(f"PATCH {REPO}/issues/{{issue_number}}", needs=EITHER_WRITE)
def edit(call: Call) -> Json:
    found, body = _issue(call, writes=True), call.body
    too_long(body.get("title"), body.get("body"))
    if body.get("state") == "closed":
        call.standin.close(call.repo.full_name, found.number, call.user, body.get("state_reason"))
    elif body.get("state") == "open":
        call.standin.reopen(call.repo.full_name, found.number)
    found.title, found.body = body.get("title", found.title), body.get("body", found.body)
    found.updated = call.standin.now()
    return _whole(call, found)


@answers(f"GET {REPO}/issues/{{issue_number}}/comments", needs=EITHER_READ)
def comments(call: Call) -> Answer:
    number = _issue(call).number
    found = [comment for comment in call.repo.comments.values() if comment.number == number]
    return call.page(found, lambda comment: call.shapes.comment(call.repo, comment))


@answers(f"POST {REPO}/issues/{{issue_number}}/comments", needs=EITHER_WRITE)
def create_comment(call: Call) -> Answer:
    found = _issue(call, writes=True)
    if found.locked:
        raise Refused(403, "Unable to create comment because issue is locked.")
    too_long(None, call.body["body"], "IssueComment")
    if not call.body["body"].strip():
        raise invalid("IssueComment", "body", "missing_field")
    made = call.standin.comment(call.repo.full_name, found.number, call.body["body"], call.user, call.app)
    return Answer(call.shapes.comment(call.repo, made), 201)


def _comment(call: Call) -> Comment:
    return call.one(call.repo.comments, "comment_id")


@answers(f"GET {REPO}/issues/comments/{{comment_id}}", needs=EITHER_READ)
def comment(call: Call) -> Json:
    return call.shapes.comment(call.repo, _comment(call))


@answers(f"PATCH {REPO}/issues/comments/{{comment_id}}", needs=EITHER_WRITE)
def edit_comment(call: Call) -> Json:
    found = _comment(call)
    too_long(None, call.body["body"], "IssueComment")
    found.body, found.updated = call.body["body"], call.standin.now()
    return call.shapes.comment(call.repo, found)


@answers(f"DELETE {REPO}/issues/comments/{{comment_id}}", needs=EITHER_WRITE)
def delete_comment(call: Call) -> None:
    del call.repo.comments[_comment(call).id]


@answers(f"GET {REPO}/issues/{{issue_number}}/labels", needs=EITHER_READ)
def labels(call: Call) -> Answer:
    return call.page(_issue(call).labels, lambda name: call.shapes.label(call.repo, name))


@answers(f"POST {REPO}/issues/{{issue_number}}/labels", needs=EITHER_WRITE)
def add_labels(call: Call) -> Json:
    found = _issue(call, writes=True)
    given = call.body if isinstance(call.body, list) else call.body.get("labels", [])
    found.labels += [name for name in given if name not in found.labels]
    return [call.shapes.label(call.repo, name) for name in found.labels]


@answers(f"GET {REPO}/issues/{{issue_number}}/reactions", needs=EITHER_READ)
def reactions(call: Call) -> Answer:
    return _reactions(call, _issue(call).reactions)


@answers(f"POST {REPO}/issues/{{issue_number}}/reactions", needs=EITHER_WRITE)
def react(call: Call) -> Answer:
    return _react(call, _issue(call, writes=True).reactions, call.user)


@answers(f"GET {REPO}/issues/comments/{{comment_id}}/reactions", needs=EITHER_READ)
def comment_reactions(call: Call) -> Answer:
    return _reactions(call, _comment(call).reactions)


@answers(f"POST {REPO}/issues/comments/{{comment_id}}/reactions", needs=EITHER_WRITE)
def react_to_comment(call: Call) -> Answer:
    return _react(call, _comment(call).reactions, call.user)


@answers(f"DELETE {REPO}/issues/comments/{{comment_id}}/reactions/{{reaction_id}}", needs=EITHER_WRITE)
def take_back(call: Call) -> None:
    reactions = _comment(call).reactions
    reactions.remove(call.one({reaction.id: reaction for reaction in reactions}, "reaction_id"))


def _reactions(call: Call, reactions: list[Reaction]) -> Answer:
    wanted = call.query.get("content")
    return call.page([found for found in reactions if wanted in (None, found.content)], call.shapes.reaction)


def _react(call: Call, reactions: list[Reaction], user: Account) -> Answer:
    content = call.body["content"]
    for known in reactions:
        if known.user is user and known.content == content:
            return Answer(call.shapes.reaction(known), 200)  # the same again is no new one
    made = Reaction(call.standin.identity(), user, content, call.standin.now())
    reactions.append(made)
    return Answer(call.shapes.reaction(made), 201)
