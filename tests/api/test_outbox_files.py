"""No network at all: a handheld's work as a file that somebody carries home. Twice is once, and nobody on the way reads it."""

import base64
import hashlib
import os
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.database import Database
from server.domain.devices import RevokeDevice, revoke_device
from server.domain.events import WorkCarried
from server.domain.permissions import SYSTEM
from server.domain.records import EventRow
from server.domain.returns import ReturnLine
from server.sync.protocol import MutationIn
from tests.api.test_photos import jpeg, sha
from tests.cast import R_1001, Desk, Handheld
from tests.conftest import ON_BOTH
from tests.doors import Doors

KIND = "application/octet-stream"
pytestmark = ON_BOTH


def exported(doors: Doors, a: Handheld, mutations: list[MutationIn], photos: list[bytes] = [], **head: Any) -> bytes:  # noqa: B006
    """What the handheld's own code writes (web/src/lib/carry.ts), in Python."""
    public = base64.b64decode(doors.device(a.code).get("/sync/v1/feeds").json()["carry_key"])
    content = msgspec.json.encode({
        "mutations": mutations,
        "photos": [{"sha256": sha(photo), "media_type": "image/jpeg", "size": len(photo)} for photo in photos],
    })  # fmt: skip
    own = ec.generate_private_key(ec.SECP256R1())
    secret = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    key = HKDF(hashes.SHA256(), 32, salt=a.record.token_hash.encode(), info=b"restow outbox 1").derive(secret)
    point = own.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    iv = os.urandom(12)
    lines = b"RESTOW-OUTBOX 1\n" + msgspec.json.encode({
        "device": a.id, "code": a.code, "part": 1, "parts": 1, "first": mutations[0].seq if mutations else 0,
        "last": mutations[-1].seq if mutations else 0, "mutations": len(mutations), "photos": len(photos), "made_at": 0,
        "key": hashlib.sha256(public).hexdigest()[:16], "ephemeral": base64.b64encode(point).decode(),
        "iv": base64.b64encode(iv).decode(), **head,
    })  # fmt: skip
    plain = len(content).to_bytes(4, "big") + content + b"".join(photos)
    return lines + b"\n" + AESGCM(key).encrypt(iv, plain, lines)


def bring(doors: Doors, who: str, data: bytes) -> Any:
    return doors.person(who).raw("POST", "/api/outbox-files", data, Content_Type=KIND)


def received(database: Database) -> int:
    with database.read(SYSTEM) as work:
        line = work.look(ReturnLine, "kettles")
        return line.received if line else 0


@pytest.fixture
def scans(desk: Desk, a: Handheld) -> list[MutationIn]:
    desk.file_r_1001()
    a.sync()
    for _ in range(3):
        a.scan("cleo", R_1001, "kettles", "kettle")
    return list(a.outbox)


def test_it_counts_what_a_file_brings_once_however_often_it_is_brought(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    file = exported(doors, a, scans, [jpeg()])

    first, second = bring(doors, "sam", file), bring(doors, "sam", file)

    assert first.status_code == 200, first.text
    assert (first.json()["new"], first.json()["already"], first.json()["outcomes"]) == (3, 0, {"applied": 3})
    assert (second.json()["new"], second.json()["already"]) == (0, 3)
    assert received(database) == 3
    assert doors.device("A1").raw("HEAD", f"/blobs/{sha(jpeg())}", b"").status_code == 200


def test_the_handheld_finds_its_work_there_when_it_comes_back_into_the_network(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    bring(doors, "sam", exported(doors, a, scans))

    results = a.sync()

    assert [(result.status, result.dup) for result in results] == [("applied", True)] * 3
    assert received(database) == 3


def test_another_handheld_of_the_site_may_carry_it(doors: Doors, a: Handheld, scans: list[MutationIn]) -> None:
    brought = doors.device("B1").raw("POST", "/api/outbox-files", exported(doors, a, scans), Content_Type=KIND)
    assert brought.status_code == 200 and brought.json()["new"] == 3


def test_a_file_that_lacks_an_earlier_one_is_refused_and_says_which_number_is_missing(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    early, late = exported(doors, a, scans[:1]), exported(doors, a, scans[1:])

    refused = bring(doors, "sam", late)

    assert refused.status_code == 409
    assert (refused.json()["expected"], refused.json()["first"]) == (scans[0].seq, scans[1].seq)
    assert received(database) == 0
    assert bring(doors, "sam", early).status_code == bring(doors, "sam", late).status_code == 200
    assert received(database) == 3


def test_a_damaged_or_foreign_file_changes_nothing_and_says_what_to_do(
    doors: Doors, database: Database, a: Handheld, b: Handheld, scans: list[MutationIn]
) -> None:
    doors.device("B1")
    file = exported(doors, a, scans)
    bent = bytearray(file)
    bent[-20] ^= 1
    for wrong in (
        b"",
        b"PK\x03\x04 a zip",
        file[:-1],
        bytes(bent),
        file.replace(b'"part":1', b'"part":2'),  # the head is authenticated too
        exported(doors, a, scans, device=b.id),  # sealed under another handheld's token
        exported(doors, a, scans, key="0" * 16),
        exported(doors, a, scans, device="nobody"),
        b"RESTOW-OUTBOX 1\n{}\nx",
    ):
        refused = bring(doors, "sam", wrong)
        assert refused.status_code == 422, (wrong[:60], refused.text)
        assert refused.json()["detail"]
        assert received(database) == 0
    assert bring(doors, "sam", file).status_code == 200


def test_a_photo_that_is_none_does_not_keep_the_work_from_counting(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    brought = bring(doors, "sam", exported(doors, a, scans, [b"not a picture", jpeg()])).json()
    assert (brought["new"], brought["photos"], brought["photos_refused"]) == (3, 1, 1)
    assert received(database) == 3


def test_only_who_works_at_its_site_may_bring_it(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    file = exported(doors, a, scans)
    assert bring(doors, "stranger", file).status_code == 403
    assert doors.nobody().raw("POST", "/api/outbox-files", file, Content_Type=KIND).status_code == 401
    assert received(database) == 0
    assert bring(doors, "sam", file).status_code == 200


def test_a_revoked_handhelds_file_is_taken_in_for_its_goods_are_in_the_building(
    doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]
) -> None:
    file = exported(doors, a, scans)
    database.write(SYSTEM, lambda work: revoke_device(work, RevokeDevice(device_id=a.id)))
    assert bring(doors, "sam", file).json()["new"] == 3
    assert received(database) == 3


def test_who_brought_it_is_history(doors: Doors, database: Database, a: Handheld, scans: list[MutationIn]) -> None:
    bring(doors, "sam", exported(doors, a, scans))
    with database.read(SYSTEM) as work:
        [row] = work.find(EventRow, EventRow.kind == WorkCarried.__name__)
    assert (row.by, row.subject_id, row.body["new"]) == ("sam", a.id, 3)
