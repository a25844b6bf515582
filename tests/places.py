"""Where databases of tests lie that are written to thousands of times and never have to survive this machine."""

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 1024**3


def quick_folder(prefix: str = "restow-test-") -> "tempfile.TemporaryDirectory[str]":
    """In memory where there is room: a synced commit costs milliseconds on a disk, and nothing there."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    return tempfile.TemporaryDirectory(prefix=prefix, dir=MEMORY if roomy else None)
