"""`restow import online-retail`: a UK wholesaler's invoices as customers, items, outbound orders and returns.

Outbound orders move no stock: they are the memory that returns are matched against. What came back was there and is received,
into quarantine, each piece by the same command a scan runs. Adjustments are recorded with their words and not posted.

1. the whole file is read and judged, row by row, and a file that cannot be taken in changes nothing; 2. it is looked which rows are
known already; 3. the others are written, some hundred invoices at a time, so that handhelds can push in between; interrupted, the
file is taken in again and goes on where it stopped; 4. what became of every row is counted, and the counts add up to the file.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import select
from sqlmodel import col

from server.config import Config
from server.database import Database
from server.domain import matching, receiving, sites
from server.domain.catalog import Barcode, Customer, Item, Owner, Site
from server.domain.documents import Adjustment, ImportRun, OutboundLine, OutboundOrder
from server.domain.errors import NotFound, Refusal
from server.domain.events import ReturnOpenedWithoutOrder
from server.domain.ids import derived_id
from server.domain.model import Table
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.work import Work
from server.sync.shapes import BY_MODEL

from .ean import in_store
from .online_retail_file import File, Row, Unreadable, is_remark, names_of, read

SOURCE = "online-retail"
PORTION = 1_000
"""Rows in one transaction: a few tenths of a second of the only writer."""
RETURNED_WEIGHS = 10
"""A returned row is matched and received: as much work as so many outbound lines."""
Progress = Callable[[str, int, int], None]
"""What is being done, how many of it are done, of how many."""


class Account(msgspec.Struct, kw_only=True):
    """What became of every row, and what that made. The outcomes add up to the rows."""

    file_name: str
    rows: int
    site: str = ""
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    made: Counter[str] = msgspec.field(default_factory=Counter)
    unmatched: Counter[str] = msgspec.field(default_factory=Counter)
    """Why returns are ambiguous or not matched, by reason."""
    refused: list[tuple[int, str]] = []


def run(config: Config, path: Path, as_json: bool, site: str = "") -> int | None:
    """The command at the shell. 2 when the file cannot be taken in; then nothing has changed."""
    began = time.monotonic()
    database = Database(config.database_url, BY_MODEL)
    try:
        account = take_in(database, path, _show if sys.stderr.isatty() else _tell, site=site)
    except (Unreadable, Refusal) as refused:
        print(f"{refused} Nothing was imported.", file=sys.stderr)
        return 2
    finally:
        database.close()
    if as_json:
        print(msgspec.json.encode({"rows": account.rows, "outcomes": dict(account.outcomes)}).decode())
    else:
        print(_report(account, time.monotonic() - began))
    return None


def take_in(
    database: Database, path: Path, progress: Progress = lambda step, done, total: None, site: str = ""
) -> Account:
    """Takes in a file, or what is new in it. `site` is a code. Raises Unreadable or NotFound, and then nothing has changed."""
    progress("reading the file", 0, 0)
    file = read(path)
    progress("reading the file", file.row_count, file.row_count)
    return _Intake(database, file, progress).take(site)


class _Intake:
    """One file. `work` and `account` are those of the portion being written; what a portion did counts once it is committed."""

    work: Work
    site: Site

    def __init__(self, database: Database, file: File, progress: Progress) -> None:
        self.database, self.file, self.progress = database, file, progress
        self.import_id = derived_id(SOURCE, "file", file.sha256)
        self.account = self.whole = Account(file_name=file.name, rows=file.row_count)
        self.owner_id = derived_id(SOURCE, "owner")

    def take(self, site: str) -> Account:
        self._write(lambda: self._at(site))
        self.progress("looking what is known", 0, 0)
        with self.database.read(SYSTEM) as self.work:
            known = self._known()
        new = [row for row in self.file.rows if row.id not in known]
        kinds: dict[str, list[Row]] = {}
        for row in new:
            kinds.setdefault(row.kind, []).append(row)

        outcomes = self.whole.outcomes
        outcomes["order_line"] = len(kinds.get("order_line", []))
        goods = [row for row in new if row.kind != "non_goods"]
        if goods:
            self._write(self._begin)
            self._catalogue(goods)
            self._outbound(kinds.get("order_line", []))
            self._adjustments(kinds.get("adjustment", []))
            self._returns(kinds.get("return", []))
        outcomes["adjustment"] = len(kinds.get("adjustment", []))
        outcomes["non_goods"] = len(kinds.get("non_goods", []))
        outcomes["known"] = len(known)
        for refused in self.file.refused:
            outcomes[refused.outcome] += 1
            self.whole.refused.append((refused.line, refused.reason))
        self.whole.outcomes = +outcomes  # nothing is said of what did not happen
        assert sum(outcomes.values()) == self.whole.rows
        if goods:
            self._write(self._remember)
        return self.whole

    def _write(self, portion: Callable[[], None]) -> None:
        """One transaction. It may be run more than once, so each run counts for itself."""

        def run(work: Work) -> Account:
            self.work, self.account = work, Account(file_name=self.file.name, rows=0)
            portion()
            return self.account

        done = self.database.write(SYSTEM, run)
        self.whole.site = done.site or self.whole.site
        self.whole.outcomes.update(done.outcomes)
        self.whole.made.update(done.made)
        self.whole.unmatched.update(done.unmatched)

    # Where it goes, and what is there

    def _at(self, code: str) -> None:
        if code:
            found = self.work.first(Site, Site.code == code)
            if found is None:
                raise NotFound(f"There is no site with the code {code}.")
        else:
            found = self.work.first(Site, order_by=Site.code)
        if found is None:
            self.work.because_of(derived_id(SOURCE, "site"))
            made = sites.CreateSite(
                code="UK", name="英国仓", name_en="United Kingdom", time_zone="Europe/London", currency="GBP"
            )
            found = sites.create_site(self.work, made)
            self.account.made["site"] += 1
        self.account.site = found.code
        self.site = found

    def _known(self) -> set[str]:
        """The rows that an earlier import took in, from this file or another."""
        orders = sorted({_order_id(row.invoice) for row in self.file.rows if row.kind in ("order_line", "return")})
        adjustments = [row.id for row in self.file.rows if row.kind == "adjustment"]
        there = {
            *self._ids(OutboundLine, OutboundLine.outbound_id, orders),
            *self._ids(ReturnLine, ReturnLine.order_id, orders),
            *self._ids(Adjustment, Adjustment.id, adjustments),
        }
        return there & {row.id for row in self.file.rows}

    def _ids(self, model: type[Table], column: object, values: list[str]) -> Iterator[str]:
        for some in portions(values, most=500):
            statement = select(col(model.id)).where(col(column).in_(some))
            yield from (row.id for row in self.work.rows(statement))

    def _begin(self) -> None:
        if self.work.seek(Owner, self.owner_id) is None:
            self.work.add(Owner, id=self.owner_id, code="ONLINE-RETAIL", name="Online Retail")

    # What the file makes

    def _catalogue(self, rows: list[Row]) -> None:
        names = names_of((row.code, row.description) for row in rows if row.price)
        for code, described in names_of((row.code, row.description) for row in rows).items():
            if code not in names:  # only remarks were ever written beside it, or it was never billed
                names[code] = Counter({text: n for text, n in described.items() if not is_remark(text, None)})
        for codes in portions(sorted({row.code for row in rows})):
            self._write(lambda codes=codes: self._items(codes, names))  # type: ignore[misc]
        countries = {row.customer: row.country for row in rows if row.customer}
        for customers in portions(sorted(countries)):
            self._write(lambda customers=customers: self._customers(customers, countries))  # type: ignore[misc]

    def _items(self, codes: list[str], names: dict[str, Counter[str]]) -> None:
        work = self.work
        there = set(self._ids(Item, Item.id, [_item_id(code) for code in codes]))
        barcodes: set[str] = set()
        for code in codes:
            item_id = _item_id(code)
            if item_id in there:
                continue
            named = names.get(code)
            # The usual name; of two as usual, always the same one.
            name = min(named, key=lambda text: (-named[text], text)) if named else code
            work.add(
                Item, id=item_id, owner_id=self.owner_id, sku=code, name=name, name_en=name, currency="GBP",
            )  # fmt: skip
            text = in_store(code, lambda text: text in barcodes or self._is_taken(text))
            barcodes.add(text)
            work.add(
                Barcode, id=derived_id(SOURCE, "barcode", code), item_id=item_id, owner_id=self.owner_id, text=text
            )
            self.account.made["items"] += 1

    def _customers(self, codes: list[str], countries: dict[str, str]) -> None:
        there = set(self._ids(Customer, Customer.id, [_customer_id(code) for code in codes]))
        for code in codes:
            if _customer_id(code) not in there:
                self.work.add(
                    Customer,
                    id=_customer_id(code),
                    owner_id=self.owner_id,
                    code=code,
                    name=code,
                    country=countries[code],
                )
                self.account.made["customers"] += 1

    def _is_taken(self, text: str) -> bool:
        found = self.work.rows(
            select(col(Barcode.id)).where(col(Barcode.text) == text, col(Barcode.owner_id) == self.owner_id)
        )
        return bool(found)

    def _outbound(self, rows: list[Row]) -> None:
        done = 0
        for some in portions(by_invoice(rows), size=lambda invoice: len(invoice[1])):
            self._write(lambda some=some: self._orders(dict(some)))  # type: ignore[misc]
            done += sum(len(lines) for _, lines in some)
            self.progress("outbound lines", done, len(rows))

    def _orders(self, invoices: dict[str, list[Row]]) -> None:
        there = set(self._ids(OutboundOrder, OutboundOrder.id, [_order_id(invoice) for invoice in invoices]))
        for invoice, lines in invoices.items():
            order_id, first = _order_id(invoice), lines[0]
            numbered = 0
            if order_id in there:
                numbered = len(self.work.find(OutboundLine, OutboundLine.outbound_id == order_id))
            else:
                self.work.add(
                    OutboundOrder, id=order_id, number=invoice, site_id=self.site.id, owner_id=self.owner_id,
                    customer_id=_customer_id(first.customer), shipped_on=first.on, shipped_at=first.at, currency="GBP",
                    source=SOURCE,
                )  # fmt: skip
                self.account.made["outbound orders"] += 1
            for number, row in enumerate(lines, numbered + 1):
                self.work.add(
                    OutboundLine, id=row.id, outbound_id=order_id, site_id=self.site.id, item_id=_item_id(row.code),
                    line_number=number, quantity=row.quantity, unit_price=row.price,
                )  # fmt: skip

    def _adjustments(self, rows: list[Row]) -> None:
        for some in portions(rows):
            self._write(lambda some=some: self._adjusted(some))  # type: ignore[misc]

    def _adjusted(self, rows: list[Row]) -> None:
        for row in rows:
            self.work.add(
                Adjustment, id=row.id, site_id=self.site.id, item_id=_item_id(row.code), number=row.invoice,
                quantity=row.quantity, reason=row.description, made_on=row.on, source=SOURCE,
            )  # fmt: skip

    # What came back

    def _returns(self, rows: list[Row]) -> None:
        """In the order it came back: what an earlier return took of a shipment, a later one cannot take again."""
        shipped: Shipments = {}
        with self.database.read(SYSTEM) as work:
            for origin in matching.shipped_of(work, {_item_id(row.code) for row in rows}).values():
                shipped.setdefault(origin.line.item_id, {})[origin.line.outbound_line_id] = origin.line

        came_back = by_invoice(sorted(rows, key=lambda row: (row.at, row.invoice, row.line)))
        done = 0
        for some in portions(came_back, size=lambda invoice: RETURNED_WEIGHS * len(invoice[1])):
            items = {_item_id(row.code) for _, lines in some for row in lines}
            # A portion that is run again begins with the shipments as they were.
            left: Shipments = {}

            def take_back(some: list[Invoice] = some, items: set[str] = items, left: Shipments = left) -> None:
                left.update({item: dict(shipped.get(item, {})) for item in items})
                for invoice, lines in some:
                    self._return(invoice, lines, left)

            self._write(take_back)
            shipped.update(left)
            done += sum(len(lines) for _, lines in some)
            self.progress("returned lines", done, len(rows))

    def _return(self, invoice: str, rows: list[Row], shipped: "Shipments") -> None:
        work, first = self.work, rows[0]
        order_id = _order_id(invoice)
        # Named after its rows: what this makes is the same whenever it is made, and a later file's further rows are another cause.
        cause = derived_id(SOURCE, "received", *(row.id for row in rows))
        work.because_of(cause)
        work.made_at = first.at
        order = work.seek(ReturnOrder, order_id)
        if order is None:
            order = work.add(
                ReturnOrder, id=order_id, number=invoice, site_id=self.site.id, owner_id=self.owner_id,
                customer_id=_customer_id(first.customer), status="receiving", origin="imported", filed_by=SYSTEM.id,
                created_at=work.now, currency="GBP", note=first.on,
            )  # fmt: skip
            work.record(ReturnOpenedWithoutOrder(site_id=self.site.id, number=invoice), order_id)
            self.account.made["returns"] += 1
        for row in rows:
            self._returned(order, row, shipped.get(_item_id(row.code), {}))
        work.add(
            Mutation, id=cause, name="import_return", by=SYSTEM.id, site_id=self.site.id, status="applied", made_at=first.at,
            at=work.now, body={"args": {"number": invoice, "file": self.file.name, "lines": [row.line for row in rows]}},
        )  # fmt: skip
        work.made_at = work.now

    def _returned(self, order: ReturnOrder, row: Row, shipped: dict[str, matching.Shipped]) -> None:
        """One row: a line for each shipment it came from, or one line that says why its origin is not known."""
        wanted = matching.Wanted(
            item_id=_item_id(row.code), quantity=-row.quantity, on=row.on, customer_id=_customer_id(row.customer),
            unit_price=row.price,
        )  # fmt: skip
        answer = matching.match(wanted, shipped.values())
        self.account.outcomes[_OUTCOMES[answer.verdict]] += 1
        self.account.unmatched.update(str(reason["code"]) for reason in answer.reasons)

        if answer.verdict == "matched":
            for at, proposal in enumerate(answer.proposals):
                line_id = row.id if at == 0 else derived_id(row.id, str(at))
                self._receive(order, row, line_id, proposal.quantity, proposal.outbound_line_id)
                self._note(order, line_id, answer, [proposal])
                taken = shipped[proposal.outbound_line_id]
                shipped[taken.outbound_line_id] = msgspec.structs.replace(taken, left=taken.left - proposal.quantity)
        else:
            self._receive(order, row, row.id, wanted.quantity, "")
            self._note(order, row.id, answer, answer.proposals)

    def _receive(self, order: ReturnOrder, row: Row, line_id: str, quantity: int, outbound_line_id: str) -> None:
        self.work.add(
            ReturnLine, id=line_id, order_id=order.id, site_id=order.site_id, item_id=_item_id(row.code), expected=quantity,
            unit_amount=row.price, outbound_line_id=outbound_line_id,
        )  # fmt: skip
        receiving.scan_item(
            self.work,
            receiving.ScanItem(
                receipt_id=derived_id(line_id, "receipt"), order_id=order.id, line_id=line_id, site_id=order.site_id,
                item_id=_item_id(row.code), quantity=quantity, text=row.code,
            ),
        )  # fmt: skip
        self.account.made["return lines"] += 1
        self.account.made["units in quarantine"] += quantity

    def _note(
        self, order: ReturnOrder, line_id: str, answer: matching.Match, proposals: list[matching.Proposal]
    ) -> None:
        entries = [
            {"line_id": line_id, "verdict": answer.verdict, "why": answer.reasons, **msgspec.to_builtins(proposal)}
            for proposal in proposals
        ]
        nothing = {"line_id": line_id, "verdict": answer.verdict, "why": answer.reasons, "outbound_line_id": "",
                   "quantity": 0, "score": 0.0, "reasons": []}  # fmt: skip
        order.match = [*order.match, *(entries or [nothing])]

    def _remember(self) -> None:
        self.work.because_of(self.import_id)
        run = self.work.seek(ImportRun, self.import_id) or self.work.add(ImportRun, id=self.import_id, kind=SOURCE)
        run.file_name, run.sha256, run.rows = self.file.name, self.file.sha256, self.whole.rows
        run.outcomes, run.by, run.at = dict(self.whole.outcomes), SYSTEM.id, self.work.now


_OUTCOMES = {"matched": "return_matched", "ambiguous": "return_ambiguous", "none": "return_unmatched"}


def _order_id(invoice: str) -> str:
    return derived_id(SOURCE, "invoice", invoice)


def _item_id(code: str) -> str:
    return derived_id(SOURCE, "item", code)


def _customer_id(code: str) -> str:
    return derived_id(SOURCE, "customer", code) if code else ""


T = TypeVar("T")
Invoice = tuple[str, list[Row]]
Shipments = dict[str, dict[str, matching.Shipped]]
"""By item, then by outbound line."""


def by_invoice(rows: Iterable[Row]) -> list[Invoice]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.invoice, []).append(row)
    return list(found.items())


def portions(values: Iterable[T], size: Callable[[T], int] = lambda value: 1, most: int = PORTION) -> Iterator[list[T]]:
    """In order, each as large as one transaction may be; what stays together is one value."""
    portion: list[T] = []
    weight = 0
    for value in values:
        if portion and weight + size(value) > most:
            yield portion
            portion, weight = [], 0
        portion.append(value)
        weight += size(value)
    if portion:
        yield portion


# What a person reads

WORDS = {
    "order_line": "lines of outbound orders",
    "return_matched": "returns, matched to the shipment they came from",
    "return_ambiguous": "returns, several or incomplete matches: a person decides",
    "return_unmatched": "returns, no shipment found they came from",
    "adjustment": "stock adjustments, recorded and not posted",
    "non_goods": "not goods (postage, discounts, fees, vouchers)",
    "known": "known already",
    "refused_columns": "refused: columns are missing or too many",
    "refused_invoice": "refused: no invoice number",
    "refused_code": "refused: no stock code",
    "refused_quantity": "refused: not a quantity",
    "refused_date": "refused: not a date",
    "refused_price": "refused: not a price",
    "refused_sign": "refused: a positive quantity on a return invoice",
}
REASONS = {
    "several_fit": "several shipments fit",
    "more_than_shipped": "more came back than is known to have been shipped",
    "too_little_known": "customer unknown, or another price",
    "item_never_shipped": "the item was never shipped before",
    "never_shipped_to_customer": "the item was never shipped to this customer before",
    "shipped_later": "it was shipped only later",
    "nothing_left": "all of it is back already",
    "nothing_fits": "no shipment fits",
}


def _report(account: Account, seconds: float) -> str:
    rows = [(f"{account.outcomes[name]:,}", words) for name, words in WORDS.items() if account.outcomes[name]]
    total = f"{account.rows:,}"
    width = max(len(number) for number, _ in [*rows, (total, "")])
    target = f" → site {account.site}" if account.made else ""
    lines = [f"{account.file_name}{target}, in {seconds:.1f} s", ""]
    lines += [f"  {number:>{width}}  {words}" for number, words in rows]
    lines += [f"  {'─' * width}", f"  {total:>{width}}  rows", ""]
    if account.unmatched:
        lines += ["Why returns are not matched:"]
        lines += [f"  {n:>{width},}  {REASONS[reason]}" for reason, n in account.unmatched.most_common()]
        lines += [""]
    if account.refused:
        lines += ["Refused:", *(f"  line {line}: {reason}" for line, reason in account.refused[:20])]
        lines += [f"  … and {len(account.refused) - 20:,} more"] if len(account.refused) > 20 else []
        lines += [""]
    made = ", ".join(f"{n:,} {what}" for what, n in account.made.items())
    lines += [f"New: {made}." if made else "Nothing is new: every row of goods was taken in before."]
    return "\n".join(lines)


def _show(step: str, done: int, total: int) -> None:
    """On a terminal: one line that is written over."""
    shown = f"{step} … {done:,} of {total:,}" if total else f"{step} …"
    end = "\n" if total and done == total else ""
    print(f"\r\x1b[K{shown}", end=end, file=sys.stderr, flush=True)


def _tell(step: str, done: int, total: int) -> None:
    """In a log: one line a step."""
    if done == 0 or done == total:
        print(f"{step}: {done:,}" if total else f"{step} …", file=sys.stderr, flush=True)
