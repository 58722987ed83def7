"""Run the step of a build that the code needs the outcome of.

A client that is generated from a schema is not in the package that pip installs (`The Client hasn't been generated yet`), and a
storage with a manifest knows no static file before they are collected (`Missing staticfiles manifest entry for 'site.css'`:
every page that names one is answered with 500). On a laptop both were run once, by hand. The build runs the step, behind what
it needs: a release command would run it on a machine of its own.

Before (Dockerfile):                          After:

    COPY . .                                      COPY . .
    CMD ["gunicorn", "shop.wsgi"]                 RUN python manage.py collectstatic --noinput
                                                  CMD ["gunicorn", "shop.wsgi"]

References: https://docs.djangoproject.com/en/5.2/howto/static-files/deployment/
https://prisma-client-py.readthedocs.io/en/stable/getting_started/setup/ https://render.com/docs/deploy-django
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingStep, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _dockerfile, _yaml

CODEMOD = Codemod(answers=("client-not-generated", "static-not-collected"), since="0.1")
_SCHEMAS = ("schema.prisma", "prisma/schema.prisma")  # where prisma looks by itself
_BRINGING = ("COPY", "ADD")
_SKIPPED = frozenset("node_modules .git .venv venv".split())
_SECRET = re.compile(r"(?:\w*_)?SECRET(?:_KEY)?|SECRET_\w+|DJANGO_KEY")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the step at the end of the build."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, MissingStep) or report.image is None:
        return
    command = _command(detail.command, report, tree)
    if isinstance(command, Skip):
        yield command
        return
    native = report.target.build.native is not None
    changed = _in_native(tree, report, command) if native else _in_dockerfile(tree, report, command)
    if isinstance(changed, Skip):
        yield changed
        return
    yield Proposal(changed, f"The build runs `{detail.command}`, whose outcome the code needs.", "unsafe")


def _command(command: str, report: Report, tree: Tree) -> str | Skip:
    """Return the step as it is run where the build works: with the path of its file, and what settings ask for."""
    tool = "schema.prisma" if command.startswith("prisma") else "manage.py"
    found = [path for path in tree.walk("", _SKIPPED) if posixpath.basename(path) == tool]
    if len(found) != 1:
        return Skip(f"the repository has {len(found) or 'no'} {tool}")
    at = _place(report, found[0])
    if at is None:
        return Skip(f"{found[0]} is not in the image")
    if tool == "schema.prisma":
        return command if at in _SCHEMAS else f"{command} --schema={at}"
    missing = [each.name for each in report.assumptions if each.stage == "boot" and each.by in ("look-up", "guard", "call")]
    if [name for name in missing if not _SECRET.fullmatch(name)]:
        return Skip(f"the settings want {', '.join(missing)}, which the build does not have")
    given = "".join(f"{name}=build " for name in dict.fromkeys(missing))
    return given + command.replace("manage.py", at)


def _place(report: Report, path: str) -> str | None:
    """Return where a file of the repository lies, from where the build works; None where that is not below it."""
    image = report.image
    copies = image.files.files(image.workdir, posixpath.basename(path)) if image is not None else ()
    return next((posixpath.relpath(at, image.workdir) for at, tree in copies if image is not None and tree == path), None)


def _in_native(tree: Tree, report: Report, command: str) -> Tree | Skip:
    """Return the tree whose build command, or the script that it is, ends with the step."""
    config, key = report.target.config, (*report.target.key, "buildCommand")
    text = tree.text(config)
    written = _yaml.find(text, key)
    if not isinstance(written, str) or not written.strip() or "\n" in written.strip():
        return Skip("the build command is not written in one line")
    script = re.fullmatch(r"(?:(?:ba|)sh\s+)?(?:\./)?([\w./-]+\.sh)", written.strip())
    native = report.target.build.native
    path = posixpath.join(native.folder, script[1]) if script and native else None
    if path is not None and tree.is_file(path):
        shell = tree.text(path)
        end = newline(shell)
        return tree.write(path, shell.rstrip("\r\n") + f"{end}{command}{end}")
    changed = _yaml.set_value(text, key, f"{written.strip()} && {command}")
    return tree.write(config, changed) if changed else Skip("the build command is written in a way that is not edited")


def _in_dockerfile(tree: Tree, report: Report, command: str) -> Tree | Skip:
    """Return the tree whose Dockerfile runs the step behind the last COPY of its final stage."""
    image = report.image
    bringing = [item for item in image.instructions if item.name in _BRINGING] if image is not None else []
    if image is None or not bringing or not image.file.instructions:
        return Skip("the Dockerfile copies nothing into its final stage")
    number = next(index for index, item in enumerate(image.file.instructions) if item.start == bringing[-1].start)
    user = _dockerfile.user(image.file, number)
    if not _dockerfile.by_root(image.file, number):
        return Skip(f"the files are copied for {user or 'a user'}, who may not write beside them")
    edit: Splice = dockerfile.insert_after(image.file, image.file.instructions[number], f"RUN {command}")
    return tree.write(image.dockerfile, splice(image.file.text, [edit]))
