"""Papers and photos as they are added: a document linked to a return, a file that was uploaded."""

import datetime as dt
from typing import Literal

from . import photos, told
from .documents import Blob, Document, DocumentRequest
from .errors import Invalid
from .events import DocumentAdded, PhotoStored
from .model import Command
from .returns import ReturnOrder, asked_documents
from .work import Work


class AddDocument(Command, frozen=True):
    order_id: str
    kind: Literal["outbound_order", "sales_contract", "inspection_report", "return_application", "photo", "other"]
    number: str = ""
    date: str = ""
    blob: str = ""


def add_document(work: Work, command: AddDocument) -> Document:
    """A paper named by its number, its file or both. Named again, it is the one that is there."""
    order = work.get(ReturnOrder, command.order_id)
    work.allow("amend", order.site_id, order.owner_id)

    number = command.number.strip()[:100]
    if not number and not command.blob:
        raise Invalid("A document needs a number or a file.", field="number")
    if command.blob and work.look(Blob, command.blob) is None:
        raise Invalid("This file has not been uploaded.", field="blob")
    try:
        if command.date:
            dt.date.fromisoformat(command.date)
    except ValueError:
        raise Invalid("A date is written as YYYY-MM-DD.", field="date") from None

    known = work.first(
        Document, Document.order_id == order.id, Document.kind == command.kind, Document.number == number,
        Document.blob == command.blob,
    )  # fmt: skip
    if known:
        return known
    document = work.add(
        Document, site_id=order.site_id, order_id=order.id, kind=command.kind, number=number, date=command.date,
        blob=command.blob, added_by=work.actor.id, added_at=work.now,
    )  # fmt: skip
    for asked in asked_documents(work, order.id):
        if asked.kind == command.kind:
            answered = work.get(DocumentRequest, asked.id)
            answered.answered_at, answered.document_id = work.now, document.id
            told.tell(
                work, "document_added", person_id=asked.asked_by, order_id=order.id, site_id=order.site_id, words=number
            )  # fmt: skip
    work.record(
        DocumentAdded(site_id=order.site_id, document_id=document.id, kind=command.kind, number=number), order.id
    )
    return document


def note_photo(
    work: Work, sha256: str, *, size: int, media_type: str, width: int, height: int, site_id: str, device_id: str
) -> Blob:
    """Its bytes lie in the data folder already. Sent again, nothing happens."""
    known = work.seek(Blob, sha256)
    if known is not None:
        photos.look_again(work, sha256)
        return known
    work.record(PhotoStored(site_id=site_id), sha256)
    blob = work.add(
        Blob, id=sha256, size=size, media_type=media_type, width=width, height=height, device_id=device_id,
        stored_at=work.now,
    )  # fmt: skip
    if not width:  # no picture: nothing is painted of it, and nobody looks for codes in it
        blob.state, blob.looked = "paper", True
    photos.arrived(work, sha256)
    return blob
