"""What each tool itself exports of a lock of ours, written down once (uv 0.13.9, Poetry 2.5.1 and 1.8.5, pipenv 2026.10.3).

The projects stand in tests/data/locks; lists of files were taken out of their locks, which nobody reads.
"""

import json
from pathlib import Path

import pytest

from tests.bot.engine.image.running import ran

DATA = Path(__file__).parents[4] / "data/locks"
CASES = json.loads((DATA / "expected.json").read_text())


def files(folder: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (DATA / folder).iterdir()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['folder']}-{case['command']}-{case['python']}")
def test_an_install_takes_what_its_tool_exports(case: dict[str, str]):
    found = ran(
        case["command"],
        files=files(case["folder"]),
        base=f"python:{case['python']}-slim",
        programs=("uv", "poetry", "pipenv", "pdm"),
    )
    [install] = found.installs
    assert sorted(f"{each.line.value}{each.line.rest}" for each in install.requirements) == case["installed"]
    assert (install.opaque, found.codes) == (None, [])
