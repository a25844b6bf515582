"""A whole sync client for Restow in Python's standard library: works without network, loses nothing, sends nothing twice.

python sync_client.py my.db enrol http://127.0.0.1:8000 XXXX-XXXX-XXXX "Dock 3"
python sync_client.py my.db sign SF0000000000001        works offline
python sync_client.py my.db edit return_order ID note "wet"
python sync_client.py my.db show return_order
python sync_client.py my.db sync | watch
"""

import hashlib
import json
import secrets
import sqlite3
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

FINAL = ("applied", "merged", "noop", "conflict", "rejected")
TABLES = """
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, mutation TEXT, status TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS told (seq INTEGER PRIMARY KEY, mutation TEXT, status TEXT, detail TEXT);
CREATE TABLE IF NOT EXISTS documents (feed TEXT, kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key));
"""


def new_id() -> str:
    """A UUIDv7: the time first, so that what was made later sorts later, then chance."""
    return uuid_of(int(time.time() * 1000) << 80 | secrets.randbits(80), 7)


def derived_id(*parts: str) -> str:
    """What two devices make alike is one thing: its id follows from what it is."""
    return uuid_of(int(hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32], 16), 8)


def uuid_of(bits: int, version: int) -> str:
    return str(uuid.UUID(int=bits & ~(0xF << 76 | 0x3 << 62) | version << 76 | 0x2 << 62))


class Refused(Exception):
    """The server said no: its problem+json is in `facts`."""

    def __init__(self, facts: dict) -> None:
        super().__init__(facts.get("detail"))
        self.facts, self.code = facts, facts.get("code")


class Client:
    def __init__(self, path: str) -> None:
        self.path, self.db = path, sqlite3.connect(path, isolation_level=None)
        self.db.executescript(TABLES)

    def enrol(self, url: str, code: str, name: str) -> None:
        self.set("url", url.rstrip("/"))
        for field, value in self.ask("POST", "/api/enrolments", {"code": code, "name": name}).items():
            self.set(field, value)

    def record(self, name: str, args: dict, by: str) -> None:
        """Numbered and on the disk in one transaction. Only when this returns may a person be told that it is saved."""
        mutation = {"id": new_id(), "name": name, "by": by, "site": self.get("site_id"), "args": args,
                    "epoch": self.get("epoch"), "base": int(self.get("base") or 0), "made_at": int(time.time() * 1000)}  # fmt: skip
        self.db.execute("BEGIN IMMEDIATE")
        seq = int(self.get("last_seq") or 0) + 1
        self.set("last_seq", seq)
        self.db.execute("INSERT INTO outbox (seq, mutation) VALUES (?, ?)", (seq, json.dumps({"seq": seq, **mutation})))
        self.db.execute("COMMIT")

    def sign(self, waybill: str, by: str) -> None:
        """Its carrier is the one with the longest prefix that fits, here as on every other device."""
        waybill = "".join(waybill.split()).upper()
        fitting = [(len(prefix), each["code"]) for each in self.show("carrier").values() for prefix in each["prefixes"]
                   if waybill.startswith(prefix)]  # fmt: skip
        site, carrier = self.get("site_id"), max(fitting, default=(0, ""))[1]
        parcel = derived_id("parcel", site, carrier, waybill)
        self.record("sign_parcel", {"parcel_id": parcel, "site_id": site, "waybill": waybill, "carrier": carrier}, by)

    def edit(self, kind: str, key: str, values: dict, by: str) -> None:
        """`was` is what the server last confirmed, whatever is laid on top of it here."""
        found = self.db.execute("SELECT value FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        confirmed = json.loads(found[0]) if found else {}
        if missing := values.keys() - confirmed.keys():
            sys.exit(f"This device knows no {kind} {key} with {', '.join(missing)}.")
        was = {name: confirmed[name] for name in values}
        self.record("edit_record", {"kind": kind, "id": key, "set": values, "was": was}, by)

    def show(self, kind: str) -> dict:
        """The documents of a kind, with the edits that wait laid on top."""
        rows = self.db.execute("SELECT key, value FROM documents WHERE kind = ?", (kind,))
        found = {key: json.loads(value) for key, value in rows}
        for (mutation,) in self.db.execute("SELECT mutation FROM outbox ORDER BY seq").fetchall():
            args = json.loads(mutation)["args"]
            if args.get("kind") == kind and args["id"] in found:
                found[args["id"]] |= args.get("set", {})
        return found

    def sync(self) -> None:
        self.push()
        self.pull()

    def push(self) -> None:
        """Everything that waits, in order. No answer changes nothing: the same is sent again."""
        lost = None
        while waiting := self.db.execute(
            "SELECT seq, mutation FROM outbox WHERE status NOT IN (?, ?, ?, ?, ?) ORDER BY seq LIMIT 500", FINAL
        ).fetchall():
            body = {"protocol": 1, "epoch": self.get("epoch"), "device": self.get("device_id"), "app_schema": 1,
                    "mutations": [json.loads(mutation) for _, mutation in waiting], "lost": lost}  # fmt: skip
            try:
                results = self.ask("POST", "/sync/v1/push", body)["results"]
            except Refused as refused:
                if refused.code == "revoked":
                    Path(self.path).unlink()  # handed over; nothing of it stays here
                if refused.code != "gap":
                    raise
                expected = refused.facts["expected"]
                self.db.execute(
                    "UPDATE outbox SET status = '' WHERE seq >= ?", (expected,)
                )  # a restored server lost them
                first = self.db.execute("SELECT min(seq) FROM outbox WHERE seq >= ?", (expected,)).fetchone()[0]
                lost = {"first": expected, "last": first - 1} if first > expected else None  # or this device did
                continue
            lost = None
            for result in results:
                row = (result["status"], result["seq"])
                self.db.execute("UPDATE outbox SET status = ? WHERE seq = ?", row)
                if result["status"] in ("conflict", "held", "rejected"):
                    said = (
                        result["seq"],
                        result["status"],
                        result.get("detail") or result.get("conflict", ""),
                        result["seq"],
                    )
                    self.db.execute("REPLACE INTO told SELECT ?, mutation, ?, ? FROM outbox WHERE seq = ?", said)
            if not any(result["status"] in FINAL for result in results):
                return  # what they wait for is on another device, or the server asks for patience

    def pull(self) -> None:
        """Each feed to its end; its documents, its cursor and what leaves the outbox in one transaction."""
        for feed in self.ask("GET", "/sync/v1/feeds")["feeds"]:
            cursor, changes, reset, page = self.get(f"cursor {feed}") or "", [], False, {"more": True}
            while page["more"]:
                page = self.ask("GET", f"/sync/v1/pull/{feed}?cursor={cursor}")
                changes = page["changes"] if page["reset"] else changes + page["changes"]
                cursor, reset = page["cursor"], reset or page["reset"]
            self.db.execute("BEGIN IMMEDIATE")
            if reset:
                self.db.execute("DELETE FROM documents WHERE feed = ?", (feed,))
            for change in changes:
                self.db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (change["kind"], change["key"]))
                if change.get("op", "put") == "put":
                    row = (feed, change["kind"], change["key"], json.dumps(change["value"], ensure_ascii=False))
                    self.db.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", row)
            self.set(f"cursor {feed}", cursor)
            self.set("epoch", page["epoch"])
            if feed.startswith("site:"):
                self.set("base", page["revision"])
                gone = (page["device_last_seq"], *FINAL)
                self.db.execute("DELETE FROM outbox WHERE seq <= ? AND status IN (?, ?, ?, ?, ?)", gone)
            self.db.execute("COMMIT")

    def watch(self) -> None:
        """Syncs whenever a feed has moved, once a minute in any case, and later each time it fails."""
        pause = 1.0
        while True:
            try:
                self.sync()
                with self.open("GET", "/sync/v1/events", timeout=60) as stream:
                    pause = 1.0
                    for line in stream:
                        if line.startswith(b"event: poke"):
                            self.sync()
            except (OSError, TimeoutError):
                time.sleep(pause)
                pause = min(pause * 2, 60)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        try:
            with self.open(method, path, body) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                raise  # an OSError: as good as no answer
            raise Refused(json.load(error)) from None

    def open(self, method: str, path: str, body: dict | None = None, timeout: float = 30):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.get('token')}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.get("url") + path, data, headers, method=method)  # noqa: S310
        return urllib.request.urlopen(request, timeout=timeout)  # noqa: S310

    def get(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set(self, name: str, value: object) -> None:
        self.db.execute("REPLACE INTO meta VALUES (?, ?)", (name, str(value)))

    def somebody(self, role: str) -> str:
        """A person with this role here, today. A real client has them sign in with badge and PIN."""
        today, people = time.strftime("%Y-%m-%d"), self.show("person")
        for grant in self.show("grant").values():
            here = grant["role"] == role and grant["site_id"] in ("", self.get("site_id"))
            now = grant["valid_from"] <= today <= (grant["valid_until"] or today)
            if here and now and not people[grant["person_id"]]["disabled_at"]:
                return grant["person_id"]
        sys.exit(f"Nobody here is {role}. Sync first, or give somebody that role.")


def main(path: str, what: str, *more: str) -> None:
    client = Client(path)
    if what == "enrol":
        client.enrol(*more)
        client.sync()
    elif what == "sign":
        client.sign(more[0], client.somebody("operator"))
    elif what == "edit":
        kind, key, field, value = more
        client.edit(kind, key, {field: value}, client.somebody("supervisor"))
    elif what == "show":
        for key, value in client.show(more[0]).items():
            print(key, json.dumps(value, ensure_ascii=False))
    else:
        client.watch() if what == "watch" else client.sync()
    for seq, status, detail in client.db.execute("SELECT seq, status, detail FROM told ORDER BY seq"):
        print(f"{seq} {status} {detail}", file=sys.stderr)
    print(client.db.execute("SELECT count(*) FROM outbox").fetchone()[0], "waiting", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
