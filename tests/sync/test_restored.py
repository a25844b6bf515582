"""A server that was restored from a backup, a handheld that was cloned or enrolled anew: nothing is lost and nothing counts twice."""

import msgspec
import pytest
from sqlmodel import col

from server.database import Database, new_epoch
from server.domain import devices, records, returns
from server.domain.devices import EnrolDevice
from server.domain.permissions import SYSTEM
from server.domain.work import Work
from server.sync.push import Forked
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import ON_BOTH

pytestmark = ON_BOTH


def received(database: Database) -> int:
    with database.read(SYSTEM) as work:
        return work.get(returns.ReturnLine, "kettles").received


def test_a_device_code_is_never_given_twice_even_after_a_restore(database: Database) -> None:
    def enrol(work: Work) -> str:
        code = devices.make_enrolment_code(work, devices.MakeEnrolmentCode(site_id=SITE))
        return devices.enrol_device(work, EnrolDevice(code=code, name="PDA", token_hash="")).code

    def counter(work: Work) -> str:
        return work.get(records.Setting, "counter:device").value

    before = database.write(SYSTEM, enrol)
    with database.read(SYSTEM) as work:
        backup = counter(work)
    lost = database.write(SYSTEM, enrol)

    def restore(work: Work) -> None:
        work.get(records.Setting, "counter:device").value = backup
        (device,) = work.find(devices.Device, col(devices.Device.code) == lost)
        work.remove(device)

    database.write(SYSTEM, restore)
    with database.engine.begin() as connection:
        new_epoch(connection)
    after = [database.write(SYSTEM, enrol) for _ in range(3)]
    assert len({before, lost, *after}) == 5


def test_what_a_handheld_sends_again_under_a_new_name_is_answered_as_before_however_often(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    b.outbox = list(a.outbox)  # enrolled anew: other numbers, the same ids
    for _ in range(3):
        assert [(result.status, result.dup) for result in b.push()] == [("applied", True)]
    assert received(database) == 1


def test_an_id_that_comes_with_another_content_is_kept_and_refused_not_taken_for_the_first(
    database: Database, desk: Desk, a: Handheld, b: Handheld
) -> None:
    desk.file_r_1001()
    a.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    b.outbox = [msgspec.structs.replace(a.outbox[0], args={**a.outbox[0].args, "receipt_id": "another", "quantity": 2})]
    b.seq = 1
    for again in (False, True):
        (result,) = b.push()
        assert (result.status, result.code, result.dup, result.id) == ("rejected", "duplicate", again, a.outbox[0].id)
    b.scan("cleo", R_1001, "kettles", "kettle")
    assert b.push()[1].status == "applied"
    assert received(database) == 2
    with database.read(SYSTEM) as work:
        (kept,) = work.find(records.Mutation, records.Mutation.device_id == b.id, records.Mutation.seq == 1)
    assert kept.body["args"]["quantity"] == 2


def test_a_clone_is_noticed_at_the_first_number_both_have_used(database: Database, desk: Desk, a: Handheld) -> None:
    desk.file_r_1001()
    twin = Handheld(database, "A1")
    for handheld in (a, twin):
        handheld.scan("cleo", R_1001, "kettles", "kettle")
    a.push()
    with pytest.raises(Forked):
        twin.push()
    assert received(database) == 1
