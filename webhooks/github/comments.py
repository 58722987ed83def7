"""Our comments, found by their marker, and reactions to those of others."""

from __future__ import annotations

from typing import Literal

from webhooks.github.client import Client, maybe, told
from webhooks.github.marks import BODY, marked, same

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


class Comments(Client):
    """The part of an installation that deals with the comments of issues and pull requests."""

    @told("comment on {full_name} number {number}")
    def ensure_comment(self, full_name: str, number: int, body: str, marker: str) -> str:
        """Return the page of the one comment of ours with this marker, written or edited so that it says this.

        Others may quote our markers, so a comment counts only when we are its author.
        """
        body = marked(body, marker, BODY)
        issue = self.write(full_name).get_issue(number)
        for comment in issue.get_comments():
            author = maybe(comment.user)  # a deleted account's comments have none
            if author is not None and author.login == self.app.login and marker in (comment.body or ""):
                if not same(comment.body, body):
                    comment.edit(body)
                return comment.html_url
        return issue.create_comment(body).html_url

    @told("react to comment {comment} in {full_name}")
    def react(self, full_name: str, comment: int, reaction: Reaction) -> None:
        """React to a comment; GitHub keeps one reaction of a kind for each user, so doing it again changes nothing."""
        self.writes.requestJsonAndCheck(
            "POST", f"/repos/{full_name}/issues/comments/{comment}/reactions", input={"content": reaction}
        )
