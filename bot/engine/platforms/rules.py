"""What differs between platforms once a target is read: the machine's environment, what is reachable, and the words for it.

The simulation asks a `Rules` object and knows no platform by name; `of` returns the object of a target's platform.
"""

from __future__ import annotations

from typing import Protocol

from bot.engine.model.findings import Place
from bot.engine.model.target import Asked, Process, Provided, Service, Start, Target
from bot.engine.model.tree import Tree
from bot.engine.platforms.before import Doubt
from bot.engine.platforms.words import Words


class Rules(Protocol):
    """One platform. `name` is what sentences call it, `builder` what it prints before the image builder's own words,
    `shown` the Host of its health checks, as a log has it."""

    name: str
    builder: str
    shown: str

    def environment(self, target: Target, process: Process) -> dict[str, str | None]:
        """Return what the machine's environment holds beside the image's; None for a value that only the platform has."""
        ...

    def default_dockerfile(self, tree: Tree, directory: str) -> str | None:
        """Return the Dockerfile that is taken where none is named."""
        ...

    def no_dockerfile(self, target: Target, reading: Start, path: str | None) -> Words:
        """Say that there is no Dockerfile at `path`, or with None none where the platform looks by itself."""
        ...

    def serves(self, ports: set[int], port: int | None) -> bool:
        """Say whether an app that listens on all interfaces is found on `port` (None: a port that only the platform knows)."""
        ...

    def unreachable(self, target: Target, service: Service, code: str, says: str, place: Place) -> Words:
        """Say that the proxy can't reach what listens."""
        ...

    def not_exposed(self, target: Target, launcher: str) -> Words | None:
        """Say that a server serves nobody, where the platform leaves it so."""
        ...

    def takes(self, status: int) -> bool:
        """Say whether a health check takes an answer."""
        ...

    def asked(self, target: Target) -> Asked:
        """Return with which Host its health checks come."""
        ...

    def unhealthy(self, service: Service, says: str, place: Place) -> Words:
        """Say that a health check fails."""
        ...

    def doubts(self, tree: Tree, target: Target, reading: Start, workdir: str, told: bool) -> list[Doubt]:
        """Return what may make a deploy go otherwise than the files tell; `told`: a person said where it is started."""
        ...

    def brings(self, path: str, workdir: str) -> bool:
        """Say whether the platform may put a file at a path of the machine, by what only its dashboard shows."""
        ...

    def database(self, tree: Tree, target: Target, name: str, secret: bool) -> Provided | None:
        """Return the URL that a variable holds whose value is not written here, if it is a database's; `secret`: it is set."""
        ...

    def left(self, tree: Tree, target: Target, name: str) -> bool:
        """Say whether the config names a variable and leaves its value to a person."""
        ...

    def sets(self, target: Target, name: str, database: bool) -> tuple[str, str]:
        """Return the command that sets a variable, and a sentence on where a person does; one of them may be empty.

        `database`: its value is that of a database of PostgreSQL, which the platform may attach.
        """
        ...

    def mounted_for(self, user: str) -> str | None:
        """Return whose the mount point of a volume is, in an image with a USER; None where that is not known."""
        ...

    def deploy_command(self, directory: str, config: str) -> str:
        """Return the command that deploys a config from a folder; empty where a push does it."""
        ...


def of(platform: str) -> Rules:
    """Return a platform's rules."""
    if platform == "render":
        from bot.engine.platforms.render_rules import Render  # one platform is enough for most repositories

        return Render()
    from bot.engine.platforms.fly_rules import Fly

    return Fly()
