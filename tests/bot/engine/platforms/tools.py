"""What one config deploys, and what one file shows about deploys, for the tests of the platforms."""

from bot.engine.model.findings import Fault
from bot.engine.model.target import Target
from bot.engine.platforms import fly, starts
from bot.engine.platforms.starts import Deploy
from tests.tools import text, tree

WORKFLOW = ".github/workflows/deploy.yml"
FOLDERS = {"backend/fly.toml": "", "frontend/fly.toml": "", "fly.toml": ""}


def target(config: str, path: str = "fly.toml", files=None) -> Target:
    """Return what one config deploys."""
    whole = tree({**(files or {}), path: text(config)})
    found = list(fly.targets(whole, [path], [], None))
    assert len(found) == 1
    return found[0]


def faults(config: str, path: str = "fly.toml") -> list[Fault]:
    return list(target(config, path).faults)


def messages(config: str, path: str = "fly.toml") -> list[str]:
    return [fault.message for fault in faults(config, path)]


def commands(config: str) -> dict[str, tuple[str, ...] | None]:
    return {process.name: process.argv for process in target(config).processes}


def services(config: str, path: str = "fly.toml") -> list[tuple[int, tuple[str, ...]]]:
    return [(service.port, service.processes) for service in target(config, path).services]


def checks(config: str) -> list[list[str | None]]:
    return [[check.path for check in service.checks] for service in target(config).services]


def deploys(path: str, source: str, files=FOLDERS) -> list[Deploy]:
    return starts.find(tree({**files, path: text(source)}), [path])


def found(path: str, source: str) -> list[tuple[str, str | None]]:
    """Return the folder and the config of each deploy that a file shows."""
    return [(deploy.directory, deploy.config) for deploy in deploys(path, source)]


def steps(source: str, job: str = "", workflow: str = "") -> str:
    """Return a workflow with these steps, as YAML: they begin in line 5 where no more is given."""
    lines = [*workflow.splitlines(), "jobs:", "  deploy:", "    runs-on: ubuntu-latest"]
    lines += [*(f"    {line}" for line in job.splitlines()), "    steps:"]
    return "\n".join([*lines, *(f"      {line}" for line in text(source).splitlines())]) + "\n"
