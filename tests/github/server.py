"""The stand-in over HTTP: every request and every answer is held against GitHub's description on its way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

import tests.github.routes  # noqa: F401  (enters the operations into the list)
from tests.github import description
from tests.github.calls import OPERATIONS, Answer, Answered, Call
from tests.github.description import Operation
from tests.github.pages import add_pages
from tests.github.standin import Sent, Standin
from tests.github.state import App, Repository, Token
from tests.github.trouble import Fault
from tests.github.world import Refused

Json = Any
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class Reply(NamedTuple):
    """What goes out."""

    status: int
    body: Json
    headers: dict[str, str]


def create_app(standin: Standin) -> FastAPI:
    """Return the application: the API, and the few pages of the App's setup."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_pages(app, standin)

    async def api(path: str, request: Request) -> Response:
        raw = await request.body()
        sent = Sent(request.method, f"/{path}", dict(request.query_params), None, None)
        sent.headers = {key: value for key, value in request.headers.items() if key != "authorization"}
        standin.requests.append(sent)
        reply, fault = await run_in_threadpool(_answer, standin, sent, raw, request.headers.get("authorization"))
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.status == 0:
                return _Broken()
        return _response(reply, sent)

    app.add_api_route(f"{standin.prefix}/{{path:path}}", api, methods=METHODS)
    return app


class _Broken(Response):
    """An answer that promises more than comes, so that the server closes the connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _response(reply: Reply, sent: Sent) -> Response:
    sent.status = reply.status
    headers = {
        "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
        "X-GitHub-Media-Type": "github.v3; format=json",
        **reply.headers,
    }
    if reply.body is None:
        return Response(b"", reply.status, headers)
    raw = json.dumps(reply.body).encode()
    return Response(b"" if sent.method == "HEAD" else raw, reply.status, headers, media_type="application/json; charset=utf-8")


def _answer(standin: Standin, sent: Sent, raw: bytes, authorization: str | None) -> tuple[Reply, Fault | None]:
    """Answer one request at a time; returns the answer, and the fault that is to spoil it."""
    with standin.lock:
        path = _by_name(standin, sent.method, sent.path)
        operation = description.find("GET" if sent.method == "HEAD" else sent.method, path)
        answered = OPERATIONS.get(operation.name) if operation else None
        if operation is None or answered is None:
            standin.problem(
                f"{sent.method} {sent.path} is not answered: see tools/octokit/operations.txt and tests/github/routes"
            )
            return Reply(501, {"message": "Not Implemented", "status": "501"}, {}), None
        sent.operation = operation.name
        fault = next((known for known in standin.faults if known.meets(operation.name, f"{sent.method} {path}")), None)
        if fault and not fault.after_effect and fault.status != 200:
            return _spoiled(fault), fault
        reply = _judged(standin, sent, operation, answered, raw, authorization)
        if fault and fault.status != 200:
            return _spoiled(fault), fault
        return reply, fault


def _spoiled(fault: Fault) -> Reply:
    body = fault.body if fault.body is not None else {"message": "Server Error"}
    return Reply(fault.status or 200, body, dict(fault.headers))


def _by_name(standin: Standin, method: str, path: str) -> str:
    """Return the path that the description has for one by number, which a redirect gave, or for an old way to statuses."""
    path = re.sub(r"^(/repos/[^/]+/[^/]+)/statuses/([^/]+)$", r"\1/commits/\2/statuses", path) if method == "GET" else path
    start, _, rest = path.removeprefix("/repositories/").partition("/")
    if not path.startswith("/repositories/") or not start.isdigit() or int(start) not in standin.repositories:
        return path
    return f"/repos/{standin.repositories[int(start)].full_name}" + (f"/{rest}" if rest else "")


def _judged(
    standin: Standin, sent: Sent, operation: Operation, answered: Answered, raw: bytes, authorization: str | None
) -> Reply:
    """Answer, and hold the answer against the description."""
    headers: dict[str, str] = {}
    try:
        if "user-agent" not in sent.headers:
            raise Refused(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        actor = sent.actor = standin.actor(authorization)
        if actor is not None:
            headers = standin.limits.count(actor)
        repository = _repository(standin, sent, operation)
        _permitted(standin, sent, answered, actor, repository)
        sent.body = _body(raw)
        _checked(standin, operation, sent)
        result = answered.handler(Call(standin, operation, sent.query, sent.body, actor, repository))
        answer = result if isinstance(result, Answer) else Answer(result)
    except Refused as refused:
        answer = _refusal(refused, operation)
        headers |= refused.headers
    status = answer.status or next(int(status) for status in operation.described["responses"] if status.startswith("2"))
    for wrong in description.answer_errors(operation, status, answer.body):
        standin.problem(f"our answer {status} to {sent.method} {sent.path} does not fit GitHub's description: {wrong}")
    headers |= answer.headers
    if sent.method in ("GET", "HEAD") and status == 200:
        headers["ETag"] = _etag(answer.body)
        if sent.headers.get("if-none-match") == headers["ETag"]:
            limits = standin.limits.uncount(sent.actor) if sent.actor else {}
            return Reply(304, None, {**headers, **limits})
    return Reply(status, answer.body, headers)


def _etag(body: Json) -> str:
    return f'W/"{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()}"'


def _refusal(refused: Refused, operation: Operation) -> Answer:
    body: dict[str, Json] = {"message": refused.message}
    if refused.errors:
        body["errors"] = [error if isinstance(error, str) else dict(error) for error in refused.errors]
    return Answer({**body, "documentation_url": operation.documentation, "status": str(refused.status)}, refused.status)


def _repository(standin: Standin, sent: Sent, operation: Operation) -> Repository | None:
    """Return the repository that the path names; one with a new name redirects, one that is not there is not found."""
    parameters = operation.parameters
    if "repo" not in parameters:
        return None
    full_name = f"{parameters['owner']}/{parameters['repo']}"
    if (identity := standin.renamed.get(full_name.lower())) is not None:
        rest = "/".join(sent.path.split("/")[4:])
        where = f"{standin.api}/repositories/{identity}" + (f"/{rest}" if rest else "")
        raise Refused(301 if sent.method == "GET" else 307, "Moved Permanently", headers={"Location": where})
    try:
        return standin.find(full_name)
    except LookupError:
        raise Refused(404, "Not Found") from None


def _permitted(
    standin: Standin, sent: Sent, answered: Answered, actor: Token | App | None, repository: Repository | None
) -> None:
    """Refuse what the sender may not do, as GitHub does: what it may not see is not there."""
    if not answered.needs:
        return
    if actor is None:
        raise Refused(401, "Requires authentication")
    if answered.needs == "jwt":
        if not isinstance(actor, App):
            raise Refused(401, "A JSON web token could not be decoded")
        return
    if isinstance(actor, App):
        raise Refused(403, "Resource not accessible by integration")
    reads = sent.method in ("GET", "HEAD")
    accepted = {"X-Accepted-GitHub-Permissions": "; ".join(need.replace(":", "=") for need in answered.needs.split("|"))}
    if repository and not standin.sees(actor, repository):
        if repository.private:
            raise Refused(404, "Not Found")
        if reads:
            return  # what is public can be read with any token
        raise Refused(403, "Resource not accessible by integration", headers=accepted)
    needed = (need.split(":") for need in answered.needs.split("|"))
    if not any(actor.allows(permission, level) for permission, level in needed):
        raise Refused(403, "Resource not accessible by integration", headers=accepted)
    if repository and repository.archived and not reads:
        raise Refused(403, "Repository was archived so is read-only.")


def _body(raw: bytes) -> Json:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None


def _checked(standin: Standin, operation: Operation, sent: Sent) -> None:
    """Hold what was sent against the description; GitHub passes over what it does not know, a test must not."""
    query: Mapping[str, str] = sent.query
    wrong, unknown = description.query_errors(operation, query)
    for name in unknown:
        standin.problem(f"{operation.name} has no parameter {name}")
    for name in description.unknown_names(operation, sent.body):
        standin.problem(f"{operation.name} has no {name} in its body")
    if wrong := [*wrong, *description.body_errors(operation, sent.body)]:
        raise Refused(422, "Invalid request.\n\n" + "\n".join(wrong))
