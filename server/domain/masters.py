"""Master data said by another system 主数据: what is new is added, what is known takes the values said, the same again is nothing.

Each is known by its natural key, so whoever says it twice, or from two files, never makes two. What is not said stays as it is.
"""

from typing import Any, Literal

from sqlmodel import col

from . import costs, sites
from .catalog import Barcode, Bin, Customer, Item, Supplier, Zone
from .errors import Duplicate, Invalid
from .model import Table
from .people import Person
from .work import Work

Became = Literal["new", "changed", "same"]


def put_item(work: Work, owner_id: str, known: Item | None, sku: str, said: dict[str, Any]) -> Became:
    work.allow("import", "", owner_id)
    if known is None:
        if not said.get("name"):
            raise Invalid("A new item needs a name.", field="name")
        return _put(work, Item, known, {"owner_id": owner_id, "sku": sku}, said)
    # Another cost is so from today: what was posted before keeps the one it had.
    cost, currency = said.pop("unit_cost", known.unit_cost), said.pop("currency", known.currency)
    became = _put(work, Item, known, {}, said)
    if (cost, currency) == (known.unit_cost, known.currency):
        return became
    costs.set_unit_cost(work, costs.SetUnitCost(item_id=known.id, unit_cost=cost, currency=currency))
    return "changed"


def put_barcode(work: Work, item: Item, known: Barcode | None, text: str, said: dict[str, Any]) -> Became:
    work.allow("import", "", item.owner_id)
    if known is not None and known.item_id != item.id:
        other = work.look(Item, known.item_id)
        raise Duplicate(f"This barcode belongs to another item: {other.sku if other else known.item_id}.", field="text")
    return _put(work, Barcode, known, {"owner_id": item.owner_id, "item_id": item.id, "text": text}, said)


def put_customer(work: Work, owner_id: str, known: Customer | None, code: str, said: dict[str, Any]) -> Became:
    work.allow("import", "", owner_id)
    if known is None and not said.get("name"):
        raise Invalid("A new customer needs a name.", field="name")
    if username := said.pop("sales", ""):
        person = work.first(Person, col(Person.username) == username.lower())
        if person is None:
            raise Invalid("Nobody signs in with this name.", field="sales")
        said["sales_person_id"] = person.id
    return _put(work, Customer, known, {"owner_id": owner_id, "code": code}, said)


def put_supplier(work: Work, owner_id: str, known: Supplier | None, code: str, said: dict[str, Any]) -> Became:
    work.allow("import", "", owner_id)
    if known is None and not said.get("name"):
        raise Invalid("A new supplier needs a name.", field="name")
    return _put(work, Supplier, known, {"owner_id": owner_id, "code": code}, said)


def put_bin(work: Work, site_id: str, known: Bin | None, code: str, zone: Zone | None, said: dict[str, Any]) -> Became:
    """A bin stays in the zone it is in: what stands there has that zone's status."""
    work.allow("import", site_id)
    if known is None:
        if zone is None:
            raise Invalid("A new bin needs a zone.", field="zone")
        active = said.pop("active", True)
        made = sites.create_bin(work, sites.CreateBin(zone_id=zone.id, code=code, **said))
        made.active = active
        return "new"
    if zone is not None and zone.id != known.zone_id:
        raise Invalid("This bin stands in another zone.", field="zone")
    if all(getattr(known, name) == value for name, value in said.items()):
        return "same"
    sites.edit_bin(work, sites.EditBin(bin_id=known.id, **said))
    return "changed"


def _put(work: Work, model: type[Table], known: Any, key: dict[str, Any], said: dict[str, Any]) -> Became:
    if known is None:
        work.add(model, **key, **said)
        return "new"
    changed = {name: value for name, value in said.items() if getattr(known, name) != value}
    for name, value in changed.items():
        setattr(known, name, value)
    return "changed" if changed else "same"
