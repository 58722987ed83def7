import pytest

from bot.engine.simulate import Options
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, result

NAME = "move-fly-toml"
MIXED = """\
FROM python:3.11-slim
WORKDIR /app
COPY backend/requirements.txt .
RUN pip install -r requirements.txt
COPY shared ./shared
COPY backend .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""
UP = {  # the config lies too deep
    "backend/fly.toml": FLY,
    "backend/Dockerfile": MIXED,
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
    "shared/__init__.py": "# ours\n",
}
MOVED = FLY.replace('"Dockerfile"', '"backend/Dockerfile"')
AWAY = {"backend/fly.toml": "", "fly.toml": MOVED}
DOWN = {  # the config lies too high
    "fly.toml": MOVED,
    "backend/Dockerfile": DOCKERFILE,
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
}
WORKFLOW = ".github/workflows/deploy.yml"
HEAD = """\
name: Deploy  # to Fly
on:
  push:
    branches: [main]

jobs:
  deploy:
    runs-on: ubuntu-latest
"""
STEPS = """\
    steps:
      - uses: actions/checkout@v4
      - uses: superfly/flyctl-actions/setup-flyctl@master
"""
IN_JOB = "    defaults:\n      run:\n        working-directory: backend\n"
TAIL = "        env:\n          FLY_API_TOKEN: ${{ secrets.FLY_API_TOKEN }}\n"


def workflow(step: str, job: str = "") -> str:
    return HEAD + job + STEPS + step


def check_follows(path: str, before: str, after: str, files: dict[str, str] = UP, moved: dict[str, str] = AWAY) -> None:
    made = check_transformed(NAME, {**files, path: before}, {**moved, path: after})
    assert [step.manual for step in made.steps] == [()]


def check_manual(path: str, before: str, *words: str) -> None:
    """Assert that a file that starts the deploy stays as it is, and is named as something to do by hand."""
    made = check_transformed(NAME, {**UP, path: before}, AWAY)
    [step] = made.steps
    assert len(step.manual) == 1
    assert all(word in step.manual[0] for word in (path, *words)), step.manual


# --- the config


def test_up_to_where_the_build_sees_everything():
    made = check_transformed(NAME, UP, AWAY)
    assert [(step.command, step.manual) for step in made.steps] == [("fly deploy", ())]


def test_down_to_the_dockerfile_whose_neighbours_it_copies():
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY main.py lib.py ./")
    files = {**DOWN, "backend/Dockerfile": dockerfile, "backend/lib.py": "", "lib.py": ""}
    made = check_transformed(NAME, files, {"fly.toml": "", "backend/fly.toml": FLY})
    assert [step.command for step in made.steps] == ["cd backend && fly deploy"]


def test_to_the_only_dockerfile_when_the_config_names_none():
    text = FLY.replace('\n[build]\n  dockerfile = "Dockerfile"\n', "")
    files = {path: content for path, content in DOWN.items() if path != "fly.toml"} | {"deploy/fly.toml": text}
    check_transformed(NAME, files, {"deploy/fly.toml": "", "backend/fly.toml": text})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  dockerfile = 'Dockerfile'  # ours\n", "  dockerfile = 'backend/Dockerfile'  # ours\n"),
        ('\tdockerfile="./Dockerfile"\n', '\tdockerfile="backend/Dockerfile"\n'),
        (
            "  ignorefile = '.dockerignore'\n  dockerfile = 'Dockerfile'\n",
            "  ignorefile = 'backend/.dockerignore'\n  dockerfile = 'backend/Dockerfile'\n",
        ),
        ("", '  dockerfile = "backend/Dockerfile"\n'),
    ],
)
def test_the_paths_of_the_build_count_from_the_new_folder(before: str, after: str):
    line = '  dockerfile = "Dockerfile"\n'
    files = {**UP, "backend/fly.toml": FLY.replace(line, before)}
    check_transformed(NAME, files, {"backend/fly.toml": "", "fly.toml": FLY.replace(line, after)})


def test_a_local_file_counts_from_where_the_deploy_is_started():
    section = "\n[[files]]\n  guest_path = '/etc/app.ini'\n  local_path = '{}'\n"
    text = FLY + section.format("app.ini") + section.format("/etc/hosts") + section.format("nowhere.ini")
    after = MOVED + section.format("backend/app.ini") + section.format("/etc/hosts") + section.format("nowhere.ini")
    files = {**UP, "backend/fly.toml": text, "backend/app.ini": ""}
    check_transformed(NAME, files, {"backend/fly.toml": "", "fly.toml": after})


def test_a_path_that_counted_from_the_root_all_along_stays():
    files = {**UP, "backend/fly.toml": MOVED}
    check_transformed(NAME, files, AWAY)


def test_a_config_of_another_name_keeps_it():
    files = {path: text for path, text in UP.items() if path != "backend/fly.toml"} | {"backend/fly.backend.toml": FLY}
    made = check_transformed(NAME, files, {"backend/fly.backend.toml": "", "fly.backend.toml": MOVED})
    assert [step.command for step in made.steps] == ["fly deploy --config fly.backend.toml"]


def test_a_config_two_folders_deep_moves_as_far_up_as_it_has_to():
    files = {f"services/{path}": text for path, text in UP.items()}
    files = {**files, "services/backend/Dockerfile": MIXED}
    check_transformed(NAME, files, {"services/backend/fly.toml": "", "services/fly.toml": MOVED})


# --- who follows


def test_a_step_loses_its_working_directory():
    step = "      - run: flyctl deploy --remote-only\n        working-directory: {}\n"
    for folder in ("backend", "./backend", "'backend'  # the app"):
        check_follows(WORKFLOW, workflow(step.format(folder) + TAIL), workflow(step[: step.index("        work")] + TAIL))


def test_a_working_directory_that_opens_the_step_names_the_root():
    step = "      - working-directory: {}\n        run: flyctl deploy --remote-only\n"
    check_follows(WORKFLOW, workflow(step.format("backend") + TAIL), workflow(step.format(".") + TAIL))


def test_a_step_of_a_job_with_a_working_directory_gets_one_of_its_own():
    step = "      - run: flyctl deploy --remote-only  # go\n"
    after = step + "        working-directory: .\n"
    check_follows(WORKFLOW, workflow(step + TAIL, IN_JOB), workflow(after + TAIL, IN_JOB))


def test_the_folder_goes_behind_a_block_and_before_the_blank_line():
    command = "          set -e\n          # all of it\n          flyctl deploy \\\n            --remote-only\n"
    step = f"      - name: deploy\n        run: |\n{command}"
    after = step + "        working-directory: .\n"
    more = "\n      - run: echo done\n"
    check_follows(WORKFLOW, workflow(step + more, IN_JOB), workflow(after + more, IN_JOB))


def test_a_workflow_without_a_final_newline():
    step = "      - run: flyctl deploy"
    check_follows(WORKFLOW, workflow(step, IN_JOB), workflow(step + "\n        working-directory: .", IN_JOB))


def test_a_block_loses_its_cd():
    step = "      - run: |\n          {}flyctl deploy --remote-only\n"
    for change in ("cd backend\n          ", "cd ./backend && "):
        check_follows(WORKFLOW, workflow(step.format(change) + TAIL), workflow(step.format("") + TAIL))


@pytest.mark.parametrize("option", ["--config fly.toml", "-c fly.toml", "--config=fly.toml", '--config "fly.toml"'])
def test_a_config_that_is_the_default_is_not_named_any_more(option: str):
    step = "      - run: flyctl deploy {}--remote-only\n        working-directory: backend\n"
    after = "      - run: flyctl deploy --remote-only\n"
    check_follows(WORKFLOW, workflow(step.format(option + " ")), workflow(after))


@pytest.mark.parametrize("option", ["--config {}", "-c {}", "--config={}", "--config '{}'"])
def test_a_config_of_another_name_is_named_where_it_lies_now(option: str):
    files = {path: text for path, text in UP.items() if path != "backend/fly.toml"} | {"backend/fly.api.toml": FLY}
    line = f"deploy:\n\tcd backend && fly deploy {option} --ha=false\n"
    after = line.replace("cd backend && ", "").format("fly.api.toml")
    moved = {"backend/fly.api.toml": "", "fly.api.toml": MOVED}
    check_follows("Makefile", line.format("fly.api.toml"), after, files, moved)


def test_a_config_in_the_root_is_named_where_it_lies_now():
    step = "      - run: flyctl deploy --remote-only\n"
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY main.py lib.py ./")
    files = {**DOWN, "backend/Dockerfile": dockerfile, "backend/lib.py": "", "lib.py": ""}
    moved = {"fly.toml": "", "backend/fly.toml": FLY}
    check_follows(WORKFLOW, workflow(step), workflow(step + "        working-directory: backend\n"), files, moved)
    before = "      - run: flyctl deploy\n        working-directory: .\n"
    check_follows(WORKFLOW, workflow(before), workflow(before.replace(": .", ": backend")), files, moved)


def test_two_commands_of_one_step_follow_together():
    step = (
        "      - run: |\n          flyctl deploy -a one\n          flyctl deploy -a two\n        working-directory: backend\n"
    )
    more = "      - run: echo\n        working-directory: backend\n"
    check_follows(WORKFLOW, workflow(step + more), workflow(step[: step.index("        work")] + more))


def test_the_step_of_another_target_stays():
    step = "      - run: flyctl deploy\n        working-directory: {}\n"
    other = {"web/fly.toml": FLY.replace("demo", "web"), "web/Dockerfile": 'FROM node:20\nCMD ["node"]\n'}
    before, after = step.format("web") + step.format("backend"), step.format("web") + step[: step.index("        work")]
    check_follows(WORKFLOW, workflow(before), workflow(after), {**UP, **other})


@pytest.mark.parametrize("name", ["Makefile", "justfile"])
def test_a_recipe_loses_its_cd_and_the_other_recipes_stay(name: str):
    text = "deploy:  # all\n\t@{}fly deploy --remote-only\n\ntest:\n\tcd backend && pytest\n"
    check_follows(name, text.format("cd backend && "), text.format(""))


@pytest.mark.parametrize(
    ("path", "line", "after"),
    [
        ("deploy.sh", "cd backend\nfly deploy\n", "fly deploy\n"),
        ("scripts/deploy.sh", "cd backend && fly deploy\n", "fly deploy\n"),
        ("deploy.sh", "fly deploy ./backend --remote-only\n", "fly deploy --remote-only\n"),
        ("deploy.sh", "(cd backend/ && fly deploy)\n", "(fly deploy)\n"),
    ],
)
def test_a_script_loses_its_cd(path: str, line: str, after: str):
    check_follows(path, "#!/bin/sh\n# ships it\nset -e\n" + line, "#!/bin/sh\n# ships it\nset -e\n" + after)


# --- what is left to a person


def test_a_readme_is_named_and_not_edited():
    check_manual("README.md", "# Demo\n\n```sh\ncd backend && fly deploy\n```\n", "README.md:4", "`fly deploy`", "the root")


@pytest.mark.parametrize(
    "step",
    [
        "      - run: |\n          pytest\n          flyctl deploy\n        working-directory: backend\n",
        "      - run: flyctl deploy && pytest\n        working-directory: backend\n",
        "      - run: flyctl deploy --build-arg V=$(cat VERSION)\n        working-directory: backend\n",
        "      - run: flyctl deploy --dockerfile Dockerfile\n        working-directory: backend\n",
        "      - {run: flyctl deploy, working-directory: backend}\n",
        "      - uses: superfly/fly-pr-review-apps@1.2.1\n        with:\n          path: backend\n",
        '      - uses: superfly/flyctl-actions@1.5\n        with:\n          args: "deploy backend"\n',
    ],
)
def test_a_step_that_does_more_in_its_folder_is_named_and_not_edited(step: str):
    check_manual(WORKFLOW, workflow(step), f"{WORKFLOW}:")


def test_a_step_in_braces_that_inherits_its_folder_is_named_and_not_edited():
    check_manual(WORKFLOW, workflow("      - { run: flyctl deploy --remote-only }\n", IN_JOB), f"{WORKFLOW}:")


@pytest.mark.parametrize(
    "script",
    [
        "cd backend\nmake\nfly deploy\n",
        "cd backend\nfly deploy\n./after.sh\n",
        'cd "$(dirname "$0")/backend"\nfly deploy\n',
        "pushd backend\nfly deploy\n",
    ],
)
def test_a_script_that_needs_its_folder_is_named_and_not_edited(script: str):
    check_manual("deploy.sh", script, "deploy.sh:")


def test_a_folder_that_is_made_at_run_time_is_named():
    check_manual("deploy.sh", "cd $DIR\nfly deploy\n", "deploy.sh:2")


def test_a_comment_of_the_config_that_tells_how_to_deploy_is_named():
    files = {**UP, "backend/fly.toml": "# cd backend && fly deploy\n" + FLY}
    made = check_transformed(NAME, files, {"backend/fly.toml": "", "fly.toml": "# cd backend && fly deploy\n" + MOVED})
    assert made.steps[0].manual == ("A comment in fly.toml, line 1, tells how it was deployed until now.",)


def test_an_ignore_file_that_is_read_no_longer_is_named():
    files = {**UP, "backend/.dockerignore": "*.log\n"}
    [step] = check_transformed(NAME, files, AWAY).steps
    assert [manual.split()[0] for manual in step.manual] == ["backend/.dockerignore"]


def test_of_two_files_one_follows_and_the_other_is_named():
    files = {**UP, "Makefile": "deploy:\n\tcd backend && fly deploy\n", "README.md": "```\ncd backend\nfly deploy\n```\n"}
    made = check_transformed(NAME, files, {**AWAY, "Makefile": "deploy:\n\tfly deploy\n"})
    assert [manual.split()[0] for manual in made.steps[0].manual] == ["README.md:3"]


# --- refusals


@pytest.mark.parametrize(
    "files", [{**UP, "backend/Dockerfile": DOCKERFILE}, {**UP, "deploy.sh": "fly deploy -c backend/fly.toml\n"}]
)
def test_a_context_that_has_everything_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


@pytest.mark.parametrize("there", [FLY.replace("demo", "other"), "# nothing yet\n"])
def test_a_config_that_is_there_is_never_replaced(there: str):
    files = {**UP, "fly.toml": there, "deploy.sh": "cd backend && fly deploy\n"}
    assert "fly.toml is there already, and no file is replaced" in reasons(NAME, files)


def test_a_config_that_only_lies_on_the_disk_is_not_replaced_either():
    from bot.engine.plan import Allowed, plan
    from codemods import Shelf
    from tests.tools import tree

    made = plan(tree({**UP, "fly.toml": "secret"}, hidden=("fly.toml",)), Shelf(), Options(), Allowed(True, (NAME,)))
    assert "fly.toml is there already, and no file is replaced" in {dropped.reason for dropped in made.dropped}
    assert not made.tree.changes()


def test_a_folder_that_a_person_gave_is_kept():
    made = planned(UP, NAME, True, Options(start="backend"))
    assert {dropped.reason for dropped in made.dropped} == {"the folder that the deploy is started from was given with --from"}
    assert not made.tree.changes()


def test_a_config_in_json_is_not_moved():
    files = {path: text for path, text in UP.items() if path != "backend/fly.toml"}
    files["backend/fly.json"] = (
        '{"app": "demo", "build": {"dockerfile": "Dockerfile"}, "http_service": {"internal_port": 8080}}'
    )
    assert "only TOML is edited" in reasons(NAME, files)


def test_paths_that_lead_nowhere_are_not_rewritten():
    files = {**UP, "backend/fly.toml": FLY.replace("[build]\n  dockerfile", "[Build]\n  Dockerfile")}
    assert reasons(NAME, files) & {"the paths in backend/fly.toml can't be counted from the root"}


def test_a_move_that_gets_no_further_is_not_made():
    files = {**UP, "backend/Dockerfile": MIXED.replace("COPY shared", "COPY nowhere")}
    assert any('"/nowhere": not found' in reason for reason in reasons(NAME, files))


def test_the_target_that_deploys_from_the_root_keeps_its_config():
    files = {
        **UP,
        "fly.toml": FLY.replace("demo", "root"),
        "Dockerfile": DOCKERFILE,
        "main.py": MAIN,
        "requirements.txt": "fastapi\nuvicorn\n",
    }
    made = planned(files, NAME, unsafe=True)
    assert result(made, files) == files


def test_a_dockerfile_that_is_called_after_the_folder_is_named():
    dockerfile = DOCKERFILE.replace("COPY requirements.txt", "COPY backend/requirements.txt").replace(
        "COPY . .", "COPY backend ."
    )
    config = 'app = "demo"\n\n[build]\n\n[http_service]\n  internal_port = 8080\n'
    own = {f"backend/{path}": text for path, text in {**HEALTHY, "fly.toml": config}.items() if path != "Dockerfile"}
    files = {**own, ".dockerignore": ".git\n", "Dockerfile.backend": dockerfile}
    moved = config.replace("[build]\n", '[build]\n  dockerfile = "Dockerfile.backend"\n')
    made = check_transformed(NAME, files, {"backend/fly.toml": "", "fly.toml": moved})
    assert made.steps[0].finding.code == "no-dockerfile"


def test_of_two_dockerfiles_in_the_root_none_is_guessed():
    config = 'app = "demo"\n\n[build]\n\n[http_service]\n  internal_port = 8080\n'
    own = {f"backend/{path}": text for path, text in {**HEALTHY, "fly.toml": config}.items() if path != "Dockerfile"}
    check_noop(NAME, {**own, "Dockerfile.api": DOCKERFILE, "Dockerfile.jobs": DOCKERFILE})
