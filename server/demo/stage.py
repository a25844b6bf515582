"""The stage the demo is played on: a clock that is moved, people at desks, handhelds that push.

Everything happens through the doors people use: a desk performs commands as the person who would, a handheld pushes numbered
mutations. Steps are noted first and played in the order of their times, so that the history reads as if it had been lived.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from server.database import Database
from server.domain.catalog import Bin, Site
from server.domain.commands import perform
from server.domain.devices import Device
from server.domain.ids import derived_id
from server.domain.numbers import DESK_CODE, document_number, own_label, waybill_of
from server.domain.people import Person, actor_of
from server.domain.permissions import SYSTEM
from server.domain.records import Setting
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, DeviceState, MutationIn, PushRequest
from server.sync.push import push
from server.sync.shapes import BY_MODEL

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, SECOND = 60_000, 1_000
NEXT = "next"
"""In place of a document number: the next one of that desk or handheld."""

Task = Callable[[Work], Any]
Scan = tuple[str, dict[str, Any]]
"""A command's name and its arguments."""


class Stage:
    """`start` is when the demo began to load: all ids and times come from it, so that a load that was cut off goes on."""

    def __init__(self, url: str, start: int) -> None:
        self.start = self.now = start
        self.database = Database(url, BY_MODEL, clock=lambda: self.now)
        self.sites: dict[str, str] = {}
        self.bins: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.devices: list[Any] = []
        self._steps: list[tuple[int, Callable[[], None]]] = []
        self._numbers: Counter[str] = Counter()
        self._sequences: Counter[str] = Counter()

    def close(self) -> None:
        self.database.close()

    def look_around(self) -> None:
        """Learns what there is, once the world is made."""
        with self.database.read(SYSTEM) as work:
            self.sites = {site.code: site.id for site in work.find(Site)}
            self.bins = {bin.code: bin.id for bin in work.find(Bin)}
            self.people = {person.username: person.id for person in work.find(Person)}
            self.devices = list(work.find(Device, order_by=Device.code))

    # Times and names

    def day(self, days: int, hour: int, minute: int = 0) -> int:
        """So many days before today, at this time in China; at least one, for today may still be young."""
        today = dt.datetime.fromtimestamp(self.start / 1000, ZONE)
        then = (today - dt.timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return int(then.timestamp() * 1000)

    def ago(self, minutes: int) -> int:
        return self.start - minutes * MINUTE

    def date(self, days: int) -> str:
        return (dt.datetime.fromtimestamp(self.start / 1000, ZONE).date() - dt.timedelta(days=days)).isoformat()

    def id(self, *parts: str) -> str:
        return derived_id("demo", str(self.start), *parts)

    def bin(self, code: str) -> str:
        return self.bins[code]

    def parcel(self, site: str, carrier: str, waybill: str) -> str:
        return derived_id("parcel", self.sites[site], carrier, waybill_of(waybill))

    def tote(self, site: str, number: int) -> str:
        return derived_id("container", self.sites[site], own_label(site, number))

    # What happens

    def then(self, at: int, task: Callable[[], None]) -> None:
        self._steps.append((at, task))

    def write(self, at: int, task: Task) -> None:
        """Something Restow itself does."""
        self.then(at, lambda: self.database.write(SYSTEM, task))

    def desk(self, at: int, who: str, site: str, name: str, **args: Any) -> None:
        key = self.id("desk", str(len(self._steps)), name)

        def act() -> None:
            given = self._numbered(args, DESK_CODE)
            self.database.write(
                SYSTEM,
                lambda work: perform(self._as(work, who), name, given, mutation_id=key, site_id=self.sites[site]),
            )

        self.then(at, act)

    def paper(self, at: int, who: str, task: Task) -> None:
        """Something a person does at a desk that is no mutation."""
        self.then(at, lambda: self.database.write(SYSTEM, lambda work: task(self._as(work, who))))

    def floor(self, at: int, device: int, who: str, *scans: Scan, sent: int = 0) -> None:
        """A handheld's work from `at` on, some seconds apart, pushed when it is done or, without network, at `sent`."""
        step = len(self._steps)

        def act() -> None:
            handheld = self.devices[device]
            mutations = []
            for n, (name, args) in enumerate(scans):
                self._sequences[handheld.id] += 1
                mutations.append(
                    MutationIn(
                        seq=self._sequences[handheld.id], id=self.id("floor", str(step), str(n)), name=name,
                        by=self.people[who], site=handheld.site_id, schema=APP_SCHEMA,
                        args=self._numbered(args, handheld.code), made_at=at + n * 4 * SECOND,
                    )
                )  # fmt: skip
            self.push(device, mutations)

        self.then(sent or at + len(scans) * 4 * SECOND, act)

    def push(self, device: int, mutations: list[MutationIn], state: DeviceState | None = None) -> None:
        said = state or DeviceState(app_version="0.1.0", clock=self.now, storage={"persisted": True})
        request = PushRequest(
            protocol=PROTOCOL, epoch=self.database.epoch, device=self.devices[device].id, app_schema=APP_SCHEMA,
            mutations=mutations, state=said,
        )  # fmt: skip
        for result in push(self.database, self.devices[device], request).results:
            if result.status in ("rejected", "held"):
                name = next(each.name for each in mutations if each.seq == result.seq)
                raise AssertionError(f"the demo's {name} became {result.status}: {result.detail}")

    def play(self, progress: Callable[[int, int], None]) -> None:
        """In the order of time; of two at once, as they were noted."""
        steps = sorted(self._steps, key=lambda step: step[0])
        for done, (at, task) in enumerate(steps, 1):
            self.now = min(at, self.start)
            task()
            progress(done, len(steps))
        self.now = self.start
        self.database.write(SYSTEM, self._remember_numbers)

    def _remember_numbers(self, work: Work) -> None:
        """So that no number is given a second time."""
        setting = work.seek(Setting, "counter:desk") or work.add(Setting, id="counter:desk", value="0")
        setting.value = str(max(int(setting.value), self._numbers[DESK_CODE]))

    def _as(self, work: Work, who: str) -> Work:
        work.actor = actor_of(work, self.people[who])
        return work

    def _numbered(self, args: dict[str, Any], code: str) -> dict[str, Any]:
        if args.get("number") != NEXT:
            return args
        self._numbers[code] += 1
        return {**args, "number": document_number("RT", code, self._numbers[code])}
