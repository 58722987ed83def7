"""What a project declares about itself: pyproject.toml in the dialects of PEP 621, poetry, uv and PDM, and Pipfile.

References: https://packaging.python.org/en/latest/specifications/pyproject-toml/,
https://packaging.python.org/en/latest/specifications/dependency-groups/, https://python-poetry.org/docs/dependency-specification/,
https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.model import requirements, toml
from bot.engine.model.findings import Place
from bot.engine.model.requirements import Line, Requirement, normal
from bot.engine.model.tree import Tree

_DEEPEST = 20  # of groups that include groups
_CLAUSE = re.compile(r"\s*(\^|~(?!=)|===?|~=|!=|<=?|>=?)?\s*v?(\d[\w.*+!-]*)\s*$")
_ELSEWHERE = ("git", "url", "file", "path", "hg", "svn")

Values = dict[str, object]


class Project(NamedTuple):
    """A pyproject.toml, or a Pipfile, as far as it says what is to be installed.

    `groups` are its dependency groups, `optional` those that are only installed when they are named (poetry). `packaged`: the
    project itself is installed with `backend`, None where the file leaves that to each tool.
    """

    path: str
    data: Values
    name: str
    python: str  # the versions that it allows, as a specifier
    main: tuple[Requirement, ...]
    extras: dict[str, tuple[Requirement, ...]]
    groups: dict[str, tuple[Requirement, ...]]
    optional: frozenset[str]
    backend: str
    dynamic: bool  # what it needs is computed by its backend
    readme: tuple[str, ...]
    damaged: bool

    def tool(self, name: str) -> Values:
        """Return the settings of a tool."""
        return table(table(self.data.get("tool")).get(name))

    @property
    def poetry(self) -> bool:
        """Whether the file says what it needs in poetry's own tables."""
        return "dependencies" in self.tool("poetry") and "dependencies" not in table(self.data.get("project"))


def table(value: object) -> Values:
    """Return a table; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """Return a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def read(tree: Tree, path: str) -> Project:
    """Read a pyproject.toml; raises `Unreadable`."""
    return _Reader(toml.read(tree.text(path)), path).project()


def pipfile(tree: Tree, path: str) -> Project:
    """Read a Pipfile; each of its categories but `packages` is a group. Raises `Unreadable`."""
    return _Reader(toml.read(tree.text(path)), path).pipfile()


class _Reader:
    def __init__(self, document: toml.Document, path: str) -> None:
        self.document = document
        self.data: Values = document.data
        self.path = path

    def project(self) -> Project:
        own, poetry = table(self.data.get("project")), table(table(self.data.get("tool")).get("poetry"))
        name = own.get("name") or poetry.get("name") or ""
        main = tuple(self.strings(("project", "dependencies")))
        if "dependencies" not in own:
            main += tuple(self.constraints(("tool", "poetry", "dependencies")))
        declared = table(poetry.get("dependencies"))
        held = {normal(name) for name, value in declared.items() if isinstance(value, dict) and value.get("optional") is True}
        extras = {
            normal(extra): tuple(self.strings(("project", "optional-dependencies", extra)))
            for extra in table(own.get("optional-dependencies"))
        }
        for extra, names in table(poetry.get("extras")).items():
            brought = {normal(str(each)) for each in listed(names)}
            extras[normal(extra)] = tuple(each for each in main if each.line.value in brought)
            held |= brought
        backend = table(self.data.get("build-system"))
        return Project(
            self.path,
            self.data,
            normal(name) if isinstance(name, str) else "",
            self.allowed(own, poetry),
            tuple(each for each in main if each.line.value not in held),
            extras,
            self.groups(poetry),
            frozenset(
                normal(group) for group, body in table(poetry.get("group")).items() if table(body).get("optional") is True
            ),
            str(backend.get("build-backend") or ("setuptools" if backend else "")),
            "dependencies" in listed(own.get("dynamic")) and not poetry.get("dependencies"),
            tuple(self.readme(own, poetry)),
            bool(self.document.problems),
        )

    def pipfile(self) -> Project:
        known = ("source", "requires", "scripts", "pipenv", "pipfile")
        groups = {normal(name): tuple(self.constraints((name,))) for name in self.data if name not in known}
        main = groups.pop("packages", ())
        requires = table(self.data.get("requires"))
        python = str(requires.get("python_full_version") or requires.get("python_version") or "")
        damaged = bool(self.document.problems)
        return Project(self.path, self.data, "", python, main, {}, groups, frozenset(), "", False, (), damaged)

    def allowed(self, own: Values, poetry: Values) -> str:
        python = own.get("requires-python")
        if isinstance(python, str):
            return python
        written = table(poetry.get("dependencies")).get("python", "")
        written = table(written).get("version", "") if isinstance(written, dict) else written
        return specifier(written) if isinstance(written, str) else ""

    def readme(self, own: Values, poetry: Values) -> Iterator[str]:
        written = own.get("readme") or poetry.get("readme")
        named = table(written).get("file", "") if isinstance(written, dict) else written
        yield from (each for each in (named if isinstance(named, list) else [named]) if isinstance(each, str) and each)

    def groups(self, poetry: Values) -> dict[str, tuple[Requirement, ...]]:
        """Return all dependency groups, whichever tool's tables they stand in."""
        found = {normal(name): tuple(self.group(name, 0)) for name in table(self.data.get("dependency-groups"))}
        for name, body in table(poetry.get("group")).items():
            more = tuple(self.constraints(("tool", "poetry", "group", name, "dependencies"))) if isinstance(body, dict) else ()
            found[normal(name)] = found.get(normal(name), ()) + more
        tools = table(self.data.get("tool"))
        older = [("dev", list(self.constraints(("tool", "poetry", "dev-dependencies"))))]
        older.append(("dev", list(self.strings(("tool", "uv", "dev-dependencies")))))
        for name in table(table(tools.get("pdm")).get("dev-dependencies")):
            older.append((normal(name), list(self.strings(("tool", "pdm", "dev-dependencies", name)))))
        for name, more_of_it in older:
            if more_of_it:
                found[name] = found.get(name, ()) + tuple(more_of_it)
        return found

    def group(self, name: str, depth: int) -> Iterator[Requirement]:
        yield from self.strings(("dependency-groups", name))
        groups = table(self.data.get("dependency-groups"))
        for element in listed(groups.get(name)) if depth < _DEEPEST else ():
            included = normal(str(table(element).get("include-group", "")))
            yield from (each for other in groups if normal(other) == included for each in self.group(other, depth + 1))

    # --- requirements with their places

    def strings(self, path: toml.Path) -> Iterator[Requirement]:
        """Yield the requirements of a list of strings."""
        for index, text in enumerate(listed(self.at(path))):
            line = requirements.requirement(text) if isinstance(text, str) else None
            if line:
                yield Requirement(line, self.place((*path, index)))

    def constraints(self, path: toml.Path) -> Iterator[Requirement]:
        """Yield the requirements of a table by name, as poetry and pipenv write them."""
        for name, value in table(self.at(path)).items():
            if name.lower() == "python":
                continue
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str | dict):
                    yield Requirement(_constraint(name, each), self.place((*path, name)))

    def at(self, path: toml.Path) -> object:
        value: object = self.data
        for key in path:
            value = table(value).get(str(key))
        return value

    def place(self, path: toml.Path) -> Place:
        """Return where a value stands; a table written over several lines begins with its header."""
        span = self.document.spans.get(path)
        return Place(
            self.path,
            self.document.row_and_column(span.key_start if isinstance(path[-1], str) else span.start)[0] if span else 1,
        )


def _constraint(name: str, value: str | Values) -> Line:
    options = {"version": value} if isinstance(value, str) else value
    extras = tuple(normal(str(extra)) for extra in listed(options.get("extras")))
    version = options.get("version", "")
    rest = specifier(version) if isinstance(version, str) else ""
    origin = next((key for key in _ELSEWHERE if key in options), None)
    if origin:
        rest = f"@ {'git+' if origin == 'git' else ''}{options[origin]}"
    marker = str(options.get("markers") or "")
    return Line("name", normal(name), extras, f"{rest}; {marker}" if marker else rest, 0)


def specifier(written: str) -> str:
    """Return a constraint of poetry or pipenv as a version specifier; `""` where it sets no bound that is understood.

    `^1.2` means up to the next change of the first number that is not zero, `~1.2` up to the next minor release, a bare `1.2`
    that version alone (https://python-poetry.org/docs/dependency-specification/#version-constraints).
    """
    if "|" in written:
        return ""
    found = []
    for clause in re.split(r"\s*,\s*|\s+(?=[\^~<>=!])", written.strip()):
        match = _CLAUSE.match(clause)
        if match is None:
            continue
        operator, version = match[1] or "==", match[2]
        if operator in ("^", "~"):
            found.append(f">={version},<{_next(version, operator)}")
        else:
            found.append(operator + version)
    return ",".join(found)


def _next(version: str, operator: str) -> str:
    parts = [int(part) for part in re.findall(r"\d+", re.split(r"[a-z+!-]", version)[0])[:4]] or [0]
    if operator == "~":
        at = min(1, len(parts) - 1)
    else:
        at = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    return ".".join(map(str, [*parts[:at], parts[at] + 1]))
