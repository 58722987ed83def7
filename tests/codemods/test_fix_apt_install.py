import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed

NAME = "fix-apt-install"
REMOVED = "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n"


def running(lines: str, base: str = "python:3.11-slim") -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", base).replace("COPY req", f"{lines}COPY req")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN apt-get install -y curl\n", "RUN apt-get update && apt-get install -y curl\n"),
        ("RUN apt install -y curl\n", "RUN apt update && apt install -y curl\n"),
        (
            "RUN DEBIAN_FRONTEND=noninteractive apt-get install -y curl\n",
            "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y curl\n",
        ),
        (
            "RUN set -eux; \\\n    apt-get install -y \\\n      curl\n",
            "RUN set -eux; \\\n    apt-get update && apt-get install -y \\\n      curl\n",
        ),
        (
            "RUN echo curl | xargs apt-get install -y git\n",
            "RUN apt-get update && echo curl | xargs apt-get install -y git\n",
        ),
        (
            "RUN # apt-get install -y git\nRUN apt-get install -y curl\n",
            "RUN # apt-get install -y git\nRUN apt-get update && apt-get install -y curl\n",
        ),
        (f"{REMOVED}RUN apt-get install -y curl\n", f"{REMOVED}RUN apt-get update && apt-get install -y curl\n"),
    ],
)
def test_the_lists_are_fetched_in_the_same_run(before: str, after: str):
    check_transformed(NAME, running(before), running(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN apt-get update && apt-get install curl\n", "RUN apt-get update && apt-get install -y curl\n"),
        (
            "RUN apt-get update && apt-get -q install --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n",
            "RUN apt-get update && apt-get -q install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n",
        ),
        (
            "RUN apt-get update && \\\n    apt-get install \\\n    curl\n",
            "RUN apt-get update && \\\n    apt-get install -y \\\n    curl\n",
        ),
        (
            "RUN apt update && apt install curl\nRUN apt install git\n",
            "RUN apt update && apt install -y curl\nRUN apt install -y git\n",
        ),
    ],
)
def test_the_question_is_answered(before: str, after: str):
    check_transformed(NAME, running(before), running(after), unsafe=True)


def test_both_are_two_steps():
    before, after = "RUN apt-get install curl\n", "RUN apt-get update && apt-get install -y curl\n"
    made = check_transformed(NAME, running(before), running(after))
    assert len(made.steps) == 2


def test_an_install_of_a_script_is_left_to_a_person():
    files = {**running("COPY setup.sh .\nRUN sh setup.sh\n"), "setup.sh": "apt-get install -y curl\n"}
    assert reasons(NAME, files) == {"the install does not stand in the Dockerfile itself"}


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apt-get update && apt-get install -y curl\n",
        "RUN apt-get update\nRUN apt-get install -y curl\n",
        "RUN apt-get install -y ca-certificates tzdata\n",
        "RUN apt-get install -y ./tool.deb\n",
        "RUN apt-get update && apt-get install -qq curl\n",
        "RUN apt-get update && apt-get install -yq curl\n",
        "RUN apt-get update && apt-get install --yes curl\n",
        "RUN apt-get update && apt-get -o APT::Get::Assume-Yes=true install curl\n",
        "RUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes && apt-get update && apt-get install curl\n",
        "RUN apt-get update && yes | apt-get install curl\n",
        "RUN apt-get update && apt-get install -s curl\n",
        "RUN apt-get install curl || true\n",
        "RUN if [ -f x ]; then apt-get install curl; fi\n",
        "RUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get install -y curl\n",
        "RUN ./setup.sh && apt-get install -y curl\n",
    ],
)
def test_what_needs_neither_stays(lines: str):
    check_noop(NAME, {**running(lines), "setup.sh": "#!/usr/bin/perl\n"})


def test_a_base_that_is_not_known_may_have_lists():
    check_noop(NAME, running("RUN apt-get install -y curl\n", "example.org/ours:1"))
    check_noop(NAME, running("RUN apk add curl\n", "python:3.11-alpine"))


def test_a_script_that_was_piped_may_have_fetched_them():
    check_noop(NAME, running("RUN curl -fsSL https://example.org/setup | bash - && apt-get install -y nodejs\n", "python:3.11"))
