import pytest

from bot.engine.model import diff
from bot.engine.plan import Allowed, Plan, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.tools import DOCKERFILE, HEALTHY, check_noop, tree

NAME = "set-executable-bit"
SCRIPT = "#!/bin/sh\nset -e\necho built\n"
RUN = "COPY . .\nRUN ./build.sh\n"
BLUEPRINT = """\
services:
  - type: web
    name: demo
    runtime: python
    buildCommand: {}
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""


def running(lines: str = RUN, **more: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .\n", lines), "build.sh": SCRIPT, **more}


def native(command: str, **more: str) -> dict[str, str]:
    files = {path: text for path, text in HEALTHY.items() if path not in ("fly.toml", "Dockerfile")}
    return {**files, "build.sh": f"{SCRIPT}pip install -r requirements.txt\n", "render.yaml": BLUEPRINT.format(command), **more}


def made(files: dict[str, str], unsafe: bool = False, **more: object) -> Plan:
    return plan(tree(files, **more), Shelf(), Options(), Allowed(unsafe, (NAME,)))


def check(files: dict[str, str], path: str = "build.sh", **more: object) -> None:
    """Assert that one file gets the bit and nothing else changes, and that a tree which has it stays."""
    found = made(files, **more)
    assert [step.codemod for step in found.steps] == [NAME], [dropped.reason for dropped in found.dropped]
    assert "Permission denied" in found.steps[0].finding.message
    changes = found.tree.changes()
    assert [(change.path, change.old, change.executable, change.mode_changed) for change in changes] == [
        (path, path, True, True)
    ]
    assert changes[0].before == changes[0].after == files[path].encode()
    assert diff.unified(found.tree) == f"diff --git a/{path} b/{path}\nold mode 100644\nnew mode 100755\n"
    assert not [fault for report in found.after for fault in report.faults]
    assert not made(files, unsafe=True, **{**more, "executable": (path,)}).tree.changes()


@pytest.mark.parametrize(
    "lines", [RUN, RUN.replace("./", "/app/"), 'COPY . .\nRUN ["./build.sh"]\n', RUN.replace("sh\n", "sh && true\n")]
)
def test_a_script_that_a_run_starts_gets_the_bit(lines: str):
    check(running(lines))


def test_a_script_in_a_folder_gets_the_bit():
    files = running(RUN.replace("./", "./scripts/"), **{"scripts/build.sh": SCRIPT})
    check({path: text for path, text in files.items() if path != "build.sh"}, "scripts/build.sh")


def test_a_script_with_windows_endings_keeps_them():
    check({path: text.replace("\n", "\r\n") if path == "build.sh" else text for path, text in running().items()})


def test_a_build_command_of_render_is_started_as_a_program():
    check(native("./build.sh"))


def test_behind_a_link_the_file_gets_the_bit():
    files = {path: text for path, text in running().items() if path != "build.sh"} | {"tools/build.sh": SCRIPT}
    found = made(files, links={"build.sh": "tools/build.sh"})
    assert [(change.path, change.executable) for change in found.tree.changes()] == [("tools/build.sh", True)]


@pytest.mark.parametrize(
    "files",
    [
        running("COPY . .\nRUN sh build.sh\n"),
        running("COPY . .\nRUN chmod +x build.sh && ./build.sh\n"),
        running("COPY . .\nRUN chmod 755 build.sh\nRUN ./build.sh\n"),
        running("COPY --chmod=755 . .\nRUN ./build.sh\n"),
        running("COPY . .\nRUN ./build.sh || true\n"),
        native("sh build.sh"),
        native("chmod +x build.sh && ./build.sh"),
    ],
)
def test_a_script_that_needs_no_bit_of_git_stays(files: dict[str, str]):
    assert not check_noop(NAME, files).dropped


def test_a_script_that_git_knows_as_a_program_stays():
    assert not made(running(), unsafe=True, executable=("build.sh",)).dropped


def test_a_script_that_the_image_makes_is_none_of_the_repository():
    files = running("COPY . .\nRUN echo 'echo hello' > made.sh\nRUN ./made.sh\n")
    check_noop(NAME, files)
