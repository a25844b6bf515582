"""What every request passes before it meets a handler, and every answer on its way out.

Judged by headers alone, so that nothing is read of what is refused anyway: content type, content encoding, origin of a write
that carries a session. Bodies are read with a bound. Each answer carries the security headers.
"""

import logging
import re
import time
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from litestar import Request
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from ..config import Config
from . import metrics, problems
from .problems import Refused

log = logging.getLogger("restow.http")

MAX_BODY = 1024 * 1024
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PICTURES = ("image/jpeg", "image/png", "image/webp")

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FIXED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
HSTS = (b"strict-transport-security", b"max-age=31536000")


class JsonRequest(Request[Any, Any, Any]):
    """Reads JSON so that what cannot be read is the sender's mistake: Litestar lets bad UTF-8 and deep nesting through as faults."""

    async def json(self) -> Any:
        body = await self.body()
        if b"\\u0000" in body:
            raise Refused("malformed", "Text cannot hold a NUL character.")
        try:
            found = msgspec.json.decode(body)
            if _DIGITS.search(body):
                _check_numbers(found)
            return found
        except UnicodeDecodeError:
            raise Refused("malformed", "The JSON is not UTF-8.") from None
        except RecursionError:
            raise Refused("malformed", "The JSON is nested too deeply.") from None
        except msgspec.DecodeError as error:
            raise Refused("malformed", f"The JSON cannot be read: {error}.") from None

    async def body(self) -> bytes:
        """A write without a body says nothing more than its address does."""
        return await super().body() or (b"{}" if self.method in WRITES else b"")


_DIGITS = re.compile(rb"\d{16,}")
LARGEST = 2**53 - 1


def _check_numbers(found: Any) -> None:
    """A number that no browser and no database holds exactly is refused here; it would be a fault further in."""
    if isinstance(found, dict):
        for value in found.values():
            _check_numbers(value)
    elif isinstance(found, list):
        for value in found:
            _check_numbers(value)
    elif isinstance(found, int) and abs(found) > LARGEST:
        raise Refused("invalid", "A number is too large.", limit=LARGEST)


class Gate:
    def __init__(self, config: Config) -> None:
        public = urlsplit(config.public_url)
        self._public = (public.scheme, public.netloc.lower())

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._pass(app, cast("HTTPScope", scope), receive, send)
        else:
            await app(scope, receive, send)

    async def _pass(self, app: ASGIApp, scope: HTTPScope, receive: Receive, send: Send) -> None:

        started = time.perf_counter()
        status = 500
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        https = self.is_https(scope, headers)
        scope["https"] = https  # type: ignore[typeddict-unknown-key]

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name for name, _ in message["headers"]}
                added = [header for header in FIXED if header[0] not in there]
                if https:
                    added.append(HSTS)
                if b"cache-control" not in there:
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            self._judge(scope, headers)
            await app(scope, receive, answered)
        except Refused as refusal:
            await _say(answered, scope["method"], refusal)
        finally:
            route = scope.get("path_template") or "unmatched"
            seconds = time.perf_counter() - started
            metrics.REQUESTS.labels(
                scope["method"] if scope["method"] in metrics.METHODS else "other", route, status
            ).observe(seconds)
            log.log(
                logging.INFO if scope["path"].startswith(("/api", "/sync", "/blobs")) else logging.DEBUG,
                "request",
                extra={
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "duration_ms": round(seconds * 1000, 1),
                },
            )

    def is_https(self, scope: HTTPScope, headers: dict[str, str]) -> bool:
        """Spoken here, or in front of us under the public name."""
        if scope["scheme"] == "https":
            return True
        scheme, netloc = self._public
        return scheme == "https" and headers.get("host", "").lower() == netloc

    def _judge(self, scope: HTTPScope, headers: dict[str, str]) -> None:
        path, method = scope["path"], scope["method"]
        if b"%00" in scope.get("query_string", b"") or "\0" in path:
            raise Refused("malformed", "An address cannot hold a NUL character.")
        if path.startswith("/api/openapi.json/"):  # Litestar would answer with a page of its own
            raise Refused("not_found", "There is nothing at this address.")
        if method not in WRITES:
            return

        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity") and not (encoding == "gzip" and path == "/sync/v1/push"):
            raise Refused("unsupported_encoding", "Send this without a content encoding.", accepted=["identity"])

        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if path.startswith("/api/papers/"):
            if kind not in ("application/pdf", *PICTURES):
                raise Refused("unsupported_media", "A document is a PDF, or a photo as JPEG, PNG or WebP.")
        elif path.startswith(("/blobs/", "/api/photos/")):
            if kind not in PICTURES:
                raise Refused("unsupported_media", "Send the image itself: JPEG, PNG or WebP.")
        elif path == "/api/outbox-files" or path.startswith("/api/imports/"):
            if kind != "application/octet-stream":
                raise Refused("unsupported_media", "Send the file itself, as application/octet-stream.")
        elif path == "/api/barcodes/decode":
            if kind != "multipart/form-data":
                raise Refused(
                    "unsupported_media", "Send a form, multipart/form-data, with the picture as its field `image`."
                )
        elif kind != "application/json" and (method != "DELETE" or kind):
            raise Refused("unsupported_media", "Send JSON, with Content-Type: application/json.")

        self._check_origin(scope, headers)

    def _check_origin(self, scope: HTTPScope, headers: dict[str, str]) -> None:
        """Another site's page must not write with this browser's session; a handheld's token is sent by no browser on its own."""
        if headers.get("authorization", "").lower().startswith("bearer "):
            return
        origin = headers.get("origin")
        if origin is None:
            if "restow=" not in headers.get("cookie", ""):
                return  # carries no session: not a browser that somebody else could be steering
            raise Refused("wrong_origin", "A write needs the Origin header.")
        asked = urlsplit(origin.lower())
        scheme = "https" if scope["https"] else "http"  # type: ignore[typeddict-item]
        here = (scheme, headers.get("host", "").lower())
        # A page without an origin says "null": it has no netloc, and neither has a public address that was not given.
        if not asked.netloc or (asked.scheme, asked.netloc) not in (here, self._public):
            raise Refused("wrong_origin", "This was sent from the page of another site.")


async def _say(send: Send, method: str, refusal: Refused) -> None:
    body = msgspec.json.encode(problems.body_of(refusal.code, refusal.detail, refusal.facts))
    headers = [(b"content-type", problems.MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problems.STATUS[refusal.code], "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": False})
