"""Variables that have to be set when code runs, and what sets them: platform, image, the code itself, or a `.env` file."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from bot.engine.boot.facts import Import, Variable
from bot.engine.boot.values import dotted, evaluate
from bot.engine.model.findings import Place
from bot.engine.model.tree import Unreadable

if TYPE_CHECKING:
    from bot.engine.boot.importer import Frame, Importer

_READS_FILES = re.compile(rb"\b(?:dotenv|decouple|environs|env_file|read_env)\b")
_LINE = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.M)


def follow(walk: Importer, event: Variable, frame: Frame) -> None:
    """Note a variable that the code reads with `os.environ["NAME"]`."""
    tree = frame.loaded.found.tree
    if walk.failures.unsure or tree is None or not _is_environment(dotted(event.node.value), frame):
        return
    name = evaluate(event.node.slice, walk.scope(frame))
    if isinstance(name, str) and not is_set(walk, name, frame):
        place = Place(tree, event.node.lineno, event.node.col_offset + 1)
        walk.failures.assume(name, f"KeyError: '{name}'", f"{tree}:{place.line} reads it at the start", place, "key")


def _is_environment(owner: str, frame: Frame) -> bool:
    """Say whether a name is that of `os.environ`: another `environ` belongs to a request, or to the module itself."""
    imports = (event for event in frame.loaded.facts.events if isinstance(event, Import))
    return owner == "os.environ" or any(event.module == "os" and "environ" in event.aliases for event in imports)


def is_set(walk: Importer, name: str, frame: Frame) -> bool:
    """Say whether something that is known here sets a variable, whatever to."""
    if name in walk.env and not (walk.env[name] is None and walk.left(name)):
        return True
    paths = {loaded.found.tree for loaded in walk.loaded.values() if loaded and loaded.found.tree}
    sources = [walk.tree.read(path) for path in sorted(paths)]
    by_code = re.compile(rf"environ(?:\[|\.setdefault\()\s*[\"']{re.escape(name)}[\"']\s*(?:\]\s*=[^=]|,)".encode())
    if any(by_code.search(source) for source in sources):
        return True
    return any(map(_READS_FILES.search, sources)) and name in _in_files(walk, frame)


def _in_files(walk: Importer, frame: Frame) -> set[str]:
    """Return the variables of the `.env` files in the image: in the current folder, and from a module's folder upwards."""
    folders, above = [walk.folder], frame.loaded.found.path
    while (above := posixpath.dirname(above)) not in ("", "/"):
        folders.append(above)
    found: set[str] = set()
    for folder in dict.fromkeys(folders):
        for each in walk.finder.image.files.names(folder):
            file = walk.finder.image.files.find(posixpath.join(folder, each)) if each.startswith(".env") else None
            if file and file.kind == "file" and file.tree and not each.endswith((".example", ".sample", ".template")):
                try:
                    found.update(_LINE.findall(walk.tree.text(file.tree)))
                except Unreadable:
                    continue
    return found
