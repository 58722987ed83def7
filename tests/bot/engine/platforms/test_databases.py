import pytest

from bot.engine.platforms import databases, rules, survey
from tests.tools import HEALTHY, tree

RENDER = """\
databases:
  - name: db
envVarGroups:
  - name: shared
    envVars:
      - key: GROUP_URL
        fromDatabase: {name: db, property: connectionString}
services:
  - type: web
    name: app
    runtime: python
    startCommand: python main.py
    envVars:
      - fromGroup: shared
      - key: DB_URL
        fromDatabase: {name: db, property: connectionString}
      - key: DB_HOST
        fromDatabase: {name: db, property: host}
      - key: MY_DB_URI
        sync: false
      - key: MODE
        sync: false
"""


@pytest.mark.parametrize(
    ("path", "text", "variable", "wanted"),
    [
        ("README.md", "fly postgres attach db", "DATABASE_URL", ("postgres", "told")),
        ("docs/deploy.md", "    flyctl pg attach --app x db", "DATABASE_URL", ("postgres", "told")),
        ("deploy.sh", "fly mpg attach abc", "DATABASE_URL", ("postgresql", "told")),
        ("deploy.sh", "fly pg attach \\\n  --variable-name DB_URL db", "DB_URL", ("postgres", "told")),
        ("deploy.sh", "fly pg attach --variable-name=DB_URL db", "DATABASE_URL", ("postgresql", "guessed")),
        ("main.c", "fly pg attach db", "DATABASE_URL", ("postgresql", "guessed")),
        ("README.md", "fly postgres attach db", "OTHER", None),
        ("README.md", "fly secrets set A=b DATABASE_URL='postgresql+asyncpg://u:p@h/d'", "DATABASE_URL", None),
        ("README.md", "fly secrets set \\\n  DATABASE_URL=sqlite:////data/x.db", "DATABASE_URL", None),
        ("README.md", "fly secrets set DATABASE_URL=postgres://u:p@h/d", "DATABASE_URL", ("postgresql", "guessed")),
    ],
)
def test_what_the_repository_of_a_fly_app_tells(path, text, variable, wanted):
    found = databases.of_fly(tree({**HEALTHY, path: text}), variable, False)
    assert (found and (found.url.partition("://")[0], found.known)) == wanted


def test_a_secret_of_a_fly_app_is_what_attach_sets():
    found = databases.of_fly(tree(HEALTHY), "DB_URL", True)
    assert found
    assert (found.url.partition("://")[0], found.known) == ("postgres", "named")


@pytest.mark.parametrize(
    ("variable", "secret", "wanted"),
    [
        ("DB_URL", False, "told"),
        ("GROUP_URL", False, "told"),
        ("DB_HOST", False, None),
        ("MY_DB_URI", False, "named"),
        ("MODE", False, None),
        ("OTHER_URL", True, "named"),
        ("OTHER", False, None),
        ("DATABASE_URL", False, "guessed"),
    ],
)
def test_what_a_blueprint_tells(variable, secret, wanted):
    files = tree({"render.yaml": RENDER, "main.py": ""})
    (target,) = survey.targets(files, None, None, ())
    found = rules.of("render").database(files, target, variable, secret)
    assert (found and found.known) == wanted
    assert not found or found.url.startswith("postgresql://")
