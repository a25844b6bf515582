"""What is no request: refused as a problem, quickly, with memory flat. Against a real server, because a test client tidies up."""

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from server.api.sync import _storable
from server.config import Config
from server.database import Database
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.domain.sessions import open_session, token_hash
from server.sync.shapes import BY_MODEL
from tests.api.served import Server, serving
from tests.cast import seed

MiB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("served")
    config = Config.from_env({"RESTOW_DATA": str(folder)})
    database = Database(config.database_url, BY_MODEL)
    database.create()
    database.write(SYSTEM, seed)
    database.write(SYSTEM, lambda work: open_session(work, "sam", "sams-session", ""))

    def enrol(work: object) -> None:
        work.get(Device, "device-A1").token_hash = token_hash("token")  # type: ignore[attr-defined]

    database.write(SYSTEM, enrol)
    database.close()
    with serving(config) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.origin, timeout=20) as client:
        yield client


DEVICE = {"Authorization": "Bearer token"}
JSON = {"Content-Type": "application/json"}


def desk(server: Server) -> dict[str, str]:
    return {"Cookie": "restow=sams-session", "Origin": server.origin}


def expect(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text[
        :300
    ]
    problem = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code}"
    assert {"title", "status", "detail"} <= problem.keys()
    assert "default-src 'self'" in answer.headers["content-security-policy"]


BODIES = {
    "not JSON": (b"{not json", 400, "malformed"),
    "cut off": (b'{"site": "x"', 400, "malformed"),
    "invalid UTF-8": (b'{"site_id": "\xff\xfe"}', 400, "malformed"),
    "half a surrogate": (b'{"site_id": "\\ud800"}', 400, "malformed"),
    "5,000 deep": (b"[" * 5000 + b"]" * 5000, 400, "malformed"),
    "5,000 deep, not closed": (b'{"a":' * 5000, 400, "malformed"),
    "a list": (b"[]", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "a number too large": (b'{"site_id": 1e999}', 400, "malformed"),
    "an integer no database holds": (b'{"site_id": 123456789012345678901234567890}', 422, "invalid"),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("door", ["/api/returns", "/sync/v1/push", "/api/session"])
def test_a_body_that_cannot_be_read_is_the_senders_mistake(
    server: Server, client: httpx.Client, name: str, door: str
) -> None:
    body, status, code = BODIES[name]
    headers = DEVICE if door.startswith("/sync") else desk(server)
    answer = client.post(door, content=body, headers=headers | JSON)
    assert answer.status_code in (status, 422), answer.text
    expect(answer, answer.status_code, code if answer.status_code == status else "invalid")


def test_a_nul_in_text_is_refused_where_a_person_writes_and_marked_where_a_scanner_did(
    server: Server, client: httpx.Client
) -> None:
    expect(client.post("/api/returns", content=b'{"note": "\\u0000"}', headers=desk(server) | JSON), 400, "malformed")
    expect(client.get("/api/search?q=ab%00cd", headers=desk(server)), 400, "malformed")


@pytest.mark.parametrize("text", [r"W\u0000", r"W\ud83d", r"W\ude00\ud83d", r"W\ud83d\ude00\\ud83d \\u0000"])
def test_a_handheld_whose_text_no_database_holds_is_answered_and_goes_on(client: httpx.Client, text: str) -> None:
    """What it sends next is always this number: a refusal of the whole would stop it for ever."""
    number = client.get("/sync/v1/pull/catalogue", headers=DEVICE).json()["device_last_seq"] + 1
    mutation = {
        "seq": number,
        "id": f"odd-{number}",
        "name": "odd",
        "by": "olga",
        "site": "x",
        "made_at": 1,
        "args": {},
    }
    sent = {"protocol": 1, "epoch": "", "device": "device-A1", "app_schema": 1, "mutations": [mutation]}
    body = json.dumps(sent).replace('"args": {}', f'"args": {{"text": "{text}"}}')
    answer = client.post("/sync/v1/push", content=body.encode(), headers=DEVICE | JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["device_last_seq"] == number


def test_what_a_handheld_wrote_is_kept_but_for_what_cannot_be() -> None:
    assert _storable(rb'"a\u0000b"') == rb'"a\ufffdb"'
    assert _storable(rb'"\ud83d\ude00 \\ud83d \ud83d"') == rb'"\ud83d\ude00 \\ud83d \ufffd"'
    assert _storable(rb'"\\u0000 \\\uDE00"') == rb'"\\u0000 \\\ufffd"'


def test_content_types_and_encodings_are_judged_by_the_header(server: Server, client: httpx.Client) -> None:
    form = desk(server) | {"Content-Type": "application/x-www-form-urlencoded"}
    expect(client.post("/api/returns", content=b"a=b", headers=form), 415, "unsupported_media")
    expect(client.post("/api/returns", content=b"{}", headers=desk(server)), 415, "unsupported_media")
    expect(
        client.post("/api/returns", content=b"{}", headers=desk(server) | JSON | {"Content-Encoding": "br"}),
        415,
        "unsupported_encoding",
    )
    expect(
        client.post("/sync/v1/push", content=b"{}", headers=DEVICE | JSON | {"Content-Encoding": "zstd"}),
        415,
        "unsupported_encoding",
    )
    expect(
        client.put(f"/blobs/{'a' * 64}", content=b"<svg/>", headers=DEVICE | {"Content-Type": "image/svg+xml"}),
        415,
        "unsupported_media",
    )


def test_addresses_nobody_has_and_methods_nobody_takes(server: Server, client: httpx.Client) -> None:
    expect(client.get("/api/nothing"), 404, "not_found")
    expect(client.get("/nothing.js"), 404, "not_found")
    expect(client.get("/assets/../server/main.py"), 404, "not_found")
    expect(client.get("/assets/%2e%2e/%2e%2e/pyproject.toml"), 404, "not_found")
    expect(client.request("PUT", "/api/session", content=b"{}", headers=desk(server) | JSON), 405, "method_not_allowed")
    expect(client.post("/api/nothing", json={}, headers=desk(server)), 404, "not_found")
    expect(client.get("/api/openapi.json/nothing"), 404, "not_found")
    expect(client.get("/api/stock?limit=many", headers=desk(server)), 422, "invalid")
    expect(client.get("/api/returns?cursor=zz", headers=desk(server)), 422, "invalid")


def test_a_gzip_bomb_is_refused_and_memory_stays_flat(server: Server, client: httpx.Client) -> None:
    zipper = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join(zipper.compress(b"\0" * (16 * MiB)) for _ in range(32)) + zipper.flush()
    assert len(bomb) < 1 * MiB
    client.post("/sync/v1/push", content=gzip.compress(b"{}"), headers=DEVICE | JSON | {"Content-Encoding": "gzip"})
    before = server.memory()
    for _ in range(3):
        answer = client.post("/sync/v1/push", content=bomb, headers=DEVICE | JSON | {"Content-Encoding": "gzip"})
        expect(answer, 413, "too_large")
    assert server.memory() - before < 48 * MiB


def test_gzip_that_is_cut_off_or_none_at_all_is_malformed(client: httpx.Client) -> None:
    zipped = gzip.compress(json.dumps({"protocol": 1}).encode())
    for body in (zipped[:-4], b"no gzip"):
        expect(
            client.post("/sync/v1/push", content=body, headers=DEVICE | JSON | {"Content-Encoding": "gzip"}),
            400,
            "malformed",
        )


def test_a_body_beyond_its_bound_is_refused_unread(server: Server, client: httpx.Client) -> None:
    announced = (
        f"POST /api/returns HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
        f"Cookie: restow=sams-session\r\nOrigin: {server.origin}\r\nContent-Length: 5000000000\r\n\r\n{{"
    )
    answer = server.raw(announced.encode())
    assert b" 413 " in answer.partition(b"\r\n")[0]
    assert b"too_large" in answer

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * MiB

    before = server.memory()
    for door, headers in (("/api/returns", desk(server) | JSON), ("/sync/v1/push", DEVICE | JSON)):
        with suppress(httpx.WriteError):  # the server had answered and closed already
            expect(client.post(door, content=endless(), headers=headers), 413, "too_large")
    assert server.memory() - before < 48 * MiB


def test_the_server_still_answers_afterwards(client: httpx.Client) -> None:
    assert client.get("/health").json()["parts"]["database"]["ok"]
