"""The product's own books: mutations with their outcomes, events, feeds, consumers' positions, reconciliations."""

from typing import Any

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from .model import Json, Table, integer, json_dict, long_text, moment, ref


class Mutation(Table, table=True):
    """Everything that was ever asked of Restow, with its whole content and its outcome. Never deleted."""

    __table_args__ = (UniqueConstraint("device_id", "seq"), {"sqlite_with_rowid": False})

    device_id: str = ""  # '' : the desk
    seq: int | None = Field(default=None, sa_type=BigInteger)
    name: str = ""
    by: str = ""
    site_id: str = ""
    body: dict[str, Any] = json_dict()  # args, was, base, schema, epoch, as received
    digest: str = ""
    status: str = ""  # applied | merged | noop | conflict | held | rejected
    code: str = ""
    detail: str = long_text()
    conflict_id: str = ref()
    held_until: int = moment()
    waits_for: str = ref()
    made_at: int = moment()
    at: int = moment()


class FieldWrite(Table, table=True):
    """Who wrote a field last, on what base. The id is model, record and field; this is what chains of edits are judged by."""

    mutation_id: str = ""
    device_id: str = ""
    seq: int = integer()
    was: Any = Field(default=None, sa_type=Json)
    value: Any = Field(default=None, sa_type=Json)
    conflict_id: str = ""


class Change(SQLModel, table=True):
    """A feed's sequence: what each row looked like at its revision, encoded once. op: put | drop."""

    feed: str = Field(primary_key=True)
    revision: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = ""
    key: str = ""
    op: str = "put"
    payload: bytes = Field(default=b"", sa_type=LargeBinary)


class EventRow(SQLModel, table=True):
    """What happened, in feed order. Audit, alerts, webhooks, messages and analytics read this row."""

    feed: str = Field(primary_key=True)
    revision: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(default="", index=True)
    subject_id: str = Field(default="", index=True)
    body: dict[str, Any] = json_dict()
    mutation_id: str = Field(default="", index=True)
    by: str = ""
    device_id: str = ""
    at: int = moment()


class Feed(SQLModel, table=True):
    """The head row: locked last before commit, so that commit order is revision order."""

    name: str = Field(primary_key=True)
    revision: int = integer()


class Snapshot(SQLModel, table=True):
    """A feed's members at one revision, in sealed pages (gzip of their JSON each). Whole once its last page is there."""

    feed: str = Field(primary_key=True)
    revision: int = Field(primary_key=True, sa_type=BigInteger)
    page: int = Field(primary_key=True)
    pages: int = integer()
    body: bytes = Field(default=b"", sa_type=LargeBinary)


class Consumer(SQLModel, table=True):
    """How far a consumer has read a feed; moved in the transaction of its effects."""

    name: str = Field(primary_key=True)
    feed: str = Field(primary_key=True)
    position: int = integer()
    failures: int = integer()
    failing_since: int = moment()


class ParkedEvent(Table, table=True):
    """An event a consumer failed on three times: set aside, visibly, so the rest goes on."""

    consumer: str = ""
    feed: str = ""
    revision: int = integer()
    error: str = long_text()
    state: str = "parked"  # parked | done
    at: int = moment()


class Setting(Table, table=True):
    """Few and small: the epoch, the code counter."""

    value: str = ""


class ReconcileRun(Table, table=True):
    """One reconciliation of one site, in numbers."""

    site_id: str = ref()
    cause: str = ""  # schedule | change | asked
    asked_by: str = ""
    started_at: int = moment()
    finished_at: int = moment()
    state: str = "queued"  # queued | running | done | failed
    step: str = ""  # what it does now, for the progress shown
    done: int = integer()
    total: int = integer()
    balances_checked: int = integer()
    lines_checked: int = integer()
    differences: int = integer()
    error: str = long_text()
