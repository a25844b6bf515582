"""Logs: one JSON object a line, made of named fields from a list. What is not on the list cannot be written by accident.

No names, no codes, no tokens, no query strings, no values of a record: ids and counts are enough to find them.
"""

import json
import logging
import sys
import time
import traceback

FIELDS = frozenset(
    {
        "address", "attempt", "cause", "code", "count", "device_id", "duration_ms", "error_id", "feed", "job", "kind", "method",
        "mutation_id", "outcome", "person_id", "queue", "reason", "route", "rule", "site_id", "size", "status", "subject_id",
        "version",
    }
)  # fmt: skip


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "log": record.name,
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name in FIELDS}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = trace_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def trace_of(error: BaseException | None) -> list[str]:
    """Where it went wrong. Never the exception's own words: a driver puts the values of a row into them."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def configure(level: str) -> None:
    """Everything that is logged in this process goes to standard error, one line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("uvicorn").handlers.clear()
    for noisy in ("sqlalchemy.engine", "PIL", "asyncio", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
