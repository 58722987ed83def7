"""The simulated build: a Dockerfile and a context in, an image (with what stops its build) out.

Follows BuildKit: only the stages that the last one needs are built, COPY sources are looked up in the context root, a
wildcard that matches nothing is no error. Rules and messages from moby/buildkit at 73ed682 (`solver`,
`frontend/dockerfile/dockerfile2llb/convert.go` and `convert_copy.go`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.engine.image import bases, carried, modes, run
from bot.engine.image.context import Context, ignore_rules
from bot.engine.image.filesystem import Copied, Layer, Linked, Made, Taint, below
from bot.engine.image.run_rights import ACCOUNTS
from bot.engine.image.stage import Command, Image, Install, Requirement, Stage, unknown_account
from bot.engine.model import dockerfile, requirements, shell
from bot.engine.model.dockerfile import Dockerfile, Instruction, Text
from bot.engine.model.findings import (
    Denied,
    Detail,
    Fault,
    MissingFile,
    MissingInStage,
    MissingSource,
    MissingSystem,
    MissingUser,
    Place,
    Unknown,
)
from bot.engine.model.target import Build
from bot.engine.model.tree import Tree, position

if TYPE_CHECKING:
    from bot.engine.model.index import Index

# what BuildKit sets before the first FROM; Fly and Render always build for linux/amd64, on a machine of any kind
_PLATFORM: dict[str, str | None] = {
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
    **dict.fromkeys(("BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "TARGETSTAGE")),
}
_FRONTEND = re.compile(r"\ufeff?(?:#[^\n]*\n)*?#[ \t]*syntax[ \t]*=[ \t]*(?!(?:docker\.io/)?docker/dockerfile)\S", re.I)


def build(tree: Tree, path: str, context_root: str, wanted: Build, prefix: str, index: Index | None = None) -> Image:
    """Build the Dockerfile at `path` with `context_root` as its context.

    `prefix` is what the platform prints before the builder's words; installs are resolved with an `index` where there is one.
    The image is as complete as the instructions allow; after a fault the build goes on as if it had been repaired.
    """
    file = dockerfile.read(tree.text(path))
    context = Context(tree, context_root, ignore_rules(tree, context_root, path))
    return _Builder(tree, path, file, context, wanted, prefix, index).image()


class _Builder:
    def __init__(
        self, tree: Tree, path: str, file: Dockerfile, context: Context, wanted: Build, prefix: str, index: Index | None
    ) -> None:
        self.tree = tree
        self.index = index
        self.path = path
        self.file = file
        self.context = context
        self.wanted = wanted
        self.prefix = prefix
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.globals: dict[str, str | None] = dict(_PLATFORM)
        self.stages: dict[str, Stage] = {}
        self.number = 0  # of the instruction at hand
        self.frontend = _FRONTEND.match(file.text)  # another one than Docker's may know other instructions

    def image(self) -> Image:
        if self.file.problem:
            self.invalid(self.file.problem)
        blocks = self.blocks()
        final = self.final(blocks)
        needed = self.needed(blocks, final)
        stage = Stage("", bases.base("scratch"))
        for index, (first, block) in enumerate(blocks):
            if index in needed:
                stage = self.stage(index, first, block)
        own = blocks[final][1] if blocks else []
        return Image(
            self.path,
            self.file,
            tuple(own),
            self.context,
            stage.files,
            stage.env,
            stage.workdir,
            stage.user,
            stage.entrypoint,
            stage.command,
            stage.base,
            tuple(stage.installs),
            frozenset(stage.programs),
            tuple(self.faults),
            tuple(self.unknowns),
            users=stage.users,
            environments=carried.environments(stage),
            shared=frozenset(stage.shared),
            left=self.left(stage, blocks[:final], needed),
            stranger=stage.missing_account(),
        )

    def left(self, final: Stage, blocks: list[tuple[int, list[Instruction]]], needed: set[int]) -> tuple[Install, ...]:
        """Return the installs of earlier stages that did not come along, also of those that nothing needs."""
        faults, unknowns = list(self.faults), list(self.unknowns)
        for index, (first, block) in enumerate(blocks):
            if index not in needed:
                self.stage(index, first, block)
        self.faults, self.unknowns = faults, unknowns  # what nothing needs is not built
        there = {install.place for install in final.installs}
        found = (each for stage in self.stages.values() for each in stage.installs if each.place not in there)
        return tuple(dict.fromkeys(found))

    # --- stages

    def blocks(self) -> list[tuple[int, list[Instruction]]]:
        """Split the file into stages, each with the index of its FROM; take the ARGs before the first as global."""
        found: list[tuple[int, list[Instruction]]] = []
        for index, item in enumerate(self.file.instructions):
            if item.name == "FROM":
                found.append((index, [item]))
            elif found:
                found[-1][1].append(item)
            elif item.name == "ARG":
                self.arguments(item, self.globals, self.global_variable)
        return found

    def name(self, block: list[Instruction]) -> str:
        words = block[0].argv
        return words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""

    def final(self, blocks: list[tuple[int, list[Instruction]]]) -> int:
        names = [self.name(block) for _, block in blocks]
        target = (self.wanted.stage or "").lower()
        if target and target in names:
            return names.index(target)
        if (number := _number(target)) is not None and number < len(blocks):
            return number
        if target and blocks:
            message = f'failed to solve: target stage "{self.wanted.stage}" could not be found'
            reason = f"The config asks for this stage, and no FROM of {self.path} names it with AS."
            self.fault("dockerfile-invalid", message, reason, self.wanted.place or Place(self.path, 1), None, True)
        return len(blocks) - 1

    def needed(self, blocks: list[tuple[int, list[Instruction]]], final: int) -> set[int]:
        """Return the stages that the final one rests on."""
        names = {self.name(block): index for index, (_, block) in enumerate(blocks) if self.name(block)}
        needed, queue = set(), [final] if blocks else []
        while queue:
            index = queue.pop()
            if index in needed:
                continue
            needed.add(index)
            references = [self.base_name(blocks[index][1][0]) or ""]
            for item in blocks[index][1]:
                references += [item.flag("from") or ""] if item.name in ("COPY", "ADD") else []
                references += (
                    re.findall(r"from=([^,\s]+)", " ".join(flag.value for flag in item.flags)) if item.name == "RUN" else []
                )
            for reference in references:
                known = names.get(reference.lower())
                number = _number(reference)
                known = number if known is None and number is not None and number < index else known
                if known is not None and known != index:
                    queue.append(known)
        return needed

    def stage(self, index: int, first: int, block: list[Instruction]) -> Stage:
        reference = self.base_name(block[0])
        parent = self.stages.get((reference or "").lower())
        stage = parent.child(self.name(block)) if parent else self.from_base(reference, block[0])
        for offset, item in enumerate(block):
            self.number = first + offset
            self.instruction(stage, item)
        self.stages[str(index)] = stage
        if self.name(block):
            self.stages[self.name(block)] = stage
        return stage

    def base_name(self, item: Instruction) -> str | None:
        """Return what a FROM names; variables in it are the ARGs before the first FROM."""
        return dockerfile.expand(item.argv[0], self.global_variable) if item.words else None

    def from_base(self, reference: str | None, item: Instruction) -> Stage:
        base, place = bases.base(reference or ""), self.place(item)
        stage = Stage("", base)
        stage.index = self.index
        if reference == "":
            message = f"failed to solve: base name ({item.argv[0]}) should not be blank"
            self.fault("dockerfile-invalid", message, "No ARG gives it a value; `--build-arg` could.", place, None, False)
        for path in base.programs:
            stage.files.add(Made(path, "file", "root"))
        if base.command:
            stage.command = Command(base.command, -1, place)
        if base.brought:
            found = tuple(Requirement(line, place) for name in base.brought if (line := requirements.requirement(name)))
            stage.installs.append(Install("/usr/local", found, (), None, place))
        if not base.known and base.language is None:
            self.unknowns.append(Unknown(f"FROM {reference or item.value}: what this image brings is not known", place))
            stage.installs.append(Install("/usr/local", (), (), f"the image {base.name} may bring packages", place))
            if not base.plain:
                stage.files.taint("/", f"the image {base.name} may bring files")
        return stage

    def global_variable(self, name: str) -> str | None:
        return self.globals.get(name, "")

    def arguments(self, item: Instruction, known: dict[str, str | None], variable: Callable[[str], str | None]) -> None:
        """Set the ARGs of an instruction: `--build-arg` goes before the default, a bare one takes the global value.

        Each one sees those before it; a bare one without a global value leaves alone what is set.
        """
        for written in shell.plain_words(item.value):
            for name, word in dockerfile.pairs(item.value[written.start : written.end]):
                if name in self.wanted.args:
                    known[name] = self.wanted.args[name]
                elif word.pieces:
                    known[name] = shell.expand(word, variable)
                elif name in self.globals:
                    known[name] = self.globals[name]

    # --- instructions

    def place(self, item: Instruction) -> Place:
        return Place(self.path, item.line)

    def instruction(self, stage: Stage, item: Instruction) -> None:
        match item.name:
            case "ARG":
                self.arguments(item, stage.args, stage.variable)
            case "ENV":
                found = [(name, shell.expand(word, stage.variable)) for name, word in dockerfile.pairs(item.value)]
                for name, value in found:
                    stage.env[name] = value
                    stage.args.pop(name, None)
            case "WORKDIR":
                self.change_folder(stage, item)
            case "USER":
                user = dockerfile.expand(item.value, stage.variable)
                stage.user = "…" if user is None else user.strip() or stage.user
            case "SHELL" if item.json:
                stage.shell = tuple(item.argv)
            case "COPY" | "ADD":
                self.copy(stage, item)
            case "RUN":
                self.run(stage, item)
            case "CMD":
                stage.command = self.command(stage, item)
            case "ENTRYPOINT":
                stage.entrypoint = self.command(stage, item)
                if stage.command and stage.command.instruction < self.first_of_stage():
                    stage.command = None  # an entry point resets the command that came with the base

    def first_of_stage(self) -> int:
        return max(index for index, item in enumerate(self.file.instructions[: self.number + 1]) if item.name == "FROM")

    def command(self, stage: Stage, item: Instruction) -> Command:
        argv = tuple(item.argv) if item.json else (*stage.shell, item.value)
        return Command(argv, self.number, self.place(item))

    def change_folder(self, stage: Stage, item: Instruction) -> None:
        folder = dockerfile.expand(item.value, stage.variable)
        if folder is None:
            stage.files.taint("/", f"WORKDIR {item.value} can't be told")
        stage.workdir = posixpath.normpath(posixpath.join(stage.workdir, "…" if folder is None else folder))
        if not self.is_folder(stage, stage.workdir):  # one that is there keeps its owner
            stage.files.add(Made(stage.workdir, "folder", stage.owner))

    # --- COPY

    def copy(self, stage: Stage, item: Instruction) -> None:
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

    # --- RUN

    def run(self, stage: Stage, item: Instruction) -> None:
        script = "\n".join(document.content for document in item.heredocs)
        if not script or not item.value.startswith("<<"):
            script = item.value
        if item.json:
            script = " ".join(shell.quote(word) for word in item.argv)
        shebang = run.SHEBANG.match(script)
        if shebang and posixpath.basename(shebang["program"]) not in run.SHELLS:
            self.unknowns.append(Unknown(f"RUN of a script for {shebang['program']}", self.place(item)))
            stage.files.taint(stage.workdir, f"a script for {shebang['program']} is not followed")
            return
        mounted = [mount for flag in item.flags if (mount := self.mount(stage, item, flag))]
        stage.files.layers += [mount for mount in mounted if not isinstance(mount, Taint)]
        stage.files.taints += [mount for mount in mounted if isinstance(mount, Taint)]
        self.known_user(stage, item)
        outcome = run.run(stage, self.tree, script, self.place(item))
        there_for_this_run = {id(mount) for mount in mounted}
        stage.files.layers = [layer for layer in stage.files.layers if id(layer) not in there_for_this_run]
        stage.files.taints = [taint for taint in stage.files.taints if id(taint) not in there_for_this_run]
        self.unknowns.extend(outcome.unknowns)
        for problem in outcome.problems:
            detail: Detail = problem.missing
            if isinstance(detail, Denied | MissingFile | MissingSystem | MissingUser):
                detail = detail._replace(instruction=self.number)
            self.fault(problem.code, problem.message, problem.reason, self.place(item), detail, problem.certain)

    def known_user(self, stage: Stage, item: Instruction) -> None:
        """Note a RUN as a user, or in a group, that the image does not have."""
        missing = stage.missing_account()
        if missing is None or any(isinstance(fault.detail, MissingUser) for fault in self.faults):
            return
        kind, name, sure = missing
        ran = " ".join((*stage.shell, item.value)) if not item.json else " ".join(item.argv)
        message = f'failed to solve: process "{ran}" did not complete successfully: {unknown_account(kind, name)}'
        reason = f"USER {stage.user} names a {kind} that the image does not have at this point."
        self.fault("user-unknown", message, reason, self.place(item), MissingUser(name, self.number), sure)

    def mount(self, stage: Stage, item: Instruction, flag: Text) -> Layer | Taint | None:
        """Return what a `--mount` puts into the image for this RUN alone."""
        written = dockerfile.expand(flag.value, stage.variable) if flag.value.startswith("--mount=") else ""
        options = dict(pair.partition("=")[::2] for pair in (written or "").removeprefix("--mount=").split(","))
        kind = options.get("type", "bind")
        target = options.get("target") or options.get("dst") or options.get("destination")
        if kind == "secret":
            target = target or f"/run/secrets/{options.get('id', '')}"
        if not target:
            return None
        path = posixpath.normpath(posixpath.join(stage.workdir, target))
        if kind == "secret":
            return Made(path, "file", "root")
        source = posixpath.normpath("/" + (options.get("source") or options.get("src") or "").lstrip("/"))
        other = self.stages.get(options.get("from", "").lower())
        if kind == "bind" and other:
            return Linked(path, source, other.files)
        if kind != "bind" or "from" in options:
            return Taint(path, f"a mount of type {kind} at {path} is not followed")
        found = self.context.kind(source[1:])
        if found is None and self.context.leaves(source[1:]):
            return Taint(path, f"{source[1:]} is a link that leaves the repository")
        if found is None:
            self.missing_source(flag, 0, source[1:])
            return Taint(path, f"{source[1:]} is not in the build context", assumed=True)
        return Copied(path, self.context, source[1:], found == "folder", "root")

    # --- faults

    def invalid(self, problem: dockerfile.Problem) -> None:
        place = Place(self.path, problem.line)
        reason = "BuildKit does not accept this Dockerfile."
        self.fault("dockerfile-invalid", f"failed to solve: {problem.message}", reason, place, None, True)

    def fault(self, code: str, message: str, reason: str, place: Place, detail: Detail, certain: bool) -> None:
        confidence = "certain" if certain and not self.frontend else "likely"
        text = self.prefix + message if message.startswith("failed to solve") else message
        self.faults.append(Fault(code, "build", self.number, "", confidence, text, reason, place, (), detail))  # type: ignore[arg-type]


def _number(text: str) -> int | None:
    """Return the number of a stage, where it is called by its number."""
    return int(text) if text.isdecimal() and len(text) < 6 else None
