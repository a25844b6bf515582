"""The demo: two warehouses with a past, made through the doors people use."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from server import demo, media, passwords
from server.config import Config
from server.database import Database
from server.demo import goods, world
from server.domain import people
from server.domain.alert_rules import RULES
from server.domain.catalog import Barcode, Bin, Item, Site, Zone
from server.domain.codes import use_code
from server.domain.conflicts import Conflict
from server.domain.documents import Blob
from server.domain.matching import matches_for_order, matches_for_parcel
from server.domain.parcels import Parcel
from server.domain.people import OneTimeCode, Person
from server.domain.permissions import SYSTEM
from server.domain.records import Mutation
from server.domain.returns import ReturnLine, ReturnOrder
from server.domain.standards import Standard
from server.domain.stock import StockBalance, StockEntry
from server.importers.ean import is_ean13
from server.sync.shapes import BY_MODEL

ZONES = {"dock", "quarantine", "unclaimed", "exception", "sellable", "defective", "repair", "scrap", "vendor", "hazard"}


def installation(folder: Path) -> Config:
    config = Config.from_env({"RESTOW_DATA": str(folder)})
    folder.mkdir()
    database = Database(config.database_url, BY_MODEL)
    database.create()
    database.close()
    return config


def counts(database: Database) -> dict[str, int]:
    with database.read(SYSTEM) as work:
        return {
            name: int(work.rows(select(func.count()).select_from(table))[0][0])
            for name, table in SQLModel.metadata.tables.items()
        }


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    config = installation(tmp_path_factory.mktemp("demo") / "var")
    demo.load(config)
    return config


@pytest.fixture
def database(config: Config) -> Iterator[Database]:
    database = Database(config.database_url, BY_MODEL)
    yield database
    database.close()


def test_loading_it_again_changes_nothing_and_says_the_sign_ins_again(
    config: Config, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    before = counts(database)

    demo.load(config)

    assert counts(database) == before
    said = capsys.readouterr().out
    assert world.PASSWORD in said
    assert world.PIN in said
    for worker in goods.PEOPLE:
        assert worker.username in said
    for code in re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", said):
        with database.read(SYSTEM) as work:
            known = work.look(OneTimeCode, hashlib.sha256(code.replace("-", "").encode()).hexdigest())
        assert known is not None
        assert known.uses_left > 1


def test_its_people_can_sign_in_at_a_desk_and_on_a_handheld(database: Database) -> None:
    with database.read(SYSTEM) as work:
        everybody = {person.username: person for person in work.find(Person)}
        roles = {grant.role for grant in work.find(people.Grant)}
    assert roles == set(people.EVERYONE)
    assert passwords.matches(world.PASSWORD, everybody["admin"].password_hash)
    worker = next(worker for worker in goods.PEOPLE if worker.username == "wang")
    secret = world.badge_text(worker).partition(".")[2]
    *_, salt, _ = everybody["wang"].pin_verifier.split("$")
    again = people.pin_verifier(secret, world.PIN, people.base64.b64decode(salt))
    assert again == everybody["wang"].pin_verifier


def test_returns_are_in_every_state(database: Database) -> None:
    with database.read(SYSTEM) as work:
        orders = work.find(ReturnOrder)
        parcels = work.find(Parcel)
    assert {order.status for order in orders} == {
        "draft", "submitted", "approved", "receiving", "inspecting", "disposing", "completed", "rejected", "cancelled", "on_hold",
    }  # fmt: skip
    assert {order.origin for order in orders} >= {"filed", "without_order", "unclaimed"}
    assert {parcel.state for parcel in parcels} == {"signed", "opened", "done", "unclaimed", "claimed", "refused"}
    assert len({order.number for order in orders}) == len(orders)


def test_the_book_adds_up(database: Database) -> None:
    with database.read(SYSTEM) as work:
        entries, balances = work.find(StockEntry), work.find(StockBalance)
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry.balance_id] += entry.quantity
    assert sum(entry.quantity for entry in entries) == 0
    assert {balance.id: balance.quantity for balance in balances} == dict(sums)
    assert all(balance.quantity >= 0 for balance in balances if balance.status != "out")


def test_what_is_received_stands_in_the_building(database: Database) -> None:
    with database.read(SYSTEM) as work:
        lines = [line for line in work.find(ReturnLine) if line.item_id]
        entries = [
            entry for entry in work.find(StockEntry) if entry.cause == "receive" and entry.status == "quarantine"
        ]
    assert sum(line.received for line in lines) == sum(entry.quantity for entry in entries)


def test_only_what_was_put_away_for_sale_is_for_sale(database: Database) -> None:
    with database.read(SYSTEM) as work:
        kinds = {bin.id: bin.kind for bin in work.find(Bin)}
        balances = work.find(StockBalance, StockBalance.status == "sellable")
    assert {kinds[balance.bin_id] for balance in balances if balance.quantity} == {"sellable"}


def test_a_conflict_of_two_notes_waits_for_its_decision(database: Database) -> None:
    with database.read(SYSTEM) as work:
        rules = {case.rule: case.state for case in work.find(Conflict)}
    assert rules["X14"] == "open"
    assert {"X3", "X5"} <= rules.keys()


def test_there_is_something_for_the_alert_rules_to_find(database: Database) -> None:
    with database.read(SYSTEM) as work:
        lines = [line.id for line in work.find(ReturnLine)]
        for rule in ("short_received", "over_received", "unexpected_item", "wrong_lot_or_serial", "inspection_failed"):
            assert any(RULES[rule].breach(work, line) for line in lines), rule
        for rule in (
            "inspection_overdue", "review_overdue", "parcel_unclaimed_too_long", "expired_stock", "device_silent",
        ):  # fmt: skip
            assert any(RULES[rule].breach(work, subject) for subject in RULES[rule].scheduled(work)), rule
        assert not any(RULES["ledger_drift"].breach(work, subject) for subject in RULES["ledger_drift"].scheduled(work))


def test_goods_without_an_order_have_their_matches(database: Database) -> None:
    with database.read(SYSTEM) as work:
        without = work.find(ReturnOrder, ReturnOrder.origin == "without_order", ReturnOrder.customer_id != "")
        by_serial = work.find(ReturnOrder, ReturnOrder.origin == "without_order", ReturnOrder.customer_id == "")
        parcels = work.find(Parcel, Parcel.state == "unclaimed")
        assert any(each.verdict == "matched" for order in without for each in matches_for_order(work, order))
        assert [each.score for order in by_serial for each in matches_for_order(work, order)] == [1.0]
        assert any(matches_for_parcel(work, parcel) for parcel in parcels)


def test_nothing_it_did_was_refused(database: Database) -> None:
    with database.read(SYSTEM) as work:
        statuses = Counter(mutation.status for mutation in work.find(Mutation))
    assert set(statuses) <= {"applied", "noop", "merged", "conflict"}


def test_its_sites_have_every_zone_and_its_items_real_barcodes(database: Database) -> None:
    with database.read(SYSTEM) as work:
        for site in work.find(Site):
            assert {zone.kind for zone in work.find(Zone, Zone.site_id == site.id)} == ZONES
        items, barcodes = work.find(Item), work.find(Barcode)
    assert len(items) >= 100
    assert all(item.name and item.name_en for item in items)
    assert all(is_ean13(barcode.text) and 20 <= int(barcode.text[:2]) <= 29 for barcode in barcodes)
    assert len({barcode.text for barcode in barcodes}) == len(barcodes) == 2 * len(items)
    assert {barcode.quantity for barcode in barcodes if barcode.level == "case"} == {12}


def test_it_shows_how_goods_are_to_be_looked_at_in_both_languages_with_pictures(
    config: Config, database: Database
) -> None:
    with database.read(SYSTEM) as work:
        written = work.find(Standard)
        assert {work.get(Item, each.id).sku[:3] for each in written} == {"KET", "PWR", "CRM", "LIP"}
        for each in written:
            assert each.text and each.text_en
            assert {picture["kind"] for picture in each.pictures} == {"right", "wrong"}
            for picture in each.pictures:
                blob = work.get(Blob, picture["sha256"])
                data = media.original(config.blobs_dir, blob.id).read_bytes()
                assert (hashlib.sha256(data).hexdigest(), len(data)) == (blob.id, blob.size)
                assert media.look_at(data).media_type == blob.media_type == "image/jpeg"


def test_a_load_that_was_cut_off_goes_on(
    config: Config, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = installation(tmp_path / "var")

    def cut(done: int, total: int) -> None:
        if done == total // 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_progress", cut)
    with pytest.raises(KeyboardInterrupt):
        demo.load(other)
    monkeypatch.undo()
    demo.load(other)

    resumed = Database(other.database_url, BY_MODEL)
    try:
        whole, here = counts(database), counts(resumed)
        for name in (
            "returnorder",
            "returnline",
            "receipt",
            "inspection",
            "parcel",
            "stockentry",
            "mutation",
            "conflict",
        ):
            assert here[name] == whole[name], name
    finally:
        resumed.close()


def test_it_is_never_loaded_over_real_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = installation(tmp_path / "var")
    database = Database(config.database_url, BY_MODEL)
    database.write(SYSTEM, lambda work: work.add(Site, code="XX", name="a real one"))
    before = counts(database)

    demo.load(config)

    assert counts(database) == before
    said = capsys.readouterr()
    assert said.out == ""
    assert "only loaded into an empty one" in said.err
    database.close()


def test_its_enrolment_code_opens_its_site(
    config: Config, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.load(config)
    code, site = re.findall(r"^  ([0-9A-Z-]{14}) +(SH|HZ) ", capsys.readouterr().out, re.MULTILINE)[0]

    used = database.write(SYSTEM, lambda work: use_code(work, "enrol", code))

    with database.read(SYSTEM) as work:
        assert work.get(Site, used.site_id).code == site
