"""Pictures of codes, made: symbols drawn by Pillow, segno and zxing-cpp's writer, laid on paper, and then photographed badly."""

import io
import random
from typing import Any, NamedTuple

import segno
import zxingcpp
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from server.barcodes.rules import check_digit

FORMATS = {
    "EAN-13": zxingcpp.BarcodeFormat.EAN13,
    "EAN-8": zxingcpp.BarcodeFormat.EAN8,
    "UPC-A": zxingcpp.BarcodeFormat.UPCA,
    "Code 128": zxingcpp.BarcodeFormat.Code128,
    "ITF": zxingcpp.BarcodeFormat.ITF,
    "Code 39": zxingcpp.BarcodeFormat.Code39,
    "Data Matrix": zxingcpp.BarcodeFormat.DataMatrix,
    "PDF417": zxingcpp.BarcodeFormat.PDF417,
}


class Picture(NamedTuple):
    image: Image.Image
    texts: list[str]


def text_for(kind: str, luck: random.Random) -> str:
    def digits(n: int) -> str:
        return "".join(luck.choice("0123456789") for _ in range(n))

    def checked(body: str) -> str:
        return body + check_digit(body)

    makers = {
        "EAN-13": lambda: checked(luck.choice("2345679") + digits(11)),
        "EAN-8": lambda: checked(luck.choice("2345679") + digits(6)),
        "UPC-A": lambda: checked(luck.choice("678") + digits(10)),
        "Code 128": lambda: luck.choice(("SF", "JD", "YT", "LSH")) + digits(luck.choice((10, 12, 13))),
        "ITF": lambda: checked("1" + digits(12)),
        "Code 39": lambda: "A-" + digits(2) + "-" + luck.choice("BCDF") + digits(2),
        "QR Code": lambda: f"https://id.gs1.org/01/0{checked('6' + digits(11))}/21/S{digits(5)}",
        "Data Matrix": lambda: f"LOT{digits(8)}",
        "PDF417": lambda: f"DOC-{digits(12)}",
    }
    return makers[kind]()


def symbol(kind: str, text: str, module: int = 3) -> Image.Image:
    """Black on white with its quiet zone."""
    if kind == "QR Code":
        kept = io.BytesIO()
        segno.make_qr(text).save(kept, kind="png", scale=module, border=4)
        return Image.open(kept).convert("L")
    drawn: Any = zxingcpp.create_barcode(text, FORMATS[kind]).to_image(scale=module)
    pixels = memoryview(drawn)
    bars = Image.frombuffer("L", (pixels.shape[1], pixels.shape[0]), bytes(pixels), "raw", "L", 0, 1)
    quiet = 10 * module
    paper = Image.new("L", (bars.width + 2 * quiet, bars.height + 2 * quiet), 255)
    paper.paste(bars, (quiet, quiet))
    return paper


def alone(kind: str, luck: random.Random, module: int = 3) -> Picture:
    text = text_for(kind, luck)
    return Picture(symbol(kind, text, module), [text])


def on_goods(kind: str, luck: random.Random, size: tuple[int, int] = (1200, 900), module: int = 2) -> Picture:
    """One code on a larger thing with print around it."""
    picture = alone(kind, luck, module)
    scene = _cardboard(size, luck)
    scene.paste(
        picture.image,
        (
            luck.randrange(20, size[0] - picture.image.width - 20),
            luck.randrange(20, size[1] - picture.image.height - 20),
        ),
    )
    return Picture(scene, picture.texts)


def label(
    luck: random.Random,
    kinds: tuple[str, ...] = ("Code 128", "QR Code", "EAN-13", "Data Matrix", "ITF"),
    module: int = 2,
) -> Picture:
    """A shipping label: several codes below each other, lines of print between them."""
    paper = Image.new("L", (760, 1100), 250)
    pen = ImageDraw.Draw(paper)
    texts, y = [], 30
    for kind in kinds:
        text = text_for(kind, luck)
        drawn = symbol(kind, text, module)
        paper.paste(drawn, (luck.randrange(10, 40), y))
        texts.append(text)
        y += drawn.height + 10
        pen.text((30, y), f"{kind} {text} FROM SHANGHAI TO SHENZHEN", fill=20)
        pen.line((10, y + 20, 750, y + 20), fill=0, width=2)
        y += 30
    scene = _cardboard((1000, 1300), luck)
    scene.paste(paper, (120, 100))
    return Picture(scene, texts)


def blank(luck: random.Random) -> Picture:
    """A photo of a thing without any code: print, stripes, a shadow."""
    scene = _cardboard((1000, 800), luck)
    pen = ImageDraw.Draw(scene)
    for row in range(12):
        pen.text((80, 60 + row * 30), "".join(luck.choice("ABCDEFGH IJKLMN 0123456789") for _ in range(60)), fill=40)
    for stripe in range(9):
        pen.rectangle(
            (100 + stripe * 42, 500, 100 + stripe * 42 + luck.randrange(8, 30), 700), fill=luck.randrange(30, 90)
        )
    return Picture(scene, [])


def photographed(
    picture: Picture,
    luck: random.Random,
    *,
    turned: float = 0,
    blur: float = 0,
    contrast: float = 1,
    noise: float = 0,
    slant: float = 0,
    scale: float = 1,
) -> Picture:
    image = picture.image
    if scale != 1:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    if slant:
        w, h = image.size
        corners = (0, 0, w * slant, h, w * (1 - slant), h, w, 0)
        image = image.transform(image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=230)
    if turned:
        image = image.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=230)
    if contrast != 1:
        image = ImageEnhance.Contrast(image).enhance(contrast)
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    if noise:
        grain = Image.effect_noise(image.size, noise)
        image = Image.blend(image, grain, 0.25)
    return Picture(image, picture.texts)


def encoded(picture: Picture | Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    kept = io.BytesIO()
    image = picture.image if isinstance(picture, Picture) else picture
    image.save(kept, kind, **({"quality": 80} if kind == "JPEG" else {}) | options)
    return kept.getvalue()


def _cardboard(size: tuple[int, int], luck: random.Random) -> Image.Image:
    scene = Image.linear_gradient("L").resize(size).point([150 + value // 4 for value in range(256)])
    pen = ImageDraw.Draw(scene)
    for _ in range(25):
        x, y = luck.randrange(size[0]), luck.randrange(size[1])
        pen.rectangle((x, y, x + luck.randrange(5, 160), y + luck.randrange(5, 60)), fill=luck.randrange(120, 230))
    return scene
