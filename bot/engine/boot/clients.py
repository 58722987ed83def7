"""Clients, engines and connections that code makes at the start, and what each of them needs: a key, a URL, a database.

Every message was tried on 2026-11-29 with CPython 3.11 and the newest releases, openai's also with 1.109 and 2.20 to 2.40. What
fails at its first request alone has no entry: anthropic, `genai.configure`, MongoClient, `redis.Redis()`, replicate, twilio.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, NamedTuple

from bot.engine.boot import startup, variables
from bot.engine.boot.facts import Call
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.values import Evaluated, dotted, evaluate
from bot.engine.model.findings import Place

_UNTOLD = ast.Set([])  # an expression that nobody evaluates
_FARTHEST = 4  # names that stand for each other, up to the call that makes an engine


class Parameter(NamedTuple):
    """What a call has to be given: at a position or by name, or else in a variable. `empty`: "" does not do, either."""

    position: int | None
    names: tuple[str, ...]
    message: str
    variables: tuple[str, ...] = ()
    empty: bool = False


_OPENAI = (
    "openai.OpenAIError: Missing credentials. Please pass an `api_key`, `workload_identity`, `admin_api_key`, or set the"
    " `OPENAI_API_KEY` or `OPENAI_ADMIN_KEY` environment variable."
)
_AZURE = (
    "openai.OpenAIError: Missing credentials. Please pass one of `api_key`, `azure_ad_token`, `azure_ad_token_provider`, or the"
    " `AZURE_OPENAI_API_KEY` or `AZURE_OPENAI_AD_TOKEN` environment variables."
)
_STRIPE = (
    'stripe._error.AuthenticationError: No API key provided. (HINT: set your API key using "client = '
    'stripe.StripeClient(<API-KEY>)"). You can generate API keys from the Stripe web interface. See https://stripe.com/api for'
    " details, or email support@stripe.com if you have any questions."
)
_DEEPGRAM = (
    "deepgram.core.api_error.ApiError: headers: None, status_code: None, body: The client must be instantiated be either"
    " passing in api_key or setting DEEPGRAM_API_KEY"
)
_AIOGRAM = (
    "aiogram.utils.token.TokenValidationError: Token is invalid! It must be 'str' type instead of <class 'NoneType'> type."
)
_TELEGRAM = "telegram.error.InvalidToken: You must pass the token you received from https://t.me/Botfather!"
_SLACK = (
    "slack_bolt.error.BoltError: Either an env variable `SLACK_BOT_TOKEN` or `token` argument in the constructor is required."
)
_SPOTIFY = "spotipy.exceptions.SpotifyOauthError: No client_id. Pass it or set a SPOTIPY_CLIENT_ID environment variable."
_FERNET = "TypeError: argument should be a bytes-like object or ASCII string, not 'NoneType'"
_REGION = "botocore.exceptions.NoRegionError: You must specify a region."
_REGIONAL = frozenset("dynamodb sqs sns ses lambda rekognition bedrock-runtime secretsmanager ssm textract polly".split())
_OPTION = (
    "The api_key client option must be set either by passing api_key to the client or by setting the {} environment variable"
)
_REWORDED = (2, 34)  # openai: from here on it says `_OPENAI`, and takes an empty key for none
_OLD_OPENAI = f"openai.OpenAIError: {_OPTION.format('OPENAI_API_KEY')}"
_PINECONE = (
    "pinecone.exceptions.exceptions.PineconeConfigurationError: You haven't specified an API key. Please either set the"
    " PINECONE_API_KEY environment variable or pass the 'api_key' keyword argument to the Pinecone client constructor."
)
_GENAI = (
    "ValueError: No API key was provided. Please pass a valid API key. Learn how to create an API key at"
    " https://aistudio.google.com/docs/api-key."
)
_COHERE = (
    "cohere.core.api_error.ApiError: headers: None, status_code: None, body: The client must be instantiated be either passing"
    " in token or setting CO_API_KEY"
)
_ENGINE = Parameter(0, ("url",), "sqlalchemy.exc.ArgumentError: Expected string or URL object, got None")
_NO_TEXT = "AttributeError: 'NoneType' object has no attribute 'startswith'"
_KEY = ("api_key",)
_OF_OPENAI = Parameter(None, _KEY, _OPENAI, ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"), empty=True)
_OF_LANGCHAIN = _OF_OPENAI._replace(names=("api_key", "openai_api_key"))
_SUPABASE = tuple(
    Parameter(at, (f"supabase_{name}",), f"supabase._sync.client.SupabaseException: supabase_{name} is required", (), True)
    for at, name in enumerate(("url", "key"))
)
_MAKERS: dict[str, tuple[Parameter, ...]] = {
    **dict.fromkeys(("openai.OpenAI", "openai.AsyncOpenAI", "openai.Client"), (_OF_OPENAI,)),
    **dict.fromkeys(
        ("openai.AzureOpenAI", "openai.AsyncAzureOpenAI"),
        (Parameter(None, _KEY, _AZURE, ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"), empty=True),),
    ),
    **dict.fromkeys(("langchain_openai.ChatOpenAI", "langchain_openai.OpenAIEmbeddings"), (_OF_LANGCHAIN,)),
    **dict.fromkeys(
        ("groq.Groq", "groq.AsyncGroq", "langchain_groq.ChatGroq"),
        (Parameter(None, ("api_key", "groq_api_key"), f"groq.GroqError: {_OPTION.format('GROQ_API_KEY')}", ("GROQ_API_KEY",)),),
    ),
    **dict.fromkeys(
        ("together.Together", "together.AsyncTogether"),
        (Parameter(None, _KEY, f"together.TogetherError: {_OPTION.format('TOGETHER_API_KEY')}", ("TOGETHER_API_KEY",)),),
    ),
    "google.genai.Client": (Parameter(None, _KEY, _GENAI, ("GOOGLE_API_KEY", "GEMINI_API_KEY"), empty=True),),
    "pinecone.Pinecone": (Parameter(0, _KEY, _PINECONE, ("PINECONE_API_KEY",), empty=True),),
    **dict.fromkeys(
        ("cohere.Client", "cohere.ClientV2", "cohere.AsyncClient"),
        (Parameter(0, _KEY, _COHERE, ("CO_API_KEY",)),),
    ),
    "supabase.create_client": _SUPABASE,
    "deepgram.DeepgramClient": (Parameter(None, _KEY, _DEEPGRAM, ("DEEPGRAM_API_KEY",)),),
    "aiogram.Bot": (Parameter(0, ("token",), _AIOGRAM),),
    "telegram.Bot": (Parameter(0, ("token",), _TELEGRAM, (), empty=True),),
    **dict.fromkeys(
        ("slack_bolt.App", "slack_bolt.async_app.AsyncApp"),
        (Parameter(None, ("token",), _SLACK, ("SLACK_BOT_TOKEN",)),),
    ),
    **dict.fromkeys(
        (
            f"{module}.{name}"
            for module in ("spotipy", "spotipy.oauth2")
            for name in ("SpotifyOAuth", "SpotifyClientCredentials")
        ),
        (Parameter(0, ("client_id",), _SPOTIFY, ("SPOTIPY_CLIENT_ID",)),),
    ),
    "elasticsearch.Elasticsearch": (
        Parameter(0, ("hosts", "cloud_id"), "ValueError: Either 'hosts' or 'cloud_id' must be specified"),
    ),
    "cryptography.fernet.Fernet": (Parameter(0, ("key",), _FERNET),),
    "stripe.StripeClient": (Parameter(0, _KEY, _STRIPE),),
    **dict.fromkeys(("boto3.client", "boto3.resource"), (Parameter(None, ("region_name",), _REGION, ("AWS_DEFAULT_REGION",)),)),
    **dict.fromkeys(
        (
            "sqlalchemy.create_engine",
            "sqlalchemy.ext.asyncio.create_async_engine",
            "sqlmodel.create_engine",
        ),
        (_ENGINE,),
    ),
    **dict.fromkeys(
        ("redis.from_url", "redis.Redis.from_url", "redis.StrictRedis.from_url"), (Parameter(0, ("url",), _NO_TEXT),)
    ),
}
_CONNECTS = {  # functions that connect at once, and the line where no server answers
    "psycopg2.connect": 'psycopg2.OperationalError: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
    "No such file or directory",
    "psycopg.connect": "psycopg.OperationalError: connection failed: connection to server at …",
    "pymysql.connect": "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on '…' ([Errno 111] Connection"
    ' refused)")',
    "mysql.connector.connect": "mysql.connector.errors.InterfaceError: 2003: Can't connect to MySQL server on '…' (Errno 111:"
    " Connection refused)",
}
_REFUSED = 'psycopg2.OperationalError: connection to server at "…", port 5432 failed: Connection refused'
_REFUSED_ASYNC = "ConnectionRefusedError: [Errno 111] Connect call failed …"  # asyncpg's, which SQLAlchemy does not wrap
_UNREACHED = "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at …"
PACKAGES = frozenset(name.partition(".")[0] for name in (*_MAKERS, *_CONNECTS, "decouple.config"))


def follow(walk: Importer, event: Call, name: str, frame: Frame) -> None:
    """Note what a call of something from an installed package needs; `name` is its full name."""
    tree = frame.loaded.found.tree
    if walk.failures.unsure or tree is None:
        return
    place = Place(tree, event.node.lineno, event.node.col_offset + 1)
    called = dotted(event.node.func)
    reason = f"{tree}:{place.line} makes `{called}` at the start"
    if name == "decouple.config":
        _looks_up(walk, event.node, frame, place)
    elif name in _CONNECTS:
        _connects(walk, event.node, name, frame, place)
    elif name in _MAKERS:
        with variables.without(walk, frame) as unset:
            for variable, message in _lacking(walk, event.node, name, frame, unset):
                walk.failures.assume(variable, message, reason, place, by="call")


def _lacking(walk: Importer, node: ast.Call, name: str, frame: Frame, unset: variables.Unset) -> Iterator[tuple[str, str]]:
    """Yield the variables that a call needs and nothing sets, each with what the call raises without it."""
    service = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if name.startswith("boto3.") and service not in _REGIONAL:
        return
    old = walk.finder.installed.before("openai", _REWORDED)
    for parameter in _MAKERS[name]:
        unset.read.clear()
        given = _given(node, parameter)
        value: Evaluated = evaluate(given, walk.scope(frame)) if given is not None else None
        read = [*unset.read]
        before = old and parameter.message == _OPENAI
        lacks = value is None or (parameter.empty and value == "" and not before)
        if not lacks or any(each in unset for each in parameter.variables):
            continue
        named = [*read, *parameter.variables]
        if named:
            yield named[0], _OLD_OPENAI if before else parameter.message
            return


def _looks_up(walk: Importer, node: ast.Call, frame: Frame, place: Place) -> None:
    """Note a variable that decouple looks up without a default."""
    variable = evaluate(node.args[0], walk.scope(frame)) if node.args else None
    if len(node.args) > 1 or any(each.arg in (None, "default") for each in node.keywords) or not isinstance(variable, str):
        return
    if not variables.is_set(walk, variable, frame):
        message = f"decouple.UndefinedValueError: {variable} not found. Declare it as envvar or define a default value."
        reason, caller = f"{place.path}:{place.line} reads it at the start", variables.caller(walk, frame)
        walk.failures.assume(variable, message, reason, place, by="look-up", caller=caller)


def _given(node: ast.Call, parameter: Parameter) -> ast.expr | None:
    """Return what a call gives for a parameter; something that can't be told where its arguments are unpacked."""
    if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
        return _UNTOLD
    if parameter.position is not None and parameter.position < len(node.args):
        return node.args[parameter.position]
    return next((each.value for each in node.keywords if each.arg in parameter.names), None)


def _connects(walk: Importer, node: ast.Call, name: str, frame: Frame, place: Place) -> None:
    """Note the database that a connection is made to."""
    with variables.without(walk, frame) as unset:
        for each in (*node.args, *(keyword.value for keyword in node.keywords)):
            evaluate(each, walk.scope(frame))
        read = unset.read[:1]
    message = _CONNECTS[name] if read or name != "psycopg2.connect" else _REFUSED
    reason = f"{place.path}:{place.line} connects to a database at the start"
    walk.failures.assume(read[0] if read else "DATABASE_URL", message, reason, place, kind="database", by="call")


def reaches(walk: Importer, event: Call, frame: Frame) -> None:
    """Note the database that `metadata.create_all(engine)` or `engine.begin()` needs, where the engine is not one of a file."""
    tree, owner, bound = frame.loaded.found.tree, event.name.rpartition(".")[0], event.node.keywords
    given = [*event.node.args, *(each.value for each in bound if each.arg == "bind")]
    name = dotted(given[0]) if given and event.name.endswith("create_all") else owner
    made = _made(walk, name, frame) if tree and not walk.failures.unsure else None
    url = _given(made[0], _ENGINE) if made else None
    if tree is None or made is None or url is None:
        return
    with variables.without(walk, made[1]) as unset:
        value = evaluate(url, walk.scope(made[1]))
        read = unset.read[:1]
    if value is None or (isinstance(value, str) and not value.startswith(("postgres", "mysql"))):
        return
    place = Place(tree, event.node.lineno, event.node.col_offset + 1)
    reason = f"{tree}:{place.line} asks a database at the start"
    message = _REFUSED_ASYNC if dotted(made[0].func).endswith("create_async_engine") else _UNREACHED
    by: Literal["", "tables"] = "tables" if isinstance(value, str) else ""  # what sets the URL sets that of a database
    walk.failures.assume(read[0] if read else "DATABASE_URL", message, reason, place, kind="database", by=by)


def _made(walk: Importer, name: str, frame: Frame) -> tuple[ast.Call, Frame] | None:
    """Return the call that makes an engine of this name, and the module's code that it stands in."""
    loaded = frame.loaded
    for _ in range(_FARTHEST):
        node = loaded.facts.constants.get(name)
        if node is not None:
            makes = isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in (
                "create_engine",
                "create_async_engine",
            )
            return (node, walk.frame(loaded)) if makes and isinstance(node, ast.Call) else None
        found = startup.origin(walk, loaded, name)
        if found is None:
            return None
        loaded, name = found
    return None
