"""Write bot/engine/image/distributions.txt: what the distributions that web apps install give and bring.

    python tools/snapshot.py [--keep FOLDER]

It needs uv, CPython 3.11, Linux and several gigabytes below the temporary folder, and takes some minutes. Run it when the
date in the file's first line has become old, or after a name was added to a file of tools/snapshot/:

- `<group>.txt` lists distributions that can be installed together; each group goes into an environment of its own, wheels
  only. The names are those that real apps ask for.
- `excludes.txt` lists what is too large to be fetched.
- `supplement.txt` has lines in the snapshot's own format, written by hand: for what is excluded, and for what has no wheels.
  A line for a distribution that was installed as well adds to it.

In the end the newest release of each distribution that any group brought is installed without its dependencies, so that no
bound of a neighbour holds it back; what the older releases gave and brought is kept with it.

Nothing of what is installed runs: its metadata and its lists of files are read. A line of the file is:

    name version[,older] :import … $script … +dependency[extra,…];>=3.12 … [extra] +dependency …

The condition behind a dependency is the version of Python that it is for; other markers are those of Linux.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LISTS = ROOT / "tools" / "snapshot"
TARGET = ROOT / "bot" / "engine" / "image" / "distributions.txt"
NO_GROUPS = ("excludes", "supplement")
PYTHON = "3.11"
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
ENVIRONMENT = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.9",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "sys_platform": "linux",
}
# folders that wheels carry beside their packages by mistake
JUNK = frozenset(
    "tests test testing_data docs doc examples example samples sample benchmarks benchmark bin lib share etc include data"
    " scripts script src dist build assets static templates images licenses license notebooks".split()
)
# extras for those who work on a distribution
INNER = re.compile(
    r"(?:.*-)?(?:dev|devel|develop|development|tests?|testing|docs?|documentation|lint|linting|typing|types|mypy|"
    r"benchmarks?|build|release|publish|ci|coverage|style|format|quality|pre-commit|examples?|tutorials?)(?:-.*)?$"
)
# top-level packages that several distributions share, also where one of them brings an __init__.py
CROWD = 5
SHARED = frozenset("google azure flaskext zope jaraco backports sphinxcontrib llama_index opentelemetry nvidia".split())


class Entry(NamedTuple):
    """What is known of a distribution."""

    versions: frozenset[str]
    imports: frozenset[str]
    scripts: frozenset[str]
    needs: frozenset[str]
    extras: dict[str, frozenset[str]]

    def joined(self, other: Entry) -> Entry:
        """Return both together."""
        extras = {
            extra: self.extras.get(extra, frozenset()) | other.extras.get(extra, frozenset())
            for extra in (*self.extras, *other.extras)
        }
        imports = _outer(self.imports | other.imports)
        return Entry(self.versions | other.versions, imports, self.scripts | other.scripts, self.needs | other.needs, extras)

    def line(self, name: str) -> str:
        """Return the line of the snapshot."""
        words = [name, ",".join(sorted(self.versions, key=Version, reverse=True))]
        words += [f":{each}" for each in sorted(self.imports)]
        words += [f"${each}" for each in sorted(self.scripts)]
        words += [f"+{each}" for each in _least(self.needs)]
        for extra, needs in sorted(self.extras.items()):
            words += [f"[{extra}]", *(f"+{each}" for each in _least(needs))]
        return " ".join(words)


def normal(name: str) -> str:
    """Return a name in the index's spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _least(needs: Iterable[str]) -> list[str]:
    """Leave out what only repeats a dependency under a condition."""
    kept = set(needs)
    return sorted(each for each in kept if ";" not in each or each.partition(";")[0] not in kept)


# --- reading one distribution


def entry(found: metadata.Distribution) -> Entry:
    """Read an installed distribution."""
    scripts = {point.name for point in found.entry_points if point.group == "console_scripts"}
    paths = [Path(str(file)) for file in found.files or ()]
    scripts |= {path.name for path in paths if path.parent.name == "bin" and path.parts[0] == ".."}
    needs: set[str] = set()
    extras: dict[str, frozenset[str]] = {}
    listed = list(_requirements(found))
    for requirement in listed:
        needs.update(_needed(requirement, ""))
    stubs = normal(found.name).endswith("-stubs")  # those of boto3 have hundreds
    for extra in found.metadata.get_all("Provides-Extra") or ():
        if not stubs and not INNER.match(normal(extra)):
            wanted = {each for requirement in listed for each in _needed(requirement, extra)}
            extras[normal(extra)] = frozenset(wanted - needs)
    names = {name for name in scripts if not name.endswith((".py", ".sh", ".bat")) and " " not in name}
    return Entry(frozenset({found.version}), imports(paths), frozenset(names), frozenset(needs), extras)


def _requirements(found: metadata.Distribution) -> Iterator[Requirement]:
    for text in found.requires or ():
        try:
            yield Requirement(text)
        except InvalidRequirement:
            print(f"{found.name}: unreadable requirement {text!r}", file=sys.stderr)


def _needed(requirement: Requirement, extra: str) -> Iterator[str]:
    """Yield how a requirement stands in the snapshot: nothing where its marker is not for Linux, or not for the extra."""
    extras = f"[{','.join(sorted(map(normal, requirement.extras)))}]" if requirement.extras else ""
    name = normal(requirement.name) + extras
    if requirement.marker is None:
        yield name
        return
    marker = requirement.marker
    holds = [
        marker.evaluate({**ENVIRONMENT, "python_version": each, "python_full_version": f"{each}.9", "extra": extra})
        for each in PYTHONS
    ]
    if all(holds):
        yield name
    elif any(holds):
        first, last = PYTHONS[holds.index(True)], len(PYTHONS) - 1 - holds[::-1].index(True)
        if holds[0] and all(holds[: last + 1]):
            yield f"{name};<{PYTHONS[last + 1]}"
        elif holds[-1] and all(holds[holds.index(True) :]):
            yield f"{name};>={first}"
        else:
            yield name


def imports(paths: list[Path]) -> frozenset[str]:
    """Return the import names that a list of installed files gives; several levels where a package has no __init__.py."""
    modules: set[tuple[str, ...]] = set()
    for path in paths:
        parts = path.parts
        if parts[0] == ".." or parts[0].endswith((".dist-info", ".egg-info", ".data")) or "__pycache__" in parts:
            continue
        if path.suffix in (".py", ".so", ".pyd") or path.name.endswith(".pyc"):
            modules.add((*parts[:-1], path.name.partition(".")[0]))
    packages = {parts[:-1] for parts in modules if parts[-1] == "__init__"}
    found: set[str] = set()
    for parts in modules:
        names = parts[:-1] if parts[-1] == "__init__" else parts
        depth = 1
        while depth < min(len(names), 3) and (names[:depth] not in packages or (depth == 1 and names[0] in SHARED)):
            depth += 1
        if names and all(name.isidentifier() for name in names[:depth]):
            found.add(".".join(names[:depth]))
    public = {name for name in found if not any(part.startswith("_") for part in name.split("."))}
    plain = {name for name in public if name.partition(".")[0] not in JUNK}
    return _outer(plain or public)


def _outer(names: Iterable[str]) -> frozenset[str]:
    """Leave out names inside of others, and take one name for many that lie on the third level of the same package."""
    found = set(names)
    parents = [name.rpartition(".")[0] for name in found if name.count(".") == 2]
    found |= {parent for parent in parents if parents.count(parent) > CROWD}
    return frozenset(name for name in found if not any(name.startswith(f"{other}.") for other in found))


# --- installing


def uv(*arguments: str) -> None:
    """Run uv."""
    subprocess.run(("uv", *arguments), check=True)


def install(folder: Path, *arguments: str) -> dict[str, Entry]:
    """Install into a new environment, wheels only, and read what is there."""
    uv("venv", "--quiet", "--python", PYTHON, str(folder))
    uv("pip", "install", "--quiet", "--python", str(folder), "--only-binary", ":all:", *arguments)
    packages = str(folder / "lib" / f"python{PYTHON}" / "site-packages")
    return {normal(found.name): entry(found) for found in metadata.distributions(path=[packages])}


def supplement() -> dict[str, Entry]:
    """Read the lines that were written by hand."""
    found = {}
    for line in (LISTS / "supplement.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, versions, *words = line.split()
            extras: dict[str, frozenset[str]] = {}
            sorts: dict[str, set[str]] = {":": set(), "$": set(), "+": set()}
            extra = None
            for word in words:
                if word.startswith("["):
                    extra = word.strip("[]")
                    extras[extra] = frozenset()
                elif extra is not None:
                    extras[extra] |= {word[1:]}
                else:
                    sorts[word[0]].add(word[1:])
            imports, scripts, needs = map(frozenset, sorts.values())
            found[name] = Entry(frozenset(versions.split(",")), imports, scripts, needs, extras)
    return found


def gather(folder: Path) -> dict[str, Entry]:
    """Install all groups, then the newest release of each distribution, and join what they show."""
    excludes = str(LISTS / "excludes.txt")
    found: dict[str, Entry] = {}

    def add(more: dict[str, Entry]) -> None:
        for name, each in more.items():
            found[name] = found[name].joined(each) if name in found else each

    for group in sorted(LISTS.glob("*.txt")):
        if group.stem not in NO_GROUPS:
            print(f"installing {group.stem} …", file=sys.stderr)
            add(install(folder / group.stem, "--excludes", excludes, "--requirements", str(group)))
    print(f"installing the newest of {len(found)} …", file=sys.stderr)
    names = folder / "names.txt"
    names.write_text("".join(f"{name}\n" for name in sorted(found)), encoding="utf-8")
    add(install(folder / "newest", "--no-deps", "--requirements", str(names)))
    add(supplement())
    return found


def write(found: dict[str, Entry]) -> None:
    """Write the snapshot."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    head = f"# {today}: {len(found)} distributions, as their newest wheels for CPython {PYTHON} on Linux had them\n"
    lines = [f"{found[name].line(name)}\n" for name in sorted(found)]
    TARGET.write_text(head + "".join(lines), encoding="utf-8")


def main() -> None:
    """Make the snapshot."""
    parser = argparse.ArgumentParser(description="Write bot/engine/image/distributions.txt.")
    parser.add_argument("--keep", type=Path, help="install into this folder, and leave it there")
    given = parser.parse_args()
    if given.keep:
        found = gather(given.keep.resolve())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            found = gather(Path(temporary))
    write(found)
    print(f"{TARGET.relative_to(ROOT)}: {len(found)} distributions, {TARGET.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
