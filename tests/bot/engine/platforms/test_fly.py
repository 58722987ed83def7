import pytest

from bot.engine.model.findings import Place
from bot.engine.platforms import fly, starts
from tests.bot.engine.platforms.tools import target
from tests.tools import tree

# --- which files are configs


@pytest.mark.parametrize(
    "path",
    [
        "fly.toml",
        "backend/fly.toml",
        "fly.json",
        "fly.yaml",
        "fly.staging.toml",
        "fly-web.toml",
        "fly_web.toml",
        "web.fly.toml",
    ],
)
def test_a_name_that_people_give_a_config(path):
    assert fly.is_config(path)


@pytest.mark.parametrize(
    "path", ["fly.yml", "butterfly.toml", "fly.toml.bak", "fly", "config.toml", "fly.tomlx", "fly.staging.json"]
)
def test_a_name_that_is_none(path):
    assert not fly.is_config(path)


def test_the_shallowest_config_comes_first_and_fly_toml_before_its_siblings():
    whole = tree(dict.fromkeys(["b/fly.toml", "fly.staging.toml", "fly.toml", "a/fly.toml"], 'app = "x"\n'))
    paths = ["a/fly.toml", "b/fly.toml", "fly.staging.toml", "fly.toml"]
    found = [each.config for each in fly.targets(whole, paths, [], None)]
    assert found == ["fly.toml", "fly.staging.toml", "a/fly.toml", "b/fly.toml"]


def test_another_file_of_such_a_name_is_a_config_when_it_says_what_configs_say():
    whole = tree({"fly.x.toml": "[tool.fly]\nspeed = 1\n", "fly.y.toml": 'App = "y"\n', "fly.toml": ""})
    found = [each.config for each in fly.targets(whole, ["fly.x.toml", "fly.y.toml", "fly.toml"], [], None)]
    assert found == ["fly.toml", "fly.y.toml"]


def test_a_file_of_any_name_is_a_config_when_a_command_says_so():
    whole = tree({"deploy.sh": "fly deploy -c production.conf\n", "production.conf": 'app = "x"\n'})
    [found] = fly.targets(whole, [], starts.find(whole, ["deploy.sh"]), None)
    assert (found.config, found.app) == ("production.conf", "x")


def test_a_config_that_a_command_names_and_nobody_has_is_no_target():
    whole = tree({"deploy.sh": "fly deploy -c production.toml\n"})
    assert list(fly.targets(whole, [], starts.find(whole, ["deploy.sh"]), None)) == []


# --- from where it is deployed


def starting(files: dict[str, str], path: str, start: str | None = None) -> list[tuple[str, str | None]]:
    whole = tree({path: 'app = "x"\n', **files})
    evidence = [each for each in files if starts.is_evidence(each)]
    [found] = (each for each in fly.targets(whole, [path], starts.find(whole, evidence), start) if each.config == path)
    return [(each.directory, each.dockerfile) for each in found.starts]


def test_without_a_command_it_starts_in_the_configs_own_folder():
    assert starting({}, "backend/fly.toml") == [("backend", None)]
    assert starting({}, "fly.toml") == [("", None)]


def test_what_the_person_says_goes_before_everything():
    assert starting({"deploy.sh": "fly deploy -c backend/fly.toml\n"}, "backend/fly.toml", "services") == [("services", None)]


def test_a_command_that_names_the_config_says_from_where():
    assert starting({"deploy.sh": "fly deploy -c backend/fly.toml --dockerfile Dockerfile.web\n"}, "backend/fly.toml") == [
        ("", "Dockerfile.web")
    ]


def test_a_command_without_a_config_takes_the_one_of_its_folder():
    assert starting({"deploy.sh": "cd backend && fly deploy\n"}, "backend/fly.toml") == [("backend", None)]
    assert starting({"deploy.sh": "cd backend && fly deploy\n"}, "frontend/fly.toml") == [("frontend", None)]


def test_a_command_without_a_config_takes_toml_before_json_and_yaml():
    files = {"deploy.sh": "cd backend && fly deploy\n", "backend/fly.toml": 'app = "y"\n'}
    whole = tree({**files, "backend/fly.json": '{"app": "x"}'})
    found = {
        each.config: each.starts[0].place
        for each in fly.targets(whole, ["backend/fly.toml", "backend/fly.json"], starts.find(whole, ["deploy.sh"]), None)
    }
    assert found == {"backend/fly.toml": Place("deploy.sh", 1, 15), "backend/fly.json": None}


def test_two_commands_give_two_readings():
    files = {"deploy.sh": "fly deploy -c backend/fly.toml\ncd backend\nfly deploy\nfly deploy --ha=false\n"}
    assert starting(files, "backend/fly.toml") == [("", None), ("backend", None)]


def test_a_comment_in_the_config_says_from_where_beside_its_own_folder():
    config = {"backend/fly.toml": '# Deploy with: fly deploy -c backend/fly.toml\napp = "x"\n'}
    assert starting(config, "backend/fly.toml") == [("", None), ("backend", None)]


def test_a_readme_says_from_where_beside_the_configs_own_folder():
    readme = {"README.md": "```sh\nfly deploy --config backend/fly.toml --app x\n```\n"}
    assert starting(readme, "backend/fly.toml") == [("", None), ("backend", None)]
    script = {"deploy.sh": "fly deploy --config backend/fly.toml --app x\n"}
    assert starting(readme | script, "backend/fly.toml") == [("", None)]


def test_a_command_may_name_the_dockerfile():
    files = {"deploy.sh": "cd backend && fly deploy --dockerfile ../docker/web\n"}
    assert starting(files, "backend/fly.toml") == [("backend", "docker/web")]


# --- how the image comes about


def build(config: str, files=None, path: str = "fly.toml"):
    return target(config, path, files).build


def test_a_dockerfile_counts_from_the_configs_folder():
    found = build('[build]\ndockerfile = "../docker/Dockerfile"\n', path="backend/fly.toml")
    assert (found.kind, found.dockerfile, found.outside) == ("dockerfile", "docker/Dockerfile", None)
    assert found.place == Place("backend/fly.toml", 2, 1)


def test_a_leading_slash_counts_from_the_configs_folder_too():
    assert build('[build]\ndockerfile = "/Dockerfile"\n', path="backend/fly.toml").dockerfile == "backend/Dockerfile"


def test_a_dockerfile_outside_of_the_repository():
    found = build('[build]\ndockerfile = "../../Dockerfile"\n', path="backend/fly.toml")
    assert (found.dockerfile, found.outside) == (None, "../../Dockerfile")


def test_without_a_build_section_the_folder_decides():
    found = build('app = "x"\n')
    assert (found.kind, found.dockerfile, found.place) == ("dockerfile", None, None)


def test_an_empty_name_is_none():
    assert build('[build]\ndockerfile = ""\n').dockerfile is None


@pytest.mark.parametrize(
    ("config", "kind", "says"),
    [
        ('image = "nginx:1"', "image", "image = nginx:1"),
        ('image = "nginx:1"\ndockerfile = "Dockerfile"', "image", "image = nginx:1"),
        ('builder = "paketobuildpacks/builder:base"', "buildpacks", "builder = paketobuildpacks/builder:base"),
        ('builder = "heroku/builder"\ndockerfile = "Dockerfile"', "buildpacks", "builder = heroku/builder"),
        ('builtin = "python"', "builtin", "builtin = python"),
        ('dockerfile = "https://example.org/Dockerfile"', "other", "a compose file or an address"),
        ("[build.compose]", "other", "a compose file or an address"),
    ],
)
def test_what_needs_no_dockerfile(config, kind, says):
    found = build(f"[build]\n{config}\n")
    assert (found.kind, found.dockerfile, found.says) == (kind, None, says)


def test_a_dockerfile_goes_before_what_is_built_in():
    assert build('[build]\nbuiltin = "python"\ndockerfile = "Dockerfile"\n').kind == "dockerfile"
    assert build('[build]\nbuiltin = "python"\n', {"Dockerfile": "FROM x\n"}).kind == "dockerfile"
    assert build('[build]\nbuiltin = "python"\n', {"backend/Dockerfile": "FROM x\n"}).kind == "builtin"


def test_buildpacks_without_a_builder_are_skipped():
    assert build('[build]\nbuildpacks = ["x"]\n').kind == "dockerfile"


@pytest.mark.parametrize("key", ["build-target", "build_target"])
def test_the_stage_and_its_arguments(key):
    found = build(f'[build]\n{key} = "web"\n[build.args]\nA = "1"\n')
    assert (found.stage, found.args) == ("web", {"A": "1"})


# --- advice


def test_keys_that_flyctl_ignores_are_named_with_what_may_be_meant():
    found = target('[build]\ncontext = ".."\ndockerfil = "x"\n[http_service]\nport = 8080\n')
    assert [(key.path[-1], key.near, key.place.line) for key in found.ignored] == [
        ("context", None, 2),
        ("dockerfil", "dockerfile", 3),
        ("port", None, 5),
    ]


@pytest.mark.parametrize(
    ("directory", "config", "command"),
    [
        ("", "fly.toml", "fly deploy"),
        ("", "backend/fly.toml", "fly deploy --config backend/fly.toml"),
        ("backend", "backend/fly.toml", "cd backend && fly deploy"),
        ("backend", "fly.toml", "cd backend && fly deploy --config ../fly.toml"),
        ("", "fly.staging.toml", "fly deploy --config fly.staging.toml"),
    ],
)
def test_the_command_that_deploys(directory, config, command):
    assert fly.deploy_command(directory, config) == command


def test_the_folder_that_paths_count_from():
    assert (fly.config_folder("fly.toml"), fly.config_folder("a/b/fly.toml")) == ("./", "a/b/")


def test_the_command_to_deploy_with_quotes_what_a_shell_would_take_apart():
    assert fly.deploy_command("", "fly.toml") == "fly deploy"
    assert (
        fly.deploy_command("apps/my app", "apps/my app/fly.$(id).toml")
        == "cd 'apps/my app' && fly deploy --config 'fly.$(id).toml'"
    )
