"""The real worker with one more consumer, which counts what it heard. Run by test_worker_process.py.

While the file `slow` is in the data folder, it stops inside its transaction, having done its work, and says so with the file `inside`.
"""

import time

from server.config import Config
from server.domain.alert_rules import Heard
from server.domain.records import Setting
from server.domain.work import Work
from workers import consumers, main

config = Config.from_env()


def count(work: Work, heard: Heard) -> None:
    known = work.seek(Setting, f"heard:{heard.subject_id}") or work.add(
        Setting, id=f"heard:{heard.subject_id}", value="0"
    )
    known.value = str(int(known.value) + 1)
    if (config.data_dir / "slow").exists():
        work.flush()
        (config.data_dir / "inside").touch()
        time.sleep(600)


consumers.CONSUMERS["counting"] = consumers.Consumer(count, frozenset({"ContainerUsed"}))
if __name__ == "__main__":
    main.run(config)
