"""`restow import online-retail`: a UK wholesaler's invoices as customers, items, outbound orders and returns.

Outbound orders move no stock: they are the memory that returns are matched against. What came back was there and is received,
into quarantine, each piece by the same command a scan runs. Adjustments are recorded with their words and not posted.

1. the whole file is read and judged, row by row; 2. one transaction looks which rows are known already and writes the others:
all of the file, or nothing; 3. what became of every row is counted, and the counts add up to the file.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

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
    return database.write(SYSTEM, lambda work: _Intake(work, file, progress, site).take())


class _Target(NamedTuple):
    """Where a file goes, and what of it is there already."""

    site: Site
    owner: Owner
    known: set[str]


class _Intake:
    """One file in one transaction."""

    def __init__(self, work: Work, file: File, progress: Progress, site: str) -> None:
        self.work, self.file, self.progress = work, file, progress
        self.import_id = derived_id(SOURCE, "file", file.sha256)
        self.account = Account(file_name=file.name, rows=file.row_count)
        self.site = self._site(site)
        self.owner_id = derived_id(SOURCE, "owner")

    def take(self) -> Account:
        self.progress("looking what is known", 0, 0)
        known = self._known()
        new = [row for row in self.file.rows if row.id not in known]
        kinds: dict[str, list[Row]] = {}
        for row in new:
            kinds.setdefault(row.kind, []).append(row)

        outcomes = self.account.outcomes
        outcomes["order_line"] = len(kinds.get("order_line", []))
        goods = [row for row in new if row.kind != "non_goods"]
        if goods:
            self._begin()
            with self.work.savepoint():
                self._catalogue(goods)
                self._outbound(kinds.get("order_line", []))
                self._adjustments(kinds.get("adjustment", []))
            self._returns(kinds.get("return", []))
        outcomes["adjustment"] = len(kinds.get("adjustment", []))
        outcomes["non_goods"] = len(kinds.get("non_goods", []))
        outcomes["known"] = len(known)
        for refused in self.file.refused:
            outcomes[refused.outcome] += 1
            self.account.refused.append((refused.line, refused.reason))
        self.account.outcomes = +outcomes  # nothing is said of what did not happen
        assert sum(outcomes.values()) == self.account.rows
        if goods:
            self._remember()
        self.progress("writing it down for good", 0, 0)
        return self.account

    # Where it goes, and what is there

    def _site(self, code: str) -> Site:
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
        return found

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
        for some in _portions(values, 500):
            statement = select(col(model.id)).where(col(column).in_(some))
            yield from (row.id for row in self.work.rows(statement))

    def _begin(self) -> None:
        if self.work.seek(Owner, self.owner_id) is None:
            self.work.add(Owner, id=self.owner_id, code="ONLINE-RETAIL", name="Online Retail")

    # What the file makes

    def _catalogue(self, rows: list[Row]) -> None:
        work = self.work
        names = names_of((row.code, row.description) for row in rows if row.price)
        for code, described in names_of((row.code, row.description) for row in rows).items():
            if code not in names:  # only remarks were ever written beside it, or it was never billed
                names[code] = Counter({text: n for text, n in described.items() if not is_remark(text, None)})
        codes = sorted({row.code for row in rows})
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

        countries = {row.customer: row.country for row in rows if row.customer}
        there = set(self._ids(Customer, Customer.id, [_customer_id(code) for code in countries]))
        for code in sorted(countries):
            if _customer_id(code) not in there:
                work.add(
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
        invoices: dict[str, list[Row]] = {}
        for row in rows:
            invoices.setdefault(row.invoice, []).append(row)
        there = set(self._ids(OutboundOrder, OutboundOrder.id, [_order_id(invoice) for invoice in invoices]))
        done = 0
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
            done += len(lines)
            self.progress("outbound lines", done, len(rows))

    def _adjustments(self, rows: list[Row]) -> None:
        for row in rows:
            self.work.add(
                Adjustment, id=row.id, site_id=self.site.id, item_id=_item_id(row.code), number=row.invoice,
                quantity=row.quantity, reason=row.description, made_on=row.on, source=SOURCE,
            )  # fmt: skip

    # What came back

    def _returns(self, rows: list[Row]) -> None:
        """In the order it came back: what an earlier return took of a shipment, a later one cannot take again."""
        shipped: dict[str, dict[str, matching.Shipped]] = {}
        for origin in matching.shipped_of(self.work, {_item_id(row.code) for row in rows}).values():
            shipped.setdefault(origin.line.item_id, {})[origin.line.outbound_line_id] = origin.line

        invoices: dict[str, list[Row]] = {}
        for row in sorted(rows, key=lambda row: (row.at, row.invoice, row.line)):
            invoices.setdefault(row.invoice, []).append(row)
        done = 0
        for invoice, lines in invoices.items():
            with self.work.savepoint():
                self._return(invoice, lines, shipped)
            done += len(lines)
            self.progress("returned lines", done, len(rows))
        self.work.because_of(self.import_id)

    def _return(self, invoice: str, rows: list[Row], shipped: dict[str, dict[str, matching.Shipped]]) -> None:
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
        run = self.work.seek(ImportRun, self.import_id) or self.work.add(ImportRun, id=self.import_id, kind=SOURCE)
        run.file_name, run.sha256, run.rows = self.file.name, self.file.sha256, self.account.rows
        run.outcomes, run.by, run.at = dict(self.account.outcomes), SYSTEM.id, self.work.now


_OUTCOMES = {"matched": "return_matched", "ambiguous": "return_ambiguous", "none": "return_unmatched"}


def _order_id(invoice: str) -> str:
    return derived_id(SOURCE, "invoice", invoice)


def _item_id(code: str) -> str:
    return derived_id(SOURCE, "item", code)


def _customer_id(code: str) -> str:
    return derived_id(SOURCE, "customer", code) if code else ""


def _portions(values: list[str], size: int) -> Iterable[list[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))


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
