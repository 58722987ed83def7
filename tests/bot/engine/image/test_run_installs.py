from functools import partial

import pytest

from tests.bot.engine.image import running
from tests.bot.engine.image.running import FILES

ran = partial(running.ran, base="python:3.11")  # with git, curl and make

# --- packages of the system, environments, installers


def test_system_packages_are_programs():
    found = ran(
        "apt-get install -y --no-install-recommends gcc=1.2 curl && apk add git && DEBIAN_FRONTEND=x apt install -y vim"
    )
    assert found.stage.programs == {"gcc", "curl", "git", "vim"}


def test_environments_are_noted():
    found = ran("python -m venv /opt/a && virtualenv b && uv venv && uv venv c", programs=("uv",))
    assert found.stage.environments == ["/opt/a", "/app/b", "/app/.venv", "/app/c"]


@pytest.mark.parametrize(
    "script",
    [
        "python -m venv /opt/venv && /opt/venv/bin/pip install flask",
        "python -m venv /opt/venv && /opt/venv/bin/python -m pip install flask",
        "python -m venv /opt/venv && . /opt/venv/bin/activate && pip install flask",
        "virtualenv /opt/venv && bash -c 'source /opt/venv/bin/activate && pip install flask'",
        "python -m venv /opt/venv && PATH=/opt/venv/bin:$PATH && /opt/venv/bin/pip3 install flask",
    ],
)
def test_an_install_goes_to_the_environment_of_its_pip(script):
    [install] = ran(script).installs
    assert (install.prefix, install.opaque) == ("/opt/venv", None)


def test_an_environment_that_is_first_on_path_takes_the_install():
    found = ran("python -m venv /opt/venv && pip install flask", env={"PATH": "/opt/venv/bin:/usr/local/bin:/bin"})
    assert found.installs[0].prefix == "/opt/venv"


def test_a_relative_environment():
    assert ran("python -m venv venv && ./venv/bin/pip install flask").installs[0].prefix == "/app/venv"


@pytest.mark.parametrize("script", ["conda env create -f x.yml", "mamba install flask", "rye sync"])
def test_other_installers_are_opaque(script):
    found = ran(script)
    assert found.codes == []
    assert found.installs[0].opaque == f"{' '.join(script.split()[:3])} is not followed"
    assert found.unknowns == [f"RUN {found.installs[0].opaque}"]


@pytest.mark.parametrize("script", ["poetry config virtualenvs.create false", "uv lock", "poetry run pytest", "uv --version"])
def test_what_other_installers_do_besides_is_passed_over(script):
    found = ran(script, programs=("uv", "poetry"))
    assert (found.installs, found.unknowns, found.codes) == ([], [], [])


@pytest.mark.parametrize(
    "script",
    [
        "uv pip compile pyproject.toml -o all.txt",
        "pip-compile --output-file=all.txt",
        "grep -v torch requirements.txt > all.txt",
        "sed -i /x/d requirements.txt && mv requirements.txt all.txt",
    ],
)
def test_a_requirements_file_that_is_made_in_the_build_is_there_and_not_known(script):
    found = ran(f"{script} && pip install -r all.txt", programs=("uv", "pip-compile"))
    assert found.codes == []
    assert found.installs[-1].opaque == "all.txt is made during the build"


def test_pip_compile_writes_requirements_txt():
    assert ran("pip-compile && pip install -r requirements.txt", source=None, programs=("pip-compile",)).codes == []


def test_uv_pip_is_read_and_speaks_in_its_own_words():
    assert ran("uv pip install --system -r requirements.txt", programs=("uv",)).names == ["flask"]
    assert ran("uv pip install --system -r nope.txt", programs=("uv",)).messages == ["error: File not found: nope.txt"]


@pytest.mark.parametrize(
    "script",
    [
        "cat requirements.txt | xargs -n 1 pip install",
        "grep -v torch requirements.txt | xargs uv pip install",
        "while read p; do pip install $p; done < requirements.txt",
        "pip install $(cat requirements.txt)",
        "curl -sSL https://example.org/install | bash",
        "python setup.py install",
        "python setup.py develop",
        "python -m spacy download en_core_web_sm",
    ],
)
def test_installs_that_cant_be_read_are_opaque(script):
    found = ran(script, files={**FILES, "setup.py": ""})
    assert found.codes == []
    assert found.installs[-1].opaque


def test_xargs_of_something_harmless_is_passed_over():
    assert ran("ls | xargs echo").unknowns == []


def test_an_install_in_a_branch_counts_as_one():
    assert ran("if true; then pip install flask; fi").names == ["flask"]


def test_windows_line_endings_change_nothing():
    found = ran("cd lib && \\\r\n  pip install -r requirements.txt\r\nls < x\r\n")
    assert (found.codes, found.names, found.has("/app/lib/x")) == ([], ["redis"], False)
