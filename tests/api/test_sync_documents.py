"""The protocol's pages are true: the schemas are whole, and the client of docs/sync-client.md runs as it is printed."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.config import Config
from server.database import Database
from server.domain import codes
from server.domain.commands import COMMANDS
from server.domain.permissions import SYSTEM
from server.sync.protocol import MutationIn, PushRequest, Result
from server.sync.schemas import schemas
from tests.cast import SITE
from tests.conftest import Clock

from .served import serving

DOCS = Path(__file__).parents[2] / "docs"


def test_every_mutation_a_handheld_may_send_has_its_schema() -> None:
    found = schemas()
    assert found["mutations"].keys() == {name for name, entry in COMMANDS.items() if entry.device}
    assert found["$defs"]["ScanItem"]["additionalProperties"] is False
    assert found["messages"].keys() == {"PushRequest", "PushResponse", "PullResponse", "Poke"}


@pytest.mark.parametrize("struct", [PushRequest, MutationIn, Result])
def test_the_protocol_page_names_every_field(struct: type) -> None:
    page = (DOCS / "sync-protocol.md").read_text(encoding="utf-8")
    for field in struct.__struct_fields__:  # type: ignore[attr-defined]
        assert re.search(rf"`{field}`|\b{field}\b", page), field


def test_the_client_in_the_guide_runs_as_it_is_printed(config: Config, database: Database, clock: Clock) -> None:
    clock.now = int(time.time() * 1000)  # the server in its own process has the real one
    code = database.write(SYSTEM, lambda work: codes.new_code(work, "enrol", site_id=SITE))
    guide = (DOCS / "sync-client.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert program
    with serving(config) as server:
        client = program[1].replace("http://127.0.0.1:8000", server.origin).replace("XXXX-XXXX-XXXX", code)
        told = subprocess.run([sys.executable, "-c", client], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    first, second, state = told.stdout.strip().splitlines()
    assert "'applied'" in first
    assert "'dup': True" in second
    assert state == "signed"
