"""Let a settings class ignore what else an env file holds.

pydantic-settings 2 forbids extra inputs unless it is told otherwise, and of a file that `env_file` names it takes every key
for one that no field has: `Extra inputs are not permitted [type=extra_forbidden, …]`. Variables of the environment are never
held against it, so the app starts wherever `.env` is not copied, and stops in an image that has one with a key for something
else, such as docker-compose. The class gets `extra="ignore"`, where and as its configuration is written; the file stays as it
is.

Before (.env has `COMPOSE_PROJECT_NAME`):         After:

    class Settings(BaseSettings):                     class Settings(BaseSettings):
        model_config = SettingsConfigDict(                model_config = SettingsConfigDict(
            env_file=".env",                                  env_file=".env",
        )                                                     extra="ignore",
                                                          )

References: https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, ForbiddenKeys, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _settings

CODEMOD = Codemod(answers=("settings-extra-key",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose `extra="ignore"` in the configuration of the class that forbids the keys."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, ForbiddenKeys):
        return
    try:
        changed = _settings.with_option(tree.text(detail.path), detail.owner, "extra", "ignore")
    except Unreadable as error:
        yield Skip(str(error))
        return
    if changed is None:
        yield Skip(f"the configuration of `{detail.owner}` ({detail.path}) is written in a way that is not edited")
        return
    keys = ", ".join(f"`{key}`" for key in detail.keys)
    yield Proposal(tree.write(detail.path, changed), f"`{detail.owner}` ignores {keys} of {detail.env_file}, and starts.")
