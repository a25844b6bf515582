"""Looks at photos: which codes are in them, and whether they were used before. Decoding is done in a limited child process.

1. the bytes are those that came; 2. their codes are read and looked up in the item master; 3. what was seen is written; 4. the few
that are as coarsely alike as one photo is to another picture of it are laid over it; 5. that is written, and told.
"""

import hashlib
from pathlib import Path
from typing import Any

from sqlmodel import col

from server import likeness, media
from server.barcodes import gs1
from server.barcodes.decode import Code, Decoder
from server.database import Database
from server.domain import photos
from server.domain.documents import Blob
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM
from server.domain.reads.barcodes import known_barcodes


def look(database: Database, blobs: Path, decoder: Decoder, blob: Blob) -> str:
    """What is wrong with it: '', unreadable, differs or gone. Done twice, nothing changes."""
    seen = _seen(database, blobs, decoder, blob)
    database.write(SYSTEM, lambda work: photos.note_look(work, blob.id, **seen))
    with database.read(SYSTEM) as work:
        few = photos.alike(work, blob.id)
        looks = [(id, work.look(photos.PhotoLook, id)) for id, _ in few]
    codes = {id: other.codes for id, other in looks if other is not None}
    mine = media.repainted(blobs, blob.id, "thumb")
    found = [
        (id, bits)
        for id, bits in few
        if not _read_other_codes(seen["codes"], codes.get(id, [])) and _same(mine, media.repainted(blobs, id, "thumb"))
    ]
    database.write(SYSTEM, lambda work: photos.note_alike(work, blob.id, found))
    return str(seen["problem"])


def look_at_all(database: Database, blobs: Path) -> int:
    """For whoever cannot wait: tests, and the demo. Paints what is not painted yet, too."""
    with database.read(SYSTEM) as work:
        waiting = [blob.id for blob in work.find(Blob, Blob.state == "stored", order_by=col(Blob.stored_at))]
    for sha256 in waiting:
        media.repaint(database, blobs, sha256)
    count = 0
    with Decoder() as decoder:
        while True:
            with database.read(SYSTEM) as work:
                unseen = photos.unseen(work, 50)
            if not unseen:
                return count
            for blob in unseen:
                look(database, blobs, decoder, blob)
                count += 1


def _seen(database: Database, blobs: Path, decoder: Decoder, blob: Blob) -> dict[str, Any]:
    nothing: dict[str, Any] = {"problem": "", "likeness": "", "codes": [], "engines": []}
    place = media.original(blobs, blob.id)
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        return nothing | {"problem": "gone"}
    if hashlib.sha256(data).hexdigest() != blob.id:
        place.replace(
            place.with_suffix(".differs")
        )  # so that it can be sent again; what is there stays to be looked into
        return nothing | {"problem": "differs"}
    small = media.repainted(blobs, blob.id, "thumb")
    known = likeness.likeness(small) if small.exists() else ""
    try:
        reading = decoder.read(data)
    except Invalid:
        return nothing | {"problem": "unreadable", "likeness": known}
    return nothing | {"likeness": known, "codes": _codes(database, reading.codes), "engines": reading.engines}


def _codes(database: Database, codes: list[Code]) -> list[dict[str, Any]]:
    """Those that may be believed, taken apart as GS1 means them."""
    spellings = [gs1.spellings(code.text, code.identifier) for code in codes]
    with database.read(SYSTEM) as work:
        known = known_barcodes(work, (each for spelling in spellings for each in spelling))
    found = []
    for code, spelling in zip(codes, spellings, strict=True):
        confirmed = bool(known.intersection(spelling))
        if not code.sure and not confirmed:
            continue
        fields = {element.ai: element.value for element in gs1.parse(code.text, code.identifier).elements}
        gtins = [each for each in spelling if each != code.text or "01" in fields or "02" in fields]
        found.append({
            "text": code.text, "symbology": code.symbology, "engine": code.engine, "sure": code.sure, "confirmed": confirmed,
            "position": code.position, "spellings": gtins, "serial": fields.get("21", ""), "lot": fields.get("10", ""),
        })  # fmt: skip
    return found


def _read_other_codes(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    """Two labels of one kind are alike in all but what they say."""
    one, two = {code["text"] for code in ours}, {code["text"] for code in theirs}
    return bool(one and two) and not one & two


def _same(one: Path, two: Path) -> bool:
    return one.exists() and two.exists() and likeness.same(one, two)
