"""Whether two photos are pictures of one: Pillow alone, on the small copies that `painter.py` painted.

Two steps, for one number cannot tell both. 64 bits of what is coarse in a picture (a pHash) find the few that could be the same
among very many, however they were encoded or scaled. But whoever photographs one box after the other on one bench makes pictures
that are alike in all that is coarse, so the few are then laid over each other, one cut a little at its edges until they fit best:
where they are one photo nothing is left of either, where they are not, something is.
"""

import math
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageOps

EDGE = 32
LAID = (96, 96)  # both are laid over each other in this size
BLOCKS = (12, 12)
CUT = 0.06  # of an edge, at most
LEFT = 22  # grey levels of 255 that may be left in the block that fits worst
PLAIN = 4.0  # the spread of grey levels below which a picture shows nothing that could be known again


def likeness(path: Path) -> str:
    """64 bits in hexadecimal; '' for a picture that shows nothing."""
    with Image.open(path, formats=("JPEG",)) as picture:
        small = picture.convert("L").resize((EDGE, EDGE), Image.Resampling.BOX)
    pixels = small.tobytes()
    mean = sum(pixels) / len(pixels)
    if math.sqrt(sum((pixel - mean) ** 2 for pixel in pixels) / len(pixels)) < PLAIN:
        return ""
    waves = _waves()
    rows = [[sum(pixels[y * EDGE + x] * wave[x] for x in range(EDGE)) for wave in waves] for y in range(EDGE)]
    coarse = [sum(rows[y][u] * waves[v][y] for y in range(EDGE)) for v in range(9) for u in range(9) if 0 < u + v < 11]
    coarse = coarse[:64]
    middle = sorted(coarse)[len(coarse) // 2]
    return f"{sum((value > middle) << at for at, value in enumerate(coarse)):016x}"


def same(one: Path, two: Path) -> bool:
    """Whether the two are one photo, of which one may be cut at its edges, scaled, lightened and encoded anew."""
    a, b = _opened(one), _opened(two)
    return min(_left(a, b), _left(b, a)) <= LEFT


@cache
def _waves() -> list[list[float]]:
    return [[math.cos(math.pi * (2 * x + 1) * u / (2 * EDGE)) for x in range(EDGE)] for u in range(9)]


def _opened(path: Path) -> Image.Image:
    with Image.open(path, formats=("JPEG",)) as picture:
        return picture.convert("L")


def _left(whole: Image.Image, cut: Image.Image) -> float:
    """What is left where it fits worst, once the first is cut so that it fits best."""
    target = _even(cut.resize(LAID, Image.Resampling.BOX))
    edges = [0.0, 0.0, 0.0, 0.0]
    best = _differs(whole, edges, target)
    step = CUT / 2
    while step >= CUT / 16:
        moved = True
        while moved:
            moved = False
            for at in range(4):
                for change in (step, -step):
                    tried = edges.copy()
                    tried[at] = min(max(tried[at] + change, 0.0), CUT)
                    if tried == edges:
                        continue
                    left = _differs(whole, tried, target)
                    if left[0] < best[0]:
                        best, edges, moved = left, tried, True
        step /= 2
    return best[1]


def _differs(whole: Image.Image, edges: list[float], target: Image.Image) -> tuple[float, float]:
    """(on the whole, where it is worst)"""
    left, top, right, bottom = edges
    box = (left * whole.width, top * whole.height, (1 - right) * whole.width, (1 - bottom) * whole.height)
    laid = _even(whole.resize(LAID, Image.Resampling.BOX, box=box))
    blocks = ImageChops.difference(laid, target).resize(BLOCKS, Image.Resampling.BOX).tobytes()
    return sum(value * value for value in blocks), max(blocks)


def _even(picture: Image.Image) -> Image.Image:
    """Without what light and encoding make of it."""
    return ImageOps.autocontrast(picture.filter(ImageFilter.GaussianBlur(1)), cutoff=(1, 1))
