"""The unit of work: what a command holds in its hands.

Records are plain structs with a table's fields (`ReturnOrder` the SQLModel class is schema; what `get` returns quacks like it and
is thirty times cheaper to make). Change them in place; `flush` writes what changed. JSON fields are replaced, never edited in place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import Boolean, Connection, Select, select
from sqlmodel import SQLModel

from .errors import NotAllowed, NotFound
from .ids import following_id, lock_number, uuid7
from .model import Event, Json
from .permissions import Actor
from .words import NAMES
from .words import write as write_words_of

T = TypeVar("T", bound=SQLModel)


class Cursor(Protocol):
    def execute(self, sql: str, values: Any = ...) -> Any: ...
    def executemany(self, sql: str, values: Any) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


class Shape(NamedTuple):
    """How rows of one table travel in a feed: which fields, in which feed, and whether they are in it now."""

    kind: str
    model: type[SQLModel]
    fields: tuple[str, ...]
    feed: Callable[[Any], str]
    member: Callable[[Any], bool]

    def value(self, record: Any) -> dict[str, Any]:
        return dict(zip(self.fields, _getter(self.fields)(record), strict=True))


@cache
def _getter(fields: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*fields)


class Row(NamedTuple):
    """A table as the driver needs it, compiled once."""

    name: str
    fields: tuple[str, ...]
    id_at: int
    make: Callable[..., Any]
    decoders: tuple[tuple[int, Callable[[Any], Any]], ...]
    encoders: Mapping[int, Callable[[Any], Any]]
    every: str
    select: str
    insert: str
    made: dict[Any, str]
    """Statements made from this, by what they are made for: the driver knows them again, and need not prepare them again."""


STREAMED_AT_ONCE = 1_000

_ROWS: dict[tuple[type[SQLModel], str], Row] = {}
_TEXT_OF = msgspec.json.Encoder().encode


def row_of(model: type[SQLModel], mark: str) -> Row:
    """`mark` is the driver's parameter sign, '?' or '%s'."""
    found = _ROWS.get((model, mark))
    if found is None:
        columns = list(model.__table__.columns)  # type: ignore[attr-defined]
        names = tuple(column.name for column in columns)
        quoted = ", ".join(f'"{name}"' for name in names)
        table = f'"{model.__table__.name}"'  # type: ignore[attr-defined]
        json_at = [at for at, column in enumerate(columns) if isinstance(column.type, Json)]
        bool_at = [at for at, column in enumerate(columns) if isinstance(column.type, Boolean)]
        found = _ROWS[model, mark] = Row(
            name=table,
            fields=names,
            id_at=names.index("id") if "id" in names else -1,
            make=msgspec.defstruct(
                model.__name__, [_field(model, name) for name in names], namespace={"table": model}, eq=False
            ),
            decoders=(
                *((at, msgspec.json.decode) for at in json_at),
                *((at, bool) for at in bool_at),
            ),
            encoders=dict.fromkeys(json_at, _json_text),
            every=f"SELECT {quoted} FROM {table}",
            select=f'SELECT {quoted} FROM {table} WHERE "id" = {mark}',
            insert=f"INSERT INTO {table} ({quoted}) VALUES ({', '.join([mark] * len(names))})",
            made={},
        )
    return found


def _field(model: type[SQLModel], name: str) -> Any:
    field = model.model_fields[name]
    if field.is_required():
        return name, Any
    if field.default_factory is not None:
        return name, Any, msgspec.field(default_factory=cast("Callable[[], Any]", field.default_factory))
    return name, Any, field.default


def _json_text(value: Any) -> str:
    return _TEXT_OF(value).decode()


class Work:
    """One transaction of one actor. `cause` is the mutation being carried out: everything it makes is named after it."""

    def __init__(
        self,
        connection: Connection,
        cursor: Cursor,
        actor: Actor,
        now: int,
        *,
        writable: bool,
        sqlite: bool,
        shapes: Mapping[type[SQLModel], Shape],
    ) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self.device_id = ""
        self.made_at = now
        self.cause = ""
        self.site_id = ""
        self.lost_right = ""
        self.forced = False
        self.words_later = False
        """For whoever writes very many records, and then what all of them are found by in one go."""
        self.at_once = False
        """Nothing is left to be written together: what the database does not take fails where it was made."""
        self._made: dict[str, int] = {}
        self._cursor = cursor
        self._writable = writable
        self._sqlite = sqlite
        self._mark = "?" if sqlite else "%s"
        self._shapes = shapes
        self._records: dict[tuple[type[SQLModel], str], Any] = {}
        self._clean: dict[tuple[type[SQLModel], str], tuple[Any, ...] | None] = {}
        self._deltas: dict[tuple[type[SQLModel], str], dict[str, int]] = {}
        self._touched: dict[tuple[type[SQLModel], str], None] = {}
        self._locked: dict[tuple[type[SQLModel], str], None] = {}
        self._outside: list[dict[tuple[type[SQLModel], str], tuple[Any, ...] | None]] = []
        self._answers: dict[type[SQLModel], dict[tuple[str, ...], dict[tuple[Any, ...], list[Any]]]] = {}
        self._late: dict[type[SQLModel], _Late] = {}
        self._removed: list[tuple[Shape, Any]] = []
        self._events: list[tuple[Event, str, str, str, str]] = []

    # Rights

    def may(self, action: str, site_id: str = "", owner_id: str = "") -> bool:
        return self.actor.may(action, site_id, owner_id)

    def allow(self, action: str, site_id: str = "", owner_id: str = "", *, fact: bool = False) -> None:
        """Refuses whoever lacks the right. A fact by somebody who only lost it since is counted, and X13 blocks it."""
        if self.actor.may(action, site_id, owner_id):
            return
        if fact and self.actor.may(action, site_id, owner_id, past=True):
            self.lost_right = action
            return
        raise NotAllowed(
            "You do not have the right to do this here.", action=action, site_id=site_id, lost=self.actor.may(
                action, site_id, owner_id, past=True)
        )  # fmt: skip

    # Reading

    def get(self, model: type[T], id: str) -> T:
        """The record, locked until the transaction ends. NotFound when there is none."""
        record = self.seek(model, id)
        if record is None:
            raise NotFound(f"This {_words(model)} does not exist.", kind=model.__name__, id=id)
        return record

    def seek(self, model: type[T], id: str, *, lock: bool = True) -> T | None:
        """The record or None."""
        known = self._records.get((model, id))
        locking = lock and self._writable and not self._sqlite
        if known is None and id:
            self._write_late(model)
            row = row_of(model, self._mark)
            self._cursor.execute(row.select + " FOR UPDATE" if locking else row.select, (id,))
            values = self._cursor.fetchone()
            if values is None:
                return None
            known = self._keep(model, row, values)
            if locking:
                self._locked[model, id] = None
        elif known is not None and locking and (model, id) not in self._locked:
            self._lock_again(model, known)
        elif known is not None and (model, id) not in self._clean:
            self._clean[model, id] = _state(known)
        return cast("T | None", known)

    def look(self, model: type[T], id: str) -> T | None:
        """The record or None, to be read only: not locked."""
        return self.seek(model, id, lock=False)

    def all(self, model: type[T], **equal: Any) -> list[T]:
        """The records with exactly these values (one of them, where a tuple is given), in order of id; compiled once, for what
        every scan asks. Locks nothing.

        SQLite has one writer: while it is this work, an answer holds until this work itself changes it."""
        self.flush(model)
        names, given = tuple(equal), tuple(equal.values())
        if (known := self._answers.get(model, _NONE).get(names, _NONE).get(given)) is not None:
            for record in known:
                self._watch(model, record)
            return list(known)
        row = row_of(model, self._mark)
        asked: list[tuple[str, int]] = []
        values: list[Any] = []
        for name, value in equal.items():
            several = value if isinstance(value, tuple) else (value,)
            asked.append((name, len(several)))
            values.extend(several)
        key = tuple(asked)
        sql = row.made.get(key)
        if sql is None:
            where = " AND ".join(f'"{name}" IN ({", ".join([self._mark] * count)})' for name, count in asked)
            sql = row.made[key] = f'{row.every} WHERE {where} ORDER BY "id"'
        self._cursor.execute(sql, tuple(values))
        found = [self._met(model, row, values) for values in self._cursor.fetchall()]
        if self._sqlite and self._writable and not any(isinstance(value, tuple) for value in given):
            self._answers.setdefault(model, {}).setdefault(names, {})[given] = found
        return list(found)

    def find(self, model: type[T], *where: Any, order_by: Any = None, limit: int | None = None) -> list[T]:
        """The records that meet all conditions (SQLAlchemy expressions on the SQLModel class). Locks nothing."""
        statement: Select[Any] = select(model.__table__).where(*where)  # type: ignore[attr-defined]
        if order_by is not None:
            statement = statement.order_by(*(order_by if isinstance(order_by, tuple | list) else (order_by,)))
        if limit is not None:
            statement = statement.limit(limit)
        self.flush()
        row = row_of(model, self._mark)
        found = []
        for values in self.connection.execute(statement):
            known = self._records.get((model, values.id)) if "id" in row.fields else None
            found.append(row.make(*values) if known is None else known)
            if known is None and "id" in row.fields:
                self._records[model, values.id] = found[-1]
            if self._writable and "id" in row.fields:
                self._clean.setdefault((model, values.id), _state(found[-1]))
        return cast("list[T]", found)

    def first(self, model: type[T], *where: Any, order_by: Any = None) -> T | None:
        found = self.find(model, *where, order_by=order_by, limit=1)
        return found[0] if found else None

    def rows(self, statement: Any) -> list[Any]:
        """Named rows of a query over several tables."""
        self.flush()
        return list(self.connection.execute(statement))

    def stream(self, statement: Any) -> Iterator[Any]:
        """The same, a few at a time: for what would not fit, or should not be held."""
        self.flush()
        yield from self.connection.execute(statement.execution_options(yield_per=STREAMED_AT_ONCE))

    def lock(self, *words: str) -> None:
        """Until this transaction ends nobody else holds the same words: for a rule whose rows may not be there yet."""
        if self._writable and not self._sqlite:
            self._cursor.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number(*words),))

    # Writing

    def add(self, model: type[T], **values: Any) -> T:
        """A new record; fields not given take the table's defaults."""
        row = row_of(model, self._mark)
        if row.id_at >= 0 and "id" not in values:
            values["id"] = self.new_id()
        record = row.make(**values)
        identity = (model, record.id)
        self._records[identity] = record
        self._clean[identity] = None
        self._locked[identity] = None  # a row nobody else can see yet
        return cast("T", record)

    def count(self, record: Any, **deltas: int) -> None:
        """Adds to counters, written as `field = field + ?`: two who count at once are both counted."""
        model = type(record).table
        if (model, record.id) not in self._clean:
            self._clean[model, record.id] = _state(record)
        pending = self._deltas.setdefault((model, record.id), {})
        for name, delta in deltas.items():
            pending[name] = pending.get(name, 0) + delta
            setattr(record, name, getattr(record, name) + delta)

    def remove(self, record: Any) -> None:
        model = type(record).table
        self.flush()
        self._answers.pop(model, None)
        self._cursor.execute(
            f'DELETE FROM {row_of(model, self._mark).name} WHERE "id" = {self._mark}',
            (record.id,),
        )
        self._records.pop((model, record.id), None)
        self._clean.pop((model, record.id), None)
        if shape := self._shapes.get(model):
            self._removed.append((shape, record))

    def leave(self, record: Any) -> None:
        """The record stays, and leaves its feed: devices forget it. Changed again, it is there again."""
        if shape := self._shapes.get(type(record).table):
            self._removed.append((shape, record))

    def show(self, record: Any) -> None:
        """Devices are told of the record as it is, though nothing of it changes: it may have left its feed."""
        self._touched[type(record).table, record.id] = None

    def record(self, event: Event, subject_id: str) -> None:
        """Tells what happened, once, in this transaction."""
        self._events.append((event, subject_id, self.cause, self.device_id, self.actor.id))

    @property
    def told(self) -> int:
        """How many events were recorded so far."""
        return len(self._events)

    def told_since(self, told: int) -> list[tuple[Event, str]]:
        """What was recorded since then, with its subject."""
        return [(event, subject) for event, subject, *_ in self._events[told:]]

    def touched(self, model: type[T]) -> list[T]:
        """The records of this kind that were written, as they are now."""
        self.flush()
        return [
            self._records[identity] for identity in self._touched if identity[0] is model and identity in self._records
        ]

    def new_id(self) -> str:
        """Derived from the cause, so that the same mutation never makes a thing twice; fresh when there is none."""
        if not self.cause:
            return uuid7(self.now)
        made = self._made[self.cause] = self._made.get(self.cause, 0) + 1
        return following_id(self.cause, made)

    def because_of(self, cause: str) -> None:
        """From here on everything made is named after this mutation; come back to, it goes on where it was."""
        self.cause = cause

    @contextmanager
    def acting(self, actor: Actor, *, device_id: str, made_at: int, site_id: str, cause: str) -> Iterator[None]:
        """Inside, the work is this author's, on this device, at the time the device claims, caused by this mutation."""
        before = (self.actor, self.device_id, self.made_at, self.site_id, self.cause)
        self.actor, self.device_id, self.made_at, self.site_id = actor, device_id, made_at, site_id
        self.because_of(cause)
        try:
            yield
        finally:
            self.actor, self.device_id, self.made_at, self.site_id, self.cause = before

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is inside stands or falls together: on an exception the database and this work are as they were.

        Records held from outside stay good either way: after a failure they have the values they had before.
        """
        self._write()
        outside, self._clean = self._clean, {}
        events, removed = len(self._events), len(self._removed)
        touched, locked = len(self._touched), len(self._locked)
        late = {model: (len(each.rows), each.written) for model, each in self._late.items()}
        self._cursor.execute("SAVEPOINT one")
        self._outside.append(outside)
        try:
            yield
            self._write()
        except BaseException:
            self._cursor.execute("ROLLBACK TO SAVEPOINT one")
            self._cursor.execute("RELEASE SAVEPOINT one")
            inside = self._clean
            held = {identity: None for each in self._outside for identity in each}
            self._records = {identity: self._records[identity] for identity in held if identity in self._records}
            for identity in inside:  # held by whoever opened a savepoint around this one
                if identity in self._records and identity not in outside:
                    self._read_again(identity[0], self._records[identity], "")
            outside = {identity: state for identity, state in outside.items() if identity in self._records}
            for identity, state in outside.items():
                record = self._records[identity]
                for name, value in zip(row_of(identity[0], self._mark).fields, state or (), strict=False):
                    setattr(record, name, value)
            self._clean = outside
            self._deltas.clear()
            self._answers.clear()
            for model, each in self._late.items():
                rows, each.written = late.get(model, (0, 0))
                del each.rows[rows:]
            del self._events[events:], self._removed[removed:]
            self._touched = dict(islice(self._touched.items(), touched))
            # The database lets go of what was locked in here.
            self._locked = dict(islice(self._locked.items(), locked))
            raise
        finally:
            self._outside.pop()
        self._cursor.execute("RELEASE SAVEPOINT one")
        self._clean = {identity: _state(self._records[identity]) for identity in outside if identity in self._records}

    def flush(self, only: type[SQLModel] | None = None) -> None:
        """Writes what changed since it was written last: all of it, or of one table."""
        self._write(only)
        for model in (only,) if only is not None else tuple(self._late):
            self._write_late(model)

    def let_go(self, record: Any) -> None:
        """Out of everybody's hands: a long transaction does not look at it again at every flush. A new one is written with others
        of its table, at the end or as soon as somebody asks for them."""
        model, identity = type(record).table, (type(record).table, record.id)
        if self.at_once or self._clean.get(identity, _NONE) is not None:
            self._write(model)
        else:
            values = _encoded(row_of(model, self._mark), _state(record))
            self._late.setdefault(model, _Late()).rows.append(values)
            self._changed(model, record)
            self._deltas.pop(identity, None)
            self._touched[identity] = None
        self._clean.pop(identity, None)

    def forget(self) -> None:
        """Lets go of all that was looked at: for whoever looks at very much, and writes nothing."""
        assert not self._writable
        self._records.clear()

    def write_words(self, records: Iterable[Any]) -> None:
        """What these are found by."""
        write_words_of(self._cursor, self._mark, records)

    # The end of the transaction; called by the database alone.

    def publish(self) -> dict[str, int]:
        """Gives every change and every event its number and returns the heads of the feeds that moved.

        1. everything is written; 2. what changed is encoded once, per feed; 3. the feeds' head rows are locked, in order, as the
        last rows of the transaction; 4. changes, then events, take the numbers.
        """
        self.flush()
        feeds: dict[str, tuple[list[tuple[str, str, str, bytes]], list[tuple[Event, str, str, str, str]]]] = {}
        if not self.words_later:
            self.write_words(
                record for model, id in self._touched if model in NAMES and (record := self.seek(model, id, lock=False))
            )
        for model, id in self._touched:
            shape = self._shapes.get(model)
            if shape is not None:
                record = self._records.get((model, id)) or self.seek(model, id)
                if record is not None and (feed := shape.feed(record)):
                    feeds.setdefault(feed, ([], []))[0].append(change_of(shape, record, shape.member(record)))
        for shape, record in self._removed:
            if feed := shape.feed(record):
                feeds.setdefault(feed, ([], []))[0].append(change_of(shape, record, False))
        for told in self._events:
            name = f"site:{told[0].site_id}" if told[0].site_id else "catalogue"
            feeds.setdefault(name, ([], []))[1].append(told)

        heads = {}
        mark = self._mark
        for feed in sorted(feeds):
            changes, events = feeds[feed]
            taken = len(changes) + len(events)
            self._cursor.execute(
                f"INSERT INTO feed (name, revision) VALUES ({mark}, {mark}) ON CONFLICT (name) "
                "DO UPDATE SET revision = feed.revision + excluded.revision RETURNING revision",
                (feed, taken),
            )
            heads[feed] = head = int(self._cursor.fetchone()[0])
            at = head - taken
            self._cursor.executemany(
                "INSERT INTO change (feed, revision, kind, key, op, payload) VALUES "
                f"({mark}, {mark}, {mark}, {mark}, {mark}, {mark})",
                [(feed, at + n, *change) for n, change in enumerate(changes, 1)],
            )
            at += len(changes)
            self._cursor.executemany(
                'INSERT INTO eventrow (feed, revision, kind, subject_id, body, mutation_id, "by", device_id, at) VALUES '
                f"({mark}, {mark}, {mark}, {mark}, {mark}, {mark}, {mark}, {mark}, {mark})",
                [
                    (
                        feed,
                        at + n,
                        type(event).__name__,
                        subject,
                        _TEXT_OF(event).decode(),
                        cause,
                        by,
                        device,
                        self.now,
                    )
                    for n, (event, subject, cause, device, by) in enumerate(events, 1)
                ],
            )
        return heads

    def _write(self, only: type[SQLModel] | None = None) -> None:
        inserts: dict[type[SQLModel], list[tuple[Any, ...]]] = {}
        clean = self._clean
        for identity, before in clean.items():
            model = identity[0]
            if only is not None and model is not only:
                continue
            record = self._records[identity]
            after = _state(record)
            if before is None:
                inserts.setdefault(model, []).append(_encoded(row_of(model, self._mark), after))
                self._changed(model, record)
                self._deltas.pop(identity, None)
            elif before != after:
                self._update(model, identity, before, after)
            else:
                continue
            # It may be in a command's hands still and change again: then it is compared with what was just written.
            clean[identity] = after
            self._touched[identity] = None
        for model, values in inserts.items():
            self._cursor.executemany(row_of(model, self._mark).insert, values)

    def _write_late(self, model: type[SQLModel]) -> None:
        late = self._late.get(model)
        if late is not None and late.written < len(late.rows):
            self._cursor.executemany(row_of(model, self._mark).insert, late.rows[late.written :])
            late.written = len(late.rows)

    def _changed(self, model: type[SQLModel], made: Any) -> None:
        """Answers that lack this record are no answers any more."""
        for names, answers in self._answers.get(model, _NONE).items():
            answers.pop(tuple(getattr(made, name) for name in names), None)

    def _watch(self, model: type[SQLModel], known: Any) -> None:
        if self._writable and (model, known.id) not in self._clean:
            self._clean[model, known.id] = _state(known)

    def _met(self, model: type[SQLModel], row: Row, values: Any) -> Any:
        known = self._records.get((model, values[row.id_at]))
        if known is None:
            return self._keep(model, row, values)
        self._watch(model, known)
        return known

    def _lock_again(self, model: type[SQLModel], known: Any) -> None:
        """It was only looked at so far: locked now, it is what it is now, and not what it was then."""
        self.flush(model)
        self._read_again(model, known, " FOR UPDATE")
        self._clean[model, known.id] = _state(known)
        self._locked[model, known.id] = None

    def _read_again(self, model: type[SQLModel], known: Any, locking: str) -> None:
        row = row_of(model, self._mark)
        self._cursor.execute(row.select + locking, (known.id,))
        values = self._cursor.fetchone()
        if values is not None:
            for name, value in zip(row.fields, _decoded(row, values), strict=True):
                setattr(known, name, value)

    def _keep(self, model: type[SQLModel], row: Row, values: Any) -> Any:
        record = row.make(*_decoded(row, values))
        self._records[model, record.id] = record
        if self._writable:
            self._clean[model, record.id] = _state(record)
        return record

    def _update(self, model: type[SQLModel], identity: Any, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
        self._write_late(model)
        row = row_of(model, self._mark)
        deltas = self._deltas.pop(identity, _NONE)
        at_fields = tuple(at for at, was in enumerate(before) if (now := after[at]) is not was and now != was)
        if asked := self._answers.get(model):
            changed = [row.fields[at] for at in at_fields]
            for given, answers in asked.items():
                if any(name in changed for name in given):
                    answers.clear()
        values = []
        for at in at_fields:
            if (delta := deltas.get(row.fields[at])) is not None:
                values.append(delta)
            else:
                values.append(row.encoders[at](after[at]) if at in row.encoders else after[at])
        key = (at_fields, tuple(deltas))
        sql = row.made.get(key)
        if sql is None:
            mark = self._mark
            names = ", ".join(
                f'"{name}" = "{name}" + {mark}' if name in deltas else f'"{name}" = {mark}'
                for name in (row.fields[at] for at in at_fields)
            )
            sql = row.made[key] = f'UPDATE {row.name} SET {names} WHERE "id" = {mark}'
        values.append(identity[1])
        self._cursor.execute(sql, values)
        self._locked[identity] = None


class _Late:
    """New rows of one table that nobody has asked for yet, as the driver takes them; so many of them are written."""

    __slots__ = ("rows", "written")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.written = 0


_NONE: dict[Any, Any] = {}


def change_of(shape: Shape, record: Any, member: bool) -> tuple[str, str, str, bytes]:
    """(kind, key, op, payload) of a row as it is now: the payload is the whole change as it travels, encoded once."""
    if not member:
        return shape.kind, record.id, "drop", _TEXT_OF({"kind": shape.kind, "key": record.id, "op": "drop"})
    return shape.kind, record.id, "put", _TEXT_OF({"kind": shape.kind, "key": record.id, "value": shape.value(record)})


_state = msgspec.structs.astuple


def _decoded(row: Row, values: Any) -> Any:
    if not row.decoders:
        return values
    changed = list(values)
    for at, decode in row.decoders:
        changed[at] = decode(changed[at]) if changed[at] is not None else None
    return changed


def _encoded(row: Row, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not row.encoders:
        return values
    changed = list(values)
    for at, encode in row.encoders.items():
        changed[at] = encode(changed[at])
    return tuple(changed)


def _words(model: type[SQLModel]) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in model.__name__).strip()
