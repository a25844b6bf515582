"""What will be done in the lab, and what will go wrong meanwhile: all of it written down before anything begins.

A plan is a list of steps. A step waits for its time, for the steps named in `after`, and until its handheld shows what `sees` names;
so a clash that a story provokes happens whatever the network does, and the plan knows which conflicts must be found afterwards.
Names beginning with ~ (`~order:3`, `~bin:sellable`) become ids when the plan is carried out: the same seed gives the same plan on
every server.
"""

import hashlib
import random
from collections.abc import Callable
from typing import Any

import msgspec

CHECKS = ("appearance", "function", "accessories", "packaging")
ITEMS, IN_LOTS = 6, 2
"""Goods of the lab; the last ones come in lots, so that what is counted per lot is nobody's guess."""
EVENING = "evening.0"
LAST_PART = 0.8
"""Stories begin in this part of the time, so that most end before everything is healed."""


class CannotRun(Exception):
    """Carries the sentence that says why, and what to do."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`lost_acks` is the share of answers that never arrive."""

    devices: int = 3
    minutes: float = 1.0
    seed: int = 1
    partitions: bool = False
    skew: bool = False
    lost_acks: float = 0.0
    duplicates: bool = False
    kill_server: bool = False
    outside: bool = False
    """On a server that is there already: nothing that needs shipments of its own, or days to pass."""


class Sight(msgspec.Struct, frozen=True):
    """A document that a handheld must show; with `field`, only with one of these values in it."""

    kind: str
    key: str
    field: str = ""
    values: tuple[str | int, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`actor`: `desk`, `handheld n`, `network n` (`cut` and `join`), or `time` (`days_pass`). `at`: seconds from the start.

    `do` is a command's name; at a handheld also `sync_now` (somebody presses the button), `photo` or `restart`; at the desk also
    `disable_person` and `resolve`, which waits for a case of this rule about one of these orders.
    """

    id: str
    actor: str
    at: float
    by: str
    do: str
    args: dict[str, Any] = {}
    after: tuple[str, ...] = ()
    sees: tuple[Sight, ...] = ()
    refused: bool = False
    """Whoever does this may not, or it makes no sense: the server must say so, and keep what was sent."""
    pause: float = 0.0
    """So many seconds after it became possible."""


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict that a story provokes: one case of this rule, about one of these orders."""

    rule: str
    orders: tuple[str, ...]
    story: str
    resolved: bool = False
    """A supervisor decides it before the end."""


class Shipment(msgspec.Struct, frozen=True):
    """What a customer was sent and may return. Its id is `~shipment:n`, counted from 1."""

    item: str
    quantity: int
    lot: str = ""


class Window(msgspec.Struct, frozen=True):
    """A handheld without network, in seconds from the start."""

    device: int
    begins: float
    ends: float


class Kill(msgspec.Struct, frozen=True):
    at: float
    down: float


class Skew(msgspec.Struct, frozen=True):
    """From `at` on this handheld's clock is wrong by so many milliseconds."""

    device: int
    at: float
    by: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    options: Options
    steps: list[Step]
    evening: list[Step]
    """Done when the shift is over and everybody has handed over what they had."""
    clashes: list[Clash]
    shipments: list[Shipment]
    customers: int
    bins: int
    """So many bins for what is for sale."""
    windows: list[Window]
    kills: list[Kill]
    skews: list[Skew]
    leavers: int
    faults: list[list[list[str | float]]]
    """For each handheld, what happens to its requests to come; then it begins again from the first."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    @property
    def seconds(self) -> float:
        return self.options.minutes * 60


def make(options: Options) -> Plan:
    dice = random.Random(f"restow lab {options.seed}")
    skews = _skews(options, random.Random(f"restow lab clocks {options.seed}"))
    teller = Teller(options, dice)
    teller.tell()
    return Plan(
        options=options,
        steps=teller.steps,
        evening=teller.evening,
        clashes=teller.clashes,
        shipments=teller.shipments,
        customers=teller.customers,
        bins=teller.wrong_bins + 2,
        windows=_windows(options, dice),
        kills=_kills(options, dice),
        skews=skews,
        leavers=teller.leavers,
        faults=[_faults(options, dice) for _ in range(options.devices)],
    )


# Faults

DAY = 86_400_000
HARMLESS = "passes"
STEADY = (1, 2)
"""Handhelds whose clocks may be wrong, but are not set while they work: what happened first can be told of two of them."""


def _windows(options: Options, dice: random.Random) -> list[Window]:
    if not options.partitions:
        return []
    found = []
    for device in range(1, options.devices + 1):
        at = dice.uniform(0.02, 0.2) * options.minutes * 60
        while at < options.minutes * 60:
            ends = at + dice.uniform(1, 4) + (dice.random() < 0.2) * options.minutes * 10
            found.append(Window(device, round(at, 2), round(ends, 2)))
            at = ends + dice.uniform(3, 9)
    return found


def _kills(options: Options, dice: random.Random) -> list[Kill]:
    if not options.kill_server:
        return []
    seconds = options.minutes * 60
    times = max(1, round(seconds / 25))
    return [
        Kill(round((n + dice.uniform(0.3, 0.7)) * seconds / times, 2), round(dice.uniform(0.1, 2.0), 2))
        for n in range(times)
    ]


def _skews(options: Options, dice: random.Random) -> list[Skew]:
    """Minutes, hours, years, fast and slow; and half-way some clocks are set, but not those of STEADY handhelds."""
    if not options.skew:
        return []
    wrong = (90_000, -90_000, 7_200_000, -7_200_000, 400 * DAY, -400 * DAY, 3650 * DAY, -3650 * DAY)
    found = [Skew(device, 0, dice.choice(wrong)) for device in range(1, options.devices + 1)]
    for device in range(max(STEADY) + 1, options.devices + 1):
        if dice.random() < 0.5:
            found += [Skew(device, round(dice.uniform(0.3, 0.7) * options.minutes * 60, 2), dice.choice((0, *wrong)))]
    return found


def _faults(options: Options, dice: random.Random) -> list[list[str | float]]:
    """[what, seconds of delay, where to cut (0..1)] of each request.

    `answer lost`: the server did it and nobody was told. `answer cut`: the connection broke in the middle of the answer.
    `request lost`, `request cut`: it never arrived whole. `twice`: both arrive at once. `again later`: a copy comes late.
    `killed before`, `killed after`: the server dies around the commit (only in the simulation, which can see it).
    """
    found: list[list[str | float]] = []
    for _ in range(400):
        draw, what = dice.random(), HARMLESS
        if draw < options.lost_acks:
            what = dice.choice(("answer lost", "answer lost", "answer cut"))
        elif options.partitions and draw < options.lost_acks + 0.08:
            what = dice.choice(("request lost", "request cut"))
        elif options.duplicates and dice.random() < 0.3:
            what = dice.choice(("twice", "again later"))
        elif options.kill_server and dice.random() < 0.04:
            what = dice.choice(("killed before", "killed after"))
        found.append([what, round(dice.choice((0, 0, dice.uniform(0, 0.3))), 3), round(dice.random(), 3)])
    return found


# Work


class Teller:
    """Tells stories until everybody's time is filled. Each has orders of its own, so no story's clash is another's."""

    def __init__(self, options: Options, dice: random.Random) -> None:
        self.options, self.dice = options, dice
        self.steps: list[Step] = []
        self.evening: list[Step] = []
        self.clashes: list[Clash] = []
        self.shipments: list[Shipment] = []
        self.leavers = self.customers = 0
        self.orders = 0
        self.wrong_bins = 0
        self.told = 0

    def tell(self) -> None:
        """Everybody labels a tote; then each kind of story once, and then those a shift is mostly made of."""
        begin = Story(self, "begin", 0)
        for device in range(1, self.options.devices + 1):
            begin.floor(
                device,
                "cleo",
                "use_container",
                container_id=f"~tote:{device}",
                site_id="~site",
                label=f"~label:{device}",
            )
        seconds = self.options.minutes * 60
        for device in range(1, self.options.devices + 1):
            begin.at = self.dice.uniform(2, 4)
            while begin.at < seconds:
                begin.floor(device, "cleo", "sync_now")
                begin.at += self.dice.uniform(2, 5)
        kinds: list[Callable[[Story], None]] = [
            story for story in STORIES if not (self.options.outside and story in NOT_OUTSIDE)
        ]
        known = tuple(kinds)
        wanted = max(len(kinds), round(self.options.devices * seconds / 12))
        self.dice.shuffle(kinds)
        while len(kinds) < wanted:
            kinds.append(self.dice.choice(OFTEN if self.dice.random() < 0.6 else known))
        for n, kind in enumerate(kinds):
            self.told += 1
            kind(Story(self, kind.__name__, round(n * seconds * LAST_PART / wanted, 2)))
        self.steps.sort(key=lambda step: step.at)
        if self.evening:
            self.evening.insert(0, Step(id=EVENING, actor="time", at=0, by="", do="days_pass"))

    @property
    def late(self) -> float:
        """Seconds after which no request of before is on its way any more. A handheld's clock is known by what it says of it, less the
        time that took; so two clocks tell what came first only where more than this lies between."""
        return min(30.0, max(10.0, self.options.minutes * 10))

    def order(self) -> str:
        self.orders += 1
        return f"~order:{self.orders}"


class Story:
    """One thing that happens on the floor. Each actor's steps follow one another; `after` joins them where it matters."""

    def __init__(self, teller: Teller, name: str, at: float) -> None:
        self.teller, self.dice, self.name, self.at = teller, teller.dice, name, at
        self.number = teller.told
        self.crew = self.dice.sample(range(1, teller.options.devices + 1), min(3, teller.options.devices))
        self.last: dict[str, str] = {}
        self.steps = 0

    @property
    def a(self) -> int:
        return self.crew[0]

    @property
    def b(self) -> int:
        return self.crew[1 % len(self.crew)]

    def step(self, actor: str, by: str, do: str, after: tuple[str, ...] = (), sees: tuple[Sight, ...] = (),
             refused: bool = False, pause: float = 0.0, **args: Any) -> str:  # fmt: skip
        self.steps += 1
        self.at += round(self.dice.uniform(0.1, 0.9), 2)
        id = f"{self.number}.{self.steps}"
        before = (self.last[actor],) if actor in self.last else ()
        self.teller.steps.append(
            Step(id=id, actor=actor, at=round(self.at, 2), by=by, do=do, args=args, after=(*before, *after), sees=sees,
                 refused=refused, pause=pause)
        )  # fmt: skip
        self.last[actor] = id
        return id

    def desk(self, by: str, do: str, after: tuple[str, ...] = (), refused: bool = False, **args: Any) -> str:
        return self.step("desk", by, do, after, refused=refused, **args)

    def floor(self, device: int, by: str, do: str, after: tuple[str, ...] = (), sees: tuple[Sight, ...] = (),
              refused: bool = False, **args: Any) -> str:  # fmt: skip
        return self.step(f"handheld {device}", by, do, after, sees, refused, **args)

    def cut(self, device: int, after: tuple[str, ...] = (), sees: tuple[Sight, ...] = ()) -> str:
        """This handheld works without network now, until `join`."""
        made = self.step(f"network {device}", "", "cut", after, sees)
        self.last[f"handheld {device}"] = made
        return made

    def join(self, device: int, after: tuple[str, ...]) -> str:
        return self.step(f"network {device}", "", "join", after)

    def clash(self, rule: str, *orders: str, resolved: bool = False) -> None:
        self.teller.clashes.append(
            Clash(rule=rule, orders=orders, story=f"{self.number} {self.name}", resolved=resolved)
        )

    def decided(self, rule: str, *orders: str, option: str, value: Any = None, after: tuple[str, ...] = ()) -> None:
        """A clash that a supervisor decides as soon as it is known."""
        self.clash(rule, *orders, resolved=True)
        self.desk("sue", "resolve", after, rule=rule, orders=list(orders), option=option, value=value, note=self.name)

    def maybe_decided(self, rule: str, *orders: str, option: str) -> None:
        if self.dice.random() < 0.6:
            self.decided(rule, *orders, option=option)
        else:
            self.clash(rule, *orders)

    def in_the_evening(self, rule: str, order: str, option: str) -> None:
        """A clash that only days without news make, decided then."""
        self.clash(rule, order, resolved=True)
        self.teller.evening.append(
            Step(
                id=f"{self.number}.evening", actor="desk", at=0, by="sue", do="resolve", after=(EVENING,),
                args={"rule": rule, "orders": [order], "option": option, "value": None, "note": self.name},
            )
        )  # fmt: skip

    def shipped(self, item: str, quantity: int, lot: str = "") -> str:
        self.teller.shipments.append(Shipment(item, quantity, lot))
        return f"~shipment:{len(self.teller.shipments)}"

    def photo(self, device: int, kind: str = "defect", after: tuple[str, ...] = ()) -> dict[str, str]:
        """Taken on this handheld; what it returns goes into the command that the photo belongs to."""
        name = f"~photo:{self.number}:{self.steps}"
        self.floor(device, "ines", "photo", after, name=name, kind=kind)
        return {"sha256": name, "kind": kind}

    def item(self) -> str:
        return f"~item:{self.dice.randrange(ITEMS - IN_LOTS)}"

    def item_in_lots(self) -> str:
        return f"~item:{self.dice.randrange(ITEMS - IN_LOTS, ITEMS)}"

    def draft(self, *quantities: int, item: str = "", shipment: str = "") -> tuple[str, list[str], list[str]]:
        """Filed at the desk: the order, its lines, their items."""
        order = self.teller.order()
        number = order.partition(":")[2]
        lines = [f"~line:{number}:{n}" for n in range(len(quantities))]
        items = [item or self.item() for _ in quantities]
        self.desk(
            "sally", "create_return", order_id=order, number="~number", site_id="~site", type_code="~type",
            lines=[{"line_id": line, "item_id": item, "quantity": quantity, "outbound_line_id": shipment}
                   for line, item, quantity in zip(lines, items, quantities, strict=True)],
        )  # fmt: skip
        return order, lines, items

    def approved(self, *quantities: int, item: str = "", shipment: str = "") -> tuple[str, list[str], list[str], Sight]:
        order, lines, items = self.draft(*quantities, item=item, shipment=shipment)
        self.desk("sally", "submit_return", order_id=order)
        self.desk("rita", "approve_return", order_id=order)
        seen = Sight("return_order", order, "status", ("approved", "receiving", "inspecting", "disposing", "completed"))
        return order, lines, items, seen

    def scan(self, device: int, order: str, line: str, item: str, quantity: int = 1, by: str = "cleo",
             after: tuple[str, ...] = (), sees: tuple[Sight, ...] = (), refused: bool = False, **more: Any) -> tuple[str, str]:  # fmt: skip
        receipt = f"~receipt:{self.number}:{self.steps}"
        made = self.floor(
            device, by, "scan_item", after, sees, refused, receipt_id=receipt, order_id=order, line_id=line, site_id="~site", item_id=item,
            quantity=quantity, text=item.replace("item", "barcode"), **{"container_id": f"~tote:{device}"} | more,
        )  # fmt: skip
        return made, receipt

    def inspect(self, device: int, line: str, quantity: int = 1, *, good: bool = True, by: str = "ines",
                after: tuple[str, ...] = (), sees: tuple[Sight, ...] = (), refused: bool = False, **more: Any) -> tuple[str, str]:  # fmt: skip
        inspection = f"~inspection:{self.number}:{self.steps}"
        checks = [{"check": check, "outcome": "pass" if good or check != "appearance" else "fail"} for check in CHECKS]
        made = self.floor(
            device, by, "inspect", after, sees, refused, inspection_id=inspection, line_id=line, site_id="~site", quantity=quantity,
            verdict="pass" if good else "fail", grade="A" if good else "D", checks=checks, container_id=f"~tote:{device}", **more,
        )  # fmt: skip
        return made, inspection

    def dispose(self, device: int, line: str, quantity: int, kind: str = "restock", by: str = "ines",
                after: tuple[str, ...] = (), sees: tuple[Sight, ...] = (), refused: bool = False, **more: Any) -> tuple[str, str]:  # fmt: skip
        disposition = f"~disposition:{self.number}:{self.steps}"
        made = self.floor(
            device, by, "dispose", after, sees, refused, disposition_id=disposition, line_id=line, site_id="~site", quantity=quantity, kind=kind,
            container_id=f"~tote:{device}", **more,
        )  # fmt: skip
        return made, disposition

    def put_away(self, device: int, line: str, quantity: int, bin: str = "~bin:sellable", **more: Any) -> str:
        return self.floor(
            device, "cleo", "put_away", **more, line_id=line, site_id="~site", quantity=quantity, bin_id=bin,
            container_id=f"~tote:{device}",
        )  # fmt: skip


# Stories without a clash


def two_receive_one_order(s: Story) -> None:
    """Counts commute: both scan, inspect, dispose of and put away their part; one of them scans one too many and takes it back."""
    parts = {device: [s.dice.randint(1, 4), s.dice.randint(1, 3)] for device in {s.a, s.b}}
    order, lines, items, seen = s.approved(*(sum(part[n] for part in parts.values()) for n in range(2)))
    for device, part in sorted(parts.items()):
        for line, item, quantity in zip(lines, items, part, strict=True):
            for _ in range(quantity):
                s.scan(device, order, line, item, sees=(seen,))
        _, receipt = s.scan(device, order, lines[0], items[0])
        s.floor(device, "cleo", "unreceive", receipt_id=receipt, quantity=1, reason="undo")
        for line, quantity in zip(lines, part, strict=True):
            kind = s.dice.choice(("restock", "restock", "repair"))
            s.inspect(device, line, quantity, good=kind == "restock")
            s.dispose(device, line, quantity, kind)
            s.put_away(device, line, quantity, "~bin:sellable" if kind == "restock" else "~bin:repair")


def one_receives_one_order(s: Story) -> None:
    quantity, lot = s.dice.randint(2, 6), s.dice.choice(("L1", "L2"))
    order, lines, items, seen = s.approved(quantity, item=s.item_in_lots())
    s.scan(s.a, order, lines[0], items[0], quantity - 1, sees=(seen,), lot=lot)
    s.scan(s.a, order, lines[0], items[0], lot=lot)
    s.inspect(s.a, lines[0], quantity, lot=lot)
    s.dispose(s.a, lines[0], quantity, lot=lot)
    s.put_away(s.a, lines[0], quantity, lot=lot)


def two_open_one_parcel(s: Story) -> None:
    """Nobody knows whose it is. One opens the parcel and the return; the other works on what is in it before that has arrived."""
    order, item, parcel, waybill = s.teller.order(), s.item(), f"~parcel:{s.number}", f"~waybill:{s.number}"
    line = f"~scanline:{order.partition(':')[2]}:{item.partition(':')[2]}"
    s.cut(s.a)
    s.floor(s.a, "cleo", "sign_parcel", parcel_id=parcel, site_id="~site", waybill=waybill, carrier="")
    s.floor(s.a, "cleo", "open_parcel", parcel_id=parcel)
    opened = s.floor(
        s.a,
        "cleo",
        "open_return_without_order",
        order_id=order,
        number="~number",
        site_id="~site",
        parcel_id=parcel,
        note=s.name,
    )
    s.floor(s.a, "cleo", "bind_parcel", parcel_id=parcel, order_id=order)
    s.scan(s.a, order, line, item, parcel_id=parcel)
    last = s.floor(s.a, "cleo", "close_parcel", parcel_id=parcel)
    s.floor(s.b, "cleo", "sign_parcel", (opened,), parcel_id=parcel, site_id="~site", waybill=waybill, carrier="")
    s.scan(s.b, order, line, item, 2, parcel_id=parcel)
    s.inspect(s.b, line, 2)
    waits, _ = s.dispose(s.b, line, 2, "return_to_customer")
    s.join(s.a, (last, waits))


def goods_are_disposed_of_before_their_receipt_arrives(s: Story) -> None:
    """What must wait is held, and released when the goods' receipt comes: nothing of it is a conflict."""
    quantity = s.dice.randint(2, 5)
    order, lines, items, seen = s.approved(quantity)
    s.cut(s.a, sees=(seen,))
    s.scan(s.a, order, lines[0], items[0], 1)
    received, _ = s.scan(s.a, order, lines[0], items[0], quantity - 1)
    s.inspect(s.b, lines[0], quantity, after=(received,), sees=(seen,))
    disposed, disposition = s.dispose(s.b, lines[0], quantity)
    s.join(s.a, (received, disposed))
    s.put_away(s.a, lines[0], quantity, sees=(Sight("disposition", disposition),))


def two_edit_other_fields(s: Story) -> None:
    """Disjoint edits merge, equal ones are nothing, and a handheld's own chain of edits is one edit."""
    order, _, _ = s.draft(1)
    s.cut(s.a, sees=(Sight("return_order", order),))
    s.floor(s.a, "sam", "edit_return", id=order, set={"note": "wet"}, was={"note": ""})
    s.floor(s.a, "sam", "edit_return", id=order, set={"note": "wet and torn"}, was={"note": ""})
    mine = s.floor(s.a, "sam", "edit_return", id=order, set={"owner_id": "~owner"}, was={"owner_id": ""})
    there = s.desk("sally", "edit_return", id=order, set={"reason_code": "other"}, was={"reason_code": ""})
    same = s.desk("sally", "edit_return", (there,), id=order, set={"owner_id": "~owner"}, was={"owner_id": ""})
    s.join(s.a, (mine, same))


def two_agree_on_one_unit(s: Story) -> None:
    """Two equal verdicts on one serial number are one inspection."""
    order, lines, items, seen = s.approved(1)
    serial = f"~serial:{s.number}"
    received, _ = s.scan(s.a, order, lines[0], items[0], sees=(seen,), serial=serial)
    s.inspect(s.a, lines[0], serial=serial)
    s.inspect(s.b, lines[0], after=(received,), sees=(seen,), serial=serial)


def a_tote_is_moved_by_two(s: Story) -> None:
    """What is in it moves with it, wherever the last of them put it."""
    tote = f"tote:{s.number + s.teller.options.devices}"
    order, lines, items, seen = s.approved(3)
    s.floor(
        s.a, "cleo", "use_container", container_id=f"~{tote}", site_id="~site", label=f"~label:{tote.partition(':')[2]}"
    )
    s.scan(s.a, order, lines[0], items[0], 3, sees=(seen,), container_id=f"~{tote}")
    for device, kind in ((s.a, "dock"), (s.b, "quarantine"), (s.b, "exception"), (s.a, "quarantine")):
        s.floor(device, "cleo", "move_container", container_id=f"~{tote}", bin_id=f"~bin:{kind}")


def somebody_may_not(s: Story) -> None:
    """Refused, with its content kept; what was shown meanwhile is taken back, and the work after it goes on."""
    order, lines, items, seen = s.approved(2)
    s.scan(s.a, order, lines[0], items[0], 0, sees=(seen,), refused=True)
    s.scan(s.a, order, lines[0], items[0], 2)
    s.inspect(s.a, lines[0], 2, by="cleo", refused=True)
    s.inspect(s.a, lines[0], 2)
    s.dispose(s.a, lines[0], 2, by="cleo", refused=True)


def an_order_is_put_on_hold(s: Story) -> None:
    """Goods that arrive meanwhile are counted; the order goes on where it was once it is released."""
    order, lines, items, seen = s.approved(3)
    first, _ = s.scan(s.a, order, lines[0], items[0], sees=(seen,))
    held = s.desk("sue", "hold_return", (first,), order_id=order, reason="The customer asks to wait")
    on_hold = Sight("return_order", order, "status", ("on_hold",))
    theirs, _ = s.scan(s.b, order, lines[0], items[0], sees=(on_hold,))
    mine, _ = s.scan(s.a, order, lines[0], items[0], after=(held,))
    s.desk("sue", "release_return", (mine, theirs), order_id=order)
    s.inspect(s.b, lines[0], 3, sees=(Sight("return_line", lines[0], "received", (3,)),))
    s.dispose(s.b, lines[0], 3, sees=(Sight("return_order", order, "status", ("inspecting", "disposing")),))
    s.put_away(s.b, lines[0], 3)


def what_is_reserved_no_one_else_can_file(s: Story) -> None:
    """Reserved on a handheld before it goes offline, filed and submitted there; at the desk only the rest can be filed."""
    item = s.item()
    shipment, order = s.shipped(item, 5), s.teller.order()
    line, claim = f"~line:{order.partition(':')[2]}:0", f"~claim:{s.number}"
    s.floor(
        s.a,
        "sam",
        "take_claim",
        sees=(Sight("outbound_line", shipment),),
        claim_id=claim,
        outbound_line_id=shipment,
        quantity=3,
    )
    cut = s.cut(s.a, sees=(Sight("outbound_claim", claim),))
    s.floor(s.a, "sam", "create_return", order_id=order, number="~number", site_id="~site", type_code="~type",
            lines=[{"line_id": line, "item_id": item, "quantity": 3, "outbound_line_id": shipment}])  # fmt: skip
    mine = s.floor(s.a, "sam", "submit_return", order_id=order)
    s.last["desk"] = cut
    greedy, _, _ = s.draft(4, item=item, shipment=shipment)
    s.desk("sally", "submit_return", refused=True, order_id=greedy)
    modest, _, _ = s.draft(2, item=item, shipment=shipment)
    there = s.desk("sally", "submit_return", order_id=modest)
    s.join(s.a, (mine, there))


def a_photo_is_taken(s: Story) -> None:
    """Without network; it comes after what speaks of it, or before."""
    order, lines, items, seen = s.approved(2)
    cut = s.cut(s.a, sees=(seen,))
    s.scan(s.a, order, lines[0], items[0], 2)
    first, second = s.photo(s.a), s.photo(s.a, "whole")
    last, _ = s.inspect(s.a, lines[0], 2, good=False, photos=[first, second])
    s.join(s.a, (cut, last))


def a_battery_is_changed(s: Story) -> None:
    """In the middle of the work, with work that nobody has heard of yet: it goes on where it was."""
    order, lines, items, seen = s.approved(4)
    s.cut(s.a, sees=(seen,))
    s.scan(s.a, order, lines[0], items[0])
    s.scan(s.a, order, lines[0], items[0])
    s.floor(s.a, "cleo", "restart")
    s.scan(s.a, order, lines[0], items[0])
    last, _ = s.inspect(s.a, lines[0], 2)
    s.join(s.a, (last,))
    s.scan(s.a, order, lines[0], items[0])
    s.floor(s.a, "cleo", "restart")
    s.inspect(s.a, lines[0], 2)


def generic_edits_meet(s: Story) -> None:
    """What a client sends that only knows documents is the same work."""
    order, _, items = s.draft(1)
    line = f"~line:{order.partition(':')[2]}:9"
    cut = s.cut(s.a, sees=(Sight("return_order", order),))
    s.floor(
        s.a,
        "sam",
        "create_record",
        kind="return_line",
        id=line,
        set={"order_id": order, "item_id": items[0], "expected": 2},
    )
    s.floor(s.a, "sam", "edit_record", kind="return_order", id=order, set={"note": "one more"}, was={"note": ""})
    s.floor(s.a, "sam", "edit_record", kind="return_line", id=line, set={"expected": 3}, was={"expected": 2})
    mine = s.floor(s.a, "sam", "remove_record", kind="return_line", id=line, was={"expected": 3})
    there = s.desk("sally", "edit_return", (cut,), id=order, set={"reason_code": "other"}, was={"reason_code": ""})
    s.join(s.a, (mine, there))


# Stories with a clash


def cancelled_while_received(s: Story) -> None:
    order, lines, items, seen = s.approved(3)
    s.cut(s.a, sees=(seen,))
    s.scan(s.a, order, lines[0], items[0])
    received, _ = s.scan(s.a, order, lines[0], items[0], 2)
    cancelled = s.desk("sally", "cancel_return", (s.last[f"network {s.a}"],), order_id=order, reason="by mistake")
    s.join(s.a, (received, cancelled))
    s.clash("X5", order)


def two_edit_one_field(s: Story) -> None:
    order, _, _ = s.draft(1)
    cut = s.cut(s.a, sees=(Sight("return_order", order),))
    mine = s.floor(s.a, "sam", "edit_return", id=order, set={"note": "seen on the floor"}, was={"note": ""})
    there = s.desk("sally", "edit_return", (cut,), id=order, set={"note": "told by telephone"}, was={"note": ""})
    s.join(s.a, (mine, there))
    s.maybe_decided("X14", order, option=s.dice.choice(("take_device", "keep_server")))


def edited_after_approval(s: Story) -> None:
    order, _, _ = s.draft(1)
    cut = s.cut(s.a, sees=(Sight("return_order", order),))
    mine = s.floor(s.a, "sam", "edit_return", id=order, set={"note": "one more is coming"}, was={"note": ""})
    s.desk("sally", "submit_return", (cut,), order_id=order)
    there = s.desk("rita", "approve_return", order_id=order)
    s.join(s.a, (mine, there))
    s.maybe_decided("X4", order, option="discard")


def two_verdicts_on_one_unit(s: Story) -> None:
    order, lines, items, seen = s.approved(1)
    serial = f"~serial:{s.number}"
    received, _ = s.scan(s.a, order, lines[0], items[0], sees=(seen,), serial=serial)
    s.inspect(s.a, lines[0], serial=serial)
    s.inspect(s.b, lines[0], good=False, after=(received,), sees=(seen,), serial=serial)
    s.maybe_decided("X3", order, option="worse_grade")


def two_dispose_of_one_unit(s: Story) -> None:
    order, lines, items, seen = s.approved(2)
    s.scan(s.a, order, lines[0], items[0], 2, sees=(seen,))
    _, inspection = s.inspect(s.a, lines[0], 2)
    s.dispose(s.a, lines[0], 2)
    s.dispose(s.b, lines[0], 2, "repair", sees=(Sight("inspection", inspection),))
    s.clash("X6", order)


def one_serial_received_twice(s: Story) -> None:
    serial, item = f"~serial:{s.number}", s.item()
    first, lines, _, seen = s.approved(1, item=item)
    s.scan(s.a, first, lines[0], item, sees=(seen,), serial=serial)
    second, lines, _, seen = s.approved(1, item=item)
    s.scan(s.b, second, lines[0], item, sees=(seen,), serial=serial)
    s.clash("X2", first, second)


def put_where_it_must_not_stand(s: Story) -> None:
    """Goods nobody has inspected, among what is for sale. The bin is this story's own, for the case is about bin and item."""
    order, lines, items, seen = s.approved(2)
    s.teller.wrong_bins += 1
    s.scan(s.a, order, lines[0], items[0], 2, sees=(seen,))
    s.put_away(s.a, lines[0], 2, f"~bin:sellable:{s.teller.wrong_bins}")
    s.clash("X7", order)


def the_author_lost_the_right(s: Story) -> None:
    s.teller.leavers += 1
    leaver = f"leaver{s.teller.leavers}"
    order, lines, items, seen = s.approved(2)
    cut = s.cut(s.a, sees=(seen,))
    s.scan(s.a, order, lines[0], items[0], by=leaver)
    mine, _ = s.scan(s.a, order, lines[0], items[0], by=leaver)
    gone = s.desk("ada", "disable_person", (cut,), person_id=f"~person:{leaver}")
    s.join(s.a, (mine, gone))
    s.clash("X13", order)


def an_unknown_code_is_scanned(s: Story) -> None:
    """Counted, and in no stock until somebody says what it is: a supervisor at the desk, or one with a handheld."""
    order, _, items, seen = s.approved(1)
    text, number = f"~unknown:{s.number}", order.partition(":")[2]
    made = s.floor(
        s.a, "cleo", "scan_item", sees=(seen,), receipt_id=f"~receipt:{s.number}:{s.steps}", order_id=order,
        line_id=f"~unknownline:{number}:{s.number}", site_id="~site", item_id="", quantity=2, text=text,
        container_id=f"~tote:{s.a}",
    )  # fmt: skip
    match s.dice.choice(("desk", "handheld", "")):
        case "desk":
            s.decided("X8", order, option="map", value=items[0], after=(made,))
        case "handheld":
            heard = Sight("return_line", f"~unknownline:{number}:{s.number}", "text", (text,))
            s.floor(
                s.b,
                "sam",
                "map_barcode",
                (made,),
                (heard,),
                barcode_id=f"~mapping:{s.number}",
                text=text,
                item_id=items[0],
            )
            s.clash("X8", order, resolved=True)
        case _:
            s.clash("X8", order)


def a_struck_line_is_edited(s: Story) -> None:
    order, lines, _ = s.draft(1, 2)
    cut = s.cut(s.a, sees=(Sight("return_order", order),))
    mine = s.floor(s.a, "sam", "edit_return_line", id=lines[0], set={"note": "in a blue box"}, was={"note": ""})
    there = s.desk("sally", "remove_return_line", (cut,), line_id=lines[0])
    s.join(s.a, (mine, there))
    s.maybe_decided("X11", order, option=s.dice.choice(("keep_deleted", "restore")))


def more_comes_back_than_was_shipped(s: Story) -> None:
    """Each handheld knows of its own scans alone; only the server can see that together they are too many."""
    item = s.item()
    order, lines, _, seen = s.approved(3, item=item, shipment=s.shipped(item, 3))
    s.cut(s.a, sees=(seen,))
    mine, _ = s.scan(s.a, order, lines[0], item, 2)
    theirs, _ = s.scan(s.b, order, lines[0], item, 2, sees=(seen,))
    s.join(s.a, (mine, theirs))
    s.maybe_decided("X1", order, option=s.dice.choice(("keep_first", "keep_both")))


def one_return_is_opened_twice(s: Story) -> None:
    """The same customer, the same goods, two handhelds: probably one return, told twice."""
    s.teller.customers += 1
    item, orders, last = s.item(), [], []
    for device in (s.a, s.b):
        order = s.teller.order()
        orders.append(order)
        s.cut(device)
        s.floor(device, "cleo", "open_return_without_order", order_id=order, number="~number", site_id="~site",
                customer_id=f"~customer:{s.teller.customers}", note=s.name)  # fmt: skip
        line = f"~scanline:{order.partition(':')[2]}:{item.partition(':')[2]}"
        last.append(s.scan(device, order, line, item)[0])
    for device in {s.a, s.b}:
        s.join(device, tuple(last))
    if s.a != s.b:
        s.maybe_decided("X9", *orders, option="keep_both")


def another_lot_comes_back(s: Story) -> None:
    item = s.item_in_lots()
    order, lines, _, seen = s.approved(2, item=item, shipment=s.shipped(item, 4, "L1"))
    s.scan(s.a, order, lines[0], item, sees=(seen,), lot="L1")
    s.scan(s.a, order, lines[0], item, lot="L9")
    s.maybe_decided("X12", order, option="accept")


def what_is_waited_for_never_arrives(s: Story) -> None:
    """Inspected and disposed of, and whoever received it is never heard of again."""
    order, lines, _, seen = s.approved(2)
    s.inspect(s.a, lines[0], 2, sees=(seen,))
    s.dispose(s.a, lines[0], 2, refused=True)
    s.in_the_evening("X15", order, "void")


def one_number_is_given_twice(s: Story) -> None:
    """By a handheld and by what was restored from its backup."""
    orders = []
    for device in (s.a, s.b):
        orders.append(s.teller.order())
        s.floor(device, "sam", "create_return", order_id=orders[-1], number=f"~cloned:{s.number}", site_id="~site",
                type_code="~type", lines=[])  # fmt: skip
    s.maybe_decided("X16", *orders, option="new_number")


def a_photo_never_comes(s: Story) -> None:
    """Its handheld says that none waits: it was lost with the storage."""
    order, lines, items, seen = s.approved(1)
    s.scan(s.a, order, lines[0], items[0], sees=(seen,))
    s.inspect(s.a, lines[0], good=False, photos=[{"sha256": f"~lostphoto:{s.number}", "kind": "defect"}])
    s.in_the_evening("X17", order, "accept")


def a_bin_is_counted_while_somebody_fills_it(s: Story) -> None:
    """Whoever counts without network sees goods that their book does not have: found once too often, until somebody decides."""
    if s.teller.options.devices < len(STEADY):
        return
    filler, counter = STEADY
    s.teller.wrong_bins += 1
    bin = f"~bin:sellable:{s.teller.wrong_bins}"
    order, lines, items, seen = s.approved(2)
    s.scan(filler, order, lines[0], items[0], 2, sees=(seen,))
    s.inspect(filler, lines[0], 2)
    s.dispose(filler, lines[0], 2)
    cut = s.cut(counter)
    put = s.put_away(filler, lines[0], 2, bin, after=(cut,))
    counted = s.floor(
        counter, "cleo", "count_bin", (put,), pause=s.teller.late, count_id=f"~count:{s.number}", site_id="~site", bin_id=bin,
        lines=[{"item_id": items[0], "counted": 2, "book": 0}], revision="~revision",
    )  # fmt: skip
    s.join(counter, (counted,))
    s.decided("X10", order, option="recompute")


def a_type_is_used_that_is_gone(s: Story) -> None:
    order = s.teller.order()
    s.floor(
        s.a,
        "sam",
        "create_return",
        order_id=order,
        number="~number",
        site_id="~site",
        type_code=f"~oldtype:{s.number}",
        lines=[],
    )
    s.maybe_decided("X18", order, option="review")


OFTEN = (two_receive_one_order, one_receives_one_order, two_open_one_parcel, goods_are_disposed_of_before_their_receipt_arrives,
         a_tote_is_moved_by_two)  # fmt: skip
STORIES = (
    *OFTEN, two_edit_other_fields, two_agree_on_one_unit, somebody_may_not, an_order_is_put_on_hold,
    what_is_reserved_no_one_else_can_file, a_photo_is_taken, a_battery_is_changed, generic_edits_meet, cancelled_while_received,
    two_edit_one_field, edited_after_approval, two_verdicts_on_one_unit, two_dispose_of_one_unit, one_serial_received_twice,
    put_where_it_must_not_stand, an_unknown_code_is_scanned, a_struck_line_is_edited, the_author_lost_the_right,
    more_comes_back_than_was_shipped, one_return_is_opened_twice, another_lot_comes_back, what_is_waited_for_never_arrives,
    one_number_is_given_twice, a_photo_never_comes, a_bin_is_counted_while_somebody_fills_it, a_type_is_used_that_is_gone,
)  # fmt: skip
NOT_OUTSIDE = (
    a_bin_is_counted_while_somebody_fills_it,
    what_is_reserved_no_one_else_can_file, put_where_it_must_not_stand, more_comes_back_than_was_shipped, another_lot_comes_back,
    what_is_waited_for_never_arrives, a_photo_never_comes,
)  # fmt: skip
"""They need shipments or bins of their own, or that days pass at the server."""
