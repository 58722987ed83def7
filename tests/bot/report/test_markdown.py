"""Text from outside stays text in markdown: no markup, no mention, no link, no comment, no secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report import markdown
from tests.bot.report.rendering import check_harmless, codes, running

HOSTILE = (
    "@octocat",
    "see #1 and GH-2, acme/docs#3",
    "`@a`` b",
    "``` x",
    "a`b``c```d @e",
    "</details><img src=x onerror=alert(1)>",
    "<!-- deploymend: 0123 -->",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "https://evil.example www.evil.example me@evil.example",
    "**bold** _it_ ~~no~~ # title",
    "# title",
    "- list",
    "1. list",
    "> quote",
    "===",
    "a\n\n## What changes\n\n@x",
    "$x$ $$y$$ \\(z\\)",
    ":tada: &lt; &#64;octocat",
    "x\u202e\u2066y\u200b\x1b[31mz\x00",
    "trailing \\",
    "| a | b |\n|---|---|",
    "~~~\n@x",
    "0123456789abcdef0123456789abcdef01234567",
)
nasty = st.text(st.sampled_from("`@#<>!-[]()*_~\\&;:/.|$ \n\r\tab1=+xGHw"), max_size=60)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str):
    made = f"- {markdown.prose(text)}\n- {markdown.code(text)}: {markdown.prose(text)}\n\n{markdown.prose(text)}\n\n"
    made += "\n".join(markdown.fence(text.split("\n"))) + "\n\nthe end\n"
    check_harmless(made)
    assert running(made).rstrip().endswith("the end")


@given(nasty, nasty)
@settings(max_examples=400, deadline=None)
def test_any_text_stays_text(one: str, two: str):
    made = f"{markdown.prose(one)}\n\n- {markdown.code(two)}: {markdown.prose(one)} {markdown.code(one)}\n\n"
    made += "\n".join(markdown.fence([one, two])) + f"\n\n{markdown.prose(f'x `{one}` y {two} z')}\n\nthe end\n"
    check_harmless(made)
    assert running(made).rstrip().endswith("the end")


@given(nasty)
@settings(max_examples=200, deadline=None)
def test_a_code_span_holds_the_whole_text(text: str):
    shown = markdown.safe(text, 300).strip()
    assert codes(f"a {markdown.code(text)} b") == ([shown] if shown else [])


def test_what_is_in_backticks_is_code_and_the_rest_is_prose():
    made = markdown.prose("`[processes]` replaces CMD, and named `main:app` in shared_core/x.py.")
    assert made == "`[processes]` replaces CMD, and named `main:app` in shared\\_core/x.py."


def test_words_that_github_would_link_are_code():
    assert markdown.prose("ask @octocat about #1 ($PORT)") == "ask `@octocat` about `#1` `($PORT)`"


def test_the_fence_is_longer_than_any_run_in_it():
    assert markdown.fence(["````", "x"]) == ["`````text", "````", "x", "`````"]


def test_secrets_are_hidden_everywhere():
    secret = "postgres://user:hunter2hunter2@host/db"
    made = [markdown.code(secret), markdown.prose(secret), *markdown.fence([secret]), markdown.plain(secret, 200)]
    assert not [text for text in made if "hunter2" in text]


def test_a_secret_at_the_cut_is_hidden():
    token = "ghp_" + "a" * 36
    assert "aaaa" not in markdown.safe("x" * 480 + " " + token, 500)


def test_commands_keep_the_place_of_the_value():
    assert markdown.commands(["fly secrets set API_KEY=… -a demo"]) == ["```sh", "fly secrets set API_KEY=… -a demo", "```"]
    assert markdown.commands(["fly secrets set API_KEY=hunter2"]) == ["```sh", "fly secrets set API_KEY=…", "```"]


def test_no_word_in_a_commit_message_is_meant_for_ci_or_names_an_author():
    assert (
        markdown.plain("[skip ci] [CI skip] Co-authored-by: x", 72) == "[\u200bskip ci] [\u200bCI skip] Co-authored-by\u200b: x"
    )


def test_nothing_is_linked_where_nothing_is_rendered():
    assert markdown.plain("@a #1 GH-2 https://x", 72) == "@\u200ba #\u200b1 GH-\u200b2 https://\u200bx"


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://github.com/acme/docs/actions/runs/1/job/2", True),
        ("http://127.0.0.1:8000/acme/docs/pull/1", True),
        ("javascript:alert(1)", False),
        ("https://evil.example/>)<img>", False),
        ("https://a@evil.example/", False),
        ("https://evil.example/ x", False),
        ("", False),
    ],
)
def test_only_plain_addresses_are_linked(address: str, linked: bool):
    assert markdown.link("here", address) == (f"[here](<{address}>)" if linked else "here")


def test_sections_are_left_out_whole_and_it_is_said():
    sections = [(3, "a" * 500), (1, "b" * 500), (2, "c" * 500)]
    assert markdown.joined(sections, 1600) == "\n\n".join(text for _, text in sections) + "\n"
    said = "\n\n_There is more to say than a text on GitHub has room for: the rest was left out._\n"
    assert markdown.joined(sections, 1400) == "a" * 500 + "\n\n" + "c" * 500 + said
    assert markdown.joined(sections, 1000) == "a" * 500 + said


def test_characters_are_counted_as_github_does_at_the_most():
    assert markdown.length("a😞") == 3
