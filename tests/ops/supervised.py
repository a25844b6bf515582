"""Run by test_supervise.py: a supervisor with the real redis-server, a web process of a few lines, and a worker with a child.

python supervised.py            python supervised.py broken
"""

import sys

from server import locks, supervise
from server.config import Config

WEB = """
import os, socket, sys, threading
door = socket.socket(fileno=int(sys.argv[1]))
print("web is up", flush=True)
os.write(int(os.environ["READY_FD"]), b"1")
while True:
    line, _ = door.accept()
    line.sendall(str(os.getpid()).encode())
    line.close()
"""

# Its child has a session of its own, as a job's process has, so that no signal to the worker's group reaches it.
WORKER = """
import subprocess, sys, time
job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("job", job.pid, flush=True)
time.sleep(600)
"""

config = Config.from_env()
with locks.holding(config.data_dir, "the test"), supervise.listening(config) as door:
    port = str(door.getsockname()[1])
    web = [sys.executable, "-c", "raise SystemExit('no idea how')" if "broken" in sys.argv else WEB, str(door.fileno())]
    children = [
        supervise.Child("redis", supervise.redis_command(config), "embedded"),
        supervise.Child("web", web, f"port {port}", door=door.fileno()),
        supervise.Child("worker", [sys.executable, "-c", WORKER], ""),
    ]
    sys.exit(supervise.Supervisor(config, children, "Said first.").run())
