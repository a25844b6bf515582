"""kill -9 of a real web process, at named points and at any moment, under sixteen handhelds that go on working.

What they did, were answered and read is judged afterwards against the books (`checker.py`). More kills, and what was hit:

    RESTOW_KILLS=5000 pytest tests/sync/test_killed.py -s
"""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from tests.conftest import ON_BOTH
from tests.places import quick_folder

from .checker import books_of, check
from .doomed import POINTS
from .real import Day, Remote, joined, opened, seats

pytestmark = ON_BOTH

KILLS = int(os.environ.get("RESTOW_KILLS", "60"))
"""On each database, half of them at named points."""
CODES = [f"{letter}{digit}" for letter in "ABCEFGHJ" for digit in (1, 2)]


def test_a_server_killed_at_any_point_loses_nothing_and_does_nothing_twice(database_url: str) -> None:
    dice = random.Random(20_261_102)
    killed: Counter[str] = Counter()
    with quick_folder() as folder:
        url = f"sqlite:///{folder}/restow.db" if database_url.startswith("sqlite") else database_url
        database = opened(url, CODES)
        with seats(url, Path(folder), 1) as ((seat,), port):
            remotes = [Remote(database, code, n, port, random.Random(n)) for n, code in enumerate(CODES)]
            at_work = [Day(lambda remote=remote: a_while(remote)) for remote in remotes]
            for number in range(KILLS):
                point = POINTS[number // 2 % len(POINTS)] if number % 2 else "nowhere"
                seat.begin(point, dice.randint(1, 12))
                if point == "nowhere":
                    time.sleep(dice.uniform(0.2, 0.6))
                    seat.kill()
                for each in at_work:
                    each.goes_well()
                assert seat.wait() == signal.SIGKILL, (Path(folder) / "seat.log").read_text()[-2000:]
                killed["at any moment" if point == "nowhere" else point] += 1
            seat.begin()
            for each in at_work:
                each.stop()
            for remote in remotes * 2:  # the second time to read what those after it sent
                remote.drains()
            seat.kill()
        history, books = joined(remotes), books_of(database)
        database.close()

    print(f"\n{sum(killed.values())} kills on {url.partition(':')[0]}, {len(CODES)} handhelds, {len(history.made)} mutations,"
          f" {len(history.answers)} answers, {len(history.pages)} pages:")  # fmt: skip
    for point, times in killed.most_common():
        print(f"{times:8}  {point}")
    print("          heard instead of an answer:", dict(sum((each.unanswered for each in remotes), Counter())))
    print("          became of it:", dict(Counter(kept.status for kept in books.mutations.values())))
    breaches = check(history, books)
    assert not breaches
    assert min(killed[point] for point in POINTS) >= KILLS // 2 // len(POINTS)
    assert sum(each.unanswered.total() for each in remotes) >= KILLS // 2, "hardly anybody noticed"


def a_while(remote: Remote) -> None:
    """Works, sends what waits, and reads now and then; who gets no answer tries again."""
    if len(remote.outbox) - remote.acknowledged < 12:
        for _ in range(remote.dice.randint(1, 4)):
            remote.works()
    if not remote.tries(remote.sends):
        time.sleep(remote.dice.uniform(0.01, 0.05))
    if remote.dice.random() < 0.2:
        remote.tries(remote.reads)
