import pytest

from tests.tools import HEALTHY, check_noop, check_transformed, planned

NAME = "fix-stage-copy"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
BUILDER = "FROM python:3.11-slim AS builder\nWORKDIR /build\nCOPY requirements.txt .\n"
FINAL = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"
LIB, BIN = "/usr/local/lib/python3.11/site-packages", "COPY --from=builder /usr/local/bin /usr/local/bin\n"
PIP = "RUN pip install -r requirements.txt\n"
USER = "RUN pip install --user -r requirements.txt\n"
HOME = "RUN useradd -m web\nENV PATH=/home/web/.local/bin:$PATH\nUSER web\n"


def files(dockerfile: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile}


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        (
            BUILDER + USER + FINAL + "COPY --from=builder /home/web/.local /home/web/.local\n" + HOME + CMD,
            "--from=builder /home/web/.local ",
            "--from=builder /root/.local ",
        ),
        (
            BUILDER
            + "RUN useradd -m web\nUSER web\n"
            + PIP
            + FINAL
            + "COPY --from=builder /root/.local/ /home/web/.local\n"
            + HOME
            + CMD,
            "/root/.local/",
            "/home/web/.local/",
        ),
        (
            BUILDER
            + PIP
            + FINAL
            + f"COPY --from=builder {LIB.replace('3.11', '3.12')} {LIB.replace('3.11', '3.12')}\n"
            + BIN
            + CMD,
            f"{LIB.replace('3.11', '3.12')} {LIB.replace('3.11', '3.12')}",
            f"{LIB} {LIB}",
        ),
        (
            BUILDER + PIP + FINAL + f"COPY --from=builder {LIB.replace('3.11', '3.10')} {LIB}\n" + BIN + CMD,
            LIB.replace("3.11", "3.10"),
            LIB,
        ),
        (
            BUILDER + PIP + FINAL + f"COPY --from=builder {LIB} {LIB}\n" + CMD,
            f"COPY --from=builder {LIB} {LIB}\n",
            f"COPY --from=builder {LIB} {LIB}\n{BIN}",
        ),
        (
            BUILDER
            + "RUN python -m venv venv && venv/bin/pip install -r requirements.txt\n"
            + FINAL
            + 'COPY --from=builder /build/venv /app/venv\nENV PATH="/app/venv/bin:$PATH"\n'
            + CMD,
            '/build/venv /app/venv\nENV PATH="/app/venv/bin',
            '/build/venv /build/venv\nENV PATH="/build/venv/bin',
        ),
    ],
)
def test_a_copy_from_a_stage_is_put_right(before: str, old: str, new: str):
    made = check_transformed(NAME, files(before), {"Dockerfile": before.replace(old, new)})
    assert made.after[0].reached == "ok"


def test_an_environment_has_one_path_in_all_stages():
    before = (
        BUILDER
        + "RUN python -m venv /build/venv\nENV PATH=/build/venv/bin:$PATH\n"
        + PIP
        + FINAL
        + "COPY --from=builder /build/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
        + CMD
    )
    check_transformed(NAME, files(before), {"Dockerfile": before.replace("/opt/venv", "/build/venv")})


@pytest.mark.parametrize(
    "dockerfile",
    [
        BUILDER + PIP + FINAL + f"COPY --from=builder {LIB} {LIB}\n" + BIN + CMD,
        BUILDER + PIP + FINAL + f"COPY --from=builder {LIB} {LIB}\n" + CMD.replace('"uvicorn"', '"python", "-m", "uvicorn"'),
        BUILDER + USER + FINAL + "COPY --from=builder /root/.local /home/web/.local\n" + HOME + CMD,
        BUILDER
        + "RUN python -m venv /v && /v/bin/pip install -r requirements.txt\n"
        + FINAL
        + "COPY --from=builder /v /w\nENV PATH=/w/bin:$PATH\n"
        + CMD.replace('"uvicorn"', '"python", "-m", "uvicorn"'),
        BUILDER + "RUN make\n" + FINAL + "COPY --from=builder /root/.local /root/.local\n" + PIP + CMD,
    ],
)
def test_copies_that_work_or_are_not_known_are_left_alone(dockerfile: str):
    check_noop(NAME, files(dockerfile))


def test_a_source_in_a_variable_is_not_edited():
    before = (
        BUILDER
        + USER
        + FINAL.replace("WORKDIR", "ENV SITE=/home/web/.local\nWORKDIR")
        + "COPY --from=builder $SITE $SITE\n"
        + HOME
        + CMD
    )
    made = planned(files(before), NAME, unsafe=True)
    assert not made.tree.changes()
    assert "what is meant by /home/web/.local is not clear" in [dropped.reason for dropped in made.dropped]
