"""The object store of one remote repository: what is fetched into it, written to it and pushed from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from bot.engine.model.tree import Change
from bot.outside.commits import complaints, history, listing, wanted, writing
from bot.outside.commits.commit import Commit
from bot.outside.commits.history import CommitInfo
from bot.outside.commits.running import Done, alone, environment, run, scratch, size
from bot.outside.commits.terms import SHA, Access, Author, GitFailed, Limits, check_branch, check_sha

_FETCHED = "refs/commits"  # a ref for each commit that was fetched as a whole
_QUIET = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no")
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_PARTIAL = {"remote.origin.promisor": "true", "remote.origin.partialclonefilter": "blob:none"}

# What a push needs to know of the server's commits: its branches tell, if the base is one of them; else it is asked; and one
# that says nothing gets more than it needs, which has to be fetched for it.
_PUSHING: tuple[dict[str, str], ...] = ({"push.negotiate": "false"}, {}, _PARTIAL)


class Store:
    """A bare repository of ours: no hooks, no templates, no remote, nothing in its config that came from elsewhere.

    All that is asked of git raises `GitFailed` with one sentence, and can be asked again after it was cut at any point.
    """

    def __init__(self, folder: str, limits: Limits = Limits()) -> None:  # noqa: B008  (an immutable tuple)
        self.folder = os.path.abspath(folder)
        self.limits = limits

    @classmethod
    def create(cls, folder: str, limits: Limits = Limits()) -> Store:  # noqa: B008  (an immutable tuple)
        """Make an empty store for our user alone, unless it is there."""
        store = cls(folder, limits)
        os.makedirs(store.folder, mode=0o700, exist_ok=True)
        for name in ("objects", "refs"):
            os.makedirs(os.path.join(store.folder, name), mode=0o700, exist_ok=True)
        for name, text in (("config", _CONFIG), ("HEAD", "ref: refs/heads/none\n")):  # HEAD last: with it, git takes it for one
            path = os.path.join(store.folder, name)
            if not os.path.exists(path):
                with open(f"{path}.new", "w", encoding="ascii") as file:
                    file.write(text)
                os.replace(f"{path}.new", path)
        return store

    def commit(self, sha: str) -> Commit:
        """Return a fetched or written commit as a `Source`; it touches no network."""
        return Commit(self.folder, sha, self.limits)

    # --- asking the remote

    async def branch_head(self, access: Access, branch: str) -> str | None:
        """Return the commit that a branch of the remote points to; None where there is no such branch.

        A server that shows nothing at all, not even its `HEAD`, is no answer to that: `GitFailed` (missing).
        """
        check_branch(branch)
        self.create(self.folder)
        ref = f"refs/heads/{branch}"
        done = await self.git(("ls-remote", "--quiet", "origin", "HEAD", ref), access)
        if done.code:
            raise complaints.failure(done, access, f"The branch {branch} can't be looked up")
        for line in done.output.decode("utf-8", "replace").splitlines():
            sha, _, name = line.partition("\t")
            if name == ref and SHA.fullmatch(sha):  # git's pattern also takes names that only end so
                return sha
        if not done.output.strip():
            raise GitFailed(
                "missing", f"The branch {branch} can't be looked up: the repository is empty, or the server none of git."
            )
        return None

    async def fetch(self, access: Access, sha: str) -> None:
        """Fetch one commit, its trees, and the files that an analysis usually reads."""
        check_sha(sha)
        self.create(self.folder)
        async with alone(self.folder, self.limits.seconds) as lock:
            if not self._has(sha):
                refspec = f"+{sha}:{_FETCHED}/{sha}"
                done = await self.git(("fetch", *_QUIET, "--depth=1", "origin", refspec), access, lock, settings=_PARTIAL)
                if done.code:
                    raise complaints.failure(done, access, f"The commit {sha[:12]} can't be fetched")
            listed = await self._listed(sha)
            links = [entry.blob for entry in listed.values() if entry.kind == "link"]
            await self._want(access, [*(listed[path].blob for path in wanted.by_name(listed)), *links], lock)

    async def want(self, access: Access, names: Iterable[str], sha: str | None = None) -> None:
        """Fetch the content of files in one go, and what is likely to be asked for next.

        A name is a path in `sha` (in any commit that was fetched), or a blob's id.
        """
        names = list(names)
        async with alone(self.folder, self.limits.seconds) as lock:
            listings = [await self._listed(each) for each in ([sha] if sha else self._fetched())]
            blobs = [blob for name in names for blob in _blobs(name, listings)]
            blobs += [listed[path].blob for listed in listings for path in wanted.beside(names, listed)]
            await self._want(access, blobs, lock)

    def holds(self, sha: str) -> bool:
        """Say whether a commit was fetched, with its trees; files of it may be missing."""
        check_sha(sha)
        return self._has(sha)

    async def history(self, access: Access, branch: str, base: str) -> list[CommitInfo]:
        """Return the commits of a remote branch that `base` does not have, newest first.

        Where the two only meet beyond what was fetched, there may be some too many in it, never one too few.
        """
        check_branch(branch)
        check_sha(base)
        self.create(self.folder)
        async with alone(self.folder, self.limits.seconds) as lock, scratch(self.folder) as folder:
            return await history.since(self.create(folder, self.limits), access, lock, branch, base)

    # --- writing

    async def write(self, base_sha: str, changes: list[Change], message: str, author: Author) -> str:
        """Make the commit of a repair on top of a base, and return its name; the same input gives the same name.

        Its dates are the base's. Raises `GitFailed` (hostile) for a path that a repair must not touch.
        """
        listed = await self._listed(base_sha)
        writing.check(changes, listed)
        async with alone(self.folder, self.limits.seconds) as lock:
            raw = await self.git(("cat-file", "commit", base_sha), None)
            stream = writing.stream(base_sha, raw.output, changes, message, author)
            done = await self.git(("fast-import", "--quiet", "--force", "--date-format=raw"), None, lock, stream)
        sha = done.output.decode("ascii", "replace").strip()
        if done.code or not SHA.fullmatch(sha):
            raise complaints.failure(done, None, "The repair can't be written to the store")
        return sha

    async def push(self, access: Access, branch: str, sha: str, expected: str | None) -> None:
        """Let a branch of the remote point to a commit of ours; nothing to do where it does already.

        The branch must be at `expected`, or must not be there when that is None: otherwise `GitFailed` (rejected).
        """
        check_branch(branch)
        check_sha(sha)
        if expected is not None:
            check_sha(expected)
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{expected or ''}"
        command = ("push", "--porcelain", "--no-verify", "--no-thin", lease, "origin", f"{sha}:{ref}")
        async with alone(self.folder, self.limits.seconds) as lock:
            for settings in _PUSHING:
                done = await self.git(command, access, lock, settings=settings)
                if not done.code or "unable to read" not in done.errors:
                    break
        if done.code:
            raise complaints.refusal(done, access, branch)

    # --- the pieces

    async def git(
        self,
        arguments: tuple[str, ...],
        access: Access | None,
        lock: int | None = None,
        data: bytes = b"",
        settings: Mapping[str, str] | None = None,
    ) -> Done:
        """Run git in the store within its limits, with the network where there is an `access`."""
        variables = environment(self.folder, access, settings)
        largest = self.limits.bytes - size(self.folder)
        if largest <= 0:
            raise GitFailed(
                "too-large", f"The repository takes more than the {self.limits.bytes // 1024 // 1024} MB that are kept."
            )
        most = listing.most(self.limits)
        return await run(arguments, variables, self.limits.seconds, data, most, largest, lock)

    def _has(self, sha: str) -> bool:
        """Say whether a fetch of this commit came to its end: git makes the ref last."""
        return os.path.exists(os.path.join(self.folder, _FETCHED, sha))

    def _fetched(self) -> list[str]:
        with suppress(FileNotFoundError):
            return sorted(name for name in os.listdir(os.path.join(self.folder, _FETCHED)) if SHA.fullmatch(name))
        return []

    async def _listed(self, sha: str) -> Mapping[str, listing.Entry]:
        check_sha(sha)
        done = await self.git(listing.command(sha), None)
        if done.broke_off:
            raise complaints.failure(done, None, f"The commit {sha[:12]} can't be listed")
        if done.code:
            raise GitFailed("missing", f"The commit {sha[:12]} is not in the store.")
        return listing.read(done.output, self.limits)

    async def _want(self, access: Access, blobs: list[str], lock: int) -> None:
        lacking = await self._lacking(blobs)
        if not lacking:
            return
        command = ("fetch", *_QUIET, "--filter=blob:none", "origin", "--stdin")
        more = {"fetch.negotiationAlgorithm": "noop", **_PARTIAL}
        done = await self.git(command, access, lock, "".join(f"{blob}\n" for blob in lacking).encode(), more)
        if done.code:
            raise complaints.failure(done, access, "Files of the commit can't be fetched")
        if await self._lacking(lacking):
            raise GitFailed("missing", "The server did not send all files of the commit that were asked for.")

    async def _lacking(self, blobs: list[str]) -> list[str]:
        """Return those blobs that the store does not have, each once.

        All that it has is listed for that: asking for one that is not there makes git look through its packs again.
        """
        done = await self.git(("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"), None)
        if done.code:
            raise complaints.failure(done, None, "The store can't be read")
        there = set(done.output.decode("ascii", "replace").split())
        return [blob for blob in dict.fromkeys(blobs) if blob not in there]


def _blobs(name: str, listings: list[Mapping[str, listing.Entry]]) -> list[str]:
    """Return the blobs that a name stands for; raises `GitFailed` for a path that no commit has."""
    found = [listed[name].blob for listed in listings if name in listed]
    if not found and SHA.fullmatch(name):
        return [name]
    if not found:
        raise GitFailed("missing", f"{ascii(name)[:100]} is no file of the commit.")
    return found
