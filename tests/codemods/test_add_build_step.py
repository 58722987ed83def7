import pytest

from tests.bot.engine.boot.test_steps import PRISMA, SHOP
from tests.codemods import reasons
from tests.tools import check_noop, check_transformed

NAME = "add-build-step"
RUN = "COPY . .\nRUN python manage.py collectstatic --noinput\n"
BLUEPRINT = """\
services:
  - type: web
    name: shop
    runtime: python
    buildCommand: {} # as on the laptop
    startCommand: gunicorn shop.wsgi
    healthCheckPath: /health
    envVars:
      - key: PYTHON_VERSION
        value: 3.11.9
"""


def native(command: str, **more: str) -> dict[str, str]:
    kept = {path: text for path, text in SHOP.items() if path not in ("fly.toml", "Dockerfile")}
    return {**kept, "render.yaml": BLUEPRINT.format(command), **more}


def test_static_files_are_collected_behind_the_sources():
    check_transformed(NAME, SHOP, {"Dockerfile": SHOP["Dockerfile"].replace("COPY . .\n", RUN)}, unsafe=True)


def test_settings_that_want_a_key_are_given_one_for_the_build_alone():
    text = "import os\n" + SHOP["shop/settings.py"].replace('"x"', 'os.environ["SECRET_KEY"]')
    run = RUN.replace("python", "SECRET_KEY=build python")
    files = {**SHOP, "shop/settings.py": text}
    check_transformed(NAME, files, {"Dockerfile": SHOP["Dockerfile"].replace("COPY . .\n", run)}, unsafe=True)


def test_a_native_build():
    before, after = (
        "pip install -r requirements.txt",
        "pip install -r requirements.txt && python manage.py collectstatic --noinput",
    )
    check_transformed(NAME, native(before), {"render.yaml": BLUEPRINT.format(after)}, unsafe=True)


def test_a_build_that_is_a_script():
    script = "#!/usr/bin/env bash\nset -e\npip install -r requirements.txt\n"
    files = native("bash build.sh", **{"build.sh": script})
    check_transformed(NAME, files, {"build.sh": script + "python manage.py collectstatic --noinput\n"}, unsafe=True)


@pytest.mark.parametrize(
    ("schema", "command"),
    [
        ("schema.prisma", "prisma generate"),
        ("prisma/schema.prisma", "prisma generate"),
        ("db/schema.prisma", "prisma generate --schema=db/schema.prisma"),
    ],
)
def test_the_client_of_prisma(schema: str, command: str):
    files = {**{path: text for path, text in PRISMA.items() if path != "schema.prisma"}, schema: PRISMA["schema.prisma"]}
    lines = PRISMA["Dockerfile"].replace("COPY . .\n", f"COPY . .\nRUN {command}\n")
    check_transformed(NAME, files, {"Dockerfile": lines}, unsafe=True)


def test_what_the_build_does_not_have_is_said():
    text = "import os\n" + SHOP["shop/settings.py"] + 'QUEUE = os.environ["QUEUE_URL"]\n'
    assert reasons(NAME, {**SHOP, "shop/settings.py": text}) == {"the settings want QUEUE_URL, which the build does not have"}


@pytest.mark.parametrize(
    "more",
    [
        {"Dockerfile": SHOP["Dockerfile"].replace("COPY . .", "RUN useradd app\nUSER app\nCOPY . .")},
        {"other/manage.py": "import sys\n"},
        {"Dockerfile": SHOP["Dockerfile"].replace("COPY . .", "COPY shop shop")},
    ],
)
def test_a_step_that_may_not_work_is_left(more: dict[str, str]):
    check_noop(NAME, {**SHOP, **more})


def test_a_build_that_collects_already():
    check_noop(NAME, {**SHOP, "Dockerfile": SHOP["Dockerfile"].replace("COPY . .\n", RUN)})
