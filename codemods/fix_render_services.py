"""Say of a service what Render can take.

The types of services are web, pserv, worker, cron and keyvalue, and a static site is a web service with `runtime: static`. A
native service builds without Docker, and a Docker service has no start command but `dockerCommand`; a Key Value store says
who may reach it; a free instance runs no pre-deploy command. Render's Blueprint sync refuses the whole file otherwise
(`unknown type "static_site"`, `docker runtime must not have startCommand`, `must specify IP allow list`, …).

Before:                                   After:

    - type: static_site                       - type: web
      name: frontend                            name: frontend
                                                runtime: static

References: https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import shell, toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Refusal
from bot.engine.model.tree import Tree
from bot.engine.platforms import render_keys, render_refusals
from bot.engine.report import Report
from codemods import _render, _yaml

CODEMOD = Codemod(answers=("config-refused",), since="0.1", along="file", rank=30, platform="render")
_TYPES = {
    **dict.fromkeys(("static", "static_site", "staticsite", "static-site", "site"), "static"),
    **dict.fromkeys(("web_service", "webservice", "web-service", "service", "api", "app", "starter"), "web"),
    **dict.fromkeys(("background", "background_worker", "background-worker", "celery"), "worker"),
    **dict.fromkeys(("private", "private_service", "private-service"), "pserv"),
    **dict.fromkeys(("cronjob", "cron_job", "cron-job", "job"), "cron"),
    **dict.fromkeys(("kv", "key_value", "key-value", "cache"), "keyvalue"),
}
_DOCKER = ("dockerfilePath", "dockerContext", "dockerCommand")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the service as it is meant; unsafe, since the file alone can't tell."""
    refusal = _render.refusal(finding, report)
    if refusal is None or "envVars" in refusal.path:
        return
    text = tree.text(report.target.config)
    for changed in _changed(text, refusal):
        if changed is None:
            yield Skip("the service is not written on lines of its own, or what it should be is not known")
        else:
            yield Proposal(tree.write(report.target.config, changed), f"{refusal.message}: {refusal.reason}", "unsafe")


def _changed(text: str, refusal: Refusal) -> Iterator[str | None]:
    service, last = refusal.path[:-1], refusal.path[-1]
    if last == "type":
        yield _type(text, service)
    elif refusal.message == "must specify IP allow list":
        yield _yaml.insert(text, refusal.path, ("maxmemoryPolicy", "plan", "name", "type"), "ipAllowList", [])
    elif last in _DOCKER:
        yield from _native_or_docker(text, service)
    elif last == "startCommand" and refusal.message.startswith("docker"):
        yield _docker_command(text, service)
    elif last == "buildCommand" and refusal.message.startswith("docker"):
        yield _yaml.delete(text, refusal.path)
    elif last == "preDeployCommand":
        yield _before_the_start(text, service)


def _type(text: str, service: toml.Path) -> str | None:
    written = str(_yaml.find(text, (*service, "type")))
    kind = _TYPES.get(written.lower()) or render_keys.near(written.lower(), render_refusals.KINDS)
    if kind is None:
        return None
    changed = _yaml.set_value(text, (*service, "type"), "web" if kind == "static" else kind)
    if kind != "static" or changed is None:
        return changed
    for key in ("runtime", "env"):
        if _yaml.find(changed, (*service, key)) is not None:
            return _yaml.set_value(changed, (*service, key), "static")
    return _yaml.insert(changed, service, ("name", "type"), "runtime", "static")


def _native_or_docker(text: str, service: toml.Path) -> Iterator[str | None]:
    """A service with a start command is native, and one without is built by its Dockerfile."""
    if _yaml.find(text, (*service, "startCommand")):
        changed: str | None = text
        for key in _DOCKER:
            if changed is not None and _yaml.find(changed, (*service, key)) is not None:
                changed = _yaml.delete(changed, (*service, key))
        yield changed
        return
    key = "runtime" if _yaml.find(text, (*service, "runtime")) else "env"
    changed = _yaml.set_value(text, (*service, key), "docker")
    if changed is not None and _yaml.find(changed, (*service, "buildCommand")) is not None:
        changed = _yaml.delete(changed, (*service, "buildCommand"))
    yield changed


def _docker_command(text: str, service: toml.Path) -> str | None:
    """The start command of a Docker service is called `dockerCommand`, and no shell is sure to read that."""
    command = _yaml.find(text, (*service, "startCommand"))
    if not isinstance(command, str) or _yaml.find(text, (*service, "dockerCommand")) is not None:
        return _yaml.delete(text, (*service, "startCommand"))
    changed = _yaml.rename(text, (*service, "startCommand"), "dockerCommand")
    if changed is None or not set(command) & set("$&|;<>`"):
        return changed
    return _yaml.set_value(changed, (*service, "dockerCommand"), f"/bin/sh -c {shell.quote(command)}")


def _before_the_start(text: str, service: toml.Path) -> str | None:
    """What should run before the deploy runs before the server, as it does where there is no other way."""
    before, start = (_yaml.find(text, (*service, key)) for key in ("preDeployCommand", "startCommand"))
    changed = _yaml.delete(text, (*service, "preDeployCommand"))
    if changed is None or not isinstance(before, str) or not isinstance(start, str) or "\n" in before:
        return None
    return _yaml.set_value(changed, (*service, "startCommand"), f"{before.strip()} && {start}")
