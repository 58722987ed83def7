from tests.codemods import check_noop, reasons
from tests.tools import DOCKERFILE, FLY, check_transformed

APP = "from fastapi import FastAPI\n\nfrom backend import settings\n\napp = FastAPI()\n"
BACKEND = {
    "backend/fly.toml": FLY,
    "backend/Dockerfile": DOCKERFILE.replace("main:app", "backend.api.service:app"),
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "backend/api/service.py": APP,
    "backend/settings.py": "",
}


def dockerfile(*replacements: tuple[str, str]) -> str:
    text = BACKEND["backend/Dockerfile"]
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def check(before: str, after: str, **more: str) -> None:
    check_transformed("fix-package-layout", {**BACKEND, **more, "backend/Dockerfile": before}, {"backend/Dockerfile": after})


def test_the_context_is_the_package():
    check(dockerfile(), dockerfile(("COPY . .", "COPY . ./backend")))


def test_the_destination_is_written_as_it_was():
    check(dockerfile(("COPY . .", "COPY . /app")), dockerfile(("COPY . .", "COPY . /app/backend")))
    check(dockerfile(("COPY . .", "COPY --chown=app . /app/")), dockerfile(("COPY . .", "COPY --chown=app . /app/backend/")))


def test_a_folder_of_the_context_is_the_package():
    files = {path.replace("backend/fly", "fly"): text for path, text in BACKEND.items() if "Docker" not in path}
    before = dockerfile(("COPY . .", "COPY backend/ ./"), ("requirements.txt .", "backend/requirements.txt ."))
    after = before.replace("COPY backend/ ./", "COPY backend/ ./backend")
    check_transformed("fix-package-layout", {**files, "Dockerfile": before}, {"Dockerfile": after})


def test_requirements_that_came_with_it_follow():
    before = dockerfile(
        (
            "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .",
            "COPY . .\nRUN pip install -r requirements.txt",
        )
    )
    after = before.replace("COPY . .", "COPY . ./backend").replace("-r requirements.txt", "-r backend/requirements.txt")
    check(before, after)


def test_a_module_that_is_started_by_its_own_name_follows():
    before = dockerfile(("backend.api", "api"))
    check(before, dockerfile(("COPY . .", "COPY . ./backend")))


def test_scripts_and_the_path_follow():
    before = dockerfile(
        ("COPY . .", "COPY . .\nENV PYTHONPATH=/app:/app/lib\nRUN chmod +x /app/serve.py"),
        ('["uvicorn", "backend.api.service:app", "--host", "0.0.0.0", "--port", "8080"]', '["python", "./serve.py"]'),
    )
    after = before.replace("COPY . .", "COPY . ./backend").replace("/app/lib", "/app/backend/lib")
    after = after.replace("/app/serve.py", "/app/backend/serve.py").replace("./serve.py", "./backend/serve.py")
    serve = "import uvicorn\nfrom backend.api.service import app\n\nuvicorn.run(app, host='0.0.0.0', port=8080)\n"
    check(before, after, **{"backend/serve.py": serve, "backend/lib/more.py": ""})


def test_a_command_in_the_config_follows():
    config = FLY.replace(
        "[http_service]\n",
        '[processes]\n  web = "uvicorn api.service:app --host 0.0.0.0 --port 8080"\n\n[http_service]\n  processes = ["web"]\n',
    )
    files = {**BACKEND, "backend/fly.toml": config}
    after = {
        "backend/Dockerfile": dockerfile(("COPY . .", "COPY . ./backend")),
        "backend/fly.toml": config.replace("api.service", "backend.api.service"),
    }
    check_transformed("fix-package-layout", files, after)


def test_no_folder_of_that_name():
    files = {path.replace("backend/", "server/"): text for path, text in BACKEND.items()}
    assert reasons("fix-package-layout", files) == {"no folder `backend` is copied without its name"}


def test_a_stage_that_copies_from_another_is_left_alone():
    before = dockerfile(
        ("FROM python:3.11-slim\n", "FROM python:3.11-slim AS code\nCOPY . /code\nFROM python:3.11-slim\n"),
        ("COPY . .", "COPY --from=code /code ."),
    )
    check_noop("fix-package-layout", {**BACKEND, "backend/Dockerfile": before})


def test_what_boots_is_left_alone():
    check_noop("fix-package-layout", {**BACKEND, "backend/Dockerfile": dockerfile(("COPY . .", "COPY . ./backend"))})
