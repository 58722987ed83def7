"""`bot verify` and `bot fix --verify`: their answers, their exit codes, and what is left when they are interrupted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.bot.cli import Outcome, bot, contents, environment, put
from tests.bot.outside.containers import Fake, free_port
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/verify.schema.json").read_text())
CHECK = "  [[http_service.checks]]\n    path = '/health'\n"
FAILS = "import sys; print('ValueError: no good'); sys.exit(1)"


class Desk:
    """A repository, an engine that pretends, and a temporary folder that has to be empty in the end."""

    def __init__(self, folder: Path) -> None:
        self.fake = Fake(folder / "fake")
        self.port = free_port()
        self.repo = folder / "repo"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.config = FLY.replace("8080", str(self.port))
        self.dockerfile = DOCKERFILE.replace("8080", str(self.port))
        put(self.repo, {**HEALTHY, "fly.toml": self.config, "Dockerfile": self.dockerfile})
        self.environment = environment(PATH=self.fake.path, TMPDIR=str(self.temporary))

    def bot(self, *arguments: str) -> Outcome:
        before = contents(self.repo)
        done = bot(self.repo, *arguments, env=self.environment)
        if arguments[0] == "verify":
            assert contents(self.repo) == before
        assert not list(self.temporary.iterdir())
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_app_that_boots_is_0(desk: Desk):
    desk.fake.serves(desk.port)
    done = desk.bot("verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("demo  fly · fly.toml · process app · buildah\n  ✓ config  ✓ build  - release  ✓ boot")
    assert "\n  GET / → 200 in " in done.out


def test_an_app_that_does_not_boot_is_1_with_its_log(desk: Desk):
    desk.fake.says(FAILS)
    done = desk.bot("verify")
    assert done.code == 1
    assert "✗ boot  - port  - health\n  boot failed: ValueError: no good\n    | ValueError: no good\n" in done.out


def test_what_cannot_be_verified_is_2(desk: Desk):
    desk.fake.says(build=(1, "Error: initializing source docker://python: no such host"))
    done = desk.bot("verify")
    assert done.code == 2
    assert "not verified: an image or a server could not be reached: " in done.out


def test_without_an_engine_there_is_one_sentence(desk: Desk):
    done = bot(desk.repo, "verify", env=environment(PATH="/nowhere"))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "bot: docker is not installed; podman is not installed; buildah is not installed;"
        " verifying needs docker, podman or buildah\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--engine", "runc"), "argument --engine: invalid choice: 'runc'"),
        (("--timeout", "soon"), "argument --timeout: 'soon' is no number above 0"),
        (("--memory", "0"), "argument --memory: '0' is no number above 0"),
        (("--env-file", "gone"), "gone: No such file or directory"),
        (("--stand-in", "python"), "--stand-in python: it is IMAGE=LOCAL"),
        (("--process", "gone"), "there is no process group gone; there is app"),
    ],
)
def test_a_wrong_option_is_one_sentence(desk: Desk, arguments: tuple[str, ...], sentence: str):
    done = desk.bot("verify", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"bot: {sentence}")
    assert done.err.count("\n") == 1


def test_before_and_after_the_repair_on_the_copy(desk: Desk):
    put(desk.repo, {"fly.toml": desk.config + desk.config})
    desk.fake.serves(desk.port)
    done = desk.bot("verify", "--fix")
    assert done.code == 0
    assert "\n  before: config failed: " in done.out
    assert "\n  after: GET / → 200 in " in done.out
    assert "\n  repaired with repair-toml\n" in done.out


def test_markdown_is_for_a_pull_request(desk: Desk):
    put(desk.repo, {"fly.toml": desk.config + CHECK})
    desk.fake.serves(desk.port, 500, says="hello `@everyone`")
    done = desk.bot("verify", "--format", "markdown", "--timeout", "1")
    assert done.code == 1
    assert done.out.startswith("**demo** (fly.toml, built and booted with buildah):\n\n- health failed: `GET /health → 500 ")
    assert "```text\nhello `@everyone`\n```" in done.out


def test_json_is_for_programs(desk: Desk):
    put(desk.repo, {"fly.toml": desk.config + desk.config, "secrets.env": "KEY=hunter2-canary\n"})
    desk.fake.serves(desk.port, says="the key is hunter2-canary")
    done = desk.bot("verify", "--fix", "--format", "json", "--env-file", "secrets.env")
    found = json.loads(done.out)
    Draft202012Validator(SCHEMA).validate(found)
    [proof] = found["proofs"]
    assert (found["version"], found["root"], found["engine"]) == (1, ".", "buildah")
    assert (proof["before"]["reached"], proof["after"]["reached"], proof["after"]["status"]) == ("config", "ok", 200)
    assert proof["secrets"] == {"given": ["KEY"], "stood_in": [], "missing": []}
    assert "hunter2" not in done.out


def test_what_stood_in_and_what_is_missing_is_said(desk: Desk):
    put(desk.repo, {"main.py": MAIN + "import os\n\nos.environ['API_TOKEN']\n"})
    desk.fake.serves(desk.port)
    assert "not set: API_TOKEN (--env-file gives values, --fake-secrets stands in for them)" in desk.bot("verify").out
    assert "made-up values stood in for: API_TOKEN" in desk.bot("verify", "--fake-secrets").out


# --- bot fix --verify


def test_a_repair_that_gets_the_real_boot_further_is_kept(desk: Desk):
    put(desk.repo, {"fly.toml": desk.config + desk.config})
    desk.fake.serves(desk.port)
    done = desk.bot("fix", "--verify")
    assert done.code == 0
    assert (desk.repo / "fly.toml").read_text() == desk.config
    assert "changed fly.toml" in done.out
    assert "after: GET / → 200 in " in done.out


def test_json_of_a_repair_holds_its_proofs(desk: Desk):
    put(desk.repo, {"fly.toml": desk.config + desk.config})
    desk.fake.serves(desk.port)
    found = json.loads(desk.bot("fix", "--verify", "--format", "json").out)
    assert found["written"] is True
    proof_schema = {"$ref": "#/$defs/proof", "$defs": SCHEMA["$defs"]}
    Draft202012Validator(proof_schema).validate(found["proofs"][0])
    assert [proof["after"]["reached"] for proof in found["proofs"]] == ["ok"]


def test_a_repair_that_does_not_is_not(desk: Desk):
    put(desk.repo, {"Dockerfile": desk.dockerfile.replace("COPY . .", "COPY Main.py ./main.py")})
    before = contents(desk.repo)
    desk.fake.says(build=(1, "ERROR: all the same"))
    done = desk.bot("fix", "--verify")
    assert done.code == 1
    assert done.err == "bot: nothing was changed: the real boot gets no further with the repair\n"
    assert "would change Dockerfile" in done.out
    assert contents(desk.repo) == before
    assert desk.bot("fix", "--verify", "--diff").out == ""


def test_a_repair_that_cannot_be_verified_is_refused(desk: Desk):
    put(desk.repo, {"Dockerfile": desk.dockerfile.replace("COPY . .", "COPY Main.py ./main.py")})
    before = contents(desk.repo)
    desk.fake.says(build=(1, "Error: initializing source docker://python: no such host"))
    done = desk.bot("fix", "--verify")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: nothing was changed: fly.toml could not be verified: an image or a server")
    assert contents(desk.repo) == before


# --- interrupted


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_nothing_is_left_after_an_interrupt(desk: Desk, number: int, code: int):
    desk.fake.says(
        f"import os, time; open({str(desk.temporary.parent / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    )
    command = (sys.executable, "-m", "deploymend", "verify", "--format", "json")
    run = subprocess.Popen(command, cwd=desk.repo, env=desk.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pid = desk.temporary.parent / "pid"
    deadline = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.send_signal(number)
    out, err = run.communicate(timeout=40)
    assert (run.returncode, out, err.decode()) == (code, b"", "removing what was started …\n")
    assert not os.path.exists(f"/proc/{pid.read_text()}") or "Z" in Path(f"/proc/{pid.read_text()}/stat").read_text()
    assert not list(desk.temporary.iterdir())
    removed = [call.argv[1:] for call in desk.fake.calls if call.argv[1] in ("rm", "rmi")]
    assert [words[0] for words in removed] == ["rm", "rmi", "rmi"]  # the container, its variables, the image


# --- several targets


def test_a_target_that_no_change_touches_is_booted_once(desk: Desk):
    other = {f"other/{path}": data for path, data in HEALTHY.items()}
    broken = {f"api/{path}": data for path, data in HEALTHY.items()}
    for path in ("fly.toml", "Dockerfile"):
        other[f"other/{path}"] = broken[f"api/{path}"] = (desk.repo / path).read_text()
        (desk.repo / path).unlink()
    broken["api/fly.toml"] += desk.config
    put(desk.repo, {**other, **broken})
    desk.fake.serves(desk.port)
    found = json.loads(desk.bot("verify", "--fix", "--format", "json").out)
    seen = {
        proof["config"]: (proof["before"]["reached"], proof["after"] and proof["after"]["reached"]) for proof in found["proofs"]
    }
    assert seen == {"api/fly.toml": ("config", "ok"), "other/fly.toml": ("ok", None)}


def test_one_that_does_not_boot_among_others_is_1(desk: Desk):
    put(desk.repo, {"gone/fly.toml": desk.config.replace("demo", "gone")})
    desk.fake.serves(desk.port)
    done = desk.bot("verify")
    assert done.code == 1
    assert "build failed: Error: failed to fetch an image or build from source: dockerfile" in done.out
    assert "GET / → 200" in done.out
