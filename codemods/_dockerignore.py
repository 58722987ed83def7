"""What a new ignore file lists: only what no app needs, and nothing that the repository asks for."""

from __future__ import annotations

import re

from bot.engine.image.context import Context
from bot.engine.model.tree import Tree
from bot.engine.platforms import survey
from codemods._leaks import ENVIRONMENTS, is_leak

_CACHES = ".pytest_cache .mypy_cache .ruff_cache .tox .nox htmlcov .coverage .hypothesis .ipynb_checkpoints .eggs".split()
_LOCAL = ".github .gitlab .circleci .vscode .idea .devcontainer .DS_Store .fly".split()
_TESTS = ("tests", "test")
_BACKUPS = (".bak", ".orig")
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist")
_VERSIONED = re.compile(  # what reads a version, or more, from the history
    r"setuptools[-_]scm|hatch-vcs|versioneer|dynamic[-_]version|\bpbr\b|dunamai|versioningit|gitpython|pygit2"
    r"|\bgit (?:describe|rev-parse|log|submodule)",
    re.I,
)
_READS_ENV = re.compile(r"dotenv|env_file|environ\.Env\b|decouple|\.env\b")
_NAMES_TESTS = re.compile(r"\btests?\b", re.I)
_IMPORTS_TESTS = re.compile(r"^\s*(?:from|import)\s+(?:\w+\.)*tests?\b", re.M)
_TEXTS = (".py", ".toml", ".cfg", ".txt", ".sh")
_LARGEST = 400  # files that are looked through


class Uses:
    """What the repository asks for, of what an ignore file usually keeps out."""

    def __init__(self, tree: Tree, context: Context) -> None:
        dockerfiles = [tree.text_if_any(path) for path in survey.dockerfiles(tree)]
        instructions = [line for text in dockerfiles for line in text.splitlines() if not line.lstrip().startswith("#")]
        self.tests = any(_NAMES_TESTS.search(line) for line in instructions)
        self.history = any(_VERSIONED.search(line) or ".git" in line for line in instructions)
        self.env_files = any(".env" in line for line in instructions)
        self.env = self.modules = False
        looked = [path for path in context.files("", "") if path.endswith(_TEXTS)]
        if len(looked) > _LARGEST:
            looked = [path for path in looked if path.count("/") < 2][:_LARGEST]
        for path in looked:
            self._look(path, tree.text_if_any(context.tree_path(path)))

    def _look(self, path: str, text: str) -> None:
        self.history = self.history or _VERSIONED.search(text) is not None
        self.modules = self.modules or "node_modules" in text
        self.env = self.env or _READS_ENV.search(text) is not None
        if path.partition("/")[0] not in _TESTS and "/test" not in f"/{path}":
            asks = _IMPORTS_TESTS if path.endswith(".py") else _NAMES_TESTS if path.endswith(".sh") else None
            self.tests = self.tests or (asks is not None and asks.search(text) is not None)


def lines(tree: Tree, context: Context, uses: Uses) -> list[str]:
    """Return the lines of a new ignore file: what lies there or soon will, in groups."""
    entries = tree.entries(context.root)
    groups = {
        "history, settings of one machine, secrets": [
            *([] if uses.history else [".git"]),
            *_settings(tree, context, uses),
            *(name for name in _LOCAL if name in entries),
        ],
        "what Python and its tools leave behind": [
            "**/__pycache__",
            "**/*.py[cod]",
            *_environments(tree, context),
            *(name for name in _CACHES if name in entries),
            *(f"**/*{ending}" for ending in _BACKUPS if any(name.endswith(ending) for name in entries)),
        ],
        "installed for another system": ["node_modules"] if _has_modules(tree, context, uses) else [],
        "not needed at run time": [name for name in _TESTS if tree.is_folder(context.tree_path(name)) and not uses.tests],
    }
    made: list[str] = []
    for title, patterns in groups.items():
        if patterns:
            made += [*([""] if made else []), f"# {title}", *patterns]
    return made


def _settings(tree: Tree, context: Context, uses: Uses) -> list[str]:
    """Return the patterns for `.env` and its kind; none where a Dockerfile asks for one, `.env` alone where others are kept."""
    if uses.env_files:
        return []
    others = [name for name in tree.entries(context.root) if name.startswith(".env.") and name not in _EXAMPLES]
    return [".env"] if any(tree.is_file(context.tree_path(name)) for name in others) else [".env", ".env.*"]


def _environments(tree: Tree, context: Context) -> list[str]:
    entries = tree.entries(context.root)
    usual = [name for name in (".venv", "venv") if name not in entries]
    return [name for name in ENVIRONMENTS if name in usual or (name in entries and is_leak(tree, context.tree_path(name)))]


def _has_modules(tree: Tree, context: Context, uses: Uses) -> bool:
    entries = tree.entries(context.root)
    there = "node_modules" in entries
    return (
        not uses.modules
        and ("package.json" in entries or there)
        and (not there or is_leak(tree, context.tree_path("node_modules")))
    )
