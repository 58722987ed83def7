import pytest

from tests.bot.engine.platforms.tools import WORKFLOW, deploys, found, steps


def workflow(source: str, job: str = "", top: str = "") -> list[tuple[str, str | None]]:
    return found(WORKFLOW, steps(source, job, top))


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
