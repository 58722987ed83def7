import pytest

from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "add-user"
CMD = DOCKERFILE[DOCKERFILE.index("CMD") :]


def files(lines: str, image: str = "python:3.11-slim") -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", image).replace(CMD, lines + CMD)}


@pytest.mark.parametrize(
    ("lines", "image", "line"),
    [
        ("USER web\n", "python:3.11-slim", "RUN useradd --create-home web\n"),
        ("USER web\nRUN ls\n", "python:3.11-slim", "RUN useradd --create-home web\n"),
        ("RUN chown -R web:web /app\nUSER web\n", "python:3.11-slim", "RUN useradd --create-home web\n"),
        ("RUN chown web /app\n", "python:3.11-slim", "RUN useradd --create-home web\n"),
        ("USER web\n", "python:3.11-alpine", "RUN adduser -D web\n"),
    ],
)
def test_the_user_is_made_before_it_is_named(lines: str, image: str, line: str):
    before = files(lines, image)
    changed = before["Dockerfile"].replace(lines, line + lines)
    assert check_transformed(NAME, before, {"Dockerfile": changed}).after[0].reached == "ok"


@pytest.mark.parametrize(
    "lines",
    [
        "RUN useradd web\nUSER web\n",
        "USER 1000\n",
        "USER nobody\n",
        "RUN id web || useradd web\nUSER web\n",
        "RUN ./make-users\nUSER web\n",
        "COPY --chown=web . /x\n",
    ],
)
def test_a_user_that_is_or_may_be_there_is_not_made(lines: str):
    check_noop(NAME, files(lines))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("RUN chown web /app && useradd web\nUSER web\n", "web is made further down"),
        ("RUN useradd web\nUSER web:crew\n", "a group, or a name that is no user's, is not made"),
        ("USER Not-A-Name!\n", "a group, or a name that is no user's, is not made"),
    ],
)
def test_what_is_not_repaired(lines: str, reason: str):
    made = planned(files(lines), NAME, unsafe=True)
    assert not made.tree.changes()
    assert reason in [dropped.reason for dropped in made.dropped]
