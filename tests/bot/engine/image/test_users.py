import pytest

from bot.engine.image import bases, users
from bot.engine.image.users import User


def of(image: str = "python:3.11-slim-bookworm") -> users.Users:
    return users.of(bases.base(image))


def test_a_base_image_brings_the_accounts_of_its_system():
    assert of().find("www-data") == User("www-data", 33, "33", "/var/www")
    assert of().find("nobody") == User("nobody", 65534, "65534", "/nonexistent")
    assert of("python:3.11-alpine").find("www-data") is None
    assert of("python:3.11-alpine").group("www-data") == "82"
    assert of().doubt is None


def test_what_another_image_brings_is_not_known():
    found = of("example.org/own:1")
    assert found.doubt == "the image example.org/own:1 may bring users"
    assert found.missing("web") is None
    assert found.home("1000") is None


def test_a_number_needs_no_account():
    found = of()
    found.users["web"] = User("web", 1000, "1000", "/home/web")
    assert found.find("1000") == User("web", 1000, "1000", "/home/web")
    assert found.find("4242") == User("4242", 4242, "0", "/")
    assert found.home("4242:1") == "/"
    assert found.missing("4242") is None


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("web", ("user", "web")),
        ("root:web", ("group", "web")),
        ("root:root", None),
        ("0:0", None),
        ("…", None),
        ("daemon", None),
    ],
)
def test_what_is_not_there(written, missing):
    assert of().missing(written) == missing


def test_owners_are_written_in_numbers_but_for_root():
    found = of()
    found.users["web"] = User("web", 1000, "1000", "/home/web")
    found.users["late"] = User("late", None, "late", None)
    found.groups |= {"web": 1000, "late": None}
    assert [found.owner(word) for word in ("root", "0", "web", "web:staff", "1000", "late", "nobody:web")] == [
        *("root", "root", "1000:1000", "1000:50", "1000:1000", "late:late", "65534:1000"),
    ]
    assert [found.given(word) for word in ("web", ":staff", "web:", "root:web", "12:34")] == [
        *("1000", ":50", "1000:1000", "root:1000", "12:34"),
    ]
    assert [found.named(owner) for owner in ("1000:1000", "root", "77:77")] == ["web", "root", "77"]


def test_a_copy_goes_its_own_way():
    found = of()
    other = found.copy()
    other.users["web"] = User("web", 1000, "1000", "/home/web")
    assert found.find("web") is None
