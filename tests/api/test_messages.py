"""A sentence from the desk to one handheld: it waits there until it was read, and the desk sees by whom."""

from server.domain.ids import uuid7
from tests.cast import SITE, Handheld
from tests.conftest import ON_BOTH
from tests.doors import Doors

pytestmark = ON_BOTH


def messages(a: Handheld) -> dict[str, str]:
    a.pull()
    return {key: row["text"] for (kind, key), row in a.view.items() if kind == "device_message"}


def test_a_message_reaches_the_handheld_and_leaves_when_it_was_read(doors: Doors, a: Handheld) -> None:
    sam = doors.person("sam")
    assert sam.post(f"/api/devices/{a.id}/messages", {"text": "Put it back into its cradle."}).status_code == 200
    [(message_id, text)] = messages(a).items()
    assert text == "Put it back into its cradle."

    a.do("cleo", "read_message", message_id=message_id, site_id=SITE)
    a.do("cleo", "read_message", message_id=message_id, site_id=SITE)
    assert [result.status for result in a.sync()] == ["applied", "noop"]

    assert messages(a) == {}
    [row] = [row for row in sam.get("/api/devices").json()["rows"] if row["id"] == a.id]
    assert [(one["text"], one["read_by_name"]) for one in row["messages"]] == [(text, "Cleo")]


def test_who_may_not_send_one_sends_none(doors: Doors, a: Handheld) -> None:
    for who in ("cleo", "sally", "rita", "stranger"):
        assert doors.person(who).post(f"/api/devices/{a.id}/messages", {"text": "hello"}).status_code in (403, 404)
    assert doors.person("sam").post(f"/api/devices/{a.id}/messages", {"text": "  "}).status_code == 422
    assert doors.person("sam").post(f"/api/devices/{a.id}/messages", {"text": "x" * 501}).status_code == 422
    assert doors.person("sam").post(f"/api/devices/{uuid7()}/messages", {"text": "hello"}).status_code == 404
    assert messages(a) == {}


def test_a_message_the_server_does_not_know_any_more_is_read_all_the_same(a: Handheld) -> None:
    a.do("cleo", "read_message", message_id=uuid7(), site_id=SITE)
    assert [result.status for result in a.sync()] == ["noop"]
