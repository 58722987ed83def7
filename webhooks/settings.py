"""The settings of the service: from the environment (`DEPLOYMEND_NAME`), then a TOML file (`DEPLOYMEND_CONFIG`), then what
`/setup` has stored. All of them stand in `SETTINGS`, from which the reference is written; every mistake is said at once.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webhooks import credentials, values

PREFIX = "DEPLOYMEND_"
CONFIG = "DEPLOYMEND_CONFIG"


class BadSettings(Exception):
    """Settings that can't be used; `sentences` has one for each mistake, none of which repeats a secret."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told; secrets do not show in its repr.

    `app_id`, `private_key` and `webhook_secrets` are all there, or none of them is: then nobody has set up the App, only
    `/setup` can do anything, and `configured` is false.
    """

    app_id: int | None = None
    slug: str | None = None
    private_key: str | None = field(default=None, repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)  # the one in use, then the one before
    base_url: str = "https://api.github.com"
    web_url: str = "https://github.com"
    public_url: str | None = None
    setup_key: str | None = field(default=None, repr=False)
    data: Path = Path(".deploymend")
    database_url: str | None = field(default=None, repr=False)  # it may hold a password
    checks: tuple[str, ...] = ()
    unsafe: bool = False
    verify: bool = False
    engine: str | None = None
    workers: int = 2
    retention_days: int = 30
    pushes_per_day: int = 10
    settle_seconds: int = 20
    render_api_key: str | None = field(default=None, repr=False)
    fly_api_token: str | None = field(default=None, repr=False)
    fly_apps: tuple[str, ...] = ()
    log_hosts: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    log_level: str = "info"
    host: str = "127.0.0.1"
    port: int = 8080

    @property
    def configured(self) -> bool:
        """Whether the service may listen to deliveries."""
        return self.app_id is not None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as people write it; `read` raises ValueError with the end of a sentence ("is …")."""

    name: str
    read: Callable[[Any], Any]
    type: str  # as the reference calls it
    default: str
    meaning: str
    secret: bool = False  # may stand in the environment alone


SETTINGS = (
    Setting("app_id", values.number(1, 2**53), "number", "", "the App's id"),
    Setting("private_key", values.pem, "secret", "", "the App's private key (PEM; `\\n` counts as a line break)", True),
    Setting("private_key_file", values.text, "path", "", "the file of the private key, instead of the key itself"),
    Setting("webhook_secret", values.secret, "secret", "", "signs the deliveries; at least 16 characters", True),
    Setting("webhook_secret_old", values.secret, "secret", "", "also accepted, while the secret is changed", True),
    Setting("slug", values.slug, "string", "", "the App's name in URLs: its bot is `SLUG[bot]`"),
    Setting(
        "base_url", values.url, "URL", "https://api.github.com", "GitHub's API; of an Enterprise Server `https://HOST/api/v3`"
    ),
    Setting("web_url", values.url, "URL", "of `base_url`", "GitHub's pages, and the host of its repositories"),
    Setting("public_url", values.url, "URL", "", "where GitHub and your browser reach this service"),
    Setting("setup_key", values.secret, "secret", "another at each start", "opens /setup: else its log has the key", True),
    Setting("data", values.text, "path", ".deploymend", "the folder of the database and of what `/setup` stores"),
    Setting("database_url", values.database, "secret", "SQLite in `data`", "`postgresql://…`, for many workers", True),
    Setting("checks", values.names, "list", "", "globs of what is a deploy; `!glob` is none; the last that fits decides"),
    Setting("unsafe", values.flag, "true or false", "false", "also offer unsafe repairs"),
    Setting("verify", values.flag, "true or false", "false", "build and boot each repair in a container before it is offered"),
    Setting("engine", values.engine, "string", "the first that works", "docker, podman or buildah, which builds and boots"),
    Setting("workers", values.number(0, 64), "number", "2", "jobs at once in this process; 0: `bot serve` only listens"),
    Setting("retention_days", values.number(14, 3650), "number", "30", "how long jobs and deliveries are kept, 14 at least"),
    Setting("pushes_per_day", values.number(1, 1000), "number", "10", "pushes to one branch in a day"),
    Setting("settle_seconds", values.number(0, 3600), "number", "20", "how long a job waits for further signs of its failure"),
    Setting("render_api_key", values.secret, "secret", "", "reads the logs of deploys at Render", True),
    Setting("fly_api_token", values.secret, "secret", "", "reads the logs of deploys at Fly", True),
    Setting(
        "fly_apps",
        values.owners,
        "list",
        "",
        "whose a Fly app is, `app=owner/name`: its log is read for that repository alone",
    ),
    Setting("log_hosts", values.hosts, "list", "", "further hosts whose logs are read when a deployment names them"),
    Setting("metrics_token", values.secret, "secret", "", "`/metrics` asks for it (`Authorization: Bearer …`)", True),
    Setting("log_level", values.level, "string", "info", "debug, info, warning or error"),
    Setting("host", values.text, "string", "127.0.0.1", "the address to listen at; 0.0.0.0 in a container"),
    Setting("port", values.number(0, 65535), "number", "`PORT`, 8080", "the port to listen at"),
)
# What Kubernetes puts into each container beside a Service that is called deploymend.
_KUBERNETES = re.compile(r"service_(?:host|port(?:_.*)?)|port_[0-9]+_.*")
_OTHERS = frozenset({"cache", "run"})  # of `--deep` and of `bot verify`, which are no settings of the service
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def read(environ: Mapping[str, str], folder: Path | None = None) -> Settings:
    """Return the settings of an environment and of the files that it names; paths in it start at `folder`.

    Raises `BadSettings` with a sentence for each mistake.
    """
    folder = folder or Path(os.curdir)
    mistakes: list[str] = []
    found = _of_file(environ, folder, mistakes)
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name == CONFIG or not value:  # an empty variable is one that was not set
            continue
        key = name.removeprefix(PREFIX).lower()
        if key in _OTHERS or _KUBERNETES.fullmatch(key) or (key == "port" and value.startswith("tcp://")):
            continue
        if key in _BY_NAME and name == name.upper():
            _keep(found, key, value, name, mistakes)
        else:
            mistakes.append(f"There is no setting {values.shown(name)}{_near(key, lambda known: PREFIX + known.upper())}.")
    if "port" not in found and environ.get("PORT"):  # what Fly and Render give a container
        _keep(found, "port", environ["PORT"], "PORT", mistakes)
    found["data"] = folder / found.get("data", ".deploymend")
    _key_of_file(found, folder, mistakes)
    _stored(found, mistakes)
    _complete(found, mistakes)
    if mistakes:
        raise BadSettings(*mistakes)
    secrets = tuple(found[name] for name in ("webhook_secret", "webhook_secret_old") if name in found)
    base_url = found.setdefault("base_url", Settings.__dataclass_fields__["base_url"].default)
    found.setdefault("web_url", values.web_of(base_url))
    rest = {name: value for name, value in found.items() if name in Settings.__dataclass_fields__}
    return Settings(webhook_secrets=secrets, **rest)


def reference() -> list[str]:
    """Return the table of all settings, as lines of Markdown."""
    lines = ["| variable | in the file | type | default | meaning |", "|---|---|---|---|---|"]
    for each in SETTINGS:
        key = "(environment alone)" if each.secret else f"`{each.name}`"
        default = each.default if not each.default or "`" in each.default else f"`{each.default}`"
        lines.append(f"| `{PREFIX}{each.name.upper()}` | {key} | {each.type} | {default} | {each.meaning} |")
    return [*lines, f"| `{CONFIG}` | | path | | the TOML file with settings |"]


def _of_file(environ: Mapping[str, str], folder: Path, mistakes: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not (name := environ.get(CONFIG)):
        return found
    try:
        table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except OSError as error:
        mistakes.append(f"{CONFIG}: {values.shown(name)} can't be read ({error.strerror}).")
        return found
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        mistakes.append(f"{values.shown(name)} is no TOML ({str(error) or 'it is nested too deeply'}).")
        return found
    for key, value in table.items():
        if key not in _BY_NAME:
            mistakes.append(f"{values.shown(name)}: there is no setting {values.shown(key)}{_near(key, str)}.")
        elif _BY_NAME[key].secret:
            variable = PREFIX + key.upper()
            mistakes.append(f"{values.shown(name)}: `{key}` is a secret, which stands in the environment alone ({variable}).")
        else:
            _keep(found, key, value, f"{values.shown(name)}: `{key}`", mistakes)
    return found


def _keep(found: dict[str, Any], key: str, value: object, where: str, mistakes: list[str]) -> None:
    """Read one value; a mistake is said, and what the value was stays unsaid where it is a secret."""
    setting = _BY_NAME[key]
    try:
        found[key] = setting.read(value)
    except ValueError as error:
        given = "" if setting.secret else f", not {values.shown(value)}"
        mistakes.append(f"{where} {error}{given}.")


def _key_of_file(found: dict[str, Any], folder: Path, mistakes: list[str]) -> None:
    if (path := found.pop("private_key_file", None)) is None:
        return
    if "private_key" in found:
        mistakes.append(f"{PREFIX}PRIVATE_KEY and {PREFIX}PRIVATE_KEY_FILE are both set; one of them is enough.")
        return
    try:
        found["private_key"] = values.pem((folder / path).read_text(encoding="ascii"))
    except OSError as error:
        mistakes.append(f"{PREFIX}PRIVATE_KEY_FILE: {values.shown(path)} can't be read ({error.strerror}).")
    except ValueError:
        mistakes.append(f"{PREFIX}PRIVATE_KEY_FILE: {values.shown(path)} is no private key in PEM form.")


def _stored(found: dict[str, Any], mistakes: list[str]) -> None:
    """Take the credentials that /setup stored, where no others are given: never a mix of two Apps."""
    if any(name in found for name in ("app_id", "private_key", "webhook_secret")):
        return
    try:
        kept = credentials.load(found["data"])
    except credentials.Unusable as error:
        mistakes.append(str(error))
        return
    if kept is not None:
        found |= {"app_id": kept.app_id, "private_key": kept.private_key, "webhook_secret": kept.webhook_secret}
        if kept.slug is not None:
            found.setdefault("slug", kept.slug)


def _complete(found: dict[str, Any], mistakes: list[str]) -> None:
    """Say which credentials are missing; none at all is no mistake, since /setup comes first."""
    needed = ("app_id", "private_key", "webhook_secret")
    missing = [name for name in needed if name not in found]
    if mistakes or not missing or (len(missing) == len(needed) and "webhook_secret_old" not in found):
        return
    for name in missing:
        why = "without it nobody could tell GitHub's deliveries from others" if name == "webhook_secret" else "the App needs it"
        hint = f" (or {PREFIX}PRIVATE_KEY_FILE)" if name == "private_key" else ""
        mistakes.append(f"{PREFIX}{name.upper()}{hint} is not set: {why}.")


def _near(key: str, written: Callable[[str], str]) -> str:
    import difflib  # needed for a misspelt key alone

    near = difflib.get_close_matches(key, _BY_NAME, 1, 0.6)
    return f" (did you mean {written(near[0])}?)" if near else ""
