"""One real deploy: build, release command, boot, port, health check, each within its limit; everything is removed again."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from bot.engine.model.proof import Attempt
from bot.engine.model.tree import Change, Tree, Unreadable
from bot.outside.containers import dockerfiles, lines, scratch, secrets
from bot.outside.containers.dockerfiles import StandIn
from bot.outside.containers.engines import PREFIX, Build, Engine, Image, Job, Unasked
from bot.outside.containers.interrupts import held_back
from bot.outside.containers.recipe import Recipe
from bot.outside.containers.watching import watch

_RELEASE = 300.0  # seconds: Fly's release_command_timeout
_FEW = 60.0  # seconds for a command that should take one


class Limits(NamedTuple):
    """What a person allows: seconds to build and until the app answers, megabytes, and the machine's own network."""

    build: float = 900.0
    boot: float = 60.0
    memory: int = 1024
    host: bool = False


class Held(NamedTuple):
    """The variables that only the platform holds, as they are for a trial: values, and names by where those come from."""

    values: Mapping[str, str]
    given: tuple[str, ...]
    stood_in: tuple[str, ...]
    missing: tuple[str, ...]


def held(recipe: Recipe, given: Mapping[str, str], fake: bool) -> Held:
    """Return what stands for the platform's secrets: what a person gives, made-up values where they are allowed."""
    values, stood_in, missing = secrets.Hidden(given), [], []
    for each in recipe.wanted:
        if each.name in given:
            continue
        if fake or each.given:
            values[each.name] = secrets.stand_in(each.name, each.url)
            stood_in.append(each.name)
        else:
            missing.append(each.name)
    return Held(values, tuple(given), tuple(stood_in), tuple(missing))


class Trial:
    """Tries recipes with one engine, within the same limits."""

    def __init__(self, engine: Engine, limits: Limits, stand_ins: tuple[StandIn, ...], release: bool) -> None:
        self.engine = engine
        self.limits = limits
        self.stand_ins = stand_ins
        self.release = release
        self.told: dict[str, None] = {}  # what was not as on the platform

    def attempt(self, root: str, tree: Tree, changes: list[Change], recipe: Recipe, have: Held) -> Attempt:
        """Deploy the repository at `root` with `changes`; `tree` is how it lies on the disk.

        Whatever can't be told is an attempt that is `unsupported`; nothing of it is left on the machine. Raises `Unreadable`.
        """
        made = _Attempt(self, recipe, have)
        with scratch.copied(root, tree, changes) as copy:
            found = made.built(copy)
        private = [have.values[name] for name in have.given]
        return found._replace(says=secrets.blotted(found.says, private), log=secrets.blotted(found.log, private))


class _Attempt:
    def __init__(self, trial: Trial, recipe: Recipe, have: Held) -> None:
        self.trial = trial
        self.engine = trial.engine
        self.limits = trial.limits
        self.recipe = recipe
        self.have = have
        self.private = frozenset(have.given)
        self.releases = trial.release and recipe.release is not None

    def built(self, copy: str) -> Attempt:
        """Build, and go on with what was built."""
        tag = f"localhost/{PREFIX}/{uuid.uuid4().hex[:12]}"
        began = time.monotonic()
        try:
            with self.build(copy, tag) as wanted:
                done = self.engine.build(wanted, self.limits.build)
            took = round(time.monotonic() - began, 1)
            stopped = self.judged(done.code, done.output)
            if stopped:
                return stopped._replace(build_seconds=took)
            image = self.engine.image(tag)
            if image is None:
                return Attempt("unsupported", f"{self.engine.name} built an image and can't read its config")
            try:
                found = self.released(tag, image) or self.booted(tag, image)
            except Unasked as error:
                found = Attempt("unsupported", str(error))
            left_out = found.left_out if self.releases else ("release", *found.left_out)
            return found._replace(build_seconds=took, left_out=left_out)
        finally:
            with held_back():
                self.engine.remove(tag)

    def judged(self, code: int | None, output: str) -> Attempt | None:
        """Return what a build that did not come to its end means; None where it did."""
        if code == 0:
            return None
        if code is None:
            says = f"the build took longer than {self.limits.build:.0f} s (--build-timeout)"
            return Attempt("unsupported", says, log=lines.tail(output))
        unavailable = lines.unavailable(output)
        if unavailable:
            return Attempt("unsupported", f"an image or a server could not be reached: {unavailable}", log=lines.tail(output))
        return Attempt("build", lines.telling(output) or f"the builder ended with code {code}", log=lines.tail(output))

    @contextmanager
    def build(self, copy: str, tag: str) -> Iterator[Build]:
        """Write what the engine needs beside or into the scratch copy."""
        recipe, beside = self.recipe, os.path.dirname(copy)
        if recipe.native:
            path = os.path.join(beside, "native.Dockerfile")
            variables = {**recipe.variables, **self.have.values}
            text = dockerfiles.native(recipe.native, variables, self.private)
        else:
            path = os.path.join(copy, recipe.dockerfile)
            if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(copy), "")):
                raise Unreadable(recipe.dockerfile, "it is a link that leaves the repository")
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
        text, told = dockerfiles.adapted(text, self.trial.stand_ins, recipe.arguments, self.engine.absolute_mounts)
        self.trial.told |= dict.fromkeys(told)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        ignore = f"{path}.dockerignore"
        if recipe.native:  # a clone is used whole
            with open(ignore, "w", encoding="utf-8"):
                pass
        secret = self._secret(beside) if recipe.native and self.private else None
        context = os.path.join(copy, recipe.context) if recipe.context else copy
        arguments = {} if recipe.native else recipe.arguments
        yield Build(path, context, tag, recipe.stage, arguments, ignore if os.path.isfile(ignore) else None, secret)

    def _secret(self, folder: str) -> str:
        path = os.path.join(folder, "secrets")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(dockerfiles.shell_file({name: self.have.values[name] for name in self.private}))
        return path

    def job(self, tag: str, argv: tuple[str, ...], variables: Mapping[str, str]) -> Job:
        """Return a process with the platform's variables; secrets go before what the config says, as on the platform."""
        merged = secrets.Hidden({**variables, **self.have.values})
        return Job(tag, argv, merged, self.private, (), self.limits.memory, self.limits.host)

    def argv(self, image: Image, command: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return what is executed: the image's ENTRYPOINT, then the platform's command or else the image's."""
        entry = () if self.recipe.bare else image.entrypoint
        return (*entry, *(image.command if command is None else command))

    def released(self, tag: str, image: Image) -> Attempt | None:
        """Run the release command to its end, where that was asked for; None where all went well."""
        if not self.releases or self.recipe.release is None:
            return None
        job = self.job(tag, self.argv(image, self.recipe.release), self.recipe.of_release)
        with self.engine.container(job) as container:
            code = container.wait(_RELEASE)
            output = container.output()
        if code == 0:
            return None
        if code is None:
            return Attempt("release", f"the release command took longer than {_RELEASE:.0f} s", log=lines.tail(output))
        return Attempt(
            "release", lines.telling(output) or f"the release command ended with code {code}", log=lines.tail(output)
        )

    def booted(self, tag: str, image: Image) -> Attempt:
        """Start the process and ask it."""
        argv = self.argv(image, self.recipe.command)
        if not argv:
            return Attempt("boot", "neither the config nor the image names a command")
        job = self.job(tag, argv, self.recipe.variables)
        if self.recipe.volumes:
            user, group = self.owner(tag, image)
            job = job._replace(volumes=tuple((path, user, group) for path in self.recipe.volumes))
        for name in self.engine.unpassed(job):
            self.trial.told[f"{self.engine.name} could not be given {name}, which was left out"] = None
        return watch(self.engine, job, self.recipe, self.limits.boot)

    def owner(self, tag: str, image: Image) -> tuple[int, int]:
        """Return whose a volume's mount point is: on Fly the image's user's (superfly/init-snapshot), else root's."""
        name, _, group = image.user.partition(":")
        if self.recipe.target.platform != "fly" or name in ("", "0", "root"):
            return 0, 0
        if name.isdecimal() and group.isdecimal():
            return int(name), int(group)
        job = self.job(tag, ("sh", "-c", "echo $(id -u):$(id -g)"), {})._replace(variables={}, private=frozenset())
        with self.engine.container(job) as container:
            container.wait(_FEW)
            said = container.output().strip().rpartition("\n")[2].split(":")
        return (int(said[0]), int(said[1])) if len(said) == 2 and all(part.isdecimal() for part in said) else (0, 0)
