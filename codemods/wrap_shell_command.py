"""Hand a command line that only a shell understands to a shell.

Fly executes the commands of `[processes]` and of an exec-form CMD directly, so `cd /app && …`, `NAME=value program` and
`$PORT` reach no shell: `failed to spawn command: cd /app && …: No such file or directory (os error 2)`, or a server that is
given the text `$PORT` as its port. `sh -c '…'` reads the line as it was meant; `exec` in front of the server keeps it the
process that Fly signals and watches.

Before:                                   After:

    [processes]                               [processes]
      web = "cd /app && uvicorn …"              web = "sh -c 'cd /app && exec uvicorn …'"

References: https://fly.io/docs/reference/configuration/#the-processes-section
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.boot.launchers import LAUNCHERS
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile, shell, toml
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Booted, Report

CODEMOD = Codemod(answers=("needs-shell",), since="0.1", platform="fly")
_BUILTINS = frozenset(". : cd eval exec exit export read return set shift source test trap ulimit umask unset wait [".split())
_OPERATORS = frozenset("&& || | ; & ( ) > >> < 2>&1".split())
_REDIRECT = re.compile(r"\d*(?:>>?|<)&?[\w./-]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"\\]*\"")
_SPECIAL = re.compile(r"[*?\[\]();&|<>`]|^~|^#")  # what a shell would not take as it stands


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the same line behind `sh -c`."""
    owner = next((each for each in report.started if each.process.name == finding.process), None)
    if owner is None or owner.origin is None:
        return
    if _is_an_argument(report, owner):
        yield Skip("ENTRYPOINT takes the command as its arguments")
        return
    port = _default_port(report, owner)
    if owner.origin.kind == "config":
        changed = in_config(tree, owner.origin, port)
    else:
        changed = _in_dockerfile(tree, report, owner.origin, port)
    if changed is None:
        yield Skip("the command is written in a way that is not edited")
        return
    yield Proposal(changed, "No shell reads this command on Fly; `sh -c` hands it to one.")


def _is_an_argument(report: Report, booted: Booted) -> bool:
    """Say whether the image's entry point is the program itself, so that a shell would only become its argument."""
    entry = report.image.entrypoint if report.image else None
    if entry is None or booted.origin is None or booted.origin.kind == "ENTRYPOINT" or booted.argv[:1] != entry.argv[:1]:
        return False
    program = posixpath.basename(entry.argv[0]) if entry.argv else ""
    return program in LAUNCHERS or program.startswith("python")


def _default_port(report: Report, booted: Booted) -> int | None:
    """Return the port to fall back on where the command uses PORT and nothing sets it: Fly does not."""
    image = report.image
    if image is None or "PORT" in image.env or "PORT" in report.target.env:
        return None
    served = [service.port for service in report.target.services if booted.process.name in service.processes]
    return served[0] if served else None


def _shell_line(line: str, port: int | None) -> str:
    """Return a line for the shell: `exec` before its last command, and a value for a PORT that nobody sets."""
    if port is not None:
        line = re.sub(r"\$PORT\b|\$\{PORT\}", f"${{PORT:-{port}}}", line)
    return with_exec(line)


def _for_shell(line: str) -> str | None:
    """Return a config's line with quotes around what a shell would not take as flyctl does; None where that can't be told."""
    if "\n" in line:
        return None
    splices = []
    for word in shell.plain_words(line):
        raw = line[word.start : word.end]
        if raw.startswith("#"):  # a comment, for both
            break
        bare = raw.removesuffix(";")
        if raw in _OPERATORS or _REDIRECT.fullmatch(raw) or _QUOTED.fullmatch(raw) or not _SPECIAL.search(bare) or "$(" in raw:
            continue
        if word.quoted or "$" in raw or re.search(r"[;&|<>`]|^\(", bare) or bare.count("(") != bare.count(")"):
            return None
        splices.append(Splice(word.start, word.start + len(bare), shell.quote(bare)))
    return splice(line, splices)


def in_config(tree: Tree, origin: Origin, port: int | None = None) -> Tree | None:
    """Return the tree with a config's command behind `sh -c`; None where it is not edited."""
    path = origin.place.path
    text = tree.text(path)
    document = toml.read(text)
    span = document.spans.get(origin.key)
    if span is None or path.endswith((".json", ".yaml")):
        return None
    raw = text[span.start : span.end]
    value = _value(document, origin.key)
    if value is None:
        return None
    line = _for_shell(value)
    if line is None:
        return None
    line = _shell_line(line, port)
    return tree.write(path, splice(text, [Splice(span.start, span.end, toml.quoted(_wrapped(line, raw), raw))]))


def _wrapped(line: str, raw: str) -> str:
    """Return the line behind `sh -c`, in quotes that go together with those of the file where that is possible."""
    if "'" in line or (raw.startswith("'") and not any(special in line for special in '"\\')):
        return f'sh -c "{_escaped(line)}"'
    return f"sh -c '{line}'"


def _value(document: toml.Document, key: toml.Path) -> str | None:
    node: toml.Value = document.data
    for part in key:
        node = (
            node.get(str(part))
            if isinstance(node, dict)
            else node[part]
            if isinstance(node, list) and isinstance(part, int)
            else None
        )
    return node if isinstance(node, str) else None


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', '\\"')


def _in_dockerfile(tree: Tree, report: Report, origin: Origin, port: int | None) -> Tree | None:
    image = report.image
    if image is None or origin.instruction is None:
        return None
    item = image.file.instructions[origin.instruction]
    if not item.json:
        return None
    words = [word for each in item.argv if (word := _word(each)) is not None]
    commented = re.search(r"^[ \t]*#", image.file.text[item.start : item.end], re.M)
    if len(words) < len(item.argv) or commented:
        return None
    line = _shell_line(" ".join(words), port)
    listed = dockerfile.json_list(["sh", "-c", line])
    return tree.write(image.dockerfile, splice(image.file.text, [_list(item, image.file.text, listed)]))


def _word(word: str) -> str | None:
    """Return a word of the list for the shell line: its variables and operators are meant, nothing else is."""
    if word in _OPERATORS or _REDIRECT.fullmatch(word):
        return word
    if word and not _SPECIAL.search(word) and not any(blank in word for blank in " \t'\"\\"):
        return word
    return None if "$" in word or "`" in word else shell.quote(word)


def _list(item: Instruction, text: str, listed: str) -> Splice:
    start = text.rindex("[", item.start, item.words[0].start + 1)
    end = text.index("]", item.words[-1].end) + 1
    return Splice(start, end, listed)


def with_exec(line: str) -> str:
    """Return a shell line whose last command replaces the shell."""
    commands = shell.parse(line).commands
    if not commands or not commands[-1].words or commands[-1].optional or commands[-1].joined in ("|", "||", "&"):
        return line
    first = commands[-1].words[0]
    if first.literal in _BUILTINS or commands[-1].then == "&":
        return line
    return line[: first.start] + "exec " + line[first.start :]
