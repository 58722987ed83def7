"""Each signature names the cause in a log as the tool prints it, and says nothing that is not there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bot.engine.evidence import normal
from bot.evidence import catalogue
from bot.evidence.catalogue import Signature, signatures
from bot.report import pages
from codemods import Shelf
from codemods.index import NAMES
from tests.bot.evidence.tools import Excerpt, excerpts, found
from tests.codemods.cases import CASES, Case
from tests.tools import reports

FAULTS = {code for code, entry in pages.entries().items()}
WITHOUT_A_LINE: set[str] = set()  # faults that no log tells


@pytest.mark.parametrize("excerpt", excerpts(), ids=lambda each: each.signature)
def test_an_excerpt_is_named_by_its_signature(excerpt: Excerpt):
    log, shown = found(excerpt.text)
    assert shown.cause is not None
    assert shown.cause.signature is not None
    assert shown.cause.signature.id == excerpt.signature
    if excerpt.line:
        assert log.lines[shown.cause.at].number == excerpt.line


def test_every_signature_has_an_excerpt():
    assert {each.signature for each in excerpts()} == {each.id for each in signatures()}
    assert len(signatures()) >= 150


def test_every_fault_that_a_log_tells_has_a_signature():
    told = {code for each in signatures() for code in each.faults}
    codes = {code for code, entry in pages.entries().items() if entry.sort == "fault"}
    assert codes - told == WITHOUT_A_LINE


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.codemod)
def test_what_the_simulation_foresees_is_known(case: Case):
    """The foreseen line of each fault is named by a signature that names the fault."""
    for report in reports(case.files, case.options):
        for fault in report.faults:
            if fault.code == "no-services":  # the platform prints nothing about it
                continue
            _, shown = found(fault.message.replace("…", "x"))
            assert shown.cause is not None, fault.message
            assert shown.cause.signature is not None, fault.message
            assert fault.code in shown.cause.signature.faults, (fault.message, shown.cause.signature.id)


def test_names_are_unique():
    names = [each.id for each in signatures()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("signature", signatures(), ids=lambda each: each.id)
def test_a_signature_is_whole(signature: Signature):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", signature.id)
    assert signature.stage in catalogue.WHERE
    assert signature.kind in ("cause", "general", "symptom")
    assert signature.title[-1] not in ".!?:"
    assert signature.meaning[-1] in ".)"
    assert signature.do
    assert all(step[-1] in ".)?" or "`" in step for step in signature.do)
    assert signature.sources
    assert all(source.startswith("https://") for source in signature.sources)
    assert signature.lines


@pytest.mark.parametrize("signature", signatures(), ids=lambda each: each.id)
def test_faults_and_codemods_exist_and_belong_together(signature: Signature):
    assert set(signature.faults) <= FAULTS
    assert set(signature.codemods) <= set(NAMES)
    answers = {name for code in signature.faults for name in Shelf().answering(code)}
    assert set(signature.codemods) <= answers


@pytest.mark.parametrize("signature", signatures(), ids=lambda each: each.id)
def test_a_wording_names_enough_to_be_meant(signature: Signature):
    for line in signature.lines:
        literal = re.sub(r"…|\{[A-Za-z0-9_]+\}", "", normal(line)).strip("^$ ")
        assert len(literal) >= 5, line


@pytest.mark.parametrize("signature", signatures(), ids=lambda each: each.id)
def test_commands_name_the_app_where_flyctl_wants_it(signature: Signature):
    for command in (*signature.fly, *signature.look):
        if command.startswith(("fly logs", "fly ssh", "fly secrets", "fly ips", "fly scale", "fly checks", "fly status")):
            assert " -a " in command, command


def test_a_signature_that_is_not_in_the_form_is_refused():
    with pytest.raises(TypeError):
        catalogue.parsed(b'[[signature]]\nid = "x"\nnope = 1\n')


def test_a_check_without_a_log_reads_no_signature():
    source = (
        "import sys; from bot.cli import main; main(['check', 'fixtures/repos/docflow/d/before']);"
        "print([name for name in sys.modules if 'evidence' in name or name == 'bot.outside.logs'])"
    )
    run = subprocess.run((sys.executable, "-c", source), capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
