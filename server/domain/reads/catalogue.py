"""What stands still: codes, places, items, customers, imports."""

from collections import defaultdict

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from ..catalog import Barcode, Bin, Carrier, Customer, DefectCode, Item, Owner, ReturnReason, ReturnType, Zone
from ..documents import ImportRun
from ..people import Person
from ..standards import Standard
from ..words import named
from ..work import Work
from .rows import Json, Names, at_most, plain, seen_customers, shown, visible

FOUND = 30


def catalogue(work: Work) -> Json:
    work.allow("see")
    zones = work.find(Zone, visible(work.actor, "see", Zone.site_id), order_by=col(Zone.code))
    bins = work.find(Bin, visible(work.actor, "see", Bin.site_id), order_by=col(Bin.code))
    return {
        "return_types": [plain(row) for row in work.find(ReturnType, order_by=col(ReturnType.code))],
        "return_reasons": [plain(row) for row in work.find(ReturnReason, order_by=col(ReturnReason.code))],
        "defect_codes": [plain(row) for row in work.find(DefectCode, order_by=col(DefectCode.code))],
        "carriers": [plain(row) for row in work.find(Carrier, order_by=col(Carrier.code))],
        "zones": [plain(row) for row in zones],
        "bins": [plain(row) for row in bins],
        "owners": [plain(row) for row in work.find(Owner, order_by=col(Owner.code))],
    }


def items(work: Work, *, q: str = "", limit: int = FOUND) -> list[Json]:
    """By SKU, barcode, or name as it is written or spoken (pinyin, or its initials)."""
    work.allow("see")
    q = q.strip()
    where: list[ColumnElement[bool]] = [col(Item.active).is_(True)]
    if q:
        by_code = select(col(Barcode.item_id)).where(col(Barcode.text) == q)
        where.append(or_(named(Item, q), col(Item.id).in_(by_code)))
    found = [
        item
        for item in work.find(Item, *where, order_by=col(Item.sku), limit=at_most(limit))
        if work.may("see", "", item.owner_id)
    ]
    barcodes = defaultdict(list)
    for barcode in work.find(
        Barcode, col(Barcode.item_id).in_([item.id for item in found]), order_by=col(Barcode.quantity)
    ):
        barcodes[barcode.item_id].append(shown(barcode, "text", "quantity", "level"))
    standards = {
        standard.id: shown(standard, "text", "text_en", "pictures", "by", "at")
        for standard in work.find(Standard, col(Standard.id).in_([item.id for item in found]))
    }
    return [
        shown(
            item, "id", "owner_id", "sku", "name", "name_en", "spec", "uom", "lot_tracked", "serial_tracked", "expiry_tracked",
            "shelf_life_days", "hazard", "active",
        )
        | {"barcodes": barcodes[item.id], "standard": standards.get(item.id)}
        for item in found
    ]  # fmt: skip


def customers(work: Work, *, q: str = "", limit: int = FOUND) -> list[Json]:
    """Sales see their own. A phone number is shown to those who talk to customers."""
    work.allow("see_desk")
    where = [seen_customers(work.actor)]
    if q := q.strip():
        where.append(named(Customer, q))
    found = work.find(Customer, *where, order_by=col(Customer.code), limit=at_most(limit))
    personal = work.may("see_personal")
    return [
        shown(customer, "id", "code", "name", "country", "owner_id") | ({"phone": customer.phone} if personal else {})
        for customer in found
    ]


def imports(work: Work) -> list[Json]:
    work.allow("see_desk")
    found = work.find(ImportRun, order_by=col(ImportRun.at).desc(), limit=100)
    names = Names(work)
    names.learn(Person, (run.by for run in found))
    return [plain(run) | {"by_name": names.person(run.by)} for run in found]
