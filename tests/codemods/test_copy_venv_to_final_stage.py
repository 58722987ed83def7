import pytest

from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "copy-venv-to-final-stage"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
BUILDER = "FROM python:3.11-slim AS builder\nWORKDIR /build\nCOPY requirements.txt .\n"
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
FINAL = "\nFROM python:3.11-slim\nWORKDIR /app\n"
ON_PATH = 'ENV PATH="/opt/venv/bin:$PATH"\n'
LIB = "/usr/local/lib/python3.11/site-packages"


def files(dockerfile: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile}


@pytest.mark.parametrize(
    ("stages", "rest", "lines"),
    [
        (BUILDER + VENV + FINAL + ON_PATH, f"COPY . .\n{CMD}", "COPY --from=builder /opt/venv /opt/venv\n"),
        (
            BUILDER.replace(" AS builder", "") + VENV + FINAL + ON_PATH,
            f"COPY . .\n{CMD}",
            "COPY --from=0 /opt/venv /opt/venv\n",
        ),
        (
            BUILDER + VENV + FINAL + ON_PATH + "RUN mkdir /x\n",
            f"COPY --from=builder /build /x\nCOPY . .\n{CMD}",
            "COPY --from=builder /opt/venv /opt/venv\n",
        ),
        (
            BUILDER + "RUN pip install -r requirements.txt\n" + FINAL,
            f"COPY . .\n{CMD}",
            f"COPY --from=builder {LIB} {LIB}\nCOPY --from=builder /usr/local/bin /usr/local/bin\n",
        ),
        (
            BUILDER + "RUN pip install --prefix=/install -r requirements.txt\n" + FINAL,
            f"COPY . .\n{CMD}",
            "COPY --from=builder /install /usr/local\n",
        ),
        (
            BUILDER
            + "RUN pip install --user -r requirements.txt\n"
            + FINAL
            + "RUN useradd -m web\nENV PATH=/home/web/.local/bin:$PATH\n",
            f"COPY . .\nUSER web\n{CMD}",
            "COPY --from=builder /root/.local /home/web/.local\n",
        ),
    ],
)
def test_what_the_builder_installed_is_copied(stages: str, rest: str, lines: str):
    made = check_transformed(NAME, files(stages + rest), {"Dockerfile": stages + lines + rest})
    assert made.after[0].reached == "ok"


@pytest.mark.parametrize(
    "dockerfile",
    [
        BUILDER + VENV + FINAL + ON_PATH + f"COPY --from=builder /opt/venv /opt/venv\nCOPY . .\n{CMD}",
        BUILDER + VENV + FINAL + f"COPY . .\nRUN pip install -r requirements.txt\n{CMD}",
        BUILDER + "RUN pip install gunicorn\n" + FINAL + f"COPY . .\n{CMD}",
        FINAL + f"COPY . .\n{CMD}",
    ],
)
def test_stages_that_have_what_they_need_or_nobody_does_are_left_alone(dockerfile: str):
    check_noop(NAME, files(dockerfile))
