"""*This number is wrong*: whoever doubts a figure files it as it stood on their screen, with all that is needed to find out why."""

from typing import Any

from .model import Table, integer, json_dict, long_text, moment, ref


class NumberReport(Table, table=True):
    """`evidence` is frozen when it is filed: what the book and the ledger said then, entries, mutations, handhelds with unsent work."""

    site_id: str = ref()
    figure: str = ""
    shown: int = integer()
    asked: dict[str, Any] = json_dict()
    note: str = long_text()
    evidence: dict[str, Any] = json_dict()
    by: str = ""
    at: int = moment()
