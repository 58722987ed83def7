"""Shared libraries that a package needs when it is imported and that no wheel brings: Debian packages do, or another wheel.

The table holds what was tried (on 2026-11-28, in an image of Debian's base system and Python): the distribution, the module,
the last line of the traceback. Where the wheel itself can be looked into, its binaries tell which libraries they ask for.
"""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.image import compiled
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model.findings import MissingSystem

_LOADER = "{}: cannot open shared object file: No such file or directory"


class Native(NamedTuple):
    """`module` of a distribution needs Debian `packages`, or else Python says `message`.

    `unless` are distributions (`name[extra]` for an extra) with which it needs none.
    """

    distribution: str
    module: str
    packages: tuple[str, ...]
    message: str
    unless: tuple[str, ...] = ()


_GL = f"ImportError: {_LOADER.format('libGL.so.1')}"
KNOWN = (
    *(
        Native(name, "cv2", ("libgl1", "libglib2.0-0"), _GL, ("opencv-python-headless", "opencv-contrib-python-headless"))
        for name in ("opencv-python", "opencv-contrib-python")
    ),
    Native(
        "psycopg",
        "psycopg",
        ("libpq5",),
        "ImportError: no pq wrapper available.",
        ("psycopg-binary", "psycopg-c", "psycopg[binary]", "psycopg[c]"),
    ),
    Native("python-magic", "magic", ("libmagic1",), "ImportError: failed to find libmagic.  Check your installation"),
    Native("pyzbar", "pyzbar", ("libzbar0",), "ImportError: Unable to find zbar shared library"),
    Native("cairosvg", "cairosvg", ("libcairo2",), 'OSError: no library called "cairo-2" was found'),
    Native("lightgbm", "lightgbm", ("libgomp1",), f"OSError: {_LOADER.format('libgomp.so.1')}"),
    Native(
        "pyvips", "pyvips", ("libvips42",), f"OSError: cannot load library 'libvips.so.42': {_LOADER.format('libvips.so.42')}"
    ),
    Native("pyqt5", "PyQt5", ("libgl1",), _GL),
)
LIBRARIES = {  # shared libraries that Debian's base system and Python do without: the package that brings each
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libasound.so.2": "libasound2",
    "libcairo.so.2": "libcairo2",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libmariadb.so.3": "libmariadb3",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpq.so.5": "libpq5",
    "libxcb.so.1": "libxcb1",
}
_ALONG = {  # what brings a library's package along
    "libgl1": ("libgl1", "libgl1-mesa", "mesa", "ffmpeg", "libopencv", "python3-opencv", "xvfb", "chromium"),
    "libglib2.0-0": ("libglib2.0", "ffmpeg", "libopencv", "python3-opencv", "libgl1-mesa", "chromium", "libpango"),
    "libgomp1": ("libgomp1", "gcc", "g++", "build-essential", "gfortran", "libopenblas", "libatlas"),
    "libmagic1": ("libmagic", "file", "build-essential", "dpkg-dev"),
    "libpq5": ("libpq", "postgresql"),
    "libxcb1": ("libxcb", "libx11", "libgl1", "libxext", "ffmpeg", "chromium", "xvfb"),
}


class Lack(NamedTuple):
    """A library that an import does not find: Python's words, the distribution, and the packages that bring it."""

    message: str
    missing: MissingSystem
    certain: bool


def lack(module: str, installed: Installed, image: Image) -> Lack | None:
    """Return which library of the system an import of a top-level module does not find; None where none is known to lack."""
    if not compiled.is_bare(image.base):
        return None
    for known in KNOWN:
        if known.module == module and installed.has(known.distribution) and not _otherwise(known, installed):
            missing = tuple(package for package in known.packages if not _there(package, image))
            told = _told(known.distribution, installed)
            if missing and told is None:
                return Lack(known.message, MissingSystem(missing, known.distribution, None), not image.programs)
    return _by_binaries(module, installed, image)


def _by_binaries(module: str, installed: Installed, image: Image) -> Lack | None:
    """Look at what the binaries of the wheel that gives a module ask for."""
    site = installed.site
    distribution = site.giver(module) if site else None
    libraries = _told(distribution, installed) if distribution else None
    absent = [each for each in libraries or () if each in LIBRARIES and not _there(LIBRARIES[each], image)]
    if not absent or distribution is None:
        return None
    packages = tuple(dict.fromkeys(LIBRARIES[each] for each in absent))
    message = f"ImportError: {_LOADER.format(absent[0])}"
    return Lack(message, MissingSystem(packages, distribution, None), not image.programs)


def _told(distribution: str, installed: Installed) -> tuple[str, ...] | None:
    """Return the libraries that the wheel of a distribution asks for; None where it was not looked into."""
    site = installed.site
    wheel = site.wheels.get(distribution) if site else None
    return wheel.libraries() if wheel else None


def _otherwise(known: Native, installed: Installed) -> bool:
    for each in known.unless:
        name, _, extra = each.rstrip("]").partition("[")
        if installed.has(name) if not extra else installed.asks(name, extra):
            return True
    return False


def _there(package: str, image: Image) -> bool:
    """Say whether something that apt-get was asked for brings a package."""
    starts = _ALONG.get(package, (package,))
    return any(program.startswith(start) for start in starts for program in image.programs)
