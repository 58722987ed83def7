"""Who a RUN runs as, and what that user may do: owners and modes that its commands change, and writes that are denied.

Words of GNU coreutils, dash and shadow in Debian bookworm, tried.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from bot.engine.image import accounts, modes
from bot.engine.image.access import Access
from bot.engine.image.filesystem import Given, Made
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Stage
from bot.engine.model.findings import Denied, MissingUser, Place, Unknown

_NEED_ROOT = {  # program: what it prints to other users; what installs packages is told elsewhere
    "useradd": "useradd: Permission denied.",
    "groupadd": "groupadd: Permission denied.",
    "usermod": "usermod: Permission denied.",
    "adduser": "adduser: Only root may add a user or group to the system.",
    "addgroup": "addgroup: Only root may add a user or group to the system.",
}
MESSAGES = {  # what GNU's tools print
    "mkdir": "mkdir: cannot create directory ‘{}’: Permission denied",
    "install": "install: cannot create directory ‘{}’: Permission denied",
    "touch": "touch: cannot touch '{}': Permission denied",
    "tee": "tee: {}: Permission denied",
    "sed": "sed: couldn't open temporary file ./sed…: Permission denied",
    "rm": "rm: cannot remove '{}': Permission denied",
    "cp": "cp: cannot create regular file '{}': Permission denied",
    "ln": "ln: failed to create symbolic link '{}': Permission denied",
    "venv": "Error: [Errno 13] Permission denied: '{}'",
    "chown": "chown: changing ownership of '{}': Operation not permitted",
    "chgrp": "chgrp: changing group of '{}': Operation not permitted",
    "chmod": "chmod: changing permissions of '{}': Operation not permitted",
}
ACCOUNTS = ("/etc/passwd", "/etc/group", "/etc/shadow")
_ONLY_IN_A_SHELL = frozenset("? $ ! - # UID EUID RANDOM HOSTNAME OLDPWD SECONDS".split())
_WILD = re.compile(r"[^/]*[*?\[{].*", re.S)


class RightsCommands:
    """Follows one command after another in a stage; `folder`, `lost`, `fatal` and `optional` are those of the moment."""

    def __init__(self, stage: Stage, place: Place) -> None:
        self.stage = stage
        self.place = place
        self.folder = stage.workdir
        self.lost = False  # a `cd` led to a folder that can't be told
        self.problems: list[Problem] = []
        self.unknowns: list[Unknown] = []
        self.fatal = True  # whether the command at hand can make the whole RUN fail
        self.optional = False  # whether it may not run at all
        self.user = stage.user  # as whom it runs
        self.variables: dict[str, str | None] = {}

    def variable(self, name: str) -> str | None:
        """Return what a variable of the script or the image holds: `""` when unset, None when it can't be told."""
        if name in self.variables:
            return self.variables[name]
        if name.isdigit() or name in ("@", "*"):  # the arguments of a script or a function
            return None
        value = self.stage.variable(name)
        if value == "" and name == "HOME":
            return self.stage.users.home(self.user)
        return self.folder if name == "PWD" else None if name in _ONLY_IN_A_SHELL and not value else value

    def path(self, word: str) -> str:
        """Return the path that a word means here."""
        return posixpath.normpath(posixpath.join(self.folder, word))

    @property
    def owner(self) -> str:
        """Whose the files are that a command makes."""
        return self.stage.users.owner(self.user)

    @property
    def access(self) -> Access:
        """What the command's user may do."""
        return Access(self.stage.files, self.stage.users, self.user)

    # --- what is denied

    def denied(self, program: str, word: str, path: str | None = None, message: str = "") -> bool:
        """Note that the user may not write where a word leads, if that is known and makes the build fail; say whether it is."""
        path = self.path(word) if path is None else path
        if not self.fatal or self.owner == "root" or (self.lost and not word.startswith("/")):
            return False
        answer = self.access.write(path)
        if answer.yes is False:
            self.refused(program, path, message or MESSAGES[program].format(word), answer.reason)
        return answer.yes is False

    def refused(self, program: str, path: str, message: str, reason: str) -> None:
        """Note a command that its user may not do."""
        name = self.stage.users.named(self.owner)
        detail = Denied(program, path, name, None)
        reason = f"{reason} The command runs as {name}."
        self.problems.append(Problem("permission-denied", message, reason, detail, self.stage.followed))

    def needs_root(self, program: str) -> None:
        """Note a command that only root may run, where another user does."""
        message = _NEED_ROOT.get(program)
        if message and self.fatal and self.stage.base.known and self.access.root is False and self.access.user:
            self.refused(program, "/", message, "Only root may do this.")

    # --- users

    def changes_accounts(self, program: str, arguments: list[str | None]) -> bool:
        """Follow useradd and its like; say whether the program is one of them."""
        if program not in accounts.PROGRAMS:
            return False
        users, base = self.stage.users, self.stage.base
        if self.optional and None not in arguments:  # it may have run: who it names is there or not
            before = users.doubt
            accounts.follow(users, program, arguments, base)
            users.doubt = before or f"{program} that may not run"
            return True
        outcome = accounts.follow(users, program, arguments, base)
        if outcome.message and self.fatal and users.doubt is None:
            name = re.search(r"['`]([^']*)'", outcome.message)
            missing = name[1] if name else ""
            sure = self.stage.followed and not self.stage.may_bring(missing)
            reason = f"{program} gives up, and the build with it."
            detail = MissingUser(missing, None)
            self.problems.append(Problem("user-unknown", outcome.message, reason, detail, sure))
        if outcome.home and not self.stage.files.find(outcome.home.path):
            above = posixpath.dirname(outcome.home.path)
            if not self.stage.files.find(above):
                self.stage.files.add(Made(above, "folder", "root"))
            self.stage.files.add(Made(outcome.home.path, "folder", outcome.home.owner))
        return True

    def touches_accounts(self, path: str) -> None:
        """Note a file of accounts that is written to by hand."""
        if path in ACCOUNTS:
            self.stage.users.doubt = self.stage.users.doubt or f"RUN writes {path}"

    # --- owners and modes

    def changes_rights(self, program: str, arguments: list[str | None]) -> bool:
        """Follow chown, chgrp and chmod; say whether the program is one of them."""
        if program not in ("chown", "chgrp", "chmod"):
            return False
        if program == "chmod":
            self._made_executable(arguments)
        words = [
            word for word in arguments if word is None or not word.startswith("-") or (program == "chmod" and _is_mode(word))
        ]
        deep = any(word and (re.match(r"-[a-zA-Z]*R", word) or word == "--recursive") for word in arguments)
        if any(word and word.startswith("--reference") for word in arguments):
            words = [None, *words]
        what, paths = (words[0], words[1:]) if words else (None, [])
        if what is None or self.optional or self.lost or None in paths or (program == "chmod" and not modes.understood(what)):
            self.taint_rights(paths, f"{program} is not followed here")
            return True
        owner = None
        if program != "chmod":
            dotted = ":" not in what and self.stage.users.find(what) is None  # the old way to write a group
            owner = f":{what}" if program == "chgrp" else what.replace(".", ":", 1) if dotted else what
            self._stranger(program, what, owner)
            owner = self.stage.users.given(owner)
        for word in paths:
            if word:
                self._change(program, word, Given(self.path(_WILD.sub("", word) or "."), owner, None if owner else what, deep))
        return True

    def _change(self, program: str, word: str, given: Given) -> None:
        wild = _WILD.search(word)
        if wild and wild[0] not in ("*", ".*"):
            self.taint_rights([word], f"{program} {word} is not followed")
            return
        given = given._replace(inside=bool(wild))
        if not wild and self._not_mine(given):
            self.refused(program, given.path, MESSAGES[program].format(word), self._whose(given.path))
        self.stage.files.add(given)

    def _not_mine(self, given: Given) -> bool:
        """Say whether a change of rights is certain to be denied: only the owner may make one."""
        user = self.access.user
        if not self.fatal or self.access.root or user is None or user.uid is None or self.stage.files.doubted(given.path):
            return False
        if self.stage.files.find(given.path) is None:
            return False
        owner = self.stage.files.rights(given.path).owner.partition(":")[0]
        return owner == "root" or (owner.isdecimal() and int(owner) != user.uid)

    def _whose(self, path: str) -> str:
        return f"{path} belongs to {self.stage.users.named(self.stage.files.rights(path).owner)}."

    def _stranger(self, program: str, written: str, owner: str) -> None:
        """Note a user or a group that chown names and the image does not have."""
        users = self.stage.users
        name, _, group = owner.partition(":")
        kind = "user" if name and users.find(name) is None else "group"
        missing = name if kind == "user" else group if group and users.group(group) is None else ""
        if not missing or not self.fatal or users.doubt or not self.access.root:
            return
        message = f"{program}: invalid {kind}: ‘{written}’"
        reason = f"At this point of the build the image has no {kind} `{missing}`."
        sure = self.stage.followed and not self.stage.may_bring(missing)
        self.problems.append(Problem("user-unknown", message, reason, MissingUser(missing, None), sure))

    def give(self, words: list[str], options: dict[str, str | None]) -> None:
        """Give what was made the owner and the mode that options (`-o`, `-g`, `-m`) say."""
        user, group, mode = (options.get(name) for name in ("-o", "-g", "-m"))
        if None in options.values() or (mode and not modes.understood(mode)):
            self.taint_rights(words, "a mode or an owner that is made at run time")
            return
        owner = f"{user or ''}{f':{group}' if group else ''}" or None
        given = self.stage.users.given(owner) if owner else None
        for word in words if given or mode else ():
            self.stage.files.add(Given(self.path(word), given, mode))

    def taint_rights(self, words: Sequence[str | None], reason: str) -> None:
        """Note that it can't be told any more whose the named paths are; of one that is not known, all."""
        for word in words:
            path = "/" if word is None else self.path(_WILD.sub("", word) or ".")
            self.stage.files.taint(path, reason, of="rights")

    def _made_executable(self, arguments: list[str | None]) -> None:
        """Note what a chmod may make executable: `+x`, `a+rx`, `755`; a name with a wildcard stands for its folder."""
        words = [word for word in arguments if word is not None and not word.startswith("-")]
        if words and (re.search(r"[+=][rwX]*x", words[0]) or re.fullmatch(r"[0-7]*[1357][0-7]{0,2}", words[0])):
            self.stage.executable += [self.path(_WILD.sub("", word) or ".") for word in words[1:]]
        if None in arguments:
            self.stage.executable.append("/")


def switched(words: list[str | None]) -> tuple[str | None, list[str | None]] | None:
    """Return as whom a command is run by sudo, su, gosu and their like, and that command; None where it is none of these."""
    program, rest = posixpath.basename(words[0] or ""), words[1:]
    if program in ("gosu", "su-exec"):
        return (rest[0], rest[1:]) if len(rest) > 1 else None
    if program not in ("sudo", "su", "runuser"):
        return None
    user: str | None = "root"
    named, text = False, None
    while rest:
        word = rest[0]
        if word in ("-u", "--user", "-c", "-g", "-s", "-h", "-p") and len(rest) > 1:
            user, named = (rest[1], True) if word in ("-u", "--user") else (user, named)
            text = rest[1:2] if word == "-c" and program != "sudo" else text
            rest = rest[2:]
        elif word == "--" or (word and word.startswith("-")):
            rest = rest[1:]
        elif program == "sudo" or named:
            break
        else:
            user, named, rest = word, True, rest[1:]
    return user, ["sh", "-c", *text] if text else rest


def _is_mode(word: str) -> bool:
    """Say whether a word with a dash takes rights away: `chmod -x file`."""
    return re.fullmatch(r"-[rwxXst]+", word) is not None
