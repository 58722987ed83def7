"""Fly.io's rules: what its machines set, what its proxy reaches, and flyctl's words.

Facts from superfly/flyctl at ad0172f: `internal/build/imgsrc/resolver.go` (no Dockerfile), `internal/command/deploy`
(listening address, failed checks); the machine's variables from https://fly.io/docs/machines/runtime-environment/.
"""

from __future__ import annotations

from bot.engine.model import shell
from bot.engine.model.findings import Place
from bot.engine.model.target import Asked, Process, Provided, Service, Start, Target
from bot.engine.model.tree import Tree
from bot.engine.platforms import databases, fly, starts, survey
from bot.engine.platforms.before import Doubt
from bot.engine.platforms.words import Words

PREFIX = "Error: failed to fetch an image or build from source: "
_TOLD = (  # variables that Fly sets, to values that only the machine has
    "FLY_REGION FLY_MACHINE_ID FLY_ALLOC_ID FLY_PUBLIC_IP FLY_PRIVATE_IP FLY_IMAGE_REF FLY_MACHINE_VERSION"
    " FLY_VM_MEMORY_MB PRIMARY_REGION"
).split()


class Fly:
    """See `Rules`."""

    name = "Fly"
    builder = PREFIX + "error building: "
    shown = "172.19.…"

    def environment(self, target: Target, process: Process) -> dict[str, str | None]:
        """Return the config's `[env]` and what Fly sets."""
        fixed = {"FLY_APP_NAME": target.app or "app", "FLY_PROCESS_GROUP": process.name}
        if process is target.release:
            fixed |= {"FLY_PROCESS_GROUP": "fly_app_release_command", "RELEASE_COMMAND": "1"}
        return {**dict.fromkeys(_TOLD), **fixed, **target.env}

    def default_dockerfile(self, tree: Tree, directory: str) -> str | None:
        """It lies where the deploy is started."""
        return fly.dockerfile_in(tree, directory)

    def no_dockerfile(self, target: Target, reading: Start, path: str | None) -> Words:
        """Say it as flyctl does."""
        if path is not None:
            message = f"{PREFIX}dockerfile '/…/{path}' not found"
            reason = f"flyctl takes the path from the config's folder, `{fly.config_folder(target.config)}`."
            return Words("dockerfile-not-found", message, reason, target.build.place or Place(target.config, 1))
        message = "app does not have a Dockerfile or buildpacks configured. See https://fly.io/docs/reference/configuration/#the-build-section"
        where = f"`{reading.directory}/`" if reading.directory else "the repository's root"
        reason = f"The config names no Dockerfile, and there is none in {where}, where the deploy is started."
        return Words("no-dockerfile", PREFIX + message, reason, Place(target.config, 1))

    def serves(self, ports: set[int], port: int | None) -> bool:
        """Fly's proxy goes to a service's internal_port alone."""
        return port in (None, *ports)

    def unreachable(self, target: Target, service: Service, code: str, says: str, place: Place) -> Words:
        """The deploy succeeds with a warning, and requests find nobody."""
        message = "WARNING The app is not listening on the expected address and will not be reachable by fly-proxy."
        return Words(code, message, f"{says} flyctl goes on to name the address: 0.0.0.0:{service.port}.", place, "port")

    def not_exposed(self, target: Target, launcher: str) -> Words | None:
        """Not certain, since the app may be meant for the private network alone."""
        message = f"{launcher} serves HTTP, and no [http_service] or [[services]] exposes its port"
        reason = "Without a service Fly's proxy routes nothing to the app, and a first deploy gets no address."
        return Words("no-services", message, reason, Place(target.config, 1), "port", "likely")

    def takes(self, status: int) -> bool:
        """Fly wants a 2xx, and follows no redirect."""
        return 200 <= status < 300

    def asked(self, target: Target) -> Asked:
        """Checks go to the machine's private address, and carry that (https://github.com/fboundy/agile_predict/pull/66)."""
        return Asked("172.19.0.2", perhaps_other=False)

    def unhealthy(self, service: Service, says: str, place: Place) -> Words:
        """The words of a check that fails."""
        message = f"Health check on port {service.port} has failed. Your app is not responding properly."
        return Words("health-path", message, f"{says}, and Fly takes 2xx alone.", place, "health")

    def doubts(self, tree: Tree, target: Target, reading: Start, workdir: str, told: bool) -> list[Doubt]:
        """What flyctl is told, what runs before it, and what else may name the config."""
        config, place = target.config, reading.place
        found = [*fly.doubts(tree, config, workdir), *(starts.doubts(tree, config, place) if place else ())]
        if place is None or not place.path.startswith(".github/"):
            found.append(Doubt("windows", "flyctl on Windows takes a backslash for a slash"))
        return found if place or told else [*found, *survey.doubts(tree, config)]

    def brings(self, path: str, workdir: str) -> bool:
        """What is put into the machine stands in the config, or in the deploy command."""
        return False

    def database(self, tree: Tree, target: Target, name: str, secret: bool) -> Provided | None:
        """Secrets hold it, which `fly postgres attach` or `fly mpg attach` set."""
        return databases.of_fly(tree, name, secret)

    def left(self, tree: Tree, target: Target, name: str) -> bool:
        """What `[env]` names has its value there."""
        return False

    def sets(self, target: Target, name: str, database: bool) -> tuple[str, str]:
        """Secrets do, and a database that is attached sets one (flyctl `internal/command/mpg/v1/run_attach.go`)."""
        app = f" -a {shell.quote(target.app)}" if target.app else ""
        if not database:
            return f"fly secrets set {name}=…{app}", ""
        variable = "" if name == "DATABASE_URL" else f" --variable-name {name}"
        return f"fly mpg attach …{app}{variable}", f"`fly secrets set {name}=…{app}` names any other database."

    def mounted_for(self, user: str) -> str | None:
        """Fly's init gives the mount point, and nothing below it, to the image's user."""
        return user

    def deploy_command(self, directory: str, config: str) -> str:
        """Return the `fly deploy` for it."""
        return fly.deploy_command(directory, config)
