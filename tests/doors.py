"""HTTP clients for the cast: a browser per person, a handheld per device. Passwords are not hashed here: sessions are opened directly."""

from typing import Any

from litestar.testing import TestClient

from server.database import Database
from server.domain.devices import Device
from server.domain.permissions import SYSTEM
from server.domain.sessions import open_session, token_hash

ORIGIN = "http://testserver.local"


class Doors:
    def __init__(self, client: TestClient[Any], database: Database) -> None:
        self.client = client
        self.database = database
        client.base_url = ORIGIN  # type: ignore[assignment]

    def person(self, name: str) -> "Browser":
        """A browser in which this person of the cast is signed in."""
        token = f"session-of-{name}"
        self.database.write(
            SYSTEM, lambda work: open_session(work, name, token, "tests") if not _open(work, token) else None
        )
        return Browser(self.client, {"Cookie": f"restow={token}", "Origin": ORIGIN})

    def device(self, code: str) -> "Browser":
        """A handheld of the cast, with its token."""
        token = f"token-of-{code}"

        def enrol(work: Any) -> None:
            work.get(Device, f"device-{code}").token_hash = token_hash(token)

        self.database.write(SYSTEM, enrol)
        return Browser(self.client, {"Authorization": f"Bearer {token}"})

    def nobody(self) -> "Browser":
        return Browser(self.client, {})


class Browser:
    """Requests with one identity. Answers are httpx responses."""

    def __init__(self, client: TestClient[Any], headers: dict[str, str]) -> None:
        self._client = client
        self.headers = headers

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params=query or None, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._ask("DELETE", path, headers=self.headers | headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self._ask(method, path, json={} if body is None else body, headers=self.headers | headers)

    def raw(self, method: str, path: str, content: bytes, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask(method, path, content=content, headers=self.headers | named)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        self._client.cookies.clear()  # each browser has its own; the client would hand one's cookie to the next
        return self._client.request(method, path, **options)


def _open(work: Any, token: str) -> bool:
    from server.domain.people import Session

    return work.look(Session, token_hash(token)) is not None
