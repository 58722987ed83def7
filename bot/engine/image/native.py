"""A build without a Dockerfile: a clone of the repository, the platform's Python, and a build command in a shell.

Render's native runtime for Python: the clone lies at /opt/render/project/src, commands run in it or in the service's rootDir
(https://render.com/docs/native-runtimes, https://render.com/docs/monorepo-support); compilers, git and curl are there.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bot.engine.image import ignore, run
from bot.engine.image.bases import PATH, Base
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied
from bot.engine.image.finished import finished
from bot.engine.image.stage import Image, Stage
from bot.engine.model.findings import Fault
from bot.engine.model.target import Native
from bot.engine.model.tree import Tree

if TYPE_CHECKING:
    from bot.engine.model.index import Index

HOME = "/opt/render/project/src"
_ENVIRONMENT = f"{HOME}/.venv"  # which is active while the service is built and run
_SYSTEM = frozenset("git curl wget gcc g++ make uv poetry pipenv pdm pip-sync pip-compile pipx".split())


def build(tree: Tree, wanted: Native, env: dict[str, str | None], index: Index | None = None) -> Image:
    """Run the build command on a clone; `env` is the service's environment, which the build sees, `index` resolves installs."""
    version = f"{wanted.python[0]}.{wanted.python[1]}"
    env_of_base: dict[str, str | None] = {"PATH": f"/usr/local/bin:{PATH}"}
    base = Base(f"Render's Python {version}", True, wanted.python, env_of_base, (), None, settled=wanted.pinned)
    context = Context(tree, "", ignore.NOTHING)
    stage = Stage("", base)
    stage.index = index
    stage.env.update({**env, "PATH": f"{_ENVIRONMENT}/bin:{stage.env['PATH']}"})
    stage.env |= {"VIRTUAL_ENV": _ENVIRONMENT, "UV_PROJECT_ENVIRONMENT": _ENVIRONMENT}
    stage.environments.append(_ENVIRONMENT)
    stage.files.cloned = True
    stage.files.add(Copied(HOME, context, "", True, "root"))
    stage.workdir = posixpath.normpath(posixpath.join(HOME, wanted.folder))
    stage.shell = ("bash", "-c")
    stage.programs.update(_SYSTEM)
    if wanted.folder and not tree.is_folder(wanted.folder):  # told by the platform
        stage.files.taint(stage.workdir, f"{wanted.folder} is taken to be there", assumed=True)
    outcome = run.run(stage, tree, wanted.command, wanted.place)
    faults = wanted.faults + tuple(
        Fault(
            problem.code,
            "build",
            0,
            "",
            "certain" if problem.certain else "likely",
            problem.message,
            problem.reason,
            wanted.place,
            (),
            problem.missing,
        )
        for problem in outcome.problems
    )
    return finished(stage, context, faults, outcome.unknowns)
