"""Pages of the faults that stop a build."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
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
    "ignore-pattern-invalid": (
        "build",
        "The builder refuses a line of the ignore file",
        "moby's matcher checks patterns with Go's `filepath.Match` and matches them as regular expressions. A backslash "
        "escapes what follows: `venv\\` ends in the middle of an escape, and `\\p` is one that does not exist. Brackets that "
        "are not closed, ranges that run backwards and a lone `!` are refused too. Folders are divided by `/` everywhere.",
    ),
    "copy-source-missing": (
        "build",
        "COPY names something that the build context does not have",
        "Sources count from the root of the build context. The file may lie outside of it, an ignore rule may keep it out, git "
        "may ignore it so that a clone lacks it, or its name may differ in upper and lower case.",
    ),
    "python-version-incomplete": (
        "build",
        "PYTHON_VERSION names no patch release",
        "Render wants all three numbers: 3.12.8. Without quotes YAML reads 3.10 as the number 3.1.",
    ),
    "root-dir-missing": (
        "build",
        "The folder that `rootDir` names is not there",
        "`rootDir` counts from the root of the repository; upper and lower case matter.",
    ),
    "requirements-missing": (
        "build",
        "pip does not find the requirements file",
        "At this point of the build the image has no such file in the folder that pip runs in: it was not copied yet, copied "
        "to another folder, or it is named by another requirements file that lies elsewhere.",
    ),
    "project-metadata-missing": (
        "build",
        "A folder that is to be installed is no project",
        "`pip install .` and `-e .` need a pyproject.toml or setup.py in that folder, at that point of the build; `uv sync` "
        "and `poetry install` look for a pyproject.toml there and above, pipenv for a Pipfile.",
    ),
    "project-files-missing": (
        "build",
        "A project is built before its files are there",
        "poetry and uv install the project itself with its dependencies. That takes the README which pyproject.toml names, and "
        "with poetry-core and uv_build the package that carries the project's name.",
    ),
    "workspace-member-missing": (
        "build",
        "A member of the uv workspace is not in the image",
        "uv.lock is made for the whole workspace. `uv sync --frozen` needs the members that it installs, without `--frozen` uv "
        "looks at all of them.",
    ),
    "lock-missing": (
        "build",
        "The lock file that the build insists on is not there",
        "`uv sync --frozen` and `--locked`, `pipenv sync` and `pipenv install --system`, `pdm sync` install from a lock alone. "
        "It is not copied, or git has none.",
    ),
    "lock-stale": (
        "build",
        "The lock file was made for another manifest",
        "Something was added to the manifest by hand, and the lock was not made anew: `uv lock`, `poetry lock`, `pipenv lock`. "
        "What each tool compares is computed as it does that.",
    ),
    "environment-missing": (
        "build",
        "uv has no virtual environment to install into",
        "`uv pip install` installs into VIRTUAL_ENV or a `.venv` at hand, and refuses without one; `--system` or "
        "UV_SYSTEM_PYTHON=1 installs into the image's own Python.",
    ),
    "python-not-allowed": (
        "build",
        "The project does not allow the image's Python",
        "The versions that pyproject.toml or Pipfile allow, and that of the base image, have to agree. uv downloads another "
        "Python unless it is told not to; poetry and pipenv stop.",
    ),
    "tool-usage": (
        "build",
        "A package manager refuses its command line",
        "An installation without a version brings today's release, and that has dropped options: Poetry 2 knows no `--no-dev`, "
        "and its `export` is a plugin.",
    ),
    "project-build-failed": (
        "build",
        "A project does not say which packages it consists of",
        "setuptools gives up where several folders at the top could be the package, hatchling and poetry-core where none "
        "carries the project's name. So it is, too, where the code is copied only after the install.",
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
        "`docker: not found`, `playwright: command not found`. A slim image also lacks curl, git, make, unzip and sudo, one on "
        "trixie adduser as well. In a pipe only the last command counts: `curl … | python3 -` without curl installs nothing, "
        "and says nothing.",
    ),
    "system-package-missing": (
        "build",
        "pip needs a compiler, headers or git, and the image has none",
        "Distributions without a wheel for Linux are built, and requirements from git are cloned; a slim image can do neither. "
        "A distribution with a wheel, or the Debian packages in front of the install, mend it.",
    ),
    "requirement-not-found": (
        "build",
        "No release of a requirement can be installed",
        "The package index does not have the distribution, not in a version that the requirement allows, or no file of it is "
        "for the image's Python and Linux. Versions are withdrawn, pins are typed by hand, and a freeze from Windows or a Mac "
        "names what is only there. Asked of the index with --resolve.",
    ),
    "requirements-conflict": (
        "build",
        "The requirements exclude each other",
        "Two pins can't be had together: one distribution needs another in a version that the list rules out. pip looks for a "
        "set that fits and gives up with ResolutionImpossible. Asked of the index with --resolve.",
    ),
    "wheel-missing": (
        "build",
        "A pinned version has no wheel for this Python",
        "Wheels with binaries are made for certain versions of Python. For another one pip takes the source archive and "
        "compiles it, for which a slim image has no compiler and a builder often no patience. A version of the distribution "
        "with a wheel, or a Python that it was made for, mends it. Never certain, since a build may succeed.",
    ),
    "requirement-invalid": (
        "build",
        "pip can't read a line of the requirements",
        "A version that begins with a sign, one `=` where two are meant, a space in front of a version, the marks of a merge: "
        "pip refuses the whole file with `Invalid requirement`.",
    ),
    "system-package-gone": (
        "build",
        "A package does not exist in the image's Debian release",
        "Names change from one release to the next, and Ubuntu's are others. `E: Package … has no installation candidate`: "
        "other packages refer to the name; `E: Unable to locate package …`: none does. What bullseye, bookworm and trixie can "
        "install is known from Debian's own indices. A tag without a release (`python:3.11-slim`) follows Debian's newest, so "
        "what hangs on it is only likely.",
    ),
    "package-lists-missing": (
        "build",
        "apt installs without having fetched its lists",
        "The images come without lists, and `rm -rf /var/lib/apt/lists/*` removes them again: `apt-get update &&` belongs in "
        "front of each `apt-get install`, in the same RUN.",
    ),
    "install-unanswered": (
        "build",
        "apt asks whether to continue, and nobody answers",
        "Without `-y` apt asks before it installs what a package needs. A build has no terminal, so the answer is no.",
    ),
    "install-not-root": (
        "build",
        "System packages are installed as another user than root",
        "Behind a USER instruction the locks of apt and apk are out of reach. Install before it, or go back to root for "
        "the RUN.",
    ),
    "release-archived": (
        "build",
        "The image's Debian release is no longer on the mirrors",
        "Debian moves old releases to its archive (buster in 2025), and `apt-get update` then fails in every image that is "
        "built on one. A newer tag of the same Python has a release that is served.",
    ),
}
