"""Pages of the faults that a platform finds in its config."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
    "config-syntax": (
        "config",
        "The config does not parse",
        "flyctl loads the config before it does anything else, so every command stops: `failed loading app config from …`, "
        "with the row, the column and the lines around it. A table or key declared twice, an empty list in front of its own "
        "table and a quote that is never closed are the usual causes.",
    ),
    "config-type": (
        "config",
        "A value of the config has the wrong type",
        "flyctl decodes the config into Go structs: a number in quotes, `[x]` where `[[x]]` is meant or a list where text is "
        "expected ends in `json: cannot unmarshal …` and `App configuration is not valid`.",
    ),
    "config-invalid": (
        "config",
        "flyctl's validation refuses the config",
        "A command with an open quote, an unknown deployment strategy and the like are refused before the build begins.",
    ),
    "service-without-group": (
        "config",
        "A service names no process group although there are some",
        'Once there is a [processes] section, each service has to say which groups it serves: `processes = ["web"]`.',
    ),
    "unknown-group": (
        "config",
        "A service names a process group that does not exist",
        "Without a [processes] section the only group is `app`; with one, only its keys are groups.",
    ),
    "config-refused": (
        "config",
        "Render's Blueprint sync refuses the Blueprint",
        "A key that Render does not know, a type or a runtime that it does not have, a database among the services, a variable "
        "with a value and `sync`, a reference that leads nowhere. No new service is made from it; one that is there goes on "
        "with the settings that it has, so this stands beside what stops that one.",
    ),
    "blueprint-place": (
        "config",
        "The Blueprint does not lie where Render looks",
        "Render reads render.yaml in the root of the repository. The dashboard can name another path for a Blueprint; where it "
        "does, there is no fault, and `bot verify --config PATH` boots what it describes. Paths in a Blueprint count from the "
        "root wherever it lies.",
    ),
}
