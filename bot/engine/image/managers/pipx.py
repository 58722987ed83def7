"""pipx: a program in an environment of its own. `pipx run` starts one that is gone afterwards."""

from __future__ import annotations

from bot.engine.image.managers.call import Call, Outcome, options
from bot.engine.image.stage import Install
from bot.engine.model import requirements
from bot.engine.model.requirements import Requirement

_VALUED = frozenset("--python --pip-args --index-url -i --suffix --preinstall --spec --fetch-python".split())


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    outcome = Outcome()
    chosen = options(call.words, _VALUED, stop_at_rest=True)
    if chosen.verb == "run":
        outcome.started = list(chosen.rest)
        return outcome
    into = chosen.rest[0] if chosen.verb == "inject" and chosen.rest else None
    for word in chosen.rest[1:] if into else chosen.rest if chosen.verb == "install" else ():
        line = requirements.requirement(word) if word else None
        if line:
            home = f"/root/.local/share/pipx/venvs/{into or line.value}"
            outcome.installs.append(Install(home, (Requirement(line, call.place),), (), None, call.place))
    return outcome
