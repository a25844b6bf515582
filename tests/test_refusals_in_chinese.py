"""Every sentence the server refuses with has its Chinese twin in web/src/lib/i18n/refusals.ts: a Chinese screen stays Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from server.domain import errors

ROOT = Path(__file__).parents[1]
TWINS = (ROOT / "web/src/lib/i18n/refusals.ts").read_text(encoding="utf-8")
NAMES = {refusal.__name__ for refusal in errors.REFUSALS}
FOR_PROGRAMS = {"gate.py", "sync.py", "barcodes.py", "assets.py", "online_retail.py", "online_retail_file.py"}
"""What tells whoever writes a client, or sits at a shell, what is wrong; no page of ours asks it."""

NOT_FOR_A_SCREEN = {
    "There is no command 7.", "7.", "This idempotency key was used for something else.", "An Idempotency-Key is a UUID.",
    "A photo is named by its SHA-256 in lower-case hexadecimal.", "This cursor was not made here.",
    "It cannot be carried out with what is there: 7",  # said in two parts
}  # fmt: skip


def sentences() -> Iterator[tuple[str, str]]:
    """Where, and the sentence with a 7 for whatever is filled in."""
    for folder in ("server/domain", "server/api", "server/importers"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name in FOR_PROGRAMS:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                at = 1 if name == "Unfit" or (name == "Refused" and folder == "server/api") else 0
                if (
                    name in NAMES | {"Refused", "Unfit", "ValueError"}
                    and len(node.args) > at
                    and (text := _text(node.args[at]))
                ):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return ""


def test_every_refusal_is_said_in_chinese_too() -> None:
    patterns = [re.compile(found) for found in re.findall(r"^\s*\[?/\^(.*)\$/,", TWINS, re.MULTILINE)]
    assert len(patterns) > 100
    missing = [
        f"{where}  {text}" for where, text in sentences()
        if text not in NOT_FOR_A_SCREEN and not any(pattern.fullmatch(text) for pattern in patterns)
    ]  # fmt: skip
    assert not missing, "\n".join(missing)
