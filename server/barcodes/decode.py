"""Reads the codes in a picture. The decoders run in a child process of their own, limited and replaceable (reader.py).

The child stays warm, so that an easy picture takes milliseconds; it is replaced when it dies, takes too long or has read many.
"""

import contextlib
import subprocess
import sys
import threading
from ctypes.util import find_library
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import msgspec

from .. import media
from ..domain.errors import Invalid, LimitReached

MAX_BYTES = 8 * 1024 * 1024
CHILD_MEMORY = 1024 * 1024 * 1024
CHILD_SECONDS = 240  # of a core, in all its life
PICTURE_SECONDS = 30
PICTURES_A_CHILD = 500
WAITING = 8


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """`identifier` is the symbology's (`]C1`), where the engine tells. `position`: four corners, in pixels of the upright picture.

    `sure`: read as it was, or by two ways alike, or in a code that corrects its own errors.
    """

    text: str
    symbology: str
    identifier: str
    engine: str
    position: list[list[int]]
    sure: bool


class Reading(msgspec.Struct, frozen=True):
    codes: list[Code] = []
    engines: list[str] = []
    error: str = ""


@cache
def engines() -> list[str]:
    """What can read a picture here. pyzbar is there without the system's library, too, and then reads nothing."""
    found = ["zxing-cpp"] if find_spec("zxingcpp") else []
    return [*found, "pyzbar"] if find_spec("pyzbar") and find_library("zbar") else found


class Decoder:
    """One child for all who ask; they wait in line, and when the line is long they are told to come back."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._pictures = 0
        self._turn = threading.Lock()
        self._line = threading.BoundedSemaphore(WAITING)

    def read(self, data: bytes) -> Reading:
        """Raises Invalid for what is no whole picture of at most 8 MiB and 40 million pixels."""
        if len(data) > MAX_BYTES:
            raise Invalid("A picture has at most 8 MiB.", field="image", limit=MAX_BYTES)
        try:
            media.look_at(data)
        except Invalid as refusal:
            raise Invalid(refusal.sentence, field="image") from None
        if not self._line.acquire(blocking=False):
            raise LimitReached("Very many pictures are being read right now. Try again in a moment.", retry_after=2)
        try:
            with self._turn:
                answer = self._ask(data)
        finally:
            self._line.release()
        if answer is None or answer.error:
            raise Invalid("This picture could not be read: it is damaged, or asks too much.", field="image")
        return answer

    def close(self) -> None:
        with self._turn:
            self._end()

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ask(self, data: bytes) -> Reading | None:
        """A child that has worked before may have died meanwhile: that is not this picture's fault, so a fresh one tries again."""
        fresh = self._child is None
        answer = self._tell(data)
        if answer is None and not fresh:
            answer = self._tell(data)
        return answer

    def _tell(self, data: bytes) -> Reading | None:
        if self._child is None:
            self._child, self._pictures = _start(), 0
        child = self._child
        assert child.stdin
        assert child.stdout
        timer = threading.Timer(PICTURE_SECONDS, child.kill)
        timer.daemon = True
        timer.start()
        answer = b""
        with contextlib.suppress(OSError):
            child.stdin.write(len(data).to_bytes(4, "big") + data)
            child.stdin.flush()
            length = int.from_bytes(child.stdout.read(4), "big")
            answer = child.stdout.read(length)
        timer.cancel()
        self._pictures += 1
        if not answer or self._pictures >= PICTURES_A_CHILD:
            self._end()
        return msgspec.json.decode(answer, type=Reading) if answer else None

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            with contextlib.suppress(OSError):
                self._child.__exit__(None, None, None)  # closes the pipes and waits
            self._child = None


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", str(Path(__file__).with_name("reader.py"))]
    limits = [str(CHILD_MEMORY), str(CHILD_SECONDS), str(media.MAX_PIXELS)]
    return subprocess.Popen(
        [*command, *limits], env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
    )
