import pytest

from bot.engine.model.findings import Place
from bot.engine.platforms import builds, survey
from bot.engine.platforms.builds import OtherBuild
from tests.bot.engine.platforms.tools import WORKFLOW, steps
from tests.tools import text, tree

DOCKERFILES = {
    "Dockerfile": "FROM a\n",
    "backend/Dockerfile": "FROM a\n",
    "backend/docker/web.Dockerfile": "FROM a\n",
}


def found(path: str, source: str, files=DOCKERFILES) -> list[OtherBuild]:
    return builds.find(tree({**files, path: source}), [path])


def compose(source: str, path: str = "docker-compose.yml", files=DOCKERFILES) -> list[tuple[str, str]]:
    """Return the Dockerfile and the context of each build of a compose file."""
    return [(build.dockerfile, build.context) for build in found(path, text(source), files)]


def service(source: str, path: str = "docker-compose.yml") -> list[tuple[str, str]]:
    lines = "".join(f"      {line}\n" for line in text(source).splitlines())
    return compose(f"services:\n  web:\n    build:\n{lines}", path)


def action(options: str = "") -> list[tuple[str, str]]:
    """Return the Dockerfile and the context of a step with these options."""
    lines = "".join(f"    {line}\n" for line in text(options).splitlines())
    given = f"  with:\n{lines}" if lines else ""
    source = steps(f"- uses: docker/build-push-action@v6\n{given}")
    return [(build.dockerfile, build.context) for build in found(WORKFLOW, source)]


# --- which files are looked at


@pytest.mark.parametrize(
    "path",
    [
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.yml",
        "compose.yaml",
        "docker-compose.prod.yml",
        "docker-compose-dev.yml",
        "compose.override.yaml",
        "deploy/docker-compose.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/ci.yaml",
    ],
)
def test_a_file_that_may_describe_builds(path):
    assert builds.is_evidence(path)


@pytest.mark.parametrize("path", ["a/b/c/compose.yml", "my-compose.yml", "compose.json", ".github/ci.yml", "composer.yml"])
def test_a_file_that_is_not_read(path):
    assert not builds.is_evidence(path)


def test_a_file_that_is_no_text_or_not_there_is_passed_over():
    whole = tree({**DOCKERFILES, "compose.yml": b"services: {web: {build: .}} # \xff"})
    assert builds.find(whole, ["compose.yml", "missing.yml"]) == []


def test_the_survey_finds_them_all():
    files = {
        **DOCKERFILES,
        "compose.yml": "services:\n  web:\n    build: .\n",
        ".github/workflows/image.yml": steps("- uses: docker/build-push-action@v6\n  with:\n    context: backend\n"),
        "node_modules/x/compose.yml": "services:\n  web:\n    build: ../..\n",
    }
    assert [(build.dockerfile, build.place.path) for build in survey.other_builds(tree(files))] == [
        ("backend/Dockerfile", ".github/workflows/image.yml"),
        ("Dockerfile", "compose.yml"),
    ]


# --- compose


def test_the_short_form_names_the_context():
    assert compose("services:\n  web:\n    build: ./backend\n") == [("backend/Dockerfile", "backend")]


def test_the_context_counts_from_the_compose_files_folder():
    assert compose("services:\n  web:\n    build: ..\n", "deploy/compose.yml") == [("Dockerfile", "")]
    assert compose("services:\n  web:\n    build: .\n", "backend/compose.yml") == [("backend/Dockerfile", "backend")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("context: backend\n", ("backend/Dockerfile", "backend")),
        ("context: backend\ndockerfile: docker/web.Dockerfile\n", ("backend/docker/web.Dockerfile", "backend")),
        ("context: .\ndockerfile: backend/Dockerfile\n", ("backend/Dockerfile", "")),
        ("dockerfile: backend/Dockerfile\n", ("backend/Dockerfile", "")),
        ("context: backend/docker\ndockerfile: ../Dockerfile\n", ("backend/Dockerfile", "backend/docker")),
        ("context: ''\n", ("Dockerfile", "")),
    ],
)
def test_the_dockerfile_counts_from_the_context(source, expected):
    assert service(source) == [expected]


@pytest.mark.parametrize(
    "source",
    [
        "context: https://github.com/a/b.git\n",
        "context: git@github.com:a/b.git\n",
        "context: ${DIR}\n",
        "context: /srv\n",
        "context: ..\n",
        "context: backend\ndockerfile: ${FILE}\n",
        "context: backend\ndockerfile: missing\n",
        "context: .\ndockerfile_inline: FROM a\n",
        "context: 1\n",
    ],
)
def test_a_build_that_is_none_of_ours(source):
    assert service(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "",
        "build: .\n",
        "- build\n",
        "services: build\n",
        "services: [build]\n",
        "services:\n  web: build\n",
        "services:\n  web:\n    image: build\n",
        "services:\n  web: {build: [\n",
    ],
)
def test_a_compose_file_of_another_shape_builds_nothing(source):
    assert compose(source) == []


def test_every_service_counts():
    source = "services:\n  web:\n    build: .\n  db:\n    image: postgres\n  worker:\n    build: backend\n"
    assert compose(source) == [("Dockerfile", ""), ("backend/Dockerfile", "backend")]


def test_stage_and_arguments_of_a_service():
    source = text("""
        services:
          web:
            build:
              context: .
              target: dev
              args:
                A: b
                N: 1
                FROM_OUTSIDE:
                MADE: ${LATER}
    """)
    [build] = found("compose.yml", source)
    assert (build.wanted.stage, build.wanted.args) == ("dev", {"A": "b", "N": "1"})


def test_arguments_as_a_list():
    [build] = found("compose.yml", "services:\n  web:\n    build:\n      args:\n        - A=b=c\n        - FROM_OUTSIDE\n")
    assert build.wanted.args == {"A": "b=c"}


def test_the_place_is_that_of_the_build():
    [build] = found("compose.yml", "services:\n  web:\n    ports: []\n    build: .\n")
    assert build.place == Place("compose.yml", 4, 5)


# --- docker/build-push-action


def test_without_options_it_builds_the_root():
    assert action() == [("Dockerfile", "")]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("context: backend\n", ("backend/Dockerfile", "backend")),
        ("context: .\nfile: backend/Dockerfile\n", ("backend/Dockerfile", "")),
        ("context: ./backend\nfile: ./backend/docker/web.Dockerfile\n", ("backend/docker/web.Dockerfile", "backend")),
        ("file: backend/Dockerfile\n", ("backend/Dockerfile", "")),
        ('context: "{{defaultContext}}"\n', ("Dockerfile", "")),
        ('context: "{{defaultContext}}:backend"\n', ("backend/Dockerfile", "backend")),
        ('context: "{{defaultContext}}:backend"\nfile: docker/web.Dockerfile\n', ("backend/docker/web.Dockerfile", "backend")),
    ],
)
def test_both_count_from_the_workspace_or_from_the_commit(options, expected):
    assert action(options) == [expected]


@pytest.mark.parametrize(
    "options",
    ["context: ${{ matrix.dir }}\n", "file: ${{ matrix.file }}\n", "context: https://github.com/a/b.git\n", "file: missing\n"],
)
def test_a_step_that_builds_none_of_ours(options):
    assert action(options) == []


def test_stage_and_arguments_of_a_step():
    source = text("""
        - uses: docker/build-push-action@v6
          with:
            context: .
            target: web
            build-args: |
              A=b
              COMMIT=${{ github.sha }}
    """)
    [build] = found(WORKFLOW, steps(source))
    assert build.wanted.stage == "web"
    assert build.wanted.args == {"A": "b"}
    assert build.place == Place(WORKFLOW, 5, 9)


@pytest.mark.parametrize(
    "step", ["- uses: docker/login-action@v3\n", "- run: docker build .\n", "- build\n", "- uses: 1 # build\n"]
)
def test_another_step_builds_nothing(step):
    assert found(WORKFLOW, steps(step)) == []


@pytest.mark.parametrize(
    "source", ["build: 1\n", "jobs: build\n", "jobs:\n  build: 1\n", "jobs:\n  build:\n    steps: 1\n", "jobs: {build: [\n"]
)
def test_a_workflow_of_another_shape_builds_nothing(source):
    assert found(WORKFLOW, source) == []
