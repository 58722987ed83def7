"""benchmarks/replay: commits of a mirror are checked, repaired and booted, and the table says what came of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.cli import committed, environment, git, put
from tests.bot.outside.containers import Fake, free_port
from tests.tools import DOCKERFILE, FLY, HEALTHY

BUILDAH = ("--", "--engine", "buildah")  # which is the one that pretends, whatever else is installed
SCRIPT = Path(__file__).parent.parent / "benchmarks" / "replay" / "replay.py"


class Desk:
    """A mirror with a broken commit and a healthy one, and an engine that pretends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fake = Fake(folder / "fake")
        port = free_port()
        self.fake.serves(port)
        config = FLY.replace("8080", str(port))
        files = {**HEALTHY, "fly.toml": config + config, "Dockerfile": DOCKERFILE.replace("8080", str(port)), "run.sh": "x"}
        repo = committed(folder / "work", files)
        (repo / "link").symlink_to("main.py")
        (repo / "run.sh").chmod(0o755)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "more")
        self.broken = git(repo, "rev-parse", "HEAD").strip()
        put(repo, {"fly.toml": config})
        git(repo, "commit", "-q", "-a", "-m", "repaired")
        self.healthy = git(repo, "rev-parse", "HEAD").strip()
        git(folder, "clone", "-q", "--mirror", str(repo), "mirrors/owner+app/repo")

    def replay(self, *rows: dict[str, object], more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        (self.folder / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        command = (sys.executable, str(SCRIPT), "list.jsonl", "--mirrors", "mirrors", *more)
        env = environment(PATH=f"{self.fake.program.parent}:/usr/bin:/bin")
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=120, check=False)

    def row(self, sha: str, **more: object) -> dict[str, object]:
        return {"repo": "owner/app", "sha": sha, "id": sha[:4], **more}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_table_says_what_was_predicted_and_what_happened(desk: Desk):
    gone = {"repo": "owner/gone", "sha": "0" * 40, "id": "gone"}
    done = desk.replay(desk.row(desk.broken), desk.row(desk.healthy), gone, more=BUILDAH)
    assert (done.returncode, done.stdout) == (0, "replay.md\n"), done.stderr
    broken, healthy, skipped = (json.loads(line) for line in (desk.folder / "replay.jsonl").read_text().splitlines())
    assert (broken["predicted"], broken["real"], broken["after"], broken["repaired"]) == (
        "config",
        "config",
        "ok",
        ["repair-toml"],
    )
    assert (healthy["predicted"], healthy["real"], healthy["after"], healthy["diff"]) == ("ok", "ok", None, 0)
    assert skipped["skipped"] == "no mirror of owner/gone in mirrors"
    table = (desk.folder / "replay.md").read_text()
    assert "`bot verify --fix --unsafe --engine buildah`" in table
    assert "- the prediction agrees with the real deploy: 2 of 2\n" in table
    assert "- broken: 1, of which 1 boot after one `bot fix --unsafe`\n" in table
    assert "| gone | skipped: no mirror of owner/gone in mirrors |" in table


def test_a_second_run_goes_on_where_the_first_one_stopped(desk: Desk):
    desk.replay(desk.row(desk.healthy), more=BUILDAH)
    before = len(desk.fake.calls)
    assert desk.replay(desk.row(desk.healthy), more=BUILDAH).returncode == 0
    assert len(desk.fake.calls) == before


def test_links_and_modes_are_laid_out(desk: Desk):
    desk.replay(desk.row(desk.healthy), more=BUILDAH)
    [build] = [call for call in desk.fake.calls if "--file" in call.argv and "--quiet" not in call.argv]
    assert {"link", "run.sh", "main.py"} <= {*build.context}


def test_secrets_of_a_row_are_given_by_name(desk: Desk):
    desk.replay(desk.row(desk.healthy, secrets={"A": "hunter2"}, opts=["--env", "B=it's=b", "--platform", "fly"]), more=BUILDAH)
    [given] = [call for call in desk.fake.calls if "--quiet" in call.argv]
    assert 'ENV A="hunter2"\n' in given.dockerfile
    assert 'ENV B="it\'s=b"\n' in given.dockerfile


def test_a_list_that_cannot_be_used_is_one_sentence(desk: Desk):
    done = desk.replay(desk.row(desk.healthy, options=["--sudo"]))
    assert done.returncode == 2
    assert done.stderr.endswith("error: list.jsonl:1: --sudo is no option of a row\n")
