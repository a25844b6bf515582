"""Labels and cards as PDF: codes drawn as bars, not pictures, and text in a font that goes with the file, Chinese included.

A roll has one label a page, in the printer's own size; a sheet has as many as fit on A4, to be cut.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from server.domain.errors import Invalid

Size = Literal["60x40", "100x100", "sheet"]
MOST = 1_000


class Label(msgspec.Struct, forbid_unknown_fields=True):
    """`text` is what is scanned, and stands below the code. `title` over it, `line` under it: for people."""

    text: str
    title: str = ""
    line: str = ""


class Form(NamedTuple):
    """In millimetres. `bars` and `square`: where a Code 128 and a QR code of the same text stand; 0 wide is none."""

    width: float
    height: float
    title: float
    bars: tuple[float, float, float, float]
    text: tuple[float, float, float]
    """From the left, from above, and the letters' size in points."""
    line: tuple[float, float, float]
    square: tuple[float, float, float]


FORMS: dict[str, Form] = {
    "60x40": Form(60, 40, 10, (2, 8, 56, 13), (4, 26.5, 15), (4, 34, 9), (44, 23.5, 14)),
    "100x100": Form(100, 100, 18, (3, 17, 94, 30), (6, 58, 26), (6, 70, 14), (60, 61, 35)),
    "sheet": Form(63, 39, 11, (2, 9, 59, 12), (3, 25, 8), (3, 33, 10), (0, 0, 0)),
}
"""`sheet`: three by seven on A4."""
A4, ACROSS, DOWN = (210, 297), 3, 7


def draw(labels: Sequence[Label], size: Size) -> bytes:
    """One PDF. Raises Invalid for a text that no code can hold."""
    if not 1 <= len(labels) <= MOST:
        raise Invalid(f"Between 1 and {MOST} labels are printed at once.", field="labels")
    form = FORMS[size]
    left, top = (A4[0] - ACROSS * form.width) / 2, (A4[1] - DOWN * form.height) / 2
    with _paper(A4 if size == "sheet" else (form.width, form.height)) as pdf:
        for at, label in enumerate(labels):
            if size != "sheet":
                pdf.add_page()
                _label(pdf, form, 0, 0, label)
                continue
            place = at % (ACROSS * DOWN)
            if place == 0:
                pdf.add_page()
            x, y = left + place % ACROSS * form.width, top + place // ACROSS * form.height
            pdf.rect(x, y, form.width, form.height)
            _label(pdf, form, x, y, label)
        return bytes(pdf.output())


@contextmanager
def _paper(size: tuple[float, float]) -> Iterator[Any]:
    """Its font's file is open as long as it is drawn on; fpdf2 itself never closes it."""
    from fpdf import FPDF
    from pylopdf_fonts_zh_cn import sans_path

    pdf: Any = FPDF(unit="mm", format=size)
    pdf.set_auto_page_break(False)
    pdf.add_font("sans", fname=str(sans_path()))
    pdf.set_draw_color(200)
    pdf.set_line_width(0.1)
    pdf.set_creator("Restow")
    try:
        yield pdf
    finally:
        for font in pdf.fonts.values():
            font.ttfont.close()


def _label(pdf: Any, form: Form, x: float, y: float, label: Label) -> None:
    right = form.square[0] or form.width
    _write(pdf, x + form.text[0], y + form.bars[1] - 2, form.title, label.title, form.width - 2 * form.text[0])
    _bars(pdf, x, y, form, label.text)
    if form.square[2]:
        _drawn(
            pdf, _modules(label.text, "QRCode"), x + form.square[0], y + form.square[1], form.square[2], form.square[2]
        )
    _write(pdf, x + form.text[0], y + form.text[1] + 2, form.text[2], label.text, right - form.text[0] - 2)
    _write(pdf, x + form.line[0], y + form.line[1] + 1, form.line[2], label.line, right - form.line[0] - 2)


def _bars(pdf: Any, x: float, y: float, form: Form, text: str) -> None:
    """No bar thinner than 0.19 mm: a longer text has its square alone."""
    at, top, width, height = form.bars
    bars = _modules(text, "Code128")
    narrow = min(width / len(bars[0]), 0.5)
    if narrow >= 0.19:
        _drawn(pdf, bars[:1], x + at + (width - narrow * len(bars[0])) / 2, y + top, narrow * len(bars[0]), height)


def _write(pdf: Any, x: float, y: float, points: float, text: str, width: float) -> None:
    """As large as it may be and still fit; what does not fit at six points is cut."""
    if not text:
        return
    pdf.set_font("sans", size=points)
    while points > 6 and pdf.get_string_width(text) > width:
        points -= 0.5
        pdf.set_font_size(points)
    while len(text) > 1 and pdf.get_string_width(text) > width:
        text = text[:-2] + "…"
    pdf.text(x, y, text)


def _drawn(pdf: Any, modules: Sequence[Sequence[bool]], x: float, y: float, width: float, height: float) -> None:
    wide, tall = width / len(modules[0]), height / len(modules)
    pdf.set_fill_color(0)
    for down, row in enumerate(modules):
        for start, length in _runs(row):
            pdf.rect(x + start * wide, y + down * tall, length * wide, tall, style="F")


def _runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where dark begins, and how long it is."""
    start = None
    for at, dark in enumerate([*row, False]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at - start
            start = None


@cache
def _maker() -> Callable[[str, str], Any]:
    import zxingcpp

    return lambda text, kind: zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))


def _modules(text: str, kind: str) -> list[list[bool]]:
    """Dark or light, one for each module; the quiet zone around it is part of it."""
    try:
        made = _maker()(text, kind).to_image(scale=1, add_quiet_zones=True)
    except (ValueError, RuntimeError):
        raise Invalid("No code can hold this text.", field="text", text=text[:60]) from None
    view: Any = memoryview(made)
    return [[view[down, at] < 128 for at in range(view.shape[1])] for down in range(view.shape[0])]
