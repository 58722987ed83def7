import pytest

from webhooks.rules import Rules, Signal, is_deploy

ACTIONS = "https://github.com/octo-org/docflow/actions/runs/3"

DEPLOYS = {
    "the job that fly launch writes": Signal("workflow_job", "Deploy app", group="Fly Deploy"),
    "its workflow": Signal("workflow_run", "Fly Deploy", path=".github/workflows/fly-deploy.yml"),
    "a workflow whose file says it": Signal("workflow_run", "Production", path=".github/workflows/fly.yml"),
    "a job with a plain name in such a workflow": Signal("workflow_job", "build", group="Deploy to Fly.io"),
    "its check run": Signal("check_run", "Deploy app", app="github-actions", addresses=(ACTIONS,)),
    "a job of a reusable workflow": Signal("check_run", "deploy-production / run", app="github-actions"),
    "one that tests and deploys": Signal("workflow_job", "build-test-deploy", group="CI"),
    "words run together": Signal("workflow_job", "DeployToFly", group="CI"),
    "Fly's own App": Signal("deployment_status", "docflow", app="fly-io[bot]"),
    "Fly's own check": Signal("check_suite", "Fly.io", app="fly-io"),
    "Render's own App": Signal("deployment_status", "main - docflow", app="render[bot]"),
    "Render's preview of a pull request": Signal("deployment_status", "main - docflow PR #12", app="render[bot]"),
    "a status that leads to Render": Signal("status", "docflow", addresses=("https://dashboard.render.com/web/srv-1",)),
    "a check that leads to Fly": Signal("check_run", "docflow", app="mine", addresses=("https://fly.io/apps/docflow",)),
    "an app at fly.dev": Signal("status", "smoke", addresses=("https://docflow.fly.dev/health",)),
    "an environment of Actions": Signal("deployment_status", "production", app="github-actions[bot]", addresses=(ACTIONS,)),
    "a status of another CI": Signal("status", "ci/circleci: deploy", addresses=("https://circleci.com/1",)),
    "a platform of ours among others": Signal("workflow_job", "deploy docs app to fly", group="CI"),
}
OTHERS = {
    "a test": Signal("workflow_job", "test", group="CI"),
    "a test in the workflow that deploys": Signal("workflow_job", "test (3.12)", group="Deploy"),
    "a linter in it": Signal("workflow_job", "ruff", group="Fly Deploy"),
    "a workflow of tests": Signal("workflow_run", "CI", path=".github/workflows/ci.yml"),
    "GitHub Pages": Signal("workflow_run", "pages build and deployment", path="dynamic/pages/pages-build-deployment"),
    "documentation": Signal("workflow_job", "deploy-docs", group="Docs"),
    "its environment": Signal("deployment_status", "github-pages", app="github-actions[bot]"),
    "a package index": Signal("deployment_status", "pypi", app="github-actions[bot]"),
    "Vercel": Signal("deployment_status", "Preview – docflow", app="vercel[bot]"),
    "Vercel by its address": Signal("status", "Deployment", addresses=("https://vercel.com/octo/docflow/1",)),
    "Netlify": Signal("status", "netlify/docflow/deploy-preview", addresses=("https://app.netlify.com/sites/docflow",)),
    "another cloud": Signal("workflow_job", "Deploy to AWS ECS", group="CD"),
    "taking down a preview": Signal("workflow_job", "destroy", group="Fly deploy preview"),
    "a word that only begins like one": Signal("workflow_job", "deployable-check", group="CI"),
    "a name like a domain's": Signal("status", "x", addresses=("https://evilrender.com/", "https://fly.io.example.com/")),
    "an address that is none": Signal("status", "x", addresses=("http://[", None)),
    "nothing at all": Signal("check_suite", ""),
}


@pytest.mark.parametrize("signal", DEPLOYS.values(), ids=DEPLOYS)
def test_deploys(signal: Signal):
    assert is_deploy(signal, Rules())


@pytest.mark.parametrize("signal", OTHERS.values(), ids=OTHERS)
def test_everything_else(signal: Signal):
    assert not is_deploy(signal, Rules())


def test_a_glob_makes_a_deploy_of_what_is_none():
    assert is_deploy(Signal("workflow_job", "ship it", group="CI"), Rules(("ship*",)))
    assert is_deploy(Signal("workflow_job", "job", group="Ship"), Rules(("ship",)))
    assert is_deploy(Signal("workflow_job", "job", group="Ship"), Rules(("ship / job",)))
    assert is_deploy(Signal("workflow_run", "x", path=".github/workflows/ship.yml"), Rules(("ship.yml",)))
    assert is_deploy(Signal("deployment_status", "Preview", app="vercel[bot]"), Rules(("Preview*",)))


def test_a_glob_with_an_exclamation_mark_takes_away():
    assert not is_deploy(Signal("workflow_job", "deploy staging"), Rules(("!*staging*",)))
    assert is_deploy(Signal("workflow_job", "deploy production"), Rules(("!*staging*",)))


def test_the_last_glob_that_fits_decides():
    only = Rules(("!*", "deploy production"))
    assert is_deploy(Signal("workflow_job", "Deploy production"), only)
    assert not is_deploy(Signal("workflow_job", "Deploy staging"), only)
    assert not is_deploy(Signal("workflow_job", "Deploy production"), Rules(("deploy production", "!*")))
