import json
from pathlib import Path

import pytest

from tests.bot.cli import bot, committed, contents, environment, on_terminal, put
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

TWICE = {**HEALTHY, "fly.toml": FLY + FLY}  # repair-toml answers it
GONE = {**HEALTHY, "main.py": MAIN + "import helpers.gone\n", "helpers/__init__.py": ""}  # nothing answers it
BARE = {**HEALTHY, "fly.toml": 'app = "demo"\n'}  # no service: likely, never certain
OTHER = FLY.replace("demo", "other")
ESCAPE = "\x1b"


# --- exit codes and words


def test_nothing_found_is_0(tmp_path: Path):
    done = bot(put(tmp_path, HEALTHY), "check")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("demo  fly · fly.toml\n")
    assert done.out.endswith("\n1 target: nothing found that stops the deploy\n")


def test_a_certain_fault_is_1_and_is_shown_with_its_line_and_its_repair(tmp_path: Path):
    done = bot(put(tmp_path, TWICE), "check")
    assert (done.code, done.err) == (1, "")
    assert "Error: failed loading app config from /…/fly.toml: row 10 column 2\n" in done.out
    assert "    > 10 | [build]\n" in done.out
    assert "repair: repair-toml (safe): `bot fix`\n" in done.out
    assert "1 certain fault; 1 can be repaired (`bot fix --diff` shows how)\n" in done.out


def test_a_likely_fault_is_0_and_strict_makes_it_1(tmp_path: Path):
    put(tmp_path, BARE)
    assert [bot(tmp_path, "check").code, bot(tmp_path, "check", "--strict").code] == [0, 1]


def test_the_path_is_the_current_folder_unless_it_is_given(tmp_path: Path):
    put(tmp_path / "repo", HEALTHY)
    assert (
        bot(tmp_path / "repo", "check").out
        == bot(tmp_path, "check", "repo").out
        == bot(tmp_path, "check", str(tmp_path / "repo")).out
    )


@pytest.mark.parametrize("arguments", [(), ("--verbose",), ("--format", "json"), ("--strict",)])
def test_nothing_is_written(arguments: tuple[str, ...], tmp_path: Path):
    put(tmp_path, TWICE)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))}
    bot(tmp_path, "check", *arguments)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))} == before


# --- what is looked at


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return put(
        tmp_path,
        {
            **TWICE,
            "api/fly.toml": OTHER,
            "api/Dockerfile": DOCKERFILE,
            "api/requirements.txt": "fastapi\nuvicorn\n",
            "api/main.py": MAIN,
        },
    )


def shown(folder: Path, *arguments: str) -> list[str]:
    return [target["config"] for target in json.loads(bot(folder, "check", "--format", "json", *arguments).out)["targets"]]


def test_every_config_is_a_target(two: Path):
    assert shown(two) == ["fly.toml", "api/fly.toml"]


@pytest.mark.parametrize("name", ["api/fly.toml", "./api/fly.toml", "api/../api/fly.toml"])
def test_config_names_one(two: Path, name: str):
    assert shown(two, "--config", name) == ["api/fly.toml"]


def test_config_may_be_absolute_or_counted_from_the_current_folder(two: Path):
    assert shown(two, "--config", str(two / "api/fly.toml")) == ["api/fly.toml"]
    assert shown(two / "api", "..", "--config", "fly.toml") == ["fly.toml"]
    assert shown(two.parent, two.name, "--config", f"{two.name}/api/fly.toml") == ["api/fly.toml"]


def test_app_names_one(two: Path):
    assert shown(two, "--app", "other") == ["api/fly.toml"]


def test_process_names_one(tmp_path: Path):
    groups = "\n[processes]\n  web = 'uvicorn main:app --host 0.0.0.0 --port 8080'\n  work = 'python -m nowhere'\n"
    put(tmp_path, {**HEALTHY, "fly.toml": FLY + "  processes = ['web']\n" + groups})
    assert [bot(tmp_path, "check", "--process", name).code for name in ("web", "work")] == [0, 1]
    assert bot(tmp_path, "check").code == 1


@pytest.mark.parametrize("folder", [".", "", "./", "api/.."])
def test_from_the_root(tmp_path: Path, folder: str):
    put(
        tmp_path, {"api/fly.toml": FLY, "api/Dockerfile": DOCKERFILE, "requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN}
    )
    [target] = json.loads(bot(tmp_path, "check", "--format", "json", "--from", folder or ".").out)["targets"]
    assert (target["directory"], target["started_from"], target["reached"]) == ("", "--from says so", "ok")


@pytest.mark.parametrize("folder", ["api", "./api/", "api/../api"])
def test_from_a_folder(tmp_path: Path, folder: str):
    put(tmp_path, {**HEALTHY, "api/main.py": MAIN})
    [target] = json.loads(bot(tmp_path, "check", "--format", "json", "--from", folder).out)["targets"]
    assert (target["directory"], target["reached"]) == ("api", "build")


def test_select_and_ignore_say_which_repairs_are_considered(tmp_path: Path):
    put(tmp_path, TWICE)
    assert "repair: repair-toml" in bot(tmp_path, "check", "--select", "repair-toml").out
    assert "repair:" not in bot(tmp_path, "check", "--select", "move-fly-toml", "--select", "set-pythonpath").out
    assert "repair:" not in bot(tmp_path, "check", "--ignore", "repair-toml", "--ignore", "set-pythonpath").out


def test_ignore_takes_a_weakness_away(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")})
    assert "weakness unknown-key: `build.context` has no effect" in bot(tmp_path, "check").out
    assert "weakness" not in bot(tmp_path, "check", "--ignore", "drop-unknown-key").out


def test_a_file_that_git_ignores_makes_a_fault_likely(tmp_path: Path):
    files = {**HEALTHY, ".gitignore": "requirements.txt\n"}
    put(tmp_path, files)
    assert bot(tmp_path, "check").code == 0
    (tmp_path / ".git").mkdir()
    done = bot(tmp_path, "check", "--strict")
    assert done.code == 1
    assert "git ignores this file: it lies on this disk, and a deploy from a clone does not have it." in done.out


# --- how much is said


def test_quiet_says_nothing_about_a_target_without_faults(two: Path):
    assert bot(two, "check", "--quiet", "--config", "api/fly.toml") == (0, "", "")


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_quiet_shows_faults_alone(two: Path, flag: str):
    done = bot(two, "check", flag)
    assert "config-syntax" in done.out
    assert "assumed" not in done.out
    assert "api/fly.toml" not in done.out


def test_verbose_lists_everything_that_was_not_followed(tmp_path: Path):
    runs = "".join(f"RUN curl https://example.org/{number} | sh\n" for number in range(5))
    put(tmp_path, {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .\n", f"{runs}COPY . .\n").replace("-slim", "")})
    plain, verbose = bot(tmp_path, "check").out, bot(tmp_path, "check", "-v").out
    assert plain.count("not followed: ") == 3
    assert "more that were not followed (--verbose lists them)" in plain
    assert verbose.count("not followed: ") > 3
    assert verbose.count("--verbose") == 0


def test_verbose_says_why_a_fault_is_not_repaired(tmp_path: Path):
    put(tmp_path, GONE)
    assert "no repair by" not in bot(tmp_path, "check").out
    assert "no repair by set-pythonpath: " in bot(tmp_path, "check", "--verbose").out


def test_json_has_the_same_exit_code_and_nothing_else_on_standard_output(tmp_path: Path):
    done = bot(put(tmp_path, TWICE), "check", "--format", "json")
    document = json.loads(done.out)
    assert (done.code, done.err) == (1, "")
    assert (document["version"], document["root"]) == (1, ".")
    assert [fault["code"] for fault in document["targets"][0]["faults"]] == ["config-syntax"]


def test_json_is_ascii(tmp_path: Path):
    config = FLY.replace('"demo"', '"démo-\\u009b31m-\\u202e"')
    done = bot(put(tmp_path, {**HEALTHY, "fly.toml": config}), "check", "--format", "json")
    assert done.out.isascii()
    assert json.loads(done.out)["targets"][0]["app"] == "démo-\u009b31m-\u202e"


# --- colour


def test_no_colour_where_there_is_no_terminal(tmp_path: Path):
    assert ESCAPE not in bot(put(tmp_path, TWICE), "check", env=environment(TERM="xterm", FORCE_COLOR="1")).out


def test_colour_on_a_terminal(tmp_path: Path):
    assert f"{ESCAPE}[31m✗ config{ESCAPE}[0m" in on_terminal(put(tmp_path, TWICE), "check")


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_on_a_terminal_that_wants_none(tmp_path: Path, more: dict[str, str]):
    seen = on_terminal(put(tmp_path, TWICE), "check", **more)
    assert "✗ config" in seen
    assert ESCAPE not in seen


def test_control_characters_of_a_repository_never_reach_the_terminal(tmp_path: Path):
    config = FLY.replace('"demo"', '"de\\u001b[2Jmo"').replace("[build]", '[build]\n  "x\\u001b]0;title\\u0007" = 1')
    seen = on_terminal(put(tmp_path, {**HEALTHY, "fly.toml": config}), "check")
    assert "weakness" in seen
    assert f"{ESCAPE}[2J" not in seen
    assert f"{ESCAPE}]0" not in seen
    assert "\x07" not in seen


# --- where the repository begins


def test_a_folder_below_a_git_root_names_the_command_for_all_of_it(tmp_path: Path):
    repo = committed(tmp_path / "repo", {f"api/{path}": text for path, text in HEALTHY.items()})
    done = bot(repo / "api", "check")
    assert (done.code, done.err) == (0, f"this is a folder of a larger repository: `bot check {repo}` looks at all of it\n")
    assert bot(repo / "api", "check", "-q").err == ""
    assert bot(repo, "check").err == ""


def test_a_folder_below_a_git_root_without_a_target_names_it_too(tmp_path: Path):
    repo = committed(tmp_path / "repo", {**HEALTHY, "docs/index.md": ""})
    done = bot(repo / "docs", "check")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: no Fly.io config (fly.toml, fly.json, fly.yaml) and no render.yaml in ")
    assert done.err.endswith(f"`bot check {repo}` looks at all of it\n")


# --- settings


def with_settings(folder: Path, files: dict[str, str], settings: str, place: str) -> Path:
    text = settings if place == "deploymend.toml" else f"[project]\nname = 'x'\n\n[tool.deploymend]\n{settings}"
    return put(folder, {**files, place: text})


PLACES = pytest.mark.parametrize("place", ["deploymend.toml", "pyproject.toml"])


@PLACES
def test_strict_may_be_a_setting(tmp_path: Path, place: str):
    assert bot(with_settings(tmp_path, BARE, "strict = true\n", place), "check").code == 1


@PLACES
@pytest.mark.parametrize("settings", ["app = 'other'\n", "config = 'api/fly.toml'\n", "exclude = ['fly.toml']\n"])
def test_settings_say_what_is_looked_at(two: Path, settings: str, place: str):
    assert shown(with_settings(two, {}, settings, place)) == ["api/fly.toml"]


def test_an_excluded_folder_is_not_looked_at(two: Path):
    assert shown(with_settings(two, {}, "exclude = ['api/']\n", "deploymend.toml")) == ["fly.toml"]


def test_from_and_process_may_be_settings(tmp_path: Path):
    groups = "\n[processes]\n  web = 'uvicorn main:app --host 0.0.0.0 --port 8080'\n  work = 'python -m nowhere'\n"
    files = {"api/fly.toml": FLY + "  processes = ['web']\n" + groups, "api/Dockerfile": DOCKERFILE, "main.py": MAIN}
    files["requirements.txt"] = "fastapi\nuvicorn\n"
    with_settings(tmp_path, files, "from = '.'\nprocess = 'web'\n", "deploymend.toml")
    assert bot(tmp_path, "check").code == 0
    assert bot(tmp_path, "check", "--process", "work").code == 1
    assert bot(tmp_path, "check", "--from", "api").code == 1


def test_codemods_may_be_selected_and_ignored_by_settings(tmp_path: Path):
    with_settings(tmp_path, TWICE, "ignore = ['repair-toml']\n", "deploymend.toml")
    assert "repair:" not in bot(tmp_path, "check").out
    assert "repair:" not in bot(tmp_path, "check", "--ignore", "set-pythonpath").out
    with_settings(tmp_path, TWICE, "select = ['set-pythonpath']\n", "deploymend.toml")
    assert "repair:" not in bot(tmp_path, "check").out
    assert "repair: repair-toml" in bot(tmp_path, "check", "--select", "repair-toml").out


def test_the_command_line_goes_before_the_settings(two: Path):
    with_settings(two, {}, "app = 'other'\n", "deploymend.toml")
    assert shown(two, "--app", "demo") == ["fly.toml"]


def test_a_file_of_our_own_goes_before_pyproject(two: Path):
    put(two, {"deploymend.toml": "app = 'demo'\n", "pyproject.toml": "[tool.deploymend]\napp = 'other'\n"})
    assert shown(two) == ["fly.toml"]


def test_a_pyproject_without_our_section_is_no_matter(two: Path):
    put(two, {"pyproject.toml": "[tool.other]\nname = 'deploymend'\nstrict = 1\n"})
    assert shown(two) == ["fly.toml", "api/fly.toml"]
    assert contents(two)["pyproject.toml"].startswith(b"[tool.other]")
