import pytest

from bot.engine.image import ignore
from bot.engine.image.context import Context
from bot.engine.image.filesystem import Copied, FileSystem, Found, Given, Gone, Linked, Made, below
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
    assert files.find("/srv/app/main.py") == Found("file", "app/main.py")
    assert files.find("/srv/app/core") == Found("folder", "app/core")
    assert files.find("/srv/app") == Found("folder", "app")
    assert files.find("/srv/app/nowhere.py") is None


def test_a_copied_file_lies_where_it_was_put():
    files = system(copied("/srv/start.sh", "run.sh", owner="web"))
    assert files.find("/srv/start.sh") == Found("file", "run.sh")
    assert files.find("/srv/start.sh/deeper") is None


def test_paths_are_normalised():
    assert system(copied("/srv/app", "app")).find("/srv/./app/core/../main.py") == Found("file", "app/main.py")


def test_the_last_layer_that_has_a_path_counts():
    files = system(copied("/a/notes.md", "notes.md"), Made("/a/notes.md", "file", "web"))
    assert files.find("/a/notes.md") == Found("file", None)


def test_the_folders_above_a_layer_are_there():
    files = system(Made("/data/cache/hits", "folder", "web"))
    assert files.find("/data/cache") == Found("folder", None)
    assert files.find("/data/cache/misses") is None


@pytest.mark.parametrize("path", ["/", "/tmp", "/usr/local/bin", "/opt", "/var/log"])
def test_the_usual_folders_of_an_image_are_there(path):
    assert system().find(path) == Found("folder", None)
    assert system().find(f"{path.rstrip('/')}/app-of-nobody") is None


def test_what_was_removed_is_gone_with_all_below_it_until_it_comes_again():
    files = system(copied("/srv/app", "app"), Gone("/srv/app/core"))
    assert files.find("/srv/app/core/db.py") is None
    assert files.find("/srv/app/main.py")
    files.add(Made("/srv/app/core/db.py", "file", "root"))
    assert files.find("/srv/app/core/db.py") == Found("file", None)


def test_a_link_shows_what_lies_at_its_target():
    files = system(copied("/srv/app", "app"), Linked("/code", "/srv/app", None))
    assert files.find("/code/core/db.py") == Found("file", "app/core/db.py")
    assert files.find("/code") == Found("folder", "app")


def test_a_link_into_another_stage_shows_that_stage():
    builder = system(copied("/src", "app"))
    files = system(Linked("/srv/app", "/src", builder))
    assert files.find("/srv/app/main.py") == Found("file", "app/main.py")
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


# --- rights


def rights(path: str, *layers, **more) -> tuple[str, str]:
    found = system(*layers).rights(path)
    return found.owner, f"{found.mode:o}"


def test_what_is_copied_belongs_to_the_owner_of_the_copy_and_has_the_mode_of_git():
    layers = copied("/s/app", "app", owner="1000:1000"), copied("/s/run.sh", "run.sh", executable=("run.sh",))
    assert rights("/s/app/main.py", *layers) == ("1000:1000", "644")
    assert rights("/s/app/core", *layers) == ("1000:1000", "755")
    assert rights("/s/run.sh", *layers) == ("root", "755")


def test_a_mode_of_the_copy_counts_for_all_that_it_brings():
    layer = copied("/s/app", "app")._replace(mode="700")
    assert [rights(path, layer)[1] for path in ("/s/app", "/s/app/core", "/s/app/main.py")] == ["700", "700", "700"]


def test_the_folder_that_is_copied_into_stays_whose_it_was_and_those_below_do_not():
    layers = Made("/s/core", "folder", "77"), copied("/s", "app", owner="1000:1000")
    assert rights("/s", Made("/s", "folder", "77"), layers[1]) == ("77", "755")
    assert rights("/s/core", *layers) == ("1000:1000", "755")


def test_folders_above_what_is_made_belong_to_its_maker_unless_they_were_there():
    assert rights("/data", Made("/data/cache", "folder", "77")) == ("77", "755")
    assert rights("/data", Made("/data", "folder", "root"), Made("/data/cache", "folder", "77")) == ("root", "755")
    assert rights("/opt", Made("/opt/cache", "folder", "77")) == ("root", "755")


@pytest.mark.parametrize(("path", "mode"), [("/tmp", "777"), ("/root", "700"), ("/usr/local/bin", "755")])
def test_the_usual_folders_have_their_usual_modes(path, mode):
    assert rights(path) == ("root", mode)


def test_what_is_not_there_would_get_those_of_the_folder_that_it_would_lie_in():
    assert rights("/s/new/deeper", Made("/s", "folder", "77")) == ("77", "755")
    assert rights("/nowhere") == ("root", "755")


def test_chown_and_chmod_change_what_was_there_before_them():
    before, after = Made("/s", "folder", "root"), Made("/s/late", "folder", "root")
    chown = Given("/s", "77:78", None, deep=True)
    assert rights("/s", before, chown, after) == ("77:78", "755")
    assert rights("/s/late", before, chown, after) == ("root", "755")
    assert rights("/s/late", before, after, chown) == ("77:78", "755")
    assert rights("/s/late", before, after, chown._replace(deep=False)) == ("root", "755")


def test_a_wildcard_changes_what_lies_in_a_folder_and_not_the_folder():
    layers = Made("/s/a", "folder", "root"), Made("/s/a/b", "folder", "root")
    inside = Given("/s", "77", inside=True)
    assert [rights(path, *layers, inside)[0] for path in ("/s", "/s/a", "/s/a/b")] == ["root", "77:root", "root"]
    assert rights("/s/a/b", *layers, inside._replace(deep=True))[0] == "77:root"


def test_a_user_or_a_group_alone_leaves_the_other():
    made = Made("/s", "folder", "77:78")
    assert rights("/s", made, Given("/s", "99")) == ("99:78", "755")
    assert rights("/s", made, Given("/s", ":99")) == ("77:99", "755")
    assert rights("/s", made, Given("/s", None, "g+w"), Given("/s", None, "o=")) == ("77:78", "770")


def test_a_copy_within_the_image_has_the_rights_of_what_it_was_copied_from_or_those_of_the_command():
    before = system(Made("/a", "file", "77", mode=0o600))
    assert rights("/b", Linked("/b", "/a", before)) == ("77", "600")
    assert rights("/b", Linked("/b", "/a", before, "99", "755")) == ("99", "755")
    assert rights("/b", *before.layers, Linked("/b", "/a", None)) == ("77", "600")


def test_what_was_removed_starts_anew():
    layers = Made("/s", "folder", "77"), Gone("/s"), Made("/s/x", "file", "99")
    assert rights("/s", *layers) == ("99", "755")


def test_links_in_a_circle_have_somebodys_rights():
    assert rights("/a/x", Linked("/a", "/b", None), Linked("/b", "/a", None)) == ("root", "755")


def test_a_folder_above_a_copied_file_is_still_the_one_that_was_copied():
    files = system(copied("/s", "app"), copied("/s/core/notes.md", "notes.md"))
    assert files.find("/s/core") == Found("folder", "app/core")


def test_a_doubt_about_rights_is_none_about_files():
    files = system()
    files.taint("/a", "chown in a branch", of="rights")
    files.taint("/b", "an environment", of="files")
    assert (files.tainted("/a/x"), files.doubted("/a/x")) == (None, "chown in a branch")
    assert (files.tainted("/b/x"), files.doubted("/b/x")) == ("an environment", None)
