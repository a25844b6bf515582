"""The protocol's pages are true: the schemas are whole, every field and outcome is told, and the client of docs/ works."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from server.api.problems import STATUS
from server.config import Config
from server.database import Database
from server.domain import codes, people
from server.domain.commands import COMMANDS
from server.domain.ids import derived_id
from server.domain.nouns import NOUNS
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync.protocol import Status
from server.sync.schemas import schemas
from server.sync.typescript import WIRE
from tests.cast import R_1001, SITE, Desk
from tests.conftest import Clock
from tests.doors import Doors
from tests.sync.vectors import load, names

from .served import serving

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sync-protocol.md").read_text(encoding="utf-8")


def test_every_mutation_a_handheld_may_send_has_its_schema() -> None:
    found = schemas()
    assert found["mutations"].keys() == {name for name, entry in COMMANDS.items() if entry.device}
    assert found["$defs"]["ScanItem"]["additionalProperties"] is False
    assert found["messages"].keys() == {"PushRequest", "PushResponse", "PullResponse", "WaybillPage", "Poke"}
    assert found["nouns"].keys() == NOUNS.keys()


def table_under(heading: str) -> list[str]:
    """The words in the first column of the table after this heading."""
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")][2:]
    return [word for row in rows for word in re.findall(r"`(\w+)`", row)]


@pytest.mark.parametrize("struct", WIRE, ids=lambda struct: struct.__name__)
def test_the_protocol_page_tells_every_field_and_no_other(struct: type[msgspec.Struct]) -> None:
    told = table_under(f"`{struct.__name__}`")
    assert sorted(told) == sorted(struct.__struct_fields__)


def test_the_protocol_page_tells_every_outcome_and_every_refusal_a_device_can_meet() -> None:
    assert set(table_under("What became of it")) == set(get_args(Status))
    told = {row[0]: int(row[1]) for row in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PAGE, re.MULTILINE)}
    at_a_desk = {"wrong_origin", "method_not_allowed", "not_found", "wrong_state", "stale", "duplicate", "waiting"}
    assert told == {code: status for code, status in STATUS.items() if code not in at_a_desk}


def test_the_worked_example_is_the_conversation_that_is_held_against_the_server() -> None:
    blocks = [block.split("\n\n", 1) for block in re.findall(r"```http\n(.*?)\n```", PAGE, re.DOTALL)]
    told: list[Any] = [[head, *map(json.loads, body)] for head, *body in blocks]
    expected: list[Any] = []
    for step in load("worked-example")["steps"]:
        if "device" in step:
            expected += [
                [step["request"], *([step["body"]] if "body" in step else [])],
                [str(step["status"]), step["answer"]],
            ]
    assert told == expected


def test_the_schemas_and_the_vectors_are_served_to_anybody(doors: Doors) -> None:
    assert doors.nobody().get("/sync/v1/schemas").json()["nouns"].keys() == NOUNS.keys()
    listed = doors.nobody().get("/sync/v1/vectors").json()["vectors"]
    assert [each["name"] for each in listed] == names()
    assert doors.nobody().get("/sync/v1/vectors/gap").json() == load("gap")
    for name in ("nothing", "..%2Fsync-client.md", "README"):
        assert doors.nobody().get(f"/sync/v1/vectors/{name}").status_code == 404


class SmallClient:
    """docs/sync_client.py, run as a person runs it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = ""

    def __call__(self, *words: str) -> dict[str, Any]:
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.told = done.stderr
        return {key: json.loads(value) for key, _, value in (line.partition(" ") for line in done.stdout.splitlines())}

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(DOCS / "sync_client.py"), str(self.path)]

    @property
    def waiting(self) -> int:
        return int(self.told.splitlines()[-1].split()[0])

    def remembers(self, copy: Path, *, save: bool) -> None:
        shutil.copy2(*((self.path, copy) if save else (copy, self.path)))


def elsewhere_before(work: Work, role: str) -> None:
    """People with this role at another site, or not any more; whoever takes the first that is listed takes one of them."""
    work.add(people.Person, id="away", username="away", name="Away")
    work.add(people.Grant, id="a-grant", person_id="away", role=role, site_id="site-elsewhere")
    work.add(people.Grant, id="b-grant", person_id="away", role=role, valid_until="2020-01-01")


def soon(true: Callable[[], bool]) -> bool:
    """Well before a client would ask by itself."""
    until = time.monotonic() + 20
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.3)
    return True


def test_the_small_client_works_offline_loses_nothing_and_is_poked(
    config: Config, database: Database, clock: Clock, desk: Desk, tmp_path: Path
) -> None:
    clock.now = int(time.time() * 1000)  # the server in its own process has the real one
    code = database.write(SYSTEM, lambda work: codes.new_code(work, "enrol", site_id=SITE))
    client, before = SmallClient(tmp_path / "my.db"), tmp_path / "before.db"
    desk(
        "sally", "create_return", order_id=R_1001, number="R-1001", site_id=SITE, type_code="customer", note="as filed"
    )
    database.write(SYSTEM, lambda work: elsewhere_before(work, "operator"))
    with serving(config) as server:
        client("enrol", server.origin, code, "my client")
        assert client.waiting == 0

        client("sign", "SF0000000000001")
        assert client.waiting == 1
        client.remembers(before, save=True)
        client("sync")
        client.remembers(before, save=False)  # as if the answer had never arrived
        client("sync")
        assert client.waiting == 0
        (parcel,) = client("show", "parcel").values()
        assert (parcel["waybill"], parcel["signed_count"], client.told) == ("SF0000000000001", 1, "0 waiting\n")
        assert parcel["id"] == derived_id("parcel", SITE, "SF", "SF0000000000001")  # as any handheld names it

        client("edit", "return_order", R_1001, "note", "wet")
        assert client("show", "return_order")[R_1001]["note"] == "wet"  # laid on top, before anybody else knows
        desk("sally", "edit_return", id=R_1001, set={"note": "told by telephone"}, was={"note": "as filed"})
        client("sync")
        assert "2 conflict" in client.told
        assert client("show", "return_order")[R_1001]["note"] == "told by telephone"
        (case,) = client("show", "conflict").values()
        assert (case["rule"], case["field"], client.waiting) == ("X14", "note", 0)

        client("sign", "SF0000000000002")
        client("sign", "SF0000000000003")
        lost = subprocess.run(
            [sys.executable, "-c", "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('DELETE FROM outbox WHERE seq = 3'); db.commit()",
             str(client.path)],
        )  # fmt: skip
        assert lost.returncode == 0
        client("sync")
        assert client.waiting == 0
        assert {each["waybill"] for each in client("show", "parcel").values()} == {"SF0000000000001", "SF0000000000003"}

        with subprocess.Popen([*client.command, "watch"], stderr=subprocess.DEVNULL) as watching:
            try:
                time.sleep(2)  # its first pull is done, and it listens
                desk("sally", "edit_return", id=R_1001, set={"reason_code": "colour"}, was={"reason_code": ""})
                assert soon(lambda: client("show", "return_order")[R_1001]["reason_code"] == "colour")
            finally:
                watching.kill()
