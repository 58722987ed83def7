"""The App itself, its installations and their tokens, the manifest flow, accounts."""

from __future__ import annotations

import secrets
from datetime import timedelta

from tests.github.calls import Answer, Call, Json, answers
from tests.github.shapes import stamp
from tests.github.state import LEVELS, Installation, Token
from tests.github.world import Refused


@answers("GET /app", needs="jwt")
def app(call: Call) -> Json:
    return {**call.shapes.app(call.app), "installations_count": len(_installations(call))}


def _installations(call: Call) -> list[Installation]:
    return [found for found in call.standin.installations.values() if found.app is call.app]


@answers("GET /app/installations", needs="jwt")
def installations(call: Call) -> Answer:
    return call.page(_installations(call), call.shapes.installation)


@answers("GET /app/installations/{installation_id}", needs="jwt")
def installation(call: Call) -> Json:
    return call.shapes.installation(_installation(call))


def _installation(call: Call) -> Installation:
    found = call.one(call.standin.installations, "installation_id")
    if found.app is not call.app:
        raise Refused(404, "Not Found")
    return found


@answers("GET /repos/{owner}/{repo}/installation", needs="jwt")
def repository_installation(call: Call) -> Json:
    found = call.standin.installation_of(call.repo)
    if found is None:
        raise Refused(404, "Not Found")
    return call.shapes.installation(found)


@answers("POST /app/installations/{installation_id}/access_tokens", needs="jwt")
def access_token(call: Call) -> Answer:
    installation = _installation(call)
    if installation.suspended:
        raise Refused(403, "This installation has been suspended")
    asked = call.body.get("permissions") or dict(installation.permissions)  # an empty object means all, as nothing does
    for permission, level in asked.items():
        held = "read" if permission == "metadata" else installation.permissions.get(permission, "none")
        if LEVELS[level] > LEVELS[held]:
            raise Refused(422, "The permissions requested are not granted to this installation.")
    standin = call.standin
    reached = {known.id: known for known in standin.repositories.values() if standin.reaches(installation, known)}
    chosen = set(call.body.get("repository_ids", []))
    names = {name.lower() for name in call.body.get("repositories", [])}
    chosen |= {known.id for known in reached.values() if known.name.lower() in names}
    named = "repository_ids" in call.body or "repositories" in call.body
    if not chosen <= reached.keys() or len(names - {known.name.lower() for known in reached.values()}):
        words = "There is at least one repository that does not exist or is not accessible to the parent installation."
        raise Refused(422, words)
    token = Token(
        f"ghs_{secrets.token_hex(18)}",
        installation,
        {**asked, "metadata": "read"},
        chosen if named else None,
        standin.now() + timedelta(hours=1),
    )
    standin.tokens[token.value] = token
    narrowed = named or installation.chosen is not None
    body: Json = {
        "token": token.value,
        "expires_at": stamp(token.expires),
        "permissions": token.permissions,
        "repository_selection": "selected" if narrowed else "all",
    }
    if named:
        body["repositories"] = [call.shapes.repository(reached[identity]) for identity in sorted(chosen)]
    return Answer(body, 201)


@answers("DELETE /installation/token", needs="metadata:read")
def revoke(call: Call) -> None:
    del call.standin.tokens[call.token.value]


@answers("GET /installation/repositories", needs="metadata:read")
def repositories(call: Call) -> Answer:
    standin = call.standin
    reached = [known for known in standin.repositories.values() if standin.sees(call.token, known)]
    answer = call.page(reached, call.shapes.repository, key="repositories")
    selection = "all" if call.token.installation.chosen is None else "selected"
    return answer._replace(body={**answer.body, "repository_selection": selection})


@answers("POST /app-manifests/{code}/conversions", needs="")
def conversion(call: Call) -> Answer:
    app = call.standin.manifests.pop(call.text("code"), None)
    if app is None:
        raise Refused(404, "Not Found")
    secret = {"client_secret": secrets.token_hex(20), "webhook_secret": app.webhook_secret, "pem": app.private_key}
    return Answer({**call.shapes.app(app), "client_id": app.client_id, **secret}, 201)


@answers("GET /app/hook/config", needs="jwt")
def hook(call: Call) -> Json:
    return {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": call.app.webhook_url}


@answers("PATCH /app/hook/config", needs="jwt")
def change_hook(call: Call) -> Json:
    call.app.webhook_url = call.body.get("url", call.app.webhook_url)
    call.app.webhook_secret = call.body.get("secret", call.app.webhook_secret)
    return hook(call)


@answers("GET /rate_limit", needs="metadata:read")
def rate_limit(call: Call) -> Json:
    limit = call.standin.limits.of(call.token)
    told = {"limit": limit.limit, "remaining": limit.remaining, "used": limit.used, "reset": limit.reset}
    return {"resources": {"core": told, "search": {**told, "limit": 30}, "graphql": told}, "rate": told}


@answers("GET /users/{username}", needs="metadata:read")
def user(call: Call) -> Json:
    account = call.standin.accounts.get(call.text("username").lower())
    if account is None:
        raise Refused(404, "Not Found")
    return call.shapes.whole_user(account)
