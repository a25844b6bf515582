"""What stands still while goods move: owners, sites, zones and bins, items and their barcodes, customers, suppliers, codes."""

from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field

from .model import CODE, Table, found_by_its_end, integer, json_dict, json_list, ref


class Owner(Table, table=True):
    code: str = Field(unique=True)
    name: str = ""


class Site(Table, table=True):
    code: str = Field(unique=True)
    name: str = ""
    name_en: str = ""
    time_zone: str = "Asia/Shanghai"
    book: str = "own"  # own | hand_over
    book_from: str = ""  # own: the date its opening stock stood; what was shipped from then on is posted out
    currency: str = "CNY"
    unclaimed_days: int = integer(7)
    unclaimed_rule: str = "ask"  # what becomes of a parcel nobody claimed until then: ask | keep | send_back
    inspection_hours: int = integer(24)
    review_hours: int = integer(24)
    device_silent_hours: int = integer(12)


class Zone(Table, table=True):
    """kind: dock, quarantine, unclaimed, exception, sellable, defective, repair, scrap, vendor, hazard (SCREENS, last section)."""

    site_id: str = ref()
    code: str = ""
    name: str = ""
    name_en: str = ""
    kind: str = ""


class Bin(Table, table=True):
    site_id: str = ref()
    zone_id: str = ref()
    code: str = Field(default="", index=True, sa_type=CODE)  # also its barcode
    kind: str = ""  # the zone's kind, kept here because every put-away asks for it
    active: bool = True
    capacity: int = integer()  # 0: as much as one likes
    holds: str = "units"  # what the capacity counts: units | containers


class Item(Table, table=True):
    owner_id: str = ref()
    sku: str = Field(default="", index=True)
    name: str = ""
    name_en: str = ""
    spec: str = ""
    uom: str = "件"
    lot_tracked: bool = False
    serial_tracked: bool = False
    binds_lot: bool = False  # a lot other than the one sold is a wrong item (X12)
    expiry_tracked: bool = False
    shelf_life_days: int = integer()
    min_days_to_sell: int = Field(default=0, sa_type=BigInteger, index=True)  # fewer days left than this: not available
    min_days_to_accept: int = integer()  # fewer days left than this when it comes back: X12
    accessories: list[Any] = json_list()  # [{code, name, name_en}]
    steps: list[Any] = json_list()  # [{code, check, kind: tick|choice|number|photo, name, name_en, ...}]
    unit_cost: int = integer()  # today's
    costs: list[Any] = json_list()  # [{from: date, unit_cost}], oldest first, once it has ever changed
    currency: str = "CNY"
    hazard: bool = False
    active: bool = True


def cost_on(item: Item, date: str) -> int:
    """What a unit cost on that day, in minor units."""
    dated = [each["unit_cost"] for each in item.costs if each["from"] <= date]
    return int(dated[-1]) if dated else item.unit_cost


class Barcode(Table, table=True):
    """One of an item's codes. The same text may stand under two owners, so text alone is not unique."""

    item_id: str = ref()
    owner_id: str = ""
    text: str = Field(default="", index=True)
    quantity: int = integer(1)  # how many smallest units this pack holds
    level: str = "each"  # each | inner | case | pallet


class Customer(Table, table=True):
    owner_id: str = ref()
    code: str = Field(default="", index=True)
    name: str = ""
    sales_person_id: str = ref()
    phone: str = ""  # never in a feed
    address: str = ""  # never in a feed
    country: str = ""


found_by_its_end(Customer.phone)


class Supplier(Table, table=True):
    owner_id: str = ref()
    code: str = ""
    name: str = ""


class ReturnType(Table, table=True):
    """退库类型 with its policy, which devices and server judge alike.

    policy: {required_documents: [kind], required_checks: [check], default_disposition, allowed_dispositions: [kind],
    scrap_limit: minor units an inspector may scrap alone, auto_approve_limit: minor units}
    """

    code: str = Field(unique=True)
    name: str = ""
    name_en: str = ""
    policy: dict[str, Any] = json_dict()
    active: bool = True


class ReturnReason(Table, table=True):
    type_code: str = ref()
    code: str = ""
    name: str = ""
    name_en: str = ""
    active: bool = True


class DefectCode(Table, table=True):
    check: str = ""  # appearance | function | accessories | packaging
    code: str = ""
    name: str = ""
    name_en: str = ""


class Carrier(Table, table=True):
    code: str = Field(unique=True)
    name: str = ""
    prefixes: list[Any] = json_list()  # waybills that begin so are this carrier's: ["SF"]
