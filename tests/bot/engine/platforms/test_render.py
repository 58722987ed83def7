import pytest

from bot.engine.model.target import Target
from bot.engine.platforms import render, render_keys
from tests.tools import reports, text, tree

NATIVE = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""
DOCKER = """\
services:
  - type: web
    name: api
    runtime: docker
"""


def targets(blueprint: str, path: str = "render.yaml", files=None) -> list[Target]:
    whole = tree({**(files or {}), path: text(blueprint)})
    return list(render.targets(whole, [path]))


def target(blueprint: str, path: str = "render.yaml", files=None) -> Target:
    found = targets(blueprint, path, files)
    assert len(found) == 1
    return found[0]


def names(blueprint: str) -> list[str | None]:
    return [each.app for each in targets(blueprint)]


def python(blueprint: str = NATIVE, files=None) -> tuple[tuple[int, int], bool]:
    native = target(blueprint, files=files).build.native
    assert native
    return native.python, native.pinned


def with_env(lines: str, blueprint: str = NATIVE) -> str:
    return blueprint + "    envVars:\n" + "".join(f"      {line}\n" for line in lines.splitlines())


# --- which services there are


def test_a_native_service():
    found = target(NATIVE)
    assert (found.platform, found.app, found.config, found.directory) == ("render", "api", "render.yaml", "")
    assert found.build.kind == "native"
    assert found.build.native
    assert (found.build.native.command, found.build.native.folder) == ("pip install -r requirements.txt", "")
    assert [(each.name, each.argv) for each in found.processes] == [
        ("web", ("bash", "-c", "uvicorn main:app --host 0.0.0.0 --port $PORT"))
    ]
    assert (found.services[0].port, found.services[0].checks, found.faults, found.ignored) == (10000, (), (), ())
    assert found.key == ("services", 0)


@pytest.mark.parametrize(("kind", "served"), [("web", True), ("pserv", False), ("worker", False), ("cron", False)])
def test_the_kinds_of_services(kind: str, served: bool):
    found = target(NATIVE.replace("web", kind))
    assert (found.processes[0].name, bool(found.services)) == (kind, served)


@pytest.mark.parametrize("kind", ["keyvalue", "redis", "static", "static_site"])
def test_what_runs_no_process_is_passed_over(kind: str):
    assert targets(NATIVE.replace("web", kind)) == []


@pytest.mark.parametrize("runtime", ["node", "go", "ruby", "rust", "elixir", "static", "''"])
def test_other_languages_are_passed_over(runtime: str):
    assert targets(NATIVE.replace("python", runtime)) == []


def test_the_old_name_of_runtime():
    assert target(NATIVE.replace("runtime:", "env:")).build.kind == "native"


def test_an_image_is_built_elsewhere():
    assert target(DOCKER.replace("docker", "image")).build.kind == "image"


def test_services_of_projects_and_environments():
    assert names(
        """
        services: [{type: worker, name: a, runtime: python}]
        projects:
          - name: one
            services: [{type: worker, name: b, runtime: python}]
            environments:
              - name: production
                services: [{type: worker, name: c, runtime: python}]
        ungrouped:
          services: [{type: worker, name: d, runtime: python}]
        """
    ) == ["a", "b", "c", "d"]


def test_a_mapping_may_be_merged_from_another():
    found = target(
        """
        common: &common
          type: web
          runtime: python
          buildCommand: echo build
        services:
          - <<: *common
            name: api
            buildCommand: echo own
          - <<: [{type: keyvalue}, *common]
            name: cache
        """
    )
    assert (found.app, found.build.native and found.build.native.command, found.ignored) == ("api", "echo own", ())


# --- variables


def test_the_forms_of_a_variable():
    found = target(
        with_env(
            """\
- key: TEXT
  value: a
- key: NUMBER
  value: 8
- key: FLAG
  value: true
- key: LATER
  sync: false
- key: SECRET
  generateValue: true
- key: DATABASE_URL
  fromDatabase: {name: db, property: connectionString}
- key: HOST
  fromService: {name: x, type: web, property: host}
- fromGroup: shared"""
        )
    )
    assert found.env == {
        "TEXT": "a",
        "NUMBER": "8",
        "FLAG": "true",
        "LATER": None,
        "SECRET": None,
        "DATABASE_URL": None,
        "HOST": None,
    }
    assert found.ignored == ()


@pytest.mark.parametrize(
    ("value", "port"), [("8000", 8000), ("'8000'", 8000), ("web", 10000), ("-1", 10000), ("'" + "9" * 5000 + "'", 10000)]
)
def test_the_port_is_what_the_variable_says(value: str, port: int):
    assert target(with_env(f"- key: PORT\n  value: {value}")).services[0].port == port


@pytest.mark.parametrize(
    ("value", "version"),
    [
        ("3.11.4", ((3, 11), True)),
        ("'3.9'", ((3, 9), True)),
        ("3.12", ((3, 12), True)),
        ("3.10", (render.DEFAULT, False)),  # a number: 3.1
        ("latest", (render.DEFAULT, False)),
        ("2.7.18", (render.DEFAULT, False)),
        ("'" + "9" * 5000 + ".1.1'", (render.DEFAULT, False)),
    ],
)
def test_the_version_of_python(value: str, version: tuple[tuple[int, int], bool]):
    assert python(with_env(f"- key: PYTHON_VERSION\n  value: {value}")) == version


def test_the_version_of_a_file():
    assert python(files={".python-version": "3.12\n"}) == ((3, 12), True)
    assert python(files={".python-version": "python-3.10.1\n"}) == ((3, 10), True)
    assert python(files={".python-version": b"\xff\xfe3"}) == (render.DEFAULT, False)
    assert python(files={"runtime.txt": "python-3.9.1\n"}) == (render.DEFAULT, False)
    rooted = NATIVE + "    rootDir: backend\n"
    assert python(rooted, files={"backend/.python-version": "3.9\n"}) == ((3, 9), True)
    both = with_env("- key: PYTHON_VERSION\n  value: 3.11.4")
    assert python(both, files={".python-version": "3.12\n"}) == ((3, 11), True)


def test_a_version_that_is_not_pinned_is_named():
    assert [unknown.reason for unknown in target(NATIVE).unknowns] == [
        "the version of Python is not pinned: Render takes its default of the day the service was made"
    ]


# --- paths


@pytest.mark.parametrize("written", ["backend", "./backend", "/backend", "backend/", "x/../backend"])
def test_the_folder_of_a_native_service(written: str):
    native = target(NATIVE + f"    rootDir: {written}\n").build.native
    assert native
    assert native.folder == "backend"


@pytest.mark.parametrize("written", [".", "./", "/", "''", "~"])
def test_the_root_as_a_folder(written: str):
    native = target(NATIVE + f"    rootDir: {written}\n").build.native
    assert native
    assert native.folder == ""


@pytest.mark.parametrize(
    ("lines", "readings"),
    [
        ("", [("", "Dockerfile")]),
        ("dockerfilePath: ./api/Dockerfile", [("", "api/Dockerfile")]),
        ("dockerContext: ./api", [("api", "Dockerfile")]),
        ("dockerfilePath: api/Dockerfile\ndockerContext: api", [("api", "api/Dockerfile")]),
        ("rootDir: api", [("api", "api/Dockerfile")]),
        ("rootDir: api\ndockerfilePath: ./Dockerfile", [("api", "Dockerfile"), ("api", "api/Dockerfile")]),
        (
            "rootDir: api\ndockerfilePath: api/Dockerfile\ndockerContext: api",
            [("api", "api/Dockerfile"), ("api/api", "api/api/Dockerfile")],
        ),
        ("rootDir: api\ndockerContext: ..", [("", "api/Dockerfile")]),
    ],
)
def test_where_a_dockerfile_and_its_context_are(lines: str, readings: list[tuple[str, str]]):
    found = target(DOCKER + "".join(f"    {line}\n" for line in lines.splitlines()))
    assert [(start.directory, start.dockerfile) for start in found.starts] == readings


def test_paths_that_leave_the_repository_raise_nothing():
    for key in ("rootDir", "dockerContext", "dockerfilePath"):
        assert target(DOCKER + f"    {key}: ../../x\n").starts
        assert target(NATIVE + f"    {key}: ../../x\n").starts


# --- commands


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("uvicorn main:app --port 80", ("uvicorn", "main:app", "--port", "80")),
        ("/bin/sh -c 'a b'", ("/bin/sh", "-c", "a b")),
        ("uvicorn main:app --port $PORT", ("/bin/bash", "-c", "uvicorn main:app --port $PORT")),
        ('"echo \'a"', ("/bin/bash", "-c", "echo 'a")),
    ],
)
def test_a_docker_command_takes_a_shell_where_it_needs_one(command: str, argv: tuple[str, ...]):
    assert target(DOCKER + f"    dockerCommand: {command}\n").processes[0].argv == argv


def test_commands_of_the_other_runtime_are_not_used():
    assert target(DOCKER + "    startCommand: uvicorn main:app\n").processes[0].argv is None
    assert target(NATIVE + "    dockerCommand: x\n").processes[0].argv == (
        "bash",
        "-c",
        "uvicorn main:app --host 0.0.0.0 --port $PORT",
    )


def test_the_command_before_a_deploy():
    release = target(NATIVE + "    preDeployCommand: alembic upgrade head\n").release
    assert release
    assert release.argv == ("bash", "-c", "alembic upgrade head")
    assert target(NATIVE).release is None


def test_the_health_check():
    checks = target(NATIVE + "    healthCheckPath: /health\n").services[0].checks
    assert [(check.path, check.method, check.place.line) for check in checks] == [("/health", "GET", 7)]


# --- keys


def test_keys_that_render_does_not_know():
    found = target(NATIVE + "    rootDirectory: x\n    zzz: 1\n" + "    envVars:\n      - key: A\n        values: b\n")
    assert [(key.path, key.near, key.place.line) for key in found.ignored] == [
        (("services", 0, "rootDirectory"), "rootDir", 7),
        (("services", 0, "zzz"), None, 8),
        (("services", 0, "envVars", 0, "values"), "value", 11),
    ]


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("buildComand", "buildCommand"),
        ("dockerFilePath", "dockerfilePath"),
        ("healthcheckPath", "healthCheckPath"),
        ("q", None),
    ],
)
def test_the_key_that_is_meant(key: str, near: str | None):
    assert render_keys.meant(key, render_keys.SERVICE) == near


# --- what is no Blueprint


@pytest.mark.parametrize(
    ("blueprint", "message", "line"),
    [
        ("services:\n  - a: b: c\n", "render.yaml: mapping values are not allowed in this context", 2),
        ("- a\n", "render.yaml: expected a mapping with services", 1),
        ("just text\n", "render.yaml: expected a mapping with services", 1),
        ("", "render.yaml: expected a mapping with services", 1),
        ("services: &a [*a]\n", "render.yaml: anchor value contains itself", 1),
    ],
)
def test_a_file_that_cant_be_read(blueprint: str, message: str, line: int):
    fault = target(blueprint).faults[0]
    assert (fault.code, fault.stage, fault.confidence) == ("config-syntax", "config", "certain")
    assert (fault.message, fault.place.line) == (message, line)
    assert target(blueprint, "demo/render.yaml").faults[0].confidence == "likely"


HUGE = "0x" + "f" * 5000


@pytest.mark.parametrize(
    "blueprint",
    [
        "services: text",
        "services: ~",
        "services: 1",
        "services: [1, ~, text, [], [[]], {}]",
        "services: {type: web, runtime: python}",
        "services: [{type: [web], runtime: {a: b}}]",
        "services: [{type: web, runtime: python}]",
        "services: [{type: web, runtime: docker}]",
        "services: [&a {type: web, runtime: python}, *a]",
        "services: [{type: web, runtime: python, envVars: text}]",
        "services: [{type: web, runtime: python, envVars: [1, ~, {}, {key: A}, {key: [b], value: {c: d}}]}]",
        "services: [{type: web, runtime: python, envVars: {key: PORT, value: []}}]",
        "services: [{type: web, runtime: python, name: [], rootDir: {}, buildCommand: [], startCommand: 1}]",
        f"services: [{{type: web, runtime: python, name: {HUGE}, rootDir: {HUGE}, buildCommand: {HUGE}}}]",
        f"services: [{{type: web, runtime: {HUGE}}}]",
        f"services: [{{type: web, runtime: python, envVars: [{{key: {HUGE}, value: {HUGE}}}]}}]",
        "services: [{type: web, runtime: python, healthCheckPath: .nan, preDeployCommand: .inf}]",
        "services: [{type: web, runtime: python, <<: text}]",
        'services: [{type: web, runtime: docker, dockerCommand: "\'", rootDir: ../.., dockerContext: ../../..}]',
        "projects: [1, {environments: text}, {environments: [~, {services: [1]}]}]",
        "services: [{? [a, b] : c, type: web, runtime: python}]",
        "\ufeffservices: [{type: web, runtime: python}]",
    ],
)
def test_hostile_files_raise_nothing(blueprint: str):
    for path in ("render.yaml", "deep/render.yaml"):
        for report in reports({path: blueprint, "requirements.txt": "fastapi\n"}):
            assert report.target.platform == "render"


# --- where it lies


def test_a_blueprint_elsewhere_is_likely_not_seen():
    fault = target(NATIVE, "backend/render.yaml").faults[0]
    assert (fault.code, fault.confidence, fault.message) == (
        "blueprint-place",
        "likely",
        "No render.yaml found on main branch.",
    )


def test_the_one_in_the_root_goes_before():
    whole = tree({"render.yaml": NATIVE, "demo/render.yaml": NATIVE})
    assert [found.config for found in render.targets(whole, ["demo/render.yaml", "render.yaml"])] == ["render.yaml"]


def test_only_its_name_makes_a_blueprint():
    assert [render.is_config(path) for path in ("render.yaml", "a/render.yaml", "render.yml", "my-render.yaml")] == [
        True,
        True,
        False,
        False,
    ]
