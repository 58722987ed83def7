"""Pages of the faults of a process that runs and is not reached, or answers wrongly."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
    "port-mismatch": (
        "port",
        "The app listens on another port than the service's internal_port",
        "flyctl warns and the deploy succeeds; the proxy then finds nobody: `instance refused connection`.",
    ),
    "double-bind": (
        "boot",
        "A server is told two addresses that take the same port",
        "On Linux a socket on `[::]` serves IPv4 as well, so one on `0.0.0.0` finds the port in use, in either order: gunicorn "
        "tries five times and exits, hypercorn ends at once. One address is enough. `--reuse-port` and more workers than one "
        "of hypercorn let both be had.",
    ),
    "loopback-only": (
        "port",
        "The app listens on 127.0.0.1",
        "The proxy reaches the machine from outside of it: bind 0.0.0.0.",
    ),
    "health-host": (
        "health",
        "A health check comes with a Host that the app does not allow",
        "Fly's checks go to the machine's private address and carry it as their Host (`172.19.…:8000`). Django answers a Host "
        "that ALLOWED_HOSTS does not name with 400 as soon as a middleware looks at it, and Starlette's TrustedHostMiddleware "
        "does the same for every path. The checks fail, and the proxy routes nothing to the machine. Visitors, who come with "
        "the app's own name, never see it. Render's checks carry the service's name.",
    ),
    "health-https": (
        "health",
        "A health check is sent to HTTPS",
        "Checks ask over plain HTTP. SECURE_SSL_REDIRECT and HTTPSRedirectMiddleware answer that with 301 or 307, and Fly "
        "follows no redirect: it wants a 2xx. A check may send `X-Forwarded-Proto: https`, as the proxy does, where the app "
        "believes it; otherwise the path has to be left out. Render takes a 3xx.",
    ),
    "health-auth": (
        "health",
        "A health check is asked for a key or a user",
        "A check comes without a key, a token or a cookie. Where a middleware, a dependency of the whole app, a function "
        "before each view or Django's LoginRequiredMiddleware refuses such requests with 401 or 403, or sends them to a page "
        "to log in, the machines never become healthy. Not certain where a variable may switch that off.",
    ),
    "health-rate-limit": (
        "health",
        "Health checks use up a rate limit",
        "A check asks every few seconds, from one address, for as long as the machine lives. Where the checked path is limited "
        "like any other, checks alone use the limit up, and are answered with 429 from then on: the machine counts as sick, "
        "often a while after a deploy that went well. Not certain, since several workers may count apart.",
    ),
    "health-path": (
        "health",
        "The checked path is not answered with success",
        "Fly asks for the path as it is written and takes 2xx alone: an unknown path (404), another method (405) and the "
        "redirect between `/health` and `/health/` (307, 308) all fail the check.",
    ),
    "static-not-collected": (
        "health",
        "A page names a static file, and nothing collects them",
        "A storage with a manifest (WhiteNoise's, Django's) looks each `{% static %}` up in what `collectstatic` wrote. "
        "Where no build runs it, the page is answered with 500, though the server runs.",
    ),
    "template-missing": (
        "health",
        "A page renders a template that the image does not have",
        "Flask looks for templates in the folder `templates` beside the app's module, Jinja2Templates in the directory that it "
        "is told. One that was never committed, or that lies elsewhere, is missed at the first request alone: the app starts, "
        "and the page is answered with 500. Looked for on the path that a check asks for, or on `/` where nothing is checked.",
    ),
    "no-services": (
        "port",
        "The app serves HTTP and no service exposes it",
        "Without [http_service] or [[services]] the proxy routes nothing to the app. Right for an app on the private network "
        "alone, so this is never certain.",
    ),
}
