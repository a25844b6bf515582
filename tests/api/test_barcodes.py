"""The doors of barcodes: a text taken apart, and the one door that takes a form: a picture whose codes are read and which is not kept."""

from pathlib import Path
from typing import Any

from PIL import Image

from server.config import Config

from ..barcodes.pictures import encoded, symbol
from ..doors import Browser, Doors

KETTLE = "2000000000015"  # the cast's green kettle
BOUNDARY = "----pieces"


def form(image: bytes, name: str = "image", filename: str = "photo.jpg") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


def decode(who: Browser, body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}", **headers: str) -> Any:
    return who.raw("POST", "/api/barcodes/decode", body, Content_Type=kind, **headers)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()  # type: ignore[no-any-return]


def test_a_code_is_taken_apart_for_people_and_handhelds(doors: Doors) -> None:
    for who in (doors.person("cleo"), doors.device("A1")):
        answer = who.post("/api/barcodes/parse", {"text": "]C1010950600013435210LOT7\x1d17270100"})
        assert answer.status_code == 200
        assert answer.json() == {
            "kind": "element_string",
            "elements": [
                {"ai": "01", "value": "09506000134352"},
                {"ai": "10", "value": "LOT7"},
                {"ai": "17", "value": "270100"},
            ],
            "problems": [],
        }


def test_a_misread_code_and_a_lost_separator_are_told(doors: Doors) -> None:
    parse = lambda text: doors.device("A1").post("/api/barcodes/parse", {"text": text}).json()  # noqa: E731
    (problem,) = parse("]C10109506000134359")["problems"]
    assert problem["code"] == "check_digit"
    (problem,) = parse("]C1010950600013435210ABC17270131")["problems"]
    assert problem["code"] == "ambiguous"
    assert "(10)ABC(17)270131" in problem["detail"]


def test_nobody_takes_codes_apart_or_sends_pictures_without_signing_in(doors: Doors) -> None:
    refused(doors.nobody().post("/api/barcodes/parse", {"text": "x"}), 401, "not_signed_in")
    refused(decode(doors.nobody(), form(b"x")), 401, "not_signed_in")
    refused(doors.person("cleo").post("/api/barcodes/parse", {"text": 5}), 422, "invalid")
    refused(doors.person("cleo").post("/api/barcodes/parse", {"text": "x" * 9000}), 422, "invalid")
    refused(doors.person("cleo").post("/api/barcodes/parse", {"text": "x", "more": 1}), 422, "invalid")


def test_a_picture_is_read_and_its_code_confirmed_by_the_item_master(doors: Doors, config: Config) -> None:
    before = sorted(Path(config.data_dir).rglob("*"))
    for who in (doors.person("cleo"), doors.device("A1")):
        answer = decode(who, form(encoded(symbol("EAN-13", KETTLE))))
        assert answer.status_code == 200, answer.text
        (code,) = answer.json()["codes"]
        assert (code["text"], code["symbology"], code["engine"], code["confirmed"]) == (
            KETTLE,
            "EAN-13",
            "zxing-cpp",
            True,
        )
        assert len(code["position"]) == 4
        assert answer.json()["engines"][0] == "zxing-cpp"
    after = [path for path in sorted(Path(config.data_dir).rglob("*")) if path.suffix not in (".db-wal", ".db-shm")]
    assert set(after) <= set(before)


def test_a_code_that_no_item_wears_is_read_and_not_confirmed(doors: Doors) -> None:
    (code,) = decode(doors.device("A1"), form(encoded(symbol("EAN-13", "4006381333931")))).json()["codes"]
    assert (code["text"], code["confirmed"]) == ("4006381333931", False)


def test_an_item_is_confirmed_by_the_gtin_in_its_gs1_code(doors: Doors) -> None:
    picture = encoded(symbol("QR Code", f"https://id.gs1.org/01/0{KETTLE}/10/L7", 4))
    (code,) = decode(doors.device("A1"), form(picture)).json()["codes"]
    assert code["confirmed"]


def test_a_picture_without_a_code_has_none(doors: Doors) -> None:
    assert decode(doors.device("A1"), form(encoded(Image.new("L", (300, 200), 200)))).json()["codes"] == []


def test_what_is_no_picture_is_refused(doors: Doors) -> None:
    good = encoded(symbol("EAN-13", KETTLE))
    for data in (b"", b"hello", good[:300], b"GIF89a" + good, b"\x89PNG\r\n\x1a\n" + b"\0" * 100):
        assert refused(decode(doors.device("A1"), form(data)), 422, "invalid")["field"] == "image"
    refused(decode(doors.device("A1"), form(b"\xff\xd8\xff" + b"\0" * (9 * 1024 * 1024))), 413, "too_large")


def test_what_is_no_form_with_one_picture_is_refused(doors: Doors) -> None:
    device, good = doors.device("A1"), encoded(symbol("EAN-13", KETTLE))
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    refused(decode(device, good, "image/jpeg"), 415, "unsupported_media")
    refused(decode(device, b"{}", "application/json"), 415, "unsupported_media")
    refused(decode(device, form(good), "multipart/form-data"), 400, "malformed")
    refused(decode(device, form(good), "multipart/form-data; boundary=another"), 400, "malformed")
    for body in (
        b"",
        b"--" + BOUNDARY.encode(),
        form(good)[:-40],
        b"\r\n" * 100,
        form(good).replace(b"form-data;", b"form-data"),
    ):
        refused(decode(device, body, multipart), 400, "malformed")
    refused(decode(device, form(good, name="photo"), multipart), 422, "invalid")
    refused(decode(device, form(good)[: -len(BOUNDARY) - 6] + form(good), multipart), 422, "invalid")
    refused(decode(device, f"--{BOUNDARY}--\r\n".encode(), multipart), 422, "invalid")


def test_only_this_door_takes_forms_and_only_from_our_own_pages(doors: Doors) -> None:
    body = form(encoded(symbol("EAN-13", KETTLE)))
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    refused(
        doors.person("cleo").raw("POST", "/api/barcodes/parse", body, Content_Type=multipart), 415, "unsupported_media"
    )
    refused(doors.person("cleo").raw("POST", "/api/session", body, Content_Type=multipart), 415, "unsupported_media")
    refused(decode(doors.person("cleo"), body, Origin="https://elsewhere.example"), 403, "wrong_origin")


def test_the_document_says_what_the_form_holds(doors: Doors) -> None:
    document = doors.person("cleo").get("/api/openapi.json").json()
    body = document["paths"]["/api/barcodes/decode"]["post"]["requestBody"]
    assert list(body["content"]["multipart/form-data"]["schema"]["properties"]) == ["image"]
