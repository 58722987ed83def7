"""The pages that `bot explain` prints and that docs/reference.md is made of.

A codemod's page is its own docstring; those of faults and weaknesses stand here, one entry each: the stage, the title, and
what breaks, why, and what a person can do.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.model.findings import Stage
from codemods import Page

Sort = Literal["fault", "weakness"]


class Entry(NamedTuple):
    """The page of a fault or a weakness."""

    sort: Sort
    stage: Stage
    title: str
    text: str


_FAULTS: dict[str, tuple[Stage, str, str]] = {
    "config-syntax": (
        "config",
        "The config does not parse",
        "flyctl loads the config before it does anything else, so every command stops: `failed loading app config from …`, "
        "with the row, the column and the lines around it. A table or key declared twice, an empty list in front of its own "
        "table and a quote that is never closed are the usual causes.",
    ),
    "config-type": (
        "config",
        "A value of the config has the wrong type",
        "flyctl decodes the config into Go structs: a number in quotes, `[x]` where `[[x]]` is meant or a list where text is "
        "expected ends in `json: cannot unmarshal …` and `App configuration is not valid`.",
    ),
    "config-invalid": (
        "config",
        "flyctl's validation refuses the config",
        "A command with an open quote, an unknown deployment strategy and the like are refused before the build begins.",
    ),
    "service-without-group": (
        "config",
        "A service names no process group although there are some",
        'Once there is a [processes] section, each service has to say which groups it serves: `processes = ["web"]`.',
    ),
    "unknown-group": (
        "config",
        "A service names a process group that does not exist",
        "Without a [processes] section the only group is `app`; with one, only its keys are groups.",
    ),
    "blueprint-place": (
        "config",
        "The Blueprint does not lie where Render looks",
        "Render reads render.yaml in the root of the repository. The dashboard can name another path for a Blueprint; where it "
        "does, there is no fault. Paths in a Blueprint count from the root wherever it lies.",
    ),
    "no-dockerfile": (
        "build",
        "There is no Dockerfile where the deploy is started",
        "Without `[build] dockerfile` flyctl takes `Dockerfile` in the working directory, and looks nowhere else.",
    ),
    "dockerfile-not-found": (
        "build",
        "The Dockerfile that the config names is not there",
        "`[build] dockerfile` counts from the folder of the config file, whatever folder the deploy is started in.",
    ),
    "dockerfile-invalid": (
        "build",
        "The builder does not accept the Dockerfile",
        "An unknown instruction, a COPY with one argument or a RUN before the first FROM: BuildKit parses the whole file "
        "before it builds anything.",
    ),
    "copy-source-missing": (
        "build",
        "COPY names something that the build context does not have",
        "Sources count from the root of the build context. The file may lie outside of it, an ignore rule may keep it out, git "
        "may ignore it so that a clone lacks it, or its name may differ in upper and lower case.",
    ),
    "requirements-missing": (
        "build",
        "pip does not find the requirements file",
        "At this point of the build the image has no such file in the folder that pip runs in: it was not copied yet, copied "
        "to another folder, or it is named by another requirements file that lies elsewhere.",
    ),
    "project-metadata-missing": (
        "build",
        "pip is asked to install a folder that is no project",
        "`pip install .` and `-e .` need a pyproject.toml or setup.py in that folder, at that point of the build.",
    ),
    "run-file-missing": (
        "build",
        "A RUN line starts a script that the image does not have",
        "The script is not copied yet, or lies in another folder.",
    ),
    "script-not-executable": (
        "build",
        "A script is started as a program and has no executable bit",
        "`./build.sh` needs the executable bit, which git keeps with the file: `git update-index --chmod=+x build.sh`. "
        "Started as `bash build.sh` it needs none.",
    ),
    "program-missing": (
        "build",
        "A build command starts a program that is not there",
        "Images of Python and Render's native build have neither Docker nor the tools of packages that nobody installs: "
        "`docker: not found`, `playwright: command not found`.",
    ),
    "system-package-missing": (
        "build",
        "pip needs a compiler, headers or git, and the image has none",
        "Distributions without a wheel for Linux are built, and requirements from git are cloned; a slim image can do neither. "
        "A distribution with a wheel, or the Debian packages in front of the install, mend it.",
    ),
    "needs-shell": (
        "boot",
        "A command line needs a shell, and none reads it",
        "Fly executes commands directly: `cd`, `&&`, `NAME=value` and `$PORT` mean nothing outside of a shell.",
    ),
    "launcher-usage": (
        "boot",
        "The server refuses its arguments",
        "An option without a value (a variable that is empty), a file that does not exist, a word too many.",
    ),
    "launcher-not-installed": (
        "boot",
        "The server that the command starts is not installed",
        "No requirement that the image installs is known to bring it. Dependencies of dependencies are not known, so this is "
        "never certain.",
    ),
    "script-missing": (
        "boot",
        "The script that the command starts is not in the image",
        "It is not copied, kept out by an ignore rule, left out of git, or lies in another folder than the command says.",
    ),
    "script-line-endings": (
        "boot",
        "An entry script has Windows line endings",
        "The kernel takes the carriage return for a part of the interpreter's name and finds no such program. Save the script "
        "with LF, and put `*.sh text eol=lf` into .gitattributes.",
    ),
    "folder-missing": (
        "boot",
        "The command changes to a folder that the image does not have",
        "The Dockerfile copies the sources to another place than the command expects.",
    ),
    "entry-not-found": (
        "boot",
        "The start command names a module that Python does not find",
        "Each launcher puts one folder first on sys.path (uvicorn and gunicorn: the working directory); the module's name "
        "counts from there.",
    ),
    "attribute-not-found": (
        "boot",
        "The start command names an object that the module does not define",
        "`module:attribute` needs a name at the module's top level. A package's name means its `__init__.py`.",
    ),
    "module-not-found": (
        "boot",
        "An import finds no module",
        "Either the repository's own module is not where Python looks (sys.path begins in another folder, the Dockerfile does "
        "not copy it), or no requirement brings the package.",
    ),
    "optional-package-missing": (
        "boot",
        "A framework's feature needs a package that nothing installs",
        "FastAPI and Starlette leave forms (python-multipart), sessions (itsdangerous) and templates (jinja2) to packages that "
        "they do not bring; pydantic's `EmailStr` needs email-validator, SQLAlchemy's asyncio greenlet, and an engine the "
        "driver in its URL. Each is asked for at import, so the process ends before it serves.",
    ),
    "name-not-found": (
        "boot",
        "An imported name does not exist",
        "The module is found and does not define the name, nor is there a submodule of that name.",
    ),
    "relative-import": (
        "boot",
        "A relative import has no package to count from",
        "A file that is started as a script, or imported as a top-level module, has no parent package; dots then lead nowhere.",
    ),
    "syntax-error": (
        "boot",
        "A file that is imported at start does not compile",
        "The message and the line are Python's. Committed merge conflicts are named as such.",
    ),
    "port-mismatch": (
        "port",
        "The app listens on another port than the service's internal_port",
        "flyctl warns and the deploy succeeds; the proxy then finds nobody: `instance refused connection`.",
    ),
    "loopback-only": (
        "port",
        "The app listens on 127.0.0.1",
        "The proxy reaches the machine from outside of it: bind 0.0.0.0.",
    ),
    "health-path": (
        "health",
        "The checked path is not answered with success",
        "Fly asks for the path as it is written and takes 2xx alone: an unknown path (404), another method (405) and the "
        "redirect between `/health` and `/health/` (307, 308) all fail the check.",
    ),
    "no-services": (
        "port",
        "The app serves HTTP and no service exposes it",
        "Without [http_service] or [[services]] the proxy routes nothing to the app. Right for an app on the private network "
        "alone, so this is never certain.",
    ),
}
_WEAKNESSES: dict[str, tuple[Stage, str, str]] = {
    "unknown-key": (
        "config",
        "A key of the config has no effect",
        "flyctl ignores what it does not know. `fly config validate --strict` lists such keys.",
    ),
    "duplicate-group": (
        "boot",
        "Two process groups run the same command",
        "Fly starts machines of their own for each group, also where no service reaches them.",
    ),
    "cmd-differs": (
        "boot",
        "CMD and [processes] start different modules",
        "The config's command runs on Fly and CMD everywhere else: one of them is out of date.",
    ),
    "stale-config": (
        "config",
        "A config that nobody deploys would fail",
        "Another config of the same app is the one that the repository's commands deploy. Delete the copy, or name it with "
        "--config to look at it.",
    ),
}


def entries() -> dict[str, Entry]:
    """Return the pages of all faults and weaknesses by code."""
    faults = {code: Entry("fault", *page) for code, page in _FAULTS.items()}
    return {**faults, **{code: Entry("weakness", *page) for code, page in _WEAKNESSES.items()}}


def codes() -> tuple[str, ...]:
    """Return the codes of all faults and weaknesses."""
    return tuple(entries())


def titles(sort: Sort) -> list[tuple[str, str]]:
    """Return code and title of all faults, or of all weaknesses."""
    return [(code, f"{entry.title} ({entry.stage})") for code, entry in entries().items() if entry.sort == sort]


def finding(code: str, answers: tuple[str, ...]) -> str | None:
    """Return the page of a fault or weakness; None when there is none of that code."""
    entry = entries().get(code)
    if entry is None:
        return None
    answered = ", ".join(answers) if answers else "no codemod yet"
    return (
        f"{code}: {entry.title}\n\n{_filled(entry.text)}\n\nStage: {entry.stage}\nSort: {entry.sort}\nAnswered by: {answered}"
    )


def codemod(page: Page) -> str:
    """Return the page of a codemod."""
    answers = ", ".join(page.codemod.answers)
    return f"{page.name}: {page.title}\n\n{page.text}\n\nAnswers: {answers}\nSince: {page.codemod.since}"


def _filled(text: str) -> str:
    import textwrap  # for pages alone

    return textwrap.fill(text, 100)
