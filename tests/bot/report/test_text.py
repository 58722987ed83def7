"""What people read: each target with its stages, and each fault with its line, its reason and its repair."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.model import diff
from bot.engine.model.findings import STAGES
from bot.engine.model.tree import Change
from bot.engine.plan import Allowed, plan, weaknesses
from bot.engine.report import Report
from bot.engine.simulate import Options, simulate
from bot.report import text
from bot.report.repairs import Repairs
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, Files, tree

TWICE = {**HEALTHY, "fly.toml": FLY + FLY}
GONE = {**HEALTHY, "main.py": MAIN + "import helpers.gone\n", "helpers/__init__.py": ""}
CHOICE = {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = '1'\n  A = '2'\n"}
BARE = {**HEALTHY, "fly.toml": 'app = "demo"\n'}
CONTEXT = {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Shown(NamedTuple):
    """What is printed, and the reports that it is about."""

    reports: tuple[Report, ...]
    text: str


def check(files: Files, colour: bool = False, quiet: bool = False, verbose: bool = False) -> Shown:
    made, shelf = tree(files), Shelf()
    reports = tuple(weaknesses(simulate(made), made, shelf, Allowed()))
    repairs = Repairs(plan(made, shelf, Options(), Allowed(True, shelf.names())))
    return Shown(reports, text.check(reports, made, repairs, colour, quiet, verbose))


def checked(files: Files, colour: bool = False, quiet: bool = False, verbose: bool = False) -> str:
    return check(files, colour, quiet, verbose).text


def fixed(files: Files, allowed: Allowed = Allowed(), colour: bool = False, quiet: bool = False, verbose: bool = False) -> str:
    made = plan(tree(files), Shelf(), Options(), allowed)
    return text.fix(made, made.tree.changes(), colour, quiet, verbose, written=True)


def stages(shown: str) -> dict[str, str]:
    """Return the mark of each stage."""
    [line] = [line for line in shown.splitlines() if re.match("  . config  ", line)]
    return {part[2:]: part[0] for part in line.strip().split("  ")}


# --- check


def test_a_target_begins_with_its_app_its_config_and_its_start():
    [report], shown = check(HEALTHY)
    assert shown.splitlines()[:2] == ["demo  fly · fly.toml", f"  deployed from the repository's root: {report.start.why}"]
    assert shown.endswith("\n\n1 target: nothing found that stops the deploy")


def test_a_start_that_is_written_somewhere_names_the_place():
    shown = checked({**{f"api/{path}": data for path, data in HEALTHY.items()}, "deploy.sh": "cd api\nfly deploy\n"})
    assert re.search(r"^  deployed from `api/`: .* \(deploy\.sh:2\)$", shown, re.M)


def test_a_config_without_an_app_says_so():
    assert checked({**HEALTHY, "fly.toml": FLY.replace('app = "demo"', "")}).startswith("(no app name)  fly · fly.toml\n")


@pytest.mark.parametrize(
    ("files", "marks"),
    [
        (HEALTHY, "✓✓-✓✓-"),
        (TWICE, "✗✓-✓✓-"),
        ({**HEALTHY, "Dockerfile": DOCKERFILE.replace("requirements.txt .", "gone.txt .")}, "✓✗-✓✓-"),
        ({**HEALTHY, "fly.toml": FLY + "[deploy]\n  release_command = 'python main.py'\n"}, "✓✓✓✓✓-"),
        (GONE, "✓✓-✗✓-"),
        (BARE, "✓✓-✓?-"),
        ({**HEALTHY, "fly.toml": FLY.replace("8080", "3000")}, "✓✓-✓✗-"),
        ({**HEALTHY, "fly.toml": FLY + "  [[http_service.checks]]\n    path = '/gone'\n"}, "✓✓-✓✓✗"),
        ({**HEALTHY, "fly.toml": FLY + "  [[http_service.checks]]\n    path = '/docs'\n"}, "✓✓-✓✓✓"),
        ({**HEALTHY, "Dockerfile": "FROM golang:1.22\nCMD ['/srv']\n"}, "✓✓----"),
    ],
)
def test_each_stage_has_its_mark(files: Files, marks: str):
    assert stages(checked(files)) == dict(zip(STAGES, marks, strict=True))


def test_a_fault_is_shown_with_its_line_its_reason_and_its_repair():
    [report], shown = check({**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY Main.py .")})
    [fault] = [fault for fault in report.faults if fault.stage == "build"]
    assert shown.splitlines()[3:13] == [
        "",
        "  copy-source-missing (certain, build)",
        f"    {fault.message}",
        "    --> Dockerfile:5:6",
        "      4 | RUN pip install -r requirements.txt",
        "    > 5 | COPY Main.py .",
        '      6 | CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]',
        f"    {fault.reason}",
        "    repair: fix-path-case (safe): `bot fix`",
        "",
    ]


def test_a_process_is_named():
    assert "\n  module-not-found (certain, boot in process `app`)\n" in checked(GONE)


def test_imports_that_lead_to_a_fault_are_listed():
    shown = checked({**HEALTHY, "main.py": MAIN + "import a\n", "a.py": "import b\n", "b.py": "from a import gone\n"})
    assert "\n    imported by: main.py:4 → a.py:1 → b.py:1\n" in shown
    assert "imported by" not in checked(GONE)


@pytest.mark.parametrize(
    ("files", "command"),
    [(TWICE, "repair-toml (safe): `bot fix`"), (CHOICE, "repair-toml (unsafe): `bot fix --unsafe`")],
)
def test_a_repair_names_its_command(files: Files, command: str):
    assert f"\n    repair: {command}\n" in checked(files)


def test_what_nothing_repairs_says_why_when_it_is_asked():
    assert "repair" not in checked(GONE)
    assert re.search(r"^    no repair by set-pythonpath: .+$", checked(GONE, verbose=True), re.M)


def test_a_weakness_is_shown_with_its_place_and_its_command():
    [report], shown = check(CONTEXT)
    [weakness] = report.weaknesses
    assert f"\n  weakness unknown-key: {weakness.message} (fly.toml:4)\n    {weakness.reason}\n" in shown
    assert "\n    repair: drop-unknown-key: `bot fix --select drop-unknown-key`\n" in shown


def test_the_sum_counts_targets_faults_and_repairs():
    two = {**GONE, "other/fly.toml": "app = 1\n"}
    assert checked(GONE).endswith("\n1 target: 1 certain fault")
    assert checked(BARE).endswith("\n1 target: 1 likely fault; 1 can be repaired (`bot fix --unsafe --diff` shows how)")
    assert checked(TWICE).endswith("\n1 target: 1 certain fault; 1 can be repaired (`bot fix --diff` shows how)")
    assert re.search(r"\n2 targets: \d certain faults", checked(two))


def test_what_could_not_be_followed_is_no_fault_and_is_said():
    shown = checked({**HEALTHY, "Dockerfile": "FROM golang:1.22\nCMD ['/srv']\n"})
    assert re.search(r"^  not followed: .*golang.*\(Dockerfile:\d\)$", shown, re.M)
    assert shown.endswith("1 target: nothing found that stops the deploy, 1 of them could not be followed to the end")


def test_quiet_leaves_nothing_but_faults():
    assert checked(HEALTHY, quiet=True) == checked(CONTEXT, quiet=True) == ""
    shown = checked({**GONE, "fly.toml": CONTEXT["fly.toml"]}, quiet=True)
    assert "module-not-found" in shown
    assert not [word for word in ("✓", "weakness", "assumed") if word in shown]


# --- the lines at fault


@pytest.mark.parametrize("number", [1, 2, 9, 10, 99, 100, 999])
def test_line_numbers_stand_in_one_column(number: int):
    main = "#\n" * (number - 1) + "import helpers.gone\n" + "#\n" * 3
    lines = checked({**GONE, "main.py": main}).splitlines()
    first = lines.index(f"    --> main.py:{number}:1")
    frame = [line for line in lines[first + 1 : first + 4] if " | " in line]
    assert len(frame) == (2 if number == 1 else 3)
    assert len({line.index(" | ") for line in frame}) == 1
    assert [line[4] for line in frame if "helpers" in line] == [">"]


@pytest.mark.parametrize(
    "main", ["import helpers.gone", "import helpers.gone\n", "\r\nimport helpers.gone\r\n\r\n", "import helpers.gone\n\n\n"]
)
def test_the_ends_of_a_file_are_no_trouble(main: str):
    shown = checked({**GONE, "main.py": main})
    assert re.search(r"^    > \d \| import helpers\.gone$", shown, re.M)


def test_a_long_line_is_cut_and_tabs_are_four_wide():
    shown = checked({**GONE, "main.py": f"if True:\n\timport helpers.gone  # {'x' * 1000}\n"})
    [line] = [line for line in shown.splitlines() if line.startswith("    > 2 | ")]
    assert line.startswith("    > 2 |     import helpers.gone  # x")
    assert len(line) == len("    > 2 | ") + 160


def test_no_line_ends_in_spaces():
    for files in (HEALTHY, TWICE, GONE, CONTEXT, {**GONE, "main.py": "\n\nimport helpers.gone   \n"}):
        assert not re.search(r"[ \t]$", checked(files), re.M)


# --- fix


def test_a_fix_says_what_why_and_what_is_changed():
    made = plan(tree(TWICE), Shelf(), Options(), Allowed())
    [step] = made.steps
    assert fixed(TWICE).splitlines() == [
        "1. repair-toml repairs config-syntax at fly.toml:10",
        f"   {step.finding.message}",
        f"   {step.rationale}",
        "",
        "changed fly.toml",
        "The simulated deploy reaches its end.",
    ]


def test_a_fix_that_is_not_written_says_what_it_would_do():
    made = plan(tree(TWICE), Shelf(), Options(), Allowed())
    assert "\nwould change fly.toml\n" in text.fix(made, made.tree.changes(), False, False, False, written=False)


def test_moved_and_new_files_are_told():
    made = plan(tree(TWICE), Shelf(), Options(), Allowed())
    changes = [Change("fly.toml", "api/fly.toml", b"", b"", False), Change("new", None, b"", b"", False)]
    shown = text.fix(made, changes, False, False, False, written=True)
    assert "\nchanged fly.toml (was api/fly.toml)\nchanged new (new)\n" in shown


def test_what_is_left_is_told_with_its_reason():
    made = plan(tree(GONE), Shelf(), Options(), Allowed())
    [fault] = made.after[0].faults
    assert fixed(GONE).splitlines() == [
        "Nothing was changed.",
        f"left (certain): {fault.message} (main.py:4)",
        f"   {fault.reason}",
    ]


def test_of_several_targets_the_one_is_named():
    assert "\nleft (certain): fly.toml: ModuleNotFoundError" in fixed({**GONE, "api/fly.toml": FLY})


def test_a_judgement_call_is_suggested():
    assert "\nsuggested with --unsafe: repair-toml: " in fixed(CHOICE)
    assert "suggested" not in fixed(CHOICE, Allowed(unsafe=True))


# --- what a terminal would obey

ATTACK = "\x1b[2J\x1b]0;title\x07\x9b31m\x08\r\u202e\u2066\u200b\ue000\x00"


def obeyed(shown: str) -> list[str]:
    """Return what is left that a terminal would obey, colours of our own aside."""
    return [character for character in COLOURS.sub("", shown) if not character.isprintable() and character != "\n"]


def escaped(value: str) -> str:
    """Return text as it is written in a basic string of TOML."""
    return "".join(f"\\U{ord(character):08x}" for character in value)


ATTACKS: dict[str, Files] = {
    "app": {**HEALTHY, "fly.toml": FLY.replace("demo", escaped(ATTACK))},
    "key": {**HEALTHY, "fly.toml": FLY.replace("[build]", f'[build]\n  "{escaped(ATTACK)}" = 1')},
    "process": {**HEALTHY, "fly.toml": FLY + f'[processes]\n  "{escaped(ATTACK)}" = "cd /app && uvicorn main:app"\n'},
    "command": {**HEALTHY, "fly.toml": FLY + f'[processes]\n  app = "{escaped(ATTACK)} && x"\n'},
    "release": {**HEALTHY, "fly.toml": FLY + f'[deploy]\n  release_command = "{escaped(ATTACK)}"\n'},
    "path": {**HEALTHY, "fly.toml": FLY + f'  [[http_service.checks]]\n    path = "/{escaped(ATTACK)}"\n'},
    "dockerfile": {**HEALTHY, "fly.toml": FLY.replace('"Dockerfile"', f'"{escaped(ATTACK)}"')},
    "copy": {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", f"COPY {ATTACK} .")},
    "image": {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", f"x{ATTACK}")},
    "instruction": {**HEALTHY, "Dockerfile": DOCKERFILE + f"{ATTACK} a\n"},
    "run": {**HEALTHY, "Dockerfile": DOCKERFILE.replace("RUN pip", f"RUN {ATTACK} | sh\nRUN pip")},
    "comment": {**GONE, "main.py": f"import helpers.gone  # {ATTACK}"},
    "import": {**HEALTHY, "main.py": MAIN + f"import helpers.gone  # {ATTACK}\n#{ATTACK}\n{ATTACK}"},
    "requirement": {**HEALTHY, "requirements.txt": f"fastapi\nuvicorn\n-r {ATTACK}.txt\n"},
    "folder": {f"{ATTACK}/{path}".replace("\x00", ""): data for path, data in {**GONE, "fly.toml": FLY + FLY}.items()},
    "workflow": {**HEALTHY, "deploy.sh": f"cd {ATTACK} && fly deploy\n"},
}


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "plain"])
@pytest.mark.parametrize("files", ATTACKS.values(), ids=ATTACKS)
def test_a_repository_commands_no_terminal(files: Files, colour: bool):
    made = plan(tree(files), Shelf(), Options(), Allowed(unsafe=True))
    assert obeyed(checked(files, colour, verbose=True)) == []
    assert obeyed(fixed(files, Allowed(unsafe=True), colour, verbose=True)) == []
    assert obeyed(text.patch(diff.unified(made.tree))) == []


def test_a_repository_brings_no_colour_of_its_own():
    files = {**GONE, "main.py": "import helpers.gone  # \x1b[31mred\n"}
    assert "\x1b" not in checked(files)
    assert "\ufffd[31mred" in checked(files, colour=True)
    assert "\x1b[31mred" not in checked(files, colour=True)


@given(st.text())
def test_clean_text_is_one_line_that_no_terminal_obeys(value: str):
    cleaned = text.clean(value)
    assert len(cleaned) == len(value)
    assert obeyed(cleaned) == []
    assert "\n" not in cleaned
    assert text.clean(cleaned) == cleaned
    assert not value.isprintable() or cleaned == value


@given(st.text())
def test_a_styled_part_is_clean_within_its_own_colours(value: str):
    for colour in (True, False):
        page = text.Page(colour)
        page.line(value, page.style(value, "red", "bold"), value)
        assert obeyed(str(page)) == []
        assert str(page).count("\x1b") == 2 * colour
        assert "\n" not in str(page)


# --- colours


def test_colours_change_nothing_but_colours():
    for files in (HEALTHY, TWICE, GONE, BARE, CONTEXT, CHOICE):
        shown = checked(files, colour=True)
        assert "\x1b[" in shown
        assert [line.rstrip() for line in COLOURS.sub("", shown).splitlines()] == checked(files).splitlines()
        assert COLOURS.sub("", fixed(files, colour=True)) == fixed(files)


def test_every_colour_is_taken_back():
    for files in (TWICE, GONE, CONTEXT):
        for line in checked(files, colour=True).splitlines():
            codes = COLOURS.findall(line)
            assert codes[1::2] == ["\x1b[0m"] * (len(codes) // 2)
            assert len(codes) % 2 == 0
