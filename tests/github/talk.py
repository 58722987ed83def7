"""What is said and proposed in a repository: issues, comments, pull requests, also from forks."""

from __future__ import annotations

from tests.github.bare import Person
from tests.github.state import Account, App, Comment, Issue, Pull, Repository
from tests.github.world import Refused, World, invalid


class Talk(World):
    """A world in which people open issues and pull requests, comment, close and merge."""

    def issue(self, full_name: str, title: str, body: str | None = None, by: Account | str = "alice") -> Issue:
        """Open an issue."""
        repository = self.find(full_name)
        return self._number(repository, title, body, self.who(by))

    def _number(self, repository: Repository, title: str, body: str | None, user: Account) -> Issue:
        now = self.now()
        number = max(repository.issues, default=0) + 1
        made = Issue(self.identity(), number, title, body, user, now, now)
        repository.issues[number] = made
        return made

    def comment(self, full_name: str, number: int, body: str, by: Account | str = "alice", app: App | None = None) -> Comment:
        """Comment on an issue or a pull request."""
        repository = self.find(full_name)
        now = self.now()
        made = Comment(self.identity(), number, self.who(by), body, now, now, app)
        repository.comments[made.id] = made
        repository.issues[number].updated = now
        return made

    def open_pull(
        self,
        full_name: str,
        head: str,
        base: str,
        title: str,
        body: str | None = None,
        by: Account | str = "alice",
        draft: bool = False,
    ) -> Issue:
        """Open a pull request for a branch; Refused: in GitHub's words."""
        repository = self.find(full_name)
        owner, _, branch = head.rpartition(":")
        owner = owner or repository.owner.login
        fork = self.fork_of(repository, owner)
        head_sha, base_sha = self.tip(repository, fork, branch), repository.git.head(base)
        if base_sha is None:
            raise invalid("PullRequest", "base", "invalid")
        if head_sha is None or (fork is None and owner.lower() != repository.owner.login.lower()):
            raise invalid("PullRequest", "head", "invalid")
        for number in repository.pulls:
            known = self.seen(repository, number)
            if known.state == "open" and known.pull and known.pull.place == (owner, branch, base):
                words = f"A pull request already exists for {owner}:{branch}."
                raise invalid("PullRequest", None, "custom", words)
        if repository.git.count(base_sha, head_sha) == 0:
            raise invalid("PullRequest", None, "custom", f"No commits between {base} and {branch}")
        if draft and not repository.drafts:
            raise Refused(422, "Draft pull requests are not supported in this repository.")
        made = self._number(repository, title, body, self.who(by))
        made.pull = Pull(self.identity(), branch, owner, base, head_sha, base_sha, draft, fork)
        return made

    def fork_of(self, repository: Repository, owner: str) -> Repository | None:
        """Return somebody's fork of a repository."""
        forks = (known for known in self.repositories.values() if known.source is repository)
        return next((fork for fork in forks if fork.owner.login.lower() == owner.lower()), None)

    def tip(self, repository: Repository, fork: Repository | None, branch: str) -> str | None:
        """Return the commit at the tip of a branch; one of a fork is fetched first, as GitHub keeps both in one store."""
        if fork is None:
            return repository.git.head(branch)
        place = f"refs/pull/{fork.owner.login}"
        repository.git.run("fetch", "-q", "--prune", str(fork.git.folder), f"+refs/heads/*:{place}/*")
        return repository.git.refs(f"{place}/{branch}").get(f"{place}/{branch}")

    def seen(self, repository: Repository, number: int) -> Issue:
        """Return a pull request as it stands after what was pushed: its head follows the branch while it is open.

        A branch that was deleted closes it, and one whose commits reached the base makes it merged.
        """
        issue = repository.issues[number]
        pull = issue.pull
        assert pull is not None
        if issue.state != "open":
            return issue
        head, base = self.tip(repository, pull.fork, pull.head), repository.git.head(pull.base)
        if base is not None:
            pull.base_sha = base
        if head is None:
            self.close(repository.full_name, number, by="ghost")
        elif base is not None and repository.git.ancestor(head, base):
            merged = head == pull.head_sha
            self.close(repository.full_name, number, by="ghost")
            if merged:
                pull.merged, pull.merged_by, pull.merge_sha = self.now(), issue.closed_by, base
        elif head != pull.head_sha:
            pull.head_sha, issue.updated = head, self.now()
        return issue

    def close(self, full_name: str, number: int, by: Account | str = "alice", reason: str | None = None) -> Issue:
        """Close an issue or a pull request."""
        issue = self.find(full_name).issues[number]
        if issue.state == "open":
            issue.state, issue.closed, issue.closed_by = "closed", self.now(), self.who(by)
            issue.reason = None if issue.pull else reason or "completed"
            issue.updated = self.now()
        return issue

    def reopen(self, full_name: str, number: int) -> Issue:
        """Open an issue or a pull request again; Refused: merged, its branch is gone, or another one is open for the branch."""
        repository = self.find(full_name)
        issue = repository.issues[number]
        if issue.state == "open":
            return issue
        if pull := issue.pull:
            changed = "state cannot be changed."
            if pull.merged:
                raise invalid("PullRequest", "state", "invalid", f"{changed} The pull request has been merged.")
            head = self.tip(repository, pull.fork, pull.head)
            if head is None:
                raise invalid("PullRequest", "state", "invalid", f"{changed} The {pull.head} branch has been deleted.")
            if not repository.git.ancestor(pull.head_sha, head):
                words = f"{changed} The {pull.head} branch was force-pushed or recreated."
                raise invalid("PullRequest", "state", "invalid", words)
            for other in repository.pulls.values():
                if other.pull and other.state == "open" and other.pull.place == pull.place:
                    words = f"{changed} There is already an open pull request for {pull.head}."
                    raise invalid("PullRequest", "state", "invalid", words)
        issue.state, issue.closed, issue.closed_by, issue.updated = "open", None, None, self.now()
        issue.reason = None if issue.pull else "reopened"
        return issue

    def merge(
        self, full_name: str, number: int, by: Account | str = "alice", method: str = "merge", message: str | None = None
    ) -> str:
        """Merge a pull request, and return the commit that did it; Refused: it can't be merged."""
        repository = self.find(full_name)
        issue = self.seen(repository, number)
        pull = issue.pull
        assert pull is not None
        tree = repository.git.merged_tree(pull.base_sha, pull.head_sha) if issue.state == "open" and not pull.draft else None
        if tree is None:
            raise Refused(405, "Pull Request is not mergeable")
        who = self.signature(self.who(by))
        parents = [pull.base_sha, pull.head_sha] if method == "merge" else [pull.base_sha]
        words = message or f"Merge pull request #{number} from {pull.head_owner}/{pull.head}\n\n{issue.title}"
        sha = repository.git.make_commit(tree, parents, words, who, Person("GitHub", "noreply@github.com", self.now()))
        repository.git.update(f"refs/heads/{pull.base}", sha)
        self.close(full_name, number, by)
        pull.merged, pull.merged_by, pull.merge_sha = self.now(), self.who(by), sha
        return sha
