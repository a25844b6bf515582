"""What Prometheus reads. Requests are counted where they pass; the trade's figures are read from the database when asked for."""

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..database import Database
from ..domain.permissions import SYSTEM
from ..domain.reads import figures

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})

REGISTRY = CollectorRegistry()
REQUESTS = Histogram(
    "restow_request_seconds", "Answered requests.", ["method", "route", "status"], registry=REGISTRY,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip


class _Trade(Collector):
    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> list[Metric]:
        with self._database.read(SYSTEM) as work:
            found = figures.figures(work)
        families: list[Metric] = []
        for name, (words, label, values) in found.items():
            family = GaugeMetricFamily(f"restow_{name}", words, labels=[label] if label else [])
            for value in values:
                family.add_metric([value[0]] if label else [], value[1])
            families.append(family)
        return families


def exposition(database: Database) -> bytes:
    trade = CollectorRegistry()
    trade.register(_Trade(database))
    return generate_latest(REGISTRY) + generate_latest(trade)
