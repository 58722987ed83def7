"""The package index, asked for real: uv resolves against a server on loopback, wheels are read over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.index import Solved, Unreachable, Unsolved, Wish
from bot.engine.model.outline import Needs
from bot.outside.index import PackageIndex, remote
from tests.bot.outside.index.server import Server, wheel

PLATFORM = "manylinux_2_36"


def wish(*lines: str, **more: object) -> Wish:
    given = {"constraints": (), "kept": (), "excluded": (), "python": (3, 12), "platform": PLATFORM, **more}
    return Wish(lines, **given)  # type: ignore[arg-type]


@pytest.fixture
def index(server: Server, tmp_path: Path) -> PackageIndex:
    for version in ("1.0", "1.1", "2.0"):
        server.add(*wheel("lib", version, {"lib/__init__.py": f"VERSION = '{version}'\n"}))
    server.add(*wheel("app", "3.0", needs=("lib<2",), scripts={"run-app": "app:main"}))
    server.add(*wheel("extra", "1.0", needs=("lib>=2",)))
    return PackageIndex(True, str(tmp_path / "cache"), server.address)


def versions(answer: object) -> dict[str, str]:
    assert isinstance(answer, Solved), answer
    return {pin.name: pin.version for pin in answer.pins}


# --- versions


def test_requirements_come_to_versions_with_all_that_they_need(index: PackageIndex):
    assert versions(index.resolve(wish("app"))) == {"app": "3.0", "lib": "1.1"}
    assert versions(index.resolve(wish("lib"))) == {"lib": "2.0"}


def test_a_pin_names_its_wheel(index: PackageIndex, server: Server):
    [pin] = index.resolve(wish("lib==1.0")).pins  # type: ignore[union-attr]
    assert pin.url.endswith("/files/lib-1.0-py3-none-any.whl")
    assert (pin.size, len(pin.sha256)) == (len(server.files["lib-1.0-py3-none-any.whl"]), 64)


def test_constraints_bound_and_ask_for_nothing(index: PackageIndex):
    assert versions(index.resolve(wish("lib", constraints=("lib<1.1", "extra==9")))) == {"lib": "1.0"}


def test_what_is_installed_is_kept_where_it_can_be(index: PackageIndex):
    assert versions(index.resolve(wish("lib", kept=("lib==1.0",)))) == {"lib": "1.0"}
    assert versions(index.resolve(wish("extra", kept=("lib==1.0",)))) == {"extra": "1.0", "lib": "2.0"}


def test_what_is_left_out_is_left_out_everywhere(index: PackageIndex):
    assert versions(index.resolve(wish("app", excluded=("lib",)))) == {"app": "3.0"}


def test_without_dependencies(index: PackageIndex):
    assert versions(index.resolve(wish("app", alone=True))) == {"app": "3.0"}


@pytest.mark.parametrize(
    ("lines", "kind", "name"),
    [
        (("lib==1.5",), "version", "lib"),
        (("lib>=9",), "version", "lib"),
        (("nothing-of-this-name",), "name", "nothing-of-this-name"),
        (("app", "extra"), "conflict", ""),
        (("lib==1.0", "lib==1.1"), "conflict", ""),
    ],
)
def test_why_there_is_no_solution(index: PackageIndex, lines: tuple[str, ...], kind: str, name: str):
    answer = index.resolve(wish(*lines))
    assert isinstance(answer, Unsolved)
    assert (answer.kind, answer.name) == (kind, name)


def test_a_release_without_a_wheel_that_fits(index: PackageIndex, server: Server):
    server.add("old-1.0.tar.gz", b"never opened")
    server.add(*wheel("mac", "1.0", tag="cp312-cp312-macosx_11_0_arm64"))
    for name in ("old", "mac"):
        answer = index.resolve(wish(name))
        assert isinstance(answer, Unsolved)
        assert (answer.kind, answer.name) == ("wheel", name)
    assert not any(path.endswith(".tar.gz") for path, _ in server.asked)


def test_the_wheel_for_the_very_python_is_taken(index: PackageIndex, server: Server):
    for tag in ("py3-none-any", "cp39-abi3-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64"):
        server.add(*wheel("fast", "1.0", tag=tag))
    assert index.resolve(wish("fast")).pins[0].url.endswith("cp312-cp312-manylinux_2_17_x86_64.whl")  # type: ignore[union-attr]
    other = index.resolve(wish("fast", python=(3, 13)))
    assert other.pins[0].url.endswith("cp39-abi3-manylinux_2_17_x86_64.whl")  # type: ignore[union-attr]


def test_an_index_that_does_not_answer_is_no_refusal(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    server.broken = True
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    index = PackageIndex(True, str(tmp_path / "cache"), "http://127.0.0.1:9/simple")
    assert isinstance(index.resolve(wish("lib")), Unreachable)
    assert index.releases("lib") is None


def test_an_answer_is_kept_for_the_next_run(index: PackageIndex, server: Server, tmp_path: Path):
    first = index.resolve(wish("app"))
    asked = len(server.asked)
    with PackageIndex(True, str(tmp_path / "cache"), server.address) as again:
        assert again.resolve(wish("app")) == first
    with PackageIndex(False, str(tmp_path / "cache"), server.address + "/") as again:
        assert again.resolve(wish("lib==1.5")) == index.resolve(wish("lib==1.5"))
    assert len([path for path, _ in server.asked[asked:] if "files" in path]) == 2  # the lists of two wheels that nobody kept


# --- releases


def test_the_releases_of_a_distribution(index: PackageIndex, server: Server):
    server.add(*wheel("lib", "3.0rc1"), python=">=3.13", yanked=True)
    server.add("lib-2.0.tar.gz", b"")
    found = {release.version: release for release in index.releases("Lib") or ()}
    assert list(found) == ["1.0", "1.1", "2.0", "3.0rc1"]
    assert (found["2.0"].wheels, found["2.0"].source) == (("lib-2.0-py3-none-any.whl",), "lib-2.0.tar.gz")
    assert (found["3.0rc1"].requires_python, found["3.0rc1"].yanked) == (">=3.13", True)
    assert index.releases("nothing-of-this-name") == ()


# --- wheels


def opened(index: PackageIndex, name: str):
    [pin] = index.resolve(wish(name, alone=True)).pins  # type: ignore[union-attr]
    found = index.wheel(pin)
    assert found is not None
    return found


def test_a_wheel_says_what_it_brings(index: PackageIndex, server: Server):
    files = {"shop/__init__.py": "", "shop/cart.py": "", "shop-1.0.data/scripts/old": "", "shop-1.0.data/purelib/more.py": ""}
    server.add(*wheel("shop", "1.0", files, scripts={"shop": "shop:main"}))
    found = opened(index, "shop")
    assert found.files == {"shop/__init__.py", "shop/cart.py", "more.py"}
    assert found.scripts == {"shop", "old"}


def test_a_module_of_a_wheel_is_read_as_an_outline(index: PackageIndex, server: Server):
    server.add(*wheel("shop", "1.0", {"shop/__init__.py": "from shop.cart import Cart\nNAME = 1\n", "shop/cart.py": "("}))
    found = opened(index, "shop")
    outline = found.outline("shop/__init__.py", (3, 12))
    assert outline is not None
    assert outline.steps == (Needs("shop.cart", ("Cart",), 0, 1),)
    assert {"Cart", "NAME"} <= outline.names
    assert found.outline("shop/none.py", (3, 12)) is None
    broken = found.outline("shop/cart.py", (3, 12))
    assert broken is not None
    assert broken.dynamic


def test_of_a_large_wheel_only_pieces_are_fetched(index: PackageIndex, server: Server, monkeypatch: pytest.MonkeyPatch):
    noise = bytes(range(256)) * 4096  # deflate makes little of it once it is shuffled
    files = {"big/__init__.py": "import json\n", "big/data.bin": b"".join(noise[i::7] for i in range(7)) * 4}
    name, data = wheel("big", "1.0", files)
    server.add(name, data + b"")
    monkeypatch.setattr("bot.outside.index.wheels._SMALL", 100)
    monkeypatch.setattr("bot.outside.index.wheels._MIDDLE", 200)
    monkeypatch.setattr("bot.outside.index.remote._BLOCK", 512)
    found = opened(index, "big")
    assert found.outline("big/__init__.py", (3, 12)).steps == (Needs("json", None, 0, 1),)  # type: ignore[union-attr]
    spans = [wanted for path, wanted in server.asked if path.endswith(name) and wanted]
    assert spans
    assert all(path is not None for path in spans)


def test_an_index_without_ranges_gives_the_whole_file(index: PackageIndex, server: Server, monkeypatch: pytest.MonkeyPatch):
    server.ranges = False
    monkeypatch.setattr("bot.outside.index.wheels._SMALL", 10)
    assert opened(index, "app").scripts == {"run-app"}


def test_what_was_learned_is_kept_by_the_hash_of_the_wheel(index: PackageIndex, server: Server, tmp_path: Path):
    server.add(*wheel("shop", "1.0", {"shop/__init__.py": "import json\n"}))
    with index:
        first = opened(index, "shop").outline("shop/__init__.py", (3, 12))
    server.asked.clear()
    with PackageIndex(True, str(tmp_path / "cache"), server.address) as again:
        assert opened(again, "shop").outline("shop/__init__.py", (3, 12)) == first
    assert not server.asked


def test_a_file_that_is_no_wheel_is_not_to_be_had(index: PackageIndex, server: Server):
    name, data = wheel("shop", "1.0")
    server.add(name, data)
    [pin] = index.resolve(wish("shop")).pins  # type: ignore[union-attr]
    other = pin._replace(sha256="0" * 64, url=pin.url.replace("shop-1.0-py3", "gone-1.0-py3"))
    assert index.wheel(other) is None
    server.files["gone-1.0-py3-none-any.whl"] = b"no zip archive at all"
    assert index.wheel(other._replace(size=21, sha256="1" * 64)) is None


def test_only_addresses_of_the_web_are_opened(tmp_path: Path):
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    with pytest.raises(remote.NotFetched, match="no address of the web"):
        remote.document(f"file://{secret}")


def test_what_was_kept_and_is_broken_is_asked_for_anew(index: PackageIndex, tmp_path: Path, server: Server):
    index.resolve(wish("app"))
    for path in (tmp_path / "cache").rglob("*.json"):
        path.write_text("[")
    with PackageIndex(True, str(tmp_path / "cache"), server.address) as again:
        assert versions(again.resolve(wish("app"))) == {"app": "3.0", "lib": "1.1"}
