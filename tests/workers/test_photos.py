"""What evidence photos show: labels that are not what was scanned (X17), and photos that were used before, told from their likes."""

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from server import likeness, media
from server.config import Config
from server.database import Database
from server.domain import catalog, conflicts, photos
from server.domain.alerts import Alert
from server.domain.attachments import note_photo
from server.domain.documents import Blob
from server.domain.permissions import SYSTEM
from server.domain.photos import ALIKE, PhotoLook
from server.domain.work import Work
from tests.barcodes.pictures import blank, encoded, label, photographed, symbol
from tests.cast import R_1001, SITE, Desk, Handheld
from tests.conftest import DAY, ON_BOTH, Clock
from workers import images, jobs
from workers.consumers import drain

KETTLE, LAMP, KETTLE_CASE = "2000000000015", "2000000000022", "12000000000012"


class Floor(NamedTuple):
    database: Database
    desk: Desk
    a: Handheld
    b: Handheld
    clock: Clock
    blobs: Path

    def sends(self, data: bytes) -> str:
        """The photo's bytes come."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = media.original(self.blobs, sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

        def come(work: Work) -> Blob:
            return note_photo(
                work,
                sha256,
                size=len(data),
                media_type="image/jpeg",
                width=1,
                height=1,
                site_id=SITE,
                device_id="device-A1",
            )

        self.database.write(SYSTEM, come)
        return sha256

    def works(self) -> None:
        """The worker, until nothing is left."""
        images.look_at_all(self.database, self.blobs)
        drain(self.database)

    def cases(self) -> list[conflicts.Conflict]:
        with self.database.read(SYSTEM) as work:
            return work.find(conflicts.Conflict, conflicts.Conflict.rule == "X17")

    def eases(self) -> None:
        """What the worker does every minute."""
        self.database.write(SYSTEM, lambda work: conflicts.ease_these(work, conflicts.passing(work)))

    def inspected(
        self, sha256: str, handheld: Handheld | None = None, kind: str = "label", line: str = "kettles", **more: Any
    ) -> str:
        handheld = handheld or self.a
        inspection = handheld.inspect("ines", line, photos=[{"sha256": sha256, "kind": kind}], **more)
        handheld.sync()
        return inspection

    def reused(self) -> list[Alert]:
        with self.database.read(SYSTEM) as work:
            return work.find(Alert, Alert.rule == "photo_reused", order_by=Alert.id)


@pytest.fixture
def floor(database: Database, desk: Desk, a: Handheld, b: Handheld, clock: Clock, tmp_path: Path) -> Floor:
    desk.file_r_1001()
    return Floor(database, desk, a, b, clock, tmp_path / "blobs")


def labelled(*texts: str, kind: str = "EAN-13") -> bytes:
    """A photo of a carton with these codes on it."""
    luck = random.Random(" ".join(texts))
    scene = blank(luck).image
    for at, text in enumerate(texts):
        code = symbol(
            kind if text.isdigit() and len(text) == 13 else "ITF" if text.isdigit() and len(text) == 14 else "QR Code",
            text,
        )
        scene.paste(code, (60 + 380 * (at % 2), 40 + 220 * (at // 2)))
    return encoded(scene)


# Labels


@pytest.mark.parametrize("first", ["the photo", "the scan"])
@ON_BOTH
def test_a_label_of_another_item_is_told_in_either_order(floor: Floor, first: str) -> None:
    photo = labelled(LAMP)
    if first == "the photo":
        sha256 = floor.sends(photo)
        floor.inspected(sha256)
        floor.works()
        assert floor.cases() == []
        floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
        floor.a.sync()
    else:
        floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
        sha256 = hashlib.sha256(photo).hexdigest()
        floor.inspected(sha256)
        floor.works()
        floor.sends(photo)
    floor.works()
    (case,) = floor.cases()
    assert (case.state, case.blocking, case.order_id, case.device_id) == ("open", False, R_1001, "device-A1")
    assert case.facts == {"problem": "label", "what": "item_id", "read": LAMP, "scanned": KETTLE, "sha256": sha256}
    with floor.database.read(SYSTEM) as work:
        (seen,) = conflicts.occurrences_of(work, case.id)
    assert (seen.by, seen.evidence["text"], seen.evidence["engine"], seen.evidence["confirmed"]) == (
        "ines",
        LAMP,
        "zxing-cpp",
        True,
    )
    assert len(seen.evidence["position"]) == 4
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    floor.a.sync()
    floor.works()
    assert [each.occurrences for each in floor.cases()] == [1], "the same is told once"


@pytest.mark.parametrize(
    "texts",
    [
        (KETTLE,), (KETTLE_CASE,), ("https://id.gs1.org/01/02000000000015/21/S1",),
        (LAMP, KETTLE), ("https://example.com/warranty",), ("SF1234567890",), ("LSH00000018",),
    ],
    ids=["its own", "its case's", "its digital link", "beside another", "a link", "a waybill", "an own label"],
)  # fmt: skip
def test_what_is_on_a_label_besides_or_otherwise_is_no_breach(floor: Floor, texts: tuple[str, ...]) -> None:
    def case_code(work: Work) -> None:
        work.add(
            catalog.Barcode, id="case", item_id="kettle", owner_id="owner", text=KETTLE_CASE, quantity=12, level="case"
        )

    floor.database.write(SYSTEM, case_code)
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    sha256 = floor.sends(labelled(*texts))
    floor.inspected(sha256)
    floor.works()
    assert floor.cases() == []
    with floor.database.read(SYSTEM) as work:
        seen = work.get(PhotoLook, sha256)
    assert {code["text"] for code in seen.codes} == set(texts), "it was read, and said nothing against it"


def test_another_units_serial_number_on_the_label_is_told_and_its_own_is_not(floor: Floor) -> None:
    link = "https://id.gs1.org/01/02000000000039/21/"
    for serial, on_label in (("S1", "S1"), ("S2", "S9")):
        floor.a.scan("cleo", R_1001, "cameras", "camera", text="2000000000039", serial=serial)
        floor.inspected(floor.sends(labelled("2000000000039", link + on_label)), line="cameras", serial=serial)
    floor.works()
    (case,) = floor.cases()
    assert (case.facts["what"], case.facts["read"], case.facts["scanned"]) == ("serial", "S9", "S2")


def test_a_label_nobody_can_read_is_noted_and_nothing_more(floor: Floor) -> None:
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    nothing = floor.sends(encoded(blank(random.Random(1)).image))
    damaged = floor.sends(labelled(KETTLE)[:-300] + bytes(298) + b"\xff\xd9")
    floor.inspected(nothing)
    floor.inspected(damaged, line="lamps")
    floor.works()
    assert floor.cases() == []
    with floor.database.read(SYSTEM) as work:
        assert work.get(PhotoLook, nothing).codes == []
        assert work.get(Blob, nothing).looked
        assert photos.unseen(work, 10) == []


def test_only_what_was_taken_as_a_label_is_held_to_it(floor: Floor) -> None:
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    floor.inspected(floor.sends(labelled(LAMP)), kind="whole")
    floor.works()
    assert floor.cases() == []


def test_an_unknown_codes_own_label_fits_and_another_does_not(floor: Floor) -> None:
    for line, text, on_label in (("one", "6901234567892", "6901234567892"), ("two", "6901234567908", "6901234567892")):
        floor.a.scan("cleo", R_1001, line, "", text=text)
        floor.inspected(floor.sends(labelled(on_label, f"https://example.com/{line}")), line=line)
    floor.works()
    (case,) = floor.cases()
    assert case.facts["scanned"] == "6901234567908"


def test_a_parcels_label_photo_is_judged_once_it_is_unpacked(floor: Floor) -> None:
    floor.a.do("cleo", "sign_parcel", parcel_id="parcel", site_id=SITE, waybill="SF1")
    floor.a.do("cleo", "open_parcel", parcel_id="parcel")
    floor.a.do("cleo", "bind_parcel", parcel_id="parcel", order_id=R_1001)
    sha256 = floor.sends(labelled(LAMP))
    floor.a.do("cleo", "note_damage", parcel_id="parcel", damage="wet", photos=[{"sha256": sha256, "kind": "label"}])
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE, parcel_id="parcel")
    floor.a.sync()
    floor.works()
    assert floor.cases() == [], "the lamp may come yet"
    floor.a.do("cleo", "close_parcel", parcel_id="parcel")
    floor.a.sync()
    floor.works()
    assert [(each.order_id, each.subject_kind) for each in floor.cases()] == [(R_1001, "Parcel")]


def wrong_label(floor: Floor) -> tuple[str, conflicts.Conflict]:
    receipt = floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    floor.inspected(floor.sends(labelled(LAMP)))
    floor.works()
    (case,) = floor.cases()
    return receipt, case


def photographed_again(floor: Floor, receipt: str, case: conflicts.Conflict) -> None:
    floor.clock.forward(1000)
    floor.inspected(floor.sends(labelled(KETTLE)), handheld=floor.b)


def answered_with_a_photo(floor: Floor, receipt: str, case: conflicts.Conflict) -> None:
    floor.clock.forward(1000)
    sha256 = floor.sends(labelled(KETTLE))
    floor.a.do(
        "cleo", "reply_to_conflict", conflict_id=case.id, reply_id="reply", photos=[{"sha256": sha256, "kind": "label"}]
    )
    floor.a.sync()


def chosen_at_the_desk(floor: Floor, receipt: str, case: conflicts.Conflict) -> None:
    floor.desk(
        "sam", "resolve_conflict", conflict_id=case.id, option="replace_photo", value=floor.sends(labelled(KETTLE))
    )


def taken_back(floor: Floor, receipt: str, case: conflicts.Conflict) -> None:
    inspection = case.subject_id
    floor.a.inspect("ines", "kettles", supersedes=inspection)
    floor.a.sync()


def told_that_it_is_the_items_own(floor: Floor, receipt: str, case: conflicts.Conflict) -> None:
    def also(work: Work) -> None:
        work.add(catalog.Barcode, id="also", item_id="kettle", owner_id="owner", text=LAMP)

    floor.database.write(SYSTEM, also)


@pytest.mark.parametrize(
    "cure, state",
    [
        (photographed_again, "auto_resolved"), (answered_with_a_photo, "auto_resolved"), (chosen_at_the_desk, "resolved"),
        (taken_back, "auto_resolved"), (told_that_it_is_the_items_own, "auto_resolved"),
    ],
)  # fmt: skip
def test_a_wrong_label_comes_right(floor: Floor, cure: Callable[..., None], state: str) -> None:
    receipt, case = wrong_label(floor)
    cure(floor, receipt, case)
    floor.works()
    floor.eases()
    assert [(each.state, bool(each.resolution_note) or state == "resolved") for each in floor.cases()] == [
        (state, True)
    ]


def test_another_wrong_label_in_its_place_is_asked_too(floor: Floor) -> None:
    _, case = wrong_label(floor)
    floor.desk(
        "sam",
        "resolve_conflict",
        conflict_id=case.id,
        option="replace_photo",
        value=floor.sends(labelled("2000000000039")),
    )
    floor.works()
    assert sorted((each.state, each.facts["read"]) for each in floor.cases()) == [
        ("open", "2000000000039"),
        ("resolved", LAMP),
    ]


def test_an_accepted_label_is_not_asked_again(floor: Floor) -> None:
    _, case = wrong_label(floor)
    floor.desk("sam", "resolve_conflict", conflict_id=case.id, option="accept", note="the carton is the lamp's")
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    floor.a.sync()
    floor.works()
    assert [(each.state, each.occurrences) for each in floor.cases()] == [("resolved", 1)]


@pytest.mark.parametrize("problem", ["differs", "gone"])
def test_bytes_that_are_lost_or_changed_here_are_told_and_may_be_sent_again(floor: Floor, problem: str) -> None:
    data = labelled(KETTLE)
    sha256 = floor.sends(data)
    floor.inspected(sha256, kind="defect")
    media.repaint(floor.database, floor.blobs, sha256)
    place = media.original(floor.blobs, sha256)
    place.unlink() if problem == "gone" else place.write_bytes(data[:-9] + b"123456789")
    floor.works()
    (case,) = floor.cases()
    assert case.facts == {"problem": problem, "sha256": sha256}
    assert not place.exists(), "the door says that it is not here"
    floor.sends(data)
    floor.works()
    floor.eases()
    assert [each.state for each in floor.cases()] == ["auto_resolved"]


# Used before


def carton(luck: random.Random, bench: Image.Image | None = None) -> Image.Image:
    """A photo of a carton with print on it, on a bench; on the same bench, all of them are much alike."""
    scene = bench.copy() if bench else Image.linear_gradient("L").resize((1200, 900)).convert("RGB")
    pen = ImageDraw.Draw(scene)

    def colour() -> tuple[int, int, int]:
        return luck.randrange(40, 250), luck.randrange(40, 250), luck.randrange(40, 250)

    for _ in range(0 if bench else 10):
        x, y = luck.randrange(1200), luck.randrange(900)
        pen.ellipse((x, y, x + luck.randrange(50, 400), y + luck.randrange(50, 300)), fill=colour())
    x, y, w, h = luck.randrange(200, 500), luck.randrange(150, 350), luck.randrange(250, 600), luck.randrange(200, 450)
    pen.rectangle((x, y, x + w, y + h), fill=colour())
    for _ in range(5):
        left, top = x + luck.randrange(w), y + luck.randrange(h)
        pen.rectangle((left, top, left + luck.randrange(30, 160), top + luck.randrange(20, 90)), fill=colour())
    return scene.filter(ImageFilter.GaussianBlur(2))


def cut(image: Image.Image, share: float) -> Image.Image:
    w, h = image.size
    return image.crop((round(w * share), round(h * share), round(w * (1 - share)), round(h * (1 - share))))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "a quarter": lambda image: image.resize((image.width // 4, image.height // 4)),
    "poor": lambda image: Image.open(io.BytesIO(encoded(image, quality=30))),
    "lighter": lambda image: ImageEnhance.Brightness(image).enhance(1.06),
    "cut": lambda image: cut(image, 0.02),
    "all": lambda image: Image.open(io.BytesIO(encoded(cut(image, 0.02).resize((600, 450)), quality=35))),
}


def small(image: Image.Image, place: Path) -> Path:
    shown = image.convert("RGB")
    shown.thumbnail((320, 320), Image.Resampling.LANCZOS)
    shown.save(place, "JPEG", quality=82)
    return place


def apart(one: Path, two: Path) -> int:
    return (int(likeness.likeness(one), 16) ^ int(likeness.likeness(two), 16)).bit_count()


def test_what_is_one_photo_is_found_however_it_was_changed_and_no_other_is_taken_for_it(tmp_path: Path) -> None:
    luck = random.Random(3)
    bench = carton(random.Random(99))
    alike, found, others = 0, 0, []
    for name, all in (
        ("anywhere", [carton(luck) for _ in range(12)]),
        ("one bench", [carton(luck, bench) for _ in range(12)]),
        ("labels of one kind", [photographed(label(luck), luck, turned=luck.uniform(-3, 3)).image for _ in range(8)]),
    ):
        shown = [small(image, tmp_path / f"{name} {at}.jpg") for at, image in enumerate(all)]
        others += [(one, two) for at, one in enumerate(shown) for two in shown[:at]]
        for at, (image, place) in enumerate(zip(all, shown, strict=True)):
            for how, change in CHANGES.items():
                changed = small(change(image), tmp_path / f"{name} {at} {how}.jpg")
                assert likeness.same(place, changed) or (name, how) == ("labels of one kind", "lighter")
                alike += 1
                found += apart(place, changed) <= ALIKE
    assert found / alike > 0.98
    few = [(one, two) for one, two in others if apart(one, two) <= ALIKE]
    assert few, "coarsely, some on one bench are alike"
    assert not any(likeness.same(one, two) for one, two in few)


def test_a_picture_that_shows_nothing_is_like_none(tmp_path: Path) -> None:
    place = small(Image.new("RGB", (640, 480), "white"), tmp_path / "white.jpg")
    assert likeness.likeness(place) == ""


@ON_BOTH
def test_a_photo_used_before_on_another_return_raises_an_alert_with_both(floor: Floor) -> None:
    image = carton(random.Random(5))
    first, second = floor.sends(encoded(image)), floor.sends(encoded(CHANGES["all"](image)))
    floor.inspected(first, kind="defect")
    floor.works()
    floor.clock.forward(DAY)
    other(floor, second)
    floor.works()
    (raised,) = floor.reused()
    assert (raised.state, raised.order_id, raised.severity) == ("open", "other", "warning")
    facts = raised.facts
    assert (facts["photo"], facts["photo_before"], facts["before_number"], facts["same_file"]) == (
        second,
        first,
        "R-1001",
        False,
    )
    assert 0 < facts["differing"] <= ALIKE


def other(floor: Floor, sha256: str, handheld: Handheld | None = None) -> str:
    """Another return, inspected with this photo."""
    handheld = handheld or floor.b
    handheld.do("cleo", "open_return_without_order", order_id="other", number="RT-B1-00013", site_id=SITE)
    handheld.scan("cleo", "other", "other-1", "lamp")
    return floor.inspected(sha256, handheld, kind="defect", line="other-1")


@pytest.mark.parametrize("first", ["here", "there"])
def test_the_same_file_is_told_whichever_came_first_and_closes_itself(floor: Floor, first: str) -> None:
    sha256 = floor.sends(encoded(carton(random.Random(6))))
    acts = [lambda: floor.inspected(sha256, kind="defect"), lambda: other(floor, sha256)]
    made = []
    for act in acts if first == "here" else acts[::-1]:
        made.append(act())
        floor.clock.forward(1000)
    floor.works()
    (raised,) = floor.reused()
    assert raised.facts["same_file"]
    assert raised.order_id == ("other" if first == "here" else R_1001)
    line, handheld = ("other-1", floor.b) if first == "here" else ("kettles", floor.a)
    handheld.inspect("ines", line, supersedes=made[1])
    handheld.sync()
    floor.works()
    floor.database.write(SYSTEM, judge_again)
    assert [each.state for each in floor.reused()] == ["auto_closed"]


def judge_again(work: Work) -> None:
    from server.domain.alert_rules import RULES
    from server.domain.alerts import judge, subjects

    for subject in subjects(work, RULES["photo_reused"]):
        judge(work, RULES["photo_reused"], subject)


def test_one_photo_for_one_return_is_nothing_to_tell_and_for_two_of_its_units_it_is(floor: Floor) -> None:
    sha256 = floor.sends(encoded(carton(random.Random(7))))
    floor.inspected(sha256, kind="whole")
    floor.inspected(sha256, floor.b, kind="whole", line="lamps")
    floor.inspected(sha256, kind="whole", line="cameras", serial="S1")
    floor.works()
    assert floor.reused() == []
    floor.clock.forward(1000)
    floor.inspected(sha256, kind="whole", line="cameras", serial="S2")
    floor.works()
    assert [(each.facts["serial"], each.facts["before_serial"]) for each in floor.reused()] == [("S2", "S1")]


def test_two_labels_of_one_kind_that_say_something_else_are_two(floor: Floor) -> None:
    plain = Image.new("L", (900, 700), 235)
    ImageDraw.Draw(plain).rectangle((40, 40, 860, 300), fill=90)
    made = []
    for text in ("2000000000015", "2000000000022"):
        scene = plain.copy()
        scene.paste(symbol("EAN-13", text, 2), (350, 420))
        made.append(floor.sends(encoded(scene)))
    floor.inspected(made[0], kind="defect")
    other(floor, made[1])
    floor.works()
    assert floor.reused() == []


def test_the_job_looks_at_what_nobody_has_and_is_asked_for_by_the_ticker(floor: Floor, config: Config) -> None:
    import threading

    from redis import Redis

    from workers.ticker import Ticker

    floor = floor._replace(blobs=config.blobs_dir)
    floor.a.scan("cleo", R_1001, "kettles", "kettle", text=KETTLE)
    sha256 = floor.sends(labelled(LAMP))
    floor.inspected(sha256)
    ticker = Ticker(floor.database, Redis(), threading.Event())
    assert [job.function for job in ticker.wanted() if job.queue == "images"] == ["paint"]
    jobs.equip(jobs.Tools(config, floor.database, threading.Event()))
    jobs.paint()
    assert [job.function for job in ticker.wanted() if job.queue == "images"] == ["look"]
    jobs.look()
    drain(floor.database)
    assert [each.facts["read"] for each in floor.cases()] == [LAMP]
    assert [job.function for job in ticker.wanted() if job.queue == "images"] == []
