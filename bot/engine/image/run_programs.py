"""Programs that a RUN starts and the image does not have, in the shell's own words.

A program that nobody brings fails with 127, which ends the RUN where its shell minds it; what a pipe hands on is then empty,
and what reads it often does not complain.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from bot.engine.image import managers, packages, programs
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Stage
from bot.engine.image.system import SystemCommands
from bot.engine.model.findings import MissingFile, MissingProgram, Place

_FOREIGN = frozenset("docker docker-compose podman".split())  # in no Python image
BROUGHT_BY = {  # programs that a distribution brings, by its name
    **{name: name for name in "playwright alembic gunicorn uvicorn celery flask prisma aerich mypy black ruff".split()},
    "django-admin": "django",
    "nltk": "nltk",
    **managers.BROUGHT_BY,
}
_SILENT = frozenset("sh bash dash ash zsh python python3".split())  # what does nothing with nothing, and succeeds
_LOUD = frozenset("tar bsdtar gpg apt-key".split())  # what fails when it is handed nothing


class ProgramCommands(SystemCommands):
    """Knows which programs are there. `lacks` is the one that the last command started and that is not."""

    def __init__(self, stage: Stage, place: Place) -> None:
        super().__init__(stage, place)
        self.functions: set[str] = set()  # that the script defines
        self.lacks: MissingProgram | None = None

    def look_for(self, words: Sequence[str | None], program: str) -> None:
        """Note what of the words that start a command is not there; a command that is fed by such a one reads nothing."""
        starved, self.lacks = self.lacks if self.piped else None, None
        for word in dict.fromkeys(words):
            missing = self.lacking(word) if word else None
            if missing and self.fatal:
                self.note_lacking(missing)
            elif missing:
                self.lacks = missing
        if starved and self.fatal:
            self.note_starved(starved, program)

    @property
    def spoken(self) -> str:
        """How the shell at hand begins its complaints."""
        if posixpath.basename(self.stage.shell[0]) == "bash":
            return f"{self.stage.shell[0]}: line 1:"
        return "/bin/sh:" if self.stage.base.system and self.stage.base.system.family == "alpine" else "/bin/sh: 1:"

    def not_found(self, program: str) -> str:
        """Return the shell's words for a program that is not there."""
        return f"{self.spoken} {program}: {'command not found' if 'bash' in self.spoken else 'not found'}"

    def lacking(self, word: str) -> MissingProgram | None:
        """Return a program that a slim image lacks and nothing has brought since."""
        system = self.stage.base.system
        if system is None or self.stage.sources or word in self.functions or "*" in self.stage.programs:
            return None
        if word not in programs.sources(system.family):
            return None
        source = programs.lacking(word, system, frozenset(self.stage.programs), self.stage.files)
        if source is None or (word in programs.FROM_PYTHON and self.may_bring(word)):
            return None
        return MissingProgram(word, source.package, None)

    def may_bring(self, program: str) -> bool:
        """Say whether a distribution of Python may have brought a program."""
        return packages.installed(tuple(self.stage.installs), self.stage.base.python).runs(program) is not False

    def note_lacking(self, missing: MissingProgram) -> None:
        """Note a program that is not there, and that the RUN fails with."""
        reason = f"{self.stage.base.name} has no `{missing.name}`"
        reason += f": the package {missing.package} brings it." if missing.package else ", nor has its system."
        sure = programs.everywhere(missing.name, self.stage.base.system)
        self.problems.append(Problem("program-missing", self.not_found(missing.name), reason, missing, sure))

    def note_starved(self, missing: MissingProgram, program: str) -> None:
        """Note that a command reads nothing, since what feeds it is not there: it fails, or does nothing and says nothing."""
        if program not in _SILENT | _LOUD:
            return
        reason = f"{self.stage.base.name} has no `{missing.name}`, so `{program}` reads nothing"
        reason += "." if program in _LOUD else ", does nothing, and the build goes on without what it should have installed."
        sure = program in _LOUD and programs.everywhere(missing.name, self.stage.base.system)
        self.problems.append(Problem("program-missing", self.not_found(missing.name), reason, missing, sure))

    def missing_program(self, word: str, program: str) -> bool:
        """Note a program that the image does not have: one that no Python image brings, or that no requirement is known to."""
        if word != program or not self.fatal or program in self.stage.programs or not self.stage.base.python:
            return False
        if program in self.functions:
            return False
        brought = BROUGHT_BY.get(program)
        if brought is None and program not in _FOREIGN:
            return False
        folders = ("/usr/local/bin", "/usr/bin", "/bin", *filter(None, (self.variable("PATH") or "").split(":")))
        if any(name.startswith(f"{program}-") or name == f"{program}.io" for name in self.stage.programs) or any(
            self.stage.files.find(path) or self.stage.files.tainted(path)
            for path in (posixpath.join(folder, program) for folder in folders)
        ):
            return False
        installed = packages.installed(tuple(self.stage.installs), self.stage.base.python)
        if (brought and (installed.opaque or installed.projects)) or installed.has(brought or program):
            return False
        manager = program in managers.PROGRAMS  # what it installs is followed all the same
        if manager and not (self.stage.followed and self.stage.base.bare):
            return False
        reason = f"No installed requirement is known to bring `{brought}`." if brought else f"The image has no {program}."
        certain = (manager or not brought) and self.stage.base.known and self.stage.followed
        missing = MissingFile(f"/usr/local/bin/{program}", None)
        self.problems.append(Problem("program-missing", self.not_found(program), reason, missing, certain))
        return not manager
