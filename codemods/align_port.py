"""Make Fly's internal_port the port that the app listens on.

Fly's proxy goes to one port of the machine, the service's `internal_port` (8080 where none is written). An app that listens
on another one deploys with a warning, `The app is not listening on the expected address`, and requests find nobody. The
port that the app listens on is certain: an option of the command, PORT in `[env]` or ENV, or the server's own default. So
the config follows it, with the checks of that port and an EXPOSE that said the same: the app, and whatever else starts it,
stays as it is. Where another process group already answers on that port, the command is changed instead. An app that reads
PORT and has a default of its own may be told another one by a secret: `[env]` then says the service's port, which is right in
either case, since secrets go before it. Where the command starts what is not followed (nginx, supervisord), EXPOSE is all that
tells a port: that is a suggestion. Fly itself sets no PORT. Render finds any open port: there is nothing to align.

Before (CMD … --port 8000):               After:

    [http_service]                            [http_service]
      internal_port = 8080                      internal_port = 8000

References: https://fly.io/docs/reference/configuration/#the-http_service-section,
https://fly.io/docs/networking/app-services/
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from bot.engine.boot.program import LOOPBACK, Program
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile, toml
from bot.engine.model.findings import Fault, Safety, Weakness
from bot.engine.model.target import Service
from bot.engine.model.tree import Tree, splice
from bot.engine.platforms import fly, survey
from bot.engine.report import Booted, Report
from codemods import _command, _toml

CODEMOD = Codemod(answers=("port-mismatch",), since="0.1", platform="fly")
_SECTIONS = ("http_service", "services", "checks")
_VARIABLE = re.compile(r"(?:environ|getenv)\b[^\n]{0,40}[\"']PORT[\"']")
_OPTION = re.compile(r"(?P<option>(?:--port|--server\.port|--bind|--listen|-[pb]|runserver)[ =]?)(?P<host>.*:)?(?P<port>\d+)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the app's port for the config; the config's for the command where another group needs that."""
    booted = next((booted for booted in report.processes if booted.process.name == finding.process), None)
    if booted is None or not isinstance(finding, Fault):
        return
    services = [service for service in report.target.services if finding.process in service.processes]
    reached, servers = {service.port for service in services}, _servers(booted)
    if not servers and len(reached) == 1 and report.image:
        for exposed in dockerfile.exposed(report.image.instructions):
            changed = _in_config(tree, report, services, min(reached), exposed)
            words = f"The Dockerfile exposes {exposed}, and the proxy went to {min(reached)}."
            yield changed if isinstance(changed, Skip) else Proposal(changed, words, "unsafe")
        return
    if len(reached) != 1 or len({port for _, port in servers}) != 1:
        what = "the services of the process" if len(reached) != 1 else "the programs of the process"
        yield Skip(f"{what} name several ports")
        return
    (program, port), old = servers[-1], reached.pop()
    if port is None:
        return
    safety: Safety = "safe" if finding.confidence == "certain" else "unsafe"
    if finding.confidence == "likely" and _reads_port(tree, program):
        changed, safety = _in_env(tree, report.target.config, old), "safe"
        words = f"{program.launcher} takes PORT, which nothing in the repository sets, and {port} without it."
    elif other := _answering(report, services, old):
        changed = _in_command(tree, report, booted, program, old)
        words = f"The proxy reaches `{other}` on {old} as well, so `{finding.process}` listens there too."
    else:
        changed = _in_config(tree, report, services, old, port)
        words = f"{program.launcher} listens on port {port}, and the proxy went to {old}."
    yield changed if isinstance(changed, Skip) else Proposal(changed, words, safety)


def _servers(booted: Booted) -> list[tuple[Program, int | None]]:
    """Return the programs that listen for others than the machine itself, with their ports."""
    found = [(program, program.listen) for program in booted.programs if program.listen]
    return [(program, listen.port) for program, listen in found if listen.host not in LOOPBACK]


def _answering(report: Report, services: list[Service], port: int) -> str | None:
    """Return another process that one of the services reaches on its port as it is."""
    served = {name for service in services for name in service.processes}
    for booted in report.processes:
        if booted.process.name in served and port in [told for _, told in _servers(booted)]:
            return booted.process.name
    return None


def _reads_port(tree: Tree, program: Program) -> bool:
    """Say whether a variable that nothing here sets, and a secret may, tells the port."""
    place = program.serving.place if program.serving else None
    return program.variable == "PORT" or (place is not None and _VARIABLE.search(tree.text(place.path)) is not None)


# --- the config


def _in_env(tree: Tree, config: str, port: int) -> Tree | Skip:
    """Tell the app the service's port; where a secret tells it already, that one counts."""
    if config.endswith((".json", ".yaml")):
        return Skip("only TOML is edited")
    changed = _toml.insert_string(tree.text(config), "env", "PORT", str(port))
    return tree.write(config, changed) if changed is not None else Skip("[env] is not a table of its own")


def _in_config(tree: Tree, report: Report, services: list[Service], old: int, new: int) -> Tree | Skip:
    config = report.target.config
    if config.endswith((".json", ".yaml")):
        return Skip("only TOML is edited")
    text: str | None = tree.text(config)
    document = toml.read(text or "")
    paths = [_toml.path_at(document, service.place) or () for service in services]
    paths += _checks(document.data, report, services, old)
    for path in dict.fromkeys(paths):
        if text is None or not path or str(path[0]).lower() not in _SECTIONS:
            return Skip("the service is not a table of its own")
        told = path[-1] in ("internal_port", "port")
        text = _toml.set_number(text, path, new) if told else _toml.insert_first(text, path, "internal_port", str(new))
    if text is None:
        return Skip("the service is not a table of its own")
    return _exposed(tree.write(config, text), report, old, new)


def _checks(data: dict[str, toml.Value], report: Report, services: list[Service], port: int) -> list[toml.Path]:
    """Return the ports of the top-level checks that ask the same processes on the same port."""
    section = data.get("checks")
    tables = section.items() if isinstance(section, dict) else enumerate(section if isinstance(section, list) else ())
    names = [process.name for process in report.target.processes]
    default = fly.DEFAULT_GROUP if fly.DEFAULT_GROUP in names else min(names)
    served = {name for service in services for name in service.processes}
    found: list[toml.Path] = []
    for key, table in tables:
        groups = table.get("processes") if isinstance(table, dict) else None
        groups = groups if isinstance(groups, list) and groups else [default]
        if isinstance(table, dict) and table.get("port") == port and served & {*map(str, groups)}:
            found.append(("checks", key, "port"))
    return found


def _exposed(tree: Tree, report: Report, old: int, new: int) -> Tree:
    """Let an EXPOSE that named the old port follow; not in a Dockerfile that may be another deploy's as well."""
    path = report.image.dockerfile if report.image else ""
    if not tree.is_file(path) or len(survey.targets(tree, None, None, ())) > 1:
        return tree
    text = tree.text(path)
    items = [item for item in dockerfile.read(text).instructions if item.name == "EXPOSE"]
    words = [word for item in items for word in item.words]
    same = [word for word in words if word.value.partition("/")[0] == str(old)]
    if len(same) != 1 or any(word.value.partition("/")[0] == str(new) for word in words):
        return tree
    written = same[0].value.replace(str(old), str(new), 1)
    return tree.write(path, splice(text, [dockerfile.replace_word(same[0], written, False)]))


# --- the command


def _in_command(tree: Tree, report: Report, booted: Booted, program: Program, port: int) -> Tree | Skip:
    """Tell a server another port, where an option of its command tells one."""
    for before, word in itertools.pairwise(("", *program.argv)):
        found = _OPTION.fullmatch(word) or _OPTION.fullmatch(f"{before} {word}")
        if found and report.image:
            told = found["option"] + (found["host"] or "")
            edit = (tuple(f"{told}{found['port']}".split(" ")), tuple(f"{told}{port}".split(" ")))
            return _command.replace_any(tree, _command.origins(program, booted, report.image), [edit])
    return Skip(f"the command tells {program.launcher} no port that is edited")
