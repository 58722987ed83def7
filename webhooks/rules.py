"""Which of the things that fail on GitHub is a deploy to Fly or Render.

Told, in this order, by:

1. the setting `checks`: globs of names, where `!` takes away; the last that fits decides;
2. who reports it: Fly's and Render's own GitHub Apps (`fly-io[bot]`, `render[bot]`), which make a deployment for each deploy,
   or another platform's;
3. where its address leads: a page, a log or an app of Fly or Render, or of another platform;
4. the words of its names: a job `deploy`, a workflow `Fly Deploy` or `.github/workflows/fly-deploy.yml`.

Sources: Render's deployments are named `BRANCH - SERVICE`, and `BRANCH - SERVICE PR #N` for a service preview
(render.com/docs/pull-request-previews: "preview instances are represented as deployments associated with your PR"; the names
are those that the public action check-render-preview compares). `fly launch` writes the workflow `Fly Deploy` with the job
`Deploy app` to .github/workflows/fly-deploy.yml (fly.io/docs/launch/continuous-deployment-with-github-actions).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

from webhooks.model import Source

_OURS = frozenset({"fly", "render"})
# The slugs of Apps (their bots are SLUG[bot]), and the domains below which a platform has its pages, logs and apps.
_APPS = {
    "fly-io": "fly",
    "render": "render",
    "vercel": "other",
    "netlify": "other",
    "railway-app": "other",
    "railway": "other",
    "heroku": "other",
    "cloudflare-workers-and-pages": "other",
    "cloudflare-pages": "other",
    "github-pages": "other",
    "dependabot": "other",
    "codecov": "other",
}
_DOMAINS = {
    "fly.io": "fly",
    "fly.dev": "fly",
    "render.com": "render",
    "onrender.com": "render",
    "vercel.com": "other",
    "vercel.app": "other",
    "netlify.com": "other",
    "netlify.app": "other",
    "railway.app": "other",
    "railway.com": "other",
    "up.railway.app": "other",
    "herokuapp.com": "other",
    "heroku.com": "other",
    "pages.dev": "other",
    "workers.dev": "other",
    "cloudflare.com": "other",
    "github.io": "other",
    "readthedocs.io": "other",
    "readthedocs.org": "other",
}
_DEPLOYS = frozenset("deploy deploys deployment deployments deploying redeploy fly flyio flyctl flydeploy".split())
_PLATFORM = frozenset("fly flyio flyctl flydeploy render onrender".split())
# Words that send a name elsewhere: to another platform or a package index, unless it also names one of ours.
_ELSEWHERE = frozenset(
    "vercel netlify railway heroku cloudflare wrangler aws ecs eks lambda gcp gke azure firebase kubernetes k8s helm pages "
    "docs documentation mkdocs sphinx storybook chromatic pypi testpypi npm crates dockerhub ghcr "
    "terraform pulumi copilot".split()
)
_TAKEN_DOWN = frozenset("undeploy teardown destroy cleanup delete remove rollback".split())
# Jobs of a workflow that deploys, which are no deploys themselves.
_CHECKS = frozenset(
    "test tests testing pytest lint linting ruff mypy types typecheck format unit e2e coverage security scan".split()
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


class Signal(NamedTuple):
    """What is known of something that failed, as far as it helps to tell a deploy from anything else."""

    source: Source
    name: str  # of the check, job, workflow, environment or status
    group: str = ""  # what it belongs to: a job's workflow
    path: str = ""  # of the workflow's file
    app: str = ""  # the slug of the App, or the login, that reports it
    addresses: tuple[str | None, ...] = ()


class Rules(NamedTuple):
    """The setting `checks`: globs of names, in the order in which they stand."""

    checks: tuple[str, ...] = ()


def is_deploy(signal: Signal, rules: Rules) -> bool:
    """Say whether it is a deploy to Fly or Render that failed, as far as a delivery shows."""
    told = _by_globs(signal, rules)
    if told is not None:
        return told
    app = _APPS.get(signal.app.lower().removesuffix("[bot]"))
    if app is not None:
        return app in _OURS
    platforms = {platform for address in signal.addresses if (platform := _platform(address))}
    if platforms:
        return bool(platforms & _OURS)
    return _by_words(signal)


def _by_globs(signal: Signal, rules: Rules) -> bool | None:
    """Return what the setting says, None where none of its globs fits."""
    names = [signal.name, signal.group, signal.path, signal.path.rpartition("/")[2]]
    names += [f"{signal.group} / {signal.name}"] if signal.group else []
    lowered = {name.lower() for name in names if name}
    for glob in reversed(rules.checks):
        pattern = glob.removeprefix("!").strip().lower()
        if any(fnmatchcase(name, pattern) for name in lowered):
            return not glob.startswith("!")
    return None


def _platform(address: str | None) -> str | None:
    """Return the platform below whose domain an address lies."""
    try:
        host = (urlsplit(address or "").hostname or "").lower()
    except ValueError:
        return None
    labels = host.split(".")
    return next((_DOMAINS[end] for at in range(len(labels)) if (end := ".".join(labels[at:])) in _DOMAINS), None)


def _by_words(signal: Signal) -> bool:
    own = _words(signal.name)
    around = _words(signal.group) | _words(re.sub(r"\.ya?ml$", "", signal.path.rpartition("/")[2]))
    every = own | around
    if every & _TAKEN_DOWN or (every & _ELSEWHERE and not every & _PLATFORM):
        return False
    if signal.source == "deployment_status":  # whatever has an environment is a deploy: production, staging, an app's name
        return True
    if own & _DEPLOYS:
        return True
    return bool(around & _DEPLOYS) and not own & _CHECKS


def _words(name: str) -> set[str]:
    """Return the words of a name: `fly-deploy`, `DeployToFly` and `Fly.io deploy` have the same kind of words."""
    return {word.lower() for word in _WORD.findall(name)} | {word.lower() for word in re.findall(r"[A-Za-z0-9]+", name)}
