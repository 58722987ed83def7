"""Which third-party modules an image has, by the requirements that its installs declare.

Only what is declared directly is known here, with the names of those distributions that import under another name and
what the common frameworks bring along; the rest of the dependencies is not known, so a miss is never certain.
"""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.image.stage import Install
from bot.engine.model.requirements import normal

# import name -> distributions that give it, where no distribution of that name does (or where several do)
NAMES: dict[str, tuple[str, ...]] = {
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4",),
    "corsheaders": ("django-cors-headers",),
    "Crypto": ("pycryptodome", "pycrypto"),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "dateutil": ("python-dateutil",),
    "decouple": ("python-decouple",),
    "dj_database_url": ("dj-database-url",),
    "django": ("django",),
    "dns": ("dnspython",),
    "docx": ("python-docx",),
    "dotenv": ("python-dotenv",),
    "environ": ("django-environ",),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "fitz": ("pymupdf",),
    "flask_cors": ("flask-cors",),
    "flask_login": ("flask-login",),
    "flask_sqlalchemy": ("flask-sqlalchemy",),
    "git": ("gitpython",),
    "google.generativeai": ("google-generativeai",),
    "google.genai": ("google-genai",),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "magic": ("python-magic",),
    "MySQLdb": ("mysqlclient",),
    "multipart": ("python-multipart",),
    "nacl": ("pynacl",),
    "OpenSSL": ("pyopenssl",),
    "PIL": ("pillow",),
    "pkg_resources": ("setuptools",),
    "pptx": ("python-pptx",),
    "psycopg": ("psycopg", "psycopg-binary"),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pymysql": ("pymysql", "flask-mysql"),
    "pythonjsonlogger": ("python-json-logger",),
    "flaskext": ("flask-mysql", "flask-uploads"),
    "rest_framework": ("djangorestframework",),
    "rest_framework_simplejwt": ("djangorestframework-simplejwt",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "slack_sdk": ("slack-sdk",),
    "slugify": ("python-slugify",),
    "socketio": ("python-socketio",),
    "engineio": ("python-engineio",),
    "telegram": ("python-telegram-bot",),
    "usb": ("pyusb",),
    "win32api": ("pywin32",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
    "discord": ("discord-py", "py-cord", "nextcord"),
    "pydantic_settings": ("pydantic-settings",),
    "email_validator": ("email-validator",),
    "redis": ("redis",),
    "ujson": ("ujson",),
}

# distribution -> distributions that every installation of it brings along
BRINGS: dict[str, tuple[str, ...]] = {
    "aiohttp": ("yarl", "multidict", "aiosignal", "attrs", "frozenlist"),
    "alembic": ("sqlalchemy", "mako", "typing-extensions"),
    "anthropic": ("httpx", "anyio", "pydantic", "distro", "jiter", "sniffio", "typing-extensions"),
    "boto3": ("botocore", "s3transfer", "jmespath"),
    "botocore": ("jmespath", "python-dateutil", "urllib3"),
    "celery": ("kombu", "billiard", "vine", "click", "amqp", "python-dateutil"),
    "django": ("asgiref", "sqlparse"),
    "djangorestframework": ("django",),
    "email-validator": ("dnspython", "idna"),
    "fastapi": ("starlette", "pydantic", "typing-extensions", "anyio", "pydantic-core", "annotated-types"),
    "flask": ("werkzeug", "jinja2", "click", "itsdangerous", "markupsafe", "blinker"),
    "flask-cors": ("flask",),
    "flask-login": ("flask", "werkzeug"),
    "flask-sqlalchemy": ("flask", "sqlalchemy"),
    "google-generativeai": ("google-api-core", "google-auth", "protobuf", "pydantic", "tqdm"),
    "gradio": (
        "fastapi",
        "pydantic",
        "numpy",
        "pandas",
        "pillow",
        "httpx",
        "uvicorn",
        "jinja2",
        "pyyaml",
        "python-multipart",
    ),
    "httpx": ("httpcore", "anyio", "certifi", "idna", "h11", "sniffio"),
    "jinja2": ("markupsafe",),
    "langchain": ("langchain-core", "pydantic", "langgraph", "langsmith", "pyyaml", "requests", "sqlalchemy"),
    "langchain-core": ("pydantic", "langsmith", "tenacity", "pyyaml", "jsonpatch", "packaging", "typing-extensions"),
    "langchain-openai": ("langchain-core", "openai", "tiktoken"),
    "matplotlib": ("numpy", "pillow", "python-dateutil"),
    "openai": ("httpx", "anyio", "pydantic", "distro", "jiter", "sniffio", "tqdm", "typing-extensions"),
    "pandas": ("numpy", "python-dateutil", "pytz", "tzdata"),
    "pydantic": ("pydantic-core", "annotated-types", "typing-extensions"),
    "pydantic-settings": ("pydantic", "python-dotenv"),
    "requests": ("urllib3", "certifi", "idna", "charset-normalizer"),
    "scikit-learn": ("numpy", "scipy", "joblib", "threadpoolctl"),
    "scipy": ("numpy",),
    "seaborn": ("matplotlib", "numpy", "pandas"),
    "sentence-transformers": (
        "transformers",
        "torch",
        "scikit-learn",
        "scipy",
        "huggingface-hub",
        "pillow",
        "tqdm",
        "numpy",
    ),
    "slowapi": ("limits",),
    "sqlalchemy": ("typing-extensions", "greenlet"),
    "sqlmodel": ("sqlalchemy", "pydantic"),
    "starlette": ("anyio",),
    "streamlit": (
        "pandas",
        "numpy",
        "requests",
        "altair",
        "pillow",
        "protobuf",
        "tornado",
        "toml",
        "packaging",
        "click",
        "jinja2",
    ),
    "supabase": ("httpx", "postgrest", "realtime", "storage3", "pydantic", "gotrue", "supabase-auth"),
    "torchvision": ("torch", "numpy", "pillow"),
    "transformers": (
        "numpy",
        "huggingface-hub",
        "tokenizers",
        "safetensors",
        "requests",
        "tqdm",
        "pyyaml",
        "regex",
        "packaging",
    ),
    "uvicorn": ("click", "h11"),
}
EXTRAS: dict[tuple[str, str], tuple[str, ...]] = {
    ("fastapi", "standard"): (
        "uvicorn",
        "httpx",
        "jinja2",
        "python-multipart",
        "email-validator",
        "fastapi-cli",
        "pydantic-settings",
    ),
    ("fastapi", "all"): (
        "uvicorn",
        "httpx",
        "jinja2",
        "python-multipart",
        "email-validator",
        "fastapi-cli",
        "pyyaml",
        "ujson",
    ),
    ("fastapi-cli", "standard"): ("uvicorn",),
    ("pydantic", "email"): ("email-validator",),
    ("uvicorn", "standard"): ("websockets", "httptools", "uvloop", "watchfiles", "python-dotenv", "pyyaml"),
    ("python-jose", "cryptography"): ("cryptography",),
    ("passlib", "bcrypt"): ("bcrypt",),
    ("celery", "redis"): ("redis",),
    ("psycopg", "binary"): ("psycopg-binary",),
    ("pyjwt", "crypto"): ("cryptography",),
}


class Installed(NamedTuple):
    """What the installs of an image declare, with what that is known to bring."""

    distributions: frozenset[str]
    opaque: str | None  # why there may be more than that
    projects: tuple[str, ...]  # folders of the image that are installed themselves

    def has(self, name: str) -> bool:
        """Say whether a distribution is there."""
        return name in self.distributions

    def akin(self, module: str) -> str | None:
        """Return an installed distribution whose name begins or ends with a module's, as `dnspython` gives `dns`."""
        plain = normal(module)
        return next((name for name in sorted(self.distributions) if name.startswith(plain) or name.endswith(plain)), None)

    def gives(self, module: str) -> bool:
        """Say whether an installed distribution gives a module, by its dotted name."""
        top = module.partition(".")[0]
        known = NAMES.get(".".join(module.split(".")[:2])) or NAMES.get(top)
        if known and any(name in self.distributions for name in known):
            return True
        plain = normal(top)
        if plain in self.distributions or f"python-{plain}" in self.distributions or f"py{plain}" in self.distributions:
            return True
        return any(
            name.startswith((f"{plain}-", f"django-{plain}")) or name.endswith(f"-{plain}") for name in self.distributions
        )


def installed(installs: tuple[Install, ...]) -> Installed:
    """Return what an image's installs come to."""
    found: set[str] = {"pip"}
    queue = []
    for install in installs:
        for requirement in install.requirements:
            queue.append(requirement.line.value)
            for extra in requirement.line.extras:
                queue.extend(EXTRAS.get((requirement.line.value, extra), ()))
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(BRINGS.get(name, ()))
    opaque = next((install.opaque for install in installs if install.opaque), None)
    projects = tuple(project for install in installs for project in install.projects)
    return Installed(frozenset(found), opaque, projects)
