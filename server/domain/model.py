"""The column vocabulary of every table.

SQLModel classes are schema and queries. What commands hold in their hands are plain records (see `work.py`) with the same
fields. Times are epoch milliseconds, dates ISO text, quantities integers in the item's smallest unit, money integer minor units.
"""

from typing import Any, ClassVar, Literal

import msgspec
from sqlalchemy import BigInteger, Index, String, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field, SQLModel


class Json(TypeDecorator[Any]):
    """A list or dict as JSON text, the same bytes on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str:
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return msgspec.json.decode(value) if value else None


CODE = String().with_variant(String(collation="C"), "postgresql")
"""Text in the order of its characters on every database: what begins alike is one stretch of its index."""


class tail(FunctionElement[str]):
    """The last four characters, as people read numbers to each other: an index of this finds a number by its end."""

    inherit_cache = True
    type = String()


@compiles(tail, "sqlite")
def _tail_in_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"substr({compiler.process(element.clauses, **how)}, -4)"


@compiles(tail, "postgresql")
def _tail_in_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    return f"right({compiler.process(element.clauses, **how)}, 4)"


def found_by_its_end(*columns: Any) -> None:
    """Said below a table: people ask for these by their last characters."""
    for attribute in columns:
        (column,) = attribute.property.columns
        Index(f"tail_{column.table.name}_{column.name}", tail(column))


def key() -> Any:
    return Field(primary_key=True)


def ref(default: str = "") -> Any:
    """The id of another record; '' is none. Not a foreign key: a fact may arrive before what it speaks of."""
    return Field(default=default, index=True)


def integer(default: int = 0) -> Any:
    return Field(default=default, sa_type=BigInteger)


def moment() -> Any:
    """Epoch milliseconds; 0 is never."""
    return Field(default=0, sa_type=BigInteger)


def json_list() -> Any:
    return Field(default_factory=list, sa_type=Json)


def json_dict() -> Any:
    return Field(default_factory=dict, sa_type=Json)


def long_text() -> Any:
    return Field(default="", sa_type=Text)


class Table(SQLModel):
    """The base of all tables: a text key, made by whoever makes the record, so that it is final before any network."""

    # A text key is the table itself: SQLite keeps no second tree for it.
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    id: str = key()


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person meant. Unknown fields are refused, so a misspelt one never passes as 'not given'."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What happened, written once in the same transaction. `site_id` names the feed it is ordered in; '' is the catalogue's."""

    site_id: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command, when it is not simply 'applied'."""

    status: Literal["applied", "merged", "noop", "conflict"]
    conflict_id: str = ""
    code: str = ""
    detail: str = ""
