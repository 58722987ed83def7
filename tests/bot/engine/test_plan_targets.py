from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.tree import Tree
from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options, simulate
from bot.outside import folder
from codemods import Shelf
from tests.bot.engine.edits import names, reached, rejected, replaces, with_edits
from tests.bot.engine.platforms.tools import WORKFLOW, steps
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, planned, result, tree

STATES = sorted((Path(__file__).parents[3] / "fixtures" / "repos").glob("*/*/"))
BROKEN = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "src.main:app")}
STAGING = FLY.replace("demo", "demo-staging")


def below(folder: str, files: dict[str, str], app: str) -> dict[str, str]:
    return {f"{folder}/{path}": content.replace('"demo"', f'"{app}"') for path, content in files.items()}


# --- several targets


def test_every_target_is_repaired_and_every_step_names_its_own():
    files = {**below("a", BROKEN, "a"), **below("b", BROKEN, "b")}
    made = planned(files)
    assert [(step.target, step.codemod) for step in made.steps] == [
        ("a/fly.toml", "fix-entrypoint"),
        ("b/fly.toml", "fix-entrypoint"),
    ]
    assert [[finding.code for finding in step.repaired] for step in made.steps] == [["entry-not-found"], ["entry-not-found"]]
    assert reached(made) == ["ok", "ok"]


def test_one_edit_may_repair_two_targets():
    made = planned({**BROKEN, "fly.staging.toml": STAGING})
    [step] = made.steps
    assert [finding.code for finding in step.repaired] == ["entry-not-found"] * 2
    assert reached(made) == ["ok", "ok"]


def test_what_was_hidden_in_another_target_is_no_new_fault():
    files = {
        "fly.toml": FLY.replace('"Dockerfile"', '"backend/Dockerfile"'),
        "fly.staging.toml": STAGING.replace('"Dockerfile"', '"backend/Dockerfile"'),
        "backend/Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req").replace("COPY . .", "COPY src ."),
        "backend/requirements.txt": "fastapi\nuvicorn\n",
        "backend/src/main.py": "import lib\n" + MAIN,
        "lib/__init__.py": "",
    }
    made = planned(files)
    assert names(made) == ["fix-copy-source", "copy-missing-package"]
    assert reached(made) == ["ok", "ok"]


def test_an_edit_that_breaks_another_target_is_not_made():
    files = {**below("web", BROKEN, "web"), **below("worker", HEALTHY, "worker")}
    good = replaces("web/Dockerfile", "src.main", "main")
    bad = replaces("web/Dockerfile", "src.main", "main", **{"worker/main.py": MAIN.replace("app =", "api =")})
    assert names(with_edits(files, bad=bad, good=good)) == ["good"]
    [reason] = rejected(with_edits(files, bad=bad))
    assert reason.startswith("another target would stop at: ERROR:    Error loading ASGI app.")


def test_a_fault_of_one_target_is_new_in_another():
    files = {**below("web", BROKEN, "web"), **below("worker", HEALTHY, "worker")}
    bad = replaces("web/Dockerfile", "src.main", "main", **{"worker/Dockerfile": BROKEN["Dockerfile"]})
    [reason] = rejected(with_edits(files, bad=bad))
    assert reason == "another target would stop at: ModuleNotFoundError: No module named 'src'"


def test_a_dockerfile_that_another_target_is_built_from_is_not_ours_to_edit():
    groups = '\n[processes]\n  web = "uvicorn lib.main:app --host 0.0.0.0 --port 8080"\n'
    files = {**HEALTHY, "fly.toml": FLY + '  processes = ["web"]\n' + groups, "fly.staging.toml": STAGING}
    copied = replaces("Dockerfile", "COPY . .\n", "COPY . .\nCOPY . ./lib\n")
    [reason] = rejected(with_edits(files, copied=copied))
    assert reason == "Dockerfile also builds fly.staging.toml, which has no such fault"
    assert names(with_edits({**files, "fly.staging.toml": ""}, copied=copied)) == ["copied"]


def test_the_order_of_targets_makes_no_difference():
    copied = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY req", "COPY x/req")}
    twice = {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = 'x'\n  A = 'y'\n"}
    stories = {"one": BROKEN, "two": copied, "three": twice, "four": HEALTHY}
    seen = []
    for folders in (["a", "b", "c", "d"], ["d", "c", "b", "a"], ["b", "d", "a", "c"]):
        files: dict[str, str] = {}
        for place, (app, story) in zip(folders, stories.items(), strict=True):
            files |= below(place, story, app)
        after = result(planned(files, unsafe=True), files)
        seen.append([{path[2:]: text for path, text in after.items() if path.startswith(place)} for place in folders])
    assert seen[0] == seen[1] == seen[2]


# --- other builds of the same Dockerfile

COMPOSE = "services:\n  web:\n    build:\n      context: .\n      dockerfile: backend/Dockerfile\n"
IN_ROOT = {
    **below("backend", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req")}, "demo"),
}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("docker-compose.yml", COMPOSE),
        ("backend/compose.yml", COMPOSE.replace("context: .", "context: ..")),
        (WORKFLOW, steps("- uses: docker/build-push-action@v6\n  with:\n    context: .\n    file: backend/Dockerfile\n")),
    ],
)
def test_a_repair_that_breaks_another_build_of_the_dockerfile_is_not_made(path: str, source: str):
    assert names(planned(IN_ROOT, "fix-copy-source")) == ["fix-copy-source"]
    made = planned({**IN_ROOT, path: source}, "fix-copy-source")
    [reason] = rejected(made)
    assert reason.startswith(f"{path}:")
    assert "builds backend/Dockerfile in the root, which would stop at: failed to solve" in reason


def test_a_repair_that_leaves_the_other_build_working_is_made():
    own = COMPOSE.replace("context: .", "context: backend").replace("backend/Dockerfile", "Dockerfile")
    assert names(planned({**IN_ROOT, "compose.yml": own}, "fix-copy-source")) == ["fix-copy-source"]


# --- nothing to do


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.parent.name}-{state.name}")
def test_a_repaired_repository_is_never_touched(state: Path, unsafe: bool):
    first = plan(Tree(folder.Folder(str(state / "before"), in_git=False)), Shelf(), Options(), Allowed(unsafe))
    again = plan(first.tree, Shelf(), Options(), Allowed(unsafe))
    assert (again.steps, again.tree.changes()) == ((), first.tree.changes())
    assert [report.faults for report in simulate(first.tree)] == [report.faults for report in first.after]


def test_a_healthy_repository_is_never_touched():
    whole = {
        **HEALTHY,
        **below("api", HEALTHY, "api"),
        "fly.staging.toml": STAGING,
        "compose.yml": "services: {web: {build: .}}",
    }
    for files in (HEALTHY, whole):
        made = planned(files, unsafe=True)
        assert not made.tree.changes()
        assert set(reached(made)) == {"ok"}


def test_without_a_target_there_is_nothing_to_plan():
    made = plan(tree({"main.py": MAIN}), Shelf(), Options(), Allowed())
    assert (made.steps, made.before, made.after) == ((), (), ())


def test_services_of_one_blueprint_are_told_apart():
    service = "  - type: web\n    name: {0}\n    runtime: docker\n    dockerfilePath: ./{0}/Dockerfile\n    dockerContext: .\n"
    lacking = DOCKERFILE.replace("COPY requirements.txt .", "COPY missing.txt .").replace("RUN pip", "# RUN pip")
    files = {
        "render.yaml": "services:\n" + service.format("api") + service.format("web"),
        "api/Dockerfile": DOCKERFILE,
        "api/requirements.txt": "fastapi\nuvicorn\n",
        "api/main.py": MAIN,
        "web/Dockerfile": lacking,
        "web/main.py": MAIN,
    }
    made = planned(files, "fix-render-paths", unsafe=True)
    assert [step.codemod for step in made.steps] == ["fix-render-paths"]
    assert result(made, files)["render.yaml"].count("dockerContext: ./api") == 1
    assert [report.target.app for report in made.after if not report.faults] == ["api"]
