"""What a RUN's shell does itself: `cd` and its like, and `.`, which is also how a virtual environment is activated."""

from __future__ import annotations

import posixpath
import re

from bot.engine.image import complaints
from bot.engine.image.complaints import Shell
from bot.engine.image.problem import Problem
from bot.engine.image.run_programs import ProgramCommands
from bot.engine.image.stage import Stage
from bot.engine.model.findings import MissingFile, MissingProgram, Place


class ShellCommands(ProgramCommands):
    """Keeps the folder that commands run in, and the environment that they use."""

    def __init__(self, stage: Stage, place: Place) -> None:
        super().__init__(stage, place)
        self.left: list[str] = []  # the folders that pushd went away from
        self.environment: str | None = None  # the virtual environment that was activated
        self.reader = Shell(stage.shell[0], self.kind(stage.shell[0]), False)

    def kind(self, program: str) -> complaints.Kind:
        """Return which shell a program or a first line starts."""
        system = self.stage.base.system
        if "bash" in program or "zsh" in program:
            return "bash"
        return "ash" if system and system.family == "alpine" else "dash"

    # --- folders

    def lose(self, where: str) -> None:
        """Go to a folder that can't be told: what relative paths mean is not known any more."""
        self.lost = True
        self.stage.files.taint(self.stage.workdir, f"RUN goes to {where}")

    def change_folder(self, program: str, arguments: list[str | None]) -> None:
        """Follow cd, pushd and popd."""
        if program == "popd":
            if self.left:
                self.folder = self.left.pop()
            return
        before = self.folder
        target = arguments[0] if arguments else "~"
        if target is None or target == "-":
            self.lose("a folder that is made at run time")
        elif target.startswith("~"):
            home = self.variable("HOME") if target.split("/")[0] == "~" else None
            self.folder = posixpath.normpath(posixpath.join(home or "/root", target[2:]))
            if home is None:
                self.lose(f"the home folder of {self.user}")
        elif program == "pushd" or self.enters(target):
            self.folder = self.path(target)
        if program == "pushd":
            self.left.append(before)

    def enters(self, target: str) -> bool:
        """Say whether `cd` leaves its folder, which it does not for one that is not there; after a fault, as if it were."""
        path, files = self.path(target), self.stage.files
        known = self.stage.followed and self.stage.base.known and not self.lost and not any(mark in target for mark in "*?-$~")
        there = files.find(path) or files.assumed(path) or files.tainted(path) or complaints.BASE_FOLDERS.match(path)
        if there or not known or self.optional:
            return True
        if not self.fatal:
            return False
        certain, reason = files.judged(path, f"The command runs in {self.folder}, where the image has no such folder.")
        message = self.reader.no_folder(target)
        self.problems.append(Problem("folder-missing", message, reason, MissingFile(path, None), certain))
        files.taint(path, f"{target} is taken to be there", assumed=True)
        return True

    # --- scripts that it reads itself

    def sourced(self, words: list[str | None]) -> None:
        """Follow `.` and `source`: of scripts, what `activate` does is known."""
        command, script = words[0] or ".", words[1] if len(words) > 1 else None
        unknown = command == "source" and self.reader.kind == "dash" and self.stage.base.system is not None
        unknown = unknown and command not in self.functions
        if unknown and not self.fatal:
            return
        prefix = complaints.environment(self.folder, script) if script else None
        unmade = prefix is not None and script is not None and self.unmade(prefix, self.path(script))
        if unknown:
            reason = "`source` is a command of bash, and sh is dash in images of Debian: that knows `.` alone."
            missing = MissingFile(self.path(script or ""), None) if unmade else MissingProgram(command, None, None)
            self.problems.append(Problem("needs-bash", self.reader.says(command, False), reason, missing, True))
        if script is None or posixpath.basename(script) != "activate":
            self.not_followed(words)
            return
        if unmade:
            if prefix and not unknown:
                self.no_environment(command, script, prefix)
            return
        self.environment = posixpath.dirname(posixpath.dirname(self.path(script)))

    def unmade(self, prefix: str, path: str) -> bool:
        """Say whether nothing so far made an environment, and nothing that was not followed may have."""
        made = (*self.stage.environments, *(each.prefix for each in self.stage.installs))
        known = self.stage.followed and self.stage.base.known and not self.lost
        return known and prefix not in made and complaints.absent(self.stage.files, prefix, path)

    def by_path(self, words: list[str | None]) -> list[str | None]:
        """Return a command that names a program of an environment which nothing made as if it named the program alone."""
        word = words[0] or ""
        path = self.path(word)
        prefix, name = posixpath.dirname(posixpath.dirname(path)), posixpath.basename(path)
        ours = re.fullmatch(r"(?:python|pip)[\d.]*", name) and not word.startswith("~") and not prefix.endswith("/.local")
        if "/bin/" not in word or not ours or prefix in ("/", "/usr", "/usr/local") or not self.unmade(prefix, path):
            return words
        if self.fatal:
            certain, reason = complaints.judged(self.stage.files, prefix, path)
            message, missing = self.reader.no_program(word), MissingFile(path, None)
            self.problems.append(Problem("environment-not-made", message, reason, missing, certain))
        return [name, *words[1:]]

    def no_environment(self, command: str, script: str, prefix: str) -> None:
        """Note a virtual environment that is activated and that nothing made, where the RUN ends with that."""
        ends = self.reader.ends_with(command) and not (self.optional or self.lost)
        if not (self.fatal or ends):
            return
        certain, reason = complaints.judged(self.stage.files, prefix, self.path(script))
        message, missing = self.reader.no_script(command, script), MissingFile(self.path(script), None)
        self.problems.append(Problem("environment-not-made", message, reason, missing, certain))
