"""The simulated build: a Dockerfile and a context in, an image (with what stops its build) out.

Follows BuildKit: only the stages that the last one needs are built, COPY sources are looked up in the context root, a
wildcard that matches nothing is no error. Messages as current BuildKit prints them (moby/buildkit `solver`,
`frontend/dockerfile`).
"""

from __future__ import annotations

import posixpath
import re

from bot.engine.image import bases, run
from bot.engine.image.context import Context, ignore_rules
from bot.engine.image.filesystem import Copied, Linked, Made
from bot.engine.image.stage import Command, Image, Install, Stage
from bot.engine.model import dockerfile, shell
from bot.engine.model.dockerfile import Dockerfile, Instruction, Text
from bot.engine.model.findings import Detail, Fault, MissingSource, Place, Unknown
from bot.engine.model.target import Build
from bot.engine.model.tree import Tree, position


def build(tree: Tree, path: str, context_root: str, wanted: Build, prefix: str) -> Image:
    """Build the Dockerfile at `path` with `context_root` as its context.

    `prefix` is what the platform prints before the builder's words. The image is as complete as the instructions allow;
    after a fault the build goes on as if it had been repaired.
    """
    file = dockerfile.read(tree.text(path))
    context = Context(tree, context_root, ignore_rules(tree, context_root, path))
    return _Builder(tree, path, file, context, wanted, prefix).image()


class _Builder:
    def __init__(self, tree: Tree, path: str, file: Dockerfile, context: Context, wanted: Build, prefix: str) -> None:
        self.tree = tree
        self.path = path
        self.file = file
        self.context = context
        self.wanted = wanted
        self.prefix = prefix
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.globals: dict[str, str | None] = {}
        self.stages: dict[str, Stage] = {}
        self.number = 0  # of the instruction at hand

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
        )

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
                self.globals.update(self.arguments(item, self.globals))
        return found

    def name(self, block: list[Instruction]) -> str:
        words = block[0].argv
        return words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""

    def final(self, blocks: list[tuple[int, list[Instruction]]]) -> int:
        names = [self.name(block) for _, block in blocks]
        target = (self.wanted.stage or "").lower()
        if target in names:
            return names.index(target)
        return int(target) if target.isdigit() and int(target) < len(blocks) else len(blocks) - 1

    def needed(self, blocks: list[tuple[int, list[Instruction]]], final: int) -> set[int]:
        """Return the stages that the final one rests on."""
        names = {self.name(block): index for index, (_, block) in enumerate(blocks) if self.name(block)}
        needed, queue = set(), [final] if blocks else []
        while queue:
            index = queue.pop()
            if index in needed:
                continue
            needed.add(index)
            references = [blocks[index][1][0].argv[0]] if blocks[index][1][0].words else []
            for item in blocks[index][1]:
                references += [item.flag("from") or ""] if item.name in ("COPY", "ADD") else []
                references += (
                    re.findall(r"from=([^,\s]+)", " ".join(flag.value for flag in item.flags)) if item.name == "RUN" else []
                )
            for reference in references:
                known = names.get(reference.lower())
                known = int(reference) if known is None and reference.isdigit() and int(reference) < index else known
                if known is not None and known != index:
                    queue.append(known)
        return needed

    def stage(self, index: int, first: int, block: list[Instruction]) -> Stage:
        reference = dockerfile.expand(block[0].argv[0], self.global_variable) if block[0].words else None
        parent = self.stages.get((reference or "").lower())
        stage = parent.child(self.name(block)) if parent else self.from_base(reference, block[0])
        for offset, item in enumerate(block):
            self.number = first + offset
            self.instruction(stage, item)
        self.stages[str(index)] = stage
        if self.name(block):
            self.stages[self.name(block)] = stage
        return stage

    def from_base(self, reference: str | None, item: Instruction) -> Stage:
        base = bases.base(reference or "")
        stage = Stage("", base)
        if base.command:
            stage.command = Command(base.command, -1, self.place(item))
        if not base.known and base.language is None:
            self.unknowns.append(
                Unknown(f"FROM {reference or item.value}: what this image brings is not known", self.place(item))
            )
            stage.installs.append(Install("/usr/local", (), (), f"the image {base.name} may bring packages", self.place(item)))
        return stage

    def global_variable(self, name: str) -> str | None:
        return self.globals.get(name, "")

    def arguments(self, item: Instruction, known: dict[str, str | None]) -> dict[str, str | None]:
        """Return the ARGs of an instruction: `--build-arg` goes before the default, a bare one takes the global value."""
        found = {}
        for name, word in dockerfile.pairs(item.value):
            default = shell.expand(word, lambda key: known.get(key, "")) if word.pieces else self.globals.get(name, "")
            found[name] = self.wanted.args.get(name, default)
        return found

    # --- instructions

    def place(self, item: Instruction) -> Place:
        return Place(self.path, item.line)

    def instruction(self, stage: Stage, item: Instruction) -> None:
        match item.name:
            case "ARG":
                stage.args.update(self.arguments(item, {**stage.args, **stage.env}))
            case "ENV":
                before = dict(stage.env.items()) | {}
                for name, word in dockerfile.pairs(item.value):
                    stage.env[name] = shell.expand(word, lambda key: before.get(key, stage.args.get(key, "")))
            case "WORKDIR":
                folder = dockerfile.expand(item.value, stage.variable)
                stage.workdir = posixpath.normpath(posixpath.join(stage.workdir, folder or "…"))
                stage.files.add(Made(stage.workdir, "folder", stage.user))
            case "USER":
                stage.user = dockerfile.expand(item.value, stage.variable) or stage.user
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

    # --- COPY

    def copy(self, stage: Stage, item: Instruction) -> None:
        words = [dockerfile.expand(word.value, stage.variable) for word in item.words]
        if len(words) + len(item.heredocs) < 2 or not words or words[-1] is None:
            return
        target = posixpath.join(stage.workdir, words[-1])
        several = words[-1].endswith("/") or words[-1] == "." or len(words) + len(item.heredocs) > 2
        owner = (item.flag("chown") or "root").partition(":")[0] or "root"
        origin = item.flag("from")
        for index, source in enumerate(words[:-1]):
            if source is None:
                stage.files.taint(target, f"{item.name} of a path that is made at build time")
            elif item.words[index].value.startswith("<<"):
                continue
            elif origin is not None:
                self.copy_from_stage(stage, origin, source, target, several, item)
            elif "://" in source or source.startswith("git@"):
                stage.files.taint(target, f"{item.name} {source} is not followed")
            else:
                self.copy_from_context(stage, item, index, source, target, several, owner)
        for document in item.heredocs:
            stage.files.add(
                Made(
                    posixpath.join(target, document.word) if several and words[-1].endswith("/") else target,
                    "file",
                    owner,
                )
            )

    def copy_from_context(
        self, stage: Stage, item: Instruction, index: int, source: str, target: str, several: bool, owner: str
    ) -> None:
        path = posixpath.normpath("/" + source)[1:]
        wild = any(special in path for special in "*?[")
        found = self.context.matches(path) if wild else [path]
        several = several or len(found) > 1
        for each in found:
            kind = self.context.kind(each)
            if kind is None and self.context.leaves(each):
                self.unknowns.append(Unknown(f"{item.name} {each}: the link leaves the repository", self.place(item)))
                stage.files.taint(posixpath.normpath(target), f"{each} is a link that leaves the repository")
                continue
            if kind is None:
                self.missing_source(item, item.words[index], index, each)
                kind = "folder" if posixpath.splitext(each)[1] == "" else "file"
                stage.files.taint(posixpath.normpath(target), f"{each} is not in the build context", assumed=True)
            if kind == "folder":
                stage.files.add(Copied(posixpath.normpath(target), self.context, each, True, owner))
            elif each.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")) and item.name == "ADD":
                stage.files.taint(target, f"ADD unpacks {each}")
            else:
                into = several or self.is_folder(stage, target)
                path = posixpath.join(target, posixpath.basename(each)) if into else target
                stage.files.add(Copied(posixpath.normpath(path), self.context, each, False, owner))

    def is_folder(self, stage: Stage, path: str) -> bool:
        found = stage.files.find(path)
        return bool(found and found.kind == "folder")

    def missing_source(self, item: Instruction, word: Text, index: int, source: str) -> None:
        """A source that the context does not have; the reason says why where that can be told."""
        excluded = self.context.excluded_by(source)
        where = f"`{self.context.root}/`" if self.context.root else "the repository's root"
        hidden = self.context.hidden(source)
        if excluded:
            reason = f"{excluded} keeps it out of the build context."
        elif hidden:
            reason = "git ignores this file: it lies on this disk, and a deploy from a clone does not have it."
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
            certain=not hidden or bool(excluded),
        )

    def copy_from_stage(self, stage: Stage, origin: str, source: str, target: str, several: bool, item: Instruction) -> None:
        other = self.stages.get(origin.lower())
        path = posixpath.normpath(posixpath.join("/", source))
        if other is None:
            name = posixpath.basename(path)
            if "." in name or posixpath.basename(target.rstrip("/")) == name or several:
                stage.files.add(Made(posixpath.join(target, name) if several else target, "file", "root"))
            else:
                stage.files.taint(target, f"COPY --from={origin} is not followed")
            return
        found = other.files.find(path)
        if "*" in path:
            stage.files.taint(target, f"{item.name} --from={origin} {source}")
        elif found is None:
            stage.files.taint(target, f"COPY --from={origin} {source}: the stage's own content is not known")
        elif found.kind == "file" and (several or self.is_folder(stage, target)):
            stage.files.add(Linked(posixpath.join(target, posixpath.basename(path)), path, other.files))
        else:
            stage.files.add(Linked(posixpath.normpath(target), path, other.files))
        for taint in other.files.taints:
            if taint.path.startswith(path) or path.startswith(taint.path):
                stage.files.taint(posixpath.normpath(target), taint.reason)
        carried = [install for install in other.installs if _touch(install.prefix, path)]
        stage.installs.extend(install for install in carried if install not in stage.installs)

    # --- RUN

    def run(self, stage: Stage, item: Instruction) -> None:
        script = "\n".join(document.content for document in item.heredocs)
        if not script or not item.value.startswith("<<"):
            script = item.value
        if item.json:
            script = " ".join(shell.quote(word) for word in item.argv)
        layers = len(stage.files.layers)
        mounted = [mount for flag in item.flags if (mount := self.mount(stage, item, flag))]
        for layer in mounted:
            stage.files.add(layer)
        outcome = run.run(stage, self.tree, script, self.place(item))
        for layer in mounted:
            stage.files.layers.remove(layer)
        assert len(stage.files.layers) >= layers
        self.unknowns.extend(outcome.unknowns)
        for problem in outcome.problems:
            detail = problem.missing._replace(instruction=self.number)
            self.fault(problem.code, problem.message, problem.reason, self.place(item), detail, problem.certain)

    def mount(self, stage: Stage, item: Instruction, flag: Text) -> Copied | None:
        """Return the layer of a `--mount=type=bind` from the context, which is there for this RUN alone."""
        if not flag.value.startswith("--mount="):
            return None
        options = dict(pair.partition("=")[::2] for pair in flag.value[len("--mount=") :].split(","))
        target = options.get("target") or options.get("dst") or options.get("destination")
        source = posixpath.normpath("/" + (options.get("source") or options.get("src") or ""))[1:]
        if options.get("type", "bind") != "bind" or "from" in options or not target:
            return None
        kind = self.context.kind(source)
        if kind is None:
            self.missing_source(item, flag, 0, source)
            return None
        return Copied(posixpath.normpath(posixpath.join(stage.workdir, target)), self.context, source, kind == "folder", "root")

    # --- faults

    def invalid(self, problem: dockerfile.Problem) -> None:
        place = Place(self.path, problem.line)
        reason = "BuildKit does not accept this Dockerfile."
        self.fault("dockerfile-invalid", f"failed to solve: {problem.message}", reason, place, None, True)

    def fault(self, code: str, message: str, reason: str, place: Place, detail: Detail, certain: bool) -> None:
        confidence = "certain" if certain else "likely"
        text = self.prefix + message if message.startswith("failed to solve") else message
        self.faults.append(Fault(code, "build", self.number, "", confidence, text, reason, place, (), detail))  # type: ignore[arg-type]


def _touch(prefix: str, path: str) -> bool:
    """Say whether copying `path` brings what is installed below `prefix`."""
    home = prefix.replace("~", "/root")
    return path in ("/", home) or home.startswith(path.rstrip("/") + "/") or path.startswith(home + "/")
