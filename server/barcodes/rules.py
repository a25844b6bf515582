"""What a field may hold, by the names that table.py gives its rules. A rule answers the code of what is wrong, or nothing."""

import base64
import calendar
import datetime as dt
import re
from collections.abc import Callable

from biip.checksums import gs1_standard_check_digit

from .table import COUNTRIES, COUNTRY_LETTERS, CURRENCIES, MORE_PACKAGES, PACKAGES

CHARSETS = {
    "N": re.compile(r"[0-9]+"),
    "X": re.compile(r"[!\"%-?A-Z_a-z]+"),
    "Y": re.compile(r"[#\-/0-9A-Z]+"),
    "Z": re.compile(r"[-0-9A-Z_a-z]+={0,2}"),
}


def check_digit(digits: str) -> str:
    """The last digit of a GTIN of any length, an SSCC, a GLN: from those before it."""
    return str(gs1_standard_check_digit(digits))


def check_digit_fits(digits: str) -> bool:
    return len(digits) > 1 and check_digit(digits[:-1]) == digits[-1]


def date_of(text: str, today: dt.date) -> dt.date | None:
    """YYMMDD as a day. Day 00 is the month's last; the century is the one that brings the year within fifty of ours."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    apart = year - today.year % 100
    year += (today.year // 100 + (-1 if apart >= 51 else 1 if apart <= -50 else 0)) * 100
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return dt.date(year, month, day or last) if day <= last else None


def broken(rule: str, value: str, today: dt.date) -> str:
    """'' when the value keeps the rule; otherwise check_digit, date or content."""
    if rule in ("check", "pair"):
        return "" if (check_digit_fits if rule == "check" else _pair_fits)(value) else "check_digit"
    if rule in DATES:
        return "" if DATES[rule](value, today) else "date"
    if rule == "coupon":
        return "" if _coupon(value, today) else "content"
    return "" if CONTENT[rule](value) else "content"


def _pair_fits(value: str) -> bool:
    """The two check characters of a Global Model Number: primes from right to left over the 82 characters, modulo 1021."""
    body, pair = value[:-2], value[-2:]
    if len(pair) < 2:
        return False
    total = sum(WEIGHTS[char] * prime for char, prime in zip(reversed(body), PRIMES, strict=False)) % 1021
    return pair == PAIR[total >> 5] + PAIR[total & 31]


CHARACTERS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
WEIGHTS = {char: weight for weight, char in enumerate(CHARACTERS)}
PAIR = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PRIMES = [number for number in range(2, 100) if all(number % smaller for smaller in range(2, number))]


def _day(value: str, today: dt.date) -> bool:
    return value[4:] != "00" and date_of(value, today) is not None


def _whole_date(value: str, _: dt.date) -> bool:
    year, month, day = int(value[:4]), int(value[4:6]), int(value[6:])
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1]


def _time(value: str, _: dt.date) -> bool:
    return value[:2] < "24" and value[2:] < "60"


DATES: dict[str, Callable[[str, dt.date], bool]] = {
    "day0": lambda value, today: date_of(value, today) is not None,
    "day": _day,
    "date": _whole_date,
    "time": _time,
    "hour": lambda value, _: value < "24",
    "sixty": lambda value, _: value < "60",
}


def _bits(text: str) -> int:
    return int.from_bytes(base64.b64decode(text), "little")


_COUNTRIES, _LETTERS, _CURRENCIES, _PACKAGES = map(_bits, (COUNTRIES, COUNTRY_LETTERS, CURRENCIES, PACKAGES))


def _country(value: str) -> bool:
    return bool(_COUNTRIES >> int(value) & 1)


def _country_letters(value: str) -> bool:
    return bool(re.fullmatch("[A-Z]{2}", value)) and bool(
        _LETTERS >> (ord(value[0]) - 65) * 26 + ord(value[1]) - 65 & 1
    )


def _package(value: str) -> bool:
    if re.fullmatch("[0-9A-Z]{2}", value):
        return bool(_PACKAGES >> int(value, 36) & 1)
    return value in MORE_PACKAGES.split()


def _iban(value: str) -> bool:
    if len(value) < 10 or not re.fullmatch("[0-9A-Z]+", value) or not _country_letters(value[:2]):
        return False
    return int("".join(str(int(char, 36)) for char in value[4:] + value[:4])) % 97 == 1


def _position(value: str) -> bool:
    found = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)", value)
    return bool(found) and int(found[1]) <= int(found[2])  # type: ignore[index]


def _vli(least: int, most: int, more: int) -> str:
    """A digit that says how long what follows it is."""
    return "(?:" + "|".join(f"{digit}[0-9]{{{digit + more}}}" for digit in range(least, most + 1)) + ")"


_REQUIREMENT = _vli(1, 5, 0) + "[0-49][0-9]{3}"
_COMPANY = "(?:" + _vli(0, 6, 6) + "|9)"
COUPON = re.compile(
    f"{_vli(0, 6, 6)}[0-9]{{6}}{_vli(1, 5, 0)}{_REQUIREMENT}(?:1[0-3]{_REQUIREMENT}{_COMPANY})?(?:2{_REQUIREMENT}{_COMPANY})?"
    f"(?:3([0-9]{{6}}))?(?:4([0-9]{{6}}))?(?:5{_vli(0, 9, 6)})?(?:6{_vli(1, 7, 6)})?(?:9[01256][0-2][0-9][01])?"
)
OFFER = re.compile(f"[01]{_vli(0, 6, 6)}[0-9]{{6}}{_vli(0, 9, 6)}")


def _coupon(value: str, today: dt.date) -> bool:
    found = COUPON.fullmatch(value)
    if not found:
        return False
    end, begin = found[1], found[2]
    days = [date_of(day, today) if _day(day, today) else None for day in (begin, end) if day]
    return None not in days and (len(days) < 2 or days[0] <= days[1])  # type: ignore[operator]


CONTENT: dict[str, Callable[[str], bool]] = {
    "prefix": lambda value: bool(re.match("[0-9]{4}", value)),
    "country": _country,
    "country9": lambda value: value == "999" or _country(value),
    "country2": _country_letters,
    "currency": lambda value: bool(_CURRENCIES >> int(value) & 1),
    "percent": lambda value: not re.search("%(?![0-9A-Fa-f]{2})", value),
    "yesno": lambda value: value in "01",
    "minus": lambda value: value == "-",
    "nonzero": lambda value: value.strip("0") != "",
    "zero": lambda value: value.strip("0") == "",
    "winding": lambda value: value in "019",
    "piece": lambda value: "00" < value[:2] <= value[2:],
    "nolead": lambda value: value == "0" or value[0] != "0",
    "letter": lambda value: not value.isdigit(),
    "importer": lambda value: bool(re.fullmatch("[-0-9A-Z_a-z]", value)),
    "media": lambda value: "01" <= value <= "10" or value >= "80",
    "sex": lambda value: value in "0129",
    "of": _position,
    "iban": _iban,
    "package": _package,
    "latitude": lambda value: value <= "1800000000",
    "longitude": lambda value: value <= "3600000000",
    "offer": lambda value: bool(OFFER.fullmatch(value)),
}
