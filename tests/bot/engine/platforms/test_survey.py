import pytest

from bot.engine.platforms import survey
from tests.tools import tree

CONFIG = 'app = "x"\n'
FILES = {
    "fly.toml": CONFIG,
    "backend/fly.toml": CONFIG,
    "backend/Dockerfile": "FROM scratch\n",
    "deploy.sh": "fly deploy -c backend/fly.toml\n",
    "README.md": "",
}


def configs(files=FILES, config=None, start=None, exclude=(), **more) -> list[str]:
    return [target.config for target in survey.targets(tree(files, **more), config, start, exclude)]


# --- targets


def test_every_config_of_the_tree_is_a_target():
    assert configs() == ["fly.toml", "backend/fly.toml"]


def test_a_tree_without_a_config_has_none():
    assert configs({"main.py": ""}) == []


def test_one_config_may_be_chosen():
    [target] = survey.targets(tree(FILES), "backend/fly.toml", None, ())
    assert [start.directory for start in target.starts] == [""]


def test_a_chosen_config_may_have_any_name():
    assert configs({"deploy/production.toml": CONFIG}, "deploy/production.toml") == ["deploy/production.toml"]


def test_a_chosen_config_that_is_not_there_is_no_target():
    assert configs(config="nowhere/fly.toml") == []


def test_the_commands_of_other_configs_do_not_bring_them_in():
    files = {**FILES, "deploy.sh": "fly deploy -c production.conf\n", "production.conf": CONFIG}
    assert configs(files, "fly.toml") == ["fly.toml"]
    assert configs(files) == ["fly.toml", "production.conf", "backend/fly.toml"]


def test_the_persons_word_makes_the_commands_of_the_repository_needless():
    [target] = survey.targets(tree(FILES), "backend/fly.toml", "backend", ())
    assert [(start.directory, start.why) for start in target.starts] == [("backend", "--from says so")]


# --- where nothing is looked for


@pytest.mark.parametrize(
    "folder",
    [
        "node_modules/x",
        "vendor",
        "third_party/lib",
        ".venv",
        "venv",
        "web/.next",
        ".git",
        "lib/site-packages/x",
        "__pycache__",
        ".tox/py",
    ],
)
def test_vendored_folders_are_not_searched(folder):
    files = {f"{folder}/fly.toml": CONFIG, f"{folder}/Dockerfile": "", f"{folder}/deploy.sh": "fly deploy\n"}
    assert configs(files) == []
    assert (survey.dockerfiles(tree(files)), survey.evidence(tree(files))) == ([], [])


def test_a_virtual_environment_of_any_name_is_not_searched():
    assert configs({"env/pyvenv.cfg": "", "env/fly.toml": CONFIG, "env/lib/x/fly.toml": CONFIG, "fly.toml": CONFIG}) == [
        "fly.toml"
    ]


def test_a_folder_that_only_begins_like_one_is_searched():
    assert configs({"vendors/fly.toml": CONFIG}) == ["vendors/fly.toml"]


@pytest.mark.parametrize("exclude", [("backend",), ("backend/fly.toml",)])
def test_what_the_settings_exclude_is_not_searched(exclude):
    assert configs(exclude=exclude) == ["fly.toml"]


def test_an_excluded_name_is_a_whole_path():
    assert configs(exclude=("back", "fly")) == ["fly.toml", "backend/fly.toml"]


def test_links_are_not_followed():
    assert configs({"fly.toml": CONFIG}, links={"other": "."}) == ["fly.toml"]


# --- lists


def test_the_files_that_may_hold_commands_in_order():
    files = {**FILES, ".github/workflows/a.yml": "", "Makefile": ""}
    assert survey.evidence(tree(files)) == [".github/workflows/a.yml", "Makefile", "README.md", "deploy.sh"]


def test_every_dockerfile_is_listed():
    files = dict.fromkeys(
        [
            "Dockerfile",
            "Dockerfile.web",
            "a/dockerfile",
            "a/web.Dockerfile",
            "a/web.dockerfile",
            "Dockerfile.dockerignore",
            "Dockerfile.md",
        ],
        "",
    )
    assert survey.dockerfiles(tree(files)) == [
        "Dockerfile",
        "Dockerfile.web",
        "a/dockerfile",
        "a/web.Dockerfile",
        "a/web.dockerfile",
    ]
