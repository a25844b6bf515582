"""The lab: it repeats exactly, it proves what holds, and each line of its proof can fail."""

import copy
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from server.cli import main
from server.domain import commands, receiving
from server.domain.conflict_rules import RULES
from server.domain.model import Outcome
from server.domain.returns import ReturnLine
from server.domain.work import Work
from server.lab.history import Case, History
from server.lab.judge import LINES, judge
from server.lab.machine import Server, config_for
from server.lab.plan import Options, make
from server.lab.progress import Progress
from server.lab.run import one_by_one
from server.lab.simulated import simulate
from tests.conftest import ON_BOTH

FAULTS = {"partitions": True, "skew": True, "lost_acks": 0.3, "duplicates": True, "kill_server": True}


def simulated(seed: int, url: str = "") -> tuple[History, str]:
    plan = make(Options(devices=3, minutes=1, seed=seed, **FAULTS))
    return simulate(plan, Progress(plan.seconds, io.StringIO()), url)


NOT_IN_THE_LAB = {"X0"}
"""What could not be taken in by the server's own fault cannot be provoked from outside."""


def broken(history: History) -> dict[str, list[str]]:
    return {line.name: line.breaches for line in judge(history) if not line.holds}


def test_the_same_seed_is_the_same_plan_and_another_is_another() -> None:
    one, again, other = (make(Options(seed=seed, **FAULTS)) for seed in (7, 7, 8))
    assert one == again
    assert one.digest == again.digest != other.digest


def test_nobody_waits_for_what_they_do_themselves_later() -> None:
    for seed in range(100):
        for steps in one_by_one(make(Options(devices=5, minutes=0.5, seed=seed)).steps):
            done: set[str] = set()
            for step in steps:
                assert not {id for id in step.after if id in {each.id for each in steps}} - done, f"seed {seed}, {step}"
                done.add(step.id)


def test_every_kind_of_clash_is_provoked_however_short_the_lab() -> None:
    plan = make(Options(devices=2, minutes=0.1, seed=3))
    assert {clash.rule for clash in plan.clashes} == RULES.keys() - NOT_IN_THE_LAB


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_simulated_lab_is_proved_and_repeats_exactly(seed: int) -> None:
    history, digest = simulated(seed)
    assert broken(history) == {}
    assert len(history.sent) > 60
    assert simulated(seed)[1] == digest


@ON_BOTH
def test_a_simulated_lab_is_proved_on_both_databases(database_url: str) -> None:
    assert broken(simulated(4, database_url)[0]) == {}


def test_one_handheld_alone_and_many_with_no_fault_at_all() -> None:
    for options in (Options(devices=1, minutes=0.5, seed=5, **FAULTS), Options(devices=6, minutes=0.5, seed=6)):
        plan = make(options)
        history, _ = simulate(plan, Progress(plan.seconds, io.StringIO()))
        assert broken(history) == {}


# The judge


@pytest.fixture(scope="module")
def whole() -> History:
    return simulated(1)[0]


def a_step_was_left_out(history: History) -> None:
    history.undone = ["step 3.1 never became possible"]


def a_mutation_still_waits(history: History) -> None:
    history.stored[5] = msgspec.structs.replace(history.stored[5], status="held")


def a_handheld_still_holds_work(history: History) -> None:
    history.unanswered[history.sent[0].device] = 2


def an_acknowledged_scan_is_gone(history: History) -> None:
    scan = next(
        each for each in history.sent if each.name == "scan_item" and history.acknowledged[each.id] == "applied"
    )
    del history.feed[f"receipt {scan.args['receipt_id']}"]


def an_acknowledged_mutation_is_gone(history: History) -> None:
    del history.stored[7]


def an_outcome_is_not_the_one_that_was_told(history: History) -> None:
    history.acknowledged[history.sent[0].id] = "conflict"


def a_content_was_changed(history: History) -> None:
    history.stored[4] = msgspec.structs.replace(history.stored[4], args={"other": 1})


def a_scan_is_counted_twice(history: History) -> None:
    pair = [entry for entry in history.entries if entry.cause == "receive"][:1]
    pair += [entry for entry in history.entries if entry.move_id == pair[0].move_id and entry is not pair[0]]
    for entry in pair:
        history.entries.append(msgspec.structs.replace(entry, move_id="again"))
        history.balances[entry.balance_id] += entry.quantity


def a_scan_is_half_counted(history: History) -> None:
    at, entry = next(
        (at, each) for at, each in enumerate(history.entries) if each.cause == "receive" and each.status == "quarantine"
    )
    history.entries[at] = msgspec.structs.replace(entry, quantity=entry.quantity - 1)


def two_mutations_changed_places(history: History) -> None:
    first, second = (
        at for at, each in enumerate(history.stored) if each.device == history.stored[0].device and each.seq in (1, 2)
    )
    one, two = history.stored[first], history.stored[second]
    history.stored[first], history.stored[second] = (
        msgspec.structs.replace(one, seq=two.seq), msgspec.structs.replace(two, seq=one.seq),
    )  # fmt: skip


def a_number_was_skipped(history: History) -> None:
    last = max((each for each in history.stored if each.device == history.stored[0].device), key=lambda each: each.seq)
    history.stored[history.stored.index(last)] = msgspec.structs.replace(last, seq=last.seq + 1)


def a_row_never_reached_a_handheld(history: History) -> None:
    view = next(iter(history.views.values()))
    del view[next(name for name in view if name.startswith("inspection "))]


def a_handheld_shows_another_number(history: History) -> None:
    view = next(iter(history.views.values()))
    name = next(name for name in view if name.startswith("return_line "))
    document = json.loads(view[name])
    view[name] = json.dumps(document | {"received": document["received"] + 1}, sort_keys=True, separators=(",", ":"))


def a_handheld_shows_what_was_dropped(history: History) -> None:
    next(iter(history.views.values()))["stock_balance gone"] = "{}"


def a_change_was_never_published(history: History) -> None:
    assert history.tables is not None
    history.tables["parcel unseen"] = '{"id":"unseen"}'


def a_balance_drifted(history: History) -> None:
    history.balances[next(iter(history.balances))] += 1


def goods_vanished(history: History) -> None:
    move = next(entry for entry in history.entries if entry.cause == "put_away" and entry.quantity < 0)
    for at, entry in enumerate(history.entries):
        if entry.move_id == move.move_id and entry.quantity > 0:
            history.entries[at] = msgspec.structs.replace(entry, status="out")


def a_line_counts_what_nobody_scanned(history: History) -> None:
    name = next(name for name in history.feed if name.startswith("return_line "))
    document = json.loads(history.feed[name])
    history.feed[name] = json.dumps(document | {"received": 99}, sort_keys=True, separators=(",", ":"))


def a_conflict_was_swallowed(history: History) -> None:
    history.cases = [case for case in history.cases if case.rule != "X14"]


def a_conflict_came_of_nothing(history: History) -> None:
    history.cases.append(Case(id="new", rule="X3", order_id="none", state="open"))


def a_conflict_is_about_another_order(history: History) -> None:
    at = next(at for at, case in enumerate(history.cases) if case.rule == "X5")
    history.cases[at] = msgspec.structs.replace(history.cases[at], order_id="another")


def a_decision_was_forgotten(history: History) -> None:
    clash = next(clash for clash in history.provoked if clash.resolved)
    at = next(at for at, case in enumerate(history.cases) if case.rule == clash.rule and case.order_id in clash.orders)
    history.cases[at] = msgspec.structs.replace(history.cases[at], state="open")


def a_photo_is_gone(history: History) -> None:
    history.blobs = history.blobs - {history.photos[0]}


def somebody_got_away_with_it(history: History) -> None:
    at, sent = next((at, each) for at, each in enumerate(history.sent) if each.refused)
    history.sent[at] = msgspec.structs.replace(sent, refused=False)


def it_took_too_many_rounds(history: History) -> None:
    history.rounds = 9


BREACHES: dict[Callable[[History], None], str] = {
    a_step_was_left_out: "the plan was carried out",
    a_mutation_still_waits: "sent = what became of it",
    a_handheld_still_holds_work: "sent = what became of it",
    an_acknowledged_scan_is_gone: "acknowledged and absent",
    an_acknowledged_mutation_is_gone: "acknowledged and absent",
    an_outcome_is_not_the_one_that_was_told: "acknowledged and absent",
    a_content_was_changed: "acknowledged and absent",
    a_scan_is_counted_twice: "applied twice, or in part",
    a_scan_is_half_counted: "applied twice, or in part",
    two_mutations_changed_places: "out of order per device",
    a_number_was_skipped: "out of order per device",
    a_row_never_reached_a_handheld: "views equal to the server's feed",
    a_handheld_shows_another_number: "views equal to the server's feed",
    a_handheld_shows_what_was_dropped: "views equal to the server's feed",
    a_change_was_never_published: "the feed is what the tables hold",
    a_balance_drifted: "ledger sums = balances",
    goods_vanished: "stock conserved per item and lot",
    a_line_counts_what_nobody_scanned: "counts = their records",
    a_conflict_was_swallowed: "conflicts expected = found",
    a_conflict_came_of_nothing: "conflicts expected = found",
    a_conflict_is_about_another_order: "conflicts expected = found",
    a_decision_was_forgotten: "what was decided is closed",
    a_photo_is_gone: "photos taken = photos kept",
    somebody_got_away_with_it: "refused as it must be",
    it_took_too_many_rounds: "rounds needed to drain",
}


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.__name__)
def test_the_judge_sees_when(breach: Callable[[History], None], whole: History) -> None:
    history = copy.deepcopy(whole)
    breach(history)
    found = broken(history)
    assert BREACHES[breach] in found
    assert all(found[BREACHES[breach]])


def test_each_line_of_the_proof_can_fail(whole: History) -> None:
    assert {line(whole).name for line in LINES} == set(BREACHES.values())


# At the shell

SIMULATED = [
    "lab",
    "--simulated",
    "--devices",
    "2",
    "--minutes",
    "0.3",
    "--seed",
    "5",
    "--lost-acks",
    "0.3",
    "--duplicates",
]


def test_the_same_command_prints_the_same_proof_twice() -> None:
    once, again = (
        [line for line in CliRunner().invoke(main, SIMULATED).stdout.splitlines() if "after" not in line]
        for _ in range(2)
    )
    assert once == again
    assert "  ✓ acknowledged and absent" in "\n".join(once)
    digests = {CliRunner().invoke(main, SIMULATED).stdout.rpartition("Final state ")[2] for _ in range(2)}
    assert len(digests) == 1


def test_a_server_that_counts_wrongly_is_found_out_and_the_lab_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(work: Work, command: receiving.ScanItem) -> Outcome | None:
        """Every fourth scan counts twice on its line: the stock is right, and the line is not."""
        outcome = receiving.scan_item(work, command)
        if int(command.receipt_id[-1], 16) % 4 == 0:
            work.count(work.get(ReturnLine, command.line_id), received=1)
        return outcome

    monkeypatch.setitem(commands.COMMANDS, "scan_item", commands.COMMANDS["scan_item"]._replace(run=generous))
    done = CliRunner().invoke(main, SIMULATED)
    assert done.exit_code == 1
    assert "✕ counts = their records" in done.stdout
    assert "BROKEN" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--url", "http://127.0.0.1:9", "--kill-server", "--password", "x"], "neither simulated nor killed"),
        (["--url", "http://127.0.0.1:9", "--database", "postgresql://x"], "its own database"),
        (["--url", "http://127.0.0.1:9"], "needs an administrator there"),
    ],
)
def test_what_cannot_be_is_said_before_anything_begins(options: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["lab", *options])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


# The real thing


def restow_lab(*options: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "lab", *options], env=os.environ | (environ or {}), capture_output=True, text=True,
        timeout=400, check=False,
    )  # fmt: skip


ALL_FAULTS = ("--partitions", "--skew", "--lost-acks", "0.3", "--duplicates", "--kill-server")


def test_a_real_server_killed_under_three_handhelds_loses_nothing() -> None:
    done = restow_lab("--devices", "3", "--minutes", "0.35", "--seed", "7", *ALL_FAULTS)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert "Proved: every line holds" in done.stdout
    assert "the server killed 1×" in done.stdout
    assert f"plan {make(Options(devices=3, minutes=0.35, seed=7, **FAULTS)).digest}" in done.stdout


def test_a_server_elsewhere_is_worked_on_through_its_doors_and_real_work_is_left_alone(
    tmp_path: Path,
) -> None:
    config = config_for(tmp_path, {})
    prepared = subprocess.run(
        [sys.executable, "-m", "server.cli", "prepare", "--demo"], env=os.environ | config.to_env(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert prepared.returncode == 0, prepared.stderr
    server = Server(config)
    server.start()
    try:
        server.wait_until_up()
        there = (
            "--url",
            server.url,
            "--username",
            "admin",
            "--password",
            "restow-demo",
            "--devices",
            "2",
            "--minutes",
            "0.1",
        )
        refused = restow_lab(*there)
        assert refused.returncode == 1
        assert "returns that are not the lab's" in refused.stderr
        done = restow_lab(*there, "--among-real-work", "--lost-acks", "0.2")
    finally:
        server.stop()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert "Proved: every line holds" in done.stdout


def test_a_database_that_somebody_uses_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restow.db'}"
    prepared = subprocess.run(
        [sys.executable, "-m", "server.cli", "prepare", "--demo"], env=os.environ | {"DATABASE_URL": url, "RESTOW_DATA": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert prepared.returncode == 0, prepared.stderr
    for more in ((), ("--simulated",)):
        done = restow_lab("--minutes", "0.1", "--database", url, *more)
        assert done.returncode == 1
        assert "This database is in use" in done.stderr
