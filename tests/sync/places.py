"""Where databases of tests lie that are written to thousands of times and never have to survive this machine."""

import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")


def quick_folder() -> "tempfile.TemporaryDirectory[str]":
    """In memory where there is such a place: a synced commit costs milliseconds on a disk, and nothing there."""
    return tempfile.TemporaryDirectory(prefix="restow-test-", dir=MEMORY if MEMORY.is_dir() else None)
