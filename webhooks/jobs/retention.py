"""Every night: what is older than the retention is deleted, jobs with their steps, and what others keep beside them.

DBOS deletes nothing by itself. A deleted job's id can be used again, so the retention is longer than the three days in which
GitHub lets a delivery be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, ScheduleInput

from webhooks.jobs.steps import step, workflow

LEAST = 14  # days
QUEUE = "chores"
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_NIGHT = "17 3 * * *"  # UTC
_BATCH = 500

Cleaning = Callable[[sa.Connection, datetime], int]  # deletes what is older than the time, returns how many rows went


class _Sweep:
    """What the nightly job does; set by the runtime that was started."""

    engine: sa.Engine | None = None
    days: int = LEAST
    cleanings: Mapping[str, Cleaning] = {}


def schedule(engine: sa.Engine, days: int, cleanings: Mapping[str, Cleaning]) -> None:
    """Have the sweep done every night by one of all workers; the schedule is stored, once for all of them.

    `cleanings` are what else is to be cleaned, each in a transaction of its own. Raises ValueError for fewer days than LEAST.
    """
    if days < LEAST:
        raise ValueError(f"Jobs are kept for at least {LEAST} days, not {days}: a delivery that comes again must be known.")
    _Sweep.engine, _Sweep.days, _Sweep.cleanings = engine, days, dict(cleanings)
    nightly = ScheduleInput(schedule_name="retention", workflow_fn=retention, schedule=_NIGHT, queue_name=QUEUE)
    DBOS.apply_schedules([nightly])


def sweep(now: datetime) -> dict[str, int]:
    """Delete what is too old, and return how many of each kind; it does no harm to do it twice."""
    border = now - timedelta(days=_Sweep.days)
    gone = {"jobs": 0}
    while old := DBOS.list_workflows(
        status=ENDED, completed_before=border.isoformat(), limit=_BATCH, load_input=False, load_output=False
    ):
        DBOS.delete_workflows([job.workflow_id for job in old])
        gone["jobs"] += len(old)
    if _Sweep.engine is not None:
        for name, clean in _Sweep.cleanings.items():
            with _Sweep.engine.begin() as connection:
                gone[name] = clean(connection, border)
    return gone


@step("sweep", seconds=1800)
async def _sweep() -> dict[str, int]:
    return await asyncio.to_thread(sweep, datetime.now(UTC))


@workflow("retention")
async def retention(scheduled: datetime, context: Any) -> None:
    """The nightly job; the result of its one step says how many rows of each kind went."""
    await _sweep()
