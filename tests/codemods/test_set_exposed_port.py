import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned, result

NAME = "set-exposed-port"


def exposing(line: str, above: str = "") -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("CMD", f"{above}{line}\nCMD")}


@pytest.mark.parametrize("written", ["$PORT", "${PORT}", "$APP_PORT"])
def test_the_port_of_the_service_is_exposed(written: str):
    check_transformed(NAME, exposing(f"EXPOSE {written}"), {"Dockerfile": exposing("EXPOSE 8080")["Dockerfile"]})


def test_it_is_left_alone_in_a_deploy_that_works():
    assert not planned(exposing("EXPOSE $PORT"), unsafe=True).tree.changes()


def test_it_goes_along_once_the_deploy_is_repaired():
    files = exposing("EXPOSE $PORT")
    files["Dockerfile"] = files["Dockerfile"].replace("main:app", "src.main:app")
    made = planned(files)
    assert [step.codemod for step in made.steps] == ["fix-entrypoint", NAME]
    assert result(made, files)["Dockerfile"] == exposing("EXPOSE 8080")["Dockerfile"]


def test_a_deploy_that_stays_broken_keeps_it():
    files = exposing("EXPOSE $PORT")
    files["Dockerfile"] = files["Dockerfile"].replace("main:app", "src.main:app").replace('"8080"', '"nothing"')
    assert NAME not in [step.codemod for step in planned(files).steps]


@pytest.mark.parametrize(
    ("line", "above"),
    [
        ("EXPOSE 8080", ""),
        ("EXPOSE $PORT", "ENV PORT=8080\n"),
        ("EXPOSE $PORT", "ARG PORT=8080\n"),
        ("EXPOSE $PORT", "ARG PORT\n"),  # `--build-arg` may give it one
        ("EXPOSE ${PORT:-8080}", ""),
        ("EXPOSE $PORT 9000", ""),
    ],
)
def test_what_has_a_value_is_left_alone(line: str, above: str):
    check_noop(NAME, exposing(line, above))


def test_of_two_services_neither_is_chosen():
    files = {**exposing("EXPOSE $PORT"), "fly.toml": FLY + '\n[[services]]\n  internal_port = 9000\n  protocol = "tcp"\n'}
    assert reasons(NAME, files) == {"which port the service has is not clear"}
