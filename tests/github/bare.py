"""The git side of a repository: a bare repository on disk, which the REST side and git over HTTP share."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Content = str | bytes | tuple[str | bytes, str] | None  # text, bytes, either with a mode ("100755", "120000"), None: deleted

Answer = TypeVar("Answer")

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00%x01"


class Person(NamedTuple):
    """Who made a commit, and when."""

    name: str
    email: str
    date: datetime


class Commit(NamedTuple):
    """A commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


class Entry(NamedTuple):
    """An entry of a tree."""

    mode: str
    kind: str  # blob, tree or commit
    sha: str
    size: int | None
    path: str


class File(NamedTuple):
    """A file that differs between two commits, in GitHub's words."""

    path: str
    status: str  # added, removed, modified, renamed
    additions: int
    deletions: int
    patch: str
    sha: str
    previous: str | None


class Bare:
    """A bare repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[tuple[str, ...], Any] = {}  # what is told of commits by their hashes never changes

    def _once(self, tell: Callable[..., Answer], *hashes: str) -> Answer:
        key = (tell.__name__, *hashes)
        if key not in self._known:
            self._known[key] = tell(*hashes)
        found: Answer = self._known[key]
        return found

    def run(self, *arguments: str, input: bytes | None = None, check: bool = True, index: str | None = None) -> bytes:
        """Run git here and return what it prints; nothing of the developer's settings counts."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_DIR": str(self.folder),
            **({"GIT_INDEX_FILE": index} if index else {}),
        }
        done = subprocess.run(("git", *arguments), input=input, capture_output=True, env=environment, check=False)
        if check and done.returncode:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout if done.returncode == 0 else b""

    def line(self, *arguments: str, input: bytes | None = None) -> str | None:
        """Run git and return its one line, or None where it fails."""
        return self.run(*arguments, input=input, check=False).decode().strip() or None

    # refs

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return full names of refs and what they point at."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)", prefix.rstrip("/")).decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line.startswith(prefix))

    def head(self, branch: str) -> str | None:
        """Return the commit at the tip of a branch."""
        return self.line("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")

    def resolve(self, name: str) -> str | None:
        """Return the commit that a branch, a tag, a full ref or a hash means, as GitHub reads it."""
        for spelled in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            if found := self.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{spelled}^{{commit}}"):
                return found
        return None

    def kind(self, sha: str) -> str | None:
        """Return what an object is, or None when there is no such object."""
        return self.line("cat-file", "-t", sha) if len(sha) == 40 else None

    def valid(self, ref: str) -> bool:
        """Say whether a full ref is well formed."""
        return self.line("check-ref-format", "--normalize", ref) == ref

    def update(self, ref: str, sha: str) -> None:
        """Point a ref at a commit."""
        self.run("update-ref", ref, sha)

    def delete(self, ref: str) -> None:
        """Remove a ref."""
        self.run("update-ref", "-d", ref)

    # commits

    def commits(self, *revisions: str, limit: int = 250) -> list[Commit]:
        """Return commits, newest first, as `git log` selects them."""
        text = self.run("log", f"--max-count={limit}", f"--format={_FORMAT}", *revisions, "--").decode(errors="replace")
        return [_commit(record) for record in text.split("\x01") if record.strip("\n")]

    def commit(self, sha: str) -> Commit:
        """Return one commit."""
        return self._once(self._commit, sha)

    def _commit(self, sha: str) -> Commit:
        return self.commits("-1", sha)[0]

    def ancestor(self, old: str, new: str) -> bool:
        """Say whether one commit is in the history of another."""
        return self.base(old, new) == old

    def base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor."""
        return self._once(self._base, one, other)

    def _base(self, one: str, other: str) -> str | None:
        return self.line("merge-base", one, other)

    def count(self, since: str, until: str) -> int:
        """Return how many commits the second has that the first has not."""
        return self._once(self._count, since, until)

    def _count(self, since: str, until: str) -> int:
        return int(self.line("rev-list", "--count", f"{since}..{until}") or 0)

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree of a merge, or None when there are conflicts."""
        return self._once(self._merged_tree, base, head)

    def _merged_tree(self, base: str, head: str) -> str | None:
        return self.line("merge-tree", "--write-tree", base, head)

    def make_commit(self, tree: str, parents: list[str], message: str, author: Person, committer: Person) -> str:
        """Write a commit object."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        for role, who in (("author", author), ("committer", committer)):
            lines.append(f"{role} {who.name} <{who.email}> {int(who.date.timestamp())} +0000")
        raw = "\n".join([*lines, "", message]).encode()
        return self.run("hash-object", "-t", "commit", "-w", "--stdin", input=raw).decode().strip()

    def write(
        self,
        branch: str,
        files: Mapping[str, Content],
        message: str,
        author: Person,
        parent: str | None = None,
        whole: bool = False,
    ) -> str:
        """Commit files onto a branch and return the commit; `whole`: the files are all that the commit has.

        The branch goes on from its tip, or from `parent` where that is given.
        """
        parent = parent or self.head(branch)
        stamp = f"{author.name} <{author.email}> {int(author.date.timestamp())} +0000"
        text = message.encode()
        stream = [f"commit refs/heads/{branch}\nauthor {stamp}\ncommitter {stamp}\ndata {len(text)}\n".encode() + text + b"\n"]
        if parent:
            stream.append(f"from {parent}\n".encode())
        if whole:
            stream.append(b"deleteall\n")
        for path, content in files.items():
            stream.append(_change(path, content))
        self.run("fast-import", "--quiet", "--force", "--date-format=raw", input=b"".join(stream))
        sha = self.head(branch)
        assert sha is not None
        return sha

    # trees, blobs and differences

    def tree_of(self, listing: bytes) -> str:
        """Write the tree of some entries, as `update-index -z --index-info` reads them."""
        with tempfile.TemporaryDirectory() as folder:
            index = f"{folder}/index"
            self.run("update-index", "-z", "--add", "--index-info", input=listing, index=index)
            return self.run("write-tree", index=index).decode().strip()

    def entries(self, treeish: str, recursive: bool = False, path: str = "") -> list[Entry]:
        """Return a tree's entries."""
        options = ("-r", "-t") if recursive else ()
        where = (f"{path}/",) if path else ()
        raw = self.run("ls-tree", "-z", "--long", "--full-tree", *options, treeish, "--", *where, check=False)
        return [_entry(record) for record in raw.decode(errors="replace").split("\0") if record]

    def entry(self, treeish: str, path: str) -> Entry | None:
        """Return what a path is in a tree."""
        raw = self.run("ls-tree", "-z", "--long", "--full-tree", treeish, "--", path.rstrip("/"), check=False)
        return next((_entry(record) for record in raw.decode(errors="replace").split("\0") if record), None)

    def blob(self, sha: str) -> bytes:
        """Return a file's content."""
        return self.run("cat-file", "blob", sha)

    def files(self, old: str, new: str) -> list[File]:
        """Return the files that differ between two commits."""
        return self._once(self._files, old, new)

    def _files(self, old: str, new: str) -> list[File]:
        raw = (
            self.run("diff", "-z", "--raw", "--numstat", "--no-abbrev", "-M", old, new, "--")
            .decode(errors="replace")
            .split("\0")
        )
        changed: dict[str, list[str]] = {}
        counts: dict[str, tuple[int, int]] = {}
        at = 0
        while at < len(raw) and raw[at]:
            if raw[at].startswith(":"):
                _, _, _, sha, status = raw[at].split()
                names = 2 if status[0] in "RC" else 1
                changed[raw[at + names]] = [status[0], sha, raw[at + 1] if names == 2 else ""]
                at += 1 + names
            else:
                added, deleted, path = raw[at].split("\t")
                if not path:  # a renamed file: both names follow
                    path = raw[at + 2]
                    at += 2
                counts[path] = (int(added) if added != "-" else 0, int(deleted) if deleted != "-" else 0)
                at += 1
        words = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}
        return [
            File(path, words[status], *counts[path], self._patch(old, new, path, previous), sha, previous or None)
            for path, (status, sha, previous) in changed.items()
        ]

    def _patch(self, old: str, new: str, path: str, previous: str) -> str:
        text = self.run("diff", "-M", old, new, "--", *filter(None, (previous, path))).decode(errors="replace")
        start = text.find("\n@@ ")
        return text[start + 1 :].rstrip("\n") if start >= 0 else ""

    def diff(self, old: str, new: str) -> str:
        """Return the whole difference as text, for tests to look at."""
        return self.run("diff", old, new).decode(errors="replace")


def _commit(record: str) -> Commit:
    sha, tree, parents, name, email, at, by, by_email, by_at, message, _ = record.lstrip("\n").split("\0")
    author = Person(name, email, datetime.fromtimestamp(int(at), UTC))
    committer = Person(by, by_email, datetime.fromtimestamp(int(by_at), UTC))
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"))


def _entry(record: str) -> Entry:
    about, _, path = record.partition("\t")
    mode, kind, sha, size = about.split()
    return Entry(mode, kind, sha, int(size) if size.isdigit() else None, path)


def _change(path: str, content: Content) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    content, mode = content if isinstance(content, tuple) else (content, "100644")
    data = content.encode() if isinstance(content, str) else content
    return f"M {mode} inline {quoted}\ndata {len(data)}\n".encode() + data + b"\n"
