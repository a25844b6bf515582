"""What a released app wrote is read as what it meant, for as long as somebody may come back with it.

`released/schema-N.json` is a day on a handheld whose app writes schema N, kept as it was sent. A file is written once, when schema N is
released, and never changed again: where the server learns new words, `upcasts.py` reads the old ones.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from server.database import Database
from server.domain import documents, upcasts
from server.domain.commands import COMMANDS
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from tests.cast import SITE, Desk, Handheld
from tests.conftest import ON_BOTH
from tests.doors import Doors

FOLDER = Path(__file__).parent / "released"
FILES = sorted(FOLDER.glob("schema-*.json"))


def world(work: Work) -> None:
    """Besides the cast: something that was shipped, of which a return can be filed."""
    work.add(
        documents.OutboundOrder, id="shipped", number="SO-1", site_id=SITE, owner_id="owner", customer_id="customer"
    )
    work.add(
        documents.OutboundLine,
        id="sold",
        outbound_id="shipped",
        site_id=SITE,
        item_id="kettle",
        line_number=1,
        quantity=3,
    )


@ON_BOTH
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_released_app_wrote_is_read_as_what_it_meant(
    file: Path, database: Database, desk: Desk, doors: Doors
) -> None:
    database.write(SYSTEM, world)
    desk.file_r_1001()
    told = json.loads(file.read_text(encoding="utf-8"))
    sent = [{name: value for name, value in each.items() if name != "becomes"} for each in told["mutations"]]
    request = {"protocol": 1, "epoch": "", "device": "device-A1", "app_schema": sent[0]["schema"], "mutations": sent}
    answer = doors.device("A1").post("/sync/v1/push", request).json()
    became = {f"{each['seq']} {each['name']}": each["becomes"] for each in told["mutations"]}
    assert {f"{each['seq']} {sent[n]['name']}": each["status"] for n, each in enumerate(answer["results"])} == became

    other = Handheld(database, "B1")
    other.pull()
    for named, fields in told["then"].items():
        kind, _, key = named.partition(" ")
        there: dict[str, Any] = other.view[kind, key]
        assert {name: there[name] for name in fields} == fields, named


def test_every_schema_that_was_ever_released_is_kept() -> None:
    assert {file.stem for file in FILES} == {f"schema-{n}" for n in range(1, upcasts.SCHEMA + 1)}
    assert set(upcasts.UPCASTS) == set(range(1, upcasts.SCHEMA))


def test_the_day_leaves_no_command_of_its_time_out() -> None:
    """What came into schema 1 after it was first released is not in that app's day, and has its own tests."""
    later = {
        "create_record", "edit_record", "remove_record", "reply_to_conflict", "count_bin", "answer_task", "read_message",
    }  # fmt: skip
    first = json.loads((FOLDER / "schema-1.json").read_text(encoding="utf-8"))
    assert {each["name"] for each in first["mutations"]} >= {n for n, e in COMMANDS.items() if e.device} - later
