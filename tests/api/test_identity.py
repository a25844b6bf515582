"""Signing in, staying in, and what a browser or a handheld may send."""

import hashlib
from typing import Any

import pytest

from server import passwords
from server.database import Database
from server.domain import people
from server.domain.codes import new_code
from server.domain.ids import uuid7
from server.domain.people import EndGrant, GrantRight, Person, Session, actor_of
from server.domain.permissions import SYSTEM
from tests.api.test_photos import jpeg
from tests.cast import R_1001, SITE, Desk
from tests.conftest import HOUR, Clock
from tests.doors import ORIGIN, Browser, Doors

RIGHT, WRONG = "a green kettle", "a blue kettle"


@pytest.fixture(scope="session")
def hashed() -> str:
    return passwords.hash_of(RIGHT)


@pytest.fixture
def sam(database: Database, hashed: str) -> str:
    def give(work: Any) -> None:
        work.get(Person, "sam").password_hash = hashed

    database.write(SYSTEM, give)
    return "sam"


def sign_in(doors: Doors, username: str, password: str) -> Any:
    return doors.nobody().post("/api/session", {"username": username, "password": password})


def test_sam_signs_in_reads_and_signs_out(doors: Doors, sam: str, database: Database) -> None:
    answer = sign_in(doors, " Sam ", RIGHT)
    assert answer.status_code == 201, answer.text
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("restow=") and "HttpOnly" in cookie and "samesite=lax" in cookie.lower()
    assert answer.json()["person"] == {
        "id": "sam", "name": "Sam", "username": "sam", "language": "zh-CN",
        "roles": [{"role": "supervisor", "site_id": SITE, "owner_id": ""}],
    }  # fmt: skip
    assert [site["code"] for site in answer.json()["sites"]] == ["SH"]

    token = cookie.partition("=")[2].partition(";")[0]
    with database.read(SYSTEM) as work:
        assert [session.id for session in work.find(Session)] == [hashlib.sha256(token.encode()).hexdigest()]
    browser = Browser(doors.client, {"Cookie": f"restow={token}", "Origin": ORIGIN})
    assert browser.get("/api/session").status_code == 200
    assert browser.patch("/api/session", {"language": "en"}).json()["person"]["language"] == "en"
    assert browser.delete("/api/session").status_code == 204
    assert browser.get("/api/session").json()["code"] == "not_signed_in"


def test_over_https_the_cookie_is_bound_to_the_host(doors: Doors, sam: str) -> None:
    doors.client.base_url = "https://testserver.local"  # type: ignore[assignment]
    answer = sign_in(doors, "sam", RIGHT)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-restow=") and "Secure" in cookie and "Path=/" in cookie
    assert answer.headers["strict-transport-security"]


def test_unknown_wrong_and_disabled_sound_alike(doors: Doors, sam: str, database: Database) -> None:
    answers = [sign_in(doors, "nobody", RIGHT), sign_in(doors, "sam", WRONG)]

    def disable(work: Any) -> None:
        work.get(Person, "sam").disabled_at = 1

    database.write(SYSTEM, disable)
    answers.append(sign_in(doors, "sam", RIGHT))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}


def test_five_wrong_passwords_make_the_next_try_wait_and_longer_each_time(doors: Doors, sam: str, clock: Clock) -> None:
    for _ in range(5):
        assert sign_in(doors, "sam", WRONG).status_code == 401
    waits = []
    for _ in range(3):
        refused = sign_in(doors, "sam", RIGHT)
        assert (refused.status_code, refused.json()["code"]) == (429, "limit_reached")
        assert refused.headers["retry-after"] == str(refused.json()["retry_after"])
        waits.append(refused.json()["retry_after"])
        clock.forward(refused.json()["retry_after"] * 1000)
        assert sign_in(doors, "sam", WRONG).status_code == 401
    assert waits == [10, 20, 40]
    clock.forward(80_000)
    assert sign_in(doors, "sam", RIGHT).status_code == 201
    assert sign_in(doors, "sam", WRONG).status_code == 401, "a good sign-in forgets the failures"


def test_one_address_cannot_try_many_names(doors: Doors) -> None:
    for n in range(20):
        assert sign_in(doors, f"name{n}", WRONG).status_code == 401
    assert sign_in(doors, "another", WRONG).status_code == 429


def test_a_session_ends_by_itself_and_lives_while_it_is_used(doors: Doors, clock: Clock) -> None:
    sam = doors.person("sam")
    for _ in range(4):
        clock.forward(10 * HOUR)
        assert sam.get("/api/session").status_code == 200
    clock.forward(13 * HOUR)
    assert sam.get("/api/session").status_code == 401


def test_another_sites_page_cannot_write(doors: Doors, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    rita = doors.person("rita")
    path = f"/api/returns/{R_1001}/approval"
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil.example", "https://testserver.local"):
        assert rita.post(path, Origin=origin).json()["code"] == "wrong_origin"
    bare = Browser(doors.client, {"Cookie": rita.headers["Cookie"]})
    assert bare.post(path).json()["code"] == "wrong_origin"
    assert rita.post(path).status_code == 200


def test_disabling_somebody_ends_their_sessions_at_once(doors: Doors) -> None:
    sam, ada = doors.person("sam"), doors.person("ada")
    assert sam.get("/api/todo").status_code == 200
    assert ada.post("/api/people/sam/disabling").status_code == 200
    assert sam.get("/api/todo").status_code == 401
    assert ada.post("/api/people/ada/disabling").status_code == 403


def test_rights_are_read_for_every_request(doors: Doors) -> None:
    ada, otto = doors.person("ada"), doors.person("otto")
    assert otto.get("/api/devices").status_code == 403
    grant = ada.post("/api/people/otto/grants", {"role": "supervisor", "site_id": SITE}).json()["id"]
    assert otto.get("/api/devices").status_code == 200
    assert ada.delete(f"/api/grants/{grant}").status_code == 200
    assert otto.get("/api/devices").status_code == 403
    people_now = {person["id"]: person for person in ada.get("/api/people").json()["rows"]}
    assert [(given["role"], given["ended"]) for given in people_now["otto"]["grants"]] == [
        ("office", False),
        ("supervisor", True),
    ]


def test_who_administers_one_site_cannot_reach_beyond_it(doors: Doors, database: Database) -> None:
    def make(work: Any) -> None:
        people.add_grant(work, work.get(Person, "otto"), GrantRight(person_id="otto", role="admin", site_id=SITE))

    database.write(SYSTEM, make)
    otto = doors.person("otto")
    assert otto.post("/api/people/ada/password", {"password": "another password"}).status_code == 403
    assert otto.post("/api/people/otto/grants", {"role": "admin"}).status_code == 403
    assert otto.post("/api/people/cleo/grants", {"role": "inspector", "site_id": SITE}).status_code == 201
    assert otto.post("/api/sites", {"code": "BJ", "name": "北京仓"}).status_code == 403


def test_a_right_is_past_once_its_last_day_is_over(database: Database, clock: Clock) -> None:
    def until_today(work: Any) -> None:
        work.get(people.Grant, "grant-sam").valid_until = "2026-11-02"

    database.write(SYSTEM, until_today)

    def may() -> tuple[bool, bool]:
        with database.read(SYSTEM) as work:
            sam = actor_of(work, "sam")
        return sam.may("resolve", SITE), sam.may("resolve", SITE, past=True)

    clock.forward(14 * HOUR)  # 23:00 in Shanghai
    assert may() == (True, False)
    clock.forward(2 * HOUR)
    assert may() == (False, True)


def test_the_first_administrator_needs_the_code_and_comes_once(doors: Doors, database: Database) -> None:
    assert doors.nobody().get("/api/setup").json() == {"needed": True}
    code = database.write(SYSTEM, lambda work: new_code(work, "first_admin"))
    body = {"code": "AAAA-BBBB-CCCC", "username": "root", "name": "Root", "password": RIGHT}
    assert doors.nobody().post("/api/setup", body).json()["code"] == "invalid"
    made = doors.nobody().post("/api/setup", body | {"code": code.lower().replace("-", " ")})
    assert made.status_code == 201, made.text
    assert made.json()["person"]["roles"] == [{"role": "admin", "site_id": "", "owner_id": ""}]
    assert doors.nobody().get("/api/setup").json() == {"needed": False}
    assert doors.nobody().post("/api/setup", body | {"code": code}).json()["code"] == "wrong_state"


def test_a_handheld_enrols_with_a_code_and_is_revoked(doors: Doors) -> None:
    ada = doors.person("ada")
    made = ada.post("/api/enrolment-codes", {"site_id": SITE, "uses": 2, "days": 7}).json()
    assert made["url"].endswith(f"/enrol?code={made['code']}")
    assert made["qr_svg"].startswith("<svg")

    enrolled = [doors.nobody().post("/api/enrolments", {"code": made["code"], "name": f"PDA {n}"}) for n in (1, 2, 3)]
    assert [answer.status_code for answer in enrolled] == [201, 201, 422]
    first, second = (answer.json() for answer in enrolled[:2])
    assert (first["code"], second["code"], first["site_id"]) == ("A1", "A2", SITE) or first["code"] != second["code"]

    handheld = Browser(doors.client, {"Authorization": f"Bearer {first['token']}"})
    assert handheld.get("/sync/v1/feeds").json()["device"]["id"] == first["device_id"]
    assert handheld.get("/api/todo").status_code == 401, "a handheld's token opens no desk"
    assert ada.post(f"/api/devices/{first['device_id']}/revocation").status_code == 200
    assert handheld.get("/sync/v1/feeds").json()["code"] == "revoked"
    assert handheld.get(f"/sync/v1/pull/site:{SITE}").status_code == 403
    pushed = handheld.post(
        "/sync/v1/push",
        {"protocol": 1, "epoch": "", "device": first["device_id"], "app_schema": 1, "mutations": []},
    )
    assert (pushed.status_code, pushed.json()["code"]) == (403, "revoked")


def test_one_code_enrols_many_until_somebody_withdraws_it(doors: Doors) -> None:
    sam, nobody = doors.person("sam"), doors.nobody()
    code = sam.post("/api/enrolment-codes", {"site_id": SITE, "uses": 30, "days": 2}).json()["code"]
    assert nobody.post("/api/enrolments", {"code": code, "name": "PDA 1"}).status_code == 201
    [row] = sam.get("/api/enrolment-codes").json()["rows"]
    assert (row["uses"], row["uses_left"], row["made_by_name"]) == (30, 29, "Sam")

    assert sam.post(f"/api/enrolment-codes/{row['id']}/withdrawal").status_code == 200
    assert sam.get("/api/enrolment-codes").json()["rows"] == []
    assert nobody.post("/api/enrolments", {"code": code, "name": "PDA 2"}).status_code == 422
    assert [one["name"] for one in sam.get("/api/devices").json()["rows"] if one["enrolled_at"]] == ["PDA 1"]


def test_a_revoked_handheld_first_hands_over_what_it_held(doors: Doors, database: Database) -> None:
    ada, handheld = doors.person("ada"), doors.device("A1")
    assert ada.post("/api/devices/device-A1/revocation").status_code == 200
    mutation = {
        "seq": 1, "id": uuid7(), "name": "sign_parcel", "by": "cleo", "site": SITE, "made_at": 1,
        "args": {"parcel_id": "p1", "site_id": SITE, "waybill": "SF1"},
    }  # fmt: skip
    body = {"protocol": 1, "epoch": "", "device": "device-A1", "app_schema": 1, "mutations": [mutation]}
    assert handheld.post("/sync/v1/push", body).json()["code"] == "revoked"
    assert doors.person("sam").get("/api/parcels").json()["total"] == 1

    photo = jpeg()
    name = hashlib.sha256(photo).hexdigest()
    assert handheld.raw("PUT", f"/blobs/{name}", photo, Content_Type="image/jpeg").status_code == 201
    assert handheld.get(f"/api/photos/{name}").json()["code"] == "revoked", "it hands over and is shown nothing"


def test_a_badge_is_answered_once_and_kept_as_a_verifier(doors: Doors, database: Database) -> None:
    ada = doors.person("ada")
    text = ada.post("/api/people/cleo/badge", {"pin": "4711"}).json()["badge_text"]
    badge, _, secret = text.removeprefix("B-").partition(".")
    with database.read(SYSTEM) as work:
        cleo = work.get(Person, "cleo")
    assert cleo.badge == badge and secret not in cleo.pin_verifier
    _, n, r, p, salt, _ = cleo.pin_verifier.split("$")
    assert (n, r, p) == ("16384", "8", "1")
    import base64

    assert people.pin_verifier(secret, "4711", base64.b64decode(salt)) == cleo.pin_verifier
    assert ada.post("/api/people/cleo/badge", {"pin": "12"}).json()["field"] == "pin"


def test_no_secret_is_ever_answered(doors: Doors) -> None:
    ada = doors.person("ada")
    doors.device("A1")
    ada.post("/api/people/cleo/badge", {"pin": "4711"})
    for path in ("/api/people", "/api/devices", "/api/session", "/api/enrolment-codes"):
        text = ada.get(path).text
        assert not any(word in text for word in ("password_hash", "pin_verifier", "token_hash", "scrypt$")), path


def test_an_idempotency_key_belongs_to_what_it_was_first_used_for(doors: Doors, desk: Desk) -> None:
    desk.file_r_1001(approve=False)
    key = {"Idempotency-Key": uuid7()}
    rita = doors.person("rita")
    assert rita.post(f"/api/returns/{R_1001}/approval", **key).status_code == 200
    assert rita.post(f"/api/returns/{R_1001}/approval", **key).status_code == 200
    assert rita.post(f"/api/returns/{R_1001}/amendment", {"reason": "x"}, **key).json()["code"] == "duplicate"
    assert (
        rita.post(f"/api/returns/{R_1001}/approval", **{"Idempotency-Key": "again"}).json()["field"]
        == "Idempotency-Key"
    )


def test_creating_somebody_twice_with_one_key_makes_one(doors: Doors) -> None:
    ada = doors.person("ada")
    key = {"Idempotency-Key": uuid7()}
    body = {"username": "nina", "name": "Nina", "password": RIGHT}
    first, second = ada.post("/api/people", body, **key), ada.post("/api/people", body, **key)
    assert (first.status_code, first.json()) == (201, second.json())
    assert ada.post("/api/people", body).json()["code"] == "duplicate"
    assert sign_in(doors, "nina", RIGHT).status_code == 201
    assert ada.post("/api/people", {"username": "short", "name": "S", "password": "123"}).json()["field"] == "password"


def test_grants_end_and_are_never_erased(database: Database) -> None:
    def end(work: Any) -> None:
        people.end_grant(work, EndGrant(grant_id="grant-sam"))

    database.write(SYSTEM, end)
    with database.read(SYSTEM) as work:
        assert work.get(people.Grant, "grant-sam").valid_until == "2026-11-01"
