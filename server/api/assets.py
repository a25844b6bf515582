"""The built web app: hashed files for ever, everything else asked for again, and one page for every address in it."""

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler, route

from ..domain.errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
NOT_THE_APPS = ("/api", "/sync", "/blobs", "/assets", "/health", "/metrics")
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".txt": "text/plain",
}
BROTLI = ".br"
WORTH_ZIPPING = (".js", ".css", ".html", ".svg", ".wasm", ".webmanifest", ".json", ".txt")


class Asset(NamedTuple):
    body: bytes
    smaller: dict[str, bytes]
    """By content encoding, the smallest first; empty where it gains nothing."""
    media_type: str
    etag: str
    forever: bool


class Assets:
    """Every file of web/dist in memory, read anew when a build has replaced them. Only names found there can be asked for."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._stamp = (0, 0)
        self._files: dict[str, Asset] = {}

    def get(self, path: str) -> Asset | None:
        self._read_anew()
        return self._files.get(path)

    def _read_anew(self) -> None:
        index = self._dist / "index.html"
        try:
            stat = index.stat()
        except FileNotFoundError:
            self._files, self._stamp = {}, (0, 0)
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp == self._stamp:
            return
        files = {}
        for place in sorted(self._dist.rglob("*")):
            name = place.relative_to(self._dist).as_posix()
            if (
                place.is_file()
                and place.suffix != BROTLI
                and not any(part.startswith(".") and part != ".well-known" for part in name.split("/"))
            ):
                files[f"/{name}"] = _asset(place, name)
        self._files, self._stamp = files, stamp


def _asset(place: Path, name: str) -> Asset:
    body = place.read_bytes()
    smaller: dict[str, bytes] = {}
    brotli = place.with_name(place.name + BROTLI)  # the build laid it there
    if brotli.exists():
        smaller["br"] = brotli.read_bytes()
    if place.suffix in WORTH_ZIPPING and len(zipped := gzip.compress(body, 6, mtime=0)) < len(body) * 0.9:
        smaller["gzip"] = zipped
    return Asset(
        body,
        smaller,
        TYPES.get(place.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream",
        f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        name.startswith("assets/"),
    )


def app_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the web app, or its one page for an address a person opened."""
    path = request.scope["path"]
    assets: Assets = request.app.state.assets
    asset = assets.get(path)
    if asset is None and _is_navigation(request, path):
        asset = assets.get("/index.html")
        if asset is None:
            raise NotFound("The web app has not been built: run `restow build`.")
    if asset is None:
        raise NotFound("There is nothing at this address.")

    headers = {"ETag": asset.etag, "Cache-Control": FOREVER if asset.forever else ASK_AGAIN, "Vary": "Accept-Encoding"}
    if path == "/sw.js":
        headers["Service-Worker-Allowed"] = "/"
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=asset.media_type)
    body = asset.body
    understood = {each.strip() for each in request.headers.get("accept-encoding", "").split(",")}
    for encoding, smaller in asset.smaller.items():
        if encoding in understood:
            body = smaller
            headers["Content-Encoding"] = encoding
            break
    return Response(body, headers=headers, media_type=asset.media_type)


def _is_navigation(request: Request[Any, Any, Any], path: str) -> bool:
    if any(path == start or path.startswith(f"{start}/") for start in NOT_THE_APPS):
        return False
    mode = request.headers.get("sec-fetch-mode", "")
    return path == "/" or mode == "navigate" or (not mode and "text/html" in request.headers.get("accept", ""))


def _handler() -> HTTPRouteHandler:
    return route(
        ["/", "/{rest:path}"],
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        include_in_schema=False,
        sync_to_thread=False,
        sent_as_it_is=True,
    )(app_file)


HANDLERS = [_handler()]
