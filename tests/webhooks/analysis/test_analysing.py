"""What becomes of a commit: a repair for each cause and target, or the honest reason for none."""

from __future__ import annotations

import pytest

from bot.report.markdown import LIMIT, length
from tests.bot.report.rendering import check_harmless, codes, running
from tests.tools import DOCKERFILE, FLY, HEALTHY, Dictionary
from tests.webhooks.analysis import stories
from tests.webhooks.analysis.stories import analysis, of
from webhooks.analysis import Analysis, Repair, model

BROKEN = {**HEALTHY, "main.py": "from nowhere import thing\n" + HEALTHY["main.py"], "nowhere2/__init__.py": ""}
CASED = {**HEALTHY, "fly.toml": FLY.replace('"Dockerfile"', '"dockerfile"')}  # a certain fault with a safe repair
ERROR = "Error: failed to fetch an image or build from source: dockerfile '/home/me/dockerfile' not found"
LINKS = (stories.TOLD.failed_url,)


def only(made: Analysis) -> Repair:
    assert made.trouble is None
    [repair] = made.repairs
    return repair


@pytest.mark.parametrize("story", stories.SHOWN)
def test_the_words_of_a_story(story: str):
    assert stories.document(story) == stories.body_of(story).read_text()


@pytest.mark.parametrize("story", stories.SHOWN)
def test_a_body_renders_as_it_is_meant(story: str):
    body = only(analysis(story)).body
    check_harmless(body, LINKS)
    headings = [line for line in body.splitlines() if line.startswith("## ")]
    assert headings[:3] == ["## What failed", "## Why", "## What changes"]
    assert any(code.startswith("flowchart LR\n") for code in codes(body))
    assert length(body) < LIMIT


def test_a_repair_holds_what_its_commit_needs():
    repair = only(analysis("docflow/c"))
    assert [(change.path, change.old, change.workflow) for change in repair.changes] == [
        (".github/workflows/deploy.yml", ".github/workflows/deploy.yml", True),
        ("fly.toml", "backend/fly.toml", False),
    ]
    workflow, config = repair.changes
    assert (workflow.added, workflow.removed) == (0, 1)
    assert workflow.patch.startswith("diff --git a/.github/workflows/deploy.yml b/.github/workflows/deploy.yml\n")
    assert b'dockerfile = "backend/Dockerfile"' in config.content
    assert config.patch == ""
    assert (repair.target, repair.app, repair.platform) == ("backend/fly.toml", "docflow-admin-api", "fly")
    assert (repair.level, repair.meant, repair.complete) == ("certain", True, True)
    first = repair.findings[0]
    assert (first.path, first.line, first.level) == ("backend/Dockerfile", 6, "failure")


def test_an_outcome_survives_the_way_to_its_reader():
    for made in (analysis("docflow/c"), of(Dictionary({})), Analysis(wanted=("a\udc80",)), Analysis(trouble="x")):
        assert model.load(model.dump(made)) == made


def test_what_is_likely_needs_leave_or_a_log():
    assert not analysis("geneweb/b", log=False, unsafe=False).repairs
    assert "`unsafe = true`" in analysis("geneweb/b", log=False, unsafe=False).summary
    assert only(analysis("geneweb/b", log=False)).level == "likely"


def test_the_repository_may_give_leave():
    files = {**CASED, "deploymend.toml": 'ignore = ["fix-path-case", "fix-dockerfile-path"]\n'}
    assert not of(Dictionary(files)).repairs
    source = stories.Folder(str(stories.REPOS / "geneweb/b/before"), in_git=False)

    class WithSettings(Dictionary):
        def entries(self, folder: str):
            return {**source.entries(folder), **super().entries(folder)}

        def read(self, path: str) -> bytes:
            return super().read(path) if path in self.files else source.read(path)

        def size(self, path: str) -> int:
            return super().size(path) if path in self.files else source.size(path)

    assert of(WithSettings({"deploymend.toml": "unsafe = true\n"})).repairs


def test_safe_edits_come_before_judgement_calls():
    repair = only(analysis("docflow/d", unsafe=True))
    assert [change.path for change in repair.changes] == ["fly.toml"]
    assert repair == only(analysis("docflow/d", unsafe=False))


# --- the name of the cause


def test_a_cause_keeps_its_name_while_its_base_moves():
    first = only(of(Dictionary(CASED))).fingerprint
    assert len(first) == 12
    assert int(first, 16) >= 0
    moved = {**CASED, "fly.toml": "# a comment\n\n" + CASED["fly.toml"], "other.py": "x = 1\n"}
    assert only(of(Dictionary(moved))).fingerprint == first
    assert only(of(Dictionary(CASED), ERROR)).fingerprint == first


def test_other_causes_and_targets_have_other_names():
    other = {**HEALTHY, "fly.toml": FLY.replace('"Dockerfile"', '"DOCKERFILE"')}
    moved = {**{f"api/{path}": text for path, text in CASED.items()}}
    names = [only(of(Dictionary(files))).fingerprint for files in (CASED, other, moved)]
    assert len(set(names)) == 3


# --- several targets


def two(second: str) -> Dictionary:
    return Dictionary({**CASED, "fly.staging.toml": second})


def test_two_targets_with_the_same_repair_are_one():
    files = {f"{folder}/{path}": text for folder in ("a", "b") for path, text in CASED.items()}
    assert [repair.target for repair in of(Dictionary(files)).repairs] == ["a/fly.toml", "b/fly.toml"]
    shared = {
        **HEALTHY,
        "fly.staging.toml": FLY.replace("demo", "staging"),
        "Dockerfile": DOCKERFILE.replace("main:app", "Main:app"),
    }
    assert len(of(Dictionary(shared)).repairs) <= 1


def test_the_target_of_the_log_comes_first():
    files = {f"{folder}/{path}": text for folder in ("a", "b") for path, text in CASED.items()}
    files["b/fly.toml"] = files["b/fly.toml"].replace("demo", "other")
    log = f"2025-11-18T09:12:41Z app[2866d95c104e38] arn [info]image: registry.fly.io/other:deployment-1\n{ERROR}\n"
    made = of(Dictionary(files), log)
    assert [(repair.app, repair.meant) for repair in made.repairs] == [("other", True), ("demo", True)]


def test_a_repair_that_would_break_another_target_is_not_made():
    shared = {**HEALTHY, "fly.worker.toml": FLY.replace("demo", "worker").replace("8080", "9090")}
    made = of(Dictionary(shared))
    for repair in made.repairs:
        assert "Dockerfile" not in [change.path for change in repair.changes]


# --- no repair


def test_a_deploy_that_reaches_its_end_is_said():
    made = of(Dictionary(HEALTHY))
    assert not made.repairs
    assert "reaches its end" in made.summary
    assert "No log was to be had" in made.summary


def test_no_target_is_said():
    assert "There is no Fly.io config" in of(Dictionary({"README.md": "x"})).summary


def test_what_only_a_person_can_do_is_told_from_the_log():
    log = "Error: failed to create release (status 403): unauthorized\nERROR: Error: No access token available. Please login with 'flyctl auth login'\n"
    made = of(Dictionary(HEALTHY), log)
    assert not made.repairs
    assert made.manual
    assert "## To do by hand" in made.summary
    check_harmless(made.summary)


def test_why_a_fault_is_not_repaired_is_told():
    made = of(Dictionary(BROKEN))
    assert not made.repairs
    assert "ModuleNotFoundError: No module named 'nowhere'" in made.summary
    assert "## Why nothing is changed" in made.summary
    assert [(each.path, each.line, each.level) for each in made.findings] == [("main.py", 1, "failure")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("unsafe = 1\n", "is true or false"),
        ("[x\n", "deploymend.toml:1"),
        ('ignore = ["no-such"]\n', "`no-such`"),
        ('config = "@octocat.toml"\n', "`@octocat.toml`"),
        ('from = "nowhere"\n', "`nowhere`"),
    ],
)
def test_settings_that_can_not_be_used_are_said(text: str, says: str):
    made = of(Dictionary({**CASED, "deploymend.toml": text}))
    assert made.trouble is None
    assert not made.repairs
    assert says in made.summary
    check_harmless(made.summary)


def test_a_config_that_can_not_be_read_is_said():
    made = of(Dictionary({**CASED, "fly.toml": b"\xff\xfe"}))
    assert made.trouble is None
    assert "`fly.toml`" in made.summary


# --- hostile repositories and logs

NAME = "`@octocat` #1 <img src=x> $x$ ![a](b) <!-- deploymend -->"


def test_a_hostile_repository_and_log_stay_text():
    app = "de'mo\\\" @octocat"
    files = {
        "fly.toml": f'app = "{NAME}"\n[build]\n  dockerfile = "dockerfile"\n[processes]\n  "{NAME}" = "uvicorn {NAME}:app"\n'
        f'[http_service]\n  internal_port = 8080\n  processes = ["{NAME}"]\n',
        "Dockerfile": DOCKERFILE + f"# {NAME}\n",
        "requirements.txt": "fastapi\nuvicorn\n",
        "main.py": HEALTHY["main.py"],
    }
    log = f"{ERROR}\n```\n</details>\n{NAME}\n## How sure this is\n~~~\n{app}\n"
    for text in (log, ""):
        for unsafe in (False, True):
            made = of(Dictionary(files), text, unsafe)
            assert made.trouble is None
            for repair in made.repairs:
                check_harmless(repair.body, LINKS)
                assert "@octocat" not in repair.title + repair.commit_message
            if made.summary:
                check_harmless(made.summary)


def test_a_log_full_of_fences_can_not_leave_its_own():
    log = "\n".join(["`" * count + " @octocat" for count in range(1, 60)]) + f"\n{ERROR}\n" + "`" * 200 + "\n@octocat\n"
    repair = only(of(Dictionary(CASED), log))
    check_harmless(repair.body, LINKS)
    assert running(repair.body).count("See it for yourself") == 1


def test_secrets_in_a_log_are_in_no_words():
    log = f"DATABASE_URL=postgres://u:hunter2hunter2@db/x\nAuthorization: Bearer abcdefgh12345678\n{ERROR}\n"
    repair = only(of(Dictionary(CASED), log))
    words = model.dump(Analysis((repair,)))
    assert b"hunter2" not in words
    assert b"abcdefgh12345678" not in words


def test_a_huge_log_and_many_files_fit():
    line = "x" * 5000
    log = "\n".join([line] * 2000 + [ERROR] + [line] * 2000)
    repair = only(of(Dictionary(CASED), log))
    assert length(repair.body) < LIMIT - 1000
    assert "## See it for yourself" in repair.body
