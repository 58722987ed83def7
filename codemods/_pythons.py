"""Which version of Python suits what an image is asked to install."""

from __future__ import annotations

import re

from bot.engine.image import releases, resolving
from bot.engine.model.index import Python
from bot.engine.model.tree import Tree, Unreadable, join
from bot.engine.report import Report
from codemods import _requirements

_PYTHONS: tuple[Python, ...] = ((3, 13), (3, 12), (3, 11), (3, 10), (3, 9))
_HINT = re.compile(r"3\.(\d+)")


def better(tree: Tree, report: Report) -> list[Python]:
    """Return the Pythons that more of the pinned requirements have wheels for than for the image's own, the best first.

    None without a package index. Of equals, the one that the repository names for others goes first, then the nearest.
    """
    image, index = report.image, report.package_index
    if image is None or image.base.python is None or index is None:
        return []
    platform, own = resolving.platform_of(image.base), image.base.python
    pins = {
        (asked.line.value, match[1])
        for manifest in _requirements.manifests(image)
        for asked in manifest.asked
        if (match := re.match(r"===?\s*([\w.]+)$", asked.line.rest.partition(";")[0].strip()))
    }
    fit = dict.fromkeys((*_PYTHONS, own), 0)
    for name, version in pins:
        release = next((each for each in index.releases(name) or () if each.version == version), None)
        for python in fit if release else ():
            if release and releases.for_python(release, python):
                fit[python] += releases.has_wheel(release, python, platform)
    found = [python for python in _PYTHONS if fit[python] > fit[own]]
    hint = _hinted(tree, report)
    return sorted(found, key=lambda python: (-fit[python], python[1] != hint, abs(python[1] - own[1])))


def _hinted(tree: Tree, report: Report) -> int | None:
    """Return the minor version that the repository names where its platform does not look."""
    for path in ("runtime.txt", ".python-version", ".tool-versions"):
        for folder in dict.fromkeys((report.start.directory, "")):
            whole = join(folder, path) or path
            if tree.is_file(whole):
                try:
                    match = _HINT.search(tree.text(whole))
                except Unreadable:
                    continue
                if match:
                    return int(match[1])
    return None
