"""`restow serve` with the real web app, worker and redis-server."""

import re
import ssl

import httpx
import pytest

from server import frontend, supervise, tls
from server.config import Config
from tests.ops.test_supervise import Running


class Restow(Running):
    module = "server.cli"

    @property
    def address(self) -> str:
        self.until("Ctrl-C stops it")
        return self.until(r"Restow runs at (\S+)")[1]


@pytest.fixture
def start(tmp_path):
    if not frontend.is_built():
        pytest.skip("web/dist is not built")
    started = []

    def run(*options, **settings):
        config = Config.from_env({"RESTOW_DATA": str(tmp_path / "var"), "RESTOW_PORT": "0"}, **settings)
        started.append(Restow(config, "serve", "--no-build", *options))
        return started[-1]

    yield run
    for restow in started:
        if restow.process.poll() is None:
            restow.process.kill()
        restow.process.wait()
        restow.reader.join(20)
        restow.process.stdout.close()


def test_a_first_start_serves_the_app_and_gives_the_first_administrator_a_code(start):
    restow = start()
    assert httpx.get(restow.address).status_code == 200
    assert "The one-time code for the first administrator" in restow.said
    assert {"redis", "web", "worker"} <= set(re.findall(r"^  (\w+) +process \d+", restow.said, re.M))
    assert restow.stop() == 0
    assert "ended with code" not in restow.said
    assert "Traceback" not in restow.said

    again = start()
    assert httpx.get(again.address).status_code == 200
    assert again.stop() == 0


def test_with_tls_a_client_that_trusts_the_local_authority_is_let_in(start):
    restow = start(tls=True)
    address = restow.address
    trusting = ssl.create_default_context(cafile=str(tls.authority(restow.config)))
    assert address.startswith("https://127.0.0.1:")
    assert httpx.get(address, verify=trusting).status_code == 200
    assert "SHA-256" in restow.said
    assert restow.stop() == 0


def test_a_database_that_cannot_be_made_ready_stops_the_start_in_a_sentence(start, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "restow.db").write_text("not a database, but long enough to be read as one" * 100)
    restow = start()
    assert restow.process.wait(30) == 1
    restow.reader.join(20)
    assert "The database could not be made ready" in restow.said
    assert not supervise.redis_answers(restow.config)
