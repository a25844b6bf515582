"""Handhelds: enrolled with a code, known by a revocable token, told apart by a device code that heads their document numbers."""

from typing import Any

from sqlmodel import Field

from .model import Table, integer, json_dict, moment, ref


class Device(Table, table=True):
    code: str = Field(unique=True)  # 'A7': two or three characters, never given twice, heads document numbers
    name: str = ""
    site_id: str = ref()
    token_hash: str = Field(default="", index=True)
    enrolled_by: str = ""
    enrolled_at: int = moment()
    revoked_at: int = moment()
    last_seq: int = integer()  # the device's own counter, as far as it has been processed
    last_contact_at: int = moment()
    last_person_id: str = ""
    app_version: str = ""
    pending: int = integer()  # what the device last said of itself
    pending_photos: int = integer()
    oldest_pending_at: int = moment()
    skew_ms: int = integer()
    storage: dict[str, Any] = json_dict()
