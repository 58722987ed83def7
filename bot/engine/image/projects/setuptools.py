"""What setuptools makes of a project: pyproject.toml, setup.cfg and setup.py, and what it discovers by itself.

The rules are those of setuptools 84 (`discovery.py`, `config/expand.py`, `command/editable_wheel.py`), tried: a package that is
listed, searched for or mapped to a folder; else all of `src/`, else the one package or module that lies at the top. An editable
install puts a folder on sys.path where all modules count from one that is named, and maps each package otherwise.
"""

from __future__ import annotations

import configparser
import posixpath
from fnmatch import fnmatchcase
from typing import NamedTuple

from bot.engine.image.projects import setup_script
from bot.engine.image.projects.contents import Contents, Refused
from bot.engine.image.projects.view import Table, View, strings, table

_NEVER = ("ez_setup", "*__pycache__")
_NO_PACKAGES = tuple(  # at the top of a project
    pattern
    for name in (
        "ci bin debian doc docs documentation manpages news newsfragments changelog test tests unit_test unit_tests example"
        " examples scripts tools util utils python build dist venv env requirements tasks fabfile site_scons benchmark"
        " benchmarks exercise exercises htmlcov [._]*"
    ).split()
    for pattern in (name, f"{name}.*")
)
_NO_MODULES = tuple(
    "setup conftest test tests example examples build toxfile noxfile pavement dodo tasks fabfile [Ss][Cc]onstruct conanfile"
    " manage benchmark benchmarks exercise exercises [._]*".split()
)
_DEEPEST = 12  # of packages in packages


class Settings(NamedTuple):
    """What a project says of its packages; None where it says nothing."""

    packages: list[str] | None = None
    modules: list[str] | None = None
    folders: dict[str, str] | None = None
    scripts: tuple[str, ...] = ()


def contents(view: View, manifest: Table) -> Contents | Refused | None:
    """Return what a project gives, or why setuptools gives up; None where that can't be told."""
    told = _by_script(view)
    told = _by_config(view, told) if told else None
    told = _by_manifest(view, manifest, told) if told else None
    if told is None:
        return None
    if told.packages is None and told.modules is None:
        found = _discovered(view, told)
        if isinstance(found, Refused):
            return found
        told = found
    folders = told.folders or {}
    packages = {name: view.path(_folder(name, folders)) for name in told.packages or ()}
    lacking = next((name for name, path in packages.items() if not view.files.folder(path)), None)
    if lacking:
        shown = _folder(lacking, folders)
        reason = f"The project names the package `{lacking}`, and {view.root} has no folder {shown} at this point."
        return Refused(f"error: package directory '{shown}' does not exist", reason)
    base = folders.get("", "")
    modules = {name: view.path(posixpath.join(base, *name.split("."))) for name in told.modules or ()}
    plain = all(posixpath.relpath(path, view.path(base)) == name.replace(".", "/") for name, path in packages.items())
    paths = (view.path(base),) if set(folders) == {""} and plain else ()
    return Contents(view.root, packages, modules, paths, told.scripts)


def find(view: View, where: str, include: list[str], exclude: list[str], namespaces: bool) -> list[str]:
    """Return the packages in a folder as `find_packages` does; with `namespaces`, folders without `__init__.py` count."""
    return _find(view, where, "", tuple(include), (*_NEVER, *exclude), namespaces)


def _find(
    view: View, where: str, inside: str, include: tuple[str, ...], exclude: tuple[str, ...], namespaces: bool
) -> list[str]:
    found = []
    for name in view.names(where):
        package = f"{inside}.{name}" if inside else name
        folder = posixpath.join(where, name)
        if "." in name or not view.is_folder(folder) or package.count(".") > _DEEPEST:
            continue
        if not namespaces and not view.is_file(posixpath.join(folder, "__init__.py")):
            continue
        if _matches(package, include) and not _matches(package, exclude):
            found.append(package)
        if f"{package}*" not in exclude and f"{package}.*" not in exclude:
            found += _find(view, folder, package, include, exclude, namespaces)
    return found


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _folder(package: str, folders: dict[str, str]) -> str:
    """Return the folder of a package: that of the nearest name that is mapped, and what is left of its own."""
    parts = package.split(".")
    for length in range(len(parts), 0, -1):
        mapped = folders.get(".".join(parts[:length]))
        if mapped is not None:
            return posixpath.normpath(posixpath.join(mapped, *parts[length:]))
    return posixpath.normpath(posixpath.join(folders.get("", ""), *parts))


# --- what is said


def _by_script(view: View) -> Settings | None:
    text = view.text("setup.py")
    if text is None:
        return None if view.is_file("setup.py") else Settings()
    said = setup_script.read(text, lambda *search: find(view, *search))
    if said is None:
        return None
    return Settings(said.packages, said.modules, said.folders, said.scripts)


def _by_config(view: View, told: Settings) -> Settings | None:
    text = view.text("setup.cfg")
    if text is None:
        return None if view.is_file("setup.cfg") else told
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    options = parser["options"] if parser.has_section("options") else {}
    folders = told.folders
    if "package_dir" in options:
        pairs = [line.partition("=") for line in _lines(options["package_dir"])]
        folders = {name.strip(): folder.strip() for name, _, folder in pairs}
    modules = _lines(options["py_modules"]) if "py_modules" in options else told.modules
    packages = told.packages
    written = options.get("packages", "").strip()
    if written in ("find:", "find_namespace:"):
        section = "options.packages.find"
        search = parser[section] if parser.has_section(section) else {}
        where = search.get("where", "").strip() or "."
        include, exclude = _lines(search.get("include", "")) or ["*"], _lines(search.get("exclude", ""))
        packages = find(view, where, include, exclude, written == "find_namespace:")
    elif written:
        packages = _lines(written)
    scripts = _lines(parser.get("options.entry_points", "console_scripts", fallback=""))
    return Settings(packages, modules, folders, (*told.scripts, *(line.partition("=")[0].strip() for line in scripts)))


def _lines(value: str) -> list[str]:
    """Return a list of setup.cfg: an element a line, or between commas."""
    listed = value.splitlines() if "\n" in value else value.split(",")
    return [each.strip() for each in listed if each.strip()]


def _by_manifest(view: View, manifest: Table, told: Settings) -> Settings | None:
    scripts = (*told.scripts, *table(table(manifest.get("project")).get("scripts")))
    tool = table(table(manifest.get("tool")).get("setuptools"))
    folders = told.folders
    if "package-dir" in tool:
        folders = {name: str(folder) for name, folder in table(tool["package-dir"]).items()}
    modules, packages = told.modules, told.packages
    if "py-modules" in tool:
        modules = strings(tool["py-modules"])
        if modules is None:
            return None
    if isinstance(tool.get("packages"), dict):
        search = table(table(tool["packages"]).get("find"))
        where, include, exclude = (strings(search.get(key, default)) for key, default in _SEARCH)
        if where is None or include is None or exclude is None or "find" not in table(tool["packages"]):
            return None
        packages, folders = _searched(view, where, include, exclude, search.get("namespaces", True) is True, folders)
    elif "packages" in tool:
        packages = strings(tool["packages"])
        if packages is None:
            return None
    return Settings(packages, modules, folders, scripts)


_SEARCH: tuple[tuple[str, list[str]], ...] = (("where", ["."]), ("include", ["*"]), ("exclude", []))


def _searched(
    view: View, where: list[str], include: list[str], exclude: list[str], namespaces: bool, folders: dict[str, str] | None
) -> tuple[list[str], dict[str, str] | None]:
    """Search several folders; where they are no root of the project, they say from where packages count."""
    packages: list[str] = []
    mapped = dict(folders or {})
    elsewhere = [each for each in where if posixpath.normpath(each) != "."]
    if len(where) == 1 and elsewhere:
        mapped.setdefault("", where[0])
    for each in where:
        found = find(view, each, include, exclude, namespaces)
        packages += found
        if each in elsewhere and mapped.get("") != each:
            mapped |= {name: posixpath.join(each, *name.split(".")) for name in _outermost(found)}
    return packages, mapped or folders


def _outermost(packages: list[str]) -> list[str]:
    return [name for name in packages if not any(name.startswith(f"{other}.") for other in packages)]


# --- what is discovered


def _discovered(view: View, told: Settings) -> Settings | Refused:
    folders = told.folders or {}
    mapped = {name: folder for name, folder in folders.items() if name}
    if mapped:
        packages = [
            each
            for name, folder in mapped.items()
            for each in (name, *(f"{name}.{inner}" for inner in find(view, folder, ["*"], [], True)))
        ]
        return told._replace(packages=packages)
    source = folders.get("", "src")
    if view.is_folder(source):
        modules = _modules(view, source, ())
        return told._replace(packages=find(view, source, ["*"], [], True), modules=modules, folders={"": source})
    packages = [name for name in find(view, ".", ["*"], list(_NO_PACKAGES), True) if _importable(name)]
    top = _outermost(packages)
    modules = [] if top else _modules(view, ".", _NO_MODULES)
    for what, found in (("packages", top), ("modules", modules)):
        if len(found) > 1:
            message = f"error: Multiple top-level {what} discovered in a flat-layout: ['…']."
            listed = ", ".join(f"`{name}`" for name in found[:6])
            return Refused(message, f"setuptools takes {listed} for {what} of the project, and nothing says which are meant.")
    return told._replace(packages=packages, modules=modules)


def _importable(package: str) -> bool:
    return all(part.isidentifier() for part in package.split("."))


def _modules(view: View, folder: str, exclude: tuple[str, ...]) -> list[str]:
    stems = [name[:-3] for name in view.names(folder) if name.endswith(".py")]
    return [stem for stem in stems if stem.isidentifier() and not _matches(stem, exclude)]
