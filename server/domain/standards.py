"""How an item is to be looked at 作业标准: what to do with it, and pictures of how it should be and of what is wrong with it.

Whoever inspects it has it beside the goods, without network too: a standard travels in the catalogue's feed.
"""

from typing import Any, Literal

import msgspec

from .catalog import Item
from .documents import Blob
from .errors import Invalid, Stale
from .events import StandardSet
from .model import Command, Outcome, Table, json_list, long_text, moment
from .work import Work

MOST_PICTURES = 8
LONGEST_TEXT = 4000


class Standard(Table, table=True):
    """Of the item whose id it has. pictures: [{sha256, kind, name, name_en}], as in `Picture`."""

    owner_id: str = ""
    text: str = long_text()
    text_en: str = long_text()
    pictures: list[Any] = json_list()
    by: str = ""
    at: int = moment()


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """right: how it should be; wrong: what to look for."""

    sha256: str
    kind: Literal["right", "wrong"] = "right"
    name: str = ""
    name_en: str = ""


class SetStandard(Command, frozen=True):
    """All of it anew. `seen`: when what was on the screen had been written, 0 when there was nothing."""

    item_id: str
    text: str = ""
    text_en: str = ""
    pictures: list[Picture] = []
    seen: int = 0


def set_standard(work: Work, command: SetStandard) -> Outcome | None:
    item = work.look(Item, command.item_id)
    if item is None:
        raise Invalid("There is no such item.", field="item_id")
    work.allow("set_standard", owner_id=item.owner_id)
    for field in ("text", "text_en"):
        if len(getattr(command, field)) > LONGEST_TEXT:
            raise Invalid("A standard has at most 4000 characters in each language.", field=field)
    if len(command.pictures) > MOST_PICTURES:
        raise Invalid("A standard has at most 8 pictures.", field="pictures")
    if any(work.look(Blob, picture.sha256) is None for picture in command.pictures):
        raise Invalid("This file has not been uploaded.", field="pictures")

    standard = work.seek(Standard, item.id)
    if standard is None:
        standard = work.add(Standard, id=item.id)
    elif standard.at != command.seen:
        raise Stale("Somebody has changed this since you looked. Look at it again.", at=standard.at)
    standard.owner_id, standard.by, standard.at = item.owner_id, work.actor.id, work.now
    standard.text, standard.text_en = command.text.strip(), command.text_en.strip()
    standard.pictures = msgspec.to_builtins(command.pictures)
    work.record(StandardSet(item_id=item.id), standard.id)
    return None
