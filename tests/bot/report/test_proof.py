"""What a proof says to people, and that nothing of a log gets out of its place."""

import pytest

from bot.engine.model.proof import Attempt, Proof
from bot.report import json
from bot.report import proof as shown

OK = Attempt("ok", "", "GET /health", 200, 1.2, build_seconds=9.0, left_out=("release",))
FAILED = Attempt("boot", "ModuleNotFoundError: No module named 'backend'", log="a\nb\nModuleNotFoundError")


def proof(before: Attempt, after: Attempt | None = None, **more: tuple[str, ...]) -> Proof:
    return Proof("fly", "demo", "fly.toml", "web", "podman", before, after, **more)


@pytest.mark.parametrize(
    ("attempt", "sentence"),
    [
        (OK, "GET /health → 200 in 1.2 s"),
        (FAILED, "boot failed: ModuleNotFoundError: No module named 'backend'"),
        (Attempt("health", "GET /health → 307 to /health/"), "health failed: GET /health → 307 to /health/"),
        (Attempt("ok", "it still runs after 15 s"), "it still runs after 15 s"),
        (Attempt("unsupported", "no such image"), "not verified: no such image"),
    ],
)
def test_an_attempt_is_one_sentence(attempt: Attempt, sentence: str):
    assert shown.sentence(attempt) == sentence


def test_text_shows_the_stages_of_both_attempts_and_what_was_not_as_on_the_platform():
    made = proof(FAILED, OK, repaired=("set-pythonpath",), stood_in=("API_KEY",), notes=("the app had the network",))
    assert shown.text([made], False, False, False) == (
        "demo  fly · fly.toml · process web · podman\n"
        "  ✓ config  ✓ build  ✓ release  ✗ boot  - port  - health\n"
        "  before: boot failed: ModuleNotFoundError: No module named 'backend'\n"
        "  ✓ config  ✓ build  - release  ✓ boot  ✓ port  ✓ health\n"
        "  after: GET /health → 200 in 1.2 s\n"
        "  repaired with set-pythonpath\n"
        "  made-up values stood in for: API_KEY\n"
        "  the app had the network"
    )


def test_what_was_written_as_json_is_read_again():
    proofs = [
        proof(FAILED, OK, repaired=("set-pythonpath",), given=("A",), stood_in=("B",), missing=("C",), notes=("a note",)),
        proof(OK),
    ]
    assert json.read_proofs(json.verify("x", "podman", proofs)) == proofs


def test_quiet_is_the_sentence_alone():
    assert shown.text([proof(FAILED)], False, True, False).splitlines()[1:] == [
        "  boot failed: ModuleNotFoundError: No module named 'backend'"
    ]


def test_the_end_of_a_long_log_is_shown_and_all_of_it_with_verbose():
    made = proof(FAILED._replace(log="\n".join(f"line {number}" for number in range(40))))
    assert shown.text([made], False, False, False).count("    | ") == 20
    assert shown.text([made], False, False, True).count("    | ") == 40


def test_no_control_character_of_a_log_reaches_a_terminal():
    made = proof(Attempt("boot", "a\x1b[2Jb", log="\x1b]0;owned\x07"))
    assert "\x1b" not in shown.text([made], False, False, True)


def test_markdown_is_before_and_after():
    assert shown.markdown([proof(FAILED, OK)]) == (
        "**demo** (fly.toml, built and booted with podman):\n\n"
        "- before: boot failed: `ModuleNotFoundError: No module named 'backend'`\n"
        "- after: `GET /health → 200 in 1.2 s`"
    )


def test_nothing_of_a_log_is_markup_or_a_mention():
    made = proof(Attempt("boot", "see `x` @everyone #1", log="```\n@everyone\n</details>"))
    text = shown.markdown([made])
    assert "boot failed: ``see `x` @everyone #1``" in text
    assert text.endswith("````text\n```\n@everyone\n</details>\n````\n\n</details>")
