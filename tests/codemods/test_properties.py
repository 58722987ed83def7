"""What holds for every codemod, however the file that it edits is laid out.

Each case is a small repository with one file to edit. Comments, blank lines, indentation and line endings are strewn over that
file; the repair must then come to the same as in the plain file, read by somebody else's parser, and leave alone every line
that it does not edit in the plain file.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import dockerfile
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from bot.engine.image import ignore
from codemods.index import NAMES
from tests.codemods.cases import CASES, Case
from tests.tools import planned, result

TEXT = st.text("ab #='\"[]{}$\\é🚂", max_size=12)
COMMENT = st.builds("{}# {}".format, st.sampled_from(["", "  "]), TEXT)
PLAIN_GAP = st.lists(st.one_of(st.just(""), st.builds("# {}".format, TEXT)), max_size=3)  # `  # x` is a pattern
GAP = st.lists(st.one_of(st.just(""), st.just("  "), COMMENT), max_size=3)


class Layout(NamedTuple):
    """How a file is laid out: what stands before each line, how deep it is indented, and how lines end."""

    gaps: list[list[str]]
    indents: list[str]
    tails: list[str]
    ending: str
    closed: bool  # the last line has an end


def _instructions(text: str) -> object:
    """Return what BuildKit's parser makes of a file; the indentation of continued lines stays in its words as white space."""
    items = dockerfile.parse_string(text)
    return [(i.cmd, i.sub_cmd, i.json, i.flags, [" ".join(word.split()) for word in i.value]) for i in items]


def _patterns(text: str) -> object:
    """Return the rules of an ignore file, by the reader that moby's vectors hold."""
    return [(rule.pattern, rule.includes) for rule in ignore.read(text).rules]


def _requirements(text: str) -> object:
    """Return what pip's own parser makes of each line, in their order."""
    lines = (re.sub(r"(?:^|\s+)#.*$", "", line).strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def _lines(text: str) -> object:
    """Return the lines without comments, of what no parser reads before it is repaired."""
    return [line for line in (re.sub(r"(?:^|\s+)#.*$", "", line).strip() for line in text.splitlines()) if line]


PARSERS: dict[str, Callable[[str], object]] = {
    "toml": tomllib.loads,
    "dockerfile": _instructions,
    "lines": _lines,
    "ignore": _patterns,
    "requirements": _requirements,
    "yaml": yaml.safe_load,
    "python": lambda text: ast.dump(ast.parse(text)),
}
# codemods that edit no line of a file that is there, so that its layout can't matter
WITHOUT_LAYOUT = {
    "add-dockerfile": "the whole file is new",
    "keep-empty-folder": "the whole file is new",
    "add-requirements-file": "the whole file is new",
    "add-setup-py": "the whole file is new",
    "set-executable-bit": "the mode changes, and no byte",
    "update-lock-file": "uv alone writes uv.lock, always in the same layout",
}


@st.composite
def layouts(draw: st.DrawFn, case: Case) -> Layout:
    count = len(case.files[case.edited].splitlines())
    indent = st.just(None) if case.kind in ("python", "yaml") else st.sampled_from([None, "", " ", "    ", "\t"])
    comment = TEXT.map(lambda words: "  # " + words.rstrip("\\"))  # pip joins a line that ends in \ with the next one
    tail = st.one_of(st.just(""), comment) if case.kind in ("toml", "requirements", "lines") else st.just("")
    return Layout(
        [draw(PLAIN_GAP if case.kind == "ignore" else GAP) for _ in range(count + 1)],
        [draw(indent) for _ in range(count)],
        [draw(tail) for _ in range(count)],
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.booleans()),
    )


def laid_out(text: str, layout: Layout) -> str:
    """Return a file's lines in another layout."""
    lines = []
    for line, gap, indent, tail in zip(text.splitlines(), layout.gaps, layout.indents, layout.tails, strict=False):
        lines += gap
        lines.append((line if indent is None else indent + line.lstrip()) + (tail if line else ""))
    lines += layout.gaps[-1]
    return layout.ending.join(lines) + (layout.ending if layout.closed else "")


def kept(lines: list[str], edited: set[str]) -> list[str]:
    """Return the lines that no edit touches: what is not blank, and not one of the edited statements."""
    found = [line for line in lines if line.strip() and line.partition("  # ")[0].strip() not in edited]
    return [line.rstrip("\r") for line in found]


def ident(case: Case) -> str:
    return f"{case.codemod}-{case.edited.rpartition('/')[2]}"


def test_every_codemod_has_a_case():
    assert {case.codemod for case in CASES} == set(NAMES) - set(WITHOUT_LAYOUT)


@pytest.mark.parametrize("case", CASES, ids=ident)
def test_the_layout_of_a_file_makes_no_difference(case: Case):
    plain = result(planned(case.files, case.codemod, case.unsafe, case.options), case.files)
    place = case.after or case.edited
    before, after = case.files[case.edited].splitlines(), plain[place].splitlines()
    edited = {line.strip() for line in (Counter(before) - Counter(after)) + (Counter(after) - Counter(before))}
    assert edited or case.after  # a move alone edits no line

    @settings(max_examples=25, deadline=None)
    @given(layout=layouts(case))
    def holds(layout: Layout) -> None:
        files = {**case.files, case.edited: laid_out(case.files[case.edited], layout)}
        made = planned(files, case.codemod, case.unsafe, case.options)
        assert made.steps, [dropped.reason for dropped in made.dropped]
        repaired = result(made, files)
        assert PARSERS[case.kind](repaired[place]) == PARSERS[case.kind](plain[place])
        assert not planned(repaired, case.codemod, case.unsafe, case.options).tree.changes()
        assert {path for path in files if repaired.get(path) != files[path]} == {
            p for p in files if plain.get(p) != case.files[p]
        }
        untouched = [kept(text.split("\n"), edited) for text in (files[case.edited], repaired[place])]
        assert sorted(untouched[0]) == sorted(untouched[1])
        assert not case.sorted or untouched[0] == untouched[1]
        assert ("\r\n" in repaired[place]) == (layout.ending == "\r\n")
        assert repaired[place].count("\n") in (
            repaired[place].count("\r\n"),
            repaired[place].count("\n") * (layout.ending == "\n"),
        )

    holds()
