"""pip-tools: `pip-sync` installs what compiled files name, and nothing else; `pip-compile` writes such a file."""

from __future__ import annotations

from bot.engine.image.managers.call import Call, Outcome, options

_VALUED = frozenset("-o --output-file --python-executable --pip-args -i --index-url --extra-index-url -f --find-links".split())


def follow(program: str, call: Call) -> Outcome:
    """See `Follow`."""
    outcome = Outcome()
    chosen = options((program, *call.words), _VALUED)
    if program == "pip-compile":
        named = next((word for word in chosen.rest if word), None)
        target = chosen.get("-o", "--output-file") or (named.rpartition(".")[0] + ".txt" if named else "requirements.txt")
        outcome.written.append((call.path(target), None))
        return outcome
    files = chosen.rest or ("requirements.txt",)
    outcome.pip = ([word for name in files for word in ("-r", name)], call.environment)
    outcome.exact = True
    return outcome
