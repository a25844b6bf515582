"""What is printed can be scanned: each code is read back from the page by the product's own decoder."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server import labels
from server.barcodes.decode import Decoder
from server.domain.numbers import is_own_label
from tests.cast import SITE
from tests.doors import Doors

POPPLER = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="apt-get install poppler-utils")


def pages(pdf: bytes, folder: Path) -> list[bytes]:
    (folder / "labels.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "203", "-png", "labels.pdf", "page"], cwd=folder, check=True)
    return [page.read_bytes() for page in sorted(folder.glob("page-*.png"))]


@POPPLER
@pytest.mark.parametrize("size", ["60x40", "100x100", "sheet"])
def test_every_code_that_is_printed_is_read_back_at_a_label_printers_dots(
    doors: Doors, tmp_path: Path, size: str
) -> None:
    texts = ["LSH10000018", "SH-GOOD-01-01", "B-ZHANG2.demodemo", "RSTW:FAIL-APPEARANCE"]
    asked = {"size": size, "labels": [{"text": text, "title": "上海仓 Shanghai", "line": "自有标签"} for text in texts]}
    answer = doors.person("sam").post("/api/labels", asked)
    assert answer.headers["content-type"] == "application/pdf"
    found = pages(answer.content, tmp_path)
    assert len(found) == (1 if size == "sheet" else 4)
    with Decoder() as decoder:
        read = [{code.text for code in decoder.read(page).codes} for page in found]
    assert read == ([set(texts)] if size == "sheet" else [{text} for text in texts])


@POPPLER
def test_chinese_goes_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "one.pdf").write_bytes(labels.draw([labels.Label("X1", "上海仓", "签收暂存")], "60x40"))
    fonts = subprocess.run(["pdffonts", "one.pdf"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    (font,) = fonts.splitlines()[2:]
    assert "NotoSansSC" in font
    assert font.split()[-5:-2] == ["yes", "yes", "yes"], "embedded, a subset, with what its letters are"
    said = subprocess.run(
        ["pdftotext", "one.pdf", "-"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert {"上海仓", "签收暂存", "X1"} <= set(said.split())


def test_a_roll_has_running_numbers_with_check_digits_and_none_twice(doors: Doors) -> None:
    sam = doors.person("sam")

    def roll(count: int, **key: str) -> Any:
        return sam.post(f"/api/sites/{SITE}/own-labels", {"count": count}, **key)

    first, second = roll(3).json()["labels"], roll(2).json()["labels"]
    assert len({*first, *second}) == 5
    assert all(is_own_label(text) and text.startswith("LSH") for text in first + second)
    assert [int(text[3:-1]) for text in first + second] == list(range(int(first[0][3:-1]), int(first[0][3:-1]) + 5))
    assert roll(0).status_code == roll(1_001).status_code == 422
    assert doors.person("cleo").post(f"/api/sites/{SITE}/own-labels", {"count": 1}).status_code == 403


def test_a_text_no_code_can_hold_and_too_many_labels_are_refused(doors: Doors) -> None:
    sam = doors.person("sam")
    for wrong in ([], [{"text": ""}], [{"text": "条码"}], [{"text": "X"}] * 1_001):
        answer = sam.post("/api/labels", {"size": "60x40", "labels": wrong})
        assert answer.status_code == 422, wrong[:1]
