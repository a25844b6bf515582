"""Tasks: somebody is asked to go and look, count, inspect again, take a photo again, or give goods back.

A supervisor raises one, for a conflict, an alert, or by hand; it reaches every handheld of the site. Its answer is a fact: never
refused, and a second one is kept beside the first. It goes back to the case it was raised for.
"""

from typing import Any, Literal

from sqlmodel import col

from . import alerts, conflict_rules, conflicts, differences, inspections, photos, returns, stock
from .conflict_rules import x03
from .documents import Photo
from .errors import Invalid, Stale
from .events import TaskAnswered, TaskRaised, TaskWithdrawn
from .ids import derived_id
from .model import Command, Outcome, Table, integer, json_list, long_text, moment, ref
from .people import actor_of
from .work import Work

TaskKind = Literal["look", "recount", "reinspect", "retake", "refuse"]
TaskOutcome = Literal["done", "not_found", "not_possible"]


class Task(Table, table=True):
    """What is asked, of what, and its first answer. `assignee` '' : whoever is free."""

    site_id: str = ref()
    kind: str = "look"  # look | recount | reinspect | retake | refuse
    question: str = long_text()
    order_id: str = ref()
    line_id: str = ref()
    item_id: str = ""
    bin_id: str = ref()
    container_id: str = ""
    serial: str = ""
    subject_kind: str = ""  # retake: whose photo it is: Inspection, Parcel, TaskAnswer
    subject_id: str = ""
    conflict_id: str = ref()
    alert_id: str = ref()
    difference_id: str = ref()
    assignee: str = ""
    state: str = "open"  # open | done | withdrawn
    raised_by: str = ""
    raised_at: int = moment()
    due_at: int = moment()
    answers: int = integer()
    answered_by: str = ""
    answered_at: int = moment()
    outcome: str = ""  # done | not_found | not_possible
    answer: str = long_text()
    photos: list[Any] = json_list()  # [{sha256, kind}]
    found: int = integer(-1)  # units counted; -1: not asked
    withdrawn_by: str = ""
    withdrawn_why: str = long_text()
    closed_at: int = moment()


class TaskAnswer(Table, table=True):
    """Each answer whole. record_kind, record_id: the inspection or the count that is the answer."""

    task_id: str = ref()
    site_id: str = ref()
    outcome: str = "done"
    note: str = long_text()
    photos: list[Any] = json_list()
    found: int = integer(-1)
    record_kind: str = ""  # '' | Inspection | BinCount
    record_id: str = ref()
    mutation_id: str = ""
    device_id: str = ""
    by: str = ""
    made_at: int = moment()
    at: int = moment()


class RaiseTask(Command, frozen=True):
    """What is not said of the goods is taken from the conflict, alert or difference it is raised for. `task_id` may be left out."""

    site_id: str
    task_id: str = ""
    kind: TaskKind = "look"
    question: str = ""
    order_id: str = ""
    line_id: str = ""
    item_id: str = ""
    bin_id: str = ""
    container_id: str = ""
    serial: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    conflict_id: str = ""
    alert_id: str = ""
    difference_id: str = ""
    assignee: str = ""
    due_at: int = 0


class WithdrawTask(Command, frozen=True):
    task_id: str
    reason: str = ""


class AnswerTask(Command, frozen=True):
    """`found`: how many units were counted, where that was asked; -1: it was not."""

    answer_id: str
    task_id: str
    site_id: str
    outcome: TaskOutcome = "done"
    note: str = ""
    photos: list[Photo] = []
    found: int = -1


def raise_task(work: Work, command: RaiseTask) -> Outcome | None:
    work.allow("raise_task", command.site_id)
    if work.seek(Task, command.task_id) is not None:
        return Outcome("noop")
    about = _about(work, command)
    _whole(work, command, about)
    send(work, command.kind, command.site_id, id=command.task_id, question=command.question, **about)
    if alert := work.seek(alerts.Alert, command.alert_id):
        alert.state, alert.assigned_to = "in_progress", work.actor.id
    differences.followed_up(work, command.difference_id)
    return None


def withdraw_task(work: Work, command: WithdrawTask) -> None:
    task = work.get(Task, command.task_id)
    work.allow("raise_task", task.site_id)
    if task.state != "open":
        raise Stale(
            "This task is closed already.",
            by=task.answered_by or task.withdrawn_by,
            at=task.closed_at,
            state=task.state,
        )
    _withdraw(work, task, command.reason)


def answer_task(work: Work, command: AnswerTask) -> Outcome | None:
    task = work.seek(Task, command.task_id)
    work.allow("answer_task", task.site_id if task else command.site_id, fact=True)
    if work.seek(TaskAnswer, command.answer_id) is not None:
        return Outcome("noop")
    if task is None:  # a server restored from a backup does not know it any more; what was seen is kept all the same
        task = work.add(Task, id=command.task_id, site_id=command.site_id, raised_at=work.now)
    given = [{"sha256": photo.sha256, "kind": photo.kind} for photo in command.photos]
    answered(work, task, command.answer_id, command.outcome, note=command.note, pictures=given, found=command.found)
    return None


# What rules, inspections and counts ask


def send(work: Work, kind: TaskKind, site_id: str, *, id: str = "", question: str = "", **about: Any) -> Task:
    """Asks somebody at the site. `about`: the task's fields that say of what and for which case."""
    task = work.add(
        Task, id=id or work.new_id(), site_id=site_id, kind=kind, question=question, raised_by=work.actor.id,
        raised_at=work.now, **about,
    )  # fmt: skip
    work.record(TaskRaised(site_id=site_id, kind=kind), task.id)
    return task


def sent_for(work: Work, conflict_id: str) -> list[Task]:
    """Who has been sent for a conflict and is not back yet."""
    return work.all(Task, conflict_id=conflict_id, state="open")


def no_longer_needed(work: Work, conflict_id: str) -> None:
    """The case is decided: nobody has to go for what was asked before."""
    for task in sent_for(work, conflict_id):
        _withdraw(work, work.get(Task, task.id), "")


def to_inspect_again(work: Work, inspection: "inspections.Inspection") -> "list[inspections.Inspection]":
    """The inspections that this one takes the place of, because somebody asked for it."""
    found: list[inspections.Inspection] = []
    for task in _to_inspect(work, inspection):
        case = work.look(conflicts.Conflict, task.conflict_id)
        if case is not None and case.rule == "X3":
            found += x03.inspections_of(work, case)
        elif task.subject_kind == "Inspection":
            before = work.get(inspections.Inspection, task.subject_id)
            found += [] if before.sampled else [before]  # a sample that failed stands: it is why each unit is looked at
        elif task.serial:
            found += [each for each in inspections.current(work, task.line_id) if each.serial == task.serial]
    unique = {each.id: each for each in found if not each.superseded_by and each.id != inspection.id}
    return [work.get(inspections.Inspection, id) for id in unique]


def inspect_all(work: Work, sample: "inspections.Inspection") -> None:
    """A sample has failed: each unit of its tranche is to be looked at."""
    id = derived_id("full inspection", sample.line_id, sample.lot, sample.container_id)
    if work.seek(Task, id) is None:
        send(
            work, "reinspect", sample.site_id, id=id, order_id=sample.order_id, line_id=sample.line_id, item_id=sample.item_id,
            container_id=sample.container_id, subject_kind="Inspection", subject_id=sample.id,
        )  # fmt: skip


def inspected(work: Work, inspection: "inspections.Inspection") -> None:
    """An inspection of goods that were to be inspected again is the answer, whoever made it."""
    for task in _to_inspect(work, inspection):
        sample = work.look(inspections.Inspection, task.subject_id) if task.subject_kind == "Inspection" else None
        if sample is not None and sample.sampled and inspections.uninspected(work, sample) > 0:
            continue
        answered(
            work, work.get(Task, task.id), derived_id("answer", task.id, inspection.id), "done",
            note=f"{inspection.verdict} {inspection.grade}", record=("Inspection", inspection.id),
        )  # fmt: skip


def answered(
    work: Work, task: Task, answer_id: str, outcome: TaskOutcome, *, note: str = "",
    pictures: list[dict[str, str]] | None = None, found: int = -1, record: tuple[str, str] = ("", ""),
) -> None:  # fmt: skip
    """1. the answer is kept whole; 2. the first one closes its task; 3. it goes back to the case it was raised for."""
    if work.seek(TaskAnswer, answer_id) is not None:
        return
    answer = work.add(
        TaskAnswer, id=answer_id, task_id=task.id, site_id=task.site_id, outcome=outcome, note=note, photos=pictures or [],
        found=found, record_kind=record[0], record_id=record[1], mutation_id=work.cause, device_id=work.device_id,
        by=work.actor.id, made_at=work.made_at, at=work.now,
    )  # fmt: skip
    photos.expect(
        work, answer.photos, "TaskAnswer", answer.id, site_id=task.site_id, order_id=task.order_id, line_id=task.line_id,
        serial=task.serial,
    )  # fmt: skip
    work.count(task, answers=1)
    if task.answers == 1:
        task.answered_by, task.answered_at, task.outcome = work.actor.id, work.now, outcome
        task.answer, task.photos, task.found = note, answer.photos, found
    task.state = "done" if task.state == "open" else task.state
    task.closed_at = work.now
    work.record(TaskAnswered(site_id=task.site_id, kind=task.kind, outcome=outcome), task.id)

    if case := work.seek(conflicts.Conflict, task.conflict_id):
        case.last_at = work.now
        conflict_rules.RULES[case.rule].answered(work, case, task, answer)
        conflicts.ease_case(work, case)


def answers_of(work: Work, task_ids: list[str]) -> list[TaskAnswer]:
    """In the order in which they came."""
    return work.find(TaskAnswer, col(TaskAnswer.task_id).in_(task_ids), order_by=(TaskAnswer.at, TaskAnswer.id))


def _to_inspect(work: Work, inspection: "inspections.Inspection") -> list[Task]:
    waiting = work.all(Task, line_id=inspection.line_id, kind="reinspect", state="open")
    return [task for task in waiting if task.serial == inspection.serial]


def _withdraw(work: Work, task: Task, reason: str) -> None:
    task.state, task.closed_at = "withdrawn", work.now
    task.withdrawn_by, task.withdrawn_why = work.actor.id, reason
    work.record(TaskWithdrawn(site_id=task.site_id, kind=task.kind), task.id)


def _about(work: Work, command: RaiseTask) -> dict[str, Any]:
    """What it is about: as it was said, and where nothing was said, as the conflict or the alert has it."""
    said = {name: getattr(command, name) for name in (
        "order_id", "line_id", "item_id", "bin_id", "container_id", "serial", "subject_kind", "subject_id", "conflict_id",
        "alert_id", "difference_id", "assignee", "due_at",
    )}  # fmt: skip
    known: dict[str, Any] = {}
    if command.conflict_id:
        known = of_conflict(work, _at(work, command, conflicts.Conflict, command.conflict_id))
    elif command.alert_id:
        known = of_alert(work, _at(work, command, alerts.Alert, command.alert_id))
    elif command.difference_id:
        found = _at(work, command, differences.Difference, command.difference_id)
        known = {
            name: getattr(found, name)
            for name in ("order_id", "line_id", "item_id", "bin_id", "container_id", "serial")
        }
    return {name: value or known.get(name, value) for name, value in said.items()}


def of_conflict(work: Work, case: "conflicts.Conflict") -> dict[str, Any]:
    """Where somebody who looks for this conflict has to look."""
    found: dict[str, Any] = {"order_id": case.order_id}
    if case.subject_kind == "ReturnLine":
        found["line_id"] = case.subject_id
    seen = case.facts | conflicts.occurrences_of(work, case.id)[-1].evidence
    for name in ("line_id", "item_id", "bin_id", "container_id", "serial"):
        if isinstance(seen.get(name), str) and seen[name]:
            found.setdefault(name, seen[name])
    line = work.look(returns.ReturnLine, found.get("line_id", ""))
    if line is not None:
        found.setdefault("item_id", line.item_id)
    return found


def of_alert(work: Work, alert: "alerts.Alert") -> dict[str, Any]:
    found = {"order_id": alert.order_id, "item_id": alert.item_id}
    balance = work.look(stock.StockBalance, alert.subject)
    if balance is not None:
        found |= {name: getattr(balance, name) for name in ("item_id", "bin_id", "container_id", "serial")}
    line = work.look(returns.ReturnLine, alert.subject)
    if line is not None:
        found |= {"line_id": line.id, "item_id": line.item_id}
    return found


def of_subject(work: Work, kind: str, id: str) -> dict[str, Any]:
    """Where the goods of this photo are."""
    record = photos.subject(work, kind, id)
    names = ("order_id", "line_id", "item_id", "container_id", "serial")
    return {name: getattr(record, name) for name in names if getattr(record, name, "")}


def _at(work: Work, command: RaiseTask, model: Any, id: str) -> Any:
    record = work.get(model, id)
    if record.site_id != command.site_id:
        raise Invalid("This is of another site.", field="site_id")
    return record


def _whole(work: Work, command: RaiseTask, about: dict[str, Any]) -> None:
    """A task that nobody could do is not raised."""
    if command.kind == "look" and not command.question.strip():
        raise Invalid("Say what is to be looked at.", field="question")
    if command.kind == "recount" and not (about["bin_id"] or about["line_id"] or about["container_id"]):
        raise Invalid("Say what is to be counted: a bin, a container or a line.", field="bin_id")
    if command.kind == "reinspect" and not about["line_id"]:
        raise Invalid("Say which goods are to be inspected again.", field="line_id")
    if command.kind == "retake" and not (about["subject_kind"] in photos.SUBJECTS and about["subject_id"]):
        raise Invalid("Say whose photo is to be taken again.", field="subject_id")
    if command.kind == "refuse" and not about["order_id"]:
        raise Invalid("Say which return order's goods are to be given back.", field="order_id")
    if command.due_at and command.due_at <= work.now:
        raise Invalid("Say until when: a moment that is still to come.", field="due_at")
    if command.assignee and not actor_of(work, command.assignee).may("answer_task", command.site_id):
        raise Invalid("This person does not work on the floor of this site.", field="assignee")
