"""Many handhelds at once, through a network that cuts, delays and repeats, while others read: what came of it is judged afterwards.

8, 16 and 32 writers, two desks beside them, somebody who reads all the time, and somebody who comes late and reads in one go; one web
process on SQLite, two on PostgreSQL. A longer history (this is how many mutations each writer makes), and what the network did:

    RESTOW_HISTORY=1000 pytest tests/sync/test_history.py -s
"""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from server.domain.ids import uuid7
from tests.cast import SITE, Desk
from tests.conftest import ON_BOTH
from tests.places import quick_folder

from .checker import books_of, check
from .proxy import between
from .real import Day, Remote, joined, opened, seats

pytestmark = ON_BOTH

MUTATIONS = int(os.environ.get("RESTOW_HISTORY", "0"))
WRITERS = {8: 40, 16: 25, 32: 15}
"""How many writers, and how much each of them does in an ordinary run."""


@pytest.mark.parametrize("writers", WRITERS)
def test_whatever_the_network_does_nothing_is_lost_doubled_out_of_order_or_missed(
    database_url: str, writers: int
) -> None:
    many = MUTATIONS or WRITERS[writers]
    codes = ["A1", "B1", *(f"W{n}" for n in range(2, writers)), "R1", "R2"]
    with quick_folder() as folder:
        url = f"sqlite:///{folder}/restow.db" if database_url.startswith("sqlite") else database_url
        database = opened(url, codes)
        with (
            seats(url, Path(folder), 1 if database.sqlite else 2) as (processes, port),
            between(port, seed=writers) as network,
        ):
            for each in processes:
                each.begin()
            remotes = [Remote(database, code, n, network.port, random.Random(n)) for n, code in enumerate(codes)]
            *at_work, reader, late = remotes
            reading = Day(lambda: reads_on(reader))
            desks = [Day(lambda name=name: signs_parcels(Desk(database), name)) for name in ("one", "two")]
            days = [Day(lambda remote=remote: works_through(remote, many)) for remote in at_work]
            half = len(codes) * many // 2
            while sum(each.acknowledged for each in at_work) < half and any(day.is_alive() for day in days):
                time.sleep(0.05)
            late_reading = Day(lambda: reads_on(late))
            for day in days:
                day.stop(at_once=False)
            network.heal()
            for day in (*desks, reading, late_reading):
                day.stop()
            for remote in remotes:
                remote.drains()
            for each in processes:
                each.kill()
        history, books = joined(remotes), books_of(database)
        database.close()

    print(
        f"\n{writers} writers on {url.partition(':')[0]}: {len(history.made)} mutations, {len(history.answers)} answers,"
        f" {len(history.pages)} pages, {sum(each.unanswered.total() for each in remotes)} times no answer"
    )
    print(f"          the network: {dict(network.met)}")
    print(f"          became of it: {dict(Counter(kept.status for kept in books.mutations.values()))}")
    breaches = check(history, books)
    assert not breaches
    assert all(network.met[fate] for fate in ("cut after", "twice", "late"))
    assert sum(each.unanswered.total() for each in remotes), "nothing ever went wrong"


def works_through(remote: Remote, many: int) -> bool:
    """False when it has made and delivered so many."""
    for _ in range(remote.dice.randint(1, 6)):
        if remote.seq < many:
            remote.works()
    if remote.acknowledged < remote.seq:
        remote.tries(remote.sends)
    if remote.dice.random() < 0.15:
        remote.tries(remote.reads)
    return remote.acknowledged < many


def signs_parcels(desk: Desk, name: str) -> None:
    """In a process of its own as far as the servers know: nothing but the database stands between it and the handhelds."""
    parcel = uuid7()
    desk("cleo", "sign_parcel", parcel_id=parcel, site_id=SITE, waybill=f"{name}-{parcel}")
    time.sleep(0.02)


def reads_on(remote: Remote) -> None:
    if not remote.tries(remote.reads):
        time.sleep(0.01)
