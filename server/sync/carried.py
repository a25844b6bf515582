"""Carried: a handheld's unsent work as an encrypted file that somebody else brings home.

    RESTOW-OUTBOX 1\\n
    {"device", "code", "part", "parts", "first", "last", "mutations", "photos", "made_at", "key", "ephemeral", "iv"}\\n
    AES-256-GCM( uint32 length, {"mutations": […], "photos": [{"sha256", "media_type", "size"}]}, the photos' bytes )

The AES key comes from P-256 ECDH with this server's public key, salted (HKDF-SHA256) with the hash of the device's token: only this
server can read a file, and only that device can have made it. Both head lines are authenticated with the content. A file is taken in
like a push, by number: twice is once, a file that lacks its predecessor is refused and can be brought again.
"""

import base64
import hashlib
import hmac

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.database import Database
from server.domain.devices import Device
from server.domain.errors import Invalid, WrongState
from server.domain.permissions import SYSTEM
from server.domain.records import Setting
from server.domain.work import Work

from .protocol import APP_SCHEMA, MAX_MUTATIONS, PROTOCOL, MutationIn, PushRequest
from .push import Forked, Gap, push

MAX_FILE = 24 * 1024 * 1024
_MAGIC = b"RESTOW-OUTBOX 1"
_INFO = b"restow outbox 1"
_KEY = "carry_key"
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    device: str
    code: str
    part: int
    parts: int
    first: int
    last: int
    mutations: int
    photos: int
    made_at: int
    key: str
    """Names the server's key: the first 16 hexadecimal digits of its SHA-256."""
    ephemeral: str
    iv: str


class CarriedPhoto(msgspec.Struct, frozen=True, kw_only=True):
    sha256: str
    media_type: str
    size: int


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    mutations: list[MutationIn]
    photos: list[CarriedPhoto]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    head: Head
    device: Device
    mutations: list[MutationIn]
    photos: list[tuple[CarriedPhoto, bytes]]


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `receipt` is a code the handheld can scan, so that it knows without a network."""

    device_last_seq: int
    new: int
    already: int
    outcomes: dict[str, int]
    receipt: str


def public_key(database: Database) -> str:
    """Base64 of the uncompressed point; handhelds are given it while they have a network."""
    return _text(_private(database).public_key().public_bytes(*_POINT))


def open_file(database: Database, data: bytes) -> Opened:
    """Raises Invalid for what is no such file, was damaged, or was made for another server or under another token."""
    magic, _, rest = data.partition(b"\n")
    line, newline, sealed = rest.partition(b"\n")
    if magic != _MAGIC or not newline:
        raise Invalid("This is not a file that a Restow handheld made.", field="file")
    try:
        head = msgspec.json.decode(line, type=Head)
        ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(head.ephemeral))
        iv = base64.b64decode(head.iv)
    except (msgspec.DecodeError, ValueError):
        raise Invalid("The head of this file is damaged. Export it again.", field="file") from None
    private = _private(database)
    if head.key != _name_of(private):
        raise Invalid("This file was made for another Restow server. Bring it there.", field="file", device=head.code)
    with database.read(SYSTEM) as work:
        device = work.look(Device, head.device)
    if device is None:
        raise Invalid("This server does not know the handheld that made this file.", field="file", device=head.code)
    try:
        secret = private.exchange(ec.ECDH(), ephemeral)
        plain = AESGCM(_derived(secret, device.token_hash)).decrypt(iv, sealed, magic + b"\n" + line)
        content, photos = _parts(plain)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        raise Invalid(
            "This file is damaged, or was not made by that handheld. Export it again; nothing is lost there.",
            field="file", device=head.code,
        ) from None  # fmt: skip
    return Opened(head=head, device=device, mutations=content.mutations, photos=photos)


def take_in(database: Database, opened: Opened, held_for: int) -> Arrived:
    """Raises WrongState where an earlier file is missing, and where the handheld's numbers were given twice."""
    device = opened.device
    outcomes: dict[str, int] = {}
    already, last_seq = 0, device.last_seq
    for at in range(0, len(opened.mutations), MAX_MUTATIONS):
        request = PushRequest(
            protocol=PROTOCOL, epoch="", device=device.id, app_schema=APP_SCHEMA,
            mutations=opened.mutations[at : at + MAX_MUTATIONS],
        )  # fmt: skip
        try:
            answer = push(database, device, request, held_for, carried=True)
        except Gap as gap:
            raise WrongState(
                f"An earlier file of handheld {device.code} is missing: number {gap.facts['expected']} is expected next, "
                f"this file begins with {opened.head.first}. Bring that one first.",
                device=device.code, expected=gap.facts["expected"], first=opened.head.first,
            ) from gap  # fmt: skip
        except Forked as forked:
            raise WrongState(
                f"Handheld {device.code} was copied: a number of this file came before with another content. "
                "Connect it once, and it goes on under a name of its own.",
                device=device.code,
            ) from forked  # fmt: skip
        last_seq = answer.device_last_seq
        for result in answer.results:
            if result.status == "deferred":
                raise WrongState(
                    "The server could take in only a part of this file right now. Bring it again in a moment."
                )
            already += result.dup
            if not result.dup:
                outcomes[result.status] = outcomes.get(result.status, 0) + 1
    return Arrived(
        device_last_seq=last_seq, new=sum(outcomes.values()), already=already, outcomes=outcomes,
        receipt=receipt(device, last_seq),
    )  # fmt: skip


def receipt(device: Device, last_seq: int) -> str:
    """A command card that only this server can print and only that handheld accepts."""
    mac = hmac.new(device.token_hash.encode(), f"arrived|{device.id}|{last_seq}".encode(), hashlib.sha256)
    return f"RSTW:ARRIVED-{last_seq}-{mac.hexdigest()[:10].upper()}"


def _private(database: Database) -> ec.EllipticCurvePrivateKey:
    """The server's own, kept in the database: a backup that holds the work can still read what is brought to it later."""

    def made(work: Work) -> str:
        kept = work.seek(Setting, _KEY)
        if kept is None:
            fresh = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            kept = work.add(Setting, id=_KEY, value=_text(fresh))
        return kept.value

    text = database.setting(_KEY) or database.write(SYSTEM, made)
    key = serialization.load_der_private_key(base64.b64decode(text), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _parts(plain: bytes) -> tuple[_Content, list[tuple[CarriedPhoto, bytes]]]:
    length = int.from_bytes(plain[:4], "big")
    content = msgspec.json.decode(plain[4 : 4 + length], type=_Content)
    at = 4 + length
    photos = []
    for photo in content.photos:
        photos.append((photo, plain[at : at + photo.size]))
        at += photo.size
    if at != len(plain):
        raise ValueError("the content has another length than it says")
    return content, photos


def _derived(secret: bytes, token_hash: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=token_hash.encode(), info=_INFO).derive(secret)


def _name_of(private: ec.EllipticCurvePrivateKey) -> str:
    return hashlib.sha256(private.public_key().public_bytes(*_POINT)).hexdigest()[:16]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
