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
from bot.engine.platforms import before
from bot.engine.platforms.before import Doubt

_FLYCTL = ("fly", "flyctl")
_WITH_VALUE = frozenset(
    "-a --app -c --config -i --image -e --env -o --org -r --region --regions -t --access-token --dockerfile"
    " --ignorefile --build-arg --build-secret --build-target --strategy --primary-region --wait-timeout"
    " --release-command-timeout --vm-size --vm-memory --vm-cpus --vm-cpu-kind --vm-cpukind --vm-gpus --vm-gpu-kind"
    " --vm-gpukind --process-groups --exclude-regions --only-regions --exclude-machines --only-machines --label"
    " --image-label --file-local --file-literal --file-secret --volume-initial-size --max-concurrent --max-unavailable"
    " --export-manifest --from-manifest --compression --compression-level --lease-timeout --immediate-max-concurrent"
    " --host-dedication-id --swap-size --rootfs-size --machine-config --container --buildpacks-docker-host"
    " --buildpacks-volume -s --signal --deploy-retries --depot-scope --buildkit-addr --buildkit-image"
    " --build-context-warn-size".split()
)
_FENCE = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n(.*?)^[ \t]*\1", re.S | re.M)
_DEPLOY = re.compile(r"\b(?:fly|flyctl)[ \t]+deploy\b")
_OWN = r"\$\(dirname (?:-- )?\"?\$(?:0|\{?BASH_SOURCE(?:\[0\])?\}?)\"?\)|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"
_BELOW = r"(/[\w./-]*)?"
_OWN_FOLDER = re.compile(rf"(?:{_OWN}){_BELOW}")  # of a script, as scripts write it
_OWN_FOLDER_BY_CD = re.compile(
    rf"\$\(cd (?:-- )?\"?(?:{_OWN}){_BELOW}\"?(?: *>[> ]*/dev/null(?: 2>&1)?)? *&& *pwd(?: -P)?\){_BELOW}"
)
_ROOT_FOLDER = re.compile(rf"\$\(git rev-parse --show-toplevel\){_BELOW}")
_OPTIONS = re.compile(r"(?:args?|flags?|opts?|options?)\W*$", re.I)  # how variables that hold options are called
_MENTION = re.compile(r"\bfly(?:ctl)?(?:-actions|-pr-review-apps)?\b")


class Deploy(NamedTuple):
    """One command that deploys. Paths are in the tree; `config` None: the one that lies in `directory`."""

    directory: str
    config: str | None
    dockerfile: str | None
    image: bool  # the command names an image: nothing is built
    place: Place
    why: str
    start: int  # of the text that holds the command, in its file
    end: int
    workdir: tuple[int, int] | None  # the span of the step's own `working-directory: …` pair
    step: int | None  # in a workflow: where the step's `run` key stands
    doubts: tuple[Doubt, ...] = ()  # what runs before it, and what its options change


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


def is_prose(path: str, config: str) -> bool:
    """Say whether a command in `path` is only written about, in a README or a comment of the config, and run by nothing."""
    return path == config or path.endswith((".md", ".mdx"))


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
        for match in re.finditer(rf"^[^#\n]*{_DEPLOY.pattern}", text, re.M):
            said = re.match(r"\s*(?:-\s+)?name:|.*\b(?:echo|printf)\b", match[0])  # told to people, not run
            place = Place(path, position(text, match.end())[0])
            if not said and not any(other.path == path and other.line == place.line for other in known):
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
                for deploy in _script(path, text, start, end, parent(path)):
                    found.append(deploy._replace(doubts=(*before.by_recipe(text, start), *deploy.doubts)))
        else:  # nobody knows in which folder a script is started: its own, or the root
            own = list(_script(path, text, 0, len(text), parent(path)))
            found.extend(own)
            found.extend(deploy for deploy in _script(path, text, 0, len(text), "") if deploy not in own)
    return [_with_file(tree, deploy) for deploy in found]


def _with_file(tree: Tree, deploy: Deploy) -> Deploy:
    """Return a deploy whose `--config` names a folder with the config in it (flyctl's `appConfigFilePaths`)."""
    if deploy.config is None or not tree.is_folder(deploy.config):
        return deploy
    return deploy._replace(config=f"{deploy.config}/fly.toml" if deploy.config else "fly.toml")


def _workflow(path: str, text: str) -> Iterator[Deploy]:
    from bot.engine.model import yaml  # PyYAML is costly to import and not every repository has a workflow

    document = yaml.read(text)
    data = document.data
    jobs = data.get("jobs") if isinstance(data, dict) else None
    if not isinstance(jobs, dict):
        return
    for job, body in jobs.items():
        steps = body.get("steps") if isinstance(body, dict) else None
        earlier: list[Doubt] = []
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if not isinstance(step, dict):
                continue
            known = tuple(earlier)
            earlier += before.by_step(step)
            here = ("jobs", job, "steps", index)
            own = document.spans.get((*here, "working-directory"))
            project = _project((data, body, step))
            for deploy in _action(path, text, step, document.spans.get((*here, "uses")), project):
                yield deploy._replace(doubts=(*known, *deploy.doubts))
            workdir = step.get("working-directory") or _default(body) or _default(data) or "."
            workdir = re.sub(r"^\$\{\{\s*github\.workspace\s*\}\}", ".", workdir) if isinstance(workdir, str) else "$"
            if "$" in workdir or (base := join("", workdir)) is None:
                continue
            pair = (own.key_start, own.end) if own else None
            if isinstance(step.get("run"), str):
                span = document.spans[(*here, "run")]
                script = _script(path, text, span.start, span.end, base, str(step["run"]), pair)
                for deploy in script:
                    doubts = (*known, *deploy.doubts)
                    yield deploy._replace(why=f"{path} runs it", step=span.key_start, doubts=doubts)


def _default(owner: object) -> object:
    """Return `defaults.run.working-directory` of a job or a workflow."""
    for key in ("defaults", "run", "working-directory"):
        owner = owner.get(key) if isinstance(owner, dict) else None
    return owner


def _project(owners: tuple[object, ...]) -> str:
    """Return FLY_PROJECT_PATH of a workflow, a job or a step, the folder that the old flyctl action goes to."""
    found = "."
    for owner in owners:
        env = owner.get("env") if isinstance(owner, dict) else None
        found = str(env.get("FLY_PROJECT_PATH", found)) if isinstance(env, dict) else found
    return found


def _action(path: str, text: str, step: dict[str, object], span: object, project: str) -> Iterator[Deploy]:
    """Read the steps that use one of Fly's own actions; GitHub's `working-directory` does not concern actions.

    Sources: superfly/flyctl-actions and superfly/fly-pr-review-apps, their `entrypoint.sh`.
    """
    uses, options = step.get("uses"), step.get("with")
    if not isinstance(uses, str) or not isinstance(span, tuple):
        return
    options = options if isinstance(options, dict) else {}
    start, end = int(span[2]), int(span[3])
    if uses.startswith("superfly/fly-pr-review-apps"):
        folder, config = join("", str(options.get("path") or ".")), str(options.get("config") or "fly.toml")
        if folder is not None and "$" not in folder + config:
            place = Place(path, *position(text, start))
            yield Deploy(folder, join(folder, config), None, False, place, f"{path} deploys previews", start, end, None, None)
    elif uses.startswith("superfly/flyctl-actions") and "setup" not in uses and isinstance(options.get("args"), str):
        base = join("", project)
        if base is not None and "$" not in base:
            script = _script(path, text, start, end, base, f"flyctl {options['args']}")
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
    source = _plain(text[start:end] if script is None else script)
    where = _Where(path, source, base)
    outside: str | None = base
    last: shell.Command | None = None
    earlier: list[Doubt] = []
    for command in shell.parse(source).commands:
        if last and last.then == ")":  # a subshell ends
            where.here = outside
        words = list(command.words)
        while words and words[0].literal in ("sudo", "exec", "command", "time", "if", "&"):
            words = words[1:]
        program = name((words[0].literal or "") if words else "").removesuffix(".exe")
        where.assigned(command)
        if program in ("cd", "pushd", "popd", "Set-Location"):
            where.change(program, words[1] if len(words) > 1 else None)
        elif program in _FLYCTL and len(words) > 1 and words[1].literal == "deploy" and where.here is not None:
            deploy = _command(words[2:], where)
            offset = start + command.start if script is None else _offset(text, start, end, source, command.start)
            place = Place(path, *position(text, min(offset, len(text) - 1)))
            if deploy:
                why = f"{path} says so"
                yield Deploy(
                    deploy.directory,
                    deploy.config,
                    deploy.dockerfile,
                    deploy.image,
                    place,
                    why,
                    start,
                    end,
                    workdir,
                    None,
                    (*earlier, *before.by_options(source[command.start : command.end])),
                )
        if doubt := before.by_command(command, source):
            earlier.append(doubt)
        last, outside = command, outside if command.optional else where.here


def _plain(source: str) -> str:
    """Return a script without prompts and carriage returns, every command where it stood."""
    source = source.replace("\\\r\n", " \\\n").replace("\r\n", " \n")
    return re.sub(r"^[ \t]*\$ ", lambda prompt: " " * len(prompt[0]), source, flags=re.M)


def _offset(text: str, start: int, end: int, source: str, at: int) -> int:
    """Return where the line of a command stands in the text of a YAML value."""
    before = [line.strip() for line in source[:at].split("\n")][:-1]
    line = source[source.rfind("\n", 0, at) + 1 :].partition("\n")[0].strip()
    same = list(re.finditer(rf"^[ \t]*({re.escape(line)})[ \t\r]*$", text[start:end], re.M))
    if len(same) > before.count(line):
        return start + same[before.count(line)].start(1)
    folded = _DEPLOY.search(text, start, end)  # lines that YAML makes one of, or quotes
    return folded.start() if folded else start


class _Where:
    """The folder that a script is in, and the folders that its variables hold: `/x` is a path of the tree."""

    def __init__(self, path: str, source: str, base: str) -> None:
        self.path = path
        self.source = source
        self.here: str | None = base
        self.last: str | None = base
        self.left: list[str | None] = []
        self.variables: dict[str, str | None] = {"GITHUB_WORKSPACE": "/"}

    def text(self, word: shell.Word) -> str | None:
        """Return a word with its variables filled in; None where it can't be told."""
        raw = re.sub(r"\)\"(?=/)", ")", self.source[word.start : word.end].strip("\"'"))
        own = _OWN_FOLDER.fullmatch(raw) or _OWN_FOLDER_BY_CD.fullmatch(raw)
        found = own or _ROOT_FOLDER.fullmatch(raw)
        if found:
            below = "".join(rest for rest in found.groups() if rest).lstrip("/")
            folder = join(parent(self.path) if own else "", below or ".")
            return None if folder is None else f"/{folder}"
        return shell.expand(word, lambda name: self.variables.get(name))

    def assigned(self, command: shell.Command) -> None:
        """Note the variables that a command sets for the rest of the script."""
        sure = not command.optional and command.joined not in ("&&", "||")
        for variable, value in command.assignments if not command.words else ():
            self.variables[variable] = self.text(value) if sure else None

    def change(self, program: str, word: shell.Word | None) -> None:
        """Follow `cd` and its like."""
        before, target = self.here, self.text(word) if word else None
        if program == "popd":
            self.here = self.left.pop() if self.left else None
        elif word is not None and word.literal == "-":
            self.here = self.last
        elif word is None or target is None or target.startswith("~") or (word.literal or "").startswith("/"):
            self.here = None
        elif target.startswith("/"):
            self.here = join("", target.lstrip("/") or ".")
        else:
            self.here = join(before, target) if before is not None else None
        if program == "pushd":
            self.left.append(before)
        self.last = before


class _Arguments(NamedTuple):
    directory: str
    config: str | None
    dockerfile: str | None
    image: bool


def _command(arguments: list[shell.Word], where: _Where) -> _Arguments | None:
    """Read the arguments of `fly deploy`; None where one that matters can't be told."""
    values: dict[str, str | None] = {}
    folder = "."
    queue = list(arguments)
    while queue:
        word = queue.pop(0)
        text = where.text(word)
        head = word.pieces[0].text if word.pieces and word.pieces[0].kind == "text" else ""
        option, equals, value = (head if text is None else text).partition("=")
        if equals and option.startswith("-"):
            values[option] = None if text is None else value
        elif option in _WITH_VALUE and text is not None:
            values[option] = where.text(queue.pop(0)) if queue else None
        elif option[:2] in _WITH_VALUE and not option.startswith("--"):
            values[option[:2]] = None if text is None else text[2:]
        elif text is None and not _holds_options(word):
            return None
        elif text is not None and text and not text.startswith("-"):
            folder = text
    directory = join(where.here or "", folder)
    if directory is None:
        return None
    paths: list[str | None] = []
    for short, long in (("-c", "--config"), ("", "--dockerfile")):
        given = [values[option] for option in (short, long) if option in values]
        if given and (given[0] is None or (found := join(directory, given[0] or ".")) is None):
            return None
        paths.append(found if given else None)
    return _Arguments(directory, paths[0], paths[1], not {"-i", "--image"}.isdisjoint(values))


def doubts(tree: Tree, config: str, place: Place) -> tuple[Doubt, ...]:
    """Return what a deploy that is started at a place brings along."""
    found = in_comments(config, tree.text(config)) if place.path == config else find(tree, [place.path])
    return next((deploy.doubts for deploy in found if deploy.place == place), ())


def _holds_options(word: shell.Word) -> bool:
    """Say whether a word that can't be told adds options alone, by its name: `"$@"`, `$FLAGS`, `${{ inputs.deploy_args }}`."""
    pieces = [piece for piece in word.pieces if piece.text]
    return len(pieces) == 1 and (pieces[0].text in ("@", "*") or _OPTIONS.search(pieces[0].text) is not None)
