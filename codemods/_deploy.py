"""Edits of the commands that deploy: in workflows, Makefiles and scripts, when a config has moved."""

from __future__ import annotations

import re

from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.platforms.starts import Deploy


def follow(tree: Tree, deploys: list[Deploy], folder: str, config: str) -> tuple[Tree, tuple[str, ...]]:
    """Make every command start in `folder` with `config`; what can't be edited safely becomes a step for a person."""
    manual: list[str] = []
    for deploy in reversed(deploys):  # from the end of a file to its start: spans stay true
        path = deploy.place.path
        text = tree.text(path)
        changed = None if path.endswith((".md", ".mdx")) else _followed(text, deploy, folder, config)
        if changed is None:
            where = f"{path}:{deploy.place.line}"
            manual.insert(0, f"{where} starts the deploy in another folder: run it from {folder or 'the root'} instead.")
        elif changed != text:
            tree = tree.write(path, changed)
    return tree, tuple(dict.fromkeys(manual))


def _followed(text: str, deploy: Deploy, folder: str, config: str) -> str | None:
    """Return a file's text in which the deploy starts in `folder`; None when that is not a small edit."""
    script = text[deploy.start : deploy.end]
    lines = [line for line in script.splitlines() if line.strip() and not line.strip().startswith("#")]
    changed: str | None = _config_rewritten(script, deploy, folder, config)
    splices = []
    if deploy.directory != folder and deploy.workdir and _only_flyctl(lines):
        pair = _without_pair(text, deploy.workdir, folder)
        if pair is None:
            return None
        splices.append(pair)
    elif deploy.directory != folder and deploy.step is not None and not deploy.workdir and _only_flyctl(lines):
        splices.append(_new_pair(text, deploy.step, deploy.end, folder))
    elif deploy.directory != folder:
        changed = _without_cd(changed or script, deploy, folder)
    return splice(text, [*splices, Splice(deploy.start, deploy.end, changed)]) if changed is not None else None


def _config_rewritten(script: str, deploy: Deploy, folder: str, config: str) -> str:
    """Rewrite the `--config` (and the folder) that the command itself names."""
    if deploy.config is None:
        return script
    relative = config[len(folder) + 1 :] if folder and config.startswith(folder + "/") else config
    default = relative == "fly.toml"
    pattern = re.compile(r"[ \t]+(--config|-c)([= \t])([\"']?)[^\s\"']+\3")
    return pattern.sub("" if default else rf" \1\2\3{relative}\3", script, count=1)


def _only_flyctl(lines: list[str]) -> bool:
    """Say whether a step runs nothing that needs its working directory for itself."""
    harmless = re.compile(r"^\s*(?:[|>][-+]?|set\s|echo\s|(?:run:\s*[|>]?\s*)?(?:fly|flyctl)\s|\\?\s*--)")
    return all(harmless.match(line) or line.strip() in ("|", ">") for line in lines)


def _without_pair(text: str, pair: tuple[int, int], folder: str) -> Splice | None:
    """Take the step's `working-directory: …` line out, or name the new folder in it."""
    start, end = pair
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    if text[line_start:start].strip():  # the pair stands behind a `-`, or in braces
        return None
    return Splice(start, end, f"working-directory: {folder}") if folder else Splice(line_start, line_end, "")


def _new_pair(text: str, key: int, end: int, folder: str) -> Splice:
    """Give a step that inherits its folder one of its own, behind its `run`."""
    last = len(text[:end].rstrip())
    indent = " " * (key - (text.rfind("\n", 0, key) + 1))
    return Splice(last, last, f"{newline(text)}{indent}working-directory: {folder or '.'}")


def _without_cd(script: str, deploy: Deploy, folder: str) -> str | None:
    """Take a `cd` that only leads to the old folder away from the command."""
    if folder:
        return None
    old = re.escape(deploy.directory)
    chained = re.compile(rf"\bcd[ \t]+[\"']?(?:\./)?{old}/?[\"']?[ \t]*&&[ \t]*(?=(?:fly|flyctl)\b)")
    if len(chained.findall(script)) == 1:
        return chained.sub("", script)
    lone = re.compile(rf"^[ \t]*cd[ \t]+[\"']?(?:\./)?{old}/?[\"']?[ \t]*\r?\n(?=[ \t]*(?:fly|flyctl)\b)", re.M)
    following = lone.split(script)[-1] if len(lone.findall(script)) == 1 else ""
    if following and len([line for line in following.splitlines() if line.strip()]) == 1:
        return lone.sub("", script)
    positional = re.compile(rf"(\b(?:fly|flyctl)[ \t]+deploy)[ \t]+(?:\./)?{old}/?(?=\s|$)")
    if len(positional.findall(script)) == 1:
        return positional.sub(r"\1", script)
    return None
