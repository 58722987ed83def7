import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, tree

NAME = "fix-copy-source"
BELOW = {  # the config and the context in the root, the sources in backend/
    "fly.toml": FLY.replace('"Dockerfile"', '"backend/Dockerfile"'),
    "backend/Dockerfile": DOCKERFILE,
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
}
INSIDE = {  # the context is backend/
    "backend/fly.toml": FLY,
    "backend/Dockerfile": DOCKERFILE,
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/main.py": MAIN,
}


def copying(old: str, new: str, files: dict[str, str] = INSIDE) -> dict[str, str]:
    text = files["backend/Dockerfile"]
    assert old in text
    return {**files, "backend/Dockerfile": text.replace(old, new)}


def test_sources_that_lie_beside_the_dockerfile():
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY main.py ./")
    after = dockerfile.replace("requirements.txt .", "backend/requirements.txt .").replace("main.py ./", "backend/main.py ./")
    check_transformed(NAME, {**BELOW, "backend/Dockerfile": dockerfile}, {"backend/Dockerfile": after})


def test_all_sources_follow_when_the_dockerfile_was_written_for_its_own_folder():
    after = DOCKERFILE.replace("requirements.txt .", "backend/requirements.txt .").replace("COPY . .", "COPY backend .")
    check_transformed(NAME, BELOW, {"backend/Dockerfile": after})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backend/requirements.txt", "requirements.txt"),
        ("./backend/requirements.txt", "./requirements.txt"),
        ("/backend/requirements.txt", "/requirements.txt"),
    ],
)
def test_a_path_that_is_one_folder_too_long(old: str, new: str):
    before = copying("COPY requirements.txt .", f"COPY {old} ./  ")
    check_transformed(NAME, before, copying("COPY requirements.txt .", f"COPY {new} ./  "))


@pytest.mark.parametrize("source", ["backend", "backend/", "./backend", "/backend/"])
def test_the_context_itself(source: str):
    check_transformed(NAME, copying("COPY . .", f"COPY {source} ."), INSIDE)


def test_a_slash_behind_a_folder_stays():
    files = {**INSIDE, "backend/lib/__init__.py": "# ours\n"}
    before = copying("COPY . .", "COPY backend/lib/ ./lib/\nCOPY . .", files)
    check_transformed(NAME, before, copying("COPY . .", "COPY lib/ ./lib/\nCOPY . .", files))


def test_the_json_form_stays_json():
    before = copying("COPY requirements.txt .", 'COPY [ "backend/requirements.txt",  "./" ]')
    check_transformed(NAME, before, copying("COPY requirements.txt .", 'COPY [ "requirements.txt",  "./" ]'))


def test_flags_comments_and_continuations_stay():
    before = copying("COPY requirements.txt .", "COPY --chown=root \\\n  # the list\n  backend/requirements.txt \\\n  ./")
    after = copying("COPY requirements.txt .", "COPY --chown=root \\\n  # the list\n  requirements.txt \\\n  ./")
    check_transformed(NAME, before, after)


def test_two_sources_of_one_line_and_an_add():
    before = copying(
        "COPY requirements.txt .", "COPY backend/requirements.txt backend/main.py ./\nADD backend/main.py /copy.py"
    )
    check_transformed(
        NAME, before, copying("COPY requirements.txt .", "COPY requirements.txt main.py ./\nADD main.py /copy.py")
    )


def test_the_only_file_of_that_path_anywhere():
    files = {
        **HEALTHY,
        "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY conf/log.ini /etc/\nCOPY . ."),
        "etc/app/conf/log.ini": "",
    }
    after = files["Dockerfile"].replace("COPY conf/", "COPY etc/app/conf/")
    check_transformed(NAME, files, {"Dockerfile": after})


def test_a_file_above_the_context_is_laid_into_it():
    files = copying("COPY . .", "COPY constraints.txt ./\nCOPY . .", {**INSIDE, "constraints.txt": "fastapi<1\n"})
    check_transformed(NAME, files, {"backend/constraints.txt": "fastapi<1\n"}, unsafe=True)


def test_a_file_above_the_context_takes_a_judgement():
    files = copying("COPY . .", "COPY constraints.txt ./\nCOPY . .", {**INSIDE, "constraints.txt": "fastapi<1\n"})
    assert not planned(files, NAME).tree.changes()


def test_a_dockerfile_without_a_final_newline_gets_none():
    files = copying("COPY requirements.txt .", "COPY backend/requirements.txt .")
    files["backend/Dockerfile"] = files["backend/Dockerfile"].rstrip("\n")
    check_transformed(NAME, files, {"backend/Dockerfile": DOCKERFILE.rstrip("\n")})


@pytest.mark.parametrize("files", [HEALTHY, INSIDE])
def test_sources_that_are_there_are_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_of_two_files_that_could_be_meant_none_is_taken():
    files = {
        **HEALTHY,
        "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY log.ini /etc/\nCOPY . ."),
        "a/log.ini": "",
        "b/log.ini": "",
    }
    assert "2 paths of the build context could be meant by log.ini" in reasons(NAME, files)


def test_a_shorter_path_is_not_taken_where_a_longer_one_fits_as_well():
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY app/log.ini /etc/\nCOPY . .")
    files = {**HEALTHY, "Dockerfile": dockerfile, "log.ini": "", "backend/app/log.ini": ""}
    assert "2 paths of the build context could be meant by app/log.ini" in reasons(NAME, files)


def test_what_is_nowhere_is_not_invented():
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY log.ini /etc/\nCOPY . .")}
    assert "0 paths of the build context could be meant by log.ini" in reasons(NAME, files)


def test_nothing_is_changed_when_one_of_the_sources_is_unclear():
    files = copying("COPY requirements.txt .", "COPY backend/requirements.txt nowhere.txt ./")
    assert "0 paths of the build context could be meant by nowhere.txt" in reasons(NAME, files)


def test_a_path_that_an_ignore_rule_keeps_out_is_right():
    assert "an ignore rule keeps requirements.txt out; the path is right" in reasons(
        NAME, {**HEALTHY, ".dockerignore": "requirements.txt\n"}
    )


def test_a_path_that_git_ignores_is_right():
    from bot.engine.plan import Allowed, plan
    from bot.engine.simulate import Options
    from codemods import Shelf

    made = plan(tree(HEALTHY, hidden=("requirements.txt",)), Shelf(), Options(), Allowed(True, (NAME,)))
    assert "git keeps requirements.txt out; the path is right" in {dropped.reason for dropped in made.dropped}
    assert not made.tree.changes()


def test_a_path_with_a_variable_is_not_replaced_by_its_value():
    files = copying("COPY requirements.txt .", "ARG DIR=backend\nCOPY $DIR/requirements.txt .")
    assert "$DIR/requirements.txt holds a variable, which is not edited" in reasons(NAME, files)


def test_a_mount_is_not_edited():
    files = {
        **HEALTHY,
        "Dockerfile": DOCKERFILE.replace("RUN pip", "RUN --mount=type=bind,source=list.txt,target=/list.txt pip"),
    }
    assert "a mount of RUN names list.txt, which is not edited" in reasons(NAME, files)


def test_a_dockerfile_that_builds_for_another_target_in_another_context_stays():
    files = {**INSIDE, "fly.toml": FLY.replace("demo", "root").replace('"Dockerfile"', '"backend/Dockerfile"')}
    files = copying(
        "COPY requirements.txt .", "COPY backend/requirements.txt .", copying("COPY . .", "COPY */main.py .", files)
    )
    made = planned(files, NAME, unsafe=True)
    assert [report.target.config for report in made.before if not report.faults] == ["fly.toml"]
    assert not made.tree.changes()
