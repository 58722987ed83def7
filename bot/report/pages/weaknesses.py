"""Pages of the weaknesses."""

from __future__ import annotations

from bot.engine.model.findings import Stage

PAGES: dict[str, tuple[Stage, str, str]] = {
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
    "service-twice": (
        "config",
        "[http_service] and [[services]] expose the same port",
        "Both are legal and flyctl takes both, so that the same machines have two services on 80 and 443, each with settings "
        "and checks of its own.",
    ),
    "cmd-differs": (
        "boot",
        "CMD and [processes] start different modules",
        "The config's command runs on Fly and CMD everywhere else: one of them is out of date.",
    ),
    "imports-unverified": (
        "build",
        "A module that is missing shows only when the app starts",
        "The build does not import the app. This is looked for only when verify-import-at-build is selected: an app that needs "
        "a secret when it is imported would stop the build.",
    ),
    "requirements-late": (
        "build",
        "The requirements are installed behind the sources",
        "A layer is reused while everything above it is as it was. Behind `COPY . .` an install runs again whenever any file "
        "changed, so each deploy takes minutes longer than it must.",
    ),
    "migrations-at-start": (
        "boot",
        "A process migrates the database before it serves",
        "Each machine that starts migrates first: two at a time race for the same tables, a restart waits for it, and a "
        "migration that fails takes machines down instead of stopping the deploy. Not said where the database may be an SQLite "
        "file.",
    ),
    "migrations-not-run": (
        "release",
        "Nothing runs the migrations",
        "The repository has migrations of Alembic or Django, and neither a command of the deploy, nor the code, a script or a "
        "page of documentation runs them.",
    ),
    "stale-config": (
        "config",
        "A config that nobody deploys would fail",
        "Another config of the same app is the one that the repository's commands deploy. Delete the copy, or name it with "
        "--config to look at it.",
    ),
    "ignore-pattern-backslash": (
        "build",
        "A pattern of the ignore file is written with backslashes",
        "Folders are divided by `/` in a `.dockerignore`, also on Windows. A backslash escapes the next character, so "
        "`docs\\build` keeps nothing out of the build.",
    ),
    "no-dockerignore": (
        "build",
        "There is no .dockerignore, and everything is copied",
        "`COPY . .` takes along what lies in the folder: `.git`, a `.env` with its secrets, a virtual environment of another "
        "system, caches. The image grows, and its layers are built anew after each commit.",
    ),
    "ignore-incomplete": (
        "build",
        "The ignore file lets a .env or a virtual environment into the image",
        "A clone may have none of them; a deploy from the disk of whoever made them takes them along. A secret in a layer "
        "stays there for everyone who can pull the image.",
    ),
    "expose-unset": (
        "build",
        "EXPOSE names a variable that has no value while the image is built",
        "The platforms set PORT when the app starts. BuildKit takes the line for one that exposes nothing, buildah and podman "
        "refuse it.",
    ),
    "health-depends": (
        "health",
        "The only page that is checked asks others before it answers",
        "Without a check of its own, `/` is what people and platforms ask first. Where its function asks a database or an API, "
        "it fails or hangs whenever that does, and every machine of the app with it. This is looked for only when "
        "add-health-check is selected, or when the last fault of a deploy has been repaired.",
    ),
    "root-unanswered": (
        "health",
        "No route answers the bare address of the app",
        "An API that serves `/api/…` alone answers `/` with 404, which looks like a failed deploy to everybody who opens it. "
        "This is looked for only when add-root-endpoint is selected.",
    ),
    "healthcheck-program": (
        "health",
        "HEALTHCHECK runs a program that the image does not have",
        "Docker's own check fails every time in an image without curl or wget. Fly and Render do their own checks and don't "
        "run it, so no deploy stops; docker and docker-compose call the container unhealthy.",
    ),
    "eager-client": (
        "boot",
        "A client, an engine or a connection is made as a module is imported",
        "It raises where nothing sets its key or URL, or where no database answers, and then the whole service does not start: "
        "not even its health check is answered. The value is an assumption, and its command is shown with it.",
    ),
    "eager-setting": (
        "boot",
        "The start ends where a variable is not set",
        '`if not KEY: raise …` and `os.environ["KEY"]` at the top of a module stop the whole service, and not only what needs '
        "the value. The variable is an assumption, and its command is shown with it.",
    ),
    "eager-tables": (
        "boot",
        "The start asks a database",
        "`metadata.create_all(engine)` at import, or in the lifespan, ends the start where the database does not answer, or is "
        "not attached yet. The database is an assumption, and the command that attaches one is shown with it.",
    ),
}
