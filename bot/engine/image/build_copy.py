"""COPY and ADD in the simulated build: what comes from the context or another stage, whose it is, and what is not there."""

from __future__ import annotations

import posixpath
import re

from bot.engine.image import carried, modes
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, Linked, Made, below
from bot.engine.image.run_rights import ACCOUNTS
from bot.engine.image.stage import Install, Stage
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Dockerfile, Instruction, Text
from bot.engine.model.findings import Detail, Fault, MissingInStage, MissingSource, Place, Unknown
from bot.engine.model.tree import position

_FRONTEND = re.compile(r"\ufeff?(?:#[^\n]*\n)*?#[ \t]*syntax[ \t]*=[ \t]*(?!(?:docker\.io/)?docker/dockerfile)\S", re.I)
_AHEAD = 1_000_000  # of every instruction
WITHOUT_DOCKERFILE = -3 * _AHEAD  # the step of a build that finds none: it comes before all that a Dockerfile can hold


class CopyInstructions:
    """Follows the COPYs of a Dockerfile into stages, and notes the faults of its build; `number` is the instruction's."""

    def __init__(self, path: str, file: Dockerfile, context: Context, prefix: str) -> None:
        self.path = path
        self.file = file
        self.context = context
        self.prefix = prefix
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.stages: dict[str, Stage] = {}
        self.number = 0
        self.frontend = _FRONTEND.match(file.text)  # another one than Docker's may know other instructions

    def place(self, item: Instruction) -> Place:
        """Return where an instruction stands."""
        return Place(self.path, item.line)

    def copy(self, stage: Stage, item: Instruction) -> None:
        """Follow a COPY or an ADD."""
        words = [dockerfile.expand(word.value, stage.variable) for word in item.words]
        if len(words) + len(item.heredocs) < 2 or not words:
            return
        if words[-1] is None:
            stage.files.taint("/", f"{item.name} to a path that is made at build time")
            return
        target = posixpath.join(stage.workdir, words[-1])
        several = words[-1].endswith("/") or words[-1] == "." or len(words) + len(item.heredocs) > 2
        owner, mode = self.rights(stage, item)
        origin = item.flag("from")
        if re.search(r"\+\w*x|^0?[1357]", item.flag("chmod") or ""):
            stage.executable.append(posixpath.normpath(target))
        for index, source in enumerate(words[:-1]):
            if source is None:
                reason = f"{item.name} of a path that is made at build time"
                stage.files.taint(posixpath.normpath(target), reason)
                if origin is not None:
                    stage.installs.append(Install("/usr/local", (), (), reason, self.place(item)))
            elif item.words[index].value.startswith("<<"):
                continue
            elif origin is not None:
                self.copy_from_stage(stage, origin, index, target, several, item)
            elif "://" in source or source.startswith("git@"):
                stage.files.taint(posixpath.normpath(target), f"{item.name} {source} is not followed")
            else:
                self.copy_from_context(stage, item, index, source, target, several, (owner, mode))
        if posixpath.normpath(target) in ACCOUNTS:
            stage.users.doubt = stage.users.doubt or f"{item.name} brings {posixpath.normpath(target)}"
        into = words[-1].endswith("/") or words[-1] == "." or self.is_folder(stage, target)
        for document in item.heredocs:
            path = posixpath.join(target, document.word) if into else target
            stage.files.add(Made(posixpath.normpath(path), "file", owner))

    def rights(self, stage: Stage, item: Instruction) -> tuple[str, str | None]:
        """Return whose the copies are, by `--chown`, and the mode that `--chmod` gives them.

        A user that the image does not have is root (moby/buildkit `solver/llbsolver/ops/user_linux.go`).
        """
        chown, chmod = (dockerfile.expand(item.flag(name) or "", stage.variable) for name in ("chown", "chmod"))
        if chown is None or chmod is None or (chmod and not modes.understood(chmod)):
            stage.files.taint(stage.workdir, f"{item.name} with rights that are made at build time", of="rights")
        name, _, group = (chown or "root").partition(":")
        if name.isdecimal() and not group:
            chown = f"{name}:{name}"
        unknown = stage.users.find(name) is None and stage.users.doubt is None
        return "root" if unknown else stage.users.owner(chown or "root"), chmod or None

    def copy_from_context(
        self,
        stage: Stage,
        item: Instruction,
        index: int,
        source: str,
        target: str,
        several: bool,
        rights: tuple[str, str | None],
    ) -> None:
        """Copy what one word of a COPY names, with wildcards as BuildKit takes them."""
        path = posixpath.normpath("/" + source.lstrip("/"))[1:]
        wild = any(special in path for special in "*?[")
        found = self.context.matches(path) if wild else [path]
        several = several or len(found) > 1
        parents = item.flag("parents") not in (None, "false")
        if parents and "**" in path:
            stage.files.taint(posixpath.normpath(target), f"{item.name} --parents {source} is not followed")
            return
        for each in found:
            kind = self.context.kind(each)
            if kind is None and self.context.leaves(each):
                self.unknowns.append(Unknown(f"{item.name} {each}: the link leaves the repository", self.place(item)))
                stage.files.taint(posixpath.normpath(target), f"{each} is a link that leaves the repository")
                continue
            if kind is None:
                self.missing_source(item.words[index], index, each)
                kind = "folder" if posixpath.splitext(each)[1] == "" else "file"
                stage.files.taint(posixpath.normpath(target), f"{each} is not in the build context", assumed=True)
            if parents:  # the path below `/./`, or all of it, is kept
                pivot = posixpath.normpath("/" + source.partition("/./")[0])[1:] if "/./" in source else ""
                kept = posixpath.join(target, below("/" + each, "/" + pivot) or "")
                stage.files.add(Copied(posixpath.normpath(kept), self.context, each, kind == "folder", *rights))
            elif kind == "folder":
                stage.files.add(Copied(posixpath.normpath(target), self.context, each, True, *rights))
            elif each.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")) and item.name == "ADD":
                stage.files.taint(posixpath.normpath(target), f"ADD unpacks {each}")
            else:
                into = several or self.is_folder(stage, target)
                path = posixpath.join(target, posixpath.basename(each)) if into else target
                stage.files.add(Copied(posixpath.normpath(path), self.context, each, False, *rights))

    def is_folder(self, stage: Stage, path: str) -> bool:
        """Say whether a stage has a folder at a path."""
        found = stage.files.find(path)
        return bool(found and found.kind == "folder")

    def missing_source(self, word: Text, index: int, source: str) -> None:
        """A source that the context does not have; the reason says why where that can be told."""
        excluded = self.context.excluded_by(source)
        where = f"`{self.context.root}/`" if self.context.root else "the repository's root"
        hidden = self.context.hidden(source)
        unversioned = self.context.unversioned(source)
        if excluded:
            reason = f"{excluded} keeps it out of the build context."
        elif hidden:
            reason = "git ignores this file: it lies on this disk, and a deploy from a clone does not have it."
        elif unversioned:
            reason = f"git ignores {source}: unless something makes it before the deploy, the build context does not have it."
        else:
            reason = f"The build context is {where}, and it has no /{source}."
        message = f'failed to compute cache key: failed to calculate checksum of ref …: "/{source}": not found'
        detail = MissingSource(self.number, index, source)
        place = Place(self.path, *position(self.file.text, word.start))
        self.fault(
            "copy-source-missing",
            f"failed to solve: {message}",
            reason,
            place,
            detail,
            certain=bool(excluded) or not (hidden or unversioned),
        )

    def copy_from_stage(self, stage: Stage, origin: str, index: int, target: str, several: bool, item: Instruction) -> None:
        """Copy from an earlier stage: its files, what is known of them, and the installs and environments among them."""
        source = dockerfile.expand(item.words[index].value, stage.variable) or ""
        other = self.stages.get(origin.lower())
        path = posixpath.normpath("/" + source.lstrip("/"))
        here = posixpath.normpath(target)
        if other is None:
            self.copy_from_image(stage, origin, path, here, several, item)
            return
        wild = any(special in path for special in "*?[") or item.flag("parents") not in (None, "false")
        found = None if wild else other.files.find(path)
        if found is None:
            path, here = self.not_in_stage(stage, other, path, here, index, item)
        else:
            if found.kind == "file" and (several or self.is_folder(stage, here)):
                here = posixpath.join(here, posixpath.basename(path))
            self.link(stage, other, path, here, found.kind, item)
        for taint in other.files.taints:
            rest = below(taint.path, path)
            if rest is not None or below(path, taint.path) is not None:
                moved = posixpath.normpath(posixpath.join(here, rest or ""))
                stage.files.taints.append(taint._replace(path=moved))
        for install in other.installs:
            for each in carried.carried(install, path, here, other.environments, other.base.python):
                carried.added(stage.installs, each)
        self.carry_python(stage, other, path, here)
        for folder in other.environments:
            if below(folder, path) is not None:
                stage.environments.append(carried.moved(folder, path, here))
                stage.shared.update({stage.environments[-1]} if folder in other.shared else ())

    def carry_python(self, stage: Stage, other: Stage, path: str, here: str) -> None:
        """Note another stage's Python, where its programs and its libraries are copied over those of this one."""
        copied = {here, *stage.files.copied()} if path == here else set()
        if all(any(below(folder, each) is not None for each in copied) for folder in ("/usr/local/bin", "/usr/local/lib")):
            stage.base = stage.base._replace(python=other.base.python, known=stage.base.known and other.base.known)

    def link(self, stage: Stage, other: Stage, path: str, here: str, kind: str, item: Instruction) -> None:
        """Show what lies at a path of another stage; it stays whose it was, but for the folder that is made for it."""
        owner, mode = self.rights(stage, item)
        if kind == "folder" and not stage.files.find(here):
            stage.files.add(Made(here, "folder", owner))
        stage.files.add(Linked(here, path, other.files, owner if item.flag("chown") else None, mode))
        if path in ("/", "/etc", "/etc/passwd"):
            stage.users.users |= other.users.users
            stage.users.groups |= other.users.groups
            stage.users.doubt = stage.users.doubt or other.users.doubt

    def not_in_stage(self, stage: Stage, other: Stage, path: str, here: str, index: int, item: Instruction) -> tuple[str, str]:
        """Judge a source that a stage is not known to have; return the path and the target that are meant."""
        origin = item.flag("from") or ""
        reason = carried.missing(other, path)
        if reason is None:
            if not any(install.prefix == path for install in other.installs) and not carried.is_packages(other, path):
                stage.files.taint(here, f"COPY --from={origin} {path}: the stage's own content is not known")
            return path, here
        message = f'failed to solve: failed to compute cache key: failed to calculate checksum of ref …: "{path}": not found'
        place = Place(self.path, *position(self.file.text, item.words[index].start))
        meant = carried.meant(other, path)
        detail = MissingInStage(self.number, index, origin, path, meant if meant != path else None)
        self.fault("copy-source-missing", message, reason, place, detail, other.followed)
        return meant, carried.meant(stage, here) if carried.is_packages(stage, here) else here

    def copy_from_image(self, stage: Stage, origin: str, path: str, here: str, several: bool, item: Instruction) -> None:
        """Copy from an image that is built elsewhere: what looks like a file is one, what else may come is not known."""
        name = posixpath.basename(path)
        target = posixpath.join(here, name) if several else here
        reason = f"COPY --from={origin} is not followed"
        program = "bin" in path.split("/") or name in ("uv", "uvx")
        if program or several or "." in name or posixpath.basename(here) == name:
            stage.files.add(Made(target, "file", "root"))
        stage.files.taint(target if program else here, reason)
        if not program:
            stage.installs.append(Install("/usr/local", (), (), reason, self.place(item)))

    def fault(self, code: str, message: str, reason: str, place: Place, detail: Detail, certain: bool) -> None:
        """Note a fault at the instruction at hand; another frontend than Docker's may see it otherwise."""
        confidence = "certain" if certain and not self.frontend else "likely"
        text = self.prefix + message if message.startswith("failed to solve") else message
        step = self.number
        if code == "dockerfile-invalid" or isinstance(detail, MissingSource):  # found while the first RUN still runs
            step -= _AHEAD * (2 if code == "dockerfile-invalid" else 1)
        self.faults.append(Fault(code, "build", step, "", confidence, text, reason, place, (), detail))  # type: ignore[arg-type]
