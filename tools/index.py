"""Writes codemods/index.py: which codemods answer which finding. A test holds it up to date.

usage: python tools/index.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def text() -> str:
    """Return what codemods/index.py has to say."""
    from importlib import import_module

    names = sorted(path.stem for path in (ROOT / "codemods").glob("[!_]*.py") if path.stem != "index")
    modules = {name.replace("_", "-"): import_module(f"codemods.{name}") for name in names}
    answers: dict[str, list[str]] = {}
    for name, module in modules.items():
        for code in module.CODEMOD.answers:
            answers.setdefault(code, []).append(name)
    lines = ['"""Which codemods answer which finding; written by tools/index.py from their own data."""', ""]
    lines.append("ANSWERS: dict[str, tuple[str, ...]] = {")
    for code in sorted(answers):
        listed = sorted(answers[code], key=lambda name: (modules[name].CODEMOD.rank, name))
        lines.append(f"    {code!r}: ({', '.join(map(repr, listed))}{',' * (len(listed) == 1)}),")
    lines.append("}")
    finders = [name for name in modules if hasattr(modules[name], "find")]
    for kind, optional in (("FINDERS", False), ("OPT_IN", True)):
        listed = [name for name in finders if modules[name].CODEMOD.opt_in is optional]
        lines.append(f"{kind}: tuple[str, ...] = ({', '.join(map(repr, listed))},)")
    lines.append(f"NAMES: tuple[str, ...] = ({', '.join(map(repr, modules))},)")
    return "\n".join(lines).replace("'", '"') + "\n"


def main() -> int:
    """Write the file; with --check only say whether it is up to date."""
    path = ROOT / "codemods" / "index.py"
    if "--check" in sys.argv:
        same = path.read_text() == text()
        print("" if same else "codemods/index.py is out of date: run python tools/index.py", end="" if same else "\n")
        return int(not same)
    path.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
