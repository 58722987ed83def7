from __future__ import annotations

import pytest

from bot.engine.report import Report
from bot.engine.simulate import Options
from tests.bot.engine.platforms.tools import WORKFLOW, steps
from tests.tools import DOCKERFILE, FLY, HEALTHY, Files, only, reports, text

GROUPS = text("""
    app = "demo"

    [processes]
      web = "uvicorn main:app --host 0.0.0.0 --port 8080"
      worker = "python -m worker"

    [http_service]
      internal_port = 8080
      processes = ["web"]
""")


def below(folder: str, files: Files) -> dict[str, str | bytes]:
    return {f"{folder}/{path}": content for path, content in files.items()}


# --- what can't be followed


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"fly.toml": FLY.replace('dockerfile = "Dockerfile"', 'image = "nginx"')},
            "the image does not come from a Dockerfile",
        ),
        ({"fly.toml": FLY.replace('dockerfile = "Dockerfile"', 'builder = "heroku/builder:24"')}, "(builder = heroku"),
        ({"fly.toml": FLY.replace('"Dockerfile"', '"../Dockerfile"')}, "lies outside of the repository"),
        ({"deploy.sh": "fly deploy --image registry.fly.io/demo:v1\n"}, "names an image that was built elsewhere"),
        ({"Dockerfile": "FROM node:22\nCOPY . .\nCMD node server.js\n"}, "node:22 runs Node.js"),
        ({"Dockerfile": "FROM python:3.12\nCOPY . .\nCMD nonesuch serve\n"}, "starts no Python app that can be followed"),
        ({"Dockerfile": "FROM example.org/app:1\n"}, "what its base image starts is not known"),
    ],
)
def test_a_chain_that_cant_be_followed_ends_as_unknown(files: dict[str, str], reason: str):
    report = only({**HEALTHY, **files})
    assert (report.reached, report.faults) == ("unknown", ())
    assert any(reason in unknown.reason for unknown in report.unknowns), report.unknowns


# --- several targets, several processes


def by_config(found: list[Report]) -> dict[str, str]:
    return {report.target.config: report.reached for report in found}


def test_every_target_of_a_repository_has_its_own_report():
    broken = below("worker", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "main:api")})
    broken["worker/fly.toml"] = FLY.replace("demo", "demo-worker")
    found = reports({**below("web", HEALTHY), **broken})
    assert by_config(found) == {"web/fly.toml": "ok", "worker/fly.toml": "boot"}


def test_options_narrow_down_to_a_target_or_a_process():
    files = {**HEALTHY, "fly.staging.toml": FLY.replace("demo", "staging"), "fly.toml": GROUPS}
    assert by_config(reports(files, Options(app="staging"))) == {"fly.staging.toml": "ok"}
    assert by_config(reports(files, Options(config="fly.toml"))) == {"fly.toml": "boot"}
    assert by_config(reports(files, Options(config="fly.toml", process="web"))) == {"fly.toml": "ok"}
    assert by_config(reports(files, Options(exclude=("fly.toml",)))) == {"fly.staging.toml": "ok"}


def test_every_process_group_is_booted():
    config = GROUPS.replace("\n\n[http", '\n  beat = "python beat.py"\n\n[http')
    report = only({**HEALTHY, "fly.toml": config, "worker.py": "from main import nothing\n"})
    assert [booted.process.name for booted in report.processes] == ["web", "worker", "beat"]
    assert [(fault.process, fault.code) for fault in report.faults] == [
        ("beat", "script-missing"),
        ("worker", "name-not-found"),
    ]


def test_the_port_concerns_the_groups_of_the_service_alone():
    config = GROUPS.replace("python -m worker", "uvicorn main:app --port 9000")
    assert only({**HEALTHY, "fly.toml": config}).reached == "ok"
    assert only({**HEALTHY, "fly.toml": config.replace('["web"]', '["web", "worker"]')}).reached == "port"


# --- from where it is started


def test_of_two_readings_the_one_that_gets_furthest_counts():
    files = {
        **below("backend", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req")}),
        "README.md": "```sh\nfly deploy --config backend/fly.toml\n```\n",
    }
    files["backend/Dockerfile"] = str(files["backend/Dockerfile"]).replace("COPY . .", "COPY backend .")
    report = only(files)
    assert (report.reached, report.start.directory) == ("ok", "")
    assert [assumed.name for assumed in report.assumptions] == ["start"]
    own = only({**below("backend", HEALTHY), "README.md": files["README.md"]})
    assert (own.reached, own.start.directory) == ("ok", "backend")


def test_a_reading_without_a_dockerfile_gets_less_far_than_one_that_lacks_a_file():
    config = 'app = "demo"\n\n[http_service]\n  internal_port = 8080\n'  # names no Dockerfile
    changes = {"Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req"), "fly.toml": config}
    files = {
        **below("backend", {**HEALTHY, **changes}),
        "README.md": "```sh\nfly deploy --config backend/fly.toml\n```\n",
    }
    report = only(files)
    assert (report.start.directory, report.faults[0].code) == ("backend", "copy-source-missing")


def test_a_command_that_runs_leaves_no_other_reading():
    files = {**below("backend", HEALTHY), WORKFLOW: steps("- run: flyctl deploy --config backend/fly.toml\n")}
    report = only(files)
    assert (report.reached, report.start.directory) == ("build", "")
    at = steps("- run: flyctl deploy\n  working-directory: backend\n")
    assert only({**files, WORKFLOW: at}).reached == "ok"
    assert only(files, Options(start="backend")).reached == "ok"


def test_a_config_that_no_command_deploys_beside_one_that_works_is_a_stale_copy():
    files = {
        **below("backend", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY nothing ./")}),
        **HEALTHY,
        "Makefile": "deploy:\n\tfly deploy\n",
    }
    root, copy = reports(files)
    assert (root.reached, copy.faults) == ("ok", ())
    assert [weakness.code for weakness in copy.weaknesses] == ["stale-config"]


def test_an_app_of_the_same_name_on_another_platform_is_no_reason_to_call_a_config_stale():
    files = {
        **below("backend", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY nothing ./")}),
        **{path: content for path, content in HEALTHY.items() if path != "fly.toml"},
        "render.yaml": "services:\n  - type: web\n    name: demo\n    runtime: docker\n",
    }
    fly, render = reports(files)
    assert (fly.reached, render.reached) == ("build", "ok")


# --- what may deploy from elsewhere

MONOREPO = {
    **{f"backend/{path}": content for path, content in HEALTHY.items()},
    "backend/Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req"),
}


def sure(files: Files) -> set[str]:
    return {fault.confidence for fault in only(files, Options(config="backend/fly.toml")).faults}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package.json", '{"scripts": {"deploy": "fly deploy --config backend/fly.toml"}}'),
        ("Taskfile.yml", "tasks:\n  deploy:\n    cmds: [fly deploy -c ./backend/fly.toml]\n"),
        (".gitlab-ci.yml", "deploy:\n  script:\n    - fly deploy --config backend/fly.toml\n"),
        ("bin/deploy", "#!/bin/sh\nfly deploy --config backend/fly.toml\n"),
        ("tasks.py", 'run("fly deploy --config backend/fly.toml")\n'),
        ("docs/deploy.md", "Run `fly deploy --config backend/fly.toml`.\n"),
        (WORKFLOW, steps("- uses: ./.github/actions/deploy\n  with:\n    config: backend/fly.toml\n")),
        (WORKFLOW, steps("- run: flyctl deploy --config ${{ matrix.config }}\n")),
        (WORKFLOW, steps("- run: |\n    flyctl deploy \\\n      --config $CONFIG\n")),
        (WORKFLOW, steps("- run: flyctl deploy --config backend/fly.toml\n  working-directory: ${{ matrix.folder }}\n")),
    ],
)
def test_a_config_that_something_else_names_may_be_deployed_from_another_folder(path: str, content: str):
    assert sure({**MONOREPO, path: content}) == {"likely"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", "The config is backend/fly.toml.\n"),
        (".dockerignore", "backend/fly.toml\n"),
        ("deploymend.toml", 'config = "backend/fly.toml"\n'),
        ("pyproject.toml", '[tool.deploymend]\nconfig = "backend/fly.toml"\n'),
        (WORKFLOW, "on:\n  push:\n    paths:\n      - 'backend/fly.toml'\n"),
        (WORKFLOW, steps("- run: flyctl deploy\n  working-directory: ${{ matrix.folder }}\n")),
        ("package.json", '{"scripts": {"deploy": "cd backend && fly deploy"}}'),
    ],
)
def test_a_config_that_is_only_listed_or_deployed_where_it_lies_leaves_no_doubt(path: str, content: str):
    assert sure({**MONOREPO, path: content}) == {"certain"}


def test_the_folder_of_a_deploy_makes_no_difference_to_the_config():
    files = {**MONOREPO, "backend/fly.toml": FLY.replace("8080", '"x"'), "bin/deploy": "fly deploy --config backend/fly.toml\n"}
    first = only(files, Options(config="backend/fly.toml")).faults[0]
    assert (first.code, first.confidence) == ("config-type", "certain")
