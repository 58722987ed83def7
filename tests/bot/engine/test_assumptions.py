"""What a deploy needs that only the platform holds: named once, with the way in which it is provided, and never a fault."""

from __future__ import annotations

import json

from bot.engine.simulate import Options
from bot.report import json as document
from bot.report import text as page
from bot.report.repairs import Repairs
from tests.tools import HEALTHY, Files, only, text, tree

NEEDY = {
    **HEALTHY,
    "main.py": "import os\n\n" + HEALTHY["main.py"] + "KEY = os.environ['API_KEY']\nAGAIN = os.environ['API_KEY']\n",
}
BLUEPRINT = text("""
    services:
      - type: web
        name: demo
        runtime: docker
        healthCheckPath: /docs
""")


def rendered(variables: str = "") -> Files:
    files = {path: content for path, content in NEEDY.items() if path != "fly.toml"}
    return {**files, "render.yaml": BLUEPRINT + variables}


def told(files: Files, options: Options = Options()) -> list[tuple[str, str, str]]:
    """Return names, commands and reasons of what is assumed to be set; the deploy reaches its end with it."""
    report = only(files, options)
    assert report.reached == "ok"
    return [(each.name, each.command, each.reason) for each in report.assumptions if each.kind == "variable"]


def test_fly_has_a_command_for_it():
    assert told(NEEDY) == [("API_KEY", "fly secrets set API_KEY=… -a demo", "main.py:6 reads it at the start.")]
    nameless = {**NEEDY, "fly.toml": str(NEEDY["fly.toml"]).replace('app = "demo"\n', "")}
    assert [command for _, command, _ in told(nameless)] == ["fly secrets set API_KEY=…"]


def test_what_the_config_sets_or_the_settings_name_needs_no_word():
    assert told({**NEEDY, "fly.toml": str(NEEDY["fly.toml"]) + '\n[env]\n  API_KEY = "x"\n'}) == []
    assert told(NEEDY, Options(secrets=("API_KEY",))) == []


def test_render_has_a_page_for_it():
    where = "The service's Environment page in Render's dashboard sets it; under `envVars` in render.yaml"
    where += " `sync: false` asks for it."
    assert told(rendered()) == [("API_KEY", "", f"main.py:6 reads it at the start. {where}")]


def test_a_blueprint_that_leaves_a_value_open_asks_for_it_once():
    left = "    envVars:\n      - key: API_KEY\n        sync: false\n"
    where = "render.yaml leaves it open, and the service's Environment page in Render's dashboard sets it."
    assert told(rendered(left)) == [("API_KEY", "", f"main.py:6 reads it at the start. {where}")]
    assert told(rendered(left), Options(secrets=("API_KEY",))) == []
    assert told(rendered(left.replace("sync: false", "generateValue: true"))) == []
    assert told(rendered(left.replace("sync: false", "value: x"))) == []


def test_both_outputs_name_the_line_of_the_log():
    report = only(NEEDY)
    shown = page.check((report,), tree(NEEDY), Repairs(None), colour=False, quiet=False, verbose=False)
    assert "  assumed: API_KEY: main.py:6 reads it at the start. `fly secrets set API_KEY=… -a demo`\n" in shown
    assert "    without it: KeyError: 'API_KEY'\n" in shown
    assumption = json.loads(document.check(".", (report,), Repairs(None)))["targets"][0]["assumptions"][-1]
    assert (assumption["name"], assumption["message"], assumption["line"]) == ("API_KEY", "KeyError: 'API_KEY'", 6)
