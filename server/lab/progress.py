"""Says how far the lab is, while it runs: one line that changes on a terminal, a line every few seconds elsewhere."""

import sys
import time
from typing import TextIO

EVERY_ON_A_TERMINAL, EVERY = 0.3, 5.0


class Progress:
    def __init__(self, seconds: float, out: TextIO | None = None) -> None:
        self.seconds, self.out, self.proof = seconds, out or sys.stderr, out or sys.stdout
        self.terminal = self.out.isatty()
        self.told_at = 0.0

    def tell(self, at: float, *, recorded: int, waiting: int, offline: int, kills: int, behind: int) -> None:
        now = time.monotonic()
        if now - self.told_at < (EVERY_ON_A_TERMINAL if self.terminal else EVERY):
            return
        self.told_at = now
        done = min(at, self.seconds)
        self.write(
            f"{_clock(done)} of {_clock(self.seconds)}  {recorded} recorded, {waiting} waiting, {offline} without network"
            + (f", server killed {kills}×" if kills else "")
            + (f", healing: {behind} steps to go" if at > self.seconds and behind else ""),
            passing=True,
        )

    def prove(self, text: str) -> None:
        """The outcome itself: to standard output, so that it can be kept."""
        if self.terminal:
            print("\r\x1b[K", end="", file=self.out, flush=True)
        print(text, file=self.proof, flush=True)

    def write(self, text: str, *, passing: bool = False) -> None:
        """`passing`: on a terminal the next line takes its place."""
        if self.terminal:
            print(f"\r\x1b[K{text}", end="" if passing else "\n", file=self.out, flush=True)
        else:
            print(text, file=self.out, flush=True)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
