"""The lab in one process, on a clock of its own: the server's real push and pull, handhelds written here, nothing that chance decides.

The same plan comes to the same end, byte for byte, however often it is run.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from server.database import Database
from server.domain import people
from server.domain.attachments import note_photo
from server.domain.commands import perform
from server.domain.conflict_rules import x10, x17
from server.domain.conflicts import Conflict
from server.domain.counts import BinCount
from server.domain.devices import Device
from server.domain.errors import Refusal
from server.domain.held import expire_held
from server.domain.ids import derived_id
from server.domain.numbers import document_number, next_desk_number
from server.domain.people import actor_of
from server.domain.permissions import SYSTEM
from server.domain.records import Setting
from server.domain.work import Work
from server.sync.protocol import APP_SCHEMA, PROTOCOL, DeviceState, MutationIn, PushRequest, PushResponse, Result
from server.sync.pull import pull
from server.sync.push import push
from server.sync.shapes import BY_MODEL, CATALOGUE, site_feed

from . import world
from .history import Documents, History, Provoked, Sent, canonical, kept_in, lay, said_in
from .plan import HARMLESS, CannotRun, Plan, Sight, Step
from .progress import Progress
from .world import SITE

BEGINS = 1_793_581_200_000  # Monday 2 November 2026, nine in Shanghai
TICK = 0.25
SOON, LONGEST = 1.0, 8.0
SIX_DAYS = 6 * 86_400.0
PATIENCE = 120.0
"""Virtual seconds after the end in which every step must have become possible."""


class Killed(Exception):
    """The server died; whether it had committed, the asker cannot know."""


class NoNetwork(Exception):
    pass


class Simulation:
    def __init__(self, plan: Plan, url: str, progress: Progress) -> None:
        self.plan, self.url, self.progress = plan, url, progress
        self.time = self.ahead = 0.0
        self.calm = False
        self.down_until = 0.0
        self.kills = 0
        self.database = self._opened()
        self.database.create()
        with self.database.read(SYSTEM) as work:
            if work.first(people.Person):
                raise CannotRun("This database is in use. The lab needs an empty one, for itself alone.")
        known = {name: world.Person(f"lab-{name}", name) for name in world.roles(plan.leavers)}
        self.world = world.made(known, plan)
        self.database.write(SYSTEM, self._furnish)
        self.handhelds = [Handheld(self, n) for n in range(1, plan.options.devices + 1)]
        self.done: set[str] = set()
        self.undone: list[str] = []
        self.heads: dict[str, int] = {}
        self.since: dict[str, float] = {}
        """When each step became possible."""
        self.late: list[tuple[float, Callable[[], Any]]] = []

    def run(self) -> tuple[History, str]:
        """The history, and the digest of how everything stands in the end."""
        waiting = list(self.plan.steps)
        kills = list(self.plan.kills)
        while waiting and self.time < self.plan.seconds + PATIENCE:
            self.time = round(self.time + TICK, 2)
            self.calm = self.time >= self.plan.seconds
            if self.time % 60 == 0 and self.time >= self.down_until:
                self._as_time_passes()
            while kills and kills[0].at <= self.time:
                self._restart(kills.pop(0).down)
            for at, copy in [each for each in self.late if each[0] <= self.time]:
                self.late.remove((at, copy))
                with _shrugged_off():
                    self.reach(copy)
            self._as_things_happen()
            waiting = [step for step in waiting if not self._try(step)]
            for handheld in self.handhelds:
                if handheld.due <= self.time:
                    handheld.sync()
            self.progress.tell(
                self.time, recorded=sum(len(each.made) for each in self.handhelds), waiting=sum(len(each.outbox) for each in self.handhelds),
                offline=sum(each.offline for each in self.handhelds), kills=self.kills, behind=len(waiting),
            )  # fmt: skip
        self.undone += [f"step {step.id} ({step.actor} {step.do}) never became possible" for step in waiting]
        self.calm = True
        rounds = self._drain()
        for step in self.plan.evening:
            if not self._try(step):
                self.undone.append(f"step {step.id} ({step.do}) never became possible")
        rounds = max(rounds, self._drain())
        kept = kept_in(self.database, SITE)
        history = History(
            sent=[sent for handheld in self.handhelds for sent in handheld.made],
            acknowledged={id: status for handheld in self.handhelds for id, status in handheld.told.items()},
            unanswered={handheld.name: len(handheld.outbox) for handheld in self.handhelds},
            views={handheld.name: handheld.view for handheld in self.handhelds},
            provoked=[
                Provoked(rule=clash.rule, orders=tuple(self.world.named(clash.orders)), story=clash.story, resolved=clash.resolved)
                for clash in self.plan.clashes
            ],
            restarts=sum(handheld.restarts for handheld in self.handhelds), **said_in(self.plan, self.world),
            undone=self.undone, rounds=rounds, **msgspec.structs.asdict(kept),
        )  # fmt: skip
        return history, self._digest(kept.feed)

    def close(self) -> None:
        self.database.close()

    @property
    def now(self) -> int:
        return BEGINS + round((self.time + self.ahead) * 1000)

    def reach(self, ask: Callable[[], Any]) -> Any:
        """What the server answers, if it is there."""
        if self.time < self.down_until:
            raise NoNetwork
        return ask()

    def kill(self) -> None:
        """It is up again at once: what matters is what it still knows."""
        self.kills += 1
        self.database.close()
        self.database = self._opened()

    def _opened(self) -> Database:
        return Database(self.url, BY_MODEL, lambda: self.now)

    def _furnish(self, work: Work) -> None:
        world.make(work, self.plan)
        work.get(Setting, "epoch").value = derived_id("lab", "epoch")
        for n in range(1, self.plan.options.devices + 1):
            work.add(Device, id=f"lab-device-{n}", code=f"L{n}", name=f"Lab {n}", site_id=SITE)

    def _restart(self, down: float) -> None:
        self.kill()
        self.down_until = self.time + down

    def _try(self, step: Step) -> bool:
        """Carries a step out if its time has come; False: later."""
        if step.at > self.time or not all(id in self.done for id in step.after):
            return False
        kind, _, number = step.actor.partition(" ")
        handheld = self.handhelds[int(number) - 1] if number else None
        if handheld and not all(handheld.sees(sight) for sight in step.sees):
            return False
        if self.time < self.since.setdefault(step.id, self.time) + step.pause:
            return False
        if kind == "desk":
            if self.time < self.down_until or (step.do == "resolve" and not self._case(step)):
                return False
            try:
                self.database.write(SYSTEM, lambda work: self._at_the_desk(work, step))
                if step.refused:
                    self.undone.append(f"step {step.id} ({step.do}) was not refused at the desk")
            except Refusal as refusal:
                if not step.refused:
                    self.undone.append(f"step {step.id} ({step.do}) was refused at the desk: {refusal.sentence}")
        elif kind == "time":
            self.ahead += SIX_DAYS
            self._as_time_passes()
        elif kind == "network":
            assert handheld is not None
            (handheld.cut.add if step.do == "cut" else handheld.cut.discard)(step.id.partition(".")[0])
        elif step.do == "sync_now":
            assert handheld is not None
            handheld.due = self.time
        elif step.do == "photo":
            assert handheld is not None
            handheld.photos.append(self.world.named(step.args["name"]))
        elif step.do == "restart":
            assert handheld is not None
            handheld.restart()
        else:
            assert handheld is not None
            handheld.record(step)
        self.done.add(step.id)
        return True

    def _at_the_desk(self, work: Work, step: Step) -> None:
        work.actor = actor_of(work, self.world.people[step.by].id)
        args = self.world.named(step.args)
        if step.do == "disable_person":
            people.disable_person(work, people.DisablePerson(**args))
            return
        if step.do == "resolve":
            args = {"conflict_id": self._case(step)} | {name: args[name] for name in ("option", "value", "note")}
            perform(
                work, "resolve_conflict", args, mutation_id=derived_id("lab", self.world.run, step.id), site_id=SITE
            )
            return
        if step.do == "create_return":
            args["number"] = next_desk_number(work)
        perform(work, step.do, args, mutation_id=derived_id("lab", self.world.run, step.id), site_id=SITE)

    def _case(self, step: Step) -> str:
        orders = self.world.named(step.args["orders"])
        with self.database.read(SYSTEM) as work:
            found = work.find(Conflict, Conflict.rule == step.args["rule"], order_by=Conflict.id)
            return next((case.id for case in found if case.order_id in orders), "")

    def _as_things_happen(self) -> None:
        """What the worker's consumers do: counts are asked again when goods move in their bins."""
        heads = self.database.heads()
        if heads == self.heads or self.time < self.down_until:
            return

        def ask(work: Work) -> None:
            for count in work.find(BinCount, order_by=BinCount.id):
                x10.look(work, work.get(BinCount, count.id))

        self.database.write(SYSTEM, ask)
        self.heads = self.database.heads()

    def _as_time_passes(self) -> None:
        """What the worker does every minute."""
        self.database.write(SYSTEM, expire_held)
        self.database.write(SYSTEM, x17.look)

    def _drain(self) -> int:
        """Rounds of everybody syncing once until nothing is left to say."""
        for number in range(1, 11):
            self.time = round(self.time + SOON, 2)
            self._as_things_happen()
            before = self.database.heads()
            for handheld in self.handhelds:
                handheld.cut.clear()
                handheld.sync()
            if not any(handheld.unsent for handheld in self.handhelds) and self.database.heads() == before:
                return number
        return 11

    def _digest(self, feed: Documents) -> str:
        """Of everything that anybody will ever see of this: the documents, the ledger, the outcomes."""
        seen: Any = [sorted(feed.items())]
        with self.database.read(SYSTEM) as work:
            for table in ("stockentry", "stockbalance", "mutation", "conflict", "occurrence", "eventrow"):
                rows = work.rows(sa.text(f"SELECT * FROM {table}"))
                seen.append(sorted(canonical(list(map(str, row))) for row in rows))
        return hashlib.sha256(canonical(seen).encode()).hexdigest()[:16]


class Handheld:
    """A device as the protocol sees it: an outbox that forgets nothing unanswered, and a view made of what it pulled."""

    def __init__(self, lab: Simulation, number: int) -> None:
        self.lab, self.number = lab, number
        self.id = self.name = f"lab-device-{number}"
        self.outbox: list[MutationIn] = []
        self.made: list[Sent] = []
        self.told: dict[str, str] = {}
        self.view: Documents = {}
        self.cursors: dict[str, str] = {}
        self.cut: set[str] = set()
        self.due = 0.0
        self.failures = 0
        self.asked = 0
        self.counter = self.revision = 0
        self.photos: list[str] = []
        self.restarts = 0

    @property
    def unsent(self) -> bool:
        """Whether it has anything that the server does not know: what is held is known there."""
        return bool(self.photos) or any(self.told.get(each.id) != "held" for each in self.outbox)

    def restart(self) -> None:
        """What is stored is read anew; what was only in its memory is gone."""
        self.outbox = msgspec.json.decode(msgspec.json.encode(self.outbox), type=list[MutationIn])
        self.cursors, self.view = dict(self.cursors), dict(self.view)
        self.due = self.failures = 0
        self.restarts += 1

    @property
    def offline(self) -> bool:
        within = not self.lab.calm and any(
            window.device == self.number and window.begins <= self.lab.time < window.ends
            for window in self.lab.plan.windows
        )
        return within or bool(self.cut)

    @property
    def clock(self) -> int:
        set_at = [skew for skew in self.lab.plan.skews if skew.device == self.number and skew.at <= self.lab.time]
        return self.lab.now + (set_at[-1].by if set_at else 0)

    def sees(self, sight: Sight) -> bool:
        shown = self.view.get(f"{sight.kind} {self.lab.world.named(sight.key)}")
        return shown is not None and (
            not sight.field or msgspec.json.decode(shown)[sight.field] in self.lab.world.named(sight.values)
        )

    def record(self, step: Step) -> None:
        args = self.lab.world.named(step.args)
        if args.get("number") == "~number":
            self.counter += 1
            args["number"] = document_number("RT", f"L{self.number}", self.counter)
        if args.get("revision") == "~revision":
            args["revision"] = self.revision
        mutation = MutationIn(
            seq=len(self.made) + 1, id=derived_id("lab", self.lab.world.run, step.id), name=step.do, by=self.lab.world.people[step.by].id,
            site=SITE, schema=APP_SCHEMA, args=args, made_at=self.clock,
        )  # fmt: skip
        self.outbox.append(mutation)
        self.made.append(
            Sent(
                device=self.name,
                seq=mutation.seq,
                id=mutation.id,
                name=step.do,
                args=args,
                step=step.id,
                refused=step.refused,
            )
        )
        self.due = min(self.due, self.lab.time + TICK)

    def sync(self) -> None:
        """Pushes what waits and pulls to the end; later each time it fails."""
        try:
            if self.offline:
                raise NoNetwork
            while self.outbox:
                held = self._push(self.outbox[:20])
                if held:
                    break  # the rest of what waits is held at the server: asked again next time
            for feed in (CATALOGUE, site_feed(SITE)):
                self._pull(feed)
            while self.photos:
                self._exchange(lambda: self._upload(self.photos[0]))
                del self.photos[0]
        except (NoNetwork, Killed):
            self.failures += 1
            self.due = self.lab.time + min(SOON * 2**self.failures, LONGEST)
        else:
            self.failures = 0
            self.due = self.lab.time + SOON * 2

    def _push(self, batch: list[MutationIn]) -> bool:
        """True when everything left in the batch is held."""

        def ask() -> PushResponse:
            lab = self.lab
            request = PushRequest(
                protocol=PROTOCOL, epoch=lab.database.epoch, device=self.id, app_schema=APP_SCHEMA, mutations=batch,
                state=DeviceState(pending=len(self.outbox) - len(batch), pending_photos=len(self.photos), clock=self.clock),
            )  # fmt: skip
            return push(lab.database, self.record_there, request)

        results: list[Result] = self._exchange(ask).results
        for result in results:
            self.told[result.id] = result.status
        answered = {result.id for result in results if result.status != "held"}
        self.outbox = [each for each in self.outbox if each.id not in answered]
        return not answered

    def _upload(self, sha256: str) -> None:
        def store(work: Work) -> None:
            note_photo(
                work, sha256, size=1, media_type="image/png", width=16, height=16, site_id=SITE, device_id=self.id
            )

        self.lab.database.write(SYSTEM, store)

    def _pull(self, feed: str) -> None:
        more = True
        while more:
            page = msgspec.json.decode(
                self._exchange(lambda: pull(self.lab.database, self.record_there, feed, self.cursors.get(feed, "")))
            )
            if page["reset"] and feed in self.cursors:
                self.view.clear()
            lay(self.view, page["changes"])
            self.cursors[feed], more = page["cursor"], page["more"]
            self.revision = page["revision"]  # of the site's feed, which is read last

    def _exchange(self, ask: Callable[[], Any]) -> Any:
        """One request, and what the network makes of it."""
        lab = self.lab
        if lab.calm:
            return lab.reach(ask)
        faults = lab.plan.faults[self.number - 1]
        what, delay, _ = faults[self.asked % len(faults)]
        self.asked += 1
        if what in ("request lost", "request cut"):
            raise NoNetwork
        if what in ("killed before", "killed after"):
            with _dying(lab.database, before=what == "killed before"):
                try:
                    lab.reach(ask)
                finally:
                    lab.kill()
            raise Killed
        if what == "twice":
            lab.reach(ask)
        if what == "again later":
            lab.late.append((lab.time + 1 + float(delay) * 10, ask))
        answer = lab.reach(ask)
        if what not in (HARMLESS, "twice", "again later"):
            raise NoNetwork
        return answer

    @property
    def record_there(self) -> Device:
        with self.lab.database.read(SYSTEM) as work:
            found = work.look(Device, self.id)
        assert found is not None
        return found


@contextmanager
def _dying(database: Database, *, before: bool) -> Iterator[None]:
    """The server dies when it is about to commit; otherwise its answer is lost, for it dies right after."""

    def die(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writes"):
            raise Killed

    if not before:
        yield
        return
    sa.event.listen(database.engine, "commit", die)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "commit", die)


@contextmanager
def _shrugged_off() -> Iterator[None]:
    """A copy of a request that comes late is answered to nobody; a gap in it is the server's to refuse."""
    try:
        yield
    except (NoNetwork, Killed, Refusal):
        return


def simulate(plan: Plan, progress: Progress, url: str = "") -> tuple[History, str]:
    with tempfile.TemporaryDirectory(prefix="restow-lab-") as folder:
        simulation = Simulation(plan, url or f"sqlite:///{Path(folder) / 'restow.db'}", progress)
        try:
            return simulation.run()
        finally:
            simulation.close()
