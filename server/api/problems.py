"""Refusals and faults as `application/problem+json`: the only place that knows which status a refusal has."""

import logging
import math
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from ..domain.errors import Refusal
from ..domain.ids import uuid7

log = logging.getLogger("restow.api")

MEDIA_TYPE = "application/problem+json"

STATUS: dict[str, int] = {
    "not_found": 404,
    "not_allowed": 403,
    "not_signed_in": 401,
    "invalid": 422,
    "wrong_state": 409,
    "stale": 409,
    "duplicate": 409,
    "limit_reached": 429,
    "waiting": 409,
    "gap": 409,
    "device_forked": 409,
    "revoked": 403,
    # Of the door itself, before any command was reached:
    "malformed": 400,
    "method_not_allowed": 405,
    "too_large": 413,
    "unsupported_media": 415,
    "unsupported_encoding": 415,
    "wrong_origin": 403,
    "internal_error": 500,
    "unavailable": 503,
}

TITLES: dict[str, str] = {
    "not_found": "Not found",
    "not_allowed": "Not allowed",
    "not_signed_in": "Not signed in",
    "invalid": "Not valid",
    "wrong_state": "Not possible now",
    "stale": "Changed meanwhile",
    "duplicate": "Exists already",
    "limit_reached": "Too many",
    "waiting": "Waits for something",
    "gap": "A number is missing",
    "device_forked": "Two devices with one identity",
    "revoked": "This device is no longer trusted",
    "malformed": "Cannot be read",
    "method_not_allowed": "Not this way",
    "too_large": "Too large",
    "unsupported_media": "Wrong content type",
    "unsupported_encoding": "Unknown content encoding",
    "wrong_origin": "Wrong origin",
    "internal_error": "A fault in Restow",
    "unavailable": "Not available now",
}

_OF_STATUS = {400: "malformed", 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
              413: "too_large", 415: "unsupported_media", 429: "limit_reached", 503: "unavailable"}  # fmt: skip


class Problem(msgspec.Struct, kw_only=True):
    """What every refusal looks like (RFC 9457); further members are facts, such as `field` or `retry_after`."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class Refused(Exception):
    """A refusal of the door: `code` is one of STATUS."""

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts


def body_of(code: str, detail: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        **facts,
        "type": f"/problems/{code}",
        "title": TITLES.get(code, "Refused"),
        "status": STATUS.get(code, 400),
        "detail": detail,
        "code": code,
    }


def headers_of(code: str, facts: dict[str, Any]) -> dict[str, str]:
    headers = {}
    if "retry_after" in facts:
        headers["Retry-After"] = str(math.ceil(facts["retry_after"]))
    if code == "not_signed_in":
        headers["WWW-Authenticate"] = 'Bearer realm="restow"'
    return headers


def problem(
    code: str, detail: str, facts: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> Response[Any]:
    facts = facts or {}
    body = body_of(code, detail, facts)
    return Response(
        msgspec.json.encode(body, enc_hook=str),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers=headers_of(code, facts) | (headers or {}),
    )


def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    return problem(refusal.code, refusal.sentence, refusal.facts)


def turned_away(_: Request[Any, Any, Any], refusal: Refused) -> Response[Any]:
    return problem(refusal.code, refusal.detail, refusal.facts)


def http_refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What Litestar refuses by itself, in our words."""
    if isinstance(error, ValidationException):
        extra: Any = error.extra
        first = extra[0] if isinstance(extra, list) and extra and isinstance(extra[0], dict) else {}
        text = str(first.get("message") or error.detail).rstrip(".")
        key = str(first.get("key") or "")
        field = _named(text) if key in ("", "data") else key
        return problem("invalid", f"{text}.", {"field": field})
    if isinstance(error, NotFoundException):
        return problem("not_found", "There is nothing at this address.")
    if isinstance(error, MethodNotAllowedException):
        return problem("method_not_allowed", "This address does not take that method.", headers=error.headers)
    if error.status_code >= 500:
        return fault(error)
    code = _OF_STATUS.get(error.status_code, "malformed")
    words = {"malformed": "This request cannot be read.", "too_large": "This is larger than Restow takes."}
    return problem(code, words.get(code, str(error.detail)))


def failed(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    return fault(error)


def fault(error: Exception) -> Response[Any]:
    """Nobody expected this: the person gets a code to tell, the log gets where it happened."""
    error_id = uuid7()[-12:]
    log.error("unexpected exception", exc_info=error, extra={"error_id": error_id})
    return problem(
        "internal_error", f"Something went wrong in Restow. Nothing was changed. Tell support this code: {error_id}",
        {"error_id": error_id},
    )  # fmt: skip


def _named(text: str) -> str:
    parts = text.split("`")
    return parts[1] if len(parts) > 1 else ""


HANDLERS: dict[Any, Any] = {Refusal: refused, Refused: turned_away, HTTPException: http_refused, Exception: failed}
