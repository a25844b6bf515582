"""Numbers, derived ids and policies: the answers that the handheld's TypeScript gives too (web/src/lib/vectors.test.ts)."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.domain import numbers, policies
from server.domain.ids import derived_id, uuid7

VECTORS = Path(__file__).parents[1] / "vectors"
NUMBERS: dict[str, Any] = msgspec.json.decode((VECTORS / "numbers.json").read_bytes())
POLICIES: dict[str, Any] = msgspec.json.decode((VECTORS / "policies.json").read_bytes())


class Carrier(msgspec.Struct):
    code: str
    prefixes: list[str]


@pytest.mark.parametrize("case", NUMBERS["numbers"], ids=lambda case: case["number"])
def test_document_numbers(case: dict[str, Any]) -> None:
    assert numbers.document_number("RT", case["device"], case["counter"]) == case["number"]


@pytest.mark.parametrize("case", NUMBERS["labels"], ids=lambda case: case["label"])
def test_own_labels(case: dict[str, Any]) -> None:
    assert numbers.own_label(case["site"], case["counter"]) == case["label"]
    assert numbers.is_own_label(case["label"])


@pytest.mark.parametrize("text", NUMBERS["not_labels"])
def test_what_is_no_own_label(text: str) -> None:
    assert not numbers.is_own_label(text)


@pytest.mark.parametrize("case", NUMBERS["waybills"], ids=lambda case: case["waybill"])
def test_waybills(case: dict[str, str]) -> None:
    assert numbers.waybill_of(case["text"]) == case["waybill"]


@pytest.mark.parametrize(("waybill", "code"), NUMBERS["carriers"]["cases"])
def test_the_carrier_with_the_longest_fitting_prefix(waybill: str, code: str) -> None:
    carriers: Any = msgspec.convert(NUMBERS["carriers"]["table"], list[Carrier])
    assert numbers.carrier_of(waybill, carriers) == code


@pytest.mark.parametrize("case", NUMBERS["ids"], ids=lambda case: case["id"])
def test_derived_ids(case: dict[str, Any]) -> None:
    assert derived_id(*case["parts"]) == case["id"]


def test_fresh_ids_are_uuid7() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid7())


@pytest.mark.parametrize("case", POLICIES["dispositions"], ids=lambda case: case["why"])
def test_dispositions_a_policy_allows_and_proposes(case: dict[str, Any]) -> None:
    facts = msgspec.convert(case["facts"], policies.Facts)
    assert policies.allowed_dispositions(case["policy"], facts) == case["allowed"]
    assert policies.proposed_disposition(case["policy"], facts) == case["proposed"]


@pytest.mark.parametrize("case", POLICIES["checks"])
def test_required_checks(case: dict[str, Any]) -> None:
    assert policies.missing_checks(case["policy"], case["checks"]) == case["missing"]


@pytest.mark.parametrize("case", POLICIES["documents"])
def test_required_documents(case: dict[str, Any]) -> None:
    assert policies.missing_documents(case["policy"], case["kinds"]) == case["missing"]


@pytest.mark.parametrize("case", POLICIES["approval"])
def test_scrap_beyond_what_an_inspector_may_do_alone(case: dict[str, Any]) -> None:
    assert policies.needs_approval(case["policy"], case["amount"]) is case["needs"]
