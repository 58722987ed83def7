"""Edits of the commands that deploy: in workflows, Makefiles and scripts, when a config has moved."""

from __future__ import annotations

import re
from itertools import groupby

from bot.engine.model import shell
from bot.engine.model.tree import Splice, Tree, join, newline, splice
from bot.engine.platforms import starts
from bot.engine.platforms.starts import Deploy

_HARMLESS = re.compile(r"\s*(?:set\s|echo\s|(?:fly|flyctl)\s|\\?\s*--)[^&;|<>`]*$")

_Reading = tuple[str, str | None, str | None]  # the folder, the config, the Dockerfile


def follow(tree: Tree, deploys: list[Deploy], old: str, folder: str, config: str) -> tuple[Tree, tuple[str, ...]]:
    """Make every command that deploys `old` start in `folder` with `config`; what can't be edited is left to a person.

    An edit is taken only when the commands of its file, read again, deploy what they should, and the others what they did.
    """
    manual: list[str] = []
    for path, found in groupby(sorted(deploys, key=lambda deploy: deploy.place.path), lambda deploy: deploy.place.path):
        ours = list(found)
        changed = None if path.endswith((".md", ".mdx")) else _followed(tree.text(path), ours, old, folder, config)
        edited = tree.write(path, changed) if changed is not None else None
        if edited is None or not _agree(tree, edited, path, ours, folder, config):
            manual += [
                f"{path}:{deploy.place.line} starts the deploy in another folder or with the old config: run "
                f"`{_command(folder, config)}` from {folder or 'the root'} instead."
                for deploy in ours
            ]
        else:
            tree = edited
    return tree, tuple(dict.fromkeys(manual))


def _command(folder: str, config: str) -> str:
    relative = _relative(config, folder)
    return "fly deploy" + ("" if relative == "fly.toml" else f" --config {shell.quote(relative)}")


def _relative(config: str, folder: str) -> str:
    return config[len(folder) + 1 :] if folder and config.startswith(folder + "/") else config


def _agree(tree: Tree, edited: Tree, path: str, ours: list[Deploy], folder: str, config: str) -> bool:
    """Say whether the commands of an edited file deploy what they should."""
    places = {deploy.place for deploy in ours}
    wanted: list[_Reading] = [(folder, config, deploy.dockerfile) for deploy in ours]
    wanted += [_reading(deploy) for deploy in starts.find(tree, [path]) if deploy.place not in places]
    found = [_reading(deploy) for deploy in starts.find(edited, [path])]
    return all(found.count(reading) >= wanted.count(reading) for reading in wanted)


def _reading(deploy: Deploy) -> _Reading:
    return deploy.directory, deploy.config or join(deploy.directory, "fly.toml"), deploy.dockerfile


def _followed(text: str, deploys: list[Deploy], old: str, folder: str, config: str) -> str | None:
    """Return a file's text in which its deploys start in `folder`; None when that is not a small edit."""
    spans = sorted({(deploy.start, deploy.end) for deploy in deploys}, reverse=True)  # from the end: offsets stay true
    for span in spans:
        here = [deploy for deploy in deploys if (deploy.start, deploy.end) == span]
        changed = _span_followed(text, here, old, folder, config)
        if changed is None:
            return None
        text = changed
    return text


def _span_followed(text: str, deploys: list[Deploy], old: str, folder: str, config: str) -> str | None:
    """Edit one step, recipe line or script, which may hold several commands."""
    first = deploys[0]
    end = len(text[: first.end].rstrip())  # a block ends behind the blank lines that follow it
    script = text[first.start : end]
    changed: str | None = _config_rewritten(script, deploys, old, _relative(config, folder))
    directories = {deploy.directory for deploy in deploys} - {folder}
    if not directories:
        return splice(text, [Splice(first.start, end, changed or "")])
    alone = len(directories) == 1 and first.step is not None and _only_flyctl(script)
    if alone and first.step is not None:
        pair = _without_pair(text, first.workdir, folder) if first.workdir else _new_pair(text, first.step, end, folder)
        if pair is None:
            return None
        return splice(text, [pair, Splice(first.start, end, changed or "")])
    for directory in directories:
        changed = _without_cd(changed, directory, folder) if changed is not None else None
    return splice(text, [Splice(first.start, end, changed)]) if changed is not None else None


def _config_rewritten(script: str, deploys: list[Deploy], old: str, config: str) -> str:
    """Rewrite each `--config` that names the old path; it goes where it is not needed any more."""
    directories = {deploy.directory for deploy in deploys if deploy.config == old}

    def rewritten(match: re.Match[str]) -> str:
        if all(join(directory, match["path"]) != old for directory in directories):
            return match[0]
        return "" if config == "fly.toml" else f"{match['before']}{match['quote']}{config}{match['quote']}"

    option = r"(?P<before>[ \t]+(?:--config|-c)(?:=|[ \t]+))(?P<quote>[\"']?)(?P<path>[^\s\"']+)(?P=quote)(?=[\s)\"'`;]|$)"
    return re.sub(option, rewritten, script)


def _only_flyctl(script: str) -> bool:
    """Say whether a step runs nothing that needs its working directory for itself."""
    lines = [line for line in script.splitlines() if line.strip() and not line.strip().startswith("#")]
    if lines and re.fullmatch(r"[|>][-+\d]*(?:[ \t]+#.*)?", lines[0].strip()):  # the head of a block
        lines = lines[1:]
    return all(_HARMLESS.match(line) and "$(" not in line for line in lines)


def _without_pair(text: str, pair: tuple[int, int], folder: str) -> Splice | None:
    """Take the step's `working-directory: …` line out, or name the new folder in it."""
    start, end = pair
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    before = text[line_start:start].strip()
    if before not in ("", "-"):  # in braces
        return None
    if folder or before:
        return Splice(start, end, f"working-directory: {folder or '.'}")
    return Splice(line_start, line_end, "")


def _new_pair(text: str, key: int, end: int, folder: str) -> Splice | None:
    """Give a step that inherits its folder one of its own, behind its `run`."""
    before = text[text.rfind("\n", 0, key) + 1 : key]
    if before.strip() not in ("", "-"):  # in braces
        return None
    at = text.find("\n", end)
    at = len(text) if at < 0 else at - (text[at - 1] == "\r")
    return Splice(at, at, f"{newline(text)}{' ' * len(before)}working-directory: {folder or '.'}")


def _without_cd(script: str, directory: str, folder: str) -> str | None:
    """Take a `cd` that only leads to the old folder away from the command."""
    if folder:
        return None
    old = re.escape(directory)
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
