"""Whatever the files hold: the simulation and the plan come to an end, and the plan never leaves a deploy worse."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model.tree import Unreadable
from bot.engine.plan import Allowed, Plan, plan
from bot.engine.readings import progress
from bot.engine.simulate import Options, simulate
from codemods import Shelf
from tests.tools import tree

Files = dict[str, bytes]


def _read(root: Path) -> Files:
    """Return the text files of a folder."""
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    return {path: content for path, content in found.items() if "__pycache__" not in path}


STORIES = [_read(path) for path in sorted((Path(__file__).parents[3] / "fixtures" / "repos").glob("*/*/before"))]
READ = ("fly.toml", "Dockerfile", ".dockerignore", "requirements.txt", "main.py", "deploy.yml")
WORDS = [
    *("FROM python:3.12\n", "COPY . .\n", "RUN cd /app && ./x.sh\n", "WORKDIR ..\n", "USER app\n", "ENV PYTHONPATH=\n"),
    *('CMD ["uvicorn", "main:app"]\n', "RUN <<EOF\n", "COPY --from=x /a /b\n", "ENTRYPOINT\n", "${A:-", "\\\n", "# escape=`\n"),
    *(
        "[build]\n",
        "[[services]]\n",
        "[processes]\n",
        'web = "python -m "\n',
        "processes = 1\n",
        "= =\n",
        '"""',
        "[[",
        "{",
        "}",
    ),
    *("import backend.main\n", "from . import x\n", "from .. import *\n", "try:\n", "def app(): return app()\n", "app = app\n"),
    *("run: fly deploy\n", "- uses: docker/build-push-action@v6\n", "&a [*a]\n", "!**\n", "-r requirements.txt\n", "-e ..\n"),
    *("\r\n", "\0", "\t", "\ufeff", "é", "🚂", "'", '"', "$(", "`", "|", "&&", "\x0c", "(" * 50),
]
BYTES = st.one_of(st.sampled_from(WORDS).map(str.encode), st.binary(max_size=4))


@st.composite
def damaged(draw: st.DrawFn) -> Files:
    """Return a story in which lines or bytes of some files are gone, there twice, or new."""
    files = dict(draw(st.sampled_from(STORIES)))
    for _ in range(draw(st.integers(1, 4))):
        names = sorted(files)
        often = [path for path in names if path.endswith(READ)]
        path = draw(st.sampled_from(often + names))
        by_line = draw(st.booleans())
        pieces = files[path].splitlines(keepends=True) if by_line else [bytes([byte]) for byte in files[path]]
        start = draw(st.integers(0, len(pieces)))
        end = min(len(pieces), start + draw(st.integers(0, 4)))
        kind = draw(st.sampled_from(["delete", "twice", "insert", "swap", "remove"]))
        if kind == "remove":
            if len(files) > 1:
                del files[path]
            continue
        middle = {
            "delete": [],
            "twice": pieces[start:end] * 2,
            "insert": [draw(BYTES), *pieces[start:end]],
            "swap": pieces[start:end][::-1],
        }[kind]
        files[path] = b"".join([*pieces[:start], *middle, *pieces[end:]])
    return files


def readable(files: Files) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        for content in files.values():
            content.decode()
        return True
    return False


def planned(files: Files, unsafe: bool) -> Plan | None:
    """Return the plan; None where a file that is needed is no text, which is said in a way of its own."""
    try:
        return plan(tree(files), Shelf(), Options(), Allowed(unsafe))
    except Unreadable:
        assert not readable(files)
        return None


@settings(max_examples=150, deadline=timedelta(seconds=5))
@given(damaged())
def test_the_simulation_of_damaged_files_comes_to_an_end(files: Files):
    try:
        first = simulate(tree(files))
    except Unreadable:
        assert not readable(files)
        return
    assert [report.faults for report in first] == [report.faults for report in simulate(tree(files))]


@settings(max_examples=100, deadline=timedelta(seconds=10))
@given(damaged(), st.booleans())
def test_a_plan_for_damaged_files_comes_to_an_end_and_helps(files: Files, unsafe: bool):
    made = planned(files, unsafe)
    if made is None:
        return
    after = simulate(made.tree)
    assert [report.faults for report in after] == [report.faults for report in made.after]
    assert bool(made.steps) == bool(made.tree.changes())
    further = {made.tree.origin(report.target.config): progress(report) for report in made.after}
    for report in made.before:
        assert further[report.target.config][:2] >= progress(report)[:2]
    again = plan(made.tree, Shelf(), Options(), Allowed(unsafe))
    assert not again.steps, [step.codemod for step in again.steps]
