"""What the service counts, for Prometheus. Labels are words of ours alone: nobody can fill the registry from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from webhooks.events import EVENTS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SLOW = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._deliveries = Counter(
            "deploymend_deliveries",
            "Deliveries by event, by what became of them (stored, repeated, dropped, refused, failed), and why.",
            ("event", "outcome", "reason"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "deploymend_delivery_seconds",
            "From the head of a delivery to its answer.",
            ("outcome",),
            buckets=_FAST,
            registry=self.registry,
        )
        self._jobs = Counter("deploymend_jobs", "Jobs that ended, by how.", ("outcome",), registry=self.registry)
        self._job_seconds = Histogram(
            "deploymend_job_seconds",
            "From the first line of a job to its end.",
            ("outcome",),
            buckets=_SLOW,
            registry=self.registry,
        )
        self._started = Gauge("deploymend_started_time_seconds", "When this process started.", registry=self.registry)
        self._started.set_to_current_time()

    def delivery(self, event: str, outcome: str, reason: str, seconds: float) -> None:
        """Count one delivery; an event that we don't know is `other`, since its name could be anything."""
        self._deliveries.labels(event if event in EVENTS else "other", outcome, reason).inc()
        self._seconds.labels(outcome).observe(seconds)

    def job(self, outcome: str, seconds: float) -> None:
        """Count a job that ended; the outcome is one of a few fixed words."""
        self._jobs.labels(outcome).inc()
        self._job_seconds.labels(outcome).observe(seconds)

    def watch_jobs(self, states: Callable[[], Mapping[str, int]]) -> None:
        """Ask how many jobs there are in each state whenever the metrics are read."""
        self.registry.register(_States(states))

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)


class _States(Collector):
    def __init__(self, states: Callable[[], Mapping[str, int]]) -> None:
        self._states = states

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing: registering must not ask a database that may not be there yet."""
        return []

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the jobs by state."""
        family = GaugeMetricFamily("deploymend_jobs_now", "Jobs that are in a state now.", labels=("state",))
        for state, count in self._states().items():
            family.add_metric([state], count)
        return [family]
