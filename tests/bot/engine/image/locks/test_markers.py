import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet

from bot.engine.image.locks.markers import Environment, allows, holds

LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}


@pytest.mark.parametrize(
    ("marker", "holding"),
    [
        ("", True),
        ("sys_platform == 'win32'", False),
        ("sys_platform != 'win32' and python_version >= '3.9'", True),
        ('python_version < "3.11" or python_full_version == "3.12.*"', False),
        ("python_full_version == '3.11.*'", True),
        ("python_full_version < '3.11.3'", False),  # the newest patch release is taken
        ("(python_version in '3.10 3.11') and (os_name == 'posix')", True),
        ("'linux' in sys_platform", True),
        ("platform_machine == 'aarch64' or (implementation_name == 'cpython' and 'nt' not in os_name)", True),
        ("'3.12' > python_version", True),
        ("python_version ~= '3.9'", True),
        ("extra == 'A_b'", True),
        ("extra != 'a-b' or extra == 'c'", False),
        ("platform_release >= '5'", True),  # nobody can tell: it may
        ("platform_release >= '5' and sys_platform == 'win32'", False),
        ("this is nothing", True),
        ("sys_platform ==", True),
        ("((((", True),
        ("'a' == 'b'", True),
    ],
)
def test_markers(marker: str, holding: bool):
    assert holds(marker, Environment((3, 11), frozenset({"a-b"}))) is holding


def test_a_python_that_is_not_known_leaves_its_markers_open():
    assert holds("python_version < '3'", Environment())
    assert not holds("python_version < '3' and sys_platform == 'win32'", Environment())


def test_long_and_deep_markers_come_to_an_end():
    assert holds(" or ".join(["sys_platform == 'win32'"] * 5000), Environment((3, 11))) is False
    assert holds("(" * 5000 + "os_name == 'nt'" + ")" * 5000, Environment((3, 11)))


TESTS = st.sampled_from(
    [
        "sys_platform == 'win32'",
        "sys_platform != 'win32'",
        "python_version < '3.12'",
        "python_version >= '3.10'",
        "python_full_version >= '3.13'",
        "'darwin' == sys_platform",
        "platform_machine in 'x86_64 AMD64'",
        "platform_system == 'Linux'",
    ]
)
MARKERS = st.recursive(
    TESTS, lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("({0[0]} {0[1]} {0[2]})".format)
)


@given(MARKERS, st.integers(9, 14))
def test_markers_as_packaging_reads_them(marker: str, minor: int):
    environment = {**LINUX, "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.99"}
    assert holds(marker, Environment((3, minor))) is Marker(marker).evaluate(environment)


@pytest.mark.parametrize(
    ("specifier", "allowed"),
    [
        (">=3.9", True),
        (">=3.12", False),
        ("<3.11", False),
        ("<3.12,>=3.8", True),
        ("==3.11.*", True),
        ("==3.12.*", False),
        (">=3.11.4", None),  # it depends on the patch release
        ("~=3.10", True),
        (">=3.9,<3.11.0", False),
        ("3.11", None),
        ("", True),
    ],
)
def test_versions_of_python_that_a_project_allows(specifier: str, allowed: bool | None):
    assert allows(specifier, (3, 11)) is allowed


@given(st.sampled_from([">=", "<=", "<", ">", "==", "!=", "~="]), st.integers(8, 14), st.integers(8, 14))
def test_specifiers_as_packaging_reads_them(operator: str, bound: int, minor: int):
    specifier = f"{operator}3.{bound}"
    ends = {SpecifierSet(specifier).contains(f"3.{minor}.{patch}") for patch in (0, 99)}
    assert allows(specifier, (3, minor)) is (ends.pop() if len(ends) == 1 else None)


def test_what_packaging_refuses_may_hold():
    with pytest.raises((UndefinedEnvironmentName, ValueError)):
        Marker("nonsense").evaluate()
    assert holds("nonsense", Environment((3, 11)))
