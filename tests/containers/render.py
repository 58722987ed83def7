"""What Render takes from a Blueprint: a native build of a clone, or a Dockerfile and its context, and the first web service.

Paths count from the root of the repository. A native build and its start command run in bash, in /opt/render/project/src or
the folder that `rootDir` names (https://render.com/docs/native-runtimes, https://render.com/docs/monorepo-support).
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.containers.bases import VERSION
from tests.containers.probe import Deploy, Verdict

HOME = "/opt/render/project/src"
PORT = 10000


def deploy(root: Path, config: str, work: Path) -> Deploy | Verdict:
    """Read the Blueprint `config` of the repository `root`; `work` is a folder for what is written on the way."""
    try:
        blueprint = yaml.safe_load((root / config).read_text())
    except (OSError, yaml.YAMLError) as error:
        return Verdict("config", str(error))
    service = next((each for each in blueprint["services"] if each["type"] == "web"), None)
    if service is None:
        return Verdict("config", "no web service")
    host = f"{service['name']}.onrender.com"
    given = {each["key"]: str(each["value"]) for each in service.get("envVars", ()) if "value" in each}
    variables = {"PORT": str(PORT), "RENDER": "true", "RENDER_EXTERNAL_HOSTNAME": host, **given}
    build = _native if service["runtime"] == "python" else _docker
    dockerfile, context, command, entrypoint = build(root, service, variables, work)
    path = service.get("healthCheckPath")
    return Deploy(dockerfile, context, command, entrypoint, variables, int(variables["PORT"]), path, host, 400)


_Build = tuple[Path, Path, tuple[str, ...] | None, bool]


def _docker(root: Path, service: dict[str, str], variables: dict[str, str], work: Path) -> _Build:
    command = service.get("dockerCommand")
    dockerfile = root / service.get("dockerfilePath", f"{service.get('rootDir', '.')}/Dockerfile")
    context = root / service.get("dockerContext", service.get("rootDir", "."))
    return dockerfile, context, ("/bin/sh", "-c", command) if command else None, True


def _native(root: Path, service: dict[str, str], variables: dict[str, str], work: Path) -> _Build:
    """Write a Dockerfile that does what the native build does."""
    dockerfile = work / "native.Dockerfile"
    command = service.get("buildCommand", "pip install -r requirements.txt")
    lines = [f"FROM python:{VERSION}-slim", f"WORKDIR {HOME}", "COPY . ."]
    lines += [f"ENV {name}={json.dumps(value)}" for name, value in variables.items()]
    lines += [f"WORKDIR {HOME}/{service.get('rootDir', '.')}", f"RUN {json.dumps(['bash', '-c', command])}"]
    dockerfile.write_text("\n".join(lines) + "\n")
    return dockerfile, root, ("bash", "-c", service["startCommand"]), False
