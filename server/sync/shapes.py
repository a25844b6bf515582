"""Which rows are in which feed, with which fields, and when they leave it. What a shape does not name never reaches a device."""

from typing import Any

from sqlmodel import SQLModel

from server.domain import (
    catalog,
    conflicts,
    containers,
    dispositions,
    documents,
    inspections,
    lot_holds,
    messages,
    outbound_claims,
    parcels,
    people,
    receiving,
    replies,
    returns,
    standards,
    stock,
    tasks,
)  # fmt: skip
from server.domain.work import Shape

CATALOGUE = "catalogue"


def site_feed(site_id: str) -> str:
    return f"site:{site_id}"


def _catalogue(row: Any) -> str:
    return CATALOGUE


def _site(row: Any) -> str:
    return f"site:{row.site_id}" if row.site_id else ""


def _always(row: Any) -> bool:
    return True


def _all(model: type[SQLModel], *without: str) -> tuple[str, ...]:
    return tuple(column.name for column in model.__table__.columns if column.name not in without)  # type: ignore[attr-defined]


def _fields(names: str) -> tuple[str, ...]:
    return tuple(names.split())


SHAPES: dict[str, Shape] = {
    shape.kind: shape
    for shape in (
        Shape("owner", catalog.Owner, _all(catalog.Owner), _catalogue, _always),
        Shape("site", catalog.Site, _all(catalog.Site), _catalogue, _always),
        Shape("zone", catalog.Zone, _all(catalog.Zone), _catalogue, _always),
        Shape("bin", catalog.Bin, _all(catalog.Bin), _catalogue, _always),
        Shape(
            "lot_hold",
            lot_holds.LotHold,
            _fields("id item_id lot reason at"),
            _catalogue,
            lambda row: not row.released_at,
        ),
        Shape("standard", standards.Standard, _fields("id text text_en pictures at"), _catalogue, _always),
        Shape("item", catalog.Item, _all(catalog.Item, "unit_cost", "costs", "currency"), _catalogue, _always),
        Shape("barcode", catalog.Barcode, _all(catalog.Barcode), _catalogue, _always),
        Shape("customer", catalog.Customer, _fields("id owner_id code name"), _catalogue, _always),
        Shape("supplier", catalog.Supplier, _all(catalog.Supplier), _catalogue, _always),
        Shape("return_type", catalog.ReturnType, _all(catalog.ReturnType), _catalogue, _always),
        Shape("return_reason", catalog.ReturnReason, _all(catalog.ReturnReason), _catalogue, _always),
        Shape("defect_code", catalog.DefectCode, _all(catalog.DefectCode), _catalogue, _always),
        Shape("carrier", catalog.Carrier, _all(catalog.Carrier), _catalogue, _always),
        Shape(
            "person",
            people.Person,
            _fields("id username name language badge pin_verifier disabled_at"),
            _catalogue,
            _always,
        ),
        Shape("grant", people.Grant, _all(people.Grant, "deputy_for"), _catalogue, _always),
        Shape("parcel", parcels.Parcel, _all(parcels.Parcel, "closed_at"), _site, _always),
        Shape("load", parcels.Load, _all(parcels.Load), _site, _always),
        Shape("container", containers.Container, _all(containers.Container, "used_on"), _site, _always),
        Shape(
            "return_order",
            returns.ReturnOrder,
            _all(returns.ReturnOrder, "submitted_at", "reviewed_by", "cancelled_at", "currency", "match"),
            _site,
            _always,
        ),
        Shape(
            "return_line",
            returns.ReturnLine,
            _all(returns.ReturnLine, "unit_amount"),
            _site,
            lambda row: not row.removed,
        ),
        Shape("receipt", receiving.Receipt, _all(receiving.Receipt, "mutation_id"), _site, _always),
        Shape("inspection", inspections.Inspection, _all(inspections.Inspection, "mutation_id"), _site, _always),
        Shape("disposition", dispositions.Disposition, _all(dispositions.Disposition, "mutation_id"), _site, _always),
        Shape(
            "outbound_order",
            documents.OutboundOrder,
            _fields("id number site_id owner_id customer_id platform_number waybill shipped_on"),
            _site,
            _always,
        ),
        Shape(
            "outbound_line",
            documents.OutboundLine,
            _fields("id outbound_id site_id item_id line_number quantity returned claimed lot serials"),
            _site,
            lambda row: row.returned < row.quantity,
        ),
        Shape(
            "outbound_claim",
            outbound_claims.OutboundClaim,
            _all(outbound_claims.OutboundClaim, "state"),
            _site,
            lambda row: row.open > 0,
        ),
        Shape(
            "stock_balance",
            stock.StockBalance,
            _all(stock.StockBalance, "value", "currency"),
            lambda row: "" if row.status in stock.OUTSIDE else _site(row),
            lambda row: row.quantity != 0,
        ),
        Shape(
            "device_message", messages.DeviceMessage, _all(messages.DeviceMessage), _site, lambda row: not row.read_at
        ),
        Shape("task", tasks.Task, _all(tasks.Task, "difference_id"), _site, _always),
        Shape(
            "conflict",
            conflicts.Conflict,
            _all(
                conflicts.Conflict,
                "facts",
                "fingerprint",
                "occurrences",
                "decided",
                "assigned_to",
                "last_at",
                "replied_at",
            ),
            _site,
            _always,
        ),
        Shape("reply", replies.Reply, _all(replies.Reply, "mutation_id"), _site, _always),
    )
}

BY_MODEL: dict[type[SQLModel], Shape] = {shape.model: shape for shape in SHAPES.values()}
"""What the database is given, so that every write finds its feed."""
