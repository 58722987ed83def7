"""Which codemods answer which finding; written by tools/index.py from their own data."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "attribute-not-found": ("align-cmd-processes", "fix-entrypoint"),
    "blueprint-place": ("move-render-yaml",),
    "cmd-differs": ("align-cmd-processes",),
    "config-syntax": ("repair-toml",),
    "config-type": ("fix-table-list",),
    "copy-source-missing": ("fix-path-case", "fix-render-keys", "fix-copy-source", "fix-render-paths", "move-fly-toml"),
    "dockerfile-not-found": ("fix-path-case", "fix-render-keys", "fix-dockerfile-path", "fix-render-paths", "move-fly-toml", "add-dockerfile"),
    "duplicate-group": ("merge-process-groups",),
    "entry-not-found": ("fix-path-case", "align-cmd-processes", "fix-render-keys", "fix-entrypoint", "set-pythonpath", "fix-render-paths"),
    "launcher-not-installed": ("add-missing-requirement",),
    "library-incompatible": ("fix-requirement-pin",),
    "loopback-only": ("bind-all-interfaces",),
    "module-not-found": ("fix-path-case", "fix-render-keys", "set-pythonpath", "copy-missing-package", "add-missing-requirement"),
    "name-not-found": ("fix-path-case", "align-cmd-processes"),
    "needs-shell": ("wrap-shell-command",),
    "no-dockerfile": ("fix-render-keys", "fix-dockerfile-path", "fix-render-paths", "move-fly-toml", "add-dockerfile"),
    "optional-package-missing": ("add-missing-requirement",),
    "program-missing": ("fix-build-command", "add-missing-requirement"),
    "project-metadata-missing": ("fix-render-keys", "fix-render-paths"),
    "requirement-not-found": ("fix-requirement-pin",),
    "requirements-missing": ("fix-path-case", "fix-render-keys", "fix-render-paths", "move-fly-toml"),
    "run-file-missing": ("fix-render-keys", "fix-render-paths"),
    "script-missing": ("fix-path-case", "fix-entrypoint", "fix-render-paths"),
    "script-not-executable": ("set-executable-bit",),
    "system-package-missing": ("use-binary-driver", "install-system-package"),
    "unknown-key": ("drop-unknown-key",),
    "wheel-missing": ("fix-requirement-pin",),
}
FINDERS: tuple[str, ...] = ("align-cmd-processes", "drop-unknown-key", "merge-process-groups",)
NAMES: tuple[str, ...] = ("add-dockerfile", "add-missing-requirement", "align-cmd-processes", "bind-all-interfaces", "copy-missing-package", "drop-unknown-key", "fix-build-command", "fix-copy-source", "fix-dockerfile-path", "fix-entrypoint", "fix-path-case", "fix-render-keys", "fix-render-paths", "fix-requirement-pin", "fix-table-list", "install-system-package", "merge-process-groups", "move-fly-toml", "move-render-yaml", "repair-toml", "set-executable-bit", "set-pythonpath", "use-binary-driver", "wrap-shell-command",)
