"""What the tests of workers read from the database."""

from typing import Any

from server.database import Database
from server.domain.alert_rules import RULES
from server.domain.alerts import Alert, alert_id
from server.domain.differences import Difference
from server.domain.permissions import SYSTEM
from server.domain.records import ReconcileRun
from workers.consumers import drain
from workers.schedule import judge_by_time


def alert(database: Database, rule: str, subject: str) -> Alert | None:
    with database.read(SYSTEM) as work:
        return work.look(Alert, alert_id(RULES[rule], subject))


def state(database: Database, rule: str, subject: str) -> tuple[str, int]:
    """('open', 2): where the alert stands, and how often its facts were new."""
    found = alert(database, rule, subject)
    return (found.state, found.occurrences) if found else ("none", 0)


def open_alerts(database: Database) -> set[str]:
    with database.read(SYSTEM) as work:
        return {each.rule for each in work.find(Alert) if each.state == "open"}


def settle(database: Database) -> None:
    """Everything that happened is heard, and the clock looked at."""
    drain(database)
    judge_by_time(database)


def change(database: Database, model: Any, id: str, **values: Any) -> None:
    """Somebody writes into the database by hand."""

    def by_hand(work: Any) -> None:
        record = work.get(model, id)
        for name, value in values.items():
            setattr(record, name, value)

    database.write(SYSTEM, by_hand)


def differences(database: Database, state: str = "open") -> list[Difference]:
    with database.read(SYSTEM) as work:
        return work.find(Difference, Difference.state == state, order_by=Difference.kind)


def runs(database: Database) -> list[ReconcileRun]:
    with database.read(SYSTEM) as work:
        return work.find(ReconcileRun, order_by=ReconcileRun.id)
