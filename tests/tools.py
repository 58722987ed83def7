"""What the tests have in common: trees out of dictionaries, and the two assertions for codemods."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from bot.engine.model.findings import Fault
from bot.engine.model.tree import Kind, Tree
from bot.engine.plan import Allowed, Plan, plan
from bot.engine.report import Report
from bot.engine.simulate import Options, simulate
from codemods import Shelf

Files = Mapping[str, str | bytes]

FLY = """\
app = "demo"

[build]
  dockerfile = "Dockerfile"

[http_service]
  internal_port = 8080
"""
DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""
MAIN = "from fastapi import FastAPI\n\napp = FastAPI()\n"
HEALTHY: dict[str, str] = {
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
    ".dockerignore": ".git\n",
    "requirements.txt": "fastapi\nuvicorn\n",
    "main.py": MAIN,
}


class Dictionary:
    """A `Source` that is a dictionary; `links` are symbolic links, `hidden` what git ignores."""

    def __init__(
        self,
        files: Files,
        links: Mapping[str, str] | None = None,
        hidden: tuple[str, ...] = (),
        executable: tuple[str, ...] = (),
    ) -> None:
        self.files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self.links = dict(links or {})
        self.hidden = hidden
        self.runnable = executable

    def entries(self, folder: str) -> dict[str, Kind]:
        prefix = folder + "/" if folder else ""
        found: dict[str, Kind] = {}
        for path in (*self.files, *self.links):
            if path.startswith(prefix):
                first, _, deeper = path[len(prefix) :].partition("/")
                found[first] = "folder" if deeper else "link" if path in self.links else "file"
        return found

    def read(self, path: str) -> bytes:
        return self.files[path]

    def size(self, path: str) -> int:
        return len(self.files[path])

    def target(self, path: str) -> str:
        return self.links[path]

    def executable(self, path: str) -> bool:
        return path in self.runnable

    def ignored(self, path: str, kind: Kind) -> bool:
        return any(path == hidden or path.startswith(hidden + "/") for hidden in self.hidden)


def text(source: str) -> str:
    """Return an indented block of a test as text of its own."""
    return textwrap.dedent(source).lstrip("\n")


def tree(files: Files, **more: object) -> Tree:
    """Return a tree with these files."""
    return Tree(Dictionary(files, **more))  # type: ignore[arg-type]


def reports(files: Files, options: Options = Options(), **more: object) -> list[Report]:
    """Simulate the deploys of a dictionary of files."""
    return simulate(tree(files, **more), options)


def only(files: Files, options: Options = Options(), **more: object) -> Report:
    """Simulate the one deploy of a dictionary of files."""
    found = reports(files, options, **more)
    assert len(found) == 1, [report.target.config for report in found]
    return found[0]


def faults(files: Files, **more: object) -> list[Fault]:
    """Return the faults of the one deploy of a dictionary of files."""
    return list(only(files, **more).faults)


def planned(files: Files, codemod: str | None = None, unsafe: bool = False, options: Options = Options()) -> Plan:
    """Plan the repair of a dictionary of files, with one codemod alone or with all that answer a fault."""
    allowed = Allowed(unsafe, (codemod,) if codemod else None)
    return plan(tree(files), Shelf(), options, allowed)


def result(made: Plan, files: Files) -> dict[str, str]:
    """Return the files as they are after a plan."""
    after = {path: data.decode() if isinstance(data, bytes) else data for path, data in files.items()}
    for change in made.tree.changes():
        if change.old is not None:
            after.pop(change.old)
    for change in made.tree.changes():
        after[change.path] = change.after.decode()
    return after


def check_transformed(
    codemod: str, before: dict[str, str], after: dict[str, str], unsafe: bool = False, options: Options = Options()
) -> Plan:
    """Assert that one codemod turns `before` into `before` with the files of `after`, and nothing else.

    `after` holds only what changes; a file that moves away stands in it as "". The same is asserted with CRLF endings, and
    that a second run changes nothing.
    """
    wanted = {path: text for path, text in {**before, **after}.items() if text or path not in after}
    made = planned(before, codemod, unsafe, options)
    assert [step.codemod for step in made.steps], [dropped.reason for dropped in made.dropped]
    assert {step.codemod for step in made.steps} == {codemod}
    assert result(made, before) == wanted
    again = planned(wanted, codemod, unsafe, options)
    assert not again.tree.changes()
    windows = {path: text.replace("\n", "\r\n") for path, text in before.items()}
    assert result(planned(windows, codemod, unsafe, options), windows) == {
        p: t.replace("\n", "\r\n") for p, t in wanted.items()
    }
    return made


def check_noop(codemod: str, files: dict[str, str], unsafe: bool = True, options: Options = Options()) -> Plan:
    """Assert that a codemod changes nothing, not even with --unsafe."""
    made = planned(files, codemod, unsafe, options)
    assert not made.tree.changes(), result(made, files)
    return made
