"""Check an image's health with Python where it has no curl or wget.

`HEALTHCHECK CMD curl -f http://localhost:8000/health` fails in an image without curl, every time, and whoever minds it (docker,
docker-compose, a tester) takes the app for ill. Fly and Render do their own checks and leave Docker's alone, so no deploy stops
at it. The image has Python, which asks for the same page and fails as the command did.

Before:                                   After:

    HEALTHCHECK CMD curl -f \\                 HEALTHCHECK CMD python -c "import http.client as h;
        http://localhost:80/health                c = h.HTTPConnection('localhost', 80);
                                                  c.request('GET', '/health');
                                                  exit(c.getresponse().status >= 400)"

References: https://docs.docker.com/reference/dockerfile/#healthcheck; https://docs.python.org/3/library/http.client.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("healthcheck-program",), since="0.1")
_OPTIONS = r"(?:[ \t]+-[^\s'\"]*(?:[ \t]+(?:\d+|/dev/null)(?=[ \t]|$))?)*"
_CALL = (
    rf"(?P<program>curl|wget)(?P<options>{_OPTIONS})[ \t]+(?P<quote>[\"']?)http://(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0)"
    r"(?::(?P<port>\d+|\$\w+|\$\{\w+(?::-\d+)?\}))?(?P<path>/[\w./%?=-]*)?(?P=quote)"
    rf"(?P<more>{_OPTIONS})(?P<silent>[ \t]*>[ \t]*/dev/null(?:[ \t]+2>&1)?)?(?=[ \t;|&]|$)"
)
_TIMES = ("-m", "--max-time", "--connect-timeout", "-T", "--timeout")
_QUIET = {  # options that change nothing of what is asked for
    "curl": r"-[sSgk]+|--silent|--show-error|--insecure",
    "wget": r"-[qO]+-?|-nv|--quiet|--no-verbose|--spider|--tries=\d+|-t|-O-|--output-document=(?:-|/dev/null)",
}


class _Asked(NamedTuple):
    """How a page is asked for: with HEAD, through redirects, failing at what is no success, within some seconds."""

    head: bool = False
    follows: bool = False
    fails: bool = False
    seconds: str = ""


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the health check of the image, where its program is not there."""
    item = _check(report)
    image = report.image
    if item is None or image is None or image.sources or "*" in image.programs:
        return
    text = " ".join(item.argv[1:]).lstrip('[" ')
    program = re.match(r"curl|wget", text)
    if program is None:
        return
    from bot.engine.image import programs  # only where a check names one

    if not programs.lacking(program[0], image.base.system, image.programs, image.files):
        return
    message = f"HEALTHCHECK runs {program[0]}, which the image does not have"
    platform = report.target.platform.title()
    reason = f"{image.base.name} has no {program[0]}, so the check fails every time; {platform} does not run it."
    yield Weakness("healthcheck-program", "health", message, reason, Place(image.dockerfile, item.line), subject=program[0])


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose Python's own client for the same page; a call with other options is left to a person."""
    item, image = _check(report), report.image
    if item is None or image is None:
        return
    text, listed = image.file.text, _listed(item)
    start, end = item.words[1].start, item.words[-1].end
    call = re.match(_CALL, " ".join(listed) if listed else text[start:end], re.M)
    asked = _asked(call) if call else None
    if call is None or asked is None or (listed and call.end() < len(" ".join(listed))):
        yield Skip("the check does more than to ask for a page of this machine")
        return
    if image.base.python is None or (listed and "$" in (call["port"] or "")):
        yield Skip("the image has no Python that could ask")
        return
    code = _python(call, asked)
    edit = Splice(start, start + call.end(), f'python -c "{code}"')
    if listed:
        edit = Splice(start, end, dockerfile.json_list(["python", "-c", code]))
    rationale = f"The image has Python, and no {call['program']}."
    yield Proposal(tree.write(image.dockerfile, splice(text, [edit])), rationale)


def _check(report: Report) -> Instruction | None:
    """Return the HEALTHCHECK that counts, if it runs a command."""
    items = [item for item in report.image.instructions if item.name == "HEALTHCHECK"] if report.image else []
    return items[-1] if items and len(items[-1].words) > 1 and items[-1].words[0].value.upper() == "CMD" else None


def _listed(item: Instruction) -> list[str] | None:
    """Return the words of a check in list form."""
    import json  # rarely needed

    try:
        words = json.loads(item.value[3:])
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _asked(call: re.Match[str]) -> _Asked | None:
    """Read the options of curl or wget; None where one of them is not known."""
    program, words = call["program"], (call["options"] + call["more"]).split()
    asked = _Asked(follows=program == "wget", fails=program == "wget")
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        if option in _TIMES and (equals or words):
            asked = asked._replace(seconds=value if equals else words.pop(0))
        elif word in ("-o", "--output", "-O", "--tries", "-t") and words and not words[0].startswith("-"):
            words.pop(0)
        elif program == "curl" and (word in ("--fail", "--location", "--head") or re.fullmatch(r"-[fsSLIgk]+", word)):
            letters = {"--fail": "f", "--location": "L", "--head": "I"}.get(word, word)
            asked = asked._replace(
                head=asked.head or "I" in letters, follows=asked.follows or "L" in letters, fails=asked.fails or "f" in letters
            )
        elif not re.fullmatch(_QUIET[program], word):
            return None
    return asked if asked.seconds in ("",) or asked.seconds.isdecimal() else None


def _python(call: re.Match[str], asked: _Asked) -> str:
    """Return the statement that asks for the page as the command did, and fails as it did."""
    host = call["host"] if call["host"] != "0.0.0.0" else "127.0.0.1"
    path = call["path"] or "/"
    timeout = f", timeout={asked.seconds}" if asked.seconds else ""
    if asked.follows and asked.fails and not asked.head:
        port = f":{call['port']}" if call["port"] else ""
        return f"import urllib.request as r; r.urlopen('http://{host}{port}{path}'{timeout})"
    port = f", {call['port']}" if call["port"] else ""
    method = "HEAD" if asked.head else "GET"
    answer = "c.getresponse().status"
    ends = f"exit({answer} >= 400)" if asked.fails else answer
    return f"import http.client as h; c = h.HTTPConnection('{host}'{port}{timeout}); c.request('{method}', '{path}'); {ends}"
