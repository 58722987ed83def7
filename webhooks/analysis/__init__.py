"""The analysis of one commit, in a child process with limits and without a token.

An `Analyst` starts the child (`child.py`) ahead, `analyse` when it is called. The child reads the commit out of an object store
(`sources.py`), simulates, matches the log and plans (`analysing.py`, `planning.py`, `causes.py`), lays Python out as the
repository wants it (`formatters.py`) and answers in JSON (`model.py`).
"""

from webhooks.analysis.model import Analysis, Change, Finding, Limits, Repair, Request, Told
from webhooks.analysis.parent import Analyst, analyse

__all__ = ["Analysis", "Analyst", "Change", "Finding", "Limits", "Repair", "Request", "Told", "analyse"]
