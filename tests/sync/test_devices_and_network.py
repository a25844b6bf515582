"""Devices, a network that loses and repeats, and a server that is killed between requests: whatever the order, the books are right.

A few hundred sequences run here; `RESTOW_SEQUENCES=20000 pytest tests/sync/test_devices_and_network.py` runs more.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server.database import Database
from server.domain import receiving, records, returns, stock
from server.domain.held import expire_held
from server.domain.permissions import SYSTEM
from server.sync.push import Gap
from server.sync.shapes import BY_MODEL
from tests.cast import PASSED, R_1001, TOTE, Desk, Handheld, seed
from tests.conftest import DAY, Clock

SEQUENCES = int(os.environ.get("RESTOW_SEQUENCES", "60"))
DEVICES = st.sampled_from(["A1", "B1"])
LINES = st.sampled_from([("kettles", "kettle"), ("lamps", "lamp")])
KINDS = st.sampled_from(["restock", "scrap", "repair", "return_to_customer"])


class Floor(RuleBasedStateMachine):
    """Two handhelds and a desk at work on R-1001. What the devices did is kept here; the database must come to the same."""

    receipts = Bundle("receipts")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.database = self.opened()
        self.database.create()
        self.database.write(SYSTEM, seed)
        self.desk = Desk(self.database)
        self.desk.file_r_1001()
        self.handhelds = {code: Handheld(self.database, code) for code in ("A1", "B1")}
        self.acknowledged: dict[str, int] = {"A1": 0, "B1": 0}
        self.outcomes: dict[str, str] = {}
        self.scanned = 0

    def opened(self) -> Database:
        return Database(f"sqlite:///{Path(self.folder.name) / 'restow.db'}", BY_MODEL, self.clock)

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        self.heal_and_judge()
        self.database.close()
        self.folder.cleanup()

    # What people do

    @rule(target=receipts, code=DEVICES, line=LINES, quantity=st.integers(1, 3))
    def scans(self, code: str, line: tuple[str, str], quantity: int) -> tuple[str, str, int]:
        return code, self.handhelds[code].scan("cleo", R_1001, line[0], line[1], quantity), quantity

    @rule(receipt=consumes(receipts))
    def takes_back(self, receipt: tuple[str, str, int]) -> None:
        code, id, quantity = receipt
        self.handhelds[code].do("cleo", "unreceive", receipt_id=id, quantity=quantity)

    @rule(code=DEVICES, line=LINES, quantity=st.integers(1, 3))
    def inspects(self, code: str, line: tuple[str, str], quantity: int) -> None:
        self.handhelds[code].inspect("ines", line[0], quantity, checks=PASSED)

    @rule(code=DEVICES, line=LINES, kind=KINDS, quantity=st.integers(1, 3))
    def disposes(self, code: str, line: tuple[str, str], kind: str, quantity: int) -> None:
        self.handhelds[code].dispose("ines", line[0], kind, quantity)

    @rule(
        code=DEVICES,
        line=LINES,
        zone=st.sampled_from(["sellable", "scrap", "repair", "quarantine"]),
        quantity=st.integers(1, 3),
    )
    def puts_away(self, code: str, line: tuple[str, str], zone: str, quantity: int) -> None:
        self.handhelds[code].put_away("cleo", line[0], zone, quantity)

    @rule(code=DEVICES, zone=st.sampled_from(["sellable", "quarantine", "scrap"]))
    def moves_the_tote(self, code: str, zone: str) -> None:
        self.handhelds[code].do("cleo", "move_container", container_id=TOTE, bin_id=f"bin-{zone}")

    @rule(code=DEVICES, was=st.sampled_from(["", "one", "two"]), note=st.sampled_from(["one", "two"]))
    def edits(self, code: str, was: str, note: str) -> None:
        self.handhelds[code].do("sam", "edit_return", id=R_1001, set={"note": note}, was={"note": was})

    # What the network does

    @rule(code=DEVICES, size=st.integers(1, 6))
    def sends(self, code: str, size: int) -> None:
        self.take(code, self.send(code, self.acknowledged[code], size))

    @rule(code=DEVICES, size=st.integers(1, 6))
    def sends_and_the_answer_is_lost(self, code: str, size: int) -> None:
        self.send(code, self.acknowledged[code], size)

    @rule(code=DEVICES, back=st.integers(0, 5), size=st.integers(1, 8))
    def sends_again_what_overlaps(self, code: str, back: int, size: int) -> None:
        self.take(code, self.send(code, max(0, self.acknowledged[code] - back), size))

    @rule(code=DEVICES)
    @precondition(lambda self: any(len(h.outbox) > self.acknowledged[c] + 1 for c, h in self.handhelds.items()))
    def sends_out_of_order(self, code: str) -> None:
        handheld = self.handhelds[code]
        late = handheld.outbox[self.acknowledged[code] + 1 :]
        if late and handheld.record.last_seq == self.acknowledged[code]:
            try:
                handheld.push(late[:3])
            except Gap as gap:
                assert gap.facts["expected"] == self.acknowledged[code] + 1
            else:
                raise AssertionError("a gap was taken in")

    @rule(code=DEVICES)
    def reads(self, code: str) -> None:
        self.handhelds[code].pull()

    @rule()
    def restarts(self) -> None:
        self.database.close()
        self.database = self.opened()
        self.desk.database = self.database
        for handheld in self.handhelds.values():
            handheld.database = self.database

    @rule(days=st.integers(0, 6))
    def time_passes(self, days: int) -> None:
        self.clock.forward(days * DAY)
        self.database.write(SYSTEM, expire_held)

    # What must hold

    @invariant()
    def the_ledger_adds_up(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.database.read(SYSTEM) as work:
            sums: dict[str, int] = {}
            for entry in work.find(stock.StockEntry):
                sums[entry.balance_id] = sums.get(entry.balance_id, 0) + entry.quantity
            balances = {balance.id: balance.quantity for balance in work.find(stock.StockBalance)}
            assert sums == balances
            assert sum(sums.values()) == 0
            for line in work.find(returns.ReturnLine):
                receipts = work.find(receiving.Receipt, receiving.Receipt.line_id == line.id)
                assert line.received == sum(each.quantity - each.unreceived for each in receipts)
                assert 0 <= line.closed <= line.disposed

    def heal_and_judge(self) -> None:
        """The network heals, everybody sends everything twice, and the views are compared."""
        for _ in range(2):
            for code in self.handhelds:
                self.take(code, self.send(code, 0, None))
        for handheld in self.handhelds.values():
            handheld.pull()
        views = [handheld.view for handheld in self.handhelds.values()]
        assert views[0] == views[1]
        with self.database.read(SYSTEM) as work:
            stored = {
                mutation.id: mutation for mutation in work.find(records.Mutation, records.Mutation.device_id != "")
            }
            made = [mutation for handheld in self.handhelds.values() for mutation in handheld.outbox]
            assert stored.keys() == {mutation.id for mutation in made}
            assert all(stored[mutation.id].body["args"] == mutation.args for mutation in made)
            counted = {receipt.id for receipt in work.find(receiving.Receipt)}
            assert counted == {mutation.args["receipt_id"] for mutation in made if mutation.name == "scan_item"}
            in_building = sum(
                balance.quantity for balance in work.find(stock.StockBalance) if balance.status in stock.STATUSES
            )
            received = sum(line.received for line in work.find(returns.ReturnLine))
            assert in_building == received

    def send(self, code: str, start: int, size: int | None) -> list[Any]:
        handheld = self.handhelds[code]
        return (
            handheld.push(handheld.outbox[start : None if size is None else start + size])
            if handheld.outbox[start:]
            else []
        )

    def take(self, code: str, results: list[Any]) -> None:
        for result in results:
            self.acknowledged[code] = max(self.acknowledged[code], result.seq)
            before = self.outcomes.get(result.id)
            assert before in (None, "held", result.status), "an outcome changed that was final"
            self.outcomes[result.id] = result.status


def test_whatever_the_network_does_the_books_are_right() -> None:
    run_state_machine_as_test(
        Floor,
        settings=settings(
            max_examples=SEQUENCES, stateful_step_count=25, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
