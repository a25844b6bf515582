"""Messages to a handheld: a sentence from the desk, shown there until whoever holds it has read it."""

from .devices import Device
from .errors import Invalid
from .events import MessageRead, MessageSent
from .model import Command, Outcome, Table, long_text, moment, ref
from .work import Work

LONGEST = 500


class DeviceMessage(Table, table=True):
    site_id: str = ref()
    device_id: str = ref()
    text: str = long_text()
    by: str = ""
    at: int = moment()
    read_by: str = ""
    read_at: int = moment()


class SendMessage(Command, frozen=True):
    device_id: str
    text: str


class ReadMessage(Command, frozen=True):
    message_id: str
    site_id: str


def send_message(work: Work, command: SendMessage) -> None:
    device = work.get(Device, command.device_id)
    work.allow("message_devices", device.site_id)
    text = command.text.strip()
    if not 1 <= len(text) <= LONGEST:
        raise Invalid(f"A message has 1 to {LONGEST} characters.", field="text", limit=LONGEST)
    if device.revoked_at:
        raise Invalid("This handheld was revoked; nobody would read it.", field="device_id")

    sent = work.add(
        DeviceMessage, site_id=device.site_id, device_id=device.id, text=text, by=work.actor.id, at=work.now
    )
    work.record(MessageSent(site_id=device.site_id, message_id=sent.id), device.id)


def read_message(work: Work, command: ReadMessage) -> Outcome | None:
    message = work.seek(DeviceMessage, command.message_id)
    work.allow("see", message.site_id if message else command.site_id, fact=True)
    work.lost_right = ""  # read is read: there is nothing here to hold back
    if message is None or message.read_at:
        return Outcome("noop")
    message.read_by, message.read_at = work.actor.id, work.now
    work.record(MessageRead(site_id=message.site_id, message_id=message.id), message.device_id)
    return None
