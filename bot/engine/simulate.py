"""The simulated deploy: config → context → image → processes → imports → port, for every target of a tree.

Pure: a `Tree` goes in, `Report`s come out. Order and messages are the platform's; after a fault the simulation goes on as
if it had been repaired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.engine import readings
from bot.engine.boot import command, reach, served, start
from bot.engine.boot.program import LOOPBACK, Program, Resolution
from bot.engine.image import packages
from bot.engine.image.build import build
from bot.engine.image.build_copy import WITHOUT_DOCKERFILE
from bot.engine.image.stage import Image, Install, unknown_account
from bot.engine.model.findings import (
    Assumption,
    Fault,
    MissingData,
    MissingDockerfile,
    MissingModule,
    MissingSource,
    MissingUser,
    Place,
    Stage,
    Unknown,
)
from bot.engine.model.target import Origin, Process, Provided, Service, Start, Target
from bot.engine.model.tree import Tree, join
from bot.engine.platforms import before, rules, survey
from bot.engine.platforms.before import Doubt
from bot.engine.report import Booted, Report

if TYPE_CHECKING:
    from bot.engine.evidence import Log  # for a check that is given a log
    from bot.engine.model.index import Index


class Options(NamedTuple):
    """What the person chose. Every field left out means all of them."""

    config: str | None = None
    app: str | None = None
    process: str | None = None
    start: str | None = None  # the folder that the deploy is started from
    exclude: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    package_index: Index | None = None  # that installs are resolved with
    log: Log | None = None  # of a real deploy: what it shows is certain


def simulate(tree: Tree, options: Options = Options()) -> list[Report]:  # noqa: B008  (an immutable tuple)
    """Simulate the deploy of every target that the options name.

    Raises `Unreadable` for a config, a Dockerfile or an ignore file that can't be read.
    """
    reports = []
    for target in survey.targets(tree, options.config, options.start, options.exclude):
        if options.app is None or target.app == options.app:
            reports.append(_best_reading(tree, target, options))
    reports = readings.without_stale_copies(reports)
    if options.log is None:
        return reports
    from bot.engine import evidence

    return evidence.confirmed(reports, options.log)


def _best_reading(tree: Tree, target: Target, options: Options) -> Report:
    """Simulate a target from each folder that the repository shows, and take the reading that gets furthest."""
    found = [_Simulation(tree, target, reading, options).report() for reading in target.starts]
    best = readings.with_refusals(max(found, key=readings.progress))
    assumed = readings.assumed_start(target, best)
    return best._replace(assumptions=(assumed, *best.assumptions)) if assumed else best


class _Simulation:
    def __init__(self, tree: Tree, target: Target, reading: Start, options: Options) -> None:
        self.tree = tree
        self.target = target
        self.reading = reading
        self.options = options
        self.rules = rules.of(target.platform)
        self.faults: list[Fault] = list(target.faults)
        self.unknowns: list[Unknown] = list(target.unknowns)
        self.assumed: dict[tuple[str, str], Assumption] = {}  # by kind and name
        self.followed = True
        self.idle = False
        self.checked = False
        self.doubtful: set[str] = set()  # processes in which something else may serve
        self.doubts: list[Doubt] | None = None
        self.built: Image | None = None

    def report(self) -> Report:
        image = self.image()
        processes: list[Booted] = []
        release = None
        if image:
            self.faults.extend(image.faults)
            self.unknowns.extend(image.unknowns)
            installed = self.come_to(image, image.installs)
            if self.target.release:
                release = self.boot(image, installed, self.target.release, "release")
                self.without_volumes(image, release)
            for process in self.target.processes:
                if self.options.process in (None, process.name):
                    booted = self.boot(image, installed, self.launched(process), "boot")
                    processes.append(booted)
                    self.port(booted)
        if image and self.target.build.kind == "buildpacks":
            from bot.engine.image import buildpack

            known = [fault for fault in self.faults if buildpack.told(fault, self.tree, self.reading.directory)]
            self.faults = [*self.target.faults, *known]
        order = sorted(map(self.judged, self.faults), key=lambda fault: fault.position)
        parts = tuple(processes), release, tuple(order)
        unknowns, index = tuple(dict.fromkeys(self.unknowns)), self.options.package_index
        more = (), tuple(self.assumed.values()), unknowns
        return Report(self.target, self.reading, image, *parts, *more, self.followed, self.checked, index, self.idle)

    def cannot_follow(self, reason: str, place: Place | None) -> None:
        self.unknowns.append(Unknown(reason, place))
        self.followed = False

    def judged(self, fault: Fault) -> Fault:
        """Return a fault as it is; not certain where something before the deploy, or an option of it, may explain it."""
        if fault.confidence == "likely":
            return fault
        if doubt := self.doubt(fault):
            return _doubted(fault)._replace(reason=f"{fault.reason} But {doubt.says}.")
        return _doubted(fault) if self.fetched(fault) else fault

    def doubt(self, fault: Fault) -> Doubt | None:
        """Return what of the deploy may explain a fault, though the files alone show nothing of the kind."""
        if self.doubts is None:
            workdir = self.built.workdir if self.built else "/"
            started = self.options.start is not None
            self.doubts = self.rules.doubts(self.tree, self.target, self.reading, workdir, started)
        explaining = (
            doubt
            for doubt in self.doubts
            if before.explains(doubt, fault, self.target.config, self.reading.directory, self.built)
        )
        return next(explaining, None)

    def explained(self, detail: MissingData) -> bool:
        """Say whether the deploy may bring a file that the app needs: such a one is not missed at all."""
        workdir = self.built.workdir if self.built else "/"
        if not detail.folder and self.rules.brings(detail.path, workdir):
            return True
        probe = Fault("app-file-missing", "boot", 0, "", "certain", "", "", None, (), detail)
        return self.doubt(probe) is not None or self.fetched(probe)

    def provided(self, name: str) -> Provided | None:
        """Return what the platform gives in a variable for a database's URL."""
        return self.rules.database(self.tree, self.target, name, name in self.options.secrets)

    def left(self, name: str) -> bool:
        """Say whether a variable that the config names has no value before a person sets it."""
        return name not in self.options.secrets and self.rules.left(self.tree, self.target, name)

    def assume(self, found: tuple[Assumption, ...]) -> None:
        """Take in what programs need to be there, with the way in which the platform provides it."""
        for each in found:
            command, where = self.rules.sets(self.target, each.name, each.kind == "database")
            reason = f"{each.reason}. {where}".rstrip()
            self.assumed.setdefault((each.kind, each.name), each._replace(command=command, reason=reason))

    def fetched(self, fault: Fault) -> bool:
        """Say whether what is missing would lie in a submodule of git, which a deploy may have."""
        if isinstance(fault.detail, MissingModule | MissingData):
            told = fault.detail.path.split("/") if isinstance(fault.detail, MissingData) else fault.detail.name.split(".")
            names = {*told}
            return any(names & {*folder.split("/")} for folder in before.by_submodules(self.tree))
        wanted = fault.detail.wanted if isinstance(fault.detail, MissingDockerfile) else None
        if isinstance(fault.detail, MissingSource) and self.built:
            wanted = self.built.context.tree_path(fault.detail.source)
        return any(f"{wanted}/".startswith(f"{folder}/") for folder in before.by_submodules(self.tree)) if wanted else False

    # --- build

    def image(self) -> Image | None:
        wanted = self.target.build
        if self.reading.image:
            self.cannot_follow("the deploy command names an image that was built elsewhere", self.reading.place)
            return None
        if wanted.native:
            from bot.engine.image import native  # no platform needs both in one deploy

            env = self.rules.environment(self.target, self.target.processes[0])
            self.built = native.build(self.tree, wanted.native, env, self.options.package_index)
            return self.built
        if wanted.kind == "buildpacks" and wanted.place:
            from bot.engine.image import buildpack  # few deploys are built by one

            self.cannot_follow(f"the image does not come from a Dockerfile ({wanted.says})", wanted.place)
            self.built = buildpack.build(self.tree, self.reading.directory, wanted.place)
            return self.built
        if wanted.kind != "dockerfile":
            self.cannot_follow(f"the image does not come from a Dockerfile ({wanted.says})", wanted.place)
            return None
        path = self.dockerfile()
        if path is None:
            return None
        self.built = build(self.tree, path, self.reading.directory, wanted, self.rules.builder, self.options.package_index)
        return self.built

    def dockerfile(self) -> str | None:
        """Return the Dockerfile that the platform would take, or note its own words for why there is none."""
        wanted, directory = self.target.build, self.reading.directory
        path = wanted.dockerfile or (self.reading.dockerfile if wanted.outside is None else None)
        if wanted.outside is not None:
            self.cannot_follow(f"{wanted.says} lies outside of the repository that is looked at", wanted.place)
            return None
        if path is not None:
            if self.tree.is_file(path):
                return path
            self.no_dockerfile(path)
            return None
        if found := self.rules.default_dockerfile(self.tree, directory):
            return found
        self.no_dockerfile(None)
        return None

    def no_dockerfile(self, path: str | None) -> None:
        wanted = path or join(self.reading.directory, "Dockerfile")
        words = self.rules.no_dockerfile(self.target, self.reading, path)
        if wanted and self.tree.unversioned(wanted):
            reason = f"git ignores {wanted}: a deploy from a clone does not have it."
            words = words._replace(confidence="likely", reason=reason)
        self.faults.append(words.fault(WITHOUT_DOCKERFILE, "")._replace(detail=MissingDockerfile(wanted)))

    # --- processes

    def environment(self, image: Image, process: Process) -> dict[str, str | None]:
        """Return the machine's environment: the image's, what the platform sets, and secrets by name alone."""
        return {**image.env, **self.rules.environment(self.target, process), **dict.fromkeys(self.options.secrets)}

    def launched(self, process: Process) -> Process:
        """Return a process as it is started: a buildpack's launcher hands its words to a shell."""
        if self.target.build.kind != "buildpacks" or process.argv is None:
            return process
        return process._replace(argv=("/bin/bash", "-c", " ".join(process.argv)))

    def boot(self, image: Image, installed: packages.Installed, process: Process, stage: Stage) -> Booted:
        """Boot a process with the volumes of its machine; after one that hides what it needs, as if it did not."""
        mounts = [volume for volume in self.target.volumes if stage == "boot" and process.name in volume.processes]
        if not mounts:
            return self.booted(image, installed, process, stage)
        from bot.engine import volumes  # most apps have none

        image = volumes.granted(image, mounts, self.rules.mounted_for(image.users.owner(image.user)))
        trial, before = _Simulation(self.tree, self.target, self.reading, self.options), len(self.faults)
        booted = self.booted(image, installed, process, stage)
        hiding = volumes.mounted(image, mounts)
        if hiding:
            trial.faults, trial.built = [], self.built
            trial.booted(hiding, self.come_to(hiding, hiding.installs), process, stage)
            known = {fault.identity for fault in self.faults[before:]}
            lost = next((fault for fault in trial.faults if fault.identity not in known), None)
            self.faults.extend([volumes.hidden(lost, mounts)] if lost else ())
        return booted

    def booted(self, image: Image, installed: packages.Installed, process: Process, stage: Stage) -> Booted:
        argv, origin = command.command_line(image, process)
        if origin is None or not argv:
            place = Place(image.dockerfile, 1)
            self.cannot_follow("the image has no command of its own: what its base image starts is not known", place)
            return Booted(process, argv, origin, ())
        if image.base.language and not self.has_python(image):
            self.cannot_follow(f"{image.base.name} runs {image.base.language}: another language is not followed", origin.place)
            return Booted(process, argv, origin, ())
        self.unknown_user(image, process, stage)
        resolved = command.resolve(self.tree, image, argv, self.environment(image, process), origin, process.name, stage)
        self.faults.extend(resolved.faults)
        self.unknowns.extend(resolved.unknowns)
        if resolved.others:
            self.doubtful.add(process.name)
        image = resolved.image or image
        if resolved.installs:
            image = image._replace(installs=(*image.installs, *resolved.installs))
            installed = packages.installed(image.installs, image.base.python, self.options.package_index)
        other = _other_python(image, argv, image.env.get("PATH") or "")
        if other is not None:
            image = image._replace(base=image.base._replace(python=other))
        programs = self.programs(image, installed, process, stage, resolved, origin)
        return Booted(process, argv, origin, tuple(programs))

    def without_volumes(self, image: Image, release: Booted) -> None:
        """Report a release command that needs a volume."""
        if self.target.volumes:
            from bot.engine import volumes  # most apps have none

            fault = volumes.no_release(self.target.volumes, image, release.argv, self.environment(image, release.process))
            self.faults.extend([fault] if fault else ())

    def unknown_user(self, image: Image, process: Process, stage: Stage) -> None:
        """Report a USER that the image does not have, where no RUN failed with it already."""
        if image.stranger and not any(isinstance(fault.detail, MissingUser) for fault in image.faults):
            kind, name, sure = image.stranger
            lines = [item.line for item in image.instructions if item.name == "USER"]
            place = Place(image.dockerfile, lines[-1]) if lines else None
            reason = f"USER {image.user} names a {kind} that the image does not have."
            fault = Fault("user-unknown", stage, -1, process.name, "certain", unknown_account(kind, name), reason, place)
            fault = fault._replace(detail=MissingUser(name, None))
            self.faults.append(fault if sure else _doubted(fault))

    def has_python(self, image: Image) -> bool:
        return any(name.startswith("python3") for name in image.programs)

    def programs(
        self,
        image: Image,
        installed: packages.Installed,
        process: Process,
        stage: Stage,
        resolved: Resolution,
        origin: Origin,
    ) -> list[Program]:
        """Boot the programs of a process, and return them with what their own code was seen to serve."""
        followed = idle = False
        programs = list(resolved.programs)
        for index, program in enumerate(resolved.programs):
            followed = followed or program.entry is not None or program.launcher in ("alembic", "django-admin")
            if not program.fatal and program is not resolved.programs[-1]:
                continue
            missing, started = self.started(program, image, installed, process, stage)
            self.faults.extend(missing)
            self.faults.extend(started.faults if program.fatal else map(_doubted, started.faults))
            self.unknowns.extend(started.unknowns)
            self.assume(started.assumed if program.fatal else ())
            if program.listen is None and started.walk.serving:
                programs[index] = program._replace(listen=started.walk.serving.listen, serving=started.walk.serving)
            if (app := started.app or started.walk.app) and app[0].found.tree:
                programs[index] = programs[index]._replace(app=(app[0].found.tree, app[1]))
            if not started.faults:
                self.health(process, programs[index], started)
            idle = program.entry is not None and served.serves_nothing(started.walk)
        services = [service for service in self.target.services if process.name in service.processes]
        if services and idle and not any(program.listen for program in programs):
            says = "no code that was followed serves anything, and a service of the config leads to this process"
            self.unknowns.append(Unknown(says, origin.place))
            self.idle = True
        if not followed and not resolved.faults and stage == "boot":
            self.cannot_follow(
                f"`{' '.join(process.argv or ())}` starts no Python app that can be followed"
                if process.argv
                else "the command starts no Python app that can be followed",
                origin.place,
            )
        return programs

    def started(
        self, program: Program, image: Image, installed: packages.Installed, process: Process, stage: Stage
    ) -> tuple[list[Fault], start.Started]:
        """Boot a program with the installs that it reaches; after one that it does not reach, as if it did."""
        view = reach.view(image, program)
        seen = self.come_to(image, view.installs) if view.hidden else installed
        missing = served.not_installed(self.tree, image, seen, program, process, stage, view.script)
        started = self.begin(program, image, seen, process, stage)
        lacking = [*missing, *(fault for fault in started.faults if isinstance(fault.detail, MissingModule))]
        if not lacking or not (view.hidden or image.left or view.script is False):
            return missing, started
        from bot.engine.boot import astray  # where something is installed that a process does not reach alone

        everything = self.come_to(image, (*image.installs, *image.left))
        whole = self.begin(program, image, everything, process, stage)
        there = served.not_installed(self.tree, image, everything, program, process, stage)
        known = {fault.identity for fault in (*there, *whole.faults)}
        lost = next((fault for fault in lacking if fault.identity not in known), None)
        if lost is None:
            return missing, started
        return [*there, astray.judged(image, program, view, lost)], whole

    def begin(self, program: Program, image: Image, seen: packages.Installed, process: Process, stage: Stage) -> start.Started:
        return start.start(self.tree, image, seen, program, process.name, stage, self.explained, self.provided, self.left)

    def come_to(self, image: Image, installs: tuple[Install, ...]) -> packages.Installed:
        return packages.installed(installs, image.base.python, self.options.package_index)

    # --- port

    def port(self, booted: Booted) -> None:
        """Hold where the process would listen against where the platform's proxy looks."""
        services = [service for service in self.target.services if booted.process.name in service.processes]
        servers = [(program, program.listen) for program in booted.programs if program.listen]
        if not self.target.services and servers and not self.target.faults:
            self.not_exposed(booted, servers[-1][0])
        ports = {service.port for service in services}
        if services and not servers and self.built and (told := served.elsewhere(self.built, ports, self.rules.serves)):
            found = self.rules.unreachable(self.target, services[0], "port-mismatch", *told)
            self.faults.append(_doubted(found.fault(0, booted.process.name)))
        if not services or not servers:
            return
        if any(listen.host not in LOOPBACK and self.rules.serves(ports, listen.port) for _, listen in servers):
            return
        program, listen = servers[-1]
        if listen.host in LOOPBACK:
            says = f"{program.launcher} listens on {listen.host}:{listen.port}, where the proxy can't reach it."
            self.unreachable("loopback-only", services[0], booted, program, says)
        else:
            wanted = " or ".join(str(port) for port in sorted(ports))
            says = f"{program.launcher} listens on port {listen.port}, and the service's internal_port is {wanted}."
            self.unreachable("port-mismatch", services[0], booted, program, says)

    # --- health

    def health(self, process: Process, program: Program, started: start.Started) -> None:
        """Hold the checked paths against what the app answers."""
        if not self.target.services:
            return
        from bot.engine import health  # only where something is to answer

        found = health.health(self.rules, self.target, process, program, started)
        alone = program.fatal and process.name not in self.doubtful
        self.faults.extend(found.faults if alone else map(_doubted, found.faults))
        self.unknowns.extend(found.unknowns)
        self.checked = self.checked or found.checked

    def not_exposed(self, booted: Booted, program: Program) -> None:
        words = self.rules.not_exposed(self.target, program.launcher)
        if words:
            self.faults.append(words.fault(1, booted.process.name))

    def unreachable(self, code: str, service: Service, booted: Booted, program: Program, says: str) -> None:
        """A server that the proxy does not reach; not certain where the command starts something else that may serve."""
        serving = program.serving
        place = serving.place if serving else program.origin.place
        found = self.rules.unreachable(self.target, service, code, says, place).fault(0, booted.process.name)
        told = program.loose is None and program.variable is None and (serving is None or serving.certain)
        alone = program.fatal and booted.process.name not in self.doubtful
        self.faults.append(found if told and alone else _doubted(found))


def _other_python(image: Image, argv: tuple[str, ...], path: str) -> tuple[int, int] | None:
    """Return the version of the Python that a package manager downloaded, where a command runs in its environment."""
    for install in reversed(image.installs):
        inside = f"{install.prefix}/bin" in path.split(":") or any(word.startswith(f"{install.prefix}/") for word in argv)
        if install.python is not None and (inside or argv[:2] == ("uv", "run")):
            return install.python
    return None


def _doubted(fault: Fault) -> Fault:
    """Return a fault of a program that may not be what the process hangs on."""
    return fault._replace(confidence="likely")
