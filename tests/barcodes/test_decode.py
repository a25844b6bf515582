"""Codes read in pictures, in the child process: what ordinary ones hold, nothing where nothing is, and no picture that hurts."""

import io
import os
import random
import signal
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from server.barcodes import decode
from server.barcodes.decode import Decoder, engines
from server.domain.errors import Invalid

from . import pictures
from .pictures import Picture, alone, blank, encoded, label, on_goods, photographed, symbol

KINDS = ("EAN-13", "EAN-8", "UPC-A", "Code 128", "ITF", "Code 39", "QR Code", "Data Matrix")


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


@pytest.fixture
def luck(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def texts(decoder: Decoder, picture: Picture | bytes) -> list[str]:
    data = picture if isinstance(picture, bytes) else encoded(picture)
    return sorted(code.text for code in decoder.read(data).codes if code.sure)


def expected(picture: Picture) -> list[str]:
    return sorted("0" + text if len(text) == 12 and text.isdigit() else text for text in picture.texts)


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_each_kind_alone(decoder: Decoder, kind: str, luck: random.Random) -> None:
    picture = alone(kind, luck)
    (code,) = decoder.read(encoded(picture, "PNG")).codes
    assert [code.text] == expected(picture)
    assert code.symbology == ("EAN-13" if kind == "UPC-A" else kind)
    assert code.engine == "zxing-cpp"
    assert code.sure
    assert code.identifier.startswith("]")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [90, 180, 30, 45, -70])
def test_it_reads_a_picture_held_any_way(decoder: Decoder, kind: str, turned: float, luck: random.Random) -> None:
    picture = photographed(alone(kind, luck), luck, turned=turned)
    assert texts(decoder, picture) == expected(picture)


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_pale_print_on_goods(decoder: Decoder, kind: str, luck: random.Random) -> None:
    picture = photographed(on_goods(kind, luck), luck, contrast=0.2, turned=5)
    assert texts(decoder, picture) == expected(picture)


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_what_is_a_little_out_of_focus(decoder: Decoder, kind: str, luck: random.Random) -> None:
    picture = photographed(on_goods(kind, luck, module=3), luck, blur=1.1, turned=-6, slant=0.04)
    assert texts(decoder, picture) == expected(picture)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("EAN-8", "Code 39", "ITF")])
def test_it_reads_a_code_whose_bars_are_little_wider_than_a_pixel(
    decoder: Decoder, kind: str, luck: random.Random
) -> None:
    picture = photographed(on_goods(kind, luck), luck, scale=0.6, turned=3)
    assert texts(decoder, picture) == expected(picture)


def test_it_reads_all_codes_of_a_label(decoder: Decoder, luck: random.Random) -> None:
    for _ in range(4):
        picture = photographed(label(luck), luck, turned=luck.uniform(-10, 10), blur=0.6, noise=20)
        assert texts(decoder, picture) == expected(picture)


def test_it_reads_nothing_where_nothing_is(decoder: Decoder, luck: random.Random) -> None:
    for picture in (
        blank(luck),
        Picture(Image.new("L", (640, 480), 255), []),
        Picture(Image.effect_noise((600, 400), 80), []),
    ):
        assert decoder.read(encoded(picture)).codes == []


def test_at_a_wall_nobody_looks_twice_and_at_the_palest_print_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from server.barcodes import reader

    luck = random.Random("wall")
    shade = Image.linear_gradient("L").resize((1600, 1200)).point([100 + value // 3 for value in range(256)])
    wall = Image.blend(shade, Image.effect_noise(shade.size, 30), 0.2)
    looked: list[bool] = []
    monkeypatch.setattr(reader.Sight, "_escalations", lambda *_: looked.append(True) or iter(()))
    eyes = reader.Eyes()
    for empty in (wall, Image.new("L", (640, 480), 255), Image.new("L", (640, 480), 4)):
        assert eyes.read(encoded(empty), 40_000_000) == []
    assert not looked
    for kind in KINDS:  # so blurred that a first look does not do
        pale = photographed(on_goods(kind, luck), luck, contrast=0.12, blur=3)
        assert eyes.read(encoded(pale), 40_000_000) == []
    assert len(looked) == len(KINDS)


def test_a_tilted_carton_code_is_never_read_in_pieces(decoder: Decoder, luck: random.Random) -> None:
    for turned in range(0, 90, 9):
        picture = photographed(alone("ITF", luck, 2), luck, turned=turned, blur=1)
        assert texts(decoder, picture) in ([], expected(picture))


def test_an_itf_of_another_length_or_with_a_wrong_check_digit_is_not_believed(decoder: Decoder) -> None:
    for text in ("1234567890", "15400141288764"):
        assert decoder.read(encoded(symbol("ITF", text), "PNG")).codes == []


def test_a_gs1_code_keeps_its_separators_and_says_what_it_is(decoder: Decoder) -> None:
    import zxingcpp

    drawn = zxingcpp.create_barcode(
        "(01)09506000134352(10)LOT7(21)S1", zxingcpp.BarcodeFormat.DataMatrix, gs1=True
    ).to_image(scale=5)
    pixels = memoryview(drawn)
    image = Image.frombuffer("L", (pixels.shape[1], pixels.shape[0]), bytes(pixels), "raw", "L", 0, 1)
    paper = Image.new("L", (image.width + 60, image.height + 60), 255)
    paper.paste(image, (30, 30))
    (code,) = decoder.read(encoded(paper, "PNG")).codes
    assert code.identifier == "]d2"
    assert code.text == "010950600013435210LOT7\x1d21S1"


@pytest.mark.parametrize("turned", [0, 12, 40])
def test_it_says_where_in_the_upright_picture_a_code_is(decoder: Decoder, turned: float, luck: random.Random) -> None:
    scene = Image.new("L", (1600, 1200), 240)
    scene.paste(symbol("QR Code", "HELLO 1", 5).rotate(turned, expand=True, fillcolor=255), (1100, 800))
    scene.paste(symbol("Code 128", "SF1234567890", 2), (100, 60))
    found = {code.text: code.position for code in decoder.read(encoded(scene)).codes}
    for text, (left, top, right, bottom) in {
        "HELLO 1": (1100, 800, 1500, 1200),
        "SF1234567890": (100, 60, 620, 200),
    }.items():
        assert all(left <= x <= right and top <= y <= bottom for x, y in found[text]), found[text]


def test_a_photo_that_the_phone_only_marked_as_turned_is_read_upright(decoder: Decoder, luck: random.Random) -> None:
    scene = Image.new("L", (800, 600), 255)
    scene.paste(symbol("Code 128", "SF1234567890", 2), (20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned right
    (code,) = decoder.read(encoded(scene.rotate(90, expand=True), exif=exif)).codes
    assert all(x < 560 and y < 200 for x, y in code.position), code.position


def test_every_kind_of_file_and_of_pixel_is_read(decoder: Decoder, luck: random.Random) -> None:
    picture = alone("QR Code", luck, 5)
    for kind in ("JPEG", "PNG", "WEBP"):
        assert texts(decoder, encoded(picture, kind)) == picture.texts
    glass = Image.new("RGBA", picture.image.size, (0, 0, 0, 0))
    glass.paste((0, 0, 0, 255), mask=picture.image.point([255 - value for value in range(256)]))
    for image in (
        picture.image.convert("RGB"),
        picture.image.convert("P"),
        picture.image.convert("1"),
        picture.image.convert("LA"),
        glass,
    ):
        assert texts(decoder, encoded(image, "PNG")) == picture.texts


def png(width: int, height: int, body: bytes, extra: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def test_bad_pictures_are_refused_and_the_next_good_one_is_read(decoder: Decoder, luck: random.Random) -> None:
    good = encoded(alone("EAN-13", luck))
    gif = io.BytesIO()
    Image.new("L", (9, 9)).save(gif, "GIF")
    bad = {
        "nothing": b"",
        "no picture": b"GET / HTTP/1.1",
        "a kind we do not read": gif.getvalue(),
        "cut off": good[: len(good) // 2],
        "a bomb by its size": png(60_000, 60_000, b"\0" * 1000),
        "pixels missing": png(3000, 3000, b"\0" * 1000),
        "not zipped": png(100, 100, b"")[:60] + b"\xff" * 40,
        "too many bytes": b"\xff\xd8\xff" + b"\0" * (8 * 1024 * 1024),
    }
    for what, data in bad.items():
        with pytest.raises(Invalid) as refusal:
            decoder.read(data)
        assert refusal.value.facts["field"] == "image", what
        assert len(decoder.read(good).codes) == 1, what


def test_the_largest_picture_there_may_be_is_read_within_the_limits(decoder: Decoder) -> None:
    scene = Image.new("L", (8000, 5000), 255)
    scene.paste(symbol("Code 128", "SF1234567890", 8), (3000, 2000))
    assert texts(decoder, encoded(scene, "PNG")) == ["SF1234567890"]


def test_a_child_that_died_is_replaced(decoder: Decoder, luck: random.Random) -> None:
    picture = alone("EAN-13", luck)
    decoder.read(encoded(picture))
    assert decoder._child
    os.kill(decoder._child.pid, signal.SIGKILL)
    assert texts(decoder, picture) == expected(picture)


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, luck: random.Random) -> None:
    with Decoder() as decoder:
        decoder.read(encoded(alone("EAN-13", luck)))
        assert decoder._child
        os.kill(decoder._child.pid, signal.SIGSTOP)
        monkeypatch.setattr(decode, "PICTURE_SECONDS", 0.3)
        with pytest.raises(Invalid):  # nor does a fresh child start and read in so short a time
            monkeypatch.setattr(decode, "_start", stuck(decode._start))
            decoder.read(encoded(alone("EAN-13", luck)))


def stuck(start):  # type: ignore[no-untyped-def]
    def started():  # type: ignore[no-untyped-def]
        child = start()
        os.kill(child.pid, signal.SIGSTOP)
        return child

    return started


def test_the_engines_that_run_are_named(decoder: Decoder, luck: random.Random) -> None:
    assert decoder.read(encoded(alone("EAN-13", luck))).engines == engines()
    assert engines()[0] == "zxing-cpp"


def test_it_reads_without_the_system_library_of_zbar(luck: random.Random) -> None:
    from server.barcodes.reader import Eyes

    eyes = Eyes()
    eyes.zbar = None
    picture = alone("EAN-13", luck)
    assert [code["text"] for code in eyes.read(encoded(picture), 40_000_000)] == expected(picture)
    assert eyes.read(encoded(pictures.blank(luck)), 40_000_000) == []
