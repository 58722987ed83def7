"""Run the migrations before each deploy.

The repository has migrations, and nothing runs them: no release command, no start command, no build, no script, and no page of
documentation says how. The deploy passes, and the first request meets `relation "users" does not exist`. A release command
brings the tables up to date before the new machines start. Not where the database may be an SQLite file, nor where the code
makes its tables itself.

Before:                                           After:

    app = "demo"                                      app = "demo"

                                                      [deploy]
                                                        release_command = "alembic upgrade head"

References: https://fly.io/docs/reference/configuration/#run-one-off-commands-before-releasing-a-deployment,
https://render.com/docs/deploys#pre-deploy-command
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Tree, Unreadable, name
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _code, _migrations

CODEMOD = Codemod(answers=("migrations-not-run",), since="0.1")
_COMMANDS = {"alembic.ini": "alembic upgrade head", "manage.py": "python manage.py migrate --noinput"}
_RUNS = re.compile(r"alembic\b[^\n]*\bupgrade\b|\bmigrate\b|\bdb\b[ \t]+upgrade\b|\bflask-migrate\b", re.I)
_IN_CODE = re.compile(r"\bcreate_all\b|\bcommand\.upgrade\(|call_command\(\s*[\"']migrate|\bupgrade\(\)|[\"']upgrade[\"']")
_TELLING = (".sh", ".bash", ".yml", ".yaml", ".toml", ".md", ".mdx", ".txt", ".json", ".ps1", ".cfg", ".rst")
_NAMES = ("Makefile", "makefile", "justfile", "Justfile", "Procfile", "Taskfile", "Dockerfile")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield migrations that nothing in the repository runs."""
    image = report.image
    if image is None or not any(program.listen for booted in report.processes for program in booted.programs):
        return
    for base in _COMMANDS:
        found = image.files.find(posixpath.join(image.workdir, base))
        if found is None or found.tree is None or not _has_migrations(report, tree, found.tree):
            continue
        if _migrations.can_release(report, tree) and not _run(report, tree) and not _migrations.on_a_file(report, tree):
            message = f"{found.tree} has migrations, and nothing runs `{_COMMANDS[base]}`"
            reason = "Tables and columns that the new code wants are missing until somebody does."
            yield Weakness("migrations-not-run", "release", message, reason, Place(found.tree, 1), "", _COMMANDS[base])
        return


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a command before each deploy."""
    if isinstance(finding, Weakness):
        changed = _migrations.with_release(tree, report, finding.subject)
        why = f"`{finding.subject}` brings the tables up to date before the new code runs."
        yield changed if isinstance(changed, Skip) else Proposal(changed, why, "unsafe")


def _has_migrations(report: Report, tree: Tree, config: str) -> bool:
    """Say whether there is a migration: in the folder that alembic.ini names, or of an app of Django."""
    folder = posixpath.dirname(config)
    if name(config) == "manage.py":
        below = (path for path in survey.files(tree) if path.startswith(f"{folder}/" if folder else ""))
        return any(re.search(r"/migrations/\d{4}_\w+\.py$", path) for path in below)
    told = re.search(r"^script_location[ \t]*=[ \t]*(?:%\(here\)s/)?([\w./-]+)", tree.text(config), re.M)
    versions = posixpath.normpath(posixpath.join(folder, told[1], "versions")) if told else ""
    return bool(told) and any(each.endswith(".py") and each != "__init__.py" for each in tree.entries(versions))


def _run(report: Report, tree: Tree) -> bool:
    """Say whether anything may run the migrations: a program of a process, the code, a script, a page."""
    if any(_migrations.migrates(program) for booted in report.processes for program in booted.programs):
        return True
    native = report.target.build.native
    if (native and _RUNS.search(native.command)) or _code.holding(tree, _IN_CODE):
        return True
    return any(_tells(tree, path) for path in survey.files(tree) if path.endswith(_TELLING) or name(path).startswith(_NAMES))


def _tells(tree: Tree, path: str) -> bool:
    try:
        return _RUNS.search(tree.text(path)) is not None
    except Unreadable:
        return False
