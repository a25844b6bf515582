"""One Restow per data folder: who serves holds a lock on a file there, and the kernel lets go of it with the process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Carries the sentence for whoever started the second one."""


@contextmanager
def holding(data_dir: Path, what: str) -> Iterator[None]:
    """Raises AlreadyRunning while another process holds the folder; `what` is what that one will be told we do."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(f"{data_dir} is in use: {lock.read().strip() or 'another Restow'}.") from None
        lock.truncate(0)
        lock.write(what)
        lock.flush()
        yield
        lock.truncate(0)
