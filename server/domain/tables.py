"""Imports every table, so that metadata is whole. Nothing else."""

from . import (
    alerts,
    catalog,
    conflicts,
    containers,
    counts,
    devices,
    differences,
    dispositions,
    documents,
    hand_overs,
    inspections,
    losses,
    lot_holds,
    messages,
    number_reports,
    outbound_claims,
    own_book,
    parcels,
    people,
    photos,
    receiving,
    records,
    replies,
    returns,
    standards,
    stock,
    stock_lists,
    tasks,
    told,
    views,
    words,
)  # fmt: skip
from .model import Table

__all__ = ["Table", "alerts", "catalog", "conflicts", "containers", "counts", "devices", "differences", "dispositions", "documents", "hand_overs", "inspections",
           "losses", "lot_holds", "messages", "number_reports", "outbound_claims", "own_book", "parcels", "people", "photos", "receiving", "records", "replies", "returns", "standards", "stock", "stock_lists", "tasks", "told", "views", "words"]  # fmt: skip
