"""Devices, a network that loses and repeats, a server that dies, is restored and updated: whatever the order, the books are right.

A few hundred sequences run here. More, and how often each rule fired:

    RESTOW_SEQUENCES=20000 pytest tests/sync/test_devices_and_network.py -s

In pieces, each its own and to be run again as it was: RESTOW_SEQUENCES=2000 RESTOW_SEED=1, then 2, 3, ….
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from uuid import uuid4

import hypothesis
import msgspec
import psycopg
import pytest
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

from server.api import sync as door
from server.api.identity import Handheld as AtTheDoor
from server.api.problems import Refused
from server.config import Config
from server.database import Database, new_epoch
from server.domain import conflicts, devices, people, receiving, records, returns, stock, upcasts
from server.domain.conflict_rules import RULES
from server.domain.errors import Refusal, Stale
from server.domain.held import expire_held
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync import leaving, pull
from server.sync.protocol import MutationIn, PushRequest, Result
from server.sync.push import Forked, Gap, Revoked
from server.sync.shapes import BY_MODEL
from tests.cast import PASSED, R_1001, SITE, TOTE, Desk, Handheld, seed
from tests.conftest import DAY, Clock
from tests.places import quick_folder

from .faults import Died, at_commit, die

SEQUENCES = int(os.environ.get("RESTOW_SEQUENCES", "200"))
SEED = os.environ.get("RESTOW_SEED", "")
STEPS = 25
YEAR = 365 * DAY
CODES = ("A1", "B1", "C1", "E1", "F1")
WHO = st.integers(0, 99)  # whichever of the devices there are
KINDS = st.sampled_from(["restock", "scrap", "repair", "return_to_customer"])
ZONES = st.sampled_from(["sellable", "scrap", "repair", "quarantine"])
JOBS = st.sampled_from(["scan", "scan", "inspect", "dispose", "put away"])
FIRED: Counter[str] = Counter()

Rule = TypeVar("Rule", bound=Callable[..., Any])


def told(step: Rule) -> Rule:
    """Counts how often a rule fired."""

    @wraps(step)
    def counted(self: Any, *args: Any, **more: Any) -> Any:
        FIRED[step.__name__] += 1
        return step(self, *args, **more)

    return counted  # type: ignore[return-value]


def opening(work: Work) -> None:
    """The cast, three more handhelds and a second supervisor, who may decide what the first decides."""
    seed(work)
    for code in CODES[2:]:
        work.add(devices.Device, id=f"device-{code}", code=code, name=code, site_id=SITE)
    work.add(people.Person, id="sue", username="sue", name="Sue")
    work.add(people.Grant, id="grant-sue", person_id="sue", role="supervisor", site_id=SITE)


class Machines:
    """Where the database of a sequence lies. A backup is a copy of it; a restore puts the copy in its place."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        database = Database(self.url(self.fresh("template", "")), BY_MODEL, clock)
        database.create()
        database.write(SYSTEM, opening)
        Desk(database).file_r_1001()
        database.close()

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db"

    def fresh(self, name: str, source: str) -> str:
        """A new database as a copy of another; nobody may have that one open."""
        if source:
            shutil.copy2(self.folder / f"{source}.db", self.folder / f"{name}.db")
        return name

    def drop(self, name: str) -> None:
        for file in self.folder.glob(f"{name}.db*"):
            file.unlink()


class OnPostgreSQL(Machines):
    def __init__(self, server: str, folder: Path, clock: Clock) -> None:
        self.server = server
        super().__init__(folder, clock)

    def url(self, name: str) -> str:
        return self.server.replace("@/postgres?", f"@/{name}?").replace("postgresql://", "postgresql+psycopg://", 1)

    def fresh(self, name: str, source: str) -> str:
        name = f"{name}_{uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {source or 'template0'}")
        if not source:
            self.template = name
        return name

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _do(self, sql: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql)


class Device(Handheld):
    """Keeps everything it ever made, as a device does for fourteen days; knows what was acknowledged; reads page by page."""

    def __init__(self, database: Database, code: str) -> None:
        super().__init__(database, code)
        self.acknowledged = 0
        self.skew = 0
        self.schema = upcasts.SCHEMA
        self.revoked = False
        self.feeds: dict[str, dict[tuple[str, str], Any]] = {}

    def do(self, who: str, name: str, *, made_at: int | None = None, **args: Any) -> str:
        id = super().do(
            who, name, made_at=max(0, self.database.clock() + self.skew) if made_at is None else made_at, **args
        )
        self.outbox[-1] = msgspec.structs.replace(self.outbox[-1], schema=self.schema)
        return id

    def read_a_page(self, feed: str) -> bool:
        """Stores one page with its cursor. False when that was the last."""
        page = msgspec.json.decode(pull.pull(self.database, self.record, feed, self.cursors.get(feed, "")))
        held = self.feeds.setdefault(feed, {})
        if page["reset"]:
            held.clear()
        for change in page["changes"]:
            if change.get("op", "put") == "put":
                held[change["kind"], change["key"]] = change["value"]
            else:
                held.pop((change["kind"], change["key"]), None)
        self.cursors[feed] = page["cursor"]
        # A server that knows less than it acknowledged was restored: everything since is offered again.
        self.acknowledged = min(self.acknowledged, page["device_last_seq"])
        return bool(page["more"])

    def read(self) -> None:
        for feed in ("catalogue", f"site:{SITE}"):
            while self.read_a_page(feed):
                pass

    def twin(self) -> "Device":
        other = Device(self.database, self.code)
        other.id = self.id  # it may have been enrolled anew
        other.outbox, other.seq, other.acknowledged = list(self.outbox), self.seq, self.acknowledged
        other.cursors, other.feeds = dict(self.cursors), {feed: dict(held) for feed, held in self.feeds.items()}
        return other

    def enrolled_anew(self, id: str, code: str) -> None:
        """Another identity: everything it keeps gets new numbers, and keeps its id."""
        self.id, self.code, self.acknowledged = id, code, 0
        self.outbox = [msgspec.structs.replace(each, seq=seq) for seq, each in enumerate(self.outbox, 1)]
        self.seq = len(self.outbox)


class Floor(RuleBasedStateMachine):
    """Handhelds, supervisors and an administrator at work. What the devices did is kept here; the database must come to the same."""

    machines: ClassVar[Machines]
    clock: ClassVar[Clock]
    receipts = Bundle("receipts")
    lines = Bundle("lines")

    @initialize(target=lines, many=st.integers(2, 5), page=st.integers(1, 40), sealed_after=st.integers(10, 200))
    def begin(self, many: int, page: int, sealed_after: int) -> Any:
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(pull, "PAGE_CHANGES", page)
        self.patches.setattr(pull, "TAIL_BEFORE_SNAPSHOT", sealed_after)
        self.patches.setattr(upcasts, "SCHEMA", upcasts.SCHEMA)
        self.patches.setattr(upcasts, "UPCASTS", dict(upcasts.UPCASTS))
        self.clock.now = Clock().now
        machines = self.machines
        self.name = machines.fresh("floor", getattr(machines, "template", "template"))
        self.backup = ""
        self.since_backup = 0
        self.database = Database(machines.url(self.name), BY_MODEL, self.clock)
        self.desk = Desk(self.database)
        self.devices = [Device(self.database, code) for code in CODES[:many]]
        self.made: dict[str, MutationIn] = {}
        self.outcomes: dict[str, str] = {}
        self.orders = 0
        self.copies: list[tuple[Device, str, list[MutationIn]]] = []
        return ("kettles", "kettle")

    def teardown(self) -> None:
        if not hasattr(self, "patches"):
            return
        try:
            self.heal_and_judge()
        finally:
            self.patches.undo()
            self.database.close()
            for name in filter(None, (self.name, self.backup)):
                self.machines.drop(name)

    def at(self, who: int) -> Device:
        return self.devices[who % len(self.devices)]

    # What people do

    @rule(target=receipts, who=WHO, line=lines, quantity=st.integers(1, 3))
    @told
    def scans(self, who: int, line: tuple[str, str], quantity: int) -> tuple[int, str, int]:
        return who, self.at(who).scan("cleo", order_of(line[0]), line[0], line[1], quantity), quantity

    @rule(who=WHO, jobs=st.lists(st.tuples(JOBS, st.integers(1, 3), KINDS, ZONES), min_size=2, max_size=6), line=lines)
    @told
    def works_a_while(self, who: int, jobs: list[tuple[str, int, str, str]], line: tuple[str, str]) -> None:
        device = self.at(who)
        for job, quantity, kind, zone in jobs:
            if job == "scan":
                device.scan("cleo", order_of(line[0]), line[0], line[1], quantity)
            elif job == "inspect":
                device.inspect("ines", line[0], quantity, checks=PASSED)
            elif job == "dispose":
                device.dispose("ines", line[0], kind, quantity)
            else:
                device.put_away("cleo", line[0], zone, quantity)

    @rule(receipt=consumes(receipts))
    @told
    def takes_back(self, receipt: tuple[int, str, int]) -> None:
        who, id, quantity = receipt
        self.at(who).do("cleo", "unreceive", receipt_id=id, quantity=quantity)

    @rule(who=WHO, line=lines, quantity=st.integers(1, 3))
    @told
    def inspects(self, who: int, line: tuple[str, str], quantity: int) -> None:
        self.at(who).inspect("ines", line[0], quantity, checks=PASSED)

    @rule(who=WHO, line=lines, kind=KINDS, quantity=st.integers(1, 3))
    @told
    def disposes(self, who: int, line: tuple[str, str], kind: str, quantity: int) -> None:
        self.at(who).dispose("ines", line[0], kind, quantity)

    @rule(who=WHO, line=lines, zone=ZONES, quantity=st.integers(1, 3))
    @told
    def puts_away(self, who: int, line: tuple[str, str], zone: str, quantity: int) -> None:
        self.at(who).put_away("cleo", line[0], zone, quantity)

    @rule(who=WHO, zone=ZONES)
    @told
    def moves_the_tote(self, who: int, zone: str) -> None:
        self.at(who).do("cleo", "move_container", container_id=TOTE, bin_id=f"bin-{zone}")

    @rule(who=WHO, was=st.sampled_from(["", "one", "two"]), note=st.sampled_from(["one", "two"]))
    @told
    def edits(self, who: int, was: str, note: str) -> None:
        self.at(who).do("sam", "edit_return", id=R_1001, set={"note": note}, was={"note": was})

    @rule(target=lines, who=WHO)
    @told
    def opens_a_return_without_order(self, who: int) -> tuple[str, str]:
        self.orders += 1
        order = f"walk-in-{self.orders}"
        self.at(who).do("cleo", "open_return_without_order", order_id=order, number=f"RT-X{self.orders}", site_id=SITE)
        return f"{order}:lamps", "lamp"

    @rule()
    @told
    def the_order_is_cancelled(self) -> None:
        self.at_the_desk("sally", "cancel_return", order_id=R_1001, reason="the customer keeps it")

    @rule(pick=st.integers(0, 9), option=st.integers(0, 9))
    @told
    def two_supervisors_decide_the_same(self, pick: int, option: int) -> None:
        with self.database.read(SYSTEM) as work:
            cases = work.find(conflicts.Conflict, conflicts.Conflict.state == "open", order_by=conflicts.Conflict.id)
        if not cases:
            return
        case = cases[pick % len(cases)]
        options = sorted(RULES[case.rule].options)
        choice = {"conflict_id": case.id, "option": options[option % len(options)], "note": "seen", "value": "two"}
        if self.at_the_desk("sam", "resolve_conflict", **choice) is None:
            with pytest.raises(Stale) as refused:
                self.desk("sue", "resolve_conflict", **choice)
            assert refused.value.facts["by"] == "sam"

    @rule(person=st.sampled_from(["cleo", "ines"]), back=st.booleans())
    @told
    def a_right_ends_or_is_given_back(self, person: str, back: bool) -> None:
        def change(work: Work) -> None:
            work.get(people.Grant, f"grant-{person}").valid_until = "" if back else "2020-01-01"

        self.database.write(SYSTEM, change)

    @rule(who=WHO)
    @precondition(lambda self: len(self.devices) > 2)
    @told
    def a_device_is_revoked(self, who: int) -> None:
        device = self.at(who)
        self.database.write(SYSTEM, lambda work: devices.revoke_device(work, devices.RevokeDevice(device_id=device.id)))

    # What the network does

    @rule(who=WHO, size=st.integers(1, 6))
    @told
    def sends(self, who: int, size: int) -> None:
        self.take(self.at(who), self.send(self.at(who), self.at(who).acknowledged, size))

    @rule(who=WHO)
    @told
    def sends_everything(self, who: int) -> None:
        self.take(self.at(who), self.send(self.at(who), self.at(who).acknowledged, None))

    @rule(who=WHO, size=st.integers(1, 6))
    @told
    def a_request_is_lost_or_only_late(self, who: int, size: int) -> None:
        device = self.at(who)
        if batch := device.outbox[device.acknowledged : device.acknowledged + size]:
            self.copies.append((device, device.id, batch))

    @rule(pick=st.integers(0, 50))
    @precondition(lambda self: self.copies)
    @told
    def a_copy_of_a_request_comes_late(self, pick: int) -> None:
        """Whoever sent it may be another by now; what it holds may be known already, or not yet, or no longer."""
        device, id, batch = self.copies[pick % len(self.copies)]
        twin = device.twin()
        twin.id = id
        known, heads = twin.record.last_seq, self.database.heads()
        try:
            results = twin.push(batch)
        except (Gap, Forked):
            assert self.database.heads() == heads
            return
        except Revoked:
            results = []
        if batch[-1].seq <= known:
            assert all(result.dup for result in results)
            assert self.database.heads() == heads
        self.since_backup += 1

    @rule(who=WHO, size=st.integers(1, 6))
    @told
    def sends_and_the_answer_is_lost(self, who: int, size: int) -> None:
        self.send(self.at(who), self.at(who).acknowledged, size)

    @rule(who=WHO, back=st.integers(0, 5), size=st.integers(1, 8))
    @told
    def sends_again_what_overlaps(self, who: int, back: int, size: int) -> None:
        self.take(self.at(who), self.send(self.at(who), max(0, self.at(who).acknowledged - back), size))

    @rule(who=WHO)
    @told
    def sends_out_of_order(self, who: int) -> None:
        device = self.at(who)
        late = device.outbox[device.record.last_seq + 1 :]
        if late:
            heads = self.database.heads()
            with pytest.raises(Gap) as gap:
                device.push(late[:3])
            assert gap.value.facts["expected"] == device.record.last_seq + 1
            assert self.database.heads() == heads

    @rule(who=WHO, part=st.floats(0, 0.99))
    @told
    def a_body_is_cut_off(self, who: int, part: float) -> None:
        device = self.at(who)
        known = device.record
        request = PushRequest(protocol=1, epoch="", device=device.id, app_schema=1, mutations=device.outbox)
        whole = msgspec.json.encode(request)
        heads = self.database.heads()
        with pytest.raises(Refused):
            door._push(AtTheDoor(self.database, Config(), known), whole[: int(part * len(whole))])
        assert (self.database.heads(), device.record.last_seq) == (heads, known.last_seq)

    @rule(who=WHO, pages=st.integers(1, 3), feed=st.sampled_from(["catalogue", f"site:{SITE}"]))
    @told
    def reads_some_pages_and_dies(self, who: int, pages: int, feed: str) -> None:
        for _ in range(pages):
            self.at(who).read_a_page(feed)

    @rule(who=WHO)
    @told
    def reads(self, who: int) -> None:
        self.at(who).read()

    @rule(who=WHO, years=st.sampled_from([-10, 0, 10]))
    @told
    def a_clock_jumps(self, who: int, years: int) -> None:
        self.at(who).skew = years * YEAR

    # What becomes of the server

    @rule(who=WHO, size=st.integers(1, 6))
    @told
    def it_dies_before_the_commit(self, who: int, size: int) -> None:
        heads = self.database.heads()
        if self.dies(who, size, before=die):
            assert self.database.heads() == heads

    @rule(who=WHO, size=st.integers(1, 6))
    @told
    def it_dies_after_the_commit(self, who: int, size: int) -> None:
        self.dies(who, size, after=die)

    def dies(self, who: int, size: int, **when: Callable[[], None]) -> bool:
        with at_commit(self.database, **when):
            try:
                self.send(self.at(who), self.at(who).acknowledged, size)
            except Died:
                self.open(self.name)
                return True
        return False

    @rule()
    @told
    def restarts(self) -> None:
        self.open(self.name)

    @rule()
    @precondition(lambda self: self.since_backup > 2)
    @told
    def a_backup_is_made(self) -> None:
        self.since_backup = 0
        self.database.close()
        if self.backup:
            self.machines.drop(self.backup)
        self.backup = self.machines.fresh("backup", self.name)
        self.open(self.name)

    @rule()
    @precondition(lambda self: self.backup)
    @told
    def the_backup_is_restored(self) -> None:
        self.database.close()
        self.machines.drop(self.name)
        self.open(self.machines.fresh("floor", self.backup))
        with self.database.engine.begin() as connection:
            new_epoch(connection)
        self.outcomes.clear()  # what comes again may meet another world

    @rule(who=WHO)
    @precondition(lambda self: len(self.devices) < 7)
    @told
    def a_device_is_cloned_and_both_go_on(self, who: int) -> None:
        device = self.at(who)
        twin = device.twin()
        self.devices.append(twin)
        for each in (device, twin):
            each.scan("cleo", R_1001, "kettles", "kettle")

    @rule()
    @told
    def the_schema_moves_on(self) -> None:
        """The old way of writing a scan lacks a sign; each step adds it once."""

        def sign(name: str, args: dict[str, Any]) -> dict[str, Any]:
            return {**args, "symbology": args.get("symbology", "") + "+"} if name == "scan_item" else args

        if upcasts.SCHEMA < 6:
            upcasts.UPCASTS[upcasts.SCHEMA] = sign
            upcasts.SCHEMA += 1

    @rule(who=WHO)
    @told
    def an_app_is_updated(self, who: int) -> None:
        self.at(who).schema = upcasts.SCHEMA

    @rule(days=st.sampled_from([0, 1, 6, 31]))
    @told
    def time_passes(self, days: int) -> None:
        self.clock.forward(days * DAY)
        self.database.write(SYSTEM, expire_held)

    @rule()
    @told
    def tombstones_are_collected(self) -> None:
        """What was closed long ago leaves, and a snapshot is sealed that knows nothing of it; the last but one is thrown away."""
        while self.database.write(SYSTEM, leaving.leave):
            pass
        with pytest.MonkeyPatch.context() as at_once:
            at_once.setattr(pull, "TAIL_BEFORE_SNAPSHOT", 0)
            for feed in ("catalogue", f"site:{SITE}"):
                pull.seal_if_due(self.database, feed)

    # What must hold

    @invariant()
    def the_ledger_adds_up(self) -> None:
        if not hasattr(self, "devices"):
            return
        with self.database.read(SYSTEM) as work:
            sums: Counter[str] = Counter()
            for entry in work.find(stock.StockEntry):
                sums[entry.balance_id] += entry.quantity
            balances = {balance.id: balance.quantity for balance in work.find(stock.StockBalance)}
            assert sums == balances
            assert sum(sums.values()) == 0
            counted: Counter[str] = Counter()
            for receipt in work.find(receiving.Receipt):
                counted[receipt.line_id] += receipt.quantity - receipt.unreceived
            for line in work.find(returns.ReturnLine):
                assert line.received == counted[line.id]
                assert 0 <= line.closed <= line.disposed

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if not hasattr(self, "devices"):
            return
        with self.database.read(SYSTEM) as work:
            there = {each.id: each.status for each in work.find(records.Mutation, records.Mutation.device_id != "")}
        assert self.outcomes.keys() <= there.keys()

    def heal_and_judge(self) -> None:
        """The network heals, everybody sends everything, and reads everything."""
        for _ in range(2):
            for device in list(self.devices):
                for _ in range(20):
                    self.take(device, self.send(device, device.acknowledged, None))
                    if device.acknowledged == len(device.outbox):
                        break
                assert device.acknowledged == len(device.outbox), "an outbox never became empty"
                device.read()
        for device in self.devices:
            device.read()
        fresh = Device(self.database, self.devices[0].code)
        fresh.id = self.devices[0].id
        fresh.read()
        for device in self.devices:
            assert device.feeds == fresh.feeds, "a view differs from what a new device reads"

        with self.database.read(SYSTEM) as work:
            stored = {each.id: each for each in work.find(records.Mutation, records.Mutation.device_id != "")}
            made = {each.id: each for device in self.devices for each in device.outbox}
            assert stored.keys() == made.keys()
            assert all(stored[id].body["args"] == mutation.args for id, mutation in made.items())
            receipts = {each.id: each for each in work.find(receiving.Receipt)}
            scans = {each.args["receipt_id"]: each for each in made.values() if each.name == "scan_item"}
            assert receipts.keys() == {
                id for id, scan in scans.items() if stored[scan.id].status not in ("rejected", "held")
            }
            for id, receipt in receipts.items():
                assert receipt.symbology in ["+" * n for n in range(upcasts.SCHEMA - scans[id].schema + 1)]
            out = sum(each.quantity for each in work.find(stock.StockBalance) if each.status == "out")
            assert -out == sum(line.received for line in work.find(returns.ReturnLine))
            self.every_device_was_heard_in_its_own_order(work, stored)

    def every_device_was_heard_in_its_own_order(self, work: Work, stored: dict[str, records.Mutation]) -> None:
        told = work.find(records.EventRow, order_by=records.EventRow.revision)
        waited = {each.subject_id for each in told if each.kind in ("MutationHeld", "MutationForced")}
        heard: dict[str, int] = {}
        for event in told:
            mutation = stored.get(event.mutation_id)
            if event.feed == f"site:{SITE}" and mutation is not None and mutation.id not in waited:
                assert mutation.seq is not None
                assert heard.get(mutation.device_id, 0) <= mutation.seq
                heard[mutation.device_id] = mutation.seq

    # How they are done

    def open(self, name: str) -> None:
        self.database.close()
        self.name = name
        self.database = Database(self.machines.url(name), BY_MODEL, self.clock)
        self.desk.database = self.database
        for device in self.devices:
            device.database = self.database

    def at_the_desk(self, who: str, name: str, **args: Any) -> Refusal | None:
        try:
            self.desk(who, name, **args)
        except Refusal as refusal:
            return refusal
        return None

    def send(self, device: Device, start: int, size: int | None) -> list[Result]:
        self.since_backup += 1
        batch = device.outbox[start : None if size is None else start + size]
        if not batch:
            return []
        self.copies.append((device, device.id, batch))
        try:
            return device.push(batch)
        except Gap as gap:  # restored meanwhile: what it lacks is offered again
            device.acknowledged = gap.facts["expected"] - 1
        except Revoked as revoked:
            # Of what it sent: a copy of the device may have used later numbers for other things.
            device.acknowledged = min(revoked.facts["device_last_seq"], batch[-1].seq)
        except Forked:
            self.enrol_anew(device)
        return []

    def enrol_anew(self, device: Device) -> None:
        def enrol(work: Work) -> devices.Device:
            return work.add(devices.Device, code=f"Z{work.new_id()}", site_id=SITE)

        record = self.database.write(SYSTEM, enrol)
        device.enrolled_anew(record.id, record.code)

    def take(self, device: Device, results: list[Result]) -> None:
        for result in results:
            device.acknowledged = max(device.acknowledged, result.seq)
            before = self.outcomes.get(result.id)
            assert before in (None, "held", result.status), "an outcome changed that was final"
            self.outcomes[result.id] = result.status


def order_of(line: str) -> str:
    return R_1001 if line == "kettles" else line.partition(":")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def floor(request: pytest.FixtureRequest) -> Iterator[type[Floor]]:
    """The machine on one of the databases, with a seeded one in store to copy."""
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else ""
    clock = Clock()
    with quick_folder() as folder:
        machines = OnPostgreSQL(server, Path(folder), clock) if server else Machines(Path(folder), clock)
        yield type("Floor", (Floor,), {"machines": machines, "clock": clock})


def test_whatever_happens_the_books_are_right(floor: type[Floor], request: pytest.FixtureRequest) -> None:
    FIRED.clear()
    share = (
        1 if request.node.callspec.params["floor"] == "sqlite" else 8
    )  # PostgreSQL takes its time to copy a database
    run_state_machine_as_test(
        hypothesis.seed(int(SEED))(floor) if SEED else floor,
        settings=settings(
            max_examples=max(1, SEQUENCES // share), stateful_step_count=STEPS, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    print(
        f"\n{'seed ' + SEED + ': ' if SEED else ''}{SEQUENCES // share} sequences of up to {STEPS} steps on {request.node.callspec.params['floor']}:"
    )
    for name, times in FIRED.most_common():
        print(f"{times:8}  {name.replace('_', ' ')}")
