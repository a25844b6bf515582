"""Reads the codes in untrusted pictures. Runs by itself (`decode.Decoder`), as a process that limits itself first.

python -I reader.py MEMORY SECONDS PIXELS

Conversation over stdin and stdout, each message four bytes of length and then the message: a picture comes in, JSON goes out:
{"codes": [{"text", "symbology", "identifier", "engine", "position", "sure"}], "engines": […]} or {"error": "…"}.

The cascade, as it was measured on photos: zxing-cpp as the picture is; where it finds a label, tilts and zbar are merged with it,
for the first pass seldom finds all of a label's codes. Where it finds nothing: zbar as it is, then both on the picture turned, made
finer, and enlarged with its contrast spread: the cheap ones and those that gain most come first. What only such a pass read may
be wrong in spite of a right check digit: it is `sure` when two passes agree, when it is a strong code that zxing-cpp read, or one that
corrects its own errors. zbar alone is not believed about an EAN that is not sharp: it takes 1 for 7 and 2 for 8 in pairs
that leave the check digit right, again and again.
"""

import io
import json
import math
import re
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

ENOUGH_PIXELS = 2_500_000  # what a first look needs; a larger JPEG is decoded at a fraction of its size
LARGEST_PIXELS = 12_000_000  # no pass looks at more
UPSCALED_PIXELS = 6_000_000
FINER_PIXELS = 10_000_000
SECONDS_A_PICTURE = 1.8  # of a core: where nothing is, that long is looked, and the look that was begun is finished
PATIENCE = 5.0  # seconds, on a machine that has other things to do
FLAT = 5  # of 256 shades, once grain and the fall of the light are taken off: the palest print has more
TILT = 12
CLOSE_UP = 0.2  # a code that fills this much of the picture was what the photo was taken of
RETAIL = ("EAN-13", "EAN-8", "UPC-A", "UPC-E")
SPARSE = ("EAN-8", "UPC-E", "DataBar Limited")  # so little in them that pieces of other codes pass for one
OF_UPC_E = re.compile(
    "0[01]([0-9]{2}[012]0000[0-9]{3}|[0-9]{3}00000[0-9]{2}|[0-9]{4}00000[0-9]|[0-9]{5}0000[5-9])[0-9]"
)
STRONG = ("EAN-13", "Code 128")  # zxing-cpp read none wrongly in some hundreds of changed pictures
SELF_CORRECTING = ("QR Code", "Data Matrix", "Aztec")  # PDF417 corrects noise into text where it is enlarged
BY_ZBAR = {
    "EAN13": "EAN-13",
    "EAN8": "EAN-8",
    "UPCA": "UPC-A",
    "CODE128": "Code 128",
    "CODE39": "Code 39",
    "I25": "ITF",
    "QRCODE": "QR Code",
}
ZBAR_IS_SURE_FROM = {"EAN-13": 32, "EAN-8": 32, "Code 128": 8, "QR Code": 1}  # scan lines that agreed

Point = tuple[float, float]


class Found(NamedTuple):
    text: str
    symbology: str
    identifier: str
    engine: str
    position: tuple[Point, ...]
    sure: bool


class Pass(NamedTuple):
    """A picture made from the one that came, and where a point of it lay there."""

    picture: Any
    back: Callable[[Point], Point]


def main(memory: int, seconds: int, pixels: int) -> None:
    # 1. Before anything of a picture is read: what this process may use at most.
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")

    # 2. One picture after the other, until nobody asks any more.
    eyes = Eyes()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (data := _receive(source)) is not None:
        try:
            answer = {"codes": eyes.read(data, pixels), "engines": eyes.engines}
        except Exception as error:  # whatever a decoder makes of a bad picture is that picture's fault
            answer = {"error": type(error).__name__}
        _send(sink, json.dumps(answer).encode())


def _receive(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    return source.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def _send(sink: BinaryIO, message: bytes) -> None:
    sink.write(len(message).to_bytes(4, "big") + message)
    sink.flush()


class Eyes:
    """The engines that run here. zbar needs a library of the system and may be missing."""

    def __init__(self) -> None:
        import zxingcpp
        from PIL import Image, ImageChops, ImageFilter, ImageOps

        self.zxing, self.image, self.filter, self.ops, self.chops = zxingcpp, Image, ImageFilter, ImageOps, ImageChops
        formats = zxingcpp.BarcodeFormat
        codes = (
            formats.EAN13,
            formats.EAN8,
            formats.UPCE,
            formats.Code128,
            formats.Code39,
            formats.Code93,
            formats.ITF,
        )
        dense = (formats.DataBar, formats.QRCode, formats.DataMatrix, formats.PDF417, formats.Aztec)
        self.formats = zxingcpp.BarcodeFormats([*codes, *dense])
        try:
            from pyzbar import pyzbar

            self.zbar: Any = pyzbar
            self.zbar_symbols = [pyzbar.ZBarSymbol[name] for name in BY_ZBAR]
        except (ImportError, OSError):
            self.zbar = None
        self.engines = ["zxing-cpp", *(["pyzbar"] if self.zbar else [])]

    def read(self, data: bytes, pixels: int) -> list[dict[str, Any]]:
        self.image.MAX_IMAGE_PIXELS = pixels
        sight = Sight(self, data, pixels)
        codes = sight.codes()
        return [
            {**found._asdict(), "position": [[round(x), round(y)] for x, y in found.position]}
            for found in sorted(codes, key=lambda found: [(y, x) for x, y in found.position[:1]])
        ]


class Sight:
    """One picture being looked at."""

    def __init__(self, eyes: Eyes, data: bytes, pixels: int) -> None:
        self.eyes, self.data, self.pixels = eyes, data, pixels
        self.until = time.process_time() + SECONDS_A_PICTURE
        self.at_last = time.monotonic() + PATIENCE
        self.votes: dict[tuple[str, str], list[Found]] = {}
        self.whole_size = (0, 0)

    def codes(self) -> list[Found]:
        # 1. As it is: the first look at a fraction of a large photo, the second at all of it.
        first = self._open(ENOUGH_PIXELS)
        self._zxing(first, sure=True)
        plain = first
        if not self._is_sure() and math.prod(self.whole_size) > 1.5 * math.prod(first.picture.size):
            plain = self._open(LARGEST_PIXELS)
            self._zxing(plain, sure=True)

        # 2. A label has more than the first look finds.
        if self._is_sure():
            if self._holds_more() and self._may_be_a_label(first):
                self._zxing(self._tilted(first, TILT))
                self._zxing(self._tilted(first, -TILT))
                if math.prod(self.whole_size) > 1.5 * math.prod(first.picture.size):
                    self._zxing(self._open(LARGEST_PIXELS), sure=True)
            return self._agreed()

        # 3. Nothing, and nothing that could be one: a wall, a dark pocket.
        if not self.votes and self._is_flat(first):
            return []

        # 4. Nothing: the other engine, then the picture changed, until something is sure.
        for escalation in self._escalations(first, plain):
            escalation()
            if self._is_sure() or time.process_time() > self.until or time.monotonic() > self.at_last:
                break
        return self._agreed()

    def _is_sure(self) -> bool:
        return any(found.sure for found in self._agreed())

    def _escalations(self, first: Pass, plain: Pass) -> Iterator[Callable[[], None]]:
        yield lambda: self._zbar(first, sure=True)
        if plain is not first:
            yield lambda: self._zbar(plain, sure=True)
        for angle in (45, 22, -22, TILT, -TILT):
            yield lambda angle=angle: self._both(self._tilted(first, angle), sure=True)  # type: ignore[misc]
        # So small that a bar is little more than a pixel wide; pale; so blurred that bars run into each other.
        yield lambda: self._zxing(self._finer(plain, 4, radius=2, percent=150))
        yield lambda: self._both(self._enlarged(plain))
        yield lambda: self._zxing(self._finer(plain, 3, radius=4, percent=250))

    # Pictures

    def _open(self, enough: int) -> Pass:
        """Grey, upright, on white. The position of a code is told in pixels of the upright picture."""
        with self.eyes.image.open(io.BytesIO(self.data), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > self.pixels:
                raise ValueError("too many pixels")
            turned_aside = picture.getexif().get(0x0112, 1) >= 5
            self.whole_size = picture.size[::-1] if turned_aside else picture.size
            shrink = math.sqrt(picture.width * picture.height / enough)
            if shrink >= 2:
                picture.draft("L", (math.ceil(picture.width / shrink), math.ceil(picture.height / shrink)))
            upright = self.eyes.ops.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "P", "PA"):
                upright = upright.convert("RGBA")
                paper = self.eyes.image.new("RGB", upright.size, "white")
                paper.paste(upright, mask=upright.getchannel("A"))
                upright = paper
            grey = upright.convert("L")
        if grey.width * grey.height > LARGEST_PIXELS:
            shrink = math.sqrt(grey.width * grey.height / LARGEST_PIXELS)
            grey = grey.resize(
                (int(grey.width / shrink), int(grey.height / shrink)), self.eyes.image.Resampling.BILINEAR
            )
        scale = self.whole_size[0] / grey.width
        return Pass(grey, lambda point: (point[0] * scale, point[1] * scale))

    def _tilted(self, seen: Pass, angle: float) -> Pass:
        flat = seen.picture
        tilted = flat.rotate(angle, self.eyes.image.Resampling.BILINEAR, expand=True, fillcolor=255)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))

        def back(point: Point) -> Point:
            x, y = point[0] - tilted.width / 2, point[1] - tilted.height / 2
            return seen.back((x * cos - y * sin + flat.width / 2, x * sin + y * cos + flat.height / 2))

        return Pass(tilted, back)

    def _is_flat(self, seen: Pass) -> bool:
        small = seen.picture.reduce(8)
        even = small.filter(self.eyes.filter.BoxBlur(6))
        return bool(self.eyes.chops.difference(small, even).getextrema()[1] < FLAT)

    def _enlarged(self, seen: Pass) -> Pass:
        times = min(3.0, math.sqrt(UPSCALED_PIXELS / math.prod(seen.picture.size)))
        size = (max(1, round(seen.picture.width * times)), max(1, round(seen.picture.height * times)))
        large = self.eyes.ops.autocontrast(seen.picture, cutoff=(1, 1)).resize(size, self.eyes.image.Resampling.BICUBIC)
        large = large.filter(self.eyes.filter.UnsharpMask(radius=4, percent=220, threshold=1))
        return Pass(large, lambda point: seen.back((point[0] / times, point[1] / times)))

    def _finer(self, seen: Pass, most: int, *, radius: int, percent: int) -> Pass:
        """Enlarged by what keeps edges, its greys as they are: spreading them first would clip what tells narrow bars apart."""
        times = min(float(most), math.sqrt(FINER_PIXELS / math.prod(seen.picture.size)))
        size = (max(1, round(seen.picture.width * times)), max(1, round(seen.picture.height * times)))
        fine = seen.picture.resize(size, self.eyes.image.Resampling.LANCZOS)
        fine = fine.filter(self.eyes.filter.UnsharpMask(radius=radius, percent=percent, threshold=0))
        return Pass(fine, lambda point: seen.back((point[0] / times, point[1] / times)))

    # Looking

    def _both(self, seen: Pass, sure: bool = False) -> None:
        self._zxing(seen, turned=sure)
        self._zbar(seen, sure)

    def _zxing(self, seen: Pass, sure: bool = False, turned: bool = False) -> None:
        zxing = self.eyes.zxing
        for code in zxing.read_barcodes(seen.picture, formats=self.eyes.formats, text_mode=zxing.TextMode.Plain):
            corners = (
                code.position.top_left,
                code.position.top_right,
                code.position.bottom_right,
                code.position.bottom_left,
            )
            position = tuple(seen.back((point.x, point.y)) for point in corners)
            symbology = str(code.format)
            believed = (sure and symbology not in SPARSE) or (turned and symbology == "PDF417")
            self._vote(Found(code.text, symbology, code.symbology_identifier, "zxing-cpp", position, believed))

    def _zbar(self, seen: Pass, sure: bool = False) -> None:
        if self.eyes.zbar is None:
            return
        for code in self.eyes.zbar.decode(seen.picture, symbols=self.eyes.zbar_symbols):
            symbology = BY_ZBAR.get(code.type)
            if symbology is None:
                continue
            box = code.rect
            right, bottom = box.left + box.width, box.top + box.height
            corners = ((box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom))
            text = code.data.decode("utf-8", "replace")
            if symbology == "UPC-A":
                text, symbology = text.zfill(13), "EAN-13"
            if symbology == "EAN-13" and OF_UPC_E.fullmatch(text):
                symbology = "UPC-E"  # zbar tells them written out
            believed = sure and code.quality >= ZBAR_IS_SURE_FROM.get(symbology, 1000)
            self._vote(Found(text, symbology, "", "pyzbar", tuple(seen.back(corner) for corner in corners), believed))

    def _vote(self, found: Found) -> None:
        if not found.text or (found.symbology.startswith("ITF") and not _is_itf14(found.text)):
            return  # a tilted ITF-14 reads in pieces of six to twelve digits
        if found.symbology == "Code 39" and len(found.text) < 3:
            return
        self.votes.setdefault((found.text, "" if found.symbology in RETAIL else found.symbology), []).append(found)

    def _agreed(self) -> list[Found]:
        found = []
        for votes in self.votes.values():
            best = next(
                (vote for vote in votes if vote.identifier), votes[0]
            )  # zxing-cpp tells more, and where more exactly
            sure = any(vote.sure for vote in votes) or _agree(votes) or best.symbology in SELF_CORRECTING
            found.append(best._replace(sure=sure))
        firm = [each for each in found if each.sure]
        long = [each for each in firm if each.symbology in ("EAN-13", "UPC-A")]
        return [each for each in found if not (_is_a_piece(each, long) or (each not in firm and _lies_in(each, firm)))]

    def _holds_more(self) -> bool:
        """Whether the picture is of more than the codes in it."""
        share = sum(_area(votes[0].position) for votes in self.votes.values()) / max(1, math.prod(self.whole_size))
        return share < CLOSE_UP

    def _may_be_a_label(self, first: Pass) -> bool:
        """One of those that carriers and makers print on labels, or another beside the one that goods wear."""
        self._zbar(first, sure=True)
        return any(votes[0].symbology not in RETAIL for votes in self.votes.values()) or len(self.votes) > 1


def _agree(votes: list[Found]) -> bool:
    by_zxing = any(vote.engine == "zxing-cpp" for vote in votes)
    if by_zxing and votes[0].symbology in STRONG:
        return True
    return len(votes) > 1 and (by_zxing or votes[0].symbology not in RETAIL)


def _is_itf14(text: str) -> bool:
    if len(text) != 14 or not text.isdigit():
        return False
    return sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(text)) % 10 == 0


def _area(position: tuple[Point, ...]) -> float:
    pairs = zip(position, position[1:] + position[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def _is_a_piece(one: Found, long: list[Found]) -> bool:
    """A tilted EAN-13 has pieces that read as a short code with a right check digit. Nothing wears both."""
    if one.symbology == "EAN-8":
        return _lies_in(one, long) or any(one.text in other.text for other in long)
    return one.symbology in SPARSE and bool(long)


def _lies_in(one: Found, others: list[Found]) -> bool:
    x = sum(point[0] for point in one.position) / 4
    y = sum(point[1] for point in one.position) / 4
    for other in others:
        xs, ys = [point[0] for point in other.position], [point[1] for point in other.position]
        if other is not one and min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys):
            return True
    return False


if __name__ == "__main__":
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).resolve().parent]
    main(*(int(word) for word in sys.argv[1:]))
