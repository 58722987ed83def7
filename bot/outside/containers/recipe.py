"""What a simulated target comes to when it is really deployed: what is built, started and asked, as its platform would.

Pure: nothing is read but the report and the tree. A target that stops before anything could be built ends here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bot.engine.model.findings import MissingDockerfile
from bot.engine.model.proof import Attempt
from bot.engine.model.target import Native, Process, Service, Target
from bot.engine.model.tree import Tree
from bot.engine.platforms import rules
from bot.engine.report import Report
from bot.outside.containers.engines import Question

_AGENTS = {"fly": "Consul Health Check", "render": "Go-http-client/1.1"}
_SECONDS = {"fly": 10.0, "render": 5.0}  # that an answer may take (https://render.com/docs/health-checks)
_GIVEN = {  # values that only a machine has, in their form
    "FLY_REGION": "ams",
    "PRIMARY_REGION": "ams",
    "FLY_MACHINE_ID": "e2865641be9786",
    "FLY_ALLOC_ID": "e2865641be9786",
    "FLY_PUBLIC_IP": "2605:4c40:1::1",
    "FLY_PRIVATE_IP": "fdaa:0:1:a7b:1::2",
    "FLY_IMAGE_REF": "registry.fly.io/app:deployment-1",
    "FLY_MACHINE_VERSION": "1",
    "FLY_VM_MEMORY_MB": "1024",
    "RENDER_SERVICE_ID": "srv-000000000000000000",
    "RENDER_INSTANCE_ID": "srv-000000000000000000-00000",
    "RENDER_GIT_COMMIT": "0" * 40,
    "RENDER_GIT_BRANCH": "main",
    "RENDER_GIT_REPO_SLUG": "owner/repository",
    "RENDER_DISCOVERY_SERVICE": "service-discovery",
    "IS_PULL_REQUEST": "false",
    "WEB_CONCURRENCY": "1",
    "RENDER_CPU_COUNT": "1",
    "PORT": "10000",
}
_AUTHORITY = re.compile(r"://[^/]+/")


class Wanted(NamedTuple):
    """A variable that only the platform holds. `url` is the form of a database's; `given`: no person has to set it."""

    name: str
    url: str | None
    given: bool = False


class Recipe(NamedTuple):
    """A deploy, ready to be tried.

    `dockerfile` and `context` are paths in the tree; `native` is built instead where there is no Dockerfile. `command` goes
    behind the image's ENTRYPOINT (with `bare`: in its place), None is the image's own. `questions` are asked in their order;
    with `strict` their answers have to be what the platform's health check takes, else anything but an error of the server
    will do. `roams`: the platform finds the port by itself. `served`: a proxy leads to the process at all.
    """

    target: Target
    process: str
    dockerfile: str
    native: Native | None
    context: str
    stage: str | None
    arguments: Mapping[str, str]
    command: tuple[str, ...] | None
    bare: bool
    release: tuple[str, ...] | None
    variables: Mapping[str, str]
    of_release: Mapping[str, str]  # what the release command has in their place
    wanted: tuple[Wanted, ...]
    questions: tuple[Question, ...]
    strict: bool
    roams: bool
    served: bool
    volumes: tuple[str, ...]

    def takes(self, status: int) -> bool:
        """Say whether an answer will do."""
        return rules.of(self.target.platform).takes(status) if self.strict else status < 500


def chosen(report: Report, wanted: str | None) -> Process:
    """Return the process to try: the one that is named, else the first that a service leads to, else the first."""
    processes = {process.name: process for process in report.target.processes}
    if wanted in processes:
        return processes[wanted]
    served = (name for service in report.target.services for name in service.processes if name in processes)
    return processes[next(served, next(iter(processes)))]


def recipe(report: Report, tree: Tree, process: Process, secrets: tuple[str, ...], named: bool = False) -> Recipe | Attempt:
    """Return how to deploy a target, or the attempt that ends before a build.

    `secrets` are names that the settings list. `named`: a person says that this config is the one; without that, a Blueprint
    counts where Render looks for it.
    """
    target = report.target
    unseen = () if named else ("blueprint-place",)
    of_config = (fault for fault in target.faults if fault.stage == "config")
    refused = next((fault for fault in of_config if fault.confidence == "certain" or fault.code in unseen), None)
    if refused:
        return Attempt("config", refused.message)
    stopped = _without_image(report)
    if stopped:
        return stopped
    image, native = report.image, target.build.native
    if native and native.faults:
        return Attempt("build", native.faults[0].message)
    services = [service for service in target.services if process.name in service.processes]
    questions, strict = _questions(target, services)
    variables, wanted = _variables(report, tree, process, secrets)
    of_release = _variables(report, tree, target.release, secrets)[0] if target.release else {}
    return Recipe(
        target=target,
        process=process.name,
        dockerfile=image.dockerfile if image else "",
        native=native,
        context="" if native else report.start.directory,
        stage=target.build.stage,
        arguments=target.build.args,
        command=process.argv,
        bare=bool(native) or bool(process.origin and process.origin.key == ("experimental", "exec")),
        release=target.release.argv if target.release else None,
        variables=variables,
        of_release=of_release,
        wanted=wanted,
        questions=questions,
        strict=strict,
        roams=target.platform == "render",
        served=bool(services),
        volumes=tuple(volume.path for volume in target.volumes if process.name in volume.processes),
    )


def _without_image(report: Report) -> Attempt | None:
    """Return the attempt with a target of which no image can be built."""
    if report.image is not None and report.target.build.kind in ("dockerfile", "native"):
        return None
    missing = next((fault for fault in report.faults if isinstance(fault.detail, MissingDockerfile)), None)
    if missing:
        return Attempt("build", missing.message)
    why = str(report.unknowns[-1]) if report.unknowns else "the image does not come from a Dockerfile"
    return Attempt("unsupported", why)


def _questions(target: Target, services: list[Service]) -> tuple[tuple[Question, ...], bool]:
    """Return what the platform asks, or else one request for a sign of life; and whether it is a health check."""
    asked = [(service.port, check) for service in services for check in service.checks if check.path is not None]
    seconds = _SECONDS.get(target.platform, 10.0)
    found = []
    for port, check in asked:
        headers = {**_headers(target, port), **check.headers}
        found.append(Question(port, check.path or "/", headers, check.timeout or seconds, check.method))
    if found:
        return tuple(_once(found)), True
    return tuple(Question(service.port, "/", _headers(target, service.port), seconds) for service in services[:1]), False


def _once(questions: list[Question]) -> list[Question]:
    """Return questions without those that ask the same of the same port."""
    kept: list[Question] = []
    for question in questions:
        if all((other.port, other.path, other.method) != (question.port, question.path, question.method) for other in kept):
            kept.append(question)
    return kept


def _headers(target: Target, port: int) -> dict[str, str]:
    """Return the headers of a check: Fly comes with the machine's address and port, Render with the service's name."""
    host = rules.of(target.platform).asked(target).host
    shown = f"{host}:{port}" if target.platform == "fly" else host
    return {"Host": shown, "User-Agent": _AGENTS.get(target.platform, "")}


def _variables(
    report: Report, tree: Tree, process: Process, secrets: tuple[str, ...]
) -> tuple[dict[str, str], tuple[Wanted, ...]]:
    """Return the variables of a process as far as they are known, and those that only the platform holds."""
    target = report.target
    platform = rules.of(target.platform)
    told = {**platform.environment(target, process)}
    given = {**_GIVEN, **_names(target)}
    known = {name: given[name] if value is None else value for name, value in told.items() if value or name in given}
    known |= {name: value for name, value in target.env.items() if value is not None}
    needed = {each.name: each.kind for each in report.assumptions if each.kind != "start"}
    names = [*needed, *secrets, *(name for name, value in target.env.items() if value is None)]
    wanted = []
    for name in dict.fromkeys(names):
        if name in known:
            continue
        provided = platform.database(tree, target, name, secret=True)
        url = provided.url if provided and (needed.get(name) == "database" or provided.known == "told") else None
        asks = name not in target.env or platform.left(tree, target, name)
        wanted.append(Wanted(name, _local(url), given=target.platform == "render" and not asks))
    return known, tuple(wanted)


def _local(url: str | None) -> str | None:
    """Return a database's URL, in the form that the platform gives it, with this machine as its host."""
    return None if url is None else _AUTHORITY.sub("://app:app@127.0.0.1:5432/", url)


def _names(target: Target) -> dict[str, str]:
    host = f"{target.app or 'app'}.onrender.com"
    return {"RENDER_EXTERNAL_HOSTNAME": host, "RENDER_EXTERNAL_URL": f"https://{host}", "RENDER_SERVICE_NAME": host[:-13]}
