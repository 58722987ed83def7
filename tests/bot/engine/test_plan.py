from __future__ import annotations

from bot.engine.codemod import Proposal, Skip
from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.bot.engine.edits import names, reached, rejected, replaces, with_edits
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, planned, result, text, tree

GROUPS = text("""
    app = "demo"

    [processes]
      web = "uvicorn main:app --host 0.0.0.0 --port 8080"
      worker = "python -m worker"

    [http_service]
      internal_port = 8080
      processes = ["web"]
""")
BROKEN = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "src.main:app")}


def below(folder: str, files: dict[str, str], app: str) -> dict[str, str]:
    return {f"{folder}/{path}": content.replace('"demo"', f'"{app}"') for path, content in files.items()}


# --- to the end


def test_a_plan_goes_on_until_the_deploy_reaches_the_end():
    files = {
        "backend/fly.toml": FLY.replace("[http", "[build]\n  ignorefile = 'x'\n\n[http").replace('"Docker', '"backend/Docker'),
        "backend/Dockerfile": DOCKERFILE.replace("COPY req", "COPY backend/req").replace("main:app", "src.main:app"),
        "backend/requirements.txt": "fastapi\nuvicorn\n",
        "backend/main.py": MAIN,
    }
    made = planned(files)
    assert reached(made) == ["ok"]
    assert [report.reached for report in made.before] == ["config"]
    assert names(made) == ["repair-toml", "move-fly-toml", "fix-entrypoint"]
    assert [step.target for step in made.steps] == ["backend/fly.toml"] * 3
    assert not planned(result(made, files)).steps


def test_a_step_says_what_it_repairs():
    [step] = planned(BROKEN).steps
    assert (step.finding.code, step.codemod, step.safety, step.target) == (
        "entry-not-found",
        "fix-entrypoint",
        "safe",
        "fly.toml",
    )
    assert [finding.code for finding in step.repaired] == ["entry-not-found"]
    assert step.rationale


def test_a_fault_that_nothing_answers_stays_and_the_others_are_repaired():
    two = "\n[[services]]\n  internal_port = 9000\n"  # which of the two is meant nobody knows
    made = planned({**BROKEN, "fly.toml": FLY.replace("8080", "8000") + two})
    assert names(made) == ["fix-entrypoint"]
    assert reached(made) == ["port"]


def test_of_two_repairs_that_help_the_smaller_one_is_made():
    short = replaces("Dockerfile", "src.main", "main")
    long = replaces("Dockerfile", "src.main", "main", **{"main.py": "# more\n" + MAIN})
    assert names(with_edits(BROKEN, long=long, short=short)) == ["short"]
    assert names(with_edits(BROKEN, first=short, second=short)) == ["first"]


def test_of_two_repairs_the_one_that_gets_further_is_made():
    files = {**BROKEN, "fly.toml": FLY.replace("8080", "8000")}
    near = replaces("Dockerfile", "src.main", "main")
    further = replaces("Dockerfile", "src.main", "main", **{"fly.toml": FLY})
    assert names(with_edits(files, near=near, further=further)) == ["further"]


def test_a_repair_of_last_resort_is_made_where_no_other_helps():
    short = replaces("Dockerfile", "src.main", "main")
    long = replaces("Dockerfile", "src.main", "main", **{"main.py": "# more\n" + MAIN})
    useless = replaces("Dockerfile", "src.main", "other")
    assert names(with_edits(BROKEN, last_resort=short, usual=long)) == ["usual"]
    assert names(with_edits(BROKEN, last_resort=short, usual=useless)) == ["last_resort"]


def test_a_repair_may_take_two_edits():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("CMD", "COPY one.txt .\nCMD")}
    first = replaces("Dockerfile", "one.txt", "two.txt")
    second = replaces("Dockerfile", "two.txt", "main.py")
    made = with_edits(files, first=first, second=second)
    assert names(made) == ["first", "second"]
    assert reached(made) == ["ok"]


# --- what is not made


def test_an_edit_that_changes_nothing_about_the_fault_is_not_made():
    made = with_edits(BROKEN, idle=replaces("main.py", "app = ", "app  = "))
    assert rejected(made) == ["the same fault would remain"]


def test_an_edit_after_which_the_same_line_fails_alike_is_not_made():
    made = with_edits(BROKEN, other=replaces("Dockerfile", "src.main", "lib.main"))
    assert rejected(made) == ["it would stop at: ModuleNotFoundError: No module named 'lib'"]


def test_an_edit_that_fails_earlier_is_not_made():
    made = with_edits(BROKEN, worse=lambda tree: Proposal(tree.write("Dockerfile", "FROM python:3.11\nCOPY x .\n"), ""))
    [reason] = rejected(made)
    assert reason.endswith('"/x": not found')


def test_an_edit_that_leads_where_nothing_can_be_followed_is_not_made():
    made = with_edits(BROKEN, hidden=replaces("Dockerfile", '"uvicorn", "src.main:app"', '"nonesuch"'))
    assert rejected(made) == ["the deploy could not be followed any more"]


def test_an_edit_that_takes_the_target_away_is_not_made():
    made = with_edits(BROKEN, gone=lambda tree: Proposal(tree.move("fly.toml", "notes.txt"), ""))
    assert rejected(made) == ["the target would be gone"]


def test_an_edit_that_breaks_another_process_is_not_made():
    files = {**HEALTHY, "fly.toml": GROUPS.replace("main:app", "src.main:app"), "worker.py": ""}
    good = replaces("fly.toml", "src.main", "main")
    bad = replaces("fly.toml", "src.main", "main", **{"worker.py": "from main import nothing\n"})
    assert names(with_edits(files, bad=bad, good=good)) == ["good"]
    [reason] = rejected(with_edits(files, bad=bad))
    assert reason.startswith("it would stop at: ImportError: cannot import name 'nothing'")


def test_a_reason_to_skip_is_told():
    made = with_edits(BROKEN, shy=lambda _: Skip("two could be meant"))
    assert rejected(made) == ["two could be meant"]


# --- what is allowed

TWICE = {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = 'x'\n  A = 'y'\n"}


def test_a_judgement_call_is_a_suggestion_until_it_is_allowed():
    made = planned(TWICE)
    assert not made.steps
    assert {dropped.codemod for dropped in made.dropped if dropped.suggestion} == {"repair-toml"}
    assert [(step.codemod, step.safety) for step in planned(TWICE, unsafe=True).steps] == [("repair-toml", "unsafe")]


def test_a_likely_fault_is_repaired_only_where_that_is_allowed():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("CMD", "RUN invoke all\nCMD").replace("main:app", "src.main:app")}
    assert not planned(files).steps
    assert names(planned(files, unsafe=True)) == ["fix-entrypoint"]


def test_a_codemod_that_is_not_selected_or_ignored_is_not_used():
    def made(**more) -> list[str]:
        return names(plan(tree(BROKEN), Shelf(), Options(), Allowed(**more)))

    assert made() == ["fix-entrypoint"]
    assert made(select=("fix-entrypoint",)) == ["fix-entrypoint"]
    assert made(select=("repair-toml",)) == []
    assert made(ignore=("fix-entrypoint",)) == []
    assert made(select=("fix-entrypoint",), ignore=("fix-entrypoint",)) == []


def test_the_options_say_which_targets_are_repaired():
    files = {**below("a", BROKEN, "a"), **below("b", BROKEN, "b")}
    assert [step.target for step in planned(files).steps] == ["a/fly.toml", "b/fly.toml"]
    assert [step.target for step in planned(files, options=Options(app="b")).steps] == ["b/fly.toml"]
    assert [step.target for step in planned(files, options=Options(config="a/fly.toml")).steps] == ["a/fly.toml"]
