"""Figures for Prometheus: counts only, never a name."""

from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from ..alerts import Alert
from ..conflicts import Conflict
from ..devices import Device
from ..records import Consumer, Feed, Mutation, ParkedEvent
from ..returns import ReturnOrder
from ..work import Work


class Figure(NamedTuple):
    words: str
    label: str
    values: list[tuple[str, float]]


def figures(work: Work) -> dict[str, Figure]:
    def by(column: Any, *where: Any) -> list[tuple[str, float]]:
        found = work.rows(select(col(column), func.count()).where(*where).group_by(col(column)))
        return [(str(row[0]), float(row[1])) for row in found]

    pending = work.rows(
        select(func.sum(col(Device.pending)), func.min(col(Device.oldest_pending_at))).where(
            col(Device.pending) > 0, col(Device.revoked_at) == 0
        )
    )[0]
    heads = {row.name: row.revision for row in work.rows(select(col(Feed.name), col(Feed.revision)))}
    behind = [
        (f"{row.name}/{row.feed}", float(heads.get(row.feed, 0) - row.position))
        for row in work.rows(select(col(Consumer.name), col(Consumer.feed), col(Consumer.position)))
    ]
    return {
        "feed_revision": Figure("Head of each feed.", "feed", [(name, float(head)) for name, head in heads.items()]),
        "returns": Figure("Return orders by status.", "status", by(ReturnOrder.status)),
        "mutations": Figure("Mutations by outcome.", "outcome", by(Mutation.status)),
        "open_conflicts": Figure(
            "Conflicts that wait, by rule.", "rule", by(Conflict.rule, col(Conflict.state).in_(("open", "assigned")))
        ),
        "open_alerts": Figure(
            "Alerts that wait, by rule.",
            "rule",
            by(Alert.rule, col(Alert.state).in_(("open", "acknowledged", "in_progress"))),
        ),
        "devices_pending": Figure("Mutations that handhelds say they still hold.", "", [("", float(pending[0] or 0))]),
        "oldest_pending_milliseconds": Figure(
            "When the oldest of those was made (epoch).", "", [("", float(pending[1] or 0))]
        ),
        "consumer_behind": Figure("Revisions a consumer has not read yet.", "consumer", behind),
        "parked_events": Figure(
            "Events set aside after failing, by consumer.",
            "consumer",
            by(ParkedEvent.consumer, col(ParkedEvent.state) == "parked"),
        ),
    }
