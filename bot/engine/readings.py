"""What several readings of a deploy come to: which of them counts, and what is said of it beside its faults."""

from __future__ import annotations

from bot.engine.model.findings import Assumption, Fault, Place, Weakness
from bot.engine.model.target import Target
from bot.engine.platforms import rules
from bot.engine.report import Report

REFUSED = "config-refused"  # what a platform does not take from a config, while an app that is there goes on


def assumed_start(target: Target, report: Report) -> Assumption | None:
    """Say from where the deploy was taken to be started, where the repository leaves that open."""
    start = report.start
    where = _folder(start.directory)
    command = rules.of(target.platform).deploy_command(start.directory, target.config)
    if len({reading.directory for reading in target.starts}) > 1:
        others = [reading for reading in target.starts if reading.directory != start.directory]
        listed = ", ".join(
            f"{reading.place.path}:{reading.place.line} starts it in {_folder(reading.directory)}"
            if reading.place
            else f"the config lies in {_folder(reading.directory)}"
            for reading in others
        )
        reason = f"the deploy is started from {where}, where it gets furthest; {listed} (--from says which)"
        return Assumption("start", command, reason, start.place)
    if start.place is None and target.directory and start.directory == target.directory:
        reason = f"no command in the repository deploys {target.config}, so it is started from {where} (--from says otherwise)"
        return Assumption("start", command, reason, None)
    return None


def _folder(directory: str) -> str:
    return f"`{directory}/`" if directory else "the root"


def with_refusals(report: Report) -> Report:
    """Add what the platform refuses in the config: beside what stops the app anyway, and alone as a fault of its own.

    Not a certain one: an app that is there goes on with the settings that it has.
    """
    found = report.target.refused
    if report.faults:
        more = [Weakness(REFUSED, "config", each.message, each.reason, each.place) for each in found]
        return report._replace(weaknesses=(*report.weaknesses, *more))
    faults = [Fault(REFUSED, "config", 1, "", "likely", each.message, each.reason, each.place) for each in found]
    return report._replace(faults=tuple(faults))


def progress(report: Report) -> tuple[int, int, int]:
    """Return how far a deploy gets, as something to compare; the number of faults decides last."""
    stopping = [fault for fault in report.faults if fault.code != REFUSED]
    if not stopping:
        return (99, 0, -len(report.faults))
    return (*stopping[0].position, -len(stopping))


def without_stale_copies(reports: list[Report]) -> list[Report]:
    """Turn the faults of a config into a weakness where another one of the same app works, and only that one is deployed.

    An app of the same name on another platform is another deploy.
    """
    deployed = [report.target for report in reports if not report.faults and report.start.place]
    working = {(target.platform, target.app) for target in deployed if target.app}
    result = []
    for report in reports:
        known = (report.target.platform, report.target.app) in working
        if report.faults and known and report.start.place is None:
            path = report.target.config
            reason = f"It would stop at: {report.faults[0].message}"
            message = f"{path} looks like a stale copy: another config of {report.target.app} is the one that is deployed"
            weakness = Weakness("stale-config", "config", message, reason, Place(path, 1))
            report = report._replace(faults=(), weaknesses=(*report.weaknesses, weakness))
        result.append(report)
    return result
