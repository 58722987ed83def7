"""Commits of a remote repository without a clone: a bare object store, a `Source` over one commit, a repair pushed back.

`Store` fetches one commit and the files that an analysis wants, never writes one of them to the disk as a file, makes
the repair's commit by plumbing and pushes it. What the remote says is not trusted: objects are checked by git, paths by
us, size, time and memory are limited. A token is in the environment of git's own processes and nowhere else.
"""

from bot.outside.commits.commit import Commit, Missing
from bot.outside.commits.history import CommitInfo
from bot.outside.commits.store import Store
from bot.outside.commits.terms import Access, Author, GitFailed, Limits

__all__ = ["Access", "Author", "Commit", "CommitInfo", "GitFailed", "Limits", "Missing", "Store"]
