"""Repositories, branches, contents, and what people may do in them."""

from __future__ import annotations

import base64
from typing import Any

from tests.github.bare import Entry, Person
from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import REPO, node
from tests.github.state import Repository
from tests.github.world import Refused

BASE64 = "base64"


@answers(f"GET {REPO}", needs="metadata:read")
def repository(call: Call) -> Json:
    pushes = call.token.allows("contents", "write") and call.standin.sees(call.token, call.repo)
    return call.shapes.repository(call.repo, {"push": pushes})


@answers(f"GET {REPO}/branches", needs="contents:read")
def branches(call: Call) -> Answer:
    def shape(item: tuple[str, str]) -> Json:
        commit = {"sha": item[1], "url": call.shapes.repo_url(call.repo, f"/commits/{item[1]}")}
        name = item[0].removeprefix("refs/heads/")
        return {"name": name, "commit": commit, "protected": call.repo.protects(name)}

    return call.page(list(call.repo.git.refs("refs/heads/").items()), shape)


@answers(f"GET {REPO}/branches/{{branch}}", needs="contents:read")
def branch(call: Call) -> Json:
    name = call.text("branch")
    sha = call.repo.git.head(name)
    if sha is None:
        raise Refused(404, "Branch not found")
    url = call.shapes.repo_url(call.repo, f"/branches/{name}")
    return {
        "name": name,
        "commit": call.shapes.commit(call.repo, call.repo.git.commit(sha)),
        "_links": {"self": url, "html": call.shapes.page(call.repo, f"/tree/{name}")},
        "protected": call.repo.protects(name),
        "protection": {
            "enabled": call.repo.protects(name),
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{url}/protection",
    }


@answers(f"GET {REPO}/contents/{{path}}", needs="contents:read")
def contents(call: Call) -> Json:
    ref = call.query.get("ref", call.repo.default_branch)
    sha = call.repo.git.resolve(ref)
    if sha is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    path = call.text("path").strip("/")
    entry = call.repo.git.entry(sha, path)
    if entry is None:
        raise Refused(404, "Not Found")
    if entry.kind == "tree":
        return [_content(call, found, ref, whole=False) for found in call.repo.git.entries(sha, path=path)]
    return _content(call, entry, ref, whole=True)


def _content(call: Call, entry: Entry, ref: str, whole: bool) -> Json:
    repository = call.repo
    kind = {"tree": "dir", "commit": "submodule"}.get(entry.kind, "symlink" if entry.mode == "120000" else "file")
    url = call.shapes.repo_url(repository, f"/contents/{entry.path}?ref={ref}")
    side = "tree" if entry.kind == "tree" else "blob"
    git, page = (
        call.shapes.repo_url(repository, f"/git/{side}s/{entry.sha}"),
        call.shapes.page(repository, f"/{side}/{ref}/{entry.path}"),
    )
    raw = call.shapes.page(repository, f"/raw/{ref}/{entry.path}") if entry.kind == "blob" else None
    told: dict[str, Any] = {
        "type": kind,
        "size": entry.size or 0,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "url": url,
        "git_url": git,
        "html_url": page,
        "download_url": raw,
        "_links": {"self": url, "git": git, "html": page},
    }
    if not whole or entry.kind == "commit":
        return told
    data = repository.git.blob(entry.sha)
    if kind == "symlink":
        return {**told, "target": data.decode()}
    large = len(data) > 1_000_000  # GitHub leaves the content out, and says so by the encoding
    return {**told, "encoding": "none" if large else BASE64, "content": "" if large else base64.encodebytes(data).decode()}


@answers(f"PUT {REPO}/contents/{{path}}", needs="contents:write")
def write(call: Call) -> Answer:
    repository, path = call.repo, call.text("path")
    if path.startswith(".github/workflows/") and not call.token.allows("workflows", "write"):
        raise Refused(403, "Resource not accessible by integration")
    branch = call.body.get("branch", repository.default_branch)
    tip = repository.git.head(branch)
    if tip is None:
        raise Refused(404, f"Branch {branch} not found")
    known = repository.git.entry(tip, path)
    if known and "sha" not in call.body:
        raise Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if (known.sha if known else None) != call.body.get("sha"):
        raise Refused(409, f"{path} does not match {call.body['sha']}")
    author = call.standin.signature(call.user)
    if named := call.body.get("author") or call.body.get("committer"):
        author = Person(named["name"], named["email"], author.date)
    data = base64.b64decode(call.body["content"])
    mode = known.mode if known else "100644"
    sha = repository.git.write(branch, {path: (data, mode)}, call.body["message"], author)
    entry = repository.git.entry(sha, path)
    assert entry is not None
    commit = call.shapes.git_commit(repository, repository.git.commit(sha))
    return Answer({"content": _content(call, entry, branch, whole=False), "commit": commit}, 200 if known else 201)


@answers(f"GET {REPO}/collaborators/{{username}}/permission", needs="metadata:read")
def permission(call: Call) -> Json:
    login = call.text("username")
    account = call.standin.accounts.get(login.lower())
    if account is None:
        raise Refused(404, f"{login} is not a user")
    role = call.repo.role(login)
    rights = {"admin": 5, "maintain": 4, "write": 3, "triage": 2, "read": 1, "none": 0}[role]
    held = {"pull": rights > 0, "triage": rights > 1, "push": rights > 2, "maintain": rights > 3, "admin": rights > 4}
    simple = {"maintain": "write", "triage": "read"}.get(role, role)  # the older field knows four words only
    person = {**call.shapes.user(account), "permissions": held, "role_name": role}
    return {"permission": simple, "role_name": role, "user": person}


def blob_json(call: Call, repository: Repository, sha: str) -> Json:
    """Write a blob."""
    data = repository.git.blob(sha)
    content = base64.encodebytes(data).decode()
    url = call.shapes.repo_url(repository, f"/git/blobs/{sha}")
    return {
        "sha": sha,
        "node_id": node("Blob", int(sha[:8], 16)),
        "size": len(data),
        "url": url,
        "content": content,
        "encoding": BASE64,
    }
