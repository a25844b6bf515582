"""QR codes, drawn by the server."""

from typing import Any

import segno


def qr_svg(text: str) -> str:
    """An SVG that scales with its box, on its own white ground."""
    code: Any = segno.make(text, error="m", micro=False)
    svg: str = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return svg
