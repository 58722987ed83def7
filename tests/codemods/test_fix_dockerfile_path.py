import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "fix-dockerfile-path"
BACKEND = {
    "backend/Dockerfile": DOCKERFILE,
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
}
NODE = 'FROM node:20\nCOPY . .\nCMD ["node", "server.js"]\n'
BARE = 'app = "demo"\n\n[http_service]\n  internal_port = 8080\n'


def named(path: str, quote: str = '"') -> str:
    return FLY.replace('"Dockerfile"', quote + path + quote)


def elsewhere(config: str, dockerfile: str = "docker/Dockerfile") -> dict[str, str]:
    files = {path: text for path, text in HEALTHY.items() if path != "Dockerfile"}
    return {**files, "fly.toml": config, dockerfile: DOCKERFILE}


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_path_that_counts_from_the_root_instead_of_the_config(quote: str):
    files = {**BACKEND, "backend/fly.toml": named("backend/Dockerfile", quote)}
    check_transformed(NAME, files, {"backend/fly.toml": named("Dockerfile", quote)})


def test_a_path_that_lacks_the_folder():
    files = {**BACKEND, "backend/prod.Dockerfile": DOCKERFILE, "backend/fly.toml": named("docker/backend/prod.Dockerfile")}
    check_transformed(NAME, files, {"backend/fly.toml": named("prod.Dockerfile")})


def test_a_comment_and_the_blanks_around_the_value_stay():
    text = 'app = "demo"\n\n[build]\n\tdockerfile   =   "backend/Dockerfile" # ours\n\n[http_service]\n  internal_port = 8080'
    check_transformed(NAME, {**BACKEND, "backend/fly.toml": text}, {"backend/fly.toml": text.replace("backend/", "")})


def test_a_dotted_key_is_edited_in_place():
    text = "app = 'demo'\nbuild.dockerfile = 'backend/Dockerfile'\n\n[http_service]\n  internal_port = 8080\n"
    check_transformed(NAME, {**BACKEND, "backend/fly.toml": text}, {"backend/fly.toml": text.replace("backend/", "")})


def test_the_only_dockerfile_is_named_in_a_new_table():
    check_transformed(NAME, elsewhere(BARE), {"fly.toml": BARE + '\n[build]\n  dockerfile = "docker/Dockerfile"\n'})


def test_a_new_table_takes_the_quotes_of_the_file_and_ends_its_last_line():
    text = BARE.replace('"', "'").rstrip("\n")
    check_transformed(NAME, elsewhere(text), {"fly.toml": text + "\n\n[build]\n  dockerfile = 'docker/Dockerfile'\n"})


def test_a_table_that_is_there_takes_the_key():
    text = BARE.replace("[http_service]", "[build] # how\n\n[http_service]")
    after = text.replace("[build] # how\n", '[build] # how\n  dockerfile = "docker/Dockerfile"\n')
    check_transformed(NAME, elsewhere(text), {"fly.toml": after})


def test_the_key_stands_with_the_others_and_is_indented_as_they_are():
    text = BARE.replace("[http_service]", "[build]\n\tignorefile = '.dockerignore'\n\n[http_service]")
    after = text.replace("'.dockerignore'\n", "'.dockerignore'\n\tdockerfile = \"docker/Dockerfile\"\n")
    check_transformed(NAME, elsewhere(text), {"fly.toml": after})


def test_an_inner_table_of_build_does_not_get_the_key():
    text = BARE + "\n[build]\n  [build.args]\n    A = '1'"
    after = text.replace("[build]\n", '[build]\n  dockerfile = "docker/Dockerfile"\n')
    check_transformed(NAME, elsewhere(text), {"fly.toml": after})


def test_a_dockerfile_called_after_the_config_takes_unsafe():
    files = elsewhere(BARE, "docker/Dockerfile.backend") | {"docker/Dockerfile.web": NODE}
    files = {("fly.backend.toml" if path == "fly.toml" else path): text for path, text in files.items()}
    made = planned(files, NAME)
    assert not made.tree.changes()
    assert [dropped.suggestion for dropped in made.dropped] == [True]
    after = BARE + '\n[build]\n  dockerfile = "docker/Dockerfile.backend"\n'
    check_transformed(NAME, files, {"fly.backend.toml": after}, unsafe=True)


def test_a_dockerfile_in_another_folder_than_the_config_says_takes_unsafe():
    files = elsewhere(named("deploy/Dockerfile"), "docker/Dockerfile")
    assert not planned(files, NAME).tree.changes()
    check_transformed(NAME, files, {"fly.toml": named("docker/Dockerfile")}, unsafe=True)


@pytest.mark.parametrize("config", [FLY, BARE])
def test_the_dockerfile_of_another_app_takes_unsafe(config: str):
    files = {path: text for path, text in BACKEND.items() if path != "backend/Dockerfile"}
    files |= {"backend/fly.toml": config, "frontend/fly.toml": FLY.replace("demo", "web"), "frontend/Dockerfile": NODE}
    made = planned(files, NAME)
    assert [report.target.config for report in made.before if report.faults] == ["backend/fly.toml"]
    assert not made.tree.changes()


@pytest.mark.parametrize("files", [HEALTHY, {**BACKEND, "backend/fly.toml": FLY}])
def test_a_dockerfile_that_is_there_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_an_image_that_is_built_elsewhere_needs_no_dockerfile():
    check_noop(NAME, elsewhere(BARE + "\n[build]\n  image = 'registry.fly.io/demo:1'\n"))


def test_a_backup_is_not_taken():
    files = elsewhere(BARE, "docker/Dockerfile.bak")
    assert "the repository has no Dockerfile that is clearly the one meant" in reasons(NAME, files)


def test_of_several_none_is_taken():
    files = elsewhere(BARE) | {"web/Dockerfile": DOCKERFILE}
    assert "the repository has no Dockerfile that is clearly the one meant" in reasons(NAME, files)


def test_the_only_one_for_python_may_be_meant():
    files = elsewhere(named("docker/Dockerfile.api"), "docker/Dockerfile.production") | {"web/Dockerfile": NODE}
    assert not planned(files, NAME).tree.changes()
    check_transformed(NAME, files, {"fly.toml": named("docker/Dockerfile.production")}, unsafe=True)


def test_one_that_another_config_names_is_not_meant():
    files = elsewhere(named("docker/Dockerfile.api"), "docker/Dockerfile.worker")
    files |= {"fly.worker.toml": named("docker/Dockerfile.worker").replace("demo", "work")}
    assert "the repository has no Dockerfile that is clearly the one meant" in reasons(NAME, files)


@pytest.mark.parametrize(
    "text",
    [
        BARE.replace("[http_service]", '[Build]\n  ignorefile = "x"\n\n[http_service]'),
        BARE.replace("\n\n", '\nbuild = { ignorefile = "x" }\n\n', 1),
        BARE.replace("\n\n", '\nbuild.args.A = "1"\n\n', 1),
    ],
)
def test_a_build_section_that_is_no_plain_table_is_not_edited(text: str):
    assert "the config has no plain [build] table" in reasons(NAME, elsewhere(text))


def test_a_config_in_json_is_not_edited():
    files = elsewhere("")
    del files["fly.toml"]
    files["fly.json"] = '{"app": "demo", "http_service": {"internal_port": 8080}}'
    assert "only TOML is edited" in reasons(NAME, files)


def test_each_of_two_targets_gets_its_own():
    other = {path.replace("backend", "api"): text for path, text in BACKEND.items()}
    files = {**BACKEND, **other, "backend/fly.toml": named("backend/Dockerfile"), "api/fly.toml": named("api/Dockerfile")}
    check_transformed(NAME, files, {"backend/fly.toml": FLY, "api/fly.toml": FLY})
