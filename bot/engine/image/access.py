"""What a user may do with the files of an image: write in a folder, read a file, execute a program.

The kernel asks the same (path_resolution(7)): every folder on the way must let the user through, and the bits that count
are the owner's, else the group's, else those of everybody. Root may do all.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.image.filesystem import FileSystem, Rights
from bot.engine.image.users import Users

READ, WRITE, EXECUTE = 4, 2, 1


class Answer(NamedTuple):
    """Whether something is allowed, None where that can't be told; and why."""

    yes: bool | None
    reason: str


class Access:
    """Answers for one user of an image."""

    def __init__(self, files: FileSystem, users: Users, user: str) -> None:
        self.files = files
        self.users = users
        self.name = user.partition(":")[0]
        self.user = users.find(user)
        self.owner = users.owner(user)

    @property
    def root(self) -> bool:
        """Whether everything is allowed."""
        return self.user is not None and self.user.uid == 0

    def write(self, path: str) -> Answer:
        """Say whether the user may make or change what lies at a path, or make something in the folder that lies there."""
        path = posixpath.normpath(path)
        found = self.files.find(path)
        while found is None and path != "/":
            path = posixpath.dirname(path)
            found = self.files.find(path)
        return self._reached(path, WRITE | EXECUTE if found is None or found.kind == "folder" else WRITE)

    def read(self, path: str) -> Answer:
        """Say whether the user may read what lies at a path."""
        return self._reached(posixpath.normpath(path), READ)

    def execute(self, path: str) -> Answer:
        """Say whether the user may execute the file at a path, or go into the folder."""
        return self._reached(posixpath.normpath(path), EXECUTE)

    def _reached(self, path: str, bits: int) -> Answer:
        if self.root:
            return Answer(True, "root may do all")
        if self.user is None:
            return Answer(None, f"the user {self.name} is not known")
        unsure = None
        parts = path.split("/")
        for length in range(1, len(parts) if path != "/" else 1):
            answer = self._bits("/".join(parts[:length]) or "/", EXECUTE)
            if answer.yes is False:
                return answer
            unsure = unsure or (answer if answer.yes is None else None)
        answer = self._bits(path, bits)
        return answer if answer.yes is False or unsure is None else unsure

    def _bits(self, path: str, wanted: int) -> Answer:
        """Compare the bits of one path; that of several classes which may apply all have to say the same."""
        if doubt := self.files.doubted(path):
            return Answer(None, doubt)
        rights = self.files.rights(path)
        said = {(rights.mode >> shift) & wanted == wanted for shift in self._classes(rights)}
        belongs = f"{path} belongs to {self.users.named(rights.owner)} (mode {rights.mode:o})"
        if len(said) > 1:
            return Answer(None, f"{belongs}, and the groups of {self.name} are not known")
        return Answer(said.pop(), f"{belongs}.")

    def _classes(self, rights: Rights) -> tuple[int, ...]:
        """Return the shifts of the bits that may count: 6 for the owner, 3 for the group, 0 for the others."""
        user, _, group = rights.owner.partition(":")
        mine, _, my_group = self.owner.partition(":")
        if mine == user:
            return (6,)
        if user != "root" and not (mine.isdecimal() and user.isdecimal()):  # a name that may be the same user's
            return (6, 3, 0)
        group = group or ("0" if user == "root" else user)
        group = "0" if group == "root" else group
        groups = {"0" if each == "root" else each for each in (my_group, *(self.user.groups if self.user else ()))}
        if group in groups:
            return (3,)
        return (0,) if all(each.isdecimal() for each in (group, *groups)) else (3, 0)
