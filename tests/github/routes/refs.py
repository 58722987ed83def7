"""Git's own objects over REST: refs, commits, trees, blobs."""

from __future__ import annotations

import base64
from datetime import datetime

from tests.github.bare import Person
from tests.github.calls import Answer, Call, Json, answers
from tests.github.routes.repositories import BASE64, blob_json
from tests.github.shapes import REPO
from tests.github.world import Refused


@answers(f"GET {REPO}/git/ref/{{ref}}", needs="contents:read")
def ref(call: Call) -> Json:
    return _ref(call, f"refs/{call.text('ref')}")


def _ref(call: Call, name: str) -> Json:
    sha = call.repo.git.refs(name).get(name)
    if sha is None:
        raise Refused(404, "Not Found")
    return call.shapes.ref(call.repo, name, sha)


@answers(f"GET {REPO}/git/matching-refs/{{ref}}", needs="contents:read")
def matching(call: Call) -> Answer:
    prefix = f"refs/{call.text('ref')}"
    found = [item for item in call.repo.git.refs().items() if item[0].startswith(prefix)]
    return call.page(found, lambda item: call.shapes.ref(call.repo, *item))


@answers(f"POST {REPO}/git/refs", needs="contents:write")
def create_ref(call: Call) -> Answer:
    name, sha, git = call.body["ref"], call.body["sha"], call.repo.git
    if not name.startswith("refs/") or name.count("/") < 2 or not git.valid(name):
        raise Refused(422, f"{name} is not a valid ref name.")
    if git.kind(sha) is None:
        raise Refused(422, "Object does not exist")
    if name in git.refs(name):
        raise Refused(422, "Reference already exists")
    _unprotected(call, name)
    git.update(name, sha)
    return Answer(call.shapes.ref(call.repo, name, sha), 201, {"Location": call.shapes.repo_url(call.repo, f"/git/{name}")})


@answers(f"PATCH {REPO}/git/refs/{{ref}}", needs="contents:write")
def update_ref(call: Call) -> Json:
    name, sha, git = f"refs/{call.text('ref')}", call.body["sha"], call.repo.git
    known = git.refs(name).get(name)
    if known is None:
        raise Refused(422, "Reference does not exist")
    if git.kind(sha) is None:
        raise Refused(422, "Object does not exist")
    if not call.body.get("force") and not git.ancestor(known, sha):
        raise Refused(422, "Update is not a fast forward")
    _unprotected(call, name)
    git.update(name, sha)
    return call.shapes.ref(call.repo, name, sha)


@answers(f"DELETE {REPO}/git/refs/{{ref}}", needs="contents:write")
def delete_ref(call: Call) -> None:
    name = f"refs/{call.text('ref')}"
    if name not in call.repo.git.refs(name):
        raise Refused(422, "Reference does not exist")
    if name == f"refs/heads/{call.repo.default_branch}":
        raise Refused(422, "Cannot delete the default branch")
    _unprotected(call, name)
    call.repo.git.delete(name)


def _unprotected(call: Call, name: str) -> None:
    if call.repo.protects(name.removeprefix("refs/heads/")):
        raise Refused(422, "Repository rule violations found\n\nCannot update this protected ref.\n\n")


@answers(f"GET {REPO}/git/commits/{{commit_sha}}", needs="contents:read")
def commit(call: Call) -> Json:
    return call.shapes.git_commit(call.repo, call.repo.git.commit(_object(call, "commit_sha", "commit")))


def _object(call: Call, name: str, *kinds: str) -> str:
    if call.repo.git.kind(call.text(name)) not in kinds:
        raise Refused(404, "Not Found")
    return call.text(name)


@answers(f"POST {REPO}/git/commits", needs="contents:write")
def create_commit(call: Call) -> Answer:
    git = call.repo.git
    if git.kind(call.body["tree"]) != "tree":
        raise Refused(422, "Tree SHA does not exist")
    if any(git.kind(parent) != "commit" for parent in call.body.get("parents", [])):
        raise Refused(422, "Parent SHA does not exist or is not a commit object")
    author = _person(call, "author") or call.standin.signature(call.user)
    committer = _person(call, "committer") or author
    sha = git.make_commit(call.body["tree"], call.body.get("parents", []), call.body["message"], author, committer)
    return Answer(call.shapes.git_commit(call.repo, git.commit(sha)), 201)


def _person(call: Call, role: str) -> Person | None:
    told = call.body.get(role)
    if told is None:
        return None
    date = datetime.fromisoformat(told["date"]) if "date" in told else call.standin.now()
    return Person(told["name"], told["email"], date)


@answers(f"GET {REPO}/git/trees/{{tree_sha}}", needs="contents:read")
def tree(call: Call) -> Json:
    git = call.repo.git
    name = call.text("tree_sha")
    sha = git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{git.resolve(name) or name}^{{tree}}")
    if sha is None:
        raise Refused(404, "Not Found")
    return _tree(call, sha, recursive="recursive" in call.query)


def _tree(call: Call, sha: str, recursive: bool = False) -> Json:
    entries = [call.shapes.entry(call.repo, entry) for entry in call.repo.git.entries(sha, recursive)]
    return {"sha": sha, "url": call.shapes.repo_url(call.repo, f"/git/trees/{sha}"), "tree": entries, "truncated": False}


@answers(f"POST {REPO}/git/trees", needs="contents:write")
def create_tree(call: Call) -> Answer:
    git = call.repo.git
    known: dict[str, tuple[str, str]] = {}
    if base := call.body.get("base_tree"):
        if git.kind(base) not in ("tree", "commit"):
            raise Refused(404, "Not Found")
        known = {entry.path: (entry.mode, entry.sha) for entry in git.entries(base, recursive=True) if entry.kind != "tree"}
    for entry in call.body["tree"]:
        if "content" in entry:
            sha = git.run("hash-object", "-w", "--stdin", input=entry["content"].encode()).decode().strip()
        elif (sha := entry.get("sha")) is None:
            known.pop(entry["path"], None)
            continue
        elif git.kind(sha) is None:
            raise Refused(422, f"tree.sha {sha} is not a valid blob")
        known[entry["path"]] = (entry.get("mode", "100644"), sha)
    if not known:
        raise Refused(422, "Invalid tree info")
    listing = "".join(f"{mode} {sha}\t{path}\0" for path, (mode, sha) in known.items())
    return Answer(_tree(call, git.tree_of(listing.encode())), 201)


@answers(f"GET {REPO}/git/blobs/{{file_sha}}", needs="contents:read")
def blob(call: Call) -> Json:
    return blob_json(call, call.repo, _object(call, "file_sha", "blob"))


@answers(f"POST {REPO}/git/blobs", needs="contents:write")
def create_blob(call: Call) -> Answer:
    content = call.body["content"]
    data = base64.b64decode(content) if call.body.get("encoding") == BASE64 else content.encode()
    sha = call.repo.git.run("hash-object", "-w", "--stdin", input=data).decode().strip()
    return Answer({"sha": sha, "url": call.shapes.repo_url(call.repo, f"/git/blobs/{sha}")}, 201)
