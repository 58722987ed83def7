"""A real deploy with engines that only pretend: what they are told, what is concluded, and that nothing is left behind."""

import os
import tempfile
from pathlib import Path

import pytest

from bot.engine.model.proof import Attempt
from bot.outside.containers import engines, watching
from bot.outside.containers.dockerfiles import stand_in
from bot.outside.containers.recipe import Recipe, chosen, recipe
from bot.outside.containers.trial import Limits, Trial, held
from tests.bot.cli import put
from tests.bot.outside.containers import Fake, free_port
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, Files, only, tree

SECRET = "hunter2-of-the-canary"
FAILS = "import sys; print('INFO starting'); print('ModuleNotFoundError: No module named x', file=sys.stderr); sys.exit(1)"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(watching, "_SURE", 0.6)
    monkeypatch.setattr(watching, "_SETTLED", 1.0)
    monkeypatch.setattr(watching, "_PAUSE", 0.1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()


class Bench:
    """A repository, an engine that pretends, and a port for its app."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.folder = folder
        self.fake = Fake(folder, name)
        self.port = free_port()
        monkeypatch.setenv("PATH", self.fake.path)

    def config(self, more: str = "", check: bool = True) -> str:
        checks = "  [[http_service.checks]]\n    path = '/health'\n    timeout = '1s'\n" if check else ""
        return FLY.replace("8080", str(self.port)) + checks + more

    def recipe(self, files: Files) -> Recipe:
        report = only(files)
        found = recipe(report, tree(files), chosen(report, None), ())
        assert isinstance(found, Recipe)
        return found

    def attempt(
        self, files: Files | None = None, limits: Limits = Limits(20, 8), given: dict[str, str] | None = None, **more: bool
    ) -> Attempt:
        """Deploy these files; whatever happens, nothing may be left."""
        files = files or {**HEALTHY, "fly.toml": self.config()}
        repo = put(self.folder / "repo", files)
        planned = self.recipe(files)
        rules = (stand_in("python:{version}*=local/python:{version}"),)
        trial = Trial(engines.find(None), limits, rules, more.get("release", False))
        found = trial.attempt(str(repo), tree(files), [], planned, held(planned, given or {}, more.get("fake", False)))
        assert not list((self.folder / "tmp").iterdir())
        built = {call.argv[call.argv.index("--tag") + 1] for call in self.fake.calls if "--tag" in call.argv}
        removed = {call.argv[-1] for call in self.fake.calls if call.argv[1] == "rmi"}
        assert built == removed
        return found

    def call(self, *words: str) -> list[str]:
        """Return the first call that begins with these words, or holds them behind its own."""
        return next(call.argv[1:] for call in self.fake.calls if tuple(call.argv[1 : len(words) + 1]) == words)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch, "buildah")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch, "docker")


# --- what is concluded


def test_an_app_that_answers_its_check_boots(bench: Bench):
    bench.fake.serves(bench.port)
    found = bench.attempt()
    assert (found.reached, found.asked, found.status) == ("ok", "GET /health", 200)
    assert found.answered is not None
    assert bench.fake.requests == [["/health", f"172.19.0.2:{bench.port}", "Consul Health Check"]]


def test_a_process_that_ends_failed_to_boot_with_its_telling_line(bench: Bench):
    bench.fake.says(FAILS)
    found = bench.attempt()
    assert (found.reached, found.says) == ("boot", "ModuleNotFoundError: No module named x")
    assert "INFO starting" in found.log


def test_a_process_that_ends_without_a_word_is_told_by_its_code(bench: Bench):
    bench.fake.says("import sys; sys.exit(7)")
    assert bench.attempt().says == "the process ended with code 7"


def test_a_process_that_never_listens_failed_to_boot(bench: Bench):
    found = bench.attempt(limits=Limits(20, 1))
    assert (found.reached, found.says) == ("boot", f"nothing listened on port {bench.port} in 1 s")


def test_the_loopback_is_no_way_in(bench: Bench):
    bench.fake.serves(bench.port, host="127.0.0.1")
    found = bench.attempt()
    assert (found.reached, found.says) == ("port", f"port {bench.port} is bound to the loopback address alone")


def test_another_port_is_found_by_no_proxy_of_fly(bench: Bench):
    other = free_port()
    bench.fake.serves(other)
    found = bench.attempt()
    assert found.reached == "port"
    assert found.says == f"nothing listens on port {bench.port}: the process listens on {other}"


@pytest.mark.parametrize(
    ("status", "says"), [(307, "GET /health → 307 to /elsewhere"), (404, "GET /health → 404 to /elsewhere")]
)
def test_a_check_that_is_turned_down_fails(bench: Bench, status: int, says: str):
    bench.fake.serves(bench.port, status)
    found = bench.attempt()
    assert (found.reached, found.says, found.status) == ("health", says, status)
    assert {path for path, _, _ in bench.fake.requests} == {"/health"}


def test_an_answer_that_comes_too_late_fails(bench: Bench):
    bench.fake.serves(bench.port, delay=2)
    found = bench.attempt(limits=Limits(20, 2))
    assert (found.reached, found.says) == ("health", "GET /health: no answer within 1 s")


def test_without_a_check_a_client_s_error_is_a_sign_of_life(bench: Bench):
    bench.fake.serves(bench.port, 404)
    found = bench.attempt({**HEALTHY, "fly.toml": bench.config(check=False)})
    assert (found.reached, found.asked, found.status) == ("ok", "GET /", 404)


def test_a_worker_has_to_stay(bench: Bench):
    files = {**HEALTHY, "render.yaml": "services:\n  - {type: worker, name: w, runtime: docker}\n"}
    del files["fly.toml"]
    found = bench.attempt(files)
    assert (found.reached, found.left_out) == ("ok", ("release", "port", "health"))
    bench.fake.says(FAILS)
    assert bench.attempt(files).reached == "boot"


def test_a_server_to_which_no_service_leads_is_not_reached(bench: Bench):
    bench.fake.serves(bench.port)
    found = bench.attempt({**HEALTHY, "fly.toml": "app = 'demo'\n"})
    assert found.reached == "port"
    assert found.says == f"it listens on port {bench.port}, and no service of the config leads there"


def test_a_port_that_is_taken_is_no_fault(bench: Bench):
    import socket

    with socket.create_server(("0.0.0.0", bench.port)):
        found = bench.attempt()
    assert found.reached == "unsupported"
    assert found.says.startswith(f"port {bench.port} of this machine is taken")


# --- builds


def test_a_build_that_fails_is_told_by_its_line(bench: Bench):
    bench.fake.says(
        build=(1, 'STEP 4\nERROR: No matching distribution found for fastapy\nError: building at STEP "RUN": exit status 1')
    )
    found = bench.attempt()
    assert (found.reached, found.says) == ("build", "ERROR: No matching distribution found for fastapy")
    assert "run" not in {call.argv[1] for call in bench.fake.calls}


@pytest.mark.parametrize(
    "says",
    [
        "Error: initializing source docker://python:3.11: pinging container registry docker.io: timeout",
        "ERROR: failed to solve: python:3.99: failed to resolve source metadata for docker.io/library/python:3.99: not found",
    ],
)
def test_an_image_that_cannot_be_had_is_no_fault(bench: Bench, says: str):
    bench.fake.says(build=(1, says))
    found = bench.attempt()
    assert found.reached == "unsupported"
    assert found.says.startswith("an image or a server could not be reached: ")


def test_a_build_that_takes_too_long_is_no_fault(bench: Bench):
    made = bench.folder / "working-container"
    script = f"#!/bin/sh\nmkdir {made}\n/bin/sleep 60\nrmdir {made}\n"  # as a builder cleans up after a step that failed
    bench.fake.program.write_text(script)
    engine = engines._engine("buildah", str(bench.fake.program))
    assert engine.build(engines.Build("f", ".", "t"), 0.7).code is None
    assert not made.exists()


def test_what_is_built_is_the_scratch_copy_with_images_that_stand_in(bench: Bench):
    bench.fake.serves(bench.port)
    build = '[build]\n  build-target = "run"\n[build.args]\n  A = "1"\n'
    config = bench.config().replace('[build]\n  dockerfile = "Dockerfile"\n', build)
    bench.attempt({**HEALTHY, "fly.toml": config, "Dockerfile": DOCKERFILE.replace("-slim", "-slim AS run")})
    first = bench.fake.calls[1]  # the first asks for the version
    assert first.argv[1:4] == ["bud", "--format", "docker"]
    assert first.argv[first.argv.index("--target") + 1] == "run"
    assert first.argv[first.argv.index("--build-arg") + 1] == "A=1"
    assert first.dockerfile.startswith("FROM local/python:3.11 AS run\n")
    assert first.context == sorted(HEALTHY)
    assert not first.argv[-1].startswith(str(bench.folder / "repo"))
    assert (bench.folder / "repo/Dockerfile").read_text().startswith("FROM python:3.11-slim AS run\n")


def test_a_native_build_is_that_of_the_whole_clone(bench: Bench):
    service = "{type: web, name: shop, runtime: python, buildCommand: make, startCommand: python main.py, healthCheckPath: /up}"
    files = {"render.yaml": f"services:\n  - {service}\n", "main.py": MAIN, ".dockerignore": "*\n"}
    bench.attempt(files, limits=Limits(20, 1), given={"KEY": SECRET})
    build = bench.fake.calls[1]
    assert "python -m venv" in build.dockerfile
    assert build.secret == f"KEY='{SECRET}'\n"
    assert SECRET not in build.dockerfile
    ignore = build.argv[build.argv.index("--ignorefile") + 1]
    assert ignore.endswith("native.Dockerfile.dockerignore")
    run = bench.call("run")
    assert run[run.index("--") + 1 :] == ["bash", "-c", "python main.py"]


# --- what is started


def test_the_command_goes_behind_the_entrypoint(bench: Bench):
    bench.fake.says(entry=("/usr/bin/env",))
    bench.attempt({**HEALTHY, "fly.toml": bench.config("  processes = ['web']\n[processes]\n  web = 'true now'\n", False)})
    run = bench.call("run")
    assert run[run.index("--") + 1 :] == ["/usr/bin/env", "true", "now"]


def test_the_release_command_runs_first_and_its_failure_ends_the_deploy(bench: Bench):
    files = {**HEALTHY, "fly.toml": bench.config("[deploy]\n  release_command = '/bin/false --now'\n")}
    bench.fake.serves(bench.port)
    assert bench.attempt(files).reached == "ok"
    found = bench.attempt(files, release=True)
    assert (found.reached, found.says) == ("release", "the release command ended with code 1")


def test_a_volume_is_an_empty_folder_of_the_image_s_user(bench: Bench):
    bench.fake.says("import os, sys; print(os.getcwd()); sys.exit(1)", user="1234:55")
    bench.attempt({**HEALTHY, "fly.toml": bench.config("[mounts]\n  source = 'd'\n  destination = '/data'\n")})
    run = bench.call("run")
    source, target, mode = run[run.index("--volume") + 1].split(":")
    assert (target, mode) == ("/data", "rw")
    assert not os.path.exists(source)


# --- secrets


@pytest.mark.parametrize("name", ["buildah", "docker"])
def test_no_secret_stands_in_a_command_line_or_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    bench = Bench(tmp_path, monkeypatch, name)
    (tmp_path / "canary").write_text(SECRET)
    read = f"open({str(tmp_path / 'canary')!r}).read()"
    bench.fake.says(f"import sys; print('ERROR: cannot log in with', {read}); sys.exit(1)")
    files = {**HEALTHY, "fly.toml": bench.config("[env]\n  MODE = 'live'\n")}
    found = bench.attempt(files, given={"API_KEY": SECRET, "PATH": f"/{SECRET}"})
    assert found.says == "ERROR: cannot log in with ***"
    assert SECRET not in f"{found}"
    assert SECRET not in f"{[call.argv for call in bench.fake.calls]}"
    if name == "docker":
        [run] = [call for call in bench.fake.calls if call.argv[1] == "run"]
        assert run.environment["API_KEY"] == SECRET
        assert run.environment["PATH"] == bench.fake.path  # the client's own
        assert [run.argv[i + 1] for i, word in enumerate(run.argv) if word == "--env" and "MODE" in run.argv[i + 1]] == ["MODE"]
    else:
        [given] = [call.dockerfile for call in bench.fake.calls if "--quiet" in call.argv]
        assert f'ENV API_KEY="{SECRET}"' in given
        assert 'ENV MODE="live"' in given


def test_what_is_missing_is_said_and_stood_in_for_where_that_is_allowed(bench: Bench):
    planned = bench.recipe({**HEALTHY, "main.py": MAIN + "import os\n\nos.environ['API_TOKEN']\nos.environ['OTHER_KEY']\n"})
    plain = held(planned, {"OTHER_KEY": SECRET}, fake=False)
    assert (plain.given, plain.stood_in, plain.missing) == (("OTHER_KEY",), (), ("API_TOKEN",))
    stood = held(planned, {"OTHER_KEY": SECRET}, fake=True)
    assert (stood.stood_in, stood.missing) == (("API_TOKEN",), ())
    assert stood.values["API_TOKEN"].startswith("stand-in-for-api-token")


# --- docker and podman


def test_docker_limits_memory_and_network_and_is_asked_from_inside(docker: Bench):
    docker.fake.serves(docker.port)
    found = docker.attempt(limits=Limits(20, 15, 300))
    assert (found.reached, found.status) == ("ok", 200)
    run = docker.call("run")
    assert run[run.index("--network") + 1] == "none"
    assert run[run.index("--memory") + 1] == run[run.index("--memory-swap") + 1] == "300m"
    assert run[run.index("--entrypoint") + 1] == ""
    name = run[run.index("--name") + 1]
    assert docker.call("exec")[:3] == ["exec", "--interactive", name]
    assert docker.call("rm") == ["rm", "--force", "--volumes", name]


def test_the_machine_s_network_is_given_where_it_is_asked_for(docker: Bench):
    docker.fake.serves(docker.port)
    assert docker.attempt(limits=Limits(20, 15, host=True)).reached == "ok"
    run = docker.call("run")
    assert run[run.index("--network") + 1] == "host"
    assert engines.find("docker").limits(host=True)
    assert not engines.find("docker").limits(host=False)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("docker", "--tmpfs", "/data:rw,exec,mode=0755,uid=1234,gid=55"),
        ("podman", "--mount", "type=tmpfs,destination=/data,tmpfs-mode=0755,notmpcopyup,U=true"),
    ],
)
def test_a_volume_is_empty_and_the_image_s_user_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str, value: str
):
    bench = Bench(tmp_path, monkeypatch, name)
    bench.fake.says("import sys; sys.exit(1)", user="1234:55")
    bench.attempt({**HEALTHY, "fly.toml": bench.config("[mounts]\n  source = 'd'\n  destination = '/data'\n")})
    run = bench.call("run")
    assert run[run.index(option) + 1] == value


def test_what_an_engine_cannot_pass_is_left_out_and_said(bench: Bench):
    several = {"KEY": "one\ntwo", "OTHER": "one"}
    job = engines.Job("t", ("true",), several, frozenset(several))
    assert engines._engine("buildah", "buildah").unpassed(job) == ("KEY",)
    assert engines._engine("docker", "docker").unpassed(job) == ()
    client = job._replace(variables={"PATH": "/x"}, private=frozenset({"PATH"}))
    assert engines._engine("docker", "docker").unpassed(client) == ("PATH",)


# --- which engine


def test_the_first_that_works_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake = Fake(tmp_path, "buildah")
    broken = fake.program.with_name("docker")
    broken.write_text("#!/bin/sh\necho Cannot connect to the Docker daemon\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", fake.path)
    assert engines.find(None).name == "buildah"
    with pytest.raises(engines.NoEngine, match="docker does not work: Cannot connect to the Docker daemon"):
        engines.find("docker")
    with pytest.raises(engines.NoEngine, match="podman is not installed"):
        engines.find("podman")
