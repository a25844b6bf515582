"""A lab from beginning to end: make a plan, carry it out, heal everything, drain, and show the proof."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

from server import frontend
from server.database import Database
from server.domain.catalog import Site
from server.domain.conflict_rules import x17
from server.domain.held import expire_held
from server.domain.people import Person
from server.domain.permissions import SYSTEM
from server.migrations import migrate
from server.sync.shapes import BY_MODEL

from . import elsewhere, world
from .floor import Desk, Failed, Handheld, at_the_desk, case_of
from .history import History, Kept, Provoked, Sent, kept_in, said_in, settled
from .judge import Line, judge
from .machine import DidNotStart, Server, config_for
from .network import Network
from .plan import CannotRun, Options, Plan, Step, make
from .progress import Progress
from .simulated import simulate
from .world import World

TICK = 0.2
SIX_DAYS = 6 * 86_400_000
PATIENCE = 120.0
"""Seconds after the end in which every step must have become possible."""
ROUNDS = 10
BUNDLE = frontend.DIST / ".lab" / "handheld.mjs"


def run(
    options: Options,
    *,
    simulated: bool = False,
    database: str = "",
    there: "elsewhere.There | None" = None,
    keep: bool = False,
) -> bool:
    """Prints the plan, the progress and the proof; says whether every line of it holds. Raises CannotRun."""
    progress = Progress(options.minutes * 60)
    plan = make(options)
    progress.prove(_told(plan, around=" and around its commits" if simulated else ""))
    began = time.monotonic()
    digest = ""
    if simulated:
        history, digest = simulate(
            plan, progress, config_for(Path(), {"DATABASE_URL": database}).database_url if database else ""
        )
        lines = judge(history)
    else:
        node = _node()
        with _folder(keep) as folder:
            try:
                history = asyncio.run(_real(plan, progress, node, folder, database, there))
            except (Failed, DidNotStart, TimeoutError) as failed:
                raise CannotRun(f"{failed}\nWhat the server and the handhelds said is in {folder.keep()}.") from None
            lines = judge(history)
            if not all(line.holds for line in lines) and there is None:
                progress.write(f"The data is kept in {folder.keep()}.")
    _show(progress, lines, time.monotonic() - began, digest)
    return all(line.holds for line in lines)


# What is shown


def _told(plan: Plan, around: str) -> str:
    handheld = sum(step.actor.startswith("handheld") for step in plan.steps)
    desk = sum(step.actor == "desk" for step in plan.steps)
    faults = [
        f"{len(plan.windows)} partitions" if plan.windows else "",
        f"{len(plan.skews)} wrong clocks" if plan.skews else "",
        f"{plan.options.lost_acks:.0%} of answers lost" if plan.options.lost_acks else "",
        "requests doubled" if plan.options.duplicates else "",
        f"the server killed {len(plan.kills)}×{around}" if plan.kills else "",
    ]
    return (
        f"Seed {plan.options.seed}, plan {plan.digest}: {plan.options.devices} handhelds, {handheld} steps on the floor, {desk} at the desk, "
        f"{len(plan.clashes)} clashes provoked.\nFaults: {', '.join(filter(None, faults)) or 'none'}."
    )


def _show(progress: Progress, lines: list[Line], seconds: float, digest: str) -> None:
    width = max(len(line.name) for line in lines)
    for line in lines:
        progress.prove(f"  {'✓' if line.holds else '✕'} {line.name:<{width}}  {line.said}")
        for breach in line.breaches[:8]:
            progress.prove(f"      {breach}")
        if len(line.breaches) > 8:
            progress.prove(f"      and {len(line.breaches) - 8} more")
    broken = sum(not line.holds for line in lines)
    verdict = f"BROKEN: {broken} of {len(lines)} lines do not hold" if broken else "Proved: every line holds"
    progress.prove(f"{verdict}, after {seconds:.1f} s." + (f" Final state {digest}." if digest else ""))


# The real thing


def one_by_one(steps: list[Step]) -> list[list[Step]]:
    """Each story's steps of one actor follow one another as they were told, whatever time they were given: one that stood before what
    it waits for would stop everything behind it. Stories do not wait for each other."""
    found: dict[tuple[str, str], list[tuple[int, Step]]] = {}
    for step in steps:
        story, _, number = step.id.partition(".")
        found.setdefault((step.actor, story), []).append((int(number), step))
    return [[step for _, step in sorted(each, key=lambda told: told[0])] for each in found.values()]


async def _real(
    plan: Plan, progress: Progress, node: Path, folder: "_Folder", database: str, there: "elsewhere.There | None"
) -> History:
    if there is None:
        server = Server(config_for(folder.path, {**os.environ, "DATABASE_URL": database} if database else None))
        known, code = await asyncio.to_thread(_furnish, server, plan)
        place = world.made(known, plan)
        url, password = server.url, world.PASSWORD
        server.start()
        await asyncio.to_thread(server.wait_until_up)
    else:
        server = None
        url, password = there.url, world.PASSWORD
        place, code = await asyncio.to_thread(elsewhere.furnish, there, plan)
    with (folder.path / "handhelds.log").open("wb") as log:
        floor = Floor(plan, place, url, password, server, progress, folder.path)
        try:
            progress.write("The server is up; the handhelds fetch their packs.")
            await floor.open(node, code, log)
            await floor.work()
            return await floor.judged(server.config.database_url if server else "", there)
        finally:
            await floor.close()
            if server is not None:
                await asyncio.to_thread(server.stop)


def _furnish(server: Server, plan: Plan) -> tuple[dict[str, world.Person], str]:
    """Fills an empty database with the lab's world. One that somebody uses is refused."""
    migrate(server.config)
    database = Database(server.config.database_url, BY_MODEL)
    try:
        with database.read(SYSTEM) as work:
            if work.first(Person) or work.first(Site):
                raise CannotRun("This database is in use. The lab needs an empty one, for itself alone.")
        database.write(SYSTEM, lambda work: world.make(work, plan))
        return database.write(SYSTEM, lambda work: world.let_in(work, plan.leavers))
    finally:
        database.close()


class Floor:
    """Everybody at work: carries the plan out step by step, then heals, drains and gathers what happened."""

    def __init__(
        self, plan: Plan, place: World, url: str, password: str, server: Server | None, progress: Progress, folder: Path
    ) -> None:
        self.plan, self.world, self.url, self.password = plan, place, url, password
        self.server, self.progress, self.folder = server, progress, folder
        self.handhelds: list[Handheld] = []
        self.desks = {name: Desk(url) for name in world.DESK}
        self.done: set[str] = set()
        self.undone: list[str] = []
        self.rounds = 0
        self.began = 0.0
        self.pressed: dict[int, asyncio.Task[None]] = {}

    async def open(self, node: Path, code: str, log: Any) -> None:
        for name, desk in self.desks.items():
            await asyncio.to_thread(desk.sign_in, self.world.people[name].username, self.password)
        for n in range(1, self.plan.options.devices + 1):
            handheld = Handheld(n, Network(self.plan, n, self.url), log)
            self.handhelds.append(handheld)
            await handheld.start(node, BUNDLE)
        await asyncio.gather(*(handheld.enrol(code) for handheld in self.handhelds))

    async def close(self) -> None:
        await asyncio.gather(*(handheld.close() for handheld in self.handhelds))

    async def work(self) -> None:
        self.began = time.monotonic()
        for handheld in self.handhelds:
            handheld.network.began, handheld.network.calm = self.began, False
        around = [asyncio.create_task(each) for each in (self._kill_and_restart(), self._skew(), self._watch())]
        try:
            await asyncio.gather(*(self._carry_out(each) for each in one_by_one(self.plan.steps)))
            await asyncio.sleep(max(0.0, self.plan.seconds - self.time))
        finally:
            for handheld in self.handhelds:
                handheld.network.calm = True
                handheld.network.cut.clear()
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
        self.progress.write("Everything is healed: now everybody hands over what is left.")
        if self.server is not None:
            if self.server.process is None or self.server.process.poll() is not None:
                self.server.start()
            await asyncio.to_thread(self.server.wait_until_up)
        await asyncio.gather(*(handheld.network.settle() for handheld in self.handhelds))
        await self._drain()
        if self.plan.evening:
            self.progress.write("Days pass; what nobody heard of any more is decided.")
            await self._carry_out(self.plan.evening)
            await self._drain()

    async def judged(self, database_url: str, there: "elsewhere.There | None") -> History:
        reports = [await handheld.ask("report") for handheld in self.handhelds]
        planned = {step.id: step for step in self.plan.steps}
        sent = [
            Sent(device=handheld.device_id, seq=each["seq"], id=each["id"], name=each["name"], args=each["args"], step=each["step"],
                 refused=planned[each["step"]].refused)
            for handheld, report in zip(self.handhelds, reports, strict=True)
            for each in report["made"]
        ]  # fmt: skip
        if there is None:
            kept = await asyncio.to_thread(_kept, database_url, self.world.site_id)
        else:
            photos = said_in(self.plan, self.world)["photos"]
            orders = {self.world.named(order) for step in self.plan.steps for order in _orders_of(step)}
            kept = await asyncio.to_thread(
                elsewhere.kept, there, self.world, [each.device_id for each in self.handhelds], orders, photos
            )
        return History(
            sent=sent,
            acknowledged={id: status for report in reports for id, status in report["told"].items()},
            unanswered={handheld.device_id: report["waiting"] for handheld, report in zip(self.handhelds, reports, strict=True)},
            views={handheld.device_id: report["documents"] for handheld, report in zip(self.handhelds, reports, strict=True)},
            provoked=[
                Provoked(rule=clash.rule, orders=tuple(self.world.named(clash.orders)), story=clash.story, resolved=clash.resolved)
                for clash in self.plan.clashes
            ],
            restarts=sum(handheld.restarts for handheld in self.handhelds), **said_in(self.plan, self.world),
            undone=self.undone, rounds=self.rounds, **{name: getattr(kept, name) for name in Kept.__struct_fields__},
        )  # fmt: skip

    @property
    def time(self) -> float:
        return time.monotonic() - self.began

    async def _carry_out(self, steps: list[Step]) -> None:
        for step in steps:
            kind, _, number = step.actor.partition(" ")
            handheld = self.handhelds[int(number) - 1] if number else None
            await asyncio.sleep(max(0.0, step.at - self.time))
            while not await self._possible(step, handheld):
                if self.time > self.plan.seconds + PATIENCE:
                    self.undone.append(f"step {step.id} ({step.actor} {step.do}) never became possible")
                    return
                await asyncio.sleep(TICK)
            await asyncio.sleep(step.pause)
            try:
                if kind == "desk":
                    await asyncio.to_thread(at_the_desk, self.desks[step.by], step, self.world)
                elif kind == "network":
                    assert handheld is not None
                    (handheld.network.cut.add if step.do == "cut" else handheld.network.cut.discard)(
                        step.id.partition(".")[0]
                    )
                elif step.do == "sync_now":
                    assert handheld is not None
                    self._press(handheld)
                elif step.do == "photo":
                    assert handheld is not None
                    await handheld.photograph(step, self.world)
                elif step.do == "restart":
                    assert handheld is not None
                    await handheld.restart(self.folder)
                elif kind == "time":
                    assert self.server is not None
                    await asyncio.to_thread(days_pass, self.server.config.database_url)
                else:
                    assert handheld is not None
                    await handheld.record(step, self.world, world.PIN)
            except Failed as failed:
                self.undone.append(f"step {step.id} ({step.actor} {step.do}): {failed}")
                return
            self.done.add(step.id)

    async def _possible(self, step: Step, handheld: Handheld | None) -> bool:
        if not all(id in self.done for id in step.after):
            return False
        if step.do == "resolve":
            return bool(await asyncio.to_thread(case_of, self.desks[step.by], step, self.world))
        if handheld is None:
            return True
        for sight in step.sees:
            if not await handheld.shows(sight, self.world):
                return False
        return True

    async def _kill_and_restart(self) -> None:
        if self.server is None:
            return
        for kill in self.plan.kills:
            await asyncio.sleep(max(0.0, kill.at - self.time))
            await asyncio.to_thread(self.server.kill)
            await asyncio.sleep(kill.down)
            self.server.start()

    async def _skew(self) -> None:
        for skew in sorted(self.plan.skews, key=lambda each: each.at):
            await asyncio.sleep(max(0.0, skew.at - self.time))
            await self.handhelds[skew.device - 1].set_clock(skew.by)

    async def _watch(self) -> None:
        while True:
            for handheld in self.handhelds:
                handheld.network.keep_watch()
            with contextlib.suppress(Failed, TimeoutError):
                await asyncio.gather(*(handheld.look() for handheld in self.handhelds))
            if self.time > self.plan.seconds:
                for handheld in self.handhelds:
                    handheld.network.calm = True
                    self._press(handheld)
            self.progress.tell(
                self.time, recorded=sum(each.recorded for each in self.handhelds), waiting=sum(each.waiting for each in self.handhelds),
                offline=sum(each.network.offline for each in self.handhelds), kills=self.server.kills if self.server else 0,
                behind=len(self.plan.steps) - len(self.done),
            )  # fmt: skip
            await asyncio.sleep(TICK)

    def _press(self, handheld: Handheld) -> None:
        """Somebody presses "sync now" and goes on working, whatever comes of it."""
        if handheld.number not in self.pressed:
            self.pressed[handheld.number] = task = asyncio.create_task(_tried(handheld.ask("sync")))
            task.add_done_callback(lambda _: self.pressed.pop(handheld.number, None))

    async def _drain(self) -> None:
        """Rounds of everybody pressing "sync now", until nobody has anything to say and the workers have read everything."""
        for number in range(1, ROUNDS + 1):
            self.rounds = number
            states = await asyncio.gather(*(handheld.ask("sync") for handheld in self.handhelds))
            if not any(state["waiting"] - state["held"] or state["photos"] or state["error"] for state in states):
                break
        await asyncio.to_thread(self._until_settled)
        await asyncio.gather(*(handheld.ask("sync") for handheld in self.handhelds))

    def _until_settled(self) -> None:
        if self.server is None:
            time.sleep(3)
            return
        database = Database(self.server.config.database_url, BY_MODEL)
        until = time.monotonic() + 60
        try:
            while time.monotonic() < until and not settled(database):
                time.sleep(0.2)
        finally:
            database.close()


def days_pass(url: str) -> None:
    """What the worker does when six days have gone by without news: nothing else in the lab takes that long."""
    database = Database(url, BY_MODEL, lambda: round(time.time() * 1000) + SIX_DAYS)
    try:
        database.write(SYSTEM, expire_held)
        database.write(SYSTEM, x17.look)
    finally:
        database.close()


async def _tried(asking: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(Failed, TimeoutError):
        await asking


def _kept(url: str, site_id: str) -> Kept:
    database = Database(url, BY_MODEL)
    try:
        return kept_in(database, site_id)
    finally:
        database.close()


def _orders_of(step: Step) -> list[str]:
    return [
        value for name, value in step.args.items() if name in ("order_id", "id") and str(value).startswith("~order")
    ]


# Places


class _Folder:
    def __init__(self, path: Path, kept: bool) -> None:
        self.path, self.kept = path, kept

    def keep(self) -> Path:
        self.kept = True
        return self.path


@contextlib.contextmanager
def _folder(keep: bool) -> Iterator[_Folder]:
    folder = _Folder(Path(tempfile.mkdtemp(prefix="restow-lab-")), keep)
    try:
        yield folder
    finally:
        if not folder.kept:
            shutil.rmtree(folder.path, ignore_errors=True)


def _node() -> Path:
    """The Node that runs the handhelds, once the app and its handheld without a screen are built."""
    home = frontend.node_home()
    if not frontend.is_fresh() or not BUNDLE.exists():
        if home is None and not BUNDLE.exists():
            raise CannotRun("Node is missing: run `make setup`.")
        frontend.build()
    if home is None or not BUNDLE.exists():
        raise CannotRun("The handheld for the lab is not built: run `restow build`.")
    return home / "bin" / "node"
