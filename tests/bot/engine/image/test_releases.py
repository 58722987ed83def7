from __future__ import annotations

import pytest
from packaging.tags import Tag, cpython_tags
from packaging.utils import parse_wheel_filename

from bot.engine.image import releases
from bot.engine.model.index import Release

PLATFORM = "manylinux_2_36"
WHEELS = [
    "a-1-py3-none-any.whl",
    "a-1-py2.py3-none-any.whl",
    "a-1-py2-none-any.whl",
    "a-1-py312-none-any.whl",
    "a-1-py313-none-any.whl",
    "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "a-1-cp312-cp312-manylinux_2_39_x86_64.whl",
    "a-1-cp313-cp313-manylinux_2_17_x86_64.whl",
    "a-1-cp312-cp312-manylinux1_x86_64.whl",
    "a-1-cp312-cp312-manylinux2010_x86_64.whl",
    "a-1-cp312-cp312-musllinux_1_2_x86_64.whl",
    "a-1-cp312-cp312-manylinux_2_17_aarch64.whl",
    "a-1-cp312-cp312-macosx_11_0_arm64.whl",
    "a-1-cp312-cp312-win_amd64.whl",
    "a-1-cp39-abi3-manylinux_2_17_x86_64.whl",
    "a-1-cp313-abi3-manylinux_2_17_x86_64.whl",
    "a-1-cp312-none-manylinux_2_17_x86_64.whl",
    "a-1-py3-none-manylinux_2_17_x86_64.whl",
    "a-1-py3-none-win32.whl",
    "a-1-1build-py3-none-any.whl",
    "a-1-cp312-cp312t-manylinux_2_17_x86_64.whl",
]


def taken_by_packaging(wheel: str, python: tuple[int, int]) -> bool:
    platforms = [f"manylinux_2_{libc}_x86_64" for libc in range(36, 4, -1)]
    platforms += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
    abi = f"cp{python[0]}{python[1]}"
    supported = set(cpython_tags(python, [abi], platforms))
    supported |= {Tag(f"py{version}", "none", p) for version in _pythons(python) for p in [*platforms, "any"]}
    return not supported.isdisjoint(parse_wheel_filename(wheel)[3])


def _pythons(python: tuple[int, int]) -> list[str]:
    return ["3", *(f"3{minor}" for minor in range(python[1] + 1))]


@pytest.mark.parametrize("wheel", WHEELS)
@pytest.mark.parametrize("python", [(3, 11), (3, 12)])
def test_a_wheel_fits_as_packaging_says(wheel: str, python: tuple[int, int]):
    assert releases.fits(wheel, python, PLATFORM) == taken_by_packaging(wheel, python)


def test_musl_takes_its_own():
    taken = [wheel for wheel in WHEELS if releases.fits(wheel, (3, 12), "musllinux_1_2")]
    assert "a-1-cp312-cp312-musllinux_1_2_x86_64.whl" in taken
    assert not any("manylinux" in wheel for wheel in taken)


def test_no_wheel_is_no_wheel():
    assert not releases.fits("a-1.tar.gz", (3, 12), PLATFORM)
    assert not releases.fits("a.whl", (3, 12), PLATFORM)


@pytest.mark.parametrize(
    ("specifier", "version", "expected"),
    [(">=3.9,<4", "3.12", True), ("==1.*", "2.0", False), ("", "1.0rc1", True), ("nonsense", "1", True)],
)
def test_a_specifier_allows(specifier: str, version: str, expected: bool):
    assert releases.allows(specifier, version) is expected


def release(version: str, *wheels: str, python: str = "", yanked: bool = False) -> Release:
    return Release(version, python, wheels, None, yanked)


def test_a_release_for_a_python():
    assert releases.for_python(release("1", python=">=3.9"), (3, 12))
    assert not releases.for_python(release("1", python="<3.12"), (3, 12))
    assert releases.for_python(release("1", python=">=3.11.4"), (3, 11))


def test_compiled_are_those_without_a_wheel_for_all():
    assert releases.is_compiled(release("1", "a-1-cp312-cp312-win_amd64.whl"))
    assert not releases.is_compiled(release("1", "a-1-py3-none-any.whl", "a-1-cp312-cp312-win_amd64.whl"))
    assert not releases.is_compiled(release("1"))


def test_final_releases_in_order():
    listed = [release("1.10"), release("1.9"), release("2.0rc1"), release("1.11", yanked=True), release("what?")]
    assert [each.version for each in releases.in_order(listed)] == ["1.9", "1.10"]
