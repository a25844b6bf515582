"""`restow lab`: a shift under faults, and the proof that nothing of it was lost.

plan.py says what will be done and what will go wrong; floor.py and machine.py do it with real handhelds and a real server, or
simulated.py in one process on a clock of its own; history.py gathers what happened; judge.py says what of it must be and is.
"""

from .plan import Options
from .run import run

__all__ = ["Options", "run"]
