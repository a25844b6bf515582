"""What people on the floor are asked to do, with every answer; and counts of bins."""

from typing import Literal

from sqlmodel import col

from ..catalog import Bin, Item
from ..containers import Container
from ..counts import BinCount, CountLine
from ..devices import Device
from ..people import Person
from ..returns import ReturnOrder
from ..tasks import Task, answers_of
from ..work import Work
from .rows import Json, Names, bin_ref, container_ref, one, order_ref, page, plain, total, visible


def tasks(
    work: Work, *, site: str = "", state: Literal["open", "done", "withdrawn", "all"] = "open", kind: str = "",
    assignee: str = "", conflict: str = "", alert: str = "", order: str = "", cursor: str = "", limit: int = 50,
) -> Json:  # fmt: skip
    """`state`: open unless said otherwise, `all` for every one."""
    work.allow("see_desk", site)
    equal = {
        Task.site_id: site, Task.state: "" if state == "all" else state, Task.kind: kind, Task.assignee: assignee,
        Task.conflict_id: conflict, Task.alert_id: alert, Task.order_id: order,
    }  # fmt: skip
    where = [
        visible(work.actor, "see_desk", Task.site_id),
        *(col(field) == value for field, value in equal.items() if value),
    ]
    found, following = page(work, Task, where, Task.raised_at, cursor, limit)
    return {"rows": task_rows(work, found), "next": following, "total": total(work, Task, *where)}


def task_rows(work: Work, found: list[Task]) -> list[Json]:
    given = answers_of(work, [task.id for task in found]) if found else []
    names = Names(work)
    names.learn(ReturnOrder, (task.order_id for task in found))
    names.learn(Item, (task.item_id for task in found))
    names.learn(Bin, (task.bin_id for task in found))
    names.learn(Container, (task.container_id for task in found))
    names.learn(Device, (answer.device_id for answer in given))
    people = ((task.assignee, task.raised_by, task.answered_by, task.withdrawn_by) for task in found)
    names.learn(Person, [*(id for ids in people for id in ids), *(answer.by for answer in given)])
    return [
        plain(task)
        | {
            "order": order_ref(names.get(ReturnOrder, task.order_id)),
            "item": names.item(task.item_id),
            "bin": bin_ref(names.get(Bin, task.bin_id)),
            "container": container_ref(names.get(Container, task.container_id)),
            "assignee_name": names.person(task.assignee),
            "raised_by_name": names.person(task.raised_by),
            "answered_by_name": names.person(task.answered_by),
            "withdrawn_by_name": names.person(task.withdrawn_by),
            "given": [
                plain(answer) | {"by_name": names.person(answer.by), "device": names.device(answer.device_id)}
                for answer in given
                if answer.task_id == task.id
            ],
        }
        for task in found
    ]


def raised_for(work: Work, *, conflict_id: str = "", alert_ids: list[str] | None = None) -> list[Json]:
    """The tasks of a conflict, or of some alerts, in the order in which they were raised."""
    where = col(Task.conflict_id) == conflict_id if conflict_id else col(Task.alert_id).in_(alert_ids or [])
    return task_rows(work, work.find(Task, where, order_by=(Task.raised_at, Task.id)))


def raised_for_difference(work: Work, difference_id: str) -> list[Task]:
    return work.find(Task, Task.difference_id == difference_id, order_by=(Task.raised_at, Task.id))


def counts(work: Work, *, site: str = "", bin: str = "", cursor: str = "", limit: int = 50) -> Json:
    """The latest first. `difference`: units that the book had too few of, or, below zero, too many."""
    work.allow("see_stock", site)
    where = [
        _seen(work),
        *([col(BinCount.site_id) == site] if site else []),
        *([col(BinCount.bin_id) == bin] if bin else []),
    ]
    found, following = page(work, BinCount, where, BinCount.at, cursor, limit)
    return {"rows": _count_rows(work, found), "next": following, "total": total(work, BinCount, *where)}


def count_page(work: Work, count_id: str) -> Json:
    """One count with its lines: what was counted, what the handheld's book had, and what was posted."""
    count = one(work, BinCount, count_id, _seen(work))
    lines = work.all(CountLine, count_id=count.id)
    names = Names(work)
    names.learn(Item, (line.item_id for line in lines))
    names.learn(Container, [*(line.container_id for line in lines), *count.containers, *count.missing])
    return {
        "count": _count_rows(work, [count])[0],
        "lines": [
            plain(line)
            | {
                "item": names.item(line.item_id),
                "container": container_ref(names.get(Container, line.container_id)),
            }
            for line in lines
        ],
        "whole": [container_ref(names.get(Container, id)) for id in count.containers],
        "missing": [container_ref(names.get(Container, id)) for id in count.missing],
    }


def _count_rows(work: Work, found: list[BinCount]) -> list[Json]:
    posted: dict[str, list[int]] = {}
    if found:
        for line in work.find(CountLine, col(CountLine.count_id).in_([count.id for count in found])):
            posted.setdefault(line.count_id, []).append(line.posted)
    names = Names(work)
    names.learn(Bin, (count.bin_id for count in found))
    names.learn(Person, (count.by for count in found))
    names.learn(Device, (count.device_id for count in found))
    return [
        plain(count)
        | {
            "bin": bin_ref(names.get(Bin, count.bin_id)),
            "by_name": names.person(count.by),
            "device": names.device(count.device_id),
            "difference": sum(posted.get(count.id, [])),
            "differing": sum(1 for units in posted.get(count.id, []) if units),
        }
        for count in found
    ]


def _seen(work: Work):  # type: ignore[no-untyped-def]
    return visible(work.actor, "see_stock", BinCount.site_id)
