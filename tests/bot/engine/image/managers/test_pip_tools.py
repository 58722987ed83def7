import pytest

from tests.bot.engine.image.running import ran


def test_pip_sync_installs_what_the_files_name_and_nothing_else():
    found = ran("pip install pip-tools && pip-sync", files={"requirements.txt": "flask==3\n"})
    assert (found.names[-1], found.codes) == ("flask", [])
    found = ran("pip install pip-tools && pip-sync a.txt b.txt", files={"a.txt": "flask==3\n", "b.txt": "redis==5\n"})
    assert found.names[-2:] == ["flask", "redis"]


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("pip-compile", "requirements.txt"),
        ("pip-compile dev.in", "dev.txt"),
        ("pip-compile -o all.txt requirements.in", "all.txt"),
        ("pip-compile --output-file=all.txt", "all.txt"),
        ("python -m piptools compile dev.in", "dev.txt"),
    ],
)
def test_pip_compile_writes_a_file(command: str, made: str):
    found = ran(f"pip install pip-tools && {command}", source=None)
    assert (found.has(f"/app/{made}"), found.codes) == (True, [])


def test_pipx_installs_into_an_environment_of_its_own():
    found = ran("pipx install poetry==1.8.5 && pipx inject poetry poetry-plugin-export")
    assert {install.prefix for install in found.installs} == {"/root/.local/share/pipx/venvs/poetry"}
    assert found.names == ["poetry", "poetry-plugin-export"]


def test_pipx_run_starts_a_manager():
    files = {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["flask"]\n'}
    assert ran("pipx run uv sync", files=files).names == ["flask"]
