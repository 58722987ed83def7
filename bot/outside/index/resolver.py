"""Asks uv which versions a set of requirements comes to, and reads its answer.

`uv pip compile` only ever sees lines that we wrote, in an empty folder, without anybody's configuration; `--no-build` keeps
code of a distribution from running. Its answers were read off uv 0.13 (crates/uv-resolver/src/pubgrub/report.rs).
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import tomllib

from bot.engine.model.index import Pin, Solved, Unreachable, Unsolved, Wish
from bot.engine.model.requirements import normal
from bot.outside import process

_SECONDS = 120
_NAME = r"`?(?P<name>[A-Za-z0-9][\w.-]*)`?"
_SPAN = r"(?:[<>=!~][^\s,]*(?:,\s?[<>=!~][^\s,]*)*)?"
_REASONS = (  # the sentence, and what it means for the distribution that it names
    (re.compile(rf"{_NAME} was not found in the package registry"), "name"),
    (re.compile(rf"(?:all versions of )?{_NAME}{_SPAN} (?:has|have) no usable wheels"), "wheel"),
    (re.compile(rf"{_NAME}{_SPAN} (?:has|have) no (?:wheels|publicly available wheels)"), "wheel"),
    (re.compile(rf"there (?:is|are) no versions? of {_NAME}{_SPAN}"), "version"),
    (re.compile(rf"only {_NAME}{_SPAN} (?:is|are) available"), "version"),
)


def resolve(wish: Wish, index: str | None, cache: str) -> Solved | Unsolved | Unreachable:
    """Return the versions that a wish comes to; `index` is the address of a package index, None for uv's own default."""
    try:
        program = _program()
        with tempfile.TemporaryDirectory(prefix="deploymend-") as folder:
            _write(folder, wish)
            done = process.run((program, *_arguments(wish, index, cache)), folder, _SECONDS)
            if done.code:
                return _refusal(done.errors)
            with open(os.path.join(folder, "pylock.toml"), encoding="utf-8") as file:
                return Solved(tuple(_pins(file.read(), wish)))
    except process.NotRun as error:
        return Unreachable(str(error))


def _program() -> str:
    """Return the path of uv; raises `NotRun`."""
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise process.NotRun("uv is not installed") from None


def _write(folder: str, wish: Wish) -> None:
    files = {"requirements.txt": wish.requirements, "constraints.txt": wish.constraints, "excluded.txt": wish.excluded}
    for name, lines in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    if wish.kept:  # what is installed already is preferred, as the pins of an older output are
        with open(os.path.join(folder, "pylock.toml"), "w", encoding="utf-8") as file:
            file.write('lock-version = "1.0"\ncreated-by = "deploymend"\n')
            for pin in wish.kept:
                name, _, version = pin.partition("==")
                file.write(f'[[packages]]\nname = "{name}"\nversion = "{version}"\n')


def _arguments(wish: Wish, index: str | None, cache: str) -> tuple[str, ...]:
    version = f"{wish.python[0]}.{wish.python[1]}"
    fixed = "pip compile --no-config --no-build --no-python-downloads --no-header --quiet --color never --no-progress".split()
    target = ("--python", sys.executable, "--python-version", version, "--python-platform", f"x86_64-{wish.platform}")
    files = "requirements.txt --constraint constraints.txt --excludes excluded.txt --format pylock.toml".split()
    return (
        *fixed,
        *target,
        *files,
        *("--output-file", "pylock.toml", "--cache-dir", os.path.join(cache, "uv")),
        *(("--default-index", index) if index else ()),
        *(("--no-deps",) if wish.alone else ()),
    )


def _pins(text: str, wish: Wish) -> list[Pin]:
    found = []
    for package in tomllib.loads(text).get("packages", []):
        wheels = package.get("wheels") or []
        best = max(wheels, key=lambda wheel: _rank(wheel["url"], wish), default=None)
        if best is not None and "version" in package:
            digest, size = best.get("hashes", {}).get("sha256", ""), int(best.get("size") or 0)
            found.append(Pin(normal(package["name"]), str(package["version"]), best["url"], digest, size))
    return found


def _rank(url: str, wish: Wish) -> tuple[int, int, int]:
    """Return how much an installer likes a wheel: one for this Python more than one for many, then the newest libc."""
    parts = url.rpartition("/")[2].removesuffix(".whl").split("-")
    interpreter, abi, platform = parts[-3:] if len(parts) >= 5 else ("", "", "")
    exact = f"cp{wish.python[0]}{wish.python[1]}"
    libc = max((int(number) for number in re.findall(r"linux_\d+_(\d+)", platform)), default=0)
    return (2 if exact in interpreter.split(".") else 1 if abi == "abi3" else 0, int(platform != "any"), libc)


def _refusal(errors: str) -> Unsolved | Unreachable:
    """Read why there is no solution: the first reason counts, since uv names one distribution at a time."""
    text = re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", errors)).strip()
    if "Couldn't parse" in text or "expected version" in text.lower():
        return Unsolved("syntax", "", text)
    if "No solution found" not in text:
        return Unreachable(text[:300] or "uv gave no reason")
    says = text.partition("Because ")[2].partition(" hint: ")[0] or text
    for pattern, kind in _REASONS:
        if found := pattern.search(text):
            return Unsolved(kind, normal(found["name"]), says)  # type: ignore[arg-type]
    return Unsolved("conflict", "", says)
