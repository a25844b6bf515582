"""Photos: taken in by structure, decoded in a child that may use so much and no more, shown repainted."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from server import media
from server.config import Config
from server.database import Database
from server.domain.documents import Blob
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM
from tests.cast import SITE, Handheld
from tests.doors import Doors


def jpeg(width: int = 640, height: int = 480, **options: object) -> bytes:
    picture = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height // 4), fill="red")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def encoded(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA" if kind != "JPEG" else "RGB", (50, 40), "red").save(out, kind, **options)
    return out.getvalue()


def turned_and_talkative() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010E] = "a secret place"
    return jpeg(exif=exif)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(doors: Doors, data: bytes, kind: str = "image/jpeg", name: str = "") -> object:
    return doors.device("A1").raw("PUT", f"/blobs/{name or sha(data)}", data, Content_Type=kind)


def test_a_photo_is_stored_once_and_shown_repainted(doors: Doors, database: Database, config: Config) -> None:
    data = turned_and_talkative()
    a, sam = doors.device("A1"), doors.person("sam")
    assert a._ask("HEAD", f"/blobs/{sha(data)}", headers=a.headers).status_code == 404
    stored = put(doors, data)
    assert (stored.status_code, stored.json()) == (201, {"sha256": sha(data), "size": len(data)})
    assert put(doors, data).status_code == 200
    assert a._ask("HEAD", f"/blobs/{sha(data)}", headers=a.headers).status_code == 200

    waiting = sam.get(f"/api/photos/{sha(data)}")
    assert (waiting.status_code, waiting.json()) == (202, {"state": "stored"})
    assert media.repaint(database, config.blobs_dir, sha(data)) == "shown"
    assert media.repaint(database, config.blobs_dir, sha(data)) == "shown", "again changes nothing"

    for size, longest in (("thumb", 320), ("full", 640)):
        shown = sam.get(f"/api/photos/{sha(data)}", size=size)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert b"secret" not in shown.content
        with Image.open(io.BytesIO(shown.content)) as picture:
            assert max(picture.size) == longest
            assert picture.height > picture.width, "it is turned as it was taken"
            assert not picture.getexif()
    assert a.get(f"/api/photos/{sha(data)}").status_code == 200, "a handheld of the site sees it too"
    assert media.original(config.blobs_dir, sha(data)).read_bytes() == data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_is_recognised_by_its_own_structure(kind: str) -> None:
    picture = media.look_at(encoded(kind))
    assert picture == (f"image/{kind.lower()}", 50, 40)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 80}, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}]
)
def test_every_kind_of_webp_is_measured(options: dict[str, object]) -> None:
    assert media.look_at(encoded("WEBP", **options))[1:] == (50, 40)


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_rows": 1}, {"comment": b"\xff\xd9 in a comment"}]
)
def test_a_jpeg_is_walked_to_its_end(options: dict[str, object]) -> None:
    data = jpeg(**options)
    assert media.look_at(data) == ("image/jpeg", 640, 480)
    with pytest.raises(Invalid):
        media.look_at(data[:-2])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_anywhere_is_refused(doors: Doors, kind: str) -> None:
    data = encoded(kind)
    for end in range(0, len(data) - 1, max(1, len(data) // 60)):
        with pytest.raises(Invalid):
            media.look_at(data[:end])
    cut = data[: len(data) // 2]
    answer = put(doors, cut, f"image/{kind.lower()}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_other_bytes_than_announced_are_refused_and_nothing_stays(doors: Doors, config: Config) -> None:
    answer = put(doors, jpeg(), name="0" * 64)
    assert (answer.status_code, answer.json()["field"]) == (422, "sha256")
    assert not [place for place in config.blobs_dir.rglob("*") if place.is_file()]


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(doors: Doors) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    answer = put(doors, bomb, "image/png")
    assert (answer.status_code, answer.json()["limit"]) == (422, media.MAX_PIXELS)


def test_more_than_8_mib_is_refused(doors: Doors) -> None:
    assert put(doors, b"\xff\xd8\xff" + b"\0" * media.MAX_BYTES).status_code == 413


def test_what_only_looks_like_a_picture_is_unreadable_and_never_shown(
    doors: Doors, database: Database, config: Config
) -> None:
    data = bytearray(encoded("PNG"))
    at = data.index(b"IDAT") + 8
    data[at : at + 8] = b"\xff" * 8
    liar = bytes(data)
    assert put(doors, liar, "image/png").status_code == 201
    assert media.repaint(database, config.blobs_dir, sha(liar)) == "unreadable"
    answer = doors.person("sam").get(f"/api/photos/{sha(liar)}")
    assert (answer.status_code, answer.json()["state"]) == (404, "unreadable")


def test_decoding_is_stopped_at_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = tmp_path / "blobs"
    data = jpeg(6000, 6000)
    place = media.original(blobs, sha(data))
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    assert media.paint(blobs, sha(data))
    monkeypatch.setattr(media, "CHILD_MEMORY", 60 * 1024 * 1024)
    assert not media.paint(blobs, sha(data))


def test_another_sites_photo_is_not_there(doors: Doors, database: Database) -> None:
    data = jpeg()
    put(doors, data)

    def elsewhere(work: object) -> None:
        work.get(Blob, sha(data)).device_id = "device-B1"  # type: ignore[attr-defined]
        from server.domain.devices import Device

        work.get(Device, "device-B1").site_id = "site-bj"  # type: ignore[attr-defined]

    database.write(SYSTEM, elsewhere)
    assert doors.person("sam").get(f"/api/photos/{sha(data)}").status_code == 404
    assert doors.device("A1").get(f"/api/photos/{sha(data)}").status_code == 404
    assert doors.person("ada").get(f"/api/photos/{sha(data)}").status_code == 202


# The two doors, asked everything


def at_the_desk(
    doors: Doors, data: bytes, name: str = "", who: str = "sam", site: str = "site-sh", **headers: str
) -> object:
    kind = headers.pop("Content_Type", "image/jpeg")
    return doors.person(who).raw(
        "PUT", f"/api/photos/{name or sha(data)}?site={site}", data, Content_Type=kind, **headers
    )


def files(config: Config) -> list[Path]:
    return [place for place in config.blobs_dir.rglob("*") if place.is_file()]


def test_a_supervisors_photo_is_stored_once_however_often_it_is_sent(
    doors: Doors, database: Database, config: Config
) -> None:
    data = jpeg()
    assert [at_the_desk(doors, data).status_code for _ in range(3)] == [201, 200, 200]
    assert put(doors, data).status_code == 200, "a handheld has the same one"
    assert files(config) == [media.original(config.blobs_dir, sha(data))]
    with database.read(SYSTEM) as work:
        assert [blob.size for blob in work.find(Blob)] == [len(data)]


def test_wrong_hash_wrong_type_and_too_large_are_told_apart_and_leave_nothing(doors: Doors, config: Config) -> None:
    gif = io.BytesIO()
    Image.new("L", (9, 9)).save(gif, "GIF")
    for data, name, status, field in (
        (jpeg(), "0" * 64, 422, "sha256"),
        (jpeg(), "not-a-hash", 422, "sha256"),
        (jpeg(), sha(jpeg()).upper(), 422, "sha256"),
        (gif.getvalue(), "", 422, "body"),
        (b"%PDF-1.7 ...", "", 422, "body"),
        (b"", "", 422, "body"),
    ):
        answer = at_the_desk(doors, data, name)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert at_the_desk(doors, b"\xff\xd8\xff" + b"\0" * media.MAX_BYTES).status_code == 413
    assert files(config) == []


def test_what_was_cut_off_on_its_way_is_sent_again_whole(doors: Doors, config: Config) -> None:
    data = jpeg()
    answer = put(doors, data[:-400], name=sha(data))
    assert (answer.status_code, answer.json()["field"]) == (422, "sha256")
    a = doors.device("A1")
    assert a._ask("HEAD", f"/blobs/{sha(data)}", headers=a.headers).status_code == 404, "so it is sent again"
    assert put(doors, data).status_code == 201
    assert files(config) == [media.original(config.blobs_dir, sha(data))]


def test_a_photo_whose_bytes_were_lost_here_is_taken_in_again(doors: Doors, database: Database, config: Config) -> None:
    data = jpeg()
    put(doors, data)
    media.original(config.blobs_dir, sha(data)).unlink()
    assert put(doors, data).status_code == 201
    assert media.original(config.blobs_dir, sha(data)).read_bytes() == data
    with database.read(SYSTEM) as work:
        assert len(work.find(Blob)) == 1


def test_only_whoever_decides_or_writes_standards_adds_photos_and_nobody_without_a_session(
    doors: Doors, config: Config
) -> None:
    data = jpeg()
    for who, status in (("cleo", 403), ("sally", 403), ("stranger", 404)):
        assert at_the_desk(doors, data, who=who).status_code == status, who
    assert at_the_desk(doors, data, site="site-elsewhere").status_code == 404
    assert at_the_desk(doors, data, Origin="https://elsewhere.example").status_code == 403
    assert (
        doors.nobody().raw("PUT", f"/api/photos/{sha(data)}?site=site-sh", data, Content_Type="image/jpeg").status_code
        == 401
    )
    assert doors.nobody().raw("PUT", f"/blobs/{sha(data)}", data, Content_Type="image/jpeg").status_code == 401
    assert doors.person("sam").raw("PUT", f"/blobs/{sha(data)}", data, Content_Type="image/jpeg").status_code == 401, (
        "handhelds' door"
    )
    assert files(config) == []


# —— how items are to be looked at ————————————————————————————————————————————————————————————————————————————————————


def test_a_standard_with_its_pictures_reaches_every_handheld(
    doors: Doors, database: Database, config: Config, a: Handheld
) -> None:
    data, otto, door = jpeg(), doors.person("otto"), "/api/items/kettle/standard"
    sha256 = sha(data)
    body = {
        "text": "先看壶身",
        "text_en": "Look at the body first",
        "pictures": [{"sha256": sha256, "kind": "wrong", "name": "裂纹"}],
    }
    assert otto.raw("PUT", f"/api/photos/{sha256}?site={SITE}", data, Content_Type="image/jpeg").status_code == 201

    assert doors.person("cleo").send("PUT", door, body).status_code == 403
    for wrong in (
        {"pictures": [{"sha256": "0" * 64}]},
        {"pictures": [{"sha256": sha256, "kind": "ugly"}]},
        {"pictures": [{"sha256": sha256}] * 9},
        {"text": "x" * 4001},
    ):
        assert otto.send("PUT", door, body | wrong).status_code == 422, wrong
    assert otto.send("PUT", "/api/items/nothing/standard", body).status_code == 422

    assert otto.send("PUT", door, body).status_code == 200
    (row,) = (row for row in otto.get("/api/items", q="GREEN-KETTLE").json()["rows"] if row["sku"] == "GREEN-KETTLE")
    assert (row["standard"]["text"], row["standard"]["by"]) == ("先看壶身", "otto")
    sam, mine = doors.person("sam"), body | {"text": "Mine"}
    assert sam.send("PUT", door, mine).json()["code"] == "stale"
    assert sam.send("PUT", door, mine | {"seen": row["standard"]["at"]}).status_code == 200

    a.pull()
    standard = a.view["standard", "kettle"]
    assert (standard["text"], standard["text_en"]) == ("Mine", "Look at the body first")
    assert standard["pictures"] == [{"sha256": sha256, "kind": "wrong", "name": "裂纹", "name_en": ""}]
    media.repaint(database, config.blobs_dir, sha256)
    assert doors.device("A1").get(f"/api/photos/{sha256}").status_code == 200
