import pytest

from bot.engine.image import ignore
from bot.engine.image.context import Context, ignore_rules
from tests.tools import tree

FILES = {
    "Dockerfile": "FROM scratch\n",
    "app/main.py": "",
    "app/data/keep.csv": "",
    "app/data/drop.csv": "",
    "notes.md": "",
    "README.md": "",
    "backend/main.py": "",
    "backend/.env": "",
}


def context(rules: str = "", root: str = "", files=FILES, **more) -> Context:
    return Context(tree(files, **more), root, ignore.read(rules, ".dockerignore"))


# --- what is there


def test_files_and_folders_of_the_tree_are_in_the_context():
    found = context()
    assert (found.kind("app"), found.kind("app/main.py"), found.kind("nowhere")) == ("folder", "file", None)


def test_paths_count_from_the_root_of_the_context():
    found = context(root="backend")
    assert (found.kind("main.py"), found.kind("backend/main.py")) == ("file", None)
    assert found.tree_path("main.py") == "backend/main.py"


def test_the_root_itself_is_a_folder_whatever_is_ignored():
    assert context("*").kind("") == "folder"


def test_what_an_ignore_rule_keeps_out_is_not_there():
    found = context("*.md\napp/data\n")
    assert (found.kind("notes.md"), found.kind("app/data"), found.kind("app/data/keep.csv")) == (None, None, None)
    assert found.kind("app/main.py") == "file"


def test_the_last_rule_that_matches_decides():
    assert context("*.md\n!README.md\n").kind("README.md") == "file"
    assert context("!README.md\n*.md\n").kind("README.md") is None


def test_an_excluded_folder_is_there_when_something_below_it_is_let_in_again():
    found = context("app/data\n!app/data/keep.csv\n")
    assert (found.kind("app/data"), found.kind("app/data/keep.csv")) == ("folder", "file")
    assert found.kind("app/data/drop.csv") is None


def test_an_excluded_folder_stays_out_when_another_one_is_let_in_again():
    assert context("*\n!app\n").kind("backend") is None


def test_a_folder_of_ignored_files_alone_is_not_in_a_clone():
    assert context(hidden=("app/data/keep.csv", "app/data/drop.csv")).kind("app/data") is None


# --- why something is not there


def test_a_rule_that_keeps_a_file_out_is_named_with_its_line():
    assert context("# docs\n*.md\n").excluded_by("notes.md") == ".dockerignore:2"


def test_no_rule_is_named_for_what_the_repository_does_not_have():
    assert context("*.md\n").excluded_by("CHANGES.md") is None


def test_no_rule_is_named_for_what_gets_in():
    assert context("*.md\n!README.md\n").excluded_by("README.md") is None


def test_a_file_that_git_ignores_is_hidden():
    found = context(hidden=("backend/.env",))
    assert found.kind("backend/.env") is None
    assert found.hidden("backend/.env")
    assert not found.hidden("backend/main.py")


def test_a_hidden_file_that_the_ignore_file_drops_anyway_is_not_called_hidden():
    assert not context("**/.env", hidden=("backend/.env",)).hidden("backend/.env")


def test_a_path_that_no_clone_has_is_unversioned_whether_it_lies_on_the_disk_or_not():
    found = context(hidden=("dist",))
    assert found.unversioned("dist/app.js")
    assert not found.unversioned("app/main.py")


# --- links


def test_a_link_inside_the_repository_is_what_it_leads_to():
    found = context(links={"conf": "app", "main": "app/main.py"})
    assert (found.kind("conf"), found.kind("conf/main.py"), found.kind("main")) == ("folder", "file", "file")


@pytest.mark.parametrize("path", ["shared", "shared/models.py", "shared/deep/er.py"])
def test_a_link_that_leaves_the_repository_is_told_apart_with_all_below_it(path):
    found = context(links={"shared": "../../elsewhere"})
    assert found.kind(path) is None
    assert found.leaves(path)


def test_what_is_missing_for_another_reason_does_not_leave_the_repository():
    found = context(links={"shared": "../../elsewhere"})
    assert not found.leaves("nowhere/models.py")
    assert not found.leaves("")


# --- files and wildcards


def test_files_are_listed_below_a_folder_by_their_ending():
    assert list(context().files("app", ".csv")) == ["app/data/drop.csv", "app/data/keep.csv"]
    assert list(context(root="backend").files("", ".py")) == ["main.py"]


def test_files_that_are_ignored_are_not_listed():
    assert list(context("app/data/drop.csv", hidden=("app/data/keep.csv",)).files("app", ".csv")) == []


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*.md", ["README.md", "notes.md"]),
        ("n?tes.md", ["notes.md"]),
        ("[nR]*.md", ["README.md", "notes.md"]),
        ("[^R]*.md", ["notes.md"]),
        ("app/*.py", ["app/main.py"]),
        ("*/main.py", ["app/main.py", "backend/main.py"]),
        ("*/*/*.csv", ["app/data/drop.csv", "app/data/keep.csv"]),
        ("app*", ["app"]),
        ("*.lock", []),
        ("nowhere/*.py", []),
        ("[", []),
    ],
)
def test_a_wildcard_matches_part_by_part(pattern, matches):
    assert context().matches(pattern) == matches


def test_a_star_matches_names_with_a_dot_in_front_and_no_slash():
    assert context(root="backend").matches("*") == [".env", "main.py"]


def test_a_backslash_makes_a_wildcard_plain():
    assert context(files={"a*b": "", "axb": ""}).matches(r"?\*b") == ["a*b"]


def test_a_wildcard_does_not_match_what_is_kept_out():
    assert context("README.md").matches("*.md") == ["notes.md"]
    assert context(hidden=("notes.md",)).matches("*.md") == ["README.md"]


# --- which ignore file


def test_the_ignore_file_lies_in_the_root_of_the_context():
    found = tree({".dockerignore": "*.md", "backend/.dockerignore": "*.csv"})
    assert ignore_rules(found, "", "backend/Dockerfile").path == ".dockerignore"
    assert ignore_rules(found, "backend", "backend/Dockerfile").path == "backend/.dockerignore"


def test_an_ignore_file_beside_the_dockerfile_goes_before_the_one_of_the_context():
    files = {".dockerignore": "*.md", "docker/web.Dockerfile": "", "docker/web.Dockerfile.dockerignore": "*.csv"}
    rules = ignore_rules(tree(files), "", "docker/web.Dockerfile")
    assert rules.path == "docker/web.Dockerfile.dockerignore"
    assert (rules.excludes("a.csv"), rules.excludes("a.md")) == (True, False)


def test_an_ignore_file_that_lies_beside_the_dockerfile_under_its_plain_name_is_not_read():
    assert ignore_rules(tree({"docker/.dockerignore": "*"}), "", "docker/Dockerfile") == ignore.NOTHING
