"""The proof: what a history must satisfy, a line each. It knows nothing of how the history came about."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec

from server.domain.stock import STATUSES

from .history import Documents, History, Provoked

FINAL = ("applied", "merged", "noop", "conflict", "rejected")
SHOWN = 8


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`breaches` names each thing that is not as it must be; none, and the line holds."""

    name: str
    said: str
    breaches: list[str]

    @property
    def holds(self) -> bool:
        return not self.breaches


def judge(history: History) -> list[Line]:
    return [line(history) for line in LINES]


def everything_was_done(history: History) -> Line:
    return Line(
        name="the plan was carried out", said=f"{len(history.sent)} mutations by handhelds", breaches=history.undone
    )


def every_mutation_has_its_outcome(history: History) -> Line:
    outcome = {each.id: each.status for each in history.stored}
    counts = Counter(outcome.get(each.id, "absent") for each in history.sent)
    total = " + ".join(f"{counts[status]} {status}" for status in FINAL)
    waiting = [
        f"{each.name} {each.id} of {each.device} is {outcome.get(each.id, 'absent')}"
        for each in history.sent
        if outcome.get(each.id) not in FINAL
    ]
    held = [f"{device} still holds {count} unanswered" for device, count in history.unanswered.items() if count]
    return Line(
        name="sent = what became of it",
        said=f"{len(history.sent)} = {total}, {counts['held']} held",
        breaches=waiting + held,
    )


def nothing_acknowledged_is_absent(history: History) -> Line:
    stored = {each.id: each for each in history.stored}
    breaches = []
    for sent in history.sent:
        told = history.acknowledged.get(sent.id)
        kept = stored.get(sent.id)
        if told is None:
            continue
        if kept is None:
            breaches.append(f"{sent.name} {sent.id} was answered '{told}' and is not there")
        elif kept.args != sent.args or kept.name != sent.name:
            breaches.append(f"{sent.name} {sent.id} is kept with another content")
        elif told in FINAL and kept.status != told:
            breaches.append(f"{sent.name} {sent.id} was answered '{told}' and is '{kept.status}'")
        elif kept.status in ("applied", "merged", "conflict") and (effect := MADE.get(sent.name)):
            name = f"{effect[0]} {sent.args[effect[1]]}"
            if name not in history.feed:
                breaches.append(f"{sent.name} {sent.id} was answered '{told}' and its {effect[0]} is not there")
    answered = sum(each.id in history.acknowledged for each in history.sent)
    return Line(name="acknowledged and absent", said=f"{len(breaches)} of {answered}", breaches=breaches)


MADE = {
    "scan_item": ("receipt", "receipt_id"),
    "inspect": ("inspection", "inspection_id"),
    "dispose": ("disposition", "disposition_id"),
    "sign_parcel": ("parcel", "parcel_id"),
    "use_container": ("container", "container_id"),
    "open_return_without_order": ("return_order", "order_id"),
}
"""What a command makes: the kind of document, and the argument that is its id."""


def nothing_is_applied_twice(history: History) -> Line:
    moved: Counter[str] = Counter()
    for entry in history.entries:
        if (entry.cause, entry.status) in (("receive", "quarantine"), ("unreceive", "out")):
            moved[entry.mutation_id] += entry.quantity
    times = Counter(each.id for each in history.stored)
    outcome = {each.id: each.status for each in history.stored}
    breaches = [f"{id} is kept {count} times" for id, count in times.items() if count > 1]
    for sent in history.sent:
        if sent.name in ("scan_item", "unreceive"):
            counted = outcome.get(sent.id) in ("applied", "merged", "conflict")
            known = sent.name == "unreceive" or sent.args["item_id"]  # what nobody can name is counted, and in no stock
            asked = sent.args.get("quantity", 1) if counted and known else 0
            if moved[sent.id] > asked:
                breaches.append(f"{sent.name} {sent.id} moved {moved[sent.id]} units for {asked}")
            elif moved[sent.id] < asked:
                breaches.append(f"{sent.name} {sent.id} moved {moved[sent.id]} of its {asked} units")
    scans = sum(each.name in ("scan_item", "unreceive") for each in history.sent)
    return Line(name="applied twice, or in part", said=f"{len(breaches)} of {scans} scans", breaches=breaches)


def each_device_is_heard_in_its_order(history: History) -> Line:
    made: dict[str, list[str]] = defaultdict(list)
    kept: dict[str, list[str]] = defaultdict(list)
    numbers: dict[str, list[int]] = defaultdict(list)
    for sent in sorted(history.sent, key=lambda each: each.seq):
        made[sent.device].append(sent.id)
    for stored in sorted(history.stored, key=lambda each: each.seq):
        if stored.device in made:
            kept[stored.device].append(stored.id)
            numbers[stored.device].append(stored.seq)
    breaches = [
        f"{device}: the server has another order, or another number of them"
        for device in made
        if made[device] != kept[device]
    ]
    breaches += [
        f"{device}: its numbers have gaps" for device, seqs in numbers.items() if seqs != list(range(1, len(seqs) + 1))
    ]
    return Line(name="out of order per device", said=f"{len(breaches)} of {len(made)} handhelds", breaches=breaches)


def every_view_is_the_servers(history: History) -> Line:
    breaches = []
    for device, view in sorted(history.views.items()):
        breaches += [f"{device}: {each}" for each in differences(view, history.feed)]
    size = sum(len(name) + len(value) for name, value in history.feed.items())
    return Line(
        name="views equal to the server's feed",
        said=f"{len(history.views)} of {len(history.feed)} documents, {size // 1024} KiB each, byte for byte",
        breaches=breaches,
    )


def the_feed_is_the_tables(history: History) -> Line:
    if history.tables is None:
        return Line(name="the feed is what the tables hold", said="cannot be seen from outside", breaches=[])
    return Line(
        name="the feed is what the tables hold",
        said=f"{len(history.tables)} documents",
        breaches=differences(history.feed, history.tables),
    )


def the_ledger_is_the_balances(history: History) -> Line:
    sums: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    for entry in history.entries:
        moves[entry.move_id] += entry.quantity
        if entry.status in history.statuses:
            sums[entry.balance_id] += entry.quantity
    breaches = [
        f"balance {id}: {history.balances.get(id, 0)}, and the ledger says {sums[id]}"
        for id in sorted(sums.keys() | history.balances.keys())
        if sums[id] != history.balances.get(id, 0)
    ]
    breaches += [f"move {id} is not a pair: {total:+d}" for id, total in moves.items() if total]
    return Line(
        name="ledger sums = balances",
        said=f"{len(history.entries)} entries, {len(history.balances)} balances",
        breaches=breaches,
    )


def goods_are_conserved(history: History) -> Line:
    """What people carried in stands in the building, item by item and lot by lot, or went out by the door."""
    outcome = {each.id: each.status for each in history.stored}
    scans = {each.args["receipt_id"]: each.args for each in history.sent if each.name == "scan_item"}
    carried: Counter[tuple[str, str]] = Counter()
    for sent in history.sent:
        if outcome.get(sent.id) in ("applied", "merged", "conflict") and sent.name in ("scan_item", "unreceive"):
            scan = scans[sent.args["receipt_id"]]
            item = scan["item_id"] or history.codes.get(scan["text"])
            if not item:
                continue  # counted, and in no stock until somebody says what it is
            carried[item, scan.get("lot", "")] += sent.args.get("quantity", 1) * (1 if sent.name == "scan_item" else -1)
    ours = {each.id for each in history.sent} | history.desk
    came: Counter[tuple[str, str]] = Counter()
    inside: Counter[tuple[str, str]] = Counter()
    for entry in history.entries:
        if entry.mutation_id in ours:
            if entry.status == "out":
                came[entry.item_id, entry.lot] -= entry.quantity
            elif entry.status in STATUSES:
                inside[entry.item_id, entry.lot] += entry.quantity
    breaches = []
    for item, lot in sorted(carried.keys() | came.keys() | inside.keys()):
        facts = carried[item, lot], came[item, lot], inside[item, lot]
        if len(set(facts)) > 1:
            breaches.append(
                f"item {item} lot {lot or '-'}: {facts[0]} carried in, {facts[1]} booked in, {facts[2]} stand here"
            )
    return Line(
        name="stock conserved per item and lot",
        said=f"{sum(carried.values())} units of {len(carried)} kinds",
        breaches=breaches,
    )


def counts_are_their_records(history: History) -> Line:
    """What a line says was received is what its receipts say."""
    received: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for name, value in history.feed.items():
        kind = name.partition(" ")[0]
        if kind == "receipt":
            document = json.loads(value)
            received[document["line_id"]] += document["quantity"] - document["unreceived"]
        elif kind == "return_line":
            document = json.loads(value)
            lines[document["id"]] = document["received"]
    breaches = [
        f"line {id}: {count} received, {received[id]} by its receipts"
        for id, count in lines.items()
        if count != received[id]
    ]
    return Line(name="counts = their records", said=f"{len(lines)} lines", breaches=breaches)


def conflicts_are_those_provoked(history: History) -> Line:
    """One to one: each clash the plan provoked has its case, and no case is without its clash."""
    missing: list[Provoked] = []
    left = list(history.cases)
    for clash in history.provoked:
        found = next((case for case in left if case.rule == clash.rule and case.order_id in clash.orders), None)
        if found is None:
            missing.append(clash)
        else:
            left.remove(found)
    breaches = [f"{clash.rule} was provoked ({clash.story}) and not found" for clash in missing]
    breaches += [f"{case.rule} {case.id} about order {case.order_id} is spurious" for case in left]
    rules = ", ".join(
        f"{rule} ×{count}" for rule, count in sorted(Counter(case.rule for case in history.cases).items())
    )
    return Line(
        name="conflicts expected = found",
        said=f"{len(history.provoked)} = {len(history.cases)}, {len(left)} spurious ({rules})",
        breaches=breaches,
    )


def what_was_decided_is_closed(history: History) -> Line:
    waiting = [case for case in history.cases if case.state in ("open", "assigned")]
    breaches = [
        f"{case.rule} {case.id} was decided ({clash.story}) and is {case.state}"
        for clash in history.provoked
        for case in waiting
        if clash.resolved and case.rule == clash.rule and case.order_id in clash.orders
    ]
    states = Counter(case.state for case in history.cases)
    return Line(
        name="what was decided is closed",
        said=", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items())) or "nothing",
        breaches=breaches,
    )


def photos_arrive(history: History) -> Line:
    return Line(
        name="photos taken = photos kept",
        said=f"{len(history.photos)}",
        breaches=[f"photo {sha256} is not there" for sha256 in history.photos if sha256 not in history.blobs],
    )


def refused_is_what_may_not_be(history: History) -> Line:
    outcome = {each.id: each for each in history.stored}
    breaches = []
    for sent in history.sent:
        kept = outcome.get(sent.id)
        if kept and (kept.status == "rejected") != sent.refused:
            breaches.append(f"{sent.name} {sent.id} (step {sent.step}) is {kept.status} {kept.code}")
    count = sum(each.refused for each in history.sent)
    return Line(name="refused as it must be", said=f"{count}, each with its content kept", breaches=breaches)


def it_drains(history: History) -> Line:
    return Line(
        name="rounds needed to drain",
        said=str(history.rounds),
        breaches=[] if history.rounds < 4 else ["more than three"],
    )


LINES: tuple[Callable[[History], Line], ...] = (
    everything_was_done,
    every_mutation_has_its_outcome,
    nothing_acknowledged_is_absent,
    nothing_is_applied_twice,
    each_device_is_heard_in_its_order,
    every_view_is_the_servers,
    the_feed_is_the_tables,
    the_ledger_is_the_balances,
    goods_are_conserved,
    counts_are_their_records,
    conflicts_are_those_provoked,
    what_was_decided_is_closed,
    photos_arrive,
    refused_is_what_may_not_be,
    it_drains,
)


def differences(view: Documents, truth: Documents) -> list[str]:
    found = [f"{name} is missing" for name in sorted(truth.keys() - view.keys())]
    found += [f"{name} should not be here" for name in sorted(view.keys() - truth.keys())]
    for name in sorted(view.keys() & truth.keys()):
        if view[name] != truth[name]:
            mine, its = json.loads(view[name]), json.loads(truth[name])
            fields = [field for field in its.keys() | mine.keys() if mine.get(field) != its.get(field)]
            said = (
                ", ".join(f"{field} {mine.get(field)!r} instead of {its.get(field)!r}" for field in sorted(fields))
                or "other bytes"
            )
            found.append(f"{name}: {said}")
    return found
