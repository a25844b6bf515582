"""Ids: fresh ones in time order, and derived ones that make two devices name the same thing alike."""

import hashlib
import os
import time


def uuid7(milliseconds: int | None = None) -> str:
    now = int(time.time() * 1000) if milliseconds is None else milliseconds
    rand = int.from_bytes(os.urandom(10), "big")
    return _text((now << 80) | (0x7 << 76) | ((rand >> 68) << 64 & (0xFFF << 64)) | (0b10 << 62) | (rand & (2**62 - 1)))


def derived_id(*parts: str) -> str:
    """The same parts give the same id on every device and here (`derivedId` in web/src/lib/ids.ts; shared vectors)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
    digest = digest[:12] + "8" + digest[13:16] + "89ab"[int(digest[16], 16) & 3] + digest[17:]
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def following_id(cause: str, n: int) -> str:
    """The n-th id that a mutation causes: it keeps the cause's time, so that keys stay in order and a replay meets itself."""
    digest = hashlib.sha256(f"{cause}\x1f{n}".encode()).hexdigest()
    return f"{cause[:14]}8{digest[:3]}-a{digest[3:6]}-{digest[6:18]}" if len(cause) == 36 else derived_id(cause, str(n))


def lock_number(*words: str) -> int:
    """What PostgreSQL calls a lock by: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256("\x1f".join(words).encode()).digest()[:8], signed=True)


def _text(value: int) -> str:
    hexes = f"{value:032x}"
    return f"{hexes[:8]}-{hexes[8:12]}-{hexes[12:16]}-{hexes[16:20]}-{hexes[20:]}"
