import pytest

from bot.engine.model.findings import Place
from bot.engine.platforms import starts
from tests.bot.engine.platforms.tools import WORKFLOW, deploys, found, steps
from tests.tools import text, tree


def script(source: str) -> list[tuple[str, str | None]]:
    return found("deploy.sh", source)


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
