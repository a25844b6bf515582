"""The lab's people: handhelds that are the app's own lib in Node, and a desk that speaks HTTP. What they do, the plan says."""

import asyncio
import base64
import http.client
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from server.api.desk import WRITES
from server.domain.ids import derived_id

from .network import Network
from .plan import Sight, Step
from .world import World

ANSWER_WITHIN = 90.0
TRIES_FOR = 60.0


class Failed(Exception):
    """A handheld or the desk could not do what it was told, and says why."""


class Refused(Failed):
    """The server says no."""


class Handheld:
    """A process of its own: the app's lib, bundled, on a database in memory. It speaks to the server through its `network`."""

    def __init__(self, number: int, network: Network, log: IO[bytes]) -> None:
        self.number, self.name, self.network, self._log = number, f"handheld {number}", network, log
        self.device_id = ""
        self.recorded = self.waiting = self.restarts = 0
        self._wrong = 0
        self._up = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._signed_in: set[str] = set()
        self._turn = asyncio.Lock()

    async def start(self, node: Path, bundle: Path) -> None:
        self._program = node, bundle
        await self._begin()
        self._up.set()

    async def _begin(self) -> None:
        node, bundle = self._program
        self._process = await asyncio.create_subprocess_exec(
            str(node), "--no-warnings", str(bundle), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=self._log,
            limit=64 * 2**20,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())

    async def enrol(self, code: str) -> None:
        self._origin = await self.network.start()
        opened = await self.ask("open", origin=self._origin, code=code, name=f"Lab {self.number}")
        if opened["error"] or not opened["pack"]:
            raise Failed(f"{self.name} did not get its pack: {opened}")
        self.device_id = opened["device_id"]

    async def restart(self, folder: Path) -> None:
        """The battery is taken out: its process ends, another begins on what lay in its database, and knows nothing else."""
        async with self._turn:
            image = str(folder / f"{self.number}.image")
            assert self._process is not None
            self._up.clear()
            with suppress(Failed):
                await self._tell("end", file=image)  # it ends instead of answering
            await self._process.wait()
            await self._reading
            await self._begin()
            await self._tell("open", origin=self._origin, name=f"Lab {self.number}", image=image, by=self._wrong)
            self.restarts += 1
            self._up.set()

    async def set_clock(self, by: int) -> None:
        self._wrong = by
        with suppress(Failed):  # it is being restarted, and told then
            await self.ask("clock", by=by)

    async def ask(self, order: str, **said: Any) -> Any:
        """Raises Failed when the handheld says so, or has gone."""
        await self._up.wait()
        return await self._tell(order, **said)

    async def _tell(self, order: str, **said: Any) -> Any:
        if self._process is None or self._process.stdin is None or self._process.returncode is not None:
            raise Failed(f"{self.name} has ended")
        n = len(self._asked) + 1
        self._asked[n] = future = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"n": n, "order": order, **said}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_WITHIN):
            return await future

    async def shows(self, sight: Sight, world: World) -> bool:
        key, values = world.named(sight.key), world.named(list(sight.values))
        with suppress(Failed):  # it is being restarted: asked again
            return bool(await self.ask("shows", kind=sight.kind, key=key, field=sight.field, values=values))
        return False

    async def photograph(self, step: Step, world: World) -> None:
        name = step.args["name"]
        picture = base64.b64encode(world.picture(name[1:])).decode()
        async with self._turn:
            taken = await self.ask("photo", picture=picture, kind=step.args["kind"])
        if taken["sha256"] != world.named(name):
            raise Failed(f"{self.name} keeps another picture than it took")

    async def record(self, step: Step, world: World, pin: str) -> None:
        """Each person signs in with badge and PIN before their first work on this handheld."""
        person = world.people[step.by]
        async with self._turn:
            if step.by not in self._signed_in:
                signed = await self.ask("sign", badge=person.badge, pin=pin)
                if not signed["ok"]:
                    raise Failed(f"{step.by} could not sign in on {self.name}: {signed['why']}")
                self._signed_in.add(step.by)
            await self.ask("record", name=step.do, args=world.named(step.args), by=person.id, step=step.id)

    async def look(self) -> dict[str, Any]:
        state: dict[str, Any] = await self.ask("state")
        self.recorded, self.waiting = state["recorded"], state["waiting"]
        return state

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
            self._reading.cancel()
        await self.network.close()

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            reply = json.loads(line)
            future = self._asked[reply["n"]]
            if future.done():
                continue
            if "failed" in reply:
                future.set_exception(Failed(f"{self.name}: {reply['failed']}"))
            else:
                future.set_result(reply["done"])
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Failed(f"{self.name} has ended"))


class Desk:
    """One person's browser at a desk, as far as the server can tell. Asked again after a failure, with the same key."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._parts = urlsplit(url)
        self._cookie = ""

    def sign_in(self, username: str, password: str) -> None:
        self.ask("POST", "/api/session", {"username": username, "password": password})

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = "", bearer: str = "") -> Any:
        """The answer's JSON. Raises Failed with the refusal; waits for a server that is away."""
        until = time.monotonic() + TRIES_FOR
        while True:
            try:
                return self._once(method, path, body, key, bearer)
            except (OSError, http.client.HTTPException, ValueError) as away:
                if time.monotonic() > until:
                    raise Failed(f"{method} {path}: the server is away: {away!r}") from None
                time.sleep(0.2)

    def _once(self, method: str, path: str, body: dict[str, Any] | None, key: str, bearer: str) -> Any:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.netloc, timeout=15)
        headers = {"Accept": "application/json", "Origin": f"{self._parts.scheme}://{self._parts.netloc}"}
        headers |= {"Cookie": self._cookie} if self._cookie else {}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
        sent = None
        if body is not None:
            sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            read = response.read()
        finally:
            connection.close()
        if response.status >= 500:
            raise OSError(f"answered {response.status}")
        answer: Any = json.loads(read) if read else {}
        if response.status >= 400:
            raise Refused(f"{method} {path}: {answer.get('detail') or answer}")
        if cookie := response.getheader("Set-Cookie"):
            self._cookie = cookie.partition(";")[0]
        return answer


def case_of(desk: Desk, step: Step, world: World) -> str:
    """The conflict that a step decides; '' while there is none."""
    rows = desk.ask("GET", f"/api/conflicts?site={world.site_id}&rule={step.args['rule']}&state=all&limit=200")["rows"]
    orders = world.named(step.args["orders"])
    return next((str(row["id"]) for row in rows if row["order_id"] in orders), "")


def at_the_desk(desk: Desk, step: Step, world: World) -> None:
    """A step of the plan, through the door that its command has. Raises Failed when it is refused and must not be, or the reverse."""
    try:
        _done_at(desk, step, world)
    except Refused:
        if not step.refused:
            raise
    else:
        if step.refused:
            raise Failed("the server did not refuse it")


def _done_at(desk: Desk, step: Step, world: World) -> None:
    args = world.named(step.args)
    key = derived_id("lab", world.run, step.id)
    if step.do == "disable_person":
        desk.ask("POST", f"/api/people/{args['person_id']}/disabling", {}, key)
    elif step.do == "create_return":
        del args["number"]  # the desk's numbers are the server's
        desk.ask("POST", "/api/returns", args, key)
    elif step.do == "resolve":
        decision = {name: args[name] for name in ("option", "value", "note")}
        desk.ask("POST", f"/api/conflicts/{case_of(desk, step, world)}/resolution", decision, key)
    else:
        door = next(write for write in WRITES if write.command == step.do)
        subject = args.pop(door.field)
        desk.ask(door.method, door.path.replace("{id:str}", subject), args.get(door.inner, args), key)
