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

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile, shell, toml
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Booted, Report

CODEMOD = Codemod(answers=("needs-shell",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the same line behind `sh -c`."""
    booted = [*report.processes, *([report.release] if report.release else ())]
    owner = next((each for each in booted if each.process.name == finding.process), None)
    if owner is None or owner.origin is None:
        return
    port = _default_port(report, owner)
    if owner.origin.kind == "config":
        changed = _in_config(tree, owner.origin, port)
    else:
        changed = _in_dockerfile(tree, report, owner.origin, port)
    if changed is None:
        yield Skip("the command is quoted in a way that is not edited")
        return
    yield Proposal(changed, "No shell reads this command on Fly; `sh -c` hands it to one.")


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


def _in_config(tree: Tree, origin: Origin, port: int | None) -> Tree | None:
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
    line = _shell_line(value, port)
    wrapped = f"sh -c '{line}'" if "'" not in line else f'sh -c "{_escaped(line)}"'
    return tree.write(path, splice(text, [Splice(span.start, span.end, toml.quoted(wrapped, raw))]))


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
    words = item.argv
    line = _shell_line(" ".join(_word(word) for word in words), port)
    listed = dockerfile.json_list(["sh", "-c", line])
    return tree.write(image.dockerfile, splice(image.file.text, [_list(item, image.file.text, listed)]))


def _word(word: str) -> str:
    """Return a word of the list for the shell line: its variables and operators are meant, its blanks are not."""
    if any(blank in word for blank in " \t'\""):
        return shell.quote(word)
    return word


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
    if first.literal in ("exec", "cd", "export") or commands[-1].then == "&":
        return line
    return line[: first.start] + "exec " + line[first.start :]
