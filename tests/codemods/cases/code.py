"""Repairs of the app's own code."""

from __future__ import annotations

from tests.bot.engine.boot.test_django_checks import FILES as SHOP
from tests.bot.engine.boot.test_django_checks import SETTINGS, STACK
from tests.bot.engine.boot.test_django_views import PATH, shop
from tests.bot.engine.boot.test_filling import env, settings
from tests.bot.engine.boot.test_limits import ROUTE, SLOW
from tests.bot.engine.boot.test_limits import files as limited
from tests.bot.engine.boot.test_refusing import FLASK, HEALTH, KEYLESS, MADE, ON, VERIFY
from tests.bot.engine.boot.test_refusing import MIDDLEWARE as FUNCTION
from tests.bot.engine.boot.test_refusing import files as asked
from tests.codemods import test_absolute_imports as absolute
from tests.codemods import test_add_build_step as steps
from tests.codemods import test_add_health_endpoint as endpoint
from tests.codemods import test_add_missing_import as named
from tests.codemods import test_add_root_endpoint as root
from tests.codemods import test_break_import_cycle as cycle
from tests.codemods import test_defer_setting_check as checks
from tests.codemods import test_lazy_client as clients
from tests.codemods import test_normalize_database_url as urls
from tests.codemods import test_optional_env_file as optional
from tests.codemods import test_tolerate_missing_database as tables
from tests.codemods.cases.parts import HTTPS, Case
from tests.codemods.test_add_health_check import files as depending
from tests.codemods.test_exempt_health_from_auth import LISTING
from tests.codemods.test_exempt_health_from_rate_limit import COUNTING
from tests.codemods.test_parse_list_setting import FIELD as LISTED
from tests.codemods.test_parse_list_setting import HEAD, SPLITTING
from tests.codemods.test_settings_ignore_extra import CALL as CONFIG
from tests.codemods.test_settings_ignore_extra import ENV
from tests.codemods.test_settings_ignore_extra import FIELD as NAMED
from tests.tools import HEALTHY, MAIN

CASES = [
    Case("absolute-imports", absolute.BELOW, "backend/main.py", "python"),
    Case(
        "absolute-imports",
        {**absolute.SCRIPT, "models.py": "from .settings import NAME, MODE\n\nNAMED = NAME, MODE\n"},
        "models.py",
        "python",
    ),
    Case("break-import-cycle", cycle.FILES, "app/models/deck.py", "python", unsafe=True),
    Case("defer-setting-check", checks.code({"keys.py": checks.BARE}), "keys.py", "python", unsafe=True),
    Case("defer-setting-check", checks.code({"keys.py": checks.LOOK_UP}), "keys.py", "python", unsafe=True),
    Case("lazy-client", clients.code({"llm.py": clients.BARE}), "llm.py", "python", unsafe=True),
    Case("lazy-client", clients.code({"llm.py": clients.CONNECTION}), "llm.py", "python", unsafe=True),
    Case("tolerate-missing-database", tables.ASYNC, "main.py", "python", unsafe=True),
    Case("add-missing-import", named.files(named.TRIED), "part.py", "python", unsafe=True),
    Case("add-missing-import", named.files("from typing import List\n\nX: Dict[str, List] = {}\n"), "part.py", "python"),
    Case("add-health-check", depending(), "main.py", "python", unsafe=True),
    Case("add-health-endpoint", endpoint.files(endpoint.FASTAPI), "main.py", "python", unsafe=True),
    Case("add-health-endpoint", endpoint.django(endpoint.URLS), "shop/urls.py", "python", unsafe=True),
    Case("add-health-endpoint", endpoint.files(endpoint.FACTORY), "main.py", "python", unsafe=True),
    Case("add-health-endpoint", endpoint.files(endpoint.STARLETTE), "main.py", "python", unsafe=True),
    Case("exempt-health-from-https-redirect", {**SHOP, "shop/settings.py": HTTPS}, "shop/settings.py", "python", unsafe=True),
    Case(
        "parse-list-setting",
        settings(LISTED + SPLITTING, HEAD, fly__toml=env(ORIGINS="a,b")),
        "config.py",
        "python",
        unsafe=True,
    ),
    Case("parse-list-setting", settings(LISTED, fly__toml=env(LEVEL="info", ORIGINS="a,b")), "fly.toml", unsafe=True),
    Case("settings-ignore-extra", settings(f"{NAMED}{CONFIG}(\n    env_file='.env'\n)\n", __env=ENV), "config.py", "python"),
    Case("settings-ignore-extra", settings(f"{NAMED}class Config:\n    env_file = '.env'\n", __env=ENV), "config.py", "python"),
    Case("exempt-health-from-auth", asked(MADE + FUNCTION + KEYLESS + ON + HEALTH), "main.py", "python", unsafe=True),
    Case("exempt-health-from-auth", asked(VERIFY + HEALTH), "main.py", "python", unsafe=True),
    Case("exempt-health-from-auth", asked(FLASK.replace('"health"', '"static"') + LISTING), "main.py", "python", unsafe=True),
    Case("exempt-health-from-auth", shop(PATH), "shop/views.py", "python", unsafe=True),
    Case("exempt-health-from-rate-limit", limited(SLOW + ROUTE), "main.py", "python", unsafe=True),
    Case("exempt-health-from-rate-limit", limited(COUNTING), "main.py", "python", unsafe=True),
    Case(
        "exempt-health-from-trusted-host",
        {
            **SHOP,
            **HEALTHY,
            "fly.toml": SHOP["fly.toml"],
            "main.py": f"from starlette.middleware.trustedhost import TrustedHostMiddleware\n{MAIN}"
            "app.add_middleware(TrustedHostMiddleware, allowed_hosts=['demo.fly.dev'])\n",
        },
        "main.py",
        "python",
        unsafe=True,
    ),
    Case(
        "exempt-health-from-trusted-host",
        {**SHOP, "shop/settings.py": SETTINGS.replace(f"[{STACK}]", f"[\n    {STACK}\n]")},
        "shop/settings.py",
        "python",
        unsafe=True,
    ),
    *(
        Case("normalize-database-url", {**urls.FILES, **files}, edited, "python", unsafe=True)
        for files, edited in (
            ({"config.py": urls.SETTINGS}, "config.py"),
            (
                {"config.py": urls.SETTINGS.replace("BaseSettings\n", "BaseSettings\nfrom pydantic import Field\n", 1)},
                "config.py",
            ),
            ({"db.py": urls.ENGINE.replace("  # from the platform", "")}, "db.py"),
        )
    ),
    *(
        Case("optional-env-file", optional.files(head), "main.py", "python", unsafe=True)
        for head in (optional.FOUND, optional.DECOUPLED)
    ),
    Case("add-build-step", steps.SHOP, "Dockerfile", "dockerfile", unsafe=True),
    Case("add-build-step", steps.native("pip install -r requirements.txt"), "render.yaml", "yaml", unsafe=True),
    Case("add-root-endpoint", root.files(root.FASTAPI), "main.py", "python", unsafe=True),
]
