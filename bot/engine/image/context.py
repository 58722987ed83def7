"""The build context: the folder that the builder is given, less what the ignore file keeps out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from bot.engine.image import ignore
from bot.engine.model import wildcards
from bot.engine.model.tree import Tree
from bot.engine.model.wildcards import Piece


class Context:
    """A folder of the tree as the builder sees it; paths are relative to it."""

    def __init__(self, tree: Tree, root: str, rules: ignore.Rules) -> None:
        self.tree = tree
        self.root = root
        self.rules = rules

    def tree_path(self, path: str) -> str:
        """Return a path of the context as a path in the tree."""
        return "/".join(part for part in (self.root, path) if part)

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """Return what the builder has at `path`; None when it has nothing there."""
        kind = self.tree.kind(self.tree_path(path)) if path else "folder"
        if kind == "file":
            return None if self.rules.excludes(path) else "file"
        if kind == "folder":
            return "folder" if not path or self._reaches(path) else None
        return None

    def _reaches(self, folder: str) -> bool:
        """Say whether a folder gets in: it is not excluded, or something below it is re-included."""
        if not self.rules.rules or not self.rules.excludes(folder):
            return True
        if not any(rule.includes for rule in self.rules.rules):
            return False
        return any(True for _ in self.files(folder, ""))

    def leaves(self, path: str) -> bool:
        """Say whether `path`, or a folder above it, is a link that leads out of the repository; it is never followed."""
        parts = path.split("/") if path else []
        above = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        return any(self.tree.kind(self.tree_path(each)) == "link" for each in above)

    def hidden(self, path: str) -> bool:
        """Say whether `path` lies on the disk and is missing from a clone alone."""
        return bool(path) and self.tree.hidden(self.tree_path(path)) and not self.rules.excludes(path)

    def unversioned(self, path: str) -> bool:
        """Say whether git ignores `path`, so that something else than a clone must make it before a deploy."""
        return bool(path) and self.tree.unversioned(self.tree_path(path))

    def excluded_by(self, path: str) -> str | None:
        """Return the rule (`file:line`) that keeps out a path which the repository has."""
        rule = self.rules.deciding(path) if path and self.tree.kind(self.tree_path(path)) else None
        return f"{self.rules.path}:{rule.line}" if rule else None

    def files(self, folder: str, suffix: str) -> Iterator[str]:
        """Yield the files below `folder` that get in and whose name ends with `suffix`."""
        skip = len(self.root) + 1 if self.root else 0
        for path in self.tree.walk(self.tree_path(folder), frozenset({".git", "node_modules"})):
            if path.endswith(suffix) and self.kind(path[skip:]) == "file":
                yield path[skip:]

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, those that don't get in included."""
        real = self.tree.resolve(self.tree_path(folder))
        return sorted(self.tree.entries(real)) if real is not None else []

    def matches(self, pattern: str) -> list[str]:
        """Return the paths that a COPY source with wildcards names, sorted (Go's filepath.Match, part by part)."""
        found = [""]
        for part in [part for part in pattern.split("/") if part]:
            if not any(special in part for special in "*?["):
                found = [f"{folder}/{part}" if folder else part for folder in found]
                continue
            expression = _wildcard(part)
            found = [
                f"{folder}/{entry}" if folder else entry
                for folder in found
                for entry in sorted(self.tree.entries(self.tree_path(folder)))
                if expression and expression.match(entry)
            ]
        return [path for path in found if path and self.kind(path)]


def _wildcard(part: str) -> re.Pattern[str] | None:
    pieces, at = [Piece(wildcards.START, [])], 0
    while at < len(part):
        character = part[at]
        at += 1
        if character == "*":
            pieces.append(Piece(wildcards.NAMES, []))
        elif character == "?":
            pieces[-1].text.append(".")
        elif character == "\\" and at < len(part):
            pieces[-1].text.append(re.escape(part[at]))
            at += 1
        else:
            pieces[-1].text.append(character if character in "[]^-" else re.escape(character))
    try:
        return re.compile(wildcards.expression(pieces) + r"\Z", re.S)
    except re.error:
        return None


def ignore_rules(tree: Tree, root: str, dockerfile: str) -> ignore.Rules:
    """Return the rules that BuildKit uses: `<Dockerfile>.dockerignore` beside the Dockerfile, else the context's own file.

    Source: moby/buildkit `frontend/dockerui/config.go`; flyctl never passes its `ignorefile` to BuildKit.
    """
    own = f"{dockerfile}.dockerignore"
    shared = f"{root}/.dockerignore" if root else ".dockerignore"
    for path in (own, shared):
        if tree.is_file(path):
            return ignore.read(tree.text(path), path)
    return ignore.NOTHING
