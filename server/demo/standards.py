"""How some of the demo's goods are to be looked at: what the office wrote, with pictures that are drawn here."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from server import media
from server.domain import standards
from server.domain.attachments import note_photo
from server.domain.work import Work

from .goods import FAMILIES, item_id

WIDE, HIGH = 1200, 900
INK, GOOD, BAD = "#2b2f36", "#1d7a46", "#c0392b"
COLOURS = {
    "GN": "#5f9e78", "BU": "#4f7fb5", "WH": "#f4f2ec", "BK": "#3b3f46", "RD": "#bf4a44", "PK": "#e0a3b4", "YE": "#e4c25a",
}  # fmt: skip


class Shown(NamedTuple):
    kind: Literal["right", "wrong"]
    name: str
    name_en: str
    draw: Callable[[Any, str], None]


class Written(NamedTuple):
    text: str
    text_en: str
    pictures: tuple[Shown, ...]


def write(work: Work, blobs: Path) -> None:
    """Of every item of a family the same words, and the pictures in its own colour."""
    for family in FAMILIES:
        written = STANDARDS.get(family.code)
        for suffix, *_ in family.variants if written else ():
            assert written
            pictures = [
                standards.Picture(sha256=_kept(work, blobs, shown, suffix), kind=shown.kind, name=shown.name, name_en=shown.name_en)
                for shown in written.pictures
            ]  # fmt: skip
            standards.set_standard(
                work,
                standards.SetStandard(
                    item_id=item_id(f"{family.code}-{suffix}"),
                    text=written.text,
                    text_en=written.text_en,
                    pictures=pictures,
                ),
            )


def _kept(work: Work, blobs: Path, shown: Shown, suffix: str) -> str:
    data = drawn(shown, suffix)
    sha256 = hashlib.sha256(data).hexdigest()
    arriving = media.Upload(blobs, sha256)
    try:
        arriving.take(data)
        picture = arriving.keep()
    finally:
        arriving.end()
    note_photo(
        work, sha256, size=len(data), media_type=picture.media_type, width=picture.width, height=picture.height, site_id="", device_id=""
    )  # fmt: skip
    return sha256


def drawn(shown: Shown, suffix: str) -> bytes:
    """A drawing on a table top; what is wrong is ringed."""
    from PIL import Image, ImageDraw, ImageFilter

    top = Image.linear_gradient("L").resize((WIDE, HIGH)).point([244 - value // 10 for value in range(256)])
    scene = Image.merge("RGB", (top, top, top.point([max(0, value - 6) for value in range(256)])))
    shade = Image.new("L", scene.size, 0)
    ImageDraw.Draw(shade).ellipse((260, 690, 940, 800), fill=90)
    scene.paste((70, 72, 80), mask=shade.filter(ImageFilter.GaussianBlur(24)))
    shown.draw(ImageDraw.Draw(scene), COLOURS.get(suffix, "#d9cbb2"))
    kept = io.BytesIO()
    scene.save(kept, "JPEG", quality=82)
    return kept.getvalue()


# Drawings


def _kettle(pen: Any, colour: str) -> None:
    pen.polygon([(420, 320), (760, 320), (820, 700), (380, 700)], fill=colour, outline=INK, width=6)
    pen.polygon([(420, 330), (330, 300), (410, 420)], fill=colour, outline=INK, width=6)
    pen.arc((700, 300, 900, 640), -105, 95, fill=INK, width=34)
    pen.rounded_rectangle((430, 270, 750, 322), 24, fill=INK)
    pen.ellipse((560, 232, 620, 276), fill=INK)
    pen.rounded_rectangle((545, 430, 635, 640), 30, fill="#dfe8ee", outline=INK, width=5)


def _base(pen: Any) -> None:
    pen.rounded_rectangle((360, 704, 840, 752), 20, fill=INK)
    pen.line((360, 735, 220, 780, 150, 770), fill=INK, width=12)


def _whole_kettle(pen: Any, colour: str) -> None:
    _kettle(pen, colour)
    _base(pen)


def _dented_kettle(pen: Any, colour: str) -> None:
    _whole_kettle(pen, colour)
    pen.polygon([(806, 610), (730, 560), (792, 520)], fill="#e4e5e1", outline=INK, width=5)
    pen.line((690, 470, 720, 530, 705, 600), fill=INK, width=4)
    _ring(pen, 750, 560)


def _kettle_without_base(pen: Any, colour: str) -> None:
    _kettle(pen, colour)
    pen.rounded_rectangle((360, 716, 840, 764), 20, outline=BAD, width=5)
    _ring(pen, 600, 740, 270, 60)


def _bank(pen: Any, colour: str, swollen: int) -> None:
    pen.polygon(
        [(380, 250), (600, 250 - swollen), (820, 250), (820 + swollen, 480), (820, 720), (600, 720 + swollen // 2), (380, 720), (380 - swollen, 480)],
        fill=colour, outline=INK, width=6,
    )  # fmt: skip
    for at in range(4):
        pen.ellipse((520 + at * 44, 640, 544 + at * 44, 664), fill=GOOD if at < 3 else "#ffffff", outline=INK, width=3)
    pen.rounded_rectangle((560, 262, 640, 292), 8, fill=INK)


def _flat_bank(pen: Any, colour: str) -> None:
    _bank(pen, colour, 0)


def _swollen_bank(pen: Any, colour: str) -> None:
    _bank(pen, colour, 60)
    pen.arc((440, 380, 760, 600), 190, 350, fill=INK, width=5)
    _ring(pen, 600, 480, 330, 300)


def _jar(pen: Any, colour: str) -> None:
    pen.rounded_rectangle((400, 430, 800, 730), 40, fill=colour, outline=INK, width=6)
    pen.rounded_rectangle((380, 320, 820, 440), 26, fill="#faf8f3", outline=INK, width=6)
    pen.rounded_rectangle((460, 520, 740, 640), 12, fill="#ffffff", outline=INK, width=3)
    pen.line((490, 560, 710, 560), fill=INK, width=6)
    pen.line((490, 600, 640, 600), fill=INK, width=6)


def _sealed_jar(pen: Any, colour: str) -> None:
    _jar(pen, colour)
    pen.rectangle((560, 400, 640, 470), fill=GOOD)


def _opened_jar(pen: Any, colour: str) -> None:
    _jar(pen, colour)
    pen.polygon([(560, 400), (640, 400), (628, 430), (572, 434)], fill=GOOD)
    pen.polygon([(566, 470), (576, 446), (632, 442), (640, 470)], fill=GOOD)
    _ring(pen, 600, 436)


def _lipstick(pen: Any, colour: str, tip: list[tuple[int, int]]) -> None:
    pen.rounded_rectangle((470, 520, 730, 760), 14, fill=INK)
    pen.rectangle((500, 420, 700, 522), fill="#c9a86a", outline=INK, width=5)
    pen.polygon([(530, 422), *tip, (670, 422)], fill=colour, outline=INK, width=5)


def _new_lipstick(pen: Any, _: str) -> None:
    _lipstick(pen, "#b23a48", [(530, 260), (670, 190)])


def _used_lipstick(pen: Any, _: str) -> None:
    _lipstick(pen, "#b23a48", [(530, 330), (575, 290), (640, 296), (670, 340)])
    _ring(pen, 600, 310)


def _ring(pen: Any, x: int, y: int, across: int = 130, down: int = 110) -> None:
    pen.ellipse((x - across, y - down, x + across, y + down), outline=BAD, width=10)


STANDARDS = {
    "KET": Written(
        "1. 打开壶盖，看内壁有没有水垢。\n2. 放上底座，通电 10 秒，指示灯要亮。\n3. 壶身凹陷超过一枚硬币：外观不合格，严重。\n4. 底座、说明书缺一样：配件不合格。",
        "1. Open the lid and look for limescale.\n2. Put it on its base and switch it on for 10 seconds: the lamp must light.\n"
        "3. A dent larger than a coin fails Appearance, major.\n4. Base or manual missing fails Accessories.",
        (
            Shown("right", "完好，带底座", "Whole, on its base", _whole_kettle),
            Shown("wrong", "壶身凹陷", "Dented", _dented_kettle),
            Shown("wrong", "缺底座", "Base missing", _kettle_without_base),
        ),
    ),
    "PWR": Written(
        "鼓包、漏液、发烫：不要通电，不要放进周转箱，马上放到危险品区。\n四面平放在桌上都不晃，才算不鼓包。",
        "Swollen, leaking or hot: do not switch it on, do not put it into a tote, take it to the hazard zone at once.\n"
        "It is flat when it lies on each side without rocking.",
        (
            Shown("right", "平整", "Flat", _flat_bank),
            Shown("wrong", "鼓包：危险品", "Swollen: hazard", _swollen_bank),
        ),
    ),
    "CRM": Written(
        "封条断开就不能再卖，品质等级 D，报废。\n看瓶底的批号和限用日期，与外盒一致。",
        "A broken seal cannot be sold again: grade D, scrap.\nLot and use-by date under the jar must equal those on the box.",
        (
            Shown("right", "封条完整", "Seal whole", _sealed_jar),
            Shown("wrong", "封条断开", "Seal broken", _opened_jar),
        ),
    ),
    "LIP": Written(
        "旋出 1 厘米看膏体：顶端斜面要平、要亮。用过的一律报废。",
        "Turn it out one centimetre: the slanted tip must be even and glossy. Whatever was used is scrapped.",
        (
            Shown("right", "没用过", "Unused", _new_lipstick),
            Shown("wrong", "用过", "Used", _used_lipstick),
        ),
    ),
}  # fmt: skip
