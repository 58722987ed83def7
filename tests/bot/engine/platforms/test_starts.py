import pytest

from bot.engine.model.findings import Place
from bot.engine.platforms import starts
from bot.engine.platforms.starts import Deploy
from tests.tools import text, tree

WORKFLOW = ".github/workflows/deploy.yml"
FOLDERS = {"backend/fly.toml": "", "frontend/fly.toml": "", "fly.toml": ""}


def deploys(path: str, source: str, files=FOLDERS) -> list[Deploy]:
    return starts.find(tree({**files, path: text(source)}), [path])


def found(path: str, source: str) -> list[tuple[str, str | None]]:
    """Return the folder and the config of each deploy that a file shows."""
    return [(deploy.directory, deploy.config) for deploy in deploys(path, source)]


def script(source: str) -> list[tuple[str, str | None]]:
    return found("deploy.sh", source)


def steps(source: str, job: str = "", workflow: str = "") -> str:
    """Return a workflow with these steps, as YAML: they begin in line 5 where no more is given."""
    lines = [*workflow.splitlines(), "jobs:", "  deploy:", "    runs-on: ubuntu-latest"]
    lines += [*(f"    {line}" for line in job.splitlines()), "    steps:"]
    return "\n".join([*lines, *(f"      {line}" for line in text(source).splitlines())]) + "\n"


def workflow(source: str, job: str = "", top: str = "") -> list[tuple[str, str | None]]:
    return found(WORKFLOW, steps(source, job, top))


# --- which files are looked at


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/deploy.yml",
        ".github/workflows/ci.yaml",
        "deploy.sh",
        "scripts/prod/deploy.sh",
        "deploy.ps1",
        "Makefile",
        "backend/Makefile",
        "justfile",
        "README.md",
        "backend/readme.MD",
        "DEPLOYMENT.md",
        "deploy.mdx",
    ],
)
def test_a_file_that_may_hold_commands(path):
    assert starts.is_evidence(path)


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/notes.txt",
        ".github/deploy.yml",
        "a/b/c/deploy.sh",
        "a/b/README.md",
        "CHANGES.md",
        "deploy.py",
        "a/b/c/Makefile",
    ],
)
def test_a_file_that_is_not_read(path):
    assert not starts.is_evidence(path)


def test_a_file_that_is_no_text_is_passed_over():
    whole = tree({"deploy.sh": b"fly deploy \xff"})
    assert starts.find(whole, ["deploy.sh", "missing.sh"]) == []
    assert starts.unclear(whole, ["deploy.sh", "missing.sh"]) == []


def test_what_is_only_written_about():
    assert starts.is_prose("README.md", "fly.toml")
    assert starts.is_prose("fly.toml", "fly.toml")
    assert not starts.is_prose("deploy.sh", "fly.toml")


# --- the command


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("fly deploy", ("", None)),
        ("flyctl deploy --remote-only", ("", None)),
        ("/usr/local/bin/flyctl deploy", ("", None)),
        ("flyctl.exe deploy", ("", None)),
        ("sudo fly deploy", ("", None)),
        ("FLY_API_TOKEN=$TOKEN fly deploy", ("", None)),
        ("fly deploy backend", ("backend", None)),
        ("fly deploy ./backend/ --ha=false", ("backend", None)),
        ("fly deploy --strategy rolling backend", ("backend", None)),
        ("fly deploy -a web -e A=1 --build-arg B=2 --vm-size x -s SIGINT", ("", None)),
        ("fly deploy --config backend/fly.toml", ("", "backend/fly.toml")),
        ("fly deploy --config=backend/fly.toml", ("", "backend/fly.toml")),
        ('fly deploy --config "./backend/fly.toml"', ("", "backend/fly.toml")),
        ("fly deploy -c backend/fly.toml", ("", "backend/fly.toml")),
        ("fly deploy -c=backend/fly.toml", ("", "backend/fly.toml")),
        ("fly deploy -cbackend/fly.toml", ("", "backend/fly.toml")),
        ("fly deploy -c backend", ("", "backend/fly.toml")),
        ("fly deploy -c .", ("", "fly.toml")),
        ("fly deploy backend -c fly.staging.toml", ("backend", "backend/fly.staging.toml")),
        ("fly deploy backend --config ../fly.toml", ("backend", "fly.toml")),
        ("fly deploy \\\n  --config backend/fly.toml \\\n  --remote-only", ("", "backend/fly.toml")),
        ("if fly deploy; then echo done; fi", ("", None)),
        ("test -n x && fly deploy || exit 1", ("", None)),
        ('fly deploy -c backend/fly.toml "$@"', ("", "backend/fly.toml")),
        ("fly deploy $FLAGS ${EXTRA_ARGS}", ("", None)),
        ('fly deploy --app="$APP" -a$APP --image-label $(date +%s)', ("", None)),
    ],
)
def test_a_command_that_deploys(command, expected):
    assert script(f"{command}\n") == [expected]


@pytest.mark.parametrize(
    "command",
    [
        "fly launch",
        "fly status",
        "echo fly deploy",
        "# fly deploy",
        "butterfly deploy",
        "fly deploy $DIR",
        "fly deploy --config $CONFIG",
        "fly deploy --config=$CONFIG",
        "fly deploy -c $(pwd)/fly.toml",
        "fly deploy --dockerfile $FILE",
        "fly deploy ..",
        "fly deploy -c ../fly.toml",
        "fly deploy --config",
        "$FLY deploy",
    ],
)
def test_what_is_no_evidence(command):
    assert script(f"{command}\n") == []


def test_a_dockerfile_counts_from_the_folder_of_the_command():
    [deploy] = deploys("deploy.sh", "fly deploy backend --dockerfile docker/web.Dockerfile\n")
    assert (deploy.directory, deploy.dockerfile) == ("backend", "backend/docker/web.Dockerfile")


@pytest.mark.parametrize("option", ["--image nginx", "-i nginx", "--image=nginx", "-i $IMAGE"])
def test_an_image_is_noted(option):
    [deploy] = deploys("deploy.sh", f"fly deploy {option}\nls\n")
    assert deploy.image


def test_the_place_is_that_of_the_command():
    [deploy] = deploys("deploy.sh", "#!/bin/sh\nset -e\ncd backend && fly deploy\n")
    assert deploy.place == Place("deploy.sh", 3, 15)
    assert (deploy.why, deploy.step, deploy.workdir) == ("deploy.sh says so", None, None)


def test_windows_line_endings_change_nothing():
    [deploy] = deploys("deploy.sh", "#!/bin/sh\r\nset -e\r\ncd backend\r\nfly deploy \\\r\n  -c fly.x.toml\r\n")
    assert (deploy.directory, deploy.config, deploy.place) == ("backend", "backend/fly.x.toml", Place("deploy.sh", 4, 1))


# --- scripts


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("cd backend\nfly deploy\n", "backend"),
        ("cd ./backend/api/..; fly deploy\n", "backend"),
        ('cd "backend" || exit 1\nfly deploy\n', "backend"),
        ("cd backend\ncd ..\nfly deploy\n", ""),
        ("cd backend\ncd -\nfly deploy\n", ""),
        ("pushd backend\nfly deploy\npopd\n", "backend"),
        ("pushd backend\nls\npopd\nfly deploy\n", ""),
        ("(cd backend && ls)\nfly deploy\n", ""),
        ("cd backend\n(cd api && ls)\nfly deploy\n", "backend"),
        ("D=backend\ncd $D\nfly deploy\n", "backend"),
        ('D=backend\ncd "${D}/api"\nfly deploy\n', "backend/api"),
        ("cd $(git rev-parse --show-toplevel)/backend\nfly deploy\n", "backend"),
        ("Set-Location backend\nfly deploy\n", "backend"),
        ("cd $GITHUB_WORKSPACE/backend\nfly deploy\n", "backend"),
    ],
)
def test_the_folder_is_followed(source, folder):
    assert script(source) == [(folder, None)]


@pytest.mark.parametrize(
    "change",
    [
        "cd $WHERE",
        "cd $(mktemp -d)",
        "cd /srv/app",
        "cd ~/app",
        "cd",
        "cd ..",
        'cd "$HOME"',
        "popd",
        "[ -n x ] && D=backend; cd $D",
        'D="$1"; cd $D',
    ],
)
def test_a_folder_that_cant_be_told_is_no_evidence(change):
    assert script(f"{change}\nfly deploy\n") == []


def test_several_deploys_in_one_script():
    source = """
        (cd backend && fly deploy)
        (cd frontend && fly deploy)
        for a in x y; do (cd $a && fly deploy); done
        fly deploy -c fly.x.toml
        """
    assert script(source) == [("backend", None), ("frontend", None), ("", "fly.x.toml")]


@pytest.mark.parametrize(
    "change",
    [
        'cd "$(dirname "$0")/.."',
        "cd $(dirname $0)/..",
        'cd "$(dirname -- "$0")/../"',
        'cd "$(dirname "${BASH_SOURCE[0]}")"/..',
        'cd "$(dirname "${BASH_SOURCE[0]}")/.."',
        'cd "${0%/*}/.."',
        'HERE="$(cd "$(dirname "$0")" && pwd)"\ncd "$HERE/.."',
        'ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)\ncd "$ROOT"',
        'HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" >/dev/null 2>&1 && pwd -P)/.."\ncd "$HERE"',
        'HERE=$(dirname "$0")\ncd $HERE && cd ..',
    ],
)
def test_a_script_that_goes_by_its_own_folder(change):
    assert found("backend/scripts/deploy.sh", f"{change}\nfly deploy\n") == [("backend", None)]


def test_the_config_may_be_named_by_the_scripts_own_folder():
    source = 'HERE="$(cd "$(dirname "$0")" && pwd)"\nfly deploy "$HERE/.." --config "$HERE/fly.x.toml"\n'
    assert found("backend/scripts/deploy.sh", source) == [("backend", "backend/scripts/fly.x.toml")]


def test_a_script_in_a_folder_may_be_started_there_or_in_the_root():
    assert found("backend/deploy.sh", "fly deploy\n") == [("backend", None), ("", None)]
    assert found("backend/deploy.sh", "cd api && fly deploy\n") == [("backend/api", None), ("api", None)]


def test_the_other_scripts_do_not_change_that():
    whole = tree({"a/one.sh": "fly deploy\n", "b/two.sh": "fly deploy\n"})
    folders = [deploy.directory for deploy in starts.find(whole, ["a/one.sh", "b/two.sh"])]
    assert folders == ["a", "", "b", ""]


# --- workflows


def test_a_step_runs_in_the_root():
    source = steps("- uses: actions/checkout@v4\n- run: flyctl deploy --remote-only\n")
    [deploy] = deploys(WORKFLOW, source)
    assert (deploy.directory, deploy.config, deploy.why) == ("", None, f"{WORKFLOW} runs it")
    assert source[deploy.start : deploy.end] == "flyctl deploy --remote-only"
    assert source[deploy.step :].startswith("run: flyctl")
    assert deploy.place.line == 6


def test_a_step_has_a_folder_of_its_own():
    source = steps("- run: flyctl deploy\n  working-directory: ./backend\n")
    [deploy] = deploys(WORKFLOW, source)
    assert deploy.directory == "backend"
    assert deploy.workdir
    assert source[slice(*deploy.workdir)] == "working-directory: ./backend"


def test_a_job_or_a_workflow_gives_a_folder_to_all_steps():
    job = "defaults:\n  run:\n    working-directory: backend"
    top = "defaults:\n  run:\n    working-directory: frontend"
    assert workflow("- run: fly deploy\n", job) == [("backend", None)]
    assert workflow("- run: fly deploy\n", "", top) == [("frontend", None)]
    assert workflow("- run: fly deploy\n", job, top) == [("backend", None)]
    assert workflow("- run: fly deploy\n  working-directory: .\n", job, top) == [("", None)]
    assert deploys(WORKFLOW, steps("- run: fly deploy\n", job))[0].workdir is None


def test_a_step_that_changes_the_folder_itself():
    assert workflow("- run: cd backend && flyctl deploy -c fly.x.toml\n") == [("backend", "backend/fly.x.toml")]
    assert workflow("- run: fly deploy backend\n") == [("backend", None)]


def test_a_script_of_several_lines_has_its_places():
    source = steps(
        """
        - name: Deploy both
          run: |
            set -e
            cd backend

            flyctl deploy \\
              --remote-only
            cd ../frontend
            flyctl deploy
        """
    )
    both = deploys(WORKFLOW, source)
    lines = source.splitlines()
    assert [deploy.directory for deploy in both] == ["backend", "frontend"]
    assert [lines[deploy.place.line - 1].strip() for deploy in both] == ["flyctl deploy \\", "flyctl deploy"]


def test_the_same_line_twice_has_two_places():
    source = steps("- run: |\n    cd backend\n    fly deploy\n    cd ../frontend\n    fly deploy\n")
    assert [deploy.place.line for deploy in deploys(WORKFLOW, source)] == [7, 9]


def test_a_folded_script():
    source = steps("- run: >\n    flyctl deploy\n    --config backend/fly.toml\n    --remote-only\n")
    [deploy] = deploys(WORKFLOW, source)
    assert (deploy.config, deploy.place.line) == ("backend/fly.toml", 6)


def test_the_workspace_is_the_root():
    assert workflow("- run: fly deploy\n  working-directory: ${{ github.workspace }}/backend\n") == [("backend", None)]
    assert workflow('- run: cd "$GITHUB_WORKSPACE" && fly deploy\n  working-directory: backend\n') == [("", None)]


@pytest.mark.parametrize(
    "step",
    [
        "- run: fly deploy\n  working-directory: ${{ matrix.app }}\n",
        "- run: cd ${{ matrix.app }} && fly deploy\n",
        "- run: fly deploy ${{ matrix.app }}\n",
        "- run: fly deploy --config ${{ matrix.app }}/fly.toml\n",
        "- run: fly deploy --config=${{ matrix.config }}\n",
        "- run: fly deploy\n  working-directory: ../elsewhere\n",
        "- uses: superfly/flyctl-actions@1.1\n  with:\n    args: deploy ${{ matrix.app }}\n",
        "- uses: superfly/fly-pr-review-apps@1.0\n  with:\n    path: ${{ matrix.app }}\n",
    ],
)
def test_a_matrix_is_no_evidence(step):
    assert workflow(step) == []


@pytest.mark.parametrize(
    "step", ["- run: fly deploy ${{ inputs.deploy_args }}\n", "- run: fly deploy --app ${{ matrix.app }}\n"]
)
def test_an_expression_that_holds_options_or_a_name_does_no_harm(step):
    assert workflow(step) == [("", None)]


def test_the_action_that_only_installs_flyctl_deploys_nothing():
    assert workflow("- uses: superfly/flyctl-actions/setup-flyctl@master\n  with:\n    args: deploy\n") == []


def test_the_old_action_takes_the_arguments_and_a_folder_of_its_own():
    step = '- uses: superfly/flyctl-actions@1.1\n  with:\n    args: "deploy --config backend/fly.toml --remote-only"\n'
    source = steps(step)
    [deploy] = deploys(WORKFLOW, source)
    assert (deploy.directory, deploy.config, deploy.why) == ("", "backend/fly.toml", f"{WORKFLOW} runs it")
    assert source[deploy.start : deploy.end] == "superfly/flyctl-actions@1.1"
    assert workflow("- uses: superfly/flyctl-actions@1.3\n  with:\n    args: deploy backend\n") == [("backend", None)]
    assert workflow("- uses: superfly/flyctl-actions@1.3\n  with:\n    args: status\n") == []


def test_the_old_action_goes_to_its_project_path():
    step = "- uses: superfly/flyctl-actions@1.1\n  with:\n    args: deploy\n"
    env = "env:\n  FLY_PROJECT_PATH: {}\n"
    assert workflow(step + "  env:\n    FLY_PROJECT_PATH: backend\n") == [("backend", None)]
    assert workflow(step, env.format("backend").rstrip()) == [("backend", None)]
    assert workflow(step, env.format("backend").rstrip(), env.format("frontend")) == [("backend", None)]
    assert workflow(step, "", env.format("frontend")) == [("frontend", None)]
    assert workflow(step, "", env.format("${{ vars.APP }}")) == []


def test_the_folder_of_the_other_steps_is_not_that_of_an_action():
    job = "defaults:\n  run:\n    working-directory: backend"
    assert workflow("- uses: superfly/flyctl-actions@1.1\n  with:\n    args: deploy\n", job) == [("", None)]


def test_previews_are_deployed_from_their_path():
    assert workflow("- uses: superfly/fly-pr-review-apps@1.2.0\n") == [("", "fly.toml")]
    step = "- uses: superfly/fly-pr-review-apps@1.2.0\n  with:\n    path: backend\n    config: fly.review.toml\n"
    [deploy] = deploys(WORKFLOW, steps(step))
    assert (deploy.directory, deploy.config) == ("backend", "backend/fly.review.toml")
    assert deploy.why == f"{WORKFLOW} deploys previews"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "jobs: 1\n",
        "jobs:\n  a: 1\n",
        "jobs:\n  a:\n    steps: fly\n",
        "jobs:\n  a:\n    steps:\n      - fly deploy\n",
        "a: b: fly\n",
    ],
)
def test_a_workflow_of_another_shape_shows_nothing(source):
    assert found(WORKFLOW, source) == []


# --- Makefiles


def test_every_line_of_a_recipe_is_a_shell_of_its_own():
    assert found("Makefile", "deploy:\n\tcd backend\n\tfly deploy\n") == [("", None)]
    assert found("Makefile", "deploy:\n\t@cd backend && fly deploy\n") == [("backend", None)]
    assert found("Makefile", "deploy:\n\tcd backend && \\\n\t  fly deploy -c fly.x.toml\n") == [
        ("backend", "backend/fly.x.toml")
    ]


def test_a_makefile_counts_from_its_own_folder():
    assert found("backend/Makefile", "deploy:\n\t-fly deploy\n") == [("backend", None)]


def test_a_variable_of_make_is_no_evidence():
    assert found("Makefile", "deploy:\n\tfly deploy --config $(CONFIG)\n\tfly deploy $(DIR)\n") == []


def test_a_justfile():
    assert found("justfile", "deploy:\n    fly deploy --config backend/fly.toml\n") == [("", "backend/fly.toml")]


# --- texts


def test_code_blocks_of_a_readme():
    source = """
        # Deploy

        Run `fly deploy backend` or fly deploy.

        ```sh
        $ cd backend
        $ fly deploy
        ```

        ~~~
        fly deploy -c frontend/fly.toml
        ~~~
        """
    assert found("README.md", source) == [("backend", None), ("", "frontend/fly.toml")]
    assert [deploy.place.line for deploy in deploys("README.md", source)] == [7, 11]


def test_a_readme_in_a_folder_counts_from_there():
    assert found("backend/README.md", "```\nfly deploy\n```\n") == [("backend", None)]


def test_one_block_does_not_lead_into_the_next():
    assert found("README.md", "```\ncd backend\n```\n```\nfly deploy\n```\n") == [("", None)]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# fly deploy --config backend/fly.toml", [("", "backend/fly.toml")]),
        ("# Deploy with: cd backend && fly deploy  # from the root", [("backend", None)]),
        ("# `flyctl deploy -c backend/fly.toml` deploys this", [("", "backend/fly.toml")]),
        ("  # fly deploy", [("", None)]),
        ("# see fly.io", []),
        ("# fly status", []),
        ('app = "fly deploy"', []),
    ],
)
def test_comments_of_a_config(comment, expected):
    said = starts.in_comments("backend/fly.toml", f'app = "x"\n{comment}\n')
    assert [(deploy.directory, deploy.config) for deploy in said] == expected


# --- what can't be told


def unclear(path: str, source: str) -> list[int]:
    return [place.line for place in starts.unclear(tree({path: text(source)}), [path])]


def test_a_deploy_in_a_folder_that_cant_be_told_is_named():
    assert unclear("deploy.sh", "fly deploy\ncd $DIR\nfly deploy --ha=false\n") == [3]
    assert unclear("Makefile", "a:\n\tfly deploy $(DIR)\n") == [2]
    assert unclear(WORKFLOW, steps("- run: fly deploy\n  working-directory: ${{ matrix.app }}\n")) == [5]


def test_deploys_that_are_followed_are_not_unclear():
    source = steps(
        "- run: |\n    set -e\n    cd backend\n    fly deploy\n- run: fly deploy\n- run: >\n    fly deploy\n    --ha=false\n"
    )
    assert unclear(WORKFLOW, source) == []
    assert unclear("deploy.sh", "cd backend &&\n  fly deploy\n") == []


def test_what_is_only_said_is_not_unclear():
    assert unclear("deploy.sh", "# fly deploy $X\necho run fly deploy\n") == []
    assert unclear(WORKFLOW, steps("- name: Run fly deploy\n  run: fly deploy\n")) == []
    assert unclear("README.md", "```\nfly deploy $DIR\n```\n") == []
