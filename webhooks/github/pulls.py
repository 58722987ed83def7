"""Our pull requests: found by their branch and marker, opened once, kept up to date, closed with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from github import GithubException
from github.PullRequest import PullRequest

from webhooks.github.client import maybe, told
from webhooks.github.comments import Comments
from webhooks.github.errors import Refused
from webhooks.github.marks import BODY, TITLE, cut_line, marked, same

_MOST = 1000  # open pull requests of a repository that are looked through for a marker


class Pull(NamedTuple):
    """A pull request as it stands. `closed_by` is known of one that `pull` or `find_pull` returned; `ours` if we opened it."""

    number: int
    url: str  # the page for people
    state: str  # open or closed
    merged: bool
    closed_by: str | None
    title: str
    body: str
    head: str
    head_sha: str
    base: str
    draft: bool
    author: str
    ours: bool


class Pulls(Comments):
    """The part of an installation that deals with pull requests."""

    @told("read pull request {number} of {full_name}")
    def pull(self, full_name: str, number: int) -> Pull:
        """Return one pull request."""
        return self._with_closer(full_name, self._pull(self.read(full_name).get_pull(number)))

    @told("find the pull request of {head} in {full_name}")
    def find_pull(self, full_name: str, head: str) -> Pull | None:
        """Return the open pull request from a branch of the repository itself, else the newest closed one, else None."""
        found = max(self._from(full_name, head, "all"), key=lambda one: (one.state == "open", one.number), default=None)
        return self._with_closer(full_name, found) if found else None

    @told("read the open pull requests of {full_name}")
    def open_pulls(self, full_name: str) -> tuple[Pull, ...]:
        """Return the open pull requests that we opened, newest first."""
        return tuple(one for one in self._open(full_name) if one.ours)

    @told("find the pull requests of {sha} in {full_name}")
    def pulls_of(self, full_name: str, sha: str) -> tuple[Pull, ...]:
        """Return the pull requests that hold a commit, whatever their state; a fork's check names none by itself."""
        return tuple(self._pull(one) for one in self.read(full_name).get_commit(sha).get_pulls())

    @told("open the pull request of {head} in {full_name}")
    def ensure_pull(self, full_name: str, head: str, base: str, title: str, body: str, marker: str) -> Pull:
        """Return the one open pull request from `head`, opened or edited so that it says this.

        Looks first: for an open one from the branch, then for an open one of ours with the marker. One that somebody else
        opened from the branch is returned as it is. When the very commit that the branch has now was already offered and
        closed without a merge, that closed one is returned and none is opened: a person may have closed it between a
        crash and the second try. Raises `Refused` when there is nothing to merge.
        """
        title, body = cut_line(title, TITLE), marked(body, marker, BODY)
        found = self._standing(full_name, head, marker) or self._declined(full_name, head, marker)
        if found is not None:
            return self._edited(full_name, found, base, title, body)
        try:
            opened = self.write(full_name).create_pull(base=base, head=head, title=title, body=body)
        except GithubException as error:
            # another job may have opened it meanwhile, or the list that we looked at was behind
            found = self._standing(full_name, head, marker) if error.status == 422 else None
            if found is None:
                raise
            return self._edited(full_name, found, base, title, body)
        return self._pull(opened)

    @told("close pull request {number} of {full_name}")
    def close_pull(self, full_name: str, number: int, comment: str, marker: str) -> Pull:
        """Say why in a comment with the marker, then close the pull request; of a closed one nothing is changed."""
        pull = self.write(full_name).get_pull(number)
        if pull.state == "open":
            self.ensure_comment(full_name, number, comment, marker)
            pull.edit(state="closed")
        return self._pull(pull)

    @told("open pull request {number} of {full_name} again")
    def reopen_pull(self, full_name: str, number: int) -> Pull:
        """Open a closed pull request again; raises `Refused` when it was merged or its branch is gone."""
        pull = self.write(full_name).get_pull(number)
        if pull.merged_at is not None:
            raise Refused(f"Can't open pull request {number} of {full_name} again: it was merged.")
        if pull.state != "open":
            pull.edit(state="open")
        return self._pull(pull)

    def _standing(self, full_name: str, head: str, marker: str) -> Pull | None:
        """Return the open pull request that is meant: of the branch, else ours with the marker."""
        for one in self._from(full_name, head, "open"):
            return one
        return next((one for one in self._open(full_name) if one.ours and marker in one.body), None)

    def _declined(self, full_name: str, head: str, marker: str) -> Pull | None:
        """Return our closed pull request that offered the commit which the branch has now."""
        closed = [one for one in self._from(full_name, head, "closed") if one.ours and not one.merged and marker in one.body]
        if not closed:
            return None
        newest = max(closed, key=lambda one: one.number)
        now = self.write(full_name).get_git_ref(f"heads/{head}").object.sha
        return self._with_closer(full_name, newest) if newest.head_sha == now else None

    def _edited(self, full_name: str, found: Pull, base: str, title: str, body: str) -> Pull:
        """Return our open pull request with this title and body; asks only when they differ."""
        if not found.ours or found.state != "open":
            return found
        if found.title == title and found.base == base and same(found.body, body):
            return found
        pull = self.write(full_name).get_pull(found.number)
        if found.base == base:
            pull.edit(title=title, body=body)
        else:
            pull.edit(title=title, body=body, base=base)
        return self._pull(pull)

    def _from(self, full_name: str, head: str, state: str) -> Iterator[Pull]:
        """Yield the pull requests from a branch of the repository itself, newest first.

        GitHub leaves the filter aside when it can't read it, and a fork may have a branch of that name: so each is looked at.
        """
        owner = full_name.partition("/")[0]
        listed = self.write(full_name).get_pulls(state=state, head=f"{owner}:{head}", sort="created", direction="desc")
        for one in islice(listed, _MOST):
            source = maybe(one.head.repo)  # None when the fork is gone
            if one.head.ref == head and source is not None and source.id == one.base.repo.id:
                yield self._pull(one)

    def _open(self, full_name: str) -> Iterator[Pull]:
        listed = self.write(full_name).get_pulls(state="open", sort="created", direction="desc")
        return (self._pull(one) for one in islice(listed, _MOST))

    def _pull(self, one: PullRequest) -> Pull:
        if not isinstance(one.number, int):
            raise KeyError("number")  # the answer to a write in a repository that was moved: a redirect
        author = one.user.login if maybe(one.user) is not None else ""  # a deleted account has none
        return Pull(
            number=one.number,
            url=one.html_url,
            state=one.state,
            merged=one.merged_at is not None,  # lists don't say `merged`
            closed_by=None,
            title=one.title,
            body=one.body or "",
            head=one.head.ref,
            head_sha=one.head.sha,
            base=one.base.ref,
            draft=bool(one.draft),
            author=author,
            ours=author == self.app.login,
        )

    def _with_closer(self, full_name: str, pull: Pull) -> Pull:
        """Return it with who closed it, which only the issue of the same number says."""
        if pull.state == "open" or pull.merged:
            return pull
        closer = self.read(full_name).get_issue(pull.number).closed_by
        return pull._replace(closed_by=closer.login if closer else None)
