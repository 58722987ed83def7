"""Clients, engines and connections at import: which raise without a value, and in which words."""

import pytest

from bot.engine.boot import clients, walk
from tests.bot.engine.boot.tools import boot
from tests.tools import Files

SERVE = ("uvicorn", "main:app")
ALL = (
    "RUN pip install fastapi openai groq supabase stripe boto3 redis sqlalchemy psycopg2-binary psycopg pinecone cohere"
    " together google-genai deepgram-sdk aiogram slack-bolt spotipy cryptography"
    " langchain-openai langchain-groq sqlmodel pymysql pydantic-settings\nCOPY . .\n"
)


def needs(source: str, more: Files | None = None, install: str = ALL, **options: object) -> list[tuple[str, str, str]]:
    """Return the kinds, names and lines of what a module needs as it is imported."""
    booted = boot({"main.py": f"import os\n{source}\napp = 1\n", **(more or {})}, SERVE, dockerfile=install, **options)
    assert booted.started
    assert not [fault for fault in booted.faults if fault.confidence == "certain"]
    return [(each.kind, each.name, each.message) for each in booted.started.assumed]


MISSING = clients._OPENAI


@pytest.mark.parametrize(
    ("source", "name", "starts"),
    [
        ("from openai import OpenAI\nOpenAI()", "OPENAI_API_KEY", "openai.OpenAIError: Missing credentials."),
        ("import openai\nopenai.AsyncOpenAI(api_key=os.getenv('KEY'))", "KEY", "openai.OpenAIError: Missing"),
        ("from openai import OpenAI\nOpenAI(api_key=os.getenv('KEY', ''))", "KEY", "openai.OpenAIError: Missing"),
        ("from groq import Groq\nGroq(api_key=os.environ.get('GROQ'))", "GROQ", "groq.GroqError: The api_key client option"),
        ("from stripe import StripeClient\nStripeClient(os.getenv('S'))", "S", "stripe._error.AuthenticationError: No API key"),
        (
            "from supabase import create_client\ncreate_client(os.getenv('U'), os.getenv('K'))",
            "U",
            "supabase._sync.client.SupabaseException: supabase_url is required",
        ),
        ("import boto3\nboto3.client('sqs')", "AWS_DEFAULT_REGION", "botocore.exceptions.NoRegionError: You must"),
        (
            "import redis\nredis.from_url(os.getenv('R'))",
            "R",
            "AttributeError: 'NoneType' object has no attribute 'startswith'",
        ),
        ("from google import genai\ngenai.Client()", "GOOGLE_API_KEY", "ValueError: No API key was provided."),
        ("from pinecone import Pinecone\nPinecone()", "PINECONE_API_KEY", "pinecone.exceptions.exceptions.Pinecone"),
        (
            "from sqlalchemy import create_engine\ncreate_engine(os.getenv('D'))",
            "D",
            "sqlalchemy.exc.ArgumentError: Expected string",
        ),
        (
            "from sqlmodel import create_engine\ncreate_engine(url=os.getenv('D'))",
            "D",
            "sqlalchemy.exc.ArgumentError: Expected",
        ),
        (
            "from aiogram import Bot\nBot(token=os.getenv('T'))",
            "T",
            "aiogram.utils.token.TokenValidationError: Token is invalid!",
        ),
        ("from slack_bolt import App\nApp(token=os.getenv('T'))", "T", "slack_bolt.error.BoltError: Either an env variable"),
        ("from cryptography.fernet import Fernet\nFernet(os.getenv('F'))", "F", "TypeError: argument should be a bytes-like"),
        (
            "from openai import OpenAI\nfrom settings import settings\nOpenAI(api_key=settings.openai_key)",
            "OPENAI_KEY",
            "openai.OpenAIError",
        ),
    ],
)
def test_what_raises_without_its_value(source, name, starts):
    own = (
        "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    openai_key: str | None = None\n\n\n"
    )
    found = needs(source, {"settings.py": own + "settings = Settings()\n"})
    assert [(kind, each) for kind, each, _ in found] == [("variable", name)]
    assert found[0][2].startswith(starts)


@pytest.mark.parametrize(
    "source",
    [
        "from openai import OpenAI\nOpenAI(api_key='x')",
        "from openai import OpenAI\nOpenAI(api_key=os.getenv('KEY', 'x'))",
        "from openai import OpenAI\nOpenAI(**options)",
        "from openai import OpenAI\nOpenAI(api_key=load())",
        "from openai import OpenAI\ndef client():\n    return OpenAI()",
        "from openai import OpenAI\ntry:\n    client = OpenAI()\nexcept Exception:\n    client = None",
        "from openai import OpenAI\nif os.getenv('KEY'):\n    client = OpenAI()",
        "from groq import Groq\nGroq(api_key=os.getenv('KEY', ''))",
        "import boto3\nboto3.client('s3')",
        "import boto3\nboto3.client('sqs', region_name='eu-west-1')",
        "import redis\nredis.Redis(host=os.getenv('R'))",
        "import redis\nredis.from_url(os.getenv('R', 'redis://localhost'))",
        "from sqlalchemy import create_engine\ncreate_engine(os.getenv('D', 'sqlite:///x.db'))",
        "from anthropic import Anthropic\nAnthropic()",
        "class OpenAI:\n    pass\nOpenAI()",
    ],
)
@pytest.mark.usefixtures("names_given")
def test_what_does_not_raise_needs_nothing(source):
    assert needs(source, install=ALL.replace("fastapi", "fastapi anthropic")) == []


def test_a_variable_that_is_set_is_enough():
    source = "from openai import OpenAI\nOpenAI()"
    assert needs(source, env={"OPENAI_API_KEY": None}) == []
    assert needs(source, env={"OPENAI_ADMIN_KEY": "x"}) == []


def test_an_older_openai_has_other_words():
    old = "RUN pip install 'openai<2'\nCOPY . .\n"
    source = "from openai import OpenAI\nOpenAI(api_key=os.getenv('KEY'))"
    assert [line.split(" must")[0] for *_, line in needs(source, install=old)] == [
        "openai.OpenAIError: The api_key client option"
    ]
    assert needs(source.replace("'KEY'", "'KEY', ''"), install=old) == []


def test_a_connection_needs_its_database_even_with_a_value():
    source = "import psycopg2\nconn = psycopg2.connect(os.getenv('DATABASE_URL'))"
    assert needs(source) == [
        (
            "database",
            "DATABASE_URL",
            'psycopg2.OperationalError: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
            "No such file or directory",
        )
    ]
    set_ = needs(source, env={"DATABASE_URL": None})
    assert [(kind, name) for kind, name, _ in set_] == [("database", "DATABASE_URL")]
    assert "Connection refused" in set_[0][2]


def test_so_do_tables_that_are_created_at_import():
    engine = "import os\nfrom sqlalchemy import create_engine\nengine = create_engine({})\n"
    source = "from db import engine\nfrom models import Base\nBase.metadata.create_all(bind=engine)"
    models = {"models.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"}
    url = "os.getenv('DATABASE_URL', 'postgresql://localhost/x')"
    assert [each[:2] for each in needs(source, {**models, "db.py": engine.format(url)})] == [("database", "DATABASE_URL")]
    assert needs(source, {**models, "db.py": engine.format("os.getenv('DATABASE_URL', 'sqlite:///x.db')")}) == []
    assert needs(source, {**models, "db.py": engine.format("'sqlite://'")}) == []


def test_the_walk_knows_which_packages_to_ask_for():
    assert walk._NEEDY == clients.PACKAGES
