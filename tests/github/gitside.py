"""Git over HTTP for the stand-in: who may fetch and push, what the server's hook refuses, and what goes wrong on demand."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.github.bare import Bare
from tests.github.trouble import Fault
from tests.servers.git_http import App, Asked, GitHttp, Level, Receive, Reply, Send

if TYPE_CHECKING:
    from tests.github.standin import Standin

# GitHub's side of a push: protected branches, and workflows, whose change needs a permission of its own.
_HOOK = """#!/bin/sh
while read -r pattern; do
  case $1 in refs/heads/$pattern)
    echo "error: GH006: Protected branch update failed for $1." >&2
    exit 1 ;;
  esac
done < "$GIT_DIR/protected"
[ -e "$GIT_DIR/no-workflows" ] || exit 0
zero=0000000000000000000000000000000000000000
[ "$3" = $zero ] && exit 0
old=$2
[ "$old" = $zero ] && old=$(git merge-base HEAD "$3" 2>/dev/null || git hash-object -t tree /dev/null)
path=$(git diff --name-only "$old" "$3" -- .github/workflows | head -n 1)
[ -z "$path" ] && exit 0
echo "refusing to allow a GitHub App to create or update workflow \\`$path\\` without \\`workflows\\` permission" >&2
exit 1
"""
_TROUBLE = Reply(502, b"Something went wrong\n")


def protect(git: Bare, *patterns: str) -> None:
    """Set the server's hook, with the branches that nobody may push to: names, or shell patterns."""
    hook = git.folder / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    (git.folder / "protected").write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
    hook.write_text(_HOOK, encoding="utf-8")
    hook.chmod(0o755)


class GitSide:
    """The server of git, as one that knows the stand-in's tokens."""

    def __init__(self, standin: Standin, folder: Path) -> None:
        self.standin = standin
        self.http = GitHttp(folder, self._level)
        self.http.before = self._before

    def beside(self, app: App) -> App:
        """Return an application that answers git's paths, and leaves the others to another."""

        async def either(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not self.http.matches(scope["path"]):
                await app(scope, receive, send)
            elif fault := self._lost(scope["path"]):
                await self.http(scope, receive, _nowhere)
                await _fail(fault, send)
            else:
                await self.http(scope, receive, send)

        return either

    def _lost(self, path: str) -> Fault | None:
        """Return the fault that loses the answer to a request with an effect: not to the question that comes before it."""
        name, _, service = path.strip("/").rpartition("/")
        if service == "refs":
            return None
        request = f"{service} {name.removesuffix('.git')}"
        return next((fault for fault in self.standin.faults if fault.after_effect and fault.meets("", request)), None)

    def _level(self, full_name: str, credential: str | None) -> Level:
        try:
            repository = self.standin.find(full_name)
        except LookupError:
            return "none"
        public: Level = "none" if repository.private else "read"
        if credential is None:
            return public
        token = self.standin.known_token(credential)
        if token is None:
            return "unknown"
        if not self.standin.sees(token, repository):
            return public
        if token.allows("contents", "write") and not repository.archived:
            return "write"
        return "read" if token.allows("contents", "read") else public

    async def _before(self, asked: Asked) -> Reply | None:
        for fault in self.standin.faults:
            if not fault.after_effect and fault.meets("", f"{asked.service} {asked.repository}"):
                await asyncio.sleep(fault.delay)
                if fault.status == 0:
                    raise ConnectionResetError
                if fault.status >= 400:
                    return _TROUBLE._replace(status=fault.status)
        if (identity := self.standin.renamed.get(asked.repository.lower())) is not None:
            _, _, tail = asked.path.partition(f"{asked.repository}.git")
            where = f"{self.standin.web}/{self.standin.repositories[identity].full_name}.git{tail}?{asked.query}"
            return Reply(301, b"", (("location", where),))
        if asked.service == "git-receive-pack" and asked.level == "write":
            token = self.standin.known_token(asked.token or "")
            mark = self.standin.find(asked.repository).git.folder / "no-workflows"
            if token and token.allows("workflows", "write"):
                mark.unlink(missing_ok=True)
            else:
                mark.touch()
        return None


async def _nowhere(message: MutableMapping[str, Any]) -> None:
    """Take an answer that nobody gets."""


async def _fail(fault: Fault, send: Send) -> None:
    status = fault.status or 200
    promised = b"100000" if fault.status == 0 else str(len(_TROUBLE.body)).encode()
    await asyncio.sleep(fault.delay)
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", promised)]})
    await send({"type": "http.response.body", "body": _TROUBLE.body, "more_body": fault.status == 0})
