"""An image of a buildpack, as far as it can be told: the folder that the deploy starts in, at /workspace.

Cloud Native Buildpacks take one folder, and a command runs in /workspace through their launcher, in a shell (buildpacks/spec
`platform.md`, buildpacks/lifecycle `launch/`). What a builder installs, and which Python it takes, is not known; so nothing is
reported but a module that the repository has outside of that folder.
"""

from __future__ import annotations

from bot.engine.image.bases import NEWEST, PATH, Base
from bot.engine.image.context import Context, ignore_rules
from bot.engine.image.filesystem import Copied
from bot.engine.image.finished import finished
from bot.engine.image.stage import Image, Install, Stage
from bot.engine.model.findings import Fault, MissingModule, Place
from bot.engine.model.tree import Tree, join, parent

HOME = "/workspace"


def build(tree: Tree, folder: str, place: Place) -> Image:
    """Return the image of a folder; `place` is where the config names the builder."""
    base = Base("a buildpack's image", True, NEWEST, {"PATH": PATH}, (), None)
    context = Context(tree, folder, ignore_rules(tree, folder, join(folder, "Dockerfile") or "Dockerfile"))
    stage = Stage("", base)
    stage.files.add(Copied(HOME, context, "", True, "root"))
    stage.workdir, stage.user = HOME, "root"
    stage.installs.append(Install("/usr/local", (), (), "what a buildpack installs is not followed", place))
    return finished(stage, context)


def told(fault: Fault, tree: Tree, folder: str) -> bool:
    """Say whether a fault of the process is known: the repository has the module, and not in the folder that is built."""
    if not isinstance(fault.detail, MissingModule):
        return False
    top = fault.detail.name.partition(".")[0]

    def has(path: str) -> bool:
        return tree.is_file(f"{path}.py") or tree.is_folder(path)

    above = folder
    while above:
        above = parent(above)
        if has(f"{above}/{top}" if above else top):
            return not has(f"{folder}/{top}")
    return False
