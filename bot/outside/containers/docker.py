"""Docker and podman: a container without a network, asked from inside, with limits that the engine enforces."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.outside.containers import asking, commands
from bot.outside.containers.commands import Done, Running, Started
from bot.outside.containers.engines import PREFIX, Answer, Build, Image, Job, Question, Seen, Unasked
from bot.outside.containers.interrupts import held_back

_PATIENCE = 60.0  # seconds for what should take one
_HOST = "app"  # the container's own name for itself
# variables that the client itself reads: an app's value of one must not reach it
_OF_CLIENT = ("DOCKER_", "CONTAINER", "BUILD", "XDG_", "LD_", "SSL_", "STORAGE_", "http", "HTTP", "no_proxy", "NO_PROXY")
_OF_SYSTEM = frozenset("PATH HOME USER TMPDIR LANG LC_ALL TERM".split())
_PROCESSES = 1024
_NO_PROGRAM = (126, 127)  # how `exec` ends where the image has no such program
_ENDING = 5.0  # seconds from a container's end to the end of the client that started it


class Docker:
    """See `Engine`. `name` is docker or podman, whose command lines are the same where it counts here."""

    absolute_mounts = False

    def __init__(self, name: str, program: str) -> None:
        self.name = name
        self.program = program
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "1", "DOCKER_CLI_HINTS": "false"}

    def shares_network(self, host: bool) -> bool:
        """It does where a person asks for it."""
        return host

    def limits(self, host: bool) -> tuple[str, ...]:
        """Memory and processes are limited, and so is the network unless the machine's own was asked for."""
        return ("the app had the network of this machine (--network host)",) if host else ()

    def build(self, wanted: Build, seconds: float) -> Done:
        """Build with the network, which pip and apt need."""
        own: tuple[str, ...] = ("--progress=plain",) if self.name == "docker" else ("--format", "docker")
        if self.name == "podman" and wanted.ignore:  # docker looks beside the Dockerfile by itself
            own += ("--ignorefile", wanted.ignore)
        return commands.run((self.program, "build", *own, *arguments(wanted)), self.environment, seconds, gently=True)

    def image(self, tag: str) -> Image | None:
        """Read the image's config."""
        done = commands.run(
            (self.program, "image", "inspect", "--format", "{{json .Config}}", tag), self.environment, _PATIENCE
        )
        return read_config(done.output) if done.code == 0 else None

    @contextmanager
    def container(self, job: Job) -> Iterator[_Container]:
        """Start in the foreground, so that the output comes as it is printed."""
        name = f"{PREFIX}-{uuid.uuid4().hex[:12]}"
        command, environment = self._run(name, job)
        running = None
        try:
            with held_back():
                running = Running(command, environment)
            yield _Container(self, name, running, job)
        finally:
            with held_back():
                commands.run((self.program, "rm", "--force", "--volumes", name), self.environment, _PATIENCE)
                if running is not None:
                    running.end()

    def _run(self, name: str, job: Job) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the command line and its environment: values go by name, except those that would mislead the client."""
        flags, environment = [], dict(self.environment)
        for key, value in job.variables.items():
            if not _misleading(key):
                flags += ["--env", key]
                environment[key] = value
            elif key not in job.private:
                flags += ["--env", f"{key}={value}"]
        for volume in job.volumes:
            flags += self._disk(*volume)
        network = ("--network", "host") if job.host else ("--network", "none", "--add-host", f"{_HOST}:127.0.0.1")
        memory = f"{job.memory}m"
        limits = ("--memory", memory, "--memory-swap", memory, "--pids-limit", str(_PROCESSES))
        own = ("--name", name, "--hostname", _HOST) if not job.host else ("--name", name)
        return (self.program, "run", *own, *network, *limits, *flags, "--entrypoint", "", job.tag, *job.argv), environment

    def _disk(self, path: str, user: int, group: int) -> list[str]:
        """Return the options of an empty disk. Podman fills one from the image unless told, and takes no user but its own."""
        if self.name == "docker":
            return ["--tmpfs", f"{path}:rw,exec,mode=0755,uid={user},gid={group}"]
        owned = ",U=true" if user else ""
        return ["--mount", f"type=tmpfs,destination={path},tmpfs-mode=0755,notmpcopyup{owned}"]

    def unpassed(self, job: Job) -> tuple[str, ...]:
        """A secret of a name that the client itself reads does not come through."""
        return tuple(name for name in job.variables if _misleading(name) and name in job.private)

    def remove(self, tag: str) -> None:
        """Remove an image; the engine's cache of build steps stays, as after any build."""
        commands.run((self.program, "rmi", "--force", tag), self.environment, _PATIENCE)


class _Container(Started):
    def __init__(self, engine: Docker, name: str, running: Running, job: Job) -> None:
        self.engine = engine
        self.name = name
        super().__init__(running)
        # with the machine's own network, what others listen on is none of the app's
        self.others = frozenset((bool(loopback), port) for loopback, port, _ in asking.listening()) if job.host else frozenset()

    def look(self, question: Question | None) -> Seen:
        """Hand `asking.py` to the container's Python."""
        wanted = json.dumps(question._asdict() if question else None)
        source = Path(asking.__file__).read_bytes()
        for python in ("python3", "python"):
            command = (self.engine.program, "exec", "--interactive", self.name, python, "-", wanted)
            done = commands.run(command, self.engine.environment, 30, feed=source)
            if done.code == 0:
                return self._seen(done.output)
            if self.wait(_ENDING if done.code not in _NO_PROGRAM else 0) is not None:
                return Seen(frozenset(), None)
        raise Unasked("the image has no Python that could be handed the health check")

    def _seen(self, output: str) -> Seen:
        try:
            found = json.loads(output.strip().splitlines()[-1])
            answer = Answer(*found["answer"]) if found["answer"] else None
            return Seen(frozenset((bool(loop), port) for loop, port, _ in found["listening"]) - self.others, answer)
        except (ValueError, IndexError, KeyError, TypeError):
            raise Unasked("what the container's Python printed could not be read") from None


def _misleading(name: str) -> bool:
    return name in _OF_SYSTEM or name.startswith(_OF_CLIENT)


def arguments(wanted: Build) -> tuple[str, ...]:
    """Return the options of a build that all engines have in common."""
    found = ["--file", wanted.dockerfile, "--tag", wanted.tag]
    found += ["--target", wanted.stage] if wanted.stage else []
    found += [part for name, value in wanted.arguments.items() for part in ("--build-arg", f"{name}={value}")]
    found += ["--secret", f"id={PREFIX},src={wanted.secret}"] if wanted.secret else []
    return (*found, wanted.context)


def read_config(text: str) -> Image | None:
    """Read an image's config as JSON."""
    try:
        config = json.loads(text)
    except ValueError:
        return None
    return image_of(config) if isinstance(config, dict) else None


def image_of(config: Mapping[str, object]) -> Image:
    """Return what counts of an image's config; where a list is expected, anything else is none."""

    def words(key: str) -> tuple[str, ...]:
        value = config.get(key)
        return tuple(str(word) for word in value) if isinstance(value, list) else ()

    return Image(words("Entrypoint"), words("Cmd"), str(config.get("User") or ""))
