"""Arguments of a command line, taken apart into options and words."""

from __future__ import annotations

from typing import NamedTuple


class Arguments(NamedTuple):
    """A command line taken apart: options with their values (last one wins), and the other words."""

    options: dict[str, list[str]]
    words: list[str]

    def get(self, *names: str) -> str | None:
        """Return the value of an option by any of its names."""
        for name in names:
            if name in self.options:
                return self.options[name][-1]
        return None


def take_apart(argv: tuple[str, ...], flags: frozenset[str], short: str = "") -> Arguments:
    """Split arguments; `flags` take no value, every other option does; `short` are one-letter options with a value."""
    options: dict[str, list[str]] = {}
    words: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        if word == "--":
            words += queue
            break
        option, equals, value = word.partition("=")
        if word.startswith("--"):
            given = value if equals else "" if option in flags or not queue else queue.pop(0)
            options.setdefault(option, []).append(given)
        elif word.startswith("-") and len(word) > 1:
            option = word[:2]
            takes = option not in flags and (not short or word[1] in short)
            given = (word[2:].removeprefix("=") or (queue.pop(0) if queue else "")) if takes else ""
            options.setdefault(option, []).append(given)
        else:
            words.append(word)
    return Arguments(options, words)
