"""Render's rules: what its instances set, what its port scan and its health check take, and the words of its log.

From https://render.com/docs/environment-variables, https://render.com/docs/web-services#port-binding and
https://render.com/docs/health-checks; lines of the log from issues in public repositories.
"""

from __future__ import annotations

from bot.engine.model.config import load
from bot.engine.model.findings import Place
from bot.engine.model.target import Asked, Process, Provided, Service, Start, Target
from bot.engine.model.tree import Tree, name
from bot.engine.platforms import databases
from bot.engine.platforms.before import Doubt
from bot.engine.platforms.blueprint import Blueprint
from bot.engine.platforms.render import BLUEPRINT, PORT
from bot.engine.platforms.words import Words

_TOLD = (  # variables that Render sets, to values that only the instance has
    "RENDER_SERVICE_ID RENDER_INSTANCE_ID RENDER_EXTERNAL_URL RENDER_EXTERNAL_HOSTNAME RENDER_GIT_COMMIT RENDER_GIT_BRANCH"
    " RENDER_GIT_REPO_SLUG RENDER_DISCOVERY_SERVICE IS_PULL_REQUEST WEB_CONCURRENCY RENDER_CPU_COUNT"
).split()

_SECRET_FILES = tuple(".json .env .pem .key .crt .p12 .txt .yaml .yml .toml .ini .cfg .conf .properties".split())


class Render:
    """See `Rules`."""

    name = "Render"
    builder = "error: "
    shown = "….onrender.com"

    def environment(self, target: Target, process: Process) -> dict[str, str | None]:
        """Return the service's variables and what Render sets; its Python runtime also tells gunicorn where to bind."""
        fixed: dict[str, str | None] = {"RENDER": "true", "RENDER_SERVICE_NAME": target.app}
        fixed["RENDER_SERVICE_TYPE"] = target.processes[0].name
        if target.services or process.name == "pserv":  # of private services the documentation does not say it
            fixed["PORT"] = str(PORT) if target.services else None
        if target.build.native:
            fixed |= {"GUNICORN_CMD_ARGS": f"--bind=0.0.0.0:{PORT}"}
        return {**dict.fromkeys(_TOLD), **fixed, **target.env}

    def default_dockerfile(self, tree: Tree, directory: str) -> str | None:
        """A Blueprint's reading always names one."""
        return None

    def no_dockerfile(self, target: Target, reading: Start, path: str | None) -> Words:
        """The builder's own words; likely, since accounts differ of what the paths of a Blueprint count from."""
        wanted = path or "Dockerfile"
        message = f"{self.builder}failed to solve: failed to read dockerfile: open {wanted}: no such file or directory"
        reason = f"Render looks for the Dockerfile at `{wanted}`."
        code = "dockerfile-not-found" if target.build.says else "no-dockerfile"
        return Words(code, message, reason, target.build.place or Place(target.config, 1), confidence="likely")

    def serves(self, ports: set[int], port: int | None) -> bool:
        """Render's port scan finds any port that is open to the network."""
        return True

    def unreachable(self, target: Target, service: Service, code: str, says: str, place: Place) -> Words:
        """The port scan gives up after 15 minutes."""
        message = "==> Port scan timeout reached, no open ports detected. Bind your service to at least one port."
        reason = f"{says} Render wants 0.0.0.0:$PORT ({PORT} unless it is set)."
        return Words(code, message, reason, place, "port")

    def not_exposed(self, target: Target, launcher: str) -> Words | None:
        """A worker or a private service may listen on what it likes."""
        return None

    def takes(self, status: int) -> bool:
        """Render takes a 2xx or a 3xx."""
        return 200 <= status < 400

    def asked(self, target: Target) -> Asked:
        """Checks carry the service's own name, or a custom domain, which the dashboard may hold."""
        return Asked(f"{target.app}.onrender.com", perhaps_other=True)

    def unhealthy(self, service: Service, says: str, place: Place) -> Words:
        """The deploy is given up after 15 minutes of failed checks."""
        message = "==> Timed out"
        return Words("health-path", message, f"{says}, and Render takes 2xx and 3xx.", place, "health")

    def doubts(self, tree: Tree, target: Target, reading: Start, workdir: str, told: bool) -> list[Doubt]:
        """Nothing runs before Render's clone; a disk holds files, and a Blueprint that is not in the root may be nobody's."""
        disks = [name(volume.path) for volume in target.volumes]
        found = [Doubt("machine", f"{target.config} mounts a disk", names=frozenset({disk})) for disk in disks if disk]
        if target.config == BLUEPRINT:
            return found
        return [*found, Doubt("all", f"{target.config} counts only where the dashboard names it")]

    def brings(self, path: str, workdir: str) -> bool:
        """Secret files lie in the root of the service too (https://render.com/docs/configure-environment-variables)."""
        folder, _, last = path.rpartition("/")
        return folder == workdir and (last.startswith(".env") or last.endswith(_SECRET_FILES))

    def database(self, tree: Tree, target: Target, name: str, secret: bool) -> Provided | None:
        """A Blueprint takes it from a database, or the dashboard holds it."""
        config = load(target.config, tree.text(target.config))
        if Blueprint(config).of_database(target.key, name):
            return Provided(databases.POSTGRESQL, f"{target.config} takes {name} from a database, whose URL is", "told")
        if (secret or name in target.env) and databases.holds_url(name):
            return Provided(databases.POSTGRESQL, f"{name} is set in the dashboard, and Render shows its databases as", "named")
        return databases.usual(name)

    def left(self, tree: Tree, target: Target, name: str) -> bool:
        """`sync: false` does: it is asked for when the Blueprint is created, and never again."""
        config = load(target.config, tree.text(target.config))
        return Blueprint(config).left(target.key, name)

    def sets(self, target: Target, name: str, database: bool) -> tuple[str, str]:
        """The dashboard does (https://render.com/docs/configure-environment-variables)."""
        where = "the service's Environment page in Render's dashboard sets it"
        if name in target.env:
            return "", f"{target.config} leaves it open, and {where}."
        asked = "`fromDatabase` takes it from a database" if database else "`sync: false` asks for it"
        return "", f"{where[0].upper()}{where[1:]}; under `envVars` in {target.config} {asked}."

    def mounted_for(self, user: str) -> str | None:
        """Render's documentation does not say it."""
        return None

    def deploy_command(self, directory: str, config: str) -> str:
        """A push deploys."""
        return ""
