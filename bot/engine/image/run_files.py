"""The commands of a RUN that make, copy, fetch or remove files, and the doubt that a command leaves which can't be followed.

What they need of the shell around them is where they run, and whether they run at all: `run.py` keeps that up to date.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import Literal

from bot.engine.image.filesystem import Copied, FileSystem, Gone, Linked, Made
from bot.engine.image.problem import Problem
from bot.engine.image.run_rights import RightsCommands
from bot.engine.model.findings import MissingFile, Unknown

FETCHERS = frozenset("git tar bsdtar unzip 7z svn hg rsync scp aws gsutil gcloud gdown dvc huggingface-cli hf".split())
_MANIFEST = re.compile(r".*\.(?:txt|lock|toml|cfg|in|md)|Pipfile|setup\.py|package(?:-lock)?\.json")
_BYPRODUCTS = frozenset({"*.pyc", "*.pyo", "*.py[co]", "__pycache__", "*.a", "*.egg-info", "*.dist-info", ".DS_Store", "*.map"})
_QUIET_GIT = frozenset("config init remote status log rev-parse --version".split())


class FileCommands(RightsCommands):
    """Follows one command after another in a stage."""

    def own_script(self, word: str, message: str) -> None:
        """Note a script that a command names and the image does not have, in a folder that is known to be there."""
        path = self.path(word)
        files = self.stage.files
        folder = files.find(posixpath.dirname(path))
        if not self.fatal or files.find(path) or folder is None:
            return
        if word.startswith("/") and folder.tree is None and posixpath.dirname(path) != self.stage.workdir:
            return  # it may be a program of the base image
        reason = f"The command runs in {self.folder}, where the image has no such file at this point."
        certain, reason = files.judged(path, reason)
        certain = certain and self.stage.followed
        self.problems.append(Problem("run-file-missing", message, reason, MissingFile(path, None), certain))

    def moves_files(self, program: str, arguments: list[str | None]) -> bool:
        """Follow mkdir, touch, rm, cp, mv, ln and install; say whether the program is one of them."""
        if program not in ("mkdir", "touch", "tee", "rm", "cp", "mv", "ln", "install", "sed", "curl", "wget"):
            return False
        options, arguments = _split(program, arguments)
        named = [word for word in arguments if word and not word.startswith("-")]
        files = self.stage.files
        in_place = program == "sed" and (_flagged(arguments, "i") or any((a or "").startswith("--in-place") for a in arguments))
        if program in ("curl", "wget"):
            self._download(program, arguments)
        elif program == "sed" and not in_place:
            pass
        elif None in arguments or any("*" in word for word in named):
            self.taint_named(arguments, f"{program} with a name made at run time")
        elif self.lost and not all(word.startswith("/") for word in named):
            pass  # the folder is tainted already
        elif program == "mkdir" or (program == "install" and _flagged(arguments, "d")):
            self._make(program, named, "folder", options)
        elif program == "touch":
            self._make(program, named, "file", options)
        elif program in ("tee", "sed"):
            for word in named[1:] if program == "sed" else named:
                self.denied(program, word)
                self.touches_accounts(self.path(word))
                files.add(Made(self.path(word), "file", self.owner))
        elif self.optional and program in ("rm", "mv"):
            self.taint_named(arguments, f"{program} that may not run")
        elif program == "rm":
            for word in named:
                self._remove(word)
        elif len(named) == 2:
            self._copies(program, arguments, named[0], named[1])
            self.give([named[1]], options)
        else:
            self.taint_named(arguments, f"{program} of several files")
        return True

    def _make(self, program: str, words: list[str], kind: Literal["file", "folder"], options: dict[str, str | None]) -> None:
        """Make what is not there; what is keeps its content and its owner."""
        for word in words:
            there = self.stage.files.find(self.path(word))
            if not there or program == "touch":
                self.denied(program, self._first_new(word) if kind == "folder" else word)
            if not there:
                self.stage.files.add(Made(self.path(word), kind, self.owner))
        self.give(words, options)

    def _first_new(self, word: str) -> str:
        """Return how much of a path is the first folder that is not there: with that `mkdir -p` begins."""
        while (above := posixpath.dirname(word)) not in ("", "/") and not self.stage.files.find(self.path(above)):
            word = above
        return word

    def _remove(self, word: str) -> None:
        path = self.path(word)
        found = self.stage.files.find(path)
        if found and found.kind == "file":
            self.denied("rm", word, posixpath.dirname(path))
        self.stage.files.add(Gone(path))

    def _copies(self, program: str, arguments: list[str | None], origin: str, target: str) -> None:
        files, shown = self.stage.files, target
        source, target = self.path(origin), self.path(target)
        there = files.find(target)
        contents = origin.endswith("/.") or _flagged(arguments, "T") or (program == "ln" and _flagged(arguments, "n"))
        if there and there.kind == "folder" and not contents:
            target, shown = (posixpath.join(each, posixpath.basename(source)) for each in (target, shown))
        if program == "ln" and _flagged(arguments, "s"):  # a symbolic link counts from where it lies
            source = posixpath.normpath(posixpath.join(posixpath.dirname(target), origin))
        if not files.find(source):
            files.taint(target, f"{program} of something that is not in the repository")
            return
        moved = f"mv: cannot move '{origin}' to '{shown}': Permission denied" if program == "mv" else ""
        self.denied(program, shown, target, moved)
        made = self.stage.executable
        made += [target + path[len(source) :] for path in made if path == source or path.startswith(f"{source}/")]
        if program == "install" or self.stage.may_execute(source):
            made.append(target)
        frozen: FileSystem | None = files.copy() if program != "ln" else None
        kept = program in ("mv", "ln") or (self.access.root and (_flagged(arguments, "a") or _flagged(arguments, "p")))
        files.add(Linked(target, source, frozen, None if kept else self.owner, "755" if program == "install" else None))
        if program == "mv":
            files.add(Gone(source))

    def _download(self, program: str, arguments: list[str | None]) -> None:
        """Note the files that curl or wget write."""
        urls = [word.split("?")[0].rstrip("/") for word in arguments if word and "://" in word]
        named, remote, folder = [], program == "wget", ""
        for index, word in enumerate(arguments):
            option, equals, value = (word or "").partition("=")
            given = value if equals else arguments[index + 1] if index + 1 < len(arguments) else None
            into = has_letter(option, "o" if program == "curl" else "O") and option.endswith(("o", "O"))
            if option in ("-P", "--directory-prefix", "--output-dir"):
                folder = given or ""
            elif option == "--remote-name" or (program == "curl" and has_letter(option, "O")):
                remote = True
            elif into or option in ("--output", "--output-document"):
                named.append(given)
            elif option.endswith("O-"):
                named.append("-")
        if remote and not named:
            named = [posixpath.basename(url) for url in urls]
        for name in named:
            if name and name != "-":
                self.stage.files.add(Made(self.path(posixpath.join(folder, name)), "file", self.owner))

    def removed_by_find(self, arguments: list[str | None]) -> None:
        """Note what `find … -delete` or `-exec` may take away; without them it only looks."""
        if not {"-delete", "-exec", "-execdir", "-ok"} & set(arguments):
            return
        patterns = {pattern for option, pattern in itertools.pairwise(arguments) if option in ("-name", "-iname")}
        if patterns and patterns <= _BYPRODUCTS:
            return
        folders = list(itertools.takewhile(lambda word: word and not word.startswith(("-", "(", "!")), arguments))
        if "chown" in arguments:
            self.taint_rights(folders or ["."], "find … may change owners")
            return
        if "chmod" in arguments and "-delete" not in arguments:
            self.taint_rights(folders or ["."], "find … may change modes")
            self.stage.executable += [self.path(folder or ".") for folder in folders or ["."]]
            return
        self.stage.followed = False
        self.taint_named(folders or ["."], "find … may remove files")

    def fetched(self, program: str, arguments: list[str | None], words: list[str | None]) -> None:
        """Note what brings files along: they lie in the folder that it names, else in the one in which it runs."""
        verb = next((word for word in arguments if word and not word.startswith("-")), None)
        if program == "git" and (verb in _QUIET_GIT or arguments[:1] == ["--version"]):
            return
        target: str | None = "."
        if program == "git" and verb == "clone":
            target = _cloned(arguments)
        for option, value in itertools.pairwise(arguments):
            if option in ("-C", "-d", "--directory") and program in ("tar", "bsdtar", "unzip"):
                target = value
        self.not_followed(words)
        self.stage.files.taint(self.path(target or "."), f"{program} brings files that are not in the repository")

    def taint_named(self, words: list[str | None], reason: str) -> None:
        """Taint the paths among the words of a command."""
        for word in words:
            if word and not word.startswith("-") and "://" not in word:
                folder = word.partition("*")[0]
                self.stage.files.taint(
                    self.path(folder if folder.endswith("/") or "*" not in word else posixpath.dirname(folder) or "."),
                    reason,
                )

    def not_followed(self, words: list[str | None]) -> None:
        """Note a command that may do anything: it taints the paths that it names and the sources that lie in its folder."""
        said = " ".join(word or "…" for word in words[:4]) + (" …" if len(words) > 4 else "")
        reason = f"RUN {said} is not followed"
        self.unknowns.append(Unknown(f"RUN {said}", self.place))
        self.stage.followed = False
        values = (word.partition("=")[2] if word.startswith("-") else word for word in words[1:] if word)
        self.taint_named([value for value in values if value not in (".", "") and ("*" not in value or "/" in value)], reason)
        if any(isinstance(layer, Copied) and _is_source(layer) for layer in self.stage.files.layers):
            self.stage.files.taint(self.folder, reason)


def _split(program: str, arguments: list[str | None]) -> tuple[dict[str, str | None], list[str | None]]:
    """Take the owner and the mode that install and mkdir are told (`-o`, `-g`, `-m`) out of their arguments."""
    options: dict[str, str | None] = {}
    if program not in ("install", "mkdir"):
        return options, arguments
    rest, queue = [], list(arguments)
    while queue:
        word = queue.pop(0)
        long = re.match(r"--(owner|group|mode)(?:=(.*))?\Z", word or "", re.S)
        short = re.match(r"-[A-Za-ln-z]*?([ogm])(.*)\Z", word or "", re.S)
        if long:
            options[f"-{long[1][0]}"] = long[2] if long[2] is not None else queue.pop(0) if queue else None
        elif short:
            options[f"-{short[1]}"] = short[2] or (queue.pop(0) if queue else None)
            rest.append(word.partition(short[1])[0] if word else None)
        else:
            rest.append(word)
    return options, rest


def _is_source(layer: Copied) -> bool:
    """Say whether something was copied that a command can make modules from; a list of packages is nothing of the kind."""
    return layer.folder or _MANIFEST.fullmatch(posixpath.basename(layer.source)) is None


def _cloned(arguments: list[str | None]) -> str:
    """Return the folder that `git clone` makes; the folder it runs in where that can't be told."""
    named, queue = [], list(arguments)
    while queue:
        word = queue.pop(0)
        if word in ("-b", "--branch", "--depth", "-o", "--origin", "-j", "--filter", "-c", "--reference"):
            queue = queue[1:]
        elif word is None or not word.startswith("-"):
            named.append(word)
    if len(named) == 2:  # `clone` and the address
        return posixpath.basename((named[1] or "").rstrip("/")).rpartition(":")[2].removesuffix(".git") or "."
    return (named[2] if len(named) == 3 else None) or "."


def has_letter(word: str | None, letter: str) -> bool:
    """Say whether a word is a cluster of short options with this one among them."""
    return bool(word) and re.match(rf"-[A-Za-z]*{letter}", word or "") is not None


def _flagged(arguments: list[str | None], letter: str) -> bool:
    return any(has_letter(word, letter) for word in arguments)
