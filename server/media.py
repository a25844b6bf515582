"""Photos: kept as they came, looked at with suspicion, shown only repainted.

A file is judged at the door by reading its structure alone, without decoding a pixel: kind, size, whether it is whole. Decoding
is for `repaint`, in a child process that may use so much memory and time and no more; what it paints carries no metadata.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from .database import Database
from .domain.documents import Blob
from .domain.errors import Invalid
from .domain.permissions import SYSTEM
from .domain.work import Work

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
SIZES = {"thumb": 320, "full": 1600}
Size = Literal["thumb", "full"]

CHILD_MEMORY = 1024 * 1024 * 1024
CHILD_SECONDS = 20


class Picture(NamedTuple):
    media_type: str
    width: int
    height: int


# Where things lie


def original(blobs: Path, sha256: str) -> Path:
    return blobs / sha256[:2] / sha256


def repainted(blobs: Path, sha256: str, size: str) -> Path:
    return blobs / "shown" / sha256[:2] / f"{sha256}.{size}.jpg"


class Upload:
    """A file on its way in: written beside its place as it arrives, named only once it is whole and what it says it is."""

    def __init__(self, blobs: Path, sha256: str) -> None:
        self._blobs, self._sha256 = blobs, sha256
        self._digest = hashlib.sha256()
        self.size = 0
        blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix="arriving-", dir=blobs)
        self._file = os.fdopen(handle, "wb")
        self._path = Path(name)

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > MAX_BYTES:
            raise Invalid("A photo has at most 8 MiB.", field="body", limit=MAX_BYTES)
        self._digest.update(chunk)
        self._file.write(chunk)

    def keep(self, look: Callable[[bytes], Picture] | None = None) -> Picture:
        """Raises Invalid when the bytes are not those announced, or no whole picture."""
        if self._digest.hexdigest() != self._sha256:
            raise Invalid("These bytes are not the ones announced: the SHA-256 differs.", field="sha256")
        self._file.flush()
        picture = (look or look_at)(self._path.read_bytes())
        os.fsync(self._file.fileno())
        self._file.close()
        place = original(self._blobs, self._sha256)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        self._path.replace(place)
        _sync_folder(place.parent)
        return picture

    def end(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


PDF = "application/pdf"


def paper_or_picture(data: bytes) -> Picture:
    """A document's file: a picture, or a whole PDF, which has no measures and is never shown, only handed out."""
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise Invalid("This PDF is cut off.", field="body")
        return Picture(PDF, 0, 0)
    try:
        return look_at(data)
    except Invalid as refusal:
        raise Invalid("A document is a PDF, or a photo as JPEG, PNG or WebP.", field="body") from refusal


def look_at(data: bytes) -> Picture:
    """Kind and measures by the file's own structure. Raises Invalid for what is no picture, cut off, or too large to paint."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            picture = _jpeg(data)
        elif data.startswith(b"\x89PNG\r\n\x1a\n"):
            picture = _png(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            picture = _webp(data)
        else:
            raise Invalid("This is no JPEG, PNG or WebP picture.", field="body")
    except (IndexError, ValueError):
        raise Invalid("This picture is damaged or cut off.", field="body") from None
    if not 0 < picture.width * picture.height <= MAX_PIXELS:
        raise Invalid("A photo has at most 40 million pixels.", field="body", limit=MAX_PIXELS)
    return picture


def _jpeg(data: bytes) -> Picture:
    """Walks the segments to the end marker; a picture without one was cut off."""
    width = height = 0
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0xD9:
            if not width:
                raise ValueError
            return Picture("image/jpeg", width, height)
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        length = _big(data, at, 2)
        if length < 2 or at + length > len(data):
            raise ValueError
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _big(data, at + 3, 2), _big(data, at + 5, 2)
        at += length
        if marker == 0xDA:  # the scan's data: up to the next marker that is neither stuffing nor a restart
            while True:
                at = data.index(b"\xff", at)
                if data[at + 1] == 0x00 or 0xD0 <= data[at + 1] <= 0xD7:
                    at += 2
                elif data[at + 1] == 0xFF:
                    at += 1
                else:
                    break


def _png(data: bytes) -> Picture:
    if data[12:16] != b"IHDR":
        raise ValueError
    at = 8
    while True:
        length, kind = _big(data, at, 4), data[at + 4 : at + 8]
        at += 12 + length
        if at > len(data):
            raise ValueError
        if kind == b"IEND":
            return Picture("image/png", _big(data, 16, 4), _big(data, 20, 4))


def _webp(data: bytes) -> Picture:
    if int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise ValueError
    kind = data[12:16]
    if kind == b"VP8X":
        return Picture("image/webp", _little(data, 24, 3) + 1, _little(data, 27, 3) + 1)
    if kind == b"VP8L":
        bits = _little(data, 21, 4)
        return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        return Picture("image/webp", _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF)
    raise ValueError


def _big(data: bytes, at: int, length: int) -> int:
    if at + length > len(data):
        raise ValueError
    return int.from_bytes(data[at : at + length], "big")


def _little(data: bytes, at: int, length: int) -> int:
    if at + length > len(data):
        raise ValueError
    return int.from_bytes(data[at : at + length], "little")


# Painting


def repaint(database: Database, blobs: Path, sha256: str) -> str:
    """Makes the copies that people see, once; returns the blob's state: shown, or unreadable where no decoder takes it."""
    with database.read(SYSTEM) as work:
        blob = work.look(Blob, sha256)
    if blob is None or blob.state != "stored":
        return blob.state if blob else "missing"
    state = "shown" if paint(blobs, sha256) else "unreadable"

    def note(work: Work) -> None:
        known = work.seek(Blob, sha256)
        if known is not None and known.state == "stored":
            known.state = state

    database.write(SYSTEM, note)
    return state


def paint(blobs: Path, sha256: str) -> bool:
    """Decodes in a child process and puts both copies in their place. False when it could not be decoded within its limits."""
    targets = {size: repainted(blobs, sha256, size) for size in SIZES}
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="painting-", dir=blobs / "shown") as folder:
        command = [
            sys.executable,
            "-I",
            str(Path(__file__).with_name("painter.py")),
            str(original(blobs, sha256)),
            folder,
        ]
        command += [str(CHILD_MEMORY), str(CHILD_SECONDS), str(MAX_PIXELS)]
        command += [f"{size}={edge}" for size, edge in SIZES.items()]
        try:
            done = subprocess.run(
                command, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=CHILD_SECONDS * 2, check=False, cwd=folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
        if done.returncode:
            return False
        for size, target in targets.items():
            (Path(folder) / f"{size}.jpg").replace(target)
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
