"""The stand-in's state in GitHub's JSON: our state is laid over GitHub's own example where that has more than we know."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.github.bare import Commit, Entry, File, Person
from tests.github.description import example
from tests.github.state import Account, App, Comment, Installation, Issue, Reaction, Repository

Json = Any
REPO = "/repos/{owner}/{repo}"
OCTOCAT = re.compile(r"\boctocat\b")


def stamp(when: datetime | None) -> str | None:
    """Write a time as GitHub does."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def node(kind: str, identity: int) -> str:
    """Return a node id: opaque, but the same for the same thing."""
    return base64.b64encode(f"{kind}:{identity}".encode()).decode()


class Shapes:
    """Writes state as JSON; knows where the stand-in is served."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self.api = self.web = self.logs = "http://127.0.0.1:0"
        self.accounts = accounts
        self._moved_before: dict[tuple[object, ...], Json] = {}

    def repo_url(self, repository: Repository, rest: str = "") -> str:
        """Return an address of the API in a repository."""
        return f"{self.api}/repos/{repository.full_name}{rest}"

    def page(self, repository: Repository, rest: str = "") -> str:
        """Return the address of a page for people in a repository."""
        return f"{self.web}/{repository.full_name}{rest}"

    def like(self, operation: str, repository: Repository | None = None, number: int | None = None, *way: str | int) -> Json:
        """Return GitHub's example of an answer, or the part of it at the end of a way, with addresses that lead to us.

        It is not to be changed: the next who asks gets the same.
        """
        key = (operation, repository.full_name if repository else None, number, way, self.api, self.web)
        if key not in self._moved_before:
            value = example(operation)
            for step in way:
                value = value[step]
            self._moved_before[key] = self._moved(value, repository, number)
        return self._moved_before[key]

    def _moved(self, value: Json, repository: Repository | None, number: int | None) -> Json:
        if isinstance(value, dict):
            return {key: self._moved(inner, repository, number) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._moved(inner, repository, number) for inner in value]
        if not isinstance(value, str) or "github.com" not in value:
            return value
        if repository:
            value = re.sub(r"^https://api\.github\.com/repos/[^/{]+/[^/{]+", self.repo_url(repository), value)
            place = re.compile(r"^https://github\.com/(?!apps/|users/|orgs/|images/|login/)[\w-]+/[\w-]+")
            value = place.sub(self.page(repository), value)
        if number is not None:
            value = re.sub(r"/(issues|pulls|pull)/\d+", rf"/\1/{number}", value)
        value = re.sub(r"^https://api\.github\.com", self.api, value)
        return re.sub(r"^https://github\.com(?=/|$)", self.web, value)

    # who

    def user(self, account: Account) -> Json:
        """Write an account in short."""
        moved = self.like(f"GET {REPO}/pulls/{{pull_number}}", None, None, "user")
        login = quote(account.login)  # a bot's name has brackets
        told = {key: OCTOCAT.sub(login, value) if isinstance(value, str) else value for key, value in moved.items()}
        page = (
            f"{self.web}/apps/{account.login.removesuffix('[bot]')}" if account.kind == "Bot" else f"{self.web}/{account.login}"
        )
        return {
            **told,
            "login": account.login,
            "id": account.id,
            "node_id": node("User", account.id),
            "avatar_url": f"{self.web}/avatars/u/{account.id}",
            "html_url": page,
            "type": account.kind,
            "site_admin": False,
        }

    def whole_user(self, account: Account) -> Json:
        """Write an account as the question for it answers."""
        return {**self.like("GET /users/{username}"), **self.user(account), "name": account.name or None, "email": None}

    def app(self, app: App) -> Json:
        """Write an App."""
        return {
            **self.like("GET /app"),
            "id": app.id,
            "slug": app.slug,
            "client_id": app.client_id,
            "node_id": node("App", app.id),
            "owner": self.user(app.owner),
            "name": app.name,
            "description": "",
            "external_url": "https://example.com",
            "html_url": f"{self.web}/apps/{app.slug}",
            "created_at": stamp(app.created),
            "updated_at": stamp(app.created),
            "permissions": dict(app.permissions),
            "events": list(app.events),
        }

    def installation(self, installation: Installation) -> Json:
        """Write an installation."""
        return {
            **self.like("GET /app/installations/{installation_id}"),
            "id": installation.id,
            "account": self.user(installation.account),
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "target_id": installation.account.id,
            "target_type": installation.account.kind,
            "access_tokens_url": f"{self.api}/app/installations/{installation.id}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.web}/settings/installations/{installation.id}",
            "permissions": {"metadata": "read", **installation.permissions},
            "events": list(installation.app.events),
            "repository_selection": "all" if installation.chosen is None else "selected",
            "created_at": stamp(installation.created),
            "updated_at": stamp(installation.created),
            "suspended_at": stamp(installation.suspended),
            "suspended_by": self.user(installation.account) if installation.suspended else None,
        }

    # repositories

    def repository(self, repository: Repository, permissions: Mapping[str, bool] | None = None) -> Json:
        """Write a repository whole."""
        told = self.like(f"GET {REPO}", repository)
        told = {
            key: value for key, value in told.items() if key not in ("parent", "source", "template_repository", "organization")
        }
        stamped = stamp(repository.created)
        clone = self.page(repository, ".git")
        told |= {
            "id": repository.id,
            "node_id": node("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.user(repository.owner),
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "html_url": self.page(repository),
            "url": self.repo_url(repository),
            "description": None,
            "homepage": None,
            "language": "Python",
            "fork": repository.source is not None,
            "archived": repository.archived,
            "disabled": False,
            "is_template": False,
            "has_issues": repository.has_issues,
            "size": repository.size,
            "default_branch": repository.default_branch,
            "clone_url": clone,
            "git_url": clone,
            "ssh_url": f"git@127.0.0.1:{repository.full_name}.git",
            "svn_url": self.page(repository),
            "mirror_url": None,
            "topics": [],
            "license": None,
            "open_issues": (waiting := sum(issue.state == "open" for issue in repository.issues.values())),
            "open_issues_count": waiting,
            "permissions": {
                "admin": False,
                "maintain": False,
                "push": True,
                "triage": True,
                "pull": True,
                **(permissions or {}),
            },
            "created_at": stamped,
            "updated_at": stamped,
            "pushed_at": stamped,
        }
        if repository.source:
            told["parent"] = told["source"] = self.repository(repository.source)
        return told

    def person(self, person: Person) -> Json:
        """Write who made a commit."""
        return {"name": person.name, "email": person.email, "date": stamp(person.date)}

    def account_of(self, person: Person) -> Json:
        """Write the account that a commit's address belongs to, or null."""
        found = next((account for account in self.accounts.values() if account.email == person.email), None)
        return self.user(found) if found else None

    def git_commit(self, repository: Repository, commit: Commit) -> Json:
        """Write a commit as the git side of the API has it."""
        return {
            **self.like(f"GET {REPO}/git/commits/{{commit_sha}}", repository),
            "sha": commit.sha,
            "node_id": node("Commit", int(commit.sha[:8], 16)),
            "url": self.repo_url(repository, f"/git/commits/{commit.sha}"),
            "html_url": self.page(repository, f"/commit/{commit.sha}"),
            "author": self.person(commit.author),
            "committer": self.person(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": self.repo_url(repository, f"/git/trees/{commit.tree}")},
            "parents": [self._parent(repository, parent, "/git") for parent in commit.parents],
            "verification": _unsigned(),
        }

    def _parent(self, repository: Repository, sha: str, side: str = "") -> Json:
        page = self.page(repository, f"/commit/{sha}")
        return {"sha": sha, "url": self.repo_url(repository, f"{side}/commits/{sha}"), "html_url": page}

    def commit(self, repository: Repository, commit: Commit) -> Json:
        """Write a commit as the repository side of the API has it."""
        inner = {
            "url": self.repo_url(repository, f"/git/commits/{commit.sha}"),
            "author": self.person(commit.author),
            "committer": self.person(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": self.repo_url(repository, f"/git/trees/{commit.tree}")},
            "comment_count": 0,
            "verification": _unsigned(),
        }
        return {
            "sha": commit.sha,
            "node_id": node("Commit", int(commit.sha[:8], 16)),
            "url": self.repo_url(repository, f"/commits/{commit.sha}"),
            "html_url": self.page(repository, f"/commit/{commit.sha}"),
            "comments_url": self.repo_url(repository, f"/commits/{commit.sha}/comments"),
            "commit": inner,
            "author": self.account_of(commit.author),
            "committer": self.account_of(commit.committer),
            "parents": [self._parent(repository, parent) for parent in commit.parents],
        }

    def simple_commit(self, repository: Repository, sha: str) -> Json:
        """Write a commit as checks and runs carry it."""
        commit = repository.git.commit(sha)
        people = {
            role: {"name": who.name, "email": who.email}
            for role, who in (("author", commit.author), ("committer", commit.committer))
        }
        return {
            "id": sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": stamp(commit.committer.date),
            **people,
        }

    def ref(self, repository: Repository, name: str, sha: str) -> Json:
        """Write a ref, whose address has `refs`, in the plural, whatever was asked."""
        kind = repository.git.kind(sha) or "commit"
        return {
            "ref": name,
            "node_id": base64.b64encode(f"{repository.id}:{name}".encode()).decode(),
            "url": self.repo_url(repository, f"/git/{name}"),
            "object": {"type": kind, "sha": sha, "url": self.repo_url(repository, f"/git/{kind}s/{sha}")},
        }

    def entry(self, repository: Repository, entry: Entry) -> Json:
        """Write an entry of a tree."""
        told: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.kind != "commit":
            told["url"] = self.repo_url(repository, f"/git/{entry.kind}s/{entry.sha}")
        return told if entry.size is None else {**told, "size": entry.size}

    def file(self, repository: Repository, file: File, sha: str) -> Json:
        """Write a file that differs."""
        told = {
            "sha": file.sha,
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": self.page(repository, f"/blob/{sha}/{file.path}"),
            "raw_url": self.page(repository, f"/raw/{sha}/{file.path}"),
            "contents_url": self.repo_url(repository, f"/contents/{file.path}?ref={sha}"),
        }
        if file.patch:
            told["patch"] = file.patch
        return {**told, "previous_filename": file.previous} if file.previous else told

    # issues and comments

    def thread(self, repository: Repository, issue: Issue) -> Json:
        """Write what an issue and a pull request have alike."""
        return {
            "number": issue.number,
            "state": issue.state,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(issue.user),
            "labels": [self.label(repository, name) for name in issue.labels],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "locked": issue.locked,
            "active_lock_reason": None,
            "closed_at": stamp(issue.closed),
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "author_association": self.association(repository, issue.user),
        }

    def issue(self, repository: Repository, issue: Issue, comments: int) -> Json:
        """Write an issue; a pull request is one too."""
        url = self.repo_url(repository, f"/issues/{issue.number}")
        kind = "pull" if issue.pull else "issues"
        told = {
            **self.like("POST /repos/{owner}/{repo}/issues", repository, issue.number),
            **self.thread(repository, issue),
            "id": issue.id,
            "node_id": node("Issue", issue.id),
            "url": url,
            "repository_url": self.repo_url(repository),
            "html_url": self.page(repository, f"/{kind}/{issue.number}"),
            "state_reason": issue.reason,
            "comments": comments,
            "closed_by": self.user(issue.closed_by) if issue.closed_by else None,
        }
        told.pop("pull_request", None)
        if issue.pull:
            page = self.page(repository, f"/pull/{issue.number}")
            told["pull_request"] = {
                "url": self.repo_url(repository, f"/pulls/{issue.number}"),
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": stamp(issue.pull.merged),
            }
        return told

    def label(self, repository: Repository, name: str) -> Json:
        """Write a label."""
        identity = sum(name.encode()) + 1
        told = {"id": identity, "node_id": node("Label", identity), "name": name, "color": "ededed", "default": False}
        return {**told, "description": None, "url": self.repo_url(repository, f"/labels/{name}")}

    def association(self, repository: Repository, account: Account) -> str:
        """Return how somebody belongs to a repository, in GitHub's word."""
        if account is repository.owner:
            return "OWNER"
        return "COLLABORATOR" if account.login in repository.collaborators else "NONE"

    def comment(self, repository: Repository, comment: Comment) -> Json:
        """Write a comment."""
        kind = "pull" if comment.number in repository.pulls else "issues"
        return {
            **self.like("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", repository, comment.number),
            "id": comment.id,
            "node_id": node("IssueComment", comment.id),
            "url": self.repo_url(repository, f"/issues/comments/{comment.id}"),
            "html_url": self.page(repository, f"/{kind}/{comment.number}#issuecomment-{comment.id}"),
            "issue_url": self.repo_url(repository, f"/issues/{comment.number}"),
            "body": comment.body,
            "user": self.user(comment.user),
            "created_at": stamp(comment.created),
            "updated_at": stamp(comment.updated),
            "author_association": self.association(repository, comment.user),
            "performed_via_github_app": self.app(comment.app) if comment.app else None,
        }

    def reaction(self, reaction: Reaction) -> Json:
        """Write a reaction."""
        return {
            "id": reaction.id,
            "node_id": node("Reaction", reaction.id),
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": stamp(reaction.created),
        }


def _unsigned() -> Json:
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
