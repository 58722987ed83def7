"""The commands in a repository that start a Fly deploy: they decide the working directory, which is the build context.

Looked for in GitHub workflows, Makefiles, scripts and READMEs. A command with a path that is made at run time (`$DIR`, a
matrix) is no evidence and is left out. Base of every relative path: flyctl `internal/command/deploy/deploy.go` (it goes to
the given folder first, then loads the config) and `deploy_build.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.model import shell
from bot.engine.model.findings import Place
from bot.engine.model.tree import Tree, Unreadable, join, name, parent, position

_FLYCTL = ("fly", "flyctl")
_WITH_VALUE = frozenset(
    "-a --app -c --config -i --image -e --env -o --org -r --region --regions -t --access-token --dockerfile"
    " --ignorefile --build-arg --build-secret --build-target --strategy --primary-region --wait-timeout"
    " --release-command-timeout --vm-size --vm-memory --vm-cpus --vm-cpu-kind --vm-cpukind --vm-gpus --vm-gpu-kind"
    " --vm-gpukind --process-groups --exclude-regions --only-regions --exclude-machines --only-machines --label"
    " --image-label --file-local --file-literal --file-secret --volume-initial-size --max-concurrent --max-unavailable"
    " --export-manifest --from-manifest --compression --compression-level --lease-timeout --immediate-max-concurrent"
    " --host-dedication-id --swap-size --rootfs-size --machine-config --container --buildpacks-docker-host"
    " --buildpacks-volume".split()
)
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?\n(.*?)^[ \t]*\1", re.S | re.M)
_MENTION = re.compile(r"\bfly(?:ctl)?(?:-actions|-pr-review-apps)?\b")


class Deploy(NamedTuple):
    """One command that deploys. Paths are in the tree; `config` None: the one that lies in `directory`."""

    directory: str
    config: str | None
    dockerfile: str | None
    place: Place
    why: str
    start: int  # of the text that holds the command, in its file
    end: int
    workdir: tuple[int, int] | None  # the span of the step's own `working-directory: …` pair
    step: int | None  # in a workflow: where the step's `run` key stands


def is_evidence(path: str) -> bool:
    """Say whether a file may hold deploy commands; `find` reads no others."""
    folder, last = parent(path), name(path)
    if folder == ".github/workflows":
        return last.endswith((".yml", ".yaml"))
    if last.endswith((".sh", ".bash", ".ps1")):
        return folder.count("/") < 2
    if last in ("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"):
        return folder.count("/") < 2
    return last.lower().endswith((".md", ".mdx")) and (folder.count("/") < 1) and last.upper().startswith(("README", "DEPLOY"))


def in_comments(path: str, text: str) -> Iterator[Deploy]:
    """Yield the deploy commands that a config's own comments name, as typed in the root."""
    for match in re.finditer(r"^[ \t]*#[^\n]*?((?:cd|fly|flyctl)[ \t][^\n]*)$", text, re.M):
        if _MENTION.search(match[1]):
            yield from _script(path, text, match.start(1), match.end(1), "", re.sub(r"[ \t]#.*|`.*", "", match[1]))


def unclear(tree: Tree, paths: list[str]) -> list[Place]:
    """Return where `fly deploy` is run in a folder that can't be told."""
    known = {deploy.place for deploy in find(tree, paths)}
    found = []
    for path in paths:
        if path.endswith((".md", ".mdx")):
            continue
        try:
            text = tree.text(path)
        except Unreadable:
            continue
        for match in re.finditer(r"^[^#\n]*\b(?:fly|flyctl)[ \t]+deploy\b", text, re.M):
            place = Place(path, position(text, match.end())[0])
            if not any(other.path == path and other.line == place.line for other in known):
                found.append(place)
    return found


def find(tree: Tree, paths: list[str]) -> list[Deploy]:
    """Return the deploy commands in `paths`, in order."""
    found: list[Deploy] = []
    for path in paths:
        try:
            text = tree.text(path)
        except Unreadable:
            continue
        if not _MENTION.search(text):
            continue
        if parent(path) == ".github/workflows":
            found.extend(_workflow(path, text))
        elif path.endswith((".md", ".mdx")):
            for match in _FENCE.finditer(text):
                found.extend(_script(path, text, match.start(2), match.end(2), parent(path)))
        elif name(path).lower() in ("makefile", "gnumakefile", "justfile"):
            for start, end in _recipe_lines(text):
                found.extend(_script(path, text, start, end, parent(path)))
        else:
            found.extend(_script(path, text, 0, len(text), parent(path)))
            if parent(path) and not found:
                found.extend(_script(path, text, 0, len(text), ""))
            elif parent(path):
                found.extend(deploy for deploy in _script(path, text, 0, len(text), "") if deploy not in found)
    return found


def _workflow(path: str, text: str) -> Iterator[Deploy]:
    from bot.engine.model import yaml  # PyYAML is costly to import and not every repository has a workflow

    document = yaml.read(text)
    data = document.data
    jobs = data.get("jobs") if isinstance(data, dict) else None
    if not isinstance(jobs, dict):
        return
    for job, body in jobs.items():
        steps = body.get("steps") if isinstance(body, dict) else None
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if not isinstance(step, dict):
                continue
            here = ("jobs", job, "steps", index)
            own = document.spans.get((*here, "working-directory"))
            workdir = step.get("working-directory") or _default(body) or _default(data) or "."
            if not isinstance(workdir, str) or "$" in workdir or (base := join("", workdir)) is None:
                continue
            pair = (own.key_start, own.end) if own else None
            if isinstance(step.get("run"), str):
                span = document.spans[(*here, "run")]
                script = _script(path, text, span.start, span.end, base, str(step["run"]), pair)
                yield from (deploy._replace(why=f"{path} runs it", step=span.key_start) for deploy in script)
            yield from _action(path, text, step, document.spans.get((*here, "uses")), base, pair)


def _default(owner: object) -> object:
    """Return `defaults.run.working-directory` of a job or a workflow."""
    for key in ("defaults", "run", "working-directory"):
        owner = owner.get(key) if isinstance(owner, dict) else None
    return owner


def _action(
    path: str, text: str, step: dict[str, object], span: object, base: str, pair: tuple[int, int] | None
) -> Iterator[Deploy]:
    """Read the steps that use one of Fly's own actions."""
    uses, options = step.get("uses"), step.get("with")
    if not isinstance(uses, str) or not isinstance(span, tuple):
        return
    options = options if isinstance(options, dict) else {}
    start, end = int(span[2]), int(span[3])
    if uses.startswith("superfly/fly-pr-review-apps"):
        folder, config = join("", str(options.get("path") or ".")), str(options.get("config") or "fly.toml")
        if folder is not None and "$" not in folder + config:
            place = Place(path, *position(text, start))
            yield Deploy(folder, join(folder, config), None, place, f"{path} deploys previews", start, end, pair, None)
    elif uses.startswith("superfly/flyctl-actions") and "setup" not in uses and isinstance(options.get("args"), str):
        script = _script(path, text, start, end, base, f"flyctl {options['args']}", pair)
        yield from (deploy._replace(why=f"{path} runs it") for deploy in script)


def _recipe_lines(text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(r"^[ \t]+[@-]*((?:.*\\\r?\n)*.*)$", text, re.M):
        yield match.start(1), match.end(1)


def _script(
    path: str,
    text: str,
    start: int,
    end: int,
    base: str,
    script: str | None = None,
    workdir: tuple[int, int] | None = None,
) -> Iterator[Deploy]:
    """Follow `cd` through a script and yield its deploy commands. `script` is the text where it isn't `text[start:end]`."""
    here: str | None = base
    source = text[start:end] if script is None else script
    for command in shell.parse(re.sub(r"^[ \t]*\$ ", "", source, flags=re.M)).commands:
        words = [word.literal for word in command.words]
        raw = [source[word.start : word.end] for word in command.words] if script is None else words
        while words and words[0] in ("sudo", "exec", "command", "time", "if", "&"):
            words, raw = words[1:], raw[1:]
        if not words:
            continue
        if words[0] in ("cd", "pushd", "Set-Location"):
            here = _changed(here, base, path, words[1] if len(words) > 1 else "", str(raw[1]) if len(raw) > 1 else "")
        elif words[0] and name(words[0]).removesuffix(".exe") in _FLYCTL and "deploy" in words[1:2] and here is not None:
            offset = start + command.start if script is None else start
            place = Place(path, *position(text, min(offset, len(text) - 1)))
            deploy = _command(words[2:], here)
            if deploy:
                config, folder, dockerfile = deploy
                yield Deploy(folder, config, dockerfile, place, f"{path} says so", start, end, workdir, None)


def _changed(here: str | None, base: str, path: str, target: str | None, raw: str) -> str | None:
    """Return the folder after `cd`; None when it can't be told."""
    if target is not None and not target.startswith(("/", "~")):
        return join(here, target) if here is not None else None
    if re.fullmatch(r"[\"']?\$\(dirname \"?\$(?:0|\{?BASH_SOURCE(?:\[0\])?\}?)\"?\)(?:/([\w./-]*))?[\"']?", raw):
        return join(parent(path), raw.partition(")")[2].strip("\"'/") or ".")
    return "" if "rev-parse --show-toplevel" in raw else None


def _command(arguments: list[str | None], here: str) -> tuple[str | None, str, str | None] | None:
    """Read the arguments of `fly deploy`: (config, working directory, Dockerfile); None where one can't be told."""
    values: dict[str, str | None] = {}
    folder: str | None = "."
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        if word is None:
            continue
        option, equals, value = word.partition("=")
        if equals and word.startswith("-"):
            values[option] = value
        elif word in _WITH_VALUE:
            values[word] = queue.pop(0) if queue else None
        elif not word.startswith("-"):
            folder = word
    directory = join(here, folder) if folder is not None else None
    if directory is None:
        return None
    paths: list[str | None] = []
    for short, long in (("-c", "--config"), ("", "--dockerfile")):
        given = [values[option] for option in (short, long) if option in values]
        if given and (given[0] is None or (found := join(directory, given[0] or ".")) is None):
            return None
        paths.append(found if given else None)
    return paths[0], directory, paths[1]
