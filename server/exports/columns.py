"""Which columns each list has as a file, by the address it is read at. A list gets its exports by one entry here, and the button by
one line on its page.

A column is where its value is found in a row of the answer, the word over it, and what kind of value it is:

''           text or a number, as it is           'moment'    a time, said in the zone asked for
'name'       a record's name in the language      'word:x'    a code, said with the words of family x
'money:x'    minor units of the currency at x     'many:x'    the values at x of a list, joined; 'many:x:f' in words of family f
'type'       a return type, by its name       'sums'      {currency: minor units}, each with its currency
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from . import words

WITHOUT_CENTS = ("JPY", "KRW", "VND")
Value = str | int | float | Decimal | datetime | bool | None


class Column(NamedTuple):
    """`at`: the path to it, as 'customer.code'; 'a|b': b where a is nothing."""

    at: str
    word: str
    kind: str = ""
    wide: int = 14
    """Characters, in a workbook."""


C = Column
ITEM = (C("item.sku", "word.sku"), C("item", "word.item", "name", 30), C("item.spec", "word.spec"))

COLUMNS: dict[str, tuple[Column, ...]] = {
    "/api/returns": (
        C("number", "word.number", wide=20), C("customer.code", "word.code"), C("customer", "word.customer", "name", 24),
        C("type_code", "word.type", "type"), C("expected", "line.expected"), C("received", "line.received"),
        C("inspected", "line.inspected"), C("disposed", "line.disposed"), C("closed", "line.closed"),
        C("submitted_at|created_at", "word.filed", "moment", 18), C("filed_by_name", "word.person"), C("site", "word.site", "name"),
        C("status", "word.status", "word:status"), C("note", "word.note", wide=40),
    ),
    "/api/parcels": (
        C("waybill", "word.waybill", wide=22), C("carrier", "word.carrier"), C("site", "word.site", "name"),
        C("signed_at", "parcel.signed", "moment", 18), C("signed_by_name", "word.person"), C("state", "word.state", "word:parcel"),
    ),
    "/api/stock": (
        C("owner", "group.owner", "name"), *ITEM, C("site", "word.site", "name"), C("zone", "word.zone", "name"), C("bin.code", "word.bin"),
        C("container.label", "group.container"), C("status", "word.status", "word:stock"),
        C("lot", "word.lot"), C("expiry", "word.expiry"), C("serial", "word.serial", wide=20),
        C("on_hand", "stock.on_hand"), C("available", "stock.available"), C("value", "figure.value", "sums"),
    ),
    "/api/stock/entries": (
        C("at", "entry.at", "moment", 18), *ITEM, C("quantity", "word.quantity"), C("status", "word.status", "word:stock"),
        C("cause", "entry.cause", "word:cause"), C("bin.code", "word.bin"), C("lot", "word.lot"), C("expiry", "word.expiry"),
        C("serial", "word.serial", wide=20), C("receipt.text", "entry.scan", wide=20), C("person.name", "word.person"),
        C("device.code", "word.device"), C("mutation.made_at", "entry.made", "moment", 18),
        C("order.number", "word.return_order", wide=20), C("unit_cost", "word.cost", "money:currency"), C("currency", "word.currency"),
        C("business_date", "word.business_date"), C("mutation_id", "word.mutation", wide=38),
    ),
    "/api/alerts": (
        C("rule", "alert.what", "word:alert", 30), C("site", "word.site", "name"), C("order.number", "word.return_order", wide=20),
        C("item.sku", "word.sku"), C("count", "alert.count"), C("first_at", "word.since", "moment", 18),
        C("last_at", "alert.last", "moment", 18), C("severity", "alert.severity", "word:severity"),
        C("state", "word.state", "word:alert_state"),
    ),
    "/api/conflicts": (
        C("rule", "conflict.what", "word:rule", 40), C("site", "word.site", "name"), C("order.number", "word.return_order", wide=20),
        C("opened_at", "conflict.opened", "moment", 18), C("assigned_to_name", "conflict.assigned"),
        C("state", "word.state", "word:conflict_state"),
    ),
    "/api/counts": (
        C("bin.code", "word.bin"), C("differing", "counts.differing"), C("difference", "counts.difference"),
        C("by_name", "word.person"), C("device.code", "word.device"), C("made_at", "entry.made", "moment", 18),
    ),
    "/api/differences": (
        C("kind", "recon.what", "word:difference", 30), *ITEM, C("order.number", "word.return_order", wide=20), C("bin.code", "word.bin"),
        C("lot", "word.lot"), C("serial", "word.serial", wide=20), C("site", "word.site", "name"),
        C("expected", "recon.expected"), C("found", "recon.found"), C("value", "recon.value", "money:currency"),
        C("currency", "word.currency"), C("assigned_to_name", "recon.owner"), C("first_at", "recon.since", "moment", 18),
        C("state", "word.state", "word:difference_state"), C("closing_reason", "loss.reason", wide=40),
    ),
    "/api/losses": (
        *ITEM, C("order.number", "word.return_order", wide=20), C("site", "word.site", "name"), C("quantity", "loss.units"),
        C("left", "loss.left"), C("value", "loss.value", "money:currency"), C("currency", "word.currency"),
        C("reason", "loss.reason", wide=40), C("assigned_to_name", "loss.follower"), C("opened_at", "loss.opened", "moment", 18),
        C("state", "word.state", "word:loss.status"),
    ),
    "/api/hand-overs": (
        *ITEM, C("quantity", "word.quantity"), C("bin.code", "word.bin"), C("site", "word.site", "name"),
        C("order.number", "word.return_order", wide=20), C("at", "word.since", "moment", 18),
        C("acknowledged_at", "over.acknowledged", "moment", 18), C("acknowledged_by_name", "word.person"),
    ),
    "/api/lot-holds": (
        C("lot", "lots.lot"), *ITEM, C("units", "lots.units"), C("reason", "lots.reason", wide=40), C("by_name", "lots.by"),
        C("at", "word.since", "moment", 18), C("released_at", "lots.released", "moment", 18),
    ),
    "/api/availability": (*ITEM, C("site", "word.site", "name"), C("available", "stock.available")),
    "/api/devices": (
        C("code", "word.device"), C("name", "word.name"), C("site", "word.site", "name"), C("last_person_name", "device.person"),
        C("pending", "device.pending"), C("oldest_pending_at", "word.since", "moment", 18),
        C("last_contact_at", "device.contact", "moment", 18), C("app_version", "device.version"), C("revoked_at", "device.revoked", "moment", 18),
    ),
    "/api/mutations": (
        C("name", "mutation.what", "word:mutation", 24), C("device.code", "word.device"), C("by_name", "word.person"),
        C("detail", "mutation.why", wide=40), C("made_at", "entry.made", "moment", 18), C("at", "entry.at", "moment", 18),
        C("status", "word.state", "word:mutation_status"), C("id", "word.mutation", wide=38),
    ),
    "/api/people": (
        C("name", "person.name"), C("username", "person.username"), C("grants", "people.grants", "many:role:role", 40),
        C("badge", "people.badge"), C("disabled_at", "people.disabled", "moment", 18),
    ),
    "/api/items": (
        C("sku", "word.sku"), C("name", "word.name", wide=30), C("name_en", "word.name_en", wide=30), C("spec", "word.spec"),
        C("uom", "word.uom"), C("barcodes", "word.barcode", "many:text", 20),
    ),
    "/api/customers": (C("code", "word.code"), C("name", "word.name", wide=30), C("phone", "word.phone"), C("country", "word.country")),
}  # fmt: skip


class Says(NamedTuple):
    """In whose language, in which zone; `types` are the return types, whose names are data."""

    language: str
    zone: tzinfo
    types: dict[str, dict[str, str]]

    def cells(self, columns: Iterable[Column]) -> Callable[[dict[str, Any]], list[Value]]:
        """A row of an answer → what its cells say."""
        readers = [self._reader(column) for column in columns]
        return lambda row: [read(row) for read in readers]

    def _reader(self, column: Column) -> Callable[[dict[str, Any]], Value]:
        kind, _, of = column.kind.partition(":")
        find = _finder(column.at)
        if kind == "moment":
            return lambda row: (
                datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone).replace(tzinfo=None)
                if (at := find(row))
                else None
            )
        if kind == "word":
            said: dict[str, str] = {"": ""}  # few codes, many rows

            def known(code: str) -> str:
                if code not in said:
                    said[code] = words.word_for(self.language, of, code)
                return said[code]

            return lambda row: known(str(find(row) or ""))
        if kind == "type":
            return lambda row: self._named(self.types.get(find(row))) or find(row)
        if kind == "name":
            return lambda row: self._named(find(row))
        if kind == "money":
            currency = _finder(of)
            return lambda row: None if (minor := find(row)) is None else _major(minor, currency(row))
        if kind == "sums":
            return lambda row: "; ".join(
                f"{currency} {_major(minor, currency)}" for currency, minor in sorted((find(row) or {}).items())
            )
        if kind == "many":
            of, _, family = of.partition(":")
            said_as = (lambda code: words.word_for(self.language, family, code)) if family else str
            return lambda row: " ".join(dict.fromkeys(said_as(each.get(of, "")) for each in find(row) or ()))
        return lambda row: _plain(find(row))

    def _named(self, record: Any) -> str:
        first, second = ("name", "name_en") if self.language.startswith("zh") else ("name_en", "name")
        return str(record.get(first) or record.get(second) or "") if record else ""


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor) / (1 if currency in WITHOUT_CENTS else 100)


def _finder(at: str) -> Callable[[dict[str, Any]], Any]:
    paths = [path.split(".") for path in at.split("|")]

    def find(row: dict[str, Any]) -> Any:
        found: Any = None
        for path in paths:
            found = row
            for step in path:
                found = found.get(step) if isinstance(found, dict) else None
            if found:
                return found
        return found

    return find


def _plain(value: Any) -> Value:
    return value if isinstance(value, str | int | float | bool | Decimal) or value is None else str(value)
