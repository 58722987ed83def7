"""What a tree's edits come to: how large they are, and the unified diff that git would show."""

from __future__ import annotations

from collections import Counter

from bot.engine.model.tree import Change, Tree


def size(tree: Tree) -> int:
    """Return how many lines the edits drop and add, roughly: where lines change places alone, all between them count.

    A move alone counts as one.
    """
    total = 0
    for change in tree.changes():
        before, after = change.before.split(b"\n"), change.after.split(b"\n")
        total += int(change.old != change.path) + int(change.mode_changed)
        if before == after:
            continue
        head = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
        before, after = before[head:], after[head:]
        while before and after and before[-1] == after[-1]:
            before.pop()
            after.pop()
        old, new = Counter(before), Counter(after)
        total += (old - new).total() + (new - old).total() or len(before) + len(after)
    return total


def unified(tree: Tree) -> str:
    """Return the edits as one diff that `git apply` takes; moves show as renames."""
    return "".join(_file(change) for change in tree.changes())


def _file(change: Change) -> str:
    import difflib  # needed where a diff is shown alone

    old = change.old or change.path
    lines = [f"diff --git {_quoted('a/' + old)} {_quoted('b/' + change.path)}"]
    mode = "100755" if change.executable else "100644"
    before, after = _lines(change.before), _lines(change.after)
    if change.old is None:
        lines.append(f"new file mode {mode}")
    elif change.old != change.path:
        matcher = difflib.SequenceMatcher(None, before, after)
        lines.append(f"similarity index {int(matcher.ratio() * 100)}%")
        lines += [f"rename from {_quoted(old)}", f"rename to {_quoted(change.path)}"]
    if change.mode_changed:
        lines[1:1] = ["old mode 100644", "new mode 100755"]
    text = "\n".join(lines) + "\n"
    if change.before == change.after:
        return text
    source = "/dev/null" if change.old is None else _quoted(f"a/{old}")
    text += f"--- {source}\n+++ {_quoted('b/' + change.path)}\n"
    for line in list(difflib.unified_diff(before, after, lineterm="\n"))[2:]:
        text += line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
    return text


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", errors="surrogateescape")
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _quoted(path: str) -> str:
    """Return a path as git writes it: in quotes with escapes where it holds anything unusual."""
    if all(character.isprintable() and ord(character) < 127 and character not in '"\\' for character in path):
        return path
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in path.encode("utf-8", "surrogateescape")
    )
    return f'"{escaped}"'
