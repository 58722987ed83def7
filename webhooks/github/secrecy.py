"""Keeps secrets out of the logs of the libraries that we talk through.

PyGithub hides the Authorization of a request but prints whole answers at DEBUG, those that hold new tokens too; httpx prints
whole URLs at INFO, and those of a job's log are signed: whoever has one can read the log.
"""

from __future__ import annotations

import logging
import re

from bot.evidence.redaction import HIDDEN, redact

_LOGGERS = (
    "github.Requester",
    "github.GithubRetry",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "httpx",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)
_QUERY = re.compile(r"\?[^\s\"'>)\]]+")
_REQUEST = 9  # arguments of the line that PyGithub logs for each request: verb, scheme, host, path, headers, input, status, …


class Discreet(logging.Filter):
    """Lets every record pass without the queries of URLs, without bodies and headers, and redacted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; always true."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        if record.name == "github.Requester" and len(arguments) == _REQUEST:
            verb, scheme, host, path, _, _, status, *_ = arguments
            text = f"{verb} {scheme}://{host}{path} {status}"
        elif record.name.startswith("httpcore"):
            text = record.getMessage().partition(" ")[0]  # the rest is headers
        else:
            text = record.getMessage()
        record.msg = redact(_QUERY.sub(f"?{HIDDEN}", " ".join(text.split())))
        record.args = ()
        record.exc_info = record.exc_text = None  # a traceback's last line is the error's own text, with its URL
        return True


_FILTER = Discreet()


def keep_quiet() -> None:
    """Put the filter on the libraries' loggers; doing so again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
