"""What becomes of a commit: a repair for each cause and target, or the honest reason for none."""

from __future__ import annotations

import pytest

from bot.report import pull_request as words
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
    assert config.patch.startswith("diff --git a/backend/fly.toml b/fly.toml\n")
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


def test_the_name_of_a_cause_holds_no_line_numbers():
    root = stories.REPOS / "docflow/a/before"
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    first = only(of(Dictionary(files)))
    config = files["backend/fly.toml"].replace(b"\napp = ", b"\n\n\napp = ")
    moved = only(of(Dictionary({**files, "backend/fly.toml": config})))
    assert "row 34 " in first.findings[0].message
    assert "row 34 " not in moved.findings[0].message
    assert moved.fingerprint == first.fingerprint


def test_a_cause_keeps_its_name_whatever_the_log_shows_of_it():
    source = stories.Folder(str(stories.REPOS / "docflow/c/before"), in_git=False)
    names = ("", "/shared_core", "/backend")
    front = (
        "Error: failed to fetch an image or build from source: error building: failed to solve: failed to compute cache key: "
    )
    logs = [name and f'{front}failed to calculate checksum of ref 1: "{name}": not found' for name in names]
    made = [only(of(source, log)) for log in logs]
    assert len({repair.body for repair in made}) == 3
    assert len({repair.fingerprint for repair in made}) == 1


def test_other_causes_and_targets_have_other_names():
    other = {**HEALTHY, "fly.toml": FLY.replace('"Dockerfile"', '"DOCKERFILE"')}
    moved = {**{f"api/{path}": text for path, text in CASED.items()}}
    names = [only(of(Dictionary(files))).fingerprint for files in (CASED, other, moved)]
    assert len(set(names)) == 3


# --- several targets


def test_two_targets_with_the_same_repair_are_one():
    shared = {
        **HEALTHY,
        "fly.staging.toml": FLY.replace("demo", "staging"),
        "Dockerfile": DOCKERFILE.replace("COPY requirements.txt", "COPY Requirements.txt"),
    }
    repair = only(of(Dictionary(shared)))
    assert (repair.target, [change.path for change in repair.changes]) == ("fly.toml", ["Dockerfile"])
    apart = {f"{folder}/{path}": text for folder in ("a", "b") for path, text in CASED.items()}
    assert [each.target for each in of(Dictionary(apart)).repairs] == ["a/fly.toml", "b/fly.toml"]


def test_the_target_of_the_log_comes_first():
    files = {f"{folder}/{path}": text for folder in ("a", "b") for path, text in CASED.items()}
    files["b/fly.toml"] = files["b/fly.toml"].replace("demo", "other")
    log = f"2025-11-18T09:12:41Z app[2866d95c104e38] arn [info]image: registry.fly.io/other:deployment-1\n{ERROR}\n"
    made = of(Dictionary(files), log)
    assert [(repair.app, repair.meant) for repair in made.repairs] == [("other", True), ("demo", False)]
    made = of(Dictionary({**files, "b/fly.toml": FLY.replace("demo", "other")}), log)
    assert [(repair.app, repair.meant) for repair in made.repairs] == [("demo", False)]
    assert "`b/fly.toml`" in made.summary


def test_a_repair_that_would_break_another_target_is_not_made():
    grouped = FLY.replace("internal_port = 8080", 'internal_port = 8080\n  processes = ["app"]')
    shared = {
        **HEALTHY,
        "fly.toml": grouped + '\n[processes]\n  app = "uvicorn main:app --host 0.0.0.0 --port 8080"\n',
        "fly.staging.toml": FLY.replace("demo", "staging"),
        "Dockerfile": DOCKERFILE.replace("main:app", "Main:app"),
    }
    alone = {path: text for path, text in shared.items() if path != "fly.toml"}
    assert [change.path for change in only(of(Dictionary(alone))).changes] == ["Main.py"]
    made = of(Dictionary(shared))
    assert not made.repairs
    assert "`fix-entrypoint`: Dockerfile also builds fly.toml, which has no such fault" in made.summary


# --- no repair


def test_a_deploy_that_reaches_its_end_is_said():
    made = of(Dictionary(HEALTHY))
    assert not made.repairs
    assert "reaches its end" in made.summary
    assert "No log was to be had" in made.summary


def test_no_target_is_said():
    assert "There is no Fly.io config" in of(Dictionary({"README.md": "x"})).summary


def test_what_only_a_person_can_do_is_told_from_the_log():
    log = "Error: No access token available. Please login with 'flyctl auth login'\n"
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
        ('app = "other"\n', "`other`"),
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
    said = model.dump(Analysis((repair,)))
    assert b"hunter2" not in said
    assert b"abcdefgh12345678" not in said


def case_of(monkeypatch: pytest.MonkeyPatch) -> words.Case:
    """Return what the body of a repair is made of."""
    seen: list[words.Case] = []
    monkeypatch.setattr(words, "body", lambda case: seen.append(case) or "")
    only(of(Dictionary(CASED), ERROR))
    monkeypatch.undo()
    return seen[0]


def test_a_body_that_is_too_long_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch):
    case = case_of(monkeypatch)
    reason = "`x` " + "@octocat " * 100
    files = tuple(words.Edited(f"{n}" * 200, None, 1, 0, tuple(f"{n} {m} {reason}" for m in range(9))) for n in range(500))
    long = words.body(case._replace(files=files, excerpt=("```" + "x" * 400,) * 500))
    assert length(long) <= LIMIT - 2000
    check_harmless(long, LINKS)
    assert long.startswith("## What failed\n")
    assert "\n- and 460 more files\n" in long
    assert "## See it for yourself" in long
    room = length(words.body(case)) - 10
    short = words.body(case, room)
    assert length(short) <= room
    assert short.endswith("\n\n_There is more to say than a text on GitHub has room for: the rest was left out._\n")
    assert "## Why" in short
    assert "## How to undo it" not in short


def test_the_name_of_the_check_can_not_leave_its_link(monkeypatch: pytest.MonkeyPatch):
    case = case_of(monkeypatch)
    for url in (stories.TOLD.failed_url, "javascript:alert(1)", "https://x/>) <img src=x>"):
        check_harmless(words.body(case._replace(told=words.Told("a/b", "x" * 40, f"]({url}) {NAME}", url))), LINKS)


def test_a_huge_log_fits():
    line = "x" * 5000
    log = "\n".join([line] * 2000 + [ERROR] + [line] * 2000)
    repair = only(of(Dictionary(CASED), log))
    assert length(repair.body) < LIMIT - 1000
    assert "## See it for yourself" in repair.body
