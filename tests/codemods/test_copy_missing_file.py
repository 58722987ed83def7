import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed

NAME = "copy-missing-file"
READING = {
    **HEALTHY,
    "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py ./"),
    "main.py": f'LABELS = open("data/labels.json").read()\n{MAIN}',
    "data/labels.json": "{}\n",
}
STREAMLIT = """\
FROM python:3.11-slim
WORKDIR /app
COPY ./src/requirements.txt .
RUN pip install -r requirements.txt
EXPOSE 8080
CMD ["streamlit", "run", "Home.py", "--server.port=8080"]
"""
MOUNTED = {
    "fly.toml": HEALTHY["fly.toml"],
    ".dockerignore": ".git\n",
    "Dockerfile": STREAMLIT,
    "src/requirements.txt": "streamlit\n",
    "src/Home.py": "import streamlit\n",
}


def copying(old: str, new: str, files: dict[str, str] = READING) -> dict[str, str]:
    assert old in files["Dockerfile"]
    return {**files, "Dockerfile": files["Dockerfile"].replace(old, new)}


def test_the_folder_of_a_file_that_is_read():
    after = READING["Dockerfile"].replace("COPY main.py ./\n", "COPY main.py ./\nCOPY data ./data\n")
    check_transformed(NAME, READING, {"Dockerfile": after})


def test_a_file_beside_the_sources():
    files = {**READING, "main.py": f'LABELS = open("labels.json").read()\n{MAIN}', "labels.json": "{}\n"}
    after = READING["Dockerfile"].replace("COPY main.py ./\n", "COPY main.py ./\nCOPY labels.json ./\n")
    check_transformed(NAME, files, {"Dockerfile": after})


def test_a_folder_that_is_served():
    served = 'from fastapi.staticfiles import StaticFiles\napp.mount("/s", StaticFiles(directory="static"))\n'
    files = {**READING, "main.py": MAIN + served, "static/a.css": ""}
    after = READING["Dockerfile"].replace("COPY main.py ./\n", "COPY main.py ./\nCOPY static ./static\n")
    check_transformed(NAME, files, {"Dockerfile": after})


def test_it_is_written_like_the_line_beside_it():
    files = copying("COPY main.py ./", "COPY --chown=app ./main.py ./")
    after = files["Dockerfile"].replace(
        "COPY --chown=app ./main.py ./\n", "COPY --chown=app ./main.py ./\nCOPY --chown=app ./data ./data\n"
    )
    check_transformed(NAME, files, {"Dockerfile": after})


def test_sources_that_only_docker_compose_mounts():
    after = STREAMLIT.replace("-r requirements.txt\n", "-r requirements.txt\nCOPY ./src .\n")
    check_transformed(NAME, MOUNTED, {"Dockerfile": after}, unsafe=True)


def test_sources_that_nothing_copies():
    files = copying("COPY main.py ./\n", "", {**HEALTHY, "Dockerfile": READING["Dockerfile"]})
    after = files["Dockerfile"].replace("-r requirements.txt\n", "-r requirements.txt\nCOPY . .\n")
    check_transformed(NAME, files, {"Dockerfile": after})


def test_a_script_that_is_started():
    dockerfile = READING["Dockerfile"].rpartition("CMD")[0].replace("COPY main.py ./\n", "") + 'CMD ["python", "main.py"]\n'
    files = {**HEALTHY, "Dockerfile": dockerfile}
    after = dockerfile.replace("-r requirements.txt\n", "-r requirements.txt\nCOPY . .\n")
    check_transformed(NAME, files, {"Dockerfile": after})


def test_a_file_of_another_folder_takes_a_judgement():
    assert check_noop(NAME, MOUNTED, unsafe=False).dropped[-1].suggestion


@pytest.mark.parametrize("files", [HEALTHY, {**READING, "Dockerfile": DOCKERFILE}])
def test_what_is_copied_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_of_two_files_none_is_taken():
    files = {**MOUNTED, "old/Home.py": ""}
    assert "2 paths of the build context could be meant by Home.py" in reasons(NAME, files)


def test_what_the_repository_does_not_have_is_not_copied():
    files = {path: content for path, content in READING.items() if path != "data/labels.json"}
    assert "0 paths of the build context could be meant by data/labels.json" in reasons(NAME, files)


def test_what_an_ignore_rule_keeps_out_is_not_copied():
    assert "0 paths of the build context could be meant by data/labels.json" in reasons(
        NAME, {**READING, ".dockerignore": "data\n"}
    )


def test_a_path_elsewhere_in_the_image_is_not_guessed():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE + "RUN mkdir /srv/data\n", "main.py": f'open("/srv/data/a.txt")\n{MAIN}'}
    assert "/srv/data/a.txt does not lie in the working directory /app" in reasons(NAME, files)
