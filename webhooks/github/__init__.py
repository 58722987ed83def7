"""Everything that the service says to GitHub over REST: it looks before it writes, and its errors are one sentence each."""

from webhooks.github.checks import Annotated, Check, Conclusion
from webhooks.github.comments import Reaction
from webhooks.github.download import Limits
from webhooks.github.errors import Denied, Failed, Gone, Limited, Refused, Trouble
from webhooks.github.identity import GitHub, Granted
from webhooks.github.installation import Identity, Installation, Permission, RepositoryInfo
from webhooks.github.logs import Job, JobPage
from webhooks.github.marks import marker, markers
from webhooks.github.permissions import FETCH, PUSH, PUSH_WORKFLOWS, READ, TALK, covers
from webhooks.github.platform_logs import LogAccess
from webhooks.github.pulls import Pull

__all__ = [
    "FETCH",
    "PUSH",
    "PUSH_WORKFLOWS",
    "READ",
    "TALK",
    "Annotated",
    "Check",
    "Conclusion",
    "Denied",
    "Failed",
    "GitHub",
    "Gone",
    "Granted",
    "Identity",
    "Installation",
    "Job",
    "JobPage",
    "Limited",
    "Limits",
    "LogAccess",
    "Permission",
    "Pull",
    "Reaction",
    "Refused",
    "RepositoryInfo",
    "Trouble",
    "covers",
    "marker",
    "markers",
]
