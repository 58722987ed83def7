"""The simulated build: a Dockerfile and a context in, an image (with what stops its build) out.

Follows BuildKit: only the stages that the last one needs are built, COPY sources are looked up in the context root, a
wildcard that matches nothing is no error. Rules and messages from moby/buildkit at 73ed682 (`solver`,
`frontend/dockerfile/dockerfile2llb/convert.go`, which minds the ignore file since 1.10, and `convert_copy.go`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.engine.image import bases, ignore, run
from bot.engine.image.build_copy import CopyInstructions
from bot.engine.image.context import Context, ignore_rules
from bot.engine.image.filesystem import Copied, Layer, Linked, Made, Taint
from bot.engine.image.finished import finished
from bot.engine.image.stage import Command, Image, Install, Stage, unknown_account
from bot.engine.model import dockerfile, requirements, shell
from bot.engine.model.dockerfile import Dockerfile, Instruction, Text
from bot.engine.model.findings import (
    Denied,
    Detail,
    MissingFile,
    MissingPackage,
    MissingProgram,
    MissingSystem,
    MissingUser,
    Place,
    RefusedPattern,
    Unknown,
    UnreadyInstall,
)
from bot.engine.model.requirements import Requirement
from bot.engine.model.target import Build
from bot.engine.model.tree import Tree

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


def build(tree: Tree, path: str, context_root: str, wanted: Build, prefix: str, index: Index | None = None) -> Image:
    """Build the Dockerfile at `path` with `context_root` as its context.

    `prefix` is what the platform prints before the builder's words; installs are resolved with an `index` where there is one.
    The image is as complete as the instructions allow; after a fault the build goes on as if it had been repaired.
    """
    file = dockerfile.read(tree.text(path))
    context = Context(tree, context_root, ignore_rules(tree, context_root, path))
    return _Builder(tree, path, file, context, wanted, prefix, index).image()


_AT_INSTRUCTION = Denied | MissingFile | MissingPackage | MissingProgram | MissingSystem | MissingUser | UnreadyInstall


class _Builder(CopyInstructions):
    def __init__(
        self, tree: Tree, path: str, file: Dockerfile, context: Context, wanted: Build, prefix: str, index: Index | None
    ) -> None:
        super().__init__(path, file, context, prefix)
        self.tree = tree
        self.index = index
        self.wanted = wanted
        self.globals: dict[str, str | None] = dict(_PLATFORM)

    def image(self) -> Image:
        if self.file.problem:
            self.invalid(self.file.problem)
        blocks = self.blocks()
        final = self.final(blocks)
        needed = self.needed(blocks, final)
        if self.context.rules.problem:
            sent = any(_reads_context(item) for index in needed for item in blocks[index][1])
            self.refused_pattern(self.context.rules.problem, sent)
        stage = Stage("", bases.base("scratch"))
        for index, (first, block) in enumerate(blocks):
            if index in needed:
                stage = self.stage(index, first, block)
        left = self.left(stage, blocks[:final], needed)
        return finished(stage, self.context, tuple(self.faults), tuple(self.unknowns))._replace(
            dockerfile=self.path,
            file=self.file,
            instructions=tuple(blocks[final][1]) if blocks else (),
            left=left,
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
            if isinstance(detail, _AT_INSTRUCTION):
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

    def refused_pattern(self, problem: ignore.Problem, sent: bool) -> None:
        """A line of the ignore file that is refused: by the builder, or by the client once the context is `sent`."""
        if not (problem.builder or sent):
            return
        rules = self.context.rules
        words = problem.message if problem.builder else f"error from sender: {problem.message}"
        reason = f"moby's matcher does not take `{problem.written}`."
        if "\\" in problem.written:
            reason += " A backslash escapes what follows it; folders are divided by `/`, also on Windows."
        detail = RefusedPattern(rules.path, problem.line, problem.written, problem.builder)
        place = Place(rules.path, problem.line)
        self.fault("ignore-pattern-invalid", f"failed to solve: {words}", reason, place, detail, True)


def _reads_context(item: Instruction) -> bool:
    """Say whether an instruction copies from the build context, so that the client has to send it."""
    return item.name in ("COPY", "ADD") and item.flag("from") is None and len(item.words) > 1


def _number(text: str) -> int | None:
    """Return the number of a stage, where it is called by its number."""
    return int(text) if text.isdecimal() and len(text) < 6 else None
