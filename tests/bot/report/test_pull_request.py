"""Titles, pictures, the proof that comes later, check runs and answers to commands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model.proof import Attempt, Proof
from bot.report import pull_request as words
from bot.report.markdown import LIMIT, length
from bot.report.pull_request import mermaid, replies
from codemods import Shelf
from tests.bot.report.rendering import check_harmless, codes, running

BODY = """\
## What failed

```text
## How sure this is
**Simulated.** not this one
```

## How sure this is

**Simulated.** With these changes the simulated deploy reaches its end. None of its code was run for that.

## How to undo it

Close it.
"""
BOOTED = Proof(
    "fly",
    "demo",
    "fly.toml",
    "web",
    "podman",
    Attempt("boot", "No module named 'x'"),
    Attempt("ok", "", "GET /health", 200, 1.2),
)


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("ModuleNotFoundError: No module named 'backend'", "No module named 'backend'"),
        ("KeyError: 'STRIPE_KEY'", "KeyError: 'STRIPE_KEY'"),
        (
            "Error: failed loading app config from /…/backend/fly.toml: row 34 column 2",
            "failed loading app config from backend/fly.toml",
        ),
        (
            "Error: failed to fetch an image or build from source: error building: failed to solve: failed to compute cache"
            ' key: failed to calculate checksum of ref …: "/shared_core": not found',
            '"/shared_core": not found',
        ),
        (
            "python: Error while finding module specification for 'backend.infrastructure.worker_entry'"
            " (ModuleNotFoundError: No module named 'backend')",
            "No module named 'backend'",
        ),
        (
            'ERROR:    Error loading ASGI app. Could not import module "main".',
            'Error loading ASGI app. Could not import module "main"',
        ),
        ("Health check on port 8080 has failed. Your app is not responding properly.", "Health check on port 8080 has failed"),
        ("E: Unable to locate package foo", "Unable to locate package foo"),
        ("two\nlines", "two lines"),
        ("", "it stops without a word"),
        ("ask @octocat about #1", "ask @\u200boctocat about #\u200b1"),
    ],
)
def test_a_title_names_the_error(message: str, title: str):
    assert words.title(message) == f"Fix deploy: {title}"


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_title_is_one_short_line(message: str):
    title = words.title(message)
    assert title.isprintable() or "\u200b" in title
    assert len(title.splitlines()) == 1
    assert len(title) <= 72


def test_a_commit_message_has_the_reasons_in_lines_of_72_characters():
    message = words.commit_message("Fix deploy: x", ["fixes #1 of @octocat " + "word " * 40, "second", "second"])
    assert message.startswith("Fix deploy: x\n\nfixes #\u200b1 of @\u200boctocat word")
    assert message.count("second") == 1
    assert max(map(len, message.splitlines())) <= 72


# --- the picture


def test_the_picture_is_a_flowchart_with_the_stop_marked():
    nodes = [mermaid.Node("config", "fly.toml"), mermaid.Node("image", "Dockerfile", True)]
    assert mermaid.picture(nodes) == [
        "```mermaid",
        "flowchart LR",
        '  n0["config#58; fly.toml"]',
        '  n1["image#58; Dockerfile #10007;"]',
        "  n0 --> n1",
        "  style n1 stroke:#d1242f,stroke-width:3px",
        "```",
    ]


@given(st.text(max_size=100))
@settings(max_examples=300, deadline=None)
def test_a_label_holds_nothing_that_mermaid_reads(text: str):
    label = mermaid.escaped(text)
    rest = label.replace("#", "").replace(";", "")
    assert all(character.isascii() and (character.isalnum() or character in " .,/=-") for character in rest)
    assert "\n" not in label


def test_what_is_an_entity_in_a_label_already_is_shown_as_it_is_written():
    assert mermaid.escaped('#35; "x" %%{init}%%') == "#35;35#59; #34;x#34; #37;#37;#123;init#125;#37;#37;"


# --- the proof


def test_a_real_boot_goes_into_its_section():
    made = words.with_proof(BODY, [BOOTED])
    assert made == BODY.replace(
        "**Simulated.** With these changes the simulated deploy reaches its end. None of its code was run for that.\n",
        "**Booted.** With these changes the simulated deploy reaches its end.\n\n### Built and booted for real\n\n"
        "**demo** (fly.toml, built and booted with podman):\n\n- before: boot failed: `No module named 'x'`\n"
        "- after: `GET /health → 200 in 1.2 s`\n",
    )


def test_a_later_boot_takes_the_place_of_an_earlier_one():
    failed = BOOTED._replace(after=Attempt("health", "timeout", log="```\n## How to undo it\n@octocat"))
    twice = words.with_proof(words.with_proof(BODY, [failed]), [BOOTED])
    assert twice == words.with_proof(BODY, [BOOTED])
    check_harmless(words.with_proof(BODY, [failed]))
    assert "**Simulated.**" in words.with_proof(BODY, [failed])


def test_a_body_without_the_section_or_without_room_stays():
    assert words.with_proof("nothing of ours\n", [BOOTED]) == "nothing of ours\n"
    assert words.with_proof(BODY, []) == BODY
    assert words.with_proof(BODY, [BOOTED], len(BODY) + 10) == BODY


def test_the_line_endings_of_a_browser_do_no_harm():
    assert words.with_proof(BODY.replace("\n", "\r\n"), [BOOTED]) == words.with_proof(BODY, [BOOTED])


def test_names_in_a_proof_are_no_markup():
    hostile = BOOTED._replace(app="<img src=x> @octocat", notes=("see #1 `x",), engine="podman")
    check_harmless(words.with_proof(BODY, [hostile]))


# --- workflows


def test_what_can_not_be_pushed_is_said_first_with_its_patch():
    patch = "--- a/.github/workflows/deploy.yml\n+++ b/.github/workflows/deploy.yml\n@@ -1 +1 @@\n-```\n+@octocat\n"
    made = words.without_workflows(BODY, [(".github/workflows/deploy.yml", patch)])
    assert made.startswith("## Not in this pull request\n")
    assert made.endswith(BODY)
    assert patch in codes(made)
    check_harmless(made)
    assert words.without_workflows(BODY, []) == BODY


def test_a_patch_that_has_no_room_is_named_alone():
    body = BODY + "x" * (LIMIT - 2_000)
    made = words.without_workflows(body, [(".github/workflows/deploy.yml", "+ x\n" * 150 + "+" + "y" * 2000)])
    assert length(made) <= LIMIT
    assert "`.github/workflows/deploy.yml`" in made


# --- check runs


def test_a_check_run_leads_to_the_pull_requests():
    first = words.Opened("Fix deploy: x @octocat", "https://github.com/acme/docs/pull/7", BODY, ("`fly ips allocate-v4` once",))
    run = words.with_repairs([first, words.Opened("Fix deploy: y", "https://github.com/acme/docs/pull/8", "", (), True)])
    assert run.title == "Fix deploy: x @\u200boctocat and 1 more"
    assert run.conclusion == "action_required"
    assert run.text == BODY
    check_harmless(run.summary, ("https://github.com/acme/docs/pull/7", "https://github.com/acme/docs/pull/8"))
    assert "- `fly ips allocate-v4` once" in run.summary
    assert "(likely)" in run.summary


def test_what_is_not_pushed_is_shown_as_a_patch():
    patch = "--- a/Makefile\n+++ b/Makefile\n@@ -1 +1 @@\n-run:\n+\trun  @octocat\n"
    run = words.unpushed("acme/docs is a fork.", "Fix deploy: x", BODY, patch)
    assert patch in codes(run.summary)
    assert run.text == BODY
    check_harmless(run.summary)
    assert length(words.unpushed("A fork.", "x", BODY, patch * 5000).summary) < LIMIT


def test_check_runs_without_a_repair_say_why():
    assert words.without_repair("because\n").conclusion == "neutral"
    assert words.without_repair("because\n", ("do it",)).conclusion == "action_required"
    assert words.left_alone("acme/docs is a fork of @octocat's.").summary == "acme/docs is a fork of `@octocat's.`\n"
    assert "`/deploymend retry`" in words.in_trouble("The analysis took longer than 180 seconds.").summary


# --- commands


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/deploymend fix", "fix", ""),
        ("  /Deploymend RETRY please\nand more", "retry", "please"),
        ("/deploymend explain set-pythonpath", "explain", "set-pythonpath"),
    ],
)
def test_a_command_is_read(text: str, name: str, argument: str):
    asked = replies.parse(text)
    assert asked is not None
    assert asked.command is not None
    assert (asked.command.name, asked.argument) == (name, argument)


@pytest.mark.parametrize("text", ["", "hello", "please /deploymend fix", "/deploymender fix", "> /deploymend fix"])
def test_other_comments_are_none(text: str):
    assert replies.parse(text) is None


def test_an_unknown_command_gets_the_list():
    asked = replies.parse("/deploymend fx @octocat")
    assert asked is not None
    assert asked.command is None
    answer = replies.unknown(asked.word)
    assert answer.startswith("There is no command `fx`. Did you mean `/deploymend fix`?\n\n")
    assert answer.endswith(replies.usage())
    assert replies.unknown("help") == replies.usage()


def test_the_list_names_every_command():
    listed = replies.usage()
    for each in replies.COMMANDS:
        assert f"`/deploymend {each.name}{' ' * bool(each.argument)}{each.argument}`" in listed, each.name


def test_every_page_can_be_explained():
    for name in ("set-pythonpath", "module-not-found", "root-unanswered"):
        answer = replies.explain(name)
        assert answer.startswith("```")
        check_harmless(answer)
    for name in Shelf().names():
        assert length(replies.explain(name)) < LIMIT


def test_an_unknown_page_is_said_without_harm():
    answer = replies.explain("<img>@octocat`#1")
    check_harmless(answer)
    assert replies.explain("set-pythonpat").startswith("There is no `set-pythonpat`. Did you mean `set-pythonpath`?")
    assert "takes a name" in replies.explain("")


@pytest.mark.parametrize(
    "answer",
    [
        replies.opened("Fix deploy: @octocat #1", "https://github.com/acme/docs/pull/7"),
        replies.refused("verify", "this service does not boot anything for @octocat"),
        replies.closed("<b>main</b> builds again."),
        replies.foreign_commits(),
        replies.ignored(),
        replies.nothing("- because\n"),
    ],
)
def test_answers_do_no_harm(answer: str):
    check_harmless(answer, ("https://github.com/acme/docs/pull/7",))
    assert running(answer).strip()
