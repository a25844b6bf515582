"""Takes a scanned text apart as GS1 means it: element strings, Digital Links, what is printed in brackets, plain GTINs and SSCCs.

The device reads the same offline (web/src/lib/gs1.ts); tests/vectors/gs1.json holds both to the same answers. `biip` gives the
check digits; the rest is ours, because it does not raise on a wrong one, lets a lost separator swallow the fields behind it,
knows no pairs, refuses ranges of (7007) and takes a plain EAN that begins with 400 for an order number.
"""

import datetime as dt
import re
from collections.abc import Iterator

import msgspec

from .rules import CHARSETS, broken, check_digit, check_digit_fits
from .table import IDENTIFIERS, Identifier

GS = "\x1d"
WRITTEN_GS = re.compile(r"\{GS\}|<GS>|\[GS\]|\{FNC1\}|<FNC1>|␝", re.IGNORECASE)
CARRIERS = ("C1", "d2", "Q3", "e0", "J1")
"""Symbology identifiers of codes that hold element strings."""
GTIN_LENGTHS = {"E0": 13, "E3": 13, "E4": 8, "I1": 14}
MOST_READINGS = 4
MOST_TRIES = 2000  # a text made up to be read in a million ways is not worth them


class Element(msgspec.Struct, frozen=True):
    ai: str
    value: str


class Problem(msgspec.Struct, frozen=True):
    """`code` is one of DETAILS."""

    code: str
    detail: str


class Parsed(msgspec.Struct):
    """`kind`: element_string, digital_link, bracketed, gtin, sscc or text.

    `elements` is what could be read; a field of a wrong length or with wrong characters is only told among the problems.
    `readings` are the ways to read it where a separator seems to be missing: somebody has to say which.
    """

    kind: str
    elements: list[Element] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    readings: list[list[Element]] = msgspec.field(default_factory=list)


DETAILS = {
    "empty": "There is nothing in it.",
    "not_gs1": "This is no GS1 code.",
    "brackets": "The brackets do not enclose application identifiers.",
    "unknown_ai": "No application identifier begins with {what}.",
    "too_short": "({ai}) is too short.",
    "too_long": "({ai}) is too long.",
    "characters": "({ai}) holds a character that it cannot hold.",
    "check_digit": "({ai}) has a wrong check digit: it was misread or misprinted.",
    "date": "({ai}) holds no date and time that exists.",
    "content": "({ai}) holds a value that it cannot have.",
    "ambiguous": "A separator seems to be missing. It may be {what}.",
    "missing_pair": "({ai}) needs {what} beside it, which may stand on another code of the label.",
    "exclusive_pair": "({ai}) cannot stand beside ({what}).",
    "repeated": "({ai}) stands there twice with different values.",
    "link": "({ai}) does not belong at this place of a Digital Link.",
    "zero_suppressed": "A Digital Link writes a GTIN with 14 digits.",
    "gtin_check": "A GTIN or SSCC of {what} digits would end with another check digit.",
}


def parse(text: str, symbology: str = "", today: dt.date | None = None) -> Parsed:
    """`symbology` is the identifier (`]C1`), where the scanner's text does not begin with it."""
    return _Reader(today or dt.datetime.now(dt.UTC).date()).parse(text, symbology)


def hri(elements: list[Element]) -> str:
    return "".join(f"({element.ai}){element.value}" for element in elements)


def gtin_forms(text: str) -> list[str]:
    """The lengths one GTIN may be written in, as it was scanned first: a UPC is an EAN with a zero before it."""
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", text) or not check_digit_fits(text):
        return [text]
    bare = text.lstrip("0")
    forms = [bare.zfill(length) for length in (14, 13, 12, 8) if len(bare) <= length]
    return [text, *(form for form in forms if form != text)]


def spellings(text: str, symbology: str = "") -> list[str]:
    """All texts that an item master may hold for what was scanned: itself, and the GTINs in it in each length."""
    found = parse(text, symbology)
    gtins = [element.value for element in found.elements if element.ai in ("01", "02")]
    return list(dict.fromkeys([text, *(form for gtin in gtins for form in gtin_forms(gtin))]))


class _Reader:
    """One text being read."""

    def __init__(self, today: dt.date) -> None:
        self._today = today
        self._tries = 0
        self.found = Parsed(kind="text")

    def parse(self, text: str, symbology: str) -> Parsed:
        rest = text.strip(" \t\r\n")
        named = re.match(r"\]([A-Za-z][0-9A-Za-z])", rest)
        carrier = named[1] if named else symbology.removeprefix("]")
        if named:
            rest = rest[3:]

        if re.match(r"(https?|HTTPS?)://", rest):
            self._link(rest)
        elif re.match(r"[(（]", rest):
            self._bracketed(rest.replace("（", "(").replace("）", ")"))
        elif carrier in GTIN_LENGTHS:
            self._plain(rest, GTIN_LENGTHS[carrier])
        else:
            self._elements_or_text(rest, carrier)
        if self.found.kind != "text":
            self._associations()
        return self.found

    # Element strings

    def _elements_or_text(self, rest: str, carrier: str) -> None:
        rest = WRITTEN_GS.sub(GS, rest)
        if not carrier and rest.startswith("^"):
            rest = rest.replace("^", GS)
        sure = carrier in CARRIERS or GS in rest
        if sure:
            self.found.kind = "element_string"
            return self._element_string(_composite(rest), named=bool(carrier))
        if carrier:
            return None  # some other code, which may hold anything
        if not rest:
            return self._problem("empty")

        # Without a word from the scanner only what carries a right check digit is believed.
        if re.fullmatch(r"[0-9]{8}|[0-9]{12,14}|[0-9]{18}", rest):
            if check_digit_fits(rest):
                return self._plain(rest, len(rest))
            return self._problem("gtin_check", what=str(len(rest)))
        if re.match(r"[0-9]{8}\||[0-9]{12,14}\|", rest):
            return self._plain(rest, rest.index("|"))
        first = _identifier_of(rest)
        if first and first.runs_on and "check" in first.parts[0].rules:
            attempt = _Reader(self._today)
            attempt.found.kind = "element_string"
            attempt._element_string(rest, named=False)
            codes = {problem.code for problem in attempt.found.problems}
            if not codes & {"check_digit", "unknown_ai", "too_short", "too_long", "characters"}:
                self.found = attempt.found
                return None
            if "check_digit" in codes:
                return self._problem("check_digit", first.ai)
        return self._problem("not_gs1")

    def _element_string(self, rest: str, named: bool) -> None:
        separated = GS in rest
        rest = rest.lstrip(GS)
        if not rest:
            return self._problem("empty")
        while rest:
            identifier = _identifier_of(rest)
            if identifier is None:
                return self._problem("unknown_ai", what=rest[:4])
            rest = rest[len(identifier.ai) :]
            upto = rest.find(GS) if GS in rest else len(rest)
            if identifier.runs_on:
                upto = min(upto, identifier.most)
            value = rest[:upto]
            if not separated and not identifier.runs_on:
                self._ask(identifier, value, named)
            if not self.found.readings or len(value) <= identifier.most:
                self._take(identifier, value)
            rest = rest[upto:].removeprefix(GS)
        return None

    def _take(self, identifier: Identifier, value: str) -> bool:
        code = self._wrong(identifier, value)
        if code not in ("too_short", "too_long", "characters"):
            self.found.elements.append(Element(identifier.ai, value))
        if code:
            self._problem(code, identifier.ai)
        return not code

    def _wrong(self, identifier: Identifier, value: str) -> str:
        """The first thing that is wrong with a field, or ''."""
        if len(value) > identifier.most:
            return "too_long"
        rest = value
        for part in identifier.parts:
            if part.optional and not rest:
                continue
            piece, rest = rest[: part.most], rest[part.most :]
            if len(piece) < part.least:
                return "too_short"
            if not CHARSETS[part.charset].fullmatch(piece) or (part.charset == "Z" and "=" in piece and len(piece) % 3):
                return "characters"
            for rule in part.rules:
                if code := broken(rule, piece, self._today):
                    return code
        return ""

    # A separator that is missing: a question, never a guess

    def _ask(self, identifier: Identifier, value: str, named: bool) -> None:
        """A text without any separator, from a scanner that may not send them: is this one field, or several run together?

        One that fits is doubted only when what it ends in is no accident: a date that exists, a right check digit. A lot and a
        serial number run together are doubted when letters stand in both, or the scanner did not even say that this is GS1:
        a number of digits alone would too often hold 10 or 21 by chance.
        """
        known = {element.ai for element in self.found.elements} | {identifier.ai}
        fits = not self._wrong(identifier, value)
        readings = []
        for tails in self._splits(identifier, value, known, 3):
            ais = {element.ai for element in tails[1:]}
            strong = any(_is_telling(ai) for ai in ais)
            lettered = all(re.search("[A-Za-z]", element.value) for element in tails)
            if not fits or strong or (ais <= {"10", "21"} and (lettered or not named)):
                readings.append((not strong, len(tails), tails))
        if not readings:
            return
        before = list(self.found.elements)
        best = [[*before, *tails] for _, _, tails in sorted(readings, key=lambda reading: reading[:2])]
        if fits:
            best.insert(0, [*before, Element(identifier.ai, value)])
        self.found.readings = best[:MOST_READINGS]
        self._problem("ambiguous", what=" or ".join(hri(reading) for reading in self.found.readings))
        if not fits:
            self.found.elements = list(self.found.readings[0])

    def _splits(self, identifier: Identifier, value: str, known: set[str], depth: int) -> Iterator[list[Element]]:
        """This field cut short, with everything behind it read to the end as other fields without fault."""
        for length in range(identifier.least, min(identifier.most, len(value) - 3) + 1):
            self._tries += 1
            if self._tries > MOST_TRIES:
                return
            if not self._wrong(identifier, value[:length]):
                for others in self._rests(value[length:], known, depth):
                    yield [Element(identifier.ai, value[:length]), *others]

    def _rests(self, rest: str, known: set[str], depth: int) -> Iterator[list[Element]]:
        if not rest:
            yield []
            return
        identifier = _identifier_of(rest)
        if identifier is None or identifier.ai in known or not depth:
            return
        rest = rest[len(identifier.ai) :]
        known = known | {identifier.ai}
        if identifier.runs_on:
            value, rest = rest[: identifier.most], rest[identifier.most :]
            if not self._wrong(identifier, value):
                for others in self._rests(rest, known, depth):
                    yield [Element(identifier.ai, value), *others]
            return
        if rest and not self._wrong(identifier, rest):
            yield [Element(identifier.ai, rest)]
        yield from self._splits(identifier, rest, known, depth - 1)

    # As printed, and plain

    def _bracketed(self, text: str) -> None:
        self.found.kind = "bracketed"
        at = 0
        while at < len(text):
            opened = re.compile(r"\(([0-9]{2,4})\)").match(text, at)
            if not opened:
                return self._problem("brackets")
            value, at = _until_bracket(text, opened.end())
            identifier = IDENTIFIERS.get(opened[1])
            if identifier is None:
                self._problem("unknown_ai", what=opened[1])
            elif GS in value:
                self._problem("characters", identifier.ai)
            else:
                self._take(identifier, value)
        return None

    def _plain(self, text: str, length: int) -> None:
        """A GTIN or SSCC by itself, or an EAN with the composite component printed above it, or with an add-on behind it."""
        digits, _, component = text.partition("|")
        if length == 13 and re.fullmatch(r"[0-9]{15}|[0-9]{18}", digits):
            digits = digits[:13]
        ai = "00" if length == 18 else "01"
        self.found.kind = "sscc" if length == 18 else "gtin"
        if not re.fullmatch("[0-9]*", digits):
            self._problem("characters", ai)
        elif len(digits) != length and not (length == 13 and len(digits) in (8, 12)):
            self._problem("too_short" if len(digits) < length else "too_long", ai)
        else:
            self._take(IDENTIFIERS[ai], digits.zfill(IDENTIFIERS[ai].most))
        if component:
            self._element_string(component.removeprefix("]e0").replace("^", GS), named=True)

    # Digital Links

    def _link(self, uri: str) -> None:
        found = re.fullmatch(r"[A-Za-z]+://([-.:\[\]0-9A-Za-z]+)(/[^?#]*)(\?[^#]*)?(#.*)?", uri)
        pieces = found[2].split("/")[1:] if found else []
        begin = next(
            (
                at
                for at in range(len(pieces) - 2, -1, -2)
                if (key := IDENTIFIERS.get(pieces[at])) and key.qualifiers is not None
            ),
            None,
        )
        if found is None or begin is None:
            return self._problem("not_gs1")

        self.found.kind = "digital_link"
        path = pieces[begin::2]
        for ai, value in zip(path, pieces[begin + 1 :: 2], strict=True):
            self._take_of_link(ai, _unescape(value))
        if not _in_order(path):
            self._problem("link", path[-1])

        seen = set(path)
        for pair in (found[3] or "?")[1:].split("&"):
            ai, equals, value = pair.partition("=")
            if not equals or not re.fullmatch("[0-9]+", ai):
                continue  # not ours: a shop's own parameter
            self._take_of_link(ai, _unescape(value.replace("+", " ")), in_query=True)
            known = IDENTIFIERS.get(ai)
            in_path = known and any(_in_order([*path[:at], ai, *path[at:]]) for at in range(1, len(path) + 1))
            if known and (ai in seen or not known.in_query or in_path):
                self._problem("link", ai)
            seen.add(ai)
        return None

    def _take_of_link(self, ai: str, value: str, in_query: bool = False) -> None:
        identifier = IDENTIFIERS.get(ai)
        if identifier is None:
            return self._problem("unknown_ai", what=ai)
        if ai == "01" and re.fullmatch(r"[0-9]{8}|[0-9]{12,13}", value):
            value = value.zfill(14)
            if not in_query:
                self._problem("zero_suppressed")
        self._take(identifier, value)
        return None

    # What belongs together

    def _associations(self) -> None:
        """By the standard over all codes of a label; this sees one of them, and says so."""
        values: dict[str, str] = {}
        for element in self.found.elements:
            if values.setdefault(element.ai, element.value) != element.value:
                self._problem("repeated", element.ai)
        for ai in values:
            others = [other for other in values if other != ai]
            identifier = IDENTIFIERS[ai]
            for need in identifier.needs:
                if not any(all(_matching(pattern, others) for pattern in group) for group in need):
                    self._problem(
                        "missing_pair", ai, what=" or ".join("+".join(f"({each})" for each in group) for group in need)
                    )
            for pattern in identifier.excludes:
                if other := _matching(pattern, others):
                    self._problem("exclusive_pair", ai, what=other)

    def _problem(self, code: str, ai: str = "", what: str = "") -> None:
        detail = DETAILS[code].format(ai=ai, what=what)
        self.found.problems.append(Problem("check_digit" if code == "gtin_check" else code, detail))


def _identifier_of(text: str) -> Identifier | None:
    return next((IDENTIFIERS[text[:length]] for length in (2, 3, 4) if text[:length] in IDENTIFIERS), None)


def _is_telling(ai: str) -> bool:
    """Whether digits rarely read as this field by accident."""
    identifier = IDENTIFIERS[ai]
    return identifier.runs_on and bool({"check", "day0"} & set(identifier.parts[0].rules))


def _composite(text: str) -> str:
    return re.sub(r"\|(\]e0|\x1d)", GS, text)


def _until_bracket(text: str, at: int) -> tuple[str, int]:
    r"""A value up to the next bracket; one that belongs to it is written `\(`."""
    end = at
    while end < len(text) and text[end] != "(":
        end += 2 if text.startswith("\\(", end) else 1
    return text[at:end].replace("\\(", "(").strip(" \t\r\n"), end


def _in_order(path: list[str]) -> bool:
    """Whether these qualifiers may follow this key, in this order, some left out."""
    key = IDENTIFIERS.get(path[0])
    if key is None or key.qualifiers is None:
        return False
    for order in key.qualifiers:
        rest = iter(order)
        if all(ai in rest for ai in path[1:]):
            return True
    return False


def _unescape(text: str) -> str:
    return re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _matching(pattern: str, ais: list[str]) -> str:
    digits = pattern.rstrip("n")
    return next((ai for ai in ais if ai.startswith(digits)), "")


__all__ = ["Element", "Parsed", "Problem", "check_digit", "gtin_forms", "hri", "parse", "spellings"]
