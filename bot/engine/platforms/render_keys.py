"""The keys of a Blueprint that Render knows, and which one a person meant.

From the JSON schema that Render publishes (https://render.com/schema/render.yaml.json).
"""

from __future__ import annotations

SERVICE = frozenset(
    "type name runtime env region plan repo branch rootDir buildCommand startCommand preDeployCommand dockerfilePath"
    " dockerContext dockerCommand registryCredential image healthCheckPath envVars autoDeploy autoDeployTrigger numInstances"
    " scaling disk maxShutdownDelaySeconds buildFilter domain domains previews previewPlan pullRequestPreviewsEnabled schedule"
    " staticPublishPath publishPath headers routes ipAllowList maxmemoryPolicy initialDeployHook renderSubdomainPolicy"
    " maintenanceMode url".split()
)
VARIABLE = frozenset("key value generateValue sync fromDatabase fromService fromGroup previewValue".split())
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
}


def meant(key: str, known: frozenset[str]) -> str | None:
    """Return the key that is meant by one that Render does not know."""
    if _MEANT.get(key) in known:
        return _MEANT[key]
    import difflib  # needed for a misspelt key alone

    return next(iter(difflib.get_close_matches(key, sorted(known), 1, 0.8)), None)
