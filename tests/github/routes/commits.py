"""Commits and comparisons."""

from __future__ import annotations

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO
from tests.github.world import Refused


@answers(f"GET {REPO}/commits", needs="contents:read")
def commits(call: Call) -> Answer:
    git = call.repo.git
    if not git.refs("refs/heads/"):
        raise Refused(409, "Git Repository is empty.")
    sha = git.resolve(call.query.get("sha", call.repo.default_branch))
    if sha is None:
        raise Refused(404, "Not Found")
    return call.page(git.commits(sha, limit=10_000), lambda commit: call.shapes.commit(call.repo, commit))


@answers(f"GET {REPO}/commits/{{ref}}", needs="contents:read")
def commit(call: Call) -> Json:
    git = call.repo.git
    if not git.refs("refs/heads/"):
        raise Refused(409, "Git Repository is empty.")
    found = git.commit(call.commit("ref"))
    files = git.files(found.parents[0] if found.parents else git.tree_of(b""), found.sha)
    added, deleted = sum(file.additions for file in files), sum(file.deletions for file in files)
    return {
        **call.shapes.commit(call.repo, found),
        "stats": {"additions": added, "deletions": deleted, "total": added + deleted},
        "files": [call.shapes.file(call.repo, file, found.sha) for file in files],
    }


@answers(f"GET {REPO}/commits/{{commit_sha}}/pulls", needs="pull_requests:read|contents:read")
def pulls(call: Call) -> Answer:
    git = call.repo.git
    sha = call.commit("commit_sha")
    found = []
    for number in call.repo.pulls:
        issue = call.standin.seen(call.repo, number)
        pull = issue.pull
        if pull and (pull.merge_sha == sha or (git.ancestor(sha, pull.head_sha) and not git.ancestor(sha, pull.base_sha))):
            found.append(issue)
    return call.page(found, lambda issue: call.shapes.pull(call.repo, issue, whole=False))


@answers(f"GET {REPO}/compare/{{basehead}}", needs="contents:read")
def compare(call: Call) -> Json:
    git = call.repo.git
    base, dots, head = call.text("basehead").partition("...")
    one, other = git.resolve(base.rpartition(":")[2]), git.resolve(head.rpartition(":")[2])
    if not dots or one is None or other is None:
        raise Refused(404, "Not Found")
    common = git.base(one, other)
    if common is None:
        raise Refused(404, f"No common ancestor between {base} and {head}.")
    ahead, behind = git.count(one, other), git.count(other, one)
    words = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    page = call.shapes.page(call.repo, f"/compare/{base}...{head}")
    new = git.commits(f"{one}..{other}")[::-1]  # oldest first
    return {
        **call.shapes.like(f"GET {REPO}/compare/{{basehead}}", call.repo),
        "url": call.shapes.repo_url(call.repo, f"/compare/{base}...{head}"),
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": call.shapes.commit(call.repo, git.commit(one)),
        "merge_base_commit": call.shapes.commit(call.repo, git.commit(common)),
        "status": words[ahead > 0, behind > 0],
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [call.shapes.commit(call.repo, commit) for commit in new],
        "files": [call.shapes.file(call.repo, file, other) for file in git.files(common, other)],
    }
