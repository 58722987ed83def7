"""Durable jobs on DBOS Transact: stored before they are answered for, gone on with after a crash, one at a time in a lane.

Knows nothing of GitHub: a job is a workflow, its identity and its lane.
"""

from webhooks.jobs.database import DatabaseRefused, open_engine, prepare
from webhooks.jobs.reaper import Pace
from webhooks.jobs.retention import Cleaning
from webhooks.jobs.runtime import Counts, Runtime
from webhooks.jobs.serializer import Failed, JsonSerializer
from webhooks.jobs.steps import JobTaken, StepTimedOut, pause_until, step, workflow

__all__ = [
    "Cleaning",
    "Counts",
    "DatabaseRefused",
    "Failed",
    "JobTaken",
    "JsonSerializer",
    "Pace",
    "Runtime",
    "StepTimedOut",
    "open_engine",
    "pause_until",
    "prepare",
    "step",
    "workflow",
]
