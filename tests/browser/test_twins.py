"""What a handheld shows before it has synced is what the server makes of it: the twins of web/src/lib/mutations.ts, held to the real thing.

No browser is needed: the handheld's half runs in Node too.
"""

import json
import os
import subprocess
import urllib.request
from typing import Any

from server.frontend import WEB, node_home

from .conftest import Server


def test_a_shift_of_arbitrary_work_looks_the_same_before_and_after_it_is_sent(own_server: Server) -> None:
    home = node_home()
    assert home is not None
    told = {"RESTOW_ORIGIN": own_server.url, "RESTOW_CODE": enrolment_code(own_server), "RESTOW_BADGE": "B-ZHANG2.demodemo",
            "RESTOW_PIN": "2580", "RESTOW_SEEDS": "1,2,3"}  # fmt: skip
    done = subprocess.run(
        [str(home / "bin" / "node"), "node_modules/vitest/vitest.mjs", "run", "src/lib/twins.test.ts"],
        cwd=WEB, env=os.environ | told, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout


def enrolment_code(server: Server) -> str:
    desk = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(server.url + path, method=method, headers={"Origin": server.url})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with desk.open(request) as answer:
            return json.load(answer)

    ask("POST", "/api/session", {"username": "zhang", "password": "restow-demo"})
    sites = ask("GET", "/api/session")["sites"]
    return str(ask("POST", "/api/enrolment-codes", {"site_id": sites[0]["id"], "uses": 9, "days": 1})["code"])
