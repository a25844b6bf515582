"""The conformance vectors hold against this server, on both databases, and leave no outcome and no refusal of the protocol out."""

from typing import get_args

import pytest

from server.domain.errors import REFUSALS
from server.sync.protocol import Status
from tests.conftest import ON_BOTH
from tests.doors import Doors

from .vectors import Player, load, matches, names

NOT_SHOWN = {
    "deferred": "answered only while the server's disk or memory is short (test_push.py)",
    "stale": "only a desk is told to look again; for a device it is a conflict",
    "not_found": "a device's intention about something unknown is held",
    "waiting": "stored as the outcome held, whose code it is",
}
"""What no conversation of one device after another brings about."""


@ON_BOTH
@pytest.mark.parametrize("name", names())
def test_the_server_answers_as_the_vector_says(name: str, doors: Doors) -> None:
    Player(doors).play(load(name))


def test_no_outcome_and_no_refusal_is_left_out() -> None:
    text = "".join(str(load(name)) for name in names())
    shown = {load(name)["shows"] for name in names()}
    codes = {refusal.code for refusal in REFUSALS} | {"gap", "device_forked", "revoked", "malformed", "too_large"}
    assert {*get_args(Status), "dup"} - shown - NOT_SHOWN.keys() == set()
    assert {code for code in codes if f"'code': '{code}'" not in text} - NOT_SHOWN.keys() == set()


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, {}, False), ({"a": True}, {"a": 1}, False),
        ("*", "x", True), ("*", "", False), ("*", 0, True), ([1, 2], [1, 2], True), ([1], [1, 2], False), ([], [], True),
        ([], [1], False), (["…", 2], [1, 2, 3], True), (["…", 4], [1, 2, 3], False), ([1], 1, False), ({}, None, False),
    ],
)  # fmt: skip
def test_comparing_can_fail(expected: object, found: object, same: bool) -> None:
    assert matches(expected, found) is same
