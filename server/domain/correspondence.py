"""What was said about a return: to the customer, by the customer, and notes among ourselves. Said is said: nothing here is changed."""

from typing import Literal

from .errors import Invalid
from .events import MessageWritten
from .model import Command, Outcome, Table, long_text, moment, ref
from .returns import ReturnOrder
from .work import Work

LONGEST = 4_000

Direction = Literal["to_customer", "from_customer", "note"]


class ReturnMessage(Table, table=True):
    """`channel`: how it was said, in whoever wrote it down's own words (telephone, WeChat, the platform's chat)."""

    site_id: str = ref()
    order_id: str = ref()
    direction: str = "note"
    channel: str = ""
    text: str = long_text()
    by: str = ""
    at: int = moment()


class WriteMessage(Command, frozen=True):
    """`message_id` is made by whoever writes it, so that written twice it is there once."""

    order_id: str
    text: str
    direction: Direction = "note"
    channel: str = ""
    message_id: str = ""


def write_message(work: Work, command: WriteMessage) -> Outcome | None:
    order = work.get(ReturnOrder, command.order_id)
    work.allow("correspond", order.site_id, order.owner_id)
    if command.message_id and work.seek(ReturnMessage, command.message_id):
        return Outcome("noop")
    text = command.text.strip()
    if not 1 <= len(text) <= LONGEST:
        raise Invalid(f"A message has 1 to {LONGEST} characters.", field="text", limit=LONGEST)
    message = work.add(
        ReturnMessage, id=command.message_id or work.new_id(), site_id=order.site_id, order_id=order.id,
        direction=command.direction, channel=command.channel.strip()[:60], text=text, by=work.actor.id, at=work.now,
    )  # fmt: skip
    work.record(MessageWritten(site_id=order.site_id, message_id=message.id, direction=command.direction), order.id)
    return None


def of_order(work: Work, order_id: str) -> list[ReturnMessage]:
    return work.find(ReturnMessage, ReturnMessage.order_id == order_id, order_by=(ReturnMessage.at, ReturnMessage.id))
