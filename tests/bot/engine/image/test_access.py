import pytest

from bot.engine.image import bases, users
from bot.engine.image.access import Access, Answer
from bot.engine.image.filesystem import FileSystem, Given, Made
from bot.engine.image.users import User


def access(user: str, *layers, taint: tuple[str, str] | None = None, **more) -> Access:
    known = users.of(bases.base("python:3.11-slim"))
    known.users |= {
        "web": User("web", 1000, "1000", "/home/web", frozenset({"50"})),
        "late": User("late", None, "late", "/home/late"),
    }
    known.groups |= {"web": 1000, "late": None}
    files = FileSystem(list(layers))
    if taint:
        files.taint(*taint, **more)
    return Access(files, known, user)


APP = Made("/app", "folder", "root")


@pytest.mark.parametrize(
    ("user", "layers", "path", "expected"),
    [
        ("root", (APP,), "/app", True),
        ("0", (APP,), "/app", True),
        ("web", (APP,), "/app", False),
        ("web", (APP,), "/app/logs/deeper", False),
        ("web", (), "/tmp/x", True),
        ("web", (), "/data", False),
        ("web", (Made("/app", "folder", "1000:1000"),), "/app/x", True),
        ("web", (APP, Given("/app", "1000")), "/app/x", True),
        ("1000", (APP, Given("/app", "1000")), "/app/x", True),
        ("web", (APP, Given("/app", "77:50"), Given("/app", None, "g+w")), "/app/x", True),
        ("web", (APP, Given("/app", "77:50")), "/app/x", False),
        ("web", (APP, Given("/app", None, "777")), "/app/x", True),
        ("web", (Made("/app", "folder", "1000:1000"), Given("/app", None, "555")), "/app/x", False),
        ("1001", (APP, Given("/app", ":0", None, True), Given("/app", None, "g=u", True)), "/app/x", True),
        ("web", (Made("/app/db", "file", "root"),), "/app/db", False),
        ("web", (Made("/app/db", "file", "1000:1000"),), "/app/db", True),
        ("nowhere", (APP,), "/app", None),
        ("late", (APP,), "/app", False),
        ("late", (Made("/app", "folder", "1000:1000"),), "/app", None),
        ("late", (Made("/app", "folder", "late:late"),), "/app", True),
    ],
)
def test_who_may_write_where(user, layers, path, expected):
    assert access(user, *layers).write(path).yes is expected


def test_the_reason_names_the_owner_and_the_mode():
    assert access("web", APP).write("/app") == Answer(False, "/app belongs to root (mode 755).")


def test_a_folder_on_the_way_that_is_closed_shuts_out():
    assert access("web").read("/root/.local/lib").yes is False
    assert access("web").execute("/root/.local/bin/x") == Answer(False, "/root belongs to root (mode 700).")
    assert access("root").execute("/root/.local/bin/x").yes is True


def test_reading_and_executing():
    files = (Made("/app/key", "file", "root", mode=0o600), Made("/app/go.sh", "file", "root"))
    assert access("web", *files).read("/app/key").yes is False
    assert access("web", *files).read("/app/go.sh").yes is True
    assert access("web", *files).execute("/app/go.sh").yes is False
    assert access("web", *files, Given("/app/go.sh", None, "+x")).execute("/app/go.sh").yes is True


def test_what_was_not_followed_leaves_no_answer():
    assert access("web", APP, taint=("/app", "RUN make")).write("/app/x") == Answer(None, "RUN make")
    assert access("web", APP, taint=("/app", "RUN make"), of="files").write("/app/x").yes is False
    assert access("web", APP, taint=("/app", "RUN make"), of="rights").write("/app/x").yes is None


def test_a_doubt_on_the_way_is_no_answer_unless_another_folder_is_closed():
    inner = Made("/app/inner", "folder", "root")
    assert access("web", APP, inner, taint=("/app", "RUN make"), of="rights").write("/app/inner").yes is None
    assert access("web", Made("/root/x", "folder", "1000"), taint=("/root/x", "RUN make")).write("/root/x").yes is False
