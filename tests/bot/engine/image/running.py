"""A RUN in a stage of its own, for the tests of what it does."""

from typing import NamedTuple

from bot.engine.image import bases, ignore
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, Made
from bot.engine.image.run import run
from bot.engine.image.stage import Install, Stage
from bot.engine.model.findings import Place
from tests.tools import tree

FILES = {
    "requirements.txt": "flask\n",
    "main.py": "",
    "manage.py": "",
    "start.sh": "",
    "lib/requirements.txt": "redis\n",
    "lib/util.py": "",
    "docs/a.md": "",
}
PLACE = Place("Dockerfile", 4)


class Ran(NamedTuple):
    """A stage after one RUN, and what that came to."""

    stage: Stage
    codes: list[str]
    messages: list[str]
    sure: list[bool]
    unknowns: list[str]

    @property
    def installs(self) -> list[Install]:
        return self.stage.installs

    @property
    def names(self) -> list[str]:
        return [requirement.line.value for install in self.installs for requirement in install.requirements]

    def tree(self, path: str) -> str | None:
        found = self.stage.files.find(path)
        return found.tree if found else None

    def has(self, path: str) -> bool:
        return self.stage.files.find(path) is not None

    def doubt(self, path: str) -> str | None:
        return self.stage.files.tainted(path)


def folders(install: Install) -> tuple[str, ...]:
    """Return the projects of an install, those of which it is known what they give included."""
    return (*install.projects, *(project.folder for project in install.given))


def ran(
    script: str,
    *,
    before: str = "",
    source: str | None = "",
    env=None,
    files=FILES,
    user="root",
    shell=None,
    programs=(),
    base="python:3.11-slim",
    **more,
) -> Ran:
    """Run a script in /app, into which the folder `source` was copied (None: nothing was); `before` is an earlier RUN."""
    stage = Stage("", bases.base(base))
    stage.programs.update(programs)
    stage.workdir, stage.user = "/app", user
    stage.env.update(env or {})
    stage.shell = shell or stage.shell
    stage.files.add(Made("/app", "folder", user))
    whole = tree(files, **more)
    if source is not None:
        folder = source not in files
        stage.files.add(
            Copied("/app" if folder else f"/app/{source}", Context(whole, "", ignore.NOTHING), source, folder, "root")
        )
    if before:
        run(stage, whole, before, PLACE)
    outcome = run(stage, whole, script, PLACE)
    problems = outcome.problems
    return Ran(
        stage,
        [problem.code for problem in problems],
        [problem.message for problem in problems],
        [problem.certain for problem in problems],
        [unknown.reason for unknown in outcome.unknowns],
    )
