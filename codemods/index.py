"""Which codemods answer which finding; written by tools/index.py from their own data."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "attribute-not-found": ("align-cmd-processes", "fix-entrypoint"),
    "cmd-differs": ("align-cmd-processes",),
    "config-syntax": ("repair-toml",),
    "config-type": ("fix-table-list",),
    "copy-source-missing": ("fix-path-case", "fix-copy-source", "move-fly-toml"),
    "dockerfile-not-found": ("fix-path-case", "fix-dockerfile-path", "move-fly-toml"),
    "duplicate-group": ("merge-process-groups",),
    "entry-not-found": ("fix-path-case", "align-cmd-processes", "fix-entrypoint", "set-pythonpath"),
    "module-not-found": ("fix-path-case", "set-pythonpath", "copy-missing-package"),
    "name-not-found": ("fix-path-case", "align-cmd-processes"),
    "needs-shell": ("wrap-shell-command",),
    "no-dockerfile": ("fix-dockerfile-path", "move-fly-toml"),
    "requirements-missing": ("fix-path-case", "move-fly-toml"),
    "script-missing": ("fix-path-case", "fix-entrypoint"),
    "unknown-key": ("drop-unknown-key",),
}
FINDERS: tuple[str, ...] = ("align-cmd-processes", "drop-unknown-key", "merge-process-groups",)
NAMES: tuple[str, ...] = ("align-cmd-processes", "copy-missing-package", "drop-unknown-key", "fix-copy-source", "fix-dockerfile-path", "fix-entrypoint", "fix-path-case", "fix-table-list", "merge-process-groups", "move-fly-toml", "repair-toml", "set-pythonpath", "wrap-shell-command",)
