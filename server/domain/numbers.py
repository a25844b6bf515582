"""Numbers people read aloud: document numbers, own labels, waybills. Each made number ends in a check digit.

The device makes the same ones without network (`web/src/lib/numbers.ts`; `tests/vectors/numbers.json` holds both to it).
"""

import re

from .catalog import Carrier
from .records import Setting
from .work import Work

OWN_LABEL = re.compile(r"L[A-Z0-9]{2,3}\d{8}")
DESK_CODE = "D0"


def luhn(digits: str) -> int:
    """The check digit that makes `digits` + it divisible by ten (ISO/IEC 7812-1)."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def document_number(prefix: str, device_code: str, counter: int) -> str:
    """RT-A7-00013: device code, counter of at least four digits, and a check digit over both (letters as base-36 values)."""
    shown = f"{counter:04d}"
    return f"{prefix}-{device_code}-{shown}{luhn(''.join(str(int(letter, 36)) for letter in device_code) + shown)}"


def own_label(site_code: str, counter: int) -> str:
    digits = f"{counter:07d}"
    return f"L{site_code}{digits}{luhn(digits)}"


def is_own_label(text: str) -> bool:
    return bool(OWN_LABEL.fullmatch(text)) and luhn(text[-8:-1]) == int(text[-1])


def is_sscc(text: str) -> bool:
    """An SSCC, with or without its application identifier."""
    digits = text.removeprefix("(00)").removeprefix("00") if len(text) in (20, 22) else text
    if not re.fullmatch(r"\d{18}", digits):
        return False
    return sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(digits)) % 10 == 0


def waybill_of(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()


def carrier_of(waybill: str, carriers: list[Carrier]) -> str:
    """The carrier whose prefix fits best, or ''."""
    fitting = [
        (len(prefix), carrier.code) for carrier in carriers for prefix in carrier.prefixes if waybill.startswith(prefix)
    ]
    return max(fitting)[1] if fitting else ""


def next_desk_number(work: Work) -> str:
    """The desk's own numbers, from one counter that is locked until the transaction ends."""
    setting = work.seek(Setting, "counter:desk") or work.add(Setting, id="counter:desk", value="0")
    setting.value = str(int(setting.value) + 1)
    return document_number("RT", DESK_CODE, int(setting.value))
