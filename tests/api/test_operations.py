"""What runs beside the trade: streams, the web app, health, metrics, the API's own page, logs."""

import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server import logs
from server.api.health import Checkup
from server.backup import mark
from server.config import Config
from server.database import Database
from server.domain.catalog import Customer
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.domain.sessions import open_session, token_hash
from server.domain.work import Work
from server.main import create_app
from server.sync.shapes import BY_MODEL
from tests.api.served import serving
from tests.cast import SITE, Desk, seed
from tests.conftest import HOUR, Clock
from tests.doors import Doors


def pokes(url: str, headers: dict[str, str], found: list[dict[str, int]], until: int) -> None:
    with httpx.stream("GET", url, headers=headers, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: "))["heads"])
            if len(found) >= until:
                return


def test_a_commit_of_another_process_pokes_handhelds_and_desks_of_its_site_alone(tmp_path: Path) -> None:
    config = Config.from_env({"RESTOW_DATA": str(tmp_path)})
    database = Database(config.database_url, BY_MODEL)
    database.create()
    database.write(SYSTEM, seed)
    database.write(SYSTEM, lambda work: open_session(work, "sam", "sams-session", ""))

    def enrol(work: Any) -> None:
        work.get(Device, "device-A1").token_hash = token_hash("token")

    database.write(SYSTEM, enrol)
    with serving(config) as server:
        heard: dict[str, list[dict[str, int]]] = {"device": [], "desk": []}
        listeners = [
            threading.Thread(
                target=pokes,
                args=(f"{server.origin}/sync/v1/events", {"Authorization": "Bearer token"}, heard["device"], 2),
            ),
            threading.Thread(
                target=pokes,
                args=(f"{server.origin}/api/events/stream", {"Cookie": "restow=sams-session"}, heard["desk"], 2),
            ),
        ]
        for listener in listeners:
            listener.start()
        give_up = time.monotonic() + 10
        while (not heard["device"] or not heard["desk"]) and time.monotonic() < give_up:
            time.sleep(0.02)
        assert heard["device"][0].keys() == {"catalogue"}, "where one stands, at once"
        Desk(database).file_r_1001()
        for listener in listeners:
            listener.join(10)
    database.close()
    for name in ("device", "desk"):
        assert heard[name][1].keys() == {f"site:{SITE}"}, heard


@pytest.fixture
def built(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Restow</title>" + " " * 2000)
    (dist / "sw.js").write_text("// service worker")
    (dist / "assets" / "index-abc123.js").write_text("export const x = 1\n" * 200)
    (dist / "assets" / "index-abc123.js.br").write_bytes(b"small")
    (dist / "manifest.webmanifest").write_text("{}")
    (dist / ".built-from").write_text("secret")
    return dist


def test_hashed_files_last_for_ever_and_everything_else_is_asked_for_again(
    built: Path, config: Config, database: Database
) -> None:
    with TestClient(create_app(config, database, built)) as client:
        page = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        asset = client.get("/assets/index-abc123.js", headers={"Accept-Encoding": "gzip"})
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["content-encoding"] == "gzip" and asset.text.startswith("export")
        with client.stream("GET", "/assets/index-abc123.js", headers={"Accept-Encoding": "gzip, deflate, br"}) as best:
            assert (best.headers["content-encoding"], best.headers["vary"]) == ("br", "Accept-Encoding")
            assert b"".join(best.iter_raw()) == b"small", "what the build has made smallest"
        assert "content-encoding" not in client.get("/assets/index-abc123.js", headers={"Accept-Encoding": "x"}).headers
        assert client.get("/assets/index-abc123.js.br").status_code == 404, "it is a form of a file, not one"
        for path in ("/", "/index.html", "/sw.js", "/manifest.webmanifest", "/desk/returns/1"):
            assert client.get(path, headers=page).headers["cache-control"] == "no-cache", path
        assert client.get("/desk/returns/1", headers=page).text.startswith("<!doctype html>")
        assert client.head("/", headers=page).status_code == 200
        again = client.get("/sw.js", headers={"If-None-Match": client.get("/sw.js").headers["etag"]})
        assert again.status_code == 304
        assert "secret" not in client.get("/.built-from", headers=page).text
        for path in ("/assets/missing.js", "/assets", "/api/missing", "/sync/missing"):
            answer = client.get(path, headers=page)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert client.get("/image.png").status_code == 404, "only what a person opens gets the page"

        (built / "index.html").unlink()
        assert "restow build" in client.get("/", headers=page).json()["detail"]


def test_health_names_what_does_not_work(doors: Doors) -> None:
    answer = doors.nobody().get("/health")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "degraded", "no redis, no worker in this test"
    assert {name: part["ok"] for name, part in health["parts"].items()} == {
        "server": True, "database": True, "worker": False, "queue": True, "redis": False, "disk": True, "backups": True,
        "devices": True, "engines": True,
    }  # fmt: skip


def test_the_status_page_knows_of_silent_handhelds_old_backups_and_what_waits(
    config: Config, database: Database, desk: Desk, clock: Clock
) -> None:
    def silent(work: Work) -> None:
        for code in ("A1", "B1"):
            device = work.get(Device, f"device-{code}")
            device.enrolled_at, device.last_contact_at = 1, work.now
        device.pending = 3

    database.write(SYSTEM, silent)
    asked = Checkup(config, database)._ask
    assert asked().parts["devices"].words == "2 in use, 1 with unsent work"
    desk.file_r_1001()
    assert asked().parts["queue"].ok
    clock.forward(13 * HOUR)
    parts = asked().parts
    assert (parts["queue"].ok, parts["devices"].ok) == (False, False)
    assert parts["devices"].words == "1 of 2 hold unsent work and have not been heard of"
    assert "oldest for 780 minutes" in parts["queue"].words

    mark(config).touch()
    assert asked().parts["backups"].words == "the last one is of today"
    nine_days_ago = time.time() - 9 * 86_400
    os.utime(mark(config), (nine_days_ago, nine_days_ago))
    assert not asked().parts["backups"].ok


def test_metrics_count_and_name_nobody(doors: Doors, desk: Desk) -> None:
    desk.file_r_1001()
    sam = doors.person("sam")
    sam.get("/api/todo")
    text = sam.get("/metrics").text
    assert 'restow_request_seconds_count{method="GET",route="/api/todo",status="200"}' in text
    assert 'restow_returns{status="approved"} 1.0' in text
    assert "王小姐" not in text and "R-1001" not in text
    assert doors.person("cleo").get("/metrics").status_code == 403


def test_the_api_document_is_whole_and_its_page_loads_nothing_from_elsewhere(app: Litestar, doors: Doors) -> None:
    document = doors.nobody().get("/api/openapi.json").json()
    undocumented = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if not operation.get("description") and not operation.get("summary")
    ]
    assert not undocumented
    approval = document["paths"]["/api/returns/{id}/approval"]["post"]
    body = document["components"]["schemas"][
        approval["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
    ]
    assert body["properties"].keys() == {"content", "note"}
    pushed = document["paths"]["/sync/v1/push"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert "mutations" in document["components"]["schemas"][pushed.split("/")[-1]]["properties"]
    page = doors.nobody().get("/api/docs")
    assert page.status_code == 200 and "http" not in page.text.replace("http-equiv", "")
    assert "<script>" not in page.text and "style=" not in page.text


def test_every_answer_carries_the_security_headers(doors: Doors) -> None:
    for path in ("/", "/health", "/api/session", "/api/nothing", "/api/docs"):
        headers = doors.nobody().get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe-inline" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "camera=(self)" in headers["permissions-policy"]
    assert doors.nobody().get("/api/session").headers["cache-control"] == "no-store"


def test_a_fault_is_a_problem_with_a_code_to_tell_and_a_line_without_values(
    doors: Doors, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.domain.reads import todo

    def broken(*_: object) -> None:
        raise RuntimeError("the secret is 4711")

    sam = doors.person("sam")
    monkeypatch.setattr(todo, "unsent", broken)
    answer = sam.get("/api/todo")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    error_id = answer.json()["error_id"]
    (record,) = [record for record in caplog.records if getattr(record, "error_id", "") == error_id]
    line = logs.JsonLines().format(record)
    assert json.loads(line)["error"] == "RuntimeError" and "4711" not in line and "4711" not in answer.text


def test_a_log_line_holds_listed_fields_alone() -> None:
    record = logging.makeLogRecord(
        {"msg": "request", "name": "restow", "password": "hunter2", "status": 200, "levelno": 20}
    )
    line = json.loads(logs.JsonLines().format(record))
    assert line["status"] == 200 and "password" not in line and "hunter2" not in str(line)


def test_personal_data_is_shown_to_those_who_talk_to_customers(doors: Doors, database: Database) -> None:
    assert doors.person("sam").get("/api/customers").json()["rows"][0]["phone"] == "13800000000"
    assert "phone" not in doors.person("otto").get("/api/customers").json()["rows"][0]
    with database.read(SYSTEM) as work:
        assert work.get(Customer, "customer").phone
