"""Buildah in a chroot: works where neither a daemon nor namespaces are to be had, and enforces less for it.

The isolation is `chroot`, whose processes have this machine's network: they are asked from here, and told apart from others by
descent and by a mark in their environment. A container takes variables only in its command line (`buildah run --env`), where
every user could read them, so that they go into an image of their own, made by a Dockerfile that only we can read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from bot.outside.containers import asking, commands, sockets
from bot.outside.containers.commands import Done, Running, Started
from bot.outside.containers.docker import arguments, image_of
from bot.outside.containers.engines import PREFIX, Answer, Build, Image, Job, Question, Seen, Unasked
from bot.outside.containers.interrupts import held_back

_PATIENCE = 120.0  # seconds for what should take one


class Buildah:
    """See `Engine`."""

    name = "buildah"
    absolute_mounts = True  # 1.28 refuses relative ones, which BuildKit counts from WORKDIR

    def __init__(self, program: str) -> None:
        self.program = program
        self.environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}

    def shares_network(self, host: bool) -> bool:
        """A chroot has no other."""
        return True

    def limits(self, host: bool) -> tuple[str, ...]:
        """Say that a chroot limits neither."""
        return ("buildah in a chroot limits neither memory nor network: the app had the network of this machine",)

    def build(self, wanted: Build, seconds: float) -> Done:
        """Build without a cache of layers, which would stay behind."""
        own = (
            "--format",
            "docker",
            "--pull=false",
            "--no-cache",
            "--force-rm",
            *(("--ignorefile", wanted.ignore) if wanted.ignore else ()),
        )
        return commands.run((self.program, "bud", *own, *arguments(wanted)), self.environment, seconds, gently=True)

    def image(self, tag: str) -> Image | None:
        """Read the image's config."""
        done = commands.run((self.program, "inspect", "--type", "image", tag), self.environment, _PATIENCE)
        if done.code != 0:
            return None
        try:
            return image_of(json.loads(done.output)["OCIv1"]["config"])
        except (ValueError, KeyError, TypeError):
            return None

    @contextmanager
    def container(self, job: Job) -> Iterator[_Container]:
        """Start a process in an image that holds its variables."""
        mark, name = uuid.uuid4().hex, f"{PREFIX}-{uuid.uuid4().hex[:12]}"
        clean = ExitStack()
        try:
            tag = self._with_variables(job, clean)
            flags = ["--env", f"{sockets.MARK}={mark}"]
            for path, user, group in job.volumes:
                disk = tempfile.mkdtemp(prefix=f"{PREFIX}-disk-")
                clean.callback(shutil.rmtree, disk, ignore_errors=True)
                os.chmod(disk, 0o755)
                with contextlib.suppress(OSError):  # not ours to give away: only root may
                    os.chown(disk, user, group)
                flags += ["--volume", f"{disk}:{path}:rw"]
            clean.callback(self._quietly, "rm", name)
            made = commands.run((self.program, "from", "--pull-never", "--name", name, tag), self.environment, _PATIENCE)
            if made.code != 0:
                raise Unasked(f"buildah made no container: {made.output.strip()[-300:]}")
            with held_back():
                running = Running((self.program, "run", *flags, name, "--", *job.argv), self.environment)
                clean.callback(self._end, running, mark)
            yield _Container(running, mark)
        finally:
            with held_back():
                clean.close()

    def unpassed(self, job: Job) -> tuple[str, ...]:
        """A value of several lines is no instruction of a Dockerfile."""
        return tuple(name for name, value in job.variables.items() if "\n" in value)

    def _with_variables(self, job: Job, clean: ExitStack) -> str:
        """Return the tag of an image like the job's, with its variables."""
        if not job.variables:
            return job.tag
        folder = tempfile.mkdtemp(prefix=f"{PREFIX}-env-")  # which only we may enter
        clean.callback(shutil.rmtree, folder, ignore_errors=True)
        path, tag = os.path.join(folder, "Dockerfile"), f"{job.tag}-{uuid.uuid4().hex[:6]}"
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.write(with_variables(job.tag, job.variables))
        clean.callback(self.remove, tag)
        options = ("--quiet", "--format", "docker", "--pull-never", "--no-cache", "--force-rm", "--file", path, "--tag", tag)
        done = commands.run((self.program, "bud", *options, folder), self.environment, _PATIENCE)
        if done.code != 0:
            raise Unasked("buildah could not give the image its variables")
        return tag

    def _end(self, running: Running, mark: str) -> None:
        sockets.end(running.process.pid, mark)
        running.end()

    def _quietly(self, *command: str) -> None:
        commands.run((self.program, *command), self.environment, _PATIENCE)

    def remove(self, tag: str) -> None:
        """Remove an image."""
        self._quietly("rmi", "--force", tag)


class _Container(Started):
    def __init__(self, running: Running, mark: str) -> None:
        super().__init__(running)
        self.mark = mark

    def look(self, question: Question | None) -> Seen:
        """Ask from here: the process listens on this machine."""
        listening = frozenset(sockets.of(sockets.belonging(self.running.process.pid, self.mark)))
        if question is None or (False, question.port) not in listening:
            return Seen(listening, None)
        asked = question.port, question.path, dict(question.headers), question.seconds, question.method
        return Seen(listening, Answer(*asking.ask("127.0.0.1", *asked)))


def with_variables(tag: str, variables: Mapping[str, str]) -> str:
    """Return a Dockerfile that adds variables to an image; one of several lines is no instruction, and left out."""
    lines = [f"FROM {tag}"]
    for name, value in variables.items():
        if "\n" not in value:
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
            lines.append(f'ENV {name}="{quoted}"')
    return "\n".join(lines) + "\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
