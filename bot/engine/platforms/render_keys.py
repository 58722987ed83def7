"""The keys of a Blueprint that Render knows, and which one a person meant.

From the JSON schema that Render publishes (https://render.com/schema/render.yaml.json).
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.engine.model import toml

BLUEPRINT = frozenset(
    "services databases envVarGroups projects ungrouped previews previewsEnabled previewsExpireAfterDays".split()
)
SERVICE = frozenset(
    "type name runtime env region plan repo branch rootDir buildCommand startCommand preDeployCommand dockerfilePath"
    " dockerContext dockerCommand registryCredential image healthCheckPath envVars autoDeploy autoDeployTrigger numInstances"
    " scaling disk maxShutdownDelaySeconds buildFilter domain domains previews previewPlan pullRequestPreviewsEnabled schedule"
    " staticPublishPath publishPath headers routes ipAllowList maxmemoryPolicy initialDeployHook renderSubdomainPolicy"
    " maintenanceMode url".split()
)
VARIABLE = frozenset("key value generateValue sync fromDatabase fromService fromGroup previewValue".split())
SERVICE_REFERENCE = frozenset("name type property envVarKey".split())
_MEANT = {  # what is no slip of the finger and still has one meaning
    "rootDirectory": "rootDir",
    "root": "rootDir",
    "rootPath": "rootDir",
    "dockerfile": "dockerfilePath",
    "dockerFile": "dockerfilePath",
    "context": "dockerContext",
    "build": "buildCommand",
    "start": "startCommand",
    "command": "startCommand",
    "healthCheck": "healthCheckPath",
    "health": "healthCheckPath",
    "environment": "envVars",
    "environmentVariables": "envVars",
    "envs": "envVars",
    "filter": "buildFilter",
    "envVar": "envVarKey",
    "env": "envVarKey",
    "prop": "property",
}


def level(path: toml.Path) -> frozenset[str]:
    """Return the keys that Render knows beside the last one of a path."""
    above = [part for part in path[:-1] if isinstance(part, str)]
    match above[-1:]:
        case ["fromService"]:
            return SERVICE_REFERENCE
        case ["envVars"]:
            return VARIABLE
        case ["services"]:
            return SERVICE
    return BLUEPRINT if not above else frozenset()


def meant(key: str, known: frozenset[str]) -> str | None:
    """Return the key that is meant by one that Render does not know."""
    if _MEANT.get(key) in known:
        return _MEANT[key]
    return near(key, known, 0.8)


def near(name: str, known: Iterable[str], least: float = 0.7) -> str | None:
    """Return the one of the known names that is written much like another."""
    import difflib  # needed for a misspelt name alone

    return next(iter(difflib.get_close_matches(name, sorted(known), 1, least)), None)
