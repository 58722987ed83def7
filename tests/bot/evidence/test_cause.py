"""The first cause is named, and not the last noise, in whole logs of each platform."""

from __future__ import annotations

import pytest

from bot.evidence.diagnosis import diagnose
from tests.bot.evidence.tools import found, named, read
from tests.tools import text

FLYCTL = """\
    ==> Verifying app config
    Validating /github/workspace/fly.toml
    ✓ Configuration is valid
    --> Verified app config
    ==> Building image
    ==> Building image with Depot
    --> build:
    #7 [2/5] RUN apt-get update && apt-get install -y git
    #7 1.201 debconf: delaying package configuration, since apt-utils is not installed
    #7 DONE 9.1s
    #9 [4/5] RUN pip install -r requirements.txt
    #9 1.101 WARNING: Running pip as the 'root' user can result in broken permissions
    #9 2.101 ERROR: Could not find a version that satisfies the requirement anyio==4.10.3 (from versions: 1.0.0, 4.10.0)
    #9 2.103 ERROR: No matching distribution found for anyio==4.10.3
    #9 ERROR: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
    ------
     > [4/5] RUN pip install -r requirements.txt:
    2.101 ERROR: Could not find a version that satisfies the requirement anyio==4.10.3 (from versions: 1.0.0, 4.10.0)
    2.103 ERROR: No matching distribution found for anyio==4.10.3
    ------
    ==> Building image
    Error: failed to fetch an image or build from source: error building: failed to solve: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
    Error: Process completed with exit code 1.
    """  # noqa: E501
MACHINES = """\
    2025-08-16T17:52:07Z runner[3d8d9014f32458] ams [info]Pulling container image registry.fly.io/demo:deployment-01K2T6B3F0Q7J9V1N4X8C5M2R6
    2025-08-16T17:52:07Z app[3d8d9014f32458] ams [info] INFO Preparing to run: `gunicorn -w 2 app.main:app` as root
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info][2025-08-16 17:52:08 +0000] [651] [INFO] Listening at: http://0.0.0.0:8080 (651)
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]WARNING:app:cache is off: Error 111 connecting to localhost:6379. Connection refused.
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info][2025-08-16 17:52:08 +0000] [654] [ERROR] Exception in worker process
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]Traceback (most recent call last):
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]  File "/usr/local/lib/python3.12/site-packages/gunicorn/arbiter.py", line 608, in spawn_worker
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]    worker.init_process()
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]  File "/app/app/main.py", line 5, in <module>
    2025-08-16T17:52:08Z app[3d8d9014f32458] ams [info]    import pandas
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info]ModuleNotFoundError: No module named 'pandas'
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info][2025-08-16 17:52:09 +0000] [654] [INFO] Worker exiting (pid: 654)
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info][2025-08-16 17:52:09 +0000] [651] [ERROR] Worker (pid:654) exited with code 3
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info]Traceback (most recent call last):
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info]  File "/usr/local/bin/gunicorn", line 8, in <module>
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info]    sys.exit(run())
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info]SystemExit: 3
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info][2025-08-16 17:52:09 +0000] [651] [ERROR] Reason: Worker failed to boot.
    2025-08-16T17:52:09Z app[3d8d9014f32458] ams [info] INFO Main child exited normally with code: 3
    2025-08-16T17:52:10Z runner[3d8d9014f32458] ams [info]machine restart policy set to 'on-failure', restarting
    2025-08-16T17:52:20Z proxy[3d8d9014f32458] ams [error][PC01] instance refused connection. is your app listening on 0.0.0.0:8080? make sure it is not only listening on 127.0.0.1
    2025-08-16T17:52:30Z health[3d8d9014f32458] ams [error]Health check on port 8080 has failed. Your app is not responding properly.
    """  # noqa: E501
RENDER = """\
    ==> Cloning from https://github.com/example/demo
    ==> Checking out commit b991b9a in branch main
    ==> Using Python version 3.13.4 (default)
    ==> Running build command 'pip install -r requirements.txt'...
    Successfully installed fastapi-0.115.6
    ==> Build successful 🎉
    ==> Deploying...
    ==> Setting WEB_CONCURRENCY=1 by default, based on available CPUs in the instance
    ==> Running 'uvicorn main:app --host 0.0.0.0 --port $PORT'
    INFO:     Started server process [82]
    INFO:     Waiting for application startup.
    ERROR:    Traceback (most recent call last):
      File "/opt/render/project/src/.venv/lib/python3.13/site-packages/starlette/routing.py", line 693, in lifespan
        async with self.lifespan_context(app) as maybe_state:
      File "/opt/render/project/src/main.py", line 14, in lifespan
        await database.connect()
    ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)

    ERROR:    Application startup failed. Exiting.
    ==> Exited with status 3
    ==> Common ways to troubleshoot your deploy: https://render.com/docs/troubleshooting-deploys
    ==> No open ports detected, continuing to scan...
    """
BUILDAH = """\
    STEP 1/6: FROM python:3.12-slim
    STEP 2/6: WORKDIR /app
    STEP 3/6: COPY requirements.txt .
    STEP 4/6: RUN pip install -r requirements.txt
    Collecting psycopg2==2.9.9 (from -r requirements.txt (line 3))
      Downloading psycopg2-2.9.9.tar.gz (384 kB)
      Getting requirements to build wheel: finished with status 'error'
      error: subprocess-exited-with-error

      × Getting requirements to build wheel did not run successfully.
      │ exit code: 1
      ╰─> [34 lines of output]
          Error: pg_config executable not found.

          pg_config is required to build psycopg2 from source.  Please add the directory
          [end of output]

      note: This error originates from a subprocess, and is likely not a problem with pip.
    ERROR: Failed to build 'psycopg2' when getting requirements to build wheel
    subprocess exited with status 1
    Error: building at STEP "RUN pip install -r requirements.txt": exit status 1
    """
ACTIONS = """\
    deploy	Run flyctl deploy	2026-01-04T10:00:00.1234567Z ##[group]Run flyctl deploy --remote-only
    deploy	Run flyctl deploy	2026-01-04T10:00:00.2234567Z env:
    deploy	Run flyctl deploy	2026-01-04T10:00:00.2234567Z   FLY_API_TOKEN: ***
    deploy	Run flyctl deploy	2026-01-04T10:00:00.3234567Z ##[endgroup]
    deploy	Run flyctl deploy	2026-01-04T10:00:02.1234567Z ==> Verifying app config
    deploy	Run flyctl deploy	2026-01-04T10:00:09.1234567Z Running demo release_command: alembic upgrade head
    deploy	Run flyctl deploy	2026-01-04T10:00:15.1234567Z \x1b[31mFAILED: Can't locate revision identified by 'a1b2c3d4'\x1b[0m
    deploy	Run flyctl deploy	2026-01-04T10:00:16.1234567Z Error release_command failed running on machine 2871541b7d9468 with exit code 255.
    deploy	Run flyctl deploy	2026-01-04T10:00:16.2234567Z Error: release command failed - aborting deployment. machine 2871541b7d9468 exited with non-zero status of 255
    deploy	Run flyctl deploy	2026-01-04T10:00:16.3234567Z ##[error]Process completed with exit code 1.
    """  # noqa: E501
WHOLE = {
    "flyctl": (FLYCTL, "requirement-not-found", 13),
    "machines": (MACHINES, "module-not-found", 11),
    "render": (RENDER, "database-refused", 17),
    "buildah": (BUILDAH, "pg-config-missing", 13),
    "actions": (ACTIONS, "alembic-revision", 7),
}


@pytest.mark.parametrize(("log", "signature", "line"), WHOLE.values(), ids=WHOLE)
def test_a_whole_log_names_its_first_cause(log: str, signature: str, line: int):
    whole, shown = found(text(log))
    assert shown.cause is not None
    assert shown.cause.signature is not None
    assert (shown.cause.signature.id, whole.lines[shown.cause.at].number) == (signature, line)


@pytest.mark.parametrize(("log", "signature", "line"), WHOLE.values(), ids=WHOLE)
def test_a_log_with_windows_line_ends_and_colours_says_the_same(log: str, signature: str, line: int):
    dressed = "".join(f"\x1b[2m{each}\x1b[0m\r\n" for each in text(log).split("\n"))
    assert named(dressed)[0] == signature


def test_a_step_that_passed_is_not_blamed():
    log = """\
        #7 [2/5] RUN ./configure || true
        #7 0.301 /bin/sh: 1: ./configure: not found
        #7 DONE 0.4s
        #9 [4/5] COPY api ./api
        #9 ERROR: failed to calculate checksum of ref 4vx1::wq0x: "/api": not found
        ERROR: failed to build: failed to solve: failed to compute cache key: failed to calculate checksum of ref 4vx1::wq0x: "/api": not found
        """  # noqa: E501
    assert named(text(log))[0] == "copy-source-missing"


def test_the_words_of_two_steps_at_a_time_are_kept_apart():
    log = """\
        #8 [web 2/3] RUN npm ci
        #9 [app 2/3] RUN pip install -r requirements.txt
        #8 0.201 npm warn deprecated inflight@1.0.6
        #9 0.301 ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'
        #8 0.401 npm error code EUSAGE
        #8 CANCELED
        #9 ERROR: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
        """
    assert named(text(log))[0] == "requirements-missing"


def test_what_is_told_in_several_lines_is_named_by_the_first():
    log = """\
        [2026-11-20 10:00:00 +0000] [3] [ERROR] Connection in use: ('::', 8080)
        [2026-11-20 10:00:00 +0000] [3] [ERROR] connection to ('::', 8080) failed: [Errno 98] Address already in use
        exited with status 1
        """
    assert named(text(log))[1].endswith("Connection in use: ('::', 8080)")


def test_what_the_app_survives_is_no_cause():
    log = """\
        WARNING:root:No module named 'ujson', going on without it
        INFO:     Uvicorn running on http://0.0.0.0:8080
        KeyError: 'JWT_SECRET'
        ERROR:    Application startup failed. Exiting.
        """
    assert named(text(log)) == ("variable-missing", "KeyError: 'JWT_SECRET'")


def test_the_first_of_a_chain_is_the_cause_and_the_rest_what_it_led_to():
    log = """\
        Traceback (most recent call last):
          File "/app/settings.py", line 3, in <module>
            import environ
        ModuleNotFoundError: No module named 'environ'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/app/manage.py", line 9, in main
            raise RuntimeError("settings") from None
        RuntimeError: settings
        """
    whole, shown = found(text(log))
    assert shown.cause is not None
    assert whole.lines[shown.cause.at].text == "ModuleNotFoundError: No module named 'environ'"
    assert [whole.lines[at].text for at in shown.cause.led_to] == ["RuntimeError: settings"]
    assert [(frame.path, frame.line) for frame in shown.cause.frames] == [("/app/settings.py", 3)]


def test_of_programs_that_a_script_starts_one_after_the_other_the_first_is_the_cause():
    log = """\
        Traceback (most recent call last):
          File "/app/manage.py", line 2, in <module>
            import environ
        ModuleNotFoundError: No module named 'environ'
        Traceback (most recent call last):
          File "/app/jobs.py", line 1, in <module>
            import schedule
        ModuleNotFoundError: No module named 'schedule'
        INFO Main child exited normally with code: 1
        """
    between = log.replace("'environ'\n", "'environ'\n        INFO:     Application startup complete.\n")
    assert named(text(log)) == ("module-not-found", "ModuleNotFoundError: No module named 'environ'")
    assert named(text(between)) == ("module-not-found", "ModuleNotFoundError: No module named 'schedule'")


def test_a_handler_that_can_not_run_is_the_cause_itself():
    log = """\
        Traceback (most recent call last):
          File "/app/main.py", line 4, in <module>
            import chromadb
        ModuleNotFoundError: No module named 'chromadb'

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/app/main.py", line 6, in <module>
            logger.warning("no rag")
        NameError: name 'logger' is not defined
        """
    shown = diagnose(read(text(log)))
    assert shown.first is not None
    assert shown.first.line.text == "NameError: name 'logger' is not defined"
    assert [line.text for line in shown.first.led_to] == ["ModuleNotFoundError: No module named 'chromadb'"]


def test_the_field_that_pydantic_names_is_shown_with_what_is_wrong():
    lines = (
        'Traceback (most recent call last):\n  File "/app/config.py", line 9, in <module>\n    settings = Settings()\n',
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\n",
        "database_url\n  Field required [type=missing, input_value={}, input_type=dict]\n",
    )
    first = diagnose(read("".join(lines))).first
    assert first is not None
    assert [site.written for site in first.sites] == ["/app/config.py"]
    assert [line.text for line in first.above] == [lines[1].strip(), "database_url"]
    alone = diagnose(read(lines[2])).first
    assert alone is not None
    assert [line.text for line in alone.above] == ["database_url"]


def test_an_exception_that_nobody_knows_is_still_one():
    trace = 'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f\n    boom()\n'
    assert named(f"{trace}lib.OddThing: what\nexited with status 1\n") == ("python-exception", "lib.OddThing: what")


def test_a_traceback_whose_blanks_were_lost_is_read():
    log = """\
        Traceback (most recent call last):
        File "/app/main.py", line 5, in <module>
        from app import config
        File "/app/app/config.py", line 9, in <module>
        settings = Settings()
        pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
        database_url
        Field required [type=missing, input_value={}, input_type=dict]
        """
    _, shown = found(text(log))
    assert shown.cause is not None
    assert shown.cause.signature is not None
    assert shown.cause.signature.id == "settings-missing"


def test_what_the_interpreter_passes_over_as_it_ends_is_no_cause():
    log = """\
        Traceback (most recent call last):
          File "/app/main.py", line 5, in <module>
            connect()
        asyncpg.exceptions.InvalidPasswordError: password authentication failed for user "demo"
        Exception ignored in: <coroutine object connect at 0x7f>
        Traceback (most recent call last):
          File "/usr/lib/python3.12/asyncio/base_events.py", line 540, in _check_closed
            raise RuntimeError('Event loop is closed')
        RuntimeError: Event loop is closed
         INFO Main child exited normally with code: 1
        """
    assert named(text(log))[0] == "database-auth"


def test_an_exception_group_is_read_to_its_own_exceptions():
    log = """\
          + Exception Group Traceback (most recent call last):
          |   File "/app/main.py", line 9, in lifespan
          |     yield
          | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
          +-+---------------- 1 ----------------
            | Traceback (most recent call last):
            |   File "/app/tasks.py", line 3, in run
            |     client.ping()
            | redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.
            +------------------------------------
        ERROR:    Application startup failed. Exiting.
        """
    _, shown = found(text(log))
    assert shown.cause is not None
    assert shown.cause.signature is not None
    assert shown.cause.signature.id == "database-refused"
    assert [frame.path for frame in shown.cause.frames] == ["/app/tasks.py"]


def test_a_machine_that_is_stopped_on_purpose_did_not_fail():
    log = """\
        App demo has excess capacity, autostopping machine 3d8d9014f32458. 0 out of 1 machines left running
         INFO Sending signal SIGINT to main child process w/ PID 651
        INFO:     Finished server process [651]
         INFO Main child exited normally with code: 0
        """
    assert diagnose(read(text(log))).first is None


def test_of_several_attempts_the_last_that_failed_counts():
    first = "==> Verifying app config\nError: failed to fetch an image or build from source: dockerfile '/src/x' not found\n"
    second = '==> Verifying app config\nERROR:    Error loading ASGI app. Could not import module "main".\n'
    assert named(first + second)[0] == "uvicorn-module"
    assert named(second + first)[0] == "dockerfile-not-found-fly"


def test_an_image_that_is_newer_is_another_attempt():
    old, new = "01K2T6B3F0Q7J9V1N4X8C5M2R6", "01K2T7H8E4W2S6K0P3D9Z1B5T7"
    run = "Pulling container image registry.fly.io/demo:deployment-{}\n{}\nINFO Main child exited normally with code: 1\n"
    log = run.format(old, "ModuleNotFoundError: No module named 'old'") + run.format(new, "KeyError: 'NEW_KEY'")
    assert named(log)[1] == "KeyError: 'NEW_KEY'"


def test_a_deploy_that_went_well_afterwards_is_said():
    log = "==> Cloning from x\nKeyError: 'A_KEY'\n==> Exited with status 1\n==> Cloning from x\n==> Your service is live 🎉\n"
    assert found(log)[1].recovered
    assert not found(log.replace("live", "dead"))[1].recovered


def test_a_log_in_which_nothing_is_known_ends_with_its_most_telling_lines():
    lines = [f"step {number} is done" for number in range(50)]
    lines[20] = "something unusual: the frobnicator failed"
    lines[30] = "warning: be careful"
    shown = diagnose(read("\n".join(lines)))
    assert shown.first is None
    assert [line.number for line in shown.telling] == [21, 31]
    quiet = diagnose(read("\n".join(f"line {number}" for number in range(50))))
    assert [line.number for line in quiet.telling] == list(range(41, 51))


def test_no_more_than_ten_lines_are_told():
    shown = diagnose(read("\n".join(f"worker {number} failed" for number in range(50))))
    assert len(shown.telling) == 10


@pytest.mark.parametrize(
    "log",
    [
        "Successfully installed fastapi-0.115.6\n==> Build successful 🎉\n",
        'INFO:     172.19.0.1:4711 - "GET / HTTP/1.1" 200 OK\nINFO Main child exited normally with code: 0 is a wish\n',
        "#9 DONE 1.2s\nimage size: 212 MB\n",
    ],
)
def test_a_log_of_a_deploy_that_went_well_names_no_cause(log: str):
    shown = diagnose(read(log))
    assert shown.first is None or shown.first.signature is None or shown.first.signature.kind != "cause"
