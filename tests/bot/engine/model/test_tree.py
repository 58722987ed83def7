from __future__ import annotations

import pytest

from bot.engine.model import tree as model
from bot.engine.model.tree import Change, Splice, Tree, Unreadable, join, newline, position, splice
from tests.tools import Dictionary, tree

# --- kinds


def test_the_root_is_a_folder_even_when_it_is_empty():
    assert tree({}).kind("") == "folder"


def test_a_file_and_the_folders_above_it():
    made = tree({"app/api/main.py": ""})
    assert made.kind("app") == "folder"
    assert made.kind("app/api") == "folder"
    assert made.kind("app/api/main.py") == "file"
    assert (made.is_file("app"), made.is_folder("app")) == (False, True)
    assert (made.is_file("app/api/main.py"), made.is_folder("app/api/main.py")) == (True, False)


@pytest.mark.parametrize("path", ["missing", "app/missing", "app/main.py/more", "missing/main.py"])
def test_nothing_there(path: str):
    assert tree({"app/main.py": ""}).kind(path) is None


@pytest.mark.parametrize("path", ["./app/main.py", "app/./main.py", "app//main.py", "app/../app/main.py"])
def test_dots_in_a_path_are_walked(path: str):
    made = tree({"app/main.py": ""})
    assert made.kind(path) == "file"
    assert made.resolve(path) == "app/main.py"


def test_a_path_that_climbs_above_the_root_leads_nowhere():
    made = tree({"main.py": ""})
    assert made.resolve("../main.py") is None
    assert made.kind("../main.py") is None


def test_going_up_from_a_folder_that_is_not_there_leads_nowhere():
    assert tree({"main.py": ""}).kind("missing/../main.py") is None


# --- upper and lower case


def test_case_matters():
    made = tree({"Main.py": "", "src/App.py": ""})
    assert made.kind("main.py") is None
    assert made.kind("Src/App.py") is None


class AnyCase(Dictionary):
    """A laptop's disk: it finds a file under any spelling, and lists it under its own."""

    def read(self, path: str) -> bytes:
        return {known.lower(): data for known, data in self.files.items()}[path.lower()]


def test_a_disk_that_ignores_case_makes_no_difference():
    made = Tree(AnyCase({"Main.py": "x"}))
    assert made.kind("main.py") is None
    with pytest.raises(Unreadable, match="no such file"):
        made.read("main.py")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("main.py", "Main.py"), ("src/app.py", "src/App.py"), ("SRC/APP.PY", "src/App.py"), ("Src", "src")],
)
def test_the_spelling_in_another_case(wanted: str, found: str):
    assert tree({"Main.py": "", "src/App.py": ""}).other_case(wanted) == found


@pytest.mark.parametrize("path", ["Main.py", "missing.py", "src/App.py/x"])
def test_no_other_case_for_what_is_there_or_nowhere(path: str):
    assert tree({"Main.py": "", "src/App.py": ""}).other_case(path) is None


def test_two_other_cases_are_no_answer():
    assert tree({"Main.py": "", "MAIN.py": ""}).other_case("main.py") is None


def test_another_case_that_git_ignores_is_no_answer():
    assert tree({"Main.py": ""}, hidden=("Main.py",)).other_case("main.py") is None


# --- links


def test_a_link_to_a_file_is_the_file():
    made = tree({"deploy/fly.toml": "x"}, links={"fly.toml": "deploy/fly.toml"})
    assert made.kind("fly.toml") == "file"
    assert made.read("fly.toml") == b"x"
    assert made.resolve("fly.toml") == "deploy/fly.toml"


def test_a_link_to_a_folder_is_the_folder():
    made = tree({"lib/one.py": "1"}, links={"app/lib": "../lib"})
    assert made.kind("app/lib") == "folder"
    assert made.kind("app/lib/one.py") == "file"
    assert made.text("app/lib/one.py") == "1"


def test_a_link_to_a_link():
    made = tree({"c": "x"}, links={"a": "b", "b": "./c"})
    assert made.resolve("a") == "c"


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sub/../../outside", "nowhere", "link"])
def test_a_link_that_leaves_dangles_or_loops_is_a_link(target: str):
    made = tree({"sub/x": ""}, links={"link": target})
    assert made.kind("link") == "link"
    assert made.resolve("link") is None
    assert not made.is_file("link")
    assert not made.is_folder("link")


def test_two_links_at_each_other_are_links():
    made = tree({}, links={"a": "b", "b": "a"})
    assert (made.kind("a"), made.kind("b")) == ("link", "link")


def test_nothing_is_read_behind_a_link_that_leaves():
    made = tree({}, links={"link": "/etc", "file": "/etc/passwd"})
    assert made.kind("link/passwd") is None
    with pytest.raises(Unreadable, match=r"^file: the link leaves the repository$"):
        made.read("file")


def test_a_link_that_git_ignores_is_in_no_clone():
    made = tree({"real.txt": "x"}, links={"link.txt": "real.txt"}, hidden=("link.txt",))
    assert made.kind("link.txt") is None
    assert made.hidden("link.txt")
    assert made.kind("real.txt") == "file"


# --- what git ignores


def test_an_ignored_file_is_hidden():
    made = tree({".env": "SECRET=1", "main.py": ""}, hidden=(".env",))
    assert made.kind(".env") is None
    assert made.hidden(".env")
    assert not made.hidden("main.py")
    assert not made.hidden("missing.py")
    assert made.entries("") == {".env": "file", "main.py": "file"}


def test_a_hidden_file_can_be_read():
    assert tree({".env": "SECRET=1"}, hidden=(".env",)).text(".env") == "SECRET=1"


def test_an_ignored_folder_hides_what_is_in_it():
    made = tree({"dist/app.js": ""}, hidden=("dist",))
    assert made.kind("dist") is None
    assert made.kind("dist/app.js") is None
    assert made.hidden("dist")
    assert made.hidden("dist/app.js")


def test_a_folder_with_only_ignored_files_is_in_no_clone():
    made = tree({"data/cache/a.db": "", "data/b.db": ""}, hidden=("data/cache/a.db", "data/b.db"))
    assert made.kind("data") is None
    assert made.kind("data/cache") is None
    assert made.hidden("data")


def test_one_kept_file_deep_below_keeps_the_folder():
    made = tree({"data/a.db": "", "data/deep/.gitkeep": ""}, hidden=("data/a.db",))
    assert made.kind("data") == "folder"


def test_a_file_that_was_written_is_never_ignored():
    made = tree({"main.py": ""}, hidden=("dist",)).write("dist/index.html", "<p>")
    assert made.kind("dist/index.html") == "file"


# --- walking


def test_walk_gives_every_file_in_order():
    made = tree({"b.py": "", "a/z.py": "", "a/b/c.py": "", "node_modules/x.js": ""}, links={"l": "b.py"}, hidden=("a/z.py",))
    assert list(made.walk()) == ["a/b/c.py", "a/z.py", "b.py", "node_modules/x.js"]
    assert list(made.walk(skip=frozenset({"node_modules", "b"}))) == ["a/z.py", "b.py"]
    assert list(made.walk("a")) == ["a/b/c.py", "a/z.py"]
    assert list(made.walk("missing")) == []


# --- reading


def test_a_missing_file():
    with pytest.raises(Unreadable, match=r"^app/main.py: no such file$") as caught:
        tree({"main.py": ""}).text("app/main.py")
    assert (caught.value.path, caught.value.reason) == ("app/main.py", "no such file")


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "LARGEST", 2 * 1024 * 1024)
    made = tree({"fits": b"x" * 2 * 1024 * 1024, "big": b"x" * (2 * 1024 * 1024 + 1)})
    assert len(made.read("fits")) == 2 * 1024 * 1024
    with pytest.raises(Unreadable, match=r"^big: 2 MB is more than the 2 MB that are read$"):
        made.read("big")


def test_the_size_of_a_huge_file_is_told_without_reading_it():
    class Huge(Dictionary):
        def size(self, path: str) -> int:
            return 40 * 1024 * 1024

        def read(self, path: str) -> bytes:
            raise AssertionError("read")

    with pytest.raises(Unreadable, match=r"^model.bin: 40 MB is more than the 8 MB that are read$"):
        Tree(Huge({"model.bin": b""})).read("model.bin")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"caf\xe9\n", r"line 1 is not UTF-8 text \(byte 0xe9\)"),
        (b"one\r\ntwo\r\n\xff\xfe", r"line 3 is not UTF-8 text \(byte 0xff\)"),
    ],
)
def test_text_that_is_not_utf_8_says_where(data: bytes, reason: str):
    made = tree({"notes.txt": data})
    assert made.read("notes.txt") == data
    with pytest.raises(Unreadable, match=f"^notes.txt: {reason}$"):
        made.text("notes.txt")


def test_text_keeps_the_byte_order_mark_and_line_endings():
    assert tree({"a": b"\xef\xbb\xbfone\r\ntwo\n"}).text("a") == "\ufeffone\r\ntwo\n"


# --- editing


def test_a_tree_never_changes():
    before = tree({"main.py": "1"})
    assert before.kind("new.py") is None
    after = before.write("main.py", "2").write("new.py", "3").move("main.py", "app.py")
    assert before.text("main.py") == "1"
    assert before.kind("new.py") is None
    assert before.changes() == []
    assert (after.text("app.py"), after.text("new.py"), after.kind("main.py")) == ("2", "3", None)


def test_writing_what_is_there_is_no_change():
    assert tree({"main.py": "1"}).write("main.py", "1").changes() == []


def test_an_edit_and_its_way_back_is_no_change():
    assert tree({"main.py": "1"}).write("main.py", "2").write("main.py", "1").changes() == []


def test_changes_are_told_by_path():
    made = (
        tree({"b": "1", "run.sh": "#!"}, executable=("run.sh",)).write("run.sh", "#!/bin/sh").write("b", "2").write("a/n", "é")
    )
    assert made.changes() == [
        Change("a/n", None, b"", "é".encode(), False),
        Change("b", "b", b"1", b"2", False),
        Change("run.sh", "run.sh", b"#!", b"#!/bin/sh", True),
    ]


def test_a_new_empty_file_is_a_change():
    assert tree({}).write("app/__init__.py", "").changes() == [Change("app/__init__.py", None, b"", b"", False)]


def test_a_new_file_brings_its_folders():
    made = tree({"main.py": ""}).write("a/b/c.py", "x")
    assert made.entries("") == {"main.py": "file", "a": "folder"}
    assert made.entries("a") == {"b": "folder"}
    assert list(made.walk()) == ["a/b/c.py", "main.py"]


def test_a_move_keeps_the_content_and_the_origin():
    made = tree({"backend/fly.toml": "x"}, executable=("backend/fly.toml",)).move("backend/fly.toml", "fly.toml")
    assert made.text("fly.toml") == "x"
    assert made.origin("fly.toml") == "backend/fly.toml"
    assert made.origin("other") == "other"
    assert made.changes() == [Change("fly.toml", "backend/fly.toml", b"x", b"x", True)]


def test_a_folder_is_gone_when_its_last_file_moves_away():
    made = tree({"backend/fly.toml": "x"}).move("backend/fly.toml", "fly.toml")
    assert made.kind("backend") is None
    assert made.kind("backend/fly.toml") is None
    assert list(made.walk()) == ["fly.toml"]


def test_a_moved_file_that_is_edited_and_moved_again_is_one_change():
    made = tree({"a": "1"}).move("a", "b").write("b", "2").move("b", "c")
    assert made.changes() == [Change("c", "a", b"1", b"2", False)]
    assert made.kind("b") is None


def test_a_move_and_its_way_back_is_no_change():
    assert tree({"a": "1"}).move("a", "b").move("b", "a").changes() == []


def test_a_new_file_that_is_moved_is_a_new_file():
    assert tree({}).write("a", "1").move("a", "b").changes() == [Change("b", None, b"", b"1", False)]


def test_a_move_in_upper_and_lower_case():
    made = tree({"Main.py": "1"}).move("Main.py", "main.py")
    assert made.entries("") == {"main.py": "file"}
    assert made.changes() == [Change("main.py", "Main.py", b"1", b"1", False)]


def test_an_ignored_file_is_hidden_no_more_under_its_new_name():
    made = tree({"secret/a": "1"}, hidden=("secret",)).move("secret/a", "a")
    assert made.kind("a") == "file"


def test_an_edit_behind_a_link_goes_to_the_file_that_was_read():
    made = tree({"deploy/fly.toml": "1", "lib/a.py": "1"}, links={"fly.toml": "deploy/fly.toml", "app/lib": "../lib"})
    made = made.write("fly.toml", "2").write("app/lib/a.py", "2").write("app/lib/new.py", "3")
    assert made.entries("")["fly.toml"] == "link"
    assert made.text("fly.toml") == "2"
    assert [(change.path, change.old) for change in made.changes()] == [
        ("deploy/fly.toml", "deploy/fly.toml"),
        ("lib/a.py", "lib/a.py"),
        ("lib/new.py", None),
    ]


# --- paths and text


@pytest.mark.parametrize(
    ("folder", "path", "joined"),
    [
        ("", "main.py", "main.py"),
        ("", ".", ""),
        ("app", "main.py", "app/main.py"),
        ("app", "./main.py", "app/main.py"),
        ("app", "", "app"),
        ("app/api", "../main.py", "app/main.py"),
        ("app/api", "../..", ""),
        ("app", "../app/x//y/", "app/x/y"),
        ("app", "..", ""),
        ("app", "../..", None),
        ("", "..", None),
        ("", "../main.py", None),
        ("app", "../../main.py", None),
        ("app", "x/../../../y", None),
        ("app", "...", "app/..."),
        ("app", "..x/y", "app/..x/y"),
        ("", "..x", "..x"),
        ("app", "/main.py", "main.py"),
    ],
)
def test_join(folder: str, path: str, joined: str | None):
    assert join(folder, path) == joined


def test_parent_and_name():
    assert (model.parent("a/b/c"), model.name("a/b/c")) == ("a/b", "c")
    assert (model.parent("c"), model.name("c")) == ("", "c")


@pytest.mark.parametrize(
    ("text", "ending"),
    [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n\r\n", "\n"), ("\r\n", "\r\n"), ("a\rb\n", "\n")],
)
def test_the_line_ending_is_that_of_the_first_line(text: str, ending: str):
    assert newline(text) == ending


def test_splices_are_made_together():
    assert splice("one two three", [Splice(0, 3, "1"), Splice(8, 13, "3"), Splice(4, 7, "")]) == "1  3"


def test_an_insertion_stands_before_a_replacement_at_the_same_place():
    assert splice("ab", [Splice(0, 1, "X"), Splice(0, 0, "-")]) == "-Xb"


def test_insertions_at_one_place_keep_their_order():
    assert splice("()", [Splice(1, 1, "b"), Splice(1, 1, "a"), Splice(1, 1, "c")]) == "(bac)"


def test_no_splices_change_nothing():
    assert splice("text", []) == "text"


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 3)), (6, (3, 1)), (8, (3, 3)), (9, (4, 1))]
)
def test_position_counts_lines_and_columns_from_1(offset: int, expected: tuple[int, int]):
    assert position("ab\nä\r\ncd\n", offset) == expected
