"""What the simulation finds: faults, weaknesses, assumptions, and what it could not follow."""

from __future__ import annotations

from typing import Literal, NamedTuple

Stage = Literal["config", "build", "release", "boot", "port", "health"]
STAGES: tuple[Stage, ...] = ("config", "build", "release", "boot", "port", "health")
Confidence = Literal["certain", "likely"]
Safety = Literal["safe", "unsafe", "manual"]
# ModuleNotFoundError, another ImportError, SyntaxError, AttributeError, KeyError; FileNotFoundError, and what else is raised
# where a path is missing; an exception of some other class
Failure = Literal["module", "import", "syntax", "attribute", "file", "error", "key", "name", "other"]


class Place(NamedTuple):
    """A position in the tree; line and column are counted from 1."""

    path: str
    line: int
    column: int = 1


class Evidence(NamedTuple):
    """A line of a real log that shows what was predicted; `line` counts from 1."""

    line: int
    text: str


class MissingDockerfile(NamedTuple):
    """`wanted` is the path in the tree that the platform looks at, None outside of it."""

    wanted: str | None


class MissingSource(NamedTuple):
    """A COPY or ADD source that the build context does not have: instruction and word by index, path from the context."""

    instruction: int
    word: int
    source: str


class RefusedPattern(NamedTuple):
    """A line of an ignore file that the builder refuses; `builder` False: only a client that does not run on Windows does."""

    path: str
    line: int
    written: str
    builder: bool


class MissingInStage(NamedTuple):
    """What a COPY takes from an earlier stage that does not have it: instruction and word by index, an absolute path.

    `meant` is what the stage has instead, if that is clear.
    """

    instruction: int
    word: int
    stage: str
    path: str
    meant: str | None


class MissingFile(NamedTuple):
    """A file that a command in the image names and the image does not have (an absolute path in the container)."""

    path: str
    instruction: int | None


class MissingData(NamedTuple):
    """A file, or a `folder`, that the app's own code needs as it starts (an absolute path in the container)."""

    path: str
    folder: bool


class MissingModule(NamedTuple):
    """A dotted name that Python can't find. `entry` when the start command itself names it.

    `wanted` are the names behind it that the import is about: of `from google.cloud import storage`, where `google` is
    missing, `google.cloud.storage` and `google.cloud`.
    """

    name: str
    entry: bool
    importer: str | None  # the file that imports it, in the tree
    wanted: tuple[str, ...] = ()


class MissingName(NamedTuple):
    """A name that a module does not define."""

    module: str
    name: str


class Ring(NamedTuple):
    """A name that a module is asked for before it has bound it, because imports run in a ring.

    `links` are the imports that lead from the module back to it, each as `path:line`; the last one asks.
    """

    module: str
    name: str
    links: tuple[str, ...]


class MissingSystem(NamedTuple):
    """Debian packages that an install needs and the image lacks; `distribution` is what needs them, None for git itself."""

    packages: tuple[str, ...]
    distribution: str | None
    instruction: int | None


class BadRequirement(NamedTuple):
    """Distributions that an installer refuses: no such name or version, none for this Python or system, no wheel, conflicts."""

    names: tuple[str, ...]
    why: Literal["name", "version", "python", "platform", "wheel", "conflict", "syntax"]


class Lacking(NamedTuple):
    """An installed distribution, at its version, that lacks a module, or a `name` in it, that is imported from it.

    `importer` is the distribution that wants it, None for the repository itself.
    """

    distribution: str
    version: str
    module: str
    name: str | None
    importer: str | None


class Clash(NamedTuple):
    """A distribution that would have to be installed in other versions than it is."""

    distribution: str
    specifier: str


class MissingPackage(NamedTuple):
    """A package of Debian that a RUN asks for and the image's release does not have, at least not as it is asked for."""

    name: str
    release: str
    instruction: int | None


class UnreadyInstall(NamedTuple):
    """What an install of system packages lacks: the lists, an answer to apt's question, root's rights, a live release."""

    lacks: Literal["lists", "answer", "root", "release"]
    instruction: int | None


class MissingProgram(NamedTuple):
    """A program that a command starts and the image lacks, and the package that brings it (None: none does).

    `instruction` is the RUN that starts it, None for a process.
    """

    name: str
    package: str | None
    instruction: int | None


class Denied(NamedTuple):
    """What a command of the build may not do as its user: `by` is its program, `path` where it would write (in the image)."""

    by: str
    path: str
    user: str
    instruction: int | None


class MissingUser(NamedTuple):
    """A user, or a group, that the image does not have."""

    name: str
    instruction: int | None


class Misplaced(NamedTuple):
    """Packages that are installed where a program does not find them, and why.

    `prefix` is where they lie, `made` the environment that they were made for, `name` what is missed of them, `by` the
    program, `place` where they are installed.
    """

    cause: Literal["path", "moved", "left", "scripts", "python", "denied"]
    prefix: str
    made: str
    name: str
    by: str
    place: Place


class UrlMisfit(NamedTuple):
    """A database's URL that an engine does not take: the `scheme` that it has, and that which is `wanted` (empty: not clear).

    `maker` is the function that makes the engine, `given` says that the URL comes from the environment, `field` is the file,
    class and name of the setting that holds it unchanged, `driven`: its default names a driver. `places` are those of all the
    engines that fail so.
    """

    scheme: str
    wanted: str
    maker: str
    given: bool
    field: tuple[str, str, str] | None
    driven: bool
    places: tuple[Place, ...]


class ForbiddenKeys(NamedTuple):
    """Variables of an env file that a settings class has no field for, and that it forbids.

    `env_file` is the file, `path` and `owner` are the file and the name of the class whose configuration says so.
    """

    keys: tuple[str, ...]
    env_file: str
    path: str
    owner: str


class UnreadValue(NamedTuple):
    """The value of a variable that a setting can't be made of.

    `kind` is what the field takes, `field` is the file, class and name of the setting, `env_file` the file that holds the value
    (None: the environment), `early`: a validator of the field would take the text, `bare`: the field can be told to leave it.
    """

    variable: str
    value: str
    kind: str
    field: tuple[str, str, str]
    env_file: str | None
    early: bool
    bare: bool


class SharedPort(NamedTuple):
    """Addresses, as they are written, of which one takes the port of the others; `by` is the server that is told them."""

    binds: tuple[str, ...]
    by: str


class Route(NamedTuple):
    """A path that an app answers; `methods` in capitals, `handler` the `def` of the function that answers, if that is known.

    `guards` are the dependencies that FastAPI asks before, each where it is written, from the app's to the route's own.
    """

    path: str
    methods: frozenset[str]
    place: Place
    handler: Place | None = None
    guards: tuple[Place, ...] = ()


class App(NamedTuple):
    """An app object: its framework, the call that makes it, and what it is called there."""

    framework: Literal["fastapi", "starlette", "flask", "litestar", "django"]
    place: Place
    name: str


class Unanswered(NamedTuple):
    """A checked path that is answered with a status which fails the check, and all that the app answers."""

    path: str
    method: str
    status: int
    routes: tuple[Route, ...]
    app: App | None = None


class Failing(NamedTuple):
    """A path whose function fails for want of something: a template, by its name.

    `check` is what asks for the path; None where nothing does, and the path is the one that everybody opens first.
    """

    path: str
    lacks: str
    routes: tuple[Route, ...]
    app: App
    check: Place | None


class MissingStep(NamedTuple):
    """A command that no build runs, and whose outcome the code needs."""

    command: str


class TurnedAway(NamedTuple):
    """A checked path that an app turns away before a route sees it: the status, and where that is written.

    `module` is the file's name as it is imported; `allowed` are the hosts that are taken; `limit` is how often, in
    words; `header` a header with which the check would pass; `route` the function that answers the path, where that is known.
    Who brings no key and no user is turned away by a middleware ("auth"), a function that Flask asks before each view
    ("before"), a backend of Starlette's AuthenticationMiddleware ("backend"), each at its `def`; by a "dependency" of FastAPI,
    whose `route` is the function that it names, None where the request is refused before that is called; by Django's
    LoginRequiredMiddleware ("django-login"), at the path's line of the URLs, with the view as `route`.
    """

    by: Literal[
        "django-host", "django-https", "host", "https", "limit", "auth", "before", "backend", "dependency", "django-login"
    ]
    path: str
    status: int
    place: Place
    check: Place
    module: str = ""
    allowed: tuple[str, ...] = ()
    limit: str = ""
    header: str = ""
    sure: bool = True
    route: Place | None = None


class MissingDistribution(NamedTuple):
    """A distribution, with its extras, that a started program needs and nothing installs; `by` is that program."""

    name: str
    by: str


Detail = (
    BadRequirement
    | Clash
    | Denied
    | Failing
    | ForbiddenKeys
    | Lacking
    | Misplaced
    | MissingDockerfile
    | MissingSource
    | RefusedPattern
    | MissingFile
    | MissingData
    | MissingInStage
    | MissingModule
    | MissingName
    | Ring
    | MissingDistribution
    | MissingSystem
    | MissingPackage
    | UnreadyInstall
    | MissingProgram
    | MissingStep
    | MissingUser
    | SharedPort
    | TurnedAway
    | Unanswered
    | UnreadValue
    | UrlMisfit
    | None
)


class Fault(NamedTuple):
    """A point at which the simulated deploy stops, or leaves the app unreachable.

    `message` is the line of the log in the words of the platform, the builder or Python; `…` in it stands for what only
    the real deploy knows (an id, an absolute path). `step` orders faults of one stage as the platform meets them. `evidence`
    is the line of a real log that shows it, where one was given.
    """

    code: str
    stage: Stage
    step: int
    process: str  # "" where all of the target is concerned
    confidence: Confidence
    message: str
    reason: str
    place: Place | None
    chain: tuple[str, ...] = ()
    detail: Detail = None
    evidence: Evidence | None = None

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same fault after an edit that moves lines."""
        return (self.code, self.stage, self.process, self.message)

    @property
    def position(self) -> tuple[int, int]:
        """How far the deploy got."""
        return (STAGES.index(self.stage), self.step)


class Weakness(NamedTuple):
    """What does not stop the deploy and still deserves a word."""

    code: str
    stage: Stage
    message: str
    reason: str
    place: Place | None
    process: str = ""
    subject: str = ""  # the name that the codemod needs: a key, a process group

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same weakness after an edit that moves lines."""
        return (self.code, self.stage, self.process, self.message)


class Assumption(NamedTuple):
    """What only the platform (or a person) can know, and how it is provided.

    `kind`: from where the deploy is started, a variable that is set, or a database that answers. `message` is the line of the
    log where it is not so, `chain` the imports that lead to what needs it; that is `by` what it fails, in a function
    for which `caller` is the module's own statement. `evidence` is the line of a real log that shows that it is not so.
    """

    name: str
    command: str
    reason: str
    place: Place | None
    message: str = ""
    kind: Literal["start", "variable", "database"] = "start"
    stage: Stage = "boot"
    process: str = ""
    chain: tuple[str, ...] = ()
    by: Literal["", "look-up", "guard", "call", "tables"] = ""
    caller: Place | None = None
    evidence: Evidence | None = None


class Unknown(NamedTuple):
    """What could not be followed, and where; never a fault."""

    reason: str
    place: Place | None

    def __str__(self) -> str:
        return f"{self.reason} ({self.place.path}:{self.place.line})" if self.place else self.reason
