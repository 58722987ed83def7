"""Set PYTHONPATH when the start command's imports begin above its folder.

`WORKDIR /app/backend` with `uvicorn main:app` puts `/app/backend` on sys.path, and `from backend.db import …` in main.py
needs `/app`: `ModuleNotFoundError: No module named 'backend'`. PYTHONPATH names the folder that the imports count from, for
every process of the image and for `fly ssh console` too. A native service of Render has no Dockerfile: there it is a variable
of the Blueprint.

Before:                                   After:

    WORKDIR /app/backend                      WORKDIR /app/backend
                                              ENV PYTHONPATH=/app

References: https://docs.python.org/3/using/cmdline.html#envvar-PYTHONPATH
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import packages
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingModule, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _yaml

CODEMOD = Codemod(answers=("module-not-found", "entry-not-found"), since="0.1", rank=30)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose each folder of the image in which the missing module would be found."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingModule):
        return
    native = report.target.build.native is not None
    if not image.instructions and not native:
        yield Skip("there is no Dockerfile to edit")
        return
    top = finding.detail.name.partition(".")[0]
    folders = _folders(image, top)
    if not folders:
        yield Skip(f"no folder of the image has a module `{top}`")
    for folder in folders[:4]:
        rationale = f"The imports count from {folder}, which is not on sys.path: the launcher only adds its own folder."
        if native:
            yield _in_blueprint(report, tree, folder, rationale)
            continue
        edit = _edit(image, folder)
        if edit is None:
            yield Skip("PYTHONPATH is set in a way that is not edited")
            return
        yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)


def _in_blueprint(report: Report, tree: Tree, folder: str, rationale: str) -> Proposal | Skip:
    """Return the variable of a Blueprint's service: a new one, or another entry in the one that is there."""
    config, service = report.target.config, report.target.key
    text, listed = tree.text(config), _yaml.find(tree.text(config), (*service, "envVars"))
    for index, variable in enumerate(listed if isinstance(listed, list) else ()):
        old = variable.get("value") if isinstance(variable, dict) and variable.get("key") == "PYTHONPATH" else None
        if isinstance(old, str) and folder not in old.split(":"):
            changed = _yaml.set_value(text, (*service, "envVars", index, "value"), f"{old}:{folder}")
            return (
                Proposal(tree.write(config, changed), rationale)
                if changed
                else Skip("PYTHONPATH is not edited as it is written")
            )
    if "PYTHONPATH" in report.target.env:
        return Skip("PYTHONPATH is set in a way that is not edited")
    changed = _yaml.add_variable(text, service, "PYTHONPATH", folder)
    return Proposal(tree.write(config, changed), rationale) if changed else Skip("the variables stand in braces")


def _folders(image: Image, top: str) -> list[str]:
    """Return the folders of the image that hold the repository's own module `top`, shortest first.

    `celery.py` in a package is not what `import celery` means, where a distribution gives that.
    """
    found, given = set(), packages.provider(top) is not None
    for path, _ in image.files.files("/", ".py"):
        parts = path.split("/")
        for index, part in enumerate(parts):
            if part == top or (index == len(parts) - 1 and part == f"{top}.py"):
                folder = "/".join(parts[:index]) or "/"
                if not given or part == top or image.files.find(posixpath.join(folder, "__init__.py")) is None:
                    found.add(folder)
    return sorted(found, key=lambda folder: (folder.count("/"), folder))


def _edit(image: Image, folder: str) -> Splice | None:
    """Return the edit of the final stage: another entry in PYTHONPATH where it is set, else a line of its own."""
    for item in image.instructions:
        if item.name == "ENV" and any(name == "PYTHONPATH" for name, _ in dockerfile.pairs(item.value)):
            return _extended(image, item, folder)
    if "PYTHONPATH" in image.env:  # it comes with the stage or the image that this one starts from
        return None
    environment = [item for item in image.instructions if item.name == "ENV"]
    workdir = [item for item in image.instructions if item.name == "WORKDIR"]
    after = (environment or workdir or list(image.instructions[:1]))[-1]
    return dockerfile.insert_after(image.file, after, f"ENV PYTHONPATH={folder}")


def _extended(image: Image, item: Instruction, folder: str) -> Splice | None:
    old = image.env.get("PYTHONPATH")
    text = image.file.text[item.start : item.end]
    if not old or text.count(old) != 1 or folder in old.split(":") or "PYTHONPATH" in text.replace("PYTHONPATH", "", 1):
        return None
    at = item.start + text.index(old) + len(old)
    return Splice(at, at, f":{posixpath.normpath(folder)}")
