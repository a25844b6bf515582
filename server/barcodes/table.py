"""The GS1 application identifiers (AIs) as data: what the General Specifications say of each, a line an AI or a range of them.

A line: `AI[-AI][:n]  parts  [+AIs]…  [!AIs]  [key[=qualifiers]]  [-]`.
`310-316:5` is 3100–3105 to 3160–3165. A part is digits N, or characters X (82 of them), Y (39) or Z (base64url), its length
or `..` its greatest length, and the rules for its content; in [brackets] it may be missing. `+a,b` one of these must be there
too (`a+c`: both of them); `!a,b` none of these may, `!=` neither one of the same first three digits. An n stands for any digit.
`key` begins a Digital Link, with these qualifiers after it; `-` cannot be in a Digital Link's query.

web/src/lib/gs1.table.ts holds the same text, for a device must read the same without network; a test compares them.
"""

import re
from typing import NamedTuple

TABLE = """
00 N18:check key
01 N14:check !255,37 key=22,10,21|235
02 N14:check +37 !01,03
03 N14:check !01,02,37 -
10 X..20 +01,02,03,8006,8026
11 N6:day0 +01,02,03,8006,8026
12 N6:day0 +8020
13 N6:day0 +01,02,03,8006,8026
15-16 N6:day0 +01,02,03,8006,8026
17 N6:day0 +01,02,03,255,8006,8026
20 N2 +01,02,8006,8026
21 X..20 +01,03,8006 !235 -
22 X..20 +01 -
235 X..28 +01 -
240-241 X..30 +01,02,8006,8026
242 N..6 +01,02,8006,8026
243 X..20 +01
250 X..30 +01,8006 +21
251 X..30 +01,8006
253 N13:check_[X..17] key
254 X..20 +414 -
255 N13:check_[N..12] !01,02,415,8006,8020,8026 key
30 N..8 +01,02
310-316:5 N6 +01,02 !=
320-329:5 N6 +01,02 !=
330-336:5 N6 +00,01 !=
337:5 N6 +01 !=
340-349:5 N6 +00,01 !=
350-352:5 N6 +01,02 !=
353-355:5 N6 +00,01 !=
356-357:5 N6 +01,02 !=
360-361:5 N6 +01,02 !=
362-363:5 N6 +00,01 !=
364-366:5 N6 +01,02 !=
367-369:5 N6 +00,01 !=
37 N..8 +00 +02,8026
390:9 N..15 +255,8020 !=,391n,394n,8111
391:9 N3:currency_N..15 +8020 !=
392:9 N..15 +01 +30,31nn,32nn,35nn,36nn !=,393n
393:9 N3:currency_N..15 +30,31nn,32nn,35nn,36nn !=
394:3 N4 +255 !=,8111
395:5 N6 +30,31nn,32nn,35nn,36nn !=,392n,393n,8005
400 X..30
401 X..30:prefix key
402 N17:check key
403 X..30 +00
410-413 N13:check
414 N13:check key=254|7040
415 N13:check +8020 key=8020
416 N13:check
417 N13:check key=7040
420 X..20 !421
421 N3:country_X..9 !4307
422 N3:country +01,02,8006,8026 !426
423 N3:country_[N3:country]_[N3:country]_[N3:country]_[N3:country] +01,02 !426
424 N3:country +01,02 !426
425 N3:country_[N3:country]_[N3:country]_[N3:country]_[N3:country] +01,02 !426
426 N3:country +01,02
427 X..3 +01,02 +422
4300-4301 X..35:percent +00
4302 X..70:percent +00
4303 X..70:percent +4302
4304-4306 X..70:percent +00
4307 X2:country2 +00
4308 X..30 +00
4309 N10:latitude_N10:longitude +00
4310-4311 X..35:percent +00
4312 X..70:percent +00
4313 X..70:percent +4312
4314-4316 X..70:percent +00
4317 X2:country2 +00
4318 X..20 +00
4319 X..30 +00
4320 X..35:percent +00
4321-4323 N1:yesno +00
4324-4325 N6:day0_N4:time +00
4326 N6:day +00
4330 N6_[X1:minus] +00 !4331
4331 N6_[X1:minus] +00 !4330
4332 N6_[X1:minus] +00 !4333
4333 N6_[X1:minus] +00 !4332
7001 N13 +01,02,8006,8026
7002 X..30 +01,02
7003 N6:day_N4:time +01,02
7004 N..4 +01 +10
7005 X..12 +01,02
7006 N6:day +01,02
7007 N6:day_[N6:day] +01,02
7008 X..3 +01,02
7009 X..10 +01,02
7010 X..2 +01,02
7011 N6:day_[N4:time] +01,02
7020 X..20 +01,8006 +416
7021 X..20 +01,8006
7022 X..20 +7021
7023 X..30:prefix
7030-7039 N3:country9_X..27 +01,02
7040 N1_X1_X1_X1:importer -
7041 X..4:package +00 -
710-716 X..20 +01
7230-7239 X2_X..28 +01,8004
7240 X..20 +01,8006
7241 N2:media +8017,8018
7242 X..25 +8017,8018
7250 N8:date +8018 !7251
7251 N8:date_N4:time +8018 !7250
7252 N1:sex +8018
7253-7254 X..40:percent +8017,8018 !7256,7259
7255 X..10 +8017,8018 !7256,7259
7256 X..90:percent +8017,8018
7257 X..70:percent +8018
7258 X..40:of +8018+7259
7259 X..40:percent +8018 !7256
8001 N4:nonzero_N5:nonzero_N3:nonzero_N1:winding_N1 +01
8002 X..20
8003 N1:zero_N13:check_[X..16] key
8004 X..30:prefix key=7040
8005 N6 +01,02
8006 N14:check_N4:piece !01,37 key=22,10,21
8007 X..34:iban +415
8008 N6:day_N2:hour_[N2:sixty]_[N2:sixty] +01,02
8009 X..50 +00,01
8010 Y..30:prefix key=8011
8011 N..12:nolead +8010 -
8012 X..20 +01,8006
8013 X..25:pair:prefix key
8014 X..25:pair:prefix:letter +01 -
8017 N18:check !8018 key=8019
8018 N18:check !8017 key=8019
8019 N..10 +8017,8018 -
8020 X..25 +415 -
8026 N14:check_N4:piece +37 !02,8006
8030 Z..90 +00,01+21,253,255,8003,8004,8006+21,8010+8011,8017,8018
8110 X..70:coupon
8111 N4 +255
8112 X..70:offer
8200 X..70 +01 -
90 X..30
91-99 X..90
"""

COUNTRIES = (
    "EBURkRERHRFRFVAUERERERAREVFExBSRERhRRITHREVUVBgAERERERFREREREREREUERRUZUREVEREREERAdERER6RAQREREtIdAERERRURMUNhERERF"
    "wEcQEBMQEREVERERWZEABIQHAURUABCEQAAA"
)
"""ISO 3166-1 numeric codes as bits, lowest first, in base64; letters likewise (AA is bit 0), and ISO 4217's numeric codes."""
COUNTRY_LETTERS = "eFnf7u+93d4nP4QVgNQADgBcCbCf+xUAjQYYeA9AQAMAHSv0QYFP/fz/1yVLCAABQDyPUwEAAEAAUfH95zq7n5pBEARXhUAAAkAAAAAAEAAIBEAAAQAA"
CURRENCIES = (
    "ABEAABEQHRARARAEAREQEBABAREARAAQAQhBQEBBBABAQAAAEAAAABEREBEREQEBEFERRUZEBEBARAAAEQAFAREQMAAQREAABERAEQEAAARIQAAAAAQE"
    "QEUAAAEAEBERABERAIEABAQEAQAUAABEACAAAPBntf37vz8/R6QA"
)

PACKAGES = (
    "AAAAAADAGgAQABAAAABAIAAAGLwDAAAAIAYAAAACAgDAAAAAABwAAAAAAAAAALxvogCB////APz//w/A8a9/DvCHAACAR7IyAAgkSAzAEYgAAP"
    "yzAAiAEYBCAAAFAAAAFACOAFwAOANAHAAPAPwQYEDA/7vuALz7HgAAkhOCAnx28y+AV5vfABCAAABAUPtBALz7/o/AuwEAALz7vg/Au+//"
)
"""Kinds of packages of UN/ECE Recommendation 21 with GS1's additions: those of two characters as bits (AA is 10 * 36 + 10), and the rest."""
MORE_PACKAGES = (
    "200 201 202 203 204 205 206 210 211 212 8 9 APE BGE BME BRI CBL CCE DPE FOB FPE LAB MPE OPE PAE PLP POP PPE "
    "PUE RB1 RB2 RB3 RCB SEC STL TEV THE TRE TTE TWE UUE WRP X11 X12 X15 X16 X17 X18 X19 X20"
)


class Part(NamedTuple):
    charset: str
    least: int
    most: int
    optional: bool
    rules: tuple[str, ...]


class Identifier(NamedTuple):
    ai: str
    parts: tuple[Part, ...]
    needs: tuple[tuple[tuple[str, ...], ...], ...]
    """All of these; each is met by one of its groups, a group by all its patterns."""
    excludes: tuple[str, ...]
    qualifiers: tuple[tuple[str, ...], ...] | None
    """None: cannot begin a Digital Link. Otherwise the orders its qualifiers may come in."""
    in_query: bool

    @property
    def least(self) -> int:
        return sum(part.least for part in self.parts if not part.optional)

    @property
    def most(self) -> int:
        return sum(part.most for part in self.parts)

    @property
    def runs_on(self) -> bool:
        """Of a length that readers know beforehand: no separator needs to follow."""
        return self.ai[:2] in RUN_ON


RUN_ON = frozenset(
    ("00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "31", "32", "33", "34", "35", "36", "41")
)  # fmt: skip
PART = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)([:a-z0-9]*)\]?")


def _identifiers() -> dict[str, Identifier]:
    found = {}
    for line in TABLE.split("\n"):
        if line:
            span, parts, *attributes = line.split(" ")
            for ai in _span(span):
                found[ai] = _identifier(ai, parts, attributes)
    return found


def _span(text: str) -> list[str]:
    text, _, decimals = text.partition(":")
    first, _, last = text.partition("-")
    ais = [str(ai).zfill(len(first)) for ai in range(int(first), int(last or first) + 1)]
    return [f"{ai}{digit}" for ai in ais for digit in range(int(decimals) + 1)] if decimals else ais


def _identifier(ai: str, parts: str, attributes: list[str]) -> Identifier:
    excludes: list[str] = []
    qualifiers: tuple[tuple[str, ...], ...] | None = None
    for attribute in attributes:
        if attribute[0] == "!":
            excludes += [f"{ai[:3]}n" if other == "=" else other for other in attribute[1:].split(",")]
        elif attribute[:3] == "key":
            qualifiers = tuple(tuple(order.split(",")) for order in attribute[4:].split("|"))
    return Identifier(
        ai=ai,
        parts=tuple(
            Part(
                charset,
                1 if upto else int(length),
                int(length),
                bool(optional),
                tuple(rules[1:].split(":")) if rules else (),
            )
            for optional, charset, upto, length, rules in (PART.fullmatch(part).groups() for part in parts.split("_"))  # type: ignore[union-attr]
        ),
        needs=tuple(
            tuple(tuple(group.split("+")) for group in attribute[1:].split(","))
            for attribute in attributes
            if attribute[0] == "+"
        ),
        excludes=tuple(excludes),
        qualifiers=qualifiers,
        in_query="-" not in attributes,
    )


IDENTIFIERS = _identifiers()
