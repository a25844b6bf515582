"""Totes, cages, pallets and stickers: own labels (LPN) printed beforehand. A container moves with all it holds by one scan."""

from typing import Any

from sqlmodel import Field

from .events import ContainerUsed
from .model import CODE, Command, Outcome, Table, json_list, moment, ref
from .work import Work


class Container(Table, table=True):
    """The id comes from the label, so two handhelds that first use it make one container."""

    site_id: str = ref()
    label: str = Field(default="", index=True, sa_type=CODE)
    kind: str = "tote"  # tote | pallet | sticker
    bin_id: str = ref()
    outcome: str = ""  # what it collects: '' anything, else a disposition
    created_by: str = ""
    created_at: int = moment()
    used_on: list[Any] = json_list()  # the devices that each took this label for a new one


class UseContainer(Command, frozen=True):
    """A label is scanned for the first time and becomes a container."""

    container_id: str
    site_id: str
    label: str
    kind: str = "tote"
    bin_id: str = ""
    outcome: str = ""


class MoveContainer(Command, frozen=True):
    """The container, with all it holds, now stands in this bin. Also how a whole tote is put away."""

    container_id: str
    bin_id: str


def use_container(work: Work, command: UseContainer) -> Outcome | None:
    container = work.seek(Container, command.container_id)
    work.allow("receive", (container and container.site_id) or command.site_id, fact=True)
    if container is not None and container.label:
        container.outcome = command.outcome or container.outcome
        if work.device_id and work.device_id not in container.used_on:
            # Two handhelds took one label for a new one: whether it is one tote is asked once both have put goods in (X2).
            container.used_on = [*container.used_on, work.device_id]
        return Outcome("noop")
    values = {
        "site_id": command.site_id,
        "label": command.label,
        "kind": command.kind,
        "outcome": command.outcome,
        "created_by": work.actor.id,
        "created_at": work.now,
        "used_on": [work.device_id] if work.device_id else [],
    }
    if container is None:
        work.add(Container, id=command.container_id, bin_id=command.bin_id, **values)
    else:
        for name, value in values.items():
            setattr(container, name, value)
    work.record(ContainerUsed(site_id=command.site_id, label=command.label), command.container_id)
    return None


def container_or_stub(work: Work, container_id: str) -> Container:
    return work.seek(Container, container_id) or work.add(Container, id=container_id, site_id=work.site_id)
