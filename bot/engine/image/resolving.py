"""What the package index makes of an install: exact versions, or why there are none.

Only lines that are written here go out: a name, its extras, a specifier, a marker. Where the index refuses a requirement, the
installer's own words make a fault, and the rest is asked for without it, as if it had been repaired.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image import compiled, releases
from bot.engine.image.bases import Base
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Install, Stage
from bot.engine.image.unfit import unfit
from bot.engine.model.findings import BadRequirement
from bot.engine.model.index import Index, Python, Release, Solved, Unreachable, Unsolved, Wish
from bot.engine.model.requirements import Line, Requirement

_REST = re.compile(r"[\w\s.*+!<>=~,;()'\"-]*")
_ROUNDS = 12  # refusals after which the rest of an install is not asked for any more
_BROUGHT = {"setuptools": "79.0.1", "wheel": "0.45.1"}  # what the images of Python before 3.12 bring (docker-library/python)
_GLIBC = {"buster": 28, "bullseye": 31, "bookworm": 36, "trixie": 41}
_IMPOSSIBLE = (
    "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/"
    "#dealing-with-dependency-conflicts"
)
# distributions whose binaries are only faster: without a compiler they are installed as plain Python
_OPTIONAL = frozenset(
    "charset-normalizer coverage markupsafe msgpack propcache protobuf pyyaml simplejson sqlalchemy tornado websockets wrapt"
    " frozenlist multidict yarl zstandard cassandra-driver cbor2 dulwich google-crc32c lazy-object-proxy peewee pymongo"
    " pyrsistent rapidfuzz zope-interface".split()
)


class Resolved(NamedTuple):
    """An install with what the index makes of it, and what makes the installer give up."""

    install: Install
    problems: tuple[Problem, ...]


def resolved(stage: Stage, install: Install, tool: str, sure: bool, alone: bool = False) -> Resolved:
    """Ask the stage's index, if it has one, for what an install comes to.

    `tool` is whose words a failure takes, pip's or uv's; `sure`: no other index, and no bound that was not read, counts;
    `alone`: dependencies are left out.
    """
    python = stage.base.python
    if stage.index is None or python is None or not install.requirements:
        return Resolved(install, ())
    asking = _Asking(stage, stage.index, python, install, tool, sure)
    return asking.answer(alone)


def platform_of(base: Base) -> str:
    """Return the platform that the wheels in an image have to fit."""
    if "alpine" in base.name:
        return "musllinux_1_2"
    release = next((libc for name, libc in _GLIBC.items() if name in base.name), _GLIBC["bookworm"])
    return f"manylinux_2_{release}"


class _Asking:
    def __init__(self, stage: Stage, index: Index, python: Python, install: Install, tool: str, sure: bool) -> None:
        self.stage = stage
        self.index = index
        self.python = python
        self.platform = platform_of(stage.base)
        self.install = install
        self.tool = tool
        self.sure = sure
        self.problems: list[Problem] = []
        self.lines = [each for each in install.requirements if written(each.line) is not None and unfit(each) is None]
        self.left_out: list[str] = []

    def answer(self, alone: bool) -> Resolved:
        if len(self.lines) == 0:
            return Resolved(self.install, ())
        for _ in range(_ROUNDS):
            answer = self.index.resolve(self.wish(alone))
            match answer:
                case Solved(pins=pins):
                    return Resolved(self.install._replace(pins=pins), tuple(self.problems))
                case Unreachable():
                    break
                case Unsolved():
                    if not self.refused(answer):
                        break
        return Resolved(self.install, tuple(self.problems))

    def wish(self, alone: bool) -> Wish:
        """Return what is asked: pip keeps what is installed already where it can."""
        asked = [line for each in self.lines if each.line.value not in self.left_out and (line := written(each.line))]
        bounds = [line for each in self.install.constraints if (line := written(each._replace(extras=())))]
        kept = {name: version for name, version in _BROUGHT.items() if name in self.stage.base.brought}
        for other in self.stage.installs:
            if other.prefix == self.install.prefix:
                kept |= {pin.name: pin.version for pin in other.pins or ()}
        pins = tuple(f"{name}=={version}" for name, version in kept.items())
        return Wish(tuple(asked), tuple(bounds), pins, tuple(self.left_out), self.python, self.platform, alone)

    # --- refusals

    def refused(self, answer: Unsolved) -> bool:
        """Take a refusal in, and change what is asked for; say whether that may help."""
        if answer.kind == "conflict":
            self.conflict(answer)
            return False
        if answer.kind == "syntax" or not answer.name:
            return False
        asked = next((each for each in self.lines if each.line.value == answer.name), None)
        known = self.index.releases(answer.name)
        if known is None or answer.name in self.left_out:
            return False
        allowed = [each for each in known if asked is None or releases.allows(_specifier(asked.line), each.version)]
        fitting = [each for each in allowed if releases.for_python(each, self.python)]
        built = [each for each in fitting if each.source]
        if asked is not None and not built:
            self.not_found(asked, known, allowed)
            self.loosen(asked, known)
            return True
        if built:
            self.without_wheel(answer.name, asked, built)
        self.left_out.append(answer.name)
        return True

    def conflict(self, answer: Unsolved) -> None:
        named = [each for each in self.lines if re.search(rf"(?<![\w.-]){re.escape(each.line.value)}(?![\w.-])", answer.says)]
        if self.sure and named:
            message = _IMPOSSIBLE if self.tool == "pip" else "error: No solution found when resolving dependencies"
            missing = BadRequirement(tuple(each.line.value for each in named), "conflict")
            reason = f"The requirements exclude each other: {answer.says}"
            self.problem("requirements-conflict", message, reason, missing, named[0])

    def not_found(self, asked: Requirement, known: tuple[Release, ...], allowed: list[Release]) -> None:
        """No release that the requirement allows can be installed: there is none, or none for this Python and Linux."""
        line = asked.line
        wanted = f"{line.value}{_specifier(line)}"
        version = f"{self.python[0]}.{self.python[1]}"
        if not known:
            reason = f"The package index has no `{line.value}`."
        elif not allowed:
            reason = f"The package index has no version of `{line.value}` that `{_specifier(line)}` allows."
        else:
            its = allowed[-1].requires_python
            other = f"it wants Python {its}" if its else "it has no file for Linux"
            reason = f"`{wanted}` can't be installed for Python {version}: {other}."
        message = f"ERROR: No matching distribution found for {wanted}"
        if self.tool == "uv":
            message = f"Because there is no version of {wanted} and you require {wanted}, we can conclude"
        missing = BadRequirement((line.value,), "python" if allowed else "version" if known else "name")
        if self.sure:
            certain = not allowed or self.stage.base.settled
            self.problem("requirement-not-found", message, reason, missing, asked, certain)

    def without_wheel(self, name: str, asked: Requirement | None, built: list[Release]) -> None:
        """The installer would build a release; for that, a slim image has no compiler."""
        newest = releases.in_order(built)[-1:] or built[-1:]
        if name in compiled.NEEDS or name in _OPTIONAL or not self.sure or not self.is_compiled(name, newest[0]):
            return
        version = f"{self.python[0]}.{self.python[1]}"
        reason = f"{name} {newest[0].version} has no wheel for Python {version}, and building it needs a compiler"
        reason += f", which {self.stage.base.name} lacks." if compiled.is_bare(self.stage.base) else "."
        missing = BadRequirement((name,), "wheel")
        self.problem("wheel-missing", f"ERROR: Failed building wheel for {name}", reason, missing, asked, certain=False)

    def is_compiled(self, name: str, release: Release) -> bool:
        """Say whether a release has code to compile; of one without any wheel, the next that has some tells."""
        known = releases.in_order(self.index.releases(name) or ()) if not release.wheels else []
        later = known[known.index(release) + 1 :] if release in known else []
        return releases.is_compiled(next((each for each in later if each.wheels), release))

    def problem(
        self,
        code: str,
        message: str,
        reason: str,
        missing: BadRequirement,
        asked: Requirement | None,
        certain: bool = True,
    ) -> None:
        if asked is not None and asked.place.path != self.install.place.path:
            reason = f"{asked.place.path}:{asked.place.line}: {reason}"
        self.problems.append(Problem(code, message, reason, missing, certain))

    def may_install(self, release: Release) -> bool:
        return release.source is not None or releases.has_wheel(release, self.python, self.platform)

    def loosen(self, asked: Requirement, known: tuple[Release, ...]) -> None:
        """Go on as if the requirement had been repaired: at any version, or without a name that does not exist."""
        if not any(releases.for_python(each, self.python) and self.may_install(each) for each in known):
            self.left_out.append(asked.line.value)
            return
        self.lines = [
            each._replace(line=each.line._replace(rest="")) if each.line.value == asked.line.value and each.line.rest else each
            for each in self.lines
        ]
        if asked in self.lines:  # it had no bound that could go
            self.left_out.append(asked.line.value)


def _specifier(line: Line) -> str:
    return line.rest.partition(";")[0].strip().strip("()").replace(" ", "")


def written(line: Line) -> str | None:
    """Return a requirement in words of our own; None for one that asks for more than a name, extras, versions and a marker."""
    extras = f"[{','.join(line.extras)}]" if line.extras else ""
    return f"{line.value}{extras}{line.rest}" if _REST.fullmatch(line.rest) else None
