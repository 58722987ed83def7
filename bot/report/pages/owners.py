"""Pages of faults about who may do what: users, owners, stages, environments and volumes."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
    "user-unknown": (
        "build",
        "A user or a group is named that the image does not have",
        "`USER appuser` makes no user: `useradd` does, in a RUN above. A RUN as somebody unknown fails, and so does the start "
        "of the container. chown and useradd want their users and groups to be there, `adduser --system` makes no group of the "
        "name, and `adduser -D` is BusyBox's: Debian's adduser does not know it.",
    ),
    "permission-denied": (
        "build",
        "A build command may not do what it does as its user",
        "Below a USER, RUN lines are that user's. COPY gives its files to root all the same, and a folder that WORKDIR made "
        "before is root's: `pip install .` with setuptools writes beside the sources, `chmod` wants the owner, apt-get wants "
        "root. pip falls back to the home folder of its user, which `useradd` makes with `-m` alone.",
    ),
    "environment-not-used": (
        "boot",
        "Packages are installed in an environment that the process does not use",
        "A virtual environment counts where its `bin` comes first on PATH, or its own Python is started; `pip install --user` "
        "puts scripts into `~/.local/bin`, which is on no image's PATH; what `--target` installs is found by PYTHONPATH alone. "
        "`RUN source venv/bin/activate` ends with its RUN.",
    ),
    "environment-not-made": (
        "boot",
        "A virtual environment is used that nothing makes",
        "`source venv/bin/activate` and `./venv/bin/gunicorn` want an environment that the build made: git ignores the one on "
        "a developer's disk, and a deploy does not have it. Render installs into an environment of its own, an image into its "
        "Python, and both are in use without `activate`.",
    ),
    "environment-moved": (
        "boot",
        "A virtual environment lies at another path than it was made for",
        "The scripts in its `bin` begin with the path of its Python, as it was when they were installed. Copied elsewhere, "
        "they start a program that is not there: `no such file or directory`. `python -m` works.",
    ),
    "packages-not-copied": (
        "boot",
        "Packages were installed in an earlier stage, and did not come along",
        "A stage starts from its base image, and has of the stages before what COPY --from brings. Folders of modules "
        "(`site-packages`) and of scripts (`bin`) are two: without the second `uvicorn` is not found.",
    ),
    "packages-of-other-python": (
        "boot",
        "Packages were copied that belong to another version of Python",
        "Python looks into the folder of its own version, `lib/python3.12/site-packages`. What was installed for 3.11 lies in "
        "another, and compiled modules would not load anyway. All stages want the same version.",
    ),
    "packages-not-readable": (
        "boot",
        "Packages are installed where the process may not read",
        "`pip install --user` as root installs into /root/.local, and /root is closed to all others: what runs as another user "
        "gets `Permission denied`, and Python passes the folder over. Without `--user`, packages are everybody's.",
    ),
    "write-denied": (
        "boot",
        "An entry script writes where its user may not",
        "What COPY and RUN made before USER is root's. Folders that the app writes to want another owner: `chown`, or "
        "`COPY --chown`, before USER.",
    ),
    "volume-hides-files": (
        "boot",
        "A volume is mounted over files that the process needs",
        "Whatever the image has at the mount point is hidden, and a new volume is empty. Mount it at a folder of its own. "
        "Never certain, since a person may have filled the volume.",
    ),
    "release-without-volume": (
        "release",
        "The release command wants a database file on a volume",
        "Fly runs it in a machine of its own, without volumes. Migrate when the app starts, or use a database server.",
    ),
}
