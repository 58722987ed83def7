"""What an operation gets to see of a request, what it answers, and the list of all operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from tests.github.description import Operation
from tests.github.state import Account, App, Issue, Repository, Token
from tests.github.world import Refused

if TYPE_CHECKING:
    from tests.github.standin import Standin

Json = Any
Item = TypeVar("Item")


class Answer(NamedTuple):
    """An answer; a status of 0 means the first success that the description has."""

    body: Json = None
    status: int = 0
    headers: Mapping[str, str] = {}


class Call:
    """A request whose sender, repository and permissions are known to be good."""

    def __init__(
        self,
        standin: Standin,
        operation: Operation,
        query: Mapping[str, str],
        body: Json,
        actor: Token | App | None,
        repository: Repository | None,
    ) -> None:
        self.standin = standin
        self.shapes = standin.shapes
        self.operation = operation
        self.query = query
        self.body: Json = body if body is not None else {}
        self.actor = actor
        self._repository = repository

    @property
    def repo(self) -> Repository:
        """The repository that the path names."""
        assert self._repository is not None
        return self._repository

    @property
    def token(self) -> Token:
        """The installation token that was sent."""
        assert isinstance(self.actor, Token)
        return self.actor

    @property
    def app(self) -> App:
        """The App that asks."""
        assert self.actor is not None
        return self.actor if isinstance(self.actor, App) else self.actor.installation.app

    @property
    def user(self) -> Account:
        """The account in whose name things are done: the App's bot."""
        return self.app.bot

    def text(self, name: str) -> str:
        """Return a parameter of the path."""
        return self.operation.parameters[name]

    def number(self, name: str) -> int:
        """Return a parameter of the path that is a number."""
        if not self.text(name).isdigit():
            raise Refused(404, "Not Found")
        return int(self.text(name))

    def one(self, things: Mapping[int, Item], name: str) -> Item:
        """Return the thing that the path names by number."""
        found = things.get(self.number(name))
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def issue(self, name: str = "issue_number") -> Issue:
        """Return the issue that the path names, as it stands after what was pushed."""
        issue = self.one(self.repo.issues, name)
        return self.standin.seen(self.repo, issue.number) if issue.pull else issue

    def commit(self, name: str) -> str:
        """Return the commit that a ref in the path means; 422 as GitHub has it where there is none."""
        found = self.repo.git.resolve(self.text(name))
        if found is None:
            raise Refused(422, f"No commit found for SHA: {self.text(name)}")
        return found

    def page(self, items: Sequence[Item], shape: Callable[[Item], Json], key: str | None = None) -> Answer:
        """Answer with a page of a list, and with links to the others; `key`: the list lies in an object with its count."""
        size = min(int(self.query.get("per_page", "30")), 100)
        at = max(int(self.query.get("page", "1")), 1)
        last = max(-(-len(items) // size), 1)
        shown = [shape(item) for item in items[(at - 1) * size : at * size]]
        where = self.shapes.api + _path(self.operation)
        pages = {"prev": at - 1, "next": at + 1, "last": last, "first": 1}
        shown_links = [rel for rel in pages if (rel in ("prev", "first") and at > 1) or (rel in ("next", "last") and at < last)]
        links = (f'<{where}?{urlencode({**self.query, "page": pages[rel]})}>; rel="{rel}"' for rel in shown_links)
        headers = {"Link": ", ".join(links)} if last > 1 else {}
        return Answer({"total_count": len(items), key: shown} if key else shown, 200, headers)


def _path(operation: Operation) -> str:
    template = operation.name.partition(" ")[2]
    return re.sub(r"\{(\w+)\}", lambda found: operation.parameters[found[1]], template)


Handler = Callable[[Call], Json | Answer]


class Answered(NamedTuple):
    """An operation that is answered. `needs`: what the token must carry, alternatives parted by a bar, as
    `issues:write|pull_requests:write`; `jwt`: the App itself asks; empty: anybody may."""

    handler: Handler
    needs: str


OPERATIONS: dict[str, Answered] = {}


def answers(operation: str, needs: str) -> Callable[[Handler], Handler]:
    """Enter a function into the list of operations; the description has to know the operation."""

    def enter(handler: Handler) -> Handler:
        OPERATIONS[operation] = Answered(handler, needs)
        return handler

    return enter
