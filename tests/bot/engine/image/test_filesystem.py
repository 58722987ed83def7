import pytest

from bot.engine.image import ignore
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, FileSystem, Found, Gone, Linked, Made, below
from tests.tools import tree

FILES = {"app/main.py": "", "app/core/db.py": "", "notes.md": "", "run.sh": ""}


def context(rules: str = "", **more) -> Context:
    return Context(tree(FILES, **more), "", ignore.read(rules, ".dockerignore"))


def system(*layers) -> FileSystem:
    return FileSystem(list(layers))


def copied(path: str = "/srv/app", source: str = "", rules: str = "", owner: str = "root", **more) -> Copied:
    return Copied(path, context(rules, **more), source, source not in FILES, owner)


# --- paths


@pytest.mark.parametrize(
    ("path", "folder", "rest"),
    [
        ("/a/b", "/a", "b"),
        ("/a/b/c", "/a", "b/c"),
        ("/a", "/a", ""),
        ("/ab", "/a", None),
        ("/", "/a", None),
        ("/a", "/", "a"),
        ("/", "/", ""),
    ],
)
def test_a_path_relative_to_a_folder(path, folder, rest):
    assert below(path, folder) == rest


# --- look-ups


def test_a_copied_folder_shows_what_the_context_has():
    files = system(copied("/srv/app", "app"))
    assert files.find("/srv/app/main.py") == Found("file", "app/main.py", "root")
    assert files.find("/srv/app/core") == Found("folder", "app/core", "root")
    assert files.find("/srv/app") == Found("folder", "app", "root")
    assert files.find("/srv/app/nowhere.py") is None


def test_a_copied_file_lies_where_it_was_put():
    files = system(copied("/srv/start.sh", "run.sh", owner="web"))
    assert files.find("/srv/start.sh") == Found("file", "run.sh", "web")
    assert files.find("/srv/start.sh/deeper") is None


def test_paths_are_normalised():
    assert system(copied("/srv/app", "app")).find("/srv/./app/core/../main.py") == Found("file", "app/main.py", "root")


def test_the_last_layer_that_has_a_path_counts():
    files = system(copied("/a/notes.md", "notes.md"), Made("/a/notes.md", "file", "web"))
    assert files.find("/a/notes.md") == Found("file", None, "web")


def test_the_folders_above_a_layer_are_there():
    files = system(Made("/data/cache/hits", "folder", "web"))
    assert files.find("/data/cache") == Found("folder", None, "root")
    assert files.find("/data/cache/misses") is None


@pytest.mark.parametrize("path", ["/", "/tmp", "/usr/local/bin", "/opt", "/var/log"])
def test_the_usual_folders_of_an_image_are_there(path):
    assert system().find(path) == Found("folder", None, "root")
    assert system().find(f"{path.rstrip('/')}/app-of-nobody") is None


def test_what_was_removed_is_gone_with_all_below_it_until_it_comes_again():
    files = system(copied("/srv/app", "app"), Gone("/srv/app/core"))
    assert files.find("/srv/app/core/db.py") is None
    assert files.find("/srv/app/main.py")
    files.add(Made("/srv/app/core/db.py", "file", "root"))
    assert files.find("/srv/app/core/db.py") == Found("file", None, "root")


def test_a_link_shows_what_lies_at_its_target():
    files = system(copied("/srv/app", "app"), Linked("/code", "/srv/app", None))
    assert files.find("/code/core/db.py") == Found("file", "app/core/db.py", "root")
    assert files.find("/code") == Found("folder", "app", "root")


def test_a_link_into_another_stage_shows_that_stage():
    builder = system(copied("/src", "app"))
    files = system(Linked("/srv/app", "/src", builder))
    assert files.find("/srv/app/main.py") == Found("file", "app/main.py", "root")
    assert files.find("/src/main.py") is None


def test_links_in_a_circle_lead_nowhere():
    assert system(Linked("/a", "/b", None), Linked("/b", "/a", None)).find("/a/x") is None


def test_a_copy_of_a_file_system_goes_its_own_way():
    files = system(copied("/srv/app", "app"))
    other = files.copy()
    other.add(Gone("/srv/app"))
    other.taint("/srv", "whatever")
    assert files.find("/srv/app/main.py")
    assert files.tainted("/srv/app") is None


# --- doubts


def test_what_lies_below_a_taint_is_not_certain():
    files = system()
    files.taint("/srv/app", "RUN make is not followed")
    assert files.tainted("/srv/app/core/db.py") == "RUN make is not followed"
    assert files.tainted("/srv/app") == "RUN make is not followed"
    assert (files.tainted("/srv"), files.tainted("/srv/apple")) == (None, None)


def test_only_a_taint_of_a_fault_says_that_a_miss_was_reported_already():
    files = system()
    files.taint("/a", "not followed")
    files.taint("/b", "not in the build context", assumed=True)
    assert (files.assumed("/a/x"), files.assumed("/b/x")) == (False, True)


def test_a_file_that_git_hides_is_named_where_it_would_lie():
    files = system(copied("/srv", hidden=("app/core/db.py",)))
    assert files.find("/srv/app/core/db.py") is None
    assert files.hidden("/srv/app/core/db.py") == "app/core/db.py"
    assert files.hidden("/srv/app/main.py") is None


def test_a_rule_that_keeps_a_file_out_is_named_where_the_file_would_lie():
    files = system(copied("/srv", rules="*.txt\n*.md\n"))
    assert files.ignored("/srv/notes.md") == ".dockerignore:2"
    assert files.ignored("/srv/run.sh") is None


def test_hidden_and_ignored_files_are_found_behind_a_copy_from_another_stage():
    builder = system(copied("/src", rules="notes.md", hidden=("app/core/db.py",)))
    files = system(Linked("/srv", "/src", builder))
    assert files.hidden("/srv/app/core/db.py") == "app/core/db.py"
    assert files.ignored("/srv/notes.md") == ".dockerignore:1"


def test_links_in_a_circle_hide_nothing():
    files = system(Linked("/a", "/b", None), Linked("/b", "/a", None))
    assert (files.hidden("/a/x"), files.ignored("/a/x")) == (None, None)


# --- lists


def test_the_repositorys_files_are_listed_with_both_of_their_paths():
    files = system(copied("/srv/app", "app"), copied("/bin/start.sh", "run.sh"))
    assert list(files.files("/", ".py")) == [("/srv/app/core/db.py", "app/core/db.py"), ("/srv/app/main.py", "app/main.py")]
    assert list(files.files("/srv/app/core", ".py")) == [("/srv/app/core/db.py", "app/core/db.py")]
    assert list(files.files("/", ".sh")) == [("/bin/start.sh", "run.sh")]


def test_a_file_that_was_removed_or_made_anew_is_not_listed():
    files = system(copied("/srv", "app"), Gone("/srv/core"), Made("/srv/main.py", "file", "root"))
    assert list(files.files("/", ".py")) == []


def test_a_file_that_two_layers_bring_is_listed_once():
    files = system(copied("/srv", "app"), copied("/srv", "app"))
    assert [path for path, _ in files.files("/srv", ".py")] == ["/srv/core/db.py", "/srv/main.py"]


def test_files_behind_a_copy_from_another_stage_are_listed():
    builder = system(copied("/src", "app"), copied("/src/run.sh", "run.sh"))
    files = system(Linked("/srv", "/src", builder), Linked("/bin/go.sh", "/src/run.sh", builder))
    assert list(files.files("/", ".py")) == [("/srv/core/db.py", "app/core/db.py"), ("/srv/main.py", "app/main.py")]
    assert list(files.files("/bin", ".sh")) == [("/bin/go.sh", "run.sh")]
    assert list(files.files("/srv/core", ".py")) == [("/srv/core/db.py", "app/core/db.py")]
