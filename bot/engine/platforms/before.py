"""What a deploy command brings along that the files alone don't show: commands before it, and its own options.

A workflow, a script or a Makefile may build, fetch or write files and deploy then: what a clone lacks is there in time. So a
fault that such a step could explain is likely, not certain. Commands that are known to make nothing that a build reads are
passed over.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from bot.engine.image.stage import Image
from bot.engine.model import shell
from bot.engine.model.findings import (
    Fault,
    MissingData,
    MissingDockerfile,
    MissingFile,
    MissingModule,
    MissingSource,
    RefusedPattern,
)
from bot.engine.model.tree import Tree, Unreadable, name

Kind = Literal["files", "assets", "build", "ignore", "machine", "start", "windows", "all"]


class Doubt(NamedTuple):
    """Why a deploy may go otherwise than the files alone tell.

    `files`: it may make any file, or those of `names` alone; `assets`: a file that is no Python; `build`, `ignore` and
    `machine`: an option or a step changes what is built (by a `variable` of the Dockerfile), what the context leaves out, or
    what the machine holds, its variables or the files of `names`; `start`: the deploy may be started in another folder;
    `windows`: the build context may be sent from there; `all`: it may never be deployed like this.
    """

    kind: Kind
    says: str
    variable: str = ""
    names: frozenset[str] = frozenset()  # of files or folders


_HARMLESS = frozenset(
    "cd pushd popd echo printf set export unset test [ [[ true false : exit return read sleep which command type hash date"
    " trap local declare typeset readonly shift wait ls pwd cat grep head tail wc sort tr cut jq awk dirname basename readlink"
    " realpath whoami id uname env printenv fly flyctl pytest ruff mypy pyright black isort flake8 pylint bandit coverage"
    " pre-commit apt apt-get brew chmod rm activate Set-Location Write-Host sentry-cli codecov"
    " ssh ssh-add ssh-keyscan nc ping curl pipx break continue exec time".split()
)
_QUIET = {  # programs that make files with other words alone
    "git": "status fetch log rev-parse diff config tag push add commit describe branch show remote rev-list",
    "npm": "ci install i test audit lint",
    "yarn": "install test lint",
    "pnpm": "install i test lint",
    "pip": "install list show freeze check config cache uninstall debug inspect index",
    "uv": "sync pip tool lock python",
    "poetry": "install lock check config",
    "pipenv": "install sync",
    "docker": "login info version ps logout pull build buildx tag push",
}
_BYPRODUCTS = {  # what they make with those words too
    "npm": "node_modules package-lock.json",
    "yarn": "node_modules yarn.lock",
    "pnpm": "node_modules pnpm-lock.yaml",
    "uv": ".venv uv.lock",
    "poetry": ".venv poetry.lock",
    "pipenv": ".venv Pipfile.lock",
}
_OUTPUTS = {  # their options that name what is made
    "pip": "-d --dest -w --wheel-dir -t --target",
    "uv": "-o --output-file -t --target",
    "docker": "-o --output",
}
_FETCHERS = ("gh", "gcloud", "az")  # they make nothing but with one of these words
_FETCHING = frozenset("download download-batch clone cp copy rsync sync export".split())
_COPIERS = frozenset("cp mv ln tee touch rsync install sed mkdir".split())  # they make what they name
_ENVIRONMENT = re.compile(r"activate$|env|profile|rc$|nvm|ssh-agent")  # what is sourced, or evaluated, for its variables alone
_KEYWORDS = frozenset("try catch finally param function foreach elseif else switch { } ( )".split())  # of PowerShell too
_POWERSHELL = re.compile(r"(?!Copy|Move|Out-File|Set-Content|Add-Content|Expand|Invoke)[A-Z][a-z]+-[A-Z]\w+")
_COMPARED = ("=", "-eq", "-ne", "-gt", "-lt")  # behind a variable of PowerShell
_ASSETS = frozenset("npm yarn pnpm npx bun bunx vite tsc webpack tailwindcss sass esbuild".split())
_MODULES = frozenset("pip pytest unittest mypy ruff black isort flake8 pylint coverage compileall venv json.tool".split())
_WRITES = re.compile(r"-(?:-output|-remote-name|-in-place|[A-Za-z]*[oOi])\b.*")
_ACTION = re.compile(r"setup|login|auth|cache|notify|slack|changed|filter|ssh|configure|codecov|lint|install|^superfly/", re.I)
_OPTION = re.compile(r"(?<!\S)(--build-target|--build-arg|--ignorefile|--env|-e)[ \t=]+[\"']?(\w*)")
_FILE = re.compile(r"(?<!\S)--file-(?:local|literal|secret)[ \t=]+[\"']?([^\s=\"']+)")  # a path in the machine
_RULE = re.compile(r"^([^\s#:=@][^:=\n]*):(?![=:])([^\n=]*)$", re.M)


def by_command(command: shell.Command, source: str) -> Doubt | None:
    """Return what a command of a script may make."""
    says = f"`{source[command.start : command.end].strip().splitlines()[0]}` runs before the deploy" if command.words else ""
    words = [_written(word, source) for word in command.words]
    while len(words) > 1 and words[0] in ("sudo", "exec", "command", "time", "if", "!") and not words[1].startswith("-"):
        words = words[1:]
    targets = [_written(word, source) for word in command.redirects if not source[: word.start].rstrip().endswith("<")]
    written = [target for target in targets if not target.startswith("/dev/") and not target.isdigit()]
    changed = words if words and name(words[0]) in ("rm", *_COPIERS) else []
    if any(word.endswith(".dockerignore") for word in (*changed, *targets)):
        return Doubt("ignore", says or "an ignore file is written before the deploy")
    made = _made(words) if words else None
    if made is None:
        return Doubt("files", says or "something is written before the deploy", names=_names(written)) if written else None
    return Doubt(
        "assets" if name(words[0]) in _ASSETS else "files", says, names=_names([*written, *made]) if made else frozenset()
    )


def _written(word: shell.Word, source: str) -> str:
    """Return a word without its quotes; what is filled in at run time stands in it as it is written."""
    return word.literal if word.literal is not None else source[word.start : word.end].strip("\"'")


def _made(words: list[str]) -> list[str] | None:
    """Return the paths that a command makes, none where it may make any; None for one that makes no file that a build reads."""
    program, rest = name(words[0]), words[1:]
    if program.startswith("python") and rest[:2] == ["-m", "pip"]:
        program, rest = "pip", rest[2:]
    program = "pip" if program == "pip3" else program
    if program in _HARMLESS:
        return None if program != "curl" or not any(map(_WRITES.match, rest)) else []
    if program in _KEYWORDS or _POWERSHELL.fullmatch(program) or (rest and rest[0] in _COMPARED):
        return None
    if program in (".", "source", "eval"):
        return None if all(map(_ENVIRONMENT.search, rest[:1])) else []
    if program in _FETCHERS:
        return [] if _FETCHING & set(rest) else None
    if program == "sed" and not any(map(_WRITES.match, rest)):
        return None
    if program in _COPIERS:
        return [word for word in rest if not word.startswith("-")]
    if program.startswith("python") and rest[:1] == ["-m"] and rest[1:2] != [] and rest[1] in _MODULES:
        return None
    verb = next((word for word in rest if not word.startswith("-")), "")
    named = _outputs(rest, _OUTPUTS.get(program, "").split())
    if program in _QUIET and (not verb or verb in _QUIET[program].split()):
        return [*named, *_BYPRODUCTS.get(program, "").split()] or None
    return named if program == "pip" else []


def _outputs(words: list[str], options: list[str]) -> list[str]:
    """Return the values of the options that name what is made."""
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        option, equals, value = word.partition("=")
        if option in options:
            found.append(value if equals else following)
    return found


def _names(paths: list[str]) -> frozenset[str]:
    """Return the names that paths end with; none where one of them may stand for any."""
    names = frozenset(name(path.rstrip("/")) for path in paths)
    return frozenset() if any(not each or each in (".", "..") or re.search(r"[*?\[$]", each) for each in names) else names


def by_script(source: str) -> list[Doubt]:
    """Return what the commands of a script may make."""
    return [doubt for command in shell.parse(source).commands if (doubt := by_command(command, source))]


def by_step(step: dict[str, object]) -> list[Doubt]:
    """Return what a step of a workflow may make."""
    uses, options = step.get("uses"), step.get("with")
    if isinstance(step.get("run"), str):
        return by_script(str(step["run"]))
    if not isinstance(uses, str) or (_ACTION.search(uses) and not uses.startswith("./")):
        return []
    if uses.startswith("actions/checkout") and not (
        isinstance(options, dict) and options.keys() & {"repository", "submodules"}
    ):
        return []
    return [Doubt("files", f"`{uses}` runs before the deploy")]


def by_recipe(text: str, at: int, seen: tuple[str, ...] = ()) -> list[Doubt]:
    """Return what a Makefile's rule may make before the line at `at`: what it depends on, and the lines above."""
    rules = list(_RULE.finditer(text))
    rule = next((each for each in reversed(rules) if each.start() <= at), None)
    if rule is None:
        return []
    found = by_script(text[rule.end() : at].replace("\n\t@", "\n\t"))
    for wanted in rule[2].split():
        for other in rules:
            if wanted in other[1].split() and wanted not in seen:
                end = next((each.start() for each in rules if each.start() > other.start()), len(text))
                found += by_recipe(text, max(end - 1, other.start()), (*seen, wanted))
    return found


def by_options(command: str) -> list[Doubt]:
    """Return what the options of a deploy command change."""
    found = []
    for option, argument in _OPTION.findall(command):
        kind: Kind = "ignore" if option == "--ignorefile" else "machine" if option in ("-e", "--env") else "build"
        variable = argument if option == "--build-arg" else ""
        found.append(Doubt(kind, f"the deploy command gives {option} {variable}".strip(), variable))
    found += [
        Doubt("machine", f"the deploy command puts {path} into the machine", "", _names([path]))
        for path in _FILE.findall(command)
    ]
    return found


def by_submodules(tree: Tree) -> list[str]:
    """Return the folders that git fetches from other repositories: a clone may have them, and a deploy too."""
    try:
        text = tree.text(".gitmodules")
    except Unreadable:
        return []
    return re.findall(r"^[ \t]*path[ \t]*=[ \t]*(\S+)", text, re.M)


def explains(doubt: Doubt, fault: Fault, config: str, directory: str, image: Image | None) -> bool:
    """Say whether a fault of a deploy from `directory` may be due to what a doubt is about."""
    detail = fault.detail
    if doubt.names and fault.stage != "config" and not doubt.names & _parts(fault):
        return False
    if doubt.kind == "all":
        return True
    if doubt.kind == "start":  # the folder decides what is in the image, but not where the config's Dockerfile is looked for
        return detail is not None and fault.code != "dockerfile-not-found"
    if doubt.kind == "machine":
        return fault.stage not in ("config", "build")
    if doubt.kind == "build":
        used = image and re.search(rf"\$\{{?{doubt.variable}\b", image.file.text)
        return fault.stage != "config" and (not doubt.variable or bool(used))
    if doubt.kind == "windows":
        return isinstance(detail, RefusedPattern) and not detail.builder
    if doubt.kind == "ignore" and isinstance(detail, RefusedPattern):
        return True
    if doubt.kind == "ignore":
        if image is None or not image.context.rules.rules:  # nothing is left out that it could bring
            return False
        if isinstance(detail, MissingSource):
            return image.context.excluded_by(detail.source) is not None
        return isinstance(detail, MissingFile | MissingData | MissingModule)
    if fault.stage == "config":
        return name(config) in doubt.says
    if isinstance(detail, MissingSource):  # `backend/x` in `backend/` is a path from the root, and nothing that is made
        return not directory or detail.source.partition("/")[0] != name(directory)
    if isinstance(detail, MissingData):
        return doubt.kind in ("files", "assets")
    return doubt.kind == "files" and isinstance(detail, MissingDockerfile | MissingFile | MissingModule)


def _parts(fault: Fault) -> set[str]:
    """Return the names in the path of what a fault misses, and the whole name of a module's file."""
    match fault.detail:
        case MissingDockerfile(wanted=wanted):
            return set((wanted or "").split("/"))
        case MissingSource(source=source):
            return set(source.split("/"))
        case MissingFile(path=path) | MissingData(path=path):
            return set(path.split("/"))
        case MissingModule(name=module):
            parts = module.split(".")
            return {*parts, *(f"{part}.py" for part in parts)}
    return set()
