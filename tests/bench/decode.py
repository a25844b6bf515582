"""How well and how fast pictures are read: python tests/bench/decode.py FOLDER, with --make 3 to make some there first.

What a picture holds is told, for the whole folder, by a file `expected.csv` (a line a picture: its path below the folder, then the
text of each code; no text: there is none to be read), or beside a picture by `NAME.txt` (a line a code), or by its own name: what
follows `__`, with further codes after more `__`, percent-encoded (`photo7__4006381333931.jpg`). A picture of which nothing is told
is left out. Subfolders are rows of the table.

read: codes found, exactly. wrong: codes found that are not there. missed: codes there that were not found. whole: pictures of which
every code was read and none was wrong. A GTIN may be written in any of its lengths. "doubted" counts what the server would only
give when its item master knows it; it counts as neither read nor wrong.
"""

import argparse
import csv
import random
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

sys.path.insert(0, str(Path(__file__).parents[2]))

from server.barcodes.decode import Decoder, engines
from server.domain.errors import Invalid

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


class Row(NamedTuple):
    group: str
    expected: int
    read: int
    wrong: int
    missed: int
    doubted: int
    milliseconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--make", type=int, metavar="N", help="make N pictures of each kind there first")
    parser.add_argument("--seed", type=int, default=1, help="of what is made")
    parser.add_argument("--verbose", action="store_true", help="tell each picture that was not read whole")
    options = parser.parse_args()
    if options.make:
        make(options.folder, options.make, options.seed)
    rows = list(measure(options.folder, options.verbose))
    if not rows:
        sys.exit(f"There is no picture in {options.folder} of which is told what it holds.")
    print(f"engines: {', '.join(engines())}")
    print(
        f"{'':24} {'pictures':>8} {'codes':>6} {'read':>6} {'wrong':>6} {'missed':>6} {'doubted':>7} {'whole':>7} {'median ms':>10} {'p95 ms':>8}"
    )
    groups = sorted({row.group for row in rows})
    for group in [*groups, *(["all"] if len(groups) > 1 else [])]:
        tell(group, [row for row in rows if group in ("all", row.group)])


def tell(group: str, rows: list[Row]) -> None:
    codes = sum(row.expected for row in rows)
    took = sorted(row.milliseconds for row in rows)
    whole = sum(row.read == row.expected and not row.wrong for row in rows) / len(rows)
    share = f"{sum(row.read for row in rows) / codes:6.1%}" if codes else "     –"
    print(
        f"{group:24} {len(rows):8} {codes:6} {share} {sum(row.wrong for row in rows):6} {sum(row.missed for row in rows):6} "
        f"{sum(row.doubted for row in rows):7} {whole:7.1%} {statistics.median(took):10.1f} {took[int(len(took) * 0.95)]:8.1f}"
    )


def measure(folder: Path, verbose: bool) -> list[Row]:
    expected = told(folder)
    rows = []
    with Decoder() as decoder:
        decoder.read(
            next(iter(expected)).read_bytes()
        ) if expected else None  # the child is warm, as in a running server
        for path, texts in sorted(expected.items()):
            data = path.read_bytes()
            started = time.perf_counter()
            try:
                codes = decoder.read(data).codes
            except Invalid as refusal:
                print(f"{path}: {refusal.sentence}")
                codes = []
            took = (time.perf_counter() - started) * 1000
            wanted = {plain(text) for text in texts}
            found = {plain(code.text) for code in codes if code.sure}
            doubted = {plain(code.text) for code in codes if not code.sure}
            row = Row(
                str(path.parent.relative_to(folder)), len(wanted), len(wanted & found), len(found - wanted),
                len(wanted - found), len(doubted), took,
            )  # fmt: skip
            if verbose and (row.wrong or row.missed):
                print(
                    f"{path.relative_to(folder)}: wanted {sorted(wanted)}, read {sorted(found)}, doubted {sorted(doubted)}"
                )
            rows.append(row)
    return rows


def told(folder: Path) -> dict[Path, list[str]]:
    listed: dict[Path, list[str]] = {}
    if (folder / "expected.csv").exists():
        with (folder / "expected.csv").open(newline="", encoding="utf-8") as lines:
            listed = {folder / line[0]: [text for text in line[1:] if text] for line in csv.reader(lines) if line}
        listed = {path: texts for path, texts in listed.items() if path.suffix.lower() in PICTURES and path.exists()}
    for path in folder.rglob("*"):
        if path.suffix.lower() not in PICTURES or path in listed:
            continue
        beside = path.with_suffix(".txt")
        if beside.exists():
            listed[path] = [line for line in beside.read_text(encoding="utf-8").splitlines() if line]
        elif "__" in path.stem:
            listed[path] = [unquote(text) for text in path.stem.split("__")[1:] if text]
    return listed


def plain(text: str) -> str:
    """One spelling for what is one code: a GTIN without leading zeros, an element string without brackets and separators."""
    if text.startswith("("):
        text = text.replace("(", "").replace(")", "")
    text = text.replace("\x1d", "")
    return text.lstrip("0") if text.isdigit() and len(text) in (8, 12, 13, 14) else text


def make(folder: Path, count: int, seed: int) -> None:
    from tests.barcodes import pictures

    kinds = ("EAN-13", "EAN-8", "UPC-A", "Code 128", "ITF", "Code 39", "QR Code", "Data Matrix", "PDF417")
    luck = random.Random(seed)
    for number in range(count):
        made: dict[str, pictures.Picture] = {}
        for kind in kinds:
            for name, picture in (
                ("easy", pictures.alone(kind, luck)),
                (
                    "on goods",
                    pictures.photographed(
                        pictures.on_goods(kind, luck), luck, turned=luck.uniform(-15, 15), blur=0.6, noise=20
                    ),
                ),
                (
                    "turned",
                    pictures.photographed(pictures.on_goods(kind, luck), luck, turned=luck.uniform(0, 360), blur=0.5),
                ),
                (
                    "blurred",
                    pictures.photographed(
                        pictures.on_goods(kind, luck, module=3),
                        luck,
                        turned=luck.uniform(-8, 8),
                        blur=luck.uniform(1.2, 2.2),
                    ),
                ),
                (
                    "pale",
                    pictures.photographed(
                        pictures.on_goods(kind, luck), luck, contrast=luck.uniform(0.12, 0.3), noise=10
                    ),
                ),
                (
                    "slanted",
                    pictures.photographed(
                        pictures.on_goods(kind, luck, module=3),
                        luck,
                        slant=luck.uniform(0.03, 0.1),
                        turned=luck.uniform(-20, 20),
                        blur=0.7,
                    ),
                ),
                (
                    "small",
                    pictures.photographed(pictures.on_goods(kind, luck), luck, scale=0.6, turned=luck.uniform(-5, 5)),
                ),
            ):
                made[f"{name}/{kind} {number}"] = picture
        for variant in range(3):
            tilt = luck.uniform(-12, 12)
            made[f"labels/{number} {variant}"] = pictures.photographed(
                pictures.label(luck), luck, turned=tilt, blur=0.6, noise=20
            )
            made[f"blank/{number} {variant}"] = pictures.photographed(
                pictures.blank(luck), luck, turned=tilt, blur=0.5, noise=20
            )
        for name, picture in made.items():
            path = folder / f"{name}__{'__'.join(quote(text, safe='') for text in picture.texts)}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pictures.encoded(picture))


if __name__ == "__main__":
    main()
