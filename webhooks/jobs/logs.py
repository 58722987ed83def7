"""What DBOS says, as lines of our own log: one sentence each, redacted, without tracebacks and without advertising."""

from __future__ import annotations

import logging

from dbos import DBOS

from bot.evidence.redaction import redact

_ENDED = "Asyncio task cancelled"  # said of every step that a stop or a cancel ends
_OLD = "is not the latest version"  # said at a start after a roll back, just before the start makes it the latest


class Sentences(logging.Filter):
    """Turns a record of DBOS into one sentence, with the job's id in `record.job`; drops what tells nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record counts."""
        text = record.getMessage()
        if _ENDED in text or _OLD in text:
            return False
        lines = [line for line in text.strip().splitlines() if line.strip()]
        said = lines[0].strip().rstrip(":") if lines else ""
        if len(lines) > 1:  # a traceback inside of the message: its last line is the error
            said = f"{said}: {lines[-1].strip()}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            said = f"{said}: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
        record.msg, record.args = redact(said), ()
        record.exc_info = record.exc_text = record.stack_info = None
        record.job = DBOS.workflow_id
        return True


def quieten() -> None:
    """Let DBOS's warnings and errors go to the root logger as sentences; calling it again changes nothing."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(known, Sentences) for known in logger.filters):
        logger.addFilter(Sentences())
    if not logger.handlers:  # with no handler at all DBOS would print to the terminal by itself
        logger.addHandler(logging.NullHandler())
    logger.propagate = True
