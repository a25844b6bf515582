"""GS1 text taken apart: the answers of tests/vectors/gs1.json, which the device gives too, and what no text may do."""

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from server.barcodes.gs1 import DETAILS, gtin_forms, hri, parse, spellings
from server.barcodes.rules import check_digit, check_digit_fits
from server.barcodes.table import COUNTRIES, COUNTRY_LETTERS, CURRENCIES, IDENTIFIERS, MORE_PACKAGES, PACKAGES, TABLE

ROOT = Path(__file__).parents[2]
VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/gs1.json").read_text(encoding="utf-8"))
TODAY = dt.date.fromisoformat(VECTORS["today"])
GTIN = "09506000134352"
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"%&'*+,-./:;<=>?_"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["why"])
def test_it_reads_what_the_device_reads(case: dict[str, Any]) -> None:
    found = parse(case["text"], case.get("symbology", ""), TODAY)
    assert found.kind == case["kind"]
    assert [[element.ai, element.value] for element in found.elements] == case["elements"]
    assert [problem.code for problem in found.problems] == case["problems"]
    assert [hri(reading) for reading in found.readings] == case.get("readings", [])


FIELDS = VECTORS["fields"]
BESIDE = ("missing_pair",)  # what else a label owes is another question


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field['ais'].split()[0]} {field['problem'] or 'fits'}")
def test_what_a_field_may_hold_and_what_not(field: dict[str, Any]) -> None:
    for ai in field["ais"].split():
        for value in field["values"]:
            found = parse(f"({ai}){value}", today=TODAY)
            expected = [field["problem"]] if field["problem"] else []
            assert [problem.code for problem in found.problems if problem.code not in BESIDE] == expected, (ai, value)
            if not expected:
                assert [(element.ai, element.value) for element in found.elements] == [(ai, value)]


def test_every_identifier_of_the_table_has_a_vector() -> None:
    said = {ai for field in FIELDS if not field["problem"] for ai in field["ais"].split()}
    said |= {ai for case in VECTORS["cases"] for ai, _ in case["elements"]}
    assert said == set(IDENTIFIERS)


@pytest.mark.parametrize(("digits", "digit"), VECTORS["check_digits"])
def test_the_check_digit(digits: str, digit: str) -> None:
    assert check_digit(digits) == digit
    assert check_digit_fits(digits + digit)
    assert not check_digit_fits(digits + str((int(digit) + 1) % 10))


@pytest.mark.parametrize(("text", "forms"), VECTORS["forms"])
def test_a_gtin_is_found_in_whatever_length_it_is_written(text: str, forms: list[str]) -> None:
    assert gtin_forms(text) == forms


def test_an_item_is_looked_for_by_the_gtins_in_a_code() -> None:
    assert "4006381333931" in spellings("0104006381333931" + "10LOT", "]C1")
    assert spellings("SF1234567890123", "]C0") == ["SF1234567890123"]


def test_the_device_holds_the_same_table() -> None:
    twin = (ROOT / "web/src/lib/gs1.table.ts").read_text(encoding="utf-8")
    assert f"`{TABLE.strip()}`" in twin
    for data in (COUNTRIES, COUNTRY_LETTERS, CURRENCIES, PACKAGES, MORE_PACKAGES):
        assert f"'{data}'" in twin


def test_the_table_names_only_identifiers_that_exist() -> None:
    for identifier in IDENTIFIERS.values():
        named = [pattern for need in identifier.needs for group in need for pattern in group]
        named += identifier.excludes
        named += [ai for order in identifier.qualifiers or () for ai in order if ai]
        for pattern in named:
            assert any(ai.startswith(pattern.rstrip("n")) for ai in IDENTIFIERS), f"({identifier.ai}) names {pattern}"


def test_no_identifier_is_the_beginning_of_another() -> None:
    for ai in IDENTIFIERS:
        assert not any(other != ai and other.startswith(ai) for other in IDENTIFIERS), ai


def test_every_identifier_of_the_issue_is_there() -> None:
    wanted = [
        "00",
        "01",
        "02",
        "10",
        "11",
        "12",
        "13",
        "15",
        "16",
        "17",
        "20",
        "21",
        "30",
        "37",
        "400",
        "410",
        "417",
        "420",
        "421",
    ]
    wanted += [
        "3103",
        "3205",
        "3300",
        "3450",
        "3565",
        "3695",
        "7003",
        "8005",
        "8006",
        "8007",
        "8008",
        "8020",
        *map(str, range(90, 100)),
    ]
    assert set(wanted) <= IDENTIFIERS.keys()


def test_every_problem_says_what_is_wrong_in_a_sentence() -> None:
    for case in VECTORS["cases"]:
        for problem in parse(case["text"], case.get("symbology", ""), TODAY).problems:
            assert problem.detail.endswith(".")
            assert "{" not in problem.detail
            assert "()" not in problem.detail, problem
    assert {code for case in VECTORS["cases"] for code in case["problems"]} == DETAILS.keys() - {"gtin_check"}


def test_the_question_names_the_readings() -> None:
    found = parse(f"]C101{GTIN}10ABC12317270131", today=TODAY)
    (problem,) = found.problems
    assert problem.code == "ambiguous"
    assert "(10)ABC12317270131" in problem.detail
    assert "(10)ABC123(17)270131" in problem.detail


def test_a_text_made_to_be_read_in_a_million_ways_is_answered_soon() -> None:
    for text in (
        "10" * 3000,
        "]C1" + "2110" * 1500,
        "]C191" + "2110" * 20,
        "]C1" + "37" * 1000,
        "(01" * 2000,
        "https://a/" + "01/" * 2000,
    ):
        started = time.process_time()
        parse(text, today=TODAY)
        assert time.process_time() - started < 5  # it takes milliseconds; without a limit, hours


@settings(max_examples=300, deadline=None)
@given(some.text(max_size=60))
def test_no_text_makes_it_stumble(text: str) -> None:
    for prefix in ("", "]C1", "]E0", "(", "https://id.gs1.org/01/", f"01{GTIN}10"):
        parse(prefix + text, today=TODAY)


fields = some.fixed_dictionaries(
    {"10": some.text(SAFE, min_size=1, max_size=20), "21": some.text(SAFE, min_size=1, max_size=20)},
    optional={
        "17": some.dates(dt.date(2000, 1, 1), dt.date(2070, 1, 1)).map(lambda day: day.strftime("%y%m%d")),
        "400": some.text(SAFE, min_size=1, max_size=30),
        "3103": some.integers(0, 999_999).map(lambda grams: f"{grams:06}"),
        "91": some.text(SAFE, min_size=1, max_size=90),
    },
)


@settings(max_examples=200, deadline=None)
@given(some.integers(0, 10**13 - 1).map(lambda number: f"{number:013}"), fields)
def test_nothing_valid_is_refused_and_nothing_misread_is_accepted(body: str, others: dict[str, str]) -> None:
    gtin = body + check_digit(body)
    elements = [("01", gtin), *others.items()]
    separated = "]d2" + "\x1d".join(ai + value for ai, value in elements)
    bracketed = "".join(f"({ai}){value}" for ai, value in elements)
    for text in (separated, bracketed):
        found = parse(text, today=TODAY)
        assert [(element.ai, element.value) for element in found.elements] == elements
        assert not found.problems
    wrong = gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
    for text in (separated, bracketed, f"01{gtin}", gtin, f"]E0{gtin[1:]}", f"https://id.gs1.org/01/{gtin}"):
        misread = text.replace(gtin, wrong).replace(gtin[1:], wrong[1:])
        assert "check_digit" in [problem.code for problem in parse(misread, today=TODAY).problems], misread
