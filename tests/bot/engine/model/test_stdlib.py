import subprocess
import sys

import pytest

from bot.engine.model import stdlib


@pytest.mark.parametrize("name", ["os", "json", "asyncio", "typing", "__future__", "__main__", "xml", "concurrent"])
@pytest.mark.parametrize("version", [(3, 8), (3, 11), (3, 14)])
def test_what_every_version_has(name, version):
    assert stdlib.has(name, version)


@pytest.mark.parametrize("name", ["fastapi", "requests", "six", "site-packages", ""])
def test_what_no_version_has(name):
    assert not stdlib.has(name, (3, 11))


@pytest.mark.parametrize(("name", "first"), [("zoneinfo", (3, 9)), ("tomllib", (3, 11)), ("annotationlib", (3, 14))])
def test_modules_that_came_later(name, first):
    assert not stdlib.has(name, (first[0], first[1] - 1))
    assert stdlib.has(name, first)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("distutils", (3, 12)),
        ("imp", (3, 12)),
        ("asyncore", (3, 12)),
        ("smtpd", (3, 12)),
        ("cgi", (3, 13)),
        ("imghdr", (3, 13)),
        ("telnetlib", (3, 13)),
        ("pipes", (3, 13)),
    ],
)
def test_modules_that_were_dropped(name, gone):
    assert stdlib.has(name, (gone[0], gone[1] - 1))
    assert not stdlib.has(name, gone)
    assert stdlib.removed_in(name) == gone


def test_a_module_that_stays_was_not_dropped():
    assert stdlib.removed_in("os") is None


def test_what_windows_alone_has():
    assert stdlib.only_on_windows("winreg")
    assert not stdlib.has("winreg", (3, 11))
    assert not stdlib.only_on_windows("os")
    assert stdlib.has("ntpath", (3, 11))  # also here


def test_windows_modules_are_really_missing_here():
    assert sys.platform != "win32"
    for name in ("winreg", "msvcrt", "winsound"):
        with pytest.raises(ModuleNotFoundError):
            __import__(name)


def test_nothing_can_be_put_before_the_modules_that_python_has_loaded_at_its_start():
    code = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if not name.startswith(("_frozen", "__main__"))} <= stdlib.FIRST


def test_the_table_agrees_with_the_interpreter_at_hand():
    version = sys.version_info[:2]
    private = {"nt", "_winapi", "_overlapped", "_scproxy", "msilib", "msvcrt", "winreg", "winsound"}
    assert all(stdlib.has(name, version) for name in sys.stdlib_module_names - private)
