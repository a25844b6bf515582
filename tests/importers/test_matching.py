"""Goods without an order find the shipment they came from, or it is said why not."""

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.domain.matching import Match, Shipped, Wanted, match
from server.domain.reads.matches import WORDS, in_words

VECTORS = msgspec.json.decode((Path(__file__).parents[1] / "vectors" / "matching.json").read_bytes())["cases"]


@pytest.mark.parametrize("case", VECTORS, ids=[case["why"] for case in VECTORS])
def test_it_comes_to_the_same_answer_as_the_handheld(case: dict[str, Any]) -> None:
    wanted = msgspec.convert(case["wanted"], Wanted)
    shipped = msgspec.convert(case["shipped"], list[Shipped])
    expected = msgspec.convert(case["match"], Match)

    for lines in itertools.islice(itertools.permutations(shipped), 24):
        assert match(wanted, lines) == expected


@pytest.mark.parametrize("case", VECTORS, ids=[case["why"] for case in VECTORS])
def test_it_never_promises_more_than_was_shipped(case: dict[str, Any]) -> None:
    wanted = msgspec.convert(case["wanted"], Wanted)
    shipped = {line.outbound_line_id: line for line in msgspec.convert(case["shipped"], list[Shipped])}

    answer = match(wanted, shipped.values())

    for proposal in answer.proposals:
        assert 0 < proposal.quantity <= shipped[proposal.outbound_line_id].left
        assert 0 <= proposal.score <= 1
        assert proposal.reasons
    if answer.verdict == "matched":
        assert sum(proposal.quantity for proposal in answer.proposals) == wanted.quantity
    else:
        assert answer.reasons


def test_every_reason_has_words_with_its_facts() -> None:
    for case in VECTORS:
        answer = msgspec.convert(case["match"], Match)
        for reason in [*answer.reasons, *(reason for proposal in answer.proposals for reason in proposal.reasons)]:
            said = in_words(reason)
            assert reason["code"] in WORDS
            assert said["zh"] and said["en"]
            assert "{" not in said["zh"] + said["en"]
