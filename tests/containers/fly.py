"""What Fly takes from a fly.toml: the Dockerfile, the build context, and the process that its first service reaches."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

from tests.containers.bases import VERSION
from tests.containers.probe import Deploy, Verdict


def deploy(root: Path, config: str, start: str | None, work: Path, secrets: dict[str, str]) -> Deploy | Verdict:
    """Read `config` (a path in `root`) for a deploy that is started in the folder `start`, by default the config's own.

    `work` is a folder for what is written on the way, `secrets` is what the platform holds.
    """
    path = root / config
    try:
        fly = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        return Verdict("config", str(error))
    context = root / start if start is not None else path.parent
    build = fly.get("build", {})
    named = build.get("dockerfile")
    service = _service(fly)
    group = service.get("processes", ["app"])[0]
    command = fly.get("processes", {}).get(group)
    port = int(service["internal_port"]) if service else None
    release = fly.get("deploy", {}).get("release_command")
    env = {name: str(value) for name, value in fly.get("env", {}).items()}
    dockerfile = path.parent / named if named else context / "Dockerfile"
    return Deploy(
        dockerfile=_buildpack(work) if "builder" in build else dockerfile,
        context=context,
        command=tuple(shlex.split(command)) if command else None,
        entrypoint=True,
        variables={"FLY_APP_NAME": str(fly.get("app")), **env, **secrets},
        port=port,
        path=_path(service),
        host=f"172.19.7.2:{port}",  # the machine's own address
        below=300,
        release=tuple(shlex.split(release)) if release else None,
        hourly=round(3600 / _interval(service)),
    )


def _buildpack(work: Path) -> Path:
    """Write a Dockerfile that comes to what a buildpack makes of a folder with a requirements.txt."""
    dockerfile = work / "buildpack.Dockerfile"
    lines = [f"FROM python:{VERSION}-slim", "WORKDIR /workspace", "COPY . .", "RUN pip install -r requirements.txt"]
    dockerfile.write_text("\n".join(lines) + "\n")
    return dockerfile


def _service(fly: dict[str, object]) -> dict[str, object]:
    services = fly.get("http_service") or fly.get("services") or [{}]
    return services[0] if isinstance(services, list) else dict(services)


def _path(service: dict[str, object]) -> str | None:
    checks = service.get("checks") or service.get("http_checks") or []
    return next((check["path"] for check in checks if "path" in check), None)


def _interval(service: dict[str, object]) -> float:
    """Return the seconds between two checks: Fly's own 15, unless the first one says otherwise, in whole seconds."""
    checks = service.get("checks") or service.get("http_checks") or [{}]
    told = str(checks[0].get("interval", "15s"))
    return float(told.removesuffix("s")) if told.removesuffix("s").isdecimal() else 15.0
