import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.cli import Outcome, bot, committed, contents, environment, git, on_terminal, put
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

TWICE = {**HEALTHY, "fly.toml": FLY + FLY}  # repaired by repair-toml
CHOICE = {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = '1'\n  A = '2'\n"}  # repaired with --unsafe
GONE = {**HEALTHY, "main.py": MAIN + "import helpers.gone\n", "helpers/__init__.py": ""}  # nothing repairs it
MOVING = {  # repaired by move-fly-toml
    "backend/fly.toml": FLY.rstrip("\n"),
    "backend/Dockerfile": DOCKERFILE.replace("COPY requ", "COPY shared ./shared\nCOPY backend/requ").replace(
        ". .", "backend ."
    ),
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
    "shared/__init__.py": "",
    "deploy.sh": "#!/bin/sh\ncd backend && fly deploy\n",
}
DIRTY = "has uncommitted changes: commit or stash them, or use --allow-dirty\n"


def repaired(folder: Path) -> str:
    return (folder / "fly.toml").read_text()


# --- what is written


def test_the_repair_is_written_and_told(tmp_path: Path):
    done = bot(put(tmp_path, TWICE), "fix")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1. repair-toml repairs config-syntax at fly.toml:10\n")
    assert done.out.endswith("\nchanged fly.toml\nThe simulated deploy reaches its end.\n")
    assert contents(tmp_path) == {path: text.encode() for path, text in HEALTHY.items()}


def test_a_second_run_changes_nothing(tmp_path: Path):
    bot(put(tmp_path, TWICE), "fix")
    done = bot(tmp_path, "fix")
    assert (done.code, done.out) == (0, "Nothing was changed.\nThe simulated deploy reaches its end.\n")


def test_a_move_takes_its_mode_along_and_everything_follows(tmp_path: Path):
    put(tmp_path, MOVING)
    (tmp_path / "deploy.sh").chmod(0o750)
    (tmp_path / "backend/fly.toml").chmod(0o640)
    done = bot(tmp_path, "fix")
    assert done.code == 0
    assert "changed fly.toml (was backend/fly.toml)\n" in done.out
    assert "deploy with: fly deploy\n" in done.out
    assert not (tmp_path / "backend/fly.toml").exists()
    assert (tmp_path / "deploy.sh").read_text() == "#!/bin/sh\nfly deploy\n"
    assert [(tmp_path / path).stat().st_mode & 0o777 for path in ("deploy.sh", "fly.toml")] == [0o750, 0o640]


def test_what_is_left_is_1(tmp_path: Path):
    done = bot(put(tmp_path, GONE), "fix")
    assert done.code == 1
    assert "Nothing was changed.\nleft (certain): ModuleNotFoundError: No module named 'helpers.gone' (main.py:4)\n" in done.out


def test_a_part_may_be_repaired_and_the_rest_is_1(tmp_path: Path):
    done = bot(put(tmp_path, {**GONE, "fly.toml": FLY + FLY}), "fix")
    assert done.code == 1
    assert "left (certain): " in done.out
    assert repaired(tmp_path) == FLY


def test_strict_makes_what_is_likely_1(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": "app = 'demo'\n"})
    assert [bot(tmp_path, "fix").code, bot(tmp_path, "fix", "--strict").code] == [0, 1]


# --- --diff


@pytest.mark.parametrize("arguments", [("--diff",), ("--diff", "--unsafe"), ("--diff", "--format", "json")])
def test_diff_writes_nothing(tmp_path: Path, arguments: tuple[str, ...]):
    put(tmp_path, TWICE)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))}
    assert bot(tmp_path, "fix", *arguments).code == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))} == before


@pytest.mark.parametrize(
    "files",
    [
        TWICE,
        MOVING,
        {path: text.replace("\n", "\r\n") for path, text in MOVING.items()},
        {f"a b/é/{path}": text for path, text in MOVING.items() if path != "deploy.sh"},
    ],
    ids=["edit", "move", "crlf", "names"],
)
def test_git_applies_the_diff_and_comes_to_the_same(tmp_path: Path, files: dict[str, str]):
    for name in ("by-git", "by-us"):
        committed(tmp_path / name, files)
    patch = bot(tmp_path / "by-git", "fix", "--diff")
    (tmp_path / "patch").write_bytes(patch.out.encode())
    git(tmp_path / "by-git", "apply", "--whitespace=nowarn", str(tmp_path / "patch"))
    assert patch.code == bot(tmp_path / "by-us", "fix").code
    assert contents(tmp_path / "by-git") == contents(tmp_path / "by-us")
    assert contents(tmp_path / "by-us") != {path: text.encode() for path, text in files.items()}


def test_an_empty_diff_is_empty(tmp_path: Path):
    assert bot(put(tmp_path, HEALTHY), "fix", "--diff") == (0, "", "")


def test_a_diff_on_a_terminal_holds_no_control_characters(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": FLY + "\n[env]  # \x9b2J\n  A = '1'\n  A = '1'\n"})
    assert "\x9b" in bot(tmp_path, "fix", "--diff").out
    seen = on_terminal(tmp_path, "fix", "--diff")
    assert "-  A = '1'" in seen
    assert "\x9b" not in seen


# --- what may be done


def test_a_judgement_call_is_suggested_and_made_with_unsafe_alone(tmp_path: Path):
    put(tmp_path, CHOICE)
    done = bot(tmp_path, "fix")
    assert done.code == 1
    assert "suggested with --unsafe: repair-toml: " in done.out
    assert repaired(tmp_path) == CHOICE["fly.toml"]
    assert bot(tmp_path, "fix", "--unsafe").code == 0
    assert repaired(tmp_path) == FLY + "\n[env]\n  A = '2'\n"


def test_unsafe_may_be_a_setting(tmp_path: Path):
    assert bot(put(tmp_path, {**CHOICE, "deploymend.toml": "unsafe = true\n"}), "fix").code == 0


def test_only_what_is_selected_is_done(tmp_path: Path):
    put(tmp_path, {**TWICE, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")})
    assert bot(tmp_path, "fix").out.startswith("Nothing was changed.")
    assert bot(tmp_path, "fix", "--select", "drop-unknown-key").code == 0
    assert repaired(tmp_path) == FLY


def test_what_is_ignored_is_not_done(tmp_path: Path):
    assert bot(put(tmp_path, TWICE), "fix", "--ignore", "repair-toml").code == 1
    assert repaired(tmp_path) == FLY + FLY


def test_only_the_config_that_is_named_is_repaired(tmp_path: Path):
    put(tmp_path, {**TWICE, "fly.other.toml": FLY + FLY})
    assert bot(tmp_path, "fix", "--config", "fly.other.toml").code == 0
    assert (repaired(tmp_path), (tmp_path / "fly.other.toml").read_text()) == (FLY + FLY, FLY)


def test_only_the_app_that_is_named_is_repaired(tmp_path: Path):
    put(tmp_path, {**TWICE, "fly.other.toml": (FLY + FLY).replace("demo", "other")})
    assert bot(tmp_path, "fix", "--app", "other").code == 0
    assert (repaired(tmp_path), (tmp_path / "fly.other.toml").read_text()) == (FLY + FLY, FLY.replace("demo", "other"))


def test_a_folder_that_is_given_is_the_context(tmp_path: Path):
    put(tmp_path, MOVING)
    assert bot(tmp_path, "fix", "--from", ".") == (0, "Nothing was changed.\nThe simulated deploy reaches its end.\n", "")


def test_steps_for_a_person_are_listed(tmp_path: Path):
    put(tmp_path, {**MOVING, "README.md": "```\ncd backend\nfly deploy\n```\n"})
    assert "\nby hand: README.md:3 starts the deploy in another folder" in bot(tmp_path, "fix").out


def test_verbose_says_what_was_not_used_and_why(tmp_path: Path):
    put(tmp_path, GONE)
    assert "not used: " not in bot(tmp_path, "fix").out
    assert "not used: set-pythonpath: " in bot(tmp_path, "fix", "--verbose").out


def test_quiet_leaves_out_what_is_likely(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": "app = 'demo'\n"})
    assert "left (likely): " in bot(tmp_path, "fix").out
    assert "left (likely): " not in bot(tmp_path, "fix", "--quiet").out


def test_json_says_what_was_written(tmp_path: Path):
    put(tmp_path, TWICE)
    planned = json.loads(bot(tmp_path, "fix", "--diff", "--format", "json").out)
    written = json.loads(bot(tmp_path, "fix", "--format", "json").out)
    assert (planned.pop("written"), written.pop("written")) == (False, True)
    assert planned == written
    assert [(step["codemod"], step["safety"]) for step in written["steps"]] == [("repair-toml", "safe")]
    assert written["changes"] == [{"path": "fly.toml", "from": None}]
    assert written["diff"].startswith("diff --git a/fly.toml b/fly.toml\n")


# --- work that is not committed


def test_a_clean_repository_is_written(tmp_path: Path):
    repo = committed(tmp_path / "repo", TWICE)
    assert bot(repo, "fix").code == 0
    assert git(repo, "status", "--short") == " M fly.toml\n"


@pytest.mark.parametrize("staged", [True, False])
def test_a_file_with_changes_is_not_written(tmp_path: Path, staged: bool):
    repo = committed(tmp_path / "repo", HEALTHY)
    put(repo, TWICE)
    if staged:
        git(repo, "add", "-A")
    assert bot(repo, "fix") == (2, "", f"bot: fly.toml {DIRTY}")
    assert repaired(repo) == FLY + FLY


def test_a_file_that_git_does_not_know_is_not_written(tmp_path: Path):
    repo = committed(tmp_path / "repo", HEALTHY)
    put(repo, {"fly.new.toml": FLY + FLY})
    assert bot(repo, "fix", "--config", "fly.new.toml") == (2, "", f"bot: fly.new.toml {DIRTY}")
    assert (repo / "fly.new.toml").read_text() == FLY + FLY


def test_a_folder_below_the_root_is_asked_about_too(tmp_path: Path):
    files = {f"api/{path}": text for path, text in HEALTHY.items()}
    repo = committed(tmp_path / "repo", files)
    put(repo, {"api/fly.toml": FLY + FLY})
    for cwd, path in ((repo / "api", "."), (repo, "api"), (tmp_path, "repo/api")):
        assert bot(cwd, "fix", path) == (2, "", f"bot: fly.toml {DIRTY}")


def test_both_names_of_a_file_that_moves_are_asked_about(tmp_path: Path):
    repo = committed(tmp_path / "repo", MOVING)
    put(repo, {"deploy.sh": MOVING["deploy.sh"] + "# later\n"})
    assert bot(repo, "fix") == (2, "", f"bot: deploy.sh {DIRTY}")
    put(repo, {"backend/fly.toml": FLY})
    assert bot(repo, "fix") == (2, "", f"bot: backend/fly.toml, deploy.sh {DIRTY}")


def test_changes_in_other_files_are_no_matter(tmp_path: Path):
    repo = committed(tmp_path / "repo", TWICE)
    put(repo, {"main.py": MAIN + "# later\n", "new.py": ""})
    assert bot(repo, "fix").code == 0
    assert (repo / "main.py").read_text() == MAIN + "# later\n"


@pytest.mark.parametrize("arguments", [("--allow-dirty",), ("--diff",), ("--ignore", "repair-toml")])
def test_nothing_is_refused_when_it_is_allowed_or_nothing_is_written(tmp_path: Path, arguments: tuple[str, ...]):
    repo = committed(tmp_path / "repo", HEALTHY)
    put(repo, TWICE)
    done = bot(repo, "fix", *arguments)
    assert done.err == ""
    assert repaired(repo) == (FLY if "--allow-dirty" in arguments else FLY + FLY)


def test_a_refusal_in_json_is_a_sentence_on_standard_error(tmp_path: Path):
    repo = committed(tmp_path / "repo", HEALTHY)
    put(repo, TWICE)
    assert bot(repo, "fix", "--format", "json") == (2, "", f"bot: fly.toml {DIRTY}")


def test_without_git_it_says_so(tmp_path: Path):
    repo = committed(tmp_path / "repo", TWICE)
    env = environment(PATH="/nonexistent")
    done = bot(repo, "fix", env=env)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: git is not installed, ")
    assert bot(repo, "fix", "--allow-dirty", env=env).code == 0


def test_a_git_folder_that_is_broken_is_one_sentence(tmp_path: Path):
    put(tmp_path, {**TWICE, ".git": "gitdir: nowhere\n"})
    done = bot(tmp_path, "fix")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: git status failed: fatal: ")
    assert done.err.count("\n") == 1
    assert repaired(tmp_path) == FLY + FLY


def test_the_environment_of_a_hook_names_no_other_repository(tmp_path: Path):
    repo = committed(tmp_path / "repo", HEALTHY)
    put(repo, TWICE)
    other = committed(tmp_path / "other", TWICE)
    env = environment(GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other), GIT_INDEX_FILE=str(other / ".git/index"))
    assert bot(repo, "fix", env=env) == (2, "", f"bot: fly.toml {DIRTY}")


# --- all or nothing


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path):
    files = {**MOVING, "backend/fly.toml": FLY + "# " + "x" * 9000 + "\n"}
    put(tmp_path, files)
    quoted = f"ulimit -f 8; exec {sys.executable} -m deploymend fix"  # no file may become larger than 8 KiB
    command = ("bash", "-c", quoted)
    run = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    done = Outcome(run.returncode, run.stdout, run.stderr)
    assert done == (2, "", "bot: fly.toml: File too large; nothing was changed\n")
    assert contents(tmp_path) == {path: text.encode() for path, text in files.items()}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_leaves_everything_as_it_was(tmp_path: Path):
    put(tmp_path, TWICE).chmod(0o500)
    done = bot(tmp_path, "fix")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("Permission denied; nothing was changed\n")
    assert repaired(tmp_path) == FLY + FLY
