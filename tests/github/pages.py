"""The few pages of GitHub that the setup of an App goes through: a manifest comes in, a code goes back."""

from __future__ import annotations

import json
import secrets
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tests.github.standin import Standin

_EVENTS_OF = {"check_run": "checks", "check_suite": "checks", "workflow_run": "actions", "workflow_job": "actions"}
_EVENTS_OF |= {"deployment_status": "deployments", "status": "statuses", "push": "contents", "pull_request": "pull_requests"}
_EVENTS_OF |= {"issue_comment": "issues"}


def add_pages(app: FastAPI, standin: Standin) -> None:
    """Add the pages to the application of the stand-in."""

    @app.post("/settings/apps/new")
    @app.post("/organizations/{organization}/settings/apps/new")
    async def new_app(request: Request, organization: str = "") -> Response:
        form = parse_qs((await request.body()).decode())
        try:
            manifest = json.loads(form.get("manifest", [""])[0])
        except ValueError:
            return _wrong("the manifest is no JSON")
        if wrong := _mistakes(manifest):
            return _wrong(wrong)
        slug = "-".join(manifest["name"].lower().split())
        made = standin.other_app(slug, manifest["name"])
        made.private_key, made.public_key = standin.app.private_key, standin.app.public_key
        made.permissions = dict(manifest.get("default_permissions", {}))
        made.events = tuple(manifest.get("default_events", ()))
        made.webhook_url = manifest.get("hook_attributes", {}).get("url", "")
        made.webhook_secret = secrets.token_hex(20)
        made.owner = standin.organization(organization) if organization else made.owner
        code = secrets.token_hex(20)
        standin.manifests[code] = made
        state = request.query_params.get("state")
        query = urlencode({"code": code, **({"state": state} if state else {})})
        return RedirectResponse(f"{manifest['redirect_url']}?{query}", 302)

    @app.get("/apps/{slug}/installations/new")
    async def install(slug: str) -> Response:
        if slug not in standin.apps:
            return HTMLResponse("<h1>Not found</h1>", 404)
        return HTMLResponse(f"<!doctype html><title>Install {slug}</title><h1>Install {slug}</h1>")


def _wrong(words: str) -> Response:
    return HTMLResponse(f"<!doctype html><h1>Invalid GitHub App configuration</h1><p>{words}</p>", 422)


def _mistakes(manifest: dict[str, object]) -> str | None:
    """Return what GitHub would say against a manifest: an address, and a permission for each event that needs one."""
    for name in ("name", "url", "redirect_url"):
        if not isinstance(manifest.get(name), str):
            return f"{name} is missing"
    if len(str(manifest["name"])) > 34:
        return "Name is too long (maximum is 34 characters)"
    hook = manifest.get("hook_attributes")
    if hook is not None and not (isinstance(hook, dict) and "url" in hook):
        return "Hook url cannot be blank"
    permissions, events = manifest.get("default_permissions", {}), manifest.get("default_events", [])
    if not isinstance(permissions, dict) or not isinstance(events, list):
        return "the permissions are an object, the events a list"
    for event in events:
        if (
            (needed := _EVENTS_OF.get(event))
            and needed not in permissions
            and not (event == "issue_comment" and "pull_requests" in permissions)
        ):
            return f"Default events are not supported by permissions: {event}"
    return None
