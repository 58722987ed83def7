"""How long a delivery takes to be answered, as a ratio to an endpoint of FastAPI that only reads the body.

usage: python benchmarks/deliveries.py [--rounds N]

One server, one connection; each round sends a delivery to the bare endpoint, one that is dropped and one that is stored, so
that a busy machine slows all three. The delivery is GitHub's own sample of a check run (8 kB), signed. Storing is a row in
SQLite (WAL, synchronous NORMAL), written in a thread and committed before the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from fastapi import Request, Response

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SAMPLES = ROOT / "tests" / "github" / "data" / "samples.json"
SECRET = "the secret of the benchmark"


class Table:
    """A receiver that keeps deliveries in SQLite."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
            self._connection.execute(statement)
        self._connection.execute("CREATE TABLE deliveries (id TEXT PRIMARY KEY, event TEXT NOT NULL)")

    async def receive(self, delivery: str, event: object) -> bool:
        return await asyncio.to_thread(self._insert, delivery, json.dumps(event))

    def _insert(self, delivery: str, event: str) -> bool:
        statement = "INSERT INTO deliveries VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._connection.execute(statement, (delivery, event)).rowcount == 1


def serve(folder: str, answer: Connection) -> None:
    """Serve the rim, with a bare endpoint beside it."""
    import uvicorn

    from bot.cli.serve import listening
    from webhooks import journal
    from webhooks.app import create_app
    from webhooks.settings import Settings

    async def ready() -> dict[str, str]:
        return {}

    async def bare(request: Request) -> Response:
        await request.body()
        return Response(status_code=202)

    journal.install("info", (Path(folder) / "journal").open("w"))
    app = create_app(Settings(app_id=1, webhook_secrets=(SECRET,)), Table(Path(folder) / "deliveries.db"), ready)
    app.add_api_route("/bare", bare, methods=["POST"])
    listener = listening("127.0.0.1", 0)
    answer.send(listener.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    asyncio.run(server.serve(sockets=[listener]))


def requests() -> dict[str, tuple[str, bytes]]:
    """Return path and body of the three that are compared."""
    from webhooks.app import PATH

    payload = json.loads(SAMPLES.read_text())["check_run.completed"] | {"installation": {"id": 1}}
    payload["check_run"] |= {"name": "deploy", "conclusion": "success"}
    passed = json.dumps(payload).encode()
    payload["check_run"]["conclusion"] = "failure"
    return {"bare endpoint": ("/bare", passed), "dropped": (PATH, passed), "stored": (PATH, json.dumps(payload).encode())}


def measure(port: int, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each request of all rounds but the first ones."""
    from webhooks import signature

    connection = http.client.HTTPConnection("127.0.0.1", port)
    times: dict[str, list[float]] = {}
    for number in range(rounds + 50):
        for name, (path, body) in REQUESTS.items():
            headers = {"Content-Type": "application/json", "X-GitHub-Event": "check_run", "X-GitHub-Delivery": f"{number:08}"}
            headers |= {signature.HEADER: signature.sign(SECRET, body)}
            begun = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            took = (time.perf_counter() - begun) * 1000
            wanted = b"" if name == "bare endpoint" else name.encode()
            if answer.status != 202 or wanted not in said:
                raise SystemExit(f"{name}: {answer.status} {said.decode()}")
            if number >= 50:
                times.setdefault(name, []).append(took)
    return times


REQUESTS = requests()


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, theirs), daemon=True)
        process.start()
        times = measure(ours.recv(), rounds)
        process.terminate()
        process.join()
    bare = times["bare endpoint"]
    print(f"{rounds} rounds, {len(REQUESTS['stored'][1]) / 1000:.0f} kB each; ratio to the bare endpoint of the same run")
    print(f"{'':<15}{'p50 ms':>8}{'p99 ms':>8}{'p50 ratio':>11}{'p99 ratio':>11}")
    for name, found in times.items():
        p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
        ratios = f"{p50 / statistics.median(bare):>11.2f}{p99 / statistics.quantiles(bare, n=100)[98]:>11.2f}"
        print(f"{name:<15}{p50:>8.2f}{p99:>8.2f}{ratios}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
